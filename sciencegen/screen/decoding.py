"""Ways to draw under a constraint, and what they cost: masks alone distort what a model has learned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from sciencegen.core.generator import Constrained, Generator
from sciencegen.errors import RequestError, UnknownName

__all__ = ["DECODINGS", "effective", "knobs_of", "weight"]

DECODINGS: Mapping[str, Mapping[str, float]] = {
    "plain": {"guarded": 0, "keep": 1.0},
    "masked": {"guarded": 1, "keep": 1.0},
    "filtered": {"guarded": 1, "keep": 0.5},
    "weighted": {"guarded": 1, "keep": 1.0},
}
"""By name, the knobs of: syntax alone, and what is no item left out; masks; masks, of which the half is kept that they
took least from; and masks, with weights that undo what they did."""


def knobs_of(generator: Generator, decoding: str) -> Mapping[str, float]:
    """The knobs of a way to draw."""
    if decoding not in DECODINGS:
        raise UnknownName("decoding", decoding, DECODINGS)
    if not isinstance(generator, Constrained) or not generator.constrained:
        raise RequestError(f"decoding {decoding}: nothing that this model draws is masked; leave it out")
    return DECODINGS[decoding]


def weight(removed_logmass: float) -> float:
    """How much a masked draw should count, to be a draw of what the model has learned: from 0 to 1."""
    return math.exp(-removed_logmass)


def effective(weights: Iterable[float]) -> float:
    """How many equally weighted draws these are worth (Kish; 1965)."""
    total = squares = 0.0
    for one in weights:
        total += one
        squares += one * one
    return total * total / squares if squares else 0.0
