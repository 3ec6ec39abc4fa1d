"""The guardian of a command: a program of its own that starts it, tells how it ended, and leaves nobody behind.

It ends the command, and all that the command has started, when the command's first process ends, and when the other end
of the pipe it watches is closed: by whoever asked, or by the system when whoever asked is no more. Run as a file by an
interpreter that has nothing but the standard library: `supervise.py WATCH STATUS BYTES COMMAND...`, where WATCH and
STATUS are the numbers of open pipes and BYTES is the most memory, 0 for no limit. STATUS is told the number of the
process, then ! and why it cannot start, if so, then its exit code, or - where it was no longer wanted.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

__all__ = ["supervise"]

_DEATH_SIGNAL, _SUBREAPER = 1, 36  # numbers of Linux's prctl
_PATIENCE = 10.0  # seconds for killed processes to be gone; one that waits for a dead disk never is
Control = Callable[[int, int], object]


def supervise(watch: int, status: int, memory: int, command: Sequence[str]) -> None:
    """Run the command to its end, or to the end of whoever holds the other end of `watch`."""
    for pipe in (watch, status):
        os.set_inheritable(pipe, False)
    control = _control()
    control(_SUBREAPER, 1)  # what the command leaves behind becomes a child of ours, whatever group it moved to
    woken = _wake_up()
    ours = os.getpid()
    child = os.fork()
    if not child:
        control(_DEATH_SIGNAL, signal.SIGKILL)
        _become(command, memory, status, ours)
    with suppress(OSError):  # it may have done so itself
        os.setpgid(child, child)
    os.write(status, f"{child}\n".encode())
    _let_go()
    code = _waited(child, watch, woken)
    _end_all(child)
    os.write(status, f"{'-' if code is None else code}\n".encode())


def _control() -> Control:
    """Linux's prctl; elsewhere a process that hides from its group is not found."""
    if sys.platform != "linux":
        return lambda option, value: None
    import ctypes

    return lambda option, value: ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _wake_up() -> int:
    """A pipe that says which signals came."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return reading


def _become(command: Sequence[str], memory: int, status: int, parent: int) -> NoReturn:
    """Turn this process into the command."""
    import resource

    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.setpgid(0, 0)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))  # a crash is told in words
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        if os.getppid() == parent:
            os.execvp(command[0], list(command))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        os.write(status, f"!{said or error}\n".encode())
    finally:
        os._exit(127)


def _let_go() -> None:
    """Leave the command's own streams to the command."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def _waited(child: int, watch: int, woken: int) -> int | None:
    """How the command ended; None where it is no longer wanted."""
    while True:
        ready = select.select([watch, woken], [], [])[0]
        if watch in ready or signal.SIGTERM in os.read(woken, 4096):
            return None
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)


def _end_all(group: int) -> None:
    """Kill a group, and every process that descends from it, until none is left."""
    end = time.monotonic() + _PATIENCE
    with suppress(OSError):
        os.killpg(group, signal.SIGKILL)
    while time.monotonic() < end:
        for pid in _children():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            gone = os.waitpid(-1, os.WNOHANG)[0]
        except ChildProcessError:
            return
        if not gone:
            time.sleep(0.002)


def _children() -> list[int]:
    ours = os.getpid()
    try:
        with open(f"/proc/{ours}/task/{ours}/children") as file:  # noqa: PTH123  a start of milliseconds: no pathlib
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


if __name__ == "__main__":
    supervise(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
