"""Searching the latent space of a model: nothing is asked twice, walls are kept, and a search can be taken up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sciencegen.core.condition import Interval
from sciencegen.errors import RequestError, UnknownName
from sciencegen.latents import LatentSpace
from sciencegen.model import load
from sciencegen.optimize.asked import Asked
from sciencegen.optimize.goal import Goal, goal_of
from sciencegen.optimize.latent import LatentSearch, searched
from sciencegen.optimize.looking import Looking, begun, chosen_looking
from sciencegen.optimize.oracle import Oracle
from sciencegen.search.ledger import Ledger, Told


@pytest.fixture(scope="module")
def space() -> LatentSpace[Any]:
    return LatentSpace(load("grammar-vae", "cpu"))


def goal(space: LatentSpace[Any], *names: str, **where: Interval) -> Goal:
    return goal_of(space.model.domain, space.model.fields, names or ("qed",), where=where, outside=True)


def carbons(item: str) -> float:
    return float(item.lower().count("c"))


def run(space: LatentSpace[Any], by: str, calls: int = 20, folder: Path | None = None, **more: Any) -> Ledger:
    ledger = Ledger(calls, None if folder is None else folder / "ledger.jsonl")
    wanted = goal(space, "carbons")
    asked = Asked(None if folder is None else folder / "asked.jsonl")
    search = LatentSearch(space, wanted, ledger, by, asked, **({"start": 8} | more))
    for _ in searched(search, Oracle(space.model.domain, wanted, ledger, carbons_named), batch=8):
        pass
    return ledger


def carbons_named(item: str) -> dict[str, float]:
    return {"carbons": carbons(item)}


@pytest.mark.parametrize("by", ["bayesian", "climb", "random"])
def test_every_call_is_about_another_item(space: LatentSpace[Any], by: str) -> None:
    ledger = run(space, by)
    texts = [one.text for one in ledger.told]
    assert len(set(texts)) == len(texts) == ledger.calls == 20
    assert texts == [one.text for one in run(space, by).told]
    assert texts != [one.text for one in run(space, by, seed=1).told]


@pytest.mark.slow
def test_a_search_finds_more_than_draws(space: LatentSpace[Any]) -> None:
    drawn, found = run(space, "random", 32), run(space, "bayesian", 32)
    assert found.mean(5) > drawn.mean(5)


def test_a_search_that_was_stopped_asks_what_it_would_have_asked(space: LatentSpace[Any], tmp_path: Path) -> None:
    wanted, calls = goal(space, "carbons"), 0

    def interrupted(item: str) -> dict[str, float]:
        nonlocal calls
        calls += 1
        if calls == 13:
            raise KeyboardInterrupt
        return carbons_named(item)

    search = LatentSearch(
        space, wanted, Ledger(20, tmp_path / "ledger.jsonl"), "climb", Asked(tmp_path / "asked.jsonl"), start=8
    )
    with pytest.raises(KeyboardInterrupt):
        for _ in searched(search, Oracle(space.model.domain, wanted, search.ledger, interrupted), batch=8):
            pass
    assert len((tmp_path / "asked.jsonl").read_text().splitlines()) == 2
    assert len(search.ledger) < 16
    again = run(space, "climb", 20, tmp_path)
    assert [one.text for one in again.told] == [one.text for one in run(space, "climb", 20).told]


def test_a_crash_while_a_round_is_written_loses_that_round_alone(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    asked = Asked(path)
    asked.add(["a", "b"])
    asked.add(["c"])
    path.write_bytes(path.read_bytes()[:-4])
    again = Asked(path)
    assert dict(again.rounds) == {"a": 1, "b": 1}
    assert again.add(["d", "a"]) == 2
    assert dict(Asked(path).rounds) == {"a": 1, "b": 1, "d": 2}
    path.write_text('{"round":7,"asked":["x"]}\n')
    with pytest.raises(RequestError, match="line 1: not what was asked in round 1"):
        Asked(path)


def test_walls_of_what_can_be_measured_cost_no_calls(space: LatentSpace[Any]) -> None:
    for by in ("climb", "random"):
        wanted, ledger = goal(space, "qed", mw=Interval(250, 300)), Ledger(16)
        search = LatentSearch(space, wanted, ledger, by, start=4)
        for _ in searched(search, Oracle(space.model.domain, wanted, ledger), batch=4):
            pass
        assert [one for one in ledger.told if not 250 <= one.values["mw"] <= 300] == []


def test_where_nothing_keeps_to_a_wall_the_nearest_is_asked(space: LatentSpace[Any]) -> None:
    wanted = goal(space, "qed", mw=Interval(2000, 2100))
    found = LatentSearch(space, wanted, Ledger(9), "random", start=0).ask(3)
    assert len(found) == 3
    drawn = LatentSearch(space, goal(space), Ledger(9), "random", start=0).ask(3)

    def weight(items: Sequence[Any]) -> float:
        return sum(float(value or 0) for value in space.model.domain.measure(items, ["mw"])["mw"])

    assert weight(found) > weight(drawn)


def test_results_may_come_late_and_in_any_order(space: LatentSpace[Any]) -> None:
    search = LatentSearch(space, goal(space, "activity"), Ledger(None), "bayesian", start=6)
    first = search.ask(6)
    assert [space.model.domain.text(item) for item in search.pending] == list(search.asked.rounds)
    told = [Told(item, {"activity": carbons(item)}, 0.5, call=1) for item in reversed(first[:4])]
    search.ledger.add(told)
    assert search.pending == first[4:]
    second = search.ask(3)
    assert not set(first) & set(second)
    search.ledger.add([Told(first[5], {"activity": 3.0}, 0.5, call=1), Told("CCO", {"activity": 1.0}, 0.1)])
    known = search.history()
    assert len(known) == 6
    assert known.rounds.tolist() == [1, 1, 1, 1, 1, 0]
    assert known.values[:, 0].tolist() == [*(carbons(item) for item in reversed(first[:4])), 3.0, 1.0]


def test_failures_and_what_cannot_be_encoded_stop_nothing(space: LatentSpace[Any]) -> None:
    search = LatentSearch(space, goal(space, "activity"), Ledger(None), "bayesian", start=2)
    search.ledger.add([Told("[Fe]", {"activity": 9.0}, 0.9), Told("CCO", {}, None, "broke")])
    search.ledger.add([Told("CCCO", {"activity": 1.0}, 0.4), Told("CCCN", {"activity": 2.0}, 0.5)])
    assert search.unspelled(["[Fe]", "CCO"]) == ["[Fe]"]
    assert search.history().found.tolist() == [False, True, True]
    assert len(search.ask(2)) == 2
    (expected,) = search.expected(["CCCN"])
    assert expected["activity"].spread > 0
    assert search.expected(["[Fe]"]) == [{}]


def test_an_oracle_that_always_fails_ends_the_run_with_reasons(space: LatentSpace[Any]) -> None:
    def broken(item: str) -> float:
        raise ValueError("no such luck")

    wanted, ledger = goal(space, "score"), Ledger(12)
    search = LatentSearch(space, wanted, ledger, "bayesian", start=4)
    for _ in searched(search, Oracle(space.model.domain, wanted, ledger, broken), batch=4):
        pass
    assert ledger.failed == ledger.calls == 12
    assert "no such luck" in ledger.told[0].reason


def test_a_search_that_can_learn_nothing_says_so(space: LatentSpace[Any]) -> None:
    search = LatentSearch(space, goal(space, "activity"), Ledger(None), "climb", start=2)
    search.asked.add(["[Fe]", "[Co]"])
    search.ledger.add([Told(text, {"activity": 1.0}, 0.5) for text in ("[Fe]", "[Co]")])
    with pytest.raises(RequestError, match="none of 2 items that were told can be encoded again"):
        search.ask(2)


@pytest.mark.slow
def test_what_is_to_be_lowered_is_lowered_and_expected_as_it_is(space: LatentSpace[Any]) -> None:
    wanted = goal_of(space.model.domain, space.model.fields, minimize=["mw"])
    ledger = Ledger(24)
    search = LatentSearch(space, wanted, ledger, "bayesian", start=12)
    for _ in searched(search, Oracle(space.model.domain, wanted, ledger), batch=6):
        pass
    start, later = ledger.told[:12], ledger.told[12:]
    assert sum(one.values["mw"] for one in later) < sum(one.values["mw"] for one in start)
    (expected,) = search.expected([space.model.domain.parse(ledger.top(1)[0].text)])
    assert 50 < expected["mw"].mean < 350


def test_a_search_begins_with_the_items_of_a_file_or_with_results(space: LatentSpace[Any], tmp_path: Path) -> None:
    own = ["CCCCO", "CCCCN", "CCCCF", "CCCCCl", "CCCCBr"]
    (tmp_path / "own.smi").write_text("".join(f"{one}\n" for one in own))
    (tmp_path / "known.csv").write_text("smiles,activity\nCCO,1\nCCN,2\nCCC,\n")
    model, wanted = space.model, goal(space, "activity")
    search = begun(model, wanted, Ledger(None), "random", Looking(start=5, data=str(tmp_path / "own.smi")))
    assert set(search.ask(3)) < set(own)
    ledger = Ledger(None)
    search = begun(model, wanted, ledger, "random", Looking(start=0, known=str(tmp_path / "known.csv")))
    assert [(one.text, one.call) for one in ledger.told] == [("CCO", 0), ("CCN", 0)]
    assert not {"CCO", "CCN"} & set(search.ask(5))


def test_what_may_be_chosen_is_checked(space: LatentSpace[Any]) -> None:
    assert chosen_looking({"batch": "5", "start": "7"}) == Looking(5, 7)
    with pytest.raises(UnknownName, match="unknown option of a search in latents 'bach': did you mean 'batch'"):
        chosen_looking({"bach": "5"})
    with pytest.raises(UnknownName, match="unknown option of a search in latents 'rate'"):
        chosen_looking({"rate": "5"})
    with pytest.raises(RequestError, match="batch=0"):
        chosen_looking({"batch": "0"})
    with pytest.raises(UnknownName, match="unknown way to search 'clim': did you mean 'climb'"):
        LatentSearch(space, goal(space), Ledger(3), "clim")
    with pytest.raises(RequestError, match="n=0: expected 1 or more"):
        LatentSearch(space, goal(space), Ledger(3), "climb").ask(0)
    wanted = goal_of(space.model.domain, space.model.fields, ["qed"], where={"class": "good"}, outside=True)
    with pytest.raises(RequestError, match="class=good: words that only an oracle says"):
        LatentSearch(space, wanted, Ledger(3))
