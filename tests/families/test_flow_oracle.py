"""Our flows beside an independent library's: the same parameters give the same densities."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Reals
from sciencegen.core.transform import Transform
from sciencegen.families.flow import Flow, MaskedAffine, MaskedSpline, SplineCoupling
from sciencegen.families.flow.quick import quick_spline
from sciencegen.families.flow.spline import Tails, numbers, spline
from sciencegen.nets.conditioner import Conditioner

BINS, ENTRIES = 8, 5


def shaken(transform: Transform) -> Transform:
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in transform.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return transform


def flow(*transforms: Transform) -> Flow:
    return Flow(Reals((ENTRIES,)), [shaken(one) for one in transforms], Conditioner(ConditionFields()))


def theirs(x: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
    """zuko's spline of x [entries, n] for our numbers [entries, numbers, n]."""
    transforms = pytest.importorskip("zuko.transforms")
    widths, heights, slopes = given.transpose(1, 2).split((BINS, BINS, BINS - 1), -1)
    y, log_slope = transforms.MonotonicRQSTransform(widths, heights, slopes, bound=5.0).call_and_ladj(x)
    return y, log_slope


@pytest.mark.parametrize("function", [spline, quick_spline])
def test_a_spline_is_that_of_zuko(function: object) -> None:
    torch.manual_seed(0)
    x, given = 3 * torch.randn(ENTRIES, 500), 2 * torch.randn(ENTRIES, numbers(BINS, "straight"), 500)
    for ours, other in zip(function(x, given), theirs(x, given), strict=True):  # type: ignore[operator]
        assert (ours - other).abs().max() < 1e-4  # single precision, slopes up to hundreds
    x, given = x.double(), given.double()
    for ours, other in zip(function(x, given), theirs(x, given), strict=True):  # type: ignore[operator]
        assert (ours - other).abs().max() < 1e-11


def test_a_flow_of_spline_couplings_has_the_density_zuko_says() -> None:
    from sciencegen.core.normal import log_normal

    model = flow(SplineCoupling(ENTRIES, [16]), SplineCoupling(ENTRIES, [16], odd=True)).double()
    x = 2 * torch.randn(300, ENTRIES, dtype=torch.float64)
    rows, total = x.t(), torch.zeros(300, dtype=torch.float64)
    for layer in model.transforms:
        assert isinstance(layer, SplineCoupling)
        seen, moved = rows[layer.kept], rows[layer.moved]  # type: ignore[index]
        given = layer.net(seen.t(), seen.new_empty(300, 0)).t().unflatten(0, (len(moved), -1))
        there, log_slope = theirs(moved, given)
        rows, total = rows.index_copy(0, layer.moved, there), total + log_slope.sum(0)  # type: ignore[arg-type]
    assert (model.log_prob(x) - log_normal(rows.t()) - total).abs().max() < 1e-10


@pytest.mark.parametrize("kind", [MaskedAffine, MaskedSpline])
def test_an_autoregressive_flow_has_the_density_zuko_says(kind: type[MaskedAffine] | type[MaskedSpline]) -> None:
    transforms = pytest.importorskip("zuko.transforms")
    model = flow(kind(ENTRIES, [16])).double()
    layer = model.transforms[0]
    assert isinstance(layer, (MaskedAffine, MaskedSpline))

    def meta(x: Tensor) -> object:
        given = layer.net(x[..., None], x.new_empty(len(x), 0))
        if kind is MaskedSpline:
            return transforms.MonotonicRQSTransform(*given.split((BINS, BINS, BINS - 1), -1), bound=5.0)
        shift, scale = given.unbind(-1)
        scale = -scale / (1 + scale.abs() / 3)
        free = scale / (1 - scale.abs() / 6.907755278982137)  # what zuko clips by 1e-3
        return transforms.MonotonicAffineTransform(-shift * scale.exp(), free)

    other = transforms.AutoregressiveTransform(meta, passes=ENTRIES)
    x = torch.randn(300, ENTRIES, dtype=torch.float64)
    z, log_volume = other.call_and_ladj(x)
    normal = torch.distributions.Normal(0.0, 1.0)
    assert (model.log_prob(x) - (normal.log_prob(z) + log_volume).sum(-1)).abs().max() < 1e-9
    assert (model.decode(z) - x).abs().max() < 1e-8
    assert (other.inv(z) - x).abs().max() < 1e-8


@pytest.mark.parametrize("tails", ["straight", "circular"])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("bins", [2, 8])
def test_the_quick_spline_is_the_spline_with_its_gradients(tails: Tails, inverse: bool, bins: int) -> None:
    torch.manual_seed(0)
    x = (3 * torch.randn(40, 50, dtype=torch.float64)).clamp(-4.9, 4.9 if tails == "circular" else 9).requires_grad_()
    given = (2 * torch.randn(40, numbers(bins, tails), 50, dtype=torch.float64)).requires_grad_()
    found = []
    for function in (spline, quick_spline):
        moved = function(x, given, 5.0, tails, inverse)
        torch.manual_seed(1)
        weights = [torch.randn_like(part) for part in moved]
        gradients = torch.autograd.grad(moved, (x, given), weights, create_graph=True)
        again = torch.autograd.grad(sum(g.square().mean() for g in gradients), (x, given))
        with torch.no_grad():
            plain = function(x, given, 5.0, tails, inverse)
        found.append([part.detach() for part in (*moved, *plain, *gradients, *again)])
    for ours, other in zip(*found, strict=True):
        assert torch.allclose(ours, other, rtol=1e-8, atol=1e-8 * float(other.abs().max()))


def test_a_spline_that_is_sharp_stays_its_own_inverse() -> None:
    torch.manual_seed(0)
    for scale, tolerance in ((1.0, 1e-4), (3.0, 0.02), (10.0, 5.0)):
        x = 10 * torch.rand(1, 100_000) - 5
        given = scale * torch.randn(1, numbers(BINS, "straight"), 100_000)
        there = quick_spline(x, given)
        back = quick_spline(there.x, given, inverse=True)
        assert torch.isfinite(torch.stack((*there, *back))).all()
        assert (back.x - x).abs().flatten().quantile(0.999) < tolerance


def test_a_costly_way_is_no_way_to_train() -> None:
    from sciencegen.errors import RequestError

    quick, slow = flow(SplineCoupling(ENTRIES, [8])), flow(MaskedSpline(ENTRIES, [8]))
    assert quick.costly == ()
    assert slow.costly == ("sampling",)
    assert flow(MaskedAffine(ENTRIES, [8], cheap="to_data")).costly == ("log_prob",)
    assert quick.trainable_by("sampling") is quick
    assert slow.trainable_by("log_prob") is slow
    with pytest.raises(RequestError, match="sampling of this flow is costly"):
        slow.trainable_by("sampling")
