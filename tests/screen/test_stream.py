"""Streams of candidates: counted, dropped, kept."""

from __future__ import annotations

from itertools import count

import pytest

from sciencegen.core.domain import Candidate
from sciencegen.errors import RequestError
from sciencegen.screen.stream import Screen, Tally, best_of, counted, distinct, keep, limited, screened, valid


def candidate(text: str) -> Candidate[str]:
    return Candidate(text, text)


def test_every_draw_is_accounted_for() -> None:
    tally = Tally()
    drawn = [candidate("a"), None, candidate("b"), candidate("a"), None, candidate("c")]
    kept = list(distinct(keep(valid(counted(drawn, tally), tally), lambda c: c.text != "b", tally), tally))
    tally.kept = len(kept)
    assert [c.text for c in kept] == ["a", "c"]
    assert tally == Tally(drawn=6, invalid=2, repeated=1, rejected=1, kept=2)
    assert tally.drawn == tally.invalid + tally.repeated + tally.rejected + tally.kept


def test_no_more_is_drawn_than_allowed() -> None:
    tally = Tally()
    endless = (None for _ in count())
    assert list(valid(counted(limited(endless, 7), tally), tally)) == []
    assert (tally.drawn, tally.invalid) == (7, 7)
    assert next(limited(count(), 10**30)) == 0


def test_nothing_is_drawn_beyond_what_is_wanted() -> None:
    tally = Tally()
    endless = (candidate(str(i)) for i in count())
    assert len(list(limited(valid(counted(endless, tally), tally), 3))) == 3
    assert tally.drawn == 3


def test_what_is_known_is_repeated() -> None:
    tally = Tally()
    assert [c.text for c in distinct([candidate("a"), candidate("b")], tally, known=["a"])] == ["b"]
    assert tally.repeated == 1


def size(one: Candidate[str]) -> float:
    return float(one.text)


@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_the_closest_of_every_few_is_kept(k: int) -> None:
    tally = Tally()
    numbers = [5, 3, 8, 1, 9, 2, 7, 4, 6, 0]
    kept = [int(c.text) for c in best_of([candidate(str(i)) for i in numbers], k, size, tally)]
    assert kept == [min(numbers[i : i + k]) for i in range(0, len(numbers) - k + 1, k)]
    assert tally.outdone + len(kept) == len(numbers)


def test_a_choice_is_never_worse_than_no_choice() -> None:
    stream = [candidate(str(i * 7919 % 101)) for i in range(100)]
    means = [
        sum(map(size, kept)) / len(kept) for k in (1, 2, 5, 20) if (kept := list(best_of(stream, k, size, Tally())))
    ]
    assert means == sorted(means, reverse=True)


def test_a_screen_accounts_for_every_draw_by_name() -> None:
    tally = Tally()
    drawn = (None if i % 5 == 0 else candidate(str(i % 40)) for i in count())
    tests = {"even": lambda c: size(c) % 2 == 0, "small": lambda c: size(c) < 30}
    kept = list(screened(drawn, 1000, 200, tally, Screen(tests, distinct=True, best_of=3, distance=size)))
    assert [c.text for c in kept] == ["2", "8", "16", "24"]
    assert tally.drawn == 200 == tally.invalid + tally.repeated + tally.rejected + tally.outdone + tally.kept
    assert tally.rejected_by == {"even": 16, "small": 4}
    assert sum(tally.rejected_by.values()) == tally.rejected
    said = "200 drawn, 40 invalid, 128 repeated, 20 rejected (even: 16, small: 4), 8 outdone, 4 kept"
    assert str(tally) == said


def test_a_screen_draws_no_more_than_it_needs() -> None:
    tally = Tally()
    drawn = (candidate(str(i)) for i in count())
    assert len(list(screened(drawn, 4, 10**9, tally, Screen(best_of=5, distance=size)))) == 4
    assert tally.drawn == 20


def test_an_open_screen_keeps_everything() -> None:
    tally = Tally()
    drawn = [candidate("a"), candidate("a"), None]
    assert len(list(screened(drawn, 9, 9, tally, Screen()))) == 2
    assert tally == Tally(drawn=3, invalid=1, kept=2)


def test_a_choice_needs_a_measure() -> None:
    with pytest.raises(RequestError, match="best_of=3: ask for something"):
        Screen(best_of=3)
    with pytest.raises(RequestError, match="best_of=0: expected 1 or more"):
        Screen(best_of=0)
