"""What the domain of sequences does for everybody else."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import random
from pathlib import Path

import pytest

from sciencegen.cli import run
from sciencegen.data.fetch import fetch, lines
from sciencegen.domains.sequences import Sequences
from sciencegen.domains.sequences.codons import translated
from sciencegen.domains.sequences.kinds import KINDS, KindName
from sciencegen.domains.sequences.representations import Codons, Letters
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.recipes import domain_of, recipe_function
from tests.domains.sequences.drawn import RESIDUES, some

every_kind = pytest.mark.parametrize("kind", KINDS)
SHARED = Path(__file__).parents[4] / "shared" / "data" / "sequences"
GENE = "ATGGCTAAATGGTAA"


def items(kind: str) -> list[str]:
    return [GENE, "ATGTAA", GENE[:-3]] if kind == "cds" else some(KINDS[kind].letters, 12, 30)


@every_kind
def test_a_domain_goes_to_other_processes(kind: KindName) -> None:
    domain = Sequences(kind)
    again = pickle.loads(pickle.dumps(domain))
    assert again.name == f"sequences/{kind}"
    for item in items(kind):
        for name in domain.properties:
            ours, theirs = (one.properties[name].measure(item) for one in (domain, again))
            assert ours == theirs or (ours != ours and theirs != theirs)  # the cai of a gene of M and stops is none


@every_kind
def test_text_stands_for_its_item(kind: KindName) -> None:
    domain = Sequences(kind)
    for item in items(kind):
        assert domain.parse(domain.text(item)) == item
        assert domain.parse(item.lower()) == item
        assert domain.row(item) == {domain.column: item}
    assert domain.parse("?") is None
    assert domain.parse("") is None


@every_kind
@pytest.mark.parametrize("suffix", [".csv", ".fasta", ".gb"])
def test_what_is_written_is_read_again(kind: KindName, suffix: str, tmp_path: Path) -> None:
    domain, path = Sequences(kind), tmp_path / f"a{suffix}"
    domain.write(items(kind), path)
    found = [item.replace("T", "U") if kind == "rna" else item for item in domain.read(path).items]
    assert found == items(kind)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a file ending in \.csv, \.fasta"):
        Sequences().write(["ACGT"], tmp_path / "a.sdf")


def test_the_key_is_the_identifier_of_refget() -> None:
    digest = hashlib.sha512(b"ACGT").digest()[:24]
    assert Sequences().standard("ACGT").key == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"  # as GA4GH has it
    assert Sequences().standard("ACGT").key == "SQ." + base64.urlsafe_b64encode(digest).decode()


@every_kind
def test_what_is_usual_and_asked_for_can_be_measured(kind: KindName) -> None:
    domain = Sequences(kind)
    assert set(domain.usual or ()) <= set(domain.properties)
    recipe = recipe_function("sequences/gru")(kind=kind)
    assert set(recipe.ask) <= set(domain.properties)
    assert recipe.representation is (Codons if kind == "cds" else Letters)


def test_a_domain_is_found_by_its_kind() -> None:
    assert domain_of("sequences/peptide").name == "sequences/peptide"
    assert domain_of("sequences").name == "sequences/dna"
    with pytest.raises(UnknownName, match="peptide"):
        domain_of("sequences/peptid")
    with pytest.raises(UnknownName, match="kind"):
        domain_of("molecules/peptide")


def test_a_kind_is_no_way_of_reading() -> None:
    assert Sequences("rna").reading(kind="rna").kind == "rna"
    with pytest.raises(RequestError, match="--set kind=peptide"):
        Sequences().reading(kind="peptide")
    with pytest.raises(UnknownName, match="kind of sequences"):
        Sequences().reading(kind="peptid")
    with pytest.raises(UnknownName, match="organism"):
        Sequences("cds", "unicorn")


def test_filters_find_motifs(tmp_path: Path) -> None:
    filters = Sequences().filters
    assert filters["contains"].make("GANTC")("AAGACTCAA")
    assert not filters["contains"].make("gantc")("AAGATC")
    assert filters["without"].make("GANTC")("AAGATC")
    assert Sequences("rna").filters["contains"].make("AWU")("AUU")
    assert Sequences("peptide").filters["contains"].make("NXT")("ANCTA")
    with pytest.raises(RequestError, match="'Q' is no letter of DNA"):
        filters["contains"].make("GAQ")
    known = tmp_path / "known.fa"
    known.write_text(">a\nACGTACGTAC\n>b\nTTTTT\n")
    unlike = filters["unlike"].make(str(known), ceiling=0.8)
    assert not unlike("ACGTACGTAG")
    assert unlike("GGGGGCCCCC")
    with pytest.raises(RequestError, match="ceiling=2"):
        filters["unlike"].make(str(known), ceiling=2)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_pictures_are_drawn(suffix: str, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    path = tmp_path / f"a{suffix}"
    Sequences("peptide").captioned(["ACDEF" * 30, "K"], ["charge 1 & <2>", "µ"], path)
    assert path.read_bytes()[:4] in (b"<svg", b"\x89PNG")
    if suffix == ".svg":
        shown = "".join(ElementTree.parse(path).getroot().itertext())
        assert shown == "ACDEF" * 30 + "charge 1 & <2>" + "Kµ"
    assert "".join(ElementTree.fromstring(Sequences().svg("ACGTN" * 30)).itertext()) == "ACGTN" * 30
    with pytest.raises(RequestError, match="there are no sequences"):
        Sequences().draw([], path)
    with pytest.raises(RequestError, match="expected a picture"):
        Sequences().draw(["A"], tmp_path / "a.pdf")


@pytest.fixture(scope="session")
def peptides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of peptides with a measured column, and a model of them."""
    folder = tmp_path_factory.mktemp("peptides")
    rows = [f"{item},{len(item) / 2}" for item in some(RESIDUES, 64, 12)]
    (folder / "data.csv").write_text("sequence,activity\n" + "\n".join(rows) + "\n")
    small = {"width": 16, "embed": 8, "context": 8, "steps": 5, "batch": 16}
    data, asked = folder / "data.csv", ["charge", "activity"]
    for _ in Fit("sequences/gru", data, out=folder / "run", ask=asked, kind="peptide", **small):
        pass
    return folder


