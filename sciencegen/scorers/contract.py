"""How items are given to a command, and how it says what it found: the two contracts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["CONTRACTS", "Answer", "Contract", "Payload", "Question", "Table", "Unreadable", "unaskable"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}", re.ASCII)
_MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", "-nan", "+nan"})


class Unreadable(ValueError):
    """Output that does not keep to the contract."""


@dataclass(frozen=True)
class Question:
    """An item a command is asked about: what it is known by, and its text."""

    key: str
    text: str

    @property
    def id(self) -> str:
        """The key where every program that reads tables takes it for a word; one made of it where some do not."""
        if _WORD.fullmatch(self.key) and self.key.lower() not in _MISSING:
            return self.key
        return f"x{hashlib.sha256(self.key.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


@dataclass(frozen=True)
class Answer:
    """What a command says of an item, by the command's own names; None where it says nothing."""

    values: Mapping[str, float | str | None]
    infinite: tuple[str, ...] = ()
    """The names under which it gave infinity, which is no number."""


class Contract(ABC):
    """A way to ask a command about many items at once."""

    @abstractmethod
    def asked(self, questions: Sequence[Question], column: str) -> bytes:
        """What goes to standard input."""

    @abstractmethod
    def answers(self, questions: Sequence[Question], column: str, out: bytes) -> list[Answer]:
        """What standard output says, in the order of the questions; `Unreadable` where it does not keep to this."""


class Payload(Contract):
    """Texts on lines, answered by {"version": 1, "payload": {"name": [...], ...}}: a value for each line."""

    def asked(self, questions: Sequence[Question], column: str) -> bytes:
        return "".join(f"{question.text}\n" for question in questions).encode()

    def answers(self, questions: Sequence[Question], column: str, out: bytes) -> list[Answer]:
        payload = _payload(_decoded(out))
        for name, values in payload.items():
            if not isinstance(values, list):
                raise Unreadable(f"gave {name} as {_kind(values)} where a list was expected")
            if len(values) != len(questions):
                raise Unreadable(f"gave {_counted(len(values), 'result')} for {len(questions)}")
        rows = [[_value(name, values[i]) for name, values in payload.items()] for i in range(len(questions))]
        return [_answer(dict(zip(payload, row, strict=True))) for row in rows]


class Table(Contract):
    """CSV with the columns id and that of the items, answered by CSV with the same ids and more columns."""

    def asked(self, questions: Sequence[Question], column: str) -> bytes:
        stream = io.StringIO()
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["id", column])
        rows.writerows([question.id, question.text] for question in questions)
        return stream.getvalue().encode()

    def answers(self, questions: Sequence[Question], column: str, out: bytes) -> list[Answer]:
        header, *rows = _rows(_decoded(out))
        twice = [name for name, count in Counter(header).items() if count > 1]
        if twice:
            raise Unreadable(f"gave two columns called {twice[0]}")
        if "id" not in header:
            raise Unreadable(f"gave a table without the column id: {_shown(','.join(header))}")
        names = [name for name in header if name not in ("id", column)]
        if not names:
            raise Unreadable("gave a table without a column of results")
        asked = {question.id for question in questions}
        found: dict[str, Answer] = {}
        for number, cells in enumerate(rows, 1):
            if len(cells) != len(header):
                raise Unreadable(f"gave {_counted(len(cells), 'cell')} for {len(header)} in row {number}")
            row = dict(zip(header, cells, strict=True))
            if row["id"] not in asked:
                raise Unreadable(f"gave the id {_shown(row['id'])}, which was not asked")
            if row["id"] in found:
                raise Unreadable(f"gave the id {_shown(row['id'])} twice")
            found[row["id"]] = _answer({name: _cell(row[name]) for name in names})
        nothing = Answer(dict.fromkeys(names))
        return [found.get(question.id, nothing) for question in questions]


CONTRACTS: Mapping[str, Contract] = MappingProxyType({"json": Payload(), "csv": Table()})


def unaskable(text: str) -> str:
    """Why no command can be asked about a text; nothing where it can."""
    if not text.strip():
        return "has no text"
    if text.splitlines() != [text]:
        return "has a line break in its text"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has a text that is not Unicode"
    return ""


def _decoded(out: bytes) -> str:
    if not out.strip():
        raise Unreadable("gave nothing")
    try:
        return out.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"gave something that is not UTF-8: {_shown(out.decode('utf-8', 'replace'))}") from None


def _payload(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable(f"gave something that is not JSON alone: {_shown(text)}") from None
    if not isinstance(said, dict) or not isinstance(said.get("payload"), dict):
        raise Unreadable(f'gave JSON without "payload": {{...}}: {_shown(text)}')
    if said.get("version", 1) != 1:
        raise Unreadable(f"gave version {said['version']!r} of the contract where 1 was expected")
    payload: dict[str, Any] = said["payload"]
    if not payload:
        raise Unreadable("gave a payload with nothing in it")
    return payload


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise Unreadable(f"gave {twice[0]} twice")
    return dict(pairs)


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Unreadable(f"gave something that is not CSV ({error}): {_shown(text)}") from None


def _answer(values: dict[str, float | str | None]) -> Answer:
    infinite = tuple(name for name, value in values.items() if isinstance(value, float) and math.isinf(value))
    return Answer(values | dict.fromkeys(infinite), infinite)


def _value(name: str, value: Any) -> float | str | None:
    """A value of a list; true and false are 1 and 0, and an integer no float can hold is infinite."""
    match value:
        case None:
            return None
        case str():
            return value or None
        case int() | float():
            try:
                number = float(value)
            except OverflowError:
                return math.inf
            return None if math.isnan(number) else number
    raise Unreadable(f"gave {_kind(value)} in {name} where a number was expected")


def _cell(text: str) -> float | str | None:
    if text.strip().lower() in _MISSING:
        return None
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def _kind(value: Any) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
    return _shown(json.dumps(value))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _shown(text: str) -> str:
    """The beginning of a text."""
    said = " ".join(text.split())
    return repr(said if len(said) <= 60 else f"{said[:60]}...")
