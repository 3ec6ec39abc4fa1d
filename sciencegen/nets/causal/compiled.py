"""A causal net whose step is compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.nets.causal.net import CausalNet

__all__ = ["Compiled"]


class Compiled(CausalNet):
    """Another causal net, sharing its weights, whose step torch compiles when it is first taken.

    One compiled step serves any number of rows, and every such net of the process. It is compiled plainly on CUDA
    too: CUDA graphs (mode="reduce-overhead") give each step the same memory for its results, so that a step would
    overwrite the state that the step before it left, and they are captured anew for each number of rows, which
    shrinks as rows end.
    """

    def __init__(self, net: CausalNet) -> None:
        super().__init__()
        self.net, self.halves = net, net.halves  # and not `compiles`: it has been

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        out: Tensor = self.net(x, context)
        return out

    def start(self, context: Tensor) -> Any:
        return self.net.start(context)

    def step(self, state: Any, t: int, previous: Tensor | None) -> Tensor:
        try:
            return _compiled()(self.net, state, t, previous)
        except RuntimeError as error:
            why = _why(error)
            if why is None:
                raise
            raise RequestError(f"the step of drawing cannot be compiled: {why}; it works without --compile") from error

    def take(self, state: Any, rows: Tensor) -> Any:
        return self.net.take(state, rows)


def _step(net: CausalNet, state: Any, t: int, previous: Tensor | None) -> Tensor:
    return net.step(state, t, previous)


@cache
def _compiled() -> Callable[[CausalNet, Any, int, Tensor | None], Tensor]:
    # half precision is rounded wherever the plain step rounds it, so that the same seed draws the same samples
    return torch.compile(_step, dynamic=True, options={"emulate_precision_casts": True})


def _why(error: RuntimeError) -> str | None:
    """What kept torch from compiling, in a line; None where the step itself failed."""
    from torch._dynamo.exc import TorchDynamoException  # takes seconds to import, and what compiles has done so
    from torch._inductor.exc import InvalidCxxCompiler, TritonMissing

    causes: tuple[object, ...] = (error, error.__cause__, getattr(error, "inner_exception", None))
    if any(isinstance(cause, InvalidCxxCompiler) for cause in causes):
        return "torch finds no C++ compiler (install g++ or clang++, or name yours in the variable CXX)"
    if any(isinstance(cause, TritonMissing) for cause in causes):
        return "torch finds no working Triton (pip install triton)"
    if isinstance(error, TorchDynamoException) or "torch.compile" in str(error):  # the latter of this Python
        said = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        named = [line for line in said if "error: " in line]  # what a C++ compiler stumbled over
        return f"torch says {(named or said)[0][:300]!r}"
    return None
