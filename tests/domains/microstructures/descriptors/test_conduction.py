"""Effective conductivity, diffusivity and tortuosity."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import (
    conductivity,
    diffusivity,
    fraction,
    painted,
    percolates,
    tortuosity,
)
from sciencegen.domains.microstructures.descriptors.faces import Faces
from sciencegen.errors import DataError, RequestError
from tests.domains.microstructures.descriptors.fields import extruded, gaussian, speckle

either_way = pytest.mark.parametrize("periodic", [True, False])


def fields(*shape: int, contrast: float = 30.0) -> Tensor:
    return torch.where(speckle(*shape), 1.0, 1 / contrast).double()


@either_way
def test_laminates_conduct_in_parallel_and_in_series(periodic: bool) -> None:
    layers = torch.tensor([0] * 5 + [1] * 3 + [2] * 4)[:, None].expand(1, 12, 7)
    values, shares = [1.0, 0.1, 7.0], [5 / 12, 3 / 12, 4 / 12]
    parallel = sum(s * k for s, k in zip(shares, values, strict=True))
    series = 1 / sum(s / k for s, k in zip(shares, values, strict=True))
    found = conductivity(painted(layers, values), periodic=periodic, tolerance=1e-12)
    assert found[0].tolist() == pytest.approx([series, parallel], rel=1e-10)
    deep = conductivity(painted(extruded(layers, 3), values), periodic=periodic, tolerance=1e-12)
    assert deep[0].tolist() == pytest.approx([parallel, series, parallel], rel=1e-10)


@either_way
def test_one_phase_conducts_as_it_does_beside_others_in_a_batch(periodic: bool) -> None:
    k = torch.cat((torch.full((1, 8, 9), 0.3), fields(1, 8, 9).float(), torch.zeros(1, 8, 9)))
    found = conductivity(k, periodic=periodic)
    assert found[0].tolist() == pytest.approx([0.3, 0.3], rel=1e-6)
    assert torch.allclose(found[1], conductivity(k[1:2], periodic=periodic)[0], rtol=1e-6)
    assert found[2].tolist() == [0, 0]


def dense(k: Tensor) -> float:
    """The conductivity of a periodic image along its first axis, by a matrix of all equations."""
    n = k.numel()
    number = torch.arange(n).view(k.shape)
    a, b, spent = torch.zeros(n, n).double(), torch.zeros(n).double(), 0.0
    for axis in range(k.ndim):
        c = (2 / (1 / k + 1 / k.roll(-1, axis))).flatten()
        rise = torch.zeros(n, n).double()
        rise[torch.arange(n), number.roll(-1, axis).flatten()] += 1
        rise[torch.arange(n), torch.arange(n)] -= 1
        a += rise.t() @ (c[:, None] * rise)
        if axis == 0:
            b, spent = -rise.t() @ c, float(c.sum())
    u = torch.linalg.lstsq(a, b, driver="gelsd").solution
    return (spent - float(u @ b)) / n


@pytest.mark.parametrize("sides", [(6, 7), (2, 5), (1, 6), (3, 4, 5)])
def test_it_solves_the_equations(sides: tuple[int, ...]) -> None:
    k = fields(3, *sides)
    found = conductivity(k, axes=[0], tolerance=1e-11)[:, 0]
    assert found.tolist() == pytest.approx([dense(one) for one in k], rel=1e-9)


@pytest.mark.parametrize("sides", [(6, 7), (1, 5), (3, 4, 5)])
def test_images_that_end_conduct_like_their_mirror_images_repeated(sides: tuple[int, ...]) -> None:
    k = fields(3, *sides)
    mirrored = k
    for axis in range(1, k.ndim):
        mirrored = torch.cat((mirrored, mirrored.flip(axis)), axis)
    found = conductivity(k, periodic=False, tolerance=1e-11)
    assert torch.allclose(found, conductivity(mirrored, tolerance=1e-11), rtol=1e-9)


@either_way
@pytest.mark.parametrize("contrast", [1.0, 1e2, 1e6])
def test_the_error_is_within_the_tolerance(contrast: float, periodic: bool) -> None:
    k = torch.where(gaussian(8, 24, 2.0) > 0, 1.0, 1 / contrast).double()
    exact = conductivity(k, periodic=periodic, tolerance=1e-13)
    for tolerance in (1e-2, 1e-4, 1e-6):
        error = conductivity(k, periodic=periodic, tolerance=tolerance) / exact - 1
        assert float(error.min()) > -1e-9
        assert float(error.max()) <= tolerance


@either_way
def test_the_error_is_within_the_tolerance_beside_what_insulates(periodic: bool) -> None:
    x = gaussian(16, 32, 2.0) > -0.3
    exact = diffusivity(x, periodic=periodic, tolerance=1e-13)
    found = diffusivity(x, periodic=periodic, tolerance=1e-5)
    assert torch.equal(found == 0, exact == 0)
    assert torch.allclose(found, exact, rtol=1e-5)


def test_a_checkerboard_conducts_like_the_geometric_mean() -> None:
    """Keller and Dykhne: in the plane, whatever two phases that could change places look like."""
    cell = (torch.arange(256)[:, None] // 64 + torch.arange(256) // 64) % 2 == 0
    found = conductivity(torch.where(cell, 1.0, 0.1)[None], tolerance=1e-4)
    assert found[0].tolist() == pytest.approx([math.sqrt(0.1)] * 2, rel=0.03)


@pytest.mark.slow
def test_level_sets_that_could_change_places_conduct_like_the_geometric_mean() -> None:
    k = torch.where(gaussian(32, 128, 8.0) > 0, 1.0, 0.1)
    assert float(conductivity(k, tolerance=1e-4).log().mean().exp()) == pytest.approx(math.sqrt(0.1), rel=0.03)


def test_phases_that_change_places_conduct_the_other_way() -> None:
    """Keller: k_x(k1, k2) k_y(k2, k1) = k1 k2 in the plane."""
    x = gaussian(4, 128, 12.0) > 0.3
    one = conductivity(torch.where(x, 1.0, 0.2), axes=[0], tolerance=1e-4)
    other = conductivity(torch.where(x, 0.2, 1.0), axes=[1], tolerance=1e-4)
    assert torch.allclose(one * other, torch.full_like(one, 0.2), rtol=0.03)


@either_way
def test_conductivities_lie_between_harmonic_and_arithmetic_means(periodic: bool) -> None:
    k = torch.rand(6, 10, 11) + 0.05
    found = conductivity(k, periodic=periodic)
    assert (found <= k.flatten(1).mean(1)[:, None] * (1 + 1e-6)).all()
    assert (found >= 1 / (1 / k).flatten(1).mean(1)[:, None] * (1 - 1e-6)).all()


def test_periodic_images_may_be_rolled_and_turned() -> None:
    k = fields(3, 9, 10)
    found = conductivity(k, tolerance=1e-10)
    assert torch.allclose(conductivity(k.roll((3, 4), (1, 2)), tolerance=1e-10), found, rtol=1e-8)
    assert torch.allclose(conductivity(k.transpose(1, 2), tolerance=1e-10), found.flip(1), rtol=1e-8)


@either_way
def test_extruded_images_conduct_alike(periodic: bool) -> None:
    k = fields(2, 8, 9)
    flat, deep = (conductivity(one, periodic=periodic, tolerance=1e-10) for one in (k, extruded(k, 3)))
    assert torch.allclose(deep[:, 1:], flat, rtol=1e-8)
    assert torch.allclose(deep[:, 0], k.flatten(1).mean(1), rtol=1e-8)


@either_way
@pytest.mark.parametrize("sides", [(12, 12), (5, 6, 7)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
def test_what_does_not_percolate_does_not_conduct(sides: tuple[int, ...], share: float, periodic: bool) -> None:
    x = speckle(12, *sides, share=share)
    found, through = diffusivity(x, periodic=periodic), percolates(x, periodic=periodic)
    assert torch.equal(found > 0, through)
    assert torch.equal(found == 0, ~through)
    factor = tortuosity(x, periodic=periodic)
    assert torch.equal(factor.isinf(), ~through)
    assert (factor >= 1 - 1e-6).all()


@either_way
def test_straight_channels_are_not_tortuous(periodic: bool) -> None:
    x = torch.zeros(1, 8, 9)
    x[:, :, 2:5] = 1
    assert tortuosity(x, periodic=periodic)[0].tolist() == pytest.approx([1, math.inf])
    assert tortuosity(torch.ones(1, 4, 5), periodic=periodic)[0].tolist() == [1, 1]
    assert tortuosity(torch.zeros(1, 4, 5), periodic=periodic)[0].tolist() == [math.inf] * 2


def test_a_channel_that_winds_conducts_by_its_length() -> None:
    """One pixel wide: as many faces in series as it has pixels, and the two at its ends are half of one each."""
    x = torch.zeros(1, 8, 9)
    x[0, :3, 1] = x[0, 2, 1:8] = x[0, 2:, 7] = 1
    length = int(x.sum())
    found = diffusivity(x, periodic=False, tolerance=1e-12)
    assert found[0].tolist() == pytest.approx([8 / (9 * length), 0], rel=1e-9)
    assert tortuosity(x, periodic=False)[0, 0].item() == pytest.approx(float(fraction(x)) * 9 * length / 8, rel=1e-5)


def test_dead_ends_and_closed_pores_carry_nothing() -> None:
    x = torch.zeros(1, 10, 12)
    x[:, :, 3] = 1
    alone = diffusivity(x)
    x[:, 5, 4:6] = x[:, 2:4, 8:10] = 1
    assert diffusivity(x)[0].tolist() == pytest.approx(alone[0].tolist(), rel=1e-6)


@either_way
@pytest.mark.parametrize("sides", [(4, 5), (2, 2, 3)])
def test_it_carries_gradients(sides: tuple[int, ...], periodic: bool) -> None:
    k = (torch.rand(1, *sides, dtype=torch.float64) + 0.2).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: conductivity(a, periodic=periodic, tolerance=1e-14), k)


def test_gradients_are_finite_beside_what_insulates() -> None:
    k = speckle(4, 8, 8, share=0.8).double().requires_grad_()
    (slope,) = torch.autograd.grad(conductivity(k).sum(), k)
    assert slope.isfinite().all()
    assert (slope >= 0).all()


def test_what_has_not_settled_is_not_known() -> None:
    k = torch.cat((fields(1, 16, 16, contrast=1e4), torch.ones(1, 16, 16)))
    with pytest.warns(RuntimeWarning, match="1 of 2 images along axis 1 is not known: it did not settle in 2 steps"):
        found = conductivity(k, axes=[1], steps=2)
    assert found[0].isnan().all()
    assert found[1].tolist() == [1]


def test_results_do_not_depend_on_the_batch() -> None:
    k = torch.cat([fields(2, 12, 12, contrast=c) for c in (2.0, 1e2, 1e4)])
    together = conductivity(k)
    assert torch.allclose(together, torch.cat([conductivity(one[None]) for one in k]), rtol=1e-9)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_conductivities_are_finite_and_not_negative(value: float) -> None:
    k = torch.ones(3, 4, 4)
    k[1, 2, 3] = value
    with pytest.raises(DataError, match=f"image 1 has conductivity {value}"):
        conductivity(k)


def test_requests_that_cannot_be_met_are_refused() -> None:
    k = torch.ones(1, 4, 4)
    with pytest.raises(RequestError, match=r"axes=\[2\]: expected axes from 0 to 1"):
        conductivity(k, axes=[2])
    with pytest.raises(RequestError, match="tolerance=0"):
        conductivity(k, tolerance=0)
    with pytest.raises(DataError, match="shape 4x4"):
        conductivity(k[0])


@either_way
@pytest.mark.parametrize("sides", [(4, 4), (5, 6), (1, 7), (3, 4, 5)])
def test_the_preconditioner_undoes_the_differences_of_what_conducts_alike(
    sides: tuple[int, ...], periodic: bool
) -> None:
    for driven in range(len(sides)):
        faces = Faces(sides, driven, periodic)
        u = torch.randn(2, *sides, dtype=torch.float64)
        c = faces.conductances(torch.ones_like(u))
        flows = [one * rise for one, rise in zip(c, faces.differences(u), strict=True)]
        back = -faces.preconditioner(u)(faces.gathered(flows))
        if periodic:
            u = u - u.flatten(1).mean(1).view(-1, *(1 for _ in sides))
        assert torch.allclose(back, u)
