"""Trains every recipe for a step in two processes, and keeps the weights: run as a script by the conformance tests."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from sciencegen.recipes import RECIPES
from sciencegen.train.loop import train
from tests.conformance.tiny import tiny


def updated(name: str, **settings: int) -> dict[str, torch.Tensor]:
    """A recipe's weights after two steps, in double precision, with noise in the objective where it has some."""
    made = tiny(name, precision="64", steps=2, **settings)
    for _ in train(made.generator, made.objective, made.fit.batches, made.fit.settings):
        pass
    return {f"{k}": v.clone() for part in (made.generator, made.objective) for k, v in part.state_dict().items()}


def main() -> None:
    torch.set_num_threads(1)
    weights: dict[str, torch.Tensor] = {}
    for name in RECIPES:
        weights |= {f"{name}:{k}": v for k, v in updated(name, devices=2).items()}
    if torch.distributed.get_rank() == 0:
        save_file(weights, Path(sys.argv[1]))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
