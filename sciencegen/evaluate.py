"""How good a model is: likelihood of held-out items, and samples beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from sciencegen.compare.histograms import jensen_shannon, wasserstein
from sciencegen.core.condition import Where
from sciencegen.core.domain import Candidate
from sciencegen.core.generator import Density, Variational
from sciencegen.errors import DataError, RequestError
from sciencegen.model import Model
from sciencegen.screen.stream import Tally

__all__ = ["evaluate"]


def evaluate(
    model: Model[Any], items: Sequence[Any], n: int = 2000, where: Where | None = None, seed: int = 0, draws: int = 500
) -> dict[str, Any]:
    """Everything this kind of model can say of itself beside held-out `items`.

    `likelihood`: nats per item, with its standard error, exact or importance-sampled. `samples`: what became of the
    draws. `distance`: two-sample statistics. `properties`: how far each property's distribution is off.
    """
    if not items:
        raise DataError("there are no items to compare with")
    report: dict[str, Any] = {"recipe": model.recipe, "checkpoint": model.checkpoint, "items": len(items), "seed": seed}
    if isinstance(model.generator, (Density, Variational)):
        log_prob = model.log_prob(items, draws=draws, seed=seed)
        exact = isinstance(model.generator, Density)
        report["likelihood"] = {
            "nll": -float(log_prob.mean()),
            "standard_error": float(log_prob.std() / len(items) ** 0.5),
            "how": "exact" if exact else f"importance-sampled, {draws} draws (an upper bound on average)",
        }
    if not n:
        return report
    tally = Tally()
    drawn = list(model.candidates(n, where, seed, tally, once=False))
    if not drawn:
        raise RequestError(f"{tally.drawn:,} draws held no candidate to compare: {vars(tally)}")
    ours = [candidate.item for candidate in drawn]
    distinct = len({candidate.text for candidate in drawn}) / len(drawn)
    report["samples"] = {**vars(tally), "distinct_share": distinct}
    report["distance"] = model.domain.compare(ours, items)
    report["properties"] = _properties(model, drawn, items)
    return report


def _properties(
    model: Model[Any], drawn: Sequence[Candidate[Any]], items: Sequence[Any]
) -> dict[str, Mapping[str, float]]:
    report: dict[str, Mapping[str, float]] = {}
    for name, measured in model.domain.properties.items():
        theirs = [measured.measure(item) for item in items]
        ours = [candidate.properties[name] for candidate in drawn]
        if measured.levels:
            report[name] = {"jensen_shannon": jensen_shannon([str(v) for v in ours], [str(v) for v in theirs])}
        else:
            a, b = (torch.tensor([float(v) for v in side], dtype=torch.float64) for side in (ours, theirs))
            report[name] = {"wasserstein": wasserstein(a, b), "mean": float(a.mean()), "mean_of_data": float(b.mean())}
    return report
