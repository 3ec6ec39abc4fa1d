"""Domains, their properties and representations: the scientific side of the house."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TextIO, TypeVar

from sciencegen.core.reading import Places, Reading

if TYPE_CHECKING:  # torch takes a second to import, and a worker that measures items needs none of it
    from torch import Tensor

    from sciencegen.core.protocol import Protocol as Published
    from sciencegen.core.space import Space
    from sciencegen.core.target import Target
    from sciencegen.core.task import Task
from sciencegen.errors import DataError, RequestError, UnknownName

__all__ = [
    *("Bundle", "Candidate", "Curve", "Domain", "Entry", "Filter", "Items"),
    *("Likeness", "Property", "Representation", "Representing", "Standard", "WriteRows"),
]

T = TypeVar("T")
_SAID = 60  # letters of what was typed, which are enough to find it again


@dataclass(frozen=True)
class Property(Generic[T]):
    """Something that can be measured of an item: at once askable, filterable and in every output."""

    measure: Callable[[T], float | str]
    unit: str = ""
    levels: tuple[str, ...] = ()  # empty: a number
    slow: bool = False  # better measured of few items than of many


@dataclass(frozen=True)
class Filter(Generic[T]):
    """A test of items that a user sets with a line of text, such as a pattern or a file, and with numbers."""

    make: Callable[..., Callable[[T], bool]]
    help: str
    numbers: Mapping[str, float] = field(default_factory=dict)  # what `make` takes by name, with the usual values
    picture: Callable[[str], str] | None = None
    """Draws what the text stands for, as SVG."""


Bundle = Callable[[Sequence[tuple[T, Mapping[str, Any]]], Path], None]
"""Writes items with the cells of their rows, all at once, to a file or a folder that it makes."""

WriteRows = Callable[[Iterable[tuple[T, Mapping[str, Any]]], TextIO], int]
"""Writes items with the cells of their rows as text, and says how many there were."""


@dataclass(frozen=True)
class Items(Generic[T]):
    """What a file held: the items, and the columns beside them."""

    items: Sequence[T]
    columns: Mapping[str, Sequence[float | str | None]] = field(default_factory=dict)
    reading: Reading | None = None
    """What became of the file's rows, where some may be left out."""
    places: Places | None = None
    """Where the items stand in the file, where that is known."""

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A row of a file: its number, counted from 1, what it says, and the item it stands for or why there is none."""

    row: int
    text: str
    item: T | None = None
    complaint: str = ""
    cells: Mapping[str, float | str | None] = field(default_factory=dict)
    """What stands in the other columns of the row."""


@dataclass(frozen=True)
class Curve:
    """A function measured of many items: where, and the values of a low, a middle and a high one of them there."""

    where: Sequence[float]
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Standard(Generic[T]):
    """An item as a register knows it: its parent, and a key that is the same for equal parents however written."""

    item: T
    key: str


class Likeness(ABC):
    """How alike some items are, from 0 to 1, one item to all of them at a time."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def to(self, index: int) -> Tensor:
        """How alike each item is to the one at `index`: [n]."""


class Representation(ABC, Generic[T]):
    """Items to tensors of one space, and back. Its state is plain values, so it can be written as JSON."""

    @classmethod
    @abstractmethod
    def fit(cls, items: Sequence[T]) -> Self:
        """Learn from the data what the representation needs to know."""

    @classmethod
    def outside(cls, items: Sequence[T]) -> Mapping[int, str]:
        """The items that cannot be represented, by position, and why not; what is before a colon is counted."""
        return {}

    @classmethod
    def recalled(cls, state: Mapping[str, Any]) -> type[Self]:
        """What represents items as a model does whose representation has this state: no file is read again for it."""
        return cls

    @classmethod
    def remarks(cls, representation: Representation[T], items: Sequence[T]) -> Sequence[str]:
        """What a person should know before a representation is trained with; one that cannot be trusted is refused."""
        return ()

    def extended(self, items: Sequence[T]) -> Self:
        """The representation with room for more items, where it can be given; what was learned stays."""
        return self

    @property
    @abstractmethod
    def space(self) -> Space:
        """The space the tensors lie in."""

    @property
    @abstractmethod
    def log_volume(self) -> float:
        """What to add to a log-density of tensors to have the log-density of items; 0 where items are discrete."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain values from which the constructor makes the same representation."""

    @abstractmethod
    def encode(self, items: Sequence[T]) -> Tensor:
        """Tensors of the items."""

    def spelled(self, items: Sequence[T], seed: int) -> Tensor:
        """Tensors of the items written in another way, where there are several."""
        return self.encode(items)

    def begun(self, named: str) -> Tensor:
        """The row of what a sample begins with, or of nothing for an empty text."""
        raise RequestError(f"{named}: this model's samples cannot be begun by a user")

    def holds(self, named: str) -> Callable[[T], bool]:
        """Says of items whether they hold what they were to begin with."""
        return lambda item: True

    @abstractmethod
    def decode(self, x: Tensor) -> list[T | None]:
        """Items of the tensors; None for "no valid item"."""

    def plain(self, x: Tensor) -> Sequence[Any]:
        """The rows as plain values that another process can make items of; quick, where making items is not."""
        return list(x.cpu().numpy())

    def reader(self) -> Callable[[Any], T | None]:
        """What makes an item of a plain row; another process imports it, so the less it needs the better."""
        return self._decoded

    def _decoded(self, row: Any) -> T | None:
        import torch

        return self.decode(torch.from_numpy(row)[None])[0]


