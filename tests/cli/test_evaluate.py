"""`sciencegen evaluate`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sciencegen.core.files import sha256
from tests.cli.conftest import Command
from tests.files import molecules, points, words


def test_a_report_is_json(sciencegen: Command, flow: Path, table: Path) -> None:
    done = sciencegen("evaluate", flow, "--data", table, "-n", 50)
    report = json.loads(done.out)
    assert done.code == 0
    made_of = {"recipe", "checkpoint", "items", "seed", "data"}
    assert set(report) == made_of | {"likelihood", "samples", "distance", "properties"}
    assert report["data"]["sha256"] == sha256(table)
    assert report["likelihood"]["how"] == "exact"
    assert report["samples"]["drawn"] == 50


def test_the_same_seed_gives_the_same_report(sciencegen: Command, flow: Path, table: Path, tmp_path: Path) -> None:
    for name in "ab":
        sciencegen("evaluate", flow, "--data", table, "-n", 50, "-o", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_likelihood_given_what_is_known_is_reported(sciencegen: Command, kinds: Path, tmp_path: Path) -> None:
    data = words(tmp_path / "held.csv", seed=3)
    report = json.loads(sciencegen("evaluate", kinds, "--data", data, "-n", 0, "--given").out)
    entropy = math.log(2 * math.pi * math.e)  # of two standard normal coordinates, once the side is known
    assert report["conditional"]["given"] == ["kind"]
    assert report["conditional"]["nll"] == pytest.approx(entropy, abs=0.2)
    assert report["likelihood"]["nll"] > entropy + 0.5


def test_a_gan_has_no_likelihood(sciencegen: Command, gan: Path, table: Path) -> None:
    assert "likelihood" not in json.loads(sciencegen("evaluate", gan, "--data", table, "-n", 20).out)
    assert "have no likelihood" in sciencegen("evaluate", gan, "--data", table, "--given").refusal


def test_data_may_lack_the_columns_of_fields(sciencegen: Command, flow: Path, table: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("".join(line.rpartition(",")[0] + "\n" for line in table.read_text().splitlines()))
    assert sciencegen("evaluate", flow, "--data", bare, "-n", 0).code == 0
    assert "unknown column of" in sciencegen("evaluate", flow, "--data", bare, "-n", 0, "--given").refusal


def test_one_item_can_be_judged(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    report = json.loads(sciencegen("evaluate", flow, "--data", points(tmp_path / "one.csv", 1), "-n", 10).out)
    assert report["likelihood"]["standard_error"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-n", "-1"], "-n -1: expected 0 or more"),
        (["--draws", "0"], "--draws 0: expected 1 or more"),
        (["--data", "nowhere.csv"], "nowhere.csv: there is no such file"),
    ],
)
def test_a_bad_request_is_one_line(
    sciencegen: Command, flow: Path, table: Path, arguments: list[str], said: str
) -> None:
    assert said in sciencegen("evaluate", flow, "--data", table, *arguments).refusal


def test_data_of_other_columns_are_refused(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    data = points(tmp_path / "other.csv", header="x,z,heat")
    assert "row 1 has the columns x, z: expected x, y" in sciencegen("evaluate", flow, "--data", data).refusal


def test_a_report_that_cannot_be_written_is_one_line(sciencegen: Command, flow: Path, table: Path) -> None:
    done = sciencegen("evaluate", flow, "--data", table, "-o", table / "report.json")
    assert done.code == 1
    assert "cannot write" in done.complaint


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder shaped like the MOSES sets."""
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))
    whole = molecules(tmp_path / "whole.smi").read_text().splitlines()
    for i, name in enumerate(("train", "test", "test_scaffolds")):
        (tmp_path / f"{name}.smi").write_text("\n".join(whole[i::3]) + "\n")
    return tmp_path


def test_a_model_is_judged_under_a_protocol(sciencegen: Command, gru: Path, sets: Path) -> None:
    page = sets / "report.html"
    done = sciencegen("evaluate", gru, "--protocol", "moses", "--from", sets, "-n", 60, "--html", page)
    report = json.loads(done.out)
    assert done.code == 0
    assert report["draws"] == 60
    assert report["checkpoint"]
    assert report["seed"] == 0
    assert report["sets"]["TestSF"]["file"] == "test_scaffolds.smi"
    assert len(report["sets"]["train"]["sha256"]) == 64
    assert {"valid", "SNN/Test", "SNN/TestSF", "IntDiv", "Novelty"} <= report["metrics"].keys()
    assert "unique@10000" in report["missing"]
    assert page.read_text().count("<svg") == 4


