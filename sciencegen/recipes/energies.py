"""Recipes for densities known by their energy: flows that learn without data, or with some beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective, Ramp
from sciencegen.core.space import Reals, Space
from sciencegen.core.target import Target
from sciencegen.core.transform import Transform
from sciencegen.domains.densities import Densities, Point, Standardised
from sciencegen.domains.densities import energies as known
from sciencegen.errors import RequestError, UnknownName
from sciencegen.families.flow import (
    AffineCoupling,
    CircularCoupling,
    Flow,
    FreeField,
    MaskedSpline,
    OddCoupling,
    Reverse,
    SplineCoupling,
    Wrapped,
)
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.energies import Bootstrap, Reduced, ReverseKL
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["double_well", "energy", "phi4", "xy"]

CONTEXT = 32
_STRETCHED = 2
By = Literal["reverse", "path", "bootstrap"]
Kind = Literal["spline", "affine", "iaf", "maf"]
_SETTINGS = Settings(rate=2e-3, steps=2000, batch=512, schedule="cosine", clip=5.0)


def _recipe(
    target: Target,
    transforms: Callable[[int], list[Transform]],
    objective: Callable[[Reduced], Objective],
    settings: Settings,
    by: By = "reverse",
    mixed: bool = False,
) -> Recipe[Point]:
    """What the recipes have in common: a flow of points less their middle, over their scale."""
    d = len(target.names)
    ready = Standardised(target.names, target.middle or (0.0,) * d, target.scale or (1.0,) * d)

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        conditioner = Conditioner(fields, CONTEXT)
        flow = Flow(space, transforms(conditioner.width), conditioner).trainable_by("sampling")
        return flow if by == "reverse" and not mixed else flow.trainable_by("log_prob")

    def aimed(space: Space, fields: ConditionFields) -> Objective:
        known.checked(target)
        return objective(_reduced(target, ready))

    return Recipe(
        Densities(target), Standardised, generator, aimed, (), settings, ready=ready, fields=target.fields, mixed=mixed
    )


def _reduced(target: Target, ready: Standardised) -> Reduced:
    """The energy over kT of standardised points, less what volume they gained: its flow's free energy is -ln Z."""
    middle, scale = torch.tensor(ready.mean), torch.tensor(ready.std)

    def reduced(x: Tensor, condition: Condition | None) -> Tensor:
        points = x * scale.to(x) + middle.to(x)
        temperature: Tensor | None = None
        if target.conditional and condition is not None:
            (field,) = target.fields
            temperature = condition.values[:, 0] * field.std + field.mean
        return target.reduced(points, temperature) + ready.log_volume

    return reduced


def _objective(
    by: By, softness: float, ramp: int, likelihood: float = 0.0, temperings: int = 4
) -> Callable[[Reduced], Objective]:
    if by == "bootstrap":
        return lambda reduced: Bootstrap(reduced, temperings)
    return lambda reduced: ReverseKL(reduced, Ramp(softness, 1.0, ramp), by == "path", likelihood)


def _temperatures(given: tuple[float, ...]) -> tuple[float, ...]:
    if not 1 <= len(given) <= 2 or min(given) <= 0 or list(given) != sorted(set(given)):
        said = ",".join(f"{one:g}" for one in given)
        raise RequestError(f"temperatures={said}: expected one above 0, or a lower and a higher one")
    return given


def _layers(d: int, width: int, depth: int, kind: Kind, bins: int, periodic: bool) -> Callable[[int], list[Transform]]:
    """So many transforms of a kind, each before all entries change places."""

    def layer(context: int, odd: bool) -> Transform:
        if periodic:
            return CircularCoupling(d, [width, width], context, odd=odd, bins=bins)
        if kind == "spline":
            return SplineCoupling(d, [width, width], context, odd=odd, bins=bins)
        if kind == "affine":
            return AffineCoupling(d, [width, width], context, odd=odd)
        return MaskedSpline(d, [width, width], context, cheap="to_data" if kind == "iaf" else "to_noise", bins=bins)

    def made(context: int) -> list[Transform]:
        layers: list[Transform] = []
        for i in range(0 if periodic else _STRETCHED):  # splines are straight far out: these say how far that is
            layers += [AffineCoupling(d, [width], context, odd=d % 2 == 1 and i % 2 == 1), Reverse()]
        for i in range(depth):
            layers += [layer(context, d % 2 == 1 and i % 2 == 1), Reverse()]
        return [*layers, Wrapped()] if periodic else layers

    return made


