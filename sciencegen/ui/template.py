"""The page as HTML."""

from __future__ import annotations

from dataclasses import asdict
from math import floor, log10
from typing import Any

from sciencegen.core.condition import Continuous, Field
from sciencegen.ui.asking import MOST
from sciencegen.ui.export import choices
from sciencegen.ui.outlines import ends
from sciencegen.ui.session import Session

__all__ = ["written"]

_STEPS = 200


def written(session: Session, page: str) -> str:
    """The page of a session under a name of its own."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    model = session.model
    environment = Environment(
        loader=PackageLoader("sciencegen.ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html").render(
        page=page,
        name=session.name,
        card=session.card,
        facts=_facts(session),
        fields=[_control(field) for field in model.fields.fields],
        filters=model.domain.filters,
        knobs=asdict(model.generator.knobs),
        seen=model.seen is not None,
        example=next(iter(model.domain.usual or model.domain.properties), "name"),
        formats=choices(model.domain),
        most=MOST,
    )


def _facts(session: Session) -> dict[str, str]:
    """What a model is, in a few lines."""
    model, data = session.model, session.model.config.get("data", {})
    trained = f"{data.get('file') or 'data given in memory'}, {data['items']:,} items" if data.get("items") else "none"
    return {
        "recipe": model.recipe,
        "parameters": f"{sum(p.numel() for p in model.generator.parameters()):,}",
        "training data": trained,
        "checkpoint": model.checkpoint[:16],
        "made with": ", ".join(f"{name} {version}" for name, version in model.config.get("versions", {}).items()),
    }


def _control(field: Field) -> dict[str, Any]:
    """What a page needs to know of a condition."""
    if not isinstance(field, Continuous):
        return {"kind": "category", "name": field.name, "levels": field.levels}
    low, high = ends(field)
    step = _round(high - low) if high > low else 1.0
    middle = min(max(round(field.mean / step) * step, low), high)
    shown = {"low": f"{low:g}", "high": f"{high:g}", "step": f"{step:g}", "middle": f"{middle:.6g}"}
    about = {"kind": "number", "name": field.name, "unit": field.unit, "slides": high > low}
    return about | shown | {"ends": (f"{low:.4g}", f"{high:.4g}")}


def _round(span: float) -> float:
    """A round step of which some hundreds make a span."""
    power = 10.0 ** floor(log10(span / _STEPS))
    return next((power * times for times in (1, 2, 5) if span / (power * times) <= _STEPS), power * 10)
