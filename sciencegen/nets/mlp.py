"""Plain multi-layer perceptrons, with a context added to every hidden layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.errors import UnknownName
from sciencegen.nets.conditioner import Inject

__all__ = ["ACTIVATIONS", "MLP", "activation", "activation_in_place", "rows_of"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "silu": F.silu,
    "tanh": F.tanh,
    "leaky": lambda x: F.leaky_relu(x, 0.2),
}


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """The activation of a name."""
    if name not in ACTIVATIONS:
        raise UnknownName("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]


def activation_in_place(name: str) -> Callable[[Tensor], Tensor]:
    """The same, for what nobody else reads: it may be written over."""
    return torch.relu_ if name == "relu" else activation(name)


class MLP(nn.Module):
    """Hidden layers of the given widths between `inputs` and `outputs`; without `shift` the outputs have no bias."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        widths: Sequence[int],
        context: int = 0,
        act: str = "silu",
        dropout: float = 0.0,
        shift: bool = True,
    ) -> None:
        super().__init__()
        sizes = [inputs, *widths]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.inject = nn.ModuleList(Inject(context, width) for width in widths)
        self.out = nn.Linear(sizes[-1], outputs, bias=shift)
        self.act, self.dropout = activation_in_place(act), nn.Dropout(dropout)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Outputs [n, outputs] of x [n, ...], which is read as one vector."""
        out: Tensor = self.out(self._hidden(x, context))
        return out

    def rows(self, x: Tensor, context: Tensor) -> Tensor:
        """The same outputs as rows [outputs, n], made in this layout at no cost."""
        return rows_of(self.out, self._hidden(x, context))

    def _hidden(self, x: Tensor, context: Tensor) -> Tensor:
        x = x.flatten(1)
        for linear, inject in zip(self.hidden, self.inject, strict=True):
            x = self.act(inject(linear(x), context) if context.shape[1] else linear(x))
            if self.dropout.p:
                x = self.dropout(x)
        return x


def rows_of(linear: nn.Linear, x: Tensor) -> Tensor:
    """What a linear layer makes of x [n, inputs], as rows [outputs, n]."""
    bias: Tensor | None = linear.bias
    return linear.weight @ x.t() if bias is None else torch.addmm(bias[:, None], linear.weight, x.t())
