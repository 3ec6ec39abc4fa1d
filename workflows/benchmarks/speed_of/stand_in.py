"""A model folder of the shipped size that writes chains of atoms: as quick as a trained one, and always valid."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from sciencegen import __version__
from sciencegen.domains.molecules.strings import END
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.model import assemble
from sciencegen.nets.causal import Recurrent
from sciencegen.train.checkpoint import Folder

__all__ = ["stand_in"]

_ATOMS = ("C", "N", "O", "S")
_MEAN, _LONGEST = 35, 60


def stand_in(folder: Path, width: int = 512) -> Path:
    """Write the model; its strings end by chance, after about as many tokens as those of MOSES have."""
    config = {
        "versions": {"sciencegen": __version__},
        "recipe": "molecules/smiles-gru",
        "options": {"width": width, "embed": width // 4, "context": width // 4},
        "settings": {},
        "representation": {"vocabulary": ["", *_ATOMS], "length": _LONGEST},
        "fields": [],
        "data": {"items": 0},
    }
    model = assemble(config)
    assert isinstance(model.generator, Autoregressive)
    net = model.generator.net
    assert isinstance(net, Recurrent)
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.zero_()[END] = math.log(len(_ATOMS) / _MEAN)
    folder.mkdir(parents=True)
    Folder(folder).write_config(config)
    Folder(folder).write_weights(model.generator.state_dict())
    return folder
