"""`sciencegen generate`."""

from __future__ import annotations

import io
import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas
import pytest
from rdkit import Chem

from sciencegen.core.domain import Property
from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.draw import MOST
from sciencegen.domains.molecules.similarity import References
from tests.cli.conftest import Command, Done
from tests.files import small_files


def test_standard_output_is_a_table_and_nothing_else(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 7, "--where", "heat=1.5")
    table = pandas.read_csv(io.StringIO(done.out))
    assert done.code == 0
    assert list(table.columns) == ["x", "y", "radius", "heat_asked"]
    assert len(table) == 7
    assert (table["heat_asked"] == 1.5).all()
    assert np.allclose(table["radius"], np.hypot(table["x"], table["y"]))
    assert "7 kept" in done.err


def test_json_lines_hold_an_object_each(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 3, "--format", "jsonl")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [set(row) for row in rows] == [{"x", "y", "radius"}] * 3


def test_the_suffix_says_the_format(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    for suffix, read in (("csv", pandas.read_csv), ("tsv", lambda path: pandas.read_csv(path, sep="\t"))):
        assert sciencegen("generate", flow, "-n", 3, "-o", tmp_path / f"hits.{suffix}").code == 0
        assert list(read(tmp_path / f"hits.{suffix}").columns) == ["x", "y", "radius"]


@pytest.mark.parametrize("model", ["flow", "gan", "made"])
def test_the_same_seed_gives_the_same_file(
    sciencegen: Command, model: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(model)
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert sciencegen("generate", folder, "-n", 40, "--seed", seed, "-o", tmp_path / f"{name}.csv").code == 0
    same, again, other = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert same == again
    assert same != other


def test_a_record_beside_the_file_says_how_it_came_to_be(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    knob = ["--set", "temperature=0.5"]
    sciencegen("generate", flow, "-n", 4, "--where", "radius=40..60", "--seed", 9, "-o", tmp_path / "hits.csv", *knob)
    record = json.loads((tmp_path / "hits.json").read_text())
    assert record["checkpoint"] == sha256((flow / "model.safetensors").read_bytes()).hexdigest()
    assert record["asked"] == {"radius": "40..60"}
    assert record["knobs"]["temperature"] == 0.5
    assert (record["seed"], record["wanted"], record["kept"], record["recipe"]) == (9, 4, 4, "densities/coupling")
    assert record["drawn"] == record["kept"] + record["rejected"] + record["repeated"] + record["invalid"]
    assert {file.name for file in tmp_path.iterdir()} == {"hits.csv", "hits.json"}


def test_a_range_keeps_what_measures_inside(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 20, "--where", "radius=45..55")
    assert pandas.read_csv(io.StringIO(done.out))["radius"].between(45, 55).all()


def test_a_condition_is_obeyed(sciencegen: Command, made: Path) -> None:
    cold, hot = (
        pandas.read_csv(io.StringIO(sciencegen("generate", made, "-n", 200, "--where", f"heat={heat}").out))["filled"]
        for heat in (0.1, 0.9)
    )
    assert hot.mean() - cold.mean() > 0.4


def test_a_category_is_asked_for_by_its_level(sciencegen: Command, kinds: Path) -> None:
    for kind, side in (("left", -1), ("right", 1)):
        table = pandas.read_csv(io.StringIO(sciencegen("generate", kinds, "-n", 100, "--where", f"kind={kind}").out))
        assert (table["x"] * side > 0).mean() > 0.95
        assert (table["kind_asked"] == kind).all()


def test_a_budget_that_ends_keeps_the_rows_found(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    done = sciencegen("generate", flow, "-n", 50, "--where", "radius=50..51", "--budget", 60, "-o", tmp_path / "h.csv")
    kept = len(pandas.read_csv(tmp_path / "h.csv"))
    assert done.code == 3
    assert 0 < kept < 50
    assert f"drew 60 and found {kept} of 50" in done.complaint
    assert json.loads((tmp_path / "h.json").read_text())["kept"] == kept


def test_an_impossible_range_ends_with_the_budget(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 5, "--where", "radius=9000..9001")
    assert done.code == 3
    assert done.out == ""
    assert "drew 250 and found 0 of 5" in done.complaint


def test_a_range_that_cannot_be_checked_is_said_to_be_an_aim(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 5, "--where", "heat=1.2..1.4", "--where", "radius=1..99")
    assert [line for line in done.err.splitlines() if line.startswith("note")] == [
        "note: heat cannot be measured: 1.2..1.4 is aimed at, and nothing is left out"
    ]


def test_a_value_never_seen_is_warned_of(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 2, "--where", "heat=40")
    assert done.code == 0
    assert "warning: heat=40.0 is outside the training range (1" in done.err


def test_a_value_never_seen_is_refused_where_asked(sciencegen: Command, flow: Path) -> None:
    assert "outside the training range" in sciencegen("generate", flow, "--where", "heat=40", "--strict").refusal


def test_a_dry_run_writes_nothing(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    done = sciencegen("generate", flow, "-o", tmp_path / "new" / "hits.csv", "--dry-run")
    assert (done.code, done.out) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_drawn(sciencegen: Command, flow: Path, made: Path, tmp_path: Path) -> None:
    for model in (flow, made):
        path = tmp_path / f"{model.name}.png"
        assert sciencegen("generate", model, "-n", 1, "--picture", path).code == 0
        assert path.read_bytes().startswith(b"\x89PNG")


def test_distinct_items_come_once(sciencegen: Command, made: Path) -> None:
    done = sciencegen("generate", made, "-n", 60, "--distinct")
    assert not pandas.read_csv(io.StringIO(done.out)).duplicated().any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "heet=1"], "unknown condition 'heet': did you mean 'heat'?"),
        (["--where", "heat"], "--where 'heat': expected name=value"),
        (["--where", "heat=warm"], "heat=warm: expected a number"),
        (["--where", "heat=nan"], "heat=nan: expected a finite number"),
        (["--where", "heat=inf"], "heat=inf: expected a finite number"),
        (["--where", "heat=2..1"], "heat=2..1: the range is empty"),
        (["--where", "heat=1", "--where", "heat=2"], "heat is asked for twice"),
        (["--set", "temprature=1"], "unknown sampling knob 'temprature': did you mean 'temperature'?"),
        (["--set", "temperature=0"], "temperature=0.0: expected a number above 0"),
        (["--set", "temperature=nan"], "temperature=nan: expected a number above 0"),
        (["--set", "temperature=hot"], "temperature=hot: expected a number"),
        (["--set", "temperature"], "expected name=value"),
        (["--format", "cvs"], "unknown table format 'cvs': did you mean 'csv'?"),
        (["-o", "hits.cvs"], "unknown table format 'cvs': did you mean 'csv'?"),
        (["-o", "hits"], "end the name in .csv"),
        (["-o", "hits.json", "--format", "csv"], "hits.json"),
        (["--format", "parquet"], "parquet cannot be written to standard output"),
        (["-n", "0"], "-n 0: expected 1 or more"),
        (["-n", "-3"], "-n -3: expected 1 or more"),
        (["--budget", "-1"], "--budget -1: expected 0 or more"),
        (["--device", "gpu"], "unknown device 'gpu'"),
        (["--picture", "hits.jpeg"], "expected a file ending in .png"),
        (["--nonsense"], "no such option: --nonsense"),
        (["-n", "many"], "'-n'"),
    ],
)
def test_a_bad_request_is_one_line(sciencegen: Command, flow: Path, arguments: list[str], said: str) -> None:
    assert said in sciencegen("generate", flow, *arguments).refusal


def test_a_model_is_not_written_over(sciencegen: Command, flow: Path) -> None:
    assert "is no record of a table" in sciencegen("generate", flow, "-n", 2, "-o", flow / "config.csv").refusal
    assert sciencegen("info", flow).code == 0


def test_an_unknown_level_names_the_nearest(sciencegen: Command, kinds: Path) -> None:
    said = "unknown level of kind 'rigth': did you mean 'right'?"
    assert said in sciencegen("generate", kinds, "--where", "kind=rigth").refusal


def test_an_unknown_model_is_one_line(sciencegen: Command, tmp_path: Path) -> None:
    assert "there is no such folder" in sciencegen("generate", tmp_path / "nowhere").refusal


@pytest.mark.parametrize("place", ["below a file", "a folder"])
def test_a_file_that_cannot_be_written_is_said_first(
    sciencegen: Command, flow: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder.csv").mkdir()
    out = tmp_path / "file" / "hits.csv" if place == "below a file" else tmp_path / "folder.csv"
    done = sciencegen("generate", flow, "-n", 2, "-o", out)
    assert done.code == 1
    assert f"cannot write {out}" in done.complaint
    assert (tmp_path / "file").read_text() == "kept"
    assert {file.name for file in tmp_path.rglob("*")} == {"file", "folder.csv"}


def test_a_full_disk_leaves_no_half_written_file(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    (tmp_path / "hits.csv").write_text("old")
    with small_files():
        done = sciencegen("generate", flow, "-n", 1000, "-o", tmp_path / "hits.csv")
    assert done.code == 1
    assert f"cannot write {tmp_path / 'hits.csv'}: File too large" in done.complaint
    assert [file.name for file in tmp_path.iterdir()] == ["hits.csv"]
    assert (tmp_path / "hits.csv").read_text() == "old"


def test_a_device_is_written_to_and_stays_one(sciencegen: Command, flow: Path) -> None:
    assert sciencegen("generate", flow, "-n", 2, "-o", "/dev/null", "--format", "csv").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_link_is_followed(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "hits.csv").symlink_to(tmp_path / "there" / "real.csv")
    assert sciencegen("generate", flow, "-n", 2, "-o", tmp_path / "hits.csv").code == 0
    assert (tmp_path / "hits.csv").is_symlink()
    assert len(pandas.read_csv(tmp_path / "there" / "real.csv")) == 2


def table_of(done: Done) -> pandas.DataFrame:
    assert done.code == 0, done.err
    return pandas.read_csv(io.StringIO(done.out))


def test_molecules_come_with_the_usual_properties(sciencegen: Command, gru: Path) -> None:
    table = table_of(sciencegen("generate", gru, "-n", 5, "--where", "logp=1"))
    assert list(table.columns) == ["smiles", "logp", "qed", "tpsa", "mw", "sa", "logp_asked", "novel"]
    assert all(Molecules().parse(smiles) == smiles for smiles in table["smiles"])
    assert table["smiles"].is_unique
    assert [round(Molecules().properties["logp"].measure(one), 6) for one in table["smiles"]] == [
        round(value, 6) for value in table["logp"]
    ]


@pytest.mark.parametrize(
    ("asked", "columns"), [("none", ["logp"]), ("mw,rings", ["mw", "rings", "logp"]), ("logp", ["logp"])]
)
def test_what_is_measured_is_what_was_named_and_what_was_asked(
    sciencegen: Command, gru: Path, asked: str, columns: list[str]
) -> None:
    table = table_of(sciencegen("generate", gru, "-n", 3, "--where", "logp=1", "--properties", asked))
    assert list(table.columns) == ["smiles", *columns, "logp_asked", "novel"]


def test_nothing_is_measured_that_is_not_wanted(
    sciencegen: Command, gru: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    costly = Property[str](lambda molecule: pytest.fail("measured"))
    monkeypatch.setattr(Molecules, "properties", {**Molecules.properties, "qed": costly})
    assert sciencegen("generate", gru, "-n", 3, "--properties", "logp").code == 0
    with pytest.raises(pytest.fail.Exception):
        sciencegen("generate", gru, "-n", 3)


def test_substructures_are_kept_and_left_out(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    options = ["--contains", "[#6]", "--contains", "[O,N]", "--without", "c", "--without", "F", "--properties", "none"]
    done = sciencegen("generate", gru, "-n", 10, "-o", tmp_path / "hits.csv", *options)
    assert done.code == 0
    for smiles in pandas.read_csv(tmp_path / "hits.csv")["smiles"]:
        assert "c" not in smiles
        assert "F" not in smiles
        assert set(smiles) & set("ON")
    record = json.loads((tmp_path / "hits.json").read_text())
    assert record["filters"] == {"contains": ["[#6]", "[O,N]"], "without": ["c", "F"]}
    assert set(record["rejected_by"]) <= {"contains [#6]", "contains [O,N]", "without c", "without F"}
    assert sum(record["rejected_by"].values()) == record["rejected"] > 0
    assert record["drawn"] == record["kept"] + record["rejected"] + record["repeated"] + record["invalid"]
    assert all(f"{name}: {count}" in done.err for name, count in record["rejected_by"].items())


def test_what_is_like_a_file_is_left_out(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    table_of(sciencegen("generate", gru, "-n", 1))
    known = sciencegen("generate", gru, "-n", 20, "--format", "smi")
    (tmp_path / "known.smi").write_text(known.out)
    unlike = ["--unlike", tmp_path / "known.smi", "--properties", "none"]
    strict = table_of(sciencegen("generate", gru, "-n", 5, *unlike, "--ceiling", 0.4))["smiles"]
    references = References([line.split()[0] for line in known.out.splitlines()])
    assert max(references.nearest(smiles) for smiles in strict) <= 0.4
    assert not set(strict) & set(known.out.split())


def test_what_measures_far_from_the_request_is_left_out(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    out, ask = tmp_path / "hits.csv", ["--where", "logp=1", "--tolerance", "logp=0.3", "--where", "mw=50..140"]
    assert sciencegen("generate", gru, "-n", 8, "-o", out, *ask).code == 0
    table, record = pandas.read_csv(out), json.loads((tmp_path / "hits.json").read_text())
    assert table["logp"].between(0.7, 1.3).all()
    assert table["mw"].between(50, 140).all()
    assert set(record["rejected_by"]) <= {"mw=50..140", "logp=1+-0.3"}
    assert record["tolerance"] == {"logp": 0.3}


def test_the_best_of_several_come_closer(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    ask = ["-n", 15, "--where", "logp=1.5", "--properties", "none"]
    plain = table_of(sciencegen("generate", gru, *ask))
    assert sciencegen("generate", gru, *ask, "--best-of", 6, "-o", tmp_path / "hits.csv").code == 0
    best, record = pandas.read_csv(tmp_path / "hits.csv"), json.loads((tmp_path / "hits.json").read_text())
    assert (best["logp"] - 1.5).abs().mean() < 0.6 * (plain["logp"] - 1.5).abs().mean()
    assert (record["best_of"], record["kept"], record["outdone"]) == (6, 15, 75)
    assert record["drawn"] == record["kept"] + record["outdone"] + record["repeated"] + record["invalid"]


def test_molecules_go_through_a_pipe_and_into_structures(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    piped = sciencegen("generate", gru, "-n", 4, "--format", "smi", "-o", "-")
    assert sciencegen("generate", gru, "-n", 4, "-o", tmp_path / "hits.sdf").code == 0
    found = list(Chem.SDMolSupplier(str(tmp_path / "hits.sdf")))
    assert [Chem.MolToSmiles(mol) for mol in found] == [line.split("\t")[0] for line in piped.out.splitlines()]
    assert {"smiles", "logp", "qed", "tpsa", "mw", "sa"} <= set(found[0].GetPropNames())
    assert json.loads((tmp_path / "hits.json").read_text())["format"] == "sdf"


def test_molecules_are_drawn_with_their_numbers(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    for option, name in (("--picture", "a.svg"), ("--grid", "b.png")):
        assert sciencegen("generate", gru, "-n", 3, "--where", "logp=1", option, tmp_path / name).code == 0
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_shows_not_all_says_so(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    ask = ["-n", MOST + 5, "--repeats", "--properties", "none", "--picture", tmp_path / "a.svg"]
    assert f"a.svg shows the first {MOST} of {MOST + 5}" in sciencegen("generate", gru, *ask).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--contains", "C1CC"], "'C1CC' is not a SMARTS: unclosed ring"),
        (["--without", "[C"], "every [ needs a ]"),
        (["--unlike", "nowhere.smi"], "nowhere.smi: there is no such file"),
        (["--ceiling", "0.5"], "--ceiling 0.5: it goes with --unlike"),
        (["--tolerance", "logp=0.3"], "--tolerance logp=0.3: ask for a number too"),
        (["--tolerance", "logp"], "--tolerance 'logp': expected name=number"),
        (["--tolerance", "lgp=1"], "unknown property 'lgp': did you mean 'logp'?"),
        (["--properties", "logp,qd"], "unknown property 'qd': did you mean 'qed'?"),
        (["--best-of", "4"], "--best-of needs a request that can be measured"),
        (["--best-of", "0"], "--best-of 0: expected 1 or more"),
        (["--picture", "a.gif"], "expected a file ending in .png or .svg"),
        (["--format", "sfd"], "unknown table format 'sfd': did you mean 'sdf'?"),
        (["-w", "logp>=3", "-w", "logp<=2"], "logp"),
        (["-w", "mw=-5", "--strict"], "mw=-5.0 is outside the training range ("),
        (["-o", "a.png", "--picture", "a.png"], "the table is written there"),
    ],
)
def test_a_bad_request_of_molecules_is_one_line(
    sciencegen: Command, gru: Path, arguments: list[str], said: str
) -> None:
    assert said in sciencegen("generate", gru, *arguments).refusal


@pytest.mark.parametrize("option", ["--contains", "--without", "--unlike"])
def test_a_domain_without_a_filter_says_so(sciencegen: Command, flow: Path, option: str) -> None:
    said = f"{option} x: the domain densities has no filter of its own"
    assert said in sciencegen("generate", flow, option, "x").refusal


def test_a_file_that_cannot_be_written_is_said_before_the_model_is_read(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    done = sciencegen("generate", tmp_path / "no-model", "-o", tmp_path / "folder.csv")
    assert "cannot write" in done.complaint


def test_a_model_that_forgot_its_data_cannot_say_what_is_new(sciencegen: Command, flow: Path) -> None:
    assert "keeps no record of its training data" in sciencegen("generate", flow, "--novel").refusal


def test_what_is_new_is_marked_and_can_be_asked_for(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    trained = set(Molecules().read(gru.parent / "molecules.smi").items)
    done = sciencegen("generate", gru, "-n", 30, "-o", tmp_path / "hits.csv", "--properties", "none")
    table, record = pandas.read_csv(tmp_path / "hits.csv"), json.loads((tmp_path / "hits.json").read_text())
    assert not table["novel"][table["smiles"].isin(trained)].any()
    assert 0 < record["novel"] == table["novel"].sum() < 30
    assert f"{record['novel']} novel" in done.err
    new = table_of(sciencegen("generate", gru, "-n", 10, "--novel", "--properties", "none"))
    assert new["novel"].all()
    assert not set(new["smiles"]) & trained


@pytest.mark.slow
def test_worker_processes_change_nothing_but_the_time(sciencegen: Command, gru: Path) -> None:
    ask = ["generate", gru, "-n", 20, "--where", "logp=1", "--without", "F", "--best-of", 2]
    assert sciencegen(*ask, "--workers", 2).out == sciencegen(*ask, "--workers", 0).out


def test_what_has_no_steps_is_not_compiled_and_says_so(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    done = sciencegen("generate", flow, "-n", 3, "--compile", "-o", tmp_path / "points.csv")
    assert done.code == 0
    assert "note: --compile changes nothing" in done.err
    assert json.loads((tmp_path / "points.json").read_text())["compiled"] is False
