"""Sequences for tests, drawn at random."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from sciencegen.domains.sequences.kinds import KINDS

RESIDUES = KINDS["protein"].letters

dna = st.text("ACGT", min_size=2, max_size=120)
proteins = st.text(RESIDUES, min_size=1, max_size=60)


def some(letters: str, n: int, longest: int, seed: int = 0) -> list[str]:
    """As many sequences of these letters."""
    source = random.Random(seed)
    return ["".join(source.choice(letters) for _ in range(source.randint(3, longest))) for _ in range(n)]
