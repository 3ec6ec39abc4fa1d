"""A file from an address, going on where an earlier try ended."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from io import FileIO
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sciencegen.core.files import writing
from sciencegen.errors import DataError

__all__ = ["download"]

_TRIES = 4
_SECONDS = 30.0  # without a byte, and the connection is given up
_BLOCK = 1 << 16
_SAY_EVERY = 2.0
_PASSING = {408, 425, 429, 500, 502, 503, 504}


def download(address: str, part: Path, say: Callable[[str], None], pause: Callable[[float], None] = time.sleep) -> None:
    """Fill `part` with what the address holds; what is in it already is kept, and asked for no more.

    Nothing here says whether the bytes are the right ones: the caller checks them.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            _continue(address, part, say)
            return
        except HTTPError as error:
            reason = f"the server says {error.code} {error.reason}"
            if error.code not in _PASSING:
                raise DataError(f"{address}: {reason}") from error
        except (OSError, HTTPException) as error:
            reason = _reason(error)
            if isinstance(_cause(error), socket.gaierror):
                raise DataError(f"{address}: {reason}; is there a network?") from error
        if attempt < _TRIES:
            say(f"{reason}; trying again in {2**attempt} s")
            time.sleep(2**attempt)
    raise DataError(f"{address}: {reason}, {_TRIES} times")


def _continue(address: str, part: Path, say: Callable[[str], None]) -> None:
    """One try: ask for the bytes that are not there yet."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "sciencegen", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response: HTTPResponse = urlopen(Request(address, headers=headers), timeout=_SECONDS)
    except HTTPError as error:
        if error.code != 416 or not have:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return  # all was there
        with writing(part):
            part.unlink()
        return _continue(address, part, say)
    with response:
        resumed = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        start = have if resumed else 0
        with writing(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            file = FileIO(part, "ab" if resumed else "wb")
        with file:
            _copy(response, file, part, start, say)
    return None


def _copy(response: HTTPResponse, file: FileIO, part: Path, start: int, say: Callable[[str], None]) -> None:
    """Move the bytes of a response to the end of a file; an early end of them is an error."""
    length = response.headers.get("Content-Length")
    total = start + int(length) if length else None
    name, count, said = part.name.strip(".").removesuffix(".part"), start, time.monotonic()
    if start:
        say(f"{name}: going on after {_megabytes(start)} MB")
    while block := response.read(_BLOCK):
        rest = memoryview(block)
        with writing(part):
            while rest:
                rest = rest[file.write(rest) :]
        count += len(block)
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            say(f"{name}: {_megabytes(count)}" + (f" of {_megabytes(total)} MB" if total else " MB"))
    if total is not None and count < total:
        raise ConnectionError(f"the connection ended after {count:,} of {total:,} bytes")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _reason(error: OSError | HTTPException) -> str:
    """What went wrong, without the numbers of the system."""
    cause = _cause(error)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


def _cause(error: OSError | HTTPException) -> BaseException | str:
    return error.reason if isinstance(error, URLError) else error
