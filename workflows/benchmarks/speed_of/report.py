"""What every part of the speed benchmark is given, and how it says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Options", "Target", "say_targets", "table"]


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    quick: bool = False
    repeats: int = 5
    batch: int = 1024
    only: str = ""
    model: str = ""
    wheel: Path | None = None
    million: bool = False


@dataclass(frozen=True)
class Target:
    """A number that was asked for, and what was reached; `most` says that less is better."""

    name: str
    asked: float
    reached: float
    most: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.asked if self.most else self.reached >= self.asked

    def plain(self) -> dict[str, object]:
        """The same as plain values."""
        return {"name": self.name, "asked": self.asked, "most": self.most, "reached": self.reached, "met": self.met}


def table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a Markdown table, a cell without a value as a dash."""
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(_cell(row.get(name)) for name in columns)} |", flush=True)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def say_targets(targets: Sequence[Target]) -> None:
    """Print what was asked for beside what was reached."""
    rows = [
        {
            "target": one.name,
            "asked": f"{'at most' if one.most else 'at least'} {one.asked:,g}",
            "reached": one.reached,
            "met": "yes" if one.met else "no",
        }
        for one in targets
    ]
    if rows:
        table(("target", "asked", "reached", "met"), rows)
