"""A damaged, foreign or hostile model folder is one clear line, and runs no code."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sciencegen.cli import run as command
from sciencegen.core.files import atomic, check_writable
from sciencegen.errors import CheckpointError, OutputError, RequestError
from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.train.checkpoint import Folder


class Trap:
    """Something that touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.path,)


def refused(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a folder: one line, whatever is wanted of it."""
    with pytest.raises(CheckpointError) as caught:
        load(run)
    for line in (["generate", str(run), "-n", "1"], ["info", str(run)]):
        capsys.readouterr()
        assert command(line) == 2
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", f"error: {caught.value}\n")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_cut_weights_are_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = run / "model.safetensors"
    whole = weights.read_bytes()
    for size in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        weights.write_bytes(whole[:size])
        assert "is damaged or not a safetensors file" in refused(run, capsys)


def test_foreign_weights_are_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for foreign in (
        b"\x00" * 1000,
        b"\xff" * 1000,
        b"{}" * 500,
        struct.pack("<Q", 2**63) + b"{}",
        b"PK\x03\x04" + b"x" * 99,
    ):
        (run / "model.safetensors").write_bytes(foreign)
        assert "is damaged or not a safetensors file" in refused(run, capsys)


def test_pickled_weights_are_refused_and_not_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trap = tmp_path / "sprung"
    for old in (True, False):
        torch.save(Trap(trap), run / "model.safetensors", _use_new_zipfile_serialization=not old)
        assert "is damaged or not a safetensors file" in refused(run, capsys)
    assert not trap.exists()


def test_weights_of_another_shape_are_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = load_file(run / "model.safetensors")
    name = sorted(weights)[0]
    others: list[dict[str, torch.Tensor]] = [
        {},
        {k: v for k, v in weights.items() if k != name},
        weights | {"more": torch.ones(1)},
        weights | {name: torch.ones(2, 3, 4)},
        weights | {name: weights[name].long()},
        weights | {name: weights[name].to(torch.complex64)},
    ]
    for other in others:
        save_file(other, run / "model.safetensors")
        assert "does not fit its config.json" in refused(run, capsys)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(run: Path, capsys: pytest.CaptureFixture[str], number: float) -> None:
    weights = load_file(run / "model.safetensors")
    name = sorted(weights)[0]
    save_file(weights | {name: torch.full_like(weights[name], number)}, run / "model.safetensors")
    assert "holds numbers that are not finite" in refused(run, capsys)


def test_a_folder_without_weights_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "model.safetensors").unlink()
    assert "has no weights (model.safetensors): training has not saved any yet" in refused(run, capsys)
    (run / "model.safetensors").mkdir()
    assert "is damaged or not a safetensors file" in refused(run, capsys)


def test_a_folder_without_a_config_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "config.json").unlink()
    assert "is not a model folder: it has no config.json" in refused(run, capsys)
    (tmp_path / "file").write_text("")
    assert "cannot be read" in refused(tmp_path / "file", capsys)
    (run / "config.json").mkdir()
    assert "cannot be read" in refused(run, capsys)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"{}",
        b"[" * 100_000,
        b'{"format": "1"}',
        b'{"format": true}',
    ],
    ids=repr,
)
def test_a_config_that_is_none_is_refused(run: Path, capsys: pytest.CaptureFixture[str], text: bytes) -> None:
    (run / "config.json").write_bytes(text)
    assert str(run / "config.json") in refused(run, capsys)


def test_another_format_names_the_version_that_wrote_it(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(run, {"format": 99, "versions": {"sciencegen": "7.0"}})
    said = "has format 99, this version reads 1: install the version that wrote it (7.0)"
    assert said in refused(run, capsys)
    change(run, {"versions": "seven"})
    assert "another version" in refused(run, capsys)


def change(run: Path, changes: dict[str, Any]) -> None:
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | changes))


HUGE: list[Any] = [[[[[[[1] * 50] * 50]]]]] * 20
HOSTILE: dict[str, list[Any]] = {
    "recipe": ["densities/nothing", "", "../../etc", None, 3, [], {"a": 1}],
    "options": [
        *(None, [], "x", 7),
        *({"width": value} for value in ("wide", -8, 0, None, [1], {}, 1e400, "nan", HUGE, 2**70)),
        *({"depth": value} for value in (-1, 10**400, "1e99")),
        {"__class__": 1},
        {"widht": 8},
        {"width": 9},
    ],
    "settings": [None, [], {"precision": "7"}, {"precision": 64, "seed": "x"}, {"nothing": 1}, {"rate": HUGE}],
    "representation": [
        *(None, [], {}, {"names": ["x", "y", "heat"]}, {"shape": [3], "levels": 2}, {"a": 1}),
        {"names": "xyz", "mean": [0, 0, 0], "std": [1, 1, 1]},
        {"names": ["x", "y", "heat"], "mean": [0, 0], "std": [1, 1, 1]},
        {"names": ["x", "y", "heat"], "mean": [0, 0, 0], "std": [1, 0, 1]},
        {"names": ["x", "y", "heat"], "mean": [0, 0, float("nan")], "std": [1, 1, 1]},
        {"names": ["x", "y", "heat"], "mean": [0, 0, "0"], "std": [1, 1, 1]},
        {"names": ["x", "y", "y"], "mean": [0, 0, 0], "std": [1, 1, 1]},
        {"names": [], "mean": [], "std": []},
        {"names": ["x"], "mean": [0], "std": [1]},
    ],
    "fields": [
        *(None, {}, "radius", [1], [None], [{}], [{"kind": "number"}], [{"kind": "magic", "name": "radius"}]),
        [],
        [{"kind": "number", "name": "radius", "mean": "a"}],
        [{"kind": "number", "name": "radius", "mean": 0, "std": 0, "low": 0, "high": 1}],
        [{"kind": "number", "name": ["radius"], "mean": 0, "std": 1, "low": 0, "high": 1}],
        [{"kind": "number", "name": "radius", "mean": 0, "std": 1, "low": 0, "high": 1, "more": 1}],
        [{"kind": "category", "name": "radius", "levels": []}],
        [{"kind": "category", "name": "radius", "levels": [1, 2]}],
        [{"kind": "category", "name": "radius", "levels": "ab"}],
        HUGE,
    ],
    "versions": [None, [], 1],
    "data": [None, [], 1],
}


@pytest.mark.parametrize(
    ("key", "value"), [(k, v) for k, values in HOSTILE.items() for v in values], ids=lambda v: str(v)[:40]
)
def test_a_hostile_config_is_refused(run: Path, capsys: pytest.CaptureFixture[str], key: str, value: Any) -> None:
    change(run, {key: value})
    assert refused(run, capsys)


@pytest.mark.parametrize("key", ["recipe", "options", "settings", "representation", "fields", "versions", "data"])
def test_a_config_that_lacks_a_key_is_refused(run: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    config = json.loads((run / "config.json").read_text())
    del config[key]
    (run / "config.json").write_text(json.dumps(config))
    assert f"{key} should be a" in refused(run, capsys)


def test_a_recipe_of_other_things_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for recipe in ("arrays/made", "densities/gan", "densities/vae"):
        change(run, {"recipe": recipe})
        assert refused(run, capsys)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(run: Path, name: str) -> None:
    whole, source, refused = (run / name).read_bytes(), random.Random(0), 0
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(source.randint(1, 3)):
            damaged[source.randrange(min(len(damaged), 900))] = source.randrange(256)
        (run / name).write_bytes(damaged[: source.choice([len(damaged), source.randrange(len(damaged))])])
        refused += refuses(run)
    assert refused > 100


def refuses(run: Path) -> bool:
    try:
        load(run)
    except RequestError:
        return True
    return False


def test_a_file_is_old_or_new_whenever_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    full = OSError(28, "No space left on device")
    with pytest.raises(OutputError, match=f"cannot write {path}: No space left on device"):
        _fail(path, full)
    with pytest.raises(KeyboardInterrupt):
        _fail(path, KeyboardInterrupt())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _fail(path: Path, error: BaseException) -> None:
    with atomic(path) as temporary:
        temporary.write_text("half")
        raise error


def test_a_full_disk_leaves_the_last_checkpoint(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, before = Folder(run), {file.name: file.read_bytes() for file in run.iterdir()}
    weights = {name: torch.zeros_like(value) for name, value in folder.read_weights().items()}

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        folder.write_weights(weights)
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


def test_a_file_is_not_readable_by_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with atomic(tmp_path / "ours") as temporary:
        temporary.write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_asking_whether_a_file_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_double_precision_is_kept(tmp_path: Path, trained: Path) -> None:
    data = trained.parent / "points.csv"
    fit = Fit("densities/coupling", data, out=tmp_path / "run", width=8, depth=1, steps=2, batch=32, precision="64")
    for _ in fit:
        pass
    again = load(tmp_path / "run")
    assert again.generator.dtype == torch.float64
    drawn = [next(model.stream({"radius": 50.0}, batch=2)) for model in (fit.model, again)]
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert drawn[0].text == drawn[1].text
