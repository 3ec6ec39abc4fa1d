"""What a latent model of molecules keeps, and what masks do to what it draws.

    python workflows/benchmarks/latent_board.py grammar-vae --test zinc_test.smi --train zinc_train.smi

Prints tables in Markdown. Reconstruction and prior validity, as the junction tree VAE was judged (Jin, Barzilay,
Jaakkola; 2018): every test molecule is encoded ten times and each latent decoded ten times, by drawing, and latents of
the prior are decoded ten times each; beside published rows, and beside what comes back where the most probable molecule
of each latent is taken, as the script does that its authors published. Where latents were taught to know properties,
how far what they say is from what is measured of the test molecules, beside what was published. Then, for each way of
decoding, how far draws are from the test molecules: the Wasserstein distances of five properties over the standard
deviations of these. And the same distances between training and test molecules, which is as close as can be asked for.

    python workflows/benchmarks/latent_board.py --split zinc250k --test jtnn_test.smi --also jtnn_valid.smi -o train.smi

writes the molecules of a set that are in neither file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen.compare.histograms import wasserstein
from sciencegen.core.files import atomic
from sciencegen.core.generator import Constrained, Latent
from sciencegen.data.cards import resolve
from sciencegen.latents import LatentSpace
from sciencegen.model import Model, load
from sciencegen.screen.decoding import DECODINGS, effective, knobs_of, weight
from sciencegen.screen.stream import Tally

__all__ = ["JUDGED", "Kept", "distances", "predictor_error", "reconstructed", "valid_of_prior"]

JUDGED = ("atoms", "aromatic_rings", "aliphatic_rings", "logp", "qed")
"""The properties that draws are judged by."""
PUBLISHED = (
    ("CVAE", "44.6", "0.7", "Kusner, Paige, Hernández-Lobato; 2017"),
    ("GVAE", "53.7", "7.2", "Kusner, Paige, Hernández-Lobato; 2017"),
    ("SD-VAE", "76.2", "43.5", "Dai et al.; 2018"),
    ("GraphVAE", "", "13.5", "Simonovsky, Komodakis; 2018"),
    ("JT-VAE", "76.7", "100", "Jin, Barzilay, Jaakkola; 2018"),
)
"""Reconstruction and prior validity in percent, as quoted in the last of these papers; from memory."""
PREDICTED = {"logp": "0.15", "qed": "0.054"}
"""Mean absolute errors on ZINC of predictors trained with a VAE (Gómez-Bombarelli et al.; 2018); from memory."""
_TOGETHER = 100


def _fed(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for i in range(0, len(items), _TOGETHER):
        yield items[i : i + _TOGETHER]


def _latent(model: Model[Any]) -> Latent:
    """The generator as it draws fastest here."""
    latent = model.generator.lean() if model.drawn_in == "bf16" else model.generator
    assert isinstance(latent, Latent)
    return latent


class Kept:
    """How many decodings were the molecule that was encoded."""

    def __init__(self, model: Model[Any]) -> None:
        self.model = model
        self.read: dict[str, str | None] = {}
        self.same = self.valid = self.drawn = 0

    def count(self, x: Tensor, wanted: Sequence[str]) -> None:
        """Count rows, each beside the molecule it should be."""
        reader = self.model.representation.reader()
        for row, item in zip(self.model.representation.plain(x), wanted, strict=True):
            if row not in self.read:
                self.read[row] = reader(row)
            self.drawn += 1
            self.valid += self.read[row] is not None
            self.same += self.read[row] == item

    def __str__(self) -> str:
        return f"{100 * self.same / self.drawn:.1f}"


@torch.no_grad()
def reconstructed(model: Model[Any], items: Sequence[str], encodings: int = 10, decodings: int = 10) -> Kept:
    """What becomes of molecules on the way through the latent space, both ways by drawing; with no `decodings`, of the
    latents drawn the most probable samples."""
    latent = _latent(model)
    kept = Kept(model)
    for some in _fed(items):
        x = model.representation.encode(some).to(latent.device)
        z = latent.encodings(x, None, encodings)  # [encodings, n, latent]
        for one in z:
            x = latent.spelled(one.repeat_interleave(decodings, 0)).x if decodings else latent.decode(one)
            kept.count(x, [item for item in some for _ in range(decodings or 1)])
    return kept


@torch.no_grad()
def valid_of_prior(model: Model[Any], latents: int = 1000, decodings: int = 10) -> float:
    """The share of decodings of the prior that are molecules."""
    latent = _latent(model)
    kept = Kept(model)
    for z in latent.prior(latents).split(_TOGETHER):
        drawn = latent.spelled(z.repeat_interleave(decodings, 0))
        kept.count(drawn.x, [""] * len(drawn.x))
    return kept.valid / kept.drawn


def predictor_error(model: Model[Any], items: Sequence[str]) -> Mapping[str, float]:
    """The mean absolute error of each property that latents know, on molecules' encodings; nothing where they know
    none."""
    space = LatentSpace(model)
    said = space.predicted(space.encode(items))
    measured = model.domain.measure(items, list(said))
    return {
        name: sum(abs(a - float(b or 0)) for a, b in zip(values, measured[name], strict=True)) / len(items)
        for name, values in said.items()
    }


def _predictor(model: Model[Any], items: Sequence[str]) -> Iterator[str]:
    errors = predictor_error(model, items)
    if errors:
        yield "| property | mean absolute error of the latents' prediction | published |\n|---|---|---|"
        yield from (f"| {name} | {value:.3g} | {PREDICTED.get(name, '')} |" for name, value in errors.items())
        yield ""


def distances(
    model: Model[Any], ours: Sequence[str], theirs: Sequence[str], weights: Sequence[float] | None = None
) -> Mapping[str, float]:
    """Wasserstein distances over standard deviations, by property; draws may count by weights."""
    if weights is not None:  # as many draws as there are, each as often as it counts
        chosen = torch.multinomial(torch.tensor(weights), len(ours), replacement=True)
        ours = [ours[i] for i in chosen.tolist()]
    left, right = (model.domain.measure(list(side), JUDGED) for side in (ours, theirs))
    found = {}
    for name in JUDGED:
        a, b = (torch.tensor(list(side[name]), dtype=torch.float64) for side in (left, right))
        found[name] = wasserstein(a, b) / float(b.std())
    return found


def _drawn(model: Model[Any], decoding: str, n: int, seed: int) -> tuple[list[str], list[float], Tally]:
    """Molecules drawn in a way of decoding, what they weigh, and what became of the draws."""
    model.turn(**knobs_of(model.generator, decoding))
    tally = Tally()
    found = list(model.candidates(n, seed=seed, tally=tally, once=False, measure=()))
    weights = [weight(one.removed_logmass or 0.0) for one in found]
    return [one.item for one in found], weights, tally


def _decodings(model: Model[Any], test: Sequence[str], train: Sequence[str], n: int, seed: int) -> Iterator[str]:
    yield "| decoding | valid | " + " | ".join(JUDGED) + " | sum | effective | draws a second |"
    yield "|---" * (len(JUDGED) + 5) + "|"
    for decoding in DECODINGS:
        begun = time.perf_counter()
        ours, weights, tally = _drawn(model, decoding, n, seed)
        speed = tally.drawn / (time.perf_counter() - begun)
        apart = distances(model, ours, test, weights if decoding == "weighted" else None)
        worth = f"{effective(weights) / len(weights):.2f}" if decoding == "weighted" else ""
        yield _line(decoding, f"{1 - tally.invalid / tally.drawn:.3f}", apart, worth, f"{speed:,.0f}")
    if train:
        yield _line("training molecules", "", distances(model, train[:n], test), "", "")


def _line(name: str, valid: str, apart: Mapping[str, float], worth: str, speed: str) -> str:
    cells = " | ".join(f"{value:.3f}" for value in apart.values())
    return f"| {name} | {valid} | {cells} | {sum(apart.values()):.3f} | {worth} | {speed} |"


def _split(options: argparse.Namespace) -> None:
    from sciencegen.recipes import domain_of

    domain = domain_of("molecules")
    left_out = {item for file in (options.test, options.also) if file for item in domain.read(Path(file)).items}
    kept = [item for item in domain.read(resolve(options.split)).items if item not in left_out]
    with atomic(options.out) as temporary:
        temporary.write_text("".join(f"{item}\n" for item in kept), encoding="utf-8")
    print(f"{len(kept):,} molecules in {options.out}")


def main() -> None:
    options = _options()
    if options.split:
        _split(options)
        return
    model = load(options.model, precision=options.precision)
    model.turn(**{name: float(value) for name, value in (one.split("=", 1) for one in options.set)})
    read = model.domain.read
    test = list(read(resolve(options.test)).items)
    train = list(read(resolve(options.train)).items) if options.train else []
    if isinstance(model.generator, Latent):
        some = test[: options.molecules or None]
        if isinstance(model.generator, Constrained) and model.generator.constrained:
            model.turn(**knobs_of(model.generator, "masked"))
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            begun = time.perf_counter()
            kept = reconstructed(model, some)
            seconds = time.perf_counter() - begun
            probable, valid = reconstructed(model, some, 10, 0), valid_of_prior(model)
        print("| model | reconstruction, % | most probable, % | prior validity, % | source |\n|---|---|---|---|---|")
        print("\n".join(f"| {name} | {same} | | {good} | {source} |" for name, same, good, source in PUBLISHED))
        measured = f"{len(some):,} molecules, {seconds:,.0f} s"
        print(f"| {options.model} | {kept} | {probable} | {100 * valid:.1f} | {measured} |\n")
        print("\n".join(_predictor(model, some)))
    if options.n and isinstance(model.generator, Constrained) and model.generator.constrained:
        print("\n".join(_decodings(model, test, train, options.n, options.seed)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", nargs="?", default="grammar-vae")
    parser.add_argument("--test", required=True, help="molecules the model was not trained on: a file, or a set")
    parser.add_argument("--train", help="molecules it was trained on, for the distance that data have to data")
    parser.add_argument("--molecules", type=int, default=0, help="reconstruct so many of the test molecules (all)")
    parser.add_argument(
        "-n", type=int, default=5000, help="draws of each way of decoding that are kept (5,000), or none"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="a sampling knob, such as sharpness=2; repeat")
    parser.add_argument("--precision", default="auto", help="32, bf16 or auto")
    parser.add_argument("--split", help="write the molecules of this set that are in neither --test nor --also")
    parser.add_argument("--also")
    parser.add_argument("-o", dest="out", type=Path, default=Path("train.smi"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
