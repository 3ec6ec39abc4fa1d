"""Tasks score as published: between 0 and 1, and 1 where what is sought is found."""

from __future__ import annotations

from math import exp

import pytest

from sciencegen.core.condition import ConditionFields
from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.properties import PROPERTIES
from sciencegen.domains.molecules.tasks.modifiers import Clipped, Falling, Gaussian, Modifier, Rising
from sciencegen.domains.molecules.tasks.parts import Alike, Formula, Like, Matches
from sciencegen.domains.molecules.tasks.pmo import TARGETS, TASKS
from sciencegen.errors import UnknownName
from sciencegen.optimize.goal import goal_of
from sciencegen.optimize.oracle import Oracle
from sciencegen.search.ledger import Ledger

SOME = [
    *TARGETS.values(),
    *("C", "[He]", "CCCCCCCCCCCCCCCCCC", "[O-][n+]1ccccc1", "FC(F)(F)F", "C1CCCCCCCCCCC1", "O.O", "[Na+].[Cl-]"),
]
START = "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C"


def value(name: str, molecule: str) -> float:
    return float(PROPERTIES[name].measure(molecule))


@pytest.mark.parametrize("name", TASKS)
def test_scores_lie_between_0_and_1(name: str) -> None:
    scores = [TASKS[name].score(molecule) for molecule in SOME]
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) > 1 or name == "valsartan_smarts"


@pytest.mark.parametrize(
    ("name", "molecule"),
    [
        *((f"{name}_rediscovery", TARGETS[name]) for name in ("celecoxib", "thiothixene", "troglitazone")),
        *((f"{name}_similarity", TARGETS[name]) for name in ("albuterol", "mestranol")),
        ("isomers_c7h8n2o2", "COc1ccc(C(N)=O)cn1"),
        ("isomers_c9h10n2o2pf2cl", "O=P(Nc1ccc(Cl)cc1)(NC(=O)C)C(F)F"),
    ],
)
def test_what_is_sought_scores_1_when_it_is_found(name: str, molecule: str) -> None:
    assert TASKS[name].score(molecule) == pytest.approx(1.0)
    assert TASKS[name].score("CCO") < 0.5


def test_scores_are_those_worked_out_by_hand() -> None:
    osimertinib = TARGETS["osimertinib"]
    parts = (
        *(1.0, exp(-0.5 * 1.5**2)),
        *(
            exp(-0.5 * ((100 - value("tpsa", osimertinib)) / 10) ** 2),
            exp(-0.5 * (value("logp", osimertinib) - 1) ** 2),
        ),
    )
    expected = (parts[0] * parts[1] * parts[2] * parts[3]) ** 0.25
    assert TASKS["osimertinib_mpo"].score(osimertinib) == pytest.approx(expected)
    assert TASKS["deco_hop"].score(START) == pytest.approx(2 / 4)
    assert TASKS["scaffold_hop"].score(START) == pytest.approx(2 / 3)
    assert TASKS["amlodipine_mpo"].score(TARGETS["amlodipine"]) == pytest.approx(exp(-1))  # two rings of three
    assert TASKS["perindopril_mpo"].score(TARGETS["perindopril"]) == pytest.approx(exp(-4))  # none of two
    assert TASKS["qed"].score("CCO") == value("qed", "CCO")
    assert TASKS["valsartan_smarts"].score(TARGETS["sitagliptin"]) == 0


def test_all_of_a_geometric_mean_has_to_be_there() -> None:
    biphenyl = "CN(C=O)Cc1ccc(-c2ccccc2)cc1"
    assert Matches("CN(C=O)Cc1ccc(c2ccccc2)cc1")(biphenyl) == 1
    assert 0 < TASKS["valsartan_smarts"].score(biphenyl) < 1e-3


def test_pairs_of_atoms_are_counted() -> None:
    # propane has two bonds to its middle and one pair two bonds apart; butane two of the first, and four other pairs
    assert Alike("CCC", "AP")("CCCC") == pytest.approx(2 / 7)
    assert Alike("CCC", "AP")("CC") == 0


