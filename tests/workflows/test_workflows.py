"""Every workflow runs, at a size that takes seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "workflows" / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Files shaped like the published ones, filled with noise."""
    source = np.random.default_rng(0)
    images = {part: np.packbits(source.random((210, 784)) < 0.1, axis=1) for part in ("train", "valid", "test")}
    np.savez(tmp_path / "binarized_mnist_fixed.npz", **images)
    sizes = {"dna": 180, "mushrooms": 112, "nips": 500}
    parts = ("train", "valid", "test")
    tables = {
        f"{name}_{p}": (source.random((60, d)) < 0.2).astype(np.uint8) for name, d in sizes.items() for p in parts
    }
    np.savez(tmp_path / "made_uci_binary.npz", **tables)
    return tmp_path


@pytest.mark.slow
def test_the_binary_benchmark_runs_and_goes_on(packed: Path) -> None:
    command = ("benchmarks/binary.py", "--from", str(packed), "--out", str(packed / "runs"), "--quick", "--draws", "50")
    only = ("--only", "mnist/fvsbn", "dna/made", "nips/vae")
    tables = [[line.rsplit("|", 2)[0] for line in run(*command, *only).splitlines()[-3:]] for _ in range(2)]
    assert [row.split("|")[1:3] for row in tables[0]] == [
        [" mnist ", " fvsbn "],
        [" dna ", " made "],
        [" nips ", " vae "],
    ]
    assert tables[0] == tables[1], "a run that is done gives the same figures again"


@pytest.mark.slow
def test_the_speed_benchmark_gives_ratios_and_equal_results() -> None:
    rows = [
        line
        for line in run("benchmarks/speed.py", "--quick", "--parts", "kernels").splitlines()
        if line.startswith("| ") and "x |" in line
    ]
    assert len(rows) >= 7
    assert all(float(row.split("|")[-2]) < 1e-4 for row in rows)


@pytest.mark.slow
def test_the_one_dimensional_f_gan_experiment_runs() -> None:
    assert "kl" in run("benchmarks/fgan_1d.py", "--quick")


@pytest.mark.slow
def test_the_mode_benchmark_runs() -> None:
    assert "|" in run("benchmarks/gan_modes.py", "--quick", "--data", "ring")


@pytest.mark.slow
def test_the_benchmark_of_large_fields_runs(tmp_path: Path) -> None:
    from sciencegen.cli import run as call

    for seed, name in enumerate(("data", "test")):
        made = [
            "data",
            "make",
            "gaussian-field",
            "-n",
            "300",
            "--size",
            "16",
            "--set",
            "length=1.5..3",
            "--seed",
            str(seed),
        ]
        assert call([*made, "-o", str(tmp_path / f"{name}.npz")]) == 0
    where = ("--data", str(tmp_path / "data.npz"), "--test", str(tmp_path / "test.npz"), "--runs", str(tmp_path))
    rows = run("benchmarks/large_fields.py", *where, "--steps", "2").splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| real: nearest test image", "| plain", "| growing", "| style"]


def test_the_samples_are_made_again_as_they_are(tmp_path: Path) -> None:
    run("make_samples.py", "--out", str(tmp_path), "--items", "40", "--sweeps", "20")
    with np.load(tmp_path / "ising.npz") as file:
        assert file["x"].shape == (40, 8, 8)
        assert set(np.unique(file["x"])) == {0, 1}
    assert (tmp_path / "wells.csv").read_text().startswith("x,y,temperature\n")


@pytest.mark.slow
def test_the_sample_of_molecules_is_made_again_as_it_is(tmp_path: Path) -> None:
    run("make_molecules.py", "--out", str(tmp_path), "--items", "20")
    made = (tmp_path / "solubility.csv").read_text().splitlines()
    assert made[0] == "smiles,logs"
    assert all(-12 < float(line.split(",")[1]) < 2 for line in made[1:])
    assert len(made) == 21


@pytest.mark.parametrize("bits", [32, 16, 8])
def test_a_trained_model_is_shipped_without_its_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    from sciencegen.fit import Fit
    from sciencegen.model import load
    from sciencegen.nets.causal.entries import Sharpness
    from workflows import ship

    small: dict[str, Any] = {"width": 48, "embed": 8, "context": 8, "steps": 60, "rate": 1e-2, "batch": 16}
    for _ in Fit("molecules/smiles-gru", ["CCO", "CCN", "CCC", "COC"] * 8, out=tmp_path / "run", ask=["mw"], **small):
        pass
    monkeypatch.setattr(ship, "SHIPPED", tmp_path / "shipped")
    out = ship.ship(tmp_path / "run", "tiny", None, {"temperature": 0.9}, bits)
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tmp_path / "run", out)]
    assert (sizes[1] < 0.8 * sizes[0]) == (bits < 32)
    assert load(out).generator.knobs == Sharpness(temperature=0.9)
    assert {path.name for path in out.iterdir()} == {"config.json", "model.safetensors", "README.md", "seen.bin"}
    assert "-o runs/tiny" in (out / "README.md").read_text()