def test_a_file_of_draws_is_judged_under_a_protocol(sciencegen: Command, sets: Path) -> None:
    (sets / "hits.csv").write_text("smiles,logp\nCCO,1\nnonsense,2\nCCN,3\nCCC,3\n")
    done = sciencegen("evaluate", sets / "hits.csv", "--protocol", "guacamol", "--from", sets, "-n", 3)
    report = json.loads(done.out)
    assert report["metrics"]["validity"] == 2 / 3
    assert report["draws"] == 3
    assert len(report["sha256"]) == 64


def test_what_is_asked_is_held_against_what_is_measured(sciencegen: Command, gru: Path, sets: Path) -> None:
    page = sets / "report.html"
    asked = ("--asked", "logp,mw,logp+mw", "--targets", 6, "--each", 4)
    done = sciencegen("evaluate", gru, "--data", sets / "train.smi", *asked, "--html", page)
    report = json.loads(done.out)["asked"]
    assert report.keys() == {"logp", "mw", "logp+mw"}
    assert report["logp+mw"].keys() == {"draws", "valid", "kept", "logp", "mw"}
    assert report["mw"]["draws"] == 24
    assert report["mw"]["mw"]["mean_absolute_error"] >= 0
    assert report["mw"]["mw"]["chance"] > 0
    assert report["mw"]["mw"]["r2"] <= report["mw"]["mw"]["correlation"] ** 2 + 1e-9
    assert page.read_text().count("<svg") == 4
    again = sciencegen("evaluate", gru, "--data", sets / "train.smi", *asked)
    assert json.loads(again.out)["asked"] == report


def test_files_are_read_as_in_training(sciencegen: Command, gru: Path, sets: Path) -> None:
    (sets / "salts.smi").write_text("CCO\nCCN\nCCC.O\nC(\n")
    model = ("evaluate", gru, "--data", sets / "salts.smi", "-n", 4)
    done = sciencegen(*model)
    assert json.loads(done.out)["items"] == 3
    assert "3 of 4 rows read" in done.err
    report = json.loads(sciencegen(*model, "--read", "salts=drop").out)
    assert report["items"] == 2
    assert report["data"]["read"] == ["salts=drop"]
    assert "unknown reading option 'salt'" in sciencegen(*model, "--read", "salt=drop").refusal


def test_molecules_stand_beside_any_file(sciencegen: Command, gru: Path, sets: Path) -> None:
    report = json.loads(sciencegen("evaluate", gru, "--data", sets / "test.smi", "-n", 40).out)
    assert {"SNN", "Frag", "Scaf", "IntDiv", "logp (Wasserstein)"} <= report["distance"].keys()
    assert "logp" in report["properties"]


def test_a_page_needs_nothing_beside_it(sciencegen: Command, flow: Path, table: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    sciencegen("evaluate", flow, "--data", table, "-n", 50, "-o", tmp_path / "report.json", "--html", page)
    text = page.read_text()
    assert "radius" in text
    assert not any(word in text for word in ("<script", "src=", "href=", "@import", "url("))
    assert ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6]) is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --data or --protocol"),
        (["--protocol", "mose"], "did you mean 'moses'?"),
        (["--protocol", "moses", "--asked", "logp"], "--asked goes with --data"),
        (["--protocol", "moses", "--data", "x.smi"], "give either --data or --protocol"),
        (["--protocol", "moses", "--read", "duplicates=drop"], "--read goes with --data"),
        (["--protocol", "moses", "--from", "nowhere"], "--from nowhere: expected a folder"),
        (["--protocol", "moses", "-n", "0"], "-n 0: a protocol needs draws"),
        (["--data", "test.smi", "--from", "."], "--from goes with --protocol"),
        (["--data", "test.smi", "--asked", "lopg"], "did you mean 'logp'?"),
        (["--data", "test.smi", "--asked", "logp", "--targets", "9999"], "expected 9,999 or more to be targets"),
    ],
)
def test_a_bad_request_to_judge_is_one_line(
    sciencegen: Command, gru: Path, sets: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(sets)
    size = [] if "-n" in arguments or "--protocol" not in arguments else ["-n", "4"]
    assert said in sciencegen("evaluate", gru, *arguments, *size).refusal


def test_a_file_can_be_judged_under_a_protocol_alone(sciencegen: Command, sets: Path) -> None:
    said = sciencegen("evaluate", sets / "test.smi", "--data", sets / "train.smi").refusal
    assert "it can be judged with --protocol" in said


def test_a_domain_without_protocols_says_so(sciencegen: Command, flow: Path) -> None:
    assert "unknown protocol 'moses': there are none" in sciencegen("evaluate", flow, "--protocol", "moses").refusal
