"""`sciencegen train`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.cli.conftest import Command
from tests.files import lattices, molecules, points, small_files, words

QUICK = ("--set", "width=8", "--set", "depth=1", "--set", "steps=2", "--set", "batch=32")


def test_training_writes_a_model_folder(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("train", "densities/coupling", "--data", table, "-o", tmp_path / "run", *QUICK)
    assert done.code == 0
    assert done.out == ""
    names = {"config.json", "model.safetensors", "training.safetensors", "README.md", "journal.jsonl"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == names
    assert done.err.splitlines()[-1] == f"wrote {tmp_path / 'run'}"


def test_the_card_holds_a_command_that_makes_the_same_model(
    sciencegen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, valid = points(tmp_path / "a table.csv"), points(tmp_path / "held.csv", seed=1)
    chosen = ["--ask", "heat", "--seed", 5, "--set", "width=8", "--set", "steps=3", "--set", "ema=0.5"]
    sciencegen("train", "densities/maf", "--data", data, "--valid", valid, "-o", tmp_path / "run", *chosen)
    first = load_file(tmp_path / "run" / "model.safetensors")
    (command,) = [
        line for line in (tmp_path / "run" / "README.md").read_text().splitlines() if "sciencegen train" in line
    ]
    words_ = shlex.split(command.strip())
    words_[words_.index("-o") + 1] = str(tmp_path / "again")
    assert sciencegen(*words_[1:]).code == 0
    again = load_file(tmp_path / "again" / "model.safetensors")
    assert {k: v.tolist() for k, v in first.items()} == {k: v.tolist() for k, v in again.items()}
    configs = [json.loads((tmp_path / name / "config.json").read_text()) for name in ("run", "again")]
    assert configs[0] == configs[1]


def test_the_config_holds_every_option_with_its_default(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", *QUICK)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["options"]["latent"] == 8
    assert config["settings"]["ema"] == 0.99
    assert config["settings"]["seed"] == 0
    assert config["data"]["file"] == str(table)
    assert len(config["data"]["sha256"]) == 64


def test_what_takes_a_while_is_said_before(
    sciencegen: Command, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smiles = molecules(tmp_path / "some.smi")
    said = sciencegen("train", "molecules/smiles-gru", "--data", smiles, "-o", tmp_path / "a", "--dry-run").err
    assert not any(word in said for word in ("reading ", "measuring ", "encoding "))
    monkeypatch.setattr("sciencegen.fit._MANY", 2)
    monkeypatch.setattr("sciencegen.fit._LARGE", 2)
    asked = ("--ask", "mw", "--ask", "logp", "--dry-run", "--set", "width=8")
    said = sciencegen("train", "molecules/smiles-gru", "--data", smiles, "-o", tmp_path / "b", *asked).err
    lines = said.splitlines()
    assert lines[0] == f"reading {smiles}"
    assert lines[1].startswith("measuring mw, logp of ")
    assert lines[2].startswith("encoding ")
    plain = ("-o", tmp_path / "c", "--dry-run", "--ask", "none")
    said = sciencegen("train", "densities/coupling", "--data", table, *plain).err
    assert "measuring" not in said


def test_a_dry_run_writes_nothing(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", "--dry-run", *QUICK)
    assert done.code == 0
    assert "2 steps" in done.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_may_be_asked_for_where_none_is_said(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", "--ask", "none", *QUICK)
    assert "may be asked for: nothing" in done.err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["fields"] == []


def test_a_column_that_is_asked_for_is_no_coordinate(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", "--ask", "heat", *QUICK)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["representation"]["names"] == ["x", "y"]
    assert [field["name"] for field in config["fields"]] == ["heat"]


def test_empty_cells_of_a_field_are_unknown(sciencegen: Command, tmp_path: Path) -> None:
    rows = [f"{i % 7},{i % 5},{'' if i % 2 else i},{'' if i % 3 else 'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["x,y,heat,kind", *rows]) + "\n")
    asked = ["--ask", "heat", "--ask", "kind"]
    done = sciencegen(
        "train", "densities/coupling", "--data", tmp_path / "table.csv", "-o", tmp_path / "run", *asked, *QUICK
    )
    assert done.code == 0
    heat, kind = json.loads((tmp_path / "run" / "config.json").read_text())["fields"]
    assert (heat["low"], heat["high"]) == (0, 58)
    assert kind["levels"] == ["a", "b"]


def test_a_level_held_out_by_chance_is_known(sciencegen: Command, tmp_path: Path) -> None:
    rows = [f"{i % 7},{i % 5},{'rare' if i == 13 else 'common'}" for i in range(40)]
    (tmp_path / "table.csv").write_text("\n".join(["x,y,kind", *rows]) + "\n")
    for seed in range(3):
        out = tmp_path / f"run{seed}"
        more = ["--ask", "kind", "--holdout", 0.6, "--seed", seed, *QUICK]
        assert sciencegen("train", "densities/coupling", "--data", tmp_path / "table.csv", "-o", out, *more).code == 0


def test_a_journal_may_be_a_table(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", "--journal", "csv", *QUICK)
    lines = (tmp_path / "run" / "journal.csv").read_text().splitlines()
    assert lines[0].startswith("step,epoch,")
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "widht=8"], "unknown option 'widht': did you mean 'width'?"),
        (["--set", "width=wide"], "width=wide: expected a whole number"),
        (["--set", "width"], "expected name=value"),
        (["--set", "rate=-1"], "rate=-1.0: expected a number from 0"),
        (["--set", "rate=nan"], "rate=nan: expected a number from 0"),
        (["--set", "clip=-1"], "clip=-1.0: expected 0 or more"),
        (["--set", "beta1=2"], "beta1=2.0: expected a number from 0 to 1"),
        (["--set", "ema=1"], "ema=1: expected a number below 1"),
        (["--set", "batch=0"], "batch=0: expected 1 or more"),
        (["--set", "epochs=0"], "there is nothing to train"),
        (["--set", "precision=16"], "unknown precision '16'"),
        (["--set", "patience=3", "--holdout", "0"], "patience=3: there are no held-out data"),
        (["--set", "accumulate=1000"], "cannot be shared by 1000"),
        (["--seed", "-1"], "seed=-1: expected a number from 0"),
        (["--device", "gpu"], "unknown device 'gpu'"),
        (["--threads", "-1"], "--threads -1: expected 1 or more"),
        (["--holdout", "1.5"], "holdout=1.5: expected a share"),
        (["--journal", "jsn"], "unknown journal format 'jsn'"),
        (["--ask", "heet"], "unknown column of"),
    ],
)
def test_a_bad_request_is_one_line_and_writes_nothing(
    sciencegen: Command, table: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = sciencegen("train", "densities/coupling", "--data", table, "-o", tmp_path / "run", *arguments)
    assert done.code == 2
    assert said in done.complaint
    assert not (tmp_path / "run" / "config.json").exists()


def test_tensorboard_is_refused_where_it_is_not_installed(
    sciencegen: Command, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sciencegen.train.journal.find_spec", lambda name: None)
    done = sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run", "--tensorboard")
    assert "pip install 'sciencegen[tensorboard]'" in done.refusal
    assert list(tmp_path.iterdir()) == []


def test_options_that_make_no_net_are_named(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    said = sciencegen("train", "densities/coupling", "--data", table, "-o", out, "--set", "width=-5").refusal
    assert "width=-5" in said


def test_an_unknown_recipe_names_the_nearest(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("train", "densities/copling", "--data", table, "-o", tmp_path / "run")
    assert "unknown recipe 'densities/copling': did you mean 'densities/coupling'?" in done.refusal


def test_data_are_needed(sciencegen: Command, tmp_path: Path) -> None:
    assert "give a file with --data" in sciencegen("train", "densities/gan", "-o", tmp_path / "run").refusal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a readable csv table"),
        ("x,y\n", "the table has no rows"),
        ("x,y\n1,2\n", "the data hold 1 item: training needs 2 or more"),
        ("x,y\n1,2\n1,3\n1,4\n", "column x has one value only"),
        ("x,y\n1,2\n3,\n5,6\n", "row 2, column y is not a finite number"),
        ("x,y\n1,2\n3,inf\n5,6\n", "row 2, column y is not a finite number"),
        ("x,y\n1,2\n3,four\n5,6\n", "column y has numbers, but 'four' in row 2"),
        ("x,y\n1,2,3\n4,5,6\n", "rows have more cells than there are names"),
        ("x,y\n1,2\n3,4,5\n", "not a readable csv table"),
        ("a,b\nhot,cold\nup,down\n", "expected columns of numbers, found a, b"),
        ("x,y\n1e308,1\n-1e308,2\n1e308,3\n", "column x has numbers too large"),
    ],
)
def test_a_bad_table_is_one_line(sciencegen: Command, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    done = sciencegen("train", "densities/gan", "--data", tmp_path / "table.csv", "-o", tmp_path / "run", *QUICK)
    assert said in done.refusal
    assert "table.csv" in done.err or "column" in done.err or "the data" in done.err


def test_held_out_data_of_another_shape_are_refused(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    three = points(tmp_path / "three.csv", header="x,z,heat")
    done = sciencegen("train", "densities/gan", "--data", table, "--valid", three, "-o", tmp_path / "run", *QUICK)
    assert (
        "the held-out data do not fit the data: row 1 has the columns x, z, heat: expected x, y, heat" in done.refusal
    )
    data, small = lattices(tmp_path / "a.npz"), lattices(tmp_path / "b.npz", shape=(2, 3))
    done = sciencegen("train", "arrays/fvsbn", "--data", data, "--valid", small, "-o", tmp_path / "run")
    assert "the held-out data do not fit the data: array 1 has shape 2x3, expected 3x3" in done.refusal


def test_a_level_the_data_do_not_have_is_refused_in_held_out_data(sciencegen: Command, tmp_path: Path) -> None:
    data, valid = words(tmp_path / "a.csv"), tmp_path / "b.csv"
    valid.write_text(data.read_text() + "0,0,lft\n")
    more = ["--ask", "kind", *QUICK]
    done = sciencegen("train", "densities/gan", "--data", data, "--valid", valid, "-o", tmp_path / "run", *more)
    assert "unknown level of kind (row 301) 'lft': did you mean 'left'?" in done.refusal


def test_a_folder_in_use_is_left_alone(sciencegen: Command, flow: Path, table: Path, tmp_path: Path) -> None:
    before = (flow / "config.json").read_bytes()
    done = sciencegen("train", "densities/coupling", "--data", table, "-o", flow, *QUICK)
    assert "holds a run: go on with --resume" in done.refusal
    assert (flow / "config.json").read_bytes() == before
    (tmp_path / "thesis.tex").write_text("")
    for more in ([], ["--resume"]):
        done = sciencegen("train", "densities/coupling", "--data", table, "-o", tmp_path, *QUICK, *more)
        assert "is not empty and holds no run" in done.refusal


def test_a_file_is_no_folder(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    assert "is a file" in sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run").refusal
    done = sciencegen("train", "densities/gan", "--data", table, "-o", tmp_path / "run" / "below", *QUICK)
    assert done.code == 1
    assert f"cannot write {tmp_path / 'run' / 'below' / 'config.json'}" in done.complaint


def test_a_full_disk_ends_training_with_one_line(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with small_files():
        done = sciencegen("train", "densities/coupling", "--data", table, "-o", out, "--set", "steps=3")
    assert done.code == 1
    assert f"cannot write {out / 'model.safetensors'}: File too large" in done.complaint
    assert not [file for file in out.iterdir() if file.name.startswith(".")]
