"""Docking into a host of our own: its geometry, the contract, and what the scores do and do not know."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciencegen.campaign.config import read_config

pytest.importorskip("rdkit", reason="molecules need RDKit")
DOCKING = Path(__file__).parents[2] / "workflows" / "docking"
ABSENT = [name for name in ("vina", "obabel") if shutil.which(name) is None]
installed = pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")
ADAMANTANE, PYRENE = "C1C2CC3CC1CC(C2)C3", "c1cc2ccc3cccc4ccc(c1)c2c34"
VAN_DER_WAALS = 1.52  # of oxygen, angstrom
PUBLISHED = {5: 2.4, 6: 3.9, 7: 5.4, 8: 6.9}
"""The width of the portals of cucurbit[n]urils in crystals, in angstrom (Lagona et al. 2005)."""


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCKING))


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("hosts")
    for units in (6, 7):
        command = [sys.executable, str(DOCKING / "host.py"), "-o", str(folder / f"cb{units}.pdbqt")]
        subprocess.run([*command, "--units", str(units)], check=True, timeout=120)
    return {units: folder / f"cb{units}.pdbqt" for units in (6, 7)}


def dock(given: str, *options: object, code: int = 0) -> tuple[dict[str, list[Any]], str]:
    command = [sys.executable, str(DOCKING / "dock.py"), *map(str, options)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stderr
    if code:
        return {}, done.stderr
    answer = json.loads(done.stdout)
    assert answer["version"] == 1
    return answer["payload"], done.stderr


@pytest.mark.parametrize("units", PUBLISHED)
def test_the_host_is_the_ring_of_the_crystals(units: int) -> None:
    from host import cucurbituril
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    mol = cucurbituril(units)
    assert CalcMolFormula(mol) == f"C{6 * units}H{6 * units}N{4 * units}O{2 * units}"
    oxygens = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetSymbol() == "O"]
    x, y, z = mol.GetConformer().GetPositions()[oxygens].T
    radius = np.hypot(x, y)
    assert np.ptp(radius) < 0.05, "no unit differs from the others"
    assert 2 * (radius.mean() - VAN_DER_WAALS) == pytest.approx(PUBLISHED[units], abs=1)
    assert np.ptp(z) + 2 * VAN_DER_WAALS == pytest.approx(9.1, abs=0.5), "all are as high"
    angles = np.sort(np.arctan2(y[z > 0], x[z > 0]))
    assert np.diff(angles) == pytest.approx(2 * math.pi / units, abs=0.02)


def test_the_receptor_holds_every_heavy_atom_and_its_box() -> None:
    from dock import box_of
    from host import cucurbituril, pdbqt

    mol = cucurbituril(6)
    text = pdbqt(mol)
    atoms = [line for line in text.splitlines() if line.startswith("ATOM")]
    assert len(atoms) == mol.GetNumHeavyAtoms()
    read = [[float(line[i : i + 8]) for i in (30, 38, 46)] for line in atoms]
    assert np.allclose(read, mol.GetConformer().GetPositions()[: len(atoms)], atol=5e-4)
    assert {line[77:].strip() for line in atoms} == {"C", "N", "OA"}
    assert pdbqt(cucurbituril(6)) == text
    path = DOCKING / "guests.smi"
    assert box_of(path) is None


def test_the_number_of_units_has_bounds() -> None:
    from host import cucurbituril

    with pytest.raises(ValueError, match="units=3: expected 5 to 8"):
        cucurbituril(3)


def test_the_example_campaign_is_one() -> None:
    config = read_config(DOCKING / "screen.toml")
    assert config.score[0].command[:2] == ["python", "dock.py"]
    assert (DOCKING / config.source.file).exists()
    assert config.score[0].batch * 120 < config.score[0].timeout


@installed
def test_what_cannot_be_docked_is_missing_with_its_reason(hosts: dict[int, Path]) -> None:
    bad = ("", "nonsense", "CCO ethanol", "C😀", "CC.CC", "C" * 501, "C#CB(O)O")
    found, said = dock("\n".join(["CC", *bad, "CO"]) + "\n", "--receptor", hosts[7], "--exhaustiveness", 1)
    assert [score is None for score in found["score"]] == [False, *[True] * len(bad), False]
    assert [one is None for one in found["efficiency"]] == [score is None for score in found["score"]]
    lines = said.splitlines()
    assert len(lines) == len(bad)
    assert all(line.startswith(f"molecule {i}, ") for i, line in enumerate(lines, 2))
    assert found["efficiency"][0] == pytest.approx(-found["score"][0] / 2, abs=1e-4)


@installed
def test_no_input_gives_empty_lists(hosts: dict[int, Path]) -> None:
    assert dock("", "--receptor", hosts[7])[0] == {"score": [], "efficiency": []}


@installed
def test_a_slow_molecule_is_missing_and_the_others_are_not(
    hosts: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for Vina never ends with three atoms, fails with two, and finds a pose for one."""
    pose = "REMARK VINA RESULT:    -1.500      0.000      0.000"
    atoms = "case $(grep -c ^ATOM ligand.pdbqt) in"
    text = f"#!/bin/sh\n{atoms} 1) echo '{pose}' > pose.pdbqt;; 2) echo broken >&2; exit 3;; *) sleep 600;; esac\n"
    (tmp_path / "vina").write_text(text)
    (tmp_path / "vina").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found, said = dock("CCC\nCC\nC\n", "--receptor", hosts[7], "--timeout", 10)
    assert found["score"] == [None, None, -1.5]
    late, broken = said.splitlines()
    assert "timed out: 10 s" in late
    assert "exit code 3: broken" in broken


