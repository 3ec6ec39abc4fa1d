"""The page of a screening: all there, nothing that runs or loads, whatever things are called."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sciencegen.errors import DataError
from sciencegen.report.findings import Aim, Card, Distribution, Figure, Findings, Plate, Step, from_plain, plain
from sciencegen.report.picture import picture
from sciencegen.report.screening import screening_page
from sciencegen.report.svg import histogram

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&"
SVG = '<svg viewBox="0 0 220 160"><path d="M 1,2 L 3,4" style="fill:none;stroke:#000"/></svg>'
texts = st.sampled_from(["", "a", "é苯 b", "</style></section>", "\x00\n\t", "item-0", HOSTILE])
numbers = st.sampled_from([None, 0.0, -1.5, 1e-300, 1e300, 2.0])
samples = st.lists(numbers, max_size=3).map(tuple)
wells = st.sampled_from(["A1", "B2", "H12"])
# the pages are small, and the machine may be busy
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def aims(draw: st.DrawFn) -> Aim:
    pairs = draw(st.lists(st.tuples(numbers, numbers), max_size=4))
    return Aim(draw(texts), tuple(a for a, _ in pairs), tuple(m for _, m in pairs), draw(texts))


cards = st.builds(
    Card,
    id=texts,
    svg=st.sampled_from(["", SVG, HOSTILE]),
    lines=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    why=texts,
    flags=st.lists(texts, max_size=2).map(tuple),
    neighbour=texts,
    neighbour_svg=st.sampled_from(["", SVG]),
    similarity=st.sampled_from([None, 0.0, 0.5, 1.0]),
)
counts = st.sampled_from([0, 1, 10**6])
findings = st.builds(
    Findings,
    title=texts,
    facts=st.dictionaries(texts, texts, max_size=3),
    steps=st.lists(st.builds(Step, texts, counts, st.dictionaries(texts, counts, max_size=3)), max_size=3).map(tuple),
    cards=st.lists(cards, max_size=3).map(tuple),
    of=counts,
    distributions=st.lists(st.builds(Distribution, texts, samples, samples, texts), max_size=2).map(tuple),
    aims=st.lists(aims(), max_size=2).map(tuple),
    figures=st.lists(
        st.builds(
            Figure,
            name=texts,
            kind=st.sampled_from(["calculated", "predicted", "measured", "given"]),
            by=texts,
            rows=counts,
            known=counts,
            low=numbers,
            high=numbers,
            inside=st.none() | counts,
        ),
        max_size=2,
    ).map(tuple),
    plates=st.lists(
        st.builds(
            Plate,
            name=texts,
            wells=st.sampled_from([96, 384]),
            compounds=st.dictionaries(wells, texts, max_size=4),
            controls=st.lists(wells, max_size=3).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


class Tags(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "use"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


@few
@given(findings)
def test_plain_values_come_back(found: Findings) -> None:
    assert from_plain(json.loads(json.dumps(plain(found), allow_nan=False))) == found


@few
@given(findings)
def test_nothing_in_a_page_runs_or_loads(found: Findings) -> None:
    page = Tags(screening_page(found))
    assert not page.open
    assert not {"script", "img", "link", "iframe", "object", "image", "foreignobject"} & set(page.names)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]
    links = [value or "" for name, value in page.attributes if name.endswith("href")]
    assert all(link.startswith("#") for link in links)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    assert {link[1:] for link in links} <= set(ids)


def whole() -> Findings:
    return Findings(
        "A <campaign>",
        {"seed": "0"},
        (Step("drawn", 100), Step("read", 90, {"not a <molecule>": 10}), Step("alerts", 30, {"PAINS": 59, "NIH": 1})),
        (
            Card("one", SVG, (("logp", "2.5"),), "best by score", ("brenk: aldehyde",), "CCO", SVG, 0.25),
            Card("two", "", (), "must-have", (), "CCN", SVG, 0.75),
        ),
        30,
        (Distribution("mw", (1.0, None, 3.0), (1.0, 2.0)), Distribution("none", (None,))),
        (Aim("logp", (1.0, 2.0, None, 3.0), (1.5, 2.25, 1.0, float("nan")), "units"),),
        (Figure("pred_vina", "predicted", "vina", "kcal/mol", 30, 28, -9.0, -5.0, 20),),
        (Plate("plate-1", 96, {"A2": "one", "A3": "two"}, ("A1", "H12")),),
    )


def test_questions_are_answered_in_order() -> None:
    said = Tags(screening_page(whole())).said
    sections = ["What was kept", "What was dropped", "Is it new?", "How far can the numbers", "on the plates"]
    places = [said.rindex(one) for one in sections]
    assert places == sorted(places)
    for one in (
        "The first 2 of 30",
        "best by score",
        "brenk: aldehyde",
        "100 to begin with, 30 left",
        "not a <molecule>",
    ):
        assert one in said
    for one in (
        "predicted by vina",
        "28 of 30; 2 missing",
        "20 of 28 (-9 to -5)",
        "median distance 0.375 units, 2 rows",
    ):
        assert one in said
    assert "2 compounds in 2 wells of 1 plate." in said


def test_what_is_least_new_comes_first() -> None:
    page = screening_page(whole())
    pairs = page[page.index('<section id="new">') :]
    assert pairs.index("two") < pairs.index("one")
    assert page.count("M 1,2 L 3,4") == 1 + 2  # the picture of an item is drawn once and shown twice


def test_bars_are_as_long_as_what_was_left() -> None:
    widths = [float(one) for one in re.findall(r'class="bar"><span style="width:([\d.]+)%', screening_page(whole()))]
    assert [width / widths[0] for width in widths] == pytest.approx([1.0, 0.9, 0.3], abs=1e-3)


def test_every_well_is_drawn() -> None:
    page = screening_page(whole())
    assert page.count('<circle class="compound"') == page.count('<circle class="control"') == 2
    assert page.count('<circle class="empty"') == 96 - 4
    assert "<title>A2: one</title>" in page


def test_an_empty_screening_has_a_page() -> None:
    assert "Nothing was kept" in screening_page(Findings("none", steps=(Step("drawn", 0),)))
    assert "<section" not in screening_page(Findings("none"))


def test_sixty_large_cards_are_a_small_page() -> None:
    path = '<path class="bond-0 atom-0 atom-1" d="M 10.2,30.4 L 50.6,70.8" style="fill:none;stroke:#000000"/>'
    svg = f"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 220 160'>{path * 140}</svg>"
    card = Card("x", svg, (("logp", "2.5"),) * 8, "why", ("flag",), "CCO", svg, 0.5)
    assert len(svg) > 13_000
    assert len(screening_page(Findings("many", cards=(card,) * 60))) < 3e6


@pytest.mark.parametrize(
    "svg",
    [
        '<svg viewBox="0 0 9 9"><script>alert(1)</script><path d="M0,0"/></svg>',
        '<svg viewBox="0 0 9 9" onload="alert(1)"><path d="M0,0" onclick="alert(1)"/></svg>',
        '<svg viewBox="0 0 9 9"><a href="javascript:alert(1)"><path d="M1,1"/></a><path d="M0,0"/></svg>',
        '<svg viewBox="0 0 9 9"><image href="http://elsewhere/x.png"/><path d="M0,0"/></svg>',
        '<svg viewBox="0 0 9 9"><path d="M0,0" style="fill:url(http://elsewhere)"/></svg>',
        '<svg viewBox="0 0 9 9"><style>@import url(http://elsewhere)</style><path d="M0,0"/></svg>',
        '<svg viewBox="0 0 9 9"><foreignObject><b>x</b></foreignObject><path id="item-0" d="M0,0"/></svg>',
    ],
)
def test_a_picture_only_draws(svg: str) -> None:
    found = picture(svg)
    assert found is not None
    assert found.marks == '<path d="M0,0"/>'


@pytest.mark.parametrize(
    "svg", ["", "<b/>", "<svg", "<svg/>", '<svg viewBox="0 0 0 9"/>', '<!DOCTYPE x [<!ENTITY a "b">]><svg/>']
)
def test_what_is_no_picture_is_none(svg: str) -> None:
    assert picture(svg) is None


def test_a_picture_has_a_frame_and_keeps_its_text() -> None:
    found = picture('<svg width="20px" height="10px"><text x="1">a&lt;b</text></svg>')
    assert found is not None
    assert (found.frame, found.marks) == ("0 0 20 10", '<text x="1">a&lt;b</text>')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 0}, "format 1"),
        ({"cards": 3}, "cards"),
        ({"steps": [{"name": "a", "kept": "many"}]}, "steps.0.kept"),
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        from_plain(plain(whole()) | change, "run/report.json")


def test_what_is_not_finite_is_missing_in_plain_values() -> None:
    values = plain(replace(whole(), aims=(Aim("x", (1.0,), (float("inf"),)),)))
    assert values["aims"][0]["measured"] == [None]


@pytest.mark.parametrize("n", [1, 3, 50, 2000])
def test_a_histogram_holds_every_number(n: int) -> None:
    svg = histogram("x", [i / 7 for i in range(n)])
    assert "<svg" in svg
    assert histogram("x", [float("nan")]) == ""
