"""Builds a cucurbit[n]uril, a ring-shaped host, as a receptor for docking.

    python host.py -o cb7.pdbqt [--units 7]

The ring is set up with its full symmetry and minimised with MMFF94: no random number, no structure file of anybody.
The box to dock into, the whole host with room around it, is written into the file for dock.py to find.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdForceFieldHelpers
from rdkit.Geometry import Point3D

from sciencegen.core.files import atomic

__all__ = ["cucurbituril", "pdbqt"]

BOX = 20.0
"""The edge of the box in angstrom; a guest that does not fit into the host finds a place outside it."""
_UNIT = {  # distance from the axis, along the ring, height above the equator: a sketch, in angstrom
    **{"N1": (5.5, -1.12, 1.2), "C1": (4.9, 0, 2.0), "O1": (4.3, 0, 3.1), "N2": (5.5, 1.12, 1.2)},
    **{"N3": (5.5, -1.12, -1.2), "C2": (4.9, 0, -2.0), "O2": (4.3, 0, -3.1), "N4": (5.5, 1.12, -1.2)},
    **{"C3": (6.0, -0.78, 0), "C4": (6.0, 0.78, 0)},
}
_BONDS = ("N1-C1", "C1=O1", "C1-N2", "N3-C2", "C2=O2", "C2-N4", "C3-N1", "C3-N3", "C4-N2", "C4-N4", "C3-C4")
_BRIDGES = (("N2", "N1", 1.5), ("N4", "N3", -1.5))
"""The methylenes to the next unit, above and below the equator."""
_BRIDGE_RADIUS = 5.9
_WIDER = 0.78  # angstrom of radius that a unit more brings
_TYPES = {"C": "C", "N": "N", "O": "OA"}
"""AutoDock's types: the nitrogens are those of ureas and take no hydrogen bond."""


def cucurbituril(units: int = 7) -> Chem.Mol:
    """The host of so many glycolurils, its axis along z and its centre at the origin."""
    if not 5 <= units <= 8:
        raise ValueError(f"units={units}: expected 5 to 8")
    mol, places = Chem.RWMol(), list[Point3D]()
    wider, turn = _WIDER * (units - 7), 2 * math.pi / units
    rings = [_unit(mol, places, i * turn, wider) for i in range(units)]
    for i, ring in enumerate(rings):
        for here, there, z in _BRIDGES:
            carbon = mol.AddAtom(Chem.Atom("C"))
            places.append(_at(_BRIDGE_RADIUS + wider, 0, z, (i + 0.5) * turn))
            mol.AddBond(ring[here], carbon, Chem.BondType.SINGLE)
            mol.AddBond(carbon, rings[(i + 1) % units][there], Chem.BondType.SINGLE)
    Chem.SanitizeMol(mol)
    sketch = Chem.Conformer(len(places))
    for i, place in enumerate(places):
        sketch.SetAtomPosition(i, place)
    mol.AddConformer(sketch)
    return _minimised(Chem.AddHs(mol.GetMol(), addCoords=True))


def _unit(mol: Chem.RWMol, places: list[Point3D], angle: float, wider: float) -> dict[str, int]:
    """Add a glycoluril, and say which atoms are its."""
    atoms = {}
    for name, (radius, along, z) in _UNIT.items():
        atoms[name] = mol.AddAtom(Chem.Atom(name[0]))
        places.append(_at(radius + wider, along, z, angle))
    for bond in _BONDS:
        kind = Chem.BondType.DOUBLE if "=" in bond else Chem.BondType.SINGLE
        mol.AddBond(atoms[bond[:2]], atoms[bond[3:]], kind)
    return atoms


def _at(radius: float, along: float, z: float, angle: float) -> Point3D:
    x, y = math.cos(angle), math.sin(angle)
    return Point3D(radius * x - along * y, radius * y + along * x, z)


def _minimised(mol: Chem.Mol) -> Chem.Mol:
    for _ in range(10):
        if not rdForceFieldHelpers.MMFFOptimizeMolecule(mol, maxIters=2000):
            break
    else:
        raise RuntimeError("the host was not minimised")
    conformer = mol.GetConformer()
    center = conformer.GetPositions().mean(0)
    for i, place in enumerate(conformer.GetPositions() - center):
        conformer.SetAtomPosition(i, Point3D(*map(float, place)))
    return mol


def pdbqt(mol: Chem.Mol, box: float = BOX) -> str:
    """A rigid receptor as Vina reads it; hydrogens on carbon are part of their carbons, and charges are not used."""
    lines = [f"REMARK BOX 0.000 0.000 0.000 {box:.3f} {box:.3f} {box:.3f}"]
    for atom, place in zip(mol.GetAtoms(), mol.GetConformer().GetPositions(), strict=True):
        if (element := atom.GetSymbol()) != "H":
            x, y, z = (value + 0.0 for value in place.round(3))  # no minus before zero
            where = f"{x:8.3f}{y:8.3f}{z:8.3f}"
            lines.append(
                f"ATOM  {len(lines):>5}  {element:<3} CBN A   1    {where}  1.00  0.00     0.000 {_TYPES[element]:<2}"
            )
    return "\n".join([*lines, "TER"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--units", type=int, default=7, choices=range(5, 9))
    given = parser.parse_args()
    with atomic(given.out) as temporary:
        temporary.write_text(pdbqt(cucurbituril(given.units)), encoding="ascii")


if __name__ == "__main__":
    main()
