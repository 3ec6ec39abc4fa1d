"""The search for an expression: its data hold no answer, its draws are fair, and its arms pay alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import islice, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from sciencegen.domains.expressions import Target
from sciencegen.errors import DataError, RequestError
from sciencegen.grammar import StackMachine, compiled, source_of
from tests.workflows.test_workflows import ROOT

FOLDER = ROOT / "workflows" / "expressions"
NAMES = ("sentences", "latent", "surrogate", "arms", "data", "search", "judge")


@pytest.fixture(scope="module")
def parts() -> Any:
    """The modules of the workflow, as its scripts see them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        import arms
        import data
        import search
        import sentences
        import surrogate

        yield SimpleNamespace(arms=arms, data=data, search=search, sentences=sentences, surrogate=surrogate)
        for name in NAMES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def grammar() -> Any:
    source = source_of("expression")
    return compiled(source.text, source.name)


def test_sentences_are_counted_as_they_are(parts: Any, grammar: Any) -> None:
    words = {part for rule in grammar.rules for part in rule.right if isinstance(part, str)}
    found = Counter[int]()
    for text in {"".join(some) for count in (1, 2, 3) for some in product(words, repeat=count)}:
        try:
            found[len(grammar.encode(text))] += 1
        except DataError:
            continue
    counts = parts.sentences.Uniform(grammar, 4).counts
    assert sum(counts) > 50
    assert counts == [found[rules] for rules in range(5)]


def test_every_sentence_is_as_probable_as_any_other(parts: Any) -> None:
    grammar = compiled('start: "a" start | "b"\n', "ab.lark")
    uniform = parts.sentences.Uniform(grammar, 5)
    assert uniform.counts == [0, 1, 1, 1, 1, 1]
    found = Counter(islice(uniform.draws(0), 5000))
    assert set(found) == {"b", "ab", "aab", "aaab", "aaaab"}
    assert sum((count - 1000) ** 2 / 1000 for count in found.values()) < 20  # chi-squared, 4 degrees of freedom
    assert list(islice(uniform.draws(0), 9)) == list(islice(uniform.draws(0), 9))


def test_the_data_hold_neither_the_answer_nor_anything_twice(parts: Any) -> None:
    target, tally = Target(), parts.data.Tally()
    draws = iter(["x", "1/3+x+sin(x*x)", "x+3", "x+3", "1/3+(x)+sin(x*x)", "exp(x)", "x*3"])
    assert list(parts.data.drawn_apart(draws, 3, target, 1.0, tally)) == ["x+3", "exp(x)", "x*3"]
    assert (tally.drawn, tally.again, tally.below) == (7, 1, 3)
    assert tally.best == pytest.approx(target.error(target.values("x+3")))


def test_too_few_sentences_are_said_rather_than_waited_for(parts: Any) -> None:
    with pytest.raises(RequestError, match="found 1 of 5: allow more rules"):
        list(parts.data.drawn_apart(iter(["x+3"] * 10_000), 5, Target(), 1.0, parts.data.Tally()))


def test_an_expression_is_paid_for_once(parts: Any) -> None:
    ledger = parts.arms.Ledger(Target(), 2)
    first = ledger.score("x")
    assert ledger.score("x") == first
    assert not ledger.spent
    assert ledger.score("exp(x)") is not None
    assert ledger.spent
    assert ledger.score("x*x") is None
    assert ledger.score("x") == first
    assert ledger.best(2)[0] == (first, "x")


def test_random_arms_spend_what_they_have_and_no_more(parts: Any, grammar: Any) -> None:
    for arm in (parts.arms.Masked(StackMachine(grammar, 8)), parts.arms.Sentences(parts.sentences.Uniform(grammar, 8))):
        ledgers = [parts.arms.searched(arm, parts.arms.Ledger(Target(points=20), 40), seed) for seed in (0, 0, 1)]
        assert [len(one.scores) for one in ledgers] == [40, 40, 40]
        assert ledgers[0].scores == ledgers[1].scores != ledgers[2].scores


