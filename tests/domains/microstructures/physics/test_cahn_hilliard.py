"""Mixtures demix as the equation says."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics import evolve, free_energy, growth, lever_rule, mixture, spinodal
from sciencegen.errors import RequestError


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixtures(compositions: list[float], shape: tuple[int, ...] = (32, 32)) -> Tensor:
    return mixture(torch.tensor(compositions, dtype=torch.float64), shape, 0.1, source()).double()


def length(u: Tensor) -> Tensor:
    """The wavelength of the mean wavenumber of each field."""
    power = torch.fft.fft2(u - u.mean((1, 2), keepdim=True)).abs().square()
    k = 2 * math.pi * torch.fft.fftfreq(u.shape[-1], dtype=torch.float64)
    mean = (power * (k[:, None].square() + k.square()).sqrt()).sum((1, 2)) / power.sum((1, 2))
    return 2 * math.pi / mean


@pytest.mark.parametrize("shape", [(32, 32), (16, 24), (12, 12, 12)])
def test_mass_is_conserved(shape: tuple[int, ...]) -> None:
    u = mixtures([-0.3, 0.0, 0.2], shape)
    drift = evolve(u, 60.0).flatten(1).mean(1) - u.flatten(1).mean(1)
    assert drift.abs().max() < 1e-12


def test_mass_is_conserved_in_single_precision() -> None:
    u = mixtures([-0.3, 0.0, 0.2]).float()
    drift = evolve(u, 100.0).mean((1, 2)) - u.mean((1, 2))
    assert drift.abs().max() < 1e-6


def test_the_energy_never_rises() -> None:
    u = mixtures([-0.4, -0.1, 0.0, 0.3])
    times = [0.25 * i for i in range(1, 60)] + [15.0 + 2 * i for i in range(1, 100)]
    energies = torch.stack(
        [
            free_energy(u),
            *(
                free_energy(one)
                for one in evolve(u.repeat(len(times), 1, 1), torch.tensor(times).repeat_interleave(len(u))).split(
                    len(u)
                )
            ),
        ]
    )
    assert (energies.diff(dim=0) < 0).all()


@pytest.mark.parametrize(
    ("time", "steps"), [(5.0, [0.25] * 20), (5.1, [0.25] * 20 + [0.1]), (11.0, [0.25] * 40 + [0.5] * 2)]
)
def test_a_small_wave_grows_as_theory_says(time: float, steps: list[float]) -> None:
    side, composition = 64, 0.2
    for waves in (3, 5, 9, 12):
        k = 2 * math.pi * waves / side
        wave = torch.cos(k * torch.arange(side, dtype=torch.float64)).expand(1, side, side)
        u = evolve(composition + 1e-7 * wave, time)
        amplified = 2 * float(((u - composition) * wave).mean()) / 1e-7
        expected = math.prod(growth(k, composition, step) for step in steps)
        assert amplified == pytest.approx(expected, rel=1e-8)


def test_short_steps_grow_a_wave_as_the_equation_does() -> None:
    for k in (0.1, 0.5, 0.9):
        exact = math.exp(5 * k**2 * (1 - 3 * 0.2**2 - k**2))
        assert growth(k, 0.2, 1e-4) ** 50_000 == pytest.approx(exact, rel=1e-3)


def test_fractions_approach_the_lever_rule() -> None:
    compositions = torch.tensor([-0.25, 0.0, 0.25], dtype=torch.float64)
    start = mixture(compositions.repeat_interleave(8), (64, 64), 0.1, source())
    fractions = [(evolve(start, time) > 0).double().mean((1, 2)).reshape(3, 8).mean(1) for time in (40.0, 90.0, 220.0)]
    errors = torch.stack(fractions) - lever_rule(compositions)
    assert errors[-1].abs().max() < 0.04
    assert (errors[:, 0] < 0).all()  # the rarer phase is held back
    assert (errors[:, 2] > 0).all()
    assert (errors[:, [0, 2]].abs().diff(dim=0) < 0).all()


def test_domains_coarsen() -> None:
    start = mixture(torch.zeros(8), (64, 64), 0.1, source())
    lengths = torch.stack([length(evolve(start, time).double()).mean() for time in (40.0, 80.0, 160.0, 320.0)])
    assert (lengths.diff() > 1).all()
    assert 9 < lengths[0] < 13


def test_domains_coarsen_in_space() -> None:
    start = mixture(torch.zeros(2), (24, 24, 24), 0.1, source())
    early, late = (free_energy(evolve(start, time)) for time in (40.0, 160.0))
    assert (late < 0.9 * early).all()


def test_layers_evolve_as_the_plane_does() -> None:
    u = mixtures([0.1, -0.2], (16, 16))
    whole = evolve(u[..., None].expand(-1, -1, -1, 8).contiguous(), 30.5)
    assert torch.allclose(whole, evolve(u, 30.5)[..., None].expand_as(whole), atol=1e-9)


def test_moved_and_inverted_mixtures_evolve_alike() -> None:
    u = mixtures([0.1, -0.2])
    after = evolve(u, 30.0)
    assert torch.allclose(evolve(-u.roll((5, 9), (1, 2)), 30.0), -after.roll((5, 9), (1, 2)), atol=1e-9)


def test_an_image_does_not_feel_the_one_it_is_computed_with() -> None:
    u, times = mixtures([0.1, -0.2, 0.3, 0.0, 0.25]), torch.tensor([30.0, 12.3, 41.0, 30.0, 7.7])
    together = evolve(u, times)
    for one, time, after in zip(u, times, together, strict=True):
        assert torch.allclose(evolve(one[None], float(time))[0], after, atol=1e-9)


@pytest.mark.parametrize("shape", [(32, 32), (21, 15), (9, 11, 8)])
def test_the_chunk_changes_nothing(shape: tuple[int, ...]) -> None:
    made = [spinodal(13, shape, source(), time=Interval(5, 60), chunk=chunk).images for chunk in (0, 1, 2, 5, 100)]
    assert all(torch.equal(one, made[0]) for one in made)
    u = mixtures([0.1, -0.2, 0.3], shape).float()
    assert torch.equal(evolve(u, 33.3, chunk=2), evolve(u, 33.3, chunk=8))


def test_images_are_where_the_field_is_positive() -> None:
    compositions = torch.linspace(-0.3, 0.3, 5, dtype=torch.float64)
    made = spinodal(5, (32, 32), source(3), composition=compositions, time=50.0)
    u = evolve(mixture(compositions, (32, 32), 0.1, source(3)), 50.0)
    assert torch.equal(made.images, (u > 0).to(torch.uint8))


def test_the_labels_are_the_composition_and_time_of_each() -> None:
    made = spinodal(7, (32, 32), source(), composition=Interval(-0.3, -0.1), time=45.0)
    assert (made.columns["time"] == 45).all()
    assert ((made.columns["composition"] >= -0.3) & (made.columns["composition"] <= -0.1)).all()
    assert made.columns["composition"].unique().numel() == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"composition": 0.6}, "composition=0.6: expected -0.45 to 0.45: a mixture with less of one phase"),
        ({"composition": Interval(-0.5, 0)}, r"composition=-0.5..0: expected"),
        ({"time": 0.0}, "time=0: expected 1 to 100000"),
        ({"noise": 0.0}, "noise=0: expected 0.001 to 0.5"),
        ({"time": torch.ones(3)}, r"time: expected a number for each of 2 images, got \[3\]"),
        ({"chunk": -1}, "chunk=-1: expected"),
    ],
)
def test_what_cannot_demix_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        spinodal(2, (32, 32), source(), **options)  # type: ignore[arg-type]


def test_a_time_that_has_passed_is_refused() -> None:
    with pytest.raises(RequestError, match="time=-1: expected more than 0"):
        evolve(mixtures([0.0]), -1.0)
