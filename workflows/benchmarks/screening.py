"""What a campaign from a supplier's file costs, end to end: rows a second, processor time and memory.

    python workflows/benchmarks/screening.py [--rows 10000] [--repeats 3]
    python workflows/benchmarks/screening.py --rows 1000000 --data molecules.smi --cheap --repeats 1 --workers 2

`sciencegen filter` and `sciencegen screen` read a table made here, of molecules of a file or of a model's draws with
other chain lengths, and of columns as suppliers have them. Processes are compared in turn, so that a machine that
becomes busy disturbs both alike; rows a second are by the clock and want a quiet one, processor time and memory do
not. What a command costs on a few rows is taken off: that is the time to start, which no row pays for twice. Memory is
the most the driving process had, and the most that all processes had together, as the system counts resident pages.

--cheap asks for one property and leaves the catalogues out, for memory at a million rows sooner.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from sciencegen.data.workers import usable_cores

__all__ = ["ALLOWED_MB", "ALLOWED_MS", "COMMANDS", "Cost", "arguments_of", "cost", "memory_of", "supply", "varied"]

ALLOWED_MS = 4.8
"""Milliseconds of processor time a row that a whole campaign may take in one process."""
ALLOWED_RATIO = 1.8
"""So many times as many rows a second two processes shall do."""
ALLOWED_MB = 1500
"""Megabytes that all processes together may have at a million rows."""
COMMANDS = ("filter", "screen")
_FEW = 300
_CHAINS = 20
_EVERY = 0.1
_SCREEN = """
[source]
file = "supplier.csv"
id = "code"
[filter]
ranges = {{ {ranges} }}
{alerts}
[combine.desire]
calc_logp = {{ target = 2.5, within = 4 }}
{desire}
[pick]
n = 80
among = 2000
quota = 3
[plate]
wells = 96
"""
_RANGES = {"mw": "150..500", "logp": "-1..5", "tpsa": "<=140", "donors": "<=5", "rotatable": "<=10", "qed": ">=0.3"}
_CHEAP = {"logp": "-1..5"}


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock and of processors, and megabytes of one process and of all."""

    seconds: float
    processor: float
    driver: float
    together: float


def cost(command: Sequence[str]) -> Cost:
    """Run a command and watch it."""
    before, begun = _spent(), time.perf_counter()
    driver = together = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            one, others = memory_of(process.pid)
            driver, together = max(driver, one), max(together, one + others)
            time.sleep(_EVERY)
        assert process.stderr is not None
        said = process.stderr.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{said}")
    return Cost(time.perf_counter() - begun, _spent() - before, driver, together)


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def memory_of(process: int) -> tuple[float, float]:
    """Megabytes that a process has had at most, and that all below it have now."""
    return _megabytes(process, "VmHWM"), sum(_megabytes(one, "VmRSS") for one in _below(process))


def _below(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            children = [int(child) for child in (task / "children").read_text().split()]
        except OSError:  # it has ended
            continue
        for child in children:
            yield child
            yield from _below(child)


def _megabytes(process: int, name: str) -> float:
    try:
        said = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith(name)), 0.0)


def supply(path: Path, molecules: Iterator[str], rows: int) -> None:
    """A supplier's table of so many rows."""
    with path.open("w", encoding="utf-8") as file:
        file.write("code,smiles,mg in stock,price,purity,storage\n")
        for i, molecule in enumerate(islice(molecules, rows)):
            file.write(f'Z{i:09},{molecule},{i % 997},{10 + i % 390}.50,{90 + i % 10}%,"dry, {i % 7} C"\n')


def varied(molecules: Sequence[str]) -> Iterator[str]:
    """Molecules without end: once as they are, then behind longer and longer chains, and then all of it again."""
    chained = [one for one in molecules if one.startswith("C")] or list(molecules)
    yield from molecules
    for length in cycle(range(1, _CHAINS + 1)):
        yield from ("C" * length + one for one in chained)


def read(path: Path) -> Iterator[str]:
    """Molecules of a file with one at the beginning of each line, again and again."""
    while True:
        with path.open(encoding="utf-8") as file:
            some = False
            for line in file:
                text = line.split()[0] if line.strip() else ""
                if text and "smiles" not in text.lower():
                    some = True
                    yield text
        if not some:
            raise SystemExit(f"{path}: holds no molecules")


