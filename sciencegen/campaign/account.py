"""The account of a campaign: how many rows each step let pass, and what is known of those that were chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isinf
from pathlib import Path
from typing import Any

from sciencegen.campaign.folder import RunFolder, read_rows
from sciencegen.campaign.plan import Plan
from sciencegen.campaign.tasks import requested, survivors
from sciencegen.core.condition import Continuous
from sciencegen.errors import RequestError
from sciencegen.report.findings import Aim, Card, Distribution, Figure, Findings, Plate, Step
from sciencegen.screen.plate import Well

__all__ = ["Ended", "findings_of"]

_STAGES = {
    "read": "read as items",
    "crash": "survived their worker",
    "filter": "like what is wanted",
    "known": "not known already",
    "duplicate": "for the first time",
}
_SAMPLE = 5000
"""So many numbers of a column are enough to draw how they are spread."""
_LINES = 8


@dataclass(frozen=True)
class Ended:
    """A campaign whose choice is made."""

    plan: Plan
    folder: RunFolder
    rows: Sequence[Mapping[str, Any]]
    wells: Sequence[Well]
    notes: Sequence[str]


def findings_of(ended: Ended) -> Findings:
    """What the report shows."""
    plan, config = ended.plan, ended.plan.config
    columns = _columns(ended)
    return Findings(
        config.report.title or f"Campaign {plan.run[:8]}",
        _facts(ended),
        tuple(_steps(ended)),
        tuple(_cards(ended)),
        len(ended.rows),
        tuple(Distribution(one.name, _sample(one.ours), _sample(one.theirs), "all that passed") for one in columns),
        tuple(_aims(ended)),
        tuple(_figures(ended, columns)),
        tuple(_plates(ended)),
    )


def _facts(ended: Ended) -> dict[str, str]:
    plan, source = ended.plan, ended.plan.config.source
    asked = ", ".join(f"{name} {value}" for name, value in sorted(source.where.items())) or "nothing"
    facts = {"campaign": plan.run[:8], "seed": str(plan.config.seed)}
    if source.model:
        facts |= {"model": f"{source.model} ({plan.identity['checkpoint'][:12]})", "asked for": asked}
    else:
        facts |= {"file": source.file, "sha256": plan.identity["files"][source.file][:12]}
    facts |= {name: str(number) for name, number in sorted(plan.identity["versions"].items())}
    return facts | {f"note {i}": note for i, note in enumerate(ended.notes, 1)}


def _steps(ended: Ended) -> Iterator[Step]:
    """The funnel: every row of the source is kept or counted under a reason."""
    plan, folder = ended.plan, ended.folder
    reasons: dict[str, Counter[str]] = {stage: Counter() for stage in _STAGES}
    for i in range(plan.shards):
        for stage in ("sift", "unique"):
            for row in read_rows(folder.left(stage, i)):
                reasons[row["stage"]][row["reason"]] += 1
    left = plan.rows
    yield Step("drawn" if plan.model else "rows", left)
    for stage, name in _STAGES.items():
        left -= reasons[stage].total()
        if reasons[stage] or stage == "read":
            yield Step(name, left, dict(reasons[stage].most_common()))
    counted = sum(1 for _ in survivors(plan, folder))
    if counted != left:
        raise RequestError(f"{folder.path}: {counted:,} rows are left and {left:,} should be: a file was changed")
    for score in plan.config.score:
        if score.command:
            yield _scored(score.name, left, ended)
    if plan.config.pick is not None:
        yield Step("picked", len(ended.rows))


def _scored(name: str, left: int, ended: Ended) -> Step:
    """How many a scorer has said something of; those it has not stay in."""
    silent: Counter[str] = Counter()
    for i in range(ended.plan.shards):
        silent.update(row["reason"] for row in read_rows(ended.folder.shard(f"score-{name}", i)) if row["reason"])
    return Step(f"scored by {name}", left - silent.total(), dict(silent.most_common(20)))


@dataclass(frozen=True)
class _Column:
    """A column of numbers: those of the chosen rows, some of those of all that are left, and what all of them hold."""

    name: str
    ours: Sequence[float | None]
    theirs: Sequence[float | None]
    left: int
    known: int
    infinite: int


def _columns(ended: Ended) -> list[_Column]:
    """Every column of numbers."""
    theirs: dict[str, list[float | None]] = {}
    known: Counter[str] = Counter()
    infinite = _infinite(ended)
    left = _left(ended)
    every = max(1, left // _SAMPLE)
    for place, row in enumerate(survivors(ended.plan, ended.folder)):
        for name, value in row.items():
            if name.startswith(("calc_", "pred_", "nll")) and not isinstance(value, str):
                known[name] += _number(value) is not None
                infinite[name] += isinstance(value, float) and isinf(value)
                if place % every == 0:
                    theirs.setdefault(name, []).append(value)
    ours = {name: [_number(row.get(name)) for row in ended.rows] for name in theirs}
    return [_Column(name, ours[name], theirs[name], left, known[name], infinite[name]) for name in theirs]


def _infinite(ended: Ended) -> Counter[str]:
    """To how many rows scorers gave infinity, by column; their cells are empty."""
    found: Counter[str] = Counter()
    for score in ended.plan.config.score:
        for i in range(ended.plan.shards if score.command else 0):
            for row in read_rows(ended.folder.shard(f"score-{score.name}", i)):
                found.update(row.get("infinite", ()))
    return found


def _left(ended: Ended) -> int:
    (said,) = read_rows(ended.folder.path / "unique" / "done.json")
    return int(said["kept"])


def _cards(ended: Ended) -> Iterator[Card]:
    """The pictures of the first of the chosen, with what is said of each."""
    domain, shown = ended.plan.domain, ended.rows[: ended.plan.config.report.shown]
    items = [domain.parse(str(row[f"parent_{domain.column}"])) for row in shown]
    nearest = _neighbours(ended, items)
    for i, (row, item) in enumerate(zip(shown, items, strict=True)):
        flags = [f"{name.removeprefix('flag_')}: {value}" for name, value in row.items() if _flagged(name, value)]
        text, similarity = nearest[i] if nearest else ("", None)
        other = domain.parse(text) if text else None
        yield Card(
            str(row["id"]),
            "" if item is None else domain.svg(item),
            tuple(_lines(row)),
            _why(row),
            tuple(flags),
            text,
            "" if other is None else domain.svg(other),
            similarity,
        )


def _flagged(name: str, value: object) -> bool:
    return name.startswith("flag_") and bool(value)


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = [name for name in row if name.startswith(("calc_", "pred_"))][:_LINES]
    return [(name.partition("_")[2], _shown(row[name])) for name in names]


def _why(row: Mapping[str, Any]) -> str:
    said = {"must": "must be chosen", "best": "among the best"}.get(row["reason"], f"chosen by {row['reason']}")
    rank = f", rank {row['rank']} with score {_shown(row['score'])}" if "rank" in row else ""
    near = "" if row["nearest"] is None else f", {row['nearest']:.2f} alike to one chosen before"
    return f"number {row['pick']}: {said}{rank}{near}"


def _neighbours(ended: Ended, items: Sequence[Any]) -> list[tuple[str, float]]:
    """The nearest of the items of a file for each of ours, and how alike the two are."""
    name = ended.plan.config.report.neighbours
    if not name or not items:
        return []
    domain = ended.plan.domain
    others = domain.read(Path(ended.plan.files[name])).items
    likeness = domain.likeness([*items, *others])
    found = []
    for i in range(len(items)):
        alike = likeness.to(i)[len(items) :]
        place = int(alike.argmax())
        found.append((domain.text(others[place]), float(f"{float(alike[place]):.4g}")))
    return found


def _aims(ended: Ended) -> Iterator[Aim]:
    """What was asked, where it was one number, beside what the chosen ones measure."""
    if not ended.plan.model:
        return
    properties = ended.plan.domain.properties
    for name, asked in requested(ended.plan).items():
        if name in properties and isinstance(asked, float):
            measured = tuple(_number(row.get(f"calc_{name}")) for row in ended.rows)
            yield Aim(name, tuple([asked] * len(measured)), measured, properties[name].unit)


def _figures(ended: Ended, columns: Sequence[_Column]) -> Iterator[Figure]:
    """Where the numbers of every column come from, and how many of the chosen lie in the range of training."""
    ranges = _trained(ended)
    properties = ended.plan.domain.properties
    for one in columns:
        name, lacking = one.name, (one.left, one.left - one.known, one.infinite)
        known = [value for value in one.ours if value is not None]
        if name.startswith("calc_"):
            bare = name.removeprefix("calc_")
            low, high = ranges.get(bare, (None, None))
            inside = sum(low <= v <= high for v in known) if low is not None and high is not None else None
            unit = properties[bare].unit if bare in properties else ""
            yield Figure(name, "calculated", bare, unit, len(one.ours), len(known), low, high, inside, *lacking)
        elif name.startswith("pred_"):
            by = next((own.name for own in ended.plan.config.score if name.startswith(f"pred_{own.name}_")), "")
            yield Figure(name, "predicted", by, "", len(one.ours), len(known), None, None, None, *lacking)


def _trained(ended: Ended) -> dict[str, tuple[float, float]]:
    """The range of each field the model was trained on."""
    if not ended.plan.model:
        return {}
    from sciencegen.model import load

    fields = load(ended.plan.model).fields.fields
    return {one.name: (one.low, one.high) for one in fields if isinstance(one, Continuous)}


def _plates(ended: Ended) -> Iterator[Plate]:
    settings = ended.plan.config.plate
    if settings is None:
        return
    for name in dict.fromkeys(well.plate for well in ended.wells):
        own = [well for well in ended.wells if well.plate == name]
        compounds = {well.well: well.id for well in own if well.id}
        yield Plate(name, settings.wells, compounds, tuple(well.well for well in own if not well.id))


def _sample(values: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(values[:: max(1, len(values) // _SAMPLE)])


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)
