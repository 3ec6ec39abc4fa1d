"""`sciencegen generate sequences --kind ...`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytest.importorskip("Bio", reason="needs biopython")
CDS = ("generate", "sequences", "--kind", "cds", "--length", 90, "--gc", "0.50..0.55")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_of_genes(sciencegen: Command) -> None:
    done = sciencegen(*CDS, "--forbid", "EcoRI,homopolymer:4", "-n", 20, "--organism", "E. coli")
    rows = table(done.out)
    assert done.code == 0
    assert list(rows[0]) == ["id", "sequence", "length", "gc", "protein", "cai"]
    assert len({row["sequence"] for row in rows}) == 20
    assert [row["id"] for row in rows][:2] == ["cds_1", "cds_2"]
    for row in rows:
        assert len(row["sequence"]) == int(row["length"]) == 90
        assert 0.5 <= float(row["gc"]) <= 0.55
        assert len(row["protein"]) == 29
        assert 0 < float(row["cai"]) <= 1
        assert "GAATTC" not in row["sequence"]
        assert not any(letter * 4 in row["sequence"] for letter in "ACGT")
    assert "cds: 20 different of " in done.err


def test_the_same_seed_gives_the_same_sequences(sciencegen: Command) -> None:
    one, same, other = (sciencegen(*CDS, "-n", 5, "--seed", seed).out for seed in (1, 1, 2))
    assert one == same != other


def test_fasta_and_a_record_beside_it(sciencegen: Command, tmp_path: Path) -> None:
    from Bio import SeqIO

    out = tmp_path / "genes.fasta"
    for _ in range(2):  # its own record is written over
        assert sciencegen(*CDS, "-n", 3, "--seed", 4, "-o", out).code == 0
    with out.open() as file:
        records = list(SeqIO.parse(file, "fasta"))  # type: ignore[no-untyped-call]
    assert [record.id for record in records] == ["cds_1", "cds_2", "cds_3"]
    assert all(len(record.seq) == 90 and "[length=90]" in record.description for record in records)
    record = json.loads((tmp_path / "genes.json").read_text())
    assert record["asked"] == {"kind": "cds", "length": "90", "gc": "0.50..0.55"}
    assert (record["seed"], record["wanted"], record["kept"], record["format"]) == (4, 3, 3, "fasta")
    assert record["drawn"] >= 3


def test_genes_of_proteins(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "in.fa").write_text(">one\nMKLVEFGHIKLMNPQ\n>two\nMW\n")
    out = tmp_path / "out.csv"
    done = sciencegen("generate", "sequences", "--protein", tmp_path / "in.fa", "-n", 3, "-o", out)
    rows = table(out.read_text())
    assert [row["id"] for row in rows] == ["one_1", "one_2", "one_3", "two_1", "two_2", "two_3"]
    assert [row["protein"] for row in rows] == ["MKLVEFGHIKLMNPQ"] * 3 + ["MW"] * 3
    assert done.code == 0
    assert len(json.loads((tmp_path / "out.json").read_text())["sha256"]) == 1


def test_fewer_than_asked_are_written_and_counted(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "in.fa").write_text(">two\nMW\n")
    out = tmp_path / "out.csv"
    done = sciencegen("generate", "sequences", "--protein", tmp_path / "in.fa", "-n", 10, "-o", out)
    assert done.code == 3
    assert "two: 3 different sequences exist, and 10 were asked for; all are written" in done.complaint
    assert len(table(out.read_text())) == 3
    assert (tmp_path / "out.json").exists()


def test_sentences_of_a_grammar(sciencegen: Command, tmp_path: Path) -> None:
    pytest.importorskip("lark", reason="needs lark")
    pytest.importorskip("interegular", reason="needs interegular")
    grammar = tmp_path / "hairpin.lark"
    grammar.write_text('start: "GC" BASE+ "AT"\nBASE: "A" | "C" | "G" | "T"\n')
    done = sciencegen("generate", "sequences", "--grammar", grammar, "--length", 9, "-n", 50, "--forbid", "CC")
    rows = table(done.out)
    assert done.code == 0, done.err
    assert len(rows) == 50
    assert list(rows[0]) == ["id", "sequence", "length", "gc"]
    for row in rows:
        assert row["sequence"].startswith("GC")
        assert row["sequence"].endswith("AT")
        assert not {"CC", "GG"} & {row["sequence"][i : i + 2] for i in range(8)}
    grammar.write_text('start: "(" start ")" | "x"\n')
    assert "hairpin.lark is not regular" in sciencegen("generate", "sequences", "--grammar", grammar).refusal


def test_peptides_of_several_lengths(sciencegen: Command) -> None:
    done = sciencegen(
        "generate", "sequences", "--kind", "peptide", "--length", "5..7", "-n", 50, "--forbid", "C,homopolymer:2"
    )
    rows = table(done.out)
    assert list(rows[0]) == ["id", "sequence", "length"]
    assert {row["length"] for row in rows} <= {"5", "6", "7"}
    assert not any("C" in row["sequence"] for row in rows)


def test_what_has_no_answer_is_proved_and_nothing_is_written(sciencegen: Command, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = sciencegen(*CDS, "--forbid", "homopolymer:3,ATG", "-o", out)
    assert done.code == 3
    said = "no cds of 90 nt with GC 0.5..0.55 without homopolymer:3, ATG exists"
    assert said in done.complaint
    assert "there would be without ATG" in done.complaint
    assert list(tmp_path.iterdir()) == []
    assert sciencegen(*CDS, "--forbid", "ATG", "--dry-run").code == 3


def test_a_dry_run_writes_nothing(sciencegen: Command, tmp_path: Path) -> None:
    done = sciencegen(*CDS, "-n", 7, "--dry-run", "-o", tmp_path / "out.csv")
    assert (done.code, done.out) == (0, "")
    assert "7 x cds of 90 nt with GC 0.5..0.55" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["molecules", "--kind", "dna"], "--kind is for designed sequences"),
        (["sequences", "--kind", "dna", "--length", 9, "--where", "gc=1"], "--where is for models"),
        (["sequences", "--kind", "dna", "--length", 9, "--workers", 2], "--workers is for models"),
        (["sequences", "--kind", "dns", "--length", 9], "did you mean 'dna'"),
        (["sequences", "--kind", "dna"], "say how long"),
        (["sequences", "--length", 9], "say what the sequences are"),
        (["sequences", "--kind", "dna", "--length", "9..3"], "expected a length such as 300"),
        (["sequences", "--kind", "dna", "--length", "1e3"], "expected a length such as 300"),
        (["sequences", "--kind", "cds", "--length", "9..12"], "one length at a time"),
        (["sequences", "--kind", "dna", "--length", "9..12", "--gc", "0.5"], "sequences of one length"),
        (["sequences", "--kind", "dna", "--length", 9, "--gc", "50..52"], "from 0 to 1"),
        (["sequences", "--kind", "dna", "--length", 9, "--gc", "half"], "from 0 to 1"),
        (["sequences", "--kind", "peptide", "--length", 9, "--gc", "0.5"], "only sequences of nucleotides"),
        (["sequences", "--kind", "dna", "--length", 9, "--organism", "yeast"], "only coding sequences"),
        (["sequences", "--kind", "cds", "--length", 9, "--organism", "yeti"], "unknown organism"),
        (["sequences", "--kind", "dna", "--length", 9, "--forbid", "Bsmb-I"], "did you mean 'BsmBI'"),
        (["sequences", "--kind", "dna", "--protein", "x.fa"], "leave --kind out"),
        (["sequences", "--protein", "x.fa", "--length", 9], "leave it out"),
        (["sequences", "--protein", "x.fa"], "there is no such file"),
        (["sequences", "--kind", "dna", "--length", 9, "-n", 0], "expected 1 or more"),
    ],
)
def test_what_makes_no_sense_is_one_line(sciencegen: Command, words: list[object], complaint: str) -> None:
    assert complaint in sciencegen("generate", *words).refusal
