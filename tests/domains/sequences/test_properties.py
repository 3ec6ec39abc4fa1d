"""What is measured of sequences is what Biopython measures, and what counting by hand finds."""

from __future__ import annotations

import math
import re
from itertools import groupby

import pytest
from Bio.Seq import Seq
from Bio.SeqUtils import MeltingTemp, ProtParamData, gc_fraction
from Bio.SeqUtils.ProtParam import ProteinAnalysis
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.domains.sequences import Sequences
from sciencegen.domains.sequences.codons import organisms, usage
from sciencegen.domains.sequences.kinds import KINDS
from sciencegen.domains.sequences.properties import measured, properties_of
from sciencegen.domains.sequences.scales import EISENBERG, GUIDE, KYTE_DOOLITTLE
from tests.domains.sequences.drawn import RESIDUES, dna, proteins, some


def one(kind: str, name: str, item: str) -> float | str:
    return Sequences(kind).properties[name].measure(item)  # type: ignore[arg-type]


def test_the_scales_are_biopythons() -> None:
    assert ProtParamData.kd == KYTE_DOOLITTLE
    assert ProtParamData.gravy_scales["Eisenberg"] == EISENBERG
    assert {a + b: value for a, row in ProtParamData.DIWV.items() for b, value in row.items()} == GUIDE


@given(proteins)
def test_proteins_are_measured_as_biopython_does(item: str) -> None:
    theirs = ProteinAnalysis(item)
    assert one("protein", "charge", item) == pytest.approx(theirs.charge_at_pH(7.4), abs=1e-9)
    assert one("protein", "hydrophobicity", item) == pytest.approx(theirs.gravy(), abs=1e-9)
    assert one("protein", "instability", item) == pytest.approx(theirs.instability_index(), abs=1e-9)
    assert one("protein", "mw", item) == pytest.approx(theirs.molecular_weight(), abs=1e-6)
    assert one("protein", "aromaticity", item) == pytest.approx(theirs.aromaticity(), abs=1e-9)
    ours = one("protein", "pi", item)
    assert isinstance(ours, float)
    assert min(max(ours, 4.05), 12.0) == pytest.approx(theirs.isoelectric_point(), abs=1e-3)  # they look no further


@given(proteins)
def test_at_the_isoelectric_point_there_is_no_charge(item: str) -> None:
    ours = one("protein", "pi", item)
    assert isinstance(ours, float)
    if 0.01 < ours < 13.99:
        assert ProteinAnalysis(item).charge_at_pH(ours) == pytest.approx(0, abs=1e-4)


@given(proteins)
def test_the_moment_is_the_length_of_the_mean_vector(item: str) -> None:
    turned = sum(
        EISENBERG[letter] * complex(math.cos(a), math.sin(a)) for letter, a in zip(item, _angles(), strict=False)
    )
    assert one("peptide", "moment", item) == pytest.approx(abs(turned) / len(item), abs=1e-9)


def _angles() -> list[float]:
    return [math.radians(100 * i) for i in range(1000)]


@given(dna)
def test_dna_is_measured_as_biopython_does(item: str) -> None:
    assert one("dna", "gc", item) == pytest.approx(gc_fraction(item), abs=1e-12)
    assert one("dna", "tm", item) == pytest.approx(MeltingTemp.Tm_NN(item), abs=1e-6)
    rna = item.replace("T", "U")
    theirs = MeltingTemp.Tm_NN(rna, nn_table=MeltingTemp.RNA_NN2)
    assert one("rna", "tm", rna) == pytest.approx(theirs, abs=1e-6)
    assert one("rna", "gc", rna) == one("dna", "gc", item)


@given(st.text("ACG", max_size=60).filter(len))
def test_the_longest_run_is_the_longest_run(item: str) -> None:
    assert one("dna", "homopolymer", item) == max(len(list(run)) for _, run in groupby(item))


def _longest(item: str) -> int:
    found = re.finditer(r"(?=(ATG(?:(?!TAA|TAG|TGA)...)*(?:TAA|TAG|TGA)))", item)
    return max((len(match[1]) for match in found), default=0)


@given(st.lists(st.sampled_from(["ATG", "TAA", "TGA", "CAT", "TTA", "A", "C", "GCT"]), min_size=1).map("".join))
def test_the_longest_open_reading_frame_is_the_longest(item: str) -> None:
    assert one("cds", "orf", item) == _longest(item)
    assert one("rna", "orf", item.replace("T", "U")) == _longest(item)
    opposite = str(Seq(item).reverse_complement())
    assert one("dna", "orf", item) == max(_longest(item), _longest(opposite))


def test_a_coding_sequence_is_told_by_its_ends() -> None:
    told = {item: one("cds", "coding", item) for item in ("ATGGCTTAA", "GCTTAA", "ATGGCT", "GCT", "TAA")}
    assert list(told.values()) == ["whole", "no start", "no stop", "no start, no stop", "no start"]


@given(st.lists(st.sampled_from(["ATG", "CTG", "TTA", "AAA", "TGG", "TAA", "GCC"]), min_size=1).map("".join))
def test_adaptation_is_that_of_the_usage_table(item: str) -> None:
    for organism in organisms()[:3]:
        ours = Sequences("cds", organism).properties["cai"].measure(item)
        theirs = usage(organism).cai(item)
        assert ours == pytest.approx(math.nan if theirs is None else theirs, nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
def test_many_are_measured_as_one_is(kind: str) -> None:
    alphabet = KINDS[kind]
    items = [item[: len(item) // 3 * 3 or 3] for item in some(alphabet.letters + alphabet.vague[:1], 40, 30)]
    properties = properties_of(alphabet, "e_coli")
    together = measured(items, alphabet, list(properties), "e_coli")
    for name, property_ in properties.items():
        for item, value in zip(items, together[name], strict=True):
            alone = property_.measure(item)
            assert value == alone if isinstance(value, str) else value == pytest.approx(alone, nan_ok=True, abs=1e-9)


def test_what_a_letter_does_not_say_is_missing() -> None:
    vague = {
        name: one("protein", name, "ACX") for name in ("charge", "pi", "hydrophobicity", "moment", "instability", "mw")
    }
    assert all(isinstance(value, float) and math.isnan(value) for value in vague.values())
    assert one("protein", "length", "ACX") == 3
    assert one("protein", "valid", "ACX") == 0
    assert one("protein", "valid", "ACD") == 1
    assert math.isnan(float(one("dna", "tm", "ACNT")))
    assert math.isnan(float(one("dna", "tm", "A")))
    assert one("dna", "gc", "GNNA") == 0.5
    assert math.isnan(float(one("dna", "gc", "NNN")))


def test_residues_are_the_twenty() -> None:
    assert set(RESIDUES) == set(KYTE_DOOLITTLE)
