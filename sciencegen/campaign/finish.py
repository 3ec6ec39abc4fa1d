"""The end of a campaign: rank what is left, choose, put it on plates, and write every table that is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sciencegen.campaign.account import Ended, findings_of
from sciencegen.campaign.check import plates_of
from sciencegen.campaign.folder import RunFolder, read_rows
from sciencegen.campaign.plan import Plan
from sciencegen.campaign.tasks import requested, survivors
from sciencegen.core.condition import Interval
from sciencegen.core.files import atomic
from sciencegen.report.findings import plain
from sciencegen.report.screening import screening_page
from sciencegen.screen.desirability import Desire, Ranking, ranked
from sciencegen.screen.pick import Choice, Picked, Pool, pick, shortlist
from sciencegen.screen.plate import Well, plated
from sciencegen.screen.sheets import Compound, write_order, write_picklist, write_plate_map, write_registry
from sciencegen.screen.write import write_items, write_sheet

__all__ = ["finish"]

REJECTS = ("line", "input", "stage", "reason", "detail")


def finish(plan: Plan, folder: RunFolder) -> None:
    """Write the tables, the report, and last of all its numbers."""
    config = plan.config
    standing = _ranked(plan, folder)
    picked, notes = _picked(plan, folder, standing)
    rows = _chosen_rows(plan, folder, standing, picked)
    wells = _plated(plan, rows)
    _write_rejects(plan, folder)
    _write_survivors(plan, folder, standing)
    if config.pick is not None:
        _write_picked(plan, folder.path, rows)
    if config.plate is not None:
        write_plate_map(wells, folder.path / "plate_map.csv")
        ids, volume, kind = [row["id"] for row in rows], config.plate.volume, config.plate.source_type
        write_picklist(ids, wells, folder.path / "echo_picklist.csv", volume, kind)
    findings = findings_of(Ended(plan, folder, rows, wells, notes))
    _write_json(folder.path / "provenance.json", {"run": plan.run, **plan.identity, "rows": plan.rows, "notes": notes})
    with atomic(folder.path / "report.html") as temporary:
        temporary.write_text(screening_page(findings), encoding="utf-8")
    _write_json(folder.path / "report.json", plain(findings))


@dataclass(frozen=True)
class _Standing:
    """Where every row that is left stands: its number, and the ranking of all."""

    numbers: Sequence[int]
    ranking: Ranking | None

    def of(self, place: int) -> dict[str, float | int | None]:
        """The score and the rank of a row."""
        if self.ranking is None:
            return {}
        front = self.ranking.fronts[place]
        found = {"score": _short(self.ranking.scores[place]), "rank": self.ranking.ranks[place]}
        return found if front is None else {**found, "front": front}


def _ranked(plan: Plan, folder: RunFolder) -> _Standing:
    """The ranks of all rows that are left; only the numbers they are made of are held in memory."""
    desired = dict(sorted(plan.config.combine.desire.items()))
    numbers: list[int] = []
    columns: dict[str, list[float | None]] = {name: [] for name in desired}
    for row in survivors(plan, folder):
        numbers.append(row["number"])
        for name, column in columns.items():
            value = row.get(name)
            column.append(value if isinstance(value, (int, float)) else None)
    if not desired or not numbers:
        return _Standing(numbers, None)
    desires = {name: Desire(**one.model_dump()) for name, one in desired.items()}
    ids = [plan.id(number) for number in numbers]
    return _Standing(numbers, ranked(ids, columns, desires, plan.config.combine.method))


def _picked(plan: Plan, folder: RunFolder, standing: _Standing) -> tuple[Picked, list[str]]:
    """What is chosen, as places among the rows that are left."""
    settings, domain = plan.config.pick, plan.domain
    if settings is None or not standing.numbers:
        return Picked([]), []
    must, absent = _named(plan, folder, settings.must)
    banned, _ = _named(plan, folder, settings.ban)
    ranking = standing.ranking
    scores = [] if ranking is None else [-float(rank) for rank in ranking.ranks]
    whole = Pool([plan.id(number) for number in standing.numbers], scores, (), must, banned)
    places = shortlist(whole, settings.among)
    wanted = set(places)
    texts = [row[f"parent_{domain.column}"] for i, row in enumerate(survivors(plan, folder)) if i in wanted]
    items = [domain.parse(text) for text in texts]
    pool = whole.narrowed(places)
    if settings.quota:
        pool = Pool(pool.ids, pool.scores, [domain.group(item) for item in items], pool.must, pool.banned)
    likeness = None if settings.method == "best" else domain.likeness(items)
    choice = Choice(settings.n, settings.method, 0, settings.ceiling, settings.quota)
    found = pick(pool, choice, likeness)
    notes = [*(f"{text} must be chosen and is not among those left" for text in absent), *found.notes]
    if found.shortfall:
        notes.append(found.shortfall)
    chosen = [replace(one, index=places[one.index]) for one in found.chosen]
    return Picked(chosen, found.notes, found.shortfall), notes


def _named(plan: Plan, folder: RunFolder, named: Sequence[str]) -> tuple[frozenset[int], list[str]]:
    """The places of items that are named, or listed in files, and those that are not there."""
    if not named:
        return frozenset(), []
    domain = plan.domain
    texts: dict[str, str] = {}
    for one in named:
        items = domain.read(plan.files[one]).items if one in plan.files else [domain.parse(one)]
        texts |= {domain.standard(item).key: domain.text(item) for item in items if item is not None}
    there = {row[domain.key]: i for i, row in enumerate(survivors(plan, folder)) if row[domain.key] in texts}
    return frozenset(there.values()), [text for key, text in texts.items() if key not in there]


def _chosen_rows(plan: Plan, folder: RunFolder, standing: _Standing, picked: Picked) -> list[dict[str, Any]]:
    """The rows that were chosen, in order of choice, with every column."""
    wanted = set(picked.indices)
    rows = {i: row for i, row in enumerate(survivors(plan, folder)) if i in wanted}
    constant = _constant(plan)
    return [
        {
            **_cells(plan, rows[one.index], constant),
            **standing.of(one.index),
            "pick": place,
            "reason": one.reason,
            "nearest": _short(one.nearest),
            **({} if one.cluster is None else {"cluster": one.cluster}),
        }
        for place, one in enumerate(picked.chosen, 1)
    ]


def _cells(plan: Plan, row: Mapping[str, Any], constant: Mapping[str, Any]) -> dict[str, Any]:
    """A row as tables have it: named, and with what is the same in all rows."""
    head = ("line", "source_id", plan.domain.column, plan.domain.key, f"parent_{plan.domain.column}")
    first = {name: row[name] for name in head if name in row}
    rest = {name: value for name, value in row.items() if name not in head and name != "number"}
    return {"id": plan.id(row["number"]), **first, **constant, **rest}


def _constant(plan: Plan) -> dict[str, Any]:
    """What is the same in every row of a campaign."""
    if not plan.model:
        return {"run_id": plan.run[:8]}
    asked = {f"target_{name}": _said(value) for name, value in sorted(requested(plan).items())}
    model = {"model": plan.config.source.model, "model_sha256": plan.identity["checkpoint"], "seed": plan.config.seed}
    return {"run_id": plan.run[:8], **model, **asked}


def _said(value: float | str | Interval) -> float | str:
    return str(value) if isinstance(value, Interval) else value


def _plated(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> list[Well]:
    """The plates the chosen ones are put on."""
    return [] if plan.config.plate is None else plated([row["id"] for row in rows], plates_of(plan.config))


def _write_survivors(plan: Plan, folder: RunFolder, standing: _Standing) -> None:
    columns = _columns(plan, folder, standing)
    rows = ({**_cells(plan, row, {}), **standing.of(place)} for place, row in enumerate(survivors(plan, folder)))
    write_sheet(_whole(rows, columns), columns, folder.path / "survivors.csv")


def _whole(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows with all columns: what is missing is an empty cell."""
    return ({name: row.get(name) for name in columns} for row in rows)


