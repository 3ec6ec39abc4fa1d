"""Recurrent nets: one causal net, and the cells that may be handed to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.space import Discrete
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Inject

__all__ = ["Cell", "Gated", "LongShort", "Recurrent", "RecurrentState"]


@dataclass(frozen=True)
class Layer:
    """What a step of one layer multiplies and adds: plain tensors, since torch compiles no step that reads the fused
    layers themselves."""

    enter: Tensor  # [gates, inputs]
    bias: Tensor  # [gates], that of the input and all that can be added to it once and for all
    back: Tensor  # [width, gates], of the layer's own memory
    late: Tensor  # [gates], the bias of the memory


class Cell(ABC):
    """One step of a recurrent layer, written out so that sampling can fold and batch what the fused layer hides."""

    memories: int
    """How many vectors a layer remembers."""

    @abstractmethod
    def layers(self, inputs: int, width: int, depth: int, dropout: float) -> nn.RNNBase:
        """The fused layers that training uses."""

    @abstractmethod
    def input_bias(self, rnn: nn.RNNBase, layer: int) -> Tensor:
        """The bias that can be added to a layer's input once and for all."""

    @abstractmethod
    def advance(self, layer: Layer, gates: Tensor, memory: list[Tensor]) -> list[Tensor]:
        """A layer's memory after one step; the first vector is its output. `gates` is overwritten: at the sizes that
        sampling has, reading and writing them once more costs half as much as the matrix product."""


def _weight(rnn: nn.RNNBase, name: str, layer: int) -> Tensor:
    weight = getattr(rnn, f"{name}_l{layer}")
    assert isinstance(weight, Tensor)
    return weight


class Gated(Cell):
    """The gated recurrent unit (Learning Phrase Representations using RNN Encoder-Decoder; Cho et al.; 2014)."""

    memories = 1

    def layers(self, inputs: int, width: int, depth: int, dropout: float) -> nn.RNNBase:
        return nn.GRU(inputs, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)

    def input_bias(self, rnn: nn.RNNBase, layer: int) -> Tensor:
        back = _weight(rnn, "bias_hh", layer)[: 2 * rnn.hidden_size]  # that of the new memory is reset with it
        return _weight(rnn, "bias_ih", layer) + F.pad(back, (0, rnn.hidden_size))

    def advance(self, layer: Layer, gates: Tensor, memory: list[Tensor]) -> list[Tensor]:
        two = 2 * memory[0].shape[1]
        new = gates[:, two:].clone()
        gates[:, two:] = layer.late[two:]
        gates.addmm_(memory[0], layer.back)
        reset, keep = gates[:, :two].sigmoid_().chunk(2, -1)
        return [new.addcmul_(reset, gates[:, two:]).tanh_().lerp_(memory[0], keep)]


class LongShort(Cell):
    """Long short-term memory (Long Short-Term Memory; Hochreiter, Schmidhuber; 1997)."""

    memories = 2

    def layers(self, inputs: int, width: int, depth: int, dropout: float) -> nn.RNNBase:
        return nn.LSTM(inputs, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)

    def input_bias(self, rnn: nn.RNNBase, layer: int) -> Tensor:
        return _weight(rnn, "bias_ih", layer) + _weight(rnn, "bias_hh", layer)

    def advance(self, layer: Layer, gates: Tensor, memory: list[Tensor]) -> list[Tensor]:
        width = memory[0].shape[1]
        gates.addmm_(memory[0], layer.back)
        enter, forget = gates[:, : 2 * width].sigmoid_().chunk(2, -1)
        new, leave = gates[:, 2 * width : 3 * width].tanh_(), gates[:, 3 * width :].sigmoid_()
        cell = (forget * memory[1]).addcmul_(enter, new)
        return [torch.tanh(cell).mul_(leave), cell]


@dataclass
class RecurrentState:
    """The memory of every layer, what the context adds to the first layer's gates, and what steps multiply."""

    memory: list[list[Tensor]]  # per layer, each [n, width]
    gates: Tensor | None  # [n, gates]; None where one context serves all samples, and is part of the table
    table: Tensor  # [1 + vocabulary, gates], the embedding folded into the first layer's input weights
    layers: list[Layer]


