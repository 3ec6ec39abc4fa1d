"""The closed loop: its assay reads what is there, its arithmetic is right, and it goes on where it was stopped."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.test_workflows import ROOT

pytest.importorskip("rdkit", reason="molecules need RDKit")

ARMS = ("random", "shipped", "hits", "asked", "shipped-ridge", "asked-ridge")
LOOP = ROOT / "workflows" / "closed_loop"
ASPIRIN, OTHER_ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1OC(C)=O"


@pytest.fixture(scope="module")
def parts() -> Any:
    """The modules of the workflow, as its script sees them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(LOOP))
        import assay
        import enrichment
        import ridge

        yield SimpleNamespace(assay=assay, enrichment=enrichment, ridge=ridge)
        for name in ("assay", "enrichment", "ridge"):
            del sys.modules[name]


def wells(smiles: str, n: int) -> list[dict[str, str]]:
    return [{"id": f"x{i}", "plate": "p", "well": f"A{i}", "smiles": smiles} for i in range(n)]


def values(rows: Any) -> list[float]:
    return [float(row["potency"]) for row in rows if row["potency"]]


def test_a_potency_belongs_to_the_molecule_and_not_to_its_spelling(parts: Any) -> None:
    true = [parts.assay.potency(one) for one in (ASPIRIN, OTHER_ASPIRIN, "CCO", "CN1CCN(c2ncccn2)CC1")]
    assert true[0] == pytest.approx(true[1], abs=1e-12)
    assert all(4 < one < 9 for one in true)
    assert len({round(one, 6) for one in true}) == 3


def test_what_the_target_likes_is_the_pair_at_its_distance(parts: Any) -> None:
    four, seven, eight, twelve = (parts.assay.liking(f"CN(C){'C' * n}c1cccnc1") for n in (1, 4, 5, 9))
    assert four - eight == pytest.approx(1.3 * (1 - np.exp(-1)))
    assert (four, eight) == (seven, twelve)
    acid = parts.assay.liking("CC(=O)O")
    assert acid == pytest.approx(-(1 - np.exp(-1)))


def test_a_well_reads_the_potency_with_noise_and_sometimes_nothing(parts: Any) -> None:
    rows = list(parts.assay.measured(wells(ASPIRIN, 4000), seed=3))
    read = values(rows)
    assert 0.035 < 1 - len(read) / 4000 < 0.065
    assert np.mean(read) == pytest.approx(parts.assay.potency(ASPIRIN), abs=0.02)
    assert np.std(read) == pytest.approx(parts.assay.NOISE, abs=0.015)
    assert rows == list(parts.assay.measured(wells(ASPIRIN, 4000), seed=3))
    assert rows != list(parts.assay.measured(wells(ASPIRIN, 4000), seed=4))


def test_controls_are_the_reference_compounds_in_turn(parts: Any) -> None:
    rows = list(parts.assay.measured(wells("", 2000), seed=0))
    for name, true in parts.assay.CONTROLS:
        ours = [row for row in rows if row["id"] == name]
        assert len(ours) == 1000
        assert np.mean(values(ours)) == pytest.approx(true, abs=0.05)


def test_a_plate_is_measured_well_by_well(parts: Any, tmp_path: Path) -> None:
    (tmp_path / "picked.csv").write_text(f"id,smiles\nSG-1,{ASPIRIN}\nSG-2,CCO\n")
    (tmp_path / "plate_map.csv").write_text(
        "id,plate,well,role,replicate\ncontrol,plate-1,A1,control,\nSG-2,plate-1,A2,compound,1\nSG-1,plate-1,A3,compound,1\n"
    )
    parts.assay.write(tmp_path, tmp_path / "assay.csv", seed=1)
    with (tmp_path / "assay.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["well"]) for row in rows] == [("high", "A1"), ("SG-2", "A2"), ("SG-1", "A3")]


@given(st.integers(1, 500), st.integers(0, 500), st.floats(0.001, 1))
def test_enrichment_is_a_ratio_of_rates(parts: Any, assayed: int, hits: int, base: float) -> None:
    found = parts.enrichment.enrichment(min(hits, assayed), assayed, base)
    assert found * base * assayed == pytest.approx(min(hits, assayed))


def test_nothing_is_compared_with_nothing(parts: Any) -> None:
    from sciencegen.errors import DataError

    for hits, assayed, base in ((0, 0, 0.1), (1, 10, 0.0)):
        with pytest.raises(DataError, match="nothing to compare"):
            parts.enrichment.enrichment(hits, assayed, base)


def test_the_interval_holds_the_truth_as_often_as_it_says(parts: Any) -> None:
    random = np.random.default_rng(0)
    for n in (3, 5):
        found = [parts.enrichment.interval(random.normal(1, 2, n).tolist()) for _ in range(4000)]
        assert np.mean([abs(one.mean - 1) <= one.half for one in found]) == pytest.approx(0.95, abs=0.012)
    assert parts.enrichment.interval([2.0]).half is None
    assert parts.enrichment.interval([1.0, 2.0, 3.0]).said(3) == "2.000 ± 2.484"


def test_diversity_is_what_molecules_do_not_share(parts: Any) -> None:
    from sciencegen.domains.molecules.similarity import References

    two = [ASPIRIN, "CC(=O)Oc1ccccc1"]
    assert parts.enrichment.diversity(two) == pytest.approx(1 - References(two[:1]).nearest(two[1]))
    assert parts.enrichment.diversity([ASPIRIN] * 3) == pytest.approx(0)
    assert parts.enrichment.diversity([ASPIRIN]) is None


def test_rounds_add_up_and_the_truth_judges(parts: Any) -> None:
    true = {one: parts.assay.potency(one) for one in (ASPIRIN, "CCO", "CCN")}
    one = parts.enrichment.judged(("asked", 1, 2), list(true), {"CCO"}, [ASPIRIN])
    assert one.mean == pytest.approx(sum(true.values()) / 3)
    assert one.hits == sum(value >= parts.assay.HIT for value in true.values())
    assert one.novel == pytest.approx(2 / 3)
    assert one.nearest is not None
    assert one.nearest >= 1 / 3  # one of them is there itself
    made = [
        parts.enrichment.Round("a", seed, number, 10, seed * number, 5.0, 0.8, 1.0)
        for seed in (1, 2)
        for number in (1, 2)
    ]
    rows = [line.split(" | ") for line in parts.enrichment.table(made, 0.1)[2:]]
    assert [row[1] for row in rows] == ["1", "2", "all"]
    assert [row[4].split(" ")[0] for row in rows] == ["1.5", "3.0", "4.5"]
    assert rows[2][2].startswith("2.2 ")  # (3 and 6 of 20) over 0.1, mean 2.25
    assert parts.enrichment.table(made, 0.0)[2].split(" | ")[2] == "-"


def test_a_ridge_solves_its_equations_and_leaves_one_out(parts: Any) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(12, 30))
    y = x[:, :3].sum(1) + random.normal(size=12)
    ridge = parts.ridge.Ridge.fitted(x, y)
    centred, rest = x - x.mean(0), y - y.mean()
    assert centred.T @ (centred @ ridge.weights - rest) + ridge.strength * ridge.weights == pytest.approx(0, abs=1e-8)
    errors = {}
    for strength in parts.ridge.STRENGTHS:
        left = []
        for i in range(12):
            others = np.arange(12) != i
            inner, mean = x[others] - x[others].mean(0), y[others].mean()
            weights = np.linalg.solve(inner.T @ inner + strength * np.eye(30), inner.T @ (y[others] - mean))
            left.append(y[i] - mean - (x[i] - x[others].mean(0)) @ weights)
        errors[float(strength)] = float(np.square(left).mean())
    assert ridge.strength == min(errors, key=lambda strength: errors[strength])


