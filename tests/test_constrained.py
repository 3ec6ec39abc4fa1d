"""What a constraint takes away is counted exactly, whichever way rows are drawn under it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from sciencegen.core.condition import Categorical, Condition, ConditionFields
from sciencegen.core.space import Tokens
from sciencegen.errors import RequestError
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.families.vae import VAE, Diagonal, Spelled, Spelling
from sciencegen.grammar import Counter, StackMachine, compiled
from sciencegen.nets.causal import Gated, Recurrent, Unrolled
from sciencegen.nets.causal.entries import least_removed
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.mlp import MLP
from sciencegen.nets.readers import Convolutional, Folded
from sciencegen.screen.decoding import DECODINGS, effective, knobs_of, weight

GRAMMAR = compiled("""
start: item+
item: "a" -> a | "b" -> b | "(" start ")" -> nested
""")
LENGTH = 12
MACHINE = StackMachine(GRAMMAR, LENGTH, (Counter(GRAMMAR, {"a": 1}, 0, 2),))
"""Sentences of at most twelve rules, with no more than two a."""
SPACE = Tokens((LENGTH,), len(GRAMMAR.rules) + 1, MACHINE.end, MACHINE)
FIELDS = ConditionFields((Categorical("kind", ("x", "y")),))


def net(context: int, seed: int = 0) -> Recurrent:
    torch.manual_seed(seed)
    made = Recurrent(SPACE, context, Gated(), 8)
    with torch.no_grad():
        made.head.weight.mul_(6.0)
    return made.eval()


@pytest.fixture(scope="module")
def model() -> Autoregressive:
    torch.manual_seed(1)
    conditioner = Conditioner(FIELDS, 4)
    with torch.no_grad():
        conditioner.levels["0"].weight.copy_(torch.tensor([[9.0, 0.0, 0.0, -9.0], [-9.0, 9.0, 0.0, 0.0]]))
    return Autoregressive(SPACE, net(conditioner.width), conditioner, masked=False).eval()


def sentences() -> list[tuple[int, ...]]:
    """All rows of the grammar in so many rules, by trying."""
    free = StackMachine(GRAMMAR, LENGTH)
    found: list[tuple[int, ...]] = []
    open_: list[tuple[tuple[int, ...], Any]] = [((), free.start(1))]
    while open_:
        row, state = open_.pop()
        if len(row) == LENGTH:
            found.append(row)
            continue
        for token in free.mask(state)[0].nonzero()[:, 0].tolist():
            open_.append(((*row, token), free.advance(state, torch.tensor([token]))))
    return found


ALL = torch.tensor(sorted(sentences()))


def path(model: Autoregressive, x: Tensor) -> tuple[Tensor, Tensor]:
    """log p(x) as it was learned, and what the guard takes away on the way to x, entry by entry."""
    logits = model.net(x, model.conditioner(None, len(x)))
    syntax = logits.masked_fill(~MACHINE.syntaxes(x), -torch.inf).log_softmax(-1)
    allowed = MACHINE.masks(x)
    kept = syntax.masked_fill(~allowed, -torch.inf).logsumexp(-1)
    return syntax.gather(2, x[..., None])[..., 0].sum(1), -kept.sum(1)


@torch.no_grad()
def test_the_likelihood_is_that_of_the_syntax(model: Autoregressive) -> None:
    assert len(ALL) > 100
    assert model.log_prob(ALL).logsumexp(0).item() == pytest.approx(0.0, abs=1e-4)
    assert torch.allclose(model.log_prob(ALL), path(model, ALL)[0], atol=1e-4)


@torch.no_grad()
def test_masked_draws_have_the_probability_their_logmass_says(model: Autoregressive) -> None:
    torch.manual_seed(0)
    n = 20_000
    drawn = model.drawn(n)
    assert drawn.removed_logmass is not None
    assert bool(MACHINE.accepts(drawn.x).all())
    log_p, removed = path(model, drawn.x)
    assert torch.allclose(drawn.removed_logmass, removed, atol=1e-3)
    valid = ALL[MACHINE.accepts(ALL)]
    log_p, removed = path(model, valid)
    expected = (log_p + removed).exp()
    assert expected.sum().item() == pytest.approx(1.0, abs=1e-4)
    index = {tuple(row): i for i, row in enumerate(valid.tolist())}
    counts = torch.zeros(len(valid))
    for row in drawn.x.tolist():
        counts[index[tuple(row)]] += 1
    often = expected * n > 5
    chi = ((counts - expected * n) ** 2 / (expected * n))[often].sum().item()
    freedom = int(often.sum()) - 1
    assert chi < freedom + 5 * math.sqrt(2 * freedom)


@torch.no_grad()
def test_weights_undo_what_masks_did(model: Autoregressive) -> None:
    torch.manual_seed(0)
    drawn = model.drawn(20_000)
    assert drawn.removed_logmass is not None
    weights = torch.tensor([weight(one) for one in drawn.removed_logmass.tolist()])
    often = (drawn.x == GRAMMAR.named("a")[0]).sum(1).float()
    weighted = float((weights * often).sum() / weights.sum())
    valid = ALL[MACHINE.accepts(ALL)]
    exact = float((path(model, valid)[0].softmax(0) * (valid == GRAMMAR.named("a")[0]).sum(1)).sum())
    spread = often.std().item() / math.sqrt(effective(weights.tolist()))
    assert abs(weighted - exact) < 4 * spread
    assert abs(often.mean().item() - exact) > 4 * spread  # and they were needed


def test_filtered_draws_are_those_that_cost_least(model: Autoregressive) -> None:
    means = {}
    for decoding in ("masked", "filtered"):
        model.knobs = model.knobs.turned(**knobs_of(model, decoding))  # type: ignore[assignment]
        torch.manual_seed(0)
        drawn = model.drawn(500)
        assert drawn.removed_logmass is not None
        means[decoding] = drawn.removed_logmass.mean().item()
        assert len(drawn.x) == 500
    assert means["filtered"] < 0.6 * means["masked"]
    model.knobs = type(model.knobs)()


def test_plain_draws_are_sentences_that_guards_may_forbid(model: Autoregressive) -> None:
    model.knobs = model.knobs.turned(**knobs_of(model, "plain"))  # type: ignore[assignment]
    drawn = model.drawn(500)
    model.knobs = type(model.knobs)()
    assert drawn.removed_logmass is None
    assert all(GRAMMAR.decode(row) is not None for row in drawn.x.tolist())
    assert 0 < int(MACHINE.accepts(drawn.x).sum()) < 500


def test_rows_of_several_conditions_stay_in_their_order(model: Autoregressive) -> None:
    model.knobs = model.knobs.turned(keep=0.5)  # type: ignore[assignment]
    condition = FIELDS.rows({"kind": ["x", "y"] * 200})
    drawn = model.drawn(400, condition)
    model.knobs = type(model.knobs)()
    own = model.log_prob(drawn.x, condition)
    other = model.log_prob(drawn.x, Condition(1 - condition.values, condition.known))
    assert (own - other).mean() > 0.05


def test_keeping_the_least_keeps_the_order() -> None:
    from sciencegen.core.generator import Drawn

    def draw(n: int) -> Drawn:
        return Drawn(torch.arange(n), torch.tensor([3.0, 0.0, 2.0, 1.0, 5.0, 0.5])[:n])

    assert least_removed(draw, 3, 0.5, True).x.tolist() == [1, 3, 5]
    assert least_removed(draw, 3, 0.5, False).x.tolist() == [1, 3, 5]
    assert least_removed(draw, 2, 1.0, True).x.tolist() == [0, 1]


def test_a_model_without_a_constraint_knows_no_decodings() -> None:
    space = Tokens((3,), 4, end=0)
    free = Autoregressive(space, Recurrent(space, 0, Gated(), 4), Conditioner(ConditionFields()))
    assert free.drawn(3).removed_logmass is None
    for decoding in DECODINGS:
        with pytest.raises(RequestError, match="nothing that this model draws is masked"):
            knobs_of(free, decoding)


def test_effective_draws() -> None:
    assert effective([1.0] * 7) == pytest.approx(7)
    assert effective([1.0, 0.0, 0.0]) == pytest.approx(1)
    assert effective([]) == 0


VARIANTS: dict[str, dict[str, Any]] = {
    "rules that know one another": {},
    "rules all at once": {"unrolled": True},
    "a recurrent encoder": {"folded": True},
    "the whole constraint in the likelihood": {"masked": True},
}


def latent(unrolled: bool = False, folded: bool = False, masked: bool = False) -> VAE:
    torch.manual_seed(2)
    conditioner = Conditioner(FIELDS, 4)
    reader = Folded if folded else Convolutional
    writer = Unrolled(SPACE, 6, 8, 1) if unrolled else Recurrent(SPACE, 6, Gated(), 8)
    return VAE(
        SPACE,
        reader(SPACE, conditioner.width, 8, 8, 8),
        Diagonal(8, 3),
        MLP(3, 6, [6], conditioner.width),
        Spelled(SPACE, writer, 6, Spelling(), masked),
        conditioner,
        dense=False,
    ).eval()


@torch.no_grad()
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_a_latent_spells_a_distribution(variant: dict[str, Any]) -> None:
    """Given a latent, the probabilities of all sentences (all that guards allow, where they count) sum to one."""
    model = latent(**variant)
    z = torch.randn(1, 3)
    rows = ALL[MACHINE.accepts(ALL)] if variant.get("masked") else ALL
    numbers = model._numbers(z, model.conditioner(None, 1)).expand(len(rows), -1)
    assert model.likelihood.log_prob(numbers, rows).logsumexp(0).item() == pytest.approx(0.0, abs=1e-3)
    drawn = model.drawn(64)
    assert bool(MACHINE.accepts(drawn.x).all())
    assert (drawn.removed_logmass is None) == bool(variant.get("masked"))
    bound = model.bound(rows[:16])
    assert bool(torch.isfinite(bound.distortion + bound.rate).all())
    assert model.encodings(rows[:5], None, 3).shape == (3, 5, 3)
    assert bool(MACHINE.accepts(model.decode(torch.randn(8, 3))).all())
    assert model.log_weights(rows[:4], None, 6).shape == (6, 4)


@torch.no_grad()
def test_rows_cut_where_the_longest_ends_are_the_same_rows() -> None:
    model = latent()
    rows = ALL[(ALL.eq(MACHINE.end)).sum(1) >= 3]
    short = rows[:, : int((rows != MACHINE.end).sum(1).max()) + 1]
    assert torch.allclose(model.encode(rows), model.encode(short), atol=1e-5)
    numbers = torch.randn(len(rows), 6)
    assert torch.allclose(
        model.likelihood.log_prob(numbers, rows), model.likelihood.log_prob(numbers, short), atol=1e-4
    )


@torch.no_grad()
def test_half_precision_draws_nearly_the_same() -> None:
    model = latent()
    z = torch.randn(2000, 3)
    counts = []
    for drawer in (model, model.lean()):
        drawer.knobs = Spelling(keep=1.0)
        torch.manual_seed(0)
        x = drawer.spelled(z).x
        assert bool(MACHINE.accepts(x).all())
        counts.append(torch.bincount(x.flatten(), minlength=MACHINE.end + 1) / x.numel())
    assert (counts[0] - counts[1]).abs().max() < 0.02
    assert latent(unrolled=True).lean().likelihood is not None


def test_knobs_are_checked() -> None:
    for wrong in ({"keep": 0.0}, {"keep": 1.5}, {"guarded": 2}, {"top_p": 0.0}, {"temperature": 0.0}):
        with pytest.raises(RequestError):
            Spelling().turned(**wrong)
    assert list(itertools.chain(DECODINGS)) == ["plain", "masked", "filtered", "weighted"]
