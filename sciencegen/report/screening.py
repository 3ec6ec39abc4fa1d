"""The page of a screening, in the order a bench chemist asks; one file, no scripts, nothing to load.

What was kept and why, what was dropped, is it new, how far can the numbers be trusted, where on the plates is it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import isfinite
from statistics import median

from sciencegen.report.findings import Aim, Card, Distribution, Figure, Findings, Step
from sciencegen.report.picture import Picture, picture
from sciencegen.report.plates import plate_map
from sciencegen.report.style import STYLE
from sciencegen.report.svg import histogram, histograms, scatter

__all__ = ["screening_page"]

_PLATES = 8
"""So many plates are drawn; of more, the numbers are in the plate map's own file."""
_KINDS = {
    "calculated": "calculated from the structure",
    "predicted": "predicted",
    "measured": "measured",
    "given": "as it came",
}


def screening_page(findings: Findings) -> str:
    """The page of what a screening found."""
    sections = [
        ("kept", "What was kept, and why", _kept(findings)),
        ("funnel", "What was dropped", _funnel(findings.steps)),
        ("new", "Is it new?", _novelty(findings.cards)),
        ("trust", "How far can the numbers be trusted?", _trust(findings)),
        ("plates", "Where it is on the plates", _plates(findings)),
    ]
    shown = [(name, title, body) for name, title, body in sections if body]
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title, _ in shown)
    body = [f"<header><h1>{escape(findings.title)}</h1>{_facts(findings.facts)}<nav>{links}</nav></header>"]
    body += [f'<section id="{name}"><h2>{title}</h2>{inner}</section>' for name, title, inner in shown]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(findings.title)}</title><style>{STYLE}</style>'
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(body) + "\n</body></html>\n"


def _facts(facts: Mapping[str, str]) -> str:
    return f'<dl class="facts">{_pairs(facts.items())}</dl>' if facts else ""


def _pairs(values: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value) or '&ndash;'}</dd>" for name, value in values)


def _kept(findings: Findings) -> str:
    if not findings.cards:
        return '<p class="soft">Nothing was kept.</p>' if findings.steps else ""
    total = max(findings.of, len(findings.cards))
    many = f"All {total:,}" if total == len(findings.cards) else f"The first {len(findings.cards):,} of {total:,}"
    cards = "".join(_card(number, card) for number, card in enumerate(findings.cards))
    return f'<p class="soft">{many}.</p><div class="grid">{cards}</div>'


def _card(number: int, card: Card) -> str:
    why = f'<p class="why">{escape(card.why)}</p>' if card.why else ""
    lines = f"<dl>{_pairs(card.lines)}</dl>" if card.lines else ""
    flags = "".join(f'<span class="flag">{escape(flag)}</span>' for flag in card.flags)
    drawn = picture(card.svg) if card.svg else None
    shown = drawn.drawn(f"item-{number}", card.id) if drawn else _instead(card.id)
    said = f"<figcaption><strong>{escape(card.id)}</strong>{why}{lines}{flags}</figcaption>"
    return f'<figure class="card">{shown}{said}</figure>'


def _instead(text: str) -> str:
    """What stands where there is no picture."""
    return f'<div class="text">{escape(text)}</div>'


def _funnel(steps: Sequence[Step]) -> str:
    if not steps:
        return ""
    most = max([step.kept + sum(step.reasons.values()) for step in steps]) or 1
    rows = "".join(_step(step, most) for step in steps)
    said = f"{most:,} to begin with, {steps[-1].kept:,} left; the bars are what was left after each step."
    return f'<p class="soft">{said}</p><ol class="funnel">{rows}</ol>'


def _step(step: Step, most: int) -> str:
    bar = f'<span style="width:{70 * step.kept / most:.2f}%"></span><span>{step.kept:,}</span>'
    ordered = sorted(step.reasons.items(), key=lambda one: (-one[1], one[0]))
    reasons = "".join(f"<li><span>{-count:,}</span><span>{escape(why)}</span></li>" for why, count in ordered if count)
    below = f'<ul class="reasons">{reasons}</ul>' if reasons else ""
    return f'<li><span class="name">{escape(step.name)}</span><span class="bar">{bar}</span>{below}</li>'


def _novelty(cards: Sequence[Card]) -> str:
    known = [(number, card) for number, card in enumerate(cards) if card.similarity is not None]
    if not known:
        return ""
    known.sort(key=lambda one: (-(one[1].similarity or 0.0), one[0]))  # the least new first: they need looking at
    alike = [card.similarity or 0.0 for _, card in known]
    said = (
        f"Each beside the most similar item known, the least new first. Similarity runs from 0, nothing in common, "
        f"to 1, the same; here from {min(alike):.2f} to {max(alike):.2f}, median {median(alike):.2f}."
    )
    return f'<p class="soft">{said}</p><div class="grid pairs">{"".join(_pair(*one) for one in known)}</div>'


