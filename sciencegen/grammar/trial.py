"""A grammar on trial: sentences drawn from it are read again, and must give the same rules."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.errors import DataError
from sciencegen.grammar.machine import StackMachine

_RUN = ". Neighbouring terminals may run into one another, or spell the same text"
__all__ = ["Trial", "drawn", "require_sound", "tried"]


@dataclass(frozen=True)
class Trial:
    """What became of sentences drawn from a grammar."""

    drawn: int
    same: int
    """How many were read back as the rules they were drawn with."""
    complaint: str = ""
    """What became of the first that was not."""

    @property
    def share(self) -> float:
        return self.same / self.drawn if self.drawn else 1.0


def drawn(machine: StackMachine, n: int, seed: int = 0, spread: float = 1.0) -> Tensor:
    """Rows drawn with normal random logits of this spread, every rule alike where it is 0: [n, length]."""
    random = torch.Generator().manual_seed(seed)
    state = machine.start(n)
    out = torch.full((n, machine.length), machine.end)
    for t in range(machine.length):
        logits = spread * torch.randn(n, machine.end + 1, generator=random)
        probability = logits.masked_fill(~machine.mask(state), -torch.inf).softmax(1)
        out[:, t] = token = torch.multinomial(probability, 1, generator=random)[:, 0]
        state = machine.advance(state, token)
        if bool((token == machine.end).all()):
            break
    return out


def tried(machine: StackMachine, n: int = 1000, seed: int = 0) -> Trial:
    """Draw sentences, and read them."""
    grammar, same, complaint = machine.grammar, 0, ""
    for row in drawn(machine, n, seed).tolist():
        rules = row[: row.index(machine.end)] if machine.end in row else row
        sentence = grammar.decode(rules)
        if sentence is None:
            complaint = complaint or _stopped(machine, rules)
            continue
        try:
            read = grammar.encode(sentence)
        except DataError as error:
            complaint = complaint or f"{sentence!r} was drawn, but {error}{_RUN}"
            continue
        same += read == rules
        if read != rules:
            complaint = complaint or f"{sentence!r} was drawn with other rules than it is read with{_RUN}"
    return Trial(n, same, complaint)


def _stopped(machine: StackMachine, rules: list[int]) -> str:
    """Why a draw is no sentence."""
    if len(rules) == machine.length:
        return f"one came to no end in {machine.length} rules"
    names = [machine.grammar.rules[rule].name for rule in rules[-3:]]
    return (
        f"after {len(rules)} rules, the last of them {', '.join(names) or 'none'}, one came to a place where guards "
        "forbid every way on; let the rules that guards name be the ones that decide (until NAME, where another does)"
    )


def require_sound(machine: StackMachine, n: int = 1000) -> Trial:
    """Refuse a grammar some of whose sentences mean something else when they are read."""
    trial = tried(machine, n)
    if trial.same < trial.drawn:
        raise DataError(
            f"{machine.grammar.name}: {trial.same:,} of {trial.drawn:,} sentences drawn from it are read back as they "
            f"were drawn: {trial.complaint}"
        )
    return trial
