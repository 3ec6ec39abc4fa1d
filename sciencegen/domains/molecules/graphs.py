"""Molecules as graphs all at once: what atoms there are, and how each pair of them is bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Graphs, Space
from sciencegen.domains.molecules.built import bond_token, built
from sciencegen.domains.molecules.growths import PLAIN, plain
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.strings import tokens
from sciencegen.domains.molecules.written import unwritten, written
from sciencegen.errors import DataError

__all__ = ["Pairs"]


@dataclass(frozen=True)
class Pairs(Representation[Molecule]):
    """Atoms in the order of the canonical SMILES, and the bonds of every pair: one of the many ways to number a graph,
    which is the same for equal molecules. Draws that do not hang together are no molecule."""

    kinds: tuple[str, ...]
    orders: tuple[str, ...]
    nodes: int

    @classmethod
    def fit(cls, items: Sequence[Molecule]) -> Self:
        texts = [tokens(text) for text in written(items, plain, *PLAIN)]
        kinds = {token for text in texts for token in text if token[1].isupper()}
        orders = {token[1] for text in texts for token in text if not token[1].isupper()} or {"-"}
        nodes = max((sum(token[1].isupper() for token in text) for text in texts), default=1)
        return cls(tuple(sorted(kinds)), tuple(sorted(orders)), max(nodes, 2))

    @classmethod
    def outside(cls, items: Sequence[Molecule]) -> Mapping[int, str]:
        return unwritten(items, plain, *PLAIN)

    @property
    def space(self) -> Space:
        return Graphs(self.nodes, 1 + len(self.kinds), 1 + len(self.orders))

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"kinds": list(self.kinds), "orders": list(self.orders), "nodes": self.nodes}

    def encode(self, items: Sequence[Molecule]) -> Tensor:
        rows = torch.zeros(len(items), self.space.size, dtype=torch.uint8)
        kinds = {token: number for number, token in enumerate(self.kinds, 1)}
        orders = {token: number for number, token in enumerate(self.orders, 1)}
        for row, text in enumerate(written(items, plain, *PLAIN)):
            entries, atom = dict[int, int](), -1
            for token in tokens(text):
                atom += token[1].isupper()
                known = kinds.get(token) if token[1].isupper() else orders.get(token[1])
                if known is None or atom >= self.nodes:
                    found = f"{token}, which was not in training" if known is None else f"more than {self.nodes} atoms"
                    raise DataError(f"molecule {row + 1}: {items[row]} has {found}")
                entries[atom if token[1].isupper() else self._pair(atom - int(token[2:-1]), atom)] = known
            rows[row, list(entries)] = torch.tensor(list(entries.values()), dtype=torch.uint8)
        return rows

    def _pair(self, i: int, j: int) -> int:
        """Where the bond of two atoms stands, the earlier one first."""
        return self.nodes + i * self.nodes - i * (i + 1) // 2 + j - i - 1

    def decode(self, x: Tensor) -> list[Molecule | None]:
        return [self._decoded(row) for row in x.tolist()]

    def plain(self, x: Tensor) -> Sequence[Any]:
        return x.tolist()

    def _decoded(self, row: Sequence[int]) -> Molecule | None:
        there = [i for i in range(self.nodes) if row[i]]
        text: list[str] = []
        for place, j in enumerate(there):
            text.append(self.kinds[row[j] - 1])
            for back, i in enumerate(reversed(there[:place]), 1):
                if bond := row[self._pair(i, j)]:
                    text.append(bond_token(self.orders[bond - 1], back))
        found = built(text)
        return None if found is None or "." in found else found
