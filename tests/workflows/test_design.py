"""The benchmark of designing sequences."""

from __future__ import annotations

import pytest

from tests.workflows.test_workflows import run


@pytest.mark.slow
def test_every_designed_sequence_is_valid() -> None:
    pytest.importorskip("Bio", reason="needs biopython")
    said = run("benchmarks/design.py", "-n", "60", "--tried", "50").splitlines()
    assert len(said) == 11
    assert all("60 of 60" in line for line in said[1:])
