"""What a model says of the density it was fitted to: importance weights, partition functions, free energies, and exact
draws by Metropolis-Hastings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from sciencegen.compare.chains import Chains, autocorrelation, metropolis
from sciencegen.compare.importance import (
    Estimate,
    effective_share,
    forward_share,
    log_partition,
    log_ratio,
    mean,
)
from sciencegen.compare.profiles import Profile, profile
from sciencegen.compare.quadrature import Grid
from sciencegen.core.batch import seed_at, seeded
from sciencegen.core.condition import Where
from sciencegen.core.domain import Curve
from sciencegen.core.generator import Tractable
from sciencegen.core.target import Measure, Target
from sciencegen.errors import RequestError
from sciencegen.evaluate import Evaluation
from sciencegen.model import Model

__all__ = ["Weighed", "report", "weighed"]

_TOGETHER = 4096
_CHAINS = 16
_CHAIN = 1 << 40
"""The number of the stream of random numbers that chains take, far from those of draws."""
_TEMPERATURES = 5
_BINS = 60
_PROFILES = 3


@dataclass(frozen=True)
class Weighed:
    """Draws of a model, what it thinks of them, and what they are worth to the target."""

    target: Target
    temperature: float
    x: Tensor  # [n, d], in the units of the data
    log_prob: Tensor  # [n]
    seed: int = 0

    @cached_property
    def log_weight(self) -> Tensor:
        """The log of exp(-energy / kT) over the model's density: [n]."""
        return -self.target.reduced(self.x, self.temperature) - self.log_prob

    def table(self) -> dict[str, list[float]]:
        """Every draw with its energy, the log of its density and of its weight, and how often Metropolis-Hastings stays
        there."""
        known = {"energy": self.target.energy(self.x), "log_prob": self.log_prob, "log_weight": self.log_weight}
        visits = torch.bincount(self.chains.rows.flatten(), minlength=len(self.x))
        columns = {**dict(zip(self.target.names, self.x.unbind(1), strict=True)), **known, "visits": visits}
        return {name: column.tolist() for name, column in columns.items()}

    @cached_property
    def chains(self) -> Chains:
        """Where Metropolis-Hastings goes, with the draws as proposals."""
        with seeded(seed_at(self.seed, _CHAIN), torch.device("cpu")):
            return metropolis(self.log_weight, _CHAINS)

    @cached_property
    def grid(self) -> Grid | None:
        """What is exact of a target of one or two coordinates."""
        if not self.target.box:
            return None
        return Grid.over(lambda x: -self.target.reduced(x, self.temperature), self.target.box)


