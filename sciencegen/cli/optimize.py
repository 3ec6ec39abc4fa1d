"""`sciencegen optimize`: items that are as good as can be found with so many calls of an oracle."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.model import Model
    from sciencegen.optimize.folder import OptimizeFolder
    from sciencegen.optimize.goal import Goal
    from sciencegen.optimize.wanted import Wanted
    from sciencegen.search.ledger import Ledger

__all__ = ["Job", "optimize"]

_MAXIMIZE = typer.Option(None, "--maximize", help="A property, a task or a number of the --scorer to raise; repeat.")
_MINIMIZE = typer.Option(None, "--minimize", help="One to lower; repeat.")
_WHERE = typer.Option(None, "--where", "-w", help="What to keep to: name=value, name=low..high, name>=low; repeat.")
_TASK = typer.Option(None, "--task", help="A published task of the domain, such as osimertinib_mpo; list shows all.")
_RANGE = typer.Option(None, "--range", help="name=low..high: where a number of the --scorer usually lies; repeat.")
_SCORER = typer.Option(None, "--scorer", help="A command of yours that says numbers of items; see `sciencegen scorer`.")
_BY = typer.Option(
    None, "--by", help="How: policy, which teaches a model of strings; bayesian, climb or random, in a latent space."
)
_SET = typer.Option(None, "--set", help="option=value of the way; a wrong name lists them; repeat.")
_SECONDS = 5.0
_WRITTEN = 30.0


def optimize(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    maximize: list[str] | None = _MAXIMIZE,
    minimize: list[str] | None = _MINIMIZE,
    where: list[str] | None = _WHERE,
    task: list[str] | None = _TASK,
    range_: list[str] | None = _RANGE,
    scorer: str | None = _SCORER,
    contract: str = typer.Option("json", "--contract", help="How the --scorer is asked: json or csv."),
    timeout: float = typer.Option(600.0, "--timeout", help="Seconds for a batch of the --scorer."),
    calls: int = typer.Option(5000, "--calls", help="How many different items may be asked about."),
    out: Path | None = typer.Option(None, "--out", "-o", help="A folder for the run; needed."),
    by: str | None = _BY,
    set_: list[str] | None = _SET,
    keep: int = typer.Option(1000, "--keep", help="How many of the best to write to best.csv."),
    seed: int = typer.Option(0, "--seed", help="The same seed asks about the same items."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in the folder; --calls may be more."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Find the best items with so many calls of an oracle: properties, a published task, or a command of yours.

    Every call is written down at once, so that an interrupted run loses nothing and goes on with --resume. best.csv
    holds the best items.
    """
    from sciencegen.errors import RequestError
    from sciencegen.model import load
    from sciencegen.optimize.wanted import Wanted

    for name, value in (("--calls", calls), ("--keep", keep)):
        if value < 1:
            raise RequestError(f"{name} {value}: expected 1 or more")
    loaded = load(model, device)
    if task == ["list"]:
        _list_tasks(loaded)
        return
    if out is None:
        raise RequestError("-o: say the folder to write the run to")
    more = {"scorer": scorer or "", "contract": contract, "timeout": timeout}
    wanted = Wanted.typed(maximize or [], minimize or [], task or [], where or [], range_ or [], **more)
    job = Job.begun(loaded, wanted, calls, out, by, set_ or [], seed, resume, {"model": model})
    job.run(keep)


