"""Commands as parts of a pipe: data alone on standard output, in a format others read, and the same for a seed."""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Done
from tests.cli.test_processes import ALONE, start
from tests.cli.test_score import piped
from tests.files import broken_molecules

Chem = pytest.importorskip("rdkit.Chem", reason="molecules need RDKit")

OURS = f"{shlex.quote(sys.executable)} -m sciencegen"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return broken_molecules(tmp_path / "supplier.csv")


def csv_rows(text: str, separator: str = ",") -> int:
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    assert len({len(record) for record in records}) == 1
    assert len(set(records[0])) == len(records[0])
    return len(records) - 1


def tsv_rows(text: str) -> int:
    return csv_rows(text, "\t")


def jsonl_rows(text: str) -> int:
    assert text.endswith("\n")
    return len([json.loads(line)["smiles"] for line in text.splitlines()])


def smi_rows(text: str) -> int:
    lines = [line.split("\t") for line in text.splitlines()]
    assert all(len(parts) == 2 and Chem.MolFromSmiles(parts[0]) is not None for parts in lines)
    return len(lines)


def sdf_rows(text: str) -> int:
    supplier = Chem.SDMolSupplier()
    supplier.SetData(text)
    assert all(molecule is not None for molecule in supplier)
    assert text.endswith("$$$$\n")
    return len(supplier)


READ: dict[str, Callable[[str], int]] = {
    "csv": csv_rows,
    "tsv": tsv_rows,
    "jsonl": jsonl_rows,
    "smi": smi_rows,
    "sdf": sdf_rows,
}
WRITING = {
    "generate": ["MODEL", "-n", "7"],
    "filter": ["TABLE", "--where", "mw<=200", "--flag", "brenk", "--standard"],
    "score": ["TABLE", "--props", "qed"],
    "pick": ["TABLE", "-n", "7"],
    "plate": ["WHOLE"],
    "convert": ["TABLE", "-"],
}


@pytest.mark.parametrize("format_", READ)
@pytest.mark.parametrize("command", WRITING)
def test_standard_output_holds_the_data_and_nothing_else(
    sciencegen: Command, gru: Path, table: Path, tmp_path: Path, command: str, format_: str
) -> None:
    (tmp_path / "whole.csv").write_text("id,smiles\na,CCO\nb,CCN\n")
    given = {"MODEL": gru, "TABLE": table, "WHOLE": tmp_path / "whole.csv"}
    asked = [given.get(one, one) for one in WRITING[command]]
    done = sciencegen(command, *asked, "--to" if command == "convert" else "--format", format_)
    if command == "plate" and format_ in ("smi", "sdf"):  # wells of controls hold no item
        assert "choose csv" in done.refusal
        return
    assert done.code == 0, done.err
    count = READ[format_](done.out)
    assert done.err
    if command in ("generate", "pick"):
        assert count == 7
    else:
        assert count > 0


def test_progress_is_on_standard_error_alone(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("filter", table, "-o", tmp_path / "kept.csv")
    assert done.out == ""
    assert "60 rows, " in done.err
    (tmp_path / "screen.toml").write_text('[source]\nfile = "supplier.csv"\n')
    done = sciencegen("screen", tmp_path / "screen.toml", "--out", tmp_path / "run", "--workers", 1)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1].startswith("done: ")


def test_a_table_without_rows_has_its_columns(sciencegen: Command, table: Path) -> None:
    done = sciencegen("filter", table, "--where", "mw>=5000", "--flag", "brenk")
    assert (done.code, done.out) == (0, "smiles,code,flag_brenk\n")
    assert sciencegen("filter", table, "--where", "mw>=5000", "--format", "jsonl").out == ""


def test_a_line_break_within_a_cell_comes_back(sciencegen: Command, tmp_path: Path) -> None:
    notes = ["a\rb", "a\r\nb", "a\nb", "\r", 'say "\r"']
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"smiles": "CCO", "note": note}) + "\n" for note in notes))
    for format_, separator in (("csv", ","), ("tsv", "\t")):
        out = sciencegen("filter", tmp_path / "a.jsonl", "--repeats", "--format", format_).out
        found = list(csv.DictReader(io.StringIO(out, newline=""), delimiter=separator))
        assert [row["note"] for row in found] == notes


