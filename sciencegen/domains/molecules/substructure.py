"""Substructures asked for, or forbidden, as SMARTS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.errors import RequestError

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["contains", "pattern", "without"]

_COMPLAINT = re.compile(r"Parse Error: (.+?)(?: while parsing:| for input:|$)", re.MULTILINE)
_POSITION = re.compile(r"around position (\d+)")


def contains(smarts: str) -> Callable[[Molecule], bool]:
    """Whether a molecule has a substructure."""
    query = pattern(smarts)
    return lambda molecule: bool(parsed(molecule).HasSubstructMatch(query))


def without(smarts: str) -> Callable[[Molecule], bool]:
    """Whether a molecule lacks a substructure."""
    query = pattern(smarts)
    return lambda molecule: not parsed(molecule).HasSubstructMatch(query)


def pattern(smarts: str) -> Chem.Mol:
    """The query of a SMARTS, or an error with RDKit's complaint in one line."""
    from rdkit import Chem, rdBase

    if len(smarts.split()) != 1:  # RDKit takes what follows a blank for a name
        raise RequestError(f"{smarts!r} is not a SMARTS: expected one word, such as 'c1ccncc1'")
    with rdBase.CaptureErrorLog() as log:
        query = Chem.MolFromSmarts(smarts)
    if query is None:
        raise RequestError(f"{smarts!r} is not a SMARTS: {_complaint(log.messages)}; {_hint(smarts)}")
    return query


def _complaint(messages: str) -> str:
    said, position = _COMPLAINT.search(messages), _POSITION.search(messages)
    where = f" around character {position[1]}" if position else ""
    return f"{said[1] if said else 'RDKit cannot read it'}{where}"


def _hint(smarts: str) -> str:
    if ">" in smarts:
        return "a reaction is no substructure: give one side of it"
    for opening, closing in ("()", "[]"):
        if smarts.count(opening) != smarts.count(closing):
            return f"every {opening} needs a {closing}"
    return "ring numbers come in pairs, and unusual atoms stand in brackets, as in 'c1cc[se]c1'"
