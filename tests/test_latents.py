"""The latent space of a model: ways, neighbours, and maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sciencegen.errors import RequestError, UnknownName
from sciencegen.latents import LatentSpace, alike, outside
from sciencegen.model import Model
from tests.files import molecules, points

TINY = {"width": 64, "latent": 8, "code": 32, "context": 8, "embed": 16, "beta": 0.001, "ramp": 50}
QUICK = {"batch": 32, "rate": 3e-3, "ema": 0.9, "warmup": 10, "precision": "32"}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> LatentSpace[Any]:
    """Latents of small molecules that know two of their properties."""
    data = molecules(tmp_path_factory.mktemp("latents") / "molecules.smi")
    model = Model.fit("molecules/chemical-vae", data, ask=["logp", "mw"], strings="smiles", epochs=18, **TINY, **QUICK)
    return LatentSpace(model)


def test_there_is_a_way_between_two_molecules(space: LatentSpace[Any]) -> None:
    way = space.between("CCCCO", "CCCCc1ccccc1", 7)
    assert [place.at for place in way] == pytest.approx([i / 6 for i in range(7)])
    assert torch.allclose(way[0].z, space.encode(["CCCCO"])[0], atol=1e-4)
    assert any(place.item for place in way)
    assert [place.item for place in way] == [place.item for place in space.between("CCCCO", "CCCCc1ccccc1", 7)]


def test_neighbours_are_distinct_others_and_within_the_radius(space: LatentSpace[Any]) -> None:
    places, looked = space.around("CCCCO", 6, radius=1.5)
    found = [place.item for place in places]
    assert len(set(found)) == len(found) == 6
    assert "CCCCO" not in found
    assert looked <= 600
    centre = space.encoded("CCCCO")
    for place in places:
        assert float((place.z - centre).square().mean().sqrt()) == pytest.approx(place.at, rel=1e-3)
        assert 0 < place.at <= 1.5
    assert [place.item for place in space.around("CCCCO", 6, radius=1.5)[0]] == found


def test_nearer_places_hold_more_similar_molecules(space: LatentSpace[Any]) -> None:
    def similarity(radius: float) -> float:
        found = [place.item for place in space.around("CCCCCC", 30, radius)[0]]
        similar = alike(space.model, "CCCCCC", found)
        assert similar is not None
        return sum(similar) / len(similar)

    assert similarity(0.3) > similarity(3.0)


def test_a_budget_ends_the_search_for_neighbours(space: LatentSpace[Any]) -> None:
    places, looked = space.around("CCCCO", 500, radius=0.01, budget=300)
    assert looked == 300
    assert len(places) < 500


def test_latents_predict_properties_in_their_units(space: LatentSpace[Any]) -> None:
    items = ["CCCCO", "CCCCc1ccccc1", "CCCC(=O)NF"]
    said = space.predicted(space.encode(items))
    assert list(said) == ["logp", "mw"]
    measured = space.model.domain.measure(items, ["mw"])["mw"]
    for guess, value in zip(said["mw"], measured, strict=True):
        assert abs(guess - float(value or 0)) < 40  # they differ by twice as much


def test_a_map_can_be_drawn_along_what_latents_know(space: LatentSpace[Any]) -> None:
    items = _many()
    u = space.encode(items)
    values = torch.tensor([float(v or 0) for v in space.model.domain.measure(items, ["mw"])["mw"]])

    def follows(x: torch.Tensor) -> float:
        return float(torch.corrcoef(torch.stack((x, values)))[0, 1])

    assert follows(space.axes(u, ["mw", "logp"]).coordinates(u)[:, 0]) > 0.7
    assert torch.allclose(space.axes(u).directions @ space.axes(u).directions.T, torch.eye(2), atol=1e-4)
    with pytest.raises(UnknownName, match="unknown property that latents know 'qed'"):
        space.axes(u, ["qed", "mw"])
    with pytest.raises(RequestError, match="expected pca, or two properties"):
        space.axes(u, ["mw"])


def _many() -> list[str]:
    return [a + b + c for a in ("C", "N", "O", "F") for b in ("CC", "CCC", "CCCC") for c in ("C", "O", "c1ccccc1")]


def test_what_cannot_be_encoded_is_named(space: LatentSpace[Any]) -> None:
    assert set(outside(space.model, ["CCO", "CC[Si](C)C", "CCC", "[Fe]"])) == {1, 3}
    assert outside(space.model, []) == {}
    with pytest.raises(RequestError, match=r"^CC\[Si\]\(C\)C: the model cannot encode it: "):
        space.between("CCO", "CC[Si](C)C", 3)
    with pytest.raises(RequestError, match="CCO: there is no way between them"):
        space.between("CCO", "CCO", 3)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"radius": 0}, "radius=0: expected a number above 0"),
        ({"radius": -1}, "radius=-1: expected a number above 0"),
        ({"radius": float("nan")}, "radius=nan: expected a number above 0"),
        ({"n": 0}, "n=0: expected 1 or more"),
    ],
)
def test_odd_neighbourhoods_are_refused(space: LatentSpace[Any], request_: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        space.around("CCCCO", **({"n": 3} | request_))


def test_odd_ways_are_refused(space: LatentSpace[Any]) -> None:
    with pytest.raises(RequestError, match="n=1: expected 2 or more"):
        space.between("CCO", "CCC", 1)
    with pytest.raises(UnknownName, match="unknown walk 'spere': did you mean 'sphere'"):
        space.between("CCO", "CCC", 3, "spere")


def test_any_model_with_latents_can_be_walked_in(tmp_path: Path) -> None:
    data = points(tmp_path / "points.csv")
    flow = LatentSpace(Model.fit("densities/coupling", data, steps=30, width=8, depth=2, batch=64))
    a, b = flow.model.domain.read(data).items[:2]
    way = flow.between(a, b, 5)
    assert way[0].item is not None
    assert way[0].item.values == pytest.approx(a.values, rel=1e-3)
    assert len(flow.around(a, 4)[0]) == 4
    assert flow.known == ()
    assert alike(flow.model, a, [b]) is None
    with pytest.raises(RequestError, match="know no properties"):
        flow.axes(flow.encode([a, b]), ["x", "y"])
    gan = Model.fit("densities/gan", data, steps=2, width=8, depth=1)
    with pytest.raises(RequestError, match="densities/gan: Implicit generators have no latent space"):
        LatentSpace(gan)
