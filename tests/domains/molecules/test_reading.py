"""Reading molecules from the files people have."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas
import pytest

from sciencegen.domains.molecules import cleaning
from sciencegen.domains.molecules.reading import FORMATS, ReadingOptions, molecule_rows, read_molecules
from sciencegen.domains.molecules.structures import sdf
from sciencegen.errors import DataError, RequestError, UnknownName

SMILES = ("CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "CC(=O)[O-]")
HEAT = (1.5, None, -3.0, 2e3)
KIND = ("a b", "c", None, "d,e")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Molecules are cleaned in this process: many small files are read here, and workers are tested elsewhere."""
    if "with_workers" not in request.fixturenames:
        monkeypatch.setattr(cleaning, "usable_cores", lambda: 0)


@pytest.fixture
def with_workers() -> None:
    """Molecules are cleaned as they are outside tests."""


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def as_csv(separator: str = ",") -> bytes:
    table = pandas.DataFrame({"heat": HEAT, "smiles": SMILES, "kind": KIND})
    return table.to_csv(index=False, sep=separator).encode()


def as_jsonl() -> bytes:
    rows = zip(HEAT, SMILES, KIND, strict=True)
    return "".join(json.dumps(dict(zip(("heat", "smiles", "kind"), row, strict=True))) + "\n" for row in rows).encode()


def as_parquet() -> bytes:
    pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    pandas.DataFrame({"heat": HEAT, "smiles": SMILES, "kind": KIND}).to_parquet(stream)
    return stream.getvalue()


def as_smi() -> bytes:
    rows = zip(SMILES, HEAT, KIND, strict=True)
    return ("smiles\theat\tkind\n" + "".join(f"{s}\t{h or ''}\t{k or ''}\n" for s, h, k in rows)).encode()


def as_sdf() -> bytes:
    file = io.StringIO()
    cells = [{"heat": h, "kind": k} for h, k in zip(HEAT, KIND, strict=True)]
    given = ({name: value for name, value in row.items() if value is not None} for row in cells)
    sdf(zip(SMILES, given, strict=True), file)
    return file.getvalue().encode()


WRITERS: dict[str, Callable[[], bytes]] = {
    ".csv": as_csv,
    ".tsv": lambda: as_csv("\t"),
    ".jsonl": as_jsonl,
    ".parquet": as_parquet,
    ".smi": as_smi,
    ".sdf": as_sdf,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("through_pipe", [False, True])
def test_every_format_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, packed: str, through_pipe: bool
) -> None:
    content = PACKED[packed](WRITERS[suffix]())
    path = written(tmp_path, f"a{suffix}{packed}", content)
    if through_pipe:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        path = Path("-")
    found = read_molecules(path, beside=["heat", "kind"])
    assert tuple(found.items) == SMILES
    assert tuple(found.columns["heat"]) == HEAT
    assert tuple(found.columns["kind"]) == KIND
    assert found.reading is not None
    assert (found.reading.rows, found.reading.kept, found.reading.dropped) == (4, 4, {})


@pytest.mark.parametrize(
    ("name", "text", "items"),
    [
        ("a.csv", "\ufeffsmiles\r\nCCO\r\n\r\nCCN\r\n", ["CCO", "CCN"]),
        ("a.csv", '"SMILES" , "logP"\n"CCO",1\nCCN,2\n', ["CCO", "CCN"]),
        ("a.csv", "id;Canonical SMILES;wert\n1;CCO;1,5\n2;CCN;2,5\n", ["CCO", "CCN"]),
        ("a.csv", "# made by a program\nid,smi\n1,CCO\n", ["CCO"]),
        ("a.csv", "CCO,ethanol\nCCN,ethylamine\n", ["CCO", "CCN"]),
        ("a.csv", "CCCO\n", ["CCCO"]),
        ("a.csv", "mol,structure\nM1,CCO\nM2,CCN\n", ["CCO", "CCN"]),
        ("a.csv", "flag,thing\nN,CCCCO\nN,CCCCN\n", ["CCCCO", "CCCCN"]),
        ("a.csv", "CCO,1,1\nCCN,2,2\n", ["CCO", "CCN"]),
        ("a.csv", "CNS,compound_id\nCCCN,1\n", ["CNS", "CCCN"]),
        ("a.csv", "CNS,drug\n1,CCCN\n", ["CCCN"]),
        ("a.csv", "smiles,name\nCCO\nCCN,x\n", ["CCO", "CCN"]),
        ("a.csv", 'name,smiles\n"two\nlines",CCO\n"a ""b""",CCN\n', ["CCO", "CCN"]),
        ("a.csv", "NAME,NO,CO\nx,1,CCCCO\ny,2,CCCCN\n", ["CCCCO", "CCCCN"]),
        ("a.smi", "CCO\nCCN", ["CCO", "CCN"]),
        ("a.smi", "CCO ethanol, pure\nCCN\tx\ty\n\n", ["CCO", "CCN"]),
        ("a.smi", "#SMILES Name\nCCO ethanol\n", ["CCO"]),
        ("a.smi", "CCO |$a;b;c$| ethanol\n", ["CCO"]),
        ("a.txt", "CCO\r\nCCN\r\n", ["CCO", "CCN"]),
        ("a.jsonl", '{"smiles": "CCO"}\n\n{"x": [1], "smiles": "CCN"}\n', ["CCO", "CCN"]),
        ("A.CSV", "smiles\nN\n", ["N"]),
    ],
)
def test_files_are_read_as_people_write_them(tmp_path: Path, name: str, text: str, items: list[str]) -> None:
    assert read_molecules(written(tmp_path, name, text)).items == items


