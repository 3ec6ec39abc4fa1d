"""Two states of one mixture: soon after it demixed, and after it coarsened.

What follows from the early state by the equation of Cahn and Hilliard is fixed, but an image of two phases shows only
the sign of the field: how pure each phase was is lost, and with it some of what decides which domains grow.
"""

from __future__ import annotations

import torch

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers
from sciencegen.domains.microstructures.physics.cahn_hilliard import LATEST, asked_compositions, evolve, mixture
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank
from sciencegen.errors import RequestError

__all__ = ["coarsening"]

_COMPOSITIONS = Interval(-0.3, 0.3)
_TOGETHER = 2**20
"""Pixels whose fields are kept at a time."""


def coarsening(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    composition: Asked = _COMPOSITIONS,
    early: Asked = 40.0,
    time: Asked = 200.0,
    noise: float = 0.1,
    progress: Progress | None = None,
) -> Labelled:
    """Mixtures at a `time`, beside what they were at an `early` one, their source (Cahn-Hilliard)."""
    images, sources = blank(n, shape), blank(n, shape)
    compositions = asked_compositions(composition, n, random, noise)
    starts = asked_numbers("early", early, n, random, 1.0, LATEST)
    ends = asked_numbers("time", time, n, random, 1.0, LATEST)
    if not bool((ends > starts).all()):
        row = int((ends - starts).argmin())
        raise RequestError(f"time={float(ends[row]):g}: expected a time after early={float(starts[row]):g}")
    for rows in torch.arange(n).split(max(2, _TOGETHER // images[0].numel())):
        u = evolve(mixture(compositions[rows], shape, noise, random), starts[rows])
        sources[rows] = (u > 0).to(torch.uint8)
        images[rows] = (evolve(u, ends[rows] - starts[rows]) > 0).to(torch.uint8)
        if progress is not None:
            progress(len(rows))
    columns = {"composition": compositions, "early": starts, "time": ends}
    return Labelled(images, 2, columns, {"source": Labelled(sources, 2)})
