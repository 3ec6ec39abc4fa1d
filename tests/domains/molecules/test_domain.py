"""Molecules are read, written, named and compared."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem

from sciencegen.domains.molecules import Molecules
from sciencegen.errors import DataError, RequestError

ODD = ["OCC", "c1ccccc1C", "N[C@@H](C)C(=O)O", "F\\C=C\\Cl", "[O-][N+](=O)c1ccccc1", "[Na+].[Cl-]", "C[13CH3]", "[2H]C"]
MOLECULES = [one for one in map(Molecules().parse, ODD) if one is not None]
ROWS: list[tuple[str, Mapping[str, Any]]] = [(one, {"smiles": one, "logp": 1.5, "novel": True}) for one in MOLECULES]


def written(name: str) -> str:
    file = io.StringIO()
    assert Molecules().formats[name](ROWS, file) == len(ROWS)
    return file.getvalue()


def test_equal_molecules_have_one_text() -> None:
    domain = Molecules()
    assert domain.parse("OCC") == domain.parse(" C(O)C\n") == "CCO"
    assert len(MOLECULES) == len(ODD)
    for molecule in MOLECULES:
        assert domain.parse(domain.text(molecule)) == molecule
        assert domain.row(molecule) == {"smiles": molecule}


@pytest.mark.parametrize("text", ["", " ", "C1CC", "xyz", "c1cccc1", "C(C)(C)(C)(C)C"])
def test_what_is_no_molecule_is_none(text: str) -> None:
    assert Molecules().parse(text) is None


@pytest.mark.parametrize("suffix", ["smi", "csv"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"molecules.{suffix}"
    Molecules().write(iter(MOLECULES), path)
    assert list(Molecules().reading(salts="keep").read(path).items) == MOLECULES


@pytest.mark.parametrize("name", ["sdf", "sdf-v3000"])
def test_structures_are_the_same_molecules(tmp_path: Path, name: str) -> None:
    supplier = Chem.SDMolSupplier()
    supplier.SetData(written(name))
    found = list(supplier)
    assert [Chem.MolToSmiles(mol) for mol in found] == MOLECULES
    for mol, molecule in zip(found, MOLECULES, strict=True):
        assert (mol.GetProp("smiles"), mol.GetProp("logp"), mol.GetProp("novel")) == (molecule, "1.5", "True")
        assert not mol.GetConformer().Is3D()
        assert mol.GetNumAtoms() == 1 or mol.GetConformer().GetPositions().any()
    assert ("V3000" in written(name)) == (name == "sdf-v3000")


def test_names_are_given_in_order_and_are_unique() -> None:
    lines = [line.split("\t") for line in written("smi").splitlines()]
    assert [smiles for smiles, _ in lines] == MOLECULES
    assert len({name for _, name in lines}) == len(MOLECULES)
    assert [name for _, name in lines] == [block.split("\n")[0] for block in written("sdf").split("$$$$\n")[:-1]]


def test_a_tag_cannot_end_its_record() -> None:
    file = io.StringIO()
    Molecules().formats["sdf"]([("C", {"a>b\n": "x\n\n$$$$\ny", "c": "$$$$"}), ("N", {})], file)
    supplier = Chem.SDMolSupplier()
    supplier.SetData(file.getvalue())
    assert [Chem.MolToSmiles(mol) for mol in supplier] == ["C", "N"]


def test_an_sdf_is_written(tmp_path: Path) -> None:
    Molecules().write(MOLECULES, tmp_path / "a.sdf")
    assert [Chem.MolToSmiles(mol) for mol in Chem.SDMolSupplier(str(tmp_path / "a.sdf"))] == MOLECULES


def test_a_format_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a file ending in \.smi, \.csv or \.sdf"):
        Molecules().write(MOLECULES, tmp_path / "a.xyz")


def test_a_set_is_at_no_distance_from_itself() -> None:
    same = Molecules().compare(MOLECULES, MOLECULES)
    assert same
    assert all(isinstance(value, float) for value in same.values())
    wide = Molecules().compare(["C" * n for n in range(1, 9)], ["c1ccccc1" + "O" * n for n in range(1, 9)])
    assert any(wide[name] != same[name] for name in same)


def test_every_usual_property_is_measured() -> None:
    domain = Molecules()
    assert set(domain.usual) <= set(domain.properties)
    for property_ in domain.properties.values():
        assert isinstance(property_.measure("CC(=O)Oc1ccccc1C(=O)O"), float)


def test_filters_say_what_they_need(tmp_path: Path) -> None:
    Molecules().write(["CCO"], tmp_path / "known.smi")
    tests = {"contains": "[OH]", "without": "[OH]", "unlike": str(tmp_path / "known.smi")}
    passed = {name: Molecules().filters[name].make(text, **_numbers(name)) for name, text in tests.items()}
    assert [passed[name]("CCO") for name in tests] == [True, False, False]
    assert [passed[name]("c1ccccc1") for name in tests] == [False, True, True]


def _numbers(name: str) -> Mapping[str, float]:
    return Molecules().filters[name].numbers


def test_a_file_without_molecules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.smi").write_text("\n")
    with pytest.raises(RequestError, match=r"none\.smi"):
        Molecules().filters["unlike"].make(str(tmp_path / "none.smi"), ceiling=0.5)


def test_knowing_molecules_needs_no_chemistry() -> None:
    said = "import sys; from sciencegen.domains.molecules import Molecules; Molecules(); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert not {name for name in ("rdkit", "selfies", "pandas", "PIL") if f"'{name}'" in done.stdout}
