"""The MOSES benchmark: the metrics of its board, under its names.

Molecular Sets (MOSES): A Benchmarking Platform for Molecular Generation Models; Polykovskiy et al.; 2020. Test is a
random part of the set, TestSF a part with scaffolds that the train set has not; a number beside one is no match for a
number beside the other. As on the board: valid counts all draws; unique@k looks at the first k valid ones; repeated
molecules count as often as they were drawn in all metrics but Novelty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciencegen.compare.frechet import Gaussian, frechet
from sciencegen.compare.histograms import cosine, wasserstein
from sciencegen.compare.tanimoto import mean_similarity, nearest
from sciencegen.core.protocol import Protocol, Verdict
from sciencegen.domains.molecules.metrics.chemnet import (
    WHERE_TO_FIND_IT,
    chemnet_gaussian,
    has_chemnet,
    recalled_gaussian,
)
from sciencegen.domains.molecules.metrics.content import Known
from sciencegen.domains.molecules.metrics.draws import spelled, unique_share
from sciencegen.domains.molecules.metrics.sets import PublishedSet, find, smiles_of
from sciencegen.domains.molecules.metrics.traits import Traits, recalled, traits
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import DataError

__all__ = ["Moses", "beside", "diversity", "reference_gaussian"]

_STRUCTURE = ("morgan1024", "fragments", "scaffolds")
_PROPERTIES = {"logP": "logp", "SA": "sa", "QED": "qed", "weight": "mw"}
"""The names of the board's property columns, and ours."""
_PARTS = {"Test": "test", "TestSF": "test_scaffolds"}


@dataclass(frozen=True)
class Moses(Protocol[Molecule]):
    """The MOSES protocol: 30,000 draws beside the test sets and the train set."""

    draws: int = 30_000
    unique_at: tuple[int, ...] = (1000, 10_000)
    distance: bool = True
    """Whether to find the Frechet ChemNet distance, by far the longest part where no GPU is."""

    def read(self, path: Path) -> list[Molecule | None]:
        return spelled(smiles_of(path))

    def judge(self, draws: Sequence[Molecule | None], folder: Path | None = None) -> Verdict:
        found = _found(folder)
        valid = [molecule for molecule in draws if molecule is not None]
        if not valid:
            raise DataError(f"none of {len(draws):,} draws is a molecule: there is nothing to judge")
        metrics: dict[str, float] = {"valid": len(valid) / len(draws)}
        missing: dict[str, str] = {}
        for k in self.unique_at:
            if len(valid) < k:
                missing[f"unique@{k}"] = f"there are only {len(valid):,} valid molecules"
            else:
                metrics[f"unique@{k}"] = unique_share(valid[:k])
        ours = traits(valid, (*_STRUCTURE, "passes", *_PROPERTIES.values()))
        theirs = {name: recalled(part.smiles, _traits_of(name)) for name, part in found.items() if name != "train"}
        metrics |= self._distances(valid, found, missing)
        for name, reference in theirs.items():
            metrics |= {f"{metric}/{name}": value for metric, value in beside(ours, reference).items()}
        for name in _PARTS.keys() - found.keys():
            missing |= {f"{metric}/{name}": "there is no such set here" for metric in ("FCD", "SNN", "Frag", "Scaf")}
        metrics |= diversity(ours)
        metrics["Filters"] = float(ours.values["passes"].mean())
        for metric, name in _PROPERTIES.items():
            metrics[metric] = wasserstein(ours.values[name], theirs["Test"].values[name])
        metrics |= _novelty(valid, found.get("train"), missing)
        return Verdict(metrics, missing, _records(found), _spread(ours, theirs["Test"]))

    def _distances(
        self, valid: Sequence[Molecule], found: Mapping[str, PublishedSet], missing: dict[str, str]
    ) -> dict[str, float]:
        """The Frechet ChemNet distances, or why there are none."""
        parts = [name for name in _PARTS if name in found]
        why = "" if self.distance else "it was left out"
        if self.distance and not has_chemnet():
            why = WHERE_TO_FIND_IT
        if self.distance and len(valid) < 2:
            why = "it needs 2 molecules"
        if why:
            missing |= {f"FCD/{name}": why for name in parts}
            return {}
        ours = chemnet_gaussian(valid)
        return {f"FCD/{name}": frechet(ours, reference_gaussian(found[name])) for name in parts}


def reference_gaussian(part: PublishedSet) -> Gaussian:
    """ChemNet's view of a reference set, in canonical SMILES."""
    return recalled_gaussian([molecule for molecule in spelled(part.smiles) if molecule is not None])


def beside(ours: Traits, theirs: Traits) -> dict[str, float]:
    """SNN, Frag and Scaf: how near molecules are to a reference set, and how alike fragments and scaffolds are."""
    return {
        "SNN": float(nearest(ours.bits["morgan1024"], theirs.bits["morgan1024"]).mean()),
        "Frag": cosine(ours.counts["fragments"], theirs.counts["fragments"]),
        "Scaf": cosine(ours.counts["scaffolds"], theirs.counts["scaffolds"]),
    }


def diversity(ours: Traits) -> dict[str, float]:
    """IntDiv and IntDiv2: one minus the mean similarity of a molecule to all, itself included, and its square mean.

    The root of IntDiv2 is taken for each molecule before the mean over molecules, as the board's numbers were.
    """
    first, second = mean_similarity(ours.bits["morgan1024"], (1, 2))
    return {"IntDiv": 1 - float(first.mean()), "IntDiv2": 1 - float(second.mean())}


def _found(folder: Path | None) -> dict[str, PublishedSet]:
    parts = {"train": "train", **_PARTS}
    found = {
        name: part for name, stem in parts.items() if (part := find("moses", stem, folder, ("moses",))) is not None
    }
    if "Test" not in found:
        if folder is None:
            raise DataError(
                "the moses sets are not here: bring them with `sciencegen data fetch moses`, or say --from FOLDER"
            )
        raise DataError(f"{folder}: expected the MOSES test set: test.csv, test.csv.gz, test.smi or moses_test.smi.xz")
    return found


def _traits_of(name: str) -> tuple[str, ...]:
    return (*_STRUCTURE, *_PROPERTIES.values()) if name == "Test" else _STRUCTURE


def _novelty(valid: Sequence[Molecule], train: PublishedSet | None, missing: dict[str, str]) -> dict[str, float]:
    if train is None:
        missing["Novelty"] = "there is no train set here"
        return {}
    known, distinct = Known(train.smiles), set(valid)
    return {"Novelty": sum(molecule not in known for molecule in distinct) / len(distinct)}


def _records(found: Mapping[str, PublishedSet]) -> dict[str, dict[str, str | int]]:
    return {name: part.record() for name, part in found.items()}


def _spread(ours: Traits, theirs: Traits) -> dict[str, tuple[list[float], list[float]]]:
    return {name: (ours.values[name].tolist(), theirs.values[name].tolist()) for name in _PROPERTIES.values()}
