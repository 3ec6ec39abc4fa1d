"""One run of a command: any amount of talk, any end, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sciencegen.errors import RequestError, ScorerFailed
from sciencegen.scorers.program import MOST_OUTPUT, Ran, run
from tests.processes import alive, children, eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def shell(line: str, given: bytes = b"", timeout: float = 60.0, folder: Path | None = None) -> Ran:
    return run(["sh", "-c", line], given, timeout, folder=folder)


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 5_000_000])
def test_any_amount_passes_both_ways_at_once(size: int) -> None:
    given = bytes(i % 251 for i in range(1000)) * (size // 1000) + b"x" * (size % 1000)
    ran = run(["cat"], given, 60)
    assert (ran.reason, ran.code, ran.out == given) == ("", 0, True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("exit 0", ""),
        ("echo a >&2; echo the last >&2; exit 3", "ended with exit code 3: the last"),
        ("exit 1", "ended with exit code 1"),
        ("kill -SEGV $$", "crashed its process, by SIGSEGV"),
        ("kill -KILL $$", "crashed its process, by SIGKILL"),
        ("exec 0<&-; echo fine", ""),
        ("exec 1>&-; exec 2>&-; exit 4", "ended with exit code 4"),
        ("exec 1>&-; sleep 1000", "timed out after 0.7 s"),
        ("trap '' TERM; while :; do :; done", "timed out after 0.7 s"),
    ],
)
def test_every_end_has_its_name(line: str, reason: str) -> None:
    timeout = 0.7 if "timed out" in reason else 60.0
    assert shell(line, b"x" * 1_000_000, timeout).reason == reason


def test_the_end_of_much_standard_error_is_kept() -> None:
    ran = shell("yes noise | head -n 200000 >&2; echo the end >&2; echo out")
    assert (ran.out, ran.reason, ran.last_words) == (b"out\n", "", "the end")
    assert len(ran.err) <= 64_000


def test_endless_output_is_ended() -> None:
    ran = shell("yes")
    assert ran.reason == "wrote more than 64 MB"
    assert MOST_OUTPUT < len(ran.out) < MOST_OUTPUT + 100_000


def test_memory_is_bounded() -> None:
    line = [sys.executable, "-I", "-S", "-c", "print(len(bytearray(2_000_000_000)))"]
    assert run(line, b"", 60, memory=1.0).reason == "ended with exit code 1: MemoryError"
    assert run([*line[:-1], "print(1)"], b"", 60, memory=1.0).out == b"1\n"


def test_a_command_runs_in_its_folder_as_a_shell_would_start_it(tmp_path: Path) -> None:
    ran = shell("pwd; trap; ps -o pid= > /dev/null; ulimit -c", folder=tmp_path)
    assert ran.out.decode().split() == [str(tmp_path), "0"]
    script = tmp_path / "own"
    script.write_text("#!/bin/sh\nyes | head -1\n")  # yes ends by SIGPIPE, where that is not ignored
    script.chmod(0o755)
    assert run(["./own"], b"", 60, folder=tmp_path).out == b"y\n"
    with pytest.raises(RequestError, match="there is no such folder"):
        run(["./own"], b"", 60, folder=tmp_path / "nowhere")


def test_a_command_that_cannot_start_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("print(1)\n")
    for command, said in (
        ("nowhere-at-all", "cannot start nowhere-at-all: No such file or directory$"),
        ("own.py", "there is a file of that name: write ./own.py"),
        ("./own.py", r"Permission denied; make it executable with chmod \+x ./own.py"),
    ):
        with pytest.raises(ScorerFailed, match=said):
            run([command], b"", 60, folder=tmp_path)


@linux
def test_what_a_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    line = (
        f"setsid sleep 1000 & sleep 1000 & echo $! > {tmp_path}/a; setsid sh -c 'echo $$ > {tmp_path}/b; sleep 1000' &"
    )
    ran = shell(f"{line} while [ ! -s {tmp_path}/b ]; do sleep 0.01; done; echo done")
    assert (ran.out, ran.reason) == (b"done\n", "")
    assert not any(alive(int((tmp_path / name).read_text())) for name in "ab")


@linux
def test_open_pipes_and_processes_end_with_the_run() -> None:
    def held() -> tuple[int, set[int]]:
        return len(os.listdir("/proc/self/fd")), children()  # noqa: PTH208

    before = held()
    for line, timeout in (("exit 0", 60.0), ("sleep 1000", 0.3), ("kill -SEGV $$", 60.0)):
        shell(line, b"x", timeout)
    with pytest.raises(ScorerFailed):
        run(["nowhere-at-all"], b"", 60)
    assert held() == before


DRIVER = """
import sys
from sciencegen.scorers.program import run
run([sys.executable, "-I", "-S", sys.argv[1]], f"who:{sys.argv[2]}\\n".encode(), 600)
"""


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_with_its_driver(number: signal.Signals, tmp_path: Path) -> None:
    told = tmp_path / "who"
    hostile = Path(__file__).with_name("hostile.py")
    line = [sys.executable, "-c", DRIVER, str(hostile), str(told)]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as driver:
        assert eventually(told.exists)
        pids = [int(pid) for pid in told.read_text().split()]
        assert all(map(alive, pids))
        driver.send_signal(number)
        driver.wait(60)
    assert eventually(lambda: not any(map(alive, pids)))


@linux
def test_a_command_ends_with_its_guardian(tmp_path: Path) -> None:
    line = f"sleep 1000 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; kill -KILL $PPID; sleep 1000"
    assert shell(line).reason == "was ended by the system"
    pids = [int((tmp_path / name).read_text()) for name in ("own", "child")]
    assert eventually(lambda: not any(map(alive, pids)))
