"""Chemistry as a guard: valence and rings of what a grammar of SMILES spells."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sciencegen.domains.molecules.valence import Spelling, ValenceConstraint
from sciencegen.errors import DataError
from sciencegen.grammar import Grammar, Guard, Place

__all__ = ["Chemistry"]

_END, _CLOSE = "", ")"


class Chemistry(Guard):
    """Whatever is spelled under it is a molecule: no valence is exceeded, every ring closes, nothing is left unpaired.

    It reads the tokens that rules write, in grammars whose every rule writes one of them, or ends a branch or the
    molecule: `grammars/kekule_smiles.lark`.
    """

    def __init__(self, grammar: Grammar, length: int) -> None:
        written = [_token(grammar, i) for i in range(len(grammar.rules))]
        vocabulary = (_END, *sorted({*written, _CLOSE} - {_END}))
        self.valence = ValenceConstraint(vocabulary, length - 1)
        self.token = torch.tensor([vocabulary.index(token) for token in written] + [0])
        self.ends = torch.tensor([token == _END for token in written] + [False])
        self.close = vocabulary.index(_CLOSE)
        self.owing = torch.zeros(len(written) + 1, dtype=torch.long)

    def start(self, n: int, device: torch.device | None) -> Spelling:
        return self.valence.start(n, device)

    def blocked(self, state: Spelling, place: Place) -> Tensor:
        allowed = self.valence.mask(state)
        token, ends = self.token.to(allowed.device), self.ends.to(allowed.device)
        ended = torch.where(state.depth > 0, allowed[:, self.close], allowed[:, 0])
        return ~torch.where(ends, ended[:, None], allowed.index_select(1, token))

    def advance(self, state: Spelling, rule: Tensor, place: Place) -> Spelling:
        token = self.token.to(rule.device).index_select(0, rule)
        closes = self.ends.to(rule.device).index_select(0, rule) & (state.depth > 0)
        return self.valence.advance(state, token.masked_fill(closes, self.close))

    def take(self, state: Any, rows: Tensor) -> Any:
        return self.valence.take(state, rows)


def _token(grammar: Grammar, number: int) -> str:
    """What a rule writes: one token, or nothing where something ends."""
    rule = grammar.rules[number]
    first = rule.right[0] if rule.right else _END
    rest = [part for part in rule.right[1:] if isinstance(part, str)]
    if not isinstance(first, str) or rest not in ([], [_CLOSE]) or (not first and rule.right):
        raise DataError(f"{grammar.name}: chemistry needs rules that write one token each; {rule.name} does not")
    return first
