"""Lines that were written survive a crash, and the next begins anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.core.lines import Lines
from sciencegen.errors import DataError, OutputError


def test_lines_are_added_and_read(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "new" / "lines.jsonl")
    assert lines.read() == []
    assert lines.mend() == ""
    lines.add([])
    assert not lines.path.exists()
    lines.add([{"a": 1}, {"b": "\u2028"}])
    lines.add([{"c": None}])
    assert lines.read() == [{"a": 1}, {"b": "\u2028"}, {"c": None}]


def test_a_half_written_line_is_not_read_and_is_dropped_when_it_is_mended(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines.jsonl")
    lines.add([{"a": 1}, {"b": 2}])
    lines.path.write_bytes(lines.path.read_bytes()[:-2])
    assert lines.read() == [{"a": 1}]
    assert lines.mend() == '{"b":2'
    lines.add([{"c": 3}])
    assert lines.read() == [{"a": 1}, {"c": 3}]


def test_a_first_line_that_is_half_written_leaves_nothing(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines.jsonl")
    lines.path.write_text('{"a"')
    assert lines.mend() == '{"a"'
    assert lines.path.read_bytes() == b""
    lines.add([{"a": 1}])
    assert lines.read() == [{"a": 1}]


def test_lines_that_say_nothing_are_told_apart_by_their_place(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines.jsonl")
    lines.path.write_text('{"a":1}\nnonsense\n\n' + "[" * 100_000 + "\n")
    assert lines.read() == [{"a": 1}, None, None, None]


def test_nothing_that_is_no_number_is_written(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines.jsonl")
    with pytest.raises(ValueError, match="not JSON"):
        lines.add([{"a": 1}, {"b": float("nan")}])
    assert not lines.path.exists()


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        Lines(tmp_path / "file" / "lines.jsonl").add([{"a": 1}])
    with pytest.raises(DataError, match="cannot be read"):
        Lines(tmp_path).read()
