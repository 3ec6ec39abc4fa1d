"""Numbers for every item, or the reason why there is none, whatever a scorer does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.errors import RequestError, ScorerFailed, UnknownName
from sciencegen.scorers.contract import Answer, Question
from sciencegen.scorers.program import Ran
from sciencegen.scorers.scorer import Asked, Scorer
from sciencegen.scorers.scoring import Scored, scored

HOSTILE = (sys.executable, "-I", "-S", str(Path(__file__).with_name("hostile.py")))
Rule = Callable[[tuple[Question, ...]], str]


def hostile(**options: object) -> Scorer:
    return Scorer("own", HOSTILE, **({"timeout": 60.0, "retries": 0} | options))  # type: ignore[arg-type]


def lengths(texts: list[str], **wrong: str) -> list[Scored]:
    """The right answers, but for the texts that have a reason."""
    return [
        Scored({}, wrong[text.partition(":")[0]])
        if text.partition(":")[0] in wrong
        else Scored({"pred_own_length": float(len(text))})
        for text in texts
    ]


class Pretended:
    """A scorer in this process: gives lengths, unless a rule says why not."""

    def __init__(self, rule: Rule = lambda questions: "") -> None:
        self.rule = rule
        self.runs: list[tuple[str, ...]] = []

    def __call__(self, questions: tuple[Question, ...]) -> Asked:
        self.runs.append(tuple(question.text for question in questions))
        reason = self.rule(questions)
        ran = Ran(b"", "one line\nand another\n", 1, reason, 0.1)
        return Asked((), reason, ran) if reason else Asked(tuple(map(_length, questions)), "", ran)


def _length(question: Question) -> Answer:
    if question.text.startswith("none"):
        return Answer({"length": None})
    return Answer({"length": float(len(question.text))})


def guilty(*texts: str) -> Rule:
    return lambda questions: next((f"cannot bear {q.text}" for q in questions if q.text in texts), "")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("segfault", "crashed its process, by SIGSEGV"),
        ("exit:12", "ended with exit code 1: licence 12 not found"),
        ("nothing", "gave nothing"),
        (
            "garbage",
            'gave something that is not JSON alone: \'Loading the model {"version": 1, "payload": {"length": [7]}}\'',
        ),
        ("short", "gave 0 results for 1"),
        ("huge", "wrote more than 64 MB"),
        ("wrong", "gave a list in length where a number was expected"),
        ("memory", "ended with exit code 1: MemoryError"),
    ],
)
def test_the_guilty_item_is_marked_and_the_others_go_on(act: str, reason: str) -> None:
    texts = ["a", "bb", act, "ccc", "dddd", "eeeee"]
    results = list(scored(hostile(batch=6, memory=2.0), texts, texts))
    assert results == lengths(texts, **{act.partition(":")[0]: reason})


@pytest.mark.parametrize("act", ["hang", "stubborn"])
def test_an_item_that_hangs_is_timed_out(act: str) -> None:
    texts = ["a", act, "bb"]
    results = list(scored(hostile(timeout=1.5), texts, texts))
    assert results == lengths(texts, **{act: "timed out after 1.5 s"})


def test_missing_stays_missing() -> None:
    texts = ["a", "nan", "null", "infinite", "words"]
    missing = {"pred_own_length": None}
    assert list(scored(hostile(), texts, texts)) == [
        Scored({"pred_own_length": 1.0}),
        Scored(missing, "gave no number"),
        Scored(missing, "gave no number"),
        Scored(missing, "gave infinity", ("pred_own_length",)),
        Scored({"pred_own_length": "two words"}),
    ]


def test_slow_starts_noise_and_children_are_no_fault(tmp_path: Path) -> None:
    texts = ["noise", "slow", f"child:{tmp_path / 'pid'}"]
    assert list(scored(hostile(), texts, texts)) == lengths(texts)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_table_scorer_is_asked_by_ids(tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(
        "import csv, sys\nrows = list(csv.DictReader(sys.stdin))\nout = csv.writer(sys.stdout)\n"
        "out.writerow(['size', 'id', 'first'])\n"
        "for row in reversed(rows):\n    if row['smiles'] != 'N':\n"
        "        out.writerow([len(row['smiles']), row['id'], row['smiles'][0]])\n"
    )
    scorer = Scorer("t", (sys.executable, "own.py"), "csv", folder=tmp_path, column="smiles")
    assert list(scored(scorer, ["CCO", "N", "OC,"], ["A-B", "1", "nan"])) == [
        Scored({"pred_t_size": 3.0, "pred_t_first": "C"}),
        Scored({"pred_t_size": None, "pred_t_first": None}, "gave no number"),
        Scored({"pred_t_size": 3.0, "pred_t_first": "O"}),
    ]


words = st.text("abc", min_size=1, max_size=4)


@given(st.lists(words, max_size=40), st.sets(words), st.integers(1, 50), st.integers(1, 50), st.integers(0, 2))
def test_any_split_in_batches_gives_the_same_table(
    texts: list[str], bad: set[str], one: int, other: int, retries: int
) -> None:
    texts = ["good", *texts]  # one that works shows that the scorer does
    tables = [
        list(scored(hostile(batch=batch, retries=retries), texts, texts, ask=Pretended(guilty(*bad - {"good"}))))
        for batch in (one, other)
    ]
    assert tables[0] == tables[1]
    assert tables[0] == lengths(texts, **{text: f"cannot bear {text}" for text in bad - {"good"}})


@given(st.lists(st.sampled_from(["a", "bb", "none1", "", "x\ny"]), max_size=12), st.integers(1, 5))
def test_equal_keys_are_asked_about_once(texts: list[str], batch: int) -> None:
    ask = Pretended()
    results = list(scored(hostile(batch=batch), texts, texts, ask=ask))
    asked = [text for run in ask.runs for text in run]
    assert asked == list(dict.fromkeys(text for text in texts if text not in ("", "x\ny")))
    assert [bool(result.reason) for result in results] == [text not in ("a", "bb") for text in texts]


def test_results_come_as_batches_are_done() -> None:
    ask = Pretended()
    results = scored(hostile(batch=2), list("abcdef"), list("abcdef"), ask=ask)
    assert ask.runs == []
    next(results)
    next(results)
    assert ask.runs == [("a", "b")]
    next(results)
    assert ask.runs == [("a", "b"), ("c", "d")]


def test_what_fails_for_once_is_tried_again() -> None:
    def moody(questions: tuple[Question, ...]) -> str:
        return "out of luck" if len(ask.runs) % 2 else ""

    ask = Pretended(moody)
    texts = [f"t{i}" for i in range(20)]
    results = list(scored(hostile(batch=10, retries=1), texts, texts, ask=ask))
    assert results == lengths(texts)
    assert len(ask.runs) == 4


@pytest.mark.parametrize("batch", [1, 3, 100, 10_000])
def test_a_broken_scorer_is_found_out_soon(batch: int) -> None:
    ask = Pretended(lambda questions: "out of order")
    texts = [f"t{i}" for i in range(20_000)]
    with pytest.raises(ScorerFailed) as failed:
        list(scored(hostile(batch=batch, retries=1), texts, texts, ask=ask))
    assert len(ask.runs) <= 6
    said = str(failed.value)
    assert said.startswith(f"scorer own: {hostile().said} fails on everything: out of order (exit code 1)")
    assert said.endswith("it said: one line | and another")
    assert failed.value.exit_code == 5


def test_a_scorer_that_breaks_on_the_way_is_found_out() -> None:
    ask = Pretended(lambda questions: "disk full" if len(ask.runs) > 5 else "")
    texts = [f"t{i}" for i in range(1000)]
    results = scored(hostile(batch=10, retries=1), texts, texts, ask=ask)
    assert [next(results) for _ in range(50)] == lengths(texts[:50])
    with pytest.raises(ScorerFailed, match="answers nothing any more: disk full"):
        next(results)
    assert len(ask.runs) < 25


def test_a_series_of_bad_items_is_not_taken_for_a_broken_scorer() -> None:
    texts = [f"t{i}" for i in range(100)]
    bad = {text: f"cannot bear {text}" for text in texts[7:60]}
    results = list(scored(hostile(batch=10), texts, texts, ask=Pretended(guilty(*bad))))
    assert results == lengths(texts, **bad)


def test_one_bad_item_costs_few_runs() -> None:
    texts = [f"t{i}" for i in range(1000)]
    ask = Pretended(guilty("t537"))
    list(scored(hostile(batch=100), texts, texts, ask=ask))
    failing = [run for run in ask.runs if "t537" in run]
    assert len(failing) <= 6
    assert len(ask.runs) <= 10 + 20


def test_a_scorer_that_does_not_start_stops_everything() -> None:
    scorer = Scorer("own", ("nowhere-at-all",))
    with pytest.raises(ScorerFailed, match="cannot start nowhere-at-all"):
        list(scored(scorer, ["a"], ["a"]))


def test_a_failing_scorer_is_quoted() -> None:
    texts = ["exit:1", "exit:2", "exit:3"]
    with pytest.raises(ScorerFailed, match=r"licence \d not found; it said: cannot bear it \| licence \d not found$"):
        list(scored(hostile(), texts, texts))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "a b"}, "expected a name"),
        ({"command": ()}, "expected a command"),
        ({"command": ("a", "\0")}, "null character"),
        ({"batch": 0}, "batch = 0"),
        ({"timeout": float("nan")}, "timeout = nan"),
        ({"retries": -1}, "retries = -1"),
        ({"memory": -1.0}, "memory = -1.0"),
    ],
)
def test_odd_settings_are_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        Scorer(**({"name": "own", "command": ("true",)} | wrong))  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="did you mean 'json'"):
        Scorer("own", ("true",), "jsn")
