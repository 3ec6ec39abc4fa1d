"""Normalizing flows: the family, and one file for each kind of transform."""

from sciencegen.families.flow.coupling import AffineCoupling
from sciencegen.families.flow.flow import Flow
from sciencegen.families.flow.masked import MaskedAffine
from sciencegen.families.flow.permute import Reverse

__all__ = ["AffineCoupling", "Flow", "MaskedAffine", "Reverse"]
