"""Pictures of sentences: their text, broken into rows, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from sciencegen.core.files import atomic
from sciencegen.errors import RequestError

__all__ = ["MOST", "draw_rows", "svg"]

MOST = 60
"""More sentences than these nobody looks at."""
_ACROSS = 72
_MOST_CHARACTERS = 720
"""Of longer sentences the beginning is shown."""
_WIDE, _HIGH, _EDGE = 9, 16, 6
_TEXT, _CAPTION = "#212121", "#616161"

Line = tuple[str, str]
"""A row of characters and its colour."""


def svg(item: str) -> str:
    """A picture of one sentence for a page: an SVG element that needs nothing around it."""
    return _element([(row, _TEXT) for row in _rows(item)], item[:_MOST_CHARACTERS])


def draw_rows(items: Sequence[str], path: Path, captions: Sequence[str] = ()) -> None:
    """Draw the first sentences, at most `MOST`, one below the other; the suffix, .svg or .png, says the format."""
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise RequestError(f"{path}: expected a picture ending in .png or .svg")
    if not items:
        raise RequestError(f"{path}: there are no sentences to draw")
    lines: list[Line] = []
    for item, caption in zip(items[:MOST], [*captions, *[""] * len(items)], strict=False):
        lines += [(row, _TEXT) for row in _rows(item)]
        lines += [(one, _CAPTION) for one in caption.split("\n") if one]
        lines.append(("", _TEXT))
    with atomic(path) as temporary:
        if kind == ".svg":
            temporary.write_text(_element(lines, f"{len(items[:MOST])} sentences"), encoding="utf-8")
        else:
            _paint(lines, temporary)


def _rows(item: str) -> list[str]:
    shown = item if len(item) <= _MOST_CHARACTERS else f"{item[: _MOST_CHARACTERS - 3]}..."
    return [line[i : i + _ACROSS] for line in shown.split("\n") for i in range(0, max(len(line), 1), _ACROSS)]


def _size(lines: Sequence[Line]) -> tuple[int, int]:
    return max((len(text) for text, _ in lines), default=1) * _WIDE + 2 * _EDGE, len(lines) * _HIGH + 2 * _EDGE


def _element(lines: Sequence[Line], says: str) -> str:
    wide, high = _size(lines)
    kept = 'xml:space="preserve"'  # blanks in a row are part of a sentence
    texts = [
        f'<text x="{_EDGE}" y="{_EDGE + _HIGH * (i + 1) - 4}" fill="{colour}" {kept}>{escape(text)}</text>'
        for i, (text, colour) in enumerate(lines)
        if text
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(says)}" '
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
    style = 'font-family="monospace" font-size="14">'
    return f'{head}{size}{style}<rect width="{wide}" height="{high}" fill="#fff"/>{"".join(texts)}</svg>'


def _paint(lines: Sequence[Line], path: Path) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", _size(lines), "white")
    pen = ImageDraw.Draw(picture)
    for number, (text, colour) in enumerate(lines):
        for i, letter in enumerate(text):
            plain = letter.encode("latin-1", "replace").decode("latin-1")  # what the font knows
            pen.text((_EDGE + _WIDE * i, _EDGE + _HIGH * number), plain, fill=colour)
    picture.save(path)
