"""`sciencegen convert`."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from tests.cli.conftest import Command

ROWS = [
    {"smiles": "OCC", "id": "007", "a name": 'Äthanol, "pure"', "x": "1.5", "n": "12", "=sum": "=SUM(A1)"},
    {"smiles": "c1ccccc1", "id": "1e5x", "a name": "苯", "x": "-0.1234567890123", "n": "", "=sum": "+1-2"},
    {"smiles": "CC(=O)O", "id": "-3", "a name": "a;b\t,c", "x": "1e-07", "n": "3", "=sum": ""},
]
NUMBERS = ("x", "n")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    pandas.DataFrame(ROWS).to_csv(path, index=False)
    return path


def cells(path: Path) -> pandas.DataFrame:
    """A table as it was written, without a guess at what is a number."""
    return pandas.read_csv(path, dtype=str, keep_default_na=False, sep="\t" if path.suffix == ".tsv" else ",")


def converted(sciencegen: Command, *arguments: object) -> str:
    done = sciencegen("convert", *arguments)
    assert done.code == 0, done.err
    return done.err


def test_a_table_goes_around_and_comes_back(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    one = table
    for name in ("b.sdf", "c.csv", "d.parquet", "e.jsonl", "f.tsv", "g.csv"):
        converted(sciencegen, one, tmp_path / name)
        one = tmp_path / name
    for name in ("c.csv", "f.tsv", "g.csv"):
        assert cells(tmp_path / name).to_dict("records") == ROWS, name


def test_other_programs_read_what_is_written(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    from rdkit import Chem

    for name in ("b.sdf", "b.smi", "b.parquet", "b.jsonl"):
        converted(sciencegen, table, tmp_path / name)
    molecules = list(Chem.SDMolSupplier(str(tmp_path / "b.sdf")))
    smiles = [Chem.CanonSmiles(row["smiles"]) for row in ROWS]
    assert [Chem.MolToSmiles(one) for one in molecules] == smiles
    for one, row in zip(molecules, ROWS, strict=True):
        for name in ("id", "x", "n", "=sum"):
            assert one.GetProp(name) == row[name]
        assert one.GetProp("a name") == row["a name"]
        assert one.GetProp("_Name") == row["id"]
    lines = [line.split("\t") for line in (tmp_path / "b.smi").read_text().splitlines()]
    ids = [row["id"] for row in ROWS]
    assert [(Chem.CanonSmiles(one), id_) for one, id_ in lines] == list(zip(smiles, ids, strict=True))
    expected = pandas.read_csv(table, dtype={"id": str})
    lines_of_json = pandas.read_json(tmp_path / "b.jsonl", lines=True, dtype={"id": str})
    for found in (pandas.read_parquet(tmp_path / "b.parquet"), lines_of_json):
        assert list(found.columns) == list(expected.columns)
        for name in expected.columns:
            assert found[name].isna().tolist() == expected[name].isna().tolist()
            assert found[name].dropna().tolist() == expected[name].dropna().tolist(), name


def test_numbers_are_numbers_where_no_digit_is_lost(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    columns = {
        "whole": ["1", "-2", ""],
        "real": ["1.50", "2", "NA"],
        "long": ["12345678901234567", "1", "2"],
        "precise": ["0.12345678901234567890", "1", "2"],
        "coded": ["007", "1", "2"],
        "wordy": ["1", "two", ""],
        "none": ["", "", ""],
    }
    pandas.DataFrame({"smiles": ["C", "CC", "CCC"], **columns}).to_csv(path, index=False)
    converted(sciencegen, path, tmp_path / "b.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    found = {name: [row[name] for row in rows] for name in columns}
    assert found == {
        "whole": [1, -2, None],
        "real": [1.5, 2.0, None],
        "long": columns["long"],
        "precise": columns["precise"],
        "coded": columns["coded"],
        "wordy": ["1", "two", None],
        "none": [None, None, None],
    }


def test_texts_are_kept_to_the_letter(sciencegen: Command, tmp_path: Path) -> None:
    cell = "1.50\n two  blanks, 'and' \"quotes\"\t"
    pandas.DataFrame({"smiles": ["OCC"], "x": ["1.500"], "note": [cell]}).to_csv(tmp_path / "a.csv", index=False)
    converted(sciencegen, tmp_path / "a.csv", tmp_path / "b.tsv")
    assert cells(tmp_path / "b.tsv").to_dict("records") == [{"smiles": "OCC", "x": "1.500", "note": cell}]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)])
def test_packed_files_are_read(
    sciencegen: Command, table: Path, tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / f"p.csv{suffix}").write_bytes(pack(table.read_bytes()))
    converted(sciencegen, tmp_path / f"p.csv{suffix}", tmp_path / "b.csv")
    assert cells(tmp_path / "b.csv").to_dict("records") == ROWS


def test_a_pipe_is_read_and_written(sciencegen: Command, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(table.read_bytes())))
    done = sciencegen("convert", "-", "-", "--to", "jsonl")
    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["007", "1e5x", "-3"]


def test_rows_without_an_item_are_named_and_left_out(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("smiles,x\nC,1\nnonsense,2\nCC,3\n,4\nCC,5,6\nCCC,7\n")
    said = converted(sciencegen, path, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "smiles,x\nC,1\nCC,3\nCCC,7\n"
    for one in ("left out 3", "row 2: 'nonsense': not a molecule", "row 4: ", "row 5: ", "3 of 6 rows written as csv"):
        assert one in said
    done = sciencegen("convert", path, tmp_path / "c.csv", "--on-error", "stop")
    assert "3 of 6 rows hold no item: row 2" in done.refusal
    assert not (tmp_path / "c.csv").exists()


def test_many_lost_rows_are_said_in_ranges(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("smiles,x\nC,1\n" + "nonsense,2\n" * 30 + "CC,3\nnonsense,2\n")
    assert converted(sciencegen, path, tmp_path / "b.csv").splitlines()[-2] == "  and rows 22-31, 33"


def test_what_a_format_cannot_hold_is_said(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    said = converted(sciencegen, table, tmp_path / "b.smi")
    assert "the format has no room for them: " in said
    assert "x, n, =sum" in said
    assert "no room" not in converted(sciencegen, table, tmp_path / "b.sdf")


def test_another_column_of_items_is_not_lost(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("smiles,parent\nCC.O,CC\nCO,CO\n")
    said = converted(sciencegen, path, tmp_path / "b.csv", "--column", "parent")
    assert cells(tmp_path / "b.csv").to_dict("list") == {"smiles": ["CC", "CO"], "smiles_beside": ["CC.O", "CO"]}
    assert "smiles_beside" in said


def test_points_keep_their_columns(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,y,kind\n1,2.5,left\n3,4.5,right\n")
    converted(sciencegen, tmp_path / "p.csv", tmp_path / "p.parquet", "--domain", "densities")
    found = pandas.read_parquet(tmp_path / "p.parquet")
    assert found.to_dict("list") == {"x": [1, 3], "y": [2.5, 4.5], "kind": ["left", "right"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["b.cvs"], "unknown table format 'cvs': did you mean 'csv'?"),
        (["-", "--to", "parquet"], "parquet cannot be written to standard output"),
        (["b.csv", "--column", "smile"], "did you mean 'smiles'?"),
        (["b.csv", "--on-error", "stopp"], "did you mean 'stop'?"),
        (["b.csv", "--domain", "molecule"], "did you mean 'molecules'?"),
        (["a.csv"], "the items are read from there"),
    ],
)
def test_what_cannot_be_done_is_refused(
    sciencegen: Command, table: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(table.parent)
    before = table.read_bytes()
    assert said in sciencegen("convert", "a.csv", *arguments).refusal
    assert table.read_bytes() == before
    assert [one.name for one in table.parent.iterdir()] == ["a.csv"]
