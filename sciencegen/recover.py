"""Images of which only a part was measured, made whole by a model: several ways, where several fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at
from sciencegen.core.condition import Condition, Where
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
_LEAST = 1e-3
_SOFT = 0.05
"""What is first taken for the noise, before it is known how well the generator can fit."""


@dataclass(frozen=True)
class Recovery(Generic[T]):
    """What one image may be, given what was measured of it: the best fit, and draws."""

    items: Sequence[T | None]
    """The best fit, and `n` draws; None for one that is no valid item."""
    x: Tensor  # [1 + n, *shape], with what was measured
    made: Tensor  # [1 + n, *shape], by the generator alone
    misfit: Tensor  # [1 + n], the root mean square of what was measured less what the generator made
    accepted: float | None = None
    """The share of proposals that was taken, where there were some."""

    @property
    def mean(self) -> Tensor:
        """The mean of the draws: the guess whose square error is the least to be expected [*shape]."""
        return self.x[1:].mean(0)


def recover(
    model: Model[T],
    y: Tensor,
    measurement: Measurement,
    n: int = 8,
    where: Where | None = None,
    noise: float = 0.0,
    by: str = "perturbed",
    fit: Fit | None = None,
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
    for name, value, least in (("n", n, 1), ("noise", noise, 0)):
        if not least <= value < math.inf:
            raise RequestError(f"{name}={value}: expected {least} or more")
    fit, device = fit or Fit(), generator.device
    _check_sizes(generator, measurement, y)
    condition = model.fields.row(where).to(device, generator.dtype) if where else None
    search = _Search(model, generator, measurement, condition, n, noise, by, fit)
    return (search.of(row, seed_at(seed, number)) for number, row in enumerate(y.to(device, generator.dtype)))


@dataclass(frozen=True)
class _Search(Generic[T]):
    """Recoveries of one image after the other."""

    model: Model[T]
    generator: Pushforward
    measurement: Measurement
    condition: Condition | None
    n: int
    noise: float
    by: str
    fit: Fit

    def of(self, row: Tensor, seed: int) -> Recovery[T]:
        """The image that was measured as a row [m]."""
        device = self.generator.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []), _frozen(self.generator):
            torch.manual_seed(seed)
            noise = row.new_full((1,), max(self.noise, _SOFT))
            first = Inverse(self.generator, self.measurement, row[None], noise, self.condition)
            z, accepted = self._drawn(first)
            return self._recovery(first.repeated(1 + self.n), z, accepted)

    def _drawn(self, first: Inverse) -> tuple[Tensor, float | None]:
        """Noise of the best fit and of `n` draws, and the share of proposals that was taken."""
        best = fitted(first, self.fit)
        inverse = replace(first, noise=first.misfit(best).clamp_min(max(self.noise, _LEAST)))
        z = perturbed(inverse, self.n, self.fit, best)
        if self.by == "perturbed":
            return torch.cat((best, z)), None
        chain = walked(inverse.repeated(self.n), z, Walk())
        return torch.cat((best, chain.z)), float(chain.accepted.mean())

    @torch.no_grad()
    def _recovery(self, inverse: Inverse, z: Tensor, accepted: float | None) -> Recovery[T]:
        made, misfit = inverse.samples(z), inverse.misfit(z)
        right = inverse.measurement.consistent(made, inverse.y)
        # least squares of two sources: what noise explains of the misfit stays, what the generator cannot make goes
        known = (1 - self.noise**2 / misfit.square().clamp_min(1e-12)).clamp(0, 1).view(-1, *(1,) * (made.dim() - 1))
        x = torch.lerp(made, right, known).clamp(-1, 1)
        return Recovery(self.model.representation.decode(x), x.cpu(), made.cpu(), misfit.cpu(), accepted)


@contextmanager
def _frozen(generator: Pushforward) -> Iterator[None]:
    """No gradients of the weights, which nobody asks for, while noise is searched."""
    learning = [parameter for parameter in generator.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


def check(model: Model[Any]) -> Pushforward:
    """The generator of a model that can recover images; a complaint of what it cannot where it is another one."""
    generator = model.generator
    if not isinstance(generator, Pushforward):
        raise RequestError(f"{type(generator).__name__} generators cannot recover images: their noise cannot be held")
    if len(generator.space.shape) < 3:
        raise RequestError(f"{model.recipe} makes no images: there is nothing to recover")
    return generator


def _check_sizes(generator: Pushforward, measurement: Measurement, y: Tensor) -> None:
    with torch.random.fork_rng([generator.device] if generator.device.type == "cuda" else []):
        drawn = generator.sample(1)
    if tuple(drawn.shape[1:]) != measurement.shape:
        ours, theirs = ("x".join(map(str, shape)) for shape in (drawn.shape[2:], measurement.shape[1:]))
        raise RequestError(f"the model draws {ours} pixels, and what was measured has {theirs}")
    m = measurement.measure(drawn).shape[1]
    if y.dim() != 2 or y.shape[1] != m:
        raise RequestError(f"what was measured of it has {y.shape[-1]} numbers, expected {m}, a row for every image")


def measurement_called(text: str, shape: Sequence[int], domain: Domain[Any], seed: int = 0) -> Measurement:
    """What a person typed, for samples of a shape: mask:hole.png, kspace:0.1, columns:4 or gaussian:0.05.

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
