"""Drawing on a GPU in half precision: as it is, compiled, and as one captured graph a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Tokens
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.domains.molecules.strings import END
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.model import load
from sciencegen.nets.causal import Gated, Recurrent
from sciencegen.nets.conditioner import Conditioner
from speed_of.forced import VOCABULARY, levels
from speed_of.report import Options, table

__all__ = ["Whole", "cuda"]

_LOOK = 8  # steps between two looks at whether all strings have ended; a look waits for the GPU


class Whole:
    """A batch that keeps all its rows, whose step writes where it read: what a graph can capture.

    Finished rows are drawn on, which a GPU does for nothing; `captured` makes the step one launch.
    """

    def __init__(self, net: Recurrent, context: Tensor, entries: int, captured: bool) -> None:
        self.net, self.context, self.entries = net, context, entries
        self.state = net.start(context)
        self.began = [[vector.clone() for vector in layer] for layer in self.state.memory]
        self.memory = [[vector.clone() for vector in layer] for layer in self.state.memory]
        self.token = torch.full((len(context),), -1, device=context.device)  # what stands before the first entry
        self.go: Callable[[], None] = self._captured() if captured else self.step

    def step(self) -> None:
        """Draw one entry of every row."""
        self.state.memory = [list(layer) for layer in self.memory]
        logits = self.net.step(self.state, 1, self.token).float()
        drawn = (logits - torch.empty_like(logits).exponential_().log()).argmax(-1)
        for kept, new in zip(self.memory, self.state.memory, strict=True):
            for vector, value in zip(kept, new, strict=True):
                vector.copy_(value)
        self.token.copy_(drawn.masked_fill(self.token == END, END))

    def _captured(self) -> Callable[[], None]:
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):  # what is made once is made before the capture
                self.step()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step()
        return graph.replay

    def draw(self) -> Tensor:
        """Rows of tokens [n, entries]."""
        for kept, first in zip(self.memory, self.began, strict=True):
            for vector, value in zip(kept, first, strict=True):
                vector.copy_(value)
        self.token.fill_(-1)
        out = torch.full((len(self.token), self.entries), END, device=self.token.device)
        for t in range(self.entries):
            self.go()
            out[:, t] = self.token
            if t % _LOOK == _LOOK - 1 and bool((self.token == END).all()):
                break
        return out


def cuda(options: Options) -> dict[str, object]:
    """Strings a second on the GPU, by the clock."""
    if not torch.cuda.is_available():
        print("\nno CUDA device is here: drawing on a GPU is left out")
        return {"rows": []}
    generator = _generator(options).to("cuda")
    n = 256 if options.quick else 8 * options.batch
    with torch.no_grad():
        drawers = _drawers(generator, n)
        rows = [{"drawn": name, "strings a second": n / _clocked(draw, options.repeats)} for name, draw in drawers]
    table(("drawn", "strings a second"), rows)
    return {"device": torch.cuda.get_device_name(), "batch": n, "rows": rows}


def _drawers(generator: Autoregressive, n: int) -> list[tuple[str, Callable[[], object]]]:
    lean = generator.lean()
    compiled = lean.compiled()
    drawers: list[tuple[str, Callable[[], object]]] = [
        ("fp32, as it is", lambda: generator.sample(n)),
        ("bf16, as it is", lambda: lean.sample(n)),
        ("bf16, compiled", lambda: compiled.sample(n)),
    ]
    if isinstance(lean.net, Recurrent):
        context = lean.conditioner(None, n).to(torch.bfloat16)
        for captured in (False, True):
            whole = Whole(lean.net, context, generator.space.size, captured)
            drawers.append((f"bf16, whole batch, {'graph' if captured else 'no graph'}", whole.draw))
    return drawers


def _generator(options: Options) -> Autoregressive:
    """The model asked for, or a net of its size whose strings end by chance."""
    if options.model:
        generator: Any = load(options.model, "cpu").generator
    else:
        space = Smiles(VOCABULARY, len(levels())).space
        assert isinstance(space, Tokens)
        generator = Autoregressive(space, Recurrent(space, 0, Gated(), 512, embed=128), Conditioner(ConditionFields()))
    assert isinstance(generator, Autoregressive)
    return generator.eval()


def _clocked(draw: Callable[[], object], repeats: int) -> float:
    draw()
    times = []
    for _ in range(repeats):
        torch.cuda.synchronize()
        start = time.perf_counter()
        draw()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return median(times)
