"""Arrays that took long to make, kept in the user's cache folder until somebody forgets them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.files import atomic
from sciencegen.errors import OutputError

__all__ = ["cache_folder", "forget", "remembered", "remembered_bytes", "user_folder"]

_FORMAT = 1
_DIGEST = 32  # bytes after the archive that tell whether it is whole

Arrays = dict[str, NDArray[Any]]


def remembered(key: Mapping[str, object], make: Callable[[], Arrays]) -> Arrays:
    """The arrays of `make`, from the cache folder where they were made before for the same `key`.

    `key` is anything that JSON can say, and has to name all that the arrays depend on. Arrays of text come back as
    arrays of Python strings. A damaged file is made again; a folder that cannot be written costs the next caller time,
    and nothing else. Several processes may ask for the same key at once.
    """
    path = cache_folder() / f"{_name(key)}.npz"
    found = _read(path)
    if found is not None:
        return found
    made = {name: _plain(name, array) for name, array in make().items()}
    try:
        with atomic(path) as temporary, temporary.open("wb") as file:
            file.write(_sealed(made))
    except OutputError:
        pass  # a cache that cannot be written is only a slower start
    return made


def cache_folder() -> Path:
    """The folder of remembered arrays: $SCIENCEGEN_CACHE, or what this system has for caches."""
    return user_folder("SCIENCEGEN_CACHE", "XDG_CACHE_HOME", unix=".cache", mac="Caches", windows="cache")


def forget() -> int:
    """Remove all that is remembered, and say how many bytes that were."""
    freed = 0
    for path, size in _files():
        path.unlink(missing_ok=True)
        freed += size
    return freed


def remembered_bytes() -> int:
    """How much room the remembered arrays take."""
    return sum(size for _, size in _files())


def user_folder(own: str, xdg: str, *, unix: str, mac: str, windows: str) -> Path:
    """The folder an environment variable of ours names, or the one this system keeps for this kind of files."""
    if os.environ.get(own):
        return Path(os.path.expanduser(os.environ[own]))  # noqa: PTH111  Path's own fails where there is no home
    if Path(os.environ.get(xdg, "")).is_absolute():
        return Path(os.environ[xdg]) / "sciencegen"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111
    if not home.is_absolute():  # an account without a home, as in some containers
        return Path(tempfile.gettempdir()) / f"sciencegen-{unix.strip('.').replace('/', '-')}"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "sciencegen" / windows
    if sys.platform == "darwin":
        return home / "Library" / mac / "sciencegen"
    return home / unix / "sciencegen"


def _name(key: Mapping[str, object]) -> str:
    said = json.dumps([_FORMAT, key], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _files() -> Iterator[tuple[Path, int]]:
    """The files of ours in the cache folder and their bytes, with what killed processes left of some."""
    folder = cache_folder()
    for pattern in ("[0-9a-f]" * 64 + ".npz", "." + "[0-9a-f]" * 64 + ".npz.*"):
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):  # forgotten by another process, or written to its end
                yield path, path.stat().st_size


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array as it will come back: text as Python strings."""
    if array.dtype.kind not in "OUT":
        return array
    plain = array.astype(object)
    if not all(isinstance(text, str) for text in plain.flat):
        raise TypeError(f"{name} holds Python objects that are not text: expected numbers or strings")
    return plain


def _sealed(arrays: Arrays) -> bytes:
    """An .npz archive without pickles, and its digest behind it.

    Text is one buffer of UTF-8 with the length of each string: 1.6 million molecules load in a second.
    """
    packed = {}
    for name, array in arrays.items():
        if array.dtype.kind != "O":
            packed[f"array/{name}"] = array
            continue
        texts = array.ravel().tolist()
        lengths = np.fromiter(map(len, texts), np.uint32, len(texts)).reshape(array.shape)
        buffer = "".join(texts).encode("utf-8", "surrogatepass")
        packed |= {f"text/{name}": np.frombuffer(buffer, np.uint8), f"lengths/{name}": lengths}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **packed)
    return stream.getvalue() + _digest(stream.getbuffer())


def _read(path: Path) -> Arrays | None:
    """The arrays of a file; None where there is none, or none that is whole."""
    try:
        whole = memoryview(path.read_bytes())
    except OSError:
        return None
    if _digest(whole[:-_DIGEST]) != whole[-_DIGEST:]:
        return None
    arrays = {}
    with np.load(io.BytesIO(whole[:-_DIGEST]), allow_pickle=False) as archive:
        for entry in archive.files:
            kind, _, name = entry.partition("/")
            if kind == "array":
                arrays[name] = archive[entry]
            elif kind == "text":
                arrays[name] = _texts(archive[entry], archive[f"lengths/{name}"])
    return arrays


def _digest(archive: memoryview) -> bytes:
    return hashlib.blake2b(archive, digest_size=_DIGEST).digest()


def _texts(buffer: NDArray[np.uint8], lengths: NDArray[np.uint32]) -> NDArray[Any]:
    whole = buffer.tobytes().decode("utf-8", "surrogatepass")
    ends = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
    texts = np.empty(lengths.size, dtype=object)
    texts[:] = [whole[start:stop] for start, stop in pairwise(ends)]
    return texts.reshape(lengths.shape)
