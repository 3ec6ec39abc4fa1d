"""Files of sequences as people have them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from Bio import SeqIO
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.domains.sequences import Sequences
from sciencegen.domains.sequences.cleaning import Cleaned, Cleaning, Dropped, cleaned, other_kinds
from sciencegen.domains.sequences.kinds import KINDS, KindName
from sciencegen.domains.sequences.reading import ReadingOptions, sequence_records
from sciencegen.domains.sequences.sources import from_fasta
from sciencegen.errors import DataError, RequestError, UnknownName

GENES = """\
LOCUS       TEST                      30 bp    DNA     linear   BCT 01-JAN-2020
DEFINITION  A small test record.
ACCESSION   TEST1
VERSION     TEST1.1
SOURCE      Escherichia coli
  ORGANISM  Escherichia coli
FEATURES             Location/Qualifiers
     source          1..30
     CDS             4..15
                     /gene="aaa"
                     /protein_id="P1"
                     /translation="MAK"
     CDS             complement(19..27)
                     /gene="bbb"
                     /locus_tag="b2"
ORIGIN
        1 tttatggcta aataattatt acattttcat
//
"""


def saved(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("kind", "text", "item"),
    [
        ("dna", "acgt", "ACGT"),
        ("dna", " 1 acg tac\r\n61 ggg", "ACGTACGGG"),
        ("dna", "AC--GT.", "ACGT"),
        ("rna", "acgu", "ACGU"),
        ("protein", "mkl*", "MKL"),
        ("cds", "ATGGCTTAA", "ATGGCTTAA"),
    ],
)
def test_letters_are_found_in_what_is_written(kind: str, text: str, item: str) -> None:
    found = cleaned(text, KINDS[kind])
    assert isinstance(found, Cleaned)
    assert found.item == item
    assert bool(found.changes) == (text != item)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("dna", "", "no letters"),
        ("dna", "--- 12", "no letters"),
        ("dna", "acgzt", "letters that are none of DNA: 'z' at position 4, expected ACGT"),
        ("dna", "acgté", "letters that are none of DNA: 'é' at position 5"),
        ("dna", "ac gNt", "ambiguous letters: 'N' at position 5"),
        ("dna", "ACGU", "has U, which is RNA and not DNA: 'U' at position 4"),
        ("rna", "ACGT", "has T, which is DNA and not RNA"),
        ("protein", "MK*L", "letters that are none of protein: '*' at position 3"),
        ("protein", "MKX", "ambiguous letters: 'X' at position 3"),
        ("peptide", "ACGT" * 5, "looks like DNA or RNA"),
        ("cds", "ATGG", "no whole codons: 4 letters"),
        ("cds", "ATGTAAATG", "a stop codon inside: TAA at position 4, codon 2 of 3"),
    ],
)
def test_what_is_no_sequence_is_told_by_place(kind: str, text: str, said: str) -> None:
    found = cleaned(text, KINDS[kind])
    assert isinstance(found, Dropped)
    assert str(found).startswith(said)


def test_what_is_done_to_sequences_can_be_chosen() -> None:
    keep, refuse = Cleaning(ambiguous="keep"), Cleaning(gaps="refuse")
    assert isinstance(cleaned("ACN", KINDS["dna"], keep), Cleaned)
    assert "'-' at position 2" in str(cleaned("A-C", KINDS["dna"], refuse))
    long = cleaned("ACGT", KINDS["dna"], Cleaning(longest=3))
    assert isinstance(long, Dropped)
    assert long.wanted
    with pytest.raises(UnknownName, match="way with gaps"):
        Cleaning(gaps="lose")
    with pytest.raises(RequestError, match="longest=ten"):
        ReadingOptions.of(longest="ten")
    with pytest.raises(UnknownName, match="did you mean 'sequence_column'"):
        Sequences().reading(smiles_column="x")


def test_other_kinds_are_offered() -> None:
    assert set(other_kinds("ACGU", KINDS["dna"])) == {"rna"}
    assert "peptide" in other_kinds("MKL", KINDS["dna"])


_words = st.text("abcXYZ019|._", min_size=1, max_size=8)
_records = st.lists(
    st.tuples(_words, st.lists(_words, max_size=3).map(" ".join), st.text("ACGTacgt", max_size=200)),
    min_size=1,
    max_size=6,
)


@given(_records, st.sampled_from(["\n", "\r\n"]), st.integers(1, 80))
def test_fasta_is_read_as_biopython_reads_it(records: list[tuple[str, str, str]], end: str, width: int) -> None:
    lines = []
    for name, said, letters in records:
        lines += [f">{name} {said}".rstrip(), *(letters[i : i + width] for i in range(0, len(letters), width)), ""]
    raw = end.join(lines).encode()
    found = from_fasta(raw)
    ours = [dict(zip(found.names, record.cells, strict=True)) for record in found]
    theirs = list(SeqIO.parse(io.StringIO(raw.decode(), newline=None), "fasta"))  # type: ignore[no-untyped-call]
    assert [one["id"] for one in ours] == [one.id for one in theirs]
    assert [one["sequence"] for one in ours] == [str(one.seq) for one in theirs]
    said = [(one.get("description") or "") for one in ours]
    assert [one.split() for one in said] == [one.description.split()[1:] for one in theirs]


def test_names_in_brackets_are_columns(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.fa", ">x what it is [gene=lacZ] [protein=a [NADPH] b]\nACGT\n>y\nAC\n")
    found = Sequences().read(path)
    assert found.columns == {
        "id": ["x", "y"],
        "description": ["what it is", None],
        "gene": ["lacZ", None],
        "protein": ["a [NADPH] b", None],
    }


CELLS = [
    ("ACGT", {"id": "a", "gene": "lac Z", "n": 3, "empty": None}),
    ("ACGTACGT" * 20, {"id": "b c", "protein": "x [y] z", "description": "some words"}),
    ("TTT", {"n": 1.5, "odd": "] ["}),
]


@pytest.mark.parametrize("packed", [False, True])
def test_fasta_there_and_back(tmp_path: Path, packed: bool) -> None:
    file = io.StringIO()
    assert Sequences().formats["fasta"](CELLS, file) == 3
    text = file.getvalue().encode()
    path = saved(tmp_path, "a.fasta.gz" if packed else "a.fasta", gzip.compress(text) if packed else text)
    found = Sequences().read(path)
    assert list(found.items) == [item for item, _ in CELLS]
    assert found.columns["id"] == ["a", "b_c", "sciencegen-3"]
    assert found.columns["gene"] == ["lac Z", None, None]
    assert found.columns["n"] == [3.0, None, 1.5]
    assert found.columns["protein"] == [None, "x [y] z", None]
    assert found.columns["odd"] == [None, None, ") ("]
    assert found.columns["description"] == [None, "some words", None]
    assert "empty" not in found.columns


@pytest.mark.parametrize("kind", ["dna", "rna", "protein"])
def test_genbank_there_and_back(tmp_path: Path, kind: KindName) -> None:
    domain = Sequences(kind)
    items = ["ACGGCA", "ACG" * 50] if kind != "protein" else ["MKLW", "ACDEFGHIKLMNPQRSTVWY" * 5]
    file = io.StringIO()
    domain.formats["gb"]([(item, {"id": f"x{i}", "n": i}) for i, item in enumerate(items)], file)
    found = domain.read(saved(tmp_path, "a.gb", file.getvalue()))
    assert [item.replace("U", "T") for item in found.items] == items
    assert found.columns["id"] == ["x0", "x1"]


def test_genes_and_proteins_are_taken_out_of_genbank(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.gbk", GENES)
    whole = Sequences("dna").read(path)
    assert list(whole.items) == ["TTTATGGCTAAATAATTATTACATTTTCAT"]
    assert whole.columns["organism"] == ["Escherichia coli"]
    genes = Sequences("cds").read(path)
    assert list(genes.items) == ["ATGGCTAAATAA", "AAAATGTAA"]
    assert genes.columns["gene"] == ["aaa", "bbb"]
    assert genes.columns["id"] == ["P1", "b2"]
    proteins = Sequences("protein").read(path)
    assert list(proteins.items) == ["MAK"]
    assert proteins.reading is not None
    assert proteins.reading.dropped == {"a record without letters": 1}


def test_the_column_is_found_by_its_name_or_by_what_it_holds(tmp_path: Path) -> None:
    domain = Sequences("peptide")
    for name, text in {
        "named.csv": "label,name,Sequence\n1,SPIDER,GLWSK\n0,LARVA,YVPLPN\n",
        "unnamed.csv": "what,y\nGLWSKIK,1\nYVPLPNV,2\n",
        "bare.csv": "GLWSKIK\nYVPLPNV\n",
        "tabs.tsv": "y\tpeptide\n1\tGLWSKIK\n2\tYVPLPNV\n",
        "lines.txt": "sequence\nGLWSKIK\n\nYVPLPNV\n",
        "objects.jsonl": '{"y": 1, "seq": "GLWSKIK"}\n{"seq": "YVPLPNV"}\n',
    }.items():
        found = domain.read(saved(tmp_path, name, text))
        assert len(found) == 2, name
        assert found.items[0].startswith("GLWSK")
    named = domain.reading(sequence_column="name").read(tmp_path / "named.csv")
    assert list(named.items) == ["SPIDER", "LARVA"]
    with pytest.raises(UnknownName, match="sequences"):
        domain.reading(sequence_column="sequences").read(tmp_path / "named.csv")


def test_parquet_is_read(tmp_path: Path) -> None:
    import pandas

    pandas.DataFrame({"seq": ["ACGT", "GGCC"], "y": [1.0, None]}).to_parquet(tmp_path / "a.parquet")
    found = Sequences().read(tmp_path / "a.parquet", ["y"])
    assert list(found.items) == ["ACGT", "GGCC"]
    assert found.columns == {"y": [1.0, None]}


def test_rows_that_are_left_out_are_said_with_their_place(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv", "sequence,y\r\nACGT,1\r\nacgt,2\r\nMKL,3\r\nACGN,4\r\n,5\r\nAC-G,6,7\r\n")
    found = Sequences().read(path, ["y"])
    assert list(found.items) == ["ACGT", "ACGT"]
    assert found.columns == {"y": [1.0, 2.0]}
    assert found.reading is not None
    assert found.reading.rows == 6
    assert found.reading.duplicates == 1
    assert found.reading.changed == {"had letters in lower case": 1}
    said = "\n".join(found.reading.lines())
    assert "row 3 (line 4): 'MKL': letters that are none of DNA: 'L' at position 3" in said
    assert "row 4 (line 5): 'ACGN': ambiguous letters: 'N' at position 4" in said
    assert "row 6 (line 7): 'AC-G,6,7': 3 cells for 2 columns" in said
    with pytest.raises(DataError, match="4 of 6 rows hold no sequence"):
        Sequences().reading(on_error="stop").read(path)
    assert len(Sequences().reading(ambiguous="keep").read(path)) == 3
    assert len(Sequences().reading(duplicates="drop").read(path)) == 1


def test_kinds_that_are_mixed_are_parted(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.fa", f">p\nMKLWAC\n>d\n{'ACGT' * 10}\n>r\n{'ACGU' * 10}\n")
    found = Sequences("protein").read(path)
    assert list(found.items) == ["MKLWAC"]
    assert found.reading is not None
    assert found.reading.dropped == {"looks like DNA or RNA": 2}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.fa", "", "holds no sequences"),
        ("a.fa", "\n\n", "holds no sequences"),
        ("a.fa", "ACGT\nACGT\n", "letters before the first >"),
        ("a.fa", ">a\n>b\n", "none of the 2 rows gives a sequence"),
        ("a.fa", ">a\nMKLW\n>b\nMKKW\n", "as kind=peptide or protein they can be read"),
        ("a.csv", "", "holds no sequences"),
        ("a.csv", "sequence,y\n", "has names of columns and no rows"),
        ("a.csv", "x,y\n1,2\n", "no column holds DNA sequences: the columns are x, y"),
        ("a.gb", "no such thing\n", "holds no sequences"),
        ("a.gb", GENES[:-20] + "\n//\n", "not a readable GenBank file: Expected sequence length 30"),
        ("a.sam", "x", "expected a file ending in"),
        ("a.fa.gz", "no gzip", "not a whole .gz file"),
    ],
)
def test_files_without_sequences_are_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = saved(tmp_path, name, text)
    with pytest.raises(DataError, match=said):
        Sequences().read(path)


def test_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        Sequences().read(tmp_path / "a.fa")


def test_ids_that_come_twice_are_said(tmp_path: Path) -> None:
    found = Sequences().read(saved(tmp_path, "a.fa", ">a\nACGT\n>a\nAGGT\n>b\nACC\n"))
    assert len(found) == 3
    assert found.reading is not None
    assert found.reading.changed == {"have an id that an earlier row has": 1}


def test_very_long_lines_are_read_and_left_out_by_choice(tmp_path: Path) -> None:
    long = "ACGT" * 400_000
    path = saved(tmp_path, "a.fa", f">long\n{long}\n>short\nACGT\n")
    found = Sequences().read(path)
    assert list(found.items) == ["ACGT"]
    assert found.reading is not None
    assert found.reading.dropped == {"more than 100,000 letters": 1}
    assert max(map(len, found.reading.lines())) < 300
    assert Sequences().reading(longest="0").read(path).items[0] == long
    table = saved(tmp_path, "a.csv", f"sequence\n{long}\nACGT\n")
    assert len(Sequences().reading(longest="0").read(table)) == 2
    with pytest.raises(DataError, match="letters that are none of protein"):
        Sequences("peptide").reading(on_error="stop").read(saved(tmp_path, "b.txt", long + "!\n"))


def test_rows_and_entries_keep_what_files_say(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv", "name,sequence\nx,acgn\ny,PQ\n")
    domain = Sequences()
    rows = list(domain.rows(path))
    assert [row.text for row in rows] == ["acgn", "PQ"]
    assert all(row.item is None for row in rows)
    entries = domain.entries(path)
    assert [entry.item for entry in entries] == ["ACGN", None]
    assert entries[1].complaint.startswith("letters that are none of DNA")
    assert entries[0].cells == {"name": "x"}
    assert domain.entry(7, "acgn").complaint.startswith("ambiguous")


@pytest.mark.parametrize("text", ["> a\nACGT\n", "LOCUS", '{"seq": "ACGT"}\n', "sequence,y\nACGT,1\n", "ACGT\nGGTT\n"])
def test_standard_input_is_told_by_its_beginning(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    raw = GENES if text == "LOCUS" else text
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw.encode())))
    found = sequence_records(Path("-"), KINDS["dna"])
    assert list(found.records)
    assert found.column in ("sequence", "seq")
