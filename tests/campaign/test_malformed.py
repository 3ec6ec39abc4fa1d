"""Whatever a file holds: every row is kept or left out, with number and reason, or the file is refused in a line."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sciencegen.screen.write import spreadsheet_safe
from tests.cli.conftest import Command, Done, sciencegen

pytest.importorskip("rdkit", reason="molecules need RDKit")

__all__ = ["sciencegen"]

COMMANDS = ("filter", "score", "screen", "convert")
ETHANOL = """
     RDKit          2D

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0
    1.2990    0.7500    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0
    2.5981   -0.0000    0.0000 O   0  0  0  0  0  0  0  0  0  0  0  0
  1  2  1  0
  2  3  1  0
M  END
"""
NOTHING = "\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"
SCREEN = """
[source]
file = "{file}"
[clean]
distinct = false
[filter]
ranges = {{ logp = "-1000..1000" }}
"""


@dataclass(frozen=True)
class Fate:
    """What became of the rows of a file: how many were kept, and why each of the others was not, by its number."""

    kept: int
    left: dict[int, str]


def chain(atoms: int) -> str:
    """A chain of carbons as a structure."""
    lines = ["", "", "", "  0  0  0     0  0            999 V3000", "M  V30 BEGIN CTAB"]
    lines += [f"M  V30 COUNTS {atoms} {atoms - 1} 0 0 0", "M  V30 BEGIN ATOM"]
    lines += [f"M  V30 {i} C {i} 0 0 0" for i in range(1, atoms + 1)]
    lines += ["M  V30 END ATOM", "M  V30 BEGIN BOND"]
    lines += [f"M  V30 {i} 1 {i} {i + 1}" for i in range(1, atoms)]
    return "\n".join([*lines, "M  V30 END BOND", "M  V30 END CTAB", "M  END", ""])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def filtered(sciencegen: Command, path: Path, out: Path) -> Done | Fate:
    rejects, kept = out / "rejects.csv", out / "kept.jsonl"
    done = sciencegen("filter", path, "--repeats", "--rejects", rejects, "-o", kept)
    if done.code:
        return done
    left = {int(row["row"]): row["reason"] for row in rows_of(rejects)}
    found = Fate(len(kept.read_text().splitlines()), left)
    assert f"{found.kept + len(left):,} rows, {found.kept:,} kept" in done.err
    return found


def scored(sciencegen: Command, path: Path, out: Path) -> Done | Fate:
    done = sciencegen("score", path, "--props", "logp", "-o", out / "scored.csv")
    if done.code:
        return done
    rows = rows_of(out / "scored.csv")
    left = {i: row["error"] for i, row in enumerate(rows, 1) if row["error"]}
    assert all((row["logp"] == "") == bool(row["error"]) for row in rows)
    assert f"{len(rows):,} rows, {len(rows) - len(left):,} scored" in done.err
    return Fate(len(rows) - len(left), left)


def screened(sciencegen: Command, path: Path, out: Path) -> Done | Fate:
    config = path.parent / "screen.toml"
    config.write_text(SCREEN.format(file=path.name))
    shutil.rmtree(out / "run", ignore_errors=True)
    done = sciencegen("screen", config, "--out", out / "run", "--workers", 1)
    if done.code:
        return done
    kept, left = rows_of(out / "run" / "survivors.csv"), rows_of(out / "run" / "rejects.csv")
    found = Fate(len(kept), {int(row["line"]): row["reason"] for row in left})
    steps = json.loads((out / "run" / "report.json").read_text())["steps"]
    assert steps[0]["kept"] == found.kept + len(left)
    numbers = sorted([*(int(row["line"]) for row in kept), *found.left])
    assert numbers == list(range(1, steps[0]["kept"] + 1))
    return found


def converted(sciencegen: Command, path: Path, out: Path) -> Done | Fate:
    done = sciencegen("convert", path, out / "converted.jsonl")
    if done.code:
        return done
    kept = len((out / "converted.jsonl").read_text().splitlines())
    left = {int(one[1]): one[2] for one in re.finditer(r"^  row (\d+): (.*)$", done.err, re.MULTILINE)}
    assert f"{kept:,} of {kept + len(left):,} rows written" in done.err
    return Fate(kept, left)


THROUGH: dict[str, Callable[[Command, Path, Path], Done | Fate]] = {
    "filter": filtered,
    "score": scored,
    "screen": screened,
    "convert": converted,
}
TABLE = "id,smiles\na,CCO\nb,c1ccccc1\n"
BAD: dict[str, tuple[str, str | bytes, int, Sequence[int]]] = {
    # suffix, content, how many rows, which of them hold no molecule
    "an empty cell": (".csv", TABLE + "c,\nd,CC\n", 4, [3]),
    "spaces": (".csv", TABLE + "c,   \nd,CC\n", 4, [3]),
    "a NUL": (".csv", TABLE + "c,C\0C\n", 3, [3]),
    "a picture": (".csv", TABLE + "c,C\U0001f600\n", 3, [3]),
    "a mark on a letter": (".csv", TABLE + "c,C\u0301\n", 3, [3]),
    "a megabyte": (".csv", TABLE + f"c,{'C' * 1_000_000}\nd,CC\n", 4, [3]),
    "another system's lines": (".csv", TABLE.replace("\n", "\r\n") + "c,zz\r\n", 3, [3]),
    "an old system's lines": (".smi", "CCO a\rzz b\rCC c\r", 3, [2]),
    "a byte order mark": (".csv", "\ufeff" + TABLE, 2, []),
    "UTF-16": (".csv", (TABLE + "c,zz\n").encode("utf-16"), 3, [3]),
    "no names": (".csv", "CCO,a\nc1ccccc1,b\nzz,c\n", 3, [3]),
    "a note of two lines": (".csv", 'id,smiles,note\na,CCO,"two\nlines"\nb,zz,x\nc,CC,y\n', 3, [2]),
    "a molecule of two lines": (".csv", 'id,smiles\na,CCO\nb,"C\nC"\nc,CC\n', 3, [2]),
    "tabs": (".smi", "CCO\ta\tx\nCC\tb\n\tc\nzz\td\n", 4, [3, 4]),
    "a cut structure": (".sdf", f"{ETHANOL}> <id>\n1\n\n$$$$\n{ETHANOL[:150]}", 2, [2]),
    "rubbish between": (".sdf", f"{ETHANOL}$$$$\nfoo\nbar\n$$$$\n{ETHANOL}$$$$\n", 3, [2]),
    "no atoms": (".sdf", f"{ETHANOL}$$$$\n{NOTHING}$$$$\n", 2, [2]),
    "ragged rows": (".csv", "id,smiles\na,CCO\nb\nc,CC,x,y\nd,CCC\n", 4, [2, 3]),
    "a ragged first row": (".csv", "id,smiles\na,CCO,x\nb,CC\n", 2, [1]),
    "numbers": (".csv", "id,smiles\n1,12345\n2,-1\n3,1e5\n4,CCO\n", 4, [1, 2, 3]),
    "objects and others": (".jsonl", '{"id":1,"smiles":"CCO"}\nnot\n{"id":2}\n[1]\n{"smiles":5}\n', 5, [2, 3, 4, 5]),
    "our own columns": (
        ".csv",
        "smiles,stage,reason,row,error,line,number\n" + "CCO,a,b,7,e,1,9\nzz,a,b,7,e,1,9\n",
        2,
        [2],
    ),
    "formulas": (".csv", "id,smiles\n=cmd|' /C calc'!A0,CCO\n@x,=1+1\n+1,CC\n", 3, [2]),
    "very many atoms": (".sdf", f"{ETHANOL}$$$$\n{chain(5001)}$$$$\n", 2, [2]),
    "nothing but rubbish": (".smi", bytes(range(256)) + b"\nzz\n", 3, [1, 2, 3]),
}
FAULTS: dict[str, tuple[str, str | bytes, str]] = {
    # suffix, content, what is said
    "UTF-16 without a mark": (".csv", TABLE.encode("utf-16-le"), "no column holds molecules"),
    "no molecules": (".csv", "a,b\n1,2\n3,4\n", "no column holds molecules"),
    "a column twice": (".csv", "id,smiles,id\n1,CCO,2\n", "several columns 'id'"),
    "a quotation mark left open": (".csv", 'id,smiles\na,CCO\nb,"CC\nc,CCC\n', "line 3 is never closed"),
    "one left open beside": (".csv", 'id,smiles\na,CCO\nb,CC,"x\nc,CCC\n', "line 3 is never closed"),
    "names alone": (".csv", "id,smiles\n", "names of columns and no rows"),
    "nothing": (".csv", "", "the file is empty"),
    "blank lines": (".smi", "\n \n\t\n", "the file is empty"),
    "half a packed file": (".csv.gz", gzip.compress((TABLE * 50).encode())[:-30], "not a whole .gz file"),
    "an unpacked file that says it is": (".csv.gz", TABLE, "not a whole .gz file"),
    "a table that is none": (".parquet", TABLE, "not a readable parquet table"),
    "an unknown kind": (".xlsx", TABLE, "expected a file ending in"),
}


def written(folder: Path, suffix: str, content: str | bytes) -> Path:
    path = folder / f"data{suffix}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", BAD)
def test_bad_rows_are_left_out_one_by_one(sciencegen: Command, tmp_path: Path, case: str, command: str) -> None:
    suffix, content, count, bad = BAD[case]
    found = THROUGH[command](sciencegen, written(tmp_path, suffix, content), tmp_path)
    if isinstance(found, Done):  # there is nothing left to write
        assert command == "convert"
        assert len(bad) == count
        assert f"none of the {count} rows holds an item: row 1" in found.refusal
        return
    assert sorted(found.left) == list(bad)
    assert found.kept == count - len(bad)
    assert all(found.left.values())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", FAULTS)
def test_a_file_that_cannot_be_read_is_one_line(sciencegen: Command, tmp_path: Path, case: str, command: str) -> None:
    suffix, content, said = FAULTS[case]
    found = THROUGH[command](sciencegen, written(tmp_path, suffix, content), tmp_path)
    assert isinstance(found, Done)
    assert said in found.refusal
    for name in ("kept.jsonl", "scored.csv", "converted.jsonl", "rejects.csv"):
        assert not (tmp_path / name).exists()


def test_a_molecule_that_no_register_knows_says_so(sciencegen: Command, tmp_path: Path) -> None:
    path = written(tmp_path, ".sdf", f"{ETHANOL}$$$$\n{chain(1100)}$$$$\n")  # InChI ends at 1,024 atoms
    for one in (filtered, screened):
        found = one(sciencegen, path, tmp_path)
        assert isinstance(found, Fate)
        assert found == Fate(1, {2: "has no inchikey"})


GOOD = ("CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "OCC", "[Na+].CC(=O)[O-]", "C[C@H](N)C(=O)O", " CCN ", "C1CC1")
ODD = (
    "",
    "  ",
    "zz",
    "12",
    "C1CC",
    "CN(C)(C)(C)C",
    "C\U0001f600",
    "C\u0301",
    "C\0C",
    "=1+1",
    "C,C",
    'a"b',
    "C\nC",
    "*C",
)
ragged = st.sampled_from(["", ",x", ",x,y", None])
rows = st.tuples(st.sampled_from([*GOOD, *ODD]), st.text(max_size=6), ragged)
tables = st.lists(rows, min_size=1, max_size=12)
often = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def table_of(found: Sequence[tuple[str, str, str | None]], path: Path) -> tuple[int, set[int]]:
    """Write a table of good rows, bad rows and rows of another length; say how many there are and which are bad."""
    bad = set()
    with path.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "note"])
        writer.writerow(["CCCC", ""])  # a file without any molecule is refused
        for i, (smiles, note, more) in enumerate(found, 2):
            cells = [smiles] if more is None else [smiles, note, *more.split(",")[1:]]
            if not any(cells):
                cells[-1] = " "  # blank lines are no rows
            writer.writerow(cells)
            if smiles not in GOOD or len(cells) > 2:
                bad.add(i)
    return len(found) + 1, bad


@pytest.mark.parametrize("command", ["filter", "score", "convert"])
@often
@given(found=tables)
def test_rows_in_are_rows_kept_and_rows_left_out(
    sciencegen: Command, tmp_path: Path, command: str, found: list[tuple[str, str, str | None]]
) -> None:
    count, bad = table_of(found, tmp_path / "data.csv")
    fate = THROUGH[command](sciencegen, tmp_path / "data.csv", tmp_path)
    assert isinstance(fate, Fate)
    assert set(fate.left) == bad
    assert fate.kept == count - len(bad)


@pytest.mark.slow
@settings(often, max_examples=10)
@given(found=tables)
def test_the_same_of_a_campaign(sciencegen: Command, tmp_path: Path, found: list[tuple[str, str, str | None]]) -> None:
    count, bad = table_of(found, tmp_path / "data.csv")
    fate = screened(sciencegen, tmp_path / "data.csv", tmp_path)
    assert fate == Fate(count - len(bad), fate.left if isinstance(fate, Fate) else {})
    assert isinstance(fate, Fate)
    assert set(fate.left) == bad


def test_what_a_person_opens_holds_no_formula(sciencegen: Command, tmp_path: Path) -> None:
    suffix, content, _, _ = BAD["formulas"]
    path = written(tmp_path, suffix, content)
    config = tmp_path / "screen.toml"
    config.write_text('[source]\nfile = "data.csv"\nid = "id"\n[pick]\nn = 2\nmethod = "best"\n')
    assert sciencegen("screen", config, "--out", tmp_path / "run", "--workers", 1).code == 0
    filtered(sciencegen, path, tmp_path)
    for table in (*(tmp_path / "run").glob("*.csv"), tmp_path / "rejects.csv"):
        for row in rows_of(table):
            assert all(spreadsheet_safe(cell) == cell for cell in row.values()), table
    codes = {row["source_id"] for row in rows_of(tmp_path / "run" / "picked.csv")}
    assert codes == {"'=cmd|' /C calc'!A0", "+1"}


def test_another_column_of_molecules_is_not_lost(sciencegen: Command, tmp_path: Path) -> None:
    path = written(tmp_path, ".csv", "drug,smiles\nCCO,CC\nCCC,zz\nCCN,NCC\n")
    for command in (["filter"], ["score", "--props", "none"]):
        done = sciencegen(command[0], path, *command[1:], "--column", "drug", "--format", "jsonl")
        rows = [json.loads(line) for line in done.out.splitlines()]
        assert [row["smiles"] for row in rows] == ["CCO", "CCC", "CCN"]
        assert [row["smiles_beside"] for row in rows] == ["CC", "zz", None]


def test_a_code_keeps_its_digits(sciencegen: Command, tmp_path: Path) -> None:
    lines = ['{"smiles": "CCO", "code": 12345678901234567, "x": 1}', '{"smiles": "CC", "code": 2, "x": 1.5}']
    path = written(tmp_path, ".jsonl", "\n".join(lines))
    assert sciencegen("filter", path).out == "smiles,code,x\nCCO,12345678901234567,1\nCC,2,1.5\n"


def test_a_campaign_of_nothing_ends_with_empty_tables(sciencegen: Command, tmp_path: Path) -> None:
    written(tmp_path, ".smi", "zz a\nxx b\n")
    config = tmp_path / "screen.toml"
    desire = "[combine.desire.calc_logp]\ntarget = 2\nwithin = 4"
    config.write_text(f'[source]\nfile = "data.smi"\n{desire}\n[pick]\nn = 8\nquota = 1\n[plate]\nwells = 96\n')
    assert sciencegen("screen", config, "--out", tmp_path / "run", "--workers", 1).code == 0
    assert len(rows_of(tmp_path / "run" / "rejects.csv")) == 2
    for name in ("survivors", "picked", "order", "registry", "echo_picklist"):
        assert rows_of(tmp_path / "run" / f"{name}.csv") == []
        assert (tmp_path / "run" / f"{name}.csv").read_text().count("\n") == 1
    assert (tmp_path / "run" / "report.html").exists()


def test_a_salt_may_be_named_and_half_an_item_may_not(sciencegen: Command, tmp_path: Path) -> None:
    written(tmp_path, ".smi", "CC(=O)[O-].[Na+] a\nCCO b\nCCN c\n")
    config = tmp_path / "screen.toml"
    said = '[source]\nfile = "data.smi"\n[pick]\nn = 1\nmust = ["{must}"]\n'
    config.write_text(said.format(must="CC(=O)[O-].[Na+]"))
    assert sciencegen("screen", config, "--out", tmp_path / "run", "--workers", 1).code == 0
    assert [row["smiles"] for row in rows_of(tmp_path / "run" / "picked.csv")] == ["CC(=O)[O-]"]
    for half in ("CCO\U0001f600", "CCO and more"):
        config.write_text(said.format(must=half), encoding="utf-8")
        refusal = sciencegen("screen", config, "--out", tmp_path / "other").refusal
        assert f"unknown file or data set '{half}'" in refusal