def _pair(number: int, card: Card) -> str:
    ours = picture(card.svg) if card.svg else None
    theirs: Picture | None = picture(card.neighbour_svg) if card.neighbour_svg else None
    left = ours.again(f"item-{number}", card.id) if ours else _instead(card.id)
    right = theirs.drawn(f"known-{number}", card.neighbour) if theirs else _instead(card.neighbour)
    alike = card.similarity or 0.0
    meter = f'<span class="meter"><span style="width:{100 * min(max(alike, 0.0), 1.0):.0f}%"></span></span>'
    said = f'<span class="pair-said"><strong>{escape(card.id)}</strong><span>{alike:.2f}</span>{meter}</span>'
    nearest = f'<span class="soft" style="overflow-wrap:anywhere">nearest: {escape(card.neighbour)}</span>'
    return (
        f'<figure class="card"><div class="pair">{left}{right}</div><figcaption>{said}{nearest}</figcaption></figure>'
    )


def _trust(findings: Findings) -> str:
    parts = [_figures(findings.figures)]
    aims = [_aim(aim) for aim in findings.aims]
    if any(aims):
        parts += ["<h3>Measured (up) against asked for (across)</h3>", f'<div class="plots">{"".join(aims)}</div>']
    plots = [_distribution(one) for one in findings.distributions]
    if any(plots):
        parts += ["<h3>Distributions</h3>", f'<div class="plots">{"".join(plots)}</div>']
    return "".join(parts)


def _figures(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("number", "where it comes from", "known", "in training range"))
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _figure(one))}</tr>" for one in figures)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _figure(figure: Figure) -> list[str]:
    unit = f" ({escape(figure.unit)})" if figure.unit else ""
    by = f"{' by' if figure.kind == 'predicted' else ':'} {escape(figure.by)}" if figure.by else ""
    lacking = figure.rows - figure.known
    known = f"{figure.known:,} of {figure.rows:,}" + (f"; {lacking:,} missing" if lacking else "")
    if figure.missing:
        infinite = f", {figure.infinite:,} of them infinite" if figure.infinite else ""
        known += f"; of all {figure.left:,} that passed {figure.missing:,} missing{infinite}"
    spread = "" if figure.low is None or figure.high is None else f" ({figure.low:.4g} to {figure.high:.4g})"
    inside = "not known" if figure.inside is None else f"{figure.inside:,} of {figure.known:,}{spread}"
    return [f"{escape(figure.name)}{unit}", f"{_KINDS[figure.kind]}{by}", known, inside]


def _aim(aim: Aim) -> str:
    pairs = [(a, m) for a, m in zip(aim.asked, aim.measured, strict=False) if _finite(a) and _finite(m)]
    asked, measured = [float(a or 0.0) for a, _ in pairs], [float(m or 0.0) for _, m in pairs]
    plot = scatter(aim.name, asked, measured)
    if not plot:
        return ""
    off = median(abs(m - a) for a, m in zip(asked, measured, strict=True))
    unit = f" {escape(aim.unit)}" if aim.unit else ""
    return f"<figure>{plot}<p>median distance {off:.3g}{unit}, {len(pairs):,} rows</p></figure>"


def _distribution(one: Distribution) -> str:
    ours, theirs = ([float(v or 0.0) for v in side if _finite(v)] for side in (one.ours, one.theirs))
    plot = histograms(one.name, ours, theirs) if theirs else histogram(one.name, ours)
    if not plot:
        return ""
    lacking = len(one.ours) - len(ours)
    beside = f"; area: {escape(one.of)}, {len(theirs):,}" if theirs else ""
    said = f"{len(ours):,} numbers{f', {lacking:,} missing' if lacking else ''}{beside}"
    return f"<figure>{plot}<p>{said}</p></figure>"


def _finite(value: float | None) -> bool:
    return value is not None and isfinite(value)


def _plates(findings: Findings) -> str:
    if not findings.plates:
        return ""
    compounds = sum(len(plate.compounds) for plate in findings.plates)
    many = len({one for plate in findings.plates for one in plate.compounds.values()})
    key = "".join(f'<span class="key {kind}"></span>{kind}' for kind in ("compound", "control", "empty"))
    plates = len(findings.plates)
    said = f"{many:,} compounds in {compounds:,} wells of {plates:,} plate{'s' if plates > 1 else ''}. {key}"
    drawn = "".join(
        f"<figure><p>{escape(plate.name)}: {len(plate.compounds):,} wells with compounds, "
        f"{len(plate.controls):,} controls</p>{plate_map(plate)}</figure>"
        for plate in findings.plates[:_PLATES]
    )
    more = f'<p class="soft">The other {plates - _PLATES:,} are in the plate map.</p>' if plates > _PLATES else ""
    return f'<p class="soft">{said}</p><div class="plots plates">{drawn}</div>{more}'