class Representing(Protocol[T]):
    """What a recipe represents items by: a class of representations, or something that knows what to fit one with."""

    def __call__(self, *args: Any, **state: Any) -> Representation[T]:
        """The representation of plain values."""

    def fit(self, items: Sequence[T]) -> Representation[T]:
        """Learn from the data what the representation needs to know."""

    def outside(self, items: Sequence[T]) -> Mapping[int, str]:
        """The items that cannot be represented, by position, and why not; what is before a colon is counted."""

    def recalled(self, state: Mapping[str, Any]) -> Representing[T]:
        """What represents items as a model does whose representation has this state: no file is read again for it."""

    def remarks(self, representation: Any, items: Sequence[T]) -> Sequence[str]:
        """What a person should know before a representation is trained with; one that cannot be trusted is refused."""


class Domain(ABC, Generic[T]):
    """What is known of a kind of items: how to read, name, measure, compare, draw and write them."""

    name: str
    distinct: bool
    """Whether a user wants each item once, rather than as often as the model draws it."""
    properties: Mapping[str, Property[T]]
    laborious: bool = False
    """Whether decoding and measuring an item take long enough to be worth other processes."""
    density: Target | None = None
    """What items are to be distributed as, where that is known up to a constant."""
    together: int = 1
    """How many items are measured at a time, where that is quicker than one by one."""
    portable: bool = True
    """Whether another process can be told of it, to decode and measure there."""
    usual: tuple[str, ...] | None = None
    """The properties measured where a user names none; all of them where this is None."""
    filters: Mapping[str, Filter[T]] = MappingProxyType({})
    formats: Mapping[str, WriteRows[T]] = MappingProxyType({})
    """Formats of the domain's own, beside tables, by the suffix of their files."""
    bundles: Mapping[str, Bundle[T]] = MappingProxyType({})
    """Formats that are written whole and are no text, by the suffix of their files; nothing stands for a folder."""
    column: str = "text"
    """The column of a table that holds items as text."""
    key: str = "key"
    """The column of a table that holds what registers know items by."""
    pictures: tuple[str, ...] = (".png",)
    most_pictured: int = 100_000
    alerts: Mapping[str, Callable[[T], str]] = MappingProxyType({})
    """Published catalogues of suspicious items, by name: what an item is listed for, or nothing."""
    tasks: Mapping[str, Task[T]] = MappingProxyType({})
    """Published problems of optimisation, by name."""

    @property
    def protocols(self) -> Mapping[str, Published[T]]:
        """Published ways to judge what a model draws, by name."""
        return {}

    @abstractmethod
    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[T]:
        """The items of a file or a folder, and the columns beside them; columns named in `beside` are no part of the
        items."""

    def reading(self, **options: str) -> Self:
        """The domain, reading files in the way these options say."""
        for name in options:
            raise UnknownName(f"reading option of {self.name}", name, ())
        return self

    def recalled(self, state: Mapping[str, Any]) -> Self:
        """The domain of a model whose representation has this state: no file it was made with is read again."""
        return self

    def entries(self, path: Path, column: str = "") -> Sequence[Entry[T]]:
        """The rows of a file, or the lines of standard input for `-`; those that hold no item are among them."""
        if column:
            raise RequestError(f"column {column}: files of {self.name} have no column of items")
        if path == Path("-"):
            found = [(text, self.parse(text)) for text in sys.stdin.read().split()]
        else:
            found = [(self.text(item), item) for item in self.read(path).items]
        return [Entry(i, text, item, "" if item is not None else "no item") for i, (text, item) in enumerate(found, 1)]

    def rows(self, path: Path, column: str = "") -> Iterator[Entry[T]]:
        """The rows of a file, one at a time, before they are read as items: what `entry` takes, and the cells beside
        it; rows that cannot be taken apart have a complaint."""
        return (replace(entry, item=None) for entry in self.entries(path, column))

    def mask(self, path: Path) -> Tensor:
        """Which pixels a file marks, where items have pixels: booleans [*sides]."""
        raise RequestError(f"{path}: items of {self.name} have no pixels that could be marked")

    @abstractmethod
    def write(self, items: Iterable[T], path: Path) -> None:
        """Write items so that `read` finds them again."""

    @abstractmethod
    def parse(self, text: str) -> T | None:
        """The item a line of text stands for, or None."""

    @abstractmethod
    def text(self, item: T) -> str:
        """A line of text that stands for the item, the same for equal items."""

    @abstractmethod
    def row(self, item: T) -> Mapping[str, float | str]:
        """The item as cells of a table."""

    @abstractmethod
    def draw(self, items: Sequence[T], path: Path) -> None:
        """A picture of some items."""

    def captioned(self, items: Sequence[T], captions: Sequence[str], path: Path) -> None:
        """A picture of some items with a caption under each, where the domain's pictures have room for words."""
        self.draw(items, path)

    def given(self, named: str | Path, representation: Representation[T]) -> T:
        """The item someone names by its text, or by a file that holds it alone; `representation` is what will
        represent it, for files that could be read in several ways."""
        item = None if isinstance(named, Path) else self.parse(named)
        if item is not None:
            return item
        found = self.read(self.named_file(named)).items
        if len(found) != 1:
            raise DataError(f"{named}: holds {len(found):,} {self.name}: expected a file with one")
        return found[0]

    def named_file(self, named: str | Path) -> Path:
        """The file that is named, or a refusal of what names nothing."""
        with suppress(OSError, ValueError):  # too long for a path, or with characters none can have
            if Path(named).exists():
                return Path(named)
        said = str(named) if len(str(named)) <= _SAID else f"{str(named)[:_SAID]}..."
        raise DataError(f"{said}: neither a file nor one of {self.name} as text")

    def entry(self, row: int, text: str) -> Entry[T]:
        """What a row that says this stands for, read as the domain reads files."""
        item = self.parse(text)
        return Entry(row, text, item, "" if item is not None else f"not one of {self.name}")

    def standard(self, item: T) -> Standard[T]:
        """The item as a register knows it."""
        return Standard(item, self.text(item))

    def likeness(self, items: Sequence[T]) -> Likeness:
        """How alike the items are: what a diverse choice is made by."""
        raise RequestError(f"the domain {self.name} does not know how alike its items are: they cannot be picked from")

    def group(self, item: T) -> str:
        """The series an item belongs to, of which a choice may hold a quota; nothing where there are no series."""
        return ""

    def coordinates(self, items: Sequence[T]) -> Tensor:
        """The numbers of items, in the order of the density they have: [n, d], in double precision."""
        raise RequestError(f"items of {self.name} have no coordinates")

    def gaps(self, item: T) -> Sequence[bool]:
        """Which cells of an item's row are not known; nothing where all of every item are."""
        return ()

    def svg(self, item: T) -> str:
        """A picture of one item as SVG text; nothing where there is none."""
        return ""

    def measure(self, items: Sequence[T], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        """Properties of many items, by name; None or NaN where one could not be measured."""
        rows = [[self.properties[name].measure(item) for name in names] for item in items] if names else []
        return {name: [row[i] for row in rows] for i, name in enumerate(names)}

    def curves(self, items: Sequence[T]) -> Mapping[str, Curve]:
        """Functions that items are judged by, where there are some: their middle, and between which nine of ten lie."""
        return {}

    def comparable(self, items: Sequence[T], like: T) -> Sequence[T]:
        """Items as they can be compared with one that is like `like`: themselves, or the parts of them it shows."""
        return items

    @abstractmethod
    def compare(self, ours: Sequence[T], theirs: Sequence[T]) -> dict[str, float]:
        """How far two sets of items are apart, under names a user of the domain knows."""


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """An item that was generated, or read from a supplier's file, with what is known of it."""

    item: T
    text: str
    properties: Mapping[str, float | str] = field(default_factory=dict)
    log_prob: float | None = None
    removed_logmass: float | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def with_properties(self, names: Iterable[str]) -> Candidate[T]:
        """The same with these properties in this order, an empty text where one could not be measured."""
        return replace(self, properties={name: self.properties.get(name, "") for name in names})

    @property
    def cells(self) -> dict[str, float | str]:
        """What is known of it as cells of a table, without the digits that only say how numbers are stored; an empty
        text where a number could not be had."""
        known: dict[str, float | str] = dict(self.properties)
        if self.removed_logmass is not None:
            known["removed_logmass"] = self.removed_logmass
        return {name: value if isinstance(value, str) else _cell(value) for name, value in known.items()}


def _cell(value: float) -> float | str:
    return "" if value != value else float(f"{value:.6g}")  # NaN alone differs from itself