@pytest.mark.parametrize("kind", ["ECFP4", "ECFP6", "FCFP4", "AP", "PHCO"])
def test_fingerprints_are_those_of_the_published_code(kind: str) -> None:
    from rdkit import Chem, rdBase
    from rdkit.Chem import AllChem
    from rdkit.Chem.Pharm2D import Generate, Gobbi_Pharm2D
    from rdkit.DataStructs import TanimotoSimilarity

    with rdBase.BlockLogs():
        one, other = (
            {
                "ECFP4": lambda mol: AllChem.GetMorganFingerprint(mol, 2),
                "ECFP6": lambda mol: AllChem.GetMorganFingerprint(mol, 3),
                "FCFP4": lambda mol: AllChem.GetMorganFingerprint(mol, 2, useFeatures=True),
                "AP": lambda mol: AllChem.GetAtomPairFingerprint(mol, maxLength=10),
                "PHCO": lambda mol: Generate.Gen2DFingerprint(mol, Gobbi_Pharm2D.factory),
            }[kind](Chem.MolFromSmiles(TARGETS[name]))
            for name in ("sildenafil", "osimertinib")
        )
    expected = TanimotoSimilarity(one, other)
    assert 0.05 < expected < 0.9
    assert Alike(TARGETS["sildenafil"], kind)(TARGETS["osimertinib"]) == pytest.approx(expected)


def test_a_formula_is_the_nearer_the_better() -> None:
    benzene = exp(-(0.5 + 2 + 2 + 2 + 0.5 * 3.5**2) / 5)  # C6H6, 12 atoms, where C7H8N2O2, 19 atoms, is wanted
    assert Formula("C7H8N2O2")("c1ccccc1") == pytest.approx(benzene)
    assert Formula("C7H8N2O2")("Cc1ccccc1") > benzene
    assert Formula("CCl4")("ClC(Cl)(Cl)Cl") == 1


def test_a_property_may_be_that_of_another_molecule() -> None:
    assert Like("logp", "CCO", 0.2)("CCO") == 1
    off = value("logp", "CCN") - value("logp", "CCO")
    assert Like("logp", "CCO", 0.2)("CCN") == pytest.approx(exp(-0.5 * (off / 0.2) ** 2))


@pytest.mark.parametrize(
    ("modifier", "rises"), [(Falling(2.0, 1.0), False), (Rising(2.0, 1.0), True), (Clipped(2.0), True)]
)
def test_modifiers_never_turn_round(modifier: Modifier, rises: bool) -> None:
    worths = [modifier(i / 4) for i in range(-8, 24)]
    assert worths == sorted(worths, reverse=not rises)
    assert max(worths) == 1
    assert min(worths) >= 0
    assert 0 < modifier(1.0 if rises else 3.0) < 1


def test_a_gaussian_is_best_in_its_middle() -> None:
    assert [Gaussian(2.0, 0.5)(x) for x in (2.0, 1.5, 2.5, 3.0)] == pytest.approx([1, exp(-0.5), exp(-0.5), exp(-2)])


def test_penalised_logp_is_less_for_large_rings() -> None:
    benzene = (value("logp", "c1ccccc1") - 2.45710) / 1.43432 + (-value("sa", "c1ccccc1") + 3.05258) / 0.83352
    assert value("plogp", "c1ccccc1") == pytest.approx(benzene + 0.04857 / 0.28602, abs=1e-3)
    assert value("plogp", "C1CCCCCCCC1") < value("plogp", "C1CCCCC1") - 5


def test_what_is_no_molecule_has_no_score() -> None:
    ledger = Ledger(10)
    oracle = Oracle(Molecules(), goal_of(Molecules(), ConditionFields(()), ["qed", "median1"]), ledger)
    first, second = oracle(["CC(", "CCO"])
    assert first is not None
    assert second is not None
    assert first.score is None
    assert "CC(: not a molecule" in first.reason
    assert second.score is not None


def test_unknown_fingerprints_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'ECFP6'"):
        Alike("CCO", "ECFP5")
