"""Densities learned from an energy alone, at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sciencegen.cli import run
from sciencegen.data.table import read_table
from tests.cli.conftest import Command

TINY = ("--set", "width=8", "--set", "depth=2", "--set", "steps=30", "--set", "batch=64")
OWN = """
def bowl(x):
    return (x ** 2).sum(1) / 2
"""


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("well") / "run"
    assert run(["train", "densities/double-well", "-o", str(path), *TINY]) == 0
    return path


def test_points_are_drawn_at_a_temperature_with_their_energy(sciencegen: Command, well: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    asked = ("--where", "temperature=2", "-n", 50, "--workers", 2)
    done = sciencegen("generate", "densities", "--model", well, *asked, "-o", out)
    assert done.code == 0
    table = read_table(out)
    assert list(table.columns) == ["x", "y", "energy", "temperature_asked"]
    exact = table.x**4 / 4 - 3 * table.x**2 + table.x + table.y**2 / 2
    assert (table.energy - exact).abs().max() < 1e-3 * exact.abs().max()


def test_a_report_has_weights_free_energies_and_a_page(sciencegen: Command, well: Path, tmp_path: Path) -> None:
    page, points = tmp_path / "well.html", tmp_path / "points.csv"
    asked = ("--where", "temperature=2", "-n", 2000)
    done = sciencegen("evaluate", well, *asked, "--report", page, "--points", points, "--seed", 3)
    numbers = json.loads(done.out)
    assert numbers["temperature"] == 2
    assert 0 < numbers["effective_share"] < 1
    assert numbers["log_partition"]["exact"] == pytest.approx(7.1243, abs=1e-3)
    assert numbers["log_partition"]["value"] == pytest.approx(7.1243, abs=6 * numbers["log_partition"]["error"])
    assert numbers["free_energy_differences"]["right - left, in kT"]["exact"] == pytest.approx(2.3032, abs=1e-3)
    assert "free energy along x, kT" in page.read_text()
    table = read_table(points)
    assert len(table) == 2000
    assert table.visits.sum() == 2000
    assert (table.log_weight + table.energy / 2 + table.log_prob).abs().max() < 1e-6
    assert sciencegen("evaluate", well, *asked, "--seed", 3).out == done.out


def test_without_a_temperature_the_report_goes_through_some(sciencegen: Command, well: Path) -> None:
    numbers = json.loads(sciencegen("evaluate", well, "-n", 500).out)
    assert list(numbers["temperatures"]) == ["1", "2", "3", "4", "5"]


def test_an_energy_of_ones_own_is_learned_beside_data_too(
    sciencegen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bowls.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    own = ("train", "densities/energy", "--energy", "bowls:bowl", "--set", "names=a,b")
    assert sciencegen(*own, "-o", "run", *TINY).code == 0
    assert json.loads(sciencegen("evaluate", "run", "-n", 500).out)["energy"] == "bowls:bowl"
    (tmp_path / "points.csv").write_text("b,a\n" + "".join(f"{i / 50 - 1},{1 - i / 50}\n" for i in range(100)))
    mixed = (*own, "--set", "likelihood=0.5", "-o", "mixed", *TINY)
    assert "learn from data" in sciencegen(*mixed).complaint
    assert sciencegen(*mixed, "--data", "points.csv").code == 0
    warm = (*own, "--set", "likelihood=0.5", "--set", "temperatures=1,2", "-o", "warm", *TINY)
    assert "unknown property or column 'temperature'" in sciencegen(*warm, "--data", "points.csv").complaint
    (tmp_path / "heated.csv").write_text("b,a,temperature\n" + "".join(f"{i},{-i},1.5\n" for i in range(20)))
    assert sciencegen(*warm, "--data", "heated.csv").code == 0
    assert "learns without data" in sciencegen(*own, "-o", "other", "--data", "points.csv", *TINY).complaint


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("densities/energy", "--energy", "muler-brown"), "did you mean 'muller-brown'?"),
        (("densities/energy", "--energy", "nowhere:f"), "say the names of its coordinates, as in --set names=x,y"),
        (("densities/energy", "--energy", "nowhere:f", "--set", "names=a"), "No module named 'nowhere'"),
        (("densities/energy", "--set", "scale=1,2,3"), "scale: expected 2 numbers"),
        (("densities/energy", "--set", "names=a,b"), "the coordinates of muller-brown are x, y"),
        (("densities/double-well", "--set", "temperatures=5,1"), "temperatures=5,1: expected one above 0"),
        (("densities/double-well", "--energy", "torus"), "densities/double-well has none; densities/energy have one"),
        (("densities/energy", "--set", "transform=maf"), "sampling of this flow is costly: train it by likelihood"),
        (("densities/energy", "--set", "transform=iaf", "--set", "by=path"), "log_prob of this flow is costly"),
        (("densities/phi4", "--set", "side=5"), "side=5: expected an even number of sites"),
        (("densities/double-well", "--ask", "energy"), "says itself what may be asked of it"),
    ],
)
def test_what_cannot_be_learned_is_named(
    sciencegen: Command, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    assert said in sciencegen("train", *given, "-o", tmp_path / "run", *TINY).complaint
    assert not (tmp_path / "run").exists()


def test_what_cannot_be_weighed_is_named(sciencegen: Command, well: Path, table: Path, tmp_path: Path) -> None:
    assert sciencegen("train", "densities/coupling", "--data", table, "-o", tmp_path / "run", *TINY).code == 0
    assert "was fitted to no energy: give --data or --protocol" in sciencegen("evaluate", tmp_path / "run").complaint
    data = sciencegen("evaluate", well, "--data", table, "--where", "temperature=2").complaint
    assert "--where goes with a model that was fitted to an energy" in data
    assert "temperature" in sciencegen("evaluate", well, "--where", "heat=2").complaint
    missing = "temperature is missing: it is known from 1 to 5, as in --where temperature=3"
    assert missing in sciencegen("generate", well, "-n", 2).complaint
    (tmp_path / "points.csv").write_text("x,y\n1,2\n")
    assert missing in sciencegen("score", well, tmp_path / "points.csv").complaint
