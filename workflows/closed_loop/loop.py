"""The closed loop: generate, screen, assay, import, fine-tune, and again; with the arms it has to be better than.

    python workflows/closed_loop/loop.py -o runs/loop --seeds 3 --rounds 3
    python workflows/closed_loop/loop.py -o runs/small --small    # a minute or two; its figures say nothing

Every arm sends the same number of compounds to the same assay in every round. Round 1 is the same for all arms that
screen. The commands are shown as they are carried out, and a laboratory would type the same ones; only assay.py is
simulated. What is finished is not done again: the same command goes on where it was stopped. The table goes to
standard output, and all figures to rounds.json in the folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import assay
from enrichment import Round, gained, interval, judged, table

from sciencegen.cli import run
from sciencegen.core.files import atomic, sha256
from sciencegen.errors import DataError, RequestError, SciencegenError

__all__ = ["ARMS", "Arm", "Base", "Loop", "Settings"]

RECIPE = "molecules/smiles-gru"
_BASE_SEED = 1_000_003
"""The base rate is that of other draws than any arm's."""


@dataclass(frozen=True)
class Arm:
    """How the model of the next round comes from the results so far, and what is asked of it."""

    name: str
    best: float = 1.0
    """The share of the results, the most potent, that the model is tuned on; 0 leaves it as it is shipped."""
    ask: bool = False
    """Whether potency becomes askable, and is asked for."""
    tuning: Mapping[str, float] = field(default_factory=dict)
    """Options of the training, as --set takes them."""
    ranked: bool = False
    """Whether a ridge on all results so far ranks the draws; else the first that differ are picked."""


_ASKED = {"epochs": 40, "rate": 1e-3, "ema": 0.9, "patience": 0}
ARMS = (
    Arm("shipped", best=0),
    Arm("hits", best=0.2, tuning={"epochs": 40, "ema": 0.9, "patience": 0}),
    Arm("asked", ask=True, tuning=_ASKED),
    Arm("shipped-ridge", best=0, ranked=True),
    Arm("asked-ridge", ask=True, tuning=_ASKED, ranked=True),
)
PAIRS = (("hits", "shipped"), ("asked", "shipped"), ("asked", "hits"), ("asked-ridge", "shipped-ridge"))
"""Arms that differ in one thing."""
RIDGE = Path(__file__).with_name("ridge.py").resolve()
RANDOM = "random"


@dataclass(frozen=True)
class Settings:
    """What the figures depend on, beside the model and the seeds."""

    model: str = "molecules"
    draws: int = 1000
    """For one round of one arm."""
    picks: int = 96
    rounds: int = 3
    base: int = 10_000
    """Draws the base rate is found from."""
    target: float = 8.5
    """The potency that is asked for: beyond what was measured, which moves the draws further than asking for a hit."""
    tuning: Mapping[str, float] = field(default_factory=dict)
    """Options of every training, whatever the arm says."""


SMALL = Settings(draws=60, picks=12, base=100, tuning={"epochs": 2})
CONFIG = """# sciencegen screen screen.toml --out run
seed = {seed}

[source]
model = "{model}"
draws = {draws}
where = {{ {where} }}

[clean]
drop_known = [{known}]

[filter]
ranges = {{ logp = "1..4", qed = ">=0.5", sa = "<=4" }}
reject = ["pains"]
flag = ["brenk"]
{rank}
[pick]
n = {picks}
method = "spheres"
ceiling = 0.6
quota = 4

[plate]
wells = 384
layout = "random"

[report]
title = "{title}"
shown = 24
"""


RANK = """
[[score]]
name = "ridge"
command = [{command}]
batch = 1000

[combine.desire]
pred_ridge_potency = {{ low = 4, high = 9 }}
"""


@dataclass(frozen=True)
class Base:
    """How often draws at random are hits."""

    draws: int
    hits: int
    mean: float

    @property
    def rate(self) -> float:
        return self.hits / self.draws


