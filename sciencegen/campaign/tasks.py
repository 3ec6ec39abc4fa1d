"""The tasks of a campaign: each reads what others have written, writes its own part whole, and may run anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sciencegen.campaign.config import Score
from sciencegen.campaign.folder import RunFolder, read_rows, write_rows
from sciencegen.campaign.known import Known
from sciencegen.campaign.plan import Plan
from sciencegen.campaign.sift import Left, Raw, judged, sift_of
from sciencegen.core.domain import Entry
from sciencegen.core.interval import Interval
from sciencegen.core.request import parse_where
from sciencegen.data.workers import Workers
from sciencegen.errors import DataError, UnknownName

if TYPE_CHECKING:
    from sciencegen.model import Model

__all__ = ["BLOCK", "Crew", "Task", "perform", "requested", "split", "survivors", "tasks_of"]

BLOCK = 1000
"""So many draws are made together: part of what the results are, so no option."""
_PATIENCE = 30.0  # seconds a chunk of rows may take
_CHUNK = 64
_MEMORY = 4.0  # GB a process that sifts may have


class Crew:
    """What the tasks of a campaign share while one process carries them: the model, and the processes that sift."""

    def __init__(self, plan: Plan, workers: int) -> None:
        self.plan, self.workers = plan, workers

    @cached_property
    def model(self) -> Model[Any]:
        from sciencegen.model import load

        return load(self.plan.model).turn(**self.plan.config.source.knobs)

    @cached_property
    def sifting(self) -> Workers[Raw, dict[str, Any] | Left]:
        plan = self.plan
        read = self.model.representation.reader() if plan.model else None
        return Workers(
            sift_of(plan.config, plan.domain, plan.files, read), self.workers, _PATIENCE, _CHUNK, memory=_MEMORY
        )

    @cached_property
    def known(self) -> Known:
        return Known.of(self.plan.domain, [self.plan.files[name] for name in self.plan.config.clean.drop_known])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if "sifting" in vars(self):
            self.sifting.close()


@dataclass(frozen=True)
class Task:
    """A part of the work: what it writes last, and which tasks have to be done before."""

    name: str
    output: Path
    needs: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return self.output.exists()


def tasks_of(plan: Plan, folder: RunFolder) -> list[Task]:
    """All tasks in an order in which they can be carried out."""
    shards = range(plan.shards)
    sifts = [Task(f"sift-{i:05d}", folder.shard("sift", i)) for i in shards]
    unique = Task("unique", folder.path / "unique" / "done.json", tuple(task.name for task in sifts))
    outer = [one for one in plan.config.score if one.command]
    scores = [
        Task(f"score-{one.name}-{i:05d}", folder.shard(f"score-{one.name}", i), (unique.name,))
        for one in outer
        for i in shards
    ]
    last = Task("finish", folder.path / "report.json", tuple(task.name for task in scores or [unique]))
    return [*sifts, unique, *scores, last]


def split(plan: Plan, folder: RunFolder) -> Plan:
    """Cut the rows of a file into shards, and say how many there are; draws of a model are cut by their numbers."""
    config = plan.config
    if config.source.model:
        return plan
    path = plan.files[config.source.file]
    entries = iter(plan.domain.rows(path, config.source.column))
    rows = 0
    for i in count():
        shard = list(islice(entries, plan.shard))
        if not shard:
            break
        _require_id(path, config.source.id, shard)
        rows += write_rows(folder.shard("input", i), (_as_read(entry, config.source.id) for entry in shard))
    if not rows:
        raise DataError(f"{path}: holds no rows")
    return plan.of(rows)


def _require_id(path: Path, name: str, entries: Sequence[Entry[Any]]) -> None:
    for entry in entries:
        if name and not entry.complaint and name not in entry.cells:
            raise UnknownName(f"column of {path}", name, list(entry.cells))


def _as_read(entry: Entry[Any], name: str) -> dict[str, Any]:
    """A row of a file as it waits for its turn, with the one cell of others that goes along."""
    row = {"row": entry.row, "text": entry.text, "left": entry.complaint}
    return {**row, "source_id": entry.cells.get(name)} if name else row


def perform(task: Task, crew: Crew, folder: RunFolder) -> None:
    """Do a task, unless it is done."""
    if task.done:
        return
    started, plan = time.monotonic(), crew.plan
    stage, _, rest = task.name.partition("-")
    if stage == "sift":
        _sift(int(rest), crew, folder)
    elif stage == "unique":
        _unique(plan, folder)
    elif stage == "score":
        name, _, shard = rest.rpartition("-")
        _score(next(one for one in plan.config.score if one.name == name), int(shard), crew, folder)
    else:
        from sciencegen.campaign.finish import finish

        finish(plan, folder)
    folder.note(task.name, time.monotonic() - started)


def _sift(shard: int, crew: Crew, folder: RunFolder) -> None:
    """Read, register, filter and measure the rows of a shard."""
    plan = crew.plan
    ready = list(_drawn(shard, crew) if plan.model else _read(shard, plan, folder))
    left = [_gone(one.raw, one.left) for one in ready if isinstance(one, _Broken)]
    whole = [raw for raw in ready if isinstance(raw, Raw)]
    kept: list[dict[str, Any]] = []
    for raw, result in zip(whole, crew.sifting.map(whole), strict=True):
        found = judged(result, plan.domain.key, crew.known)
        if isinstance(found, Left):
            left.append(_gone(raw, found))
        else:
            kept.append({"number": raw.number, **raw.cells, **found})
    write_rows(folder.left("sift", shard), sorted(left, key=lambda row: int(row["number"])))
    write_rows(folder.shard("sift", shard), kept)


@dataclass(frozen=True)
class _Broken:
    """A row of a file that could not even be taken apart."""

    raw: Raw
    left: Left


def _gone(raw: Raw, left: Left) -> dict[str, Any]:
    text = raw.text.partition("\n")[0]
    line = raw.cells.get("line", raw.number + 1)
    return {
        "number": raw.number,
        "line": line,
        "input": text,
        "stage": left.stage,
        "reason": left.reason,
        "detail": left.detail,
    }


def _drawn(shard: int, crew: Crew) -> Iterator[Raw]:
    """The draws of a shard."""
    span, where = crew.plan.span(shard), requested(crew.plan)
    for number in range(span.start // BLOCK, -(-span.stop // BLOCK)):
        block = crew.model.block(number, BLOCK, where, crew.plan.config.seed)
        for i, said in enumerate(block.rows, number * BLOCK):
            if i in span:
                scored = {} if block.log_prob is None else {"nll": float(f"{-block.log_prob[i % BLOCK]:.5g}")}
                yield Raw(i, said, scored)


def requested(plan: Plan) -> dict[str, float | str | Interval]:
    """What the source is asked for."""
    asked = plan.config.source.where
    return parse_where(f"{name}={value}" if _bare(value) else f"{name}{value}" for name, value in asked.items())


def _bare(value: float | str) -> bool:
    """Whether a request is a value or a range, and has no sign of its own."""
    return not (isinstance(value, str) and value.strip().startswith((">=", "<=")))


def _read(shard: int, plan: Plan, folder: RunFolder) -> Iterator[Raw | _Broken]:
    """The rows of a shard of a file."""
    rows = read_rows(folder.shard("input", shard))
    for number, row in zip(plan.span(shard), rows, strict=True):
        beside = {"source_id": row["source_id"]} if "source_id" in row else {}
        raw = Raw(number, row["text"], {"line": row["row"], **beside})
        yield _Broken(raw, Left("read", row["left"])) if row["left"] else raw


def _unique(plan: Plan, folder: RunFolder) -> None:
    """Leave out what came before, in the order of the source, over all shards."""
    seen: set[str] = set()
    count = 0
    for i in range(plan.shards):
        left: list[dict[str, Any]] = []
        kept: list[dict[str, Any]] = []
        for row in read_rows(folder.shard("sift", i)):
            key = row[plan.domain.key]
            if plan.config.clean.distinct and key in seen:
                text = row[plan.domain.column]
                left.append(_gone(Raw(row["number"], text, row), Left("duplicate", "there already", key)))
            else:
                seen.add(key)
                kept.append(row)
        count += len(kept)
        write_rows(folder.left("unique", i), left)
        write_rows(folder.shard("unique", i), kept)
    write_rows(folder.path / "unique" / "done.json", [{"kept": count}])


def _score(score: Score, shard: int, crew: Crew, folder: RunFolder) -> None:
    """Have an external command say numbers of a shard's rows."""
    from sciencegen.campaign.outside import scored

    rows = list(read_rows(folder.shard("unique", shard)))
    write_rows(folder.shard(f"score-{score.name}", shard), scored(score, rows, crew.plan, folder, crew.workers))


def survivors(plan: Plan, folder: RunFolder) -> Iterator[dict[str, Any]]:
    """All rows that are left, with every number of theirs, in the order of the source."""
    outer = [one.name for one in plan.config.score if one.command]
    for i in range(plan.shards):
        tables: list[Iterable[dict[str, Any]]] = [read_rows(folder.shard(f"score-{name}", i)) for name in outer]
        for row, *more in zip(read_rows(folder.shard("unique", i)), *tables, strict=True):
            yield {**row, **dict(chain.from_iterable(one["cells"].items() for one in more))}
