"""What became of the rows of a file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

__all__ = ["Example", "Places", "Reading"]

_SHOWN = 60
_NAMED = 3


@dataclass(frozen=True)
class Example:
    """A row that was left out: its number, counted from 1, its line in the file, its text and the reason."""

    row: int
    line: int
    text: str
    reason: str

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}..."
        return f"row {self.row} (line {self.line}): {shown!r}: {self.reason}"


@dataclass(frozen=True)
class Places:
    """Where the items of a file stand: the row of each, counted from 1, and its line."""

    rows: array[int]
    lines: array[int]

    @classmethod
    def of(cls, rows: Sequence[int], lines: Sequence[int]) -> Self:
        """The places of items in order, few bytes each."""
        return cls(array("q", rows), array("q", lines))


@dataclass(frozen=True)
class Reading:
    """How many rows a file had, how many items they gave, and why the others gave none."""

    file: str
    column: str
    rows: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)  # by reason, the commonest first
    examples: Sequence[Example] = ()  # the first few of each reason
    changed: Mapping[str, int] = field(default_factory=dict)  # by what was done to the items
    duplicates: int = 0

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        said = [f"{self.file}: {self.kept:,} of {self.rows:,} rows read, from {self.column}"]
        if self.dropped:
            counts = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items())
            said += [f"left out {sum(self.dropped.values()):,}: {counts}", *(f"  {one}" for one in self.examples)]
        said += [f"{count:,} {what}" for what, count in self.changed.items()]
        if self.duplicates:
            said.append(f"{self.duplicates:,} are there already in another row")
        return said

    def without(self, lost: Sequence[Example], duplicates: int) -> Reading:
        """The report when more rows are left out; they are counted by what their reasons begin with."""
        reasons = [one.reason.partition(":")[0] for one in lost]
        counts = Counter(dict(self.dropped)) + Counter(reasons)
        seen: Counter[str] = Counter()
        named = list(self.examples)
        for one, reason in zip(lost, reasons, strict=True):
            seen[reason] += 1
            if seen[reason] <= _NAMED:
                named.append(one)
        dropped = dict(counts.most_common())
        return replace(self, kept=self.kept - len(lost), dropped=dropped, examples=tuple(named), duplicates=duplicates)

    def record(self) -> dict[str, Any]:
        """The report as plain values."""
        return {**asdict(self), "examples": [asdict(one) for one in self.examples]}
