"""Functions that do to a worker process what a library may."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

__all__ = ["Unreadable", "environment", "hostile", "identity", "killed_once", "noisy", "touched"]


def identity(item: object) -> object:
    return item


def hostile(item: str) -> str:
    """Do what the item says."""
    if item == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "exit":
        os._exit(7)
    if item == "spin":
        while True:
            pass
    if item == "sleep":
        time.sleep(3600)
    if item == "stuck":
        re.match("(a+)+$", "a" * 40 + "b")  # for ages, in C, while no other thread can run
    if item == "eat":
        eaten = [bytearray(100_000_000) for _ in range(20)]
        return str(len(eaten))
    if item == "raise":
        raise ValueError("one line\nand another")
    if item == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    return item.upper()


def touched(item: str) -> str:
    Path(item).touch()
    return item


def noisy(item: str) -> str:
    sys.stdout.write("noise")
    sys.stdout.flush()
    os.write(1, b"noise")
    os.write(2, b"noise")
    return item


def environment(item: str) -> str:
    return os.environ.get(item, "")


def killed_once(item: str) -> str:
    """Die the first time, as a worker does that somebody else killed."""
    if not Path(item).exists():
        Path(item).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


class Unreadable:
    """A thing that can be sent, and not received."""

    def __reduce__(self) -> tuple[object, ...]:
        return _refuse, ()


def _refuse() -> NoReturn:
    raise ImportError("not here")
