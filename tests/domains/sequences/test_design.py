"""Designed sequences, checked by Biopython and by counting."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import exp, log
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.core.interval import Interval
from sciencegen.domains.sequences.codons import CODE, CODONS, STOP, SYNONYMS, organisms, translated, usage
from sciencegen.domains.sequences.design import ALPHABETS, Design, Infeasible, coding, free, gc, sentences
from sciencegen.domains.sequences.enzymes import IUPAC, forbidden, reverse_complement, sites
from sciencegen.domains.sequences.recode import proteins, recoded
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.grammar.draw import distinct
from sciencegen.grammar.regular import regular
from tests.grammar.test_automaton import Rule, chi_square, drawn_from

pytest.importorskip("Bio", reason="needs biopython")
TWELVE = "EcoRI,BamHI,HindIII,XbaI,SpeI,PstI,BsaI,BsmBI,NotI,XhoI,NdeI,SapI"
MYOGLOBIN = (
    "MGLSDGEWQLVLNVWGKVEADIPGHGQEVLIRLFKGHPETLEKFDKFKHLKSEDEMKASEDLKKHGATVLTALGGILKKKGHHEAEIKPLAQSHATKHKIPVKYLEF"
    "ISECIIQVLQSKHPGDFGADAQGAMNKALELFRKDMASNYKELGFQG"
)


def made(design: Design, n: int = 200, seed: int = 0) -> list[str]:
    return distinct(design.checked(), n, torch.Generator().manual_seed(seed), 100_000).texts


def clean(sequence: str, enzymes: str, run: int) -> bool:
    """By Biopython's own search, on both strands, and by looking for runs."""
    from Bio import Restriction
    from Bio.Seq import Seq

    whole: Any = Restriction
    search = whole.RestrictionBatch(enzymes.split(",")).search(Seq(sequence))
    return not any(search.values()) and not any(letter * run in sequence for letter in "ACGT")


def translation(sequence: str) -> str:
    from Bio.Seq import Seq

    return str(Seq(sequence).translate(table=1))  # type: ignore[no-untyped-call]


# the genetic code


def test_the_code_is_biopythons() -> None:
    from Bio.Data.CodonTable import unambiguous_dna_by_id

    table = unambiguous_dna_by_id[1]
    assert {codon: amino for codon, amino in CODE.items() if amino != STOP} == table.forward_table
    assert set(SYNONYMS[STOP]) == set(table.stop_codons)
    assert translated("".join(CODONS)) == translation("".join(CODONS))
    assert translated("AUGGCUUAA") == "MA*"
    assert translated("ATGGC") == "MX"


def test_usage_adds_up_for_every_amino_acid() -> None:
    assert set(organisms()) >= {"e_coli", "h_sapiens", "s_cerevisiae"}
    for organism in organisms():
        known = usage(organism)
        for codons in SYNONYMS.values():
            assert sum(known.frequency[codon] for codon in codons) == pytest.approx(1, abs=0.025)


def test_organisms_are_found_as_people_write_them() -> None:
    assert usage("E. coli").organism == usage("e_coli").organism == "e_coli"
    assert usage("yeast").organism == usage("S. cerevisiae").organism == "s_cerevisiae"
    with pytest.raises(UnknownName, match="did you mean 'human'"):
        usage("humann")


def test_cai_is_a_geometric_mean() -> None:
    coli = usage("e_coli")  # CTG 0.50 is the most used for leucine, CTA 0.04; AAA 0.76 for lysine, AAG 0.24
    assert coli.cai("ATGCTGAAATGGTAA") == pytest.approx(1)
    assert coli.cai("CTACTGAAG") == pytest.approx(exp((log(0.04 / 0.5) + log(0.24 / 0.76)) / 3))
    assert coli.cai(coli.best(MYOGLOBIN)) == pytest.approx(1)
    assert coli.cai("ATGTAA") is None
    assert coli.cai("ATGCTGNNN") is None


# what is forbidden


def test_sites_are_biopythons() -> None:
    from Bio import Restriction

    for name in TWELVE.split(","):
        assert sites(name) == (getattr(Restriction, name).site,)
    whole: Any = Restriction
    for name in map(str, whole.AllEnzymes):
        (found,) = forbidden(name, "ACGT", double=True)
        both = {word for one in sites(name) for word in (one, reverse_complement(one))}
        assert set(found.words) == {tuple(IUPAC[letter] for letter in word) for word in both}


