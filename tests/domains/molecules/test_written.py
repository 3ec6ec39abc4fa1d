"""Strings of many molecules."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.domains.molecules import written as module
from sciencegen.domains.molecules.kekule import kekule
from sciencegen.domains.molecules.selfies import selfies_of
from sciencegen.domains.molecules.written import written
from sciencegen.errors import DataError
from tests.domains.molecules.test_kekule import MOLECULES


@pytest.mark.slow
def test_processes_write_what_one_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    here = written(MOLECULES, kekule, "Kekulé SMILES", ("rdkit",))
    monkeypatch.setattr(module, "_MANY", 1)
    assert written(MOLECULES, kekule, "Kekulé SMILES", ("rdkit",)) == here
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(module, "Workers", None)
    assert written(MOLECULES, kekule, "Kekulé SMILES", ("rdkit",)) == here  # remembered


@pytest.mark.slow
def test_processes_name_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(module, "_MANY", 1)
    with pytest.raises(DataError, match=r"1 of 2 molecules cannot be written as SELFIES.*molecule 2, \*: "):
        written(["C", "*"], selfies_of, "SELFIES", ("selfies",))
