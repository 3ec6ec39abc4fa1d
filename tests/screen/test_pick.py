"""Choices: their size, how alike the chosen are, what must be and what must not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sciencegen.core.domain import Likeness
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.screen.pick import METHODS, Choice, Picked, Pool, pick, pick_listed, shortlist

every_method = pytest.mark.parametrize("method", METHODS)


class Sets(Likeness):
    """How alike sets of a few letters are: |a & b| / |a | b|, which has many equals."""

    def __init__(self, sets: Sequence[frozenset[int]]) -> None:
        self.sets = sets

    def __len__(self) -> int:
        return len(self.sets)

    def to(self, index: int) -> Tensor:
        one = self.sets[index]
        return torch.tensor([len(one & two) / max(len(one | two), 1) if one | two else 1.0 for two in self.sets])

    def between(self, i: int, j: int) -> float:
        return float(self.to(i)[j])


class Points(Likeness):
    """How alike points of a plane are: 1 - their distance / 2."""

    def __init__(self, n: int, seed: int = 0) -> None:
        self.x = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def __len__(self) -> int:
        return len(self.x)

    def to(self, index: int) -> Tensor:
        return 1 - (self.x - self.x[index]).norm(dim=1) / 2


@st.composite
def problems(draw: st.DrawFn) -> tuple[Pool, Sets, Choice]:
    """A pool with everything in it, how alike its items are, and a choice that can be made."""
    n = draw(st.integers(1, 14))
    sets = draw(st.lists(st.frozensets(st.integers(0, 5), max_size=4), min_size=n, max_size=n))
    scores = draw(st.lists(st.one_of(st.none(), st.integers(0, 3).map(float)), min_size=n, max_size=n))
    groups = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=n, max_size=n))
    places = st.frozensets(st.integers(0, n - 1), max_size=3)
    must = draw(places)
    pool = Pool([f"id{i:02}" for i in range(n)], scores, groups, must, draw(places) - must)
    choice = Choice(
        draw(st.integers(max(len(must), 1), n + 2)),
        draw(st.sampled_from(METHODS)),
        draw(st.sampled_from([0, 0, 3, 6])),
        draw(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])),
        draw(st.sampled_from([0, 1, 2])),
    )
    return pool, Sets(sets), choice


many = settings(deadline=None, max_examples=80)


@many
@given(problems())
def test_a_choice_keeps_its_promises(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    picked = pick(pool, choice, likeness)
    found = picked.indices
    assert len(set(found)) == len(found) <= choice.n
    assert pool.must <= set(found)
    assert pool.must == set(found[: len(pool.must)])
    assert not pool.banned & set(found)
    assert bool(picked.shortfall) == (len(found) < choice.n)
    assert all(one.reason == ("must" if one.index in pool.must else choice.method) for one in picked.chosen)
    if choice.among:
        best = [i for i in pool.best_first() if i not in pool.banned][: choice.among]
        assert set(found) <= pool.must | set(best)
    if choice.quota:
        held = Counter(pool.groups[i] for i in found if i not in pool.must and pool.groups[i])
        needed = Counter(pool.groups[i] for i in pool.must)
        assert all(count <= max(choice.quota - needed[group], 0) for group, count in held.items())
        over = [group for group, count in needed.items() if group and count > choice.quota]
        assert len([note for note in picked.notes if "the quota is" in note]) == len(over)


@many
@given(problems())
def test_the_nearest_is_the_nearest_of_those_before(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    picked = pick(pool, choice, likeness)
    for count, one in enumerate(picked.chosen):
        before = [likeness.between(one.index, other.index) for other in picked.chosen[:count]]
        assert one.nearest == (max(before) if before else None)
        if one.reason == "spheres":
            assert one.nearest is None or one.nearest < choice.ceiling


@many
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_changes_nothing(problem: tuple[Pool, Sets, Choice], source: random.Random) -> None:
    pool, likeness, choice = problem
    places = list(range(len(pool)))
    source.shuffle(places)
    moved, alike = pool.narrowed(places), Sets([likeness.sets[i] for i in places])
    one, two = pick(pool, choice, likeness), pick(moved, choice, alike)
    assert told(pool, one) == told(moved, two)


def told(pool: Pool, picked: Picked) -> tuple[object, ...]:
    chosen = [(pool.ids[one.index], one.reason, one.nearest, one.cluster) for one in picked.chosen]
    return chosen, list(picked.notes), picked.shortfall


@many
@given(problems())
def test_only_what_may_be_chosen_is_compared(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    picked = pick_listed(pool, choice, lambda places: Sets([likeness.sets[i] for i in places]))
    assert told(pool, picked) == told(pool, pick(pool, choice, likeness))


@many
@given(problems())
def test_fewer_are_chosen_only_where_no_more_can_be(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    found = pick(pool, choice, likeness).indices
    if len(found) == choice.n:
        return
    held = Counter(pool.groups[i] for i in found)
    for i in set(shortlist(pool, choice.among)) - set(found):
        full = choice.quota and pool.groups[i] and held[pool.groups[i]] >= choice.quota
        alike = max((likeness.between(i, j) for j in found), default=-1) >= choice.ceiling
        assert full or (choice.method == "spheres" and alike)


@many
@given(problems())
def test_maxmin_takes_what_is_least_alike(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    choice = Choice(choice.n, "maxmin", choice.among)
    picked = pick(pool, choice, likeness)
    rank = {place: i for i, place in enumerate(pool.best_first())}
    left = set(shortlist(pool, choice.among)) - pool.must
    for count, one in enumerate(picked.chosen):
        if one.reason == "must":
            continue
        before = picked.indices[:count]
        keys = {i: (max((likeness.between(i, j) for j in before), default=0), rank[i]) for i in left}
        assert one.index == min(left, key=keys.__getitem__)
        left.remove(one.index)


def test_maxmin_spreads_further_than_chance() -> None:
    likeness = Points(400)
    pool = Pool([str(i) for i in range(400)])

    def closest(places: Sequence[int]) -> float:
        return max(float(likeness.to(i)[j]) for i, j in combinations(places, 2))

    ours = closest(pick(pool, Choice(20), likeness).indices)
    assert all(ours < closest(random.Random(seed).sample(range(400), 20)) for seed in range(5))


@many
@given(problems())
def test_butina_goes_round_its_clusters(problem: tuple[Pool, Sets, Choice]) -> None:
    pool, likeness, choice = problem
    pool = Pool(pool.ids, pool.scores)
    whole = pick(pool, Choice(len(pool), "butina", ceiling=choice.ceiling), likeness)
    assert sorted(whole.indices) == list(range(len(pool)))
    sizes = Counter(one.cluster for one in whole.chosen)
    assert sorted(sizes) == list(range(1, len(sizes) + 1))  # type: ignore[type-var]
    assert [sizes[i] for i in range(1, len(sizes) + 1)] == sorted(sizes.values(), reverse=True)
    turns: Counter[int | None] = Counter()
    keys = []
    for one in whole.chosen:
        turns[one.cluster] += 1
        keys.append((turns[one.cluster], one.cluster))
    assert keys == sorted(keys)  # type: ignore[type-var]
    rank = {place: i for i, place in enumerate(pool.best_first())}
    for cluster in sizes:
        order = [rank[one.index] for one in whole.chosen if one.cluster == cluster]
        assert order == sorted(order)


def test_clusters_are_known_ones() -> None:
    sets = [frozenset(one) for one in ((1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5), (8, 9), (8, 9, 10), (20,))]
    pool = Pool(list("abcdef"), [1, 2, 3, 4, 5, 9])
    picked = pick(pool, Choice(6, "butina", ceiling=0.6), Sets(sets))
    assert [(pool.ids[one.index], one.cluster) for one in picked.chosen] == [
        *[("c", 1), ("e", 2), ("f", 3)],
        *[("b", 1), ("d", 2), ("a", 1)],
    ]


def test_spheres_end_at_the_ceiling() -> None:
    sets = [frozenset(one) for one in ((1, 2), (1,), (3, 4), (1, 2, 5), (3, 4))]
    pool = Pool(list("abcde"))
    for ceiling, expected in ((0.5, "ac"), (0.51, "abc"), (0.6, "abc"), (0.7, "abcd"), (1.0, "abcd"), (0.0, "a")):
        found = pick(pool, Choice(5, "spheres", ceiling=ceiling), Sets(sets))
        assert "".join(pool.ids[i] for i in found.indices) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_of_equal_centres_the_first_by_id_is_taken(turned: bool) -> None:
    chain = [("a", (1, 2)), ("b", (2, 3)), ("c", (3, 4)), ("d", (4, 5))]  # each shares a letter with its neighbours
    rows = chain[::-1] if turned else chain
    pool = Pool([name for name, _ in rows])
    found = pick(pool, Choice(4, "butina", ceiling=0.3), Sets([frozenset(one) for _, one in rows]))
    assert [(pool.ids[one.index], one.cluster) for one in found.chosen] == [("a", 1), ("d", 2), ("b", 1), ("c", 1)]


def test_must_haves_may_be_more_than_their_quota() -> None:
    sets = [frozenset(one) for one in ((1, 2), (1,), (3,), (4,))]
    pool = Pool(list("abcd"), groups=["x", "x", "x", ""], must=frozenset({0, 1}))
    found = pick(pool, Choice(4, quota=1), Sets(sets))
    assert [(one.index, one.reason, one.nearest) for one in found.chosen] == [
        *[(0, "must", None), (1, "must", 0.5), (3, "maxmin", 0.0)]
    ]
    assert found.notes == ["the series x has 2 must-haves, and the quota is 1"]
    assert found.shortfall == "3 of 4 chosen, from 4: 1 is of series of which 1 are chosen"


def test_a_must_have_is_what_its_cluster_gives_first() -> None:
    sets = [frozenset(one) for one in ((1, 2), (1, 2), (1, 2), (8, 9), (8, 9), (20,))]
    pool = Pool(list("abcdef"), must=frozenset({1}))
    found = pick(pool, Choice(4, "butina"), Sets(sets))
    assert [pool.ids[i] for i in found.indices] == ["b", "d", "f", "a"]


def test_best_is_by_score_then_id_and_the_missing_come_last() -> None:
    pool = Pool(["d", "c", "b", "a"], [1.0, None, float("nan"), 1.0])
    found = pick(pool, Choice(3, "best"), None)
    assert [pool.ids[i] for i in found.indices] == ["a", "d", "b"]
    assert [one.nearest for one in found.chosen] == [None] * 3
    assert found.notes == ["1 of the chosen have no score"]


def test_best_asks_only_for_the_likeness_of_the_chosen() -> None:
    asked = []

    def likeness_of(places: Sequence[int]) -> Likeness:
        asked.append(list(places))
        return Points(len(places))

    pick_listed(Pool([str(i) for i in range(1000)]), Choice(3, "best"), likeness_of)
    assert asked == [[0, 1, 10]]


def test_a_shortfall_accounts_for_every_item() -> None:
    sets = [frozenset({1}), frozenset({1}), frozenset({2}), frozenset({3}), frozenset({4}), frozenset({5})]
    pool = Pool(list("abcdef"), [6, 5, 4, 3, 2, 1], ["x", "", "", "x", "", ""], banned=frozenset({2}))
    picked = pick(pool, Choice(5, "spheres", 4, 0.5, 1), Sets(sets))
    assert picked.indices == [0, 4]
    said = "1 is banned, 1 is not among the best 4, 1 is of series of which 1 are chosen"
    assert picked.shortfall == f"2 of 5 chosen, from 6: {said}, 1 is as alike as 0.5 or more to one that is chosen"


def test_butina_refuses_more_than_it_can_do() -> None:
    class Many(Likeness):
        def __len__(self) -> int:
            return 30_001

        def to(self, index: int) -> Tensor:
            raise AssertionError

    pool = Pool([str(i) for i in range(30_001)])
    with pytest.raises(RequestError, match=r"at most 30,000 items, and these are 30,001: .* among=30000, or by maxmin"):
        pick(pool, Choice(2, "butina"), Many())


@every_method
def test_many_items_are_chosen_from(method: str) -> None:
    n = 2_000
    likeness = Points(n)
    pool = Pool([str(i) for i in range(n)], [float(i % 100) for i in range(n)], [str(i % 50) for i in range(n)])
    picked = pick(pool, Choice(80, method, ceiling=0.97, quota=2), likeness)
    assert len(picked.chosen) == 80
    assert max(Counter(pool.groups[i] for i in picked.indices).values()) <= 2


@every_method
def test_nothing_is_chosen_from_nothing(method: str) -> None:
    assert pick(Pool([]), Choice(3, method), Points(0)).shortfall == "0 of 3 chosen, from 0: there are no more"
    banned = Pool(["a"], banned=frozenset({0}))
    assert pick(banned, Choice(3, method), Points(1)).shortfall == "0 of 3 chosen, from 1: 1 is banned"


def test_what_contradicts_itself_is_refused() -> None:
    both = frozenset({1})
    with pytest.raises(RequestError, match="b must be chosen and is banned"):
        Pool(["a", "b"], must=both, banned=both)
    with pytest.raises(RequestError, match="n=1: there are 2 must-haves"):
        pick(Pool(["a", "b"], must=frozenset({0, 1})), Choice(1), Points(2))
    with pytest.raises(DataError, match="id 'a' is there twice"):
        Pool(["a", "a"])
    with pytest.raises(ValueError, match="1 scores for 2 ids"):
        Pool(["a", "b"], [1.0])
    with pytest.raises(ValueError, match="place 2: expected 0 to 1"):
        Pool(["a", "b"], must=frozenset({2}))
    with pytest.raises(ValueError, match="the likeness of 3 items for 2 ids"):
        pick(Pool(["a", "b"]), Choice(1), Points(3))
    with pytest.raises(ValueError, match="maxmin needs to know"):
        pick(Pool(["a", "b"]), Choice(1), None)


@pytest.mark.parametrize("bad", [{"n": 0}, {"among": -1}, {"quota": -1}, {"ceiling": 1.5}, {"ceiling": float("nan")}])
def test_what_is_no_choice_is_refused(bad: dict[str, float]) -> None:
    (name,) = bad
    with pytest.raises(RequestError, match=name):
        Choice(**({"n": 1} | bad))  # type: ignore[arg-type]


def test_an_unknown_way_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'maxmin'"):
        Choice(1, "maximin")
