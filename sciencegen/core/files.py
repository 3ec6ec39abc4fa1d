"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from sciencegen.errors import OutputError

__all__ = ["atomic", "check_writable", "sha256", "sweep", "sweep_folder", "writing"]

_INFIX = "writing-"


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn what the system says while `path` is written into one line about it."""
    try:
        yield
    except BrokenPipeError:
        raise  # not a failure: the reader has seen enough
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary file in the same folder; when the block ends well it becomes `path`, whole and on disk.

    A link is followed; a device such as /dev/null is written to directly.
    """
    temporary: Path | None = None
    with writing(path):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file() and not final.is_dir():
            yield final
            return
        try:
            temporary = _beside(final)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(final)
            _sync_folder(final.parent)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """A new empty file with a hidden name in the folder of `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{_INFIX}", suffix=path.suffix)
    os.close(handle)
    return Path(name)


def sweep(path: Path) -> None:
    """Remove the temporary files that killed processes left beside `path`."""
    for stray in path.parent.glob(f".{escape(path.name)}.{_INFIX}*"):
        stray.unlink(missing_ok=True)


def sweep_folder(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder and in those below it."""
    for stray in folder.rglob(f".*.{_INFIX}*"):
        stray.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(path: Path) -> None:
    """Refuse early what could only fail late: a file that cannot be written when the work is done."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder that is there already")
    with writing(path):
        final = Path(os.path.realpath(path))
        if not final.exists() or final.is_file():
            _beside(final).unlink()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, or of the names and contents of a folder's files."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            if path.is_dir():
                digest.update(str(file.relative_to(path)).encode())
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()
