"""Molecules as chemists' files hold them: a SMILES and a name on each line, or a structure with tags (SDF)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from sciencegen.domains.molecules.molecule import Molecule, parsed

__all__ = ["sdf", "sdf_v3000", "smi"]

Rows = Iterable[tuple[Molecule, Mapping[str, Any]]]


def smi(rows: Rows, file: TextIO) -> int:
    """A SMILES and an id on each line: the row's own, or a number."""
    count = 0
    for count, (molecule, cells) in enumerate(rows, 1):
        file.write(f"{molecule}\t{_id(cells, count)}\n")
    return count


def sdf(rows: Rows, file: TextIO) -> int:
    """Structures with 2-D coordinates and the cells of their rows as tags; V2000, or V3000 where that is too small."""
    return _structures(rows, file, v3000=False)


def sdf_v3000(rows: Rows, file: TextIO) -> int:
    """The same, always V3000."""
    return _structures(rows, file, v3000=True)


def _structures(rows: Rows, file: TextIO, v3000: bool) -> int:
    count = 0
    for count, (molecule, cells) in enumerate(rows, 1):
        file.write(_block(molecule, _id(cells, count), v3000))
        for name, value in {"smiles": molecule, **cells}.items():
            if value is not None:  # missing is missing
                file.write(f">  <{_tag(name)}>\n{_line(value)}\n\n")
        file.write("$$$$\n")
    return count


def _block(molecule: Molecule, name: str, v3000: bool) -> str:
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    flat = Chem.Mol(parsed(molecule))
    rdDepictor.Compute2DCoords(flat)
    flat.SetProp("_Name", name)
    return str(Chem.MolToMolBlock(flat, forceV3000=v3000))


def _id(cells: Mapping[str, Any], number: int) -> str:
    """What a row calls its molecule, on one line without tabs, or a name made of its number."""
    said = (" ".join(str(cells[name]).split()) for name in ("id", "name") if cells.get(name) is not None)
    return next((name for name in said if name), f"sciencegen-{number}")


def _tag(name: str) -> str:
    """A name that closes no bracket of the tag it stands in."""
    return _line(name).replace("<", "_").replace(">", "_")


def _line(value: object) -> str:
    """One line that ends neither the value nor the record."""
    line = " ".join(str(value).splitlines())
    return f" {line}" if line.startswith("$$$$") else line
