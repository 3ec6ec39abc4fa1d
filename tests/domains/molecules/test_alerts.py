"""Catalogues of alerts: the same answers as RDKit's, sooner."""

from __future__ import annotations

import csv
import lzma
import pickle
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem, RDConfig
from rdkit.Chem import FilterCatalog

from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.alerts import ALERTS, _catalogue, _pattern
from sciencegen.domains.molecules.molecule import canonical, parsed
from sciencegen.domains.molecules.needs import Needs, surroundings
from sciencegen.domains.molecules.query import AtomFacts, BondFacts, read_question

DATA = Path(__file__).parents[4] / "shared" / "data" / "molecules"
WEHI = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"
LISTED = (
    "O=C1C=CC(=O)c2ccccc21",
    "O=C1NC(=S)SC1=Cc1ccccc1",
    "Oc1ccccc1/C=N/Nc1ccccc1",
    "CN(C)c1ccc(N=Nc2ccccc2)cc1",
    "O=Cc1ccccc1O",
    "CC(=O)Cl",
    "O=[N+]([O-])c1ccc([N+](=O)[O-])cc1",
    "C=CC(=O)c1ccccc1",
    "OOCC",
    "C1CO1",
    "CCOC(=O)c1cc(C(=O)OC)cc(C(=O)OC)c1",
    "O=S(=O)(Cl)c1ccccc1",
    "N#CCCl",
    "Clc1nccc(Cl)n1",
)
ODD = (
    "[H][H]",
    "[2H]OC([2H])([2H])[2H]",
    "[Na+].[Cl-]",
    "C->[Fe]",
    "[NH3]->[Pt](<-[NH3])(Cl)Cl",
    "[Fe+2].c1cc[cH-]c1.c1cc[cH-]c1",
    "[O-][n+]1ccccc1",
    "[C-]#[O+]",
    "F[P-](F)(F)(F)(F)F",
    "[H]C([H])([H])[H]",
    "c1cc[se]c1",
    "[CH3]",
    "C[N+](C)(C)C",
    "B1OC1",
    "[Re]$[Re]",
    "[Xe]",
)
SMARTS = (
    "[#6]", "[!#6&!#1]", "[C,c]", "[#6;!H0]", "[#6&!R&!H0]", "[N;R]", "[n,o,s]", "[N+]", "[#7&H2,$([#7;!H0]-[#6;X4])]",
    "[!$(C=O)]", "[$([#44]),$([se]),$([Fe])]", "[!$([O,S])]", "[C;!$(C=C);$(CC),$([#8]),!$(N[$(CO),$(CN)])]", "[a]",
    "[A;D2]", "[X4]", "[R2]", "[r5]", "[!r5]", "[*]", "[v4]", "[#6X3H1]", "[13C]", "[2H]", "[C@H]", "[!#1;!$([#7,#8])]",
)  # fmt: skip
BONDS = ("-", "=", ":", "~", "-,=", "!-", "-;!@", "@", "!@", "-,:", "!:", "#", "!=;@", "->", "-,=;@")


def mols(texts: Iterable[str]) -> list[str]:
    return [molecule for molecule in map(canonical, texts) if molecule is not None]


def rdkits(name: str) -> Any:
    known: Any = FilterCatalog
    return known.FilterCatalog(getattr(known.FilterCatalogParams.FilterCatalogs, name.upper()))


def first(catalogue: Any, molecule: str) -> str:
    found = catalogue.GetFirstMatch(parsed(molecule))
    return str(found.GetDescription()) if found else ""


def agree(name: str, molecules: Sequence[str]) -> int:
    """Every answer is RDKit's; how many molecules are listed."""
    whole, answers = rdkits(name), [ALERTS[name](molecule) for molecule in molecules]
    assert answers == [first(whole, molecule) for molecule in molecules]
    return sum(map(bool, answers))


