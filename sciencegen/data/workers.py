"""Pure-Python work over many small items, in processes that may crash or hang without harm.

A worker is a fresh interpreter: forking a parent that runs threads or CUDA is unsafe, and the standard spawn runs the
caller's script again. It sees only what its function imports, ignores interrupts, and ends when its parent does.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread, current_thread
from typing import Any, BinaryIO, Generic, Self, TypeVar
from weakref import finalize

__all__ = ["Failed", "Workers", "serve", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")
_HEADER = struct.Struct("<Q")
_OVERDUE = b"Timeout "  # how the last words of a worker begin that was at a chunk for too long
_IN_FLIGHT = 2  # a worker finds its next chunk waiting when it has answered one
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_START = "import sys; sys.path[:] = sys.argv[1:]; from sciencegen.data.workers import serve; serve()"


@dataclass(frozen=True)
class Failed:
    """What stands in the place of a result: the number of the item, counted from 0, and why there is none."""

    index: int
    reason: str


class Workers(Generic[T, R]):
    """Processes that apply a function to items.

    The function must be importable: one of a module, or a `functools.partial` of one. `timeout` is how many seconds a
    chunk may take; where it takes longer, or the worker crashes, its items are tried one by one and the guilty ones
    become `Failed`, as do items for which the function raises. `processes`: one for each usable core without it; 0
    works in this process, without protection. At most `ahead` items (and a chunk) are drawn before they are needed.
    `memory`: the most a process may have, in GB; 0 for no limit.

    >>> with Workers(len, processes=0) as workers:
    ...     list(workers.map(["C", "CC"]))
    [1, 2]
    """

    def __init__(
        self,
        function: Callable[[T], R],
        processes: int | None = None,
        timeout: float = 30.0,
        chunk: int = 64,
        ahead: int = 4096,
        memory: float = 0.0,
    ) -> None:
        for name, value, least in (("processes", processes or 0, 0), ("chunk", chunk, 1), ("ahead", ahead, 1)):
            if value < least:
                raise ValueError(f"{name}={value}: expected {least} or more")
        if not timeout > 0:
            raise ValueError(f"timeout={timeout}: expected more than 0 seconds")
        self.processes = usable_cores() if processes is None else processes
        if memory < 0:
            raise ValueError(f"memory={memory}: expected 0 or more GB")
        self.function, self.timeout, self.chunk, self.ahead, self.memory = function, timeout, chunk, ahead, memory
        self._todo: SimpleQueue[_Job | None] = SimpleQueue()
        self._keepers: list[_Keeper] = []
        self._closed = Event()
        self._ending = finalize(self, _end, self._keepers, self._todo, self._closed)  # also at exit, and if forgotten

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        self._ending()

    def map(self, items: Iterable[T]) -> Iterator[R | Failed]:
        """The function's results in the order of the items, worked out while the caller does other things."""
        if not self.processes:
            yield from (_attempt(self.function, item, i) for i, item in enumerate(items))
            return
        self._open()
        window: deque[_Chunk] = deque()
        given = 0
        try:
            for chunk in _chunks(items, self.chunk):
                window.append(chunk)
                self._todo.put(_Job(chunk, 0, chunk.items))
                taken = chunk.first + len(chunk.items)
                while window and (window[0].done.is_set() or taken - given >= self.ahead):
                    given += len(window[0].items)
                    yield from self._results(window.popleft())
            while window:
                yield from self._results(window.popleft())
        finally:
            for chunk in window:
                chunk.unwanted = True

    def _open(self) -> None:
        if self._closed.is_set():
            raise ValueError("these workers are closed")
        if not self._keepers:
            function = bytes(ForkingPickler.dumps((self.function, self.timeout, self.memory)))
            for _ in range(self.processes):
                keeper = _Keeper(function, self.timeout, self._todo, self._closed)
                keeper.start()
                self._keepers.append(keeper)

    def _results(self, chunk: _Chunk) -> list[Any]:
        while not chunk.done.wait(1.0):  # some systems deliver an interrupt only between waits
            if not all(keeper.is_alive() for keeper in self._keepers):
                raise RuntimeError("the workers were closed before they had answered")
        if chunk.broken:
            raise RuntimeError(f"a worker process cannot start: {chunk.broken}")
        return chunk.results


