"""A run that is killed and taken up again ends as one that never stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sciencegen.cli import run as command
from sciencegen.errors import RequestError
from sciencegen.fit import Fit
from sciencegen.model import load
from tests.files import lattices, points

FILES = ("model.safetensors", "training.safetensors", "config.json", "journal.jsonl")
RUNS: dict[str, dict[str, Any]] = {
    "arrays/made": {"width": 8, "holdout": 0.2, "batch": 16, "epochs": 3},
    "densities/gan": {"width": 8, "depth": 1, "latent": 2, "critic_steps": 2, "holdout": 0.0, "batch": 20, "epochs": 2},
    "densities/coupling": {
        **{"width": 8, "depth": 2, "ema": 0.7, "accumulate": 2, "schedule": "cosine", "warmup": 3, "validate": 2},
        **{"holdout": 0.2, "batch": 16, "epochs": 3, "patience": 50},
    },
    "arrays/vae": {"width": 8, "depth": 1, "latent": 2, "ramp": 5, "dropout": 0.2, "batch": 24, "epochs": 2},
}


def fitted(recipe: str, folder: Path, out: Path, **more: Any) -> Fit:
    """A run of one of the recipes, on data made in `folder`."""
    data = folder / ("lattices.npz" if recipe.startswith("arrays") else "points.csv")
    if not data.exists():
        (lattices if recipe.startswith("arrays") else points)(data, 60)
    fit = Fit(recipe, data, out=out, **({"save": 0.0} | RUNS[recipe] | more))
    for _ in fit:
        pass
    return fit


def left(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in FILES}


class Killed:
    """The calls that touch a folder, one of which kills the process: before it, or in the middle of writing."""

    def __init__(self, folder: Path, at: int) -> None:
        self.folder, self.at, self.seen = folder, at, 0

    def watch(self) -> None:
        for name in ("write_bytes", "write_text", "replace", "chmod", "unlink", "open"):
            setattr(Path, name, self._watched(getattr(Path, name)))

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Path, *arguments: Any, **options: Any) -> Any:
            if self.folder not in path.parents:
                return real(path, *arguments, **options)
            self._count()
            if real.__name__.startswith("write"):
                real(path, arguments[0][: len(arguments[0]) // 2], *arguments[1:], **options)
                self._count()
            return real(path, *arguments, **options)

        return call

    def _count(self) -> None:
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1


def run_and_kill(recipe: str, folder: Path, out: Path, at: int, **more: Any) -> int:
    """Go on with a run in a process that is killed at a certain touch of the disk; say its exit code."""

    def child() -> None:
        torch.set_num_threads(1)
        Killed(out, at).watch()
        fitted(recipe, folder, out, resume=True, **more)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.parametrize("recipe", RUNS)
def test_a_run_killed_at_any_write_ends_as_if_it_never_stopped(recipe: str, tmp_path: Path) -> None:
    out, kills, source = tmp_path / "run", 0, random.Random(0)
    whole = fitted(recipe, tmp_path, out)
    expected = left(out)
    out.rename(tmp_path / "whole")
    while run_and_kill(recipe, tmp_path, out, source.randrange(60)) == -signal.SIGKILL:
        kills += 1
        assert kills < 200
        _check_intact(out)
    assert kills >= 3
    assert left(out) == expected
    assert {file.name for file in out.iterdir()} == {*FILES, "README.md"}
    again = fitted(recipe, tmp_path, out, resume=True)
    assert left(out) == expected
    ours, theirs = again.model.generator.state_dict(), whole.model.generator.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def _check_intact(out: Path) -> None:
    """Whatever is there is whole."""
    if (out / "config.json").exists():
        json.loads((out / "config.json").read_text())
    if (out / "model.safetensors").exists():
        load(out)


def test_a_run_may_be_killed_between_any_two_files(tmp_path: Path) -> None:
    recipe, out, kills = "densities/gan", tmp_path / "run", 0
    fitted(recipe, tmp_path, out, steps=2)
    out.rename(tmp_path / "expected")
    while run_and_kill(recipe, tmp_path, out, 3 * kills, steps=2) == -signal.SIGKILL:
        fitted(recipe, tmp_path, out, resume=True, steps=2)
        assert left(out) == left(tmp_path / "expected")
        out.rename(tmp_path / f"run{kills}")
        kills += 1
    assert kills > 20


def lines(recipe: str, folder: Path, out: Path) -> list[str]:
    options = {"save": 0, **RUNS[recipe], "epochs": 10}
    share = options.pop("holdout", 0.05)
    settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    data = folder / ("lattices.npz" if recipe.startswith("arrays") else "points.csv")
    return ["train", recipe, "--data", str(data), "-o", str(out), "--holdout", str(share), *settings]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(RUNS)[:3])
def test_a_command_killed_at_random_ends_as_if_it_never_stopped(recipe: str, tmp_path: Path) -> None:
    (lattices if recipe.startswith("arrays") else points)(
        tmp_path / ("lattices.npz" if recipe.startswith("arrays") else "points.csv"), 60
    )
    assert command(lines(recipe, tmp_path, tmp_path / "run")) == 0
    (tmp_path / "run").rename(tmp_path / "expected")
    source, kills = random.Random(1), 0
    while True:
        step = _step(tmp_path / "run")
        process = subprocess.Popen(
            [sys.executable, "-m", "sciencegen", *lines(recipe, tmp_path, tmp_path / "run"), "--resume"],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
        )
        while process.poll() is None and _step(tmp_path / "run") == step:
            time.sleep(0.005)
        time.sleep(source.uniform(0, 0.5))
        process.kill()
        said = process.communicate()[1].decode()
        assert process.returncode in (0, -signal.SIGKILL), said
        if process.returncode == 0:
            break
        kills += 1
        _check_intact(tmp_path / "run")
    assert kills >= 2
    assert left(tmp_path / "run") == left(tmp_path / "expected")


def _step(run: Path) -> int:
    """How many lines the journal has."""
    journal = run / "journal.jsonl"
    return journal.read_text().count("\n") if journal.exists() else 0


def test_the_journal_has_every_step_once(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    steps = [json.loads(line)["step"] for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    more = [json.loads(line)["step"] for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]
    assert more == list(range(1, 10))


def test_a_journal_goes_on_as_the_table_it_began_as(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1, journal="csv")
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    rows = (tmp_path / "run" / "journal.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", *map(str, range(1, 10))]
    assert not (tmp_path / "run" / "journal.jsonl").exists()
    with pytest.raises(RequestError, match=r"the run began with journal\.csv: it cannot go on with journal\.jsonl"):
        fitted("arrays/made", tmp_path, tmp_path / "run", resume=True, journal="jsonl")


def test_a_journal_cut_short_in_a_line_loses_that_line_only(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    journal = tmp_path / "run" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"step": 4, "epo')
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    assert [json.loads(line)["step"] for line in journal.read_text().splitlines()] == list(range(1, 10))


@pytest.mark.parametrize("text", ["not json\n", "[1]\n", '{"steps": 1}\n', '{"step": "x"}\n'])
def test_a_foreign_journal_is_one_line(tmp_path: Path, text: str) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    (tmp_path / "run" / "journal.jsonl").write_text(text)
    with pytest.raises(RequestError, match=r"journal\.jsonl .*move it away"):
        fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)


def test_a_longer_run_equals_one_that_was_long_from_the_start(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "long", epochs=4, schedule="constant")
    (tmp_path / "long").rename(tmp_path / "expected")
    fitted("arrays/made", tmp_path, tmp_path / "long", epochs=2, schedule="constant")
    fitted("arrays/made", tmp_path, tmp_path / "long", epochs=4, schedule="constant", resume=True)
    assert left(tmp_path / "long") == left(tmp_path / "expected")


def test_a_longer_run_is_longer_when_it_is_taken_up_once_more(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=2, resume=True)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["settings"]["epochs"] == 2


def test_a_finished_run_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run")
    before = {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    data = tmp_path / "lattices.npz"
    assert command(["train", "arrays/made", "--data", str(data), "-o", str(tmp_path / "run"), "--resume"]) == 0
    assert "goes on at step 9 of 9" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()} == before


CHANGES: dict[str, tuple[list[str], str]] = {
    "option": (["--set", "width=9"], "width=9: the run began with 8; start a new folder to change it"),
    "setting": (["--set", "rate=0.5"], "rate=0.5: the run began with 0.001"),
    "default": (["--set", "ema=0.5"], "ema=0.5: the run began with 0.0"),
    "seed": (["--seed", "3"], "seed=3: the run began with 0"),
    "ask": (["--ask", "filled"], "ask=filled: the run began with filled, changes"),
    "no ask": (["--ask", "none"], "ask=none: the run began with filled, changes"),
    "holdout": (["--holdout", "0.3"], "holdout=0.3: the run began with 0.2"),
    "data": (["--data", "other.npz"], "the run began with other data"),
    "valid": (["--valid", "other.npz"], "--valid other.npz: the run began with other data (none)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_request_is_refused_in_one_line(
    change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lattices(Path("other.npz"), 60, seed=5)
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    before = left(tmp_path / "run")
    capsys.readouterr()
    arguments, said = CHANGES[change]
    data = [] if "--data" in arguments else ["--data", "lattices.npz"]
    assert command(["train", "arrays/made", *data, "-o", "run", "--resume", "--set", "epochs=3", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert left(tmp_path / "run") == before


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    fit = fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    with pytest.raises(RequestError, match="the folder holds a arrays/made run: it cannot go on as arrays/nade"):
        Fit("arrays/nade", tmp_path / "lattices.npz", out=tmp_path / "run", resume=True)
    assert fit.progress is not None


def test_what_is_said_again_is_no_change(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    same = {"ask": ["filled", "changes"], "seed": 0, "ema": 0.0, "rate": 1e-3}
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True, **same)


def test_another_state_is_refused_in_one_line(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    fitted("densities/gan", tmp_path, tmp_path / "gan", epochs=1)
    state = tmp_path / "run" / "training.safetensors"
    for foreign, said in (
        ((tmp_path / "gan" / "training.safetensors").read_bytes(), "is not one of this run"),
        ((tmp_path / "run" / "model.safetensors").read_bytes(), "is not a training state of ours"),
        (state.read_bytes()[:-9], "is damaged or not a safetensors file"),
    ):
        state.write_bytes(foreign)
        with pytest.raises(RequestError, match=said):
            fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    "numbers",
    [{}, {"step": 1}, {"fabric": 1}, {"step": "3"}, {"best": None}, {"step": -1}, {"skipped": 1.5}],
    ids=str,
)
def test_hostile_numbers_of_a_state_are_refused(tmp_path: Path, numbers: dict[str, Any]) -> None:
    from safetensors.torch import load_file, save_file

    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    state = tmp_path / "run" / "training.safetensors"
    true = {"step": 3, "skipped": 0, "skipped_in_a_row": 0, "best": 1.0, "waited": 0}
    changed = {"step": 3} if not numbers else true | numbers
    if numbers == {"step": 1}:
        changed = {"step": 1}
    save_file(load_file(state), state, {"numbers": json.dumps(changed)})
    with pytest.raises(RequestError, match="state"):
        fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)


def test_resume_without_a_folder_begins(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    assert load(tmp_path / "run").recipe == "arrays/made"


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "run", epochs=1)
    stray, kept = (tmp_path / "run" / f".model.safetensors.{rest}" for rest in ("writing-x.safetensors", "swp"))
    stray.write_text("half")
    kept.write_text("an editor's")
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    assert not stray.exists()
    assert kept.exists()


def test_an_interrupt_saves_and_stops(tmp_path: Path) -> None:
    fitted("arrays/made", tmp_path, tmp_path / "whole")
    fit = Fit("arrays/made", tmp_path / "lattices.npz", out=tmp_path / "run", **RUNS["arrays/made"])
    for progress in fit:
        if progress.step == 4:
            fit.stop()
    assert progress.step == 4
    assert load(tmp_path / "run").recipe == "arrays/made"
    fitted("arrays/made", tmp_path, tmp_path / "run", resume=True)
    for name in ("model.safetensors", "training.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_interrupted_command_can_go_on(tmp_path: Path) -> None:
    lattices(tmp_path / "lattices.npz", 60)
    line = lines("arrays/made", tmp_path, tmp_path / "run")
    line[line.index("epochs=10")] = "epochs=1000000"
    process = subprocess.Popen(
        [sys.executable, "-m", "sciencegen", *line],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "run" / "training.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert "stopping after this step; go on later with --resume" in said.splitlines()
    fit = Fit("arrays/made", tmp_path / "lattices.npz", out=tmp_path / "run", resume=True, epochs=1_000_000)
    assert fit.resumed is not None
    journal = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    assert all(json.loads(line)["step"] <= fit.resumed.step for line in journal)
