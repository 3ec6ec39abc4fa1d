"""Numbers of items from a scorer, batch by batch, whatever single items do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sciencegen.errors import ScorerFailed
from sciencegen.scorers.contract import Answer, Question, unaskable
from sciencegen.scorers.remember import Memory
from sciencegen.scorers.scorer import Asked, Scorer

__all__ = ["Scored", "scored"]

_PARTS = 4
"""Into how many a failing batch is split: in half, an item that hangs would be waited for twice as often."""
_DOUBT = 3
"""After so many failures of single items in a row it is asked whether the scorer works at all."""
_LINES = 5
Ask = Callable[[tuple[Question, ...]], Asked]


@dataclass(frozen=True)
class Scored:
    """What is known of an item: cells by the name of their column, or why there are none."""

    values: Mapping[str, float | str | None]
    reason: str = ""
    """Why no cell holds anything; nothing where one does."""
    infinite: tuple[str, ...] = ()
    """The columns where infinity was given; they are missing."""


def scored(
    scorer: Scorer, texts: Sequence[str], keys: Sequence[str], cache: Path | None = None, ask: Ask | None = None
) -> Iterator[Scored]:
    """What a scorer says of each text, in their order; equal keys are equal items, and asked about once.

    What is in the folder `cache` is not asked again, and answers are kept there; crashes are not. A batch that fails is
    tried again and then in parts, down to the items at fault. A scorer that fails on everything is `ScorerFailed`.
    """
    memory = Memory(cache, scorer)
    unanswered = {key: reason for text, key in zip(texts, keys, strict=True) if (reason := unaskable(text))}
    open_: dict[str, Question] = {}
    for text, key in zip(texts, keys, strict=True):
        if key not in memory and key not in unanswered:
            open_.setdefault(key, Question(key, text))
    examiner = _Examiner(scorer, memory, ask or scorer.ask)
    for key in keys:
        while key in open_:
            batch = tuple(islice(open_.values(), scorer.batch))
            unanswered |= examiner.examine(batch)
            for question in batch:
                del open_[question.key]
        yield Scored({}, unanswered[key]) if key in unanswered else _scored(scorer, memory[key])


def _scored(scorer: Scorer, answer: Answer) -> Scored:
    values = {f"pred_{scorer.name}_{name}": value for name, value in answer.values.items()}
    infinite = tuple(f"pred_{scorer.name}_{name}" for name in answer.infinite)
    if any(value is not None for value in values.values()):
        return Scored(values, "", infinite)
    return Scored(values, "gave infinity" if infinite else "gave no number", infinite)


class _Examiner:
    """Asks a scorer, finds the items it fails on, and doubts the scorer itself in time."""

    def __init__(self, scorer: Scorer, memory: Memory, ask: Ask) -> None:
        self._scorer, self._memory, self._ask = scorer, memory, ask
        self._control: Question | None = None  # one that it has answered
        self._failures = 0  # of single items in a row

    def examine(self, batch: tuple[Question, ...]) -> dict[str, str]:
        """Ask about a batch, and say which items it has no answer for and why, by their keys."""
        asked = self._asked(batch, 1 + self._scorer.retries)
        if not asked.reason:
            return {}
        if len(batch) == 1:
            return self._failed(batch[0], asked)
        if self._control is None:
            self._probe(batch)
        return self._parts(batch)

    def _parts(self, batch: tuple[Question, ...]) -> dict[str, str]:
        """What becomes of the parts of a batch that failed."""
        reasons: dict[str, str] = {}
        batch = tuple(question for question in batch if question.key not in self._memory)  # a probe may know it
        for part in filter(None, (batch[i::_PARTS] for i in range(_PARTS))):
            asked = self._asked(part, 1 + self._scorer.retries if len(part) == 1 else 1)
            if asked.reason:
                reasons |= self._failed(part[0], asked) if len(part) == 1 else self._parts(part)
        return reasons

    def _asked(self, questions: tuple[Question, ...], tries: int) -> Asked:
        """Ask until there are answers, and keep them."""
        for _ in range(tries):
            asked = self._ask(questions)
            if not asked.reason:
                pairs = zip((question.key for question in questions), asked.answers, strict=True)
                self._memory.learn(pairs)
                self._control, self._failures = questions[0], 0
                break
        return asked

    def _probe(self, batch: tuple[Question, ...]) -> None:
        """Find out at little cost whether a scorer that has never answered anything answers anything."""
        last = len(batch) - 1
        for place in sorted({0, last // 2, last}):
            asked = self._asked((batch[place],), 1)
            if not asked.reason:
                return
        if last > 1:
            raise self._broken(asked)

    def _failed(self, question: Question, asked: Asked) -> dict[str, str]:
        """Mark an item, unless it is the scorer that is at fault."""
        self._failures += 1
        if self._failures >= _DOUBT:
            if self._control is None:
                raise self._broken(asked)
            control = self._asked((self._control,), 1 + self._scorer.retries)
            if control.reason:
                raise self._broken(control)
        return {question.key: asked.reason}

    def _broken(self, asked: Asked) -> ScorerFailed:
        lines = [line.strip() for line in asked.ran.err.splitlines() if line.strip()][-_LINES:]
        code = asked.ran.code
        told = f" (exit code {code})" if code is not None and code >= 0 and "exit code" not in asked.reason else ""
        said = f"; it said: {' | '.join(lines)[-800:]}" if lines else "; it said nothing on standard error"
        since = "fails on everything" if self._control is None else "answers nothing any more"
        return ScorerFailed(f"scorer {self._scorer.name}: {self._scorer.said} {since}: {asked.reason}{told}{said}")
