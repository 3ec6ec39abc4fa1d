"""What can be found out about a campaign before any work is done."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sciencegen.campaign.config import Config
from sciencegen.campaign.plan import Plan
from sciencegen.campaign.sift import sift_of
from sciencegen.campaign.tasks import requested
from sciencegen.core.domain import Domain
from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.plate import Plates
from sciencegen.screen.sheets import check_volume, source_shape

__all__ = ["check", "outline", "plates_of"]


def check(plan: Plan) -> None:
    """Refuse what could not be carried out later: unknown names, files without rows, commands that are not there."""
    config, domain = plan.config, plan.domain
    _check_numbers(config, domain)
    sift_of(config, domain, plan.files).check()
    if config.source.model:
        from sciencegen.model import load

        model = load(plan.model).turn(**config.source.knobs)
        if model.domain.name != domain.name:
            raise RequestError(
                f"source.model = {plan.model}: it draws {model.domain.name}, the campaign is of {domain.name}"
            )
        model.asking.row(requested(plan))
    for one in config.score:
        if one.command and not _there(one.command[0], plan.home):
            raise RequestError(f"score.{one.name}: the command {one.command[0]} is not there")
    if config.pick is not None and config.pick.method != "best":
        domain.likeness([])
    if config.plate is not None:
        plates_of(config)
        check_volume(config.plate.volume)
        source_shape(config.plate.source_type)


def plates_of(config: Config) -> Plates:
    """The plates a config asks for."""
    one = config.plate
    assert one is not None
    return Plates(one.wells, one.controls, one.layout, one.replicates, one.edge, config.seed)


def _there(command: str, folder: Path) -> bool:
    return shutil.which(command) is not None or os.access(folder / command, os.X_OK)


def _check_numbers(config: Config, domain: Domain[object]) -> None:
    """Refuse desires of numbers that nothing says."""
    outer = tuple(f"pred_{one.name}_" for one in config.score if one.command)
    for column in config.combine.desire:
        calculated = column.removeprefix("calc_")
        if column.startswith("calc_"):
            if calculated not in domain.properties:
                raise UnknownName("combine.desire", column, [f"calc_{name}" for name in domain.properties])
        elif column != "nll" and not column.startswith(outer or ("\0",)):
            known = ", ".join([*(f"{one}..." for one in outer), "calc_..."])
            raise RequestError(f"combine.desire.{column}: expected the column of a number: {known}")


def outline(plan: Plan) -> list[str]:
    """The plan as a person reads it."""
    config = plan.config
    rows = (
        f"{plan.rows:,} draws of {config.source.model}" if config.source.model else f"the rows of {config.source.file}"
    )
    lines = [
        f"campaign {plan.run[:8]} of {config.domain}, seed {config.seed}",
        f"source: {rows}" + (f" where {config.source.where}" if config.source.where else ""),
        f"shards of {plan.shard:,} rows" + (f": {plan.shards:,}" if config.source.model else ""),
        f"filter: {config.filter.model_dump(exclude_defaults=True) or 'nothing'}",
        *(f"score {one.name}: {' '.join(one.command) or ', '.join(one.properties)}" for one in config.score),
        f"rank: {config.combine.method} of {', '.join(config.combine.desire) or 'nothing'}",
        f"pick: {config.pick.n} by {config.pick.method}" if config.pick else "pick: nothing",
        f"plate: {config.plate.wells} wells" if config.plate else "plate: none",
    ]
    return lines
