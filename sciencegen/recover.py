"""Images of which only a part was measured, made whole by a model: several ways, where several fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at
from sciencegen.core.condition import Where
from sciencegen.core.domain import Domain
from sciencegen.core.generator import Pushforward
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.model import Model
from sciencegen.search.hamiltonian import Walk
from sciencegen.search.inverse import Fit, Inverse, fitted, perturbed, walked
from sciencegen.search.measurements import Known, Measurement, Spectrum, columns, projections, variable_density

__all__ = ["MEASUREMENTS", "WAYS", "Recovery", "check", "measurement_called", "recover"]

T = TypeVar("T")
MEASUREMENTS = ("mask", "kspace", "columns", "gaussian")
WAYS = ("perturbed", "hamiltonian")
_SOFT = 0.05
"""What is first taken for the noise, before it is known how well the generator can fit."""


@dataclass(frozen=True)
class Recovery(Generic[T]):
    """Draws of what one image may be, given what was measured of it."""

    items: Sequence[T | None]
    x: Tensor  # [n, *shape], with what was measured
    made: Tensor  # [n, *shape], by the generator alone
    misfit: Tensor  # [n], the root mean square of what was measured less what the generator made
    accepted: float | None = None
    """The share of proposals that was taken, where there were some."""

    @property
    def mean(self) -> Tensor:
        """The mean of the draws, whose square error is the least to be expected: [*shape]."""
        return self.x.mean(0)


def recover(
    model: Model[T],
    y: Tensor,
    measurement: Measurement,
    n: int = 8,
    where: Where | None = None,
    noise: float = 0.0,
    by: str = "perturbed",
    steps: int = 300,
    seed: int = 0,
) -> Iterator[Recovery[T]]:
    """For every row of `y`, `n` draws of what it may have been measured of, under what `where` says of it.

    The generator is searched for the noise it would have made the image of. `noise` is the standard deviation of what
    was measured; the draws allow for more, as much as the best fit leaves over, since no generator makes everything.
    What the fit leaves over and noise does not explain is then put right in the images. `by`: `perturbed` optimises
    from noise of its own for every draw, an approximation; `hamiltonian` walks on from there, and is as good as its
    chains are long.
    """
    generator = check(model)
    if by not in WAYS:
        raise UnknownName("way to draw", by, WAYS)
    for name, value, least in (("n", n, 1), ("noise", noise, 0), ("steps", steps, 1)):
        if not least <= value < math.inf:
            raise RequestError(f"{name}={value}: expected {least} or more")
    fit, device = Fit(steps=steps), generator.device
    condition = model.fields.row(where).to(device, generator.dtype) if where else None
    frozen = [p for p in generator.parameters() if p.requires_grad]
    for number, row in enumerate(y.to(device, generator.dtype)):
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(seed_at(seed, number))
            for p in frozen:
                p.requires_grad_(False)
            first = Inverse(generator, measurement, row[None], row.new_full((1,), max(noise, _SOFT)), condition)
            try:
                found = _drawn(first, n, noise, by, fit)
            finally:
                for p in frozen:
                    p.requires_grad_(True)
        yield _recovery(model, found, first.repeated(n), noise)


@dataclass(frozen=True)
class _Found:
    z: Tensor
    accepted: float | None


def _drawn(first: Inverse, n: int, noise: float, by: str, fit: Fit) -> _Found:
    """Noise of `n` draws."""
    best = fitted(first, fit)
    inverse = first.under(first.misfit(best).clamp_min(max(noise, 1e-3)))
    z = perturbed(inverse, n, fit, best)
    if by == "perturbed":
        return _Found(z, None)
    chain = walked(inverse.repeated(n), z, Walk())
    return _Found(chain.z, float(chain.accepted.mean()))


@torch.no_grad()
def _recovery(model: Model[T], found: _Found, inverse: Inverse, noise: float) -> Recovery[T]:
    made, misfit = inverse.samples(found.z), inverse.misfit(found.z)
    right = inverse.measurement.consistent(made, inverse.y)
    known = (1 - noise**2 / misfit.square().clamp_min(1e-12)).clamp(0, 1).view(-1, *(1,) * (made.dim() - 1))
    x = (made + known * (right - made)).clamp(-1, 1)
    return Recovery(model.representation.decode(x), x.cpu(), made.cpu(), misfit.cpu(), found.accepted)


def check(model: Model[Any]) -> Pushforward:
    """The generator of a model that can recover images; a complaint of what it cannot where it is another one."""
    generator = model.generator
    if not isinstance(generator, Pushforward):
        raise RequestError(f"a {type(generator).__name__} generator cannot recover images: its noise cannot be held")
    if len(generator.space.shape) < 3:
        raise RequestError(f"{model.recipe} makes no images: there is nothing to recover")
    return generator


def measurement_called(text: str, shape: Sequence[int], domain: Domain[Any], seed: int = 0) -> Measurement:
    """What is measured of samples of a shape, as a person types it: mask:hole.png, kspace:0.1, columns:4, gaussian:0.05.

    `domain` reads masks.
    """
    kind, _, value = text.partition(":")
    sides = tuple(shape[1:])
    if kind not in MEASUREMENTS:
        raise UnknownName("measurement", kind, MEASUREMENTS)
    if kind == "mask":
        return Known(_known(Path(value), sides, domain), shape[0])
    number = _number(kind, value)
    if kind == "gaussian":
        return projections(shape, number, seed)
    return Spectrum((variable_density if kind == "kspace" else columns)(sides, number, seed), shape[0])


def _known(path: Path, sides: tuple[int, ...], domain: Domain[Any]) -> Tensor:
    """The pixels that a mask leaves as they are."""
    if not path.name:
        raise RequestError("mask: expected mask: and a file, in which what is white is not known")
    unknown = domain.mask(path)
    if unknown.shape != sides:
        found, wanted = ("x".join(map(str, one)) for one in (unknown.shape, sides))
        raise DataError(f"{path}: the mask has {found} pixels, the image {wanted}")
    if not unknown.any():
        raise DataError(f"{path}: nothing is white in the mask: every pixel is known, and there is nothing to recover")
    if unknown.all():
        raise DataError(f"{path}: everything is white in the mask: no pixel is known; use sciencegen generate")
    return ~unknown


def _number(kind: str, value: str) -> float:
    example = {"kspace": "kspace:0.1", "columns": "columns:4", "gaussian": "gaussian:0.05"}[kind]
    try:
        return float(value)
    except ValueError:
        raise RequestError(f"{kind}:{value}: expected a number, such as {example}") from None
