"""`sciencegen plate`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Done
from tests.cli.test_score import piped


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "picked.csv"
    path.write_text("id,smiles,score\n" + "".join(f"SG-{i},{'C' * (i + 1)}O,{-i / 2}\n" for i in range(81)))
    return path


def rows_of(done: Done) -> list[dict[str, str]]:
    assert done.code == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def test_every_compound_has_a_well_and_keeps_its_columns(sciencegen: Command, table: Path) -> None:
    done = sciencegen("plate", table)
    rows = rows_of(done)
    assert list(rows[0]) == ["id", "plate", "well", "role", "replicate", "smiles", "score"]
    compounds = [row for row in rows if row["role"] == "compound"]
    assert [(row["id"], row["smiles"], row["score"]) for row in compounds] == [
        (f"SG-{i}", "C" * (i + 1) + "O", str(-i / 2)) for i in range(81)
    ]
    assert compounds[-1] | {"smiles": ""} == {
        **{"id": "SG-80", "plate": "plate-2", "well": "A2", "role": "compound", "replicate": "1"},
        **{"smiles": "", "score": "-40.0"},
    }
    controls = [row for row in rows if row["role"] == "control"]
    assert all({*row.values()} == {"", "control", row["plate"], row["well"]} for row in controls)
    assert len(controls) == 2 * 16
    assert done.err == "81 compounds on 2 plates of 96, with 32 wells of controls\n"


def test_a_picklist_belongs_to_the_plate_map(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    options = ["--wells", 384, "--layout", "random", "--seed", 3, "--replicates", 2]
    rows = rows_of(sciencegen("plate", table, *options, "--echo", tmp_path / "echo.csv", "--volume", 7.5))
    again = rows_of(sciencegen("plate", table, *options))
    other = rows_of(sciencegen("plate", table, *options[:4], "--seed", 4, *options[6:]))
    assert rows == again != other
    with (tmp_path / "echo.csv").open(newline="") as file:
        transfers = list(csv.DictReader(file))
    wells = {(row["plate"], row["well"]): row["id"] for row in rows if row["role"] == "compound"}
    assert {(one["Destination Plate Name"], one["Destination Well"]) for one in transfers} == set(wells)
    assert {one["Transfer Volume"] for one in transfers} == {"7.5"}
    first = [one["Source Well"] for one in transfers if wells[one["Destination Plate Name"], one["Destination Well"]]]
    assert len(set(first)) == 81


def test_columns_of_controls_are_chosen(sciencegen: Command, table: Path) -> None:
    def used(*options: object) -> set[str]:
        return {row["well"][1:] for row in rows_of(sciencegen("plate", table, *options)) if row["role"] == "control"}

    assert used("--controls", "6,7") == {"6", "7"}
    assert used("--controls", "none") == set()
    assert used("--no-edge") == {"2", "11"}


def test_rows_without_ids_are_numbered(sciencegen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, "CCO\nCCN\n")
    rows = rows_of(sciencegen("plate", "-", "--controls", "none"))
    assert [(row["id"], row["well"]) for row in rows] == [("row-1", "A1"), ("row-2", "A2")]


def test_no_cell_is_a_formula(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,smiles,=x,charge\n=cmd(),[NH4+],@y,-1\n")
    (row,) = rows_of(sciencegen("plate", tmp_path / "a.csv", "--controls", "none"))
    assert {"id": "'=cmd()", "smiles": "[NH4+]", "'=x": "'@y", "charge": "-1"}.items() <= row.items()
    done = sciencegen("plate", tmp_path / "a.csv", "--controls", "none", "--format", "jsonl")
    assert '"id": "=cmd()"' in done.out


def test_a_plate_is_laid_out_again(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    sciencegen("plate", table, "--controls", "none", "-o", tmp_path / "map.csv")
    done = sciencegen("plate", tmp_path / "map.csv", "--controls", "none", "--wells", 384)
    assert {row["plate"] for row in rows_of(done)} == {"plate-1"}
    assert f"note: plate, well, role, replicate of {tmp_path / 'map.csv'}: written anew" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--wells", "24"], "24 wells: expected 96 or 384"),
        (["--controls", "1;2"], "--controls 1;2: expected columns such as 1,12, or none"),
        (["--controls", "13"], "control column 13"),
        (["--layout", "row"], "did you mean 'rows'"),
        (["--replicates", "0"], "replicates=0"),
        (["--echo", "e.csv", "--volume", "26"], "volume 26 nL: an Echo moves drops of 2.5 nL; the nearest is 25"),
        (["--echo", "e.csv", "--source-type", "PP"], "source plate type 'PP'"),
        (["--format", "sdf"], "sdf: wells of controls hold no item"),
    ],
)
def test_what_cannot_be_done_is_refused(sciencegen: Command, table: Path, options: list[str], said: str) -> None:
    assert said in sciencegen("plate", table, *options).refusal


def test_no_file_is_written_over_another(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.csv"
    assert "the plate map is written there" in sciencegen("plate", table, "-o", out, "--echo", out).refusal
    assert "the compounds are read from there" in sciencegen("plate", table, "--echo", table).refusal
    assert "the items are read from there" in sciencegen("plate", table, "-o", table).refusal
    assert not out.exists()


def test_a_row_without_a_compound_is_named(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,smiles\na,CCO\nb,nonsense\nc,\n")
    assert (
        "row 2: 'nonsense': not a molecule (syntax), and 1 rows more" in sciencegen("plate", tmp_path / "a.csv").refusal
    )
