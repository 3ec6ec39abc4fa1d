"""Nets that grow: on time, no finer than they have reached, and whole in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sciencegen.core.domain import Items
from sciencegen.errors import RequestError
from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.nets.conv import averaged, magnified
from sciencegen.nets.growing import GrowingMap, GrowingScorer, Growth
from sciencegen.nets.scorer import Scorer
from tests.conformance.tiny import microstructures, options


def map_of(reached: float, dimensions: int = 2) -> GrowingMap:
    """A net of three levels that has grown so far."""
    torch.manual_seed(0)
    net = GrowingMap(1, [6, 5, 4], 3, 2, dimensions, stage=10)
    net.growth.reached.fill_(reached)
    return net


def scorer_of(reached: float, dimensions: int = 2) -> GrowingScorer:
    torch.manual_seed(0)
    critic = GrowingScorer(1, [3, 4, 5, 6], 2, dimensions, levels=2, stage=10)
    critic.growth.reached.fill_(reached)
    return critic


def test_levels_fade_in_during_the_first_half_of_their_stage() -> None:
    growth, seen = Growth(2, 4), []
    for step in range(16):
        growth.advance(step)
        seen.append(float(growth.reached))
    assert seen == [0.0] * 4 + [0.5, 1.0, 1.0, 1.0] + [1.5, 2.0, 2.0, 2.0] + [2.0] * 4
    growth.reached.fill_(1.25)
    assert (growth.grown().level, growth.grown().share) == (2, 0.25)


@pytest.mark.parametrize(("stage", "reached"), [(0, [3, 3, 3]), (1, [0, 1, 2])])
def test_without_a_stage_everything_is_there_at_once(stage: int, reached: list[int]) -> None:
    growth, seen = Growth(3, stage), []
    assert float(growth.reached) == reached[0]
    for step in range(3):
        growth.advance(step)
        seen.append(float(growth.reached))
    assert seen == reached


def test_a_stage_below_zero_is_refused() -> None:
    with pytest.raises(RequestError, match="stage=-1"):
        Growth(2, -1)


@pytest.mark.parametrize("reached", [-5.0, 7.0])
def test_a_level_that_is_not_there_is_the_nearest_one(reached: float) -> None:
    assert torch.equal(_field(map_of(reached)), _field(map_of(min(max(reached, 0.0), 2.0))))


def _field(net: GrowingMap) -> torch.Tensor:
    torch.manual_seed(1)
    return net(torch.randn(2, 3, *(3,) * net.dimensions), torch.randn(2, 2))


@pytest.mark.parametrize("reached", [0.0, 0.5, 2.0])
def test_a_field_may_be_made_of_a_single_pixel_of_noise(reached: float) -> None:
    assert map_of(reached)(torch.randn(2, 3, 1, 1), torch.zeros(2, 2)).shape == (2, 1, 4, 4)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("reached", [0.0, 0.5, 1.0, 1.75, 2.0])
def test_fields_and_scores_have_their_shapes_at_every_level(dimensions: int, reached: float) -> None:
    x = _field(map_of(reached, dimensions))
    assert x.shape == (2, 1, *(12,) * dimensions)
    assert scorer_of(reached, dimensions)(x.repeat(1, 1, *(2,) * dimensions), torch.zeros(2, 2)).shape == (2,)


FINE = {  # what must not be touched
    0.0: ["finer.0", "finer.1", "heads.1", "heads.2", "readers.0", "readers.1", "layers.0", "layers.1"],
    0.5: ["finer.1", "heads.2", "readers.0", "layers.0"],
    1.0: ["finer.1", "heads.0", "heads.2", "readers.0", "readers.2", "layers.0"],
    1.5: ["heads.0", "readers.2"],
    2.0: ["heads.0", "heads.1", "readers.1", "readers.2"],
}


@pytest.mark.parametrize("reached", FINE)
def test_levels_that_are_not_there_are_not_computed(reached: float) -> None:
    net, critic, called = map_of(reached), scorer_of(reached), list[str]()
    for part in (net, critic):
        for name, module in part.named_modules():
            module.register_forward_hook(lambda *_, name=name: called.append(name))  # type: ignore[misc]
    critic(_field(net).repeat(1, 1, 2, 2), torch.randn(2, 2)).sum().backward()
    parts: dict[str, nn.Module] = {**dict(net.named_modules()), **dict(critic.named_modules())}
    levels = {name for name in parts if name.count(".") == 1 and name.split(".")[0] in _LEVELS}
    assert {name for name in levels if name not in called} == set(FINE[reached])
    idle = {name for name in levels if all(p.grad is None for p in parts[name].parameters())}
    assert idle == set(FINE[reached])


_LEVELS = ("finer", "heads", "readers", "layers")


@pytest.mark.parametrize("level", [1, 2])
def test_a_level_comes_in_without_a_jump(level: int) -> None:
    before, after = (_field(map_of(reached)) for reached in (level - 1, level - 1 + 1e-3))
    assert 0 < (before - after).abs().max() < 0.02
    assert (before - _field(map_of(level))).abs().max() > 0.1
    x = torch.randn(2, 1, 24, 24)
    early, late = (scorer_of(reached)(x, torch.zeros(2, 2)) for reached in (level - 1, level - 1 + 1e-3))
    assert 0 < (early - late).abs().max() < 1e-3


@pytest.mark.parametrize("reached", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_moved_noise_gives_the_same_field_moved_round(reached: float) -> None:
    net, noise, context = map_of(reached), torch.randn(2, 3, 6, 6), torch.randn(2, 2)
    moved = net(noise.roll((1, 2), (2, 3)), context)
    assert torch.allclose(moved, net(noise, context).roll((4, 8), (2, 3)), atol=1e-5)


def test_a_critic_that_has_grown_is_a_scorer() -> None:
    critic, plain = scorer_of(2.0), Scorer(1, [3, 4, 5, 6], 2, 2)
    weights = {name: value for name, value in critic.state_dict().items() if name.startswith("verdict")}
    for own, theirs in zip(plain.layers, [critic.readers[0], *critic.layers], strict=True):
        own.load_state_dict(theirs.state_dict())
    plain.load_state_dict(weights, strict=False)
    x, context = torch.randn(3, 1, 32, 32), torch.randn(3, 2)
    assert torch.equal(critic(x, context), plain(x, context))


def test_a_coarse_critic_sees_means_alone() -> None:
    x = torch.randn(2, 1, 32, 32)
    blurred = averaged(x, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    context = torch.zeros(2, 2)
    assert torch.allclose(scorer_of(0.0)(x, context), scorer_of(0.0)(blurred, context), atol=1e-6)
    assert not torch.allclose(scorer_of(1.0)(x, context), scorer_of(1.0)(blurred, context), atol=1e-3)


def test_a_critic_needs_a_way_in_for_each_level() -> None:
    with pytest.raises(RequestError, match="2 halvings cannot see 3 levels: expected 3 or more"):
        GrowingScorer(1, [3, 4], 0, 2, levels=2, stage=1)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_magnified_maps_keep_their_means_and_go_on_at_the_other_side(dimensions: int) -> None:
    x = torch.randn(2, 3, *(4,) * dimensions, dtype=torch.float64)
    large = magnified(x, 4)
    assert large.shape == (2, 3, *(16,) * dimensions)
    assert torch.allclose(large.flatten(2).mean(2), x.flatten(2).mean(2))
    assert torch.allclose(magnified(x.roll(1, 2), 4), large.roll(4, 2))
    assert magnified(x, 1) is x
    assert averaged(x, 1) is x


SMALL: dict[str, Any] = {**options("microstructures/growing"), "doublings": 2, "batch": 8, "ema": 0.5, "holdout": 0.0}
STEPS = 12


def run(out: Path, stop: int = STEPS, **more: Any) -> Fit:
    """A run of a growing net with four steps a level, ended after `stop` of its steps."""
    data = Items(microstructures(24).items)
    fit = Fit("microstructures/growing", data, out=out, **{**SMALL, "stage": 4, "steps": STEPS, **more})
    for progress in fit:
        if progress.step == stop:
            fit.stop()
    return fit


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that never stopped."""
    folder = tmp_path_factory.mktemp("growing") / "whole"
    run(folder)
    return folder


