"""The moving parts of a training run, what they report, and what must be kept of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.errors import CheckpointError, RequestError
from sciencegen.train.settings import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["Average", "Progress", "Run", "TrainingState"]


@dataclass
class TrainingState:
    """Everything a run needs to go on as if it had never stopped."""

    step: int
    tensors: dict[str, Tensor]
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """What happened in one step."""

    step: int  # how many are done
    total: int
    epoch: float
    losses: Mapping[str, float]
    report: Mapping[str, float]
    rate: float
    skipped: int  # steps left out so far because something was not finite
    seconds: float
    leader: bool  # False in all processes but one
    validation: float | None = None
    best: bool = False
    stopping: bool = False
    run: Run | None = field(default=None, repr=False)

    def state(self) -> TrainingState:
        """What must be kept so that the run can go on from here."""
        assert self.run is not None
        return self.run.state()

    def agreed(self, stop: bool) -> bool:
        """Whether any of the processes wants to stop here."""
        assert self.run is not None
        return self.run.agree(stop)

    def weights(self) -> dict[str, Tensor]:
        """The generator's weights as they should be used: averaged where averaging is on."""
        assert self.run is not None
        return {name: value.detach().cpu().clone() for name, value in self.run.usable().state_dict().items()}


class Average:
    """A slow copy of a generator: each weight follows its own by a share of 1 - decay a step.

    Early on the share is larger, so that the copy does not hang on to where training began. Buffers are not averaged
    but taken over when the copy is used.
    """

    def __init__(self, generator: Generator, decay: float) -> None:
        self.generator, self.decay = copy.deepcopy(generator).requires_grad_(False), decay

    @torch.no_grad()
    def follow(self, generator: Generator, step: int) -> None:
        """Take one step after the generator's step number `step`."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.generator.parameters()), list(generator.parameters()), share)

    def usable(self, generator: Generator) -> Generator:
        """The copy, with everything that is not averaged as it is in the generator."""
        for own, given in zip(self.generator.buffers(), generator.buffers(), strict=True):
            own.copy_(given)
        return self.generator


@dataclass
class Run:
    """The moving parts of a training run."""

    fabric: Fabric
    generator: Generator
    objective: Objective
    optimizer: torch.optim.Optimizer
    settings: Settings
    total: int
    average: Average | None
    step: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    best: float = math.inf
    waited: int = 0

    def usable(self) -> Generator:
        """The generator to validate and to keep."""
        return self.generator if self.average is None else self.average.usable(self.generator)

    @property
    def over(self) -> bool:
        """Whether all steps are done, or held-out data have not been modelled better for too long."""
        return self.step >= self.total or bool(self.settings.patience and self.waited >= self.settings.patience)

    def judge(self, score: float | None) -> bool:
        """Say whether a held-out score is the best so far, and count how long there was none better."""
        if score is None:
            if self.settings.patience:
                name = type(self.objective).__name__
                raise RequestError(
                    f"patience={self.settings.patience}: {name} cannot score held-out data; leave it at 0"
                )
            return False
        best = score < self.best
        self.best, self.waited = (score, 0) if best else (self.best, self.waited + 1)
        return best

    def state(self) -> TrainingState:
        tensors = {f"generator.{k}": v for k, v in self.generator.state_dict().items()}
        tensors |= {f"objective.{k}": v for k, v in self.objective.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average.{k}": v for k, v in self.average.generator.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": torch.as_tensor(v) for k, v in moments.items()}
        return TrainingState(self.step, {k: v.detach().cpu() for k, v in tensors.items()}, self._numbers())

    def restore(self, state: TrainingState) -> None:
        """Be what `state` was taken of."""
        self._check(state)
        self.generator.load_state_dict(_under("generator.", state.tensors))
        self.objective.load_state_dict(_under("objective.", state.tensors))
        if self.average is not None:
            self.average.generator.load_state_dict(_under("average.", state.tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimizer.", state.tensors).items():
            index, key = name.split(".", 1)
            moments.setdefault(int(index), {})[key] = value
        whole = self.optimizer.state_dict()
        self.optimizer.load_state_dict({"state": moments, "param_groups": whole["param_groups"]})
        for name, number in state.numbers.items():
            setattr(self, name, number)

    def _check(self, state: TrainingState) -> None:
        """Refuse a state that is not one of this run."""
        parts = [p for group in self.optimizer.param_groups for p in group["params"]]
        shapes = {f"optimizer.{i}.{key}": p.shape for i, p in enumerate(parts) for key in ("exp_avg", "exp_avg_sq")}
        shapes |= {f"optimizer.{i}.step": torch.Size() for i in range(len(parts))}
        needed = {name: value.shape for name, value in self.state().tensors.items()}
        given = {name: value.shape for name, value in state.tensors.items()}
        odd = [name for name in needed if name not in given]
        odd += [name for name in given if given[name] != (shapes | needed).get(name)]
        now = self._numbers()
        odd += [name for name in now if type(state.numbers.get(name)) is not type(now[name])]
        odd += [name for name in state.numbers if name not in now]
        if odd or state.step != state.numbers["step"] or state.step < 0:
            raise CheckpointError(f"the saved training state is not one of this run: {(odd or ['step'])[0]} differs")

    def _numbers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("step", "skipped", "skipped_in_a_row", "best", "waited")}

    def agree(self, stop: bool) -> bool:
        """Whether any process wants to stop: all must stop after the same step, or the others wait for ever."""
        if self.fabric.world_size == 1:
            return stop
        votes = self.fabric.all_reduce(torch.tensor(float(stop), device=self.fabric.device), reduce_op="sum")
        assert isinstance(votes, Tensor)
        return bool(votes > 0)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
