"""Tables that leave the house: their columns, their volumes, and no formula in any cell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.errors import DataError, RequestError
from sciencegen.screen.plate import Plates, PlateShape, place_of, plated
from sciencegen.screen.sheets import (
    Compound,
    check_volume,
    picklist_rows,
    write_order,
    write_picklist,
    write_plate_map,
    write_registry,
)
from sciencegen.screen.write import spreadsheet_safe

IDS = [f"SG-{i}" for i in range(100)]


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_plate_map_has_a_row_for_every_well(tmp_path: Path) -> None:
    wells = plated(IDS, Plates(96, replicates=2))
    assert write_plate_map(wells, tmp_path / "m.csv") == len(wells)
    names, *rows = read(tmp_path / "m.csv")
    assert names == ["id", "plate", "well", "role", "replicate"]
    assert rows[:2] == [["", "plate-1", "A1", "control", ""], ["SG-0", "plate-1", "A2", "compound", "1"]]
    assert len(rows) == len(wells) == 200 + 4 * 16


def test_sheets_without_rows_have_names_of_columns(tmp_path: Path) -> None:
    assert write_plate_map([], tmp_path / "m.csv") == 0
    assert read(tmp_path / "m.csv") == [["id", "plate", "well", "role", "replicate"]]


@pytest.mark.parametrize("layout", ["rows", "random"])
def test_a_picklist_brings_every_compound_from_one_well_to_all_of_its_own(tmp_path: Path, layout: str) -> None:
    ids = [f"SG-{i}" for i in range(400)]
    wells = plated(ids, Plates(384, layout=layout, replicates=3))
    assert write_picklist(ids, wells, tmp_path / "e.csv", 2.5, "384PP_DMSO2") == 1200
    names, *rows = read(tmp_path / "e.csv")
    assert names == [
        *("Source Plate Name", "Source Plate Type", "Source Well"),
        *("Destination Plate Name", "Destination Well", "Transfer Volume"),
    ]
    source = {}
    where = {(well.plate, well.well): well.id for well in wells}
    for name, kind, well, plate, target, volume in rows:
        assert (kind, volume) == ("384PP_DMSO2", "2.5")
        assert str(place_of(well)) == well
        assert source.setdefault(where.pop((plate, target)), (name, well)) == (name, well)
    assert set(where.values()) == {""}  # what is left are controls
    places = [str(place) for place in PlateShape.of(384).places()]
    assert [source[name] for name in ids] == [(f"source-{i // 384 + 1}", places[i % 384]) for i in range(400)]


def test_source_plates_are_as_large_as_their_type_says() -> None:
    ids = [f"SG-{i}" for i in range(97)]
    wells = plated(ids, Plates(384))
    assert [*picklist_rows(ids, wells, 25, "96X")][-1]["Source Plate Name"] == "source-2"
    assert [*picklist_rows(ids, wells, 25, "1536LDV_DMSO")][-1]["Source Well"] == "C1"
    for kind in ("PP_DMSO2", "385PP", ""):
        with pytest.raises(RequestError):
            list(picklist_rows(ids, wells, 25, kind))


@given(st.integers(1, 100_000))
def test_whole_drops_are_volumes(drops: int) -> None:
    check_volume(drops * 2.5)


@pytest.mark.parametrize(
    ("volume", "near"), [(26, "25"), (1, "2.5"), (0, "2.5"), (-5, "2.5"), (3.76, "5"), (float("nan"), "2.5")]
)
def test_other_volumes_name_the_nearest(volume: float, near: str) -> None:
    with pytest.raises(RequestError, match=f"the nearest is {near}$"):
        check_volume(volume)


def test_an_order_leaves_the_amount_to_the_buyer(tmp_path: Path) -> None:
    compounds = [Compound("SG-1", "CCO"), Compound("SG-2", "C/C=C/C")]
    assert write_order(compounds, tmp_path / "o.csv", "smiles") == 2
    assert read(tmp_path / "o.csv") == [
        ["id", "smiles", "quantity", "unit"],
        ["SG-1", "CCO", "", "mg"],
        ["SG-2", "C/C=C/C", "", "mg"],
    ]
    write_order(compounds, tmp_path / "o.csv", "smiles", 5, "umol")
    assert read(tmp_path / "o.csv")[1] == ["SG-1", "CCO", "5", "umol"]


def test_a_registration_has_a_batch_for_every_compound(tmp_path: Path) -> None:
    compounds = [Compound("SG-1", "CCN.Cl", "KEY", "CCN", "Cl"), Compound("SG-2", "CCO")]
    assert write_registry(compounds, tmp_path / "r.csv", "smiles", "inchikey") == 2
    assert read(tmp_path / "r.csv") == [
        ["id", "batch", "smiles", "inchikey", "parent_smiles", "salt"],
        ["SG-1", "SG-1-001", "CCN.Cl", "KEY", "CCN", "Cl"],
        ["SG-2", "SG-2-001", "CCO", "", "", ""],
    ]


def test_an_id_is_registered_once(tmp_path: Path) -> None:
    for write in (
        lambda compounds: write_registry(compounds, tmp_path / "r.csv", "smiles", "inchikey"),
        lambda compounds: write_order(compounds, tmp_path / "r.csv", "smiles"),
    ):
        with pytest.raises(DataError, match="'a' is there twice"):
            write([Compound("a", "C"), Compound("a", "CC")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "cell", ["=1+2", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-OMe", "--"]
)
def test_formulas_become_text(cell: str) -> None:
    assert spreadsheet_safe(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["-1.5", "+2", "-.5e-3", "-1.", "-0.5,1.2", "", "CC(=O)[O-]", "[NH4+]", "*C", "N#N", "a=b"]
)
def test_numbers_and_items_stay_as_they_are(cell: str) -> None:
    assert spreadsheet_safe(cell) == cell


@given(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False)))
def test_what_is_no_text_stays_as_it_is(cell: float | None) -> None:
    assert spreadsheet_safe(cell) is cell
    assert spreadsheet_safe(str(cell)).lstrip("'") == str(cell)


@given(st.text())
def test_nothing_but_an_apostrophe_is_ever_added(cell: str) -> None:
    assert spreadsheet_safe(cell) in (cell, f"'{cell}")
    assert not spreadsheet_safe(cell).startswith(("=", "@", "\t", "\r"))


def test_sheets_hold_no_formulas(tmp_path: Path) -> None:
    ids = ["=HYPERLINK(1)", "@x"]
    write_plate_map(plated(ids, Plates(96, ())), tmp_path / "m.csv")
    write_order([Compound(name, "CCO") for name in ids], tmp_path / "o.csv", "smiles")
    write_registry([Compound(name, "CCO", salt="-Cl") for name in ids], tmp_path / "r.csv", "smiles", "key")
    for name in ("m.csv", "o.csv", "r.csv"):
        assert [row[0] for row in read(tmp_path / name)][1:] == ["'=HYPERLINK(1)", "'@x"]
    assert read(tmp_path / "r.csv")[1][1::4] == ["'=HYPERLINK(1)-001", "'-Cl"]
