"""One run of a command: what it is given, what it says, how it ends, and nothing that runs on after it."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from sciencegen.errors import RequestError, ScorerFailed

__all__ = ["MOST_OUTPUT", "Ran", "run"]

MOST_OUTPUT = 64_000_000
"""Bytes of standard output; a command that writes more is ended."""
_KEPT = 64_000  # bytes of standard error
_GRACE = 1.0  # seconds for what is in a pipe when nobody is left to write
_SUPERVISOR = Path(__file__).with_name("supervise.py")


@dataclass(frozen=True)
class Ran:
    """What a run of a command left."""

    out: bytes
    err: str
    """The end of what it wrote to standard error."""
    code: int | None
    """Its exit code, or the negative number of a signal; None where it was ended by us."""
    reason: str
    """Why its output is of no use; nothing where it ended well."""
    seconds: float

    @property
    def last_words(self) -> str:
        """The last line of standard error."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        return lines[-1][:200] if lines else ""


def run(command: Sequence[str], given: bytes, timeout: float, memory: float = 0.0, folder: Path | None = None) -> Ran:
    """Run a command in a folder, with `given` on standard input, for at most `timeout` seconds and `memory` GB.

    All that the command has started is ended with it: also when this process is interrupted, or killed.
    """
    if os.name != "posix":
        raise RequestError(f"{shlex.join(command)}: external scorers need Linux or macOS")
    if folder is not None and not folder.is_dir():
        raise RequestError(f"{folder}: there is no such folder to run {shlex.join(command)} in")
    began = time.monotonic()
    with ExitStack() as stack:
        watched, watch = _pipe(stack)
        status, told = _pipe(stack)
        limits = [str(watched.fileno()), str(told.fileno()), str(int(memory * 1e9))]
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), *limits, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=folder,
            pass_fds=(watched.fileno(), told.fileno()),
            start_new_session=True,  # an interrupt of the terminal is for us
        )
        watched.close()
        told.close()
        talk = _Talk(process, status, given)
        stack.callback(_ended, process, watch, talk)
        halted = talk.held(began + timeout)
    if talk.unstarted:
        raise ScorerFailed(_not_started(command, folder, talk.unstarted))
    err = bytes(talk.err[-_KEPT:]).decode("utf-8", "replace")
    ran = Ran(bytes(talk.out), err, None if halted else talk.code, halted, time.monotonic() - began)
    reason = f"timed out after {timeout:g} s" if halted == "overdue" else halted or _ending(ran)
    return replace(ran, reason=reason)


def _pipe(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return (
        stack.enter_context(os.fdopen(reading, "rb", buffering=0)),
        stack.enter_context(os.fdopen(writing, "wb", buffering=0)),
    )


def _ended(process: subprocess.Popen[bytes], watch: IO[bytes], talk: _Talk) -> None:
    """End the supervisor, which ends the command first."""
    watch.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        talk.close()


class _Talk:
    """What is said to a command and by it, as it comes."""

    def __init__(self, process: subprocess.Popen[bytes], status: IO[bytes], given: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.given = memoryview(given)
        self.out, self.err, self.status = bytearray(), bytearray(), b""
        self._stdin: IO[bytes] = process.stdin
        self._heard = {process.stdout: self.out, process.stderr: self.err}
        self._status = status
        os.set_blocking(self._stdin.fileno(), False)

    @property
    def unstarted(self) -> str:
        """Why the command cannot start; nothing where it does."""
        return next((line[1:] for line in self._lines if line.startswith("!")), "")

    @property
    def code(self) -> int | None:
        """How the command ended; None where nobody said."""
        return int(self._lines[1]) if len(self._lines) == 2 and self._lines[1] != "-" else None

    @property
    def _lines(self) -> list[str]:
        return self.status.decode().splitlines()

    def close(self) -> None:
        """Hear the last of a supervisor that has ended, and end the command where it was killed before it could."""
        if not self._status.closed:
            self.status += self._status.read()
        if len(self._lines) == 1:
            with suppress(OSError):
                os.killpg(int(self._lines[0]), signal.SIGKILL)
        for stream in (self._stdin, *self._heard):
            with suppress(OSError):
                stream.close()

    def held(self, deadline: float) -> str:
        """Talk until nobody is left; or say why it ends before."""
        waiting = {self._stdin, self._status, *self._heard}
        over = False
        with selectors.DefaultSelector() as selector:
            for stream in waiting:
                event = selectors.EVENT_WRITE if stream is self._stdin else selectors.EVENT_READ
                selector.register(stream, event, stream)
            while waiting - {self._stdin}:
                if (left := deadline - time.monotonic()) <= 0:
                    return "" if over else "overdue"
                for key, _ in selector.select(left):
                    stream = key.data
                    if not self._passed(stream):
                        selector.unregister(stream)
                        waiting.remove(stream)
                        stream.close()
                if not over and self._status not in waiting:
                    over, deadline = True, min(deadline, time.monotonic() + _GRACE)
                if len(self.out) > MOST_OUTPUT:
                    return f"wrote more than {MOST_OUTPUT / 1e6:g} MB"
        return ""

    def _passed(self, stream: IO[bytes]) -> bool:
        """Pass on what the stream takes or gives, and say whether it takes or gives more."""
        if stream is self._stdin:
            return self._fed()
        some = os.read(stream.fileno(), 1 << 16)
        if stream is self._status:
            self.status += some
            return bool(some)
        heard = self._heard[stream]
        heard += some
        if heard is self.err and len(heard) > 4 * _KEPT:
            del heard[:-_KEPT]
        return bool(some)

    def _fed(self) -> bool:
        try:
            self.given = (
                self.given[os.write(self._stdin.fileno(), self.given[: 1 << 16]) :] if self.given else self.given
            )
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it reads no more: what it answers tells whether it had read enough
            self.given = self.given[:0]
        return bool(self.given)


def _ending(ran: Ran) -> str:
    """What is wrong with how a command ended by itself."""
    if ran.code is None:
        return "was ended by the system"
    if ran.code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"crashed its process, by {names.get(-ran.code, f'signal {-ran.code}')}"
    if ran.code:
        return f"ended with exit code {ran.code}" + (f": {ran.last_words}" if ran.last_words else "")
    return ""


def _not_started(command: Sequence[str], folder: Path | None, said: str) -> str:
    """Why a command does not start, and what to do."""
    name = command[0]
    file = (folder or Path()) / name
    advice = ""
    if file.is_file() and "/" not in name:
        advice = f"; there is a file of that name: write ./{name}, or its interpreter before it"
    elif file.is_file():
        advice = f"; make it executable with chmod +x {name}, or write its interpreter before it, as in python {name}"
    return f"cannot start {shlex.join(command)}: {said}{advice}"