@dataclass(frozen=True)
class Loop:
    """All arms of all seeds, in a folder."""

    out: Path
    settings: Settings
    checkpoint: str
    """Of the model that all begins with: a loop of two models would compare nothing."""
    arms: Sequence[Arm] = ARMS

    def base(self) -> Base:
        """The share of hits among draws of the shipped model of which nothing is asked and nothing is left out."""
        path = self.out / "base.json"
        if not path.exists():
            drawn = self._drawn(self.out / "base.csv", self.settings.base, _BASE_SEED)
            true = [assay.potency(one) for one in drawn]
            hits = sum(one >= assay.HIT for one in true)
            _write_json(path, asdict(Base(len(true), hits, sum(true) / len(true))))
        return Base(**_read_json(path))

    def rounds(self, seed: int) -> Iterator[Round]:
        """Every round of every arm, one after the other."""
        home = self.out / f"seed-{seed}"
        drawn: list[str] = []
        for number in range(1, self.settings.rounds + 1):
            part = self._drawn(home / RANDOM / f"round-{number}.csv", self.settings.picks, 1000 * seed + 500 + number)
            yield judged((RANDOM, seed, number), part, self._seen, drawn)
            drawn += part
        for arm in self.arms:
            folders: list[Path] = []
            for number in range(1, self.settings.rounds + 1):
                folder = home / ("first" if number == 1 else f"{arm.name}/round-{number}")
                yield self._round(arm, seed, number, folder, folders)
                folders.append(folder)

    def _round(self, arm: Arm, seed: int, number: int, folder: Path, earlier: Sequence[Path]) -> Round:
        """One round: tune, screen, assay, import."""
        done = folder / "round.json"
        if not done.exists():
            if (now := _checkpoint(self.settings.model)) != self.checkpoint:
                said = f"{self.settings.model} is another model now ({now[:8]}, not {self.checkpoint[:8]})"
                raise RequestError(f"{said}: put the old one back, or begin in a new folder")
            began = sum(os.times()[:4])
            folder.mkdir(parents=True, exist_ok=True)
            tuned = bool(earlier) and arm.best > 0
            model = self._tuned(arm, seed, folder, earlier) if tuned else self.settings.model
            where = f"potency = {self.settings.target:g}" if tuned and arm.ask else ""
            title = f"{arm.name if earlier else 'first'}, round {number}"
            rank = _rank(earlier) if arm.ranked and earlier else ""
            self._write_config(
                folder, earlier, seed=1000 * seed + number, model=model, where=where, rank=rank, title=title
            )
            _screened(folder, 1000 * seed + number)
            before = [one["smiles"] for other in earlier for one in _rows(other / "run" / "picked.csv")]
            items = [one["smiles"] for one in _rows(folder / "run" / "picked.csv")]
            seconds = sum(os.times()[:4]) - began
            found = judged((arm.name, seed, number), items, self._seen, before, seconds)
            _write_json(done, found.plain())
        return Round(**{**_read_json(done), "arm": arm.name})

    def _write_config(self, folder: Path, earlier: Sequence[Path], **said: object) -> None:
        """The campaign of a round; what was picked in earlier ones is left out."""
        known = ", ".join(json.dumps(os.path.relpath(one / "run" / "picked.csv", folder)) for one in earlier)
        text = CONFIG.format(draws=self.settings.draws, picks=self.settings.picks, known=known, **said)
        with atomic(folder / "screen.toml") as temporary:
            temporary.write_text(text, encoding="utf-8")

    def _tuned(self, arm: Arm, seed: int, folder: Path, earlier: Sequence[Path]) -> str:
        """A model that begins with the shipped one and learns from all results so far, or from the best of them."""
        model, partial = folder / "model", folder / "model-partial"
        if not model.exists():
            shutil.rmtree(partial, ignore_errors=True)
            results = [row for other in earlier for row in _rows(other / "results.csv") if row["potency"]]
            results.sort(key=lambda row: -float(row["potency"]))
            kept = results[: max(2, round(arm.best * len(results)))]
            _write_rows(folder / "train.csv", kept, ("id", "smiles", "potency"))
            ask = ("--ask", "potency") if arm.ask else ()
            tuning = {**arm.tuning, **self.settings.tuning}
            options = [part for name, value in tuning.items() for part in ("--set", f"{name}={value:g}")]
            _sciencegen(
                *("train", RECIPE, "--from", self.settings.model, "--data", folder / "train.csv", *ask),
                *("--holdout", 0, "--seed", seed, "--threads", 1, "--device", "cpu", *options, "-o", partial),
            )
            partial.rename(model)
        return "model"  # paths of a config are meant from its own folder

    def _drawn(self, path: Path, n: int, seed: int) -> list[str]:
        """Distinct draws of the shipped model."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _sciencegen(
                *("generate", self.settings.model, "-n", n, "--seed", seed, "--properties", "none"),
                *("--workers", 0, "-o", path),
            )
        return [row["smiles"] for row in _rows(path)]

    @cached_property
    def _seen(self) -> Any:
        """What the shipped model was trained on."""
        from sciencegen.model import load

        return load(self.settings.model, "cpu").seen


def _checkpoint(model: str) -> str:
    """What a model's weights are known by."""
    from sciencegen.model import load

    return str(load(model, "cpu").checkpoint)


