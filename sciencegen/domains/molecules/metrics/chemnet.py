"""The Frechet ChemNet distance, with the network of the optional package fcd-torch.

Frechet ChemNet Distance: A Metric for Generative Models for Molecules in Drug Discovery; Preuer, Renz, Unterthiner,
Hochreiter, Klambauer; 2018. MOSES prints the distance, 0 at best; GuacaMol a score of it, 1 at best.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sciencegen.compare.frechet import Gaussian
from sciencegen.data.cache import remembered
from sciencegen.domains.molecules.metrics.content import digest
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import RequestError

__all__ = ["WHERE_TO_FIND_IT", "chemnet_gaussian", "guacamol_score", "has_chemnet", "recalled_gaussian"]

WHERE_TO_FIND_IT = "needs the package fcd-torch: pip install 'sciencegen[fcd]'"
_WIDTH = 350  # characters: what ChemNet was trained with
_BATCH = 256


def has_chemnet() -> bool:
    """Whether the network is installed."""
    return find_spec("fcd_torch") is not None


def guacamol_score(distance: float) -> float:
    """GuacaMol's score of a distance, exp(-0.2 FCD)."""
    return math.exp(-0.2 * distance)


def chemnet_gaussian(molecules: Sequence[Molecule]) -> Gaussian:
    """The Gaussian of the activations of canonical SMILES, of which there must be two."""
    if len(molecules) < 2:
        raise RequestError(f"the Frechet ChemNet distance needs 2 molecules, not {len(molecules)}")
    return Gaussian.fit(_activations(molecules))


def recalled_gaussian(molecules: Sequence[Molecule]) -> Gaussian:
    """The same for a set that will be looked at again: kept in the user's cache folder."""
    key = {"chemnet": 1, "molecules": digest(molecules)}

    def make() -> dict[str, Any]:
        made = chemnet_gaussian(molecules)
        return {"mean": made.mean.numpy(), "covariance": made.covariance.numpy()}

    found = remembered(key, make)
    return Gaussian(torch.from_numpy(found["mean"]), torch.from_numpy(found["covariance"]))


@torch.no_grad()
def _activations(molecules: Sequence[Molecule]) -> Tensor:
    spell = import_module("fcd_torch.utils").get_one_hot
    device = "cuda" if torch.cuda.is_available() else "cpu"
    chemnet = _chemnet().to(device)
    rows = []
    for first in range(0, len(molecules), _BATCH):
        spelled = np.stack([spell(one, _WIDTH) for one in molecules[first : first + _BATCH]])
        x = torch.from_numpy(spelled / spelled.shape[-1]).float().transpose(1, 2)  # scaled as in its training
        rows.append(chemnet(x.to(device)).double().cpu())
    return torch.cat(rows)


@cache
def _chemnet() -> Any:
    if not has_chemnet():
        raise RequestError(f"the Frechet ChemNet distance {WHERE_TO_FIND_IT}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it was written for an older torch
        return import_module("fcd_torch").FCD().model.eval()
