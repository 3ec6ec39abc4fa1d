"""Sequences as tokens, and back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.domains.sequences.representations import Codons, Letters
from sciencegen.errors import DataError

codons = st.lists(st.sampled_from(["ATG", "GCT", "TTT", "CAC"]), min_size=1, max_size=9).map("".join)


@given(st.lists(st.text("ACGT", min_size=1, max_size=20), min_size=1, max_size=10))
def test_letters_there_and_back(items: list[str]) -> None:
    known = Letters.fit(items)
    x = known.encode(items)
    assert known.space.contains(x).all()
    assert known.decode(x) == items
    assert [known.reader()(row) for row in known.plain(x)] == items
    assert type(known)(**{k: tuple(v) if isinstance(v, list) else v for k, v in known.state().items()}) == known


@given(st.lists(codons, min_size=1, max_size=10))
def test_codons_there_and_back(items: list[str]) -> None:
    known = Codons.fit([item + "TAA" for item in items])
    x = known.encode(items)
    assert x.shape[1] == max(len(item) for item in items) // 3 + 2
    assert known.decode(x) == items


def test_draws_that_are_no_sequence_are_none() -> None:
    letters = Letters(("", "A"), 3)
    assert letters.decode(torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 1]])) == [None, "A", "AAA"]
    coding = Codons(("", "ATG", "TAA"), 3)
    assert coding.decode(torch.tensor([[0, 0, 0], [1, 2, 0], [2, 1, 0]])) == [None, "ATGTAA", None]


def test_more_words_come_after_those_that_were_learned() -> None:
    known = Letters.fit(["AC", "G"])
    grown = known.extended(["TTTT", "A"])
    assert grown.vocabulary == ("", "A", "C", "G", "T")
    assert grown.length == 5
    assert known.extended(["A"]) == known


def test_what_was_not_learned_is_named() -> None:
    known = Letters.fit(["AC", "CCA"])
    with pytest.raises(DataError, match=r"sequence 2: letters not seen in training: G, T"):
        known.encode(["A", "GTA"])
    with pytest.raises(DataError, match=r"sequence 1: up to 4 tokens, the model was made for 3"):
        known.encode(["ACAC"])
    with pytest.raises(DataError, match="codons not seen in training: TTT"):
        Codons.fit(["ATG"]).encode(["ATGTTT"])


def test_a_set_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(DataError, match="leave the longest out with longest="):
        Letters(("", "A"), 10**9).encode(["A", "A", "A"])


@pytest.mark.parametrize("state", [(("A",), 3), (("", "AB"), 3), (("", "A", "A"), 3), (("", "A"), 0)])
def test_damaged_states_are_refused(state: tuple[tuple[str, ...], int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Letters(*state)
