"""Who carries the tasks of a campaign: this process, or Snakemake, here or on a cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sciencegen.campaign.folder import RunFolder
from sciencegen.campaign.plan import Plan
from sciencegen.campaign.tasks import Crew, perform, tasks_of
from sciencegen.errors import RequestError, SciencegenError

__all__ = ["ENGINES", "carry"]

ENGINES = ("local", "snakemake", "slurm")
_HERE = Path(__file__).parent
Say = Callable[[str], None]


def carry(plan: Plan, folder: RunFolder, engine: str, workers: int, say: Say) -> None:
    """Carry out all tasks that are not done."""
    if engine == "local":
        _here(plan, folder, workers, say)
    else:
        _snakemake(plan, folder, engine, workers, say)


def _here(plan: Plan, folder: RunFolder, workers: int, say: Say) -> None:
    tasks = tasks_of(plan, folder)
    with Crew(plan, workers) as crew:
        for i, task in enumerate(tasks, 1):
            if not task.done:
                say(f"{i} of {len(tasks)}: {task.name}")
                perform(task, crew, folder)


def _snakemake(plan: Plan, folder: RunFolder, engine: str, workers: int, say: Say) -> None:
    """Have Snakemake call `sciencegen screen --task` for every task."""
    command = snakemake_command(folder, engine, workers)
    say(" ".join(command))
    try:
        subprocess.run([*command, "--unlock"], check=False, capture_output=True)  # the lock of the folder is ours
        code = subprocess.run(command, check=False, stdout=sys.stderr).returncode
    except FileNotFoundError:
        raise RequestError(f"engine {engine}: snakemake is not installed: pip install 'sciencegen[hpc]'") from None
    missing = [task.name for task in tasks_of(plan, folder) if not task.done]
    if missing:
        logs = folder.path / "logs"
        raise SciencegenError(f"snakemake ended with code {code} before {missing[0]} was done; see {logs}")


def snakemake_command(folder: RunFolder, engine: str, workers: int) -> list[str]:
    """The command that carries the campaign of a folder."""
    profile = _HERE / "profiles" / ("slurm" if engine == "slurm" else "local")
    return [
        *(sys.executable, "-m", "snakemake"),
        *("--snakefile", str(_HERE / "Snakefile")),
        *("--directory", str(folder.path.resolve())),
        *("--workflow-profile", str(profile)),
        *("--cores" if engine != "slurm" else "--jobs", str(workers if engine != "slurm" else 100)),
        *("--config", f"python={sys.executable}"),
    ]
