"""What tests of grammars have in common: small grammars, and every sentence there is of one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from sciencegen.grammar import Grammar, Guard, StackMachine, compiled, guards_of, source_of

__all__ = ["SHIPPED", "all_rows", "grammar", "machine", "rules_of_row", "sentences"]

SHIPPED = ("coding_dna", "expression", "kekule_derived", "kekule_smiles", "peptide", "program", "promoter", "smiles")
GRAMMARS = Path(__file__).parents[2] / "grammars"


def grammar(name: str) -> Grammar:
    """A grammar that is shipped."""
    source = source_of(name)
    return compiled(source.text, source.name)


def machine(name: str, length: int = 0) -> StackMachine:
    """What draws sentences of a grammar that is shipped, under all its guards."""
    from sciencegen.domains.molecules.chemistry import Chemistry

    found = grammar(name)
    length = length or max(60, found.shortest)
    guards: tuple[Guard, ...] = guards_of(found)
    return StackMachine(found, length, (Chemistry(found, length),) if name.startswith("kekule") else guards)


def rules_of_row(machine: StackMachine, row: list[int]) -> list[int]:
    """The rules of a row, without its end."""
    return row[: row.index(machine.end)] if machine.end in row else row


def sentences(machine: StackMachine, x: Tensor) -> list[str | None]:
    """What rows spell."""
    return [machine.grammar.decode(rules_of_row(machine, row)) for row in x.tolist()]


def all_rows(machine: StackMachine) -> Tensor:
    """Every row the machine lets be drawn."""
    x = torch.zeros(1, 0, dtype=torch.long)
    state = machine.start(1)
    for _ in range(machine.length):
        parent, token = machine.mask(state).nonzero().unbind(1)
        x = torch.cat((x[parent], token[:, None]), 1)
        state = machine.advance(machine.take(state, parent), token)
    return x
