"""The journal of a run: one line for each step written down, as JSON lines or CSV, and TensorBoard where asked for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic
from sciencegen.errors import RequestError
from sciencegen.train.loop import Progress

__all__ = ["Journal"]


class Journal:
    """Appends what happened; a run taken up again first forgets lines beyond the step it goes on from."""

    def __init__(self, path: Path, resumed_at: int = 0, tensorboard: bool = False) -> None:
        self.path = path
        kept = [line for line in _lines(path) if int(line["step"]) <= resumed_at] if resumed_at else []
        with atomic(path) as temporary:
            temporary.write_text("".join(self._line(line, first=i == 0) for i, line in enumerate(kept)))
        self._empty, self._board = not kept, _board(path.parent) if tensorboard else None

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
        with self.path.open("a") as file:
            file.write(self._line(record, first=self._empty))
        self._empty = False
        if self._board is not None:
            for name, value in record.items():
                if value is not None and name not in ("step", "epoch"):
                    self._board.add_scalar(name, value, progress.step)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def _line(self, record: dict[str, Any], first: bool) -> str:
        if self.path.suffix == ".jsonl":
            return json.dumps(record) + "\n"
        text = io.StringIO()
        writer = csv.DictWriter(text, list(record))
        if first:
            writer.writeheader()
        writer.writerow(record)
        return text.getvalue()


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    """The whole lines of a journal; a last line cut short by a crash is left out."""
    if not path.exists():
        return
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if path.suffix == ".jsonl":
        yield from (json.loads(line) for line in whole.splitlines())
    else:
        yield from csv.DictReader(io.StringIO(whole))


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise RequestError("--tensorboard needs the extra: pip install 'sciencegen[tensorboard]'") from None
    return SummaryWriter(str(folder / "tensorboard"))
