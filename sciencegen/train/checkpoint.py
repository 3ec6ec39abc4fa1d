"""The one checkpoint format: a folder with config.json, model.safetensors and README.md.

config.json says how to build the model (plain values), model.safetensors holds its weights, README.md is its card.
training.safetensors beside them is what `--resume` needs; it may be deleted. No file is ever written in place, and
none can run code when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from sciencegen.core.files import atomic, sha256, sweep
from sciencegen.errors import CheckpointError, RequestError
from sciencegen.train.rounding import restored, rounded
from sciencegen.train.run import TrainingState

__all__ = ["FORMAT", "Folder"]

FORMAT = 1
_KEYS: dict[str, type] = {
    "versions": dict,
    "recipe": str,
    "options": dict,
    "settings": dict,
    "representation": dict,
    "fields": list,
    "data": dict,
}


class Folder:
    """A model's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config, self.weights = path / "config.json", path / "model.safetensors"
        self.training, self.card = path / "training.safetensors", path / "README.md"
        self.seen = path / "seen.bin"  # what the model was trained on, in a few bits an item

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r})"

    def journal(self, kind: str | None) -> Path:
        """The journal: of the kind asked for, or the one that is there already."""
        kinds = ("jsonl", "csv")
        begun = [one for one in kinds if (self.path / f"journal.{one}").exists()]
        if kind and begun and kind not in begun:
            raise RequestError(f"the run began with journal.{begun[0]}: it cannot go on with journal.{kind}")
        return self.path / f"journal.{kind or (begun or kinds)[0]}"

    def begun(self) -> bool:
        """Whether a run was started here; files that are no part of one must not be written among."""
        if not self.path.exists():
            return False
        if not self.path.is_dir():
            raise RequestError(f"{self.path} is a file: choose a folder to write the model to")
        if any(not file.name.startswith(".") for file in self.path.iterdir()) and not self.config.exists():
            raise RequestError(f"{self.path} is not empty and holds no run: choose another folder")
        return self.config.exists()

    def sweep(self) -> None:
        """Remove what a killed process was in the middle of writing."""
        for path in (self.config, self.weights, self.training, self.card, self.seen, self.journal(None)):
            sweep(path)

    def write_config(self, config: Mapping[str, Any]) -> None:
        with atomic(self.config) as temporary:
            text = json.dumps({"format": FORMAT, **config}, indent=2, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    def read_config(self) -> dict[str, Any]:
        """What config.json says, or one line about what is wrong with it."""
        try:
            config = json.loads(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} is not a model folder: it has no config.json") from None
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{self.config} cannot be read: {str(error).splitlines()[0]}") from error
        if not isinstance(config, dict) or type(config.get("format")) is not int:
            raise CheckpointError(f"{self.config} is not a sciencegen config: it has no format number")
        if config["format"] != FORMAT:
            found = f"{self.config} has format {config['format']}, this version reads {FORMAT}"
            raise CheckpointError(f"{found}: install the version that wrote it ({_written_by(config)})")
        for key, kind in _KEYS.items():
            if not isinstance(config.get(key), kind):
                raise CheckpointError(f"{self.config} is damaged: {key} should be a {kind.__name__}")
        return config

    def write_weights(self, weights: Mapping[str, Tensor], small: bool = False) -> None:
        """The weights, `small` ones in eight bits."""
        self._write(self.weights, rounded(weights) if small else weights, {})

    def read_weights(self) -> dict[str, Tensor]:
        if not self.weights.exists():
            hint = "training has not saved any yet: go on with --resume" if self.config.exists() else "no model folder"
            raise CheckpointError(f"{self.path} has no weights (model.safetensors): {hint}")
        return restored(self._read(self.weights)[0])

    def write_state(self, state: TrainingState) -> None:
        self._write(self.training, state.tensors, {"numbers": json.dumps(state.numbers)})

    def read_state(self) -> TrainingState | None:
        """The state to resume from, or None when nothing was saved yet."""
        if not self.training.exists():
            return None
        tensors, metadata = self._read(self.training)
        try:
            numbers = json.loads(metadata["numbers"])
            return TrainingState(int(numbers["step"]), tensors, numbers)
        except (KeyError, TypeError, ValueError, RecursionError):
            found = f"{self.training} is not a training state of ours"
            raise CheckpointError(f"{found}: delete it to start again") from None

    def write_card(self, text: str) -> None:
        with atomic(self.card) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def sha256(self) -> str:
        """What identifies the model: the hash of its weights."""
        return sha256(self.weights)

    def _write(self, path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
        whole = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
        with atomic(path) as temporary:
            temporary.write_bytes(safetensors.torch.save(whole, metadata))

    def _read(self, path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
        except (safetensors.SafetensorError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(f"{path} is damaged or not a safetensors file: {reason}") from error


def _written_by(config: Mapping[str, Any]) -> str:
    versions = config.get("versions")
    return str(versions.get("sciencegen")) if isinstance(versions, dict) else "another version"
