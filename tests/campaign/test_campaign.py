from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.conftest import CONFIG, Written, started
from tests.cli.conftest import Command, folder, gru, sciencegen

__all__ = ["folder", "gru", "sciencegen"]

TABLES = ("survivors.csv", "picked.csv", "rejects.csv", "plate_map.csv", "echo_picklist.csv", "order.csv")
MORE = ("registry.csv", "picked.sdf", "provenance.json", "report.json", "report.html")


def rows_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tables_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (*TABLES, *MORE)}


def test_every_row_is_kept_or_says_why_not(done: Path) -> None:
    kept, left = rows_of(done / "survivors.csv"), rows_of(done / "rejects.csv")
    assert sorted(int(row["line"]) for row in [*kept, *left]) == list(range(1, 61))
    reasons = Counter(row["stage"] for row in left)
    assert reasons["duplicate"] == 2  # one thrice, once with salt
    assert reasons["read"] == 6
    assert all(row["reason"] for row in left)
    steps = json.loads((done / "report.json").read_text())["steps"]
    assert steps[0]["kept"] == 60
    for before, after in zip(steps, steps[1:], strict=False):
        if after["name"] != "picked":
            assert before["kept"] == after["kept"] + sum(after["reasons"].values())


def test_what_is_chosen_has_a_name_a_number_and_a_well(done: Path) -> None:
    picked, wells = rows_of(done / "picked.csv"), rows_of(done / "plate_map.csv")
    assert len(picked) == 8
    assert [row["pick"] for row in picked] == [str(i) for i in range(1, 9)]
    assert picked[0]["rank"] == "1"
    assert {row["id"] for row in picked} == {row["id"] for row in wells if row["role"] == "compound"}
    for row in picked:
        assert row["id"].startswith("SG-")
        assert row["source_id"].startswith("X-")
        assert 100 <= float(row["calc_mw"]) <= 400
        assert len(row["inchikey"]) == 27
        assert 0 <= float(row["score"]) <= 1
    assert (done / "picked.sdf").read_text().count("$$$$") == 8


def test_shards_and_workers_change_nothing(config: Written, sciencegen: Command, tmp_path: Path, done: Path) -> None:
    other = tmp_path / "other"
    assert sciencegen("screen", config(shard=7), "--out", other, "--workers", 2).code == 0
    assert tables_of(other) == tables_of(done)


def test_the_order_of_keys_changes_nothing(config: Written, sciencegen: Command, tmp_path: Path, done: Path) -> None:
    turned = CONFIG.replace('mw = "100..400", logp = "<=4"', 'logp = "<=4", mw = "100..400"')
    parts = turned.split("[combine.desire.")
    other = parts[2].partition("\n[pick]")
    path = config(f"{parts[0]}[combine.desire.{other[0]}\n[combine.desire.{parts[1]}{other[1]}{other[2]}")
    assert sciencegen("screen", path, "--out", tmp_path / "turned", "--workers", 1).code == 0
    assert tables_of(tmp_path / "turned") == tables_of(done)


def test_draws_are_the_same_however_they_are_cut(sciencegen: Command, tmp_path: Path, gru: Path) -> None:
    text = (
        '[source]\nmodel = "{model}"\ndraws = 1100\nwhere = {{ logp = "0..2" }}\n[filter]\nranges = {{ mw = "<=200" }}'
    )
    found = []
    for shard in (1100, 300):
        path = tmp_path / f"{shard}.toml"
        path.write_text(f"shard = {shard}\n" + text.format(model=gru))
        done = sciencegen("screen", path, "--out", tmp_path / f"run{shard}", "--workers", 1)
        assert done.code == 0, done.err
        found.append([(tmp_path / f"run{shard}" / name).read_bytes() for name in ("survivors.csv", "rejects.csv")])
    assert found[0] == found[1]
    kept, left = (rows_of(tmp_path / "run300" / name) for name in ("survivors.csv", "rejects.csv"))
    assert len(kept) + len(left) == 1100
    assert all(float(row["nll"]) > 0 for row in kept)


def test_a_finished_campaign_does_nothing_again(config: Written, sciencegen: Command, done: Path) -> None:
    before = (done / "journal.jsonl").read_bytes()
    assert sciencegen("screen", config(), "--out", done).code == 0
    assert sciencegen("screen", "--out", done).code == 0
    assert (done / "journal.jsonl").read_bytes() == before


def test_a_folder_refuses_another_plan(config: Written, sciencegen: Command, done: Path) -> None:
    path = config(CONFIG + "\n[report]\nshown = 3\n")
    refusal = sciencegen("screen", path, "--out", done)
    assert refusal.code == 2
    assert "another campaign was begun here (it differs in config.report.shown)" in refusal.complaint


def test_ids_belong_to_one_campaign(config: Written, sciencegen: Command, tmp_path: Path, done: Path) -> None:
    other = tmp_path / "seeded"
    assert sciencegen("screen", config("seed = 1\n" + CONFIG), "--out", other, "--workers", 1).code == 0
    ids = [{row["id"] for row in rows_of(one / "survivors.csv")} for one in (done, other)]
    assert not ids[0] & ids[1]
    assert len(ids[0]) == len(ids[1])


