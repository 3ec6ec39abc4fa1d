"""Molecules as graphs that grow."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sciencegen.core.growth import END, GROW, OPEN
from sciencegen.domains.molecules.begun import beginning, cut, held
from sciencegen.domains.molecules.built import built, skeleton
from sciencegen.domains.molecules.graphs import Pairs
from sciencegen.domains.molecules.growths import Growing, Growths, Scaffolded
from sciencegen.domains.molecules.molecule import canonical, parsed
from sciencegen.errors import DataError, RequestError

MOLECULES = [
    *("C", "CCO", "c1ccccc1", "c1ccc2ccccc2c1", "Cc1ccc(O)cc1", "c1cc[nH]c1", "c1ccsc1", "O=c1cc[nH]cc1", "C1CC12CC2"),
    *("C[N+](C)(C)C", "[NH3+]CC(=O)[O-]", "O=[N+]([O-])c1ccccc1", "[O-][n+]1ccccc1", "C[Si](C)(C)C", "C#CC"),
    *("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "C/C=C/C", "C/C=C\\C", "C[S@](=O)c1ccccc1", "O=S(=O)(O)O", "CP(=O)(O)O"),
    *("N#Cc1ccccc1", "FC(F)(F)Cl", "BrCCI", "OB(O)c1ccccc1", "C[S+](C)C", "C[C@H]1CC[C@@H](C)C1"),
]
DATA = Path(__file__).parents[4] / "shared" / "data" / "molecules"
both = pytest.mark.parametrize("kind", [Growths, Scaffolded])


def canonicals() -> list[str]:
    found = [canonical(molecule) for molecule in MOLECULES]
    return [molecule for molecule in found if molecule is not None]


def real(name: str, n: int) -> list[str]:
    path = DATA / f"{name}.smi.xz"
    if not path.exists():
        pytest.skip(f"{name} is not here")
    lines = lzma.decompress(path.read_bytes()).decode().splitlines()
    found = [canonical(line.split()[0]) for line in random.Random(0).sample(lines, n)]
    return [molecule for molecule in found if molecule is not None]


def walked(representation: Growing, n: int, begun: Tensor | None = None) -> Tensor:
    """Rows drawn evenly from what the constraint allows, after a beginning."""
    constraint = representation.constraint
    state, rows = constraint.start(n), list[Tensor]()
    known = torch.tensor([GROW]) if begun is None else begun[: int((begun == GROW).nonzero()) + 1]
    for token in known if representation.given else ():
        rows.append(token.expand(n))
        state = constraint.advance(state, rows[-1])
    while len(rows) < representation.length:
        mask = constraint.mask(state)
        assert mask.any(1).all()
        assert (mask <= constraint.syntax(state)).all()
        rows.append(torch.multinomial(mask.float(), 1)[:, 0])
        state = constraint.advance(state, rows[-1])
    return torch.stack(rows, 1)


@both
def test_molecules_come_back(kind: type[Growing]) -> None:
    fitted = kind.fit(canonicals())
    assert fitted.decode(fitted.encode(canonicals())) == canonicals()
    assert kind(**fitted.state() | {"vocabulary": fitted.vocabulary, "capacity": fitted.capacity}) == fitted


def test_molecules_are_the_same_in_whatever_order_their_atoms_are_written() -> None:
    source = random.Random(0)
    for molecule in canonicals():
        found = skeleton(parsed(molecule))
        for _ in range(8):
            assert built(cut(found, source)) == molecule


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zinc250k", "qm9", "moses_test"])
def test_real_molecules_come_back(name: str) -> None:
    molecules = real(name, 3000)
    assert len(Growths.outside(molecules)) <= 3
    kept = [molecule for i, molecule in enumerate(molecules) if i not in Growths.outside(molecules)]
    fitted = Scaffolded.fit(kept)
    assert fitted.decode(fitted.encode(kept)) == kept
    assert fitted.decode(fitted.spelled(kept, 1)) == kept


@both
def test_data_lie_within_the_constraint(kind: type[Growing]) -> None:
    fitted = kind.fit(canonicals())
    x = fitted.encode(canonicals())
    if fitted.given:
        x = torch.cat([fitted.spelled(canonicals(), seed) for seed in range(1, 9)])
    constraint, state = fitted.constraint, fitted.constraint.start(len(x))
    syntaxes = constraint.syntaxes(x)
    for t, token in enumerate(x.long().unbind(1)):
        assert (constraint.syntax(state) == syntaxes[:, t]).all()
        allowed = constraint.mask(state).gather(1, token[:, None])[:, 0]
        assert (allowed | ~state.begun).all()
        state = constraint.advance(state, token)


@both
def test_whatever_is_drawn_under_the_constraint_is_a_molecule(kind: type[Growing]) -> None:
    fitted = kind.fit(canonicals())
    x = walked(fitted, 500)
    assert (x[:, -1] == END).all()
    assert None not in fitted.decode(x)


@pytest.mark.parametrize("scaffold", ["c1ccc2[nH]ccc2c1", "[*:1]c1ccc([*:2])cc1", "C[C@H](N[*:1])C(=O)O", "C[*]"])
def test_whatever_grows_from_a_scaffold_holds_it(scaffold: str) -> None:
    fitted = Scaffolded.fit([*canonicals(), "CCCCCCCCCCCCCCCCCCCCCCCC"])
    holds, grown = held(scaffold), fitted.decode(walked(fitted, 200, fitted.begun(scaffold)))
    assert None not in grown
    # walks at random build rings in which RDKit sees no aromatic ones any more; models hardly do, and those are dropped
    assert sum(holds(one) for one in grown if one is not None) >= 0.97 * len(grown)
    assert len(set(grown)) > 20


def test_a_scaffold_with_places_grows_there_alone() -> None:
    holds = held("[*:1]c1ccc([*:2])cc1")
    assert holds("Cc1ccc(F)cc1")
    assert not holds("Cc1ccccc1")
    assert not holds("Cc1ccc(F)c(C)c1")
    assert held("c1ccccc1")("Cc1ccc(F)c(C)c1")


def test_every_place_is_written_as_often_as_something_is_bound_there() -> None:
    found = beginning("[*:1]C([*:2])c1ccccc1")
    assert found.atoms == 7
    assert found.tokens.count("[*]") == 2
    assert found.tokens[-1] == "[>]"


def test_the_hands_and_sides_of_a_scaffold_are_kept() -> None:
    fitted = Scaffolded.fit([*canonicals(), "CCCCCCCCCCCCCC"])
    for scaffold in ("C[C@H](N)C(=O)O[*:1]", "F/C=C/[*]"):
        kept = {"C[C@H](N)": "@", "F/C=C/[*]": "/"}[scaffold[:9]]
        found = fitted.decode(walked(fitted, 50, fitted.begun(scaffold)))
        assert all(kept in str(one) for one in found)
        assert all(held(scaffold)(one) for one in found if one is not None)


@pytest.mark.parametrize(
    ("scaffold", "said"),
    [
        ("xyz", "not a molecule"),
        ("C1CC", "not a molecule"),
        ("c1ccc[n]1", r"is a hydrogen missing, as in \[nH\]"),
        ("CC(C)(C)(C)C", "more bonds than it can"),
        ("c1ccccc1.C", "several parts"),
        ("C=[*]", "one single bond"),
        ("[*][*]", "one single bond"),
        ("[13CH4]", "isotopes"),
        ("C[CH2]", "unpaired electrons"),
        ("C[Al](C)C", r"not seen in training: \[Al\]"),
        ("C" * 30, "was made for molecules of up to"),
    ],
)
def test_what_cannot_be_a_scaffold_is_refused(scaffold: str, said: str) -> None:
    fitted = Scaffolded.fit(canonicals())
    with pytest.raises(RequestError, match=said):
        fitted.begun(scaffold)


def test_what_is_bound_to_a_framework_more_than_once_is_a_part_of_it() -> None:
    found = skeleton(parsed("CC1CC(=O)N(CC=C)C1CCc1ccccc1S(=O)(=O)N"))
    source, begun = random.Random(0), set[str]()
    for _ in range(200):
        written = cut(found, source)
        given = [token for token in written[: written.index("[>]")] if token != "[*]"]
        begun.add(built(given) or "")
    assert "O=C1CCC(CCc2ccccc2)N1" in begun
    assert "C1CCC(CCc2ccccc2)N1" not in begun


def test_molecules_that_would_come_back_as_others_are_outside() -> None:
    outside = Growths.outside(["CCO", "C[CH2]", "[Cl-].[Na+]", "[2H]C"])
    assert sorted(outside) == [1, 2, 3]


def test_parts_of_molecules_are_what_they_begin_with() -> None:
    fitted = Scaffolded.fit(canonicals())
    x = fitted.spelled(["Cc1ccc(O)cc1"] * 1, 5)
    assert ((x == GROW).sum(1) == 1).all()
    seeds = {tuple(fitted.spelled(["Cc1ccc(O)cc1"], seed)[0].tolist()) for seed in range(12)}
    assert len(seeds) > 4
    assert any(OPEN in row for row in seeds)
    assert any(row[0] == GROW for row in seeds)


def test_a_trained_representation_says_what_it_has_no_room_for() -> None:
    fitted = Growths.fit(["CCO", "CCN"])
    assert fitted.extended(["CO"]) == fitted
    with pytest.raises(RequestError, match=r"\[S\]"):
        fitted.extended(["CS"])
    with pytest.raises(RequestError, match="up to 4 atoms"):
        fitted.extended(["CCCO"])


def test_pairs_of_atoms_come_back() -> None:
    fitted = Pairs.fit(canonicals())
    x = fitted.encode(canonicals())
    assert fitted.space.contains(x.long()).all()
    assert fitted.decode(x) == canonicals()
    with pytest.raises(DataError, match=r"\[Se\]"):
        fitted.encode(["C[Se]C"])
    with pytest.raises(DataError, match="more than"):
        fitted.encode(["C" * 20])


def test_atoms_that_do_not_hang_together_are_no_molecule() -> None:
    fitted = Pairs.fit(["CCO"])
    x = fitted.encode(["CCO"]).clone()
    x[:, fitted.nodes :] = 0
    assert fitted.decode(x) == [None]


def test_equal_graphs_have_equal_pairs() -> None:
    fitted = Pairs.fit(canonicals())
    assert (fitted.encode([canonical("OCC") or ""]) == fitted.encode([canonical("C(O)C") or ""])).all()


def test_what_depends_on_the_order_of_atoms_is_known_in_every_order() -> None:
    fitted = Scaffolded.fit(["C[S@@+]([O-])c1ccccc1", "C/C=C/C", "C[C@H](N)C(=O)O"])
    for seed in range(1, 9):
        x = fitted.spelled(["C[S@@+]([O-])c1ccccc1", "C/C=C/C", "C[C@H](N)C(=O)O"], seed)
        assert None not in fitted.decode(x)