@installed
def test_a_score_does_not_depend_on_what_else_is_docked(hosts: dict[int, Path], tmp_path: Path) -> None:
    options = ("--receptor", hosts[7], "--exhaustiveness", 1, "--poses", tmp_path)
    both, _ = dock("CCO\nC1CCCCC1\n", *options)
    turned, _ = dock("C1CCCCC1\r\nCCO\r\n", *options)
    assert both["score"] == turned["score"][::-1]
    assert (tmp_path / "LFQSCWFLJHTTHZ-UHFFFAOYSA-N.pdbqt").read_text().startswith("MODEL")


@installed
@pytest.mark.slow
def test_only_what_fits_goes_into_the_ring(hosts: dict[int, Path], tmp_path: Path) -> None:
    """Adamantane binds in cucurbit[7]uril and is too wide for cucurbit[6]uril; pyrene is too wide for both."""
    given = f"{ADAMANTANE}\n{PYRENE}\n"
    wide, _ = dock(given, "--receptor", hosts[7], "--exhaustiveness", 1, "--poses", tmp_path)
    narrow, _ = dock(given, "--receptor", hosts[6], "--exhaustiveness", 1)
    assert wide["score"][0] < narrow["score"][0] - 2
    assert wide["score"][0] < wide["score"][1] - 1
    assert _height(tmp_path / "ORILYTVJVMAKLC-UHFFFAOYSA-N.pdbqt") < 1 < _height(tmp_path / _pyrene())


def _pyrene() -> str:
    from rdkit import Chem

    return f"{Chem.MolToInchiKey(Chem.MolFromSmiles(PYRENE))}.pdbqt"


def _height(pose: Path) -> float:
    """How far above or below the ring's middle a guest is."""
    z = [float(line[46:54]) for line in pose.read_text().splitlines() if line.startswith(("ATOM", "HETATM"))]
    return abs(float(np.mean(z)))


@installed
@pytest.mark.slow
def test_a_receptor_without_a_box_needs_one(hosts: dict[int, Path], tmp_path: Path) -> None:
    bare = tmp_path / "own.pdbqt"
    bare.write_text("".join(line for line in hosts[7].read_text().splitlines(True) if "BOX" not in line))
    assert "give --center X Y Z --size X Y Z" in dock("CC\n", "--receptor", bare, code=2)[1]
    box = ("--center", 0, 0, 0, "--size", 20, 20, 20)
    options = ("--exhaustiveness", 1, "--receptor")
    assert dock("CC\n", *options, bare, *box)[0] == dock("CC\n", *options, hosts[7])[0]
    assert "is not there" in dock("CC\n", "--receptor", tmp_path / "none.pdbqt", code=2)[1]


@installed
@pytest.mark.parametrize("options", [("--cpu", 0), ("--timeout", 0), ("--size", 1, 1, 1)])
def test_settings_that_mean_nothing_are_refused(hosts: dict[int, Path], options: tuple[object, ...]) -> None:
    dock("CC\n", "--receptor", hosts[7], *options, code=2)
