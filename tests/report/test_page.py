"""Pages and plots of an evaluation."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from sciencegen.report import page
from sciencegen.report.svg import histograms, scatter

NAMESPACE = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text")]


def test_names_cannot_break_a_page() -> None:
    text = page("<b>", {"a<b": "x<y", "inner": {"<i>": 1.0}}, {"p&q": ([1.0, 2.0], [1.0])}, {})
    assert "<b>" not in text
    assert "<i>" not in text
    assert "x&lt;y" in text
    assert "p&amp;q" in text


def test_numbers_and_their_absence_are_shown() -> None:
    text = page("t", {"seed": 3, "metrics": {"FCD": 0.12345, "SNN": None}, "many": 12345.678}, {}, {})
    assert "<td>0.1235</td>" in text
    assert "<td>&ndash;</td>" in text
    assert "<td>12,345.7</td>" in text
    assert "<svg" not in text


def test_equal_samples_give_equal_outlines() -> None:
    values = [i / 7 for i in range(50)]
    paths = [
        node.get("d", "") for node in ElementTree.fromstring(histograms("x", values, values)).iter(f"{NAMESPACE}path")
    ]
    area, line = paths[:2]
    assert area.startswith(line)


@pytest.mark.parametrize("low", [-1e6, -3.0, 0.0, 1e-5, 2000.0])
@pytest.mark.parametrize("span", [1e-3, 0.9, 1.0, 7.3, 5e4])
def test_axes_have_a_few_numbers_inside_them(low: float, span: float) -> None:
    labels = [float(text) for text in texts(scatter("x", [low, low + span], [low, low + span]))[1:]]
    assert 2 * 2 <= len(labels) <= 2 * 6
    assert all(low - 0.01 * span - 1e-5 * abs(low) <= value <= low + 1.01 * span + 1e-5 * abs(low) for value in labels)


def test_every_point_lies_inside_the_frame() -> None:
    svg = scatter("x", [0.0, 5.0, 10.0], [3.0, -4.0, 12.0])
    centres = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.-]+)" cy="([\d.-]+)"', svg)]
    assert len(centres) == 3
    assert all(46 <= x <= 332 and 26 <= y <= 196 for x, y in centres)


def test_what_is_not_finite_is_left_out() -> None:
    assert scatter("x", [float("nan")], [1.0]) == ""
    assert histograms("x", [], [1.0]) == ""
    assert "nan" not in histograms("x", [float("nan"), 1.0], [1.0, 2.0])


def test_one_value_has_a_plot() -> None:
    assert "<svg" in histograms("x", [2.0, 2.0], [2.0])
