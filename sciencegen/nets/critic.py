"""Critics: a score for each sample, or for each pack of samples."""

from __future__ import annotations

from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.space import Space
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Critic"]


class Critic(nn.Module):
    """Scores `net(x, context)` of samples of a space, one for each `pack` samples under their conditions.

    Seeing several samples at once, a critic notices that they are too much alike
    (PacGAN: The power of two samples in generative adversarial networks; Lin, Khetan, Fanti, Oh; 2018).
    Packs are joined along the first dimension of a sample, so vectors grow longer and images get more channels.
    Integers are read as the space's numbers, and floats are taken as they are: data, or relaxed one-hot entries.
    """

    def __init__(self, space: Space, net: nn.Module, conditioner: Conditioner, pack: int = 1) -> None:
        super().__init__()
        if pack < 1:
            raise RequestError(f"pack={pack}: expected 1 sample or more")
        self.space, self.net, self.conditioner, self.pack = space, net, conditioner, pack
        self.entry = space.shape if space.inputs == 1 else (*space.shape, space.inputs)

    def forward(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """Scores [n // pack] of `x` [n, ...]; samples that fill no pack are left out."""
        if len(x) < self.pack:
            raise RequestError(f"{len(x)} samples fill no pack of {self.pack}: raise the batch size")
        context = self.conditioner(condition, len(x))
        dense = x if x.is_floating_point() else self.space.floats(x).to(context.dtype)
        scores: Tensor = self.net(self._packed(dense.reshape(len(x), *self.entry)), self._packed(context))
        return scores.reshape(-1)

    def _packed(self, rows: Tensor) -> Tensor:
        n = len(rows) // self.pack
        return rows[: n * self.pack].reshape(n, self.pack * rows.shape[1], *rows.shape[2:])
