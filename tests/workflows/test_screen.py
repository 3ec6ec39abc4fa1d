"""The example campaigns run, small, and their tables agree."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import pytest

from sciencegen.campaign.config import Config, read_config
from tests.cli.conftest import Command, sciencegen
from tests.files import broken_molecules
from tests.workflows.test_workflows import ROOT

Chem = pytest.importorskip("rdkit.Chem", reason="molecules need RDKit")

__all__ = ["sciencegen"]

SCREEN = ROOT / "workflows" / "screen"
EXAMPLES = sorted(SCREEN.glob("*.toml"))
_SETTING = re.compile(r"^#(?=[\w\[])", re.MULTILINE)
"""A `#` without a blank is before a setting to take up; what is said has one."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_setting_that_is_shown_is_one(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    whole = tmp_path / path.name
    whole.write_text(_SETTING.sub("", text), encoding="utf-8")
    assert whole.read_text() != text
    shown, plain = read_config(whole), read_config(path)
    assert (shown.source.model, shown.source.file) == (plain.source.model, plain.source.file)
    assert set(tomllib.loads(whole.read_text())) >= set(Config.model_fields) - {"domain", "score"}


def test_every_setting_is_shown_somewhere() -> None:
    said = [tomllib.loads(_SETTING.sub("", path.read_text(encoding="utf-8"))) for path in EXAMPLES]
    for name in ("source", "clean", "filter", "pick", "plate", "report", "combine"):
        field = Config.model_fields[name].annotation
        table = next(one for one in (field, *getattr(field, "__args__", ())) if hasattr(one, "model_fields"))
        keys = {key for one in said for key in one[name]}
        assert keys == set(table.model_fields), name


def test_what_is_shown_as_usual_is_what_is_usual(tmp_path: Path) -> None:
    """A value behind a `#` in screen.toml is the one that is taken without it, but for lists, which show an example."""
    path = SCREEN / "screen.toml"
    whole = tmp_path / path.name
    whole.write_text(_SETTING.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    shown, plain = read_config(whole).model_dump(), read_config(path).model_dump()
    shown["source"]["knobs"] = plain["source"]["knobs"]
    for table in ("clean", "filter", "pick", "plate", "report", "combine", "source"):
        for name, value in shown[table].items():
            assert value == plain[table][name] or isinstance(value, list) or name == "neighbours", f"{table}.{name}"


def cut(path: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of an example, made small."""
    text = path.read_text(encoding="utf-8")
    for pattern, instead in changes:
        text, count = re.subn(pattern, instead, text, count=1, flags=re.MULTILINE)
        assert count == 1, pattern
    copy = folder / path.name
    copy.write_text(text, encoding="utf-8")
    return copy


def agree(run: Path, rows: int, picked: int, replicates: int, controls: int) -> None:
    """Every table is there, and says the same of the same compounds."""
    kept, left, chosen = (rows_of(run / f"{name}.csv") for name in ("survivors", "rejects", "picked"))
    assert sorted(int(row["line"]) for row in left) == sorted({int(row["line"]) for row in left})
    assert len(kept) + len(left) == rows
    assert len(chosen) == picked
    ids = [row["id"] for row in chosen]
    everything = {row["id"]: row for row in kept}
    for row in chosen:
        assert everything[row["id"]].items() <= row.items()
    wells = rows_of(run / "plate_map.csv")
    assert sorted(row["id"] for row in wells if row["role"] == "compound") == sorted(ids * replicates)
    assert sum(row["role"] == "control" for row in wells) == controls * len({row["plate"] for row in wells})
    transfers = rows_of(run / "echo_picklist.csv")
    assert len(transfers) == picked * replicates
    assert {(row["Destination Plate Name"], row["Destination Well"]) for row in transfers} == {
        (row["plate"], row["well"]) for row in wells if row["role"] == "compound"
    }
    assert [row["id"] for row in rows_of(run / "order.csv")] == ids
    assert [row["id"] for row in rows_of(run / "registry.csv")] == ids
    structures = list(Chem.SDMolSupplier(str(run / "picked.sdf")))
    assert [one.GetProp("id") for one in structures] == ids
    assert [Chem.MolToSmiles(one) for one in structures] == [Chem.CanonSmiles(row["smiles"]) for row in chosen]
    steps = json.loads((run / "report.json").read_text())["steps"]
    assert (steps[0]["kept"], steps[-2]["kept"], steps[-1]["kept"]) == (rows, len(kept), picked)
    page = (run / "report.html").read_text()
    assert all(one in page for one in ids)
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert json.loads((run / "provenance.json").read_text())["rows"] == rows


@pytest.mark.slow
def test_the_campaign_of_a_model_runs(sciencegen: Command, tmp_path: Path) -> None:
    path = cut(SCREEN / "screen.toml", tmp_path, (r"^draws = .*$", "draws = 200"), (r"^n = 80\b", "n = 8"))
    assert sciencegen("screen", path, "--out", tmp_path / "run", "--dry-run").code == 0
    assert not (tmp_path / "run").exists()
    done = sciencegen("screen", path, "--out", tmp_path / "run", "--workers", 1)
    assert done.code == 0, done.err
    agree(tmp_path / "run", 200, 8, 2, 16)
    for row in rows_of(tmp_path / "run" / "picked.csv"):
        assert 1 <= float(row["calc_logp"]) <= 3.5
        assert float(row["calc_qed"]) >= 0.7
        assert 250 <= float(row["calc_mw"]) <= 350
        assert row["target_qed"].startswith("0.7..")
        assert {"flag_brenk", "flag_nih", "flag_chembl", "calc_rings", "nll"} <= set(row)


@pytest.mark.slow
def test_the_campaign_of_a_file_runs(sciencegen: Command, tmp_path: Path) -> None:
    broken_molecules(tmp_path / "supplier.csv")
    easier = (r"^ranges = .*$", 'ranges = { mw = "100..450" }')
    path = cut(SCREEN / "supplier.toml", tmp_path, (r"^n = 320\b", "n = 12"), (r"^quota = 3\b", "quota = 12"), easier)
    done = sciencegen("screen", path, "--out", tmp_path / "run", "--workers", 1)
    assert done.code == 0, done.err
    agree(tmp_path / "run", 60, 12, 1, 64)
    assert all(row["source_id"].startswith("X-") for row in rows_of(tmp_path / "run" / "picked.csv"))


def test_the_readme_names_what_is_written() -> None:
    from sciencegen.campaign import finish

    said = (SCREEN / "README.md").read_text(encoding="utf-8")
    written = re.findall(r'"([a-z_]+\.(?:csv|sdf|html|json))"', Path(finish.__file__).read_text())
    assert len(written) >= 10
    assert all(f"`{name}`" in said for name in (*written, "manifest.json", "journal.jsonl"))