@pytest.mark.parametrize("stop", [2, 5, 7, 9])  # before a level, while one comes in, after it, and while another does
def test_growth_is_taken_up_again_bit_for_bit(stop: int, whole: Path, tmp_path: Path) -> None:
    run(tmp_path / "parted", stop)
    run(tmp_path / "parted", resume=True)
    for name in ("model.safetensors", "training.safetensors"):
        assert (tmp_path / "parted" / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(("stop", "reached"), [(3, 0.0), (5, 0.5), (6, 1.0)])
def test_an_unfinished_model_is_at_its_level_and_draws(stop: int, reached: float, tmp_path: Path) -> None:
    made = run(tmp_path / "run", stop).model
    again = load(tmp_path / "run", device="cpu")
    assert _reached(again.generator) == reached
    assert torch.equal(_drawn(made.generator), _drawn(again.generator))
    again.turn(size=12)
    assert _drawn(again.generator).shape == (4, 1, 12, 12)
    again.turn(size=10)
    with pytest.raises(RequestError, match="size=10x10: expected a multiple of 4"):
        again.generator.sample(1)


def _reached(generator: nn.Module) -> float:
    return float(dict(generator.named_buffers())["net.growth.reached"])


def _drawn(generator: Any) -> torch.Tensor:
    torch.manual_seed(3)
    drawn: torch.Tensor = generator.sample(4)
    return drawn


def test_a_run_that_begins_with_a_trained_model_has_all_levels(whole: Path) -> None:
    assert _reached(load(whole, device="cpu").generator) == 2.0
    told = {name: value for name, value in SMALL.items() if name != "stage"}
    fit = Fit("microstructures/growing", Items(microstructures(24).items), start=whole, steps=1, **told)
    assert fit.config["options"]["stage"] == 0
    for _ in fit:
        assert _reached(fit.model.generator) == 2.0
