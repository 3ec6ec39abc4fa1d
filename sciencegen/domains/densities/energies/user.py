"""A user's own energy: a function of points [n, d] that gives [n], in a module of theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.target import Target
from sciencegen.errors import DataError, RequestError

__all__ = ["checked", "function_called", "own"]

_TRIED = 64


def own(
    where: str,
    names: tuple[str, ...],
    temperatures: tuple[float, ...],
    boltzmann: float,
    middle: tuple[float, ...],
    scale: tuple[float, ...],
) -> Target:
    """The target of a function `module:function`, which is imported when it is first needed."""
    found: list[Callable[[Tensor], Any]] = []

    def energy(x: Tensor) -> Tensor:
        if not found:
            found.append(function_called(where))
        said = found[0](x)
        return _sound(said, x, where)

    return Target(where, names, energy, temperatures, boltzmann, middle=middle, scale=scale)


def function_called(where: str) -> Callable[[Tensor], Any]:
    """The function of a `module:function`; modules lie in the working directory, or are installed."""
    module, colon, name = where.partition(":")
    if not colon or not module or not name:
        raise RequestError(f"energy={where}: expected the name of an energy, or module:function")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(import_module(module), name)
    except ImportError as error:
        raise RequestError(f"energy={where}: {error}; run from the folder the module lies in, or install it") from None
    except AttributeError:
        raise RequestError(f"energy={where}: {module} has no {name}") from None
    if not callable(found):
        raise RequestError(f"energy={where}: {name} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def _sound(said: Any, x: Tensor, where: str) -> Tensor:
    if not isinstance(said, Tensor) or said.shape != (len(x),):
        got = f"a tensor of shape {list(said.shape)}" if isinstance(said, Tensor) else f"a {type(said).__name__}"
        raise DataError(f"{where} returned {got} for {len(x)} points: expected a tensor of shape [{len(x)}]")
    if said.isnan().any():
        row = int(said.isnan().nonzero()[0])
        raise DataError(f"{where} returned NaN at {_point(x[row])}: an energy is a number everywhere")
    return said


def checked(target: Target) -> Target:
    """The target, where its energy is sound at some points and has a slope there."""
    source = torch.Generator().manual_seed(0)
    d = len(target.names)
    middle, scale = (torch.tensor(part or (whole,) * d) for part, whole in ((target.middle, 0.0), (target.scale, 1.0)))
    x = (middle + scale * torch.randn(_TRIED, d, generator=source)).to(torch.get_default_dtype()).requires_grad_()
    value = target.energy(x)
    if not value.isfinite().all():
        row = int((~value.isfinite()).nonzero()[0])
        raise DataError(
            f"{target.name} returned {value[row]:g} at {_point(x[row])}: let it grow to large finite numbers instead"
        )
    if not value.requires_grad:
        raise DataError(f"{target.name} is not differentiable: compute it of the tensor with torch, without detach")
    (slope,) = torch.autograd.grad(value.sum(), x)
    if not slope.isfinite().all():
        row, column = (~slope.isfinite()).nonzero()[0].tolist()
        name = target.names[column]
        raise DataError(f"{target.name} has no finite slope along {name} at {_point(x[row])}")
    return target


def _point(x: Tensor) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in x.tolist()[:6]) + (", ...)" if len(x) > 6 else ")")
