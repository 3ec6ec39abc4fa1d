"""The folder of a campaign: its plan, what its tasks have written, and the lock of the process that drives it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sciencegen.campaign.plan import Plan, read_plan
from sciencegen.core.files import atomic, sweep_folder, writing
from sciencegen.errors import RequestError

__all__ = ["RunFolder", "read_rows", "write_rows"]


class RunFolder:
    """A folder that holds one campaign and refuses another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / "manifest.json"

    @property
    def begun(self) -> bool:
        return self.manifest.exists()

    def plan(self) -> Plan:
        """The plan that was written here."""
        if not self.begun:
            raise RequestError(f"{self.path}: there is no campaign here; start one with sciencegen screen CONFIG --out")
        return read_plan(self.manifest)

    def admit(self, plan: Plan) -> None:
        """Refuse a plan that is not the one begun here."""
        if not self.begun:
            if self.path.exists() and not self.path.is_dir():
                raise RequestError(f"{self.path}: expected a folder, this is a file")
            return
        there = self.plan()
        if there.run != plan.run:
            what = ", ".join(plan.differences(there)[:5])
            raise RequestError(
                f"{self.path}: another campaign was begun here (it differs in {what}); choose a new --out"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Drive the campaign alone: a second process is refused, and the lock ends with its process."""
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / "lock").open("a+", encoding="utf-8")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                owner = file.read().strip() or "another process"
                raise RequestError(f"{self.path}: {owner} is at work here; wait for it, or end it") from None
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
            sweep_folder(self.path)
            yield

    def shard(self, stage: str, number: int) -> Path:
        """The rows that a stage has passed of a shard; they are written last of all that it writes."""
        return self.path / stage / f"{number:05d}.jsonl"

    def left(self, stage: str, number: int) -> Path:
        """The rows that a stage has left out of a shard."""
        return self.path / stage / f"{number:05d}.left.jsonl"

    def note(self, task: str, seconds: float) -> None:
        """Add a line to the record of what was done."""
        line = json.dumps({"task": task, "seconds": round(seconds, 3), "process": os.getpid()}) + "\n"
        with writing(self.path), (self.path / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as JSON lines, whole or not at all, and say how many there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of JSON lines, one at a time."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
