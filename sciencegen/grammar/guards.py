"""Guards: what a grammar cannot say, kept as counters and registers beside the stack.

A guard is attached to rules by their names. Guards of one grammar may stand in its .lark file, in comments:

    //! count residue 10..30 until end     so many rules of a name, when a rule called end is taken
    //! count plus=1 minus=-1 2..9         a sum over rules, when the sentence ends
    //! match ring                         every word of a rule comes an even number of times, as opening and closing
    //! scope declare use                  a word is used only after it was declared
    //! forbid GAATTC GGTCTC               texts that occur nowhere
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sciencegen.errors import DataError, UnknownName
from sciencegen.grammar.rules import Grammar

__all__ = ["Counter", "Forbidden", "Guard", "Matched", "Place", "Scope", "guards_of"]

_SIGN = "//!"
_ENDLESS = 1 << 30


@dataclass(frozen=True)
class Place:
    """Where a stack machine stands."""

    top: Tensor  # [n], the symbol to be expanded
    height: Tensor  # [n], how many symbols are left
    left: int
    """How many rules there is room for."""


class Guard(ABC):
    """A constraint on rules beside the grammar's own, over batches.

    What it still asks for is paid for in advance: `owed` rules beyond those the stack needs are kept free.
    """

    owing: Tensor
    """How each rule, and the end, changes what is owed: [rules + 1]."""

    @abstractmethod
    def start(self, n: int, device: torch.device | None) -> Any:
        """The state of `n` sentences before the first rule."""

    @abstractmethod
    def blocked(self, state: Any, place: Place) -> Tensor:
        """The rules that must not be taken: [n, rules + 1]."""

    @abstractmethod
    def advance(self, state: Any, rule: Tensor, place: Place) -> Any:
        """The state after `rule` [n]."""

    def take(self, state: Any, rows: Tensor) -> Any:
        """The state of some of the sentences."""
        kept: Tensor = state[rows]
        return kept

    def owed(self, state: Any) -> Tensor | int:
        """How many rules are still owed: [n]."""
        return 0


def _rules(grammar: Grammar, name: str) -> tuple[int, ...]:
    """The rules of a name, or of a name and a word, such as `base:G`."""
    wanted, _, word = name.partition(":")
    found = tuple(i for i in grammar.named(wanted) if not word or grammar.rules[i].text == word)
    if not found:
        raise UnknownName(f"rule of {grammar.name}", name, sorted({rule.name for rule in grammar.rules}))
    return found


def _finishing(grammar: Grammar) -> Tensor:
    """Which rules end the sentence when a single symbol is left."""
    return torch.tensor([not rule.symbols for rule in grammar.rules] + [False])


def _extra(grammar: Grammar, rule: int) -> int:
    """How many rules more than the cheapest way this one takes."""
    made = grammar.rules[rule]
    return 1 + sum(grammar.needs[symbol] for symbol in made.symbols) - grammar.needs[made.symbol]


class Counter(Guard):
    """A sum over rules that stays at most `high` and at least `floor`, and is at least `low` where the sentence ends.

    `until` names the rule that decides the end where that is not the last one.
    """

    def __init__(
        self, grammar: Grammar, steps: Mapping[str, int], low: int, high: int, floor: int | None = None, until: str = ""
    ) -> None:
        if high < low:
            raise DataError(f"{grammar.name}: count {low}..{high}: expected a range that ends above its beginning")
        step = torch.zeros(len(grammar.rules) + 1, dtype=torch.long)
        for name, value in steps.items():
            step[list(_rules(grammar, name))] = value
        self.low, self.high = low, high
        self.floor = (0 if min(steps.values()) >= 0 else -_ENDLESS) if floor is None else floor
        self.step, self.lasts = step, _finishing(grammar)
        self.until = torch.zeros_like(self.lasts)
        if until:
            self.until[list(_rules(grammar, until))] = True
        raising = [i for i in range(len(grammar.rules)) if step[i] > 0]
        self.price = min((_extra(grammar, i) for i in raising), default=0) if not (step < 0).any() else 0
        self.owing = torch.zeros_like(step)  # what is owed is known from the state alone

    def start(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, dtype=torch.long, device=device)

    def owed(self, state: Tensor) -> Tensor | int:
        return (self.low - state).clamp(min=0) * self.price

    def blocked(self, state: Tensor, place: Place) -> Tensor:
        step, until, lasts = (each.to(state.device) for each in (self.step, self.until, self.lasts))
        reached = state[:, None] + step
        out = (reached > self.high) | (reached < self.floor)
        ends = until if bool(self.until.any()) else lasts & (place.height == 1)[:, None]
        return out | (ends & ((reached < self.low) | (reached > self.high)))

    def advance(self, state: Tensor, rule: Tensor, place: Place) -> Tensor:
        return state + self.step.to(state.device)[rule]


class _Words:
    """The words of some rules, numbered."""

    def __init__(self, grammar: Grammar, *names: str) -> None:
        found = [[(i, grammar.rules[i].text) for i in _rules(grammar, name)] for name in names]
        self.words = sorted({word for some in found for _, word in some})
        self.of = [torch.full((len(grammar.rules) + 1,), -1) for _ in names]
        for numbers, some in zip(self.of, found, strict=True):
            for i, word in some:
                numbers[i] = self.words.index(word)


class Matched(Guard):
    """Every word of a rule is taken an even number of times: it opens, and it closes."""

    def __init__(self, grammar: Grammar, name: str, until: str = "") -> None:
        words = _Words(grammar, name)
        self.number, self.words = words.of[0], len(words.words)
        self.ends = _finishing(grammar)
        self.until = torch.zeros_like(self.ends)
        if until:
            self.until[list(_rules(grammar, until))] = True
        self.price = max(_extra(grammar, i) for i in _rules(grammar, name))
        self.owing = torch.where(self.number >= 0, self.price, 0)

    def start(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, self.words, dtype=torch.bool, device=device)

    def owed(self, state: Tensor) -> Tensor:
        return state.sum(1) * self.price

    def blocked(self, state: Tensor, place: Place) -> Tensor:
        number, ends, until = (each.to(state.device) for each in (self.number, self.ends, self.until))
        deciding = until if bool(self.until.any()) else ends & (place.height == 1)[:, None]
        after = state.sum(1)[:, None] + torch.where(number >= 0, 1 - 2 * self._open(state, number), 0)
        return deciding & (after > 0)

    def _open(self, state: Tensor, number: Tensor) -> Tensor:
        return state[:, number.clamp(min=0)].long()

    def advance(self, state: Tensor, rule: Tensor, place: Place) -> Tensor:
        number = self.number.to(state.device)[rule]
        hit = torch.arange(self.words, device=state.device) == number[:, None]
        return state ^ hit


class Scope(Guard):
    """Words are used only after they were declared, and declared once."""

    def __init__(self, grammar: Grammar, declare: str, use: str, again: bool = False) -> None:
        words = _Words(grammar, declare, use)
        (self.declared, self.used), self.words, self.again = words.of, len(words.words), again
        self.owing = torch.zeros(len(grammar.rules) + 1, dtype=torch.long)

    def start(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, self.words, dtype=torch.bool, device=device)

    def blocked(self, state: Tensor, place: Place) -> Tensor:
        declared, used = self.declared.to(state.device), self.used.to(state.device)
        unknown = (used >= 0) & ~state[:, used.clamp(min=0)]
        return unknown if self.again else unknown | ((declared >= 0) & state[:, declared.clamp(min=0)])

    def advance(self, state: Tensor, rule: Tensor, place: Place) -> Tensor:
        number = self.declared.to(state.device)[rule]
        return state | (torch.arange(self.words, device=state.device) == number[:, None])


class Forbidden(Guard):
    """Texts that occur nowhere (Aho, Corasick; 1975), in grammars that write from left to right."""

    def __init__(self, grammar: Grammar, words: Sequence[str]) -> None:
        for rule in grammar.rules:
            first = next((i for i, part in enumerate(rule.right) if isinstance(part, int)), len(rule.right))
            if any(isinstance(part, str) for part in rule.right[first:]):
                raise DataError(
                    f"{grammar.name}: forbid needs rules that write before they go on; {rule.name} does not"
                )
        self.after, self.bad = _searching([word for word in words if word], [rule.text for rule in grammar.rules])
        self.owing = torch.zeros(len(grammar.rules) + 1, dtype=torch.long)

    def start(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, dtype=torch.long, device=device)

    def blocked(self, state: Tensor, place: Place) -> Tensor:
        return self.bad.to(state.device)[state]

    def advance(self, state: Tensor, rule: Tensor, place: Place) -> Tensor:
        return self.after.to(state.device)[state, rule]


def _searching(words: Sequence[str], texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Where each text leads from each state of the search, and whether a word is met on the way."""
    prefixes = sorted({word[:i] for word in words for i in range(len(word))}, key=len)
    numbers = {prefix: i for i, prefix in enumerate(prefixes)}

    def read(prefix: str, text: str) -> tuple[int, bool]:
        met = False
        for character in text:
            prefix += character
            met |= any(prefix.endswith(word) for word in words)
            while prefix not in numbers:
                prefix = prefix[1:]
        return numbers[prefix], met

    found = [[read(prefix, text) for text in texts] + [(numbers[prefix], False)] for prefix in prefixes]
    return torch.tensor([[to for to, _ in row] for row in found]), torch.tensor(
        [[met for _, met in row] for row in found]
    )


