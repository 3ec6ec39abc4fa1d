"""The journal of a run: one line for each step written down, as JSON lines or CSV, and TensorBoard where asked for."""

from __future__ import annotations

import csv
import io
import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic, writing
from sciencegen.errors import CheckpointError, RequestError
from sciencegen.train.run import Progress

__all__ = ["Journal", "require_tensorboard"]


class Journal:
    """Appends what happened; a run taken up again first forgets lines beyond the step it goes on from."""

    def __init__(self, path: Path, resumed_at: int = 0, tensorboard: bool = False) -> None:
        self.path = path
        kept = [line for line in _lines(path) if int(line["step"]) <= resumed_at] if resumed_at else []
        with atomic(path) as temporary:
            text = "".join(self._line(line, first=i == 0) for i, line in enumerate(kept))
            temporary.write_text(text, encoding="utf-8", newline="\n")
        self._empty, self._board = not kept, _board(path.parent, resumed_at) if tensorboard else None

    def add(self, progress: Progress) -> None:
        """Write down one step."""
        record = {
            "step": progress.step,
            "epoch": round(progress.epoch, 4),
            **progress.losses,
            **progress.report,
            "validation": progress.validation,
            "rate": progress.rate,
            "skipped": progress.skipped,
        }
        plain = {name: value if value is None or math.isfinite(value) else None for name, value in record.items()}
        with writing(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(self._line(plain, first=self._empty))
        self._empty = False
        if self._board is not None:
            for name, value in plain.items():
                if value is not None and name not in ("step", "epoch"):
                    self._board.add_scalar(name, value, progress.step)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def _line(self, record: dict[str, Any], first: bool) -> str:
        if self.path.suffix == ".jsonl":
            return json.dumps(record) + "\n"
        text = io.StringIO()
        writer = csv.DictWriter(text, list(record), lineterminator="\n")
        if first:
            writer.writeheader()
        writer.writerow(record)
        return text.getvalue()


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal; a last line cut short by a crash is left out."""
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        table = csv.DictReader(io.StringIO(whole))
        lines = list(table) if path.suffix == ".csv" else [json.loads(line) for line in whole.splitlines()]
    except (csv.Error, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged ({error}): move it away to go on without it") from error
    for number, line in enumerate(lines, 1):
        if not isinstance(line, dict) or not str(line.get("step")).isdecimal():
            raise CheckpointError(f"{path} is no journal of ours (entry {number}): move it away to go on without it")
    return lines


def require_tensorboard() -> None:
    """Refuse early where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        raise RequestError("--tensorboard needs the extra: pip install 'sciencegen[tensorboard]'")


def _board(folder: Path, resumed_at: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=resumed_at + 1)
