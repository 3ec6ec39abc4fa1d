"""Choosing some of many items: diverse ones, the best ones, or the best that are diverse.

The choice depends on the ids, the scores and the likeness, and not on the order the items come in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from math import isfinite
from types import MappingProxyType

import torch
from torch import Tensor

from sciencegen.core.domain import Likeness
from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.ids import require_distinct

__all__ = ["METHODS", "Choice", "Chosen", "Picked", "Pool", "pick", "pick_listed", "shortlist"]

_MOST_CLUSTERED = 30_000
_NONE = -1.0
"""How alike an item is to the nearest of none: less than to any."""


@dataclass(frozen=True)
class Choice:
    """How many are chosen, and how.

    - `maxmin`: the best one, then always the one that is least like those chosen (Computer Aided Design of Experiments;
      Kennard, Stone; 1969);
    - `spheres`: from the best on, what is less alike than `ceiling` to all that are chosen;
    - `butina`: one of each cluster, the largest first, then a second one (Unsupervised Data Base Clustering Based on
      Daylight's Fingerprint and Tanimoto Similarity; Butina; 1999);
    - `best`: the best.

    Only the `among` best are chosen from, and at most `quota` of a series; 0 for no limit.
    """

    n: int
    method: str = "maxmin"
    among: int = 0
    ceiling: float = 0.65
    quota: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UnknownName("way to choose", self.method, METHODS)
        for name, least in (("n", 1), ("among", 0), ("quota", 0)):
            if getattr(self, name) < least:
                raise RequestError(f"{name}={getattr(self, name)}: expected {least} or more")
        if not 0 <= self.ceiling <= 1:
            raise RequestError(f"ceiling={self.ceiling:g}: expected a similarity from 0 to 1, such as 0.65")


@dataclass(frozen=True)
class Pool:
    """What is chosen from: ids, scores of which large ones are better, series, and places that must be or are banned.

    Without scores, or groups, there are none. A score that is missing is below all others. Where ranks decide, as with
    Pareto fronts, the negative rank is the score.
    """

    ids: Sequence[str]
    scores: Sequence[float | None] = ()
    groups: Sequence[str] = ()
    must: frozenset[int] = frozenset()
    banned: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        require_distinct(self.ids)
        for name in ("scores", "groups"):
            found: Sequence[object] = getattr(self, name)
            if len(found) not in (0, len(self.ids)):
                raise ValueError(f"{len(found)} {name} for {len(self.ids)} ids")
        for place in self.must | self.banned:
            if not 0 <= place < len(self.ids):
                raise ValueError(f"place {place}: expected 0 to {len(self.ids) - 1}")
        both = sorted(self.ids[i] for i in self.must & self.banned)
        if both:
            raise RequestError(f"{both[0]} must be chosen and is banned: take it from one of the lists")

    def __len__(self) -> int:
        return len(self.ids)

    def best_first(self) -> list[int]:
        """All places, the best score first, then by id."""
        if not self.scores:
            return sorted(range(len(self)), key=self.ids.__getitem__)
        scores = [self.score(i) for i in range(len(self))]
        return sorted(range(len(self)), key=lambda i: (scores[i] is None, -(scores[i] or 0.0), self.ids[i]))

    def score(self, place: int) -> float | None:
        """The score of an item; None where there is none, or no finite one."""
        found = self.scores[place] if self.scores else None
        return found if found is not None and isfinite(found) else None

    def group(self, place: int) -> str:
        """The series of an item; nothing where it belongs to none."""
        return self.groups[place] if self.groups else ""

    def narrowed(self, places: Sequence[int]) -> Pool:
        """The pool with these items alone, in this order."""
        now = {before: i for i, before in enumerate(places)}
        return Pool(
            [self.ids[i] for i in places],
            [self.scores[i] for i in places] if self.scores else (),
            [self.groups[i] for i in places] if self.groups else (),
            frozenset(now[i] for i in self.must if i in now),
            frozenset(now[i] for i in self.banned if i in now),
        )


@dataclass(frozen=True)
class Chosen:
    """An item that was chosen: its place, why, and how alike the most similar one chosen before it is."""

    index: int
    reason: str
    """`must`, or the method."""
    nearest: float | None
    """None for the first, and where nobody knows how alike items are."""
    cluster: int | None = None
    """The number of Butina's cluster it belongs to, 1 the largest."""


@dataclass(frozen=True)
class Picked:
    """What was chosen, in order, what is to be said of it, and why it is fewer than were wanted."""

    chosen: Sequence[Chosen]
    notes: Sequence[str] = ()
    shortfall: str = ""

    @property
    def indices(self) -> list[int]:
        """The places of the chosen ones in order of choice."""
        return [one.index for one in self.chosen]


def shortlist(pool: Pool, among: int) -> list[int]:
    """The places that are chosen from, in rising order: the so many best that are not banned, and the must-haves."""
    free = [i for i in pool.best_first() if i not in pool.banned]
    return sorted(pool.must.union(free[:among] if among else free))


def pick(pool: Pool, choice: Choice, likeness: Likeness | None) -> Picked:
    """Choose: must-haves first, whatever they score, then by the method; equals by score, then by id.

    Only `best` can do without a likeness. The must-haves count in the quota of their series, and may exceed it.
    """
    if likeness is not None and len(likeness) != len(pool):
        raise ValueError(f"the likeness of {len(likeness)} items for {len(pool)} ids")
    if likeness is None:
        return pick_listed(pool, choice, lambda places: None)
    return pick_listed(pool, choice, lambda places: _Part.of(likeness, places))


def pick_listed(pool: Pool, choice: Choice, likeness_of: Callable[[Sequence[int]], Likeness | None]) -> Picked:
    """Choose in the same way, and ask for the likeness of those alone that are chosen from, by their places."""
    if len(pool.must) > choice.n:
        raise RequestError(f"n={choice.n}: there are {len(pool.must)} must-haves; ask for as many, or take some away")
    listed = shortlist(pool, _enough(choice))
    likeness = likeness_of(listed) if listed else None
    if listed and likeness is None and choice.method != "best":
        raise ValueError(f"{choice.method} needs to know how alike items are")
    state = _Choosing(pool.narrowed(listed), choice, likeness)
    clusters = _clustered(state) if choice.method == "butina" and listed else ()
    cluster_of = {i: number for number, members in enumerate(clusters, 1) for i in members}
    must = [(i, "must") for i in state.order if i in state.pool.must]
    chosen = ((i, choice.method) for i in _METHODS[choice.method](state, clusters))
    for i, reason in islice(chain(must, chosen), choice.n):
        state.take(i, reason, cluster_of.get(i))
    notes = [*_over_quota(pool, choice.quota), *_unscored(state)]
    return Picked([replace(one, index=listed[one.index]) for one in state.chosen], notes, _shortfall(pool, state))


def _enough(choice: Choice) -> int:
    """How many of the best are enough to choose from; 0 for all."""
    if choice.method == "best" and not choice.quota:
        return min(choice.among or choice.n, choice.n)
    return choice.among


class _Part(Likeness):
    """How alike some of the items are."""

    def __init__(self, whole: Likeness, places: Sequence[int]) -> None:
        self._whole, self._places = whole, torch.tensor(places, dtype=torch.int64)

    @classmethod
    def of(cls, whole: Likeness, places: Sequence[int]) -> Likeness:
        """The likeness of items at some places, in rising order."""
        return whole if len(places) == len(whole) else cls(whole, places)

    def __len__(self) -> int:
        return len(self._places)

    def to(self, index: int) -> Tensor:
        return self._whole.to(int(self._places[index]))[self._places]


class _Choosing:
    """A choice being made: who is chosen, who may be, and how alike each item is to the nearest that is chosen."""

    def __init__(self, pool: Pool, choice: Choice, likeness: Likeness | None) -> None:
        self.pool, self.choice, self.likeness = pool, choice, likeness
        self.order = pool.best_first()
        self.places = torch.empty(len(pool), dtype=torch.int64)  # [n], 0 for the best
        self.places[self.order] = torch.arange(len(pool))
        self.chosen: list[Chosen] = []
        self.open = torch.ones(len(pool), dtype=torch.bool)  # [n]
        self.nearest = torch.full((len(pool),), _NONE)  # [n], to those chosen; what is closed is at infinity
        self._of_group: dict[str, list[int]] = {}
        for i, group in enumerate(pool.groups if choice.quota else ()):
            self._of_group.setdefault(group, []).append(i)
        self._taken: Counter[str] = Counter()

    def take(self, i: int, reason: str, cluster: int | None) -> None:
        """Choose an item, and close what can no longer be chosen."""
        known = self.likeness is not None and bool(self.chosen)
        self.chosen.append(Chosen(i, reason, float(self.nearest[i]) if known else None, cluster))
        self._close([i])
        group = self.pool.group(i)
        self._taken[group] += 1
        if group and self._taken[group] == self.choice.quota:
            self._close([j for j in self._of_group[group] if j not in self.pool.must])
        if self.likeness is not None:
            self.nearest = torch.maximum(self.nearest, self.likeness.to(i))

    def _close(self, places: Sequence[int]) -> None:
        self.open[places] = False
        self.nearest[places] = float("inf")

    def best_where(self, wanted: Tensor) -> int | None:
        """The place of the best of some."""
        places = wanted.nonzero()[:, 0]
        return int(places[self.places[places].argmin()]) if len(places) else None


Clusters = Sequence[Sequence[int]]


def _maxmin(state: _Choosing, clusters: Clusters) -> Iterator[int]:
    del clusters
    while bool(state.open.any()):
        found = state.best_where(state.nearest == state.nearest.min())
        assert found is not None
        yield found


def _spheres(state: _Choosing, clusters: Clusters) -> Iterator[int]:
    del clusters
    while (found := state.best_where(state.nearest < state.choice.ceiling)) is not None:
        yield found


def _best(state: _Choosing, clusters: Clusters) -> Iterator[int]:
    del clusters
    return (i for i in state.order if state.open[i])


def _butina(state: _Choosing, clusters: Clusters) -> Iterator[int]:
    """One of each cluster, the largest first; a must-have is what its cluster gave already."""
    must = state.pool.must
    given = [sum(i in must for i in members) for members in clusters]
    waiting = [iter([i for i in members if i not in must]) for members in clusters]
    turn = 0
    alive = list(range(len(clusters)))
    while alive:
        turn += 1
        for cluster in list(alive):
            if given[cluster] >= turn:
                continue
            found = next((i for i in waiting[cluster] if state.open[i]), None)
            if found is None:
                alive.remove(cluster)
            else:
                given[cluster] += 1
                yield found


_METHODS: Mapping[str, Callable[[_Choosing, Clusters], Iterator[int]]] = MappingProxyType(
    {"maxmin": _maxmin, "spheres": _spheres, "butina": _butina, "best": _best}
)
METHODS = tuple(_METHODS)


def _clustered(state: _Choosing) -> list[list[int]]:
    """Butina's clusters of what may be chosen, the largest first, in each the best first.

    How alike two items are is asked for twice rather than remembered: memory does not grow with the square.
    """
    likeness, ids = state.likeness, state.pool.ids
    assert likeness is not None
    members = state.open.nonzero()[:, 0].tolist()
    if len(members) > _MOST_CLUSTERED:
        what = f"butina takes at most {_MOST_CLUSTERED:,} items, and these are {len(members):,}"
        raise RequestError(f"{what}: choose among the best with among={_MOST_CLUSTERED}, or by maxmin")
    left = state.open.clone()
    ceiling = state.choice.ceiling
    neighbours = {i: int(((likeness.to(i) >= ceiling) & left).sum()) for i in members}
    clusters: list[tuple[str, list[int]]] = []
    for centre in sorted(members, key=lambda i: (-neighbours[i], ids[i])):
        if left[centre]:
            alike = (likeness.to(centre) >= ceiling) & left
            alike[centre] = True
            left &= ~alike
            places = alike.nonzero()[:, 0]
            clusters.append((ids[centre], places[state.places[places].argsort()].tolist()))
    clusters.sort(key=lambda cluster: (-len(cluster[1]), cluster[0]))
    return [places for _, places in clusters]


def _over_quota(pool: Pool, quota: int) -> list[str]:
    held = Counter(pool.group(i) for i in pool.must)
    return [
        f"the series {group} has {count} must-haves, and the quota is {quota}"
        for group, count in sorted(held.items())
        if quota and group and count > quota
    ]


def _unscored(state: _Choosing) -> list[str]:
    pool = state.pool
    count = sum(pool.score(one.index) is None for one in state.chosen) if pool.scores else 0
    return [f"{count:,} of the chosen have no score"] if count else []


def _shortfall(pool: Pool, state: _Choosing) -> str:
    """Why there are fewer than were wanted, if there are; everything that was not chosen is accounted for."""
    choice, chosen, listed = state.choice, len(state.chosen), len(state.pool)
    if chosen == choice.n:
        return ""
    alike = int(state.open.sum())  # only spheres leaves something that could be chosen
    counts = {
        "banned": len(pool.banned),
        f"not among the best {choice.among:,}": len(pool) - len(pool.banned) - listed,
        f"of series of which {choice.quota:,} are chosen": listed - chosen - alike,
        f"as alike as {choice.ceiling:g} or more to one that is chosen": alike,
    }
    why = [f"{count:,} {'is' if count == 1 else 'are'} {reason}" for reason, count in counts.items() if count]
    return f"{chosen:,} of {choice.n:,} chosen, from {len(pool):,}: {', '.join(why) or 'there are no more'}"
