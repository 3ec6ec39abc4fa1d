"""Normalizing flows: the family, and one file for each kind of transform."""

from sciencegen.families.flow.coupling import AffineCoupling, CircularCoupling, SplineCoupling
from sciencegen.families.flow.flow import Flow
from sciencegen.families.flow.glow import ActNorm, ChannelCoupling, InvertibleConv, Multiscale, Squeeze, glow
from sciencegen.families.flow.lattice import FreeField, OddCoupling
from sciencegen.families.flow.linear import LULinear
from sciencegen.families.flow.masked import MaskedAffine, MaskedSpline
from sciencegen.families.flow.permute import Reverse, Shuffle
from sciencegen.families.flow.planar import Planar, Radial
from sciencegen.families.flow.tails import HeavyTails
from sciencegen.families.flow.wrapped import Wrapped

__all__ = [
    "ActNorm",
    "AffineCoupling",
    "ChannelCoupling",
    "CircularCoupling",
    "Flow",
    "FreeField",
    "HeavyTails",
    "InvertibleConv",
    "LULinear",
    "MaskedAffine",
    "MaskedSpline",
    "Multiscale",
    "OddCoupling",
    "Planar",
    "Radial",
    "Reverse",
    "Shuffle",
    "SplineCoupling",
    "Squeeze",
    "Wrapped",
    "glow",
]
