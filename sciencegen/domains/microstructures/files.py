"""One file of pixels: PNG, TIFF and other images, and NumPy arrays."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.archive import read_array
from sciencegen.errors import DataError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

__all__ = ["ARRAYS", "IMAGES", "Raw", "loaded", "marked"]

IMAGES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", ".pgm", ".gif")
ARRAYS = (".npy", ".npz")
_GREY_MODES = {"1": 1, "L": 8, "P": 8, "I;16": 16, "I;16B": 16, "I;16L": 16, "I": 32, "F": 32}


@dataclass(frozen=True)
class Raw:
    """What a file holds: whole numbers, one for each pixel, and how many bits they had there."""

    name: str
    pixels: NDArray[Any]
    bits: int


def loaded(path: Path) -> Raw:
    """The pixels of an image [h, w], of its pages [pages, h, w], or of an array; colours are refused."""
    if path.suffix.lower() == ".npy":
        return _numbers(path, read_array(path))
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                pages = [_page(path, image, number) for number in range(getattr(image, "n_frames", 1))]
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DataError(f"{path}: has more pixels than an image should: cut it into parts") from None
    except UnidentifiedImageError:
        raise DataError(f"{path}: not an image, or a damaged one") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {_first_line(error)}") from error
    shapes = sorted({page.pixels.shape for page in pages})
    if len(shapes) > 1:
        raise DataError(f"{path}: its pages have different sizes: {shapes[0]} and {shapes[-1]} pixels")
    pixels = pages[0].pixels if len(pages) == 1 else np.stack([page.pixels for page in pages])
    return Raw(path.name, pixels, pages[0].bits)


def marked(path: Path) -> Tensor:
    """The pixels of a file of one image that are lighter than half of the lightest."""
    import torch

    if path.suffix.lower() not in (*IMAGES, ".npy"):
        raise DataError(f"{path}: expected a mask in a file ending in {', '.join((*IMAGES, '.npy'))}")
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    pixels = loaded(path).pixels
    return torch.from_numpy(2 * pixels.astype(np.int64) > int(pixels.max()))


def _page(path: Path, image: Image.Image, number: int) -> Raw:
    image.seek(number)
    shown: Any = image
    if "A" in image.mode or "transparency" in image.info:
        opaque = np.asarray(image.convert("RGBA"))[..., 3]
        if opaque.min() < 255:
            raise DataError(f"{path}: has an alpha channel that hides pixels: flatten the image")
        shown = image.convert("RGB" if image.mode != "LA" else "L")
    if shown.mode in ("RGB", "CMYK", "YCbCr"):
        colours = np.asarray(shown.convert("RGB"))
        if (colours != colours[..., :1]).any():
            raise DataError(f"{path}: is in colour: make it grey, or give every phase a number")
        return Raw(path.name, colours[..., 0], 8)
    if shown.mode not in _GREY_MODES:
        raise DataError(f"{path}: has pixels of kind {shown.mode}, expected grey levels or numbers of phases")
    return Raw(path.name, _whole(path, np.asarray(shown)), _GREY_MODES[shown.mode])


def _numbers(path: Path, found: NDArray[Any]) -> Raw:
    return Raw(path.name, _whole(path, found), 8 * found.dtype.itemsize if found.dtype.kind != "b" else 1)


def _whole(path: Path, found: NDArray[Any]) -> NDArray[Any]:
    """The same as whole numbers from 0 on."""
    if found.dtype.kind not in "buif":
        raise DataError(f"{path}: holds {found.dtype}, expected numbers")
    if not found.size:
        raise DataError(f"{path}: has no pixels")
    if found.dtype.kind == "f":
        if not np.isfinite(found).all():
            raise DataError(f"{path}: has pixels that are no number")
        if (found != np.floor(found)).any():
            top = "; they go from 0 to 1: multiply by 255" if found.min() >= 0 and found.max() <= 1 else ""
            raise DataError(f"{path}: has pixels that are no whole number{top}")
    if found.min() < 0:
        raise DataError(f"{path}: has pixels below 0")
    return found.astype(np.int64) if found.dtype.kind == "f" else found


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
