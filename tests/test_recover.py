"""Images of which a part was measured, made whole by a model: what was measured stays, and the rest is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.fit import Fit as Training
from sciencegen.model import Model, load
from sciencegen.recover import Recovery, measurement_called, recover
from sciencegen.search.inverse import Fit
from sciencegen.search.measurements import Known, Measurement, Projections, Spectrum
from tests.files import lattices

SHAPE = (1, 16, 16)
QUICK = Fit(starts=1, steps=6, wander=4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model[Any]:
    """A model that was hardly trained, which has to do."""
    from sciencegen.cli import run

    folder = tmp_path_factory.mktemp("recover")
    made = ["data", "make", "gaussian-field", "-n", "40", "--size", "16", "--set", "length=2", "-o", folder / "x.npz"]
    assert run([str(one) for one in made]) == 0
    small = {"width": 8, "critic": 4, "context": 8, "doublings": 2, "noise": 4, "steps": 2, "batch": 16, "holdout": 0.0}
    for _ in Training("microstructures/gan", folder / "x.npz", out=folder / "run", **small):  # type: ignore[arg-type]
        pass
    return load(folder / "run")


@pytest.fixture(scope="module")
def hole() -> Measurement:
    known = torch.ones(16, 16, dtype=torch.bool)
    known[4:12, 4:12] = False
    return Known(known)


def images(model: Model[Any], n: int = 2) -> torch.Tensor:
    torch.manual_seed(0)
    x = model.generator.sample(n)
    return torch.where(x > x.mean((1, 2, 3), keepdim=True), 1.0, -1.0)


def found(model: Model[Any], measurement: Measurement, **options: Any) -> list[Recovery[Any]]:
    x = images(model)
    return list(recover(model, measurement.measure(x), measurement, n=3, fit=QUICK, **options))


def test_what_was_measured_without_noise_stays(model: Model[Any], hole: Measurement) -> None:
    x = images(model)
    recoveries = found(model, hole)
    assert len(recoveries) == 2
    for row, one in zip(x, recoveries, strict=True):
        assert len(one.items) == len(one.x) == len(one.misfit) == 4
        assert torch.equal(hole.measure(one.x), hole.measure(row[None]).expand(4, -1))
        assert one.mean.shape == SHAPE
        assert one.accepted is None
        misfit = (hole.measure(one.made) - hole.measure(row[None])).square().mean(1).sqrt()
        assert torch.allclose(one.misfit, misfit, atol=1e-5)
    encoded = model.representation.encode([recoveries[0].items[1]])
    assert torch.equal(encoded, torch.where(recoveries[0].x[1:2] > 0, 1.0, -1.0))


def test_what_noise_explains_stays_with_the_generator(model: Model[Any], hole: Measurement) -> None:
    (one, _) = found(model, hole, noise=100.0)
    assert torch.allclose(one.x, one.made, atol=1e-5)


def test_the_same_seed_gives_the_same_whatever_was_drawn_before(model: Model[Any], hole: Measurement) -> None:
    first = found(model, hole, seed=3)
    torch.randn(5)
    assert torch.equal(first[1].x, found(model, hole, seed=3)[1].x)
    assert not torch.equal(first[1].x, found(model, hole, seed=4)[1].x)
    before = torch.get_rng_state()
    list(recover(model, torch.zeros(1, 192), hole, n=1, fit=QUICK))
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_can_be_trained_afterwards(model: Model[Any], hole: Measurement) -> None:
    found(model, hole)
    assert all(parameter.requires_grad for parameter in model.generator.parameters())


def test_chains_say_how_many_of_their_moves_were_taken(model: Model[Any], hole: Measurement) -> None:
    (one, _) = found(model, hole, by="hamiltonian")
    assert one.accepted is not None
    assert 0 <= one.accepted <= 1


def test_what_is_known_besides_is_asked_of_the_generator(model: Model[Any], hole: Measurement) -> None:
    share = 0.25
    (one, _) = found(model, hole, where={"volume_fraction": share}, noise=100.0)
    assert torch.allclose((one.made > 0).double().mean((1, 2, 3)), torch.full((4,), share).double(), atol=0.01)


@pytest.mark.parametrize(
    ("text", "kind"), [("kspace:0.2", Spectrum), ("columns:4", Spectrum), ("gaussian:0.1", Projections)]
)
def test_measurements_have_names(text: str, kind: type[Measurement]) -> None:
    measurement = measurement_called(text, SHAPE, Microstructures())
    assert isinstance(measurement, kind)
    assert measurement.shape == SHAPE


def test_a_mask_hides_what_is_white(tmp_path: Path) -> None:
    white = np.zeros((16, 16), np.uint8)
    white[2:5, 3:9] = 255
    np.save(tmp_path / "mask.npy", white)
    measurement = measurement_called(f"mask:{tmp_path / 'mask.npy'}", SHAPE, Microstructures())
    assert isinstance(measurement, Known)
    assert np.array_equal(measurement.known.numpy(), white == 0)


def test_requests_that_cannot_be_carried_out_are_refused(model: Model[Any], hole: Measurement, tmp_path: Path) -> None:
    y = hole.measure(images(model))
    with pytest.raises(UnknownName, match="unknown way to draw 'hamilton': did you mean 'hamiltonian'"):
        recover(model, y, hole, by="hamilton")
    with pytest.raises(RequestError, match="n=0: expected 1 or more"):
        recover(model, y, hole, n=0)
    with pytest.raises(RequestError, match=r"noise=-1\.0: expected 0 or more"):
        recover(model, y, hole, noise=-1.0)
    with pytest.raises(RequestError, match="steps=0: expected 1 or more"):
        Fit(steps=0)
    with pytest.raises(RequestError, match="draws 16x16 pixels, and what was measured has 8x8"):
        recover(model, y, Known(torch.ones(8, 8, dtype=torch.bool)))
    with pytest.raises(RequestError, match="measured of it has 5 numbers, expected 192"):
        recover(model, y[:, :5], hole)
    with pytest.raises(UnknownName, match="unknown measurement 'kspce': did you mean 'kspace'"):
        measurement_called("kspce:0.1", SHAPE, Microstructures())
    with pytest.raises(RequestError, match=r"kspace:: expected a number, such as kspace:0\.1"):
        measurement_called("kspace", SHAPE, Microstructures())
    with pytest.raises(DataError, match="there is no such file"):
        measurement_called(f"mask:{tmp_path / 'no.png'}", SHAPE, Microstructures())


def test_other_generators_are_refused(tmp_path: Path, hole: Measurement) -> None:
    for _ in Training("arrays/made", lattices(tmp_path / "x.npz", 40), out=tmp_path / "run", steps=1, width=4):
        pass
    with pytest.raises(RequestError, match="Autoregressive generators cannot recover images"):
        recover(load(tmp_path / "run"), torch.zeros(1, 192), hole)
