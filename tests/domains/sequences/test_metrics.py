"""Edits, words, and how far sets of sequences are apart."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.compare.histograms import jensen_shannon
from sciencegen.domains.sequences import Sequences
from sciencegen.domains.sequences.identity import SequenceLikeness, edits, identities, nearest
from sciencegen.domains.sequences.kinds import KINDS
from sciencegen.domains.sequences.kmers import Words, divergence, shares
from sciencegen.domains.sequences.metrics import compare, shuffled
from sciencegen.domains.sequences.packed import Packed
from tests.domains.sequences.drawn import RESIDUES, some


def _edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


@given(st.lists(st.tuples(st.text("AC", max_size=12), st.text("ACG", max_size=12)), min_size=1, max_size=20))
def test_edits_are_the_fewest(pairs: list[tuple[str, str]]) -> None:
    ours, theirs = zip(*pairs, strict=True)
    assert edits(ours, theirs).tolist() == [_edits(a, b) for a, b in pairs]


@pytest.mark.parametrize("size", [63, 64, 65, 128, 200])
def test_edits_go_on_from_one_word_to_the_next(size: int) -> None:
    source = random.Random(size)
    ours = ["".join(source.choice("ACGT") for _ in range(size)) for _ in range(4)]
    theirs = ["".join(letter for letter in item if source.random() < 0.8) for item in ours]
    theirs[0] = ours[0]
    assert edits(ours, theirs).tolist() == [_edits(a, b) for a, b in zip(ours, theirs, strict=True)]
    assert edits(theirs, ours).tolist() == edits(ours, theirs).tolist()


@given(st.text("ACGT", min_size=1, max_size=20), st.text("ACGT", min_size=1, max_size=20))
def test_identity_is_one_for_equals_alone(a: str, b: str) -> None:
    found = identities([a, b, a], [b, a, a])
    assert found[0] == found[1]
    assert found[2] == 1
    assert (found[0] == 1) == (a == b)
    assert 0 <= found[0] <= 1


def test_the_nearest_is_found_among_many() -> None:
    kind, source = KINDS["protein"], random.Random(1)
    known = some(RESIDUES, 300, 40)
    known = [item for item in known if len(item) > 10]
    changed = []
    for item in known[:30]:
        place = source.randrange(len(item))
        changed.append(item[:place] + source.choice(RESIDUES) + item[place + 1 :])
    exact = [max(identities([item] * len(known), known)) for item in changed]
    assert nearest(changed, known, kind).tolist() == exact


def test_nothing_is_its_own_nearest_where_it_is_left_out() -> None:
    items = ["ACDEFGHIKL", "MNPQRSTVWY", "ACDEFGHIKL"]
    found = nearest(items, items, KINDS["protein"], range(3))
    assert found[0] == found[2] == 1
    assert found[1] < 0.5


@given(st.lists(st.text("ACGTN", min_size=1, max_size=20), min_size=1, max_size=8), st.integers(1, 4))
def test_words_are_counted_within_sequences_only(items: list[str], size: int) -> None:
    words = Counter(
        item[i : i + size] for item in items for i in range(len(item) - size + 1) if "N" not in item[i : i + size]
    )
    found = shares(Packed.of(items), KINDS["dna"], size)
    assert sorted(found[found > 0]) == pytest.approx(sorted(n / words.total() for n in words.values()))


def test_the_divergence_is_that_of_samples() -> None:
    ours, theirs = "AAACCG", "ACGTTTTT"
    p, q = (shares(Packed.of([item]), KINDS["dna"], 1) for item in (ours, theirs))
    assert divergence(p, q) == pytest.approx(jensen_shannon(list(ours), list(theirs)))
    assert divergence(p, p) == 0
    apart = divergence(*(shares(Packed.of([item]), KINDS["dna"], 1) for item in ("AC", "GT")))
    assert apart == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", ["dna", "peptide"])
def test_a_set_is_no_way_from_itself_and_its_shuffle_is(kind: str) -> None:
    letters = KINDS[kind].letters
    items = [letters * 3 + item for item in some(letters, 60, 30)]
    found = compare(items, items, KINDS[kind])
    for name, value in found.items():
        if "shuffled" in name:
            assert value >= 0
        elif name == "identity to the nearest":
            assert value == 1
        elif "among" not in name:
            assert value == pytest.approx(0, abs=1e-12), name
    assert found["1-mer divergence (shuffled data)"] == pytest.approx(0, abs=1e-12)
    assert found["2-mer divergence (shuffled data)"] > 0.01
    assert found["identity to the nearest (shuffled data)"] < 0.9


def test_shuffled_sequences_keep_their_letters() -> None:
    items = some("ACGT", 50, 40)
    found = shuffled(items, np.random.default_rng(0))
    assert [sorted(item) for item in found] == [sorted(item) for item in items]
    assert found != items


def test_comparing_says_the_same_each_time_and_takes_one_sequence() -> None:
    items = some("ACGT", 30, 40)
    assert compare(items[:10], items, KINDS["dna"]) == compare(items[:10], items, KINDS["dna"])
    alone = compare(["ACG"], ["ACGTT"], KINDS["dna"])
    assert alone["novelty"] == 1
    assert alone["length (Wasserstein)"] == 2


def test_likeness_is_one_to_oneself_and_the_same_both_ways() -> None:
    items = ["AC", *some("ACGT", 30, 40), "AC"]
    likeness = Sequences().likeness(items)
    assert isinstance(likeness, SequenceLikeness)
    rows = [likeness.to(i) for i in range(len(items))]
    for i, row in enumerate(rows):
        assert row[i] == 1
        assert ((row >= 0) & (row <= 1)).all()
        assert all(row[j] == rows[j][i] for j in range(len(items)))
    assert rows[0][-1] == 1  # equal, though too short for a word
    with pytest.raises(IndexError):
        likeness.to(len(items))


def test_words_find_what_shares_them() -> None:
    words = Words(["ACGTACGTAC", "TTTTTTTT", "ACGTACGTAA"], KINDS["dna"])
    assert words.between(0).argsort()[::-1].tolist()[:2] == [0, 2]
    assert words.between(0)[1] == 0
