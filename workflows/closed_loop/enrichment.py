"""How many more hits a choice holds than draws at random do, how sure that is, and how varied the choice is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from assay import HIT, potency

from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.similarity import References
from sciencegen.errors import DataError

__all__ = ["Interval", "Round", "diversity", "enrichment", "gained", "interval", "judged", "table"]

_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 14: 2.145, 19: 2.093}
"""Student's t at 97.5 % by degrees of freedom; between two of them the larger is taken, which is on the safe side."""


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, and how far from it the truth may be, with 95 % confidence."""

    mean: float
    half: float | None = None
    """None where there is one seed, which says nothing about others."""

    def said(self, digits: int = 1) -> str:
        return f"{self.mean:.{digits}f}" + ("" if self.half is None else f" ± {self.half:.{digits}f}")


@dataclass(frozen=True)
class Round:
    """What one arm sent to the assay in one round, judged by the potencies nobody sees."""

    arm: str
    seed: int
    number: int
    assayed: int
    hits: int
    mean: float
    diversity: float | None
    novel: float | None
    """The share that was not in the shipped model's training data; None where that is not known."""
    nearest: float | None = None
    """How similar to what was assayed in earlier rounds they are: the mean of the nearest."""
    seconds: float = 0.0
    """Processor time of the whole round."""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def interval(values: Sequence[float]) -> Interval:
    """The mean of independent values with its t interval.

    >>> interval([1.0, 2.0, 3.0])
    Interval(mean=2.0, half=2.4843...)
    """
    if not values:
        raise DataError("there are no values to take the mean of")
    if len(values) == 1:
        return Interval(values[0])
    t = _T[max(known for known in _T if known <= len(values) - 1)]
    return Interval(fmean(values), t * stdev(values) / sqrt(len(values)))


def enrichment(hits: int, assayed: int, base: float) -> float:
    """The share of hits among what was assayed, over their share among draws at random.

    >>> enrichment(10, 100, 0.01)
    10.0
    """
    if not assayed or not base:
        raise DataError(f"{assayed} assayed, {base:.2%} hits at random: there is nothing to compare")
    return hits / assayed / base


def judged(
    place: tuple[str, int, int],
    molecules: Sequence[Molecule],
    seen: Container[str] | None,
    earlier: Sequence[Molecule] = (),
    seconds: float = 0.0,
) -> Round:
    """What a round sent to the assay, judged; `place` is its arm, seed and number."""
    if not molecules:
        raise DataError(f"round {place[2]} of {place[0]}, seed {place[1]}: nothing was picked; draw more")
    true = [potency(one) for one in molecules]
    hits = sum(one >= HIT for one in true)
    novel = None if seen is None else fmean(one not in seen for one in molecules)
    references = References(earlier)
    nearest = fmean(references.nearest(one) for one in molecules) if earlier else None
    return Round(*place, len(molecules), hits, fmean(true), diversity(molecules), novel, nearest, seconds)


def diversity(molecules: Sequence[Molecule]) -> float | None:
    """IntDiv: one minus the mean similarity of two different ones; None of one alone."""
    many = len(molecules)
    if many < 2:
        return None
    references = References(molecules)
    total = sum(float(references.between(index).sum()) - 1 for index in range(many))
    return 1 - total / (many * (many - 1))


def gained(rounds: Sequence[Round], ours: str, theirs: str) -> Interval:
    """How many hits an arm found more than another after round 1, with the same seeds and so the same round 1."""

    def hits(arm: str, seed: int) -> int:
        return sum(one.hits for one in rounds if (one.arm, one.seed) == (arm, seed) and one.number > 1)

    seeds = sorted({one.seed for one in rounds})
    return interval([float(hits(ours, seed) - hits(theirs, seed)) for seed in seeds])


def table(rounds: Sequence[Round], base: float) -> list[str]:
    """A Markdown table: arms by rounds, and all rounds together; means over seeds with 95 % intervals."""
    lines = ["| arm | round | enrichment | hit rate, % | hits | mean potency | IntDiv | novel, % | like earlier |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for arm in dict.fromkeys(one.arm for one in rounds):
        ours = [one for one in rounds if one.arm == arm]
        numbers = sorted({one.number for one in ours})
        lines += [_row(arm, str(number), [one for one in ours if one.number == number], base) for number in numbers]
        later = [one for one in ours if one.number > 1]
        if len(numbers) > 2:
            lines.append(_row(arm, f"2 to {numbers[-1]}", _together(later), base))
        lines.append(_row(arm, "all", _together(ours), base))
    return lines


def _together(rounds: Sequence[Round]) -> list[Round]:
    """The rounds of every seed as one: what is counted is added up, and only the rest is left out."""
    found = []
    for seed in dict.fromkeys(one.seed for one in rounds):
        ours = [one for one in rounds if one.seed == seed]
        assayed, hits = sum(one.assayed for one in ours), sum(one.hits for one in ours)
        mean = sum(one.mean * one.assayed for one in ours) / assayed
        found.append(Round(ours[0].arm, seed, 0, assayed, hits, mean, None, None))
    return found


def _row(arm: str, number: str, rounds: Sequence[Round], base: float) -> str:
    rates = [one.hits / one.assayed for one in rounds]
    more = interval([enrichment(one.hits, one.assayed, base) for one in rounds]).said() if base else "-"
    cells = [arm, number, more]
    cells += [interval([100 * rate for rate in rates]).said(), interval([float(one.hits) for one in rounds]).said()]
    cells.append(interval([one.mean for one in rounds]).said(2))
    cells.append(_mean([one.diversity for one in rounds], 3))
    cells.append(_mean([None if one.novel is None else 100 * one.novel for one in rounds], 0))
    cells.append(_mean([one.nearest for one in rounds], 2))
    return f"| {' | '.join(cells)} |"


def _mean(values: Iterable[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return f"{fmean(known):.{digits}f}" if known else "-"