def energy(
    energy: str = "muller-brown",
    names: tuple[str, ...] = (),
    middle: tuple[float, ...] = (),
    scale: tuple[float, ...] = (),
    temperatures: tuple[float, ...] = (),
    boltzmann: float = 1.0,
    by: By = "reverse",
    softness: float = 0.1,
    ramp: int = 500,
    likelihood: float = 0.0,
    temperings: int = 4,
    transform: Kind = "spline",
    width: int = 64,
    depth: int = 6,
    bins: int = 12,
) -> Recipe[Point]:
    """A flow that learns exp(-energy / kT) from the energy alone: one that is known by name, or your own function.

    `energy=module:function` is called with points [n, d] as a torch tensor and gives their energies [n]; `names` are
    those of the d coordinates, `middle` and `scale` say where points lie, roughly, and how far from there. Two
    `temperatures` make the temperature a condition between them; `boltzmann` is the Boltzmann constant in your units.
    `by`: `reverse` is the reverse KL divergence, `path` its path gradient, `bootstrap` annealed importance sampling,
    which forgets no mode. Of the transforms `spline` and `affine` are couplings; `iaf` draws as fast and knows more,
    but `reverse` alone can train it; `maf` draws entry by entry, and is refused. The energy grows from
    `softness` of itself to all of it in `ramp` steps. With `--data`, points of the same density, `likelihood` weighs
    theirs.
    """
    warm = _temperatures(temperatures) if temperatures else None
    if ":" in energy:
        if not names:
            raise RequestError(f"energy={energy}: say the names of its coordinates, as in --set names=x,y")
        for option, given in (("middle", middle), ("scale", scale)):
            if given and len(given) != len(names):
                raise RequestError(f"{option}: expected {len(names)} numbers, one for each of {', '.join(names)}")
        target = known.own(energy, names, warm or (1.0,), boltzmann, middle, scale)
    elif energy not in known.ENERGIES:
        raise UnknownName("energy", energy, [*known.ENERGIES, "module:function"])
    else:
        target = _named(energy, warm, names, middle, scale)
    if by == "bootstrap" and likelihood:
        raise RequestError("likelihood goes with by=reverse or by=path")
    transforms = _layers(len(target.names), width, depth, transform, bins, target.periodic)
    made = _objective(by, softness, ramp, likelihood, temperings)
    return _recipe(target, transforms, made, _SETTINGS, by, mixed=likelihood > 0)


def _named(
    name: str,
    temperatures: tuple[float, ...] | None,
    names: tuple[str, ...],
    middle: tuple[float, ...],
    scale: tuple[float, ...],
) -> Target:
    """One of the known energies, as far as it can be changed."""
    target = known.ENERGIES[name]()
    if names:
        raise RequestError(f"names={','.join(names)}: the coordinates of {name} are {', '.join(target.names)}")
    for option, given in (("middle", middle), ("scale", scale)):
        if given and len(given) != len(target.names):
            raise RequestError(f"{option}: expected {len(target.names)} numbers, one for each coordinate of {name}")
    target = replace(target, middle=middle or target.middle, scale=scale or target.scale)
    if temperatures is not None and temperatures != target.temperatures:
        target = replace(target, temperatures=temperatures, draw=None)
    return target


def double_well(
    temperatures: tuple[float, ...] = (1.0, 5.0), width: int = 64, depth: int = 6, bins: int = 12
) -> Recipe[Point]:
    """The two states of a particle at every temperature between two, learned from the energy alone."""
    target = known.double_well(_temperatures(temperatures))
    transforms = _layers(2, width, depth, "spline", bins, periodic=False)
    return _recipe(target, transforms, _objective("reverse", 0.2, 400), _SETTINGS)


def phi4(side: int = 8, m2: float = -4.0, coupling: float = 8.0, width: int = 16, depth: int = 8) -> Recipe[Point]:
    """A scalar field on a periodic lattice, by couplings that know that f and -f are alike, on top of a free field.

    `coupling=0` takes that of Albergo et al. (2019) at which the correlation length is a quarter of the side.
    """
    if side % 2 or side < 2:
        raise RequestError(f"side={side}: expected an even number of sites, for a checkerboard")
    target = known.phi4(side, m2, coupling)

    def transforms(context: int) -> list[Transform]:
        layers: list[Transform] = [OddCoupling(side, width, context, odd=i % 2 == 1) for i in range(depth)]
        return [*layers, FreeField(side, context)]

    settings = replace(_SETTINGS, steps=2500, batch=96, clip=10.0)
    return _recipe(target, transforms, _objective("reverse", 1.0, 0), settings)


def xy(
    side: int = 4, temperatures: tuple[float, ...] = (0.8, 2.0), width: int = 64, depth: int = 8, bins: int = 8
) -> Recipe[Point]:
    """Spins that turn in a plane, on a periodic lattice, at every temperature between two."""
    target = known.xy(side, _temperatures(temperatures))
    transforms = _layers(side * side, width, depth, "spline", bins, periodic=True)
    return _recipe(target, transforms, _objective("reverse", 0.1, 500), _SETTINGS)
