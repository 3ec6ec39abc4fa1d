"""Continuous flows: a velocity carries noise to data, and solvers follow it."""

from sciencegen.families.continuous.continuous import Continuous
from sciencegen.families.continuous.solvers import Solving, solve

__all__ = ["Continuous", "Solving", "solve"]
