"""Cleaning: what becomes of a molecule, and every reason why one is left out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sciencegen.domains.molecules import cleaning
from sciencegen.domains.molecules.cleaning import LONGEST, Cleaning, Dropped, cleaned, cleaned_all, cleaned_block
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.errors import RequestError, UnknownName

DRUGS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "C[C@H](N)C(=O)O",
    "F/C=C/F",
    "C[N+](=O)[O-]",
    "OB(O)c1ccc2[nH]ccc2c1",
    "[2H]C([2H])([2H])O",
    "O=C(O)[C@@H]1C[C@H](O)CN1.Cl",
)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", "no molecule given"),
        (" \t ", "no molecule given"),
        ("C1CC", "not a molecule (syntax)"),
        ("CC(", "not a molecule (syntax)"),
        ("[Xx]", "not a molecule (syntax)"),
        ("[" * 50, "not a molecule (syntax)"),
        ("C C", "not a molecule (syntax)"),
        ("CCO ethanol", "not a molecule (syntax)"),
        ("C\x00C", "not a molecule (syntax)"),
        ("ÅCC", "not a molecule (syntax)"),
        ("C−C", "not a molecule (syntax)"),
        ("😀", "not a molecule (syntax)"),
        ("hello", "not a molecule (syntax)"),
        ("C(C)(C)(C)(C)C", "not a molecule (valence)"),
        ("O=[N](=O)(=O)C", "not a molecule (valence)"),
        ("c1cccc1", "not a molecule (aromaticity)"),
        ("CcC", "not a molecule (aromaticity)"),
        ("*CC", "has an attachment point (*)"),
        ("[1*]c1ccccc1", "has an attachment point (*)"),
        ("C" * (LONGEST + 1), f"longer than {LONGEST:,} characters"),
    ],
)
def test_faults_of_the_data_are_named(smiles: str, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cleaned(smiles) == Dropped(reason)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("smiles", "options", "reason"),
    [
        ("CCO.Cl", Cleaning(salts="drop"), "several fragments"),
        ("CC(=O)[O-]", Cleaning(charges="drop"), "charge -1"),
        ("C[NH+](C)CC[NH3+]", Cleaning(charges="drop"), "charge +2"),
        ("CC[Si]C", Cleaning(elements=("C", "H")), "element Si not allowed"),
        ("CCCCC", Cleaning(most_atoms=4), "more than 4 heavy atoms"),
    ],
)
def test_what_the_user_wants_dropped_is_no_fault(smiles: str, options: Cleaning, reason: str) -> None:
    assert cleaned(smiles, options) == Dropped(reason, wanted=True)


@pytest.mark.parametrize(
    ("smiles", "options", "result"),
    [
        ("OCC", Cleaning(), "CCO"),
        (" OCC\r\n", Cleaning(), "CCO"),
        ("OCC |$a;b;c$|", Cleaning(), "CCO"),
        ("C1=CC=CC=C1", Cleaning(), "c1ccccc1"),
        ("[Na+].[O-]C(=O)C", Cleaning(), "CC(=O)[O-]"),
        ("[Na+].[O-]C(=O)C", Cleaning(salts="keep"), "CC(=O)[O-].[Na+]"),
        ("[Na+].[O-]C(=O)C", Cleaning(charges="neutralise"), "CC(=O)O"),
        ("[Na+].[O-]C(=O)C", Cleaning(elements=("C", "O")), "CC(=O)[O-]"),
        ("C[N+](=O)[O-]", Cleaning(charges="drop"), "C[N+](=O)[O-]"),
        ("C[N+](C)(C)C", Cleaning(charges="neutralise"), "C[N+](C)(C)C"),
        ("CCCC.OCC(N)C(F)(F)F.CC", Cleaning(), "NC(CO)C(F)(F)F"),
        ("CCN.CCO", Cleaning(), "CCO"),
        ("C[C@H](F)Cl", Cleaning(), "C[C@H](F)Cl"),
        ("C[C@H](F)Cl", Cleaning(stereo="remove"), "CC(F)Cl"),
        ("F/C=C/F", Cleaning(stereo="remove"), "FC=CF"),
        ("[13CH3][C@H](F)Cl", Cleaning(stereo="remove"), "[13CH3]C(F)Cl"),
        ("[13CH3][C@H](F)Cl", Cleaning(isotopes="remove"), "C[C@H](F)Cl"),
        ("[2H]C(F)Cl", Cleaning(isotopes="remove"), "FCCl"),
        ("[H][H]", Cleaning(), "[H][H]"),
    ],
)
def test_a_molecule_becomes_what_was_asked(smiles: str, options: Cleaning, result: str) -> None:
    assert cleaned(smiles, options) == result


@pytest.mark.parametrize("smiles", DRUGS)
@pytest.mark.parametrize(
    "options",
    [
        Cleaning(),
        Cleaning(salts="keep"),
        Cleaning(charges="neutralise"),
        Cleaning(stereo="remove"),
        Cleaning(isotopes="remove", stereo="remove"),
    ],
)
def test_a_clean_molecule_stays_as_it_is(smiles: str, options: Cleaning) -> None:
    once = cleaned(smiles, options)
    assert isinstance(once, str)
    assert cleaned(once, options) == once == canonical(once)


def test_the_order_of_fragments_does_not_matter() -> None:
    parts = ["CCN", "CCO", "[Na+]", "OCC", "CCN"]
    for seed in range(10):
        random.Random(seed).shuffle(parts)
        assert cleaned(".".join(parts)) == "CCO"


@pytest.mark.parametrize(
    "hostile",
    [
        "C" * LONGEST,
        "C(" * 1600 + "C" + ")" * 1600,
        "(" * LONGEST,
        "C1CC1" * 999,
        "C12C3C4C1C5C2C3C45" * 200,
        "".join(f"C%{i}" for i in range(10, 99)) * 2,
        "[C@@H](" * 500 + "C" + ")" * 500,
        ".".join(["C"] * 500),
        "[CH3-]" * 700,
        "%" * 4000,
        "[999999999999999999999C]",
        "C%999999C",
        "[C+99999999999]",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_read_or_refused_soon(hostile: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(cleaned(hostile), (str, Dropped))
    assert capfd.readouterr() == ("", "")


def test_random_text_is_read_or_refused() -> None:
    source = random.Random(0)
    for _ in range(3000):
        text = "".join(source.choice("CNOcno123()[]=#@+-%.\\/HFBrl*") for _ in range(source.randint(1, 12)))
        found = cleaned(text, Cleaning(salts="keep"))
        if isinstance(found, str):
            assert canonical(found) == found
        else:
            assert found.reason


def test_structures_are_cleaned_as_smiles_are() -> None:
    from rdkit import Chem

    for smiles in DRUGS:
        block = Chem.MolToMolBlock(Chem.MolFromSmiles(smiles))
        assert cleaned_block(block, Cleaning(stereo="remove")) == cleaned(smiles, Cleaning(stereo="remove"))
    assert cleaned_block("junk") == Dropped("not a molecule (syntax)")
    assert cleaned_block("") == Dropped("not a molecule (syntax)")
    assert cleaned_block(Chem.MolToMolBlock(Chem.Mol())) == Dropped("no atoms")


def test_many_are_cleaned_in_order_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(cleaning, "_REMEMBERED_FROM", 50)
    texts = [*DRUGS, "junk", "", "CC.Cl", "CCCC" * 20] * 8
    options = Cleaning(salts="drop", most_atoms=50)
    whole = cleaned_all(texts, options)
    assert whole == [cleaned(text, options) for text in texts]
    assert list(tmp_path.iterdir())

    monkeypatch.setattr(cleaning, "_together", None)  # nothing is worked out again
    assert cleaned_all(texts, options) == whole
    for others, chosen in ((texts[1:], options), (texts, Cleaning())):
        with pytest.raises(TypeError):
            cleaned_all(others, chosen)


def test_odd_options_are_named() -> None:
    with pytest.raises(UnknownName, match="unknown way with salts 'strip': there is largest, keep, drop"):
        Cleaning(salts="strip")
    with pytest.raises(UnknownName, match="unknown way with charges 'neutralize': did you mean 'neutralise'"):
        Cleaning(charges="neutralize")
    with pytest.raises(UnknownName, match="unknown element 'c'"):
        Cleaning(elements=("c",))
    with pytest.raises(RequestError, match="most_atoms=-1"):
        Cleaning(most_atoms=-1)
