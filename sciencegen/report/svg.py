"""Plots as SVG text: a histogram, two over each other, a scatter of asked against measured, a map coloured by a number,
and curves with bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from sciencegen.core.domain import Curve

__all__ = ["bands", "coloured", "histogram", "histograms", "scatter"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 340, 230, 46, 34, 26
_BINS = 40
_CUT = 0.002
"""The share of values at each end that may lie outside the picture, so that a few odd ones do not flatten it."""
_DOTS = 3000
_MOST = 1e300  # further out, differences are no longer numbers
_OURS, _THEIRS = "#c2410c", "#64748b"
_SCALE = ((37, 30, 84), (52, 96, 141), (46, 145, 140), (110, 190, 98), (247, 225, 80))
"""Colours from low to high, each lighter than the one before, so that the order is seen without any hue too."""


def histogram(name: str, values: Sequence[float]) -> str:
    """The shares of a sample of a number, as an area; the fewer there are, the wider its steps."""
    values = _finite(values)
    if not values:
        return ""
    low, high = _range(_middle(values))
    shares = _shares(values, low, high, min(_BINS, math.ceil(2 * math.sqrt(len(values)))))
    top, base = max(shares) or 1.0, _HEIGHT - _BOTTOM
    shape = f"M{_LEFT},{base} {_steps(shares, top)} L{_WIDTH - 8},{base} Z"
    area = f'<path d="{shape}" fill="{_OURS}" fill-opacity="0.3" stroke="{_OURS}" stroke-width="1.2"/>'
    return _framed(name, (low, high), (0.0, top), [area])


def histograms(name: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    """The shares of two samples of a number: ours as a line, the reference as an area."""
    ours, theirs = _finite(ours), _finite(theirs)
    if not ours or not theirs:
        return ""
    low, high = _range([*_middle(ours), *_middle(theirs)])
    sides = [_shares(side, low, high) for side in (ours, theirs)]
    top = max(max(side) for side in sides) or 1.0
    steps = [_steps(side, top) for side in sides]
    base = _HEIGHT - _BOTTOM
    area = f'<path d="M{_LEFT},{base} {steps[1]} L{_WIDTH - 8},{base} Z" fill="{_THEIRS}" fill-opacity="0.35"/>'
    line = f'<path d="M{_LEFT},{base} {steps[0]}" fill="none" stroke="{_OURS}" stroke-width="1.8"/>'
    return _framed(name, (low, high), (0.0, top), [area, line])


def scatter(name: str, asked: Sequence[float], measured: Sequence[float]) -> str:
    """What was measured against what was asked for, with the line where both are equal."""
    pairs = [(a, m) for a, m in zip(asked, measured, strict=True) if math.isfinite(a) and math.isfinite(m)]
    if not pairs:
        return ""
    every = -(-len(pairs) // _DOTS)
    low, high = _range([value for pair in pairs for value in pair])
    ends = (_x(low, low, high), _y(low, low, high), _x(high, low, high), _y(high, low, high))
    line = '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#94a3b8"/>'.format(*ends)
    dots = [
        f'<circle cx="{_x(a, low, high):.1f}" cy="{_y(m, low, high):.1f}" r="2" fill="{_OURS}" fill-opacity="0.45"/>'
        for a, m in pairs[::every]
    ]
    return _framed(name, (low, high), (low, high), [line, *dots])


def coloured(name: str, across: Sequence[float], up: Sequence[float], values: Sequence[float]) -> str:
    """Places on a map, each in the colour of a number, the scale beside the title; few odd numbers take no colours from
    the others. The highest are drawn last, where they are seen."""
    places = [one for one in zip(across, up, values, strict=True) if all(map(math.isfinite, one))]
    if not places:
        return ""
    x, y, numbers = (list(column) for column in zip(*places, strict=True))
    sides, low, high = (_range(x), _range(y)), *_range(_middle(numbers))
    every = -(-len(places) // _DOTS)
    dots = [
        f'<circle cx="{_x(a, *sides[0]):.1f}" cy="{_y(b, *sides[1]):.1f}" r="2.2" fill="{_colour(v, low, high)}"/>'
        for a, b, v in sorted(places[::every], key=lambda place: place[2])
    ]
    left, step = _WIDTH - 118, 8
    scale = [
        f'<rect x="{left + i * step}" y="8" width="{step}" height="9" fill="{_colour(i, 0, 9)}"/>' for i in range(10)
    ]
    ends = [_label(left - 4, 16, float(f"{low:.3g}"), "end"), _label(left + 84, 16, float(f"{high:.3g}"), "start")]
    return _framed(name, *sides, [*dots, *scale, *ends])


def _colour(value: float, low: float, high: float) -> str:
    share = min(max((value - low) / (high - low), 0.0), 1.0) * (len(_SCALE) - 1)
    first = min(int(share), len(_SCALE) - 2)
    parts = zip(_SCALE[first], _SCALE[first + 1], strict=True)
    return "#" + "".join(f"{round(a + (share - first) * (b - a)):02x}" for a, b in parts)


def bands(name: str, ours: Curve, theirs: Curve) -> str:
    """Two functions over each other: ours as lines, the middle one whole and the others thin; the reference as an area
    with a line in its middle."""
    values = [v for one in (ours, theirs) for side in (one.low, one.middle, one.high) for v in side if math.isfinite(v)]
    if not values or len(theirs.where) < 2 or len(ours.where) < 2:
        return ""
    across, up = _range([*ours.where, *theirs.where]), _range(values)

    def points(curve: Curve, side: Sequence[float]) -> list[str]:
        known = [(r, v) for r, v in zip(curve.where, side, strict=True) if math.isfinite(v)]
        return [f"{_x(r, *across):.1f},{_y(v, *up):.1f}" for r, v in known]

    def line(curve: Curve, side: Sequence[float], colour: str, width: float) -> str:
        shape = " ".join(points(curve, side))
        return f'<polyline points="{shape}" fill="none" stroke="{colour}" stroke-width="{width}"/>'

    around = " ".join([*points(theirs, theirs.high), *reversed(points(theirs, theirs.low))])
    area = f'<polygon points="{around}" fill="{_THEIRS}" fill-opacity="0.25"/>'
    lines = [line(ours, ours.low, _OURS, 0.7), line(ours, ours.high, _OURS, 0.7), line(ours, ours.middle, _OURS, 1.8)]
    return _framed(name, across, up, [area, line(theirs, theirs.middle, _THEIRS, 1.8), *lines])


def _framed(name: str, across: tuple[float, float], up: tuple[float, float], drawn: Iterable[str]) -> str:
    base = _HEIGHT - _BOTTOM
    axes = f'<path d="M{_LEFT},{_TOP} V{base} H{_WIDTH - 8}" fill="none" stroke="currentColor" stroke-opacity="0.6"/>'
    labels = [_label(_x(value, *across), base + 16, value, "middle") for value in _ticks(*across)]
    labels += [_label(_LEFT - 5, _y(value, *up) + 4, value, "end") for value in _ticks(*up)]
    title = f'<text x="{_LEFT}" y="16" font-weight="600" fill="currentColor">{escape(name)}</text>'
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{"".join((title, *drawn, axes, *labels))}</svg>'


def _label(x: float, y: float, value: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="10" fill="currentColor">{value:g}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers inside a range, some four of them."""
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step = next((step * times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= 5), step * 10)
    first = math.ceil(low / step)
    return [round(i * step, 12) for i in range(first, math.floor(high / step) + 1)]


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (value - low) / (high - low) * (_WIDTH - 8 - _LEFT)


def _y(value: float, low: float, high: float) -> float:
    return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _BOTTOM - _TOP)


def _steps(shares: Sequence[float], top: float) -> str:
    ends = [_LEFT + i * (_WIDTH - 8 - _LEFT) / len(shares) for i in range(len(shares) + 1)]
    return " ".join(f"L{ends[i]:.1f},{_y(s, 0, top):.1f} H{ends[i + 1]:.1f}" for i, s in enumerate(shares))


def _shares(values: Sequence[float], low: float, high: float, bins: int = _BINS) -> list[float]:
    counts = [0] * bins
    for value in values:
        if low <= value <= high:
            counts[min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    return [count / len(values) for count in counts]


def _middle(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    cut = int(len(ordered) * _CUT)
    return ordered[cut], ordered[-1 - cut]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis; values that cannot be told apart lie in its middle."""
    low, high = max(min(values), -_MOST), min(max(values), _MOST)
    if high - low > max(1e-12 * max(abs(low), abs(high)), 1e-290):
        return low, high
    room = max(0.5, 0.01 * abs(low))
    return low - room, high + room


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
