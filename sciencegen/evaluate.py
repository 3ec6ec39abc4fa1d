"""How good a model is: likelihood of held-out items, samples beside them, published protocols, and whether what is
asked for is what is measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen.compare.histograms import jensen_shannon, wasserstein
from sciencegen.core.condition import Where
from sciencegen.core.domain import Candidate, Curve, Domain, Items
from sciencegen.core.generator import Density, Variational
from sciencegen.core.protocol import Protocol
from sciencegen.data.columns import measured, rows_of
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.model import Model
from sciencegen.screen.aim import distance
from sciencegen.screen.stream import Tally, best_of, counted, valid

__all__ = ["Evaluation", "asked_for", "drawn", "judged", "report"]

_ENOUGH = 10_000
"""Samples stand beside ten times as many items, and at least beside so many, where there are more."""
Pairs = Mapping[str, tuple[Sequence[float], Sequence[float]]]


@dataclass(frozen=True)
class Evaluation:
    """Numbers that JSON can say, and what there is to draw of them."""

    numbers: dict[str, Any]
    histograms: Pairs = field(default_factory=dict)
    """Values of ours, and of the reference."""
    scatters: Pairs = field(default_factory=dict)
    """What was asked for, and what was measured."""
    curves: Mapping[str, tuple[Curve, Curve]] = field(default_factory=dict)
    """Functions of ours, and of the reference."""


def report(
    model: Model[Any],
    data: Sequence[Any] | Items[Any],
    n: int = 2000,
    where: Where | None = None,
    seed: int = 0,
    draws: int = 500,
    given: bool = False,
) -> Evaluation:
    """Everything this kind of model can say of itself beside held-out `data`.

    `likelihood`: nats per item, with its standard error, exact or importance-sampled. With `given`, `conditional` is
    the same under a condition of each item's own properties and columns. `samples`: what became of the draws, asked
    for under `where`. `distance`: two-sample statistics. `properties`: how far each property's distribution is off.
    """
    items = data if isinstance(data, Items) else Items(data)
    if not len(items):
        raise DataError("there are no items to compare with")
    numbers = _made_by(model, seed) | {"items": len(items)}
    if isinstance(model.generator, (Density, Variational)):
        how = "exact" if isinstance(model.generator, Density) else f"importance-sampled, {draws} draws (an upper bound)"
        if any(any(model.domain.gaps(item)) for item in items.items):
            how += "; rows with gaps are estimated"
        log_prob = model.log_prob(items.items, draws=draws, seed=seed)
        numbers["likelihood"] = _summary(log_prob) | {"how": how}
        if given:
            numbers["conditional"] = _given(model, items, draws, seed) | {"how": how}
    elif given:
        raise RequestError(f"{type(model.generator).__name__} generators have no likelihood to report with --given")
    if not n:
        return Evaluation(numbers)
    samples = _samples(model, items, n, where, seed)
    return Evaluation(numbers | samples.numbers, samples.histograms, curves=samples.curves)


def drawn(model: Model[Any], n: int, seed: int = 0) -> list[Any]:
    """`n` draws as they come, None for one that is no valid item."""
    return [None if one is None else one.item for one in islice(model.stream(seed=seed, measure=()), n)]


def judged(draws: Sequence[Any], protocol: Protocol[Any], folder: Path | None, record: Mapping[str, Any]) -> Evaluation:
    """Draws under a published protocol, with a `record` of how they were made."""
    if not len(draws):
        raise DataError("there are no draws to judge")
    verdict = protocol.judge(draws, folder)
    numbers = dict(record) | {
        "draws": len(draws),
        "metrics": {name: _finite(value) for name, value in verdict.metrics.items()},
        "missing": dict(verdict.missing),
        "sets": {name: dict(known) for name, known in verdict.sets.items()},
    }
    return Evaluation(numbers, verdict.spread)


def asked_for(
    model: Model[Any],
    data: Sequence[Any] | Items[Any],
    asked: Sequence[Sequence[str]],
    targets: int = 100,
    each: int = 10,
    seed: int = 0,
    best: int = 1,
) -> Evaluation:
    """Whether what is asked for is what is measured, for each of some combinations of properties.

    `targets` items of the data lend their properties, `each` draws are made for every one, and all that are valid
    count; with `best` every draw is the closest of so many valid ones (Conditional Graph Generation with FreeGress;
    Ninniri, Podda, Bacciu; 2024). `r2` is the share of the variance of what was asked for that is met, below 0 where
    the mean of it would have been closer. `chance` is the mean absolute error of items that were taken from the data
    at random instead.
    """
    items = data if isinstance(data, Items) else Items(data)
    for name in dict.fromkeys(name for names in asked for name in names):
        if name not in model.fields.names:
            raise UnknownName("condition", name, model.fields.names)
        if name not in model.domain.properties or model.domain.properties[name].levels:
            raise RequestError(f"{name} is no number that can be measured: it cannot be asked for here")
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed)).tolist()
    if len(order) < targets:
        raise RequestError(f"the data hold {len(order):,} items: expected {targets:,} or more to be targets")
    chosen = rows_of(items, order[:targets])
    numbers: dict[str, Any] = {}
    scatters: dict[str, tuple[Sequence[float], Sequence[float]]] = {}
    for names in asked:
        together = "+".join(names)
        numbers[together], pairs = _aimed(model, measured(model.domain, chosen, names), names, each, seed, best)
        scatters |= {name if together == name else f"{name} of {together}": pair for name, pair in pairs.items()}
    record = _made_by(model, seed) | {"items": len(items), "targets": targets, "each": each, "best_of": best}
    return Evaluation(record | {"asked": numbers}, {}, scatters)


def _aimed(
    model: Model[Any], targets: Items[Any], names: Sequence[str], each: int, seed: int, best: int
) -> tuple[dict[str, Any], dict[str, tuple[list[float], list[float]]]]:
    """What came of asking for these properties of every target together."""
    pairs: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in names}
    tally = Tally()
    answers = model.answers({name: targets.columns[name] for name in names}, each * best, seed)
    for i in range(len(targets)):
        where = {name: float(targets.columns[name][i] or 0.0) for name in names}
        drawn = valid(counted(islice(answers, each * best), tally), tally)
        if best > 1:
            drawn = best_of(drawn, best, distance(where, model.fields, names), tally)
        for candidate in drawn:
            for name in names:
                pairs[name][0].append(where[name])
                pairs[name][1].append(float(candidate.properties[name]))
    share = 1 - tally.invalid / tally.drawn
    numbers: dict[str, Any] = {"draws": tally.drawn, "valid": share, "kept": len(pairs[names[0]][0])}
    for name in names:
        asked, found = (torch.tensor(side, dtype=torch.float64) for side in pairs[name])
        values = torch.tensor([float(value or 0.0) for value in targets.columns[name]], dtype=torch.float64)
        accuracy = {
            "mean_absolute_error": float((asked - found).abs().mean()),
            "correlation": _correlation(asked, found),
            "r2": _explained(asked, found),
            "chance": float((values[:, None] - values).abs().sum() / max(len(values) * (len(values) - 1), 1)),
        }
        numbers[name] = {key: _finite(value) for key, value in accuracy.items()}
    return numbers, pairs


def _correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack((a, b)))[0, 1]) if len(a) > 1 else math.nan


def _explained(asked: Tensor, found: Tensor) -> float:
    """The share of the variance of what was asked for that is met (R2); below 0 where the mean would be closer."""
    spread = float((asked - asked.mean()).square().sum())
    return 1 - float((asked - found).square().sum()) / spread if spread else math.nan


def _made_by(model: Model[Any], seed: int) -> dict[str, Any]:
    return {"recipe": model.recipe, "checkpoint": model.checkpoint, "seed": seed}


def _given(model: Model[Any], items: Items[Any], draws: int, seed: int) -> dict[str, Any]:
    """The likelihood of items under what is known of each."""
    names = model.fields.names
    if not names:
        raise RequestError("the model may be asked for nothing: there is no conditional likelihood")
    columns = measured(model.domain, items, names).columns
    log_prob = model.log_prob(items.items, draws=draws, seed=seed, columns=columns)
    return _summary(log_prob) | {"given": list(names)}


def _summary(log_prob: Tensor) -> dict[str, Any]:
    error = float(log_prob.std() / len(log_prob) ** 0.5) if len(log_prob) > 1 else math.nan
    return {"nll": _finite(-float(log_prob.mean())), "standard_error": _finite(error)}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None  # JSON has no infinity


def _samples(model: Model[Any], items: Items[Any], n: int, where: Where | None, seed: int) -> Evaluation:
    """Samples beside the items, which are taken in random order: files are often sorted."""
    tally = Tally()
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed)).tolist()
    if model.given:
        drawn = _answers(model, rows_of(items, [order[i % len(order)] for i in range(n)]), where, seed, tally)
    else:
        drawn = list(model.candidates(n, where, seed, tally, once=False, measure=()))
    if not drawn:
        raise RequestError(f"{tally.drawn:,} draws held no candidate to compare: {vars(tally)}")
    compared = order[: max(10 * n, _ENOUGH)]
    theirs = rows_of(items, compared).items
    ours = model.domain.comparable([candidate.item for candidate in drawn], theirs[0])
    distinct = len({candidate.text for candidate in drawn}) / len(drawn)
    distance = model.domain.compare(ours, theirs)
    properties, spread = _properties(model.domain, ours, theirs, where or {})
    numbers = {
        "samples": {**vars(tally), "distinct_share": distinct, "compared_with": len(compared)},
        "distance": {name: _finite(value) for name, value in distance.items()},
        "properties": properties,
    }
    left, right = model.domain.curves(ours), model.domain.curves(theirs)
    return Evaluation(numbers, spread, curves={name: (left[name], right[name]) for name in left if name in right})


def _answers(
    model: Model[Any], items: Items[Any], where: Where | None, seed: int, tally: Tally
) -> list[Candidate[Any]]:
    """A draw for what stands beside each of some items, where samples are made of it."""
    if where:
        raise RequestError(
            f"samples are made of the data's {', '.join(model.given)}: nothing else can be asked of them"
        )
    columns = measured(model.domain, items, list(model.given)).columns
    found = list(valid(counted(model.answers(columns, 1, seed), tally), tally))
    tally.kept = len(found)
    return found


def _properties(
    domain: Domain[Any], ours: Sequence[Any], theirs: Sequence[Any], where: Where
) -> tuple[dict[str, Mapping[str, float | None]], dict[str, tuple[list[float], list[float]]]]:
    """How far each property's distribution is off, of those users look at or ask for, and the values of numbers."""
    numbers: dict[str, Mapping[str, float | None]] = {}
    spread: dict[str, tuple[list[float], list[float]]] = {}
    looked_at = domain.properties if domain.usual is None else domain.usual
    names = list(dict.fromkeys((*looked_at, *(name for name in where if name in domain.properties))))
    left, right = domain.measure(ours, names), domain.measure(theirs, names)
    for name in names:
        pair = [[math.nan if value is None else value for value in side[name]] for side in (left, right)]
        if domain.properties[name].levels:
            numbers[name] = {"jensen_shannon": jensen_shannon(*([str(v) for v in side] for side in pair))}
        else:
            spread[name] = ([float(v) for v in pair[0]], [float(v) for v in pair[1]])
            a, b = (torch.tensor(side, dtype=torch.float64) for side in spread[name])
            found = {"wasserstein": wasserstein(a, b), "mean": float(a.mean()), "mean_of_data": float(b.mean())}
            numbers[name] = {key: _finite(value) for key, value in found.items()}
    return numbers, spread
