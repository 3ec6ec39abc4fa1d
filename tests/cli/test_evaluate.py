"""`sciencegen evaluate`."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.files import points, words


def test_a_report_is_json(sciencegen: Command, flow: Path, table: Path) -> None:
    done = sciencegen("evaluate", flow, "--data", table, "-n", 50)
    report = json.loads(done.out)
    assert done.code == 0
    assert set(report) == {"recipe", "checkpoint", "items", "seed", "likelihood", "samples", "distance", "properties"}
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
    assert "has no likelihood" in sciencegen("evaluate", gan, "--data", table, "--given").refusal


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