def drawn(model: str, n: int) -> list[str]:
    """Molecules that a model draws."""
    from sciencegen.model import load

    found = (one for one in load(model, "cpu").stream(seed=0, measure=()) if one is not None)
    return [one.item for one in islice(found, n)]


def config(cheap: bool) -> str:
    """The campaign."""
    ranges = ", ".join(f'{name} = "{text}"' for name, text in (_CHEAP if cheap else _RANGES).items())
    alerts = "" if cheap else 'reject = ["pains"]\nflag = ["brenk", "nih", "chembl"]'
    desire = "" if cheap else "calc_qed = { low = 0.3, high = 0.9 }\ncalc_sa = { low = 6, high = 2 }"
    return _SCREEN.format(ranges=ranges, alerts=alerts, desire=desire)


def arguments_of(command: str, folder: Path, out: Path, workers: int, cheap: bool) -> list[str]:
    """The command line that is measured."""
    line = [sys.executable, "-m", "sciencegen", command]
    if command == "screen":
        return [*line, str(folder / "screen.toml"), "--out", str(out), "--workers", str(workers)]
    where = [f"--where={name}{text if text[0] in '<>' else f'={text}'}" for name, text in _asked(cheap).items()]
    alerts = [] if cheap else ["--reject=pains", "--flag=brenk", "--flag=nih", "--flag=chembl"]
    more = ["--rejects", str(out / "rejects.csv"), "-o", str(out / "kept.csv"), "--workers", str(workers)]
    return [*line, str(folder / "supplier.csv"), *where, *alerts, *more]


def _asked(cheap: bool) -> Mapping[str, str]:
    return _CHEAP if cheap else _RANGES


def measured(given: argparse.Namespace, command: str, folder: Path) -> dict[int, list[Cost]]:
    """What a command costs with each number of processes, in turn."""
    found: dict[int, list[Cost]] = {workers: [] for workers in given.workers}
    for i in range(given.repeats):
        for workers in given.workers:
            out = folder / f"{command}-{workers}-{i}"
            out.mkdir()
            if command == "screen":
                out = out / "run"
            found[workers].append(cost(arguments_of(command, folder, out, workers, given.cheap)))
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="how many rows (10,000)")
    parser.add_argument("--data", type=Path, help="a file with a molecule on each line, instead of a model's draws")
    parser.add_argument("--model", default="molecules", help="a model folder, or a shipped model (molecules)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="how many processes (1 2)")
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="commands to measure")
    parser.add_argument("--cheap", action="store_true", help="one property and no catalogues")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    source = read(given.data) if given.data else varied(drawn(given.model, max(1000, given.rows // _CHAINS)))
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name) / "few", Path(name) / "many"
        for folder, rows in ((many, given.rows), (few, _FEW)):
            folder.mkdir()
            supply(folder / "supplier.csv", source, rows)
            (folder / "screen.toml").write_text(config(given.cheap))
        print(f"{given.rows:,} rows of {given.data or given.model}, median of {given.repeats}, ", end="")
        print(f"load {os.getloadavg()[0]:.1f} on {usable_cores()} cores\n")
        print("| command | processes | rows a second | processor, ms a row | MB of the driver | MB of all |")
        print("|---|---|---|---|---|---|", flush=True)
        for command in given.only:
            start = {workers: costs[0] for workers, costs in measured(given, command, few).items()}
            _print(command, measured(given, command, many), start, given.rows)
    print(f"\nAllowed: {ALLOWED_MS} ms a row, {ALLOWED_MB:,} MB of all at 1,000,000 rows, ", end="")
    print(f"and two processes {ALLOWED_RATIO} times as fast as one.")


def _print(command: str, found: Mapping[int, Sequence[Cost]], start: Mapping[int, Cost], rows: int) -> None:
    rates: dict[int, list[float]] = {}
    for workers, costs in found.items():
        begun = start[workers]
        rates[workers] = [rows / max(one.seconds - begun.seconds, 1e-9) for one in costs]
        spent = median(1000 * max(one.processor - begun.processor, 0.0) / rows for one in costs)
        driver, together = (max(getattr(one, name) for one in costs) for name in ("driver", "together"))
        print(
            f"| {command} | {workers} | {median(rates[workers]):,.0f} | {spent:.2f} | {driver:,.0f} | {together:,.0f} |"
        )
    if {1, 2} <= set(rates):
        ratio = median(two / one for one, two in zip(rates[1], rates[2], strict=True))
        print(f"| {command} | 2 beside 1 | {ratio:.2f} times | | | |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
