"""Curves with bands, as pictures."""

from __future__ import annotations

import math
import re

from sciencegen.core.domain import Curve
from sciencegen.report.svg import bands

OURS = Curve([0, 1, 2], [0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.3, 0.4, 0.5])
THEIRS = Curve([0, 1, 2], [0.0, 0.1, 0.2], [0.5, 0.5, 0.5], [1.0, 0.9, 0.8])


def test_the_area_goes_out_along_the_top_and_back_along_the_bottom() -> None:
    plot = bands("S2", OURS, THEIRS)
    (area,) = re.findall(r'<polygon points="([^"]*)"', plot)
    points = [tuple(map(float, one.split(","))) for one in area.split()]
    assert len(points) == 6
    across = [x for x, _ in points]
    assert across == sorted(across[:3]) + sorted(across[3:], reverse=True)
    assert all(top < bottom for (_, top), (_, bottom) in zip(points[:3], points[:2:-1], strict=True))  # down is up
    assert plot.count("<polyline") == 4


def test_what_is_no_number_leaves_a_gap_and_nothing_is_no_picture() -> None:
    odd = Curve([0, 1, 2], [0.1, math.nan, 0.3], [0.2, math.nan, 0.4], [0.3, math.inf, 0.5])
    assert "nan" not in bands("S2", odd, THEIRS)
    assert "inf" not in bands("S2", odd, THEIRS)
    assert bands("S2", Curve([0], [1], [1], [1]), THEIRS) == ""
