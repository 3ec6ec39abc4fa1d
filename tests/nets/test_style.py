"""Style-based nets: styles act as weights of their own for each sample would, and everything comes from the noise."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.fields import Fields
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.style import Styled, StyleMap

CONVOLUTIONS = {2: F.conv2d, 3: F.conv3d}


def made(dimensions: int = 2) -> StyleMap:
    """A net of three levels whose noise has learned to be strong."""
    torch.manual_seed(0)
    net = StyleMap(1, [6, 5, 4], start=3, style=8, depth=2, context=2, dimensions=dimensions)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net.eval()


def naive(layer: Styled, x: Tensor, style: Tensor) -> Tensor:
    """Weights made for each sample, one after the other."""
    out, axes = [], x.dim() - 2
    around = (layer.conv.layer.kernel_size[0] - 1) // 2
    for one, scale in zip(x, layer.scale(style), strict=True):
        weight = layer.conv.layer.weight * scale.view(1, -1, *(1,) * axes)
        if layer.demodulated:
            weight = weight / (weight.square().flatten(1).sum(1) + 1e-8).sqrt().view(-1, *(1,) * (axes + 1))
        wrapped = F.pad(one[None], (around,) * (2 * axes), mode="circular") if around else one[None]
        out.append(CONVOLUTIONS[axes](wrapped, weight))
    return torch.cat(out)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize(("kernel", "demodulated"), [(3, True), (1, False), (5, True)])
def test_a_styled_convolution_is_one_with_weights_for_each_sample(
    dimensions: int, kernel: int, demodulated: bool
) -> None:
    torch.manual_seed(0)
    layer = Styled(3, 4, dimensions, 5, kernel, demodulated).double()
    x, style = torch.randn(3, 3, *(6,) * dimensions).double(), torch.randn(3, 5).double()
    assert torch.allclose(layer(x, style), naive(layer, x, style), atol=1e-12)
    ours = torch.autograd.grad(layer(x, style).square().sum(), list(layer.parameters()))
    theirs = torch.autograd.grad(naive(layer, x, style).square().sum(), list(layer.parameters()))
    assert all(torch.allclose(a, b, atol=1e-9) for a, b in zip(ours, theirs, strict=True))


def test_demodulated_outputs_have_unit_variance_in_every_style() -> None:
    torch.manual_seed(0)
    layer, x = Styled(8, 16, 2, 5), torch.randn(3, 8, 64, 64)
    style = torch.randn(3, 5) * torch.tensor([0.1, 3.0, 30.0])[:, None]
    with torch.no_grad():
        assert torch.allclose(layer(x, style).var((2, 3)), torch.ones(()), atol=0.15)
        layer.demodulated = False
        assert layer(x, style).var((2, 3))[2].min() > 5


@pytest.mark.parametrize(("dimensions", "noise"), [(2, 3 + 1 + 4 + 16), (3, 3 + 1 + 8 + 64)])
def test_the_noise_has_the_pixels_of_every_level(dimensions: int, noise: int) -> None:
    net = made(dimensions)
    assert (net.noise, net.step, net.multiple) == (noise, 4, 4)
    x = net(torch.randn(2, noise, *(3,) * dimensions), torch.zeros(2, 2))
    assert x.shape == (2, 1, *(12,) * dimensions)


def test_moved_noise_gives_the_same_field_moved_round() -> None:
    net, noise, context = made(), torch.randn(2, 24, 6, 6), torch.randn(2, 2)
    moved = net(noise.roll((1, 2), (2, 3)), context)
    assert torch.allclose(moved, net(noise, context).roll((4, 8), (2, 3)), atol=1e-4)


def test_the_style_is_as_wide_at_any_size() -> None:
    """What the start is on the whole is standard normal, of whatever size it is."""
    for side in (1, 6):
        seen: list[Tensor] = []
        net = made()
        net.mapping.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0]))  # type: ignore[misc]
        net(torch.randn(500, 24, side, side), torch.zeros(500, 2))
        assert torch.allclose(seen[0].mean(0), torch.zeros(()), atol=0.2)
        assert torch.allclose(seen[0].std(0), torch.ones(()), atol=0.15)


def test_every_level_has_noise_of_its_own() -> None:
    net, noise, context = made(), torch.randn(1, 24, 4, 4), torch.zeros(1, 2)
    field, first = net(noise, context), 3
    for level in range(3):
        other = noise.clone()
        other[:, first, 1, 2] += 1.0  # one pixel of this level's map
        moved = (net(other, context) - field).abs() > 1e-6
        assert moved.any()
        assert not moved.all() or level == 0
        first += 4**level


def test_pixels_of_noise_lie_where_they_are_seen() -> None:
    """A pixel of the finest map acts around the pixel of the field that it is."""
    net, context = made(), torch.zeros(1, 2)
    noise = torch.randn(1, 24, 4, 4)
    other = noise.clone()
    other[:, 8 + 0, 1, 2] += 1.0
    moved = (net(other, context) - net(noise, context)).abs()[0, 0]
    rows, columns = (moved > 1e-6).nonzero().unbind(1)
    assert (int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())) == (2, 6, 6, 10)


def test_noise_held_fixed_gives_the_same_field() -> None:
    fields = Fields(Reals((1, 16, 16)), made(), Conditioner(ConditionFields()), None)
    fields.net = StyleMap(1, [6, 5, 4], 3, 8, 2, 0, 2)
    z = fields.prior(2)
    assert torch.equal(fields.decoded(z), fields.decoded(z))
    fields.knobs = fields.knobs.turned(size=24)  # type: ignore[assignment]
    assert fields.sample(2).shape == (2, 1, 24, 24)
    fields.knobs = fields.knobs.turned(size=18)  # type: ignore[assignment]
    with pytest.raises(RequestError, match="expected a multiple of 4"):
        fields.sample(1)


def test_the_context_is_part_of_the_style() -> None:
    net, noise = made(), torch.randn(1, 24, 4, 4).expand(2, -1, -1, -1)
    one, other = net(noise, torch.tensor([[0.0, 0.0], [1.0, -1.0]]))
    assert (one - other).abs().max() > 1e-2
