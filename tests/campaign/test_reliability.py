"""Whatever happens to the process that drives a campaign, the same command goes on and ends with the same bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.campaign.conftest import CONFIG, Written, started
from tests.campaign.test_campaign import rows_of, tables_of

SCORER = """
import json, sys
texts = [line.strip() for line in sys.stdin]
print(json.dumps({"version": 1, "payload": {"length": [len(text) for text in texts]}}))
"""
SCORED = CONFIG.replace(
    "[combine.desire.calc_logp]",
    '[[score]]\nname = "own2"\ncommand = [{python}, "scorer.py"]\n[combine.desire.calc_logp]',
)


def scored(config: Written, tmp_path: Path, shard: int = 4) -> Path:
    """A campaign of many shards, with a scorer."""
    (tmp_path / "scorer.py").write_text(SCORER)
    return config(SCORED.replace("{python}", json.dumps(sys.executable)), shard=shard)


def whole(path: Path, out: Path, *more: object) -> None:
    found = started("screen", path, "--out", out, "--workers", 1, *more)
    said = found.communicate()[1].decode()
    assert found.returncode == 0, said


def orphans(session: int) -> list[str]:
    """Processes of a session that was killed."""
    listed = subprocess.run(["ps", "-eo", "sid,stat,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [row[2] for row in rows if int(row[0]) == session and "Z" not in row[1]]


def done_tasks(run: Path) -> list[str]:
    """What a campaign has noted as done, each time it was done."""
    journal = run / "journal.jsonl"
    return [json.loads(line)["task"] for line in journal.read_text().splitlines()] if journal.exists() else []


@pytest.mark.slow
def test_a_campaign_killed_twenty_times_ends_as_if_it_never_was(config: Written, tmp_path: Path) -> None:
    path = scored(config, tmp_path, shard=2)
    whole(path, tmp_path / "calm")
    chance, kills = random.Random(0), 0
    for _ in range(200):
        before = done_tasks(tmp_path / "storm")
        process = started("screen", path, "--out", tmp_path / "storm", "--workers", 1)
        deadline = time.monotonic() + chance.choice((0.5, 1.5, 60, 60))  # before it begins, or in the midst of a task
        while len(done_tasks(tmp_path / "storm")) == len(before) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == 0:
            break
        kills += 1
        time.sleep(0.2)
        deadline = time.monotonic() + 10
        while orphans(process.pid) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not orphans(process.pid)
        if kills == 20:
            whole(path, tmp_path / "storm")
            break
    assert kills == 20
    assert tables_of(tmp_path / "storm") == tables_of(tmp_path / "calm")
    assert Counter(done_tasks(tmp_path / "storm")).most_common(1)[0][1] == 1
    assert not list((tmp_path / "storm").rglob(".*writing*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_campaign_goes_on(config: Written, tmp_path: Path, number: signal.Signals) -> None:
    path = scored(config, tmp_path)
    process = started("screen", path, "--out", tmp_path / "run", "--workers", 1)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "run").glob("sift/*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 128 + number
    whole(path, tmp_path / "run")
    assert len(rows_of(tmp_path / "run" / "picked.csv")) == 8


@pytest.mark.slow
def test_snakemake_and_this_process_write_the_same_bytes(config: Written, tmp_path: Path) -> None:
    pytest.importorskip("snakemake", reason="needs the hpc extra")
    path = scored(config, tmp_path, shard=16)
    whole(path, tmp_path / "here")
    whole(path, tmp_path / "there", "--engine", "snakemake")
    assert tables_of(tmp_path / "there") == tables_of(tmp_path / "here")
    begun = tmp_path / "begun"
    shutil.copytree(tmp_path / "there", begun)
    for name in ("report.json", "survivors.csv", "sift/00003.jsonl"):  # as if it was stopped while it sifted
        (begun / name).unlink()
    for name in ("unique", "score-own2"):
        shutil.rmtree(begun / name)
    whole(path, begun, "--engine", "snakemake")
    assert tables_of(begun) == tables_of(tmp_path / "here")


def test_other_places_and_times_change_nothing(config: Written, tmp_path: Path) -> None:
    path = config(shard=60)
    whole(path, tmp_path / "here")
    turkish = started("screen", path, "--out", tmp_path / "there", LC_ALL="tr_TR.UTF-8", TZ="Asia/Kathmandu")
    turkish.communicate()
    assert turkish.returncode == 0
    assert tables_of(tmp_path / "there") == tables_of(tmp_path / "here")


def test_a_full_disk_is_said_and_what_was_done_stays(config: Written, tmp_path: Path) -> None:
    path = config(shard=4)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); "
    limited += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "from sciencegen.cli import main; main()"
    command = [sys.executable, "-c", limited, "screen", str(path), "--out", str(tmp_path / "run"), "--workers", "1"]
    found = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert found.returncode == 1
    (line,) = [line for line in found.stderr.splitlines() if line.startswith("error: ")]
    assert "File too large" in line
    assert "Traceback" not in found.stderr
    whole(path, tmp_path / "run")
    assert len(rows_of(tmp_path / "run" / "picked.csv")) == 8