def test_a_dry_run_writes_nothing(config: Written, sciencegen: Command, tmp_path: Path) -> None:
    found = sciencegen("screen", config(), "--out", tmp_path / "run", "--dry-run")
    assert found.code == 0
    assert "pick: 8 by maxmin" in found.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("mw =", "wm ="), "'wm': did you mean 'mw'"),
        (('"100..400"', '"heavy"'), "filter.ranges.mw = 'heavy'"),
        (('flag = ["brenk"]', 'flag = ["brunk"]'), "did you mean 'brenk'"),
        (('"tpsa"', '"tspa"'), "did you mean 'tpsa'"),
        (("calc_logp", "calc_lgop"), "did you mean 'calc_logp'"),
        (("calc_logp", "pred_vina_score"), "expected the column of a number"),
        (('"supplier.csv"', '"absent.csv"'), "absent.csv"),
        (('id = "code"', 'id = "cod"'), "did you mean 'code'"),
        (('properties = ["tpsa"]', 'command = ["no-such-program"]'), "no-such-program is not there"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    config: Written, sciencegen: Command, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    found = sciencegen("screen", config(CONFIG.replace(*change)), "--out", tmp_path / "run")
    assert words in found.complaint
    assert not (tmp_path / "run" / "sift").exists()


def test_two_processes_do_not_share_a_folder(config: Written, sciencegen: Command, done: Path) -> None:
    from sciencegen.campaign.folder import RunFolder

    with RunFolder(done).locked():
        found = started("screen", config(), "--out", done)
        said = found.communicate()[1]
        assert found.returncode == 2
        assert b"is at work here" in said


def test_known_items_are_left_out(config: Written, sciencegen: Command, tmp_path: Path, done: Path) -> None:
    known = [row["smiles"] for row in rows_of(done / "survivors.csv")][:5]
    (tmp_path / "known.smi").write_text("".join(f"{smiles}.Cl\n" for smiles in known))
    path = config(CONFIG + '\n[clean]\ndrop_known = ["known.smi"]\n')
    assert sciencegen("screen", path, "--out", tmp_path / "new", "--workers", 1).code == 0
    left = [row for row in rows_of(tmp_path / "new" / "rejects.csv") if row["stage"] == "known"]
    assert len(left) == 5
    assert not {row["smiles"] for row in rows_of(tmp_path / "new" / "survivors.csv")} & set(known)


def test_must_haves_and_bans_are_kept_to(config: Written, sciencegen: Command, tmp_path: Path, done: Path) -> None:
    ranked = sorted(rows_of(done / "survivors.csv"), key=lambda row: int(row["rank"]))
    must, ban = ranked[-1]["smiles"], ranked[0]["smiles"]
    path = config(CONFIG.replace("n = 8", f'n = 8\nmust = ["{must}", "CCCCCCCCCBr"]\nban = ["{ban}"]'))
    assert sciencegen("screen", path, "--out", tmp_path / "must", "--workers", 1).code == 0
    picked = [row["smiles"] for row in rows_of(tmp_path / "must" / "picked.csv")]
    assert picked[0] == must
    assert ban not in picked
    assert "CCCCCCCCCBr must be chosen and is not among those left" in (tmp_path / "must" / "report.html").read_text()


GIVING = """
import json, sys
lengths = [len(line.strip()) for line in sys.stdin]
odd = [float("inf") if n % 3 == 0 else float("nan") if n % 3 == 1 else n for n in lengths]
print(json.dumps({"version": 1, "payload": {"length": lengths, "odd": odd}}))
"""


def test_the_report_counts_what_is_missing_and_what_is_infinite(
    config: Written, sciencegen: Command, tmp_path: Path
) -> None:
    (tmp_path / "giving.py").write_text(GIVING)
    score = f'[[score]]\nname = "two"\ncommand = [{json.dumps(sys.executable)}, "giving.py"]\n'
    run = tmp_path / "run"
    path = config(CONFIG.replace("[combine.desire.calc_logp]", score + "[combine.desire.calc_logp]"))
    assert sciencegen("screen", path, "--out", run, "--workers", 1).code == 0
    lengths = [len(row["parent_smiles"]) for row in rows_of(run / "survivors.csv")]
    figures = {one["name"]: one for one in json.loads((run / "report.json").read_text())["figures"]}
    infinite, missing = (sum(n % 3 in ends for n in lengths) for ends in ((0,), (0, 1)))
    assert 0 < infinite < missing < len(lengths)
    counts = {name: (one["left"], one["missing"], one["infinite"]) for name, one in figures.items()}
    assert counts["pred_two_odd"] == (len(lengths), missing, infinite)
    assert counts["pred_two_length"] == counts["calc_mw"] == (len(lengths), 0, 0)
    page = (run / "report.html").read_text()
    assert f"of all {len(lengths)} that passed {missing} missing, {infinite} of them infinite" in page
