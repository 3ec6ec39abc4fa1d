"""`sciencegen info`."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from tests.cli.conftest import Command


def test_a_model_says_what_it_is(sciencegen: Command, flow: Path, kinds: Path) -> None:
    done = sciencegen("info", flow)
    assert (done.code, done.err) == (0, "")
    for said in ("densities/coupling", "density, latent space, gradients", "heat: 1", "temperature=1.0"):
        assert said in done.out
    assert "kind: left, right" in sciencegen("info", kinds).out


def test_what_a_model_is_can_be_read_by_a_program(sciencegen: Command, flow: Path) -> None:
    facts = json.loads(sciencegen("info", flow, "--json").out)
    assert facts["recipe"] == "densities/coupling"
    assert facts["checkpoint"] == sha256((flow / "model.safetensors").read_bytes()).hexdigest()
    assert [field["name"] for field in facts["ask"]] == ["heat", "radius"]
    assert facts["options"]["width"] == 8


def test_a_folder_without_a_model_is_one_line(sciencegen: Command, tmp_path: Path) -> None:
    assert "it has no config.json" in sciencegen("info", tmp_path).refusal
