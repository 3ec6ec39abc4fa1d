"""Pictures of molecules: a grid, with a caption under each, as SVG or PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.substructure import pattern
from sciencegen.errors import RequestError

__all__ = ["MOST", "draw_grid", "pattern_svg", "svg"]

MOST = 120
"""More molecules than this nobody looks at, and a picture of them opens slowly."""
_MOST_ACROSS = 8
_WIDTH, _HEIGHT = 260, 200
_PLATE = (220, 160)
"""The size of a picture that stands in a page."""
_LINE = 16
"""The height of a line of a caption."""


def draw_grid(molecules: Sequence[Molecule], path: Path, captions: Sequence[str] = ()) -> None:
    """Draw the first molecules, at most `MOST`, in rows and columns; the suffix, .svg or .png, says the format."""
    from rdkit.Chem.Draw import rdMolDraw2D

    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise RequestError(f"{path}: expected a picture ending in .png or .svg")
    if not molecules:
        raise RequestError(f"{path}: there are no molecules to draw")
    shown = [rdMolDraw2D.PrepareMolForDrawing(parsed(molecule)) for molecule in molecules[:MOST]]
    under = [*captions[:MOST], *[""] * (len(shown) - len(captions))]
    lines = max(caption.count("\n") + 1 if caption else 0 for caption in under)
    across = _columns(len(shown))
    panel = _HEIGHT + lines * _LINE
    size = (across * _WIDTH, math.ceil(len(shown) / across) * panel, _WIDTH, panel)
    canvas = rdMolDraw2D.MolDraw2DSVG(*size) if kind == ".svg" else rdMolDraw2D.MolDraw2DCairo(*size)
    style: Any = canvas.drawOptions()
    style.legendFontSize = _LINE - 2
    style.legendFraction = max(lines * _LINE / panel, 0.01)
    canvas.DrawMolecules(shown, legends=under)
    canvas.FinishDrawing()
    drawn = canvas.GetDrawingText()
    with atomic(path) as temporary:
        temporary.write_bytes(drawn.encode() if isinstance(drawn, str) else drawn)


def svg(molecule: Molecule) -> str:
    """A picture of one molecule for a page: an SVG element that needs nothing around it."""
    from rdkit.Chem.Draw import rdMolDraw2D

    return _element(rdMolDraw2D.PrepareMolForDrawing(parsed(molecule)), molecule)


def pattern_svg(smarts: str) -> str:
    """A picture of what a SMARTS looks for, for a page; an error where it is none."""
    from rdkit.Chem.Draw import rdMolDraw2D

    query = pattern(smarts)
    query.UpdatePropertyCache(strict=False)
    prepared = rdMolDraw2D.PrepareMolForDrawing(query, kekulize=False, addChiralHs=False, wedgeBonds=False)
    return _element(prepared, smarts)


def _element(prepared: Any, says: str) -> str:
    """An SVG element on white, without the prolog of a file, that says what it shows to those who cannot see it."""
    from rdkit.Chem.Draw import rdMolDraw2D

    canvas = rdMolDraw2D.MolDraw2DSVG(*_PLATE)
    style: Any = canvas.drawOptions()
    style.prepareMolsBeforeDrawing = False
    canvas.DrawMolecule(prepared)
    canvas.FinishDrawing()
    drawn: str = canvas.GetDrawingText()
    return drawn[drawn.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{escape(says)}"', 1).strip()


def _columns(n: int) -> int:
    """As wide as high, about, and never wider than a screen."""
    return min(n, _MOST_ACROSS, max(3, math.ceil(math.sqrt(n))))
