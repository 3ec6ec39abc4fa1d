"""Pictures of functions: a curve each, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from sciencegen.core.files import atomic
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.expressions.tree import Numbers
from sciencegen.errors import RequestError

__all__ = ["MOST", "draw_curves", "svg"]

MOST = 60
"""More curves than these nobody looks at."""
_WIDE, _HIGH, _EDGE, _LINE = 240, 150, 8, 14
_ACROSS = 4
_ROOM = 0.25
"""How far beyond the target's own range a curve is shown, as a share of it."""
_OURS, _THEIRS, _TEXT = "#1565c0", "#bdbdbd", "#616161"
_LETTERS = 36

Curve = list[tuple[float, float]]


def svg(item: str, target: Target) -> str:
    """A picture of one expression, the target behind it: an SVG element that needs nothing around it."""
    return _element(_WIDE, _HIGH, _tile(item, target, 0, 0), item)


def draw_curves(items: Sequence[str], path: Path, target: Target, captions: Sequence[str] = ()) -> None:
    """Draw the first expressions, at most `MOST`, side by side; the suffix, .svg or .png, says the format."""
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise RequestError(f"{path}: expected a picture ending in .png or .svg")
    if not items:
        raise RequestError(f"{path}: there are no expressions to draw")
    shown = [
        _lines(item, caption) for item, caption in zip(items[:MOST], [*captions, *[""] * len(items)], strict=False)
    ]
    high = _HIGH + _LINE * max(map(len, shown))
    across = min(_ACROSS, len(shown))
    size = across * _WIDE, -(-len(shown) // across) * high
    with atomic(path) as temporary:
        if kind == ".svg":
            parts = []
            for i, (item, lines) in enumerate(zip(items, shown, strict=False)):
                left, top = i % across * _WIDE, i // across * high
                parts += _tile(item, target, left, top)
                parts += [_said(line, left + _EDGE, top + _HIGH + _LINE * j + 10) for j, line in enumerate(lines)]
            temporary.write_text(_element(*size, parts, f"{len(shown)} expressions"), encoding="utf-8")
        else:
            _paint(items, shown, (across, high), size, target, temporary)


def _lines(item: str, caption: str) -> list[str]:
    lines = [item, *caption.split("\n")] if caption else [item]
    return [line if len(line) <= _LETTERS else f"{line[: _LETTERS - 3]}..." for line in lines]


def _curves(values: Numbers, target: Target) -> list[Curve]:
    """A curve in a tile, in pieces where it leaves the picture or has no value."""
    low, high = float(target.y.min()), float(target.y.max())
    room = _ROOM * ((high - low) or 1.0)
    low, high = low - room, high + room
    across = (target.x - target.low) / (target.high - target.low) * (_WIDE - 2 * _EDGE) + _EDGE
    with np.errstate(all="ignore"):
        down = (high - values) / (high - low) * (_HIGH - 2 * _EDGE) + _EDGE
        inside = (values >= low) & (values <= high)
    pieces: list[Curve] = [[]]
    for x, y, fine in zip(across.tolist(), down.tolist(), inside.tolist(), strict=True):
        if fine:
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if len(piece) > 1]


def _tile(item: str, target: Target, left: int, top: int) -> list[str]:
    return [
        f'<polyline fill="none" stroke="{colour}" points="'
        + " ".join(f"{left + x:.1f},{top + y:.1f}" for x, y in curve)
        + '"/>'
        for values, colour in ((target.y, _THEIRS), (target.values(item), _OURS))
        for curve in _curves(values, target)
    ]


def _said(line: str, x: int, y: int) -> str:
    return f'<text x="{x}" y="{y}" font-size="11" fill="{_TEXT}">{escape(line)}</text>'


def _element(wide: int, high: int, parts: Sequence[str], says: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(says)}" '
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" font-family="monospace">'
    return f'{head}{size}<rect width="{wide}" height="{high}" fill="#fff"/>{"".join(parts)}</svg>'


def _paint(
    items: Sequence[str],
    shown: Sequence[Sequence[str]],
    grid: tuple[int, int],
    size: tuple[int, int],
    target: Target,
    path: Path,
) -> None:
    from PIL import Image, ImageDraw

    across, high = grid
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for i, (item, lines) in enumerate(zip(items, shown, strict=False)):
        left, top = i % across * _WIDE, i // across * high
        for values, colour in ((target.y, _THEIRS), (target.values(item), _OURS)):
            for curve in _curves(values, target):
                pen.line([(left + x, top + y) for x, y in curve], fill=colour)
        for j, line in enumerate(lines):
            plain = line.encode("latin-1", "replace").decode("latin-1")
            pen.text((left + _EDGE, top + _HIGH + _LINE * j), plain, fill=_TEXT)
    picture.save(path)