@dataclass
class Job:
    """An optimisation that is being carried out."""

    model: Model[Any]
    wanted: Wanted
    goal: Goal
    ledger: Ledger
    folder: OptimizeFolder
    by: str
    options: Mapping[str, str]
    seed: int

    @classmethod
    def begun(
        cls,
        model: Model[Any],
        wanted: Wanted,
        calls: int,
        out: Path,
        by: str | None,
        options: list[str],
        seed: int,
        resume: bool,
        more: Mapping[str, Any],
    ) -> Job:
        """Check the request, write it down, and read what an earlier part of the run was told."""
        from sciencegen import __version__
        from sciencegen.errors import RequestError, UnknownName
        from sciencegen.optimize.folder import OptimizeFolder
        from sciencegen.optimize.policy import learnable
        from sciencegen.optimize.wanted import scaled
        from sciencegen.recipes.options import assignments
        from sciencegen.search.ledger import Ledger

        by = by or ("policy" if learnable(model) else "bayesian")
        if by not in WAYS:
            raise UnknownName("way to optimize", by, WAYS)
        chosen, goal, folder = assignments(options), wanted.goal(model), OptimizeFolder(out)
        wanted.oracle(model, Ledger(calls), goal)
        if by == "policy":
            from sciencegen.optimize.policy import chosen_options

            chosen_options(chosen)
        else:
            from sciencegen.optimize.looking import begun, chosen_looking

            begun(model, goal, Ledger(calls), by, chosen_looking(chosen), seed)
        request = {**more, "checkpoint": model.checkpoint, **wanted.plain(), "goal": goal.plain()}
        request |= {"calls": calls, "by": by, "options": dict(chosen), "seed": seed}
        if by == "policy" or len(goal.aims) > 1:
            goal = scaled(goal, model)
        folder.begin(request | {"versions": {"sciencegen": __version__}}, resume)
        ledger = Ledger(None, folder.ledger)
        if ledger.calls > calls:
            raise RequestError(f"--calls {calls}: {ledger.calls:,} calls were made already; ask for more")
        ledger.budget = calls
        if ledger.torn:
            _say(f"{folder.ledger}: dropped a line that was not written to its end: {ledger.torn[:60]}")
        if resume:
            _say(f"goes on: {ledger.calls:,} calls of {calls:,} are made")
        return cls(model, wanted, goal, ledger, folder, by, chosen, seed)

    def run(self, keep: int) -> None:
        """Look for what is wanted, say how it goes, and write what was found; whatever happens on the way."""
        said = written = time.monotonic()
        try:
            for line in WAYS[self.by](self):
                now = time.monotonic()
                if now - said > _SECONDS:
                    _say(
                        f"{self.ledger.calls:,} calls: best {self.ledger.mean(1):.4f}, "
                        f"mean of the best 10 {self.ledger.mean(10):.4f}; {line}"
                    )
                    said = now
                if now - written > _WRITTEN:
                    self.folder.write_best(self.model.domain, self.ledger, keep)
                    written = now
        finally:
            self._finish(keep)

    def _finish(self, keep: int) -> None:
        from sciencegen.optimize.folder import summary

        found = summary(self.model.domain, self.ledger)
        self.folder.write_best(self.model.domain, self.ledger, keep)
        self.folder.write_summary(found)
        for line in (*found.lines(), f"wrote {self.folder.best}"):
            _say(line)


def _policy(job: Job) -> Iterator[str]:
    """Teach the model what is wanted."""
    from dataclasses import replace

    from sciencegen.optimize.policy import chosen_options, practised, write_policy

    practice, settings = chosen_options({"precision": job.model.drawn_in} | dict(job.options))
    oracle = job.wanted.oracle(job.model, job.ledger, job.goal, job.folder.answers)
    for turn in practised(job.model, oracle, practice, replace(settings, seed=job.seed), job.folder.path):
        tally = turn.tally
        yield f"{tally.drawn:,} drawn, {tally.invalid:,} invalid, {tally.repeated:,} repeated, {tally.bred:,} bred"
        if turn.stale:
            _say("the model draws nothing new any more: the run ends before its calls are spent")
    write_policy(job.model, job.folder.path / "policy")


def _latent(job: Job) -> Iterator[str]:
    """Look for what is wanted in the model's latent space."""
    from sciencegen.optimize.latent import searched
    from sciencegen.optimize.looking import begun, chosen_looking

    looking = chosen_looking(job.options)
    oracle = job.wanted.oracle(job.model, job.ledger, job.goal, job.folder.answers)
    search = begun(job.model, job.goal, job.ledger, job.by, looking, job.seed, job.folder.path / "asked.jsonl")
    for advance in searched(search, oracle, looking.batch):
        yield f"round {advance.round:,}, {advance.failed:,} failed"
    if job.ledger.left:
        _say("nothing new is found in the latent space any more: the run ends before its calls are spent")


WAYS: Mapping[str, Callable[[Job], Iterator[str]]] = {
    "policy": _policy,
    "bayesian": _latent,
    "climb": _latent,
    "random": _latent,
}
"""The ways to optimise, by name: each looks until the calls are spent, and says now and then how it goes."""


def _list_tasks(model: Model[Any]) -> None:
    for name, task in model.domain.tasks.items():
        print(f"{name:<26} {task.help}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
