"""Flows: a standard normal carried through invertible transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Latent, Scored, Spread, Tractable
from sciencegen.core.normal import log_normal
from sciencegen.core.space import Reals
from sciencegen.core.transform import Transform
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Flow"]


class Flow(Tractable, Latent):
    """An exact density with exact samples (Variational Inference with Normalizing Flows; Rezende, Mohamed; 2015).

    Transforms are listed from data to noise.
    """

    def __init__(self, space: Reals, transforms: Sequence[Transform], conditioner: Conditioner) -> None:
        super().__init__()
        self.space, self.conditioner = space, conditioner
        self.transforms = nn.ModuleList(transforms)
        self.knobs: Spread = Spread()

    def compiled(self) -> Flow:
        parts = [part.compiled() for part in self.transforms if isinstance(part, Transform)]
        if all(new is old for new, old in zip(parts, self.transforms, strict=True)):
            return self
        assert isinstance(self.space, Reals)
        copied = Flow(self.space, parts, self.conditioner)
        copied.knobs = self.knobs
        return copied.train(self.training)

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        z, log_volume = self._to_noise(x.flatten(1), self.conditioner(condition, len(x)))
        return log_normal(z) + log_volume

    def rscored(self, n: int, condition: Condition | None = None) -> Scored:
        z = self.knobs.temperature * self.prior(n, condition)
        x, log_volume = self._to_data(z, self.conditioner(condition, n))
        return Scored(x, log_normal(z, self.knobs.temperature) - log_volume)

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return self._to_noise(x.flatten(1), self.conditioner(condition, len(x)))[0]

    @torch.no_grad()
    def decode(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        return self._to_data(z, self.conditioner(condition, len(z)))[0]

    def prior(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.noise(n, self.space.size)

    @property
    def costly(self) -> tuple[str, ...]:
        """What goes entry by entry, or is solved for, in some transform: "log_prob", "sampling", both or nothing."""
        parts = [part for part in self.transforms if isinstance(part, Transform)]
        kinds = {kind for part in parts for kind in (part.cheap, part.exact)}
        other = {"to_noise": "sampling", "to_data": "log_prob"}
        return tuple(sorted(other[kind] for kind in kinds if kind != "both"))

    def trainable_by(self, what: Literal["log_prob", "sampling"]) -> Self:
        """The flow itself, or a refusal where every step of a training would take the costly way."""
        if what in self.costly:
            way, cure = ("to_data", "by likelihood") if what == "sampling" else ("to_noise", "by an energy")
            raise RequestError(f"{what} of this flow is costly: train it {cure}, or take transforms with cheap={way}")
        return self

    def extra_repr(self) -> str:
        """Say what is slow and what is solved for, so that nobody is surprised."""
        parts = [part for part in self.transforms if isinstance(part, Transform)]
        said = []
        for word, kinds in (("slow", {part.cheap for part in parts}), ("solved", {part.exact for part in parts})):
            other = {"to_noise": "sampling", "to_data": "log_prob"}
            found = sorted(other[kind] for kind in kinds if kind != "both")
            said.append(f"{word}: {', '.join(found) or 'nothing'}")
        return "; ".join(said)

    def _to_noise(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        log_volume = x.new_zeros(len(x))
        for transform in self.transforms:
            assert isinstance(transform, Transform)
            mapped = transform.to_noise(x, context)
            x, log_volume = mapped.x, log_volume + mapped.log_volume
        return x, log_volume

    def _to_data(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        log_volume = z.new_zeros(len(z))
        for transform in reversed(self.transforms):
            assert isinstance(transform, Transform)
            mapped = transform.to_data(z, context)
            z, log_volume = mapped.x, log_volume + mapped.log_volume
        return z.view(len(z), *self.space.shape), log_volume