def guards_of(grammar: Grammar) -> tuple[Guard, ...]:
    """The guards that stand in the comments of a grammar's file."""
    lines = [line.strip() for line in grammar.source.splitlines()]
    return tuple(_guard(grammar, line[len(_SIGN) :].split()) for line in lines if line.startswith(_SIGN))


def _guard(grammar: Grammar, words: list[str]) -> Guard:
    kind, *rest = words or [""]
    until = ""
    if len(rest) > 2 and rest[-2] == "until":
        rest, until = rest[:-2], rest[-1]
    if kind == "count" and len(rest) > 1:
        steps = {name: int(step or 1) for name, _, step in (one.partition("=") for one in rest[:-1])}
        low, _, high = rest[-1].partition("..")
        if (low + high).isdigit():
            return Counter(grammar, steps, int(low or 0), int(high) if high else _ENDLESS, until=until)
    elif kind == "match" and len(rest) == 1:
        return Matched(grammar, rest[0], until)
    elif kind == "scope" and len(rest) == 2 and not until:
        return Scope(grammar, *rest)
    elif kind == "forbid" and rest and not until:
        return Forbidden(grammar, rest)
    raise DataError(
        f"{grammar.name}: {_SIGN} {' '.join(words)}: expected count NAME.. LOW..HIGH, match NAME, scope DECLARE USE "
        "or forbid TEXT.., and until NAME after the first two"
    )
