"""Descriptors of microstructures: batched functions of one phase, x [n, h, w] or [n, d, h, w], one row an image.

Lengths are in pixels. Images are periodic, or end at their borders. Fractions, correlations and surface take pixels
that lie in the phase in part, and carry gradients, as does conductivity; all else asks whether it is more than half.

>>> import torch
>>> stripes = (torch.arange(8) % 4 < 2).expand(1, 8, 8)
>>> conductivity(torch.where(stripes, 1.0, 3.0))
tensor([[2.0000, 1.5000]], dtype=torch.float64)
"""

from sciencegen.domains.microstructures.descriptors.cluster_function import two_point_cluster, two_point_cluster_map
from sciencegen.domains.microstructures.descriptors.clusters import labels, largest_share, percolates, percolating
from sciencegen.domains.microstructures.descriptors.conduction import conductivity, diffusivity, tortuosity
from sciencegen.domains.microstructures.descriptors.correlation import correlation_length, two_point, two_point_map
from sciencegen.domains.microstructures.descriptors.euler import euler_number
from sciencegen.domains.microstructures.descriptors.fractions import fraction, fractions, painted
from sciencegen.domains.microstructures.descriptors.lags import Curve, along, radial
from sciencegen.domains.microstructures.descriptors.lineal import Chords, chords, lineal_path, lineal_path_along
from sciencegen.domains.microstructures.descriptors.surface import specific_surface

__all__ = [
    "Chords",
    "Curve",
    "along",
    "chords",
    "conductivity",
    "correlation_length",
    "diffusivity",
    "euler_number",
    "fraction",
    "fractions",
    "labels",
    "largest_share",
    "lineal_path",
    "lineal_path_along",
    "painted",
    "percolates",
    "percolating",
    "radial",
    "specific_surface",
    "tortuosity",
    "two_point",
    "two_point_cluster",
    "two_point_cluster_map",
    "two_point_map",
]
