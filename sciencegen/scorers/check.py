"""Trying a scorer out before a run: what works, what does not, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sciencegen.errors import RequestError, ScorerFailed
from sciencegen.scorers.contract import Answer, Question
from sciencegen.scorers.scorer import Asked, Scorer

__all__ = ["NONSENSE", "Finding", "check"]

NONSENSE = "?this-is-no-item?"
_LENGTHS = (1, 3, 10)
Verdict = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What came of one check, in plain words."""

    verdict: Verdict
    """Whether a scorer may be used all the same: not where something is wrong."""
    what: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:<8}{self.what}" + (f": {self.said}" if self.said else "")


def check(scorer: Scorer, texts: Sequence[str]) -> Iterator[Finding]:
    """Try a scorer on different items of a kind it is meant for, 10 of them at best, and say what is found."""
    if not texts:
        raise RequestError(f"scorer {scorer.name}: nothing to try it on: expected items")
    questions = tuple(Question(f"item-{i}", text) for i, text in enumerate(dict.fromkeys(texts), 1))[: _LENGTHS[-1]]
    try:
        first = scorer.ask(questions[:1])
    except ScorerFailed as error:
        yield Finding("wrong", "starts", str(error))
        return
    yield _started(scorer, first)
    if first.ran.reason:
        return
    whole = first
    for n in _sizes(len(questions)):
        whole = first if n == 1 else scorer.ask(questions[:n])
        yield _read(whole, n)
        if whole.reason:
            yield Finding("warning", "other checks", "left out until this is mended")
            return
    yield from _numbers(questions, whole.answers)
    again = scorer.ask(questions)
    yield _repeated(questions, whole, again)
    steady = not again.reason and not _differing(questions, whole.answers, again.answers)
    yield _mixed(scorer, questions, whole, steady)
    yield _nothing(scorer)
    yield _nonsense(scorer, questions, whole, steady)
    yield _speed(scorer, first, whole)


def _sizes(count: int) -> list[int]:
    """Of how many items answers are counted; of all of them at last."""
    return [*(n for n in _LENGTHS if n < count), count]


def _started(scorer: Scorer, first: Asked) -> Finding:
    ran = first.ran
    if not ran.reason:
        return Finding("ok", "starts", f"1 item in {ran.seconds:.2f} s")
    lines = [line.strip() for line in ran.err.splitlines() if line.strip()][-5:]
    told = f"; it said: {' | '.join(lines)}" if lines else "; it said nothing on standard error"
    advice = ": a longer --timeout, or a faster command" if ran.reason.startswith("timed out") else ""
    return Finding("wrong", "starts", f"{ran.reason}{advice}{told} ({scorer.said})")


def _read(asked: Asked, count: int) -> Finding:
    """Whether so many items have so many answers."""
    what = f"answers {count} item{'s' if count > 1 else ''}"
    if not asked.reason:
        return Finding("ok", what)
    return Finding("wrong", what, asked.reason + _advice(asked.reason))


def _advice(reason: str) -> str:
    for part, advice in (
        ("JSON alone", "print the payload alone to standard output, and messages to standard error"),
        ("not CSV", "print the table alone to standard output, and messages to standard error"),
        ("the column id", "print the table alone, its header first, and messages to standard error"),
        (
            "gave nothing",
            "print the answer to standard output before the end, and end with an exit code where it fails",
        ),
        ("result", "give one value for each item, in their order, and null where there is none"),
        ("number was expected", "give numbers, text, or null where there is none"),
    ):
        if part in reason:
            return f"; {advice}"
    return ""


def _numbers(questions: Sequence[Question], answers: Sequence[Answer]) -> Iterator[Finding]:
    """What stands in each column."""
    useful = False
    for name in answers[0].values:
        values = [answer.values[name] for answer in answers]
        numbers = [value for value in values if isinstance(value, float)]
        texts = [value for value in values if isinstance(value, str)]
        infinite = sum(name in answer.infinite for answer in answers)
        useful |= bool(numbers or texts)
        what = f"column {name}"
        number_like = [text for text in texts if _is_number(text)]
        if number_like:
            yield Finding("wrong", what, f"gave the text {number_like[0]!r}: give numbers without quotes")
        elif numbers and texts:
            yield Finding("wrong", what, f"gave numbers and text ({texts[0]!r}): give null where there is no number")
        elif infinite:
            yield Finding("warning", what, f"gave infinity for {infinite} of {len(values)}, which counts as missing")
        elif not numbers and not texts:
            yield Finding("warning", what, f"gave nothing for {len(values)} items of {len(values)}")
        elif len(numbers) > 1 and len(set(numbers)) == 1:
            yield Finding(
                "warning", what, f"gave {numbers[0]:g} for every item: if that stands for failures, give null"
            )
        else:
            said = f"{min(numbers):g} to {max(numbers):g}" if numbers else f"text, such as {texts[0]!r}"
            yield Finding("ok", what, f"{said}, {values.count(None)} of {len(values)} missing")
    if not useful:
        yield Finding("wrong", "gives something", f"nothing at all for any of {len(questions)} items")


