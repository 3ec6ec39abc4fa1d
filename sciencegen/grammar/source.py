"""Reading .lark files: what Lark says of a grammar, said to the person who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sciencegen.errors import DataError, UnknownName

__all__ = ["Source", "parser_of", "source_of"]

_SUFFIX = ".lark"


@dataclass(frozen=True)
class Source:
    """The text of a grammar, and what it is called."""

    name: str
    text: str


def source_of(name: str | Path) -> Source:
    """A .lark file, or a grammar that is shipped, by name."""
    path = Path(name)
    if not path.exists() and path.name == str(name):
        shipped = {found.stem: found for found in sorted(_folder().glob(f"*{_SUFFIX}"))}
        stem = path.stem if path.suffix == _SUFFIX else str(name)
        if stem not in shipped:
            raise UnknownName("grammar", str(name), shipped)
        path = shipped[stem]
    try:
        return Source(path.name, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{name}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: cannot be read as text: {error}") from error


@cache
def _folder() -> Path:
    """Where the shipped grammars lie: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    return next((path for path in (package / "grammars", package.parent / "grammars") if path.is_dir()), package)


def parser_of(source: Source) -> Any:
    """Lark's LALR(1) parser of a grammar; conflicts, terminals that collide and dead rules are refused."""
    from lark import Lark
    from lark.exceptions import GrammarError, LarkError, UnexpectedInput

    name = source.name
    try:
        lark = Lark(source.text, parser="lalr", strict=True, keep_all_tokens=True, maybe_placeholders=False)
    except UnexpectedInput as error:
        said = str(error).splitlines()[0]
        raise DataError(f"{name}, line {error.line}, column {error.column}: {said}") from error
    except GrammarError as error:
        raise DataError(f"{name}: {_conflict(str(error))}") from error
    except LarkError as error:
        raise DataError(f"{name}: {' '.join(str(error).split())}") from error
    dead = _dead(source, lark)
    if dead:
        raise DataError(
            f"{name}: {', '.join(dead)} cannot be reached from start: take {_it(dead)} out, or use {_it(dead)}"
        )
    return lark


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _conflict(said: str) -> str:
    """What Lark says of a grammar that one token of lookahead cannot decide, in a line."""
    flat = " ".join(said.split())
    if flat == "Using an undefined rule: NonTerminal('start')":
        return "no rule is called start: that is where sentences begin"
    if "conflict" not in flat.lower() and "collision" not in flat.lower():
        return flat
    return f"it cannot be read from left to right with one token of lookahead: {flat}"


def _dead(source: Source, lark: Any) -> list[str]:
    """The rules of the file that no sentence uses."""
    from lark.load_grammar import load_grammar

    read: Any = load_grammar
    grammar, _ = read(source.text, source.name, [], True)
    used = {rule.origin.name for rule in lark.rules}
    written = [str(getattr(name, "value", name)) for name, parameters, *_ in grammar.rule_defs if not parameters]
    return [name for name in written if name not in used and not name.startswith("_") and "__" not in name]
