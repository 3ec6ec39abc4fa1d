"""Expressions as trees: read by a parser of our own, and evaluated by numpy; no text is ever run as a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.errors import DataError

__all__ = ["FUNCTIONS", "Numbers", "Tree", "evaluated", "parsed", "tidied", "written"]

Numbers = NDArray[np.float64]
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{"abs": np.abs, "cos": np.cos, "exp": np.exp, "log": np.log},
    **{"sin": np.sin, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh},
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    **{"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power}
}
_TIGHT = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_SIGNED = 3
"""A sign binds more tightly than a product, and less than a power."""
_WHOLE = 5
_CONSTANTS = {"pi": np.pi}
_TOKEN = re.compile(r"\s*(\*\*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\S)")
_DEEPEST, _LONGEST = 50, 200
"""Brackets in brackets, and words: nobody writes more, and Python would not follow."""
_SHOWN = 12


@dataclass(frozen=True)
class Tree:
    """A number, `x`, a function or an operator by name, and what it is applied to; a sign is `-` of one part."""

    name: str
    parts: tuple[Tree, ...] = ()

    @property
    def size(self) -> int:
        """How many names there are."""
        return 1 + sum(part.size for part in self.parts)

    @property
    def depth(self) -> int:
        """How many names stand on the longest way down."""
        return 1 + max((part.depth for part in self.parts), default=0)

    @property
    def names(self) -> list[str]:
        """All names, each as often as it stands there."""
        return [self.name, *(name for part in self.parts for name in part.names)]


@lru_cache(maxsize=4096)
def parsed(text: str) -> Tree:
    """The tree of an expression.

    >>> parsed("1+2*x").depth
    3
    """
    parser = _Parser(text)
    tree = parser.sum(0)
    if parser.at < len(parser.tokens):
        raise parser.complaint("an operator or the end")
    return tree


def tidied(text: str) -> str:
    """An expression without blanks; it must be one."""
    parsed(text)
    return "".join("^" if token == "**" else token for token, _ in _tokens(text))


def written(tree: Tree) -> str:
    """The text of a tree, with no more brackets than it needs."""
    return _written(tree)[0]


def evaluated(tree: Tree, x: Numbers) -> Numbers:
    """What an expression gives at some places; infinite or NaN where it has no value."""
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(_value(tree, x), dtype=np.float64), x.shape)


def _value(tree: Tree, x: Numbers) -> Any:
    values = [_value(part, x) for part in tree.parts]
    if tree.name in FUNCTIONS:
        return FUNCTIONS[tree.name](values[0])
    if len(values) == 1:
        return np.negative(values[0])
    if values:
        return _OPERATORS[tree.name](*values)
    if tree.name == "x":
        return x
    return np.float64(_CONSTANTS[tree.name] if tree.name in _CONSTANTS else float(tree.name))


def _written(tree: Tree) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    name = tree.name
    if not tree.parts:
        return name, _WHOLE
    if name in FUNCTIONS:
        return f"{name}({written(tree.parts[0])})", _WHOLE
    if len(tree.parts) == 1:
        return f"-{_bracketed(tree.parts[0], _SIGNED)}", _SIGNED
    tight = _TIGHT[name]
    from_right = name == "^"  # a power of a power is taken from the right, all others from the left
    left = _bracketed(tree.parts[0], tight + from_right)
    right = _bracketed(tree.parts[1], _SIGNED if from_right else tight + 1)
    return f"{left}{name}{right}", tight


def _bracketed(tree: Tree, least: int) -> str:
    text, tight = _written(tree)
    return text if tight >= least else f"({text})"


def _tokens(text: str) -> list[tuple[str, int]]:
    """The words of an expression, and the columns they begin in."""
    return [(found.group(1), found.start(1) + 1) for found in _TOKEN.finditer(text)]


class _Parser:
    """The state of reading one expression from the left."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, _tokens(text), 0
        if len(self.tokens) > _LONGEST:
            raise DataError(f"it has {len(self.tokens)} words: expected at most {_LONGEST}")

    @property
    def next(self) -> str:
        """The word to be read; nothing at the end."""
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def complaint(self, expected: str) -> DataError:
        """What is wrong here."""
        if self.at == len(self.tokens):
            return DataError(f"it ends too early: expected {expected}")
        column = self.tokens[self.at][1]
        found = self.text[column - 1 : column - 1 + _SHOWN]
        return DataError(f"column {column}: {found!r} cannot stand here: expected {expected}")

    def sum(self, depth: int) -> Tree:
        """Products with + and - between them."""
        return self._row(("+", "-"), lambda: self._row(("*", "/"), lambda: self._signed(depth)))

    def _row(self, operators: tuple[str, ...], part: Callable[[], Tree]) -> Tree:
        found = part()
        while self.next in operators:
            found = Tree(self._taken(), (found, part()))
        return found

    def _signed(self, depth: int) -> Tree:
        if self.next == "-":
            self.at += 1
            return Tree("-", (self._signed(depth),))
        base = self._atom(depth)
        if self.next in ("^", "**"):
            self.at += 1
            return Tree("^", (base, self._signed(depth)))
        return base

    def _atom(self, depth: int) -> Tree:
        token = self.next
        if token == "x" or token in _CONSTANTS or token[:1].isdecimal() or (token[:1] == "." and token[1:]):
            return Tree(self._taken())
        if token in FUNCTIONS:
            self.at += 1
            if self.next != "(":
                raise self.complaint(f"( after {token}")
            return Tree(token, (self._inside(depth),))
        if token == "(":
            return self._inside(depth)
        raise self.complaint(f"a number, x, ( or one of {', '.join(FUNCTIONS)}")

    def _inside(self, depth: int) -> Tree:
        if depth == _DEEPEST:
            raise DataError(f"column {self.tokens[self.at][1]}: brackets in brackets, more than {_DEEPEST} deep")
        self.at += 1
        found = self.sum(depth + 1)
        if self.next != ")":
            raise self.complaint("an operator or )")
        self.at += 1
        return found

    def _taken(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]