def _repeated(questions: Sequence[Question], whole: Asked, again: Asked) -> Finding:
    what = "same answers when asked again"
    if again.reason:
        return Finding("wrong", what, again.reason)
    differing = _differing(questions, whole.answers, again.answers)
    if differing:
        return Finding("warning", what, f"{differing}: the first answer is kept; fix its random seed if there is one")
    return Finding("ok", what)


def _mixed(scorer: Scorer, questions: tuple[Question, ...], whole: Asked, steady: bool) -> Finding:
    """Whether answers depend on anything but the item."""
    what = "same answers in another order and in another batch"
    mixed = questions[::-2]
    asked = scorer.ask(mixed)
    if asked.reason:
        return Finding("wrong", what, asked.reason)
    before = dict(zip(questions, whole.answers, strict=True))
    differing = _differing(mixed, [before[question] for question in mixed], asked.answers)
    if differing and steady:
        said = f"{differing}: an answer must depend on its item alone, and stand in its item's place"
        return Finding("wrong", what, said)
    if differing:
        return Finding("warning", what, "cannot be told of answers that change")
    return Finding("ok", what)


def _differing(questions: Sequence[Question], before: Sequence[Answer], after: Sequence[Answer]) -> str:
    """The first answer that is not what it was."""
    for question, one, other in zip(questions, before, after, strict=True):
        for name in {**one.values, **other.values}:
            was, is_ = one.values.get(name), other.values.get(name)
            if not _same(was, is_):
                return f"{name} of {question.text} was {_said(was)} and is {_said(is_)}"
    return ""


def _same(one: float | str | None, other: float | str | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return one == other


def _said(value: float | str | None) -> str:
    return "missing" if value is None else repr(value)


def _nothing(scorer: Scorer) -> Finding:
    """Empty input, which a run never gives: a command that cannot bear it is only worth a warning."""
    asked = scorer.ask(())
    if asked.ran.reason:
        return Finding("warning", "empty input", f"{asked.ran.reason}; a run never asks about nothing")
    return Finding("ok", "empty input")


def _nonsense(scorer: Scorer, questions: tuple[Question, ...], whole: Asked, steady: bool) -> Finding:
    """Whether an item that is none spoils the answers of the others."""
    what = "a text that is no item"
    middle = len(questions) // 2
    asked = scorer.ask((*questions[:middle], Question("nonsense", NONSENSE), *questions[middle:]))
    if asked.reason:
        said = f"the whole batch had no answer ({asked.reason}): give null for it; else batches are asked in parts"
        return Finding("warning", what, said)
    others = [*asked.answers[:middle], *asked.answers[middle + 1 :]]
    differing = _differing(questions, whole.answers, others)
    if differing and steady:
        return Finding("wrong", what, f"changes the answers of others: {differing}")
    given = {name: value for name, value in asked.answers[middle].values.items() if value is not None}
    if given:
        name, value = next(iter(given.items()))
        return Finding("warning", what, f"has {name} = {value!r}: give null where there is no answer")
    return Finding("ok", what, "is missing, and the others have their answers")


def _speed(scorer: Scorer, first: Asked, whole: Asked) -> Finding:
    """How long items take beside the start, and whether a batch fits in its time."""
    more = len(whole.answers) - 1
    each = max(whole.ran.seconds - first.ran.seconds, 0.0) / more if more else whole.ran.seconds
    start = max(first.ran.seconds - each, 0.0) if more else 0.0
    batch = start + scorer.batch * each
    said = f"{start:.2f} s to start, {each:.3g} s an item, {batch:.3g} s a batch of {scorer.batch:,}"
    if batch > scorer.timeout / 2:
        return Finding(
            "warning", "time", f"{said}, of {scorer.timeout:g} s allowed: make batches smaller or allow more"
        )
    return Finding("ok", "time", said)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