def weighed(model: Model[Any], n: int = 100_000, where: Where | None = None, seed: int = 0) -> Weighed:
    """`n` draws of a model beside its target.

    >>> import sciencegen
    >>> from sciencegen.weighing import weighed
    >>> from sciencegen.compare.importance import log_partition
    >>> log_partition(weighed(sciencegen.load("double-well"), where={"temperature": 2}).log_weight)  # doctest: +SKIP
    """
    target, generator = model.domain.density, model.generator
    if target is None or not isinstance(generator, Tractable):
        raise RequestError(f"{model.recipe} was fitted to no energy: there is nothing to weigh its draws by")
    temperature = _temperature(target, where)
    condition = model.asking.row(where) if where else None
    if target.conditional and condition is not None:
        condition = condition.to(generator.device, generator.dtype)
    parts: list[tuple[Tensor, Tensor]] = []
    for number in range(-(-n // _TOGETHER)):
        many = min(_TOGETHER, n - number * _TOGETHER)
        with torch.no_grad(), seeded(seed_at(seed, number), generator.device):
            drawn = generator.rscored(many, condition)
        items = model.representation.decode(drawn.x)
        known = [i for i, item in enumerate(items) if item is not None]
        log_prob = drawn.log_prob.double().cpu()[known] + model.representation.log_volume
        parts.append((model.domain.coordinates([items[i] for i in known]), log_prob))
    return Weighed(target, temperature, torch.cat([x for x, _ in parts]), torch.cat([p for _, p in parts]), seed)


def _temperature(target: Target, where: Where | None) -> float:
    if not target.conditional:
        return target.temperatures[0]
    if not where or "temperature" not in where:
        low, high = target.temperatures
        raise RequestError(f"{target.name} is known from {low:g} to {high:g}: say where, as in temperature={low:g}")
    return float(where["temperature"])


def report(
    model: Model[Any],
    n: int = 100_000,
    where: Where | None = None,
    seed: int = 0,
    drawn: Weighed | None = None,
) -> Evaluation:
    """Everything a physicist asks of a fit to an energy, at one temperature or at some between its two.

    `drawn` are these draws, where they are there already.

    `effective_share`: how many independent draws of the target one draw is worth. `log_partition`, `means` and
    `free_energy_differences`: reweighted, with standard errors, beside what the model draws unweighted and, of one or
    two coordinates, the exact numbers. `acceptance` and `autocorrelation`: of Metropolis-Hastings with the model's
    draws as proposals. `modes`: how many of the known ones were drawn. `forward`: where the target itself can be drawn
    from, what its own draws say of the model.
    """
    target = model.domain.density
    if target is None:
        raise RequestError(f"{model.recipe} was fitted to no energy: compare it with data, by --data")
    numbers: dict[str, Any] = {"recipe": model.recipe, "checkpoint": model.checkpoint, "seed": seed, "draws": n}
    numbers |= {"energy": target.name, "unit": target.unit}
    if target.conditional and not (where and "temperature" in where):
        low, high = target.temperatures
        grid = [low + (high - low) * i / (_TEMPERATURES - 1) for i in range(_TEMPERATURES)]
        found = {f"{one:g}": weighed(model, n, {**(where or {}), "temperature": one}, seed) for one in grid}
        numbers["temperatures"] = {name: _numbers(one) for name, one in found.items()}
        curves = {f"{key}, T = {name}": pair for name, one in found.items() for key, pair in _profiles(one, 1)}
        return Evaluation(numbers, curves=curves)
    one = weighed(model, n, where, seed) if drawn is None else drawn
    numbers |= _numbers(one)
    if target.draw is not None:
        numbers["forward"] = _forward(model, target, n, seed)
    return Evaluation(numbers, _marginals(one), curves=dict(_profiles(one, _PROFILES)))


def _numbers(one: Weighed) -> dict[str, Any]:
    target, log_w, grid = one.target, one.log_weight, one.grid
    known = target.log_partition(one.temperature) if target.log_partition else None
    known = grid.log_partition if known is None and grid else known
    measures, rows = _measures(target), one.chains.rows
    numbers: dict[str, Any] = {
        "temperature": one.temperature,
        "effective_share": effective_share(log_w),
        "log_partition": _said(log_partition(log_w), exact=known),
        "means": {
            name: _said(
                mean(measure(one.x), log_w),
                drawn=float(measure(one.x).double().mean()),
                exact=grid.mean(measure) if grid else None,
            )
            for name, measure in measures.items()
        },
        "acceptance": one.chains.acceptance,
        "autocorrelation": {name: _finite(autocorrelation(measure(one.x)[rows])) for name, measure in measures.items()},
    }
    if len(target.regions) > 1:
        numbers["free_energy_differences"] = dict(_differences(one))
    if target.modes is not None:
        numbers["modes"] = {"known": len(target.modes), "found": _modes(one)}
    return numbers


def _forward(model: Model[Any], target: Target, n: int, seed: int) -> dict[str, float | None]:
    """The model beside draws of the target itself: no mode that it forgot can hide."""
    assert target.draw is not None
    with seeded(seed, torch.device("cpu")):
        x = target.draw(n).double()
    log_prob = model.log_prob([model.domain.parse(",".join(map(repr, row))) for row in x.tolist()])
    log_w = -target.reduced(x, 1.0) - log_prob
    return {"effective_share": _finite(forward_share(log_w)), "nll": _finite(-float(log_prob.mean()))}


def _measures(target: Target) -> dict[str, Measure]:
    return {"energy": target.energy, **target.observables}


def _differences(one: Weighed) -> Iterator[tuple[str, dict[str, float | None]]]:
    """Free energies of regions over that of the first, in units of kT."""
    (first, here), *others = one.target.regions.items()
    for name, there in others:
        a, b = here(one.x), there(one.x)
        said = log_ratio(a, b, one.log_weight)
        drawn = math.log(float(a.sum()) / float(b.sum())) if a.any() and b.any() else math.nan
        exact = one.grid.log_ratio(here, there) if one.grid else None
        yield f"{name} - {first}, in kT", _said(said, drawn=drawn, exact=exact)


def _modes(one: Weighed) -> int:
    """How many of the known modes have a draw near them."""
    modes = one.target.modes
    assert modes is not None
    spacing = torch.pdist(modes.double()).min() if len(modes) > 1 else torch.tensor(2.0)
    near = torch.cdist(one.x, modes.double()).argmin(1)
    close = (one.x - modes.double()[near]).norm(dim=1) < max(float(spacing) / 2, 1e-6)
    return len(near[close].unique())


def _said(found: Estimate, **beside: float | None) -> dict[str, float | None]:
    numbers: dict[str, float | None] = {"value": found.value, "error": found.error}
    numbers |= {name: value for name, value in beside.items() if value is not None}
    return {name: _finite(value) if value is not None else None for name, value in numbers.items()}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None  # JSON has no infinity


def _marginals(one: Weighed) -> dict[str, tuple[list[float], list[float]]]:
    """Numbers as the model draws them, and as Metropolis-Hastings does."""
    after = one.chains.rows[len(one.chains.rows) // 10 :].flatten()
    measures = {**_coordinates(one.target), **_measures(one.target)}
    return {name: (m(one.x).tolist(), m(one.x)[after].tolist()) for name, m in measures.items()}


def _coordinates(target: Target) -> dict[str, Measure]:
    """The first coordinates, where there are few; of a lattice, none has a meaning of its own."""
    if len(target.names) > 2 * _PROFILES and target.observables:
        return {}
    return {name: partial(_column, at=at) for at, name in enumerate(target.names[:_PROFILES])}


def _column(x: Tensor, at: int) -> Tensor:
    return x[:, at]


def _profiles(one: Weighed, most: int) -> Iterator[tuple[str, tuple[Curve, Curve]]]:
    """Free energies over kT along coordinates, reweighted, with twice their standard errors; beside them what is exact
    or, where nothing is, what the model draws."""
    for name, measure in list((_coordinates(one.target) or dict(one.target.observables)).items())[:most]:
        values = measure(one.x).double()
        low, high = values.quantile(torch.tensor([0.001, 0.999], dtype=torch.float64)).tolist()
        if not low < high:
            continue
        edges = torch.linspace(low, high, _BINS + 1, dtype=torch.float64)
        ours = profile(values, one.log_weight, edges)
        theirs = (
            profile(values, torch.zeros(len(values)), edges)
            if one.grid is None
            else profile(measure(one.grid.x), one.grid.log_mass, edges)
        )
        yield f"free energy along {name}, kT", (_curve(ours), _curve(theirs))


def _curve(found: Profile) -> Curve:
    """A profile above its lowest point."""
    value = found.value - found.value.min()
    parts = (found.where, value - 2 * found.error, value, value + 2 * found.error)
    return Curve(*(part.tolist() for part in parts))
