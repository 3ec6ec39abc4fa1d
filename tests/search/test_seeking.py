"""Ways to go on from what was found: anywhere, around the best, and where a Gaussian process expects the most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.search.bayesian import Bayesian
from sciencegen.search.seeking import Climb, Draws, History, Seeker, reach

WIDTH = 6


def prior(n: int) -> Tensor:
    return torch.randn(n, WIDTH)


def history(u: Tensor, values: Tensor, rounds: list[int] | None = None, **more: Tensor) -> History:
    values = values.view(len(u), -1).double()
    known: dict[str, Any] = {
        "slack": torch.zeros(len(u), 0),
        "score": values.sum(1),
        "rounds": torch.tensor(rounds or [0] * len(u)),
        "within": torch.ones(len(u), dtype=torch.bool),
    }
    return History(u.double(), values, **(known | more))


def looked(
    seeker: Seeker, function: Callable[[Tensor], Tensor], rounds: int, batch: int, slack: Callable[[Tensor], Tensor]
) -> History:
    """What a seeker finds of a function, from eight draws on."""
    u, numbers = prior(8), [0] * 8
    for number in range(1, rounds + 2):
        values, room = function(u).view(len(u), -1).double(), slack(u).double()
        score = values.sum(1) + 10 * room.clamp_max(0).sum(1)
        known = history(u, values, numbers, slack=room, score=score)
        if number <= rounds:
            places = seeker.places(known, batch * seeker.pool).to(u)
            chosen = list(seeker.chosen(known, places.double(), known.u[:0], batch))
            assert len(set(chosen)) == len(chosen) == batch
            u, numbers = torch.cat((u, places[chosen])), numbers + [number] * batch
    return known


def nothing(u: Tensor) -> Tensor:
    return torch.zeros(len(u), 0)


def bowl(u: Tensor) -> Tensor:
    """Smooth, with its top of 0 away from where draws lie."""
    return -(u - 1.5).square().mean(1)


def best(seeker: Seeker, seed: int, rounds: int) -> float:
    torch.manual_seed(seed)
    return float(looked(seeker, bowl, rounds, 4, nothing).score.max())


def test_searches_beat_draws_on_a_smooth_function() -> None:
    drawn = [best(Draws(prior), seed, 8) for seed in range(10)]
    climbed = [best(Climb(prior), seed, 8) for seed in range(10)]
    assert sum(climbed) > sum(drawn) + 1
    assert best(Bayesian(prior, pool=8), 0, 5) > max(drawn)


@pytest.mark.slow
def test_an_optimum_behind_a_learned_wall_is_not_taken() -> None:
    def slack(u: Tensor) -> Tensor:
        return 0.5 - u[:, :1]

    torch.manual_seed(0)
    found = looked(Bayesian(prior, pool=8), bowl, 4, 4, slack)
    inside = found.slack[:, 0] >= 0
    assert found.values[inside].max() > found.values[:8][inside[:8]].max()
    assert inside[-8:].float().mean() > 0.5


@pytest.mark.slow
def test_several_numbers_are_raised_without_losing_any() -> None:
    def two(u: Tensor) -> Tensor:
        return torch.stack((-(u - 1).square().mean(1), -(u + 1).square().mean(1)), 1)

    torch.manual_seed(0)
    found = looked(Bayesian(prior, pool=4), two, 3, 4, nothing)
    first, last = found.values[:8], found.values[8:]
    assert (last.max(0).values > first.max(0).values).any()
    better = (last[:, None] > first[None]).all(2).any(1)
    assert better.sum() >= 3  # at least as many dominate a draw


def test_what_is_being_measured_is_not_asked_once_more() -> None:
    u = prior(20)
    known = history(u, bowl(u))
    seeker = Bayesian(prior)
    choices = torch.cat((torch.full((1, WIDTH), 1.0), torch.full((1, WIDTH), 0.99), prior(8))).double()
    first = list(seeker.chosen(known, choices, choices[:0], 1))
    assert first[0] in (0, 1)
    other = [1 - first[0]]
    waiting = choices[first].repeat(3, 1)
    pair = list(seeker.chosen(known, choices[[*other, *range(2, 10)]], waiting, 1))
    alone = list(seeker.chosen(known, choices[[*other, *range(2, 10)]], choices[:0], 1))
    assert alone == [0]
    assert len(pair) == 1


def test_failures_are_no_places_to_go_on_from() -> None:
    u = torch.cat((prior(10), torch.full((5, WIDTH), 3.0)))
    values = torch.cat((bowl(u[:10]), torch.full((5,), float("nan"))))
    known = history(u, values)
    assert set(known.best(20).tolist()) == set(range(10))
    for seeker in (Climb(prior), Bayesian(prior, pool=5)):
        places = seeker.places(known, 10)
        assert places.isfinite().all()
        assert len(list(seeker.chosen(known, places.double(), known.u[:0], 3))) == 3
    nowhere = history(u, torch.full((15,), float("nan")))
    for seeker in (Climb(prior), Bayesian(prior, pool=5), Draws(prior)):
        places = seeker.places(nowhere, 10)
        assert len(list(seeker.chosen(nowhere, places.double(), known.u[:0], 3))) == 3
        assert seeker.belief(nowhere, places.double()) is None


def test_equal_numbers_everywhere_break_nothing() -> None:
    u = prior(12)
    known = history(u, torch.ones(12))
    seeker = Bayesian(prior, pool=5)
    assert len(list(seeker.chosen(known, seeker.places(known, 20).double(), known.u[:0], 4))) == 4


def test_a_process_expects_what_it_was_told_and_is_unsure_elsewhere() -> None:
    u = prior(40)
    known = history(u, bowl(u))
    seeker = Bayesian(prior)
    near, far = seeker.belief(known, known.u), seeker.belief(known, known.u + 20)
    assert near is not None
    assert far is not None
    assert (near.mean - known.values).abs().mean() < 0.3
    assert far.spread.mean() > 2 * near.spread.mean()


def test_what_is_known_of_places_beforehand_helps() -> None:
    torch.manual_seed(0)
    u = torch.randn(30, 40)
    hidden = torch.randn(40)

    def curved(x: Tensor) -> Tensor:
        return (x @ hidden).sin()

    test = torch.randn(100, 40)

    def error(seeker: Bayesian) -> float:
        known = history(u, curved(u))
        belief = seeker.belief(known, test.double())
        assert belief is not None
        return float((belief.mean[:, 0] - curved(test)).square().mean())

    told = Bayesian(lambda n: torch.randn(n, 40), lambda x: (x.float() @ hidden).sin()[:, None])
    assert error(told) < 0.5 * error(Bayesian(lambda n: torch.randn(n, 40)))


def test_a_process_of_many_places_is_fitted_to_the_best_and_some_others() -> None:
    u = prior(800)
    belief = Bayesian(prior).belief(history(u, bowl(u)), u[:4].double())
    assert belief is not None
    assert (belief.mean[:, 0] - bowl(u[:4])).abs().max() < 0.3


def test_one_looks_further_after_a_find_and_nearer_after_none() -> None:
    u, first = torch.zeros(3, WIDTH), [0, 1, 2]
    assert reach(history(u[:1], torch.tensor([0.0]), [0]), 0.5) == 0.5
    assert reach(history(u, torch.tensor([0.0, 1.0, 2.0]), first), 0.5) == pytest.approx(0.5 * 1.5 * 1.5)
    assert reach(history(u, torch.tensor([0.0, 1.0, 0.5]), first), 0.5) == pytest.approx(0.5 * 1.5 * 0.8)
    assert reach(history(u, torch.tensor([0.0, 1.0, float("nan")]), first), 0.5) == pytest.approx(0.5 * 1.5 * 0.8)
    # the order in which results come does not matter, only the rounds they were asked in
    assert reach(history(u, torch.tensor([2.0, 0.0, 1.0]), [2, 0, 1]), 0.5) == pytest.approx(0.5 * 1.5 * 1.5)
    many = history(torch.zeros(100, WIDTH), torch.zeros(100), list(range(100)))
    assert 0.05 <= reach(many, 0.5) <= 0.5


@pytest.mark.parametrize("kind", [Climb, Bayesian])
def test_a_step_needs_a_length(kind: Any) -> None:
    with pytest.raises(RequestError, match="radius=0: expected a number above 0"):
        kind(prior, radius=0.0)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "botorch", None)
    with pytest.raises(RequestError, match=r"pip install 'sciencegen\[optimize\]'"):
        Bayesian(prior)
