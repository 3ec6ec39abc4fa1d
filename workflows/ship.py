"""Put a trained model where it is shipped: what is needed to draw from it, without the state of its training.

    python workflows/ship.py runs/molecules molecules --set top_p=0.98 --metrics card.md

`--set` turns a sampling knob from what it is to what was found best. `--bits 16` keeps weights in half precision, in
half the room, and `--bits 8` matrices in whole numbers with a step for each row, in a quarter of it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen.model import load
from sciencegen.train.checkpoint import Folder

SHIPPED = Path(__file__).parents[1] / "sciencegen" / "pretrained"
FILES = ("config.json", "model.safetensors", "README.md", "seen.bin")
MOST = 15_000_000  # bytes


def ship(run: Path, name: str, metrics: Path | None, knobs: dict[str, float], bits: int = 32) -> Path:
    """Copy a run's model, check that it draws what it drew before, and say how large it is."""
    out = SHIPPED / name
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        if (run / file).exists():
            shutil.copyfile(run / file, out / file)
    if bits < 32:
        folder = Folder(out)
        weights = folder.read_weights()
        if bits == 16:
            weights = {name: _halved(weight) for name, weight in weights.items()}
        folder.write_weights(weights, small=bits == 8)
    config = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps(config | {"knobs": knobs}, indent=2) + "\n")
    card = (out / "README.md").read_text().replace(str(run), f"runs/{name}")
    if metrics is not None:
        card += "\n" + metrics.read_text()
    (out / "README.md").write_text(card)
    _forget(out, _files(config))
    where = str(Path.home())
    for file in ("config.json", "README.md"):
        assert where not in (out / file).read_text(), f"{out / file} names a folder of this machine: {where}"
    size = sum(file.stat().st_size for file in out.iterdir())
    assert size <= MOST, f"{out}: {size:,} bytes are more than {MOST:,}"
    models = (load(run, "cpu", "32").turn(**knobs), load(out, "cpu", "32"))
    if bits < 32:
        models[0].generator.load_state_dict(models[1].generator.state_dict())  # it differs by rounding alone
    ours, theirs = (model.generate(20, seed=7, measure=[]) for model in models)
    assert ours.equals(theirs)
    print(json.dumps({"model": name, "bytes": size, "sha256": load(out, "cpu").checkpoint}))
    return out


def _files(config: dict[str, Any]) -> list[Path]:
    """The files that a model was trained on."""
    named = [config["data"][name] for name in ("file", "valid_file") if (config.get("data") or {}).get(name)]
    return [Path(file) for file in [*named, *(one["file"] for one in (config.get("reading") or {}).get("reports", ()))]]


def _forget(out: Path, files: Sequence[Path]) -> None:
    """Leave out in which folders files lie: what is shipped says nothing of the machine it was made on."""
    for path in (out / "config.json", out / "README.md"):
        text = path.read_text()
        for folder in {str(file.parent) for file in files if file.is_absolute()}:
            text = text.replace(f"{folder}/", "")
        path.write_text(text)


def _halved(weight: Tensor) -> Tensor:
    return weight.to(torch.bfloat16) if weight.is_floating_point() else weight


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--metrics", type=Path, help="Markdown to put under the card.")
    parser.add_argument("--set", action="append", default=[], help="name=number; repeat.")
    parser.add_argument("--bits", type=int, choices=(32, 16, 8), default=32, help="Bits that a weight is kept in.")
    given = parser.parse_args()
    turned = {name: float(value) for name, value in (one.split("=") for one in given.set)}
    ship(given.run, given.name, given.metrics, turned, given.bits)
