"""What was proposed and in which round, so that nothing is proposed twice, however late its result comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sciencegen.core.lines import Lines
from sciencegen.errors import DataError

__all__ = ["Asked"]


class Asked:
    """The texts of all items that were proposed, each with its round, counted from 1; on disk where there is a path, as
    JSON lines to which a line is added for every round."""

    def __init__(self, path: Path | None = None) -> None:
        self._lines = None if path is None else Lines(path)
        self._rounds: dict[str, int] = {}
        self.last = 0
        if self._lines is not None:
            self._lines.mend()  # a crash while it was written: nobody has seen that round
            self._read(self._lines)

    @property
    def rounds(self) -> Mapping[str, int]:
        """The round of every text, in the order they were proposed."""
        return self._rounds

    def add(self, texts: Sequence[str]) -> int:
        """Remember another round, on disk before anybody hears of it, and return its number."""
        number = self.last + 1
        if self._lines is not None:
            self._lines.add([{"round": number, "asked": list(texts)}])
        self._learn(number, texts)
        return number

    def _learn(self, number: int, texts: Sequence[str]) -> None:
        self.last = number
        for text in texts:
            self._rounds.setdefault(text, number)

    def _read(self, lines: Lines) -> None:
        for number, said in enumerate(lines.read(), 1):
            texts = _asked(said, self.last + 1)
            if texts is None:
                raise DataError(f"{lines.path}, line {number}: not what was asked in round {self.last + 1}")
            self._learn(self.last + 1, texts)


def _asked(said: Any, number: int) -> list[str] | None:
    """What was asked in a round, or None where a line does not say it."""
    if not isinstance(said, dict) or type(said.get("round")) is not int or said["round"] != number:
        return None
    texts = said.get("asked")
    return texts if isinstance(texts, list) and all(isinstance(text, str) for text in texts) else None
