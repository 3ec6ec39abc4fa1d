"""The benchmark of flows compares like with like, and runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "workflows" / "benchmarks"
KINDS = ["spline coupling", "affine coupling", "masked affine", "masked spline"]


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    torch.manual_seed(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:Inputs to the softmax")
def test_every_library_has_nets_of_one_size_and_its_own_inverse(kind: str) -> None:
    from speed_of.flows import Shape, contenders

    shape, x = Shape(kind, 4, 2, (16, 16)), torch.randn(32, 4)
    least = shape.layers * sum(a * b for a, b in shape.matrices)
    for one in contenders(shape):
        sizes = [p.numel() for p in one.layers.parameters() if p.dim() == 2]
        assert sum(sizes) == least, one.name
        with torch.no_grad():
            z = x
            for layer in one.layers:
                z, _ = one.to_noise(layer, z)
            assert (one.sample(z) - x).abs().max() < 1e-3, one.name


def test_the_floor_counts_the_products_both_ways() -> None:
    from speed_of.flows import Shape, floor

    shape = Shape("spline coupling", 6, 2, (8,), 4)
    assert shape.matrices == [(8, 3), (33, 8)]
    assert len(floor(shape, 5, backward=False)()) == 4  # type: ignore[arg-type]
    assert len(floor(shape, 5, backward=True)()) == 12  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    out = tmp_path / "flows.json"
    command = [sys.executable, str(BENCHMARKS / "flows.py"), "--quick", "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["rows"]
    assert {row["layers"] for row in rows} == set(KINDS)
    assert all(row["ours"] > 0 and row["floor"] > 0 for row in rows)