def test_wide_text_is_read(tmp_path: Path) -> None:
    assert read_molecules(written(tmp_path, "a.csv", "smiles\tid\nCCO\tÅ\n".encode("utf-16"))).columns == {"id": ["Å"]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "\n\n", "the file is empty"),
        ("a.csv", "smiles,x\n", "the file has names of columns and no rows"),
        ("a.smi", "", "the file is empty"),
        ("a.smi", "smiles name\n", "the file has names of columns and no rows"),
        ("a.sdf", "", "the file is empty"),
        ("a.jsonl", "\n", "the file is empty"),
        ("a.csv", "a,b\n1,2\n", "no column holds molecules: the columns are a, b; name it with smiles_column"),
        ("a.csv", "smiles,smiles\nC,C\n", "there are several columns 'smiles': rename them"),
        ("a.csv", 'smiles,x\nCCO,"1\nCCN,2\n', "a quotation mark in line 2 is never closed"),
        ("a.csv", "smiles\nhello\n", "none of the 1 rows gives a molecule: row 1 (line 2): 'hello': not a molecule"),
        ("a.csv", "smiles\n" + "C" * 100_000 + "\n", "longer than 5,000 characters"),
        ("a.csv", "smiles\n" + "C" * 1_000_000 + "\n", "longer than 5,000 characters"),
        ("a.smi", random.Random(0).randbytes(3000), "gives a molecule: row 1"),
        ("a.csv", random.Random(0).randbytes(3000), ""),
        ("a.csv", bytes(3000), ""),
        ("a.sdf", random.Random(0).randbytes(3000), "gives a molecule: row 1"),
        ("a.parquet", b"PAR1 and no more", "not a readable parquet table"),
        ("a.jsonl", "junk\n", "not a JSON object"),
        ("a.jsonl", "[" * 100_000, "not a JSON object"),
        ("a.csv.gz", b"smiles\nC\n", "not a whole .gz file"),
        ("a.csv.gz", gzip.compress(b"smiles\nCCO\n" * 100)[:-9], "not a whole .gz file"),
        ("a.csv.xz", lzma.compress(b"smiles\nCCO\n" * 100)[:-9], "not a whole .xz file"),
        ("a.csv.bz2", b"BZh9", "not a whole .bz2 file"),
        ("a.xlsx", "PK", "expected a file ending in .csv, .tsv"),
        ("a", "C", "expected a file ending in .csv, .tsv"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    path = written(tmp_path, name, content)
    with pytest.raises(DataError) as caught:
        read_molecules(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    for name, said in (("nowhere", "there is no such file"), ("folder", "expected a file, this is a folder")):
        with pytest.raises(DataError, match=said):
            read_molecules(tmp_path / f"{name}{suffix}")


BROKEN = "name,smiles,heat\na,CCO,1\nb,C1CC,2\nc,,3\nd,CCN,4,5\n\ne,OCC,5\nf,CC.Cl,6\ng,junk,7\n"


def test_what_is_left_out_is_counted_and_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", BROKEN)
    found = read_molecules(path)
    assert found.items == ["CCO", "CCO", "CC"]
    assert found.columns == {"name": ["a", "e", "f"], "heat": [1.0, 5.0, 6.0]}
    reading = found.reading
    assert reading is not None
    assert (reading.rows, reading.kept, reading.duplicates) == (7, 3, 1)
    assert reading.dropped == {
        "not a molecule (syntax)": 2,
        "no molecule given": 1,
        "4 cells for 3 columns": 1,
    }
    assert sorted((one.row, one.line, one.text) for one in reading.examples) == [
        (2, 3, "C1CC"),
        (3, 4, ""),
        (4, 5, "d,CCN,4,5"),
        (7, 9, "junk"),
    ]
    assert reading.changed == {"reduced to their largest fragment": 1}
    said = "\n".join(reading.lines())
    for part in ("3 of 7 rows read, from column smiles", "left out 4: 2 not", "row 7 (line 9): 'junk'", "1 are there"):
        assert part in said
    assert json.loads(json.dumps(reading.record()))["kept"] == 3


def test_stopping_names_the_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv: 4 of 7 rows hold no molecule: .*row 2 \(line 3\): 'C1CC'"):
        read_molecules(written(tmp_path, "a.csv", BROKEN), ReadingOptions(on_error="stop"))


def test_stopping_lets_pass_what_the_user_wants_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "a.smi", "CCO\nCC.Cl\n")
    assert read_molecules(path, ReadingOptions.of(on_error="stop", salts="drop")).items == ["CCO"]


def test_examples_are_few_and_counts_are_whole(tmp_path: Path) -> None:
    reading = read_molecules(written(tmp_path, "a.smi", "CCO\n" + "junk\n" * 50)).reading
    assert reading is not None
    assert (reading.dropped, len(reading.examples)) == ({"not a molecule (syntax)": 50}, 3)


def test_the_column_may_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "smiles,product\nCCO,CCN\n")
    assert read_molecules(path).items == ["CCO"]
    assert read_molecules(path, ReadingOptions(smiles_column="product")).items == ["CCN"]
    with pytest.raises(UnknownName, match=r"unknown column of .*a\.csv 'produkt': did you mean 'product'"):
        read_molecules(path, ReadingOptions(smiles_column="produkt"))


