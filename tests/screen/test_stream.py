"""Streams of candidates: counted, dropped, kept."""

from __future__ import annotations

from itertools import count

from sciencegen.core.domain import Candidate
from sciencegen.screen.stream import Tally, counted, distinct, keep, limited, valid


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