class FakeCodes:
    """A latent space of one number, read as `x` plus that many."""

    def spellings(self, z: torch.Tensor, times: int, seed: int) -> list[list[str]]:
        return [[f"x+{abs(value):.3f}"] for value in z[:, 0].tolist()]


def test_the_search_finds_the_best_of_a_space_that_is_smooth(parts: Any) -> None:
    pytest.importorskip("sklearn", reason="the search needs scikit-learn, the extra `workflows`")
    target = Target("x+1.5", points=20)
    z = torch.linspace(-0.9, 0.9, 40)[:, None]
    y = np.array([target.error(target.values(text)) for (text,) in FakeCodes().spellings(z, 1, 0)])
    arm = parts.arms.Surrogated(FakeCodes(), parts.arms.Start(z, y), batch=10, times=1)
    ledger = parts.arms.searched(arm, parts.arms.Ledger(target, 30), 0)
    assert len(ledger.scores) == 30
    assert ledger.best()[0][0] < 0.01 < y.min()


def test_the_improvement_expected_is_what_draws_of_the_process_give(parts: Any) -> None:
    pytest.importorskip("sklearn", reason="the search needs scikit-learn, the extra `workflows`")
    random = np.random.default_rng(0)
    z = random.normal(size=(30, 2))
    surrogate = parts.surrogate.Surrogate(z, np.sin(z[:, 0]) + 0.1 * random.normal(size=30))
    asked, best = random.normal(size=(4, 2)), 0.0
    mean, std = surrogate._process.predict(asked, return_std=True)
    drawn = mean + std * random.normal(size=(200_000, 4))
    assert surrogate.improvement(asked, best) == pytest.approx(np.maximum(best - drawn, 0).mean(0), rel=0.03, abs=1e-3)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
def test_the_workflow_runs_from_data_to_table(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the search needs scikit-learn, the extra `workflows`")
    from sciencegen.fit import Fit

    for name, seed in (("train.csv", "0"), ("held.csv", "1")):
        made = run("data.py", "-o", str(tmp_path / name), "--items", "300", "--rules", "9", "--seed", seed)
        assert made.returncode == 0, made.stderr
    assert json.loads((tmp_path / "train.json").read_text())["kept"] == 300
    small = {"width": 16, "embed": 8, "code": 16, "latent": 3, "context": 8, "steps": 30, "batch": 32}
    for _ in Fit(
        *("expressions/grammar-vae", tmp_path / "train.csv"),
        **{"out": tmp_path / "run", "ask": ["error"], "conditioned": False, "regress": 1.0, **small},
    ):
        pass
    data = ("--train", str(tmp_path / "train.csv"))
    judged = run("judge.py", str(tmp_path / "run"), *data, "--held", str(tmp_path / "held.csv"), "--draws", "50")
    assert judged.returncode == 0, judged.stderr
    assert "100.0% valid" in judged.stdout
    few = ("--seeds", "1", "--rounds", "2", "--batch", "5", "--times", "3", "--know", "40")
    found = run("search.py", str(tmp_path / "run"), *data, *few, "-o", str(tmp_path / "search.json"))
    assert found.returncode == 0, found.stderr
    rows = [line for line in found.stdout.splitlines() if line.startswith("| ")]
    assert sum("| 10 |" in row for row in rows) == 5
    assert sum("| 30 |" in row for row in rows) == 1
    assert len(json.loads((tmp_path / "search.json").read_text())["runs"]) == 6


@pytest.mark.slow
def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    for arguments in (("--rules", "1"), ("--target", "x+"), ("--grammar", "expresion")):
        made = run("data.py", "-o", str(tmp_path / "a.csv"), "--items", "5", *arguments)
        assert (made.returncode, made.stderr.count("\n")) == (1, 1), made.stderr
        assert made.stderr.startswith("error: ")
