"""Molecules as Kekulé SMILES."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Tokens
from sciencegen.domains.molecules.kekule import KekuleSmiles, kekule
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.errors import DataError
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.causal import Gated, Recurrent
from sciencegen.nets.conditioner import Conditioner

MOLECULES = [
    *("C", "CCO", "c1ccccc1", "c1ccc2ccccc2c1", "Cc1ccc(O)cc1", "c1cc[nH]c1", "c1ccsc1", "O=c1cc[nH]cc1", "C1CC12CC2"),
    *("C[N+](C)(C)C", "[NH3+]CC(=O)[O-]", "O=[N+]([O-])c1ccccc1", "[O-][n+]1ccccc1", "[Cl-].[Na+]", "C[Si](C)(C)C"),
    *("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "C/C=C/C", "C/C=C\\C", "C[S@](=O)c1ccccc1", "O=S(=O)(O)O", "CP(=O)(O)O"),
    *("N#Cc1ccccc1", "C#CC", "FC(F)(F)Cl", "BrCCI", "OB(O)c1ccccc1", "[2H]C([2H])[2H]", "C1=C\\CCCCCC/1", "C[S+](C)C"),
]
DATA = Path(__file__).parents[4] / "shared" / "data" / "molecules"


@pytest.fixture
def fitted() -> KekuleSmiles:
    return KekuleSmiles.fit(MOLECULES)


def molecules(name: str, n: int) -> list[str]:
    path = DATA / f"{name}.smi.xz"
    if not path.exists():
        pytest.skip(f"{name} is not here")
    lines = lzma.decompress(path.read_bytes()).decode().splitlines()[:n]
    found = [canonical(line.split()[0]) for line in lines if line]
    return [molecule for molecule in found if molecule is not None]


def net(representation: KekuleSmiles) -> Autoregressive:
    space, conditioner = representation.space, Conditioner(ConditionFields(()), 4)
    assert isinstance(space, Tokens)
    return Autoregressive(space, Recurrent(space, conditioner.width, Gated(), 16, 1, 0.0, 8), conditioner)


@pytest.mark.parametrize("molecule", MOLECULES)
def test_molecules_come_back(fitted: KekuleSmiles, molecule: str) -> None:
    assert canonical(molecule) == molecule
    assert fitted.decode(fitted.encode([molecule])) == [molecule]
    assert fitted.accepted([molecule]).all()


@pytest.mark.parametrize("molecule", MOLECULES)
def test_nothing_is_aromatic(molecule: str) -> None:
    spelled = kekule(molecule)
    assert canonical(spelled) == molecule
    assert not set("cnops:") & set(spelled.replace("Na", "").replace("Si", ""))


def test_bonds_of_rings_are_named_where_they_open() -> None:
    spelled = kekule("C1=C\\CCCCCC/1")
    assert not any(bond + number in spelled[spelled.index("1") :] for bond in "/\\=" for number in "1")
    assert canonical(spelled) == "C1=C\\CCCCCC/1"


def test_the_state_is_plain(fitted: KekuleSmiles) -> None:
    state = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(json.dumps(fitted.state())).items()}
    assert KekuleSmiles(**state) == fitted
    assert KekuleSmiles(**state).space == fitted.space


def test_every_sample_of_a_fresh_net_is_a_molecule(fitted: KekuleSmiles) -> None:
    generator = net(fitted)
    x = generator.sample(200)
    assert generator.space.contains(x).all()
    assert None not in fitted.decode(x)
    assert torch.isfinite(generator.log_prob(x)).all()


@pytest.mark.parametrize("temperature", [0.1, 3.0])
def test_every_sample_is_a_molecule_whatever_the_weights(fitted: KekuleSmiles, temperature: float) -> None:
    generator = net(fitted)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(10)
    generator.knobs = type(generator.knobs)(temperature=temperature, top_p=0.9)
    assert None not in fitted.decode(generator.sample(200))


def test_a_row_is_long_enough_for_every_molecule() -> None:
    """A sulfoxide at the end of the longest row needs more room than its tokens: it could become a sulfone."""
    for molecule in ("CCC[S@@](C)=O", "CCCCS(C)=O", "O=S(=O)(O)O", "C[P@@](=O)(O)CC"):
        alone = KekuleSmiles.fit([molecule])
        assert alone.accepted([molecule]).all()


def test_molecules_that_cannot_be_drawn_are_counted() -> None:
    with pytest.warns(UserWarning, match=r"1 of 2 molecules can be learned from but not drawn.*\[CH2\]C"):
        fitted = KekuleSmiles.fit(["CCO", "[CH2]C"])
    assert fitted.accepted(["CCO", "[CH2]C"]).tolist() == [True, False]
    assert fitted.decode(fitted.encode(["[CH2]C"])) == ["[CH2]C"]


def test_foreign_molecules_are_refused(fitted: KekuleSmiles) -> None:
    with pytest.raises(DataError, match=r"molecule 2: tokens not seen in training: \[Se\]"):
        fitted.encode(["CC", "C[Se]C"])


@pytest.mark.parametrize("name", ["zinc250k", "moses_test", "qm9"])
def test_data_sets_are_accepted_and_come_back(name: str) -> None:
    given = molecules(name, 300)
    fitted = KekuleSmiles.fit(given)
    assert fitted.accepted(given).all()
    assert fitted.decode(fitted.encode(given)) == given


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zinc250k", "moses_test", "chembl_drugs_patwalters"])
def test_larger_data_sets_are_accepted(name: str) -> None:
    given = [molecule for molecule in molecules(name, 5000) if molecule != "[O]=[Mg]"]
    fitted = KekuleSmiles.fit(given)
    accepted: Tensor = fitted.accepted(given)
    assert accepted.all()
