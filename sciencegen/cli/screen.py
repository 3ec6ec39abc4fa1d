"""`sciencegen screen`: a screening campaign from a config file, resumable at any moment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.campaign.folder import RunFolder
    from sciencegen.campaign.plan import Plan

__all__ = ["screen"]


def screen(
    config: Path | None = typer.Argument(None, help="The TOML file that says what to do; not needed to go on."),
    out: Path = typer.Option(..., "--out", "-o", help="The folder of the campaign: a new one, or one to go on with."),
    engine: str = typer.Option("local", "--engine", help="Who carries the work: local, snakemake or slurm."),
    workers: int | None = typer.Option(None, "--workers", help="Processes; as many as there are cores without it."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check everything, say what would be done, and stop."),
    task: str | None = typer.Option(None, "--task", help="Do one task of a campaign that was planned, as engines do."),
) -> None:
    """Generate or read candidates, clean, filter, score, rank, pick, plate and report them.

    The same command goes on where it was stopped. The results do not depend on shards, workers or the engine.
    """
    from sciencegen.campaign.engine import ENGINES, carry
    from sciencegen.campaign.folder import RunFolder
    from sciencegen.data.workers import usable_cores
    from sciencegen.errors import RequestError, UnknownName

    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES)
    if workers is not None and workers < 1:
        raise RequestError(f"--workers {workers}: expected 1 or more")
    folder, processes = RunFolder(out), workers or usable_cores()
    if task is not None:
        _one(folder, task, processes)
        return
    plan = _planned(config, folder, dry_run)
    if dry_run:
        return
    with folder.locked():
        plan = _begun(plan, folder)
        carry(plan, folder, engine, processes, _say)
    _say(f"done: {folder.path / 'report.html'}")


def _planned(config: Path | None, folder: RunFolder, dry_run: bool) -> Plan:
    """The plan, checked before any work."""
    from sciencegen.campaign.check import check, outline
    from sciencegen.campaign.plan import plan_of

    plan = folder.plan() if config is None else plan_of(config)
    folder.admit(plan)
    check(plan)
    if dry_run:
        for line in outline(plan):
            _say(line)
    return plan


def _begun(plan: Plan, folder: RunFolder) -> Plan:
    """The plan as it stands in the folder: written there now, where it was not."""
    from sciencegen.campaign.tasks import split

    if folder.begun:
        return folder.plan()
    counted = split(plan, folder)
    counted.write(folder.manifest)
    return counted


def _one(folder: RunFolder, name: str, workers: int) -> None:
    from sciencegen.campaign.tasks import Crew, perform, tasks_of
    from sciencegen.errors import RequestError, UnknownName

    plan = folder.plan()
    tasks = {task.name: task for task in tasks_of(plan, folder)}
    if name not in tasks:
        raise UnknownName("task", name, tasks)
    missing = [need for need in tasks[name].needs if not tasks[need].done]
    if missing:
        raise RequestError(f"--task {name}: {missing[0]} has to be done before")
    with Crew(plan, workers) as crew:
        perform(tasks[name], crew, folder)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
