"""Worker processes: order, laziness, and life after crashes and hangs."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciencegen.data.workers import Failed, Workers, usable_cores
from tests.data.hostile import Unreadable, environment, hostile, identity, killed_once, noisy, touched
from tests.processes import children, eventually


def environ() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.mark.parametrize("processes", [0, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 9, 1000])
def test_results_come_in_the_order_of_the_items(processes: int, count: int) -> None:
    with Workers(identity, processes, chunk=8, ahead=50) as workers:
        for _ in range(2):
            assert list(workers.map(range(count))) == list(range(count))


def test_the_guilty_items_fail_and_nothing_else_is_lost() -> None:
    items = [f"c{i}" for i in range(60)]
    for at, what in ((5, "segfault"), (6, "exit"), (23, "stuck"), (37, "raise"), (59, "segfault")):
        items[at] = what
    with Workers(hostile, 2, timeout=1.5, chunk=8) as workers:
        results = list(workers.map(items))
    assert {r.index: r.reason for r in results if isinstance(r, Failed)} == {
        5: "crashed its process, by SIGSEGV",
        6: "crashed its process, with exit code 7",
        23: "took longer than 1.5 seconds",
        37: "ValueError: one line",
        59: "crashed its process, by SIGSEGV",
    }
    assert all(r == item.upper() for r, item in zip(results, items, strict=True) if not isinstance(r, Failed))


def test_every_item_may_be_hostile() -> None:
    with Workers(hostile, 2, timeout=1.0, chunk=4) as workers:
        results = list(workers.map(["segfault", "sleep", "exit", "raise", "exit"]))
    assert [isinstance(r, Failed) and r.index for r in results] == list(range(5))


def test_this_process_does_the_work_of_no_processes() -> None:
    with Workers(hostile, 0) as workers:
        assert list(workers.map(["a", "raise"])) == ["A", Failed(1, "ValueError: one line")]


def test_a_worker_that_others_killed_is_no_fault_of_the_item(tmp_path: Path) -> None:
    with Workers(killed_once, 1, chunk=1) as workers:
        assert list(workers.map([str(tmp_path / "a"), str(tmp_path / "b")])) == ["done", "done"]


def test_interrupts_are_for_the_parent() -> None:
    with Workers(hostile, 1) as workers:
        assert list(workers.map(["interrupt"])) == ["INTERRUPT"]


def test_what_is_printed_does_not_lie_among_the_answers(capfd: pytest.CaptureFixture[str]) -> None:
    with Workers(noisy, 1) as workers:
        assert list(workers.map(["a", "b"])) == ["a", "b"]
    assert capfd.readouterr() == ("", "")


def test_large_items_and_results_pass() -> None:
    items = [bytes([i]) * 3_000_000 for i in range(8)]
    with Workers(identity, 2, chunk=1) as workers:
        assert list(workers.map(items)) == items


@pytest.mark.parametrize("processes", [0, 2])
def test_items_are_drawn_as_they_are_needed(processes: int) -> None:
    drawn = 0

    def endless() -> Iterator[int]:
        nonlocal drawn
        while True:
            drawn += 1
            yield drawn

    with Workers(identity, processes, chunk=10, ahead=100) as workers:
        for given, _ in enumerate(workers.map(endless()), 1):
            assert drawn - given <= 110
            if given == 3000:
                break
    assert drawn <= 3110


def test_work_goes_on_while_the_caller_does_other_things(tmp_path: Path) -> None:
    files = [str(tmp_path / str(i)) for i in range(9)]
    with Workers(touched, 2, chunk=1, ahead=len(files) + 1) as workers:
        results = workers.map([*files, *files])
        next(results)
        assert eventually(lambda: all(Path(file).exists() for file in files))


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes through /proc")
def test_memory_is_limited() -> None:
    with Workers(hostile, processes=1, memory=1.5) as workers:
        assert list(workers.map(["a", "eat", "b"])) == ["A", Failed(1, "MemoryError"), "B"]


@pytest.mark.parametrize("item", ["fine", "spin", "stuck"])
def test_no_process_is_left_behind(item: str) -> None:
    before = children()
    with Workers(hostile, 2, chunk=1) as workers:
        results = workers.map(["first", item, item, item])
        assert next(results) == "FIRST"
        assert children() - before
    assert children() == before
    with pytest.raises(ValueError, match="closed"):
        list(workers.map(["a"]))


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes through /proc")
def test_workers_that_are_forgotten_end() -> None:
    before = children()
    workers = Workers(hostile, 2, chunk=1)
    results = workers.map(["first", "stuck"])
    assert next(results) == "FIRST"
    del workers, results
    gc.collect()
    assert children() == before


def test_a_script_that_ends_amid_the_work_ends(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(
        "import itertools\nfrom sciencegen.data.workers import Workers\n"
        "def stream():\n    with Workers(len, 2) as workers:\n"
        "        yield from workers.map(map(str, itertools.count()))\n"
        "numbers = stream()\nprint(next(numbers))\n"
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environ(), timeout=300)
    assert (run.stdout, run.stderr, run.returncode) == ("1\n", "", 0)


def test_an_abandoned_iterator_leaves_the_workers_usable() -> None:
    with Workers(identity, 2, chunk=4) as workers:
        results = workers.map(range(1000))
        next(results)
        results.close()  # type: ignore[attr-defined]
        assert list(workers.map("abc")) == ["a", "b", "c"]


SCRIPT = """
import sys, time
from sciencegen.data.workers import Workers
from tests.data.hostile import hostile
workers = Workers(hostile, 2, timeout=1.0, chunk=1)
results = workers.map(["a", "sleep", "spin"])
print(next(results), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes through /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_a_parent_that_was_killed(number: signal.Signals) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "A\n"
        workers = children(parent.pid)
        assert workers
        parent.send_signal(number)
        parent.wait(60)
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_a_script_without_a_guard_may_use_workers(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text("from sciencegen.data.workers import Workers\nprint(list(Workers(len, 2).map(['a', 'bc'])))\n")
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environ())
    assert (run.stdout, run.stderr) == ("[1, 2]\n", "")


def test_a_function_a_worker_cannot_have_is_said_and_not_tried_for_ever() -> None:
    with Workers(Unreadable().__reduce__, 1) as workers, pytest.raises(RuntimeError, match="cannot start: ImportError"):
        list(workers.map(["a"]))


def test_workers_run_one_thread_each() -> None:
    with Workers(environment, 1) as workers:
        assert list(workers.map(["OMP_NUM_THREADS"])) == ["1"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"processes": -1}, "processes=-1"), ({"chunk": 0}, "chunk=0"), ({"ahead": 0}, "ahead=0")]
    + [({"timeout": t}, f"timeout={t}") for t in (0, -1.0, float("nan"))],
)
def test_odd_numbers_are_named(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Workers(identity, **wrong)  # type: ignore[arg-type]


def test_there_is_a_core() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