def chained(sciencegen: Command, monkeypatch: pytest.MonkeyPatch, *commands: list[object]) -> list[Done]:
    """What each command says to what the one before it said."""
    found: list[Done] = []
    for command in commands:
        if found:
            piped(monkeypatch, found[-1].out)
        found.append(sciencegen(*command))
        assert found[-1].code == 0, found[-1].err
    return found


@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl", "sdf"])
def test_every_format_goes_from_command_to_command(
    sciencegen: Command, monkeypatch: pytest.MonkeyPatch, gru: Path, format_: str
) -> None:
    more = ["--format", format_]
    *_, chosen, wells = chained(
        sciencegen,
        monkeypatch,
        ["generate", gru, "-n", 30, *more],
        ["filter", "-", "--where", "mw<=300", *more],
        ["score", "-", "--props", "qed", *more],
        ["pick", "-", "-n", 5, "--by", "qed", *more],
        ["plate", "-"],
    )
    assert READ[format_](chosen.out) == 5
    rows = [row for row in csv.DictReader(io.StringIO(wells.out)) if row["role"] == "compound"]
    assert len(rows) == 5
    assert all(0 < float(row["qed"]) < 1 and Chem.MolFromSmiles(row["smiles"]) is not None for row in rows)


def test_the_same_seed_writes_the_same_bytes(sciencegen: Command, monkeypatch: pytest.MonkeyPatch, gru: Path) -> None:
    def whole(seed: int, workers: int) -> list[str]:
        commands: list[list[object]] = [
            ["generate", gru, "-n", 40, "--seed", seed],
            ["filter", "-", "--flag", "pains", "--workers", workers],
            ["score", gru, "-", "--seed", seed],
            ["pick", "-", "-n", 9],
            ["plate", "-", "--layout", "random", "--seed", seed],
        ]
        return [done.out for done in chained(sciencegen, monkeypatch, *commands)]

    first = whole(0, 1)
    assert whole(0, 2) == first
    assert all(one != other for one, other in zip(whole(1, 1), first, strict=True))


@pytest.mark.slow
def test_a_pipe_works_from_end_to_end(gru: Path) -> None:
    line = f"""{OURS} generate {gru} -n 40 | {OURS} filter - --where 'mw<=400' | {OURS} score - --props qed
        | {OURS} pick - -n 5 | {OURS} plate -""".replace("\n", " ")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], env=ALONE, capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["role"] for row in rows].count("compound") == 5
    assert "Traceback" not in done.stderr


MANY = {"filter": ["--repeats"], "score": ["--props", "none"], "convert": ["-", "--to", "csv"]}


@pytest.mark.parametrize(
    "command",
    ["filter", pytest.param("score", marks=pytest.mark.slow), pytest.param("convert", marks=pytest.mark.slow)],
)
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, command: str) -> None:
    (tmp_path / "many.smi").write_text("".join(f"CCO a{i}{'x' * 400}\n" for i in range(250)))  # more than a pipe holds
    process = start(command, tmp_path / "many.smi", *MANY[command])
    assert process.stdout is not None
    assert process.stdout.readline().startswith("smiles,name")
    process.stdout.close()
    process.stdout = None
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "error" not in said


@pytest.mark.slow
@pytest.mark.parametrize("command", ["filter", "score"])
def test_nobody_listens(tmp_path: Path, command: str) -> None:
    (tmp_path / "some.smi").write_text("CCO\nCCN\n")
    line = f"{OURS} {command} {shlex.quote(str(tmp_path / 'some.smi'))} >&-"
    done = subprocess.run(["sh", "-c", line], env=ALONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].split(",")[0].endswith("2 rows")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["filter", "score"])
def test_a_full_device_is_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "some.smi").write_text("CCO\nCCN\n")
    with Path("/dev/full").open("w") as full:
        process = start(command, tmp_path / "some.smi", stdout=full.fileno())
        said = process.communicate()[1].splitlines()
    assert process.returncode == 1
    assert said == ["error: cannot write standard output: No space left on device"]


@pytest.mark.slow
def test_an_interrupted_table_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "many.smi").write_text("".join(f"{'C' * (i % 300 + 1)}O a{i}\n" for i in range(100_000)))
    process = start("filter", tmp_path / "many.smi", "--repeats", "-o", tmp_path / "kept.csv")
    while not list(tmp_path.glob(".kept.csv.*")):
        assert process.poll() is None
    process.terminate()
    said = process.communicate()[1]
    assert process.returncode == 143
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many.smi"]
