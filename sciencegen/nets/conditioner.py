"""From a condition to a context vector, and from a context vector into a net."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.condition import Categorical, Condition, ConditionFields
from sciencegen.errors import RequestError

__all__ = ["Conditioner", "Inject"]


class Conditioner(nn.Module):
    """Turns a condition into a context vector: each field is its embedding, or its learned *unknown* vector.

    Numbers go through a small curve of their own (a hidden layer of `bends` units), so that a property may act
    unevenly over its range. Without fields the context is empty, and nets spend no parameter on it.
    """

    def __init__(
        self, fields: ConditionFields, width: int = 32, bends: int = 32, given: Mapping[str, nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.fields = fields
        self.width = width if fields.fields or fields.given else 0
        self.numeric = [j for j, field in enumerate(fields.fields) if not isinstance(field, Categorical)]
        k = len(self.numeric)
        if not self.width:
            self.register_buffer("nothing", torch.zeros(1, 0), persistent=False)
            return
        self.unknown = nn.Parameter(0.1 * torch.randn(len(fields.fields) + len(fields.given), width))
        if k:
            self.slope = nn.Parameter(torch.randn(k, bends))
            self.offset = nn.Parameter(torch.randn(k, bends))
            self.curve = nn.Parameter(torch.randn(k, bends, width) / bends**0.5)
        levels = {j: len(field.levels) for j, field in enumerate(fields.fields) if isinstance(field, Categorical)}
        self.levels = nn.ModuleDict({str(j): nn.Embedding(many, width) for j, many in levels.items()})
        self.given = nn.ModuleDict(dict(given or {}))
        self.mix = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, condition: Condition | None, n: int) -> Tensor:
        """The context of `n` samples [n, width]; a condition of one row serves them all."""
        if not self.width:
            assert isinstance(self.nothing, Tensor)
            return self.nothing.expand(n, 0)
        if condition is None:
            total = self.unknown.sum(0, keepdim=True)
        else:
            if len(condition) not in (1, n):
                raise RequestError(f"a condition of {len(condition)} rows cannot serve {n} samples: give 1 row or {n}")
            total = self._fields(condition) + self._given(condition)
        context: Tensor = self.mix(total)
        return context.expand(n, -1)

    def _fields(self, condition: Condition) -> Tensor:
        values = condition.values.to(self.unknown.dtype)
        embedded = self.unknown[: len(self.fields.fields)].expand(len(condition), -1, -1).clone()
        if self.numeric:
            hidden = F.silu(values[:, self.numeric, None] * self.slope + self.offset)  # [n, k, bends]
            embedded[:, self.numeric] = torch.einsum("nkb,kbw->nkw", hidden, self.curve).to(embedded.dtype)
        for j, embedding in self.levels.items():
            embedded[:, int(j)] = embedding(values[:, int(j)].long()).to(embedded.dtype)
        return torch.where(condition.known[..., None], embedded, self.unknown[: len(self.fields.fields)]).sum(1)

    def _given(self, condition: Condition) -> Tensor:
        total = self.unknown.new_zeros(len(condition), self.unknown.shape[1])
        for j, part in enumerate(self.fields.given, len(self.fields.fields)):
            tensor = condition.given.get(part.name)
            total = total + (self.unknown[j] if tensor is None else self.given[part.name](tensor))
        return total


class Inject(nn.Module):
    """Adds a context to hidden units, or does nothing where the context is empty."""

    def __init__(self, context: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(context, width, bias=False) if context else None

    def forward(self, hidden: Tensor, context: Tensor) -> Tensor:
        if self.linear is None:
            return hidden
        shift: Tensor = self.linear(context)
        return hidden + shift.reshape(len(shift), *(1,) * (hidden.dim() - 2), -1)