def test_the_ridge_scores_lines_as_a_screen_asks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles,potency\nCCO,5\nCCN,6\nCCC,\nc1ccccc1,7\n")
    command = [sys.executable, str(LOOP / "ridge.py"), str(tmp_path / "a.csv")]
    done = subprocess.run(
        command, input="CCO\nnonsense\nc1ccccc1\n", capture_output=True, text=True, timeout=120, check=True
    )
    ethanol, none, benzene = json.loads(done.stdout)["payload"]["potency"]
    assert none is None
    assert 5 <= ethanol < benzene <= 7


def test_arms_are_compared_seed_by_seed_after_the_round_they_share(parts: Any) -> None:
    found = {("a", 1): (9, 4, 5), ("a", 2): (0, 2, 2), ("b", 1): (9, 1, 1), ("b", 2): (0, 1, 0)}
    made = [
        parts.enrichment.Round(arm, seed, number, 10, hits, 5.0, 0.8, 1.0)
        for (arm, seed), rounds in found.items()
        for number, hits in enumerate(rounds, 1)
    ]
    assert parts.enrichment.gained(made, "a", "b") == parts.enrichment.interval([7.0, 3.0])
    assert parts.enrichment.gained(made, "b", "a").mean == -5


def looped(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LOOP / "loop.py"), "-o", str(out), "--small", "--seeds", "1", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)


@pytest.mark.slow
def test_the_loop_runs_goes_on_and_refuses_to_mix(tmp_path: Path) -> None:
    first = looped(tmp_path / "loop", "--rounds", "1")
    assert first.returncode == 0, first.stderr
    whole = looped(tmp_path / "loop", "--rounds", "2")
    assert whole.returncode == 0, whole.stderr
    assert whole.stderr.count("$ sciencegen train") == 3
    assert "--ask potency" in whole.stderr
    again = looped(tmp_path / "loop", "--rounds", "2")
    assert again.stdout == whole.stdout
    assert "$ sciencegen" not in again.stderr
    rounds = json.loads((tmp_path / "loop" / "rounds.json").read_text())["rounds"]
    assert [(one["arm"], one["number"]) for one in rounds] == [(arm, number) for arm in ARMS for number in (1, 2)]
    assert all(one["assayed"] == 12 for one in rounds)
    seed = tmp_path / "loop" / "seed-1"
    assert "where = { potency = 8.5 }" in (seed / "asked/round-2/screen.toml").read_text()
    picked = [(seed / one / "run" / "picked.csv").read_text() for one in ("first", "asked/round-2", "shipped/round-2")]
    smiles = [{row["smiles"] for row in csv.DictReader(text.splitlines())} for text in picked]
    assert not smiles[0] & smiles[1]
    assert not smiles[0] & smiles[2]
    ranked = list(csv.DictReader((seed / "shipped-ridge/round-2/run/picked.csv").read_text().splitlines()))
    assert ranked == sorted(ranked, key=lambda row: -float(row["pred_ridge_potency"]))
    settings = tmp_path / "loop" / "settings.json"
    settings.write_text(settings.read_text().replace('"draws": 60', '"draws": 61'))
    refused = looped(tmp_path / "loop", "--rounds", "2")
    assert refused.returncode == 2
    assert "another loop was begun here (it differs in draws)" in refused.stderr
