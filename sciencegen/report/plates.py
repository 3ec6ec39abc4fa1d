"""Plates drawn from above: a disc for every well, filled where there is a compound."""

from __future__ import annotations

from html import escape

from sciencegen.report.findings import Plate

__all__ = ["plate_map"]

_STEP, _LEFT, _TOP = 14, 22, 18
_ACROSS = {96: 12, 384: 24}


def plate_map(plate: Plate) -> str:
    """The plate as SVG; every well says what is in it to whoever points at it."""
    across = _ACROSS[plate.wells]
    down = plate.wells // across
    controls = set(plate.controls)
    labels = [_label(_LEFT + i * _STEP, _TOP - 9, str(i + 1)) for i in range(across)]
    labels += [_label(8, _TOP + i * _STEP + 3, chr(ord("A") + i)) for i in range(down)]
    names = [(row, column, f"{chr(ord('A') + row)}{column + 1}") for row in range(down) for column in range(across)]
    discs = [_disc(row, column, *_filled(plate, name, controls)) for row, column, name in names]
    width, height = _LEFT + across * _STEP, _TOP + down * _STEP
    said = escape(f"plate {plate.name}: {len(plate.compounds)} compounds, {len(controls)} controls")
    return (
        f'<svg class="plate" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'style="max-width:{width * 1.6:.0f}px" role="img" aria-label="{said}">{"".join(labels + discs)}</svg>'
    )


def _filled(plate: Plate, well: str, controls: set[str]) -> tuple[str, str]:
    """What kind of well it is, and what is said of it."""
    if well in plate.compounds:
        return "compound", f"{well}: {plate.compounds[well]}"
    return ("control", f"{well}: control") if well in controls else ("empty", "")


def _disc(row: int, column: int, kind: str, said: str) -> str:
    title = f"<title>{escape(said)}</title>" if said else ""
    x, y = _LEFT + column * _STEP, _TOP + row * _STEP
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="5">{title}</circle>'


def _label(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle">{text}</text>'
