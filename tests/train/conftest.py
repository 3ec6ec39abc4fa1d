"""A small model folder to be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sciencegen.fit import Fit
from tests.files import points


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    data = points(folder / "points.csv", 60)
    for _ in Fit("densities/coupling", data, out=folder / "run", width=8, depth=2, steps=3, batch=32):
        pass
    return folder / "run"


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of a model folder."""
    return Path(shutil.copytree(trained, tmp_path / "run"))
