"""What is said of scorers that work, and of those that do not, before a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sciencegen.errors import RequestError
from sciencegen.scorers.check import NONSENSE, Finding, check
from sciencegen.scorers.scorer import Scorer

TEXTS = [f"{'C' * n}O" for n in range(12)]
START = (
    "import json, sys\ntexts = sys.stdin.read().split('\\n')[:-1]\n"
    "fine = [t for t in texts if t[0] == 'C' or t == 'O']\n"
)
CSV = "import csv, sys\nprint('id,n')\nfor row in csv.DictReader(sys.stdin):\n    print(row['id'], {}, sep=',')\n"
LENGTH = "len(t) if t[0] in 'CO' else None"


def tried(code: str, folder: Path, texts: list[str] = TEXTS, contract: str = "json", **options: float) -> list[Finding]:
    (folder / "own.py").write_text(code if contract == "csv" else START + code)
    command = (sys.executable, "-I", "-S", "own.py")
    return list(check(Scorer("own", command, contract, folder=folder, **options), texts))  # type: ignore[arg-type]


def payload(value: str) -> str:
    return f"print(json.dumps({{'version': 1, 'payload': {{'n': [{value} for i, t in enumerate(texts)]}}}}))\n"


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.verdict for finding in findings if finding.verdict != "ok"}


def test_a_scorer_without_fault_has_none(tmp_path: Path) -> None:
    findings = tried(payload(LENGTH), tmp_path)
    assert verdicts(findings) == {}
    assert [finding.what for finding in findings] == [
        "starts",
        "answers 1 item",
        "answers 3 items",
        "answers 10 items",
        "column n",
        "same answers when asked again",
        "same answers in another order and in another batch",
        "empty input",
        "a text that is no item",
        "time",
    ]
    assert str(findings[4]) == "ok      column n: 1 to 10, 0 of 10 missing"


def test_a_table_scorer_without_fault_has_none(tmp_path: Path) -> None:
    code = CSV.format("len(row['text']) if row['text'][0] in 'CO' else ''")
    assert verdicts(tried(code, tmp_path, contract="csv")) == {}


@pytest.mark.parametrize(
    ("code", "what", "verdict", "said"),
    [
        ("sys.exit('no licence')", "starts", "wrong", "ended with exit code 1: no licence"),
        ("import time; time.sleep(100)", "starts", "wrong", "timed out after 5 s: a longer --timeout"),
        ("pass", "answers 1 item", "wrong", "gave nothing; print the answer"),
        ("print('hello')\n" + payload("1"), "answers 1 item", "wrong", "messages to standard error"),
        ("texts = texts[:2]\n" + payload("1"), "answers 3 items", "wrong", "gave 2 results for 3; give one value"),
        (payload("[i]"), "answers 1 item", "wrong", "give numbers, text, or null"),
        (payload("str(len(t))"), "column n", "wrong", "gave the text '1': give numbers without quotes"),
        (payload("'failed' if i == 2 else i"), "column n", "wrong", "gave numbers and text ('failed')"),
        (payload("float('inf') if i == 2 else i"), "column n", "warning", "infinity for 1 of 10"),
        (payload("0"), "column n", "warning", "gave 0 for every item"),
        (payload("None"), "gives something", "wrong", "nothing at all for any of 10 items"),
        ("import os\n" + payload("os.getpid()"), "same answers when asked again", "warning", "random seed"),
        (payload("i"), "same answers in another order and in another batch", "wrong", "its item alone"),
        ("len(texts) or 1 / 0\n" + payload(LENGTH), "empty input", "warning", "ZeroDivisionError"),
        (payload("len(t)"), "a text that is no item", "warning", "has n = 17.0: give null"),
        (
            "assert fine == texts\n" + payload("len(t)"),
            "a text that is no item",
            "warning",
            "whole batch had no answer",
        ),
        (
            "import time; time.sleep(0.1 * len(texts))\n" + payload(LENGTH),
            *("time", "warning", "of 5 s allowed: make batches smaller"),
        ),
    ],
)
def test_every_fault_is_told_with_what_to_do(code: str, what: str, verdict: str, said: str, tmp_path: Path) -> None:
    findings = tried(code, tmp_path, timeout=5.0)
    (finding,) = [finding for finding in findings if finding.what == what]
    assert finding.verdict == verdict
    assert said in finding.said
    assert "\n" not in str(finding)


def test_an_item_that_shifts_the_answers_of_others_is_a_fault(tmp_path: Path) -> None:
    code = "texts = fine + ['C'] * (len(texts) - len(fine))\n" + payload("len(t)")
    assert verdicts(tried(code, tmp_path)) == {"a text that is no item": "wrong"}


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    (finding,) = check(Scorer("own", ("./own.py",), folder=tmp_path), TEXTS)
    assert (finding.verdict, finding.what) == ("wrong", "starts")
    assert "cannot start ./own.py: No such file" in finding.said


def test_few_items_will_do_and_none_will_not(tmp_path: Path) -> None:
    assert [f.what for f in tried(payload(LENGTH), tmp_path, ["C"])][1:3] == ["answers 1 item", "column n"]
    assert [f.what for f in tried(payload(LENGTH), tmp_path, ["C", "CC"])][1:3] == ["answers 1 item", "answers 2 items"]
    with pytest.raises(RequestError, match="nothing to try it on"):
        tried(payload(LENGTH), tmp_path, [])


def test_nonsense_is_no_molecule() -> None:
    from sciencegen.recipes import domain_of

    assert domain_of("molecules").parse(NONSENSE) is None
