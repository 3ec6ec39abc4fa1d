"""The board of the MOSES benchmark, on sets of a few molecules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files import molecules
from tests.workflows.test_workflows import run

pytest.importorskip("rdkit", reason="molecules need RDKit")


@pytest.mark.slow
def test_the_board_has_our_row_below_the_published_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))
    whole = molecules(tmp_path / "whole.smi").read_text().splitlines()
    for i, name in enumerate(("train", "test", "test_scaffolds")):
        (tmp_path / f"{name}.smi").write_text("\n".join(whole[i::3]) + "\n")
    command = ("benchmarks/moses_board.py", "--from", str(tmp_path), "--without-fcd")
    rows = [line.split("|") for line in run(*command, "--file", str(tmp_path / "test.smi")).splitlines()]
    names = [row[1].strip() for row in rows if len(row) > 2]
    columns = [name.strip() for name in rows[0]]
    ours = dict(zip(columns, (cell.strip() for cell in rows[names.index("test.smi")]), strict=True))
    assert {"train set", "CharRNN", "VAE", "JTN-VAE", "MolGPT", "DiGress"} <= set(names)
    assert ours["SNN/Test"] == ours["valid"] == "1"
    assert ours["FCD/Test"] == "-"
    train = run(*command, "--train-row", "--whole", "--sample", "40").splitlines()
    assert [line.split("|")[1].strip() for line in train if line.startswith("| ")][1:] == [
        "train set",
        "train set, ours",
    ]
