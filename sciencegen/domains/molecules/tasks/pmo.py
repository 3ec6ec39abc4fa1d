"""The tasks of the PMO benchmark whose oracles need no trained model.

PMO: Sample Efficiency Matters: A Benchmark for Practical Molecular Optimization (Gao, Fu, Sun, Coley; 2022), which
takes all but `qed` from GuacaMol: Benchmarking Models for de Novo Molecular Design (Brown, Fiscato, Segler, Vaucher;
2019).
Not here are `drd2`, `gsk3b` and `jnk3`, which are trained classifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sciencegen.core.task import Task
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.tasks.modifiers import Clipped, Falling, Gaussian, Plain, Rising
from sciencegen.domains.molecules.tasks.parts import (
    Alike,
    Arithmetic,
    Formula,
    Geometric,
    Like,
    Matches,
    Measured,
)

__all__ = ["TARGETS", "TASKS"]

TARGETS: Mapping[str, Molecule] = MappingProxyType(
    {
        "albuterol": "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1",
        "amlodipine": "CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl",
        "camphor": "CC12CCC(CC1=O)C2(C)C",
        "celecoxib": "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
        "fexofenadine": "CC(C)(C(=O)O)c1ccc(C(O)CCCN2CCC(C(O)(c3ccccc3)c3ccccc3)CC2)cc1",
        "menthol": "CC1CCC(C(C)C)C(O)C1",
        "mestranol": "C#CC1(O)CCC2C3CCc4cc(OC)ccc4C3CCC21C",
        "osimertinib": "C=CC(=O)Nc1cc(Nc2nccc(-c3cn(C)c4ccccc34)n2)c(OC)cc1N(C)CCN(C)C",
        "perindopril": "CCCC(NC(C)C(=O)N1C(C(=O)O)CC2CCCCC21)C(=O)OCC",
        "ranolazine": "COc1ccccc1OCC(O)CN1CCN(CC(=O)Nc2c(C)cccc2C)CC1",
        "sildenafil": "CCCc1nn(C)c2c(=O)[nH]c(-c3cc(S(=O)(=O)N4CCN(C)CC4)ccc3OCC)nc12",
        "sitagliptin": "NC(CC(=O)N1CCn2c(nnc2C(F)(F)F)C1)Cc1cc(F)c(F)cc1F",
        "tadalafil": "CN1CC(=O)N2C(Cc3c([nH]c4ccccc34)C2c2ccc3c(c2)OCO3)C1=O",
        "thiothixene": "CN1CCN(CCC=C2c3ccccc3Sc3ccc(S(=O)(=O)N(C)C)cc32)CC1",
        "troglitazone": "Cc1c(C)c2c(c(C)c1O)CCC(C)(COc1ccc(CC3SC(=O)NC3=O)cc1)O2",
        "zaleplon": "CCN(C(C)=O)c1cccc(-c2ccnc3c(C#N)cnn23)c1",
    }
)
"""The molecules that tasks are about, without their stereochemistry, which no fingerprint here sees."""
_START = "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C"
"""What `deco_hop` and `scaffold_hop` begin with: a quinazoline, a benzothiazole and a sulfone."""
_CORE = "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12"
_THIAZOLE = "[#7]-c1ccc2ncsc2c1"
_CHAIN = f"[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-{_THIAZOLE}"


def _rediscovery(name: str) -> Task[Molecule]:
    return Task(Alike(TARGETS[name], "ECFP4"), f"find {name} again, by how like it a molecule is")


def _similarity(name: str, kind: str) -> Task[Molecule]:
    return Task(Alike(TARGETS[name], kind, Clipped(0.75)), f"what is like {name}, by {kind}; best from 0.75")


def _isomers(formula: str) -> Task[Molecule]:
    return Task(Formula(formula), f"molecules of the formula {formula}")


def _median(one: str, other: str, kind: str) -> Task[Molecule]:
    parts = Alike(TARGETS[one], kind), Alike(TARGETS[other], kind)
    return Task(Geometric(parts), f"what is like both {one} and {other}")


TASKS: Mapping[str, Task[Molecule]] = MappingProxyType(
    {
        "albuterol_similarity": _similarity("albuterol", "FCFP4"),
        "amlodipine_mpo": Task(
            Geometric((Alike(TARGETS["amlodipine"], "ECFP4"), Measured("rings", Gaussian(3, 0.5)))),
            "like amlodipine, with three rings",
        ),
        "celecoxib_rediscovery": _rediscovery("celecoxib"),
        "deco_hop": Task(
            Arithmetic(
                (
                    Alike(_START, "PHCO", Clipped(0.85)),
                    Matches("CS([#6])(=O)=O", False),
                    Matches(_THIAZOLE, False),
                    Matches(_CORE),
                )
            ),
            "keep a core and the pharmacophores, and change what hangs on it",
        ),
        "fexofenadine_mpo": Task(
            Geometric(
                (
                    Alike(TARGETS["fexofenadine"], "AP", Clipped(0.8)),
                    Measured("tpsa", Rising(90, 10)),
                    Measured("logp", Falling(4, 1)),
                )
            ),
            "like fexofenadine, less greasy",
        ),
        "isomers_c7h8n2o2": _isomers("C7H8N2O2"),
        "isomers_c9h10n2o2pf2cl": _isomers("C9H10N2O2PF2Cl"),
        "median1": _median("camphor", "menthol", "ECFP4"),
        "median2": _median("tadalafil", "sildenafil", "ECFP6"),
        "mestranol_similarity": _similarity("mestranol", "AP"),
        "osimertinib_mpo": Task(
            Geometric(
                (
                    Alike(TARGETS["osimertinib"], "FCFP4", Clipped(0.8)),
                    Alike(TARGETS["osimertinib"], "ECFP6", Falling(0.85, 0.1)),
                    Measured("tpsa", Rising(100, 10)),
                    Measured("logp", Falling(1, 1)),
                )
            ),
            "like osimertinib but not it, more polar",
        ),
        "perindopril_mpo": Task(
            Geometric((Alike(TARGETS["perindopril"], "ECFP4"), Measured("aromatic_rings", Gaussian(2, 0.5)))),
            "like perindopril, with two aromatic rings",
        ),
        "qed": Task(Measured("qed", Plain()), "drug-likeness"),
        "ranolazine_mpo": Task(
            Geometric(
                (
                    Alike(TARGETS["ranolazine"], "AP", Clipped(0.7)),
                    Measured("logp", Rising(7, 1)),
                    Measured("tpsa", Rising(95, 20)),
                    Measured("F", Gaussian(1, 1)),
                )
            ),
            "like ranolazine, greasier, more polar, with a fluorine",
        ),
        "scaffold_hop": Task(
            Arithmetic((Alike(_START, "PHCO", Clipped(0.75)), Matches(_CHAIN), Matches(_CORE, False))),
            "keep what hangs on a core and the pharmacophores, and change the core",
        ),
        "sitagliptin_mpo": Task(
            Geometric(
                (
                    Alike(TARGETS["sitagliptin"], "ECFP4", Gaussian(0, 0.1)),
                    Like("logp", TARGETS["sitagliptin"], 0.2),
                    Like("tpsa", TARGETS["sitagliptin"], 5),
                    Formula("C16H15F6N5O"),
                )
            ),
            "an isomer of sitagliptin with its logP and polar surface that is unlike it",
        ),
        "thiothixene_rediscovery": _rediscovery("thiothixene"),
        "troglitazone_rediscovery": _rediscovery("troglitazone"),
        "valsartan_smarts": Task(
            Geometric(
                (
                    Matches("CN(C=O)Cc1ccc(c2ccccc2)cc1"),
                    Like("logp", TARGETS["sitagliptin"], 0.2),
                    Like("tpsa", TARGETS["sitagliptin"], 5),
                    Like("complexity", TARGETS["sitagliptin"], 30),
                )
            ),
            "what holds a part of valsartan, with the properties of sitagliptin",
        ),
        "zaleplon_mpo": Task(
            Geometric((Alike(TARGETS["zaleplon"], "ECFP4"), Formula("C19H17N3O2"))),
            "like zaleplon, with another formula",
        ),
    }
)
