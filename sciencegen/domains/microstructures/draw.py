"""Pictures of microstructures: each on its own, and sheets of many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.files import atomic
from sciencegen.domains.microstructures.item import GREY, Microstructure

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["MOST", "draw_sheet", "painted", "picture"]

MOST = 400
"""How many images a sheet shows."""
_SIDE, _GAP, _LINE, _MARGIN = 128, 8, 13, 4
_PAPER, _INK = 255, 40


def painted(item: Microstructure) -> NDArray[np.uint8]:
    """The grey levels of a picture: phases evenly from white to black; of a volume the slice in its middle."""
    pixels = item.pixels if item.pixels.ndim == 2 else item.pixels[len(item.pixels) // 2]
    if item.phases == GREY:
        return pixels
    shades = np.rint(np.linspace(255, 30, item.phases)).astype(np.uint8)
    return shades[pixels]


def picture(item: Microstructure, path: Path) -> None:
    """One image, a pixel for a pixel, as numbers that can be read again: phases are spread over all grey levels."""
    from PIL import Image

    top = max(item.phases - 1, 1)
    levels = item.pixels if item.phases == GREY else np.rint(item.pixels * (255 / top)).astype(np.uint8)
    pages = [Image.fromarray(page) for page in (levels if levels.ndim == 3 else levels[None])]
    with atomic(path) as temporary:
        pages[0].save(temporary, save_all=len(pages) > 1, append_images=pages[1:])


def draw_sheet(items: Sequence[Microstructure], path: Path, captions: Sequence[str] = ()) -> None:
    """A sheet of pictures with a caption under each."""
    from PIL import Image, ImageDraw

    shown = items[:MOST]
    lines = [caption.splitlines() for caption in captions[: len(shown)]] or [[] for _ in shown]
    words = _LINE * max(map(len, lines)) + (_MARGIN if captions else 0)
    across = max(1, round(len(shown) ** 0.5 * 1.3))
    down = -(-len(shown) // across)
    wide = max(_SIDE, 6 * max((len(line) for each in lines for line in each), default=0))
    cell = (wide + _GAP, _SIDE + words + _GAP)
    sheet = Image.new("L", (across * cell[0] + _GAP, down * cell[1] + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, (item, said) in enumerate(zip(shown, lines, strict=True)):
        left, top = _GAP + i % across * cell[0], _GAP + i // across * cell[1]
        picture = _fitted(item)
        sheet.paste(picture, (left, top))
        pen.rectangle((left - 1, top - 1, left + picture.width, top + picture.height), outline=_INK)
        for number, line in enumerate(said):
            pen.text((left, top + _SIDE + _MARGIN + number * _LINE), line, fill=_INK)
    with atomic(path) as temporary:
        sheet.save(temporary)


def _fitted(item: Microstructure) -> Image.Image:
    """The picture in a square of the sheet: whole pixels where it is small, and smaller where it is not."""
    from PIL import Image

    levels = painted(item)
    times = _SIDE // max(levels.shape)
    if times:
        return Image.fromarray(np.kron(levels, np.ones((times, times), dtype=np.uint8)))
    shrunk = _SIDE / max(levels.shape)
    size = [max(1, round(side * shrunk)) for side in levels.shape[::-1]]
    return Image.fromarray(levels).resize((size[0], size[1]), Image.Resampling.BOX)
