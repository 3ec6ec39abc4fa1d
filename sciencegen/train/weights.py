"""Weights from a file beside the net they are said to belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Size, Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from sciencegen.errors import CheckpointError

__all__ = ["grafted", "misfit", "no_larger"]


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


def grafted(net: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a net that has grown out of another: what both have is the other's, and what is new stays as it
    is. Rows and columns that were added come after the old ones."""
    grown = {name: value.clone() for name, value in net.state_dict().items()}
    for name, weight in weights.items():
        if name not in grown or not _within(weight.shape, grown[name].shape):
            raise CheckpointError(
                f"{name}: the new net is smaller than the trained one; leave its options as they were"
            )
        grown[name][tuple(slice(size) for size in weight.shape)] = weight
    return grown


def _within(small: Size, large: Size) -> bool:
    return len(small) == len(large) and all(a <= b for a, b in zip(small, large, strict=True))


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.is_floating_point() == b.is_floating_point() and a.is_complex() == b.is_complex()
