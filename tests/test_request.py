"""Requests as a person types them."""

from __future__ import annotations

import math

import pytest

from sciencegen.core.condition import Interval
from sciencegen.core.request import parse_where
from sciencegen.errors import RequestError


def test_two_ranges_of_a_name_leave_what_satisfies_both() -> None:
    assert parse_where(["logp>=2", "logp<=3"]) == {"logp": Interval(2.0, 3.0)}
    assert parse_where(["logp=1..4", "logp>=2"]) == {"logp": Interval(2.0, 4.0)}
    assert parse_where(["logp>=2"]) == {"logp": Interval(2.0, math.inf)}


def test_requests_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(RequestError, match="logp cannot be both"):
        parse_where(["logp>=3", "logp<=2"])
    with pytest.raises(RequestError, match="asked for twice"):
        parse_where(["logp=3", "logp=2"])
    with pytest.raises(RequestError, match="asked for twice"):
        parse_where(["logp>=3", "logp=3.5"])
