"""Guards: what a grammar cannot say, kept as counters and registers beside the stack.

A guard is attached to rules by their names. Guards of one grammar may stand in its .lark file, in comments:

    //! count residue 10..30               so many rules of a name
    //! count plus=1 minus=-1 2..9         a sum over rules
    //! count residue 10..30 until tail    so many of them, when a rule called tail is taken
    //! match ring                         every word of a rule comes an even number of times, as opening and closing
    //! scope declare use                  a word is used only after it was declared, which it is once
    //! scope declare use after done again the same, once a rule called done is taken, and as often as one likes
    //! forbid GAATTC GGTCTC               texts that occur nowhere
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sciencegen.errors import DataError, UnknownName
from sciencegen.grammar.lookup import Lookup
from sciencegen.grammar.rules import Grammar

__all__ = ["Counter", "Forbidden", "Guard", "Matched", "Place", "Scope", "guards_of", "written_guards"]

_SIGN = "//!"
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"')
_STEP = re.compile(r"([^=]+)(?:=(-?[0-9]+))?")
_WINDOW = re.compile(r"(?=.*[0-9])([0-9]*)(?:(\.\.)([0-9]*))?")
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

    most_owing: int = 0
    """By how much a rule may raise what is owed."""

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

    def owing(self, state: Any) -> Tensor | None:
        """How each rule, and the end, changes what is owed: [n, rules + 1]; None where none does."""
        return None


def _rules(grammar: Grammar, name: str) -> tuple[int, ...]:
    """The rules of a name, or of a name and a word, such as `base:G`."""
    wanted, _, word = name.partition(":")
    found = tuple(i for i in grammar.named(wanted) if not word or grammar.rules[i].text == word)
    if not found:
        raise UnknownName(f"rule of {grammar.name}", name, sorted({rule.name for rule in grammar.rules}))
    return found


def _extra(grammar: Grammar, rule: int) -> int:
    """How many rules more than the cheapest way this one takes."""
    made = grammar.rules[rule]
    return 1 + sum(grammar.needs[symbol] for symbol in made.symbols) - grammar.needs[made.symbol]


def _dearest(grammar: Grammar, rules: Sequence[int]) -> int:
    """How many rules more one of some rules takes, wherever one can be taken: the cheapest of each symbol counts."""
    cheapest: dict[int, int] = {}
    for rule in rules:
        symbol = grammar.rules[rule].symbol
        cheapest[symbol] = min(_extra(grammar, rule), cheapest.get(symbol, _ENDLESS))
    return max(cheapest.values(), default=0)


def _marked(grammar: Grammar, *names: str) -> Tensor:
    """Which rules have one of the names, and the end: [rules + 1]."""
    marked = torch.zeros(len(grammar.rules) + 1, dtype=torch.bool)
    for name in names:
        marked[list(_rules(grammar, name))] = True
    return marked


class _Deciding:
    """The rules with which it is too late: those of a name, or those after which none of `wanted` can be taken."""

    def __init__(self, grammar: Grammar, wanted: Sequence[int], until: str) -> None:
        able = _able(grammar, wanted)
        moves = [sum(able[part] for part in rule.symbols) - able[rule.symbol] for rule in grammar.rules]
        self.moves, self.able = Lookup(torch.tensor([*moves, 0])), int(able[grammar.start])
        named = _marked(grammar, until)[:-1] if until else torch.tensor([False] * len(moves))
        # by how many symbols are left that may take one of them: none, one, or more; and where that does not matter
        late = torch.stack([*(named if until else torch.tensor(moves) == -left for left in range(3)), named & ~named])
        self._late = Lookup(torch.nn.functional.pad(late, (0, 1)))
        self.rules = late[1:].any(0).nonzero()[:, 0].tolist()  # where none is left, no such rule is taken

    def start(self, n: int, device: torch.device | None) -> Tensor:
        """How many symbols are left that may take one: [n]."""
        return torch.full((n,), self.able, dtype=torch.long, device=device)

    def advance(self, left: Tensor, rule: Tensor) -> Tensor:
        return left + self.moves.on(rule.device).index_select(0, rule)

    def late(self, left: Tensor, rows: Tensor) -> Tensor:
        """After which rules it is too late in some rows: [n, rules + 1]."""
        return self._late.on(left.device).index_select(0, left.clamp(0, 2).masked_fill(~rows, 3))


def _able(grammar: Grammar, wanted: Sequence[int]) -> list[bool]:
    """Which symbols may become something in which one of some rules is taken."""
    able = [False] * len(grammar.symbols)
    while True:
        before = sum(able)
        for i, rule in enumerate(grammar.rules):
            able[rule.symbol] |= i in wanted or any(able[part] for part in rule.symbols)
        if sum(able) == before:
            return able


class Counter(Guard):
    """A sum over rules that stays at most `high` and at least `floor`, and is at least `low` where the sentence ends.

    `until` names the rule that decides the end where that is not the last one that counts.
    """

    def __init__(
        self, grammar: Grammar, steps: Mapping[str, int], low: int, high: int, floor: int | None = None, until: str = ""
    ) -> None:
        if high < low:
            raise DataError(f"{grammar.name}: count {low}..{high}: expected a range that ends above its beginning")
        step = torch.zeros(len(grammar.rules) + 1, dtype=torch.long)
        for name, value in steps.items():
            step[list(_rules(grammar, name))] = value
        raising, falls = (step > 0).nonzero()[:, 0].tolist(), bool((step < 0).any())
        self.low, self.high = low, high
        self.floor = (0 if min(steps.values()) >= 0 else -_ENDLESS) if floor is None else floor
        self.step, self.deciding = Lookup(step), _Deciding(grammar, raising, until)
        self.price = 0 if falls else _dearest(grammar, raising)
        self.cap = low if high == _ENDLESS and not falls else _ENDLESS  # above it nothing changes any more

    def start(self, n: int, device: torch.device | None) -> tuple[Tensor, Tensor]:
        return torch.zeros(n, dtype=torch.long, device=device), self.deciding.start(n, device)

    def take(self, state: tuple[Tensor, Tensor], rows: Tensor) -> tuple[Tensor, Tensor]:
        return state[0].index_select(0, rows), state[1].index_select(0, rows)

    def owed(self, state: tuple[Tensor, Tensor]) -> Tensor | int:
        return (self.low - state[0]).clamp(min=0) * self.price

    def owing(self, state: tuple[Tensor, Tensor]) -> Tensor | None:
        if not self.price:
            return None
        missing = self.low - state[0][:, None]
        return ((missing - self.step.on(missing.device)).clamp(min=0) - missing.clamp(min=0)) * self.price

    def blocked(self, state: tuple[Tensor, Tensor], place: Place) -> Tensor:
        reached = state[0][:, None] + self.step.on(state[0].device)
        late = self.deciding.late(state[1], state[0] < self.cap) & (reached < self.low)
        return (reached > self.high) | (reached < self.floor) | late

    def advance(self, state: tuple[Tensor, Tensor], rule: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        count = state[0] + self.step.on(rule.device).index_select(0, rule)
        return count.clamp(max=self.cap), self.deciding.advance(state[1], rule)


class _Words:
    """The words of the rules of some names, numbered."""

    def __init__(self, grammar: Grammar, *names: str) -> None:
        found = [[(i, grammar.rules[i].text) for i in _rules(grammar, name)] for name in names]
        words = sorted({word for some in found for _, word in some})
        self.count = len(words)
        self._positions = Lookup(torch.arange(self.count))
        self._numbers = []
        for some in found:
            numbers = torch.full((len(grammar.rules) + 1,), self.count)  # of rules without a word
            for i, word in some:
                numbers[i] = words.index(word)
            self._numbers.append(Lookup(numbers))

    def none(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, self.count, dtype=torch.bool, device=device)

    def of(self, rule: Tensor, name: int = 0) -> Tensor:
        """Which words rules of a name have: [n, words]."""
        number = self._numbers[name].on(rule.device).index_select(0, rule)
        return self._positions.on(rule.device) == number[:, None]

    def spread(self, words: Tensor, name: int = 0) -> Tensor:
        """What is so of words [n, words], of the rules of a name that have them: [n, rules + 1]."""
        known = torch.cat((words.t(), words.new_zeros(1, len(words))))
        return known.index_select(0, self._numbers[name].on(words.device)).t().contiguous()


class Matched(Guard):
    """Every word of a rule is taken an even number of times: it opens, and it closes."""

    def __init__(self, grammar: Grammar, name: str, until: str = "") -> None:
        matched = _rules(grammar, name)
        self.words, self.deciding = _Words(grammar, name), _Deciding(grammar, matched, until)
        self.most_owing = self.price = max(_extra(grammar, i) for i in matched)
        self.both = [rule for rule in self.deciding.rules if rule in matched]

    def start(self, n: int, device: torch.device | None) -> tuple[Tensor, Tensor]:
        return self.words.none(n, device), self.deciding.start(n, device)

    def take(self, state: tuple[Tensor, Tensor], rows: Tensor) -> tuple[Tensor, Tensor]:
        return state[0].index_select(0, rows), state[1].index_select(0, rows)

    def owed(self, state: tuple[Tensor, Tensor]) -> Tensor:
        return state[0].sum(1) * self.price

    def owing(self, state: tuple[Tensor, Tensor]) -> Tensor:
        return self.words.spread(self.price * (1 - 2 * state[0].to(torch.int16)))

    def blocked(self, state: tuple[Tensor, Tensor], place: Place) -> Tensor:
        open_, many = state[0], state[0].sum(1)
        out = self.deciding.late(state[1], many > 0)
        for rule in self.both:
            late = self.deciding.late(state[1], many >= 0)[:, rule]
            closes = (self.words.of(torch.full_like(many, rule)) & open_).any(1)
            out[:, rule] = late & ~(closes & (many == 1))
        return out

    def advance(self, state: tuple[Tensor, Tensor], rule: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        return state[0] ^ self.words.of(rule), self.deciding.advance(state[1], rule)


class Scope(Guard):
    """Words are used only after they were declared, and declared once, unless they may be declared `again`.

    Where a rule is named that comes `after`, they are declared once it is taken.
    """

    def __init__(self, grammar: Grammar, declare: str, use: str, again: bool = False, after: str = "") -> None:
        self.words, self.again = _Words(grammar, declare, use), again
        self.after = Lookup(_marked(grammar, after)) if after else None

    def start(self, n: int, device: torch.device | None) -> tuple[Tensor, Tensor]:
        return self.words.none(n, device), self.words.none(n, device)  # declared, and about to be

    def take(self, state: tuple[Tensor, Tensor], rows: Tensor) -> tuple[Tensor, Tensor]:
        known, pending = state
        return known.index_select(0, rows), pending.index_select(0, rows)

    def blocked(self, state: tuple[Tensor, Tensor], place: Place) -> Tensor:
        known, pending = state
        unknown = self.words.spread(~known, 1)
        return unknown if self.again else unknown | self.words.spread(known | pending)

    def advance(self, state: tuple[Tensor, Tensor], rule: Tensor, place: Place) -> tuple[Tensor, Tensor]:
        known, pending = state
        pending = pending | self.words.of(rule)
        if self.after is None:
            return known | pending, pending
        done = self.after.on(rule.device).index_select(0, rule)[:, None]
        return known | (pending & done), pending & ~done


class Forbidden(Guard):
    """Texts that occur nowhere (Aho, Corasick; 1975), in grammars that write from left to right."""

    def __init__(self, grammar: Grammar, words: Sequence[str]) -> None:
        for rule in grammar.rules:
            first = next((i for i, part in enumerate(rule.right) if isinstance(part, int)), len(rule.right))
            if any(isinstance(part, str) for part in rule.right[first:]):
                raise DataError(
                    f"{grammar.name}: forbid needs rules that write before they go on; {rule.name} does not"
                )
        after, bad = _searching([word for word in words if word], [rule.text for rule in grammar.rules])
        self.after, self.bad = Lookup(after.flatten()), Lookup(bad)

    def start(self, n: int, device: torch.device | None) -> Tensor:
        return torch.zeros(n, dtype=torch.long, device=device)

    def blocked(self, state: Tensor, place: Place) -> Tensor:
        return self.bad.on(state.device).index_select(0, state)

    def advance(self, state: Tensor, rule: Tensor, place: Place) -> Tensor:
        width = self.bad.table.shape[1]
        return self.after.on(state.device).index_select(0, state * width + rule)


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


def guards_of(grammar: Grammar, beside: Sequence[str] = ()) -> tuple[Guard, ...]:
    """The guards that stand in the comments of a grammar's file, but those `beside`, which others read."""
    written = written_guards(grammar)
    return tuple(_guard(grammar, words) for words in written if not words or words[0] not in beside)