@pytest.mark.parametrize("name", ALERTS)
def test_a_molecule_is_listed_for_what_rdkit_lists_it(name: str) -> None:
    assert agree(name, mols([*LISTED, *ODD])) >= 4


@pytest.mark.parametrize("name", ALERTS)
def test_nothing_that_matches_is_passed_over(name: str) -> None:
    """Not the first match alone: each."""
    catalogue, matches = _catalogue(name), 0
    for molecule in mols([*LISTED, *ODD]):
        matched = [i for i, entry in enumerate(catalogue._entries) if entry.HasFilterMatch(parsed(molecule))]
        assert set(matched) <= set(catalogue._needs.possible(surroundings(molecule)))
        matches += len(matched)
    assert matches > 4


@pytest.mark.parametrize("name", ALERTS)
def test_the_pattern_of_every_entry_is_found(name: str) -> None:
    """Else answers would stay right, and take ten times as long."""
    assert all(_pattern(entry) is not None for entry in _catalogue(name)._entries)


@pytest.mark.parametrize("name", ALERTS)
def test_a_process_can_be_sent_a_catalogue(name: str) -> None:
    assert pickle.loads(pickle.dumps(Molecules().alerts[name]))("CCO") == ALERTS[name]("CCO")


def test_catalogues_are_known_by_what_they_list() -> None:
    quinone = "O=C1C=CC(=O)c2ccccc21"
    assert ALERTS["pains"](quinone) == "quinone_A(370)"
    assert ALERTS["brenk"]("CCOC(=O)c1cc(C(=O)OC)cc(C(=O)OC)c1") == ">_2_ester_groups"
    assert ALERTS["chembl"]("CC(=O)Cl") == "R2 Acid halides"
    assert [alert("Cc1ccccc1") for alert in ALERTS.values()] == [""] * 4


@given(st.sampled_from(SMARTS), st.sampled_from((*LISTED, *ODD)))
def test_what_is_told_of_an_atom_is_what_rdkit_finds(smarts: str, text: str) -> None:
    query = Chem.MolFromSmarts(smarts)
    asked = query.GetAtomWithIdx(0)
    question = read_question(asked.DescribeQuery(), asked.GetSmarts())
    mol = Chem.MolFromSmiles(text)
    matched = {match[0] for match in mol.GetSubstructMatches(query)}
    for atom in mol.GetAtoms():
        facts = AtomFacts(
            atom.GetAtomicNum(), atom.GetIsAromatic(), atom.GetTotalNumHs(True), atom.GetFormalCharge(),
            atom.GetDegree(), atom.GetTotalDegree(), atom.IsInRing(),
        )  # fmt: skip
        assert question.of(facts) in (None, atom.GetIdx() in matched), (smarts, atom.GetIdx())


@given(st.sampled_from(BONDS), st.sampled_from((*LISTED, *ODD)))
def test_what_is_told_of_a_bond_is_what_rdkit_finds(symbol: str, text: str) -> None:
    query = Chem.MolFromSmarts(f"*{symbol}*")
    question = read_question(query.GetBondWithIdx(0).DescribeQuery())
    mol = Chem.MolFromSmiles(text)
    matched = {frozenset(match) for match in mol.GetSubstructMatches(query)}
    for bond in mol.GetBonds():
        facts = BondFacts(bond.GetBondTypeAsDouble(), bond.IsInRing())
        ends = frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        assert question.of(facts) in (None, ends in matched), (symbol, ends)


@pytest.mark.parametrize(
    ("smarts", "told"),
    [
        ("[#6]", False),
        ("[$([#44]),$([se])]", False),
        ("[!$([#8])]", False),
        ("[!$([#7])]", True),
        ("[$([#8]-[#6])]", None),
        ("[X2]", True),
        ("[r5]", None),
    ],
)
def test_what_can_be_told_is_told(smarts: str, told: bool | None) -> None:
    water = AtomFacts(8, False, 2, 0, 0, 2, False)
    asked = Chem.MolFromSmarts(smarts).GetAtomWithIdx(0)
    assert read_question(asked.DescribeQuery(), asked.GetSmarts()).of(water) is told