class Recurrent(CausalNet):
    """A recurrent net over embedded entries (the char-RNN); the context is where its memory begins, and reaches every
    step. `embed` is the width of an entry's embedding, that of the layers where it is 0. `forget` is the share of past
    entries that are not read while learning, so that more is asked of the context (word dropout; Generating Sentences
    from a Continuous Space; Bowman et al.; 2016)."""

    halves = compiles = True

    def __init__(
        self,
        space: Discrete,
        context: int,
        cell: Cell,
        width: int = 256,
        depth: int = 1,
        dropout: float = 0.0,
        embed: int = 0,
        forget: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= forget < 1:
            raise ValueError(f"forget={forget}: expected a share, at least 0 and below 1")
        inputs = embed or width
        self.width, self.depth, self.cell, self.forget = width, depth, cell, forget
        self.embed = nn.Embedding(1 + space.categories, inputs)  # the first stands for the beginning
        self.inject, self.begin = Inject(context, inputs), Inject(context, depth * cell.memories * width)
        self.rnn = cell.layers(inputs, width, depth, dropout)
        self.dropout, self.head = nn.Dropout(dropout), nn.Linear(width, space.logits)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        past = F.pad(x[:, :-1].long() + 1, (1, 0))
        if self.training and self.forget:
            past = past.masked_fill(torch.rand(past.shape, device=past.device) < self.forget, 0)
        hidden, _ = self.rnn(self.inject(self.embed(past), context), self._fused(self._memory(context)))
        out: Tensor = self.head(self.dropout(hidden))
        return out

    def _memory(self, context: Tensor) -> Tensor:
        """What is remembered before the first entry [n, depth, memories, width]."""
        nothing = context.new_zeros(len(context), self.depth * self.cell.memories * self.width)
        return torch.tanh(self.begin(nothing, context)).view(-1, self.depth, self.cell.memories, self.width)

    def _fused(self, memory: Tensor) -> Any:
        """The same as the fused layers want it."""
        parts = [part.contiguous() for part in memory.permute(2, 1, 0, 3)]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def start(self, context: Tensor) -> RecurrentState:
        layers = [self._layer(number) for number in range(self.depth)]
        weight = layers[0].enter
        table = F.linear(self.embed.weight, weight, layers[0].bias)
        memory = [list(layer.unbind(1)) for layer in self._memory(context).unbind(1)]
        shared = not context.shape[1] or context.stride(0) == 0  # one row, expanded
        given = context[:1] if shared else context
        gates = F.linear(self.inject(table.new_zeros(len(given), self.embed.embedding_dim), given), weight)
        if shared:
            return RecurrentState(memory, None, table + gates, layers)
        return RecurrentState(memory, gates, table, layers)

    def _layer(self, number: int) -> Layer:
        enter, back, late = (_weight(self.rnn, name, number) for name in ("weight_ih", "weight_hh", "bias_hh"))
        return Layer(enter, self.cell.input_bias(self.rnn, number), back.t(), late)

    def step(self, state: RecurrentState, t: int, previous: Tensor | None) -> Tensor:
        memory = state.memory[0][0]
        entry = memory.new_zeros(len(memory), dtype=torch.long) if previous is None else previous.long() + 1
        gates = state.table.index_select(0, entry)
        if state.gates is not None:
            gates += state.gates
        for number, layer in enumerate(state.layers):
            if number:
                gates = F.linear(state.memory[number - 1][0], layer.enter, layer.bias)
            state.memory[number] = self.cell.advance(layer, gates, state.memory[number])
        out: Tensor = self.head(state.memory[-1][0])
        return out

    def take(self, state: RecurrentState, rows: Tensor) -> RecurrentState:
        memory = [[vector.index_select(0, rows) for vector in layer] for layer in state.memory]
        gates = None if state.gates is None else state.gates.index_select(0, rows)
        return RecurrentState(memory, gates, state.table, state.layers)
