"""How good a model is: likelihood of held-out items, and samples beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sciencegen.compare.histograms import jensen_shannon, wasserstein
from sciencegen.core.condition import Where
from sciencegen.core.domain import Candidate, Items
from sciencegen.core.generator import Density, Variational
from sciencegen.data.columns import measured, rows_of
from sciencegen.errors import DataError, RequestError
from sciencegen.model import Model
from sciencegen.screen.stream import Tally

__all__ = ["evaluate"]


def evaluate(
    model: Model[Any],
    data: Sequence[Any] | Items[Any],
    n: int = 2000,
    where: Where | None = None,
    seed: int = 0,
    draws: int = 500,
    given: bool = False,
) -> dict[str, Any]:
    """Everything this kind of model can say of itself beside held-out `data`.

    `likelihood`: nats per item, with its standard error, exact or importance-sampled. With `given`, `conditional` is
    the same under a condition of each item's own properties and columns. `samples`: what became of the draws, asked
    for under `where`. `distance`: two-sample statistics. `properties`: how far each property's distribution is off.
    """
    items = data if isinstance(data, Items) else Items(data)
    if not len(items):
        raise DataError("there are no items to compare with")
    report: dict[str, Any] = {"recipe": model.recipe, "checkpoint": model.checkpoint, "items": len(items), "seed": seed}
    if isinstance(model.generator, (Density, Variational)):
        how = "exact" if isinstance(model.generator, Density) else f"importance-sampled, {draws} draws (an upper bound)"
        log_prob = model.log_prob(items.items, draws=draws, seed=seed)
        report["likelihood"] = _summary(log_prob) | {"how": how}
        if given:
            report["conditional"] = _given(model, items, draws, seed) | {"how": how}
    elif given:
        raise RequestError(f"a {type(model.generator).__name__} generator has no likelihood to report with --given")
    if n:
        report |= _samples(model, items, n, where, seed)
    return report


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


def _samples(model: Model[Any], items: Items[Any], n: int, where: Where | None, seed: int) -> dict[str, Any]:
    """Samples beside the items, which are taken in random order: files are often sorted."""
    tally = Tally()
    drawn = list(model.candidates(n, where, seed, tally, once=False))
    if not drawn:
        raise RequestError(f"{tally.drawn:,} draws held no candidate to compare: {vars(tally)}")
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed)).tolist()
    theirs, ours = rows_of(items, order).items, [candidate.item for candidate in drawn]
    distinct = len({candidate.text for candidate in drawn}) / len(drawn)
    distance = model.domain.compare(ours, theirs)
    return {
        "samples": {**vars(tally), "distinct_share": distinct},
        "distance": {name: _finite(value) for name, value in distance.items()},
        "properties": _properties(model, drawn, theirs),
    }


def _properties(
    model: Model[Any], drawn: Sequence[Candidate[Any]], items: Sequence[Any]
) -> dict[str, Mapping[str, float | None]]:
    report: dict[str, Mapping[str, float | None]] = {}
    for name, property_ in model.domain.properties.items():
        theirs = [property_.measure(item) for item in items]
        ours = [candidate.properties[name] for candidate in drawn]
        if property_.levels:
            report[name] = {"jensen_shannon": jensen_shannon([str(v) for v in ours], [str(v) for v in theirs])}
        else:
            a, b = (torch.tensor([float(v) for v in side], dtype=torch.float64) for side in (ours, theirs))
            numbers = {"wasserstein": wasserstein(a, b), "mean": float(a.mean()), "mean_of_data": float(b.mean())}
            report[name] = {key: _finite(value) for key, value in numbers.items()}
    return report
