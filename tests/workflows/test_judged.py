"""The judge of what only a laboratory can measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from sciencegen.core.domain import Candidate
from workflows.benchmarks.judged import Judge, Judged, features, judged

pytest.importorskip("sklearn", reason="the judge needs scikit-learn, the extra `workflows`")


def _sequences(n: int, seed: int) -> list[str]:
    source = np.random.default_rng(seed)
    return ["".join(source.choice(list("ACDE"), size=source.integers(8, 16))) for _ in range(n)]


@dataclass
class Echo:
    """A model that draws sequences which end as they were asked to, and now and then none."""

    def answers(self, columns: dict[str, Sequence[str]], seed: int) -> Iterator[Candidate[str] | None]:
        for i, value in enumerate(columns["last"]):
            text = f"{_sequences(1, seed + i)[0]}{value}"
            yield Candidate(text, text) if i % 10 else None


def test_features_tell_lengths_letters_pairs_and_ends() -> None:
    one, other, longer = features(["ACA", "AAC", "ACAACA"], "AC")
    assert one[0] == 3
    assert one[1:3].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert one[3:7].tolist() == pytest.approx([0, 0.5, 0.5, 0])  # AA AC CA CC
    assert (one[1:3] == other[1:3]).all()
    assert (one != other).any()
    assert one[-60:-57].tolist() == [0, 1, 0]  # from the end
    assert len(one) == len(longer)


def test_a_judge_learns_where_letters_stand_and_draws_are_judged_beside_shuffled_ones() -> None:
    data = _sequences(400, 1)
    judge = Judge.of(data, [text[-1] for text in data])
    assert len(judge.unseen) == 80
    unseen, random_order, draws = judged(Echo(), judge, "last", 100)  # type: ignore[arg-type]
    assert np.mean(list(unseen.figures.values())) > 0.85
    assert np.mean(list(random_order.figures.values())) < 0.6
    assert np.mean(list(draws.figures.values())) > 0.85
    assert draws.name == "draws (90 of 100 valid)"


def test_numbers_are_judged_by_their_errors() -> None:
    figures = Judged("some", np.array([0.0, 2.0]), np.array([1.0, 2.0])).figures
    assert figures == {"MAE": 0.5, "R2": 0.5}
