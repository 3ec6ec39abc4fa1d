"""Files of JSON lines to which lines are only ever added, so that what was written once survives whatever comes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic, writing
from sciencegen.errors import DataError

__all__ = ["Lines"]


class Lines:
    """Objects on disk, one to a line.

    >>> lines = Lines(Path("asked.jsonl"))
    >>> lines.add([{"round": 1}])
    >>> lines.read()
    [{'round': 1}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, objects: Iterable[dict[str, Any]]) -> None:
        """Add lines; when this returns they are on disk."""
        text = "".join(json.dumps(one, allow_nan=False, separators=(",", ":")) + "\n" for one in objects)
        if not text:
            return
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def read(self) -> list[Any]:
        """What the lines say, in order, None for one that says nothing; no lines where there is no file."""
        if not self.path.exists():
            return []
        whole, _, _ = self._text().rpartition("\n")
        return [_said(line) for line in whole.split("\n")] if whole else []

    def mend(self) -> str:
        """Drop a last line that a crash left half written, so that the next begins a line of its own; and say it."""
        if not self.path.exists():
            return ""
        whole, end, torn = self._text().rpartition("\n")
        if torn:
            with atomic(self.path) as temporary:
                temporary.write_text(whole + end, encoding="utf-8", newline="\n")
        return torn

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}") from error


def _said(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
