"""Conduction through images: heat, current or diffusion, solved for; what comes out is how well the whole conducts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors.clusters import percolating
from sciencegen.domains.microstructures.descriptors.faces import Faces
from sciencegen.domains.microstructures.descriptors.fractions import fraction
from sciencegen.domains.microstructures.descriptors.indicator import hard
from sciencegen.errors import DataError, RequestError

__all__ = ["conductivity", "diffusivity", "tortuosity"]

_MARGIN = 100
"""Where some conductivities are 0 there is no bound of the error, and what stands in for it has to be lower by this."""

_CACHED = 1 << 17
"""So many pixels are solved for together on a processor: more of them at once take up to twice as long."""


def conductivity(
    k: Tensor,
    *,
    periodic: bool = True,
    axes: Sequence[int] | None = None,
    tolerance: float = 1e-6,
    steps: int = 5000,
) -> Tensor:
    """The effective conductivity along `axes`, or all of them, of images with conductivity k at every pixel: [n, axes].

    The mean flow for a mean gradient of 1: div k grad u = 0 by finite volumes, the halves of two neighbouring pixels in
    series. Periodic images repeat for ever; in those that end the faces across the axis hold fixed values, and nothing
    flows through the sides. Conjugate gradients in double precision, preconditioned by the Laplacian, minimise the
    energy, which is never less than the true one.

    Where k is 0 nothing flows, and what does not percolate has conductivity 0 exactly. `tolerance` bounds the relative
    error of the solution on these pixels where all k > 0; where some are 0 nothing bounds it, and steps go on until the
    same quantity is a hundred times smaller. What does not get there in so many `steps` is nan, and a warning says so.
    It carries gradients to k, first ones only: dk_eff/dk is |grad u|^2, as a minimum does not change with u.
    """
    _check(k, tolerance, steps)
    k = k.double()
    chosen = range(k.ndim - 1) if axes is None else axes
    if not chosen or not all(0 <= axis < k.ndim - 1 for axis in chosen):
        raise RequestError(f"axes={list(chosen)}: expected axes from 0 to {k.ndim - 2}")
    found = []
    carrying = percolating(k > 0, periodic=periodic) if (k == 0).any() else None
    for axis in chosen:
        faces = Faces(tuple(k.shape[1:]), axis, periodic)
        carried = k if carrying is None else torch.where(carrying[:, axis], k, 0.0)
        with torch.no_grad():
            parts = [_potential(some, faces, tolerance, steps) for some in carried.split(_at_once(k))]
            u, settled = map(torch.cat, zip(*parts, strict=True))
        if not settled.all():
            said = f"the conductivity of {int((~settled).sum())} of {len(k)} images along axis {axis} is not known"
            warnings.warn(f"{said}: it did not settle in {steps} steps; allow more", RuntimeWarning, stacklevel=2)
        found.append(torch.where(settled, _energy(carried, u, faces), torch.nan))
    return torch.stack(found, 1)


def diffusivity(x: Tensor, *, periodic: bool = True, tolerance: float = 1e-6, steps: int = 5000) -> Tensor:
    """The effective diffusivity of the phase along all axes over its own, where nothing else lets anything through:
    [n, axes]; 0 where the phase does not percolate. See `conductivity`."""
    return conductivity(hard(x).double(), periodic=periodic, tolerance=tolerance, steps=steps)


def tortuosity(x: Tensor, *, periodic: bool = True, tolerance: float = 1e-6, steps: int = 5000) -> Tensor:
    """The tortuosity factor of the phase along all axes, [n, axes]: its volume fraction over its effective diffusivity.

    From 1 for straight channels; inf where the phase does not percolate. The fraction counts all of the phase, dead
    ends and closed pores too.
    """
    effective = diffusivity(x, periodic=periodic, tolerance=tolerance, steps=steps)
    share = fraction(hard(x)).double()[:, None]
    return torch.where(effective == 0, torch.inf, share / effective)


def _check(k: Tensor, tolerance: float, steps: int) -> None:
    shape = "x".join(map(str, k.shape))
    if k.ndim not in (3, 4) or not k.numel():
        raise DataError(f"conductivities of shape {shape}: expected [n, h, w] or [n, d, h, w], none of them empty")
    wrong = ~((k >= 0) & (k < torch.inf))
    if wrong.any():
        image = int(wrong.flatten(1).any(1).nonzero()[0])
        raise DataError(f"image {image} has conductivity {float(k[wrong][0])}: expected finite ones, 0 or more")
    if not 0 < tolerance < 1 or steps < 1:
        raise RequestError(
            f"tolerance={tolerance}, steps={steps}: expected a tolerance from 0 to 1, and 1 step or more"
        )


def _energy(k: Tensor, u: Tensor, faces: Faces) -> Tensor:
    """The power that the mean gradient and u spend, per pixel: the effective conductivity, where u is the solution."""
    rises = faces.differences(u)
    rises[faces.driven] = rises[faces.driven] + faces.applied(k)
    spent = [(c * rise.square()).flatten(1).sum(1) for c, rise in zip(faces.conductances(k), rises, strict=True)]
    return torch.stack(spent).sum(0) / k[0].numel()


def _potential(k: Tensor, faces: Faces, tolerance: float, steps: int) -> tuple[Tensor, Tensor]:
    """What has to be added to the mean gradient, and for which images it is found: conjugate gradients for all of them
    at once. Those that have settled stay as they are, and leave when they are half of what is left."""
    solution, settled = torch.zeros_like(k), torch.zeros(len(k), dtype=torch.bool, device=k.device)
    image = torch.arange(len(k), device=k.device)
    laplacian = faces.preconditioner(k)
    c, applied = faces.conductances(k), faces.applied(k)
    flows = [torch.zeros_like(one) for one in c]
    flows[faces.driven] = c[faces.driven] * applied
    energy = _dot(flows[faces.driven], applied.expand_as(flows[faces.driven]))
    least = torch.where(k > 0, k, torch.finfo(k.dtype).max).flatten(1).amin(1)
    least = torch.where((k > 0).flatten(1).all(1), least, least / _MARGIN)
    u, r = torch.zeros_like(k), faces.gathered(flows)
    p = laplacian(r)
    rz = _dot(r, p)
    for step in range(steps + 1):
        # the energy is too high by r A^-1 r, and A is at least the Laplacian times the least conductivity
        done = rz <= tolerance * least * energy
        if 2 * int(done.sum()) >= len(done) or step == steps:
            solution[image[done]], settled[image[done]] = u[done], True
            if done.all():
                break
            left = ~done
            c = [one[left] for one in c]
            image, u, r, p, rz, energy, least, done = (one[left] for one in (image, u, r, p, rz, energy, least, done))
        ap = faces.gathered([rise.mul_(one) for one, rise in zip(c, faces.differences(p), strict=True)]).neg_()
        curvature = _dot(p, ap)
        alpha = torch.where(done | (curvature <= 0), 0.0, rz / curvature)
        u.addcmul_(_each(alpha, p), p)
        r.addcmul_(_each(-alpha, p), ap)
        energy = energy - alpha * rz
        z = laplacian(r)
        before, rz = rz, _dot(r, z)
        p = z.addcmul_(_each(torch.where(before > 0, rz / before, 0.0), p), p)
    return solution, settled


def _at_once(k: Tensor) -> int:
    """How many images to solve for together: on a processor, as many as its caches hold."""
    return max(1, _CACHED // k[0].numel()) if k.device.type == "cpu" else len(k)


def _each(number: Tensor, like: Tensor) -> Tensor:
    """A number for every image, as wide as images are."""
    return number.view(-1, *(1 for _ in like.shape[1:]))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    products: Tensor = torch.linalg.vecdot(a.flatten(1), b.flatten(1))
    return products
