"""The benchmark of a molecule screen runs, and says what each step costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files import molecules
from tests.workflows.test_workflows import ROOT, run

pytest.importorskip("rdkit", reason="molecules need RDKit")


def test_steps_are_parts_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "workflows" / "benchmarks"))
    import cascade

    found = cascade.costs(["CCO", "O=C1C=CC(=O)c2ccccc21", "CC(=O)Oc1ccccc1C(=O)O"])
    assert list(found) == [*cascade.STEPS, "the whole"]
    assert all(milliseconds >= 0 for milliseconds in found.values())
    assert cascade.whole("O=C1C=CC(=O)c2ccccc21") == ["pains", "chembl"]
    assert cascade.whole("CCO") == []


@pytest.mark.slow
def test_the_cascade_is_measured(tmp_path: Path) -> None:
    data = molecules(tmp_path / "some.smi")
    said = run("benchmarks/cascade.py", "--data", str(data), "-n", "20", "--repeats", "1")
    rows = {row[1].strip(): row[2] for row in (line.split("|") for line in said.splitlines()) if len(row) == 4}
    assert {"parent, InChIKey", "qed", "pains", "chembl", "Morgan fingerprint", "the whole"} <= set(rows)
    assert 0 < float(rows["the whole"]) < 1000
    assert float(rows["1"].replace(",", "")) > 0
    assert rows["2 beside 1"].strip().endswith("times")
