"""Adversarial training: who moves whom, penalties, extras and packs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch, Batches, seed_at
from sciencegen.core.condition import Condition, ConditionFields, Continuous
from sciencegen.core.generator import Density, Pathwise
from sciencegen.core.objective import Loss
from sciencegen.core.space import Bits, Levels, Reals, Space
from sciencegen.errors import RequestError
from sciencegen.families.flow import AffineCoupling, Flow
from sciencegen.families.implicit import Implicit
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.mlp import MLP
from sciencegen.objectives.adversarial import L1, R1, R2, Adversarial, GradientPenalty, Likelihood, Penalty
from sciencegen.objectives.divergences import DIVERGENCES, NonSaturating, Wasserstein, divergence
from sciencegen.train.loop import Settings, train

FIELDS = ConditionFields((Continuous("size"), Continuous("charge")))
NONE = ConditionFields()


def implicit(fields: ConditionFields = NONE) -> Implicit:
    conditioner = Conditioner(fields, 4)
    return Implicit(Reals((2,)), MLP(3, 2, (8,), conditioner.width), (3,), conditioner)


def critic(fields: ConditionFields = NONE, pack: int = 1, space: Space | None = None) -> Critic:
    space, conditioner = space or Reals((2,)), Conditioner(fields, 4)
    inputs = space.size * space.inputs * pack
    return Critic(space, MLP(inputs, 1, (8,), conditioner.width * pack, act="tanh"), conditioner, pack)


def batch(n: int = 12, fields: ConditionFields = NONE) -> Batch:
    table = {field.name: torch.randn(n).tolist() for field in fields.fields}
    return Batch(torch.randn(n, 2), fields.rows(table) if table else None)


def moved(loss: Loss, module: nn.Module) -> bool:
    """Whether a step on a loss would move a module, when only what the loss names may move."""
    for p in module.parameters():
        p.grad = None
    loss.value.backward(inputs=[p for p in loss.updates.parameters() if p.requires_grad])
    return any(p.grad is not None and bool((p.grad != 0).any()) for p in module.parameters())


class Plane(nn.Module):
    """A critic with one slope everywhere."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(self, x: Tensor, condition: object = None) -> Tensor:
        return x.flatten(1).mv(self.slope)


@pytest.mark.parametrize("fields", [NONE, FIELDS], ids=["free", "conditional"])
@pytest.mark.parametrize("name", DIVERGENCES)
def test_each_loss_moves_its_own_player_only(name: str, fields: ConditionFields) -> None:
    generator, objective = implicit(fields), Adversarial(critic(fields), divergence(name), steps=2)
    losses = list(objective.losses(generator, batch(fields=fields)))
    assert [loss.name for loss in losses] == ["critic", "critic", "generator"]
    for loss in losses:
        assert loss.value.shape == ()
        assert moved(loss, objective.critic) == (loss.name == "critic")
    assert moved(list(objective.losses(generator, batch(fields=fields)))[-1], generator)
    for loss in objective.losses(generator, batch(fields=fields)):
        assert moved(loss, generator) == (loss.name == "generator")


def test_every_parameter_of_both_players_gets_a_gradient() -> None:
    generator, judge = implicit(FIELDS), critic(FIELDS, pack=2)
    objective = Adversarial(judge, Wasserstein(), penalties=[GradientPenalty()], hide=0.5)
    for loss in objective.losses(generator, batch(64, FIELDS)):
        assert moved(loss, loss.updates)
        assert all(p.grad is not None and p.grad.isfinite().all() for p in loss.updates.parameters())


def test_each_critic_step_sees_fresh_fakes() -> None:
    objective = Adversarial(critic(), NonSaturating(), steps=2)
    first, second, _ = objective.losses(implicit(), batch())
    assert first.report["real"] == second.report["real"]
    assert first.report["fake"] != second.report["fake"]


def test_the_critic_learns_nothing_of_how_fakes_were_made() -> None:
    generator = implicit()
    loss = next(Adversarial(critic(), NonSaturating()).losses(generator, batch()))
    slopes = torch.autograd.grad(loss.value, list(generator.parameters()), allow_unused=True)
    assert all(slope is None for slope in slopes)


