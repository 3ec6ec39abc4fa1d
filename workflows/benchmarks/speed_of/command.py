"""The command a user types, as a process of its own: seconds to the last line, to the first, and memory at its peak."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread

from sciencegen.domains.molecules.molecule import canonical
from sciencegen.errors import CheckpointError
from sciencegen.model import load
from speed_of.report import Options, Target, say_targets, table
from speed_of.stand_in import stand_in

__all__ = ["Ended", "command", "memory", "peak_of", "started"]

_EVERY = 0.05  # seconds between two looks at the memory
_MEGABYTE = 2**20
_GROWTH = 0.1
_LIMITS = {
    "10,000 molecules, usual properties": {"seconds": 12.0},
    "10,000 molecules, no properties": {"seconds": 5.0},
    "1 molecule": {"first molecule after": 3.0},
    "100 molecules": {"first molecule after": 3.0},
}
"""What was asked of two quiet cores."""


@dataclass(frozen=True)
class Ended:
    """What a command did."""

    lines: tuple[str, ...]
    seconds: float
    first: float
    """Seconds to the first line after the header."""
    peak: int
    """Bytes, with the processes it started; what they share is counted for each, so that it is never too little."""


def started(arguments: Sequence[str]) -> Ended:
    """Run `sciencegen` to its end."""
    begin = time.perf_counter()
    line = [sys.executable, "-m", "sciencegen", *arguments]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=said, text=True)
        watch = _Watch(process.pid)
        assert process.stdout is not None
        lines: list[str] = []
        first = 0.0
        for text in process.stdout:
            lines.append(text.rstrip("\n"))
            if len(lines) == 2:
                first = time.perf_counter() - begin
        own = _awaited(process)
        seconds = time.perf_counter() - begin
        watch.end()
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"sciencegen {' '.join(arguments)} ended with {process.returncode}: {said.read()}")
    return Ended(tuple(lines), seconds, first or seconds, max(own, watch.peak))


def _awaited(process: subprocess.Popen[str]) -> int:
    """Wait for a process; the most memory it had, in bytes, as the system says it."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class _Watch(Thread):
    """Looks at the memory of a process and those it started until it is told to end."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process, self._ended, self.peak = process, Event(), 0
        self.start()

    def run(self) -> None:
        while not self._ended.wait(_EVERY):
            self.peak = max(self.peak, sum(_resident(one) for one in _family(self._process)))

    def end(self) -> None:
        self._ended.set()
        self.join()


def _family(process: int) -> Iterator[int]:
    """A process and all it started; a thread's children are its own."""
    yield process
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = listed.read_text().split()
        except OSError:  # gone already
            continue
        for child in children:
            yield from _family(int(child))


def _resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):  # gone already, or a system without /proc
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _model(options: Options) -> Iterator[str]:
    """The model to draw from: the one asked for, the shipped one, or the stand-in."""
    if options.model:
        yield options.model
        return
    try:
        if not options.quick:
            load("molecules", "cpu")
            yield "molecules"
            return
    except CheckpointError:
        print("\nno model is shipped: the command draws from the stand-in, which writes chains of atoms")
    with tempfile.TemporaryDirectory() as folder:
        yield str(stand_in(Path(folder) / "chains", 16 if options.quick else 512))


def command(options: Options) -> dict[str, object]:
    """Seconds of whole commands, interleaved."""
    many = 50 if options.quick else 10_000
    asked: dict[str, tuple[str, ...]] = {
        f"{many:,} molecules, usual properties": ("-n", str(many)),
        f"{many:,} molecules, no properties": ("-n", str(many), "--properties", "none"),
        "1 molecule": ("-n", "1"),
        "100 molecules": ("-n", "100"),
    }
    if options.quick:
        asked = {name: asked[name] for name in list(asked)[::2]}
    ran: dict[str, list[Ended]] = {name: [] for name in asked}
    with _model(options) as model:
        for seed in range(options.repeats):
            for name, words in asked.items():
                ran[name].append(started(["generate", model, *words, "--seed", str(seed), "--device", "cpu"]))
    rows = [_row(name, ended) for name, ended in ran.items()]
    table(("command", "seconds", "first molecule after", "rows", "valid", "distinct", "properties"), rows)
    targets = [
        Target(f"{row['command']}: {what}, seconds", limit, float(str(row[what])), most=True)
        for row in rows
        for what, limit in _LIMITS.get(str(row["command"]), {}).items()
    ]
    say_targets(targets)
    return {"model": model, "rows": rows, "targets": [target.plain() for target in targets]}


def _row(name: str, ended: Sequence[Ended]) -> dict[str, object]:
    """Medians of the times; the rows of the last run, read again and checked."""
    header, *cells = csv.reader(ended[-1].lines)
    molecules = [row[header.index("smiles")] for row in cells]
    return {
        "command": name,
        "seconds": median(one.seconds for one in ended),
        "first molecule after": median(one.first for one in ended),
        "rows": len(molecules),
        "valid": sum(canonical(molecule) is not None for molecule in molecules),
        "distinct": len(set(molecules)),
        "properties": sum(name not in ("smiles", "novel") for name in header),
        "peak, MB": max(one.peak for one in ended) / _MEGABYTE,
    }


def memory(options: Options) -> dict[str, object]:
    """The peak of `generate` as it writes to disk, by how many molecules are asked for."""
    sizes = (1_100, 2_200) if options.quick else (20_000, 100_000)
    if options.million:
        sizes = (*sizes, 1_000_000)
    with _model(options) as model:
        peaks = {n: peak_of(model, n) / _MEGABYTE for n in sizes}
    table(("molecules", "peak, MB"), [{"molecules": n, "peak, MB": peak} for n, peak in peaks.items()])
    targets = [] if options.quick else _of_peaks(peaks)
    say_targets(targets)
    return {"model": model, "peak_mb": peaks, "targets": [target.plain() for target in targets]}


def _of_peaks(peaks: dict[int, float]) -> list[Target]:
    """How the peak grows, and what it is for a million: measured, or by the growth."""
    least, most = list(peaks)[:2]
    each = max(peaks[most] - peaks[least], 0.0) / (most - least)
    measured = 1_000_000 in peaks
    million = peaks[1_000_000] if measured else peaks[most] + each * (1_000_000 - most)
    how = "measured" if measured else f"by {each * _MEGABYTE:,.0f} bytes a molecule"
    growth = f"growth of the peak from {least:,} to {most:,}, share"
    return [
        Target(growth, _GROWTH, peaks[most] / peaks[least] - 1, most=True),
        Target(f"peak of 1,000,000 ({how}), MB", 1500.0, million, most=True),
    ]


def peak_of(model: str, n: int) -> int:
    """The most memory that drawing `n` molecules to disk takes, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "molecules.csv"
        wanted = ["-n", str(n), "--properties", "none", "--device", "cpu", "-o", str(out)]
        ended = started(["generate", model, *wanted])
        with out.open() as file:
            found = sum(1 for _ in file) - 1
        if found != n:
            raise RuntimeError(f"{n:,} molecules were asked for and {found:,} written")
    return ended.peak
