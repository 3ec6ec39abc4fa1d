"""Fields of any size: the family, what they may begin with, and what is done to them at the end."""

from sciencegen.families.fields.fields import Fields, Finish, Start
from sciencegen.families.fields.level import Quantile
from sciencegen.families.fields.roughened import Roughened
from sciencegen.families.fields.start import GaussianStart

__all__ = ["Fields", "Finish", "GaussianStart", "Quantile", "Roughened", "Start"]
