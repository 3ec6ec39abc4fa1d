"""What a screening campaign is to do, as a TOML file says it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sciencegen.errors import RequestError, UnknownName

__all__ = [
    *("Clean", "Combine", "Config", "Desire", "Filters", "Pick"),
    *("Plate", "Report", "Score", "Source", "Unlike", "read_config", "read_scores"),
]

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Table(BaseModel):
    """A table of the file: unknown keys are refused, and nothing is changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Table):
    """Where candidates come from: a model that draws them, or a file."""

    model: str = ""
    draws: Count = 10_000
    where: dict[str, float | str] = {}
    knobs: dict[str, float] = {}
    file: str = ""
    column: str = ""
    id: str = ""
    """The column of the file with its owner's own names."""

    @model_validator(mode="after")
    def _one(self) -> Source:
        if bool(self.model) == bool(self.file):
            raise ValueError("give either model or file")
        return self


class Clean(_Table):
    """How items are read and registered."""

    reading: dict[str, str] = {}
    """Reading options of the domain, such as salts and charges of molecules."""
    longest: Count = 500
    """More characters than this are no candidate."""
    distinct: bool = True
    drop_known: list[str] = []
    """Files, or data sets, whose items are left out."""


class Unlike(_Table):
    """A file whose items candidates must not be like."""

    file: str
    ceiling: Share = 0.6


class Filters(_Table):
    """What candidates must be like; what costs least is tried first."""

    ranges: dict[str, str] = {}
    """A range of a measured property, as --where takes it: 200..500, >=0.5, <=5."""
    reject: list[str] = []
    """Catalogues of alerts that reject."""
    flag: list[str] = []
    """Catalogues of alerts that are written down."""
    contains: list[str] = []
    without: list[str] = []
    unlike: list[Unlike] = []


class Score(_Table):
    """Numbers of candidates: properties the domain measures, or what an external command says of them."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    properties: list[str] = []
    command: list[str] = []
    contract: Literal["json", "csv"] = "json"
    batch: Count = 100
    timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds for a batch."""
    retries: Annotated[int, Field(ge=0)] = 1
    memory: Annotated[float, Field(ge=0)] = 0.0
    """The most memory in GB; 0 for no limit."""
    version: str = ""
    """Part of what the cache knows results by: change it where the command's answers change."""

    @model_validator(mode="after")
    def _one(self) -> Score:
        if bool(self.properties) == bool(self.command):
            raise ValueError("give either properties or a command")
        return self


class Desire(_Table):
    """How desirable a number is, from 0 to 1: along a ramp from `low` to `high`, or around a `target`."""

    low: float | None = None
    """Where desirability is 0; above `high` where small numbers are wanted."""
    high: float | None = None
    """Where it is 1."""
    target: float | None = None
    within: Annotated[float, Field(gt=0)] | None = None
    """How far from the target desirability has gone to 0."""
    weight: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _one(self) -> Desire:
        given = {name for name in ("low", "high", "target", "within") if getattr(self, name) is not None}
        if given not in ({"low", "high"}, {"target", "within"}):
            raise ValueError("give either low and high, or target and within")
        if self.low is not None and self.low == self.high:
            raise ValueError("low and high are the same")
        return self


class Combine(_Table):
    """How several numbers become a rank: the weighted geometric mean of desirabilities, or Pareto fronts of them."""

    method: Literal["mean", "pareto"] = "mean"
    desire: dict[str, Desire] = {}
    """By the column of the number."""


class Pick(_Table):
    """The choice: diverse ones of the best."""

    n: Count = 80
    method: Literal["maxmin", "spheres", "butina", "best"] = "maxmin"
    among: Annotated[int, Field(ge=0)] = 0
    """Only the so many best by score are chosen from; 0 for all."""
    ceiling: Share = 0.65
    """The similarity at which spheres and Butina's clusters end."""
    quota: Annotated[int, Field(ge=0)] = 0
    """At most so many of a series, such as a scaffold; 0 for no limit."""
    must: list[str] = []
    """Items, or files of them, that are chosen whatever they score."""
    ban: list[str] = []


class Plate(_Table):
    """The plates compounds are put on."""

    wells: Literal[96, 384] = 96
    controls: list[int] | None = None
    """Columns left for controls; the usual ones of the plate without it."""
    layout: Literal["rows", "random"] = "rows"
    replicates: Count = 1
    edge: bool = True
    """Whether the outermost wells are used."""
    volume: Annotated[float, Field(gt=0)] = 25.0
    """Nanolitres of every transfer."""
    source_type: str = "384PP_DMSO2"


class Report(_Table):
    """What the report shows beside the funnel."""

    title: str = ""
    shown: Annotated[int, Field(ge=0)] = 60
    neighbours: str = ""
    """A file, or a data set, in which the nearest neighbour of every picked item is looked up."""


class Config(_Table):
    """A campaign."""

    seed: Annotated[int, Field(ge=0)] = 0
    domain: str = "molecules"
    shard: Count = 10_000
    """How many rows are worked on together; the results do not depend on it."""
    source: Source
    clean: Clean = Clean()
    filter: Filters = Filters()
    score: list[Score] = []
    combine: Combine = Combine()
    pick: Pick | None = None
    plate: Plate | None = None
    report: Report = Report()

    @model_validator(mode="after")
    def _whole(self) -> Config:
        names = [one.name for one in self.score]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two scores are called {twice[0]}")
        if self.plate is not None and self.pick is None:
            raise ValueError("a [plate] needs a [pick]")
        return self


def read_config(path: Path) -> Config:
    """The campaign of a TOML file; paths in it are meant from the file's own folder."""
    return _read(Config, path)


def read_scores(path: Path) -> list[Score]:
    """The external scores of a TOML file, which may hold nothing else; none at all is an error."""
    found = [score for score in _read(_Scores, path).score if score.command]
    if not found:
        example = f'name = "own" and command = ["python", "{path.stem}.py"]'
        raise RequestError(f"{path}: there is no command in it: write [[score]] and, in the lines below it, {example}")
    return found


class _Scores(BaseModel):
    """A file with scores in it, and whatever else."""

    score: list[Score] = []


Read = TypeVar("Read", bound=BaseModel)


def _read(kind: type[Read], path: Path) -> Read:
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: not a TOML file: {error}") from error
    except ValidationError as error:
        raise _complaint(kind, path, error) from None


def _complaint(kind: type[BaseModel], path: Path, error: ValidationError) -> RequestError:
    """The first thing that is wrong, in one line."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return UnknownName(f"key of {path}", where, _keys(kind, first["loc"][:-1]))
    said = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    shown = f" = {given!r}" if isinstance(given, (str, int, float)) else ""
    return RequestError(f"{path}: {where}{shown}: {said[:1].lower()}{said[1:]}" if where else f"{path}: {said}")


def _keys(table: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys that may stand where an unknown one does, with the way there."""
    found: Any = table
    for part in loc:
        if part in found.model_fields:  # others are places in a list, and names the user gave
            found = _inner(found.model_fields[part].annotation)
    return [".".join(str(part) for part in (*loc, name)) for name in found.model_fields]


def _inner(annotation: Any) -> Any:
    """The table in an annotation such as list[Table], dict[str, Table] or Table | None."""
    arguments = [one for one in getattr(annotation, "__args__", ()) if one is not type(None)]
    return _inner(arguments[-1]) if arguments else annotation