def written_guards(grammar: Grammar) -> list[list[str]]:
    """The words of each guard in the comments of a grammar's file."""
    found = []
    for number, line in enumerate(grammar.source.splitlines(), 1):
        before, sign, words = _TEXT.sub("", line).partition(_SIGN)
        if sign and before.strip():
            raise DataError(
                f"{grammar.name}, line {number}: {_SIGN} {words.strip()}: a guard stands on a line of its own"
            )
        if sign:
            found.append(words.split())
    return found


def _guard(grammar: Grammar, words: list[str]) -> Guard:
    kind, *rest = words or [""]
    again = kind == "scope" and rest[-1:] == ["again"]
    rest = rest[:-1] if again else rest
    last, behind = "", {"count": "until", "match": "until", "scope": "after"}.get(kind, "")
    if behind and rest[-2:-1] == [behind]:
        rest, last = rest[:-2], rest[-1]
    if kind == "count" and len(rest) > 1:
        steps, window = [_STEP.fullmatch(one) for one in rest[:-1]], _WINDOW.fullmatch(rest[-1])
        if window is not None and all(steps):
            low, dots, high = window.groups()
            most = int(high) if high else _ENDLESS if dots else int(low)
            return Counter(grammar, dict(_step(one) for one in steps if one), int(low or 0), most, until=last)
    elif kind == "match" and len(rest) == 1:
        return Matched(grammar, rest[0], last)
    elif kind == "scope" and len(rest) == 2:
        return Scope(grammar, rest[0], rest[1], again, last)
    elif kind == "forbid" and rest:
        return Forbidden(grammar, rest)
    raise DataError(
        f"{grammar.name}: {_SIGN} {' '.join(words)}: expected count NAME.. LOW..HIGH or match NAME, and until NAME; "
        "scope DECLARE USE, and after NAME, again; or forbid TEXT.."
    )


def _step(found: re.Match[str]) -> tuple[str, int]:
    name, step = found.groups()
    return name, int(step or 1)
