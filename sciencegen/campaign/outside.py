"""What external scorers say of the rows of a campaign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

from sciencegen.campaign.config import Score
from sciencegen.campaign.folder import RunFolder
from sciencegen.campaign.plan import Plan
from sciencegen.core.domain import Domain
from sciencegen.errors import SciencegenError
from sciencegen.scorers.scorer import Scorer
from sciencegen.scorers.scoring import Scored
from sciencegen.scorers.scoring import scored as asked

__all__ = ["scored", "scorer_in"]


def scorer_in(score: Score, home: Path, column: str) -> Scorer:
    """The scorer that a config in the folder `home` describes."""
    return Scorer(
        score.name,
        tuple(score.command),
        score.contract,
        score.batch,
        score.timeout,
        score.retries,
        score.memory,
        score.version,
        home,
        column,
    )


def scored(
    score: Score, rows: Sequence[dict[str, Any]], plan: Plan, folder: RunFolder, together: int = 1
) -> Iterator[dict[str, Any]]:
    """The cells a scorer adds to each row, and why there are none, in the order of the rows.

    `together`: how many of its processes run at once.
    """
    scorer, cache = scorer_in(score, plan.home, plan.domain.column), folder.path / "answers"
    count = max(1, min(together, len(rows)))
    parts = [_Part(scorer, rows[i::count], plan.domain, cache) for i in range(count)]
    for part in parts:
        part.start()
    answers = [part.ended() for part in parts]
    for i, row in enumerate(rows):
        answer = answers[i % len(parts)][i // len(parts)]
        cells = {name: value for name, value in answer.values.items() if name not in answer.infinite}
        said = {"cells": cells | dict.fromkeys(answer.infinite), "reason": answer.reason}
        yield {"number": row["number"], **said, **({"infinite": list(answer.infinite)} if answer.infinite else {})}


class _Part(Thread):
    """Some of the rows, asked about beside others; it ends with its process, whatever the scorer is doing."""

    def __init__(self, scorer: Scorer, rows: Sequence[dict[str, Any]], domain: Domain[Any], cache: Path) -> None:
        super().__init__(daemon=True)
        self._scorer, self._cache = scorer, cache
        self._texts = [row[f"parent_{domain.column}"] for row in rows]
        self._keys = [row[domain.key] for row in rows]
        self._answers: list[Scored] = []
        self._error: SciencegenError | None = None

    def run(self) -> None:
        try:
            self._answers = list(asked(self._scorer, self._texts, self._keys, self._cache))
        except SciencegenError as error:
            self._error = error

    def ended(self) -> list[Scored]:
        """What the scorer said, when it has said it all."""
        while self.is_alive():
            self.join(1.0)  # some systems deliver an interrupt only between waits
        if self._error is not None:
            raise self._error
        return self._answers
