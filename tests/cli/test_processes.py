"""What only a process of its own can show: pipes, interrupts, full devices, noise."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCIENCEGEN = [sys.executable, "-m", "sciencegen"]
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


def start(*arguments: object, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    line = [*SCIENCEGEN, *map(str, arguments)]
    return subprocess.Popen(line, env=ALONE, stdout=stdout, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_reader_that_has_seen_enough_is_no_error(flow: Path) -> None:
    process = start("generate", flow, "-n", 5000)
    assert process.stdout is not None
    assert process.stdout.readline() == "x,y,radius\n"
    process.stdout.close()
    process.stdout = None
    said = process.communicate()[1]
    assert process.returncode == 0
    assert said.splitlines() == ["densities/coupling: 5,000 where nothing is asked"]


@pytest.mark.parametrize("command", ["generate", "info"])
def test_a_full_standard_output_is_one_line(flow: Path, command: str) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(command, flow, stdout=full.fileno())
        said = process.communicate()[1].splitlines()
    assert process.returncode == 1
    assert said[-1] in (
        "error: cannot write standard output: No space left on device",
        "error: standard output: No space left on device",
    )
    assert len(said) == (2 if command == "generate" else 1)


def bytes_of(file: Path) -> int:
    """How long a file is; one that was only tried, and is gone, has nothing."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_table_leaves_nothing(flow: Path, tmp_path: Path, number: int, code: int) -> None:
    process = start("generate", flow, "-n", 10**7, "-o", tmp_path / "hits.csv")
    end = time.monotonic() + 60
    while not any(map(bytes_of, tmp_path.iterdir())):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode == code
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_closed_standard_error_leaves_the_table_alone(flow: Path) -> None:
    line = f"{sys.executable} -m sciencegen generate {flow} -n 3 2>&-"
    done = subprocess.run(["sh", "-c", line], env=ALONE, stdout=subprocess.PIPE, text=True, check=True)
    assert [row.count(",") for row in done.stdout.splitlines()] == [2] * 4


@pytest.mark.slow
def test_two_processes_and_half_precision_make_no_noise(table: Path, tmp_path: Path) -> None:
    quick = ["--set", "steps=3", "--set", "devices=2", "--set", "precision=bf16"]
    process = start("train", "densities/gan", "--data", table, "-o", tmp_path / "run", *quick)
    said = process.communicate()[1].splitlines()
    assert process.returncode == 0
    assert [line.split()[0] for line in said] == ["densities/gan", "wrote"]


@pytest.mark.slow
def test_two_processes_stop_together(table: Path, tmp_path: Path) -> None:
    quick = ["--set", "steps=1000000", "--set", "devices=2"]
    process = start("train", "densities/gan", "--data", table, "-o", tmp_path / "run", *quick)
    wait_for(tmp_path / "run" / "journal.jsonl")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    assert said[1:] == ["stopping after this step; go on later with --resume"]
    assert (tmp_path / "run" / "training.safetensors").exists()


def test_a_module_is_a_command() -> None:
    done = subprocess.run([*SCIENCEGEN, "recipes"], env=ALONE, capture_output=True, text=True, check=True)
    assert "densities/coupling" in done.stdout
    assert done.stderr == ""


def test_a_table_of_many_rows_parses(flow: Path) -> None:
    done = subprocess.run([*SCIENCEGEN, "generate", str(flow), "-n", "3000"], env=ALONE, capture_output=True, text=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 3000
    assert all(float(row["radius"]) >= 0 for row in rows)
