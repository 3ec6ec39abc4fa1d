"""The latent space of a model at the command line: ways, neighbours, maps."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from sciencegen.fit import Fit
from tests.cli.conftest import Command
from tests.files import molecules

TINY = {"width": 64, "latent": 8, "code": 32, "context": 8, "embed": 16, "beta": 0.001, "ramp": 50}
QUICK = {"batch": 32, "rate": 3e-3, "ema": 0.9, "warmup": 10, "precision": "32", "epochs": 15}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A latent model of small molecules, and its data."""
    place = tmp_path_factory.mktemp("latent")
    data = molecules(place / "molecules.smi")
    for _ in Fit("molecules/chemical-vae", data, out=place / "vae", ask=["logp", "mw"], **TINY, **QUICK):  # type: ignore[arg-type]
        pass
    return place


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_way_is_written_and_drawn(place: Path, tmp_path: Path, sciencegen: Command) -> None:
    out, picture = tmp_path / "way.csv", tmp_path / "way.svg"
    ends = ("CCCCO", "CCCCc1ccccc1")
    asked = ["-n", 5, "--properties", "logp,mw", "-o", out, "--draw", picture]
    done = sciencegen("latent", "interpolate", place / "vae", *ends, *asked)
    assert done.code == 0, done.err
    rows = rows_of(out)
    assert [row["at"] for row in rows] == ["0.0", "0.25", "0.5", "0.75", "1.0"]
    columns = {"smiles", "at", "like_a", "like_b", "logp", "mw", "logp_predicted", "mw_predicted"}
    assert set(rows[0]) == columns
    assert picture.read_text().startswith("<?xml")
    record = json.loads((tmp_path / "way.json").read_text())
    assert (record["from"], record["to"], record["walk"], record["drawn"]) == (*ends, "sphere", 5)
    for row, end in ((rows[0], ends[0]), (rows[-1], ends[1])):
        assert row["smiles"] == end or f"note: {end} comes back as" in done.err


def test_repeats_are_left_out_where_it_is_asked(place: Path, sciencegen: Command) -> None:
    asked = ("CCCCO", "CCCCc1ccccc1", "-n", 40, "--properties", "none", "--format", "jsonl")
    every = sciencegen("latent", "interpolate", place / "vae", *asked)
    once = sciencegen("latent", "interpolate", place / "vae", *asked, "--distinct")
    found = [json.loads(line)["smiles"] for line in once.out.splitlines()]
    assert len(every.out.splitlines()) == 40
    assert all(one != other for one, other in zip(found, found[1:], strict=False))
    kept = [json.loads(line)["smiles"] for line in every.out.splitlines()]
    assert found == [one for i, one in enumerate(filter(None, kept)) if not i or one != list(filter(None, kept))[i - 1]]


def test_neighbours_come_in_the_order_of_their_similarity(place: Path, tmp_path: Path, sciencegen: Command) -> None:
    out = tmp_path / "near.csv"
    done = sciencegen("latent", "neighbours", place / "vae", "CCCCO", "-n", 8, "--radius", 1, "-o", out)
    assert done.code == 0, done.err
    similar = [float(row["similarity"]) for row in rows_of(out)]
    assert len(similar) == 8
    assert similar == sorted(similar, reverse=True)
    assert {"distance", "logp", "mw", "mw_predicted"} <= set(rows_of(out)[0])


def test_too_few_neighbours_are_written_all_the_same(place: Path, tmp_path: Path, sciencegen: Command) -> None:
    out = tmp_path / "near.csv"
    asked = ["-n", 400, "--radius", 0.5, "--budget", 300, "-o", out]
    done = sciencegen("latent", "neighbours", place / "vae", "CCCCO", *asked)
    assert done.code == 3
    assert f"looked at 300 places and found {len(rows_of(out))} of 400" in done.complaint


@pytest.mark.parametrize(("along", "names"), [("pca", ("x", "y")), ("mw,logp", ("along_mw", "along_logp"))])
def test_a_map_is_written_and_drawn(
    place: Path, tmp_path: Path, sciencegen: Command, along: str, names: tuple[str, str]
) -> None:
    out, picture = tmp_path / "map.csv", tmp_path / "map.svg"
    data = tmp_path / "some.smi"
    data.write_text((place / "molecules.smi").read_text() + "CC[Si](C)C\n")
    asked = ["--properties", "logp,mw", "--along", along, "-o", out, "--picture", picture, "--colour", "mw"]
    done = sciencegen("latent", "map", place / "vae", "--data", data, *asked)
    assert done.code == 0, done.err
    rows = rows_of(out)
    assert set(rows[0]) == {"smiles", *names, "logp", "mw", "logp_predicted", "mw_predicted"}
    assert "left out 1 of" in done.err
    assert "such as CC[Si](C)C" in done.err
    assert picture.read_text().count("<circle") == len(rows)
    some = sciencegen("latent", "map", place / "vae", "--data", data, "-n", 20, "--properties", "none")
    assert len(some.out.splitlines()) == 21
    assert "chosen by the seed" in some.err


def test_what_cannot_be_done_is_said(place: Path, tmp_path: Path, gru: Path, sciencegen: Command) -> None:
    vae, data = place / "vae", place / "molecules.smi"

    def refused(*asked: object) -> str:
        return sciencegen("latent", *asked).refusal

    assert "Autoregressive generators have no latent space" in refused("interpolate", gru, "CCO", "CCC")
    assert "CCO: there is no way between them" in refused("interpolate", vae, "CCO", "OCC")
    assert "[Fe]: the model cannot encode it" in refused("neighbours", vae, "[Fe]")
    assert "xx: neither a file nor one of molecules" in refused("interpolate", vae, "CCO", "xx")
    assert "radius=0: expected a number above 0" in refused("neighbours", vae, "CCO", "--radius", 0)
    assert "unknown property 'loggp'" in refused("neighbours", vae, "CCO", "--properties", "loggp")
    assert "--draw a.gif: expected a file" in refused("interpolate", vae, "CCO", "CCC", "--draw", "a.gif")
    assert "expected a file ending in .svg" in refused("map", vae, "--data", data, "--picture", "a.png")
    assert "unknown property that latents know 'qed'" in refused("map", vae, "--data", data, "--along", "qed,mw")
    assert "-n 2: expected 3 or more" in refused("map", vae, "--data", data, "-n", 2)
    empty = tmp_path / "none.smi"
    empty.write_text("[Fe]\n[Si]\n")
    done = sciencegen("latent", "map", vae, "--data", empty)
    assert "holds 0 items the model can encode" in done.complaint


def test_the_shipped_latent_model_can_be_walked_in(sciencegen: Command) -> None:
    done = sciencegen("latent", "interpolate", "grammar-vae", "CC(=O)Nc1ccc(O)cc1", "CN1CCN(Cc2ccc(Cl)cc2)CC1")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 10
    assert sciencegen("latent").out.startswith("Usage")
