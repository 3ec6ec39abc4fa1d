"""What may be chosen of a search in a latent space, and how one begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sciencegen.data.cards import resolve as file_of
from sciencegen.errors import DataError, RequestError
from sciencegen.latents import LatentSpace
from sciencegen.model import Model
from sciencegen.optimize.asked import Asked
from sciencegen.optimize.goal import Goal
from sciencegen.optimize.latent import LatentSearch
from sciencegen.optimize.results import read_results
from sciencegen.recipes.options import chosen
from sciencegen.search.bayesian import require
from sciencegen.search.ledger import Ledger

__all__ = ["Looking", "begun", "chosen_looking"]

_SPARE = 5


@dataclass(frozen=True)
class Looking:
    """How many items are asked about at a time, how many before results are learned from, a file of items to begin
    with (`data`), and a table of results that cost no calls (`known`)."""

    batch: int = 10
    start: int = 30
    data: str = ""
    known: str = ""

    def __post_init__(self) -> None:
        if self.batch < 1 or self.start < 0:
            raise RequestError(f"batch={self.batch}, start={self.start}: expected at least 1, and at least 0")


def chosen_looking(given: Mapping[str, Any]) -> Looking:
    """What may be chosen of a search, with some of it set by name."""
    return chosen(Looking(), given, "option of a search in latents")


def begun(
    model: Model[Any],
    goal: Goal,
    ledger: Ledger,
    by: str,
    looking: Looking,
    seed: int = 0,
    asked: Path | None = None,
) -> LatentSearch[Any]:
    """A search in the latent space of a model; `asked` is where it remembers what it proposed."""
    if by == "bayesian":
        require()
    space, first = LatentSpace(model), []
    if looking.known:
        ledger.add(read_results(model.domain, goal, file_of(looking.known)).told)
    if looking.data and looking.start:
        items = model.domain.read(file_of(looking.data)).items
        if not items:
            raise DataError(f"{looking.data}: holds no {model.domain.name} to begin with")
        order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed))
        first = [items[i] for i in order[: _SPARE * looking.start].tolist()]
    return LatentSearch(space, goal, ledger, by, Asked(asked), seed, looking.start, first)