def _rank(earlier: Sequence[Path]) -> str:
    """The part of a config that ranks by a ridge on the results of earlier rounds."""
    tables = [(one / "results.csv").resolve() for one in earlier]
    command = [sys.executable, RIDGE, *tables]
    return RANK.format(command=", ".join(json.dumps(str(one)) for one in command))


def _screened(folder: Path, seed: int) -> None:
    """The campaign, the assay of its plates, and the results beside the compounds."""
    _sciencegen("screen", folder / "screen.toml", "--out", folder / "run", "--workers", 1)
    assay.write(folder / "run", folder / "assay.csv", seed)
    _sciencegen(
        *("import-results", folder / "run", folder / "assay.csv", "--id", "id", "--value", "potency"),
        *("-o", folder / "results.csv"),
    )


def _sciencegen(*arguments: object) -> None:
    """Carry out a command, as if it was typed; where it fails the loop ends, and can be gone on with."""
    typed = [str(one) for one in arguments]
    print(f"$ sciencegen {shlex.join(typed)}", file=sys.stderr, flush=True)
    code = run(typed)
    if code:
        raise SystemExit(code)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write_rows(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_json(path: Path, record: Any) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}; remove it to have it made again") from error


def _settled(out: Path, settings: Settings) -> str:
    """Keep the settings in the folder, or refuse to mix others with those that are there; says the checkpoint."""
    checkpoint = _checkpoint(settings.model)
    told: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    told |= {f"arm {arm.name}": asdict(arm) for arm in ARMS}
    told |= {"checkpoint": checkpoint, "assay": sha256(Path(assay.__file__)), "ridge": sha256(RIDGE)}
    del told["rounds"]  # more of them may be added
    path = out / "settings.json"
    there = _read_json(path) if path.exists() else told
    other = [name for name in sorted(told | there) if told.get(name) != there.get(name)]
    if other:
        found = f"it differs in {', '.join(other)}"
        raise RequestError(f"-o {out}: another loop was begun here ({found}); choose a new folder")
    out.mkdir(parents=True, exist_ok=True)
    _write_json(path, told)
    return checkpoint


def _report(loop: Loop, base: Base, rounds: Sequence[Round]) -> list[str]:
    """What is printed: the table, and what it rests on."""
    settings = loop.settings
    lines = [
        f"{base.hits:,} of {base.draws:,} draws at random are hits ({base.rate:.2%}), mean potency {base.mean:.2f}.",
        f"{settings.picks} compounds a round and arm, {settings.draws:,} draws, hits from pIC50 {assay.HIT:g}, "
        f"noise {assay.NOISE:g}, {assay.LIKELY_FAILED:.0%} of wells fail; {len({one.seed for one in rounds})} seeds.",
        "",
        *table(rounds, base.rate),
    ]
    short = [one for one in rounds if one.assayed < settings.picks]
    if short:
        said = ", ".join(f"{one.assayed} in round {one.number} of {one.arm}, seed {one.seed}" for one in short)
        lines += ["", f"Fewer than {settings.picks} were left to pick from: {said}."]
    if settings.rounds > 1:
        lines += ["", "More hits after round 1, seed by seed:", ""]
        lines += [f"- {ours} over {theirs}: {gained(rounds, ours, theirs).said()}" for ours, theirs in PAIRS]
    seconds = {}
    for one in rounds:
        if one.arm != RANDOM:
            seconds[(one.seed, one.number, one.arm if one.number > 1 else "")] = one.seconds
    cost = interval(list(seconds.values()))
    return [*lines, "", f"Processor time of a round: {cost.mean:.0f} s; of all: {sum(seconds.values()) / 60:.0f} min."]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the folder of the loop; one to go on with, too")
    parser.add_argument("--model", default="molecules", help="a model folder, or a shipped model (molecules)")
    parser.add_argument("--seeds", type=int, default=3, help="how many times everything is done (3)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every arm (3)")
    parser.add_argument("--small", action="store_true", help="tiny numbers, whose figures say nothing")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    try:
        if given.seeds < 1 or given.rounds < 1:
            raise RequestError(f"--seeds {given.seeds} --rounds {given.rounds}: expected 1 or more of both")
        model = str(Path(given.model).resolve()) if Path(given.model).is_dir() else given.model
        settings = replace(SMALL if given.small else Settings(), model=model, rounds=given.rounds)
        loop = Loop(given.out, settings, _settled(given.out, settings))
        base = loop.base()
        rounds = [one for seed in range(1, given.seeds + 1) for one in loop.rounds(seed)]
        _write_json(given.out / "rounds.json", {"base": asdict(base), "rounds": [one.plain() for one in rounds]})
        print("\n".join(_report(loop, base, rounds)))
    except SciencegenError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
