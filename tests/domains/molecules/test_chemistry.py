"""Chemistry as a guard of the Kekulé grammar, against RDKit in both directions."""

from __future__ import annotations

import lzma
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import torch
from rdkit import Chem, RDLogger

from sciencegen.domains.molecules.chemistry import Chemistry
from sciencegen.domains.molecules.hydrogens import filled, opened
from sciencegen.domains.molecules.kekule import kekule
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.rules import KekuleRules, with_radicals
from sciencegen.errors import DataError
from sciencegen.grammar import Grammar, StackMachine, compiled, drawn, source_of
from tests.grammar.laws import machine, rules_of_row, sentences

DATA = Path(__file__).parents[4] / "shared" / "data" / "molecules"
_ROOM = 12
TOKENS = frozenset(f"[{each}]" for each in ("C@H?", "CH?-", "NH?+", "OH?-", "OH?+", "SH?+"))


@cache
def grammar() -> Grammar:
    source = source_of("kekule_smiles")
    return compiled(source.text, source.name)


def _accepted(texts: list[str]) -> list[bool]:
    """Which Kekulé SMILES could be drawn; those that are no sentences could not."""
    found = {}
    for i, text in enumerate(texts):
        try:
            found[i] = grammar().encode(text)
        except DataError:
            continue
    if not found:
        return [False] * len(texts)
    length = max(map(len, found.values())) + _ROOM
    one = StackMachine(grammar(), length, (Chemistry(grammar(), length),))
    accepted = dict(zip(found, one.accepts(one.rows(list(found.values()))).tolist(), strict=True))
    return [accepted.get(i, False) for i in range(len(texts))]


