"""The model card: what a model is, how it was made, and how good it is."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciencegen.train.run import Progress

__all__ = ["card", "command", "range_text"]


def card(config: Mapping[str, Any], defaults: Mapping[str, Any], folder: Path, progress: Progress) -> str:
    """The model card; `defaults` are the recipe's options and settings where nothing is said."""
    data, versions = config["data"], config["versions"]
    asked = [f"| {one['name']} | {range_text(one)} |" for one in config["fields"]]
    score = "" if progress.run is None or not math.isfinite(progress.run.best) else f"{progress.run.best:.4f}"
    held = f"{data['held_out']} items of {data['valid_file'] or 'the data'}" if data["held_out"] else "nothing"
    lines = [
        f"# A {config['recipe']} model",
        "",
        f"Trained by sciencegen {versions['sciencegen']} with torch {versions['torch']}.",
        "",
        "| | |",
        "|---|---|",
        f"| data | {data['file'] or 'given in memory'}, {data['items']} items |"
        if data["items"]
        else "| data | none |",
        *([f"| begins with | a model of sha256 {config['from']} |"] if config.get("from") else []),
        *([f"| sha256 of the data | {data['sha256']} |"] if data["sha256"] else []),
        f"| held out | {held} |",
        *([f"| sha256 of the held-out data | {data['valid_sha256']} |"] if data["valid_sha256"] else []),
        f"| steps | {progress.step} of {progress.total} ({progress.epoch:.1f} epochs), {progress.skipped} left out |",
        f"| seconds | {progress.seconds:.0f} since the run was last taken up |",
        *(f"| {name} (last step) | {value:.4f} |" for name, value in progress.losses.items()),
        *([f"| held-out score (best) | {score} |"] if score else []),
        "",
        "Command:",
        "",
        f"    {command(config, defaults, folder)}",
        "",
        *([f"Every sample is made of what is given: {', '.join(config['given'])}.", ""] if config.get("given") else []),
        *(["May be asked for:", "", "| name | range in the data |", "|---|---|", *asked, ""] if asked else []),
    ]
    return "\n".join(lines)


def command(config: Mapping[str, Any], defaults: Mapping[str, Any], folder: Path) -> str:
    """What to type to train the same model: all that differs from the defaults."""
    data, chosen = config["data"], config["options"] | config["settings"]
    words = ["sciencegen", "train", config["recipe"], "-o", str(folder)]
    if data["items"]:
        words += ["--data", data["file"] or "DATA"]
        words += ["--valid", data["valid_file"]] if data["valid_file"] else ["--holdout", str(config["holdout"])]
        for name in config["ask"] or ["none"]:
            words += ["--ask", name]
    words += ["--from", "MODEL"] if config.get("from") else []
    for name, value in config.get("reading", {}).get("options", {}).items():
        words += ["--read", f"{name}={value}"]
    words += ["--seed", str(chosen["seed"])]
    for name, value in chosen.items():
        if name != "seed" and value != defaults[name]:
            words += ["--set", f"{name}={_spell(value)}"]
    return shlex.join(words)


def _spell(value: Any) -> str:
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def range_text(field: Mapping[str, Any]) -> str:
    """What a condition field was trained on, in words."""
    if field["kind"] == "category":
        return ", ".join(field["levels"])
    return f"{field['low']:g} to {field['high']:g} {field['unit']}".strip()
