"""Measuring very many molecules: the same numbers, in other processes, once."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from sciencegen.core.domain import Items
from sciencegen.data.columns import measured, rows_of
from sciencegen.domains.molecules import Molecules, measuring
from sciencegen.domains.molecules.measuring import measured_in_parallel
from sciencegen.domains.molecules.properties import PROPERTIES

MOLECULES = ("CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "CC(=O)[O-]", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "[H][H]")
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("processes", [0, 2])
def test_many_are_measured_as_one_is(processes: int) -> None:
    found = measured_in_parallel(MOLECULES, list(PROPERTIES), processes)
    assert list(found) == list(PROPERTIES)
    for name, column in found.items():
        assert column.tolist() == [PROPERTIES[name].measure(molecule) for molecule in MOLECULES]


def test_what_cannot_be_measured_is_nan_and_said() -> None:
    with pytest.warns(UserWarning, match=r"1 of 3 molecules could not be measured: junk: ValueError: junk: not a mol"):
        found = measured_in_parallel(["CCO", "junk", "C"], ["mw", "logp"], 0)
    for column in found.values():
        assert np.isnan(column).tolist() == [False, True, False]


def test_what_was_measured_is_remembered_by_molecules_and_property(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(measuring, "_WORTH_REMEMBERING", 4)
    asked: list[list[str]] = []
    work = measuring._measured

    def spied(items: list[str], names: list[str], processes: int | None) -> dict[str, np.ndarray]:
        asked.append(list(names))
        return work(items, names, 0)

    monkeypatch.setattr(measuring, "_measured", spied)
    first = measured_in_parallel(MOLECULES, ["mw", "logp"])
    again = measured_in_parallel(MOLECULES, ["rings", "logp", "mw", "tpsa"])
    measured_in_parallel(MOLECULES[::-1], ["mw"])
    assert asked == [["mw", "logp"], ["rings", "tpsa"], ["mw"]]
    assert list(again) == ["rings", "logp", "mw", "tpsa"]
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_measured_columns_go_with_their_items() -> None:
    items = measured(Molecules(), Items(list(MOLECULES), {"own": list(range(6))}), ["mw", "own", "logp"])
    assert list(items.columns) == ["mw", "own", "logp"]
    some = rows_of(Items(items.items, {"array": np.arange(6.0), **items.columns}), [3, 0])
    assert some.items == [MOLECULES[3], MOLECULES[0]]
    assert some.columns["own"] == [3, 0]
    assert np.array_equal(some.columns["array"], [3.0, 0.0])
    assert some.columns["mw"] == [PROPERTIES["mw"].measure(item) for item in some.items]


def test_workers_start_soon() -> None:
    """A worker imports what it measures with, and no torch, which takes longer than all else."""
    said = (
        "import sys, sciencegen.domains.molecules.measuring as m; print(sorted({'torch', 'pandas'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, cwd=ROOT, env=os.environ)
    assert run.stdout == "[]\n"


def test_nothing_is_said_where_all_is_well() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured_in_parallel(["CCO"], ["mw"], 0)
