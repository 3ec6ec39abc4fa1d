"""Users' tables: from a file with gaps to rows under a condition, and one clear line for what cannot be learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch

from sciencegen.data.table import read_table
from sciencegen.domains.densities import Point
from sciencegen.domains.densities.robust import Robust
from sciencegen.domains.densities.tables import Tables
from sciencegen.errors import DataError
from sciencegen.model import load
from tests.cli.conftest import Command

QUICK = ("--set", "width=16", "--set", "depth=2", "--set", "batch=64", "--set", "epochs=25", "--set", "rate=0.01")


def jets(path: Path, n: int = 500) -> Path:
    """Momentum follows mass, the radius has far tails and gaps, and there is a kind in words."""
    source = np.random.default_rng(0)
    mass, kind = source.uniform(50, 200, size=n), source.choice(["gluon", "quark"], size=n)
    momentum = 3 * mass + 30 * source.normal(size=n)
    radius = 0.4 * np.exp(source.standard_t(3, size=n) / 2) + (kind == "gluon")
    radius[source.random(n) < 0.2] = np.nan
    table = pandas.DataFrame({"mass": mass, "momentum": momentum, "radius": radius, "kind": kind})
    table.loc[3, "mass"] = np.nan  # a condition may be unknown
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sciencegen.cli import run as command

    folder = tmp_path_factory.mktemp("tables")
    data = jets(folder / "jets.csv")
    said = ["train", "densities/table", "--data", str(data), "--where-columns", "mass,kind", "-o", str(folder / "run")]
    assert command([*said, *QUICK]) == 0
    return folder / "run"


def test_rows_are_drawn_under_a_condition_into_parquet(sciencegen: Command, run: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    means = {}
    for mass in (80, 160):
        out = tmp_path / f"{mass}.parquet"
        done = sciencegen("generate", "densities", "--model", run, "--where", f"mass={mass}", "-n", 400, "-o", out)
        assert done.code == 0
        table = pandas.read_parquet(out)
        assert list(table.columns) == ["momentum", "radius", "mass_asked"]
        assert len(table) == 400
        means[mass] = table["momentum"].mean()
    assert means[160] - means[80] == pytest.approx(240, abs=60)
    done = sciencegen("generate", run, "--where", "kind=quark", "--where", "mass=100", "-n", 5)
    assert done.out.splitlines()[0] == "momentum,radius,kind_asked,mass_asked"


def test_what_was_read_is_said_and_kept(sciencegen: Command, run: Path, tmp_path: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["ask"] == ["mass", "kind"]
    assert [one["kind"] for one in config["fields"]] == ["number", "category"]
    assert config["representation"]["names"] == ["momentum", "radius"]
    data = jets(tmp_path / "jets.csv")
    done = sciencegen("train", "densities/table", "--data", data, "-o", tmp_path / "run", "--dry-run")
    assert f"{data}: 500 of 500 rows read, from 3 columns of numbers" in done.err
    assert "empty cells: drawn from the model while it learns" in done.err
    assert "1 column kind: no numbers, left out; --where-columns makes conditions of them" in done.err
    assert "may be asked for: nothing" in done.err


def test_gaps_are_filled_by_the_model(run: Path) -> None:
    model = load(run, device="cpu")
    rows = [Point(("momentum", "radius"), np.array([300.0, np.nan])) for _ in range(200)]
    known = torch.tensor([True, False])
    by_kind = {}
    for kind in ("quark", "gluon"):
        found = model.complete(rows, known, {"kind": kind}, particles=16)
        values = np.array([point.values for point in found if point is not None])
        assert np.allclose(values[:, 0], 300, atol=1e-3)
        by_kind[kind] = np.median(values[:, 1])
    assert by_kind["gluon"] - by_kind["quark"] == pytest.approx(1, abs=0.4)
    assert torch.isfinite(model.log_prob(rows[:3])).all()  # of what is there


def test_columns_that_may_be_asked_for_stand_beside_ask(sciencegen: Command, tmp_path: Path) -> None:
    def asked(*options: object) -> str:
        data = jets(tmp_path / "jets.csv")
        done = sciencegen("train", "densities/table", "--data", data, "-o", tmp_path / "r", "--dry-run", *options)
        assert done.code == 0
        return done.err.rpartition("may be asked for: ")[2].strip()

    assert asked("--where-columns", "mass", "--where-columns", " kind") == "mass, kind"
    assert asked("--ask", "kind", "--where-columns", "mass,kind") == "kind, mass"
    assert asked("--ask", "none", "--where-columns", "radius") == "radius"  # a column, not what is measured


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("densities/table", "--where-columns", "mas"), "did you mean 'mass'?"),
        (("densities/table", "--where-columns", ","), "expected the names of columns"),
        (("densities/maf", "--where-columns", "radius"), "say --ask radius"),
        (("densities/table", "--where-columns", "mass,momentum,radius"), "expected columns of numbers, found kind"),
    ],
)
def test_columns_that_cannot_be_asked_for_are_refused(
    sciencegen: Command, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    data = jets(tmp_path / "jets.csv")
    assert said in sciencegen("train", *options, "--data", data, "-o", tmp_path / "run").refusal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n2,inf\n3,1\n", "row 2, column b is infinite"),
        ("a,b\n1,2\n2,1e200\n3,1\n4,7\n1,3\n", "row 2, column b: 1e+200 is far from all others"),
        ("a,b\n1,2\n2,1e200\n3,4\n", "row 2, column b: 1e+200 is too large"),
        ("a,b\n1,2\n1,3\n1,4\n", "column a has one value only, 1"),
        ("a,b\n1,2\n2,three\n3,4\n", "column b has numbers, but 'three' in row 2"),
        ("a,b\n1,\n2,\n", "column b is empty in every row"),
        ("a,b\n,\n,\n", "column a is empty in every row"),
        ("a,b\nx,y\nz,w\n", "expected columns of numbers, found a, b"),
    ],
)
def test_tables_that_cannot_be_learned_name_row_and_column(
    sciencegen: Command, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    done = sciencegen("train", "densities/table", "--data", tmp_path / "t.csv", "-o", tmp_path / "run")
    assert said in done.refusal


def test_what_a_person_should_know_is_a_note(sciencegen: Command, tmp_path: Path) -> None:
    rows = [f"{i / 7},{-999 if i % 5 == 0 else i % 13},{1e5 if i == 4 else i / 3}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c", *rows, ",,"]) + "\n")
    done = sciencegen("train", "densities/table", "--data", tmp_path / "t.csv", "-o", tmp_path / "run", "--dry-run")
    assert "note: column b says -999 in 20% of all rows" in done.err
    assert "note: row 5, column c: 100000 lies" in done.err
    assert "left out 1: 1 every cell is empty" in done.err
    (tmp_path / "few.csv").write_text("a,b,c\n1,2,3\n2,1,4\n")
    done = sciencegen("train", "densities/table", "--data", tmp_path / "few.csv", "-o", tmp_path / "run", "--dry-run")
    assert "note: 2 rows for 3 columns" in done.err


def test_wild_values_do_not_set_the_scale() -> None:
    source = np.random.default_rng(0)
    x = source.standard_cauchy(size=(2000, 1)) * 3 + 7
    robust = Robust.fit([Point(("x",), row) for row in x])
    assert robust.middle[0] == pytest.approx(7, abs=0.3)
    assert robust.scale[0] < 20
    back = robust.decode(robust.encode([Point(("x",), row) for row in x]).double())
    assert np.allclose([one.values[0] for one in back if one is not None], x[:, 0], rtol=1e-4, atol=1e-3)


def test_points_with_gaps_are_read_compared_and_drawn(tmp_path: Path) -> None:
    points = [Point(("x", "y"), np.array([i, np.nan if i == 1 else 2.0 * i])) for i in range(5)]
    Tables().write(points, tmp_path / "t.csv")
    again = Tables().read(tmp_path / "t.csv").items
    assert all(np.array_equal(a.values, b.values, equal_nan=True) for a, b in zip(points, again, strict=True))
    assert Tables().compare(points, points)["sliced_wasserstein"] == 0
    Tables().draw(points, tmp_path / "t.png")
    with pytest.raises(DataError, match="every row has gaps"):
        Tables().compare(points[1:2], points)


def test_gaps_are_filled_and_what_is_known_is_kept(sciencegen: Command, tmp_path: Path) -> None:
    source = np.random.default_rng(0)
    x = source.normal(size=(200, 1)) + 0.1 * source.normal(size=(200, 2))
    heat = source.uniform(1, 2, size=200)
    lines = [f"{a},{b},{h},s{i}" for i, ((a, b), h) in enumerate(zip(x.tolist(), heat.tolist(), strict=True))]
    (tmp_path / "whole.csv").write_text("\n".join(["a,b,heat,name", *lines]) + "\n")
    (tmp_path / "gaps.csv").write_text("a,b,heat\n1.0,,1.5\n,-1.0,1.5\n0.5,0.5,1.2\n")
    quick = ("--set", "epochs=6", "--set", "width=16", "--set", "depth=2")
    learned = ("train", "densities/table", "--data", tmp_path / "whole.csv", "--where-columns", "heat")
    assert sciencegen(*learned, "-o", tmp_path / "run", *quick).code == 0
    out = tmp_path / "filled.csv"
    done = sciencegen("complete", tmp_path / "run", "--from", tmp_path / "gaps.csv", "-n", 3, "-o", out)
    assert done.code == 0
    assert "3 rows, 2 with gaps; 7 written" in done.err
    table = read_table(out)
    assert list(table.columns) == ["row", "a", "b", "heat", "filled"]
    assert table.row.tolist() == [1, 1, 1, 2, 2, 2, 3]
    assert (table.a[:3] == 1).all()
    assert (table.b[3:6] == -1).all()
    assert table[["a", "b"]].notna().all().all()
    assert (table.b[:3] - 1).abs().mean() < 1.2
    assert table.filled.fillna("").tolist() == ["b"] * 3 + ["a"] * 3 + [""]
    plain = sciencegen(
        "train", "densities/coupling", "--data", tmp_path / "whole.csv", "-o", tmp_path / "plain", *quick
    )
    assert plain.code == 0
    refused = sciencegen("complete", tmp_path / "plain", "--from", tmp_path / "whole.csv")
    assert "a densities/coupling model knows no rows with gaps" in refused.complaint
