"""Every causal net, over every discrete space, with and without conditions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from sciencegen.core.condition import Categorical, Condition, ConditionFields, Continuous
from sciencegen.core.constraint import Constraint
from sciencegen.core.space import Bits, Discrete, Levels, Tokens
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets import causal
from sciencegen.nets.causal import FVSBN, MADE, NADE, CausalNet, Gated, LongShort, Recurrent, Transformer, Unrolled
from sciencegen.nets.conditioner import Conditioner


@dataclass(frozen=True)
class NoRepeats(Constraint):
    """A token may not follow itself: the simplest constraint with a memory."""

    vocabulary: int

    def start(self, n: int, device: torch.device | None = None) -> Tensor:
        return torch.full((n,), -1)

    def mask(self, state: Tensor) -> Tensor:
        return torch.arange(self.vocabulary) != state[:, None]

    def advance(self, state: Tensor, token: Tensor) -> Tensor:
        return token

    def take(self, state: Tensor, rows: Tensor) -> Tensor:
        return state[rows]

    def masks(self, x: Tensor) -> Tensor:
        before = torch.cat((torch.full_like(x[:, :1], -1), x[:, :-1]), 1)
        return torch.arange(self.vocabulary) != before[..., None]


NETS: dict[str, Callable[[Discrete, int], CausalNet]] = {
    "FVSBN": FVSBN,
    "NADE": lambda space, context: NADE(space, context, 8),
    "MADE": lambda space, context: MADE(space, context, 16, 2),
    "MADE without hidden units to spare": lambda space, context: MADE(space, context, 2, 1),
    "GRU": lambda space, context: Recurrent(space, context, Gated(), 8, 2),
    "LSTM": lambda space, context: Recurrent(space, context, LongShort(), 8, 2),
    "Transformer": lambda space, context: Transformer(space, context, 16, 2, 2),
    "Unrolled": lambda space, context: Unrolled(space, context, 8, 2),
}
SPACES: dict[str, Discrete] = {
    "bits": Bits((2, 3)),
    "levels": Levels((4,), 3),
    "tokens that end": Tokens((4,), 4, end=0),
    "tokens without end": Tokens((4,), 3),
    "tokens under a constraint": Tokens((4,), 4, constraint=NoRepeats(4)),
}
FIELDS = {
    "free": ConditionFields(),
    "conditioned": ConditionFields((Continuous("a"), Categorical("b", ("u", "v")))),
}
every_net = pytest.mark.parametrize("net", NETS)
every_space = pytest.mark.parametrize("space", SPACES)
every_field = pytest.mark.parametrize("fields", FIELDS)


def model(net: str, space: str, fields: str = "free") -> tuple[Autoregressive, Condition | None]:
    conditioner = Conditioner(FIELDS[fields], 8)
    made = Autoregressive(SPACES[space], NETS[net](SPACES[space], conditioner.width), conditioner).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0, 0.5)
    return made, FIELDS[fields].row({"a": 0.3}) if fields == "conditioned" else None


def all_rows(space: Discrete) -> Tensor:
    rows = torch.tensor(list(itertools.product(range(space.categories), repeat=space.size))).view(-1, *space.shape)
    rows = rows[space.contains(rows)]
    if isinstance(space, Tokens) and space.constraint is not None:
        rows = rows[space.constraint.masks(rows).gather(-1, rows[..., None]).all((-1, -2))]
    return rows


def test_every_causal_net_is_listed() -> None:
    listed = {type(make(SPACES["bits"], 0)).__name__ for make in NETS.values()}
    architectures = {n for n in causal.__all__ if isinstance(getattr(causal, n), type)}
    assert {n for n in architectures if issubclass(getattr(causal, n), CausalNet)} - {"CausalNet"} == listed


@every_field
@every_space
@every_net
def test_probabilities_sum_to_one(net: str, space: str, fields: str) -> None:
    made, condition = model(net, space, fields)
    assert made.log_prob(all_rows(made.space), condition).exp().sum().item() == pytest.approx(1, abs=1e-10)


@every_field
@every_space
@every_net
def test_stepping_equals_the_parallel_forward(net: str, space: str, fields: str) -> None:
    made, condition = model(net, space, fields)
    x = all_rows(made.space).flatten(1)
    context = made.conditioner(condition, len(x))
    together, state = made.net(x, context), made.net.start(context)
    with torch.no_grad():
        for t in range(x.shape[1]):
            step = made.net.step(state, t, x[:, t - 1] if t else None)
            assert torch.allclose(step, together[:, t], atol=1e-10)


@every_space
@every_net
def test_stepping_goes_on_with_some_of_the_rows(net: str, space: str) -> None:
    made, _ = model(net, space)
    x = all_rows(made.space).flatten(1)
    rows = torch.arange(0, len(x), 3)
    context = made.conditioner(None, len(x))
    together, state = made.net(x, context), made.net.start(context)
    with torch.no_grad():
        made.net.step(state, 0, None)
        made.net.step(state, 1, x[:, 0])
        state = made.net.take(state, rows)
        assert torch.allclose(made.net.step(state, 2, x[rows, 1]), together[rows, 2], atol=1e-10)


@every_space
@every_net
def test_samples_are_as_frequent_as_they_are_probable(net: str, space: str) -> None:
    made, _ = model(net, space)
    rows, n = all_rows(made.space), 20_000
    number = {tuple(row.flatten().tolist()): i for i, row in enumerate(rows)}
    counts = torch.zeros(len(rows), dtype=torch.float64)
    for row in made.sample(n).flatten(1).tolist():
        counts[number[tuple(row)]] += 1
    probability = made.log_prob(rows).exp().detach()
    noise = (probability * (1 - probability) / n).sqrt()
    assert ((counts / n - probability).abs() <= 5 * noise + 3 / n).all()


@every_space
@every_net
def test_completion_keeps_what_is_known(net: str, space: str) -> None:
    made, _ = model(net, space)
    x = all_rows(made.space)[:20]
    known = torch.zeros(made.space.shape, dtype=torch.bool).flatten()
    known[: made.space.size // 2] = True
    done = made.complete(x, known.view(made.space.shape))
    assert made.space.contains(done.x).all()
    assert (done.x.flatten(1)[:, known] == x.flatten(1)[:, known]).all()


@pytest.mark.parametrize("net", ["MADE", "GRU"])
def test_completion_with_many_particles_is_the_conditional(net: str) -> None:
    made, _ = model(net, "bits")
    rows, n = all_rows(made.space), 4000
    known = torch.zeros(2, 3, dtype=torch.bool)
    known[1, 2] = True  # the last entry: what is drawn before it has to know of it
    matching = rows[rows[:, 1, 2] == 1]
    exact = made.log_prob(matching).softmax(0).detach()
    done = made.complete(torch.ones(n, 2, 3, dtype=torch.long), known, particles=64)
    number = {tuple(row.flatten().tolist()): i for i, row in enumerate(matching)}
    counts = torch.bincount(torch.tensor([number[tuple(r)] for r in done.x.flatten(1).tolist()]), minlength=len(exact))
    assert 0.5 * (counts / n - exact).abs().sum() < 0.06
    evidence = made.log_prob(matching).logsumexp(0).item()
    assert done.log_weight.exp().mean().log().item() == pytest.approx(evidence, abs=0.02)


@every_net
def test_guidance_exaggerates_the_condition(net: str) -> None:
    made, condition = model(net, "bits", "conditioned")
    assert condition is not None
    rows = all_rows(made.space)
    ratio = (made.log_prob(rows, condition) - made.log_prob(rows)).detach()
    number = {tuple(row.flatten().tolist()): i for i, row in enumerate(rows)}
    mean = []
    for guidance in (1.0, 3.0):
        made.knobs = made.knobs.turned(guidance=guidance)  # type: ignore[assignment]
        drawn = made.sample(3000, condition).flatten(1).tolist()
        mean.append(ratio[[number[tuple(row)] for row in drawn]].mean())
    assert mean[1] > mean[0]


@every_net
def test_knobs_sharpen(net: str) -> None:
    made, _ = model(net, "levels")
    entropy = []
    for turned in ({}, {"temperature": 0.3}, {"top_p": 0.3}):
        made.knobs = type(made.knobs)(**turned)
        drawn = made.sample(3000).flatten(1)
        counts = torch.bincount((drawn * 3 ** torch.arange(4)).sum(1), minlength=81).double() / 3000
        entropy.append(torch.special.entr(counts).sum())
    assert entropy[1] < entropy[0]
    assert entropy[2] < entropy[0]
