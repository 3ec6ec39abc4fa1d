"""What scorers have answered, kept in a folder, so that nothing is worked out twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sciencegen.core.files import writing
from sciencegen.scorers.contract import Answer
from sciencegen.scorers.scorer import Scorer

__all__ = ["Memory"]

_FORMAT = 1


class Memory:
    """Answers of one scorer by the key of the item, in files of lines.

    A process writes to a file of its own and reads those of all, so that any number may write at once, on any file
    system. A line is whole or is not there: one that a killed process left half is passed over.
    """

    def __init__(self, folder: Path | None, scorer: Scorer) -> None:
        self._folder = None if folder is None else folder / f"{scorer.name}-{_identity(scorer)}"
        self._file: Path | None = None
        self._known: dict[str, str] = {}
        for file in sorted(self._folder.glob("*.jsonl")) if self._folder is not None else ():
            self._read(file)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def __getitem__(self, key: str) -> Answer:
        _, values, infinite = json.loads(self._known[key])
        return Answer(values, tuple(infinite))

    def learn(self, answers: Iterable[tuple[str, Answer]]) -> None:
        """Keep answers by their keys; what is known already stays as it is."""
        lines = {
            key: json.dumps([key, dict(answer.values), list(answer.infinite)], separators=(",", ":"), allow_nan=False)
            for key, answer in answers
            if key not in self._known
        }
        if self._folder is not None and lines:
            self._append("".join(f"{line}\n" for line in lines.values()).encode())
        self._known |= lines

    def _append(self, lines: bytes) -> None:
        assert self._folder is not None
        if self._file is None:
            self._file = self._folder / f"{os.getpid()}-{os.urandom(8).hex()}.jsonl"
        with writing(self._file):
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                file.write(b"\n" + lines)  # a line of its own, whatever a full disk left before it

    def _read(self, file: Path) -> None:
        for line in file.read_bytes().split(b"\n"):
            if (key := _key(line)) is not None:
                self._known[key] = line.decode()


def _identity(scorer: Scorer) -> str:
    """What answers depend on beside the item."""
    said = json.dumps([_FORMAT, scorer.name, scorer.command, scorer.version, scorer.contract])
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _key(line: bytes) -> str | None:
    """The key of a whole line."""
    try:
        known: Any = json.loads(line)
    except ValueError:
        return None
    match known:
        case [str(key), dict(), list()]:
            return key
    return None
