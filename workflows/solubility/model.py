"""A trained solubility model as a file: plain JSON that holds what was measured, and the kernel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from features import Unreadable, features
from gaussian_process import GaussianProcess, Kernel

__all__ = ["BadModel", "Model"]

_FORMAT = 1


class BadModel(Exception):
    """A file that holds no model."""


@dataclass(frozen=True)
class Model:
    """All that predictions depend on, and where it comes from."""

    smiles: Sequence[str]
    values: Sequence[float]
    kernel: Kernel
    about: Mapping[str, Any] = field(default_factory=dict)
    """The data, the figures measured, the versions."""

    def process(self) -> GaussianProcess:
        """The Gaussian process; the features of its molecules are made anew, by the RDKit that makes the others."""
        return GaussianProcess([features(one) for one in self.smiles], np.array(self.values), self.kernel)

    def text(self) -> str:
        """The content of the file."""
        record = {"format": _FORMAT, "kind": "solubility", "about": self.about, "kernel": asdict(self.kernel)}
        return json.dumps(record | {"smiles": list(self.smiles), "values": list(self.values)}, indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Model:
        """A model from its file; raises BadModel where there is none."""
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if (record["kind"], record["format"]) != ("solubility", _FORMAT):
                raise BadModel(f"{path}: expected a solubility model of format {_FORMAT}")
            model = cls(record["smiles"], [float(one) for one in record["values"]], Kernel(**record["kernel"]))
            if not 2 <= len(model.smiles) == len(model.values):
                raise BadModel(f"{path}: {len(model.smiles)} molecules, {len(model.values)} values")
            features(model.smiles[0])
        except OSError as error:
            raise BadModel(f"{path}: cannot be read: {error.strerror or error}") from error
        except (KeyError, TypeError, ValueError, Unreadable) as error:
            raise BadModel(f"{path}: not a model that train.py wrote: {error!r}") from error
        return model