def _columns(plan: Plan, folder: RunFolder, standing: _Standing) -> list[str]:
    """The columns of the table of all that is left; a scorer may answer different things of different rows."""
    names: dict[str, None] = {}
    for place, row in enumerate(survivors(plan, folder)):
        names |= dict.fromkeys((*_cells(plan, row, {}), *(standing.of(place) if place == 0 else ())))
    return list(names or {"id": None, plan.domain.column: None})


def _write_picked(plan: Plan, path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    domain = plan.domain
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["id", domain.column]
    write_sheet(_whole(rows, columns), columns, path / "picked.csv")
    if "sdf" in domain.formats:
        named = ((domain.parse(row[domain.column]), row) for row in rows)
        write_items(named, path / "picked.sdf", domain.formats["sdf"])
    compounds = [
        Compound(row["id"], row[domain.column], row[domain.key], row[f"parent_{domain.column}"]) for row in rows
    ]
    write_order(compounds, path / "order.csv", domain.column)
    write_registry(compounds, path / "registry.csv", domain.column, domain.key)


def _write_rejects(plan: Plan, folder: RunFolder) -> None:
    write_sheet(_rejects(plan, folder), REJECTS, folder.path / "rejects.csv")


def _rejects(plan: Plan, folder: RunFolder) -> Iterator[dict[str, Any]]:
    """Every row that was left out, in the order of the source."""
    for i in range(plan.shards):
        rows = [row for stage in ("sift", "unique") for row in read_rows(folder.left(stage, i))]
        for row in sorted(rows, key=lambda one: int(one["number"])):
            yield {"line": row["line"], **{name: row[name] for name in REJECTS[1:]}}


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.6g}")
