"""How well a model recovers images of which only a part is measured, beside what needs no model.

    python workflows/benchmarks/inverse.py --model microstructures --test test.npz [--images 12] [--draws 8]

Prints Markdown tables. Images have two phases and are fields of -1 and 1; PSNR is 10 log10(4 / mean square error) in
dB, the mean over images; `relative` is the length of the error over the length of the image; `accuracy` the share of
pixels of the right phase. Rows of every measurement have length 1 or so, and noise of `--noise` is added. Zero-filling,
Fourier-Lasso and total variation see the same numbers; the weights of the last two are those that were best on as many
other images. `best` is the best fit of the model, `mean` that of its draws; both with what was measured put right. Two
draws should be as far apart as a draw is from the image: `draw-draw` and `draw-image` are relative errors.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import two_point
from sciencegen.model import Model, load
from sciencegen.recover import measurement_called, recover
from sciencegen.search.inverse import Fit
from sciencegen.search.measurements import Known, Measurement
from sciencegen.search.regularised import fourier_lasso, total_variation, zero_filled

SAMPLINGS = (
    *("gaussian:0.02", "gaussian:0.05", "gaussian:0.1", "gaussian:0.25"),
    *("kspace:0.07", "kspace:0.13", "kspace:0.24", "columns:4"),
)
WEIGHTS = (0.003, 0.01, 0.03, 0.1, 0.3)
Method = Callable[[Measurement, Tensor, float], Tensor]


@dataclass(frozen=True)
class Run:
    """What is compared: a model, images to recover, others to choose weights by."""

    model: Model[Any]
    x: Tensor  # [n, 1, h, w]
    others: Tensor
    periodic: bool
    noise: float
    draws: int
    fit: Fit

    def measured(self, measurement: Measurement, x: Tensor, seed: int) -> Tensor:
        y = measurement.measure(x)
        return y + self.noise * torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))

    def drawn(self, measurement: Measurement) -> tuple[Tensor, Tensor, Tensor, float]:
        """Best fits [n, ...], draws [n, draws, ...] and what the generator alone made of the best, and seconds each."""
        start, y = time.process_time(), self.measured(measurement, self.x, 0)
        found = list(recover(self.model, y, measurement, self.draws, None, self.noise, fit=self.fit))
        spent = (time.process_time() - start) / len(y)
        x = torch.stack([one.x for one in found])
        return x[:, 0], x[:, 1:], torch.stack([one.made[0] for one in found]), spent


def chosen(run: Run, measurement: Measurement, method: Method) -> Tensor:
    """What a method makes of the images, with the weight that was best for the others."""
    y = run.measured(measurement, run.others, 1)
    errors = [float((method(measurement, y, weight) - run.others).square().mean()) for weight in WEIGHTS]
    return method(measurement, run.measured(measurement, run.x, 0), WEIGHTS[errors.index(min(errors))])


def scores(found: Tensor, x: Tensor) -> tuple[float, float, float]:
    """PSNR, relative error, accuracy."""
    error = (found - x).square().flatten(1).mean(1)
    psnr = 10 * torch.log10(4 / error.clamp_min(1e-10))
    relative = (error / x.square().flatten(1).mean(1)).sqrt()
    return float(psnr.mean()), float(relative.mean()), float(((found > 0) == (x > 0)).double().mean())


def apart(a: Tensor, b: Tensor) -> float:
    """The mean relative distance of fields of -1 and 1 [..., 1, h, w]."""
    return float((torch.where(a > 0, 1.0, -1.0) - b).square().flatten(-3).mean(-1).sqrt().mean())


def spread(draws: Tensor, x: Tensor) -> tuple[float, float]:
    """How far two draws are apart, and a draw and the image."""
    sides = torch.where(draws > 0, 1.0, -1.0)
    many = draws.shape[1]
    pairs = [apart(sides[:, i], sides[:, j]) for i in range(many) for j in range(i)]
    return sum(pairs) / max(len(pairs), 1), apart(draws, x[:, None])


def classical(periodic: bool) -> Mapping[str, Method]:
    return {
        "Fourier-Lasso": partial(lambda m, y, weight: fourier_lasso(m, y, weight, 150)),
        "total variation": partial(lambda m, y, weight: total_variation(m, y, weight, 300, periodic)),
    }


def lines(run: Run, name: str, measurement: Measurement) -> Iterator[str]:
    """A row for every method."""
    y = run.measured(measurement, run.x, 0)
    yield line(name, "zero-filled", scores(zero_filled(measurement, y), run.x))
    for method, make in classical(run.periodic).items():
        start = time.process_time()
        found = chosen(run, measurement, make)
        spent = (time.process_time() - start) / (len(WEIGHTS) + 1) / len(run.x)
        yield line(name, method, scores(found, run.x), f"{spent:.2f}")
    best, draws, _, spent = run.drawn(measurement)
    yield line(name, "model, best", scores(best, run.x), f"{spent:.1f}")
    two, one = spread(draws, run.x)
    yield line(name, f"model, mean of {run.draws}", scores(draws.mean(1), run.x), "", f"{two:.3f} | {one:.3f}")


def line(name: str, method: str, found: tuple[float, float, float], spent: str = "", rest: str = " | ") -> str:
    psnr, relative, accuracy = found
    return f"| {name} | {method} | {psnr:.1f} | {relative:.3f} | {accuracy:.3f} | {rest} | {spent} |"


def hole(run: Run) -> Iterator[str]:
    """A square hole of half the side: is what fills it like the material?"""
    side = run.x.shape[-1]
    hidden = torch.zeros(side, side, dtype=torch.bool)
    hidden[side // 4 : side - side // 4, side // 4 : side - side // 4] = True
    measurement = Known(~hidden)
    exact = Run(run.model, run.x, run.others, run.periodic, 0.0, run.draws, run.fit)
    best, draws, made, spent = exact.drawn(measurement)
    smooth = chosen(exact, measurement, classical(run.periodic)["total variation"])
    yield f"| total variation | {filled(run, smooth[:, None], hidden)} | | | |"
    agree = float(((made > 0) == (run.x > 0))[..., ~hidden].double().mean())
    yield f"| model, best | {filled(run, best[:, None], hidden)} | {agree:.3f} | | {spent:.1f} |"
    shares = (draws[..., hidden] > 0).double().mean(-1).squeeze(-1)
    truth = (run.x[..., hidden] > 0).double().mean(-1).squeeze(-1)
    inside = int(((shares.amin(1) <= truth) & (truth <= shares.amax(1))).sum())
    two, one = spread(draws, run.x)
    said = f"{inside} of {len(truth)} | {two:.3f} and {one:.3f}"
    yield f"| model, a draw of {run.draws} | {filled(run, draws, hidden)} | 1 | {said} |"


def filled(run: Run, x: Tensor, hidden: Tensor) -> str:
    """Mean errors of S2 and of the volume fraction in the hole, and accuracy there, of completions [n, draws, ...]."""
    s2 = two_point((x > 0).flatten(0, 1)[:, 0], periodic=run.periodic).values.view(*x.shape[:2], -1)
    right = two_point((run.x > 0)[:, 0], periodic=run.periodic).values[:, None]
    inside, truth = x[..., hidden] > 0, run.x[:, None][..., hidden] > 0
    share = (inside.double().mean(-1) - truth.double().mean(-1)).abs().mean()
    return f"{(s2 - right).abs().mean():.4f} | {share:.3f} | {(inside == truth).double().mean():.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="microstructures", help="a model folder, or a shipped model")
    parser.add_argument("--test", type=Path, required=True, help="images the model has not seen, of two phases")
    parser.add_argument("--images", type=int, default=12, help="how many are recovered (12)")
    parser.add_argument("--skip", type=int, default=40, help="so many are left out before these (40)")
    parser.add_argument("--draws", type=int, default=8, help="draws for every image (8)")
    parser.add_argument("--noise", type=float, default=0.01, help="added to what is measured (0.01)")
    parser.add_argument("--measure", nargs="+", default=SAMPLINGS, help=f"what is measured ({' '.join(SAMPLINGS)})")
    parser.add_argument("--no-hole", action="store_true", help="leave the hole out")
    parser.add_argument("--starts", type=int, default=Fit.starts, help=f"searches for the best fit ({Fit.starts})")
    parser.add_argument("--steps", type=int, default=Fit.steps, help=f"steps of every search ({Fit.steps})")
    parser.add_argument("--wander", type=int, default=Fit.wander, help=f"steps before half of them ({Fit.wander})")
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = load(given.model, "cpu")
    items = model.domain.read(given.test).items[given.skip : given.skip + 2 * given.images]
    x = model.representation.encode(items)
    fit = Fit(given.starts, given.steps, given.wander)
    periodic = items[0].periodic
    run = Run(model, x[: given.images], x[given.images :], periodic, given.noise, given.draws, fit)
    size = "x".join(map(str, x.shape[2:]))
    print(f"{given.images} images of {size}, {model.recipe}, checkpoint {model.checkpoint[:12]}, {fit}\n")
    print("| measured | by | PSNR, dB | relative | accuracy | draw-draw | draw-image | s an image |")
    print("|---|---|---|---|---|---|---|---|")
    for name in given.measure:
        for text in lines(run, name, measurement_called(name, x.shape[1:], model.domain)):
            print(text, flush=True)
    if not given.no_hole:
        head = "S2 error | fraction error in the hole | accuracy in the hole | known pixels right"
        print(f"\n| a hole of half the side, by | {head} | fraction covered | draw-draw and draw-image | s an image |")
        print("|---|---|---|---|---|---|---|---|")
        for text in hole(run):
            print(text, flush=True)


if __name__ == "__main__":
    main()
