"""Weights in eight bits: whole numbers from -127 to 127, and one step for each row of a matrix.

A quarter of the room; each weight is off by half a step at most. What this does to a model stands in its card.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["STEP", "restored", "rounded"]

STEP = ".step"
"""What the steps of a tensor are called after it."""
_LEAST = 4096
"""Tensors of fewer numbers are left as they are."""
_MOST = 127


def rounded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights whose large tensors are in eight bits."""
    kept: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if weight.dtype not in (torch.float32, torch.bfloat16) or weight.dim() < 2 or weight.numel() < _LEAST:
            kept[name] = weight
            continue
        step = weight.float().abs().flatten(1).amax(1) / _MOST
        kept[name] = (weight.float() / _across(step.clamp_min(1e-30), weight)).round().to(torch.int8)
        kept[name + STEP] = step
    return kept


def restored(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as a net takes them; steps without a tensor in eight bits are left for the reader to refuse."""
    whole = dict(weights)
    for name, weight in weights.items():
        step = weights.get(name + STEP)
        if step is not None and _has_steps(weight, step):
            whole[name] = weight.float() * _across(step.float(), weight)
            del whole[name + STEP]
    return whole


def _has_steps(weight: Tensor, step: Tensor) -> bool:
    kinds = weight.dtype == torch.int8 and step.is_floating_point()
    return kinds and weight.dim() > 1 and step.shape == weight.shape[:1]


def _across(step: Tensor, weight: Tensor) -> Tensor:
    return step.reshape(-1, *[1] * (weight.dim() - 1))
