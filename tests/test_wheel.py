"""`pip install .` alone gives a command that works, with grammars, data sets and pretrained models on board."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from sciencegen import __version__
from tests.files import points

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    line, alone = [str(word) for word in words], clean | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, cwd=cwd, env=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(line)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel in it, outside the checkout.

    Nothing is fetched: the packages it depends on are found where this environment has them. A line in a .pth file
    adds that folder to the path but does not run the .pth files in it, so an editable sciencegen there stays unseen.
    """
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", wheel, cwd=home)
    where = run(python, "-c", "import sciencegen; print(sciencegen.__file__)", cwd=home).strip()
    assert Path(where).is_relative_to(site)
    return programs


def test_the_wheel_carries_what_is_not_code(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"sciencegen/{path.relative_to(ROOT)}" for name in ("grammars", "datasets") for path in files(ROOT / name)
    }
    pretrained = {str(path.relative_to(ROOT)) for path in files(ROOT / "sciencegen" / "pretrained")}
    assert shipped
    assert shipped | pretrained | {"sciencegen/py.typed"} <= carried
    assert not [name for name in carried if name.startswith(("tests/", "workflows/"))]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]


def test_the_command_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    command = installed / "sciencegen"
    assert run(command, "--version", cwd=tmp_path).strip() == __version__
    assert "densities/coupling" in run(command, "recipes", cwd=tmp_path)
    points(tmp_path / "points.csv")
    quick = ["--set", "steps=2", "--set", "width=8"]
    run(command, "train", "densities/coupling", "--data", "points.csv", "-o", "model", *quick, cwd=tmp_path)
    table = run(command, "generate", "model", "-n", 5, cwd=tmp_path)
    assert table.startswith("x,y,heat,radius\n")
    assert table.count("\n") == 6


def test_what_the_wheel_carries_is_found(installed: Path, tmp_path: Path) -> None:
    ask = (
        "from importlib.resources import files; print(*(p.name for p in (files('sciencegen') / 'datasets').iterdir()))"
    )
    found = set(run(installed / "python", "-c", ask, cwd=tmp_path).split())
    assert {path.name for path in files(ROOT / "datasets")} <= found


def test_molecules_are_generated_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    table = run(installed / "sciencegen", "generate", "molecules", "-n", 5, "-w", "logp=2.5", cwd=tmp_path)
    assert table.startswith("smiles,logp,")
    assert table.count("\n") == 6
