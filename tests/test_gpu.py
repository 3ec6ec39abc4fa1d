"""What only a CUDA device can show: every recipe trains, samples, saves and resumes there."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest
import torch
from torch import Tensor

from sciencegen.core.generator import Generator
from sciencegen.model import load
from sciencegen.recipes import RECIPES
from tests.conformance.tiny import EXAMPLES, options, tiny

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]


@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.parametrize("name", RECIPES)
def test_recipes_train_on_the_device(name: str, precision: str, tmp_path: Path) -> None:
    made = tiny(name, device="cuda", precision=precision, steps=5, ema=0.9, out=tmp_path / "run")
    losses = [value for progress in made.fit for value in progress.losses.values()]
    assert all(torch.isfinite(torch.tensor(losses)))
    assert made.generator.device.type == "cuda"
    assert made.generator.space.contains(made.generator.sample(64)).all()
    again = load(tmp_path / "run", device="cpu")
    assert len(list(again.candidates(16))) > 0


@pytest.mark.parametrize("name", RECIPES)
def test_the_device_agrees_with_the_processor(name: str) -> None:
    """The same weights and data give the same loss, where the objective draws no noise."""
    made = tiny(name)
    batch = made.batch()
    torch.manual_seed(0)
    here = [loss.value.item() for loss in made.objective.losses(made.generator, batch)]
    torch.manual_seed(1)
    if here != [loss.value.item() for loss in made.objective.losses(made.generator, batch)]:
        pytest.skip("the objective draws noise")
    made.generator.cuda()
    made.objective.cuda()
    there = [loss.value.item() for loss in made.objective.losses(made.generator, batch.to("cuda"))]
    assert there == pytest.approx(here, rel=1e-4)


def test_a_run_resumes_on_the_device(tmp_path: Path) -> None:
    from sciencegen.fit import Fit

    items = EXAMPLES["arrays"](64)
    chosen = {**options("arrays/made"), "steps": 20, "batch": 32, "device": "cuda", "save": 0.0}
    whole = Fit("arrays/made", items, out=tmp_path / "whole", **chosen)
    for _ in whole:
        pass
    part = Fit("arrays/made", items, out=tmp_path / "part", **chosen)
    for progress in part:
        if progress.step == 7:
            part.stop()
    for _ in Fit("arrays/made", items, out=tmp_path / "part", resume=True, **chosen):
        pass
    ours, theirs = (load(tmp_path / name, device="cpu").generator.state_dict() for name in ("whole", "part"))
    assert all(torch.allclose(ours[k], theirs[k], atol=1e-6) for k in ours)


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_compiled_steps_draw_the_same(precision: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Compiled kernels round some numbers otherwise, which moves few of the draws; how fast they are is printed."""
    made = load("molecules", "cuda").generator
    plain = made.lean() if precision == "bf16" else made
    compiled = plain.compiled()
    n = 4096
    seconds: dict[str, list[float]] = {"plain": [], "compiled": []}

    def drawn(who: str, drawer: Generator) -> Tensor:
        torch.cuda.manual_seed(0)
        torch.cuda.synchronize()
        start = time.perf_counter()
        x = drawer.sample(n)
        torch.cuda.synchronize()
        seconds[who].append(time.perf_counter() - start)
        return x

    for _ in range(6):
        ours, theirs = drawn("plain", plain), drawn("compiled", compiled)
        assert (ours == theirs).all(1).float().mean() > (0.5 if precision == "bf16" else 0.95)
    with capsys.disabled():
        rates = {who: n / median(times[1:]) for who, times in seconds.items()}
        print(f"\n{precision}: " + ", ".join(f"{rate:,.0f} molecules/s {who}" for who, rate in rates.items()))  # noqa: T201
