"""Energies: what is known of them in closed form, their symmetries, and what is refused of a user's own."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sciencegen.compare.quadrature import Grid
from sciencegen.core.target import Target
from sciencegen.domains.densities import Densities, energies
from sciencegen.domains.densities.energies import ENERGIES, checked, own, phi4, xy
from sciencegen.errors import DataError, RequestError, UnknownName

TARGETS: dict[str, Target] = {name: make() for name, make in ENERGIES.items()} | {"phi4": phi4(4), "xy": xy(4)}
every_target = pytest.mark.parametrize("name", TARGETS)


def spread(target: Target, n: int = 200, dtype: torch.dtype = torch.float64) -> Tensor:
    d, source = len(target.names), torch.Generator().manual_seed(0)
    scale, middle = torch.tensor(target.scale or (1.0,) * d), torch.tensor(target.middle or (0.0,) * d)
    return (middle + scale * torch.randn(n, d, generator=source)).to(dtype)


@every_target
def test_every_energy_is_sound_and_the_same_in_both_precisions(name: str) -> None:
    target = checked(TARGETS[name])
    x = spread(target)
    double, single = target.energy(x), target.energy(x.float())
    assert double.shape == (len(x),)
    assert double.dtype == torch.float64
    assert (single - double).abs().max() < 1e-4 * (1 + double.abs().max())
    for measure in target.observables.values():
        assert measure(x).shape == (len(x),)
    inside = torch.stack([region(x) for region in target.regions.values()]) if target.regions else None
    assert inside is None or (inside.sum(0) <= 1).all()


@every_target
def test_forces_stay_finite_far_out(name: str) -> None:
    target = TARGETS[name]
    x = (30 * spread(target, dtype=torch.float32)).requires_grad_()
    (slope,) = torch.autograd.grad(target.energy(x).sum(), x)
    assert slope.isfinite().all()


@every_target
def test_the_box_holds_the_density_and_modes_are_minima(name: str) -> None:
    target = TARGETS[name]
    if target.box:
        whole = Grid.over(lambda x: -target.reduced(x), target.box, 600)
        if not target.periodic:
            wider = [(low - (high - low) / 4, high + (high - low) / 4) for low, high in target.box]
            assert Grid.over(lambda x: -target.reduced(x), wider, 900).log_partition == pytest.approx(
                whole.log_partition, abs=1e-4
            )
        if target.log_partition is not None:
            assert whole.log_partition == pytest.approx(target.log_partition(1.0), abs=1e-3)
    if target.modes is not None:
        modes = target.modes.double()
        scale = 0.05 * torch.tensor(target.scale, dtype=torch.float64)
        near = modes[:, None] + scale * torch.randn(len(modes), 20, len(target.names), dtype=torch.float64)
        lowest = target.energy(near.flatten(0, 1)).view(len(modes), -1).min(1).values
        assert (lowest > target.energy(modes) - 0.5).all()


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.draw is not None])
def test_what_is_drawn_has_the_density(name: str) -> None:
    target = TARGETS[name]
    assert target.draw is not None
    assert target.log_partition is not None
    torch.manual_seed(0)
    x = target.draw(20_000).double()
    log_p = -target.reduced(x) - float(target.log_partition(1.0) or 0.0)
    noise = target.draw(20_000).double() + 0.5 * torch.randn_like(x) * torch.tensor(target.scale)
    assert log_p.mean() > (-target.reduced(noise) - float(target.log_partition(1.0) or 0.0)).mean()
    if len(target.names) == 2:
        entropy = -Grid.over(lambda x: -target.reduced(x), target.box).mean(lambda x: -target.reduced(x))
        assert -float(log_p.mean()) == pytest.approx(entropy, abs=0.03)


def test_fields_are_known_by_their_formulas() -> None:
    field = torch.zeros(1, 16, dtype=torch.float64)
    field[0, 5] = 2.0
    assert float(phi4(4, m2=-4, coupling=8).energy(field)) == pytest.approx((4 - 4) * 4 + 8 * 16)
    field[0, 6] = 1.0
    assert float(phi4(4, m2=-4, coupling=8).energy(field)) == pytest.approx(8 * 16 + 8 - 2 * 2 * 1)
    assert float(xy(4).energy(torch.zeros(1, 16))) == -32


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (2, 3)])
def test_lattices_are_alike_wherever_one_begins(shift: tuple[int, int]) -> None:
    for target in (phi4(4), xy(4)):
        x = spread(target)
        moved = x.view(-1, 4, 4).roll(shift, (1, 2)).flatten(1)
        assert torch.allclose(target.energy(moved), target.energy(x))
    assert torch.allclose(phi4(4).energy(-spread(phi4(4))), phi4(4).energy(spread(phi4(4))))


@pytest.mark.parametrize("name", ["dw4", "lj13"])
def test_clusters_do_not_tell_their_particles_apart(name: str) -> None:
    target, dimensions = TARGETS[name], 2 if name == "dw4" else 3
    x = spread(target)
    swapped = x.view(len(x), -1, dimensions).flip(1).flatten(1)
    assert torch.allclose(target.energy(swapped), target.energy(x))


def test_the_lennard_jones_pair_has_its_minimum_at_its_radius() -> None:
    pair = energies.lennard_jones(2)
    apart = torch.linspace(0.8, 2, 1201, dtype=torch.float64)
    x = torch.zeros(len(apart), 6, dtype=torch.float64)
    x[:, 0], x[:, 3] = -apart / 2, apart / 2
    alone = pair.energy(x) - apart.square() / 4  # less the spring
    assert float(apart[alone.argmin()]) == pytest.approx(1, abs=2e-3)
    assert float(alone.min()) == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("return x.sum(1) * float('nan')", "energies:f returned NaN at ("),
        ("return x", "a tensor of shape [64, 2] for 64 points: expected a tensor of shape [64]"),
        ("return 3.0", "returned a float for 64 points"),
        ("return (x.detach() ** 2).sum(1)", "is not differentiable: compute it of the tensor with torch"),
        ("return 1 / (0 * x[:, 0])", "returned "),
        ("return x.square().sum(1).sqrt() + (0 * x[:, 0]).sqrt()", "has no finite slope along a at ("),
    ],
)
def test_an_unsound_energy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, said: str) -> None:
    (tmp_path / "energies.py").write_text(f"def f(x):\n    {written}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "energies", raising=False)
    with pytest.raises(DataError) as error:
        checked(own("energies:f", ("a", "b"), (1.0,), 1.0, (), ()))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("nowhere:f", "No module named 'nowhere'; run from the folder the module lies in"),
        ("math:nothing", "math has no nothing"),
        ("math:pi", "pi is a float, not a function"),
        ("math", "expected the name of an energy, or module:function"),
    ],
)
def test_an_energy_that_is_nowhere_is_named(where: str, said: str) -> None:
    with pytest.raises(RequestError) as error:
        checked(own(where, ("a",), (1.0,), 1.0, (), ()))
    assert said in str(error.value)


def test_points_of_a_density_have_its_coordinates_and_measure_its_energy(tmp_path: Path) -> None:
    domain = Densities(energies.double_well())
    (tmp_path / "t.csv").write_text("note,y,energy,x\na,0.5,9,1.5\n")
    (item,) = domain.read(tmp_path / "t.csv").items
    assert (item.names, item.values.tolist()) == (("x", "y"), [1.5, 0.5])
    found = domain.measure([item], ["energy"])["energy"][0]
    assert found == pytest.approx(1.5**4 / 4 - 3 * 1.5**2 + 1.5 + 0.125)
    assert domain.properties["energy"].measure(item) == pytest.approx(found)
    assert domain.parse("1.5,0.5").names == ("x", "y")  # type: ignore[union-attr]
    (tmp_path / "t.csv").write_text("x,z\n1,2\n")
    with pytest.raises(UnknownName, match="'y': there is x, z"):
        domain.read(tmp_path / "t.csv")


def test_a_temperature_scales_the_energy() -> None:
    target = energies.double_well((1.0, 5.0))
    x = spread(target)
    assert torch.allclose(target.reduced(x, 2.0), target.energy(x) / 2)
    assert target.fields[0].low == 1
    assert math.isclose(target.fields[0].high, 5)
    assert energies.double_well().fields == ()