def _zinc(n: int, step: int) -> list[str]:
    path = DATA / "zinc250k.smi.xz"
    if not path.exists():
        pytest.skip("zinc250k is not here")
    lines = lzma.decompress(path.read_bytes()).decode().splitlines()[: n * step : step]
    found = [canonical(line.split()[0]) for line in lines]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("n", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_molecules_of_zinc_are_accepted(n: int) -> None:
    given = _zinc(n, 100)
    accepted = _accepted([kekule(one) for one in given])
    assert [one for one, ok in zip(given, accepted, strict=True) if not ok] == []


@pytest.mark.parametrize("name", ["kekule_derived", "kekule_smiles"])
@pytest.mark.parametrize("length", [6, 9, 20, 60, 130])
@pytest.mark.parametrize("spread", [0.0, 3.0])
def test_every_draw_is_a_molecule_without_radicals(name: str, length: int, spread: float) -> None:
    one = machine(name, length)
    for sentence in sentences(one, drawn(one, 60, length, spread)):
        assert sentence is not None
        text = filled(sentence)
        found = Chem.MolFromSmiles(text)
        assert found is not None, text
        assert not any(atom.GetNumRadicalElectrons() for atom in found.GetAtoms()), text
        written = canonical(text)
        assert written is not None
        assert canonical(written) == written


def test_small_worlds_agree_with_rdkit() -> None:
    """Of all strings of some tokens, RDKit reads those accepted; and what it reads has an accepted spelling."""
    RDLogger.DisableLog("rdApp.*")
    try:
        texts = ["".join(each) for n in range(1, 6) for each in product(("C", "O", "F", "=", "1", "(", ")"), repeat=n)]
        read = {text: canonical(text) for text in texts}
    finally:
        RDLogger.EnableLog("rdApp.*")
    accepted = {text for text, ok in zip(texts, _accepted(texts), strict=True) if ok}
    assert len(accepted) > 200
    assert [text for text in accepted if read[text] is None] == []
    molecules = sorted({one for one in read.values() if one is not None})
    spelled = [kekule(one) for one in molecules]
    assert [text for text, ok in zip(spelled, _accepted(spelled), strict=True) if not ok] == []


@pytest.mark.parametrize(
    "text",
    ["C(C)(C)(C)(C)C", "F=C", "O=O=O", "C1CC", "C1C1", "C11", "[CH2-]=C", "[C@@H]", "C#C#C", "N(=C)=C", "[NH4+]C"],
)
def test_what_is_no_molecule_is_not_accepted(text: str) -> None:
    assert _accepted([text]) == [False]


@pytest.mark.parametrize(
    ("text", "left_open"),
    [
        ("C[NH3+]", "C[NH?+]"),
        ("C[N+](C)(C)C", "C[NH?+](C)(C)C"),
        ("C=[NH+]C", "C=[NH?+]C"),
        ("[NH4+].[OH-]", "[NH?+].[OH?-]"),
        ("C[C@H](N)O", "C[C@H?](N)O"),
        ("C[C@](N)(O)F", "C[C@H?](N)(O)F"),
        ("C1C[N+]12CC2", "C1C[NH?+]12CC2"),
        ("C=1[NH+]=CNC=1", "C=1[NH?+]=CNC=1"),
        ("C(=[O+]1)C=CC1", "C(=[OH?+]1)C=CC1"),
        ("CC(=O)[O-].[NH2+]1CC1", "CC(=O)[OH?-].[NH?+]1CC1"),
        ("[CH2-]C", "[CH?-]C"),
        ("C[S+](C)C", "C[SH?+](C)C"),
    ],
)
def test_hydrogens_follow_from_bonds(text: str, left_open: str) -> None:
    assert opened(text, TOKENS) == left_open
    assert filled(left_open) == text


def test_hydrogens_that_do_not_follow_are_left_as_they_are() -> None:
    assert opened("C[CH2]", TOKENS) == "C[CH2]"  # a radical
    assert opened("C[NH2+]", TOKENS) == "C[NH2+]"  # and one with a charge
    assert opened("[13CH3-]", TOKENS) == "[13CH3-]"


@pytest.mark.parametrize("n", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_molecules_of_zinc_are_written_with_derived_hydrogens_and_drawn(n: int) -> None:
    given = _zinc(n, 40)
    source = source_of("kekule_derived")
    fitted = KekuleRules.fitted(source, given)
    assert fitted.decode(fitted.encode(given)) == given
    assert bool(fitted.accepted(given).all())


def test_radicals_are_drawn_only_where_they_are_asked_for() -> None:
    asked = with_radicals(source_of("kekule_derived"))
    fitted = KekuleRules.fitted(asked, ["[CH2]C", "[O]O", "CC(=O)[O-]"])
    assert fitted.decode(fitted.encode(["[CH2]C", "[O]O"])) == ["[CH2]C", "[O]O"]
    assert fitted.accepted(["[CH2]C", "[O]O"]).tolist() == [True, True]
    drawn_with = [
        Chem.MolFromSmiles(filled(text or "")) for text in sentences(fitted.machine, drawn(fitted.machine, 60, 3))
    ]
    assert all(found is not None for found in drawn_with)
    assert any(atom.GetNumRadicalElectrons() for found in drawn_with for atom in found.GetAtoms())
    with pytest.raises(DataError, match=r"not a sentence|column"):
        KekuleRules.fitted(source_of("kekule_derived"), ["C[CH2]"])


def test_masks_agree_with_stepping_and_taking() -> None:
    one = machine("kekule_smiles", 40)
    x = drawn(one, 30, 5)
    masks, state = one.masks(x), one.start(30)
    rows = torch.tensor([3, 3, 29, 0])
    few = one.start(4)
    for t, token in enumerate(x.unbind(1)):
        assert torch.equal(masks[:, t], one.mask(state))
        assert torch.equal(one.mask(few), one.mask(one.take(state, rows)))
        state, few = one.advance(state, token), one.advance(few, token[rows])


def test_rules_of_molecules_are_drawn_as_they_are_read() -> None:
    one = machine("kekule_smiles", 50)
    for row in drawn(one, 100, 6).tolist():
        rules = rules_of_row(one, row)
        assert grammar().encode(grammar().decode(rules) or "") == rules


def test_a_representation_is_guarded() -> None:
    source = source_of("kekule_smiles")
    fitted = KekuleRules.fitted(source, ["c1ccccc1O", "CC(=O)O"])
    assert [type(guard) for guard in fitted.machine.guards] == [Chemistry]
    assert fitted.decode(fitted.encode(["CC(=O)O"])) == ["CC(=O)O"]


@pytest.mark.parametrize(
    "text", ['start: "C" "N" start | "C"', 'start: "C" start "N" | "C"', 'start: "CC" rest\nrest: | "N" "(" rest']
)
def test_rules_of_several_tokens_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"it\.lark: chemistry needs rules that write one token each; .* does not"):
        Chemistry(compiled(text, "it.lark"), 20)


def test_a_grammar_without_carbon_is_refused() -> None:
    with pytest.raises(DataError, match=r"it\.lark: chemistry needs rules that write C, \("):
        Chemistry(compiled('start: "N" start | "O"', "it.lark"), 20)
