"""NumPy's files, read so that a damaged or a foreign one is named, and never unpickled."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.errors import DataError

__all__ = ["read_archive", "read_array"]

# what numpy raises for files that are cut short, damaged or not its own
_UNREADABLE = (
    *(EOFError, KeyError, MemoryError, NotImplementedError, OSError, RuntimeError, SyntaxError, ValueError),
    *(struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


def read_array(path: Path) -> NDArray[Any]:
    """The array of a .npy file."""
    try:
        found = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a readable array file: {_first_line(error)}") from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{path}: holds an archive of arrays: name it .npz")
    return found


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file, by name; texts are texts, however they were stored."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        return {name: one.astype(str) if one.dtype.kind == "S" else one for name, one in found.items()}
    except (AttributeError, TypeError):  # numpy found one array in the file, or a file that is none among the arrays
        raise DataError(f"{path}: not an archive of arrays as numpy.savez writes them") from None
    except _UNREADABLE as error:
        raise DataError(f"{path}: not a readable array archive: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
