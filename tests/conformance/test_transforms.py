"""Every transform: inverse, volume, gradients, conditions, saving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families import flow
from sciencegen.families.flow import (
    ActNorm,
    AffineCoupling,
    ChannelCoupling,
    CircularCoupling,
    FreeField,
    HeavyTails,
    InvertibleConv,
    LULinear,
    MaskedAffine,
    MaskedSpline,
    OddCoupling,
    Planar,
    Radial,
    Reverse,
    Shuffle,
    SplineCoupling,
    Squeeze,
    Wrapped,
    glow,
)

CONTEXT = 3
IMAGES = {16: (1, 4, 4), 32: (2, 4, 4), 64: (1, 8, 8)}


@dataclass(frozen=True)
class Case:
    """How a transform is made for so many entries, and what it is to be tried with."""

    make: Callable[[int], Transform]
    sizes: Sequence[int] = (1, 2, 5)
    angles: bool = False
    wild: float = 10.0
    """How wild the weights may be: those of many linear maps after one another multiply."""


def image(make: Callable[[tuple[int, int, int]], Transform]) -> Case:
    return Case(lambda d: make(IMAGES[d]), (32,))


CASES: dict[str, Case] = {
    "act norm": image(ActNorm),
    "channel coupling": image(lambda shape: ChannelCoupling(shape, [8, 8], CONTEXT)),
    "circular coupling": Case(lambda d: CircularCoupling(d, [16], CONTEXT), angles=True),
    "coupling": Case(lambda d: AffineCoupling(d, [16], CONTEXT)),
    "coupling of odd entries": Case(lambda d: AffineCoupling(d, [16], CONTEXT, odd=d > 1)),
    "free field": Case(lambda d: FreeField(math.isqrt(d), CONTEXT), (4, 36), wild=3.0),
    "glow": Case(lambda d: glow(IMAGES[d], 1 + d // 64, 2, [8, 8], CONTEXT), (16, 64), wild=1.0),
    "heavy tails": Case(HeavyTails),
    "invertible convolution": image(InvertibleConv),
    "linear": Case(lambda d: LULinear(d, [], CONTEXT)),
    "linear, rotated": Case(lambda d: LULinear(d, [], CONTEXT, rotated=True)),
    "masked, fast density": Case(lambda d: MaskedAffine(d, [16, 16], CONTEXT)),
    "masked, fast samples": Case(lambda d: MaskedAffine(d, [16, 16], CONTEXT, cheap="to_data")),
    "masked spline, fast density": Case(lambda d: MaskedSpline(d, [16, 16], CONTEXT)),
    "masked spline, fast samples": Case(lambda d: MaskedSpline(d, [16, 16], CONTEXT, cheap="to_data", bins=3)),
    "odd coupling": Case(lambda d: OddCoupling(math.isqrt(d), 8, CONTEXT), (4, 16)),
    "planar": Case(lambda d: Planar(d, [16], CONTEXT)),
    "planar, fast samples": Case(lambda d: Planar(d, [16], CONTEXT, cheap="to_data")),
    "radial": Case(lambda d: Radial(d, [16], CONTEXT)),
    "radial, other way": Case(lambda d: Radial(d, [16], CONTEXT, cheap="to_data")),
    "reverse": Case(lambda d: Reverse()),
    "shuffle": Case(Shuffle),
    "spline coupling": Case(lambda d: SplineCoupling(d, [16], CONTEXT)),
    "spline coupling of odd entries": Case(lambda d: SplineCoupling(d, [16], CONTEXT, odd=d > 1, bins=3)),
    "squeeze": image(Squeeze),
    "wrapped": Case(lambda d: Wrapped(), angles=True),
}
every_transform = pytest.mark.parametrize("name", CASES)
every_size = pytest.mark.parametrize(("name", "size"), [(name, d) for name, case in CASES.items() for d in case.sizes])


def shaken(name: str, size: int, scale: float = 0.3) -> Transform:
    transform = CASES[name].make(size).double().eval()
    with torch.no_grad():
        for parameter in transform.parameters():
            parameter.add_(scale * torch.randn_like(parameter))
    return transform


def points(name: str, n: int, size: int, dtype: torch.dtype = torch.float64) -> Tensor:
    x = torch.randn(n, size, dtype=dtype)
    return math.pi * torch.tanh(x) if CASES[name].angles else x


def apart(name: str, a: Tensor, b: Tensor) -> Tensor:
    """How far points are from others; a whole turn is no way at all."""
    return 2 * torch.sin((a - b) / 2) if CASES[name].angles else a - b


def test_every_transform_is_listed() -> None:
    exported = [getattr(flow, name) for name in flow.__all__]
    kinds = {one for one in exported if isinstance(one, type) and issubclass(one, Transform)}
    assert kinds == {type(case.make(case.sizes[0])) for case in CASES.values()}


@every_size
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_there_and_back_is_nowhere(name: str, size: int, dtype: torch.dtype, tolerance: float) -> None:
    torch.manual_seed(0)
    transform = shaken(name, size).to(dtype)
    x, context = points(name, 64, size, dtype), torch.randn(64, CONTEXT, dtype=dtype)
    with torch.no_grad():
        there = transform.to_noise(x, context)
        back = transform.to_data(there.x, context)
    worst = max(1.0, float(there.x.abs().max()), float(there.log_volume.abs().max().exp()))
    assert apart(name, back.x, x).abs().max() < tolerance * worst
    assert (there.log_volume + back.log_volume).abs().max() < 10 * tolerance * worst


@every_size
def test_the_volume_is_the_jacobian_determinant(name: str, size: int) -> None:
    torch.manual_seed(0)
    transform = shaken(name, size)
    x, context = points(name, 5, size), torch.randn(5, CONTEXT, dtype=torch.float64)
    for direction in (transform.to_noise, transform.to_data):
        jacobian = torch.autograd.functional.jacobian(lambda v, go=direction: go(v, context).x.sum(0), x)
        assert isinstance(jacobian, Tensor)
        log_volume = torch.linalg.slogdet(jacobian.permute(1, 0, 2)).logabsdet
        assert torch.allclose(direction(x, context).log_volume, log_volume, atol=1e-8)


def check_wild(name: str, n: int) -> None:
    """Weights far too large, at points far outside what a transform bends, give numbers and slopes."""
    torch.manual_seed(0)
    size = CASES[name].sizes[-1]
    transform = shaken(name, size, scale=CASES[name].wild).float()
    for part in torch.full((n,), 0).split(20_000):
        x = 10 ** torch.empty(len(part), 1).uniform_(-2, 2) * torch.randn(len(part), size)
        context = torch.randn(len(part), CONTEXT)
        for direction in (transform.to_noise, transform.to_data):
            mapped = direction(x.requires_grad_(), context)
            assert torch.isfinite(mapped.x).all()
            assert torch.isfinite(mapped.log_volume).all()
            (gradient,) = torch.autograd.grad(mapped.log_volume.sum() + mapped.x.sum(), x)
            assert torch.isfinite(gradient).all()


@every_transform
def test_wild_weights_stay_finite(name: str) -> None:
    check_wild(name, 2_000)


@pytest.mark.slow
@every_transform
def test_a_million_wild_draws_stay_finite(name: str) -> None:
    check_wild(name, 1_000_000)


@every_transform
def test_the_context_matters(name: str) -> None:
    torch.manual_seed(0)
    size = CASES[name].sizes[-1]
    transform = shaken(name, size)
    if not any("inject" in key or "net" in key or "moved" in key or "shift" in key for key in transform.state_dict()):
        pytest.skip("nothing reads a context")
    x = points(name, 8, size)
    a, b = (transform.to_noise(x, torch.full((8, CONTEXT), value, dtype=torch.float64)).x for value in (0.0, 1.0))
    assert apart(name, a, b).abs().max() > 1e-3


@every_transform
@pytest.mark.parametrize("way", ["to_noise", "to_data"])
def test_the_gradient_reaches_every_parameter(name: str, way: str) -> None:
    torch.manual_seed(0)
    size = CASES[name].sizes[-1]
    transform = shaken(name, size)
    if not list(transform.parameters()):
        pytest.skip("there are no parameters")
    x, context = points(name, 64, size), torch.randn(64, CONTEXT, dtype=torch.float64)
    mapped = getattr(transform, way)(x, context)
    value = (mapped.x * torch.randn_like(mapped.x)).sum() + mapped.log_volume.sum()
    gradients = torch.autograd.grad(value, list(transform.parameters()), allow_unused=True)
    names = [key for key, _ in transform.named_parameters()]
    missed = [key for key, g in zip(names, gradients, strict=True) if g is None or not g.abs().sum() > 0]
    assert not missed
    assert all(torch.isfinite(g).all() for g in gradients)


@every_transform
def test_a_gradient_is_what_differences_say(name: str) -> None:
    """The solved and the hand-written ones too: along a random direction of all parameters and points at once."""
    torch.manual_seed(0)
    size, step = CASES[name].sizes[-1], 1e-6
    transform = shaken(name, size)
    x, context = points(name, 4, size), torch.randn(4, CONTEXT, dtype=torch.float64)
    leaves = [*transform.parameters(), x.requires_grad_()]
    ways = [torch.randn_like(leaf) for leaf in leaves]
    for direction in (transform.to_noise, transform.to_data):
        mapped = direction(x, context)
        weight = torch.randn_like(mapped.x)

        def value(go: Callable[..., Mapped] = direction, weight: Tensor = weight) -> Tensor:
            mapped = go(x, context)
            return (mapped.x * weight).sum() + mapped.log_volume.sum()

        gradients = torch.autograd.grad(value(), leaves, allow_unused=True)
        slope = sum(float((g * way).sum()) for g, way in zip(gradients, ways, strict=True) if g is not None)
        with torch.no_grad():
            found = []
            for sign in (1, -2):
                for leaf, way in zip(leaves, ways, strict=True):
                    leaf.add_(sign * step * way)
                found.append(float(value()))
            for leaf, way in zip(leaves, ways, strict=True):
                leaf.add_(step * way)
        assert (found[0] - found[1]) / (2 * step) == pytest.approx(slope, rel=1e-5, abs=1e-5)


@every_transform
def test_a_saved_transform_is_the_same_map(name: str) -> None:
    size = CASES[name].sizes[-1]
    torch.manual_seed(0)
    ours = shaken(name, size)
    x, context = points(name, 8, size), torch.randn(8, CONTEXT, dtype=torch.float64)
    torch.manual_seed(1)
    theirs = CASES[name].make(size).double().eval()
    theirs.load_state_dict(ours.state_dict())
    a, b = (one.to_noise(x, context) for one in (ours, theirs))
    assert torch.equal(a.x, b.x)
    assert torch.equal(a.log_volume, b.log_volume)


def test_activations_begin_normal_and_go_on_as_they_were_saved() -> None:
    torch.manual_seed(0)
    shape = IMAGES[32]
    ours, x = ActNorm(shape), 3 + 0.5 * torch.randn(256, 32)
    z = ours.to_noise(x, x[:, :0]).x.unflatten(1, (shape[0], -1))
    assert z.mean((0, 2)).abs().max() < 1e-4
    assert (z.std((0, 2)) - 1).abs().max() < 1e-3
    again = ActNorm(shape)
    again.load_state_dict(ours.state_dict())
    other = torch.randn(8, 32)
    assert torch.equal(again.train().to_noise(other, other[:, :0]).x, ours.eval().to_noise(other, other[:, :0]).x)


def test_a_normal_becomes_uniform_angles() -> None:
    torch.manual_seed(0)
    z = torch.randn(200_000, 1)
    x = Wrapped().to_data(z, z[:, :0])
    assert x.x.abs().max() < math.pi
    log_density = -0.5 * (z[:, 0].square() + math.log(2 * math.pi)) - x.log_volume
    assert (log_density + math.log(2 * math.pi)).abs().max() < 1e-5
    counts = torch.histc(x.x, 10, -math.pi, math.pi) / len(z)
    assert (counts - 0.1).abs().max() < 0.004
