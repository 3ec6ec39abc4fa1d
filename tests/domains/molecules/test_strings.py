"""SMILES as rows of tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sciencegen.core.space import Tokens
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.domains.molecules.strings import UnseenTokens, tokens, vocabulary_of
from sciencegen.errors import DataError

MOLECULES = [
    *("C", "CCO", "c1ccccc1", "C[C@H](N)C(=O)[O-]", "Clc1ccc(Br)cc1", "[Na+]"),
    *("CC(C)(C)c1ccc2occ(CC(=O)Nc3ccccc3F)c2c1", "C1CC2CCC1CC2", "O=[N+]([O-])c1cc[nH]c1", "FC(F)(F)S"),
    *("C/C=C/C", "[2H]C", "C12C3C4C1C5C2C3C45"),
]
ITEMS = [one for one in map(canonical, MOLECULES) if one is not None]


def test_tokens_are_whole_atoms() -> None:
    assert tokens("C[C@@H](Cl)Br%12N[nH+]") == ["C", "[C@@H]", "(", "Cl", ")", "Br", "%12", "N", "[nH+]"]
    assert all("".join(tokens(one)) == one for one in ITEMS)


def test_the_vocabulary_is_learned_from_the_data() -> None:
    assert vocabulary_of(ITEMS) == ("", *sorted({token for one in ITEMS for token in tokens(one)}))


def test_rows_are_what_the_tokens_say() -> None:
    made = Smiles.fit(ITEMS)
    x = made.encode(ITEMS)
    index = {token: i for i, token in enumerate(made.vocabulary)}
    for row, one in zip(x.tolist(), ITEMS, strict=True):
        found = [index[token] for token in tokens(one)]
        assert row == found + [0] * (made.length - len(found))
    assert made.decode(x) == ITEMS
    assert x.dtype == torch.uint8
    assert isinstance(made.space, Tokens)
    assert made.space.contains(x).all()


def test_many_are_encoded_as_few_are() -> None:
    source = np.random.default_rng(0)
    many = [ITEMS[i] for i in source.integers(0, len(ITEMS), 100_050)]  # more than are encoded together
    made = Smiles.fit(ITEMS)
    few = made.encode(ITEMS)
    assert torch.equal(made.encode(many), few[[ITEMS.index(one) for one in many]])


def test_tokens_never_seen_are_named_with_their_molecules() -> None:
    made = Smiles.fit(["CCO", "CCC"])
    with pytest.raises(UnseenTokens, match=r"molecule 2, 4: tokens not seen in training: 1, Cl, \[nH\], c"):
        made.encode(["CC", "c1cc[nH]c1", "O", "CCl"])
    with pytest.raises(DataError, match="molecule 1: up to 9 tokens, the model was made for 3"):
        made.encode(["CCCCCCCCC"])
    with pytest.raises(DataError, match="several lines"):
        made.encode(["C\nC"])


def test_what_is_no_molecule_decodes_to_none() -> None:
    made = Smiles(("", "C", "(", "1"), 4)
    x = torch.tensor([[1, 1, 0, 0], [1, 2, 0, 0], [0, 0, 0, 0], [1, 3, 0, 0]])
    assert made.decode(x) == ["CC", None, None, None]


def test_other_spellings_are_the_same_molecules() -> None:
    made = Smiles.fit(ITEMS)
    ways = [made.spelled(ITEMS, seed) for seed in range(5)]
    assert all(made.decode(x) == ITEMS for x in ways)
    assert torch.equal(ways[1], made.spelled(ITEMS, 1))
    assert len({tuple(x.flatten().tolist()) for x in ways}) > 1


def test_room_for_more_molecules_leaves_the_old_tokens_where_they_are() -> None:
    made = Smiles.fit(["CCO", "CCC"])
    more = made.extended([*ITEMS, "CCO"])
    assert more.vocabulary[: len(made.vocabulary)] == made.vocabulary
    assert more.decode(more.encode(ITEMS)) == ITEMS
    assert more.extended(ITEMS) == more


def test_plain_values_make_the_same_representation() -> None:
    made = Smiles.fit(ITEMS)
    assert Smiles(**{k: tuple(v) if isinstance(v, list) else v for k, v in made.state().items()}) == made
    for wrong in ({"vocabulary": ("C",), "length": 3}, {"vocabulary": ("", "C", "C"), "length": 3}):
        with pytest.raises(ValueError, match="vocabulary"):
            Smiles(**wrong)
    with pytest.raises(ValueError, match="length"):
        Smiles(("", "C"), 0)
