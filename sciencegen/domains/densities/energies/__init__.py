"""Energies: densities known up to a constant, by name."""

from collections.abc import Callable, Mapping

from sciencegen.core.target import Target
from sciencegen.domains.densities.energies.clusters import double_well_cluster, lennard_jones
from sciencegen.domains.densities.energies.lattices import phi4, xy
from sciencegen.domains.densities.energies.mixtures import gaussian_mixture, torus
from sciencegen.domains.densities.energies.user import checked, own
from sciencegen.domains.densities.energies.wells import double_well, funnel, many_well, muller_brown

__all__ = [
    "ENERGIES",
    "checked",
    "double_well",
    "double_well_cluster",
    "funnel",
    "gaussian_mixture",
    "lennard_jones",
    "many_well",
    "muller_brown",
    "own",
    "phi4",
    "torus",
    "xy",
]

ENERGIES: Mapping[str, Callable[..., Target]] = {
    "double-well": double_well,
    "dw4": double_well_cluster,
    "funnel": funnel,
    "gaussian-mixture": gaussian_mixture,
    "lj13": lennard_jones,
    "many-well": many_well,
    "muller-brown": muller_brown,
    "torus": torus,
}
"""Those that a recipe knows by name alone; lattices have recipes of their own."""
