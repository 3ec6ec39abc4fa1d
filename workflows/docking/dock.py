"""Scores molecules by docking them with AutoDock Vina: SMILES on standard input, numbers on standard output.

    python dock.py --receptor cb7.pdbqt < molecules.smi

Answers {"version": 1, "payload": {"score": [...], "efficiency": [...]}}: Vina's score in kcal/mol, the lower the
better, and that number with its sign turned, per heavy atom. What could not be docked is null, with the reason on
standard error. A score is no affinity: README.md says what it is worth.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ligand import Ligand, Undocked, prepared

__all__ = ["Box", "Docking", "box_of"]

_RESULT = "REMARK VINA RESULT:"
_BOX = "REMARK BOX"


@dataclass(frozen=True)
class Box:
    """Where poses are looked for, in angstrom."""

    center: tuple[float, ...]
    size: tuple[float, ...]

    @property
    def arguments(self) -> list[str]:
        pairs = [*zip(("center_x", "center_y", "center_z"), self.center, strict=True)]
        pairs += zip(("size_x", "size_y", "size_z"), self.size, strict=True)
        return [part for name, value in pairs for part in (f"--{name}", f"{value:g}")]


@dataclass(frozen=True)
class Docking:
    """How molecules are docked; the same settings give the same score, whatever was docked before."""

    receptor: Path
    box: Box
    exhaustiveness: int = 2
    seed: int = 1
    cpu: int = 1
    timeout: float = 120.0
    """Seconds for a molecule."""
    poses: Path | None = None
    """A folder for the best pose of every molecule."""

    def score(self, smiles: str) -> tuple[float, Ligand]:
        """The score of a molecule's best pose; raises Undocked where there is none."""
        began = time.monotonic()
        ligand = prepared(smiles, self.seed, self.timeout)
        left = self.timeout - (time.monotonic() - began)
        with tempfile.TemporaryDirectory() as folder:
            pose = self._docked(ligand, Path(folder), max(left, 1.0))
        score = _score_of(pose)
        if self.poses is not None:
            _write(self.poses / f"{ligand.name}.pdbqt", pose)
        return score, ligand

    def _docked(self, ligand: Ligand, folder: Path, seconds: float) -> str:
        """Vina's best pose."""
        (folder / "ligand.pdbqt").write_text(ligand.pdbqt, encoding="utf-8")
        settings = {"exhaustiveness": self.exhaustiveness, "seed": self.seed, "cpu": self.cpu, "num_modes": 1}
        files = {"receptor": self.receptor.resolve(), "ligand": "ligand.pdbqt", "out": "pose.pdbqt"}
        pairs = [part for name, value in {**files, **settings}.items() for part in (f"--{name}", str(value))]
        try:
            done = subprocess.run(
                ["vina", *pairs, *self.box.arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Undocked(f"Vina timed out: {self.timeout:g} s for a molecule") from None
        pose = folder / "pose.pdbqt"
        if done.returncode or not pose.exists():
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise Undocked(f"Vina ended with exit code {done.returncode}: {' '.join(said) or 'it says nothing'}")
        return pose.read_text(encoding="utf-8")


def _score_of(pose: str) -> float:
    for line in pose.splitlines():
        if line.startswith(_RESULT):
            score = float(line.removeprefix(_RESULT).split()[0])
            if math.isfinite(score):
                return score
    raise Undocked("Vina found no pose")


def _write(path: Path, text: str) -> None:
    """Write a file so that nobody sees half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def box_of(receptor: Path) -> Box | None:
    """The box a receptor made by host.py has written into it."""
    for line in receptor.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(_BOX):
            numbers = tuple(float(part) for part in line.removeprefix(_BOX).split())
            return Box(numbers[:3], numbers[3:])
    return None


def _asked() -> Docking:
    """What the command line asks for; the process ends where that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--receptor", type=Path, required=True, help="a rigid receptor, PDBQT")
    parser.add_argument("--center", type=float, nargs=3, metavar=("X", "Y", "Z"), help="the box; host.py's is known")
    parser.add_argument("--size", type=float, nargs=3, metavar=("X", "Y", "Z"))
    for name, kind in (("exhaustiveness", int), ("seed", int), ("cpu", int), ("timeout", float)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Docking, name))
    parser.add_argument("--poses", type=Path, help="a folder for the best poses, one file a molecule, by InChIKey")
    given = parser.parse_args()
    for program in ("vina", "obabel"):
        if shutil.which(program) is None:
            parser.exit(1, f"{program} is not installed: see setup.sh\n")
    if not given.receptor.is_file():
        parser.error(f"{given.receptor} is not there; python host.py -o cb7.pdbqt makes the receptor of the example")
    if (given.center is None) != (given.size is None):
        parser.error("--center and --size belong together")
    box = Box(tuple(given.center), tuple(given.size)) if given.center else box_of(given.receptor)
    if box is None:
        parser.error(f"{given.receptor} names no box: give --center X Y Z --size X Y Z, in angstrom")
    if not all(edge > 0 for edge in box.size) or given.timeout <= 0:
        parser.error("--size and --timeout are more than 0")
    for name in ("exhaustiveness", "cpu", "seed"):
        if getattr(given, name) < 1:
            parser.error(f"--{name} is 1 or more")
    if given.poses is not None:
        try:
            given.poses.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            parser.error(f"--poses {given.poses}: {error.strerror or error}")
    return Docking(given.receptor, box, given.exhaustiveness, given.seed, given.cpu, given.timeout, given.poses)


def main() -> None:
    docking = _asked()
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")
    scores: list[float | None] = []
    efficiencies: list[float | None] = []
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        try:
            score, ligand = docking.score(line.removesuffix("\r"))
        except Undocked as reason:
            print(f"molecule {number}, {line[:80]}: {reason}", file=sys.stderr)
            scores.append(None)
            efficiencies.append(None)
            continue
        if ligand.open_marks:
            marks = f"{ligand.open_marks} of its stereo marks left open, one isomer docked"
            print(f"molecule {number}, {line}: {marks}", file=sys.stderr)
        scores.append(score)
        efficiencies.append(round(-score / ligand.heavy, 4))
    print(json.dumps({"version": 1, "payload": {"score": scores, "efficiency": efficiencies}}))


if __name__ == "__main__":
    main()
