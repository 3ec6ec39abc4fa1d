"""How well molecules are grown from scaffolds that were never seen, and follow what is asked of them.

    python workflows/benchmarks/scaffold_board.py scaffolds --test zinc_test.smi --train zinc_train.smi

Frameworks of test molecules that no training molecule has are each grown several times: with nothing asked, with the
properties that their own molecule has, and with open places where that molecule is bound to them. The last row asks for
the same properties without a scaffold. `--speed` grows indole alone and says how many molecules there were in a second.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciencegen.domains.molecules.begun import beginning, held
from sciencegen.domains.molecules.metrics.content import Known
from sciencegen.domains.molecules.molecule import parsed
from sciencegen.domains.molecules.scaffold import scaffold
from sciencegen.errors import RequestError
from sciencegen.model import Model, load

__all__ = ["Grown", "grown", "main", "opened", "unseen"]

INDOLE = "c1ccc2[nH]ccc2c1"
ASKED = ("mw", "logp", "qed", "tpsa")


@dataclass(frozen=True)
class Grown:
    """What became of scaffolds that were grown."""

    drawn: int
    valid: int
    holding: int
    different: int
    novel: int
    errors: Mapping[str, float]

    def cells(self) -> str:
        """A row of the table."""
        shares = (self.valid, self.holding, self.different, self.novel)
        of = (self.drawn, self.valid, self.valid, self.different)
        said = [f"{100 * a / max(b, 1):.1f}" for a, b in zip(shares, of, strict=True)]
        return " | ".join([*said, *(f"{self.errors[name]:.3g}" for name in ASKED)])


def unseen(test: Sequence[str], train: Sequence[str], n: int, seed: int) -> list[tuple[str, str]]:
    """Test molecules with their frameworks, all different and none of them that of a training molecule."""
    known = {scaffold(molecule) for molecule in train}
    found: dict[str, str] = {}
    order = list(test)
    random.Random(seed).shuffle(order)
    for molecule in order:
        framework = scaffold(molecule)
        if framework and framework not in known and framework not in found and framework != molecule:
            try:
                beginning(framework)
            except RequestError:  # a framework that is no molecule, as where a double bond was cut
                continue
            found[framework] = molecule
        if len(found) == n:
            break
    return [(molecule, framework) for framework, molecule in found.items()]


def opened(molecule: str) -> str:
    """The framework of a molecule with open places where it is bound by single bonds; what is bound otherwise stays."""
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold

    mol = parsed(molecule)
    core: Any = MurckoScaffold  # it says nothing of types
    framework = core.GetScaffoldForMol(mol)
    match = mol.GetSubstructMatch(framework)
    inside = set(match)
    marked = Chem.RWMol(mol)
    for atom in mol.GetAtoms():
        if atom.GetIdx() in inside:
            continue
        near = [b for b in atom.GetBonds() if b.GetOtherAtomIdx(atom.GetIdx()) in inside]
        if near:
            marked.ReplaceAtom(atom.GetIdx(), Chem.Atom(0))
    gone = sorted(
        (
            atom.GetIdx()
            for atom in mol.GetAtoms()
            if atom.GetIdx() not in inside and not any(b.GetIdx() in inside for b in atom.GetNeighbors())
        ),
        reverse=True,
    )
    for atom in gone:
        marked.RemoveAtom(atom)
    return str(Chem.MolToSmiles(marked, isomericSmiles=False).replace("*", "[*]").replace("[[*]]", "[*]"))


def grown(
    model: Model[Any],
    columns: Mapping[str, Sequence[Any]],
    aims: Mapping[str, Sequence[float]],
    each: int,
    known: Known,
    seed: int,
) -> Grown:
    """Draw `each` for every row, and compare what is measured with the aims."""
    rows = len(next(iter(columns.values())))
    named = [str(one) for one in columns.get("scaffold", [""] * rows)]
    holds = {name: held(name) if name else (lambda molecule: True) for name in set(named)}
    errors: dict[str, list[float]] = {name: [] for name in ASKED}
    valid, holding, texts = 0, 0, list[tuple[str, str]]()
    for place, one in enumerate(model.answers(columns, each, seed=seed, measure=ASKED)):
        row = place // each
        if one is None:
            continue
        valid += 1
        holding += holds[named[row]](one.item)
        texts.append((named[row], one.text))
        for name in ASKED:
            errors[name].append(abs(float(one.properties[name]) - aims[name][row]))
    different = set(texts)
    novel = sum(text not in known for _, text in different)
    means = {name: sum(found) / max(len(found), 1) for name, found in errors.items()}
    return Grown(rows * each, valid, holding, len(different), novel, means)


def table(model: Model[Any], options: argparse.Namespace) -> Iterator[str]:
    """The lines of the table."""
    test, train = (list(model.domain.read(Path(file)).items) for file in (options.test, options.train))
    pairs = unseen(test, train, options.scaffolds, options.seed)
    molecules, frameworks = [m for m, _ in pairs], [f for _, f in pairs]
    aims = {k: [float(v) for v in column] for k, column in model.domain.measure(molecules, ASKED).items()}  # type: ignore[arg-type]
    known, places = Known(train), [opened(molecule) for molecule in molecules]
    yield f"{len(pairs)} frameworks of no training molecule, {options.each} draws for each, seed {options.seed}.\n"
    yield "| given | valid, % | hold it, % | different, % | novel, % | MAE " + " | MAE ".join(ASKED) + " |"
    yield "|---" * (5 + len(ASKED)) + "|"
    ways: dict[str, Mapping[str, Sequence[Any]]] = {
        "scaffold": {"scaffold": frameworks},
        "scaffold, properties": {"scaffold": frameworks, **aims},
        "scaffold with places": {"scaffold": places},
        "scaffold with places, properties": {"scaffold": places, **aims},
        "properties": aims,
    }
    for name, columns in ways.items():
        yield f"| {name} | {grown(model, columns, aims, options.each, known, options.seed).cells()} |"


def _speed(model: Model[Any], n: int, seed: int) -> str:
    begun = time.perf_counter()
    found = list(model.candidates(n, {"scaffold": INDOLE}, seed, measure=()))
    seconds = time.perf_counter() - begun
    said = f"{len(found):,} different molecules grown from {INDOLE} in {seconds:.1f} s"
    return f"{said}: {len(found) / seconds:,.0f} a second"


def main() -> None:
    """Print the table, or the speed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", nargs="?", default="scaffolds")
    parser.add_argument("--test", help="molecules the model was not trained on")
    parser.add_argument("--train", help="molecules it was trained on")
    parser.add_argument("--scaffolds", type=int, default=100, help="how many (100)")
    parser.add_argument("--each", type=int, default=10, help="draws for each (10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=int, default=0, help="grow so many from indole, and nothing else")
    options = parser.parse_args()
    model = load(options.model)
    if options.speed:
        print(_speed(model, options.speed, options.seed))
        return
    for line in table(model, options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
