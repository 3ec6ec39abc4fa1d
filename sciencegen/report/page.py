"""One HTML page with all numbers and plots of an evaluation: no scripts, no fonts, nothing to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sciencegen.core.domain import Curve
from sciencegen.report.svg import bands, histograms, scatter

__all__ = ["page"]

Pairs = Mapping[str, tuple[Sequence[float], Sequence[float]]]

_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; color: #0f172a }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e2e8f0 }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere } th { font-weight: 500; white-space: nowrap }
svg { margin: .4rem 1rem .4rem 0; font: 12px system-ui, sans-serif }
.ours { color: #c2410c } .theirs { color: #64748b }
"""


def page(
    title: str,
    numbers: Mapping[str, object],
    distributions: Pairs,
    aims: Pairs,
    curves: Mapping[str, tuple[Curve, Curve]] | None = None,
) -> str:
    """The page: tables of `numbers`, histograms of `distributions`, asked against measured of `aims`, and `curves`."""
    parts = [f"<h1>{escape(title)}</h1>", _table(_leaves(numbers))]
    for name, value in numbers.items():
        if isinstance(value, Mapping) and value:
            parts += [f"<h2>{escape(name)}</h2>", _table(value)]
    plots = [histograms(name, *pair) for name, pair in distributions.items()]
    if any(plots):
        key = '<p><span class="ours">line: ours</span>, <span class="theirs">area: the reference</span></p>'
        parts += ["<h2>Distributions</h2>", key, *plots]
    plots = [bands(name, *pair) for name, pair in (curves or {}).items()]
    if any(plots):
        key = '<span class="ours">lines: ours</span>, <span class="theirs">area: the reference</span>'
        parts += [
            "<h2>Functions of the distance</h2>",
            f"<p>{key}; the middle one, and where nine of ten lie</p>",
            *plots,
        ]
    plots = [scatter(name, *pair) for name, pair in aims.items()]
    if any(plots):
        parts += ["<h2>Measured (up) against asked for (across)</h2>", *plots]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _leaves(numbers: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in numbers.items() if not isinstance(value, Mapping)}


def _table(values: Mapping[str, object]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in values.items())
    return f"<table>{rows}</table>"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    return "&ndash;" if value is None else escape(str(value))
