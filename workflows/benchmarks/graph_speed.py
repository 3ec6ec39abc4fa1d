"""How fast graph models train and draw, beside a plain dense one of torch-geometric, in one run.

    python workflows/benchmarks/graph_speed.py --data zinc.smi --rounds 3

The dense one is what its documentation leads to: graphs padded to the largest (`to_dense_batch`, `to_dense_adj`), four
`DenseGINConv`, a latent, and two linear layers that write all atoms and bonds at once. All have as many numbers to an
atom and in the latent. A training step is forward, backward and one step of AdamW with 256 graphs, in single precision
or in bf16; drawing is 1,024 graphs, with the time it takes to make molecules of them beside. One thread, the turns
taken by one after the other; medians of rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.fit import Fit
from sciencegen.recipes import domain_of

__all__ = ["Dense", "main"]

_TOGETHER, _DRAWN = 256, 1024


class Dense(nn.Module):
    """Padded graphs, dense messages, and everything written at once."""

    def __init__(self, nodes: int, kinds: int, edges: int, width: int = 128, latent: int = 64) -> None:
        from torch_geometric.nn import DenseGINConv

        super().__init__()
        self.nodes, self.kinds, self.edges, self.latent = nodes, kinds, edges, latent
        self.embed = nn.Embedding(kinds + 1, width)
        self.layers = nn.ModuleList(
            DenseGINConv(nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)))
            for _ in range(4)
        )
        self.moments = nn.Linear(width, 2 * latent)
        self.numbers = nodes * (kinds + 1) + nodes * (nodes - 1) // 2 * (edges + 1)
        self.decoder = nn.Sequential(nn.Linear(latent, 512), nn.ReLU(), nn.Linear(512, self.numbers))

    def loss(self, x: Tensor, adjacency: Tensor, wanted: Tensor) -> Tensor:
        """The evidence bound of graphs, given their kinds, their neighbours, and the numbers that were to be chosen."""
        h, mask = self.embed(x), x > 0
        for layer in self.layers:
            h = h + layer(nn.functional.layer_norm(h, h.shape[-1:]), adjacency, mask)
        mean, log_std = self.moments((h * mask[..., None]).mean(1)).chunk(2, -1)
        log_std = 5 * torch.tanh(log_std / 5)  # or else the first large graph ends it
        z = mean + log_std.exp() * torch.randn_like(mean)
        logits = self._logits(z)
        cut = self.nodes
        nodes = nn.functional.cross_entropy(logits[0].flatten(0, 1), wanted[:, :cut].flatten())
        edges = nn.functional.cross_entropy(logits[1].flatten(0, 1), wanted[:, cut:].flatten())
        rate = 0.5 * (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(-1).mean()
        return cut * nodes + (wanted.shape[1] - cut) * edges + 0.1 * rate

    def _logits(self, z: Tensor) -> tuple[Tensor, Tensor]:
        numbers, cut = self.decoder(z), self.nodes * (self.kinds + 1)
        return numbers[:, :cut].view(len(z), self.nodes, -1), numbers[:, cut:].view(len(z), -1, self.edges + 1)

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Graphs drawn [n, size]."""
        found = [one.softmax(-1) for one in self._logits(torch.randn(n, self.latent))]
        return torch.cat([torch.multinomial(one.flatten(0, 1), 1).view(n, -1) for one in found], 1)


def _steps(parameters: Any, loss: Callable[[], Tensor], bf16: bool) -> Callable[[], None]:
    optimiser = torch.optim.AdamW(parameters, lr=1e-4)

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss()
        value.backward()
        optimiser.step()

    return step


def _contenders(molecules: list[str], bf16: bool) -> Iterator[tuple[str, Callable[[], None], Callable[[], Any]]]:
    """Each model by name: a training step, and what makes molecules of draws."""
    for name in ("molecules/graph-vae", "molecules/graph-vae-one-shot", "molecules/scaffolds"):
        options = {"spellings": 1} if name.endswith("scaffolds") else {}
        fit = Fit(name, molecules, ask=[], holdout=0.0, batch=_TOGETHER, **options)
        generator, objective = fit.model.generator, fit.objective
        batches: list[Batch] = [fit.batches.at(i) for i in range(4)]
        turn = iter(range(10**9))

        def loss(
            generator: Any = generator, objective: Any = objective, batches: Any = batches, turn: Any = turn
        ) -> Tensor:
            return next(iter(objective.losses(generator, batches[next(turn) % 4]))).value

        def draw(model: Any = fit.model) -> Any:
            model.generator.eval()
            found = model.generator.lean().sample(_DRAWN)
            model.generator.train()
            return found

        generator.train()
        yield name, _steps(generator.parameters(), loss, bf16), draw
        if name.endswith("one-shot"):
            yield "torch-geometric, dense", *_dense(fit, batches, bf16)


def _dense(fit: Fit, batches: list[Batch], bf16: bool) -> tuple[Callable[[], None], Callable[[], Any]]:
    from torch_geometric.utils import to_dense_adj, to_dense_batch

    space: Any = fit.model.representation.space
    dense = Dense(space.nodes, space.node_kinds - 1, space.edge_kinds - 1)
    turn = iter(range(10**9))

    def loss() -> Tensor:
        x = batches[next(turn) % 4].x.long()
        read = space.read(x)
        edges = torch.stack((torch.cat((read.source, read.target)), torch.cat((read.target, read.source))))
        kinds, _ = to_dense_batch(read.kind + 1, read.row, max_num_nodes=space.nodes, batch_size=len(x))
        adjacency = to_dense_adj(edges, read.row, max_num_nodes=space.nodes, batch_size=len(x))
        return dense.loss(kinds, adjacency, x)

    return _steps(dense.parameters(), loss, bf16), lambda: dense.sample(_DRAWN)


def _seconds(work: Callable[[], Any], times: int) -> float:
    begun = time.thread_time()
    for _ in range(times):
        work()
    return (time.thread_time() - begun) / times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", required=True, type=Path, help="molecules")
    parser.add_argument("--molecules", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bf16", action="store_true", help="train in bf16")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    molecules = list(domain_of("molecules").read(options.data).items)[: options.molecules]
    contenders = list(_contenders(molecules, options.bf16))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in contenders}
    for turn in range(options.rounds + 1):
        for name, step, draw in contenders:
            speeds = (_TOGETHER / _seconds(step, 4), _DRAWN / _seconds(draw, 1))
            if turn:  # the first warms up
                found[name].append(speeds)
    print("| model | graphs trained a second | graphs drawn a second |\n|---|---|---|")
    for name, speeds in found.items():
        trained, drawn = (statistics.median(one) for one in zip(*speeds, strict=True))
        print(f"| {name} | {trained:,.0f} | {drawn:,.0f} |")


if __name__ == "__main__":
    main()
