"""The model card: what a model is, how it was made, and how good it is."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

from sciencegen.train.loop import Progress

__all__ = ["card", "range_text"]


def card(config: Mapping[str, Any], progress: Progress) -> str:
    """The model card: what the model is, how it was made, and how good it is."""
    data, versions = config["data"], config["versions"]
    options = " ".join(
        f"--set {k}={shlex.quote(_spell(v))}" for k, v in (config["options"] | config["settings"]).items()
    )
    asked = [f"| {one['name']} | {range_text(one)} |" for one in config["fields"]]
    score = "" if progress.run is None or not math.isfinite(progress.run.best) else f"{progress.run.best:.4f}"
    lines = [
        f"# A {config['recipe']} model",
        "",
        f"Trained by sciencegen {versions['sciencegen']} with torch {versions['torch']}.",
        "",
        "| | |",
        "|---|---|",
        f"| data | {data['file'] or 'given in memory'}, {data['items']} items, {data['held_out']} held out |",
        f"| sha256 of the data | {data['sha256']} |",
        f"| steps | {progress.step} of {progress.total} ({progress.epoch:.1f} epochs), {progress.skipped} left out |",
        f"| seconds | {progress.seconds:.0f} |",
        *(f"| {name} (last step) | {value:.4f} |" for name, value in progress.losses.items()),
        *([f"| held-out score (best) | {score} |"] if score else []),
        "",
        "Command:",
        "",
        f"    sciencegen train {config['recipe']} --data {data['file']} {options}",
        "",
        *(["May be asked for:", "", "| name | range in the data |", "|---|---|", *asked, ""] if asked else []),
    ]
    return "\n".join(lines)


def _spell(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def range_text(field: Mapping[str, Any]) -> str:
    """What a condition field was trained on, in words."""
    if field["kind"] == "category":
        return ", ".join(field["levels"])
    return f"{field['low']:g} to {field['high']:g} {field['unit']}".strip()
