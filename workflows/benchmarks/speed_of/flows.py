"""Flows of the same sizes, as four libraries build them, and the matrix products that none of them can do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.normal import log_normal
from sciencegen.core.transform import Transform
from sciencegen.families.flow import AffineCoupling, MaskedAffine, MaskedSpline, SplineCoupling

__all__ = ["LIBRARIES", "Contender", "Shape", "contenders", "floor"]

LIBRARIES = ("zuko", "nflows", "normflows")
BOUND = 5.0
_HALVES = ("channel", "channel_inv")
Way = Callable[[Any, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Shape:
    """How large a flow is, and of what layers."""

    kind: str  # "spline coupling", "affine coupling", "masked affine" or "masked spline"
    entries: int
    layers: int = 8
    widths: tuple[int, ...] = (128, 128)
    bins: int = 8

    @property
    def numbers(self) -> int:
        """How many numbers a net gives for an entry."""
        return 3 * self.bins - 1 if "spline" in self.kind else 2

    @property
    def matrices(self) -> list[tuple[int, int]]:
        """The matrices of one net, outputs by inputs."""
        coupled = "coupling" in self.kind
        inputs = self.entries // 2 if coupled else self.entries
        sizes = [inputs, *self.widths, (self.entries - inputs if coupled else self.entries) * self.numbers]
        return list(zip(sizes[1:], sizes, strict=False))


@dataclass(frozen=True)
class Contender:
    """Layers of a library, and how it calls them."""

    name: str
    layers: nn.ModuleList
    to_noise: Way
    to_data: Way

    def log_prob(self, x: Tensor) -> Tensor:
        """The log-density of each row."""
        total = x.new_zeros(len(x))
        for layer in self.layers:
            x, log_volume = self.to_noise(layer, x)
            total = total + log_volume
        return log_normal(x) + total

    def sample(self, z: Tensor) -> Tensor:
        """The samples of noise, with their log-volumes, which are thrown away."""
        total = z.new_zeros(len(z))
        for layer in reversed(self.layers):
            z, log_volume = self.to_data(layer, z)
            total = total + log_volume
        return z


def contenders(shape: Shape) -> list[Contender]:
    """Ours, and those of the libraries that are installed and have such layers."""
    makers = {"zuko": _zuko, "nflows": _nflows, "normflows": _normflows}
    found = [_ours(shape)]
    for name in LIBRARIES:
        layers = makers[name](shape) if find_spec(name) else None
        found += [layers] if layers else []
    return found


def floor(shape: Shape, n: int, backward: bool) -> Callable[[], object]:
    """The products of a pass of the nets alone, and of its way back."""
    products = []
    for outputs, inputs in shape.matrices * shape.layers:
        x, weight = torch.randn(n, inputs), torch.randn(outputs, inputs)
        products.append((x, weight.t()))
        if backward:
            slope = torch.randn(n, outputs)
            products += [(slope.t(), x), (slope, weight)]
    return lambda: [a @ b for a, b in products]


def _ours(shape: Shape) -> Contender:
    def layer(i: int) -> Transform:
        entries, widths, odd = shape.entries, shape.widths, i % 2 == 1
        if shape.kind == "spline coupling":
            return SplineCoupling(entries, widths, odd=odd, bins=shape.bins, bound=BOUND, act="relu")
        if shape.kind == "affine coupling":
            return AffineCoupling(entries, widths, odd=odd, act="relu")
        if shape.kind == "masked spline":
            return MaskedSpline(entries, widths, bins=shape.bins, bound=BOUND, act="relu")
        return MaskedAffine(entries, widths, act="relu")

    def way(name: str) -> Way:
        def call(layer: Any, x: Tensor) -> tuple[Tensor, Tensor]:
            mapped = getattr(layer, name)(x, x.new_empty(len(x), 0))
            return mapped.x, mapped.log_volume

        return call

    layers = nn.ModuleList(layer(i) for i in range(shape.layers))
    for parameter in layers.parameters():  # ours start at 0, where every point has the same bin
        if parameter.dim() == 2 and not parameter.any():
            nn.init.normal_(parameter, 0, 0.1)
    return Contender("ours", layers, way("to_noise"), way("to_data"))


def _zuko(shape: Shape) -> Contender:
    from zuko.flows.autoregressive import MaskedAutoregressiveTransform
    from zuko.flows.coupling import GeneralCouplingTransform
    from zuko.transforms import MonotonicRQSTransform

    bins, spline = shape.bins, "spline" in shape.kind
    kind = {"univariate": MonotonicRQSTransform, "shapes": [(bins,), (bins,), (bins - 1,)]} if spline else {}

    def layer(i: int) -> nn.Module:
        if "masked" in shape.kind:
            return MaskedAutoregressiveTransform(shape.entries, hidden_features=shape.widths, **kind)
        mask = torch.arange(shape.entries) % 2 == i % 2
        return GeneralCouplingTransform(shape.entries, mask=mask, hidden_features=shape.widths, **kind)

    layers = nn.ModuleList(layer(i) for i in range(shape.layers))
    return Contender(
        "zuko",
        layers,
        lambda layer, x: layer().call_and_ladj(x),
        lambda layer, z: (layer().inv(z), z.new_zeros(len(z))),
    )


class Plain(nn.Module):
    """A perceptron, called as nflows calls one."""

    def __init__(self, inputs: int, outputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        sizes, parts = [inputs, *widths], []
        for a, b in zip(sizes, sizes[1:], strict=False):
            parts += [nn.Linear(a, b), nn.ReLU()]
        self.parts = nn.Sequential(*parts, nn.Linear(sizes[-1], outputs))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """The outputs of x [n, inputs]."""
        out: Tensor = self.parts(x)
        return out


def _nflows(shape: Shape) -> Contender | None:
    from nflows.transforms import AffineCouplingTransform, MaskedAffineAutoregressiveTransform
    from nflows.transforms import PiecewiseRationalQuadraticCouplingTransform as SplineTransform

    if shape.kind == "masked spline":
        return None

    def layer(i: int) -> nn.Module:
        mask = (torch.arange(shape.entries) + i) % 2
        if shape.kind == "spline coupling":
            return SplineTransform(mask, lambda a, b: Plain(a, b, shape.widths), shape.bins, "linear", BOUND)
        if shape.kind == "affine coupling":
            return AffineCouplingTransform(mask, lambda a, b: Plain(a, b, shape.widths))
        return MaskedAffineAutoregressiveTransform(
            shape.entries, shape.widths[0], num_blocks=len(shape.widths) - 1, use_residual_blocks=False
        )

    layers = nn.ModuleList(layer(i) for i in range(shape.layers))
    return Contender("nflows", layers, lambda layer, x: layer(x), lambda layer, z: layer.inverse(z))


def _normflows(shape: Shape) -> Contender | None:
    from normflows.flows import AffineCouplingBlock, MaskedAffineAutoregressive
    from normflows.flows.neural_spline.coupling import PiecewiseRationalQuadraticCoupling

    if shape.kind == "masked spline":
        return None
    half = shape.entries // 2

    def layer(i: int) -> nn.Module:
        mask = (torch.arange(shape.entries) + i) % 2
        if shape.kind == "spline coupling":
            make = PiecewiseRationalQuadraticCoupling
            return make(mask, lambda a, b: Plain(a, b, shape.widths), shape.bins, "linear", BOUND)
        if shape.kind == "affine coupling":
            return AffineCouplingBlock(
                Plain(half, 2 * half, shape.widths), split_mode=("channel", "channel_inv")[i % 2]
            )
        return MaskedAffineAutoregressive(
            shape.entries, shape.widths[0], num_blocks=len(shape.widths) - 1, use_residual_blocks=False
        )

    layers = nn.ModuleList(layer(i) for i in range(shape.layers))
    return Contender("normflows", layers, *_ways(shape.kind))


def _ways(kind: str) -> tuple[Way, Way]:
    """normflows calls the way to data forward, except in layers it took over from nflows."""
    if kind != "affine coupling":
        return lambda layer, x: layer(x), lambda layer, z: layer.inverse(z)
    return lambda layer, x: layer.inverse(x), lambda layer, z: layer(z)
