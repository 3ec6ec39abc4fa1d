"""Microstructures made by physics and geometry, with labels that are known and not measured."""

from sciencegen.domains.microstructures.physics.cahn_hilliard import (
    evolve,
    free_energy,
    growth,
    lever_rule,
    mixture,
    spinodal,
)
from sciencegen.domains.microstructures.physics.coarsening import coarsening
from sciencegen.domains.microstructures.physics.discs import (
    disc_lineal_path,
    disc_surface,
    disc_two_point,
    overlapping_discs,
)
from sciencegen.domains.microstructures.physics.gaussian_field import (
    gaussian_field,
    level_set_surface,
    level_set_two_point,
    level_sets,
)
from sciencegen.domains.microstructures.physics.labelled import Labelled
from sciencegen.domains.microstructures.physics.makers import MAKERS
from sciencegen.domains.microstructures.physics.micrographs import micrographs, photographed
from sciencegen.domains.microstructures.physics.voronoi import boundary_density, polycrystals

__all__ = [
    "MAKERS",
    "Labelled",
    "boundary_density",
    "coarsening",
    "disc_lineal_path",
    "disc_surface",
    "disc_two_point",
    "evolve",
    "free_energy",
    "gaussian_field",
    "growth",
    "level_set_surface",
    "level_set_two_point",
    "level_sets",
    "lever_rule",
    "micrographs",
    "mixture",
    "overlapping_discs",
    "photographed",
    "polycrystals",
    "spinodal",
]
