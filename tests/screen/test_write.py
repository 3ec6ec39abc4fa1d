"""Tables are written row by row, and appear when they are whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import pytest

from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.write import FORMATS, Row, table_format, write_items, write_provenance, write_table

ROWS: list[Row] = [{"name": 'a "quoted", é', "x": 0.1}, {"name": "two\nlines", "x": 1e-300}]


@pytest.mark.parametrize(("name", "separator"), [("csv", ","), ("tsv", "\t")])
def test_a_table_is_read_back(tmp_path: Path, name: str, separator: str) -> None:
    path = tmp_path / f"t.{name}"
    assert write_table(ROWS, path, name) == 2
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=separator))
    assert [{"name": row["name"], "x": float(row["x"])} for row in rows] == ROWS


def test_json_lines_are_read_back(tmp_path: Path) -> None:
    write_table(ROWS, tmp_path / "t.jsonl", "jsonl")
    assert [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()] == ROWS


def test_rows_that_fail_halfway_leave_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[Row]:
        yield ROWS[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_table(failing(), tmp_path / "t.csv", "csv")
    assert list(tmp_path.iterdir()) == []


def test_the_format_is_asked_for_or_a_suffix() -> None:
    assert table_format(Path("a.tsv"), None) == "tsv"
    assert table_format(Path("a.CSV"), None) == "csv"
    assert table_format(Path("a.txt"), "jsonl") == "jsonl"
    assert table_format(None, None) == "csv"


@pytest.mark.parametrize(("path", "asked"), [("a.cvs", None), ("a", None), (None, "xml"), ("a.json", "jsonl")])
def test_a_format_nobody_knows_is_refused(path: str | None, asked: str | None) -> None:
    with pytest.raises((RequestError, UnknownName)) as caught:
        table_format(None if path is None else Path(path), asked)
    assert any(name in str(caught.value) for name in FORMATS)


def test_a_record_is_json_beside_its_table(tmp_path: Path) -> None:
    for seed in (3, 4):
        write_provenance(tmp_path / "a.csv", {"seed": seed, "drawn": 1, "checkpoint": ""})
        assert json.loads((tmp_path / "a.json").read_text())["seed"] == seed


@pytest.mark.parametrize("text", ["{}", "", "not json", "[1]"])
def test_another_file_is_not_taken_for_a_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(RequestError, match=r"config\.json is there and is no record of a table"):
        write_provenance(tmp_path / "config.csv", {"seed": 3})
    assert (tmp_path / "config.json").read_text() == text


def spelled(rows: Iterable[tuple[str, Mapping[str, Any]]], file: TextIO) -> int:
    return sum(bool(file.write(f"{item}:{sorted(row)}\n")) for item, row in rows)


def test_items_are_written_in_a_format_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [("é", {"b": 1.0, "a": 2.0}), ("y", {})]
    assert write_items(iter(pairs), tmp_path / "new" / "a.own", spelled) == 2
    assert write_items(iter(pairs), None, spelled) == 2
    assert (tmp_path / "new" / "a.own").read_text(encoding="utf-8") == capsys.readouterr().out == "é:['a', 'b']\ny:[]\n"


def test_items_that_fail_halfway_leave_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[str, Row]]:
        yield "x", {}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_items(failing(), tmp_path / "a.own", spelled)
    assert list(tmp_path.iterdir()) == []


def test_a_domain_has_formats_of_its_own() -> None:
    assert table_format(Path("a.smi"), None, ("smi", "sdf")) == "smi"
    assert table_format(None, "sdf", ("smi", "sdf")) == "sdf"
    assert table_format(Path("a.csv"), None, ("smi",)) == "csv"
    with pytest.raises(UnknownName, match="did you mean 'sdf'"):
        table_format(Path("a.sfd"), None, ("smi", "sdf"))
    with pytest.raises(UnknownName):
        table_format(Path("a.smi"), None)
