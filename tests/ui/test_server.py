"""What the page asks for, and gets."""

from __future__ import annotations

import csv
import http.client
import io
import json
import shlex
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from sciencegen.core.generator import Spread
from sciencegen.model import Model
from sciencegen.ui import session
from tests.ui.conftest import TOKEN, Command, Served

REQUESTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "value": {"where": {"logp": "3"}, "seed": 7},
    "range": {"where": {"qed": "0.7..0.9", "rings": ">=2"}},
    "filters": {"filters": {"contains": ["[#7]"], "without": ["Cl", "F"]}, "novel": True},
    "knobs": {"knobs": {"temperature": 0.7, "top_p": 0.9}},
    "closest": {"where": {"tpsa": "60", "charge": "0"}, "best_of": 3},
}


def ids(events: list[tuple[str, dict[str, int]]]) -> list[int]:
    return [value["id"] for name, value in events if name == "item"]


@pytest.mark.parametrize("name", REQUESTS)
def test_the_table_is_that_of_the_command(molecules: Served, sciencegen: Command, name: str) -> None:
    events = molecules.draw(n=5, **REQUESTS[name])
    assert events[-2:] == [events[-2], ("end", None)]
    assert events[-2][0] == "done"
    words = shlex.split(dict(events)["begun"]["command"])
    assert words[:3] == ["sciencegen", "generate", "molecules"]
    saved = molecules.export(ids(events), "csv")
    assert saved.body.decode() == sciencegen(*words[1:]).out
    assert saved.headers["content-disposition"] == 'attachment; filename="sciencegen.csv"'


def test_the_cards_say_what_the_table_says(molecules: Served) -> None:
    events = molecules.draw(n=4, where={"logp": "3"})
    cards = [value for name, value in events if name == "item"]
    rows = list(csv.DictReader(io.StringIO(molecules.export(ids(events), "csv").body.decode())))
    for card, row in zip(cards, rows, strict=True):
        assert card["text"] == row["smiles"]
        assert {name: float(row[name]) for name in card["values"]} == card["values"]
        assert card["asked"] == {"logp": float(row["logp_asked"])}
        assert str(card["novel"]) == row["novel"]


def test_every_draw_is_accounted_for(molecules: Served) -> None:
    events = molecules.draw(n=3, where={"logp": "2..3"}, filters={"contains": ["c1ccncc1"]})
    counts = [value for name, value in events if name == "counts"][-1]
    assert counts["kept"] == 3 == len(ids(events))
    assert counts["drawn"] == sum(counts[name] for name in ("invalid", "repeated", "rejected", "kept"))
    assert counts["rejected"] == sum(counts["by"].values()) > 0


def test_what_was_kept_stays_and_the_rest_goes(molecules: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_MOST_KNOWN", 1)
    first = ids(molecules.draw(n=3))
    second = ids(molecules.draw(n=2, where={"mw": "300"}, kept=str(first[1])))
    assert not set(first) & set(second)
    assert molecules.known("/picture", item=first[2]).status == 200
    assert molecules.known("/picture", item=first[1]).status == 200
    gone = molecules.known("/picture", item=first[0])
    assert (gone.status, "no longer" in gone.json["said"]) == (400, True)
    rows = list(csv.DictReader(io.StringIO(molecules.export([first[1], *second], "csv").body.decode())))
    assert [row["mw_asked"] for row in rows] == ["", "300.0", "300.0"]


@pytest.mark.parametrize("format_", ["csv", "jsonl", "smi", "sdf", "plate-96", "plate-384"])
def test_every_format_holds_the_selection(molecules: Served, format_: str) -> None:
    events = molecules.draw(n=3)
    texts = [value["text"] for name, value in events if name == "item"]
    saved = molecules.export(ids(events)[1:], format_)
    assert saved.status == 200
    body = saved.body.decode()
    assert [text in body for text in texts] == [False, True, True]


def test_a_plate_map_holds_every_item_once(molecules: Served) -> None:
    events = molecules.draw(n=4)
    rows = list(csv.DictReader(io.StringIO(molecules.export(ids(events), "plate-96").body.decode())))
    compounds = [row for row in rows if row["role"] == "compound"]
    assert [row["id"] for row in compounds] == [f"sciencegen-{i}" for i in range(1, 5)]
    assert [row["smiles"] for row in compounds] == [value["text"] for name, value in events if name == "item"]
    assert len({row["well"] for row in rows}) == len(rows) > 4


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"where": {"lopg": "3"}}, "did you mean 'logp'"),
        ({"where": {"logp": "much"}}, "expected a number"),
        ({"where": {"logp": "3..2"}}, "write the smaller number first"),
        ({"filters": {"contains": ["C1CC"]}}, "SMARTS"),
        ({"filters": {"shape": ["x"]}}, "--contains"),
        ({"knobs": {"temperature": 0}}, "above 0"),
        ({"best_of": 2}, "--best-of"),
    ],
)
def test_what_cannot_be_done_is_said(molecules: Served, asked: dict[str, Any], said: str) -> None:
    (name, reason), end = molecules.draw(n=2, **asked)
    assert (name, end) == ("refused", ("end", None))
    assert said in reason
    assert said in molecules.known("/check", ask=json.dumps(asked)).json["said"]


