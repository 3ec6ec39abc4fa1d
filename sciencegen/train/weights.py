"""Weights from a file beside the net they are said to belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from sciencegen.errors import CheckpointError

__all__ = ["misfit", "no_larger"]


@contextmanager
def no_larger(weights: Mapping[str, Tensor], path: Path) -> Iterator[None]:
    """Stop building a net as soon as it has far more parameters than there are weights for it: a hostile config could
    ask for more than the machine has."""
    count, given = 0, sum(weight.numel() for weight in weights.values())

    def registered(module: nn.Module, name: str, parameter: Tensor | None) -> None:
        nonlocal count
        count += 0 if parameter is None else parameter.numel()
        if count > 4 * given + 1000:  # a parameter may be registered more than once
            raise CheckpointError(f"{path} does not fit its config.json: {given} numbers are too few")

    hook = register_module_parameter_registration_hook(registered)
    try:
        yield
    finally:
        hook.remove()


def misfit(net: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """What is wrong with weights, in words; nothing where they are those of the net."""
    expected = net.state_dict()
    for name in sorted(set(weights) ^ set(expected)):
        return f"{name} is in only one of them"
    for name, weight in weights.items():
        if not _alike(weight, expected[name]):
            return f"{name} has another shape or kind of numbers"
        if not weight.isfinite().all():
            return f"{name} holds numbers that are not finite"
    return ""


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.is_floating_point() == b.is_floating_point() and a.is_complex() == b.is_complex()
