"""Valence, rings and syntax as a constraint."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import torch
from rdkit import Chem
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.domains.molecules.bonding import BONDS, atoms_of, bonding
from sciencegen.domains.molecules.kekule import kekule
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.strings import tokens
from sciencegen.domains.molecules.valence import ValenceConstraint

RICH = (
    *("", "#", "(", ")", "-", ".", "/", "1", "2", "3", "%10", "=", "\\"),
    *("B", "Br", "C", "Cl", "F", "I", "N", "O", "P", "S"),
    *(
        "[2H]",
        "[C@@H]",
        "[C@]",
        "[Cl-]",
        "[N+]",
        "[N-]",
        "[NH+]",
        "[NH3+]",
        "[Na+]",
        "[O-]",
        "[OH+]",
        "[P@]",
        "[S+]",
        "[S@@]",
    ),
    *("[Se]", "[Si]", "[n+]", "c", ":"),
)
"""Tokens of all kinds, the last of which have no place in Kekulé SMILES."""
POOR = ("", "(", ")", "C")


def rows(constraint: ValenceConstraint, *texts: str) -> Tensor:
    x = torch.zeros(len(texts), constraint.length, dtype=torch.long)
    for row, text in enumerate(texts):
        found = [constraint.vocabulary.index(token) for token in tokens(text)]
        x[row, : len(found)] = torch.tensor(found)
    return x


def texts(constraint: ValenceConstraint, x: Tensor) -> list[str]:
    return ["".join(constraint.vocabulary[token] for token in row) for row in x.tolist()]


def drawn(constraint: ValenceConstraint, n: int, sharpness: float = 1.0, ending: float = 0.0) -> Tensor:
    """Draws of a net that knows nothing, with weights of its own."""
    size = len(constraint.vocabulary)
    weights = sharpness * torch.randn(size, size)
    weights[:, 0] += ending
    state, previous, x = constraint.start(n), torch.zeros(n, dtype=torch.long), []
    for _ in range(constraint.length):
        allowed = constraint.mask(state)
        probability = weights[previous].masked_fill(~allowed, -torch.inf).softmax(-1)
        previous = torch.multinomial(probability, 1)[:, 0]
        x.append(previous)
        state = constraint.advance(state, previous)
    return torch.stack(x, 1)


def all_rows(constraint: ValenceConstraint) -> Iterator[str]:
    """Every row the constraint allows."""
    x = torch.zeros(1, 0, dtype=torch.long)
    state = constraint.start(1)
    for _ in range(constraint.length):
        parent, token = constraint.mask(state).nonzero().unbind(1)
        x = torch.cat((x[parent], token[:, None]), 1)
        state = constraint.advance(constraint.take(state, parent), token)
    yield from texts(constraint, x)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 13, 30])
@pytest.mark.parametrize(("sharpness", "ending"), [(0.0, -9.0), (1.0, -3.0), (3.0, 0.0)])
def test_every_draw_is_a_molecule(length: int, sharpness: float, ending: float) -> None:
    constraint = ValenceConstraint(RICH, length)
    for text in texts(constraint, drawn(constraint, 100, sharpness, ending)):
        molecule = canonical(text)
        assert molecule is not None, text
        assert canonical(molecule) == molecule, text
        assert not any(atom.GetNumRadicalElectrons() for atom in Chem.MolFromSmiles(text).GetAtoms()), text


@pytest.mark.parametrize(
    ("vocabulary", "length"), [(POOR, 7), ((*POOR, "=", "1"), 6), ((*POOR, "1"), 7), ((*POOR, "1"), 8)]
)
def test_small_worlds_hold_molecules_only(vocabulary: tuple[str, ...], length: int) -> None:
    """All rows there are: each is one that `accepts` knows, and a molecule."""
    constraint = ValenceConstraint(vocabulary, length)
    allowed = list(all_rows(constraint))
    assert len(allowed) == len(set(allowed)) > 10
    assert None not in {canonical(text) for text in allowed}
    assert constraint.accepts(rows(constraint, *allowed)).all()


def test_small_worlds_miss_no_molecule() -> None:
    """Whatever RDKit reads among all strings of some tokens has a Kekulé spelling that is allowed."""
    found = {canonical("".join(each)) for n in range(1, 7) for each in product("CS=1", repeat=n)} - {None}
    whole = [each for each in found if each is not None and "H" not in each]  # [SH] is a hydrogen on a raised valence
    constraint = ValenceConstraint((*RICH, "[SH]"), 20)
    spelled = [kekule(each) for each in whole]
    assert len(spelled) > 100
    assert [
        text for text, ok in zip(spelled, constraint.accepts(rows(constraint, *spelled)), strict=True) if not ok
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "C",
            "[Na+].[Cl-]",
            "CC(C)(C)C",
            "C1=CC=CC=C1",
            "C#CC#N",
            "C[N+](C)(C)C",
            "CS(=O)(=O)C",
            "CP(=O)(O)O",
            "C[S+](C)C",
        ),
        *("C/C=C/C", "C/C=C\\C", "F/C(=N\\C(=O)/C=C/C)C", "C1CC12CC2", "C12C3C1C23", "C%10CCCC%10", "C[C@@H](N)C(=O)O"),
        *(
            "C[S@@](=O)CC",
            "[2H]C([2H])([2H])O",
            "C1CCC1.C1CCC1",
            "C[Se]C",
            "C[Si](C)(C)C",
            "CI(Cl)Cl",
            "[NH3+]C",
            "C(C)",
        ),
        *("C1CC11CC1", "C/1=C/CCCCCC1", "[Cl-]", "C(C)", "C[S+](C)C"),
    ],
)
def test_what_may_be_spelled(text: str) -> None:
    constraint = ValenceConstraint(RICH, 40)
    assert canonical(text) is not None
    assert constraint.accepts(rows(constraint, text)).all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no atom"),
        ("C(", "a branch left open"),
        ("C)", "a branch that was not opened"),
        ("C()C", "an empty branch"),
        ("C1CC", "a ring left open"),
        ("C11", "a ring of one atom"),
        ("C1C1", "two bonds between two atoms"),
        ("C12CC12", "two rings between two atoms"),
        ("C(C)1CC1", "a ring number after a branch"),
        ("C=", "a bond to nothing"),
        ("C==C", "two bonds in a row"),
        ("CF=C", "fluorine with three bonds"),
        ("C(C)(C)(C)(C)C", "carbon with five bonds"),
        ("N(=O)=O", "nitrogen with four bonds"),
        ("C[N+](C)C", "an unpaired electron"),
        ("C[O-]C", "oxygen of charge -1 with two bonds"),
        ("CS(C)C", "a hydrogen on sulfur of three bonds"),
        ("[Na+]C", "a bond of sodium"),
        ("[OH+]=IO", "a double bond of a halogen"),
        ("[C@@H](C)=O", "a handed atom with a double bond"),
        ("C#1CCCCC1", "a triple bond that closes a ring"),
        ("C1CC=1", "a bond named where the ring closes"),
        ("C..C", "an empty fragment"),
        ("C1.C1", "a ring across fragments"),
        ("C(.C)C", "fragments in a branch"),
        ("c", "an aromatic atom"),
        ("C:C", "an aromatic bond"),
    ],
)
def test_what_may_not_be_spelled(text: str, why: str) -> None:
    constraint = ValenceConstraint(RICH, 40)
    assert not constraint.accepts(rows(constraint, text)).any(), why


def test_rows_may_be_full() -> None:
    """No end is needed where the row ends."""
    constraint = ValenceConstraint(POOR, 3)
    assert set(texts(constraint, rows(constraint, "C", "CC", "CCC"))) <= set(all_rows(constraint))
    assert constraint.accepts(rows(constraint, "CCC")).all()


def test_nothing_is_begun_that_cannot_be_finished_in_time() -> None:
    constraint = ValenceConstraint(RICH, 5)
    assert constraint.accepts(rows(constraint, "C1CC1", "C(F)F", "C#N")).all()
    state = constraint.start(1)
    for token in tokens("C1"):
        state = constraint.advance(state, torch.tensor([RICH.index(token)]))
    allowed = {RICH[i] for i in constraint.mask(state)[0].nonzero()[:, 0].tolist()}
    assert allowed == {"C", "S", "N", "P", "B", "[Si]", "[C@]", "[C@@H]", "I", "O", "[Se]", "[NH+]", "[N-]"} & allowed
    assert "C" in allowed
    assert not allowed & {"(", "=", "2", "", "F"}


def test_masks_of_whole_rows_are_the_masks_of_the_machine() -> None:
    constraint = ValenceConstraint(RICH, 20)
    x = drawn(constraint, 50, ending=-2.0)
    masks = constraint.masks(x)
    assert masks.shape == (50, 20, len(RICH))
    assert masks.gather(-1, x[..., None]).all()
    assert constraint.accepts(x).all()
    state = constraint.start(50)
    for t in range(20):
        assert torch.equal(masks[:, t], constraint.mask(state))
        state = constraint.advance(state, x[:, t])


def test_rows_are_taken_with_their_state() -> None:
    constraint = ValenceConstraint(RICH, 20)
    x = drawn(constraint, 30, ending=-3.0)
    some = torch.tensor([3, 3, 17, 29])
    state, taken = constraint.start(30), constraint.start(4)
    for t in range(20):
        state, taken = constraint.advance(state, x[:, t]), constraint.advance(taken, x[some, t])
        assert torch.equal(constraint.mask(constraint.take(state, some)), constraint.mask(taken))


def test_a_forced_prefix_leaves_a_way_out() -> None:
    constraint = ValenceConstraint(RICH, 12)
    for text in ("CF=C", "C))", "C1C1", "c", "=C"):
        assert constraint.masks(rows(constraint, text)).any(-1).all()


def test_a_row_that_ended_stays_ended() -> None:
    constraint = ValenceConstraint(RICH, 6)
    masks = constraint.masks(rows(constraint, "CC"))
    assert masks[0, 3:].nonzero().tolist() == [[t, 0] for t in range(3)]


def test_it_is_a_constraint_with_what_every_row_needs() -> None:
    assert isinstance(ValenceConstraint(POOR, 4), Constraint)
    with pytest.raises(ValueError, match="and C"):
        ValenceConstraint(("", "(", ")", "N"), 4)


@pytest.mark.parametrize(
    ("token", "sums"),
    [
        *(("C", (0, 1, 2, 3, 4)), ("S", (0, 1, 2, 4, 6)), ("P", (0, 1, 2, 3, 5)), ("I", (0, 1, 3, 5)), ("F", (0, 1))),
        *(("[N+]", (4,)), ("[NH+]", (3,)), ("[O-]", (1,)), ("[Cl-]", (0,)), ("[Cl+3]", (4,)), ("[S@@]", (4, 6))),
        *(("[Na+]", (0,)), ("[C@@H]", (3,)), ("[C@]", (4,)), ("[2H]", (1,)), ("[Bi+3]", (0,))),
    ],
)
def test_valences_are_those_of_RDKit(token: str, sums: tuple[int, ...]) -> None:  # noqa: N802
    made = bonding(token)
    assert made is not None
    assert made.sums == sums


@pytest.mark.parametrize("token", ["c", "[nH]", "1", "%10", "", "[Fe]", "[C@TB3]", "[nonsense]"])
def test_what_is_no_atom(token: str) -> None:
    assert bonding(token) is None


def test_atoms_owe_what_the_tables_say() -> None:
    """A bond lowers what is owed or raises it by a valence step, and never makes room."""
    atoms = atoms_of(RICH)
    for state, reached in enumerate(atoms.after):
        for bond in range(1, len(BONDS)):
            if reached[bond]:
                assert atoms.room[reached[bond]] < atoms.room[state]
    assert any(cost and complete for cost, complete in zip(atoms.cost, atoms.complete, strict=True))


@pytest.mark.slow
def test_ten_thousand_draws_are_molecules() -> None:
    constraint = ValenceConstraint(RICH, 60)
    assert None not in {canonical(text) for text in texts(constraint, drawn(constraint, 10_000, ending=-3.0))}