def test_a_word_is_looked_for_on_both_strands() -> None:
    (bsai,) = forbidden("BsaI", "ACGT", double=True)
    assert {"".join(word) for word in bsai.words} == {"GGTCTC", "GAGACC"}
    (word,) = forbidden("RGN", "ACGT", double=True)
    assert set(word.words) == {("AG", "G", "ACGT"), ("ACGT", "C", "CT")}
    (single,) = forbidden("GGUCUC", "ACGU")
    assert single.words == (("G", "G", "U", "C", "U", "C"),)
    (plain,) = forbidden("NG", ALPHABETS["peptide"])
    assert plain.words == (("N", "G"),)


@given(st.text("ACGTRYSWKMBDHVN", max_size=12))
def test_complements_are_biopythons(word: str) -> None:
    from Bio.Seq import Seq

    assert reverse_complement(word) == str(Seq(word).reverse_complement())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("Bsmb-I", "did you mean 'BsmBI'"),
        ("ecoq1!", "no restriction enzyme, and no word of IUPAC letters"),
        ("homopolymer:1", "from 2 to 1000"),
        ("homopolymer:six", "from 2 to 1000"),
        ("EcoRI,,BsaI", "names with commas"),
        ("A" * 61, "60 or fewer"),
    ],
)
def test_what_cannot_be_forbidden_is_said(asked: str, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        forbidden(asked, "ACGT", double=True)


# designs


def test_a_thousand_genes_are_all_valid() -> None:
    words = forbidden(f"{TWELVE},homopolymer:6", "ACGT", double=True)
    found = made(replace(coding(300), gc=Interval(0.5, 0.52), forbidden=words), 1000)
    assert len(set(found)) == 1000
    for sequence in found:
        protein = translation(sequence)
        assert (len(sequence), protein[0], protein.index("*")) == (300, "M", 99)
        assert 150 <= sequence.count("G") + sequence.count("C") <= 156
    assert all(clean(sequence, TWELVE, 6) for sequence in found[:200])


@pytest.mark.parametrize("window", [Interval(0.5, 0.5), Interval(0.2, 0.25), Interval(0.85, 1.0)], ids=str)
def test_windows_far_from_chance_are_met(window: Interval) -> None:
    for sequence in made(replace(free("dna", 120, 120), gc=window), 100):
        assert window.low <= (sequence.count("G") + sequence.count("C")) / 120 <= window.high
        assert gc(sequence) == (sequence.count("G") + sequence.count("C")) / 120


@pytest.mark.parametrize("organism", [None, "e_coli"])
@pytest.mark.parametrize("window", [None, Interval(0.5, 0.52)], ids=str)
def test_recoded_genes_make_the_same_protein(organism: str | None, window: Interval | None) -> None:
    known = None if organism is None else usage(organism)
    words = forbidden(f"{TWELVE},homopolymer:6", "ACGT", double=True)
    found = made(replace(recoded("myoglobin", MYOGLOBIN, known), gc=window, forbidden=words), 200)
    assert len(set(found)) == 200
    assert {translation(sequence) for sequence in found} == {MYOGLOBIN + "*"}
    assert all(clean(sequence, TWELVE, 6) for sequence in found)
    assert window is None or all(0.5 <= (one.count("G") + one.count("C")) / len(one) <= 0.52 for one in found)


def test_codons_follow_the_organism() -> None:
    found = made(recoded("leucines", "L" * 40, usage("e_coli")), 300)
    codons = Tally(one[i : i + 3] for one in found for i in range(0, 120, 3))
    for codon in SYNONYMS["L"]:
        assert codons[codon] / 12_000 == pytest.approx(usage("e_coli").frequency[codon], abs=0.02)
    assert usage("e_coli").cai(found[0]) is not None


def test_genes_without_a_site_are_uniform_over_all_of_them() -> None:
    design = replace(recoded("short", "MLEFK"), forbidden=forbidden("GAATTC,CTT", "ACGT", double=True))
    every = {"".join(codons) for codons in product(*(SYNONYMS[amino] for amino in "MLEFK*"))}
    expected = {one: 1.0 for one in every if not any(word in one for word in ("GAATTC", "CTT", "AAG"))}
    assert 20 < len(expected) < len(every)
    assert chi_square(drawn_from(design.checked(), 100 * len(expected)), expected) < 4.5


@settings(max_examples=40, deadline=None)
@given(
    st.text("MWKEF", min_size=1, max_size=3),
    st.lists(st.text("ACGT", min_size=2, max_size=4), min_size=1, max_size=3),
    st.integers(0, 1000).map(lambda i: i / 1000),
    st.integers(0, 400).map(lambda i: i / 1000),
)
def test_infeasible_is_exactly_what_brute_force_finds_empty(
    protein: str, words: list[str], low: float, width: float
) -> None:
    window = Interval(low, min(1.0, low + width))
    design = replace(recoded("it", protein), gc=window, forbidden=forbidden(",".join(words), "ACGT", double=True))
    every = {"".join(codons) for codons in product(*(SYNONYMS[amino] for amino in protein + "*"))}
    asked: dict[str, Callable[[str], bool]] = {word: _lacks(word) for word in words}
    asked[f"GC {window}" if window.low != window.high else f"GC {window.low:g}"] = _within(window)
    expected = {one for one in every if all(holds(one) for holds in asked.values())}
    if expected:
        assert set(made(design, len(every))) == expected
        return
    with pytest.raises(Infeasible) as error:
        design.checked()
    said = str(error.value)
    if " is 0." not in said and " is 1," not in said:  # else no count lies in the window
        enough = {
            name
            for name in asked
            if any(all(holds(one) for other, holds in asked.items() if other != name) for one in every)
        }
        assert set(said.partition("there would be without ")[2].split(" or without ")) - {""} == enough


def _lacks(word: str) -> Callable[[str], bool]:
    return lambda one: word not in one and reverse_complement(word) not in one


def _within(window: Interval) -> Callable[[str], bool]:
    return lambda one: window.low - 1e-9 <= (one.count("G") + one.count("C")) / len(one) <= window.high + 1e-9


def test_why_there_is_none_is_said() -> None:
    none = replace(free("dna", 120, 120), forbidden=forbidden("EcoRI,ANN,S", "ACGT", double=True))
    with pytest.raises(Infeasible, match=r"no dna of 120 nt without EcoRI, ANN, S exists.* without S$|any one"):
        none.checked()
    with pytest.raises(Infeasible, match="there would be without TGGATG"):
        replace(recoded("it", "MAWMK"), forbidden=forbidden("EcoRI,TGGATG", "ACGT", double=True)).checked()
    with pytest.raises(Infeasible, match="none gets past codon 4 without these words"):
        replace(recoded("it", "MAWMK"), forbidden=forbidden("TGGATG", "ACGT", double=True)).checked()
    with pytest.raises(Infeasible, match=r"1 of 4 is 0\.25, 2 of 4 is 0\.5"):
        replace(free("dna", 4, 4), gc=Interval(0.3, 0.4)).checked()
    with pytest.raises(Infeasible, match="nearest are 99 and 102"):
        coding(100)
    with pytest.raises(Infeasible, match="nearest length is 6"):
        coding(4)
    assert Infeasible.exit_code == 3


def test_sentences_of_a_grammar_have_the_lengths_they_can() -> None:
    finite = regular([Rule(0, ("TTGACA", 1, "TATAAT")), Rule(1, ("AC",)), Rule(1, ("ACGTA",))], 0)
    assert sorted(made(sentences("it", finite, None, None))) == ["TTGACAACGTATATAAT", "TTGACAACTATAAT"]
    with pytest.raises(Infeasible, match="nearest lengths are 14 and 17"):
        sentences("it", finite, 15, 16)
    endless = regular([Rule(0, ("AG", 0)), Rule(0, ("C",))], 0)
    assert made(sentences("it", endless, 3, 3)) == ["AGC"]
    assert sorted(made(sentences("it", endless, 2, 5))) == ["AGAGC", "AGC"]
    with pytest.raises(RequestError, match="no longest sentence: say --length, 1 or more"):
        sentences("it", endless, None, None)


# proteins


def test_proteins_are_read_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "proteins.fasta"
    file.write_bytes(b">one first\r\nMKL\r\nvw*\r\n\r\n>two\r\nMA\r\n")
    assert proteins(file) == {"one": "MKLVW", "two": "MA"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no protein"),
        ("MKL\n", "line 1: expected FASTA"),
        (">one\nMKX\n", "one, position 3: 'X' is none"),
        (">one\nM*L\n", "one, position 2: '\\*' is none"),
        (">one\nM\n>one\nM\n", "line 3: one is there twice"),
        (">one\n>two\nM\n", "one is empty"),
        (">\nM\n", "line 1: a protein without a name"),
    ],
)
def test_what_is_no_protein_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "it.fa").write_text(text)
    with pytest.raises(DataError, match=complaint):
        proteins(tmp_path / "it.fa")