@pytest.mark.parametrize("pack", [1, 2])
def test_a_critic_of_slope_one_pays_no_gradient_penalty(pack: int) -> None:
    plane = Plane(nn.functional.normalize(torch.randn(2 * pack), dim=0))
    judge = Critic(Reals((2,)), plane, Conditioner(NONE), pack)
    x = batch().x
    assert GradientPenalty()(judge, x, x + 1, None).item() == pytest.approx(0, abs=1e-9)
    plane.slope.data *= 3
    assert GradientPenalty(weight=10)(judge, x, x + 1, None).item() == pytest.approx(40, rel=1e-4)
    assert GradientPenalty(weight=10, target=3)(judge, x, x + 1, None).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("penalty", [R1(6.0), R2(6.0)])
def test_zero_centred_penalties_are_half_the_weighted_squared_slope(penalty: Penalty) -> None:
    x = batch().x
    assert penalty(Plane(torch.zeros(2)), x, x, None) == 0
    assert penalty(Plane(torch.tensor([3.0, 4.0])), x, x + 1, None).item() == pytest.approx(75)


class Bowl(nn.Module):
    """A critic whose slope at x is x."""

    def forward(self, x: Tensor, condition: object = None) -> Tensor:
        return x.square().sum(-1) / 2


def test_r1_looks_at_real_samples_and_r2_at_fakes() -> None:
    real, fake = torch.zeros(6, 2), torch.ones(6, 2)
    assert R1(2.0)(Bowl(), real, fake, None) == 0
    assert R2(2.0)(Bowl(), real, fake, None).item() == pytest.approx(2)


def test_the_gradient_penalty_looks_evenly_along_the_way() -> None:
    torch.manual_seed(0)
    real, fake = torch.zeros(10_000, 2), torch.ones(10_000, 2)
    value = GradientPenalty(3.0, target=0.0)(Bowl(), real, fake, None)
    assert value.item() == pytest.approx(3 * 2 / 3, rel=0.05)


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1(), R2()], ids=["gp", "r1", "r2"])
@pytest.mark.parametrize("pack", [1, 2, 5])
def test_penalties_are_the_mean_over_packs_of_conditional_critics(penalty: Penalty, pack: int) -> None:
    judge, seen = critic(FIELDS, pack), batch(12, FIELDS)
    value = penalty(judge, seen.x, seen.x + 1, seen.condition)
    slopes = torch.autograd.grad(value, list(judge.net.parameters()), allow_unused=True)
    assert value > 0
    assert any(slope is not None and (slope != 0).any() for slope in slopes)
    whole = 12 // pack * pack
    assert seen.condition is not None
    torch.manual_seed(0)
    value = penalty(judge, seen.x[:whole], seen.x[:whole] + 1, seen.condition[:whole])
    assert value.isfinite()
    if not isinstance(penalty, GradientPenalty):
        assert value.item() == pytest.approx(penalty(judge, seen.x, seen.x + 1, seen.condition).item(), rel=1e-5)


@pytest.mark.parametrize("pack", [1, 2, 3, 5])
def test_packs_are_judged_whole_and_what_fills_none_is_left_out(pack: int) -> None:
    judge, seen = critic(FIELDS, pack), batch(12, FIELDS)
    assert seen.condition is not None
    scores = judge(seen.x, seen.condition)
    assert scores.shape == (12 // pack,)
    changed = seen.x.clone()
    changed[pack - 1] += 1
    again = judge(changed, seen.condition)
    assert again[0] != scores[0]
    assert torch.equal(again[1:], scores[1:])
    values = seen.condition.values.clone()
    values[pack - 1] += 1
    assert judge(seen.x, type(seen.condition)(values, seen.condition.known))[0] != scores[0]


def test_packed_images_get_more_channels() -> None:
    seen: list[tuple[int, ...]] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor, context: Tensor) -> Tensor:
            seen.append(tuple(x.shape))
            return x.flatten(1).sum(1, keepdim=True)

    judge = Critic(Reals((3, 4, 5)), Watching(), Conditioner(NONE), pack=2)
    assert judge(torch.randn(6, 3, 4, 5)).shape == (3,)
    assert seen == [(3, 6, 4, 5)]


def test_a_batch_smaller_than_a_pack_is_refused() -> None:
    with pytest.raises(RequestError, match="3 samples fill no pack of 4"):
        critic(pack=4)(torch.randn(3, 2))


@pytest.mark.parametrize("space", [Bits((2, 3)), Levels((6,), 4)], ids=["bits", "levels"])
def test_integers_and_the_same_values_relaxed_get_the_same_score(space: Bits | Levels) -> None:
    x = torch.randint(space.categories, (8, *space.shape))
    judge, relaxed = critic(space=space, pack=2), space.floats(x)
    assert torch.equal(judge(x), judge(relaxed))
    relaxed.requires_grad_()
    (slope,) = torch.autograd.grad(judge(relaxed).sum(), relaxed)
    assert (slope != 0).any()


