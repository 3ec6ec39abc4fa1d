"""The distribution-learning benchmarks of GuacaMol, under its names; every score is 1 at best.

GuacaMol: Benchmarking Models for de Novo Molecular Design; Brown, Fiscato, Segler, Vaucher; 2019. Stereochemistry is
left out of all but FCD. A sample that is too small is counted against the model: the benchmark is of 10,000 molecules,
valid for validity, uniqueness and FCD, distinct for novelty and KL divergence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sciencegen.compare.divergences import kl_of_densities, kl_of_histograms
from sciencegen.compare.frechet import frechet
from sciencegen.compare.tanimoto import nearest_other
from sciencegen.core.protocol import Protocol, Verdict
from sciencegen.domains.molecules.metrics.chemnet import (
    WHERE_TO_FIND_IT,
    chemnet_gaussian,
    guacamol_score,
    has_chemnet,
    recalled_gaussian,
)
from sciencegen.domains.molecules.metrics.content import Known, flat
from sciencegen.domains.molecules.metrics.draws import spelled
from sciencegen.domains.molecules.metrics.sets import PublishedSet, find, smiles_of
from sciencegen.domains.molecules.metrics.traits import Traits, recalled, traits
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import DataError

__all__ = ["GuacaMol", "kl_divergences"]

_DENSITIES = ("bertz", "logp", "mw", "tpsa")
_HISTOGRAMS = ("acceptors", "donors", "rotatable", "aliphatic_rings", "aromatic_rings")
_TRAITS = ("morgan4096", *_DENSITIES, *_HISTOGRAMS)
_SEED = 42


@dataclass(frozen=True)
class GuacaMol(Protocol[Molecule]):
    """The GuacaMol protocol: 10,000 molecules beside the train set, out of up to 20,000 draws."""

    draws: int = 20_000
    sample: int = 10_000
    distance: bool = True

    def read(self, path: Path) -> list[Molecule | None]:
        return spelled(smiles_of(path))

    def judge(self, draws: Sequence[Molecule | None], folder: Path | None = None) -> Verdict:
        train = _train(folder)
        size = min(self.sample, len(draws))
        valid = [molecule for molecule in draws if molecule is not None]
        if len(valid) < 2:
            raise DataError(f"{len(valid)} of {len(draws):,} draws are molecules: there is nothing to judge")
        plain = [one for molecule in valid if (one := flat(molecule)) is not None]
        distinct = list(dict.fromkeys(plain))[:size]
        known = Known(train.smiles, stereo=False)
        metrics = {
            "validity": sum(molecule is not None for molecule in draws[:size]) / size,
            "uniqueness": len(set(plain[:size])) / size,
            "novelty": sum(molecule not in known for molecule in distinct) / size,
        }
        order = torch.randperm(len(train.smiles), generator=torch.Generator().manual_seed(_SEED))
        drawn = [train.smiles[i] for i in order[: self.sample].tolist()]
        reference = list(dict.fromkeys(one for smiles in drawn if (one := flat(smiles)) is not None))
        ours, theirs = traits(distinct, _TRAITS), recalled(reference, _TRAITS)
        divergences = kl_divergences(ours, theirs)
        metrics["KL divergence"] = sum(math.exp(-kl) for kl in divergences.values()) / len(divergences)
        metrics |= {f"KL/{name}": kl for name, kl in divergences.items()}
        missing: dict[str, str] = {}
        metrics |= self._distance(valid[:size], drawn, missing)
        spread = {name: (ours.values[name].tolist(), theirs.values[name].tolist()) for name in _DENSITIES}
        return Verdict(metrics, missing, {"train": train.record()}, spread)

    def _distance(self, ours: Sequence[Molecule], drawn: Sequence[str], missing: dict[str, str]) -> dict[str, float]:
        """The Frechet ChemNet distance and GuacaMol's score of it, or why there are none."""
        if not self.distance or not has_chemnet():
            why = WHERE_TO_FIND_IT if self.distance else "it was left out"
            missing |= {"FCD (GuacaMol score)": why, "FCD (distance)": why}
            return {}
        theirs = recalled_gaussian([molecule for molecule in spelled(drawn) if molecule is not None])
        distance = frechet(chemnet_gaussian(ours), theirs)
        return {"FCD (GuacaMol score)": guacamol_score(distance), "FCD (distance)": distance}


def kl_divergences(ours: Traits, theirs: Traits) -> dict[str, float]:
    """KL(theirs || ours) of nine descriptors and of the similarity to the nearest molecule of the same set."""
    found = {name: kl_of_densities(theirs.values[name], ours.values[name]) for name in _DENSITIES}
    found |= {name: kl_of_histograms(theirs.values[name], ours.values[name]) for name in _HISTOGRAMS}
    found["internal_similarity"] = kl_of_densities(_alike(theirs), _alike(ours))
    return found


def _alike(found: Traits) -> Tensor:
    return nearest_other(found.bits["morgan4096"]).to(torch.float64)


def _train(folder: Path | None) -> PublishedSet:
    train = find("guacamol", "train", folder, ("guacamol_v1", "guacamol"))
    if train is None and folder is None:
        raise DataError("the guacamol sets are not here: give the folder of the train set with --from")
    if train is None:
        raise DataError(f"{folder}: expected the train set, as train.csv, train.smi or guacamol_v1_train.smiles")
    return train