@pytest.mark.parametrize("asked", ["", "[]", '{"n": 0}', '{"n": 1e9}', '{"extra": 1}', '{"seed": 0.5}', "{" * 9999])
def test_a_malformed_request_is_an_answer_and_not_a_crash(molecules: Served, asked: str) -> None:
    answer = molecules.known("/check", ask=asked)
    assert answer.status == 400
    assert answer.json["said"]


def test_unknown_pages_and_items_are_refused(molecules: Served) -> None:
    for path, parts in (("/picture", {"item": "0"}), ("/plot", {"name": "logp"}), ("/draw", {"ask": "{}"})):
        assert molecules.known(path, **{**parts, "page": "unknown"}).status == 400
    for item in ("99", "-1", "x", "\u0663", ""):
        assert molecules.known("/picture", item=item).status == 400
    bodies: list[Any] = [[], "csv", {"page": molecules.page, "items": "all"}]
    for body in (*bodies, {"page": molecules.page, "items": [], "format": "csv"}):
        assert molecules.known("/export", body).status == 400
    events = molecules.draw(n=1)
    for format_ in ("exe", "parquet/../x", ""):
        assert molecules.export(ids(events), format_).status == 400


def test_outside_the_training_range_is_said(molecules: Served) -> None:
    begun = dict(molecules.draw(n=1, where={"logp": "9"}))["begun"]
    assert "outside the training range" in begun["notes"][0]


def test_knobs_are_turned_for_one_drawing(molecules: Served) -> None:
    before = molecules.session.model.generator.knobs
    cold, usual = (molecules.draw(n=3, knobs={"temperature": t}) for t in (0.3, 1.0))
    assert ids(cold)
    assert [v["text"] for n, v in cold if n == "item"] != [v["text"] for n, v in usual if n == "item"]
    assert molecules.session.model.generator.knobs == before


@contextmanager
def watching(served: Served, asked: str) -> Iterator[IO[bytes]]:
    """The lines of a drawing, read by a browser that goes away in the end."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    query = urlencode({"page": served.page, "ask": asked})
    connection.request("GET", f"/draw?{query}", headers={"Cookie": f"sciencegen-{served.port}={TOKEN}"})
    with closing(connection), connection.getresponse() as answer:
        yield answer.fp


def test_nothing_is_drawn_for_a_browser_that_is_gone(molecules: Served) -> None:
    with watching(molecules, json.dumps({"n": 400, "filters": {"contains": ["[U]"]}})) as stream:
        while b"begun" not in stream.readline():
            pass
        run = molecules.session.page(molecules.page).run
        assert not run.stop.is_set()
    assert run.stop.wait(120)
    assert molecules.session.turn.acquire(timeout=120)  # and the next one may draw
    molecules.session.turn.release()
    assert run.counts["drawn"] < 50 * 400


def test_a_new_drawing_of_a_page_ends_the_one_before(molecules: Served) -> None:
    molecules.session.turn.acquire()
    with watching(molecules, "{}") as stream:
        while b"waiting" not in stream.readline():
            pass
        first = molecules.session.page(molecules.page).run
        molecules.session.page(molecules.page).begin(first.order, molecules.session.turn, [])
        assert first.stop.is_set()
        while b"event: end" not in stream.readline():
            pass
    molecules.session.turn.release()
    assert len(ids(molecules.draw(n=2))) == 2


def test_patterns_and_items_and_plots_have_pictures(molecules: Served) -> None:
    events = molecules.draw(n=2, where={"logp": "2"})
    answers = [
        molecules.known("/picture", item=ids(events)[0]),
        molecules.known("/pattern", filter="contains", text="c1ccncc1"),
        molecules.known("/plot", name="logp"),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == "image/svg+xml"
        assert ElementTree.fromstring(answer.body).tag == "{http://www.w3.org/2000/svg}svg"
    assert answers[2].body.count(b"<circle") == 2
    bad = molecules.known("/pattern", filter="contains", text="c1ccncc")
    assert (bad.status, "SMARTS" in bad.json["said"]) == (400, True)
    assert isinstance(molecules.known("/alerts", item=ids(events)[0]).json, dict)


def test_a_drawing_that_breaks_says_so(kinds: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Model, "candidates", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # it would be in the terminal
    assert [name for name, _ in kinds.draw(n=2)] == ["begun", "counts", "refused", "end"]
    assert not kinds.session.turn.locked()


def test_another_kind_of_items_and_words_to_ask_for(kinds: Served, sciencegen: Command) -> None:
    html = kinds.ask(f"/?token={TOKEN}").body.decode()
    assert "<option>left</option>" in html
    assert "temperature" in html
    assert isinstance(kinds.session.model.generator.knobs, Spread)
    events = kinds.draw(n=4, where={"kind": "left", "radius": "5"})
    words = shlex.split(dict(events)["begun"]["command"])
    assert kinds.export(ids(events), "csv").body.decode() == sciencegen(*words[1:]).out
    assert not any(value["pictured"] for name, value in events if name == "item")


def test_outlines_say_where_they_are_from(kinds: Served) -> None:
    outlines = kinds.known("/outlines").json
    assert set(outlines) == {"radius"}
    assert outlines["radius"]["source"] == "what the model draws"
    assert 0 < sum(outlines["radius"]["shares"]) <= 1.000001
    assert outlines["radius"]["low"] < outlines["radius"]["high"]
