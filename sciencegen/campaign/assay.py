"""What the cells of an assay table say: numbers, bounds such as >10, assays that failed, and wells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

__all__ = ["FAILED", "Readout", "Summary", "readout", "summary", "well_name"]

FAILED = (
    *("", "-", "--", "?", ".", "n/a", "na", "n.a.", "nan", "nd", "n.d.", "nt", "n.t.", "none", "null", "missing"),
    *("fail", "failed", "failure", "error", "invalid", "not determined", "not tested", "no fit", "no data"),
    *("inactive", "inactive?", "insoluble", "precipitated", "#n/a", "#value!", "#div/0!", "#ref!", "#num!"),
)
"""What people write where there is no number, in small letters; other words are said to be none."""
_SIGNS = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "≈": "~", "=": ""}
_READOUT = re.compile(r"(<=|>=|=<|=>|<|>|~|≈|≤|≥|=)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_WELL = re.compile(r"([A-Za-z]{1,2})[\s_-]?0*([1-9]\d{0,2})", re.ASCII)


@dataclass(frozen=True)
class Readout:
    """A cell of an assay: a number, perhaps as a bound, or none; `odd` where the cell is neither number nor failure."""

    value: float | None = None
    qualifier: str = ""
    odd: bool = False


def readout(cell: float | str | None, failed: Iterable[str] = ()) -> Readout:
    """What a cell says; a failed assay is missing, never 0.

    >>> readout(">10")
    Readout(value=10.0, qualifier='>', odd=False)
    >>> readout("inactive?")
    Readout(value=None, qualifier='', odd=False)
    """
    if cell is None or isinstance(cell, (int, float)):
        return Readout(float(cell)) if cell is not None and isfinite(cell) else Readout()
    text = cell.strip()
    if text.lower() in FAILED or text.lower() in {word.strip().lower() for word in failed}:
        return Readout()
    match = _READOUT.fullmatch(text)
    if match is None or not isfinite(float(match[2])):
        return Readout(odd=True)
    sign = match[1] or ""
    return Readout(float(match[2]), _SIGNS.get(sign, sign))


@dataclass(frozen=True)
class Summary:
    """The replicates of one number of an item: their mean, their spread and how many there are."""

    mean: float | None
    sd: float | None
    n: int
    qualifier: str = ""
    conflict: bool = False
    """Whether some say the number is above and others that it is below: then there is no mean."""


def summary(readouts: Sequence[Readout]) -> Summary:
    """The mean of replicates.

    A mean of bounds is a bound of the mean, so that replicates of 8 and >10 give >9; their spread is not known.
    """
    known = [one for one in readouts if one.value is not None]
    if not known:
        return Summary(None, None, 0)
    signs = {one.qualifier for one in known if one.qualifier}
    above, below = ({sign for sign in signs if sign.startswith(mark)} for mark in "><")
    if above and below:
        return Summary(None, None, len(known), conflict=True)
    values = [one.value for one in known if one.value is not None]
    mean = sum(values) / len(values)
    if len(values) < 2 or above or below:
        sd = None
    else:
        sd = sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return Summary(mean, sd, len(values), min(above or below or signs, key=len, default=""))  # strict where one is


def well_name(cell: object) -> str:
    """A well as plates are labelled, without padding, or nothing where it is none.

    >>> well_name(" a01 ")
    'A1'
    """
    match = _WELL.fullmatch(str(cell or "").strip())
    return f"{match[1].upper()}{match[2]}" if match else ""
