"""Rows one at a time: the same as other programs read, again and again, and few in memory."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.data.records import Cell, Records, table_records
from sciencegen.data.rows import collected

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8)
relaxed = settings(max_examples=50, deadline=None)


def titled(first: object, second: object) -> bool:
    return True


def records(raw: bytes, kind: str = ".csv") -> Records:
    return table_records(Path(f"some{kind}"), raw, kind, titled)


@relaxed
@given(rows=tables, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), separator=st.sampled_from(",;\t"))
def test_what_was_written_is_read(rows: list[list[str]], encoding: str, separator: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    found = records(file.getvalue().encode(encoding), ".tsv" if separator == "\t" else ".csv")
    assert list(found.names) == ["a", "b", "c"]
    expected = [row for row in rows if any(row)]  # blank lines are no rows
    assert [list(record.cells) for record in found] == expected
    assert [list(record.cells) for record in found] == expected, "once more"


@relaxed
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers() | st.floats(-9, 9) | cells)))
def test_objects_have_all_columns(rows: list[dict[str, Cell]]) -> None:
    found = records("".join(json.dumps(row) + "\n" for row in rows).encode(), ".jsonl")
    assert set(found.names) == {name for row in rows for name in row}
    for record, row in zip(found, rows, strict=True):
        assert dict(zip(found.names, record.cells, strict=True)) == {name: row.get(name) for name in found.names}


def test_columns_are_those_of_the_rows() -> None:
    found = collected(records(b"a,b\n1,2\n3\n4,5,6\n\n7,8\n"))
    assert found.columns == {"a": ["1", "3", "7"], "b": ["2", "", "8"]}
    assert found.lines == [2, 3, 6]
    assert [(one.row, one.line, one.text, one.reason) for one in found.broken] == [
        (3, 4, "4,5,6", "3 cells for 2 columns")
    ]
    assert [found.number(i) for i in range(3)] == [1, 2, 4]


def test_a_parquet_file_keeps_its_codes(tmp_path: Path) -> None:
    table = pandas.DataFrame({"code": [2**60 + 1, 2, 3], "x": [1.5, None, 2.0], "name": ["a", None, "c"]})
    table.to_parquet(tmp_path / "a.parquet")
    found = records((tmp_path / "a.parquet").read_bytes(), ".parquet")
    assert [list(record.cells) for record in found] == [[2**60 + 1, 1.5, "a"], [2, None, None], [3, 2.0, "c"]]


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
def test_few_rows_are_in_memory(kind: str) -> None:
    row = {"code": "Z000", "smiles": "CC(=O)Oc1ccccc1C(=O)O", "price": 1.5, "note": "dry"}
    line = ",".join(str(value) for value in row.values()) if kind == ".csv" else json.dumps(row)
    raw = (f"{','.join(row)}\n" * (kind == ".csv") + f"{line}\n" * 5000).encode()
    tracemalloc.start()
    count = sum(1 for _ in records(raw, kind))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 5000
    assert peak < 200_000
