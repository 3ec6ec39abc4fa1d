"""What a model of molecular graphs draws, beside published ones, on QM9 or ZINC250k.

    python workflows/benchmarks/graph_board.py runs/qm9 --test qm9_test.smi --train qm9_train.smi --set-name qm9

The protocol of the papers: 10,000 raw draws; the share that are molecules, of these the share that are different, of
these the share that are not in the training data, and the Frechet ChemNet distance to the test molecules. The split is
that of MoFlow (Zang, Wang; 2020) and GDSS (Jo, Lee, Hwang; 2022); `--split valid_idx.json --data all.smi` writes it.
Where a model has latents, molecules that come back are counted as in latent_board.py.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from latent_board import reconstructed

from sciencegen.compare.frechet import frechet
from sciencegen.core.files import atomic
from sciencegen.core.generator import Latent
from sciencegen.domains.molecules.metrics.chemnet import chemnet_gaussian, recalled_gaussian
from sciencegen.domains.molecules.metrics.content import Known, flat
from sciencegen.model import Model, load

__all__ = ["PUBLISHED", "judged", "main"]

PUBLISHED = {
    "qm9": (
        ("GraphVAE (Simonovsky, Komodakis; 2018)", "55.7", "76.0", "61.6", ""),
        ("GraphAF (Shi et al.; 2020), from memory", "74.4", "", "", "5.27"),
        ("MoFlow (Zang, Wang; 2020)", "91.4", "98.7", "", "4.47"),
        ("GDSS (Jo, Lee, Hwang; 2022)", "95.7", "98.5", "", "2.90"),
        ("Dirichlet flow matching", "99.1", "98.2", "", "0.89"),
        ("CatFlow", "99.8", "100", "", "0.44"),
        ("LO-ARM (autoregressive; 2025)", "99.9", "98.9", "", "0.24"),
    ),
    "zinc250k": (
        ("GraphVAE, prior validity, from memory", "13.5", "", "", ""),
        ("GraphAF (Shi et al.; 2020), from memory", "68.5", "", "", "16.3"),
        ("MoFlow (Zang, Wang; 2020)", "63.1", "100", "", "20.9"),
        ("GDSS (Jo, Lee, Hwang; 2022)", "97.0", "99.6", "", "14.7"),
        ("CatFlow", "99.2", "100", "", "13.2"),
        ("JT-VAE (Jin, Barzilay, Jaakkola; 2018)", "100", "", "", ""),
        ("LO-ARM (autoregressive; 2025)", "96.7", "100", "", "3.23"),
    ),
}
"""Validity without correction, uniqueness, novelty in percent, and the distance; from the comparison of FLDD where no
other source is named."""


def judged(
    model: Model[Any], test: Sequence[str], train: Sequence[str], n: int, seed: int, stereo: bool
) -> tuple[list[str], float]:
    """The cells of the model's row, and how many draws there were in a second."""
    begun = time.perf_counter()
    stream = model.stream(seed=seed, measure=())
    drawn = [next(stream) for _ in range(n)]
    speed = n / (time.perf_counter() - begun)
    valid = [one.item for one in drawn if one is not None]
    spelled = valid if stereo else [found for one in valid if (found := flat(one)) is not None]
    different = set(spelled)
    known = Known(train, stereo)
    novel = sum(one not in known for one in different)
    against = list(test) if stereo else [found for one in test if (found := flat(one)) is not None]
    distance = frechet(chemnet_gaussian(spelled), recalled_gaussian(against))
    shares = (len(valid) / n, len(different) / len(valid), novel / len(different))
    return [*(f"{100 * share:.2f}" for share in shares), f"{distance:.3f}"], speed


def table(options: argparse.Namespace) -> Iterator[str]:
    """The lines of the table."""
    model = load(options.model, precision=options.precision)
    model.turn(**{name: float(value) for name, value in (one.split("=", 1) for one in options.set)})
    test, train = (list(model.domain.read(Path(file)).items) for file in (options.test, options.train))
    yield "| model | valid, % | unique, % | novel, % | FCD |"
    yield "|---|---|---|---|---|"
    for row in PUBLISHED[options.set_name]:
        yield f"| {' | '.join(row)} |"
    stereos = (True, False) if any("@" in one or "/" in one for one in test) else (False,)
    for stereo in stereos:
        cells, speed = judged(model, test, train, options.n, options.seed, stereo)
        name = f"{options.model}{'' if stereo or len(stereos) == 1 else ', without marks of stereo'}"
        yield f"| {name} | {' | '.join(cells)} |"
    yield f"\n{options.n:,} draws, seed {options.seed}; {speed:,.0f} a second."
    if isinstance(model.generator, Latent) and options.molecules:
        some = test[: options.molecules]
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            kept, probable = reconstructed(model, some), reconstructed(model, some, 10, 0)
        yield f"Of {len(some):,} test molecules {kept} % come back, {probable} % as the most probable of a latent."


def _split(options: argparse.Namespace) -> None:
    """Write the two parts of a set."""
    lines = [line.split()[0] for line in Path(options.data).read_text(encoding="utf-8").splitlines() if line.strip()]
    found = json.loads(Path(options.split).read_text(encoding="utf-8"))
    places = {int(place) for place in (found["valid_idxs"] if isinstance(found, dict) else found)}
    for path, inside in ((options.test, True), (options.train, False)):
        with atomic(Path(path)) as temporary:
            kept = (line for i, line in enumerate(lines) if (i in places) == inside)
            temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--test", required=True, help="molecules the model was not trained on")
    parser.add_argument("--train", required=True, help="molecules it was trained on")
    parser.add_argument("--set-name", choices=sorted(PUBLISHED), default="qm9", help="whose published rows to print")
    parser.add_argument("-n", type=int, default=10_000, help="draws (10,000)")
    parser.add_argument("--molecules", type=int, default=1000, help="test molecules that are encoded (1,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="a sampling knob, such as keep=0.5; repeat")
    parser.add_argument("--precision", default="auto", help="32, bf16 or auto")
    parser.add_argument("--split", help="write --test and --train: a file with the places of the test molecules")
    parser.add_argument("--data", help="the file that is split")
    options = parser.parse_args()
    if options.split:
        _split(options)
        return
    for line in table(options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
