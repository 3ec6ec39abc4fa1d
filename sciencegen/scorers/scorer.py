"""A scorer: a command of the user's own that says numbers of items, and how it is to be run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from sciencegen.errors import RequestError, UnknownName
from sciencegen.scorers.contract import CONTRACTS, Answer, Contract, Question, Unreadable
from sciencegen.scorers.program import Ran, run

__all__ = ["Asked", "Scorer"]


@dataclass(frozen=True)
class Asked:
    """What came of asking a scorer once: an answer for each question, or why there are none."""

    answers: tuple[Answer, ...]
    reason: str
    """Why there are no answers; nothing where there are."""
    ran: Ran


@dataclass(frozen=True)
class Scorer:
    """A command and how it is run."""

    name: str
    command: tuple[str, ...]
    """The program and its arguments; no shell reads them."""
    contract: str = "json"
    batch: int = 100
    """How many items it is asked at once, at most."""
    timeout: float = 600.0
    """Seconds for a batch."""
    retries: int = 1
    memory: float = 0.0
    """The most memory of one of its processes in GB; 0 for no limit."""
    version: str = ""
    """Part of what results are remembered by: change it where the command's answers change."""
    folder: Path | None = None
    """Where it runs; the folder of this process without it."""
    column: str = "text"
    """The column of items in tables."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise RequestError(f"scorer {self.name!r}: expected a name of letters, digits and underscores")
        if self.contract not in CONTRACTS:
            raise UnknownName("contract", self.contract, CONTRACTS)
        if not self.command or not self.command[0]:
            raise RequestError(f"scorer {self.name}: expected a command")
        if any("\0" in argument for argument in self.command):
            raise RequestError(f"scorer {self.name}: a command cannot hold a null character")
        for name, fine in (
            ("batch", self.batch >= 1),
            ("timeout", self.timeout > 0),
            ("retries", self.retries >= 0),
            ("memory", self.memory >= 0),
        ):
            if not fine:
                raise RequestError(f"scorer {self.name}: {name} = {getattr(self, name)}: too small")

    @property
    def said(self) -> str:
        """The command as a shell would take it."""
        return shlex.join(self.command)

    @property
    def rules(self) -> Contract:
        """The contract it keeps to."""
        return CONTRACTS[self.contract]

    def ask(self, questions: tuple[Question, ...]) -> Asked:
        """Run the command once."""
        given = self.rules.asked(questions, self.column)
        ran = run(self.command, given, self.timeout, self.memory, self.folder)
        if ran.reason:
            return Asked((), ran.reason, ran)
        try:
            return Asked(tuple(self.rules.answers(questions, self.column, ran.out)), "", ran)
        except Unreadable as wrong:
            return Asked((), str(wrong), ran)
