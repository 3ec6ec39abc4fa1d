"""Chemistry as a guard: valence and rings of what a grammar of SMILES spells."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sciencegen.domains.molecules.strings import tokens
from sciencegen.domains.molecules.valence import FILLERS, Spelling, ValenceConstraint
from sciencegen.errors import DataError
from sciencegen.grammar import Grammar, Guard, Lookup, Place, written_guards

__all__ = ["RADICALS", "Chemistry"]

RADICALS = "radicals"
"""The guard, in the file of a grammar, that allows unpaired electrons."""
_END, _CLOSE = "", ")"


class Chemistry(Guard):
    """Whatever is spelled under it is a molecule: no valence is exceeded, every ring closes, nothing is left unpaired.

    It reads the tokens that rules write, in grammars whose every rule writes one of them, or ends a branch or the
    molecule: `grammars/kekule_smiles.lark`, and `grammars/kekule_derived.lark`, whose atoms in brackets leave their
    hydrogens to it. Unpaired electrons are allowed by a line `//! radicals` in the file.
    """

    def __init__(self, grammar: Grammar, length: int) -> None:
        written = [_token(grammar, i) for i in range(len(grammar.rules))]
        missing = [token for token in FILLERS if token not in (*written, _CLOSE)]
        if missing:
            raise DataError(f"{grammar.name}: chemistry needs rules that write {', '.join(missing)}")
        vocabulary = (_END, *sorted({*written, _CLOSE} - {_END}))
        self.valence = ValenceConstraint(vocabulary, length - 1, [RADICALS] in written_guards(grammar))
        self.token = Lookup(torch.tensor([vocabulary.index(token) for token in written] + [0]))
        self.ends = Lookup(torch.tensor([token == _END for token in written] + [False]))
        self.ending = [i for i, token in enumerate(written) if token == _END]
        self.close = vocabulary.index(_CLOSE)

    def start(self, n: int, device: torch.device | None) -> Spelling:
        return self.valence.start(n, device)

    def blocked(self, state: Spelling, place: Place) -> Tensor:
        forbidden = (~self.valence.mask(state)).t().contiguous()
        unended = torch.where(state.depth > 0, forbidden[self.close], forbidden[0])
        # rows of a table are looked up many times faster than columns
        out = forbidden.index_select(0, self.token.on(forbidden.device))
        for rule in self.ending:
            out[rule] = unended
        return out.t().contiguous()

    def advance(self, state: Spelling, rule: Tensor, place: Place) -> Spelling:
        token = self.token.on(rule.device).index_select(0, rule)
        closes = self.ends.on(rule.device).index_select(0, rule) & (state.depth > 0)
        return self.valence.advance(state, token.masked_fill(closes, self.close))

    def take(self, state: Any, rows: Tensor) -> Any:
        return self.valence.take(state, rows)


def _token(grammar: Grammar, number: int) -> str:
    """What a rule writes: one token, or nothing where something ends."""
    rule = grammar.rules[number]
    first = rule.right[0] if rule.right else _END
    rest = [part for part in rule.right[1:] if isinstance(part, str)]
    if not isinstance(first, str) or rest not in ([], [_CLOSE]) or len(tokens(first)) != len(rule.right[:1]):
        raise DataError(f"{grammar.name}: chemistry needs rules that write one token each; {rule.name} does not")
    return first
