"""Every transform: inverse, volume, gradients, conditions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sciencegen.core.transform import Transform
from sciencegen.families import flow
from sciencegen.families.flow import AffineCoupling, MaskedAffine, Reverse

CONTEXT = 3
TRANSFORMS: dict[str, Callable[[int], Transform]] = {
    "coupling": lambda d: AffineCoupling(d, [16], CONTEXT),
    "coupling of odd entries": lambda d: AffineCoupling(d, [16], CONTEXT, odd=d > 1),
    "masked, fast density": lambda d: MaskedAffine(d, [16, 16], CONTEXT),
    "masked, fast samples": lambda d: MaskedAffine(d, [16, 16], CONTEXT, cheap="to_data"),
    "reverse": lambda d: Reverse(),
}
every_transform = pytest.mark.parametrize("name", TRANSFORMS)
every_size = pytest.mark.parametrize("size", [1, 2, 5])


def shaken(name: str, size: int, scale: float = 0.3) -> Transform:
    transform = TRANSFORMS[name](size).double()
    with torch.no_grad():
        for parameter in transform.parameters():
            parameter.add_(scale * torch.randn_like(parameter))
    return transform


def test_every_transform_is_listed() -> None:
    kinds = {n for n in flow.__all__ if issubclass(getattr(flow, n), Transform)}
    assert kinds == {type(make(2)).__name__ for make in TRANSFORMS.values()}


@every_size
@every_transform
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
def test_there_and_back_is_nowhere(name: str, size: int, dtype: torch.dtype, tolerance: float) -> None:
    transform = shaken(name, size).to(dtype)
    x, context = torch.randn(64, size, dtype=dtype), torch.randn(64, CONTEXT, dtype=dtype)
    with torch.no_grad():
        there = transform.to_noise(x, context)
        back = transform.to_data(there.x, context)
    assert (back.x - x).abs().max() < tolerance * (1 + there.x.abs().max())
    assert (there.log_volume + back.log_volume).abs().max() < tolerance * 10


@every_size
@every_transform
def test_the_volume_is_the_jacobian_determinant(name: str, size: int) -> None:
    transform = shaken(name, size)
    x, context = torch.randn(5, size, dtype=torch.float64), torch.randn(5, CONTEXT, dtype=torch.float64)
    for direction in (transform.to_noise, transform.to_data):
        jacobian = torch.autograd.functional.jacobian(lambda v, go=direction: go(v, context).x.sum(0), x)
        assert isinstance(jacobian, Tensor)
        log_volume = torch.linalg.slogdet(jacobian.permute(1, 0, 2)).logabsdet
        assert torch.allclose(direction(x, context).log_volume, log_volume, atol=1e-8)


@every_transform
def test_wild_weights_stay_finite(name: str) -> None:
    transform = shaken(name, 4, scale=10.0).float()
    x, context = 100 * torch.randn(10_000, 4), torch.randn(10_000, CONTEXT)
    for direction in (transform.to_noise, transform.to_data):
        mapped = direction(x.requires_grad_(), context)
        assert torch.isfinite(mapped.log_volume).all()
        (gradient,) = torch.autograd.grad(mapped.log_volume.sum() + mapped.x.sum(), x)
        assert torch.isfinite(gradient).all()


@every_transform
def test_the_context_matters(name: str) -> None:
    transform = shaken(name, 3)
    if not list(transform.parameters()):
        pytest.skip("nothing to condition")
    x = torch.randn(8, 3, dtype=torch.float64)
    a, b = (transform.to_noise(x, torch.full((8, CONTEXT), value, dtype=torch.float64)).x for value in (0.0, 1.0))
    assert (a - b).abs().max() > 1e-3


def test_gradients_flow_through_the_slow_direction() -> None:
    transform = shaken("masked, fast density", 4)
    z, context = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, CONTEXT, dtype=torch.float64)
    loss = transform.to_data(z, context).x.square().sum()
    gradients = torch.autograd.grad(loss, list(transform.parameters()))
    assert all(torch.isfinite(g).all() and g.abs().sum() > 0 for g in gradients)
