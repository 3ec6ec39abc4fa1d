"""What is known of single residues: hydropathy, mass, acidity, and how pairs of them go with stability."""

from __future__ import annotations

from sciencegen.domains.sequences.kinds import KINDS

__all__ = [
    *("EISENBERG", "GUIDE", "KYTE_DOOLITTLE", "MASS"),
    *("PK_C", "PK_C_TERMINAL", "PK_N", "PK_N_TERMINAL", "PK_SIDE", "WATER"),
]

_RESIDUES = KINDS["protein"].letters


def _scale(text: str) -> dict[str, float]:
    """Numbers in the order of the letters."""
    return dict(zip(_RESIDUES, map(float, text.split()), strict=True))


KYTE_DOOLITTLE = _scale("1.8 2.5 -3.5 -3.5 2.8 -0.4 -3.2 4.5 -3.9 3.8 1.9 -3.5 -1.6 -3.5 -4.5 -0.8 -0.7 4.2 -0.9 -1.3")
"""A Simple Method for Displaying the Hydropathic Character of a Protein; Kyte, Doolittle; 1982."""
EISENBERG = _scale(
    "0.62 0.29 -0.90 -0.74 1.19 0.48 -0.40 1.38 -1.50 1.06 0.64 -0.78 0.12 -0.85 -2.53 -0.18 -0.05 1.08 0.81 0.26"
)
"""The normalised consensus scale (Analysis of Membrane and Surface Protein Sequences with the Hydrophobic Moment Plot;
Eisenberg, Schwarz, Komaromy, Wall; 1984)."""
MASS = _scale(
    "89.0932 121.1582 133.1027 147.1293 165.1891 75.0666 155.1546 131.1729 146.1876 131.1729 "
    "149.2113 132.1179 115.1305 146.1445 174.201 105.0926 119.1192 117.1463 204.2252 181.1885"
)
"""Average masses of the amino acids, in g/mol."""
WATER = 18.0153
"""The mass of what leaves with every bond."""
PK_SIDE = {"K": 10.0, "R": 12.0, "H": 5.98, "D": 4.05, "E": 4.45, "C": 9.0, "Y": 10.0}
"""Acidity of side chains, of which K, R and H take a proton up and the others give one away (The focusing positions of
polypeptides in immobilized pH gradients can be predicted from their amino acid sequences; Bjellqvist et al.; 1993)."""
PK_N, PK_C = 7.5, 3.55
"""Acidity of the first amino group and of the last acid group (the same source)."""
PK_N_TERMINAL = {"A": 7.59, "M": 7.0, "S": 6.93, "P": 8.36, "T": 6.82, "V": 7.44, "E": 7.7}
"""Acidity of the first amino group where its residue changes it."""
PK_C_TERMINAL = {"D": 4.55, "E": 4.75}
"""Acidity of the last acid group where its residue changes it."""


def _pairs(text: str) -> dict[str, float]:
    """Rows of numbers, each after the first letter of its pairs."""
    rows = (line.split() for line in text.split("\n") if line)
    return {row[0] + other: float(value) for row in rows for other, value in zip(_RESIDUES, row[1:], strict=True)}


GUIDE = _pairs("""
A 1 44.94 -7.49 1 1 1 -7.49 1 1 1 1 1 20.26 1 1 1 1 1 1 1
C 1 1 20.26 1 1 1 33.6 1 1 20.26 33.6 1 20.26 -6.54 1 1 33.6 -6.54 24.68 1
D 1 1 1 1 -6.54 1 1 1 -7.49 1 1 1 1 1 -6.54 20.26 -14.03 1 1 1
E 1 44.94 20.26 33.6 1 1 -6.54 20.26 1 1 1 1 20.26 20.26 1 20.26 1 1 -14.03 1
F 1 1 13.34 1 1 1 1 1 -14.03 1 1 1 20.26 1 1 1 1 1 1 33.601
G -7.49 1 1 -6.54 1 13.34 1 -7.49 -7.49 1 1 -7.49 1 1 1 1 -7.49 1 13.34 -7.49
H 1 1 1 1 -9.37 -9.37 1 44.94 24.68 1 1 24.68 -1.88 1 1 1 -6.54 1 -1.88 44.94
I 1 1 1 44.94 1 1 13.34 1 -7.49 20.26 1 1 -1.88 1 1 1 1 -7.49 1 1
K 1 1 1 1 1 -7.49 1 -7.49 1 -7.49 33.6 1 -6.54 24.64 33.6 1 1 -7.49 1 1
L 1 1 1 1 1 1 1 1 -7.49 1 1 1 20.26 33.6 20.26 1 1 1 24.68 1
M 13.34 1 1 1 1 1 58.28 1 1 1 -1.88 1 44.94 -6.54 -6.54 44.94 -1.88 1 1 24.68
N 1 -1.88 1 1 -14.03 -14.03 1 44.94 24.68 1 1 1 -1.88 -6.54 1 1 -7.49 1 -9.37 1
P 20.26 -6.54 -6.54 18.38 20.26 1 1 1 1 1 -6.54 1 20.26 20.26 -6.54 20.26 1 20.26 -1.88 1
Q 1 -6.54 20.26 20.26 -6.54 1 1 1 1 1 1 1 20.26 20.26 1 44.94 1 -6.54 1 -6.54
R 1 1 1 1 1 -7.49 20.26 1 1 1 1 13.34 20.26 20.26 58.28 44.94 1 1 58.28 -6.54
S 1 33.6 1 20.26 1 1 1 1 1 1 1 1 44.94 20.26 20.26 20.26 1 1 1 1
T 1 1 1 20.26 13.34 -7.49 1 1 1 1 1 -14.03 1 -6.54 1 1 1 1 -14.03 1
V 1 1 -14.03 1 1 -7.49 1 1 -1.88 1 1 1 20.26 1 1 1 -7.49 1 1 -6.54
W -14.03 1 1 1 1 -9.37 24.68 1 1 13.34 24.68 13.34 1 1 1 1 -14.03 -7.49 1 1
Y 24.68 1 24.68 -6.54 1 -7.49 13.34 1 1 1 44.94 1 13.34 1 -15.91 1 -7.49 1 -9.37 13.34
""")
"""How much each pair of neighbours goes with instability (Correlation between stability of a protein and its
dipeptide composition; Guruprasad, Reddy, Pandit; 1990)."""
