"""What was proposed and in which round, so that nothing is proposed twice, however late its result comes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic, writing
from sciencegen.errors import DataError

__all__ = ["Asked"]


class Asked:
    """The texts of all items that were proposed, each with its round, counted from 1; on disk where there is a path, as
    JSON lines to which a line is added for every round."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._rounds: dict[str, int] = {}
        self.last = 0
        if path is not None and path.exists():
            self._read(path)

    @property
    def rounds(self) -> Mapping[str, int]:
        """The round of every text, in the order they were proposed."""
        return self._rounds

    def add(self, texts: Sequence[str]) -> int:
        """Remember another round, on disk before anybody hears of it, and return its number."""
        number = self.last + 1
        if self.path is not None:
            line = json.dumps({"round": number, "asked": list(texts)}, separators=(",", ":"))
            with writing(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8", newline="\n") as file:
                    file.write(f"{line}\n")
                    file.flush()
                    os.fsync(file.fileno())
        self._learn(number, texts)
        return number

    def _learn(self, number: int, texts: Sequence[str]) -> None:
        self.last = number
        for text in texts:
            self._rounds.setdefault(text, number)

    def _read(self, path: Path) -> None:
        try:
            whole, _, torn = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        if torn:  # a crash while it was written: nobody has seen that round
            with atomic(path) as temporary:
                temporary.write_text(f"{whole}\n" if whole else "", encoding="utf-8", newline="\n")
        for number, line in enumerate(whole.split("\n") if whole else (), 1):
            said = _round(line)
            if said is None or said[0] != self.last + 1:
                raise DataError(f"{path}, line {number}: not what was asked in round {self.last + 1}")
            self._learn(*said)


def _round(line: str) -> tuple[int, list[str]] | None:
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or type(said.get("round")) is not int:
        return None
    texts = said.get("asked")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None
    return said["round"], texts
