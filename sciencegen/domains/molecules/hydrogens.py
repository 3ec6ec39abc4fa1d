"""Hydrogens that follow from bonds: tokens such as `[NH?+]` leave them open, and spellings are filled in afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from sciencegen.domains.molecules.bonding import BONDS, OPEN, ORDERS, hydrogens, named
from sciencegen.domains.molecules.strings import tokens

__all__ = ["filled", "opened"]

_BRACKET = re.compile(r"(\[\d*[A-Z][a-z]?@{0,2})(?:H(\d*))?([^H]*\])")
"""An atom in brackets: what stands before its hydrogens, how many they are, and what follows."""
_NOBODY = -1


def filled(sentence: str) -> str:
    """A spelling in which every atom has its hydrogens; as it is where its bonds make no sense."""
    if OPEN not in sentence:
        return sentence
    written = tokens(sentence)
    return "".join(
        named(token, hydrogens(token).get(total, 0)) if OPEN in token else token
        for token, total in zip(written, _sums(written), strict=True)
    )


def opened(sentence: str, vocabulary: Set[str]) -> str:
    """A spelling with the tokens of a vocabulary that leave hydrogens open, wherever they come to the same."""
    if "[" not in sentence:
        return sentence
    found = "".join(_without(token, vocabulary) for token in tokens(sentence))
    return found if filled(found) == sentence else sentence


@lru_cache(maxsize=4096)
def _without(token: str, vocabulary: Set[str]) -> str:
    """The token that leaves the hydrogens of this one open, where there is one."""
    parts = _BRACKET.fullmatch(token)
    other = token if parts is None else f"{parts[1]}{OPEN}{parts[3]}"
    return other if other in vocabulary else token


def _sums(written: Sequence[str]) -> list[int]:
    """The sum of the orders of the bonds of each atom; 0 for what is none."""
    sums, branches = [0] * len(written), list[int]()
    rings: dict[str, tuple[int, int]] = {}
    atom, order = _NOBODY, 1
    for i, token in enumerate(written):
        if token in BONDS[1:]:
            order = ORDERS[BONDS.index(token)]
            continue
        if token == "(":
            branches.append(atom)
        elif token == ")":
            atom = branches.pop() if branches else _NOBODY
        elif token == ".":
            atom = _NOBODY
        elif token[0] in "%123456789":
            _ring(sums, rings, token, atom, order)
        else:
            for end in (atom, i) if atom != _NOBODY else ():
                sums[end] += order
            atom = i
        order = 1
    return sums


def _ring(sums: list[int], rings: dict[str, tuple[int, int]], number: str, atom: int, order: int) -> None:
    """A ring number: the first of a pair waits for the second."""
    if number not in rings:
        rings[number] = (atom, order)
        return
    other, named = rings.pop(number)
    for end in (other, atom):
        sums[end] += max(named, order)