def test_columns_that_are_needed_have_to_be_there_and_to_be_of_one_kind(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "smiles,heat\n" + "CCO,1\n" * 9 + "CCN,n.d.\n")
    with pytest.raises(UnknownName, match="did you mean 'heat'"):
        read_molecules(path, beside=["heit"])
    with pytest.raises(DataError, match=r"column heat has numbers in 9 rows, but 'n\.d\.' in row 10; mend it"):
        read_molecules(path, beside=["heat"])
    assert read_molecules(path).columns["heat"][-2:] == ["1", "n.d."]


@pytest.mark.parametrize("absent", ["", "NA", "n/a", "nan", "None", " "])
def test_empty_cells_are_none(tmp_path: Path, absent: str) -> None:
    path = written(tmp_path, "a.csv", f"smiles,heat\nCCO,1\nCCN,{absent}\n")
    assert read_molecules(path, beside=["heat"]).columns["heat"] == [1.0, None]


def test_a_broken_structure_is_one_row(tmp_path: Path) -> None:
    parts = as_sdf().decode().split("$$$$\n")
    parts[1] = parts[1].replace(" C ", " Qx", 1)
    parts[2] = "\n\n\n  3  2\n    junk\n"
    reading = read_molecules(path := written(tmp_path, "a.sdf", "$$$$\n".join(parts))).reading
    assert reading is not None
    assert (reading.rows, reading.kept) == (4, 2)
    assert [one.row for one in reading.examples] == [2, 3]
    assert path.read_text().splitlines()[reading.examples[1].line + 3].startswith("    junk")


def test_structures_in_the_round_are_told_apart() -> None:
    from rdkit import Chem
    from rdkit.Chem import AllChem

    from sciencegen.domains.molecules.cleaning import cleaned_block

    mol = Chem.AddHs(Chem.MolFromSmiles("C[C@H](N)C(=O)O"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    assert cleaned_block(Chem.MolToMolBlock(mol)) == "C[C@H](N)C(=O)O"
    assert cleaned_block(Chem.MolToV3KMolBlock(mol)) == "C[C@H](N)C(=O)O"


def test_options_are_typed_by_people() -> None:
    chosen = ReadingOptions.of(smiles_column="x", charges="drop", elements="C, N,O", most_atoms="30")
    assert (chosen.smiles_column, chosen.cleaning.charges, chosen.cleaning.elements) == ("x", "drop", ("C", "N", "O"))
    with pytest.raises(UnknownName, match="unknown reading option 'salt': did you mean 'salts'"):
        ReadingOptions.of(salt="keep")
    with pytest.raises(UnknownName, match="unknown way with errors 'ignore'"):
        ReadingOptions.of(on_error="ignore")
    with pytest.raises(RequestError, match="most_atoms=many: expected a whole number"):
        ReadingOptions.of(most_atoms="many")


def test_rows_are_there_before_they_are_molecules(tmp_path: Path) -> None:
    found = molecule_rows(written(tmp_path, "a.csv", BROKEN))
    assert found.texts == ["CCO", "C1CC", "", "OCC", "CC.Cl", "junk"]
    assert [found.rows.number(i) for i in range(len(found.rows))] == [1, 2, 3, 5, 6, 7]
    assert found.rows.lines == [2, 3, 4, 7, 8, 9]


@pytest.mark.usefixtures("with_workers")
def test_hostile_rows_are_left_out_and_the_others_read(tmp_path: Path) -> None:
    rows: Sequence[str] = ["CCO", "[" * 10_000, "C" * 50_000, "(" * 5000, "%" * 4000, "CCN"]
    assert read_molecules(written(tmp_path, "a.smi", "\n".join(rows))).items == ["CCO", "CCN"]
