"""Tables from files: what can be read, and one clear line for what cannot."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

from sciencegen.data.table import cells, columns_of_numbers, read_table, require_columns
from sciencegen.errors import DataError, UnknownName


def written(tmp_path: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a,b\n1,x\n2,\n"),
        ("t.CSV", "a,b\r\n1,x\r\n2,\r\n"),
        ("t.csv", "\ufeffa,b\n1,x\n2,NA\n"),
        ("t.csv", "a , b\n1,x\n2,\n"),
        ("t.tsv", "a\tb\n1\tx\n2\t\n"),
        ("t.jsonl", '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'),
    ],
)
def test_a_table_is_read_by_its_suffix(tmp_path: Path, name: str, text: str) -> None:
    table = read_table(written(tmp_path, text, name))
    assert list(table.columns) == ["a", "b"]
    assert cells(table, "a") == [1, 2]
    assert cells(table, "b") == ["x", None]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "", "not a readable csv table: No columns to parse"),
        ("t.csv", "\n\n", "not a readable csv table"),
        ("t.csv", "a,b\n", "the table has no rows"),
        ("t.csv", "a,b\n1,2,3\n", "rows have more cells than there are names"),
        ("t.csv", "a,b\n1,2\n1,2,3\n", "not a readable csv table"),
        ("t.csv", b"a,b\n\xff\xfe,2\n", "not a readable csv table"),
        ("t.csv", b"PK\x03\x04\x00\x00", "table"),
        ("t.csv", 'a,b\n"1,2\n', "not a readable csv table"),
        ("t.csv", "a,a \n1,2\n", "there are several columns 'a'"),
        ("t.jsonl", "{", "not a readable jsonl table"),
        ("t.jsonl", "not json\n", "not a readable jsonl table"),
        ("t.jsonl", "", "table"),
        ("t.xlsx", "a,b\n1,2\n", "expected a table ending in .csv, .tsv, .parquet, .jsonl"),
        ("t", "a,b\n1,2\n", "expected a table ending in"),
    ],
)
def test_a_bad_table_is_one_line_that_names_the_file(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file"):
        read_table(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match=r"folder\.csv: expected a file, this is a folder"):
        read_table(tmp_path / "folder.csv")


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"unknown column of t\.csv 'temprature': did you mean 'temperature'\?"):
        require_columns(Path("t.csv"), pandas.DataFrame({"x": [1], "temperature": [2]}), ("temprature",))


def test_numbers_with_text_among_them_are_an_error() -> None:
    table = pandas.DataFrame({"x": ["1", "two", "3", "four"], "name": ["a", "b", "c", None]})
    with pytest.raises(DataError, match=r"column x has numbers, but 'two' in row 2, 4; .* --ask x"):
        columns_of_numbers(Path("t.csv"), table)
    assert columns_of_numbers(Path("t.csv"), table[["name"]]) == []


def test_huge_whole_numbers_are_numbers(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, f"x,y\n{10**30},1\n{2**64 - 1},2\n"))
    assert columns_of_numbers(Path("t.csv"), table) == ["x", "y"]
    assert table[["x", "y"]].to_numpy(dtype=float)[0, 0] == 1e30
