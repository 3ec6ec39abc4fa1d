"""Benchmarks of graphs, small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sciencegen.fit import Fit
from tests.cli.test_scaffold import MOLECULES

BENCHMARKS = Path(__file__).parents[2] / "workflows" / "benchmarks"


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def written(folder: Path, molecules: list[str]) -> Path:
    path = folder / f"{len(molecules)}.smi"
    path.write_text("".join(f"{one}\n" for one in molecules))
    return path


def test_frameworks_are_unseen_and_open_where_their_molecule_goes_on() -> None:
    from scaffold_board import opened, unseen

    from sciencegen.domains.molecules.begun import held

    found = unseen(["Cc1ccc(O)cc1", "CN1CCC(c2ccccc2)CC1", "c1ccccc1", "CCO"], ["CCc1ccccc1"], 10, 0)
    assert found == [("CN1CCC(c2ccccc2)CC1", "c1ccc(C2CCNCC2)cc1")]
    for molecule in ("Cc1ccc(O)cc1", "CN1CCC(c2ccccc2)CC1", "CC(=O)Nc1ccc(O)cc1"):
        assert held(opened(molecule))(molecule)


@pytest.mark.slow
def test_the_board_of_scaffolds_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scaffold_board import main

    small = {"width": 24, "rounds": 1, "context": 8, "batch": 10, "steps": 20, "rate": 0.03, "warmup": 1}
    asked = ["mw", "logp", "qed", "tpsa"]
    for _ in Fit("molecules/scaffolds", MOLECULES, out=tmp_path / "run", ask=asked, holdout=0.0, **small):
        pass
    test, train = written(tmp_path, MOLECULES), written(tmp_path, ["CCO", "CCN"])
    options = ["--test", str(test), "--train", str(train), "--scaffolds", "3", "--each", "2"]
    monkeypatch.setattr(sys, "argv", ["scaffold_board.py", str(tmp_path / "run"), *options])
    main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(lines) == 6
    assert all("100.0" in line for line in lines[1:])


@pytest.mark.slow
def test_graphs_are_raced_beside_dense_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import graph_speed

    monkeypatch.setattr(graph_speed, "_TOGETHER", 8)
    monkeypatch.setattr(graph_speed, "_DRAWN", 8)
    data = written(tmp_path, MOLECULES * 8)
    monkeypatch.setattr(sys, "argv", ["graph_speed.py", "--data", str(data), "--rounds", "1"])
    graph_speed.main()
    assert capsys.readouterr().out.count("| molecules/") == 3