def test_a_model_is_trained_and_drawn_from(peptides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = load(peptides / "run", "cpu")
    assert model.domain.name == "sequences/peptide"
    assert model.fields.names == ("charge", "activity")
    out = peptides / "drawn.fasta"
    assert run(["generate", str(peptides / "run"), "-n", "5", "--where", "charge=2", "-o", str(out)]) == 0
    read = model.domain.read(out)
    assert len(read) == 5
    assert {"charge", "length", "charge_asked"} <= set(read.columns)
    capsys.readouterr()


def test_evaluation_stands_beside_shuffled_data(peptides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(peptides / "data.csv")
    assert run(["evaluate", str(peptides / "run"), "--data", data, "-n", "20", "--device", "cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"2-mer divergence", "2-mer divergence (shuffled data)", "novelty"} <= set(found["distance"])
    assert {"length", "charge"} <= set(found["properties"])


def test_files_are_converted(peptides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, back = peptides / "data.fasta", peptides / "back.csv"
    assert run(["convert", str(peptides / "data.csv"), str(target), "--domain", "sequences/peptide"]) == 0
    assert run(["convert", str(target), str(back), "--domain", "sequences/peptide"]) == 0
    ours, theirs = (Sequences("peptide").read(path) for path in (peptides / "data.csv", back))
    assert ours.items == theirs.items
    assert ours.columns["activity"] == theirs.columns["activity"]
    capsys.readouterr()


def test_genes_are_drawn_codon_by_codon() -> None:
    source = random.Random(0)
    genes = ["ATG" + "".join(source.choices(["GCT", "AAA", "CTG"], k=source.randint(1, 9))) + "TAA" for _ in range(64)]
    run = Fit("sequences/transformer", genes, kind="cds", ask=["gc", "cai"], holdout=0.0, width=16, depth=1, steps=5)
    for _ in run:
        pass
    assert run.model.representation.space.shape == (12,)
    drawn = [one.item for one in run.model.candidates(20, {"gc": 0.4}, budget=5000, once=False)]
    assert len(drawn) == 20
    for gene in drawn:
        assert len(gene) % 3 == 0
        assert "*" not in translated(gene[:-3])


def test_the_wrong_kind_is_said(peptides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = str(peptides / "data.csv"), str(peptides / "no")
    assert run(["train", "sequences/gru", "--data", data, "-o", out]) == 2
    assert "as kind=peptide or protein they can be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sequence\nMKL\nACD\n", "MKL\nACD\n"),
        ("name,Sequence\nx,MKL\ny,ACD\n", "MKL\nACD\n"),
        ("MKL\nACD", "MKL\nACD\n"),
        ("\nMKL\n", "MKL\n"),
    ],
)
def test_a_set_is_fetched_out_of_its_column(text: str, found: str) -> None:
    assert lines(text.encode(), "it") == found.encode()


def test_the_set_of_peptides_is_what_its_card_says(tmp_path: Path) -> None:
    copy = SHARED / "amp_helical_lstm_peptides.csv"
    if not copy.exists():
        pytest.skip(f"{copy} is not here")
    found = Sequences("peptide").read(fetch("peptides", copy, tmp_path) / "peptides.txt")
    assert len(found) == 1554
    assert found.items == Sequences("peptide").read(copy).items
    assert len(Sequences("peptide").reading(duplicates="drop").read(copy)) == 1125


@pytest.mark.parametrize(
    ("kind", "file", "rows"),
    [
        ("promoter", "ecoli_promoters_lafleur2022.csv", 5391),
        ("peptide", "amp_helical_lstm_peptides.csv", 1554),
        ("peptide", "amp_vs_uniprot_modlamp.csv", 5200),
    ],
)
def test_measured_sets_are_read_whole(kind: KindName, file: str, rows: int) -> None:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{path} is not here")
    found = Sequences(kind).read(path)
    assert len(found) == rows
    assert found.reading is not None
    assert not found.reading.dropped
    assert all(value == 1 for value in Sequences(kind).measure(found.items, ["valid"])["valid"])