def _end(keepers: Sequence[_Keeper], todo: SimpleQueue[_Job | None], closed: Event) -> None:
    closed.set()
    for keeper in keepers:
        todo.put(None)
        keeper.kill()
    for keeper in keepers:
        if keeper is not current_thread():  # which the garbage collector may have chosen
            keeper.join()


def usable_cores() -> int:
    """How many cores this process may use: by its affinity, and by the quota of its container."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file, or a quota of "max"
        return cores


class _Chunk:
    """Items that go to a worker together, and their results when all are there."""

    def __init__(self, first: int, items: Sequence[Any]) -> None:
        self.first, self.items = first, items
        self.results: list[Any] = [None] * len(items)
        self.missing, self.done = len(items), Event()
        self.broken, self.unwanted = "", False

    def fill(self, at: int, results: Sequence[Any]) -> None:
        self.results[at : at + len(results)] = results
        self.missing -= len(results)
        if not self.missing:
            self.done.set()


def _chunks(items: Iterable[Any], size: int) -> Iterator[_Chunk]:
    first, source = 0, iter(items)
    while some := list(islice(source, size)):
        yield _Chunk(first, some)
        first += len(some)


class _Job:
    """A chunk, or one item of a chunk whose worker died, on its way to a worker."""

    def __init__(self, chunk: _Chunk, at: int, items: Sequence[Any]) -> None:
        self.chunk, self.at, self.items, self.deaths = chunk, at, items, 0
        self.frame = bytes(ForkingPickler.dumps((chunk.first + at, items)))

    def split(self) -> list[_Job]:
        return [_Job(self.chunk, i, [item]) for i, item in enumerate(self.items)]


class _Died(Exception):
    """A worker is no longer there; perhaps because a chunk was overdue."""

    def __init__(self, overdue: bool = False) -> None:
        self.overdue = overdue


class _Keeper(Thread):
    """Feeds a worker process, and starts another when it dies; a thread, because writing to a worker may block."""

    def __init__(self, function: bytes, timeout: float, todo: SimpleQueue[_Job | None], closed: Event) -> None:
        super().__init__(daemon=True)
        self._function, self._timeout, self._todo, self._closed = function, timeout, todo, closed
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while not self._closed.is_set() and (job := self._todo.get()) is not None:
            if job.chunk.unwanted:
                continue
            broken = "" if self._worker is not None else self._start_worker()
            if broken:
                job.chunk.broken = broken
                job.chunk.done.set()
            else:
                self._feed(job)
        self._ended()

    def kill(self) -> None:
        if (worker := self._worker) is not None:
            worker.kill()

    def _start_worker(self) -> str:
        """Start a worker, and say what is wrong with it."""
        command = [sys.executable, "-P", "-c", _START, *sys.path]
        try:
            self._worker = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a crash is told by us, in one line
                env=os.environ | _ONE_THREAD,
            )
            if self._closed.is_set():
                self.kill()
            self._send(self._function)
            failed = self._receive()
        except OSError as error:
            return str(error)
        except _Died:
            return f"it ended at once, {_said(self._ended())}"
        return failed.reason if isinstance(failed, Failed) else ""

    def _feed(self, job: _Job) -> None:
        """Have the job done, and those that come while it is."""
        flight: deque[_Job] = deque()
        next_: _Job | None = job
        try:
            while next_ is not None or flight:
                if next_ is not None:
                    flight.append(next_)
                    self._send(next_.frame)
                next_ = self._waiting() if len(flight) < _IN_FLIGHT else None
                if next_ is None:
                    results = self._receive()
                    done = flight.popleft()
                    done.chunk.fill(done.at, results)
        except _Died as death:
            self._bury(flight, death.overdue)

    def _waiting(self) -> _Job | None:
        try:
            job = self._todo.get_nowait()
        except Empty:
            return None
        if job is None:
            self._todo.put(None)
        return job

    def _bury(self, flight: deque[_Job], overdue: bool) -> None:
        """Try again what a dead worker had before it: the first of it killed it, or nothing did."""
        code = self._ended()
        if self._closed.is_set():
            return
        job = flight.popleft()
        for other in flight:
            self._todo.put(other)
        job.deaths += 1
        if len(job.items) > 1:
            for one in job.split():
                self._todo.put(one)
        elif overdue or job.deaths > 1:  # a worker may be killed for what others did to the machine's memory
            reason = f"took longer than {self._timeout:g} seconds" if overdue else f"crashed its process, {_said(code)}"
            job.chunk.fill(job.at, [Failed(job.chunk.first + job.at, reason)])
        else:
            self._todo.put(job)

    def _ended(self) -> int:
        """End the worker and say how it had ended."""
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.kill()
        for stream in (worker.stdin, worker.stdout):
            with suppress(BrokenPipeError):
                stream.close()
        return worker.wait()

    def _send(self, frame: bytes) -> None:
        assert self._worker is not None
        assert self._worker.stdin is not None
        try:
            _write(self._worker.stdin, frame)
        except OSError:
            raise _Died from None

    def _receive(self) -> Any:
        assert self._worker is not None
        assert self._worker.stdout is not None
        frame = _read(self._worker.stdout)
        if frame is None:
            raise _Died
        return ForkingPickler.loads(frame)


def _said(code: int) -> str:
    names = {-number.value: number.name for number in signal.Signals}
    return f"by {names[code]}" if code in names else f"with exit code {code}"


def _write(stream: Any, frame: bytes) -> None:
    stream.write(_HEADER.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def _read(stream: Any) -> bytes | None:
    """A whole frame, or None where the stream ends."""
    header: bytes = stream.read(_HEADER.size)
    if header == _OVERDUE:
        raise _Died(overdue=True)
    if len(header) < _HEADER.size:
        return None
    (length,) = _HEADER.unpack(header)
    frame: bytes = stream.read(length)
    return frame if len(frame) == length else None


def _attempt(function: Callable[[Any], Any], item: Any, index: int) -> Any:
    try:
        return function(item)
    except Exception as error:  # whatever a function raises for one item, the others go on
        said = str(error).strip().splitlines()
        return Failed(index, f"{type(error).__name__}: {said[0]}" if said else type(error).__name__)


def serve() -> None:
    """What a worker process does: receive a function, then chunks of items, and answer each in turn."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outgoing = (os.fdopen(os.dup(number), mode) for number, mode in ((0, "rb"), (1, "wb")))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # what a library prints must not lie among the answers
        os.dup2(nowhere, number)
    frames: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(incoming, frames), daemon=True).start()
    given = _attempt(ForkingPickler.loads, frames.get(), 0)
    broken = given if isinstance(given, Failed) else None
    _write(outgoing, bytes(ForkingPickler.dumps(broken)))
    if broken is None:
        function, timeout, memory = given
        _limit(memory)
        _answer(function, timeout, frames, outgoing)


def _limit(memory: float) -> None:
    """Let this process have no more memory than so many GB, where the system can see to it."""
    if memory:
        with suppress(ImportError, ValueError, OSError):
            import resource

            most = int(memory * 1e9)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _answer(function: Callable[[Any], Any], timeout: float, frames: SimpleQueue[bytes], out: Any) -> None:
    while True:
        first, items = ForkingPickler.loads(frames.get())
        if isfinite(timeout):  # the watch needs no Python: it ends also what hangs in a library
            faulthandler.dump_traceback_later(timeout, exit=True, file=out)
        results = [_attempt(function, item, first + i) for i, item in enumerate(items)]
        faulthandler.cancel_dump_traceback_later()
        _write(out, bytes(ForkingPickler.dumps(results)))


def _listen(incoming: BinaryIO, frames: SimpleQueue[bytes]) -> None:
    """Take what comes at once, so that the parent never waits to write; end when the parent does."""
    while (frame := _read(incoming)) is not None:
        frames.put(frame)
    os._exit(0)