class _Relaxed(Pathwise):
    """Softened one-hot entries, enough to stand for a relaxed discrete generator."""

    def __init__(self, space: Levels) -> None:
        super().__init__()
        self.space, self.logits = space, nn.Parameter(torch.zeros(*space.shape, space.levels))

    def rsample(self, n: int, condition: object = None) -> Tensor:
        return (self.logits + torch.randn(n, *self.logits.shape)).softmax(-1)

    def sample(self, n: int, condition: object = None) -> Tensor:
        return self.rsample(n).argmax(-1)


def test_discrete_data_stand_beside_relaxed_fakes() -> None:
    space = Levels((3,), 4)
    objective = Adversarial(critic(space=space), NonSaturating(), penalties=[GradientPenalty(), R1()])
    generator = _Relaxed(space)
    for loss in objective.losses(generator, Batch(torch.randint(4, (6, 3)))):
        assert moved(loss, loss.updates)


def flow() -> Flow:
    return Flow(Reals((2,)), [AffineCoupling(2, (8,)), AffineCoupling(2, (8,), odd=True)], Conditioner(NONE))


def test_a_likelihood_adds_the_negative_log_probability_and_scores_held_out_data() -> None:
    generator, seen = flow(), batch()
    objective = Adversarial(critic(), NonSaturating(), extras=[Likelihood(0.5)])
    _, loss = objective.losses(generator, seen)
    nll = -generator.log_prob(seen.x)
    assert loss.report["Likelihood"].item() == pytest.approx(0.5 * nll.mean().item())
    scores = objective.validation(generator, seen)
    assert scores is not None
    assert torch.equal(scores, nll)
    assert objective.needs == (Pathwise, Density)


def test_without_a_likelihood_held_out_data_have_no_score() -> None:
    objective = Adversarial(critic(), NonSaturating(), extras=[L1()])
    assert objective.validation(implicit(), batch()) is None
    assert objective.needs == (Pathwise,)


def test_a_likelihood_is_refused_for_a_generator_without_a_density() -> None:
    objective = Adversarial(critic(), NonSaturating(), extras=[Likelihood()])
    with pytest.raises(RequestError, match="needs a Density generator, and Implicit is none"):
        next(train(implicit(), objective, _Blob(), Settings(steps=1)))


def test_l1_draws_fakes_towards_their_partners() -> None:
    generator, seen = implicit(FIELDS), batch(fields=FIELDS)
    fake = generator.rsample(12, seen.condition)
    assert L1(3.0)(generator, Batch(fake.detach(), seen.condition), fake) == 0
    away = L1(3.0)(generator, Batch(fake.detach() + 2, seen.condition), fake)
    assert away.item() == pytest.approx(6, rel=1e-5)
    assert torch.autograd.grad(away, fake)[0].sign().unique().tolist() == [-1]


def test_hidden_fields_are_hidden_from_both_players() -> None:
    seen: list[Tensor] = []

    class Watching(Critic):
        def forward(self, x: Tensor, condition: Condition | None = None) -> Tensor:
            assert condition is not None
            seen.append(condition.known)
            return super().forward(x, condition)

    judge = critic(FIELDS)
    watching = Watching(judge.space, judge.net, judge.conditioner)
    list(Adversarial(watching, NonSaturating(), hide=0.5).losses(implicit(FIELDS), batch(200, FIELDS)))
    assert not seen[0].all()
    assert all(torch.equal(known, seen[0]) for known in seen)


class _Blob(Batches):
    """Normal data around (3, -1)."""

    @property
    def per_epoch(self) -> int:
        return 100

    def at(self, step: int) -> Batch:
        source = torch.Generator().manual_seed(seed_at(0, step))
        return Batch(torch.tensor([3.0, -1.0]) + 0.5 * torch.randn(64, 2, generator=source))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batches:
        return self


def test_training_brings_samples_to_the_data() -> None:
    torch.manual_seed(0)
    generator = implicit()
    objective = Adversarial(critic(), NonSaturating(), penalties=[R1(0.1)])
    settings = Settings(steps=400, rate=5e-3, beta1=0.5, ema=0.97, device="cpu")
    assert list(train(generator, objective, _Blob(), settings))[-1].step == 400
    mean = generator.sample(2000).mean(0)
    assert mean.sub(torch.tensor([3.0, -1.0])).abs().max() < 0.3
