"""Pictures of sequences: their letters in rows, coloured by what they are, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from sciencegen.core.files import atomic
from sciencegen.errors import RequestError

__all__ = ["MOST", "draw_rows", "svg"]

MOST = 60
"""More sequences than these nobody looks at."""
_ACROSS = 60
_MOST_LETTERS = 600
"""Of longer sequences the beginning is shown."""
_WIDE, _HIGH, _EDGE = 9, 16, 6
_BASES = {"A": "#2e7d32", "C": "#1565c0", "G": "#b26a00", "T": "#c62828", "U": "#c62828"}
_RESIDUES = {
    **dict.fromkeys("KRH", "#1565c0"),
    **dict.fromkeys("DE", "#c62828"),
    **dict.fromkeys("STNQCGP", "#2e7d32"),
    **dict.fromkeys("AVILMFWY", "#b26a00"),
}
"""Blue takes a proton up, red gives one away, green is polar or small, brown shuns water."""
_OTHER = "#616161"


def svg(item: str, nucleic: bool) -> str:
    """A picture of one sequence for a page: an SVG element that needs nothing around it."""
    rows = _rows(item)
    across = max(map(len, rows))
    texts = [_text(row, _EDGE, _EDGE + _HIGH * (i + 1) - 4, nucleic) for i, row in enumerate(rows)]
    return _element(across * _WIDE + 2 * _EDGE, len(rows) * _HIGH + 2 * _EDGE, texts, item[:_MOST_LETTERS])


def draw_rows(items: Sequence[str], path: Path, nucleic: bool, captions: Sequence[str] = ()) -> None:
    """Draw the first sequences, at most `MOST`, one below the other; the suffix, .svg or .png, says the format."""
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise RequestError(f"{path}: expected a picture ending in .png or .svg")
    if not items:
        raise RequestError(f"{path}: there are no sequences to draw")
    lines: list[tuple[str, bool]] = []
    for item, caption in zip(items[:MOST], [*captions, *[""] * len(items)], strict=False):
        lines += [(row, True) for row in _rows(item)]
        lines += [(one, False) for one in caption.split("\n") if one]
        lines.append(("", False))
    wide = max(len(text) for text, _ in lines) * _WIDE + 2 * _EDGE
    high = len(lines) * _HIGH + 2 * _EDGE
    with atomic(path) as temporary:
        if kind == ".svg":
            texts = [_line(text, letters, i, nucleic) for i, (text, letters) in enumerate(lines) if text]
            temporary.write_text(_element(wide, high, texts, f"{len(items[:MOST])} sequences"), encoding="utf-8")
        else:
            _paint(lines, (wide, high), temporary, nucleic)


def _rows(item: str) -> list[str]:
    shown = item if len(item) <= _MOST_LETTERS else f"{item[: _MOST_LETTERS - 3]}..."
    return [shown[i : i + _ACROSS] for i in range(0, len(shown), _ACROSS)]


def _line(text: str, letters: bool, number: int, nucleic: bool) -> str:
    y = _EDGE + _HIGH * (number + 1) - 4
    if letters:
        return _text(text, _EDGE, y, nucleic)
    return f'<text x="{_EDGE}" y="{y}" font-size="11" fill="{_OTHER}">{escape(text)}</text>'


def _text(row: str, x: int, y: int, nucleic: bool) -> str:
    """The letters of a row, neighbours of one colour together."""
    spans, start = [], 0
    for i in range(1, len(row) + 1):
        if i == len(row) or _colour(row[i], nucleic) != _colour(row[start], nucleic):
            places = " ".join(str(x + _WIDE * j) for j in range(start, i))
            spans.append(f'<text x="{places}" y="{y}" fill="{_colour(row[start], nucleic)}">{row[start:i]}</text>')
            start = i
    return "".join(spans)


def _colour(letter: str, nucleic: bool) -> str:
    return (_BASES if nucleic else _RESIDUES).get(letter, _OTHER)


def _element(wide: int, high: int, texts: Sequence[str], says: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(says)}" '
    size = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
    style = 'font-family="monospace" font-size="14">'
    return f'{head}{size}{style}<rect width="{wide}" height="{high}" fill="#fff"/>{"".join(texts)}</svg>'


def _paint(lines: Sequence[tuple[str, bool]], size: tuple[int, int], path: Path, nucleic: bool) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for number, (text, letters) in enumerate(lines):
        y = _EDGE + _HIGH * number
        if letters:
            for i, letter in enumerate(text):
                pen.text((_EDGE + _WIDE * i, y), letter, fill=_colour(letter, nucleic))
        else:
            pen.text((_EDGE, y), text.encode("latin-1", "replace").decode("latin-1"), fill=_OTHER)
    picture.save(path)
