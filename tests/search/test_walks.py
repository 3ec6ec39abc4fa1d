"""Ways through a space, places around a point, and directions."""

from __future__ import annotations

import pytest
import torch

from sciencegen.search.walks import Cloud, principal, shells, sphere, straight, upright


@pytest.mark.parametrize("walk", [sphere, straight])
def test_a_way_begins_and_ends_where_it_should(walk: object) -> None:
    a, b = torch.randn(2, 40)
    for n in (2, 9):
        way = walk(a, b, n)  # type: ignore[operator]
        assert way.shape == (n, 40)
        assert torch.allclose(way[0], a, atol=1e-5)
        assert torch.allclose(way[-1], b, atol=1e-5)


def test_the_way_along_a_sphere_keeps_its_distance_and_its_pace() -> None:
    a, b = torch.nn.functional.normalize(torch.randn(2, 30, dtype=torch.float64), dim=1) * 3
    way = sphere(a, b, 11)
    assert torch.allclose(way.norm(dim=1), torch.full((11,), 3.0, dtype=torch.float64))
    pace = (way[1:] - way[:-1]).norm(dim=1)
    assert torch.allclose(pace, pace[:1].expand(10))
    assert straight(a, b, 11).norm(dim=1).min() < 2.9


def test_where_there_is_no_arc_the_way_is_a_line() -> None:
    a = torch.randn(8)
    for b in (-a, 2 * a, torch.zeros(8)):
        assert torch.allclose(sphere(a, b, 5), straight(a, b, 5), atol=1e-5)


@pytest.mark.parametrize("dimensions", [2, 500])
def test_places_around_a_point_are_as_far_as_asked_in_every_dimension(dimensions: int) -> None:
    u, radii = torch.randn(dimensions), torch.linspace(0.1, 2, 50)
    far = (shells(u, radii) - u).square().mean(1).sqrt()
    assert torch.allclose(far, radii, atol=1e-4)


def test_a_cloud_makes_latents_standard_and_back() -> None:
    z = torch.randn(1000, 3) * torch.tensor([1.0, 20.0, 0.0]) + 5
    cloud = Cloud.of(z)
    u = cloud.standard(z)
    assert torch.allclose(u.mean(0), torch.zeros(3), atol=1e-4)
    assert torch.allclose(u.std(0, correction=0)[:2], torch.ones(2), atol=1e-4)
    assert torch.allclose(cloud.placed(u), z, atol=1e-4)


def test_principal_directions_hold_the_most_of_what_differs() -> None:
    u = torch.randn(500, 4) * torch.tensor([0.1, 3.0, 1.0, 0.1]) + 7
    axes = principal(u)
    assert axes.directions.abs().argmax(1).tolist() == [1, 2]
    assert axes.directions.gather(1, axes.directions.abs().argmax(1, keepdim=True)).min() > 0
    assert axes.shares[0] > 0.8 > axes.shares[1] > 0.05
    flat = principal(torch.randn(5, 1))
    assert flat.coordinates(torch.ones(3, 1)).shape == (3, 2)
    assert flat.shares[1] == 0


def test_directions_are_made_upright() -> None:
    axes = upright([torch.tensor([2.0, 0.0]), torch.tensor([5.0, 1.0])], torch.randn(10, 2))
    assert torch.allclose(axes.directions, torch.eye(2))
    assert sum(axes.shares) == pytest.approx(1)
