"""A command line that runs here and now, and small models for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sciencegen.cli import run
from sciencegen.fit import Fit
from tests.files import lattices, molecules, points, words


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line a failed command says; anything more fails the test."""
        assert self.code in (1, 2, 3, 5)
        (line,) = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert self.err.endswith(line + "\n")
        return line

    @property
    def refusal(self) -> str:
        """What is said of a request that cannot be carried out: one line, and nothing on standard output."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.count("\n") == 1
        return self.complaint


Command = Callable[..., Done]


@pytest.fixture
def sciencegen(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, run in this process."""

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def table(folder: Path) -> Path:
    return points(folder / "points.csv")


@pytest.fixture(scope="session")
def flow(folder: Path, table: Path) -> Path:
    """A flow of points in x and y that may be asked for heat."""
    return _fitted("densities/coupling", table, folder / "flow", ask=["heat", "radius"], width=8, depth=2, epochs=30)


@pytest.fixture(scope="session")
def gan(folder: Path, table: Path) -> Path:
    return _fitted("densities/gan", table, folder / "gan", width=8, depth=1, steps=3)


@pytest.fixture(scope="session")
def made(folder: Path) -> Path:
    """A model of 3x3 bits that may be asked for heat and for how many are filled."""
    data = lattices(folder / "lattices.npz", 400)
    return _fitted("arrays/made", data, folder / "made", ask=["heat", "filled"], width=16, epochs=40, rate=0.01)


@pytest.fixture(scope="session")
def kinds(folder: Path) -> Path:
    """A flow of points that may be asked for a kind in words."""
    data = words(folder / "words.csv")
    return _fitted("densities/coupling", data, folder / "kinds", ask=["kind"], width=16, depth=3, epochs=60)


@pytest.fixture(scope="session")
def gru(folder: Path) -> Path:
    """A model of small molecules that may be asked for logp and mw."""
    small = {"width": 48, "embed": 16, "context": 16, "hide": 0.3}
    quick = {"epochs": 12, "batch": 32, "rate": 0.01, "ema": 0.9, "warmup": 10}
    data = molecules(folder / "molecules.smi")
    return _fitted("molecules/smiles-gru", data, folder / "gru", ask=["logp", "mw"], **small, **quick)


def _fitted(recipe: str, data: Path, out: Path, **options: object) -> Path:
    for _ in Fit(recipe, data, out=out, **({"batch": 64} | options)):  # type: ignore[arg-type]
        pass
    return out
