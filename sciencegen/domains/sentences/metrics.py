"""How far two sets of sentences are apart, beside what the grammar alone would give: rules drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from sciencegen.compare.histograms import jensen_shannon, wasserstein
from sciencegen.domains.sentences.language import Language
from sciencegen.domains.sentences.properties import measured
from sciencegen.grammar import StackMachine, drawn, guards_of

__all__ = ["at_random", "compare"]

_SIZES = (1, 2, 3)
_DRAWN = 1000
_SEED = 0


def compare(ours: Sequence[str], theirs: Sequence[str], language: Language) -> dict[str, float]:
    """Jensen-Shannon divergences of runs of characters and of rules, Wasserstein distances of lengths and depths, and
    the share that is not in theirs. Beside each stands what the grammar gives where every rule is as likely."""
    alone = at_random(theirs, language)
    baseline = _apart(alone, theirs, language) if alone else {}
    report: dict[str, float] = {}
    for name, value in _apart(ours, theirs, language).items():
        report[name] = value
        if name in baseline:
            report[f"{name} (grammar alone)"] = baseline[name]
    return report


def at_random(theirs: Sequence[str], language: Language) -> list[str]:
    """Sentences of the grammar, no longer than those of theirs, every rule as likely as the others."""
    grammar = language.compiled
    length = max(grammar.shortest, language.parsed(theirs).longest)
    machine = StackMachine(grammar, length, guards_of(grammar))
    rows = drawn(machine, _DRAWN, _SEED, spread=0.0).tolist()
    found = (grammar.decode([rule for rule in row if rule != machine.end]) for row in rows)
    return [sentence for sentence in found if sentence]


def _apart(ours: Sequence[str], theirs: Sequence[str], language: Language) -> dict[str, float]:
    report = {
        f"{size}-gram divergence": jensen_shannon(*(_grams(side, size) for side in (ours, theirs))) for size in _SIZES
    }
    report["rule divergence"] = jensen_shannon(*(_rules(side, language) for side in (ours, theirs)))
    known = set(theirs)
    report["novelty"] = sum(item not in known for item in ours) / len(ours)
    a, b = (measured(side, language, ("length", "rules", "depth")) for side in (ours, theirs))
    for name, values in a.items():
        sides = [torch.tensor([v for v in side if v is not None], dtype=torch.float64) for side in (values, b[name])]
        report[f"{name} (Wasserstein)"] = wasserstein(*sides) if all(map(len, sides)) else float("nan")
    return report


def _grams(items: Sequence[str], size: int) -> list[str]:
    """The runs of so many characters, with the ends of sentences among them."""
    ended = [f"{item}\n" for item in items]
    return [item[i : i + size] for item in ended for i in range(max(len(item) - size + 1, 1))]


def _rules(items: Sequence[str], language: Language) -> list[str]:
    found = language.parsed(items)
    return [str(rule) for i in range(len(found)) for rule in found[i].tolist()] or [""]