@st.composite
def queries(draw: st.DrawFn) -> Chem.Mol:
    """Chains, rings and stars of up to five atoms."""
    atoms = draw(st.lists(st.sampled_from(SMARTS), min_size=1, max_size=5))
    bonds = draw(st.lists(st.sampled_from(("", *BONDS)), min_size=len(atoms), max_size=len(atoms)))
    shape = draw(st.sampled_from(("chain", "ring", "star")))
    links = [f"{bond}{atom}" for bond, atom in zip(bonds[1:], atoms[1:], strict=True)]
    if shape == "star":
        return Chem.MolFromSmarts(atoms[0] + "".join(f"({link})" for link in links))
    closed = "1" if shape == "ring" and len(atoms) > 2 else ""
    return Chem.MolFromSmarts(atoms[0] + closed + "".join(links) + closed)


@given(queries())
def test_a_query_that_matches_is_possible(query: Chem.Mol) -> None:
    needs = Needs([query])
    for molecule in mols([*LISTED, *ODD]):
        assert needs.possible(surroundings(molecule)) == [0] or not parsed(molecule).HasSubstructMatch(query)


def test_a_query_nothing_is_known_of_is_always_possible() -> None:
    carbon, iron = Chem.MolFromSmarts("CC"), Chem.MolFromSmarts("[Fe]")
    assert Needs([None, iron, carbon]).possible(surroundings("CCO")) == [0, 2]
    assert Needs([]).possible(surroundings("CCO")) == []


def test_two_neighbours_are_two() -> None:
    needs = Needs([Chem.MolFromSmarts(smarts) for smarts in ("OCO", "[O,N]C[O,S]", "OC", "O(C)C")])
    assert needs.possible(surroundings("CCO")) == [2]
    assert needs.possible(surroundings("OCO")) == [0, 1, 2]
    assert needs.possible(surroundings("NCO")) == [1, 2]
    assert needs.possible(surroundings("COC")) == [2, 3]


def real(n: int) -> list[str]:
    """Molecules of several origins, drugs and screening hits among them."""
    texts: list[str] = []
    source = random.Random(0)
    for name in ("chembl_drugs_patwalters", "zinc250k"):
        if (DATA / f"{name}.smi.xz").exists():
            with lzma.open(DATA / f"{name}.smi.xz", "rt") as file:
                texts += source.sample([line.split()[0] for line in file if line.strip()], n)
    if WEHI.exists():
        with WEHI.open() as file:
            texts += source.sample([row[0] for row in csv.reader(file)], n)
    if not texts:
        pytest.skip(f"neither {DATA} nor {WEHI} is there")
    return mols(texts)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALERTS)
def test_thousands_of_real_molecules_are_listed_as_by_rdkit(name: str) -> None:
    molecules = real(700)
    assert agree(name, molecules) > len(molecules) / 50


@pytest.mark.slow
def test_the_slow_catalogues_are_several_times_as_quick_as_rdkits() -> None:
    molecules = real(60)
    for name, times in (("pains", 4), ("nih", 1.5), ("chembl", 1.5)):
        whole = rdkits(name)
        for molecule in molecules:
            ALERTS[name](molecule)
        start = time.process_time()
        for molecule in molecules:
            first(whole, molecule)
        theirs = time.process_time() - start
        parsed.cache_clear()
        surroundings.cache_clear()
        start = time.process_time()
        for molecule in molecules:
            parsed(molecule)
        parsing = time.process_time() - start
        parsed.cache_clear()
        start = time.process_time()
        for molecule in molecules:
            ALERTS[name](molecule)
        ours = time.process_time() - start - parsing
        assert times * ours < theirs, name
