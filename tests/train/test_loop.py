"""The one loop: what it does with losses, averages, schedules and numbers that are not finite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Density, Generator
from sciencegen.core.objective import Loss, Objective
from sciencegen.core.space import Reals
from sciencegen.data.batches import InOrder, Shuffled
from sciencegen.errors import Diverged, RequestError
from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.train.loop import train
from sciencegen.train.run import Progress
from sciencegen.train.settings import Settings
from tests.files import lattices, points


class Mean(Density):
    """A normal of unit spread around one number that is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.space = Reals((1,))
        self.mean = nn.Parameter(torch.zeros(1))

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return -0.5 * (x - self.mean).square().sum(-1)

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.mean.detach() + torch.randn(n, 1)


class Fitted(Objective):
    """Likelihood, made worse at some steps by a factor."""

    needs = (Density,)

    def __init__(self, factor: Callable[[int], float] = lambda step: 1.0) -> None:
        super().__init__()
        self.factor, self.step = factor, 0

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Density)
        yield Loss("nll", -generator.log_prob(batch.x).mean() * self.factor(self.step), generator)
        self.step += 1

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Density)
        return -generator.log_prob(batch.x) + self.step * (self.step > 4)


def batches(n: int = 32) -> Shuffled:
    return Shuffled(torch.full((n, 1), 5.0), None, 8)


def progress_of(objective: Fitted, settings: Settings, held: InOrder | None = None) -> list[tuple[Progress, float]]:
    """What happened in every step, and where the generator was after it."""
    generator = Mean()
    run = train(generator, objective, batches(), settings, validation=held)
    return [(progress, float(generator.mean.detach())) for progress in run]


def test_steps_that_are_not_finite_are_left_out_and_counted() -> None:
    objective = Fitted(lambda step: float("nan") if step in (2, 3) else 1.0)
    seen = progress_of(objective, Settings(steps=6, rate=0.1))
    assert [progress.skipped for progress, _ in seen] == [0, 0, 1, 2, 2, 2]
    means = [mean for _, mean in seen]
    assert means[1] == means[2] == means[3] < means[4]


def test_nothing_finite_for_long_is_an_error() -> None:
    with pytest.raises(Diverged, match="100 steps in a row were not finite"):
        progress_of(Fitted(lambda step: float("inf")), Settings(steps=200))


def test_averaged_weights_follow_the_weights() -> None:
    generator = Mean()
    average, raw = float(generator.mean.detach()), []
    for progress in train(generator, Fitted(), batches(), Settings(steps=8, rate=0.1, ema=0.5)):
        raw.append(float(generator.mean.detach()))
        decay = min(0.5, progress.step / (9 + progress.step))  # quicker while young
        average = decay * average + (1 - decay) * raw[-1]
        assert float(progress.weights()["mean"]) == pytest.approx(average)
    assert float(generator.mean.detach()) == pytest.approx(average)
    assert float(generator.mean.detach()) != raw[-1]


def test_training_stops_when_held_out_data_are_modelled_no_better() -> None:
    held = InOrder(torch.full((4, 1), 5.0), None, 4)
    seen = progress_of(Fitted(), Settings(steps=50, rate=0.1, patience=3, validate=1), held)
    assert [progress.best for progress, _ in seen] == [True] * 4 + [False] * 3
    assert seen[-1][0].stopping
    assert seen[-1][0].step == 7


def test_patience_needs_held_out_data() -> None:
    with pytest.raises(RequestError, match="there are no held-out data"):
        progress_of(Fitted(), Settings(steps=5, patience=3))


def test_a_generator_that_cannot_do_what_an_objective_needs_is_named() -> None:
    class Sampler(Generator):
        space = Reals((1,))

        def sample(self, n: int, condition: Condition | None = None) -> Tensor:
            return torch.zeros(n, 1)

    with pytest.raises(RequestError, match="Fitted needs a Density generator, and Sampler is none"):
        next(train(Sampler(), Fitted(), batches()))


def test_warm_up_and_cosine_shape_the_rate() -> None:
    settings = Settings(warmup=4, schedule="cosine", rate=2.0)
    rates = [settings.rate_at(step, 20) for step in range(20)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert all(a > b for a, b in zip(rates[4:], rates[5:], strict=False))
    assert 0 < rates[-1] < 0.02


def test_the_weights_kept_are_the_best_on_held_out_data(tmp_path: Path) -> None:
    data = points(tmp_path / "few.csv", 40)
    fit = Fit("densities/coupling", data, out=tmp_path / "run", width=64, depth=4, rate=0.02, epochs=60, holdout=0.5)
    best, last = {}, {}
    for progress in fit:
        last = progress.weights()
        best = last if progress.best else best
    kept = load(tmp_path / "run").generator.state_dict()
    assert all(torch.equal(kept[name], best[name]) for name in kept)
    assert any(not torch.equal(kept[name], last[name]) for name in kept)
    assert all(torch.equal(kept[name], value) for name, value in fit.model.generator.state_dict().items())


def test_the_journal_is_json_whatever_the_numbers(tmp_path: Path) -> None:
    data = lattices(tmp_path / "data.npz", 40)
    fit = Fit("arrays/fvsbn", data, out=tmp_path / "run", steps=3, batch=8)
    with torch.no_grad():
        next(iter(fit.model.generator.parameters())).fill_(torch.nan)
    for _ in fit:
        pass
    lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [row["nll"] for row in rows] == [None] * 3
    assert [row["skipped"] for row in rows] == [1, 2, 3]


@pytest.mark.gpu
def test_a_device_is_used_where_there_is_one(tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    fit = Fit("arrays/made", lattices(tmp_path / "data.npz"), out=tmp_path / "run", steps=3, device="cuda")
    for _ in fit:
        pass
    assert load(tmp_path / "run", "cuda").generator.device.type == "cuda"


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    fit = Fit("arrays/made", lattices(tmp_path / "data.npz"), steps=3, device="cuda")
    with pytest.raises(RequestError, match="device=cuda: there is no CUDA device here"):
        next(iter(fit))
    with pytest.raises(RequestError, match="device=cuda"):
        fit.model.to("cuda")
