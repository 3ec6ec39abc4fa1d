"""Answers that are kept: by whom they were given, whole, and by many at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sciencegen.errors import OutputError
from sciencegen.scorers.contract import Answer
from sciencegen.scorers.remember import Memory
from sciencegen.scorers.scorer import Scorer
from sciencegen.scorers.scoring import scored
from tests.scorers.test_scoring import Pretended, guilty

OWN = Scorer("own", ("own.py",), retries=0)
TEXTS = ["a", "bb", "none", "ccc", "dddd"]


def test_nothing_is_asked_twice_but_crashes(tmp_path: Path) -> None:
    first, second = Pretended(guilty("bb")), Pretended()
    before = list(scored(OWN, TEXTS, TEXTS, tmp_path, ask=first))
    after = list(scored(OWN, TEXTS[::-1], TEXTS[::-1], tmp_path, ask=second))[::-1]
    assert second.runs == [("bb",)]
    assert [a for a, text in zip(after, TEXTS, strict=True) if text != "bb"] == [
        b for b, text in zip(before, TEXTS, strict=True) if text != "bb"
    ]
    assert before[1].reason == "cannot bear bb"
    assert after[1].values == {"pred_own_length": 2.0}
    assert before[2].reason == after[2].reason == "gave no number"


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"command": ("own.py", "-x")}, {"version": "2"}, {"contract": "csv"}]
)
def test_another_scorer_has_a_memory_of_its_own(tmp_path: Path, change: dict[str, str]) -> None:
    list(scored(OWN, TEXTS, TEXTS, tmp_path, ask=Pretended()))
    assert len(Memory(tmp_path, OWN)) == len(TEXTS)
    assert len(Memory(tmp_path, replace(OWN, **change))) == 0  # type: ignore[arg-type]
    assert len(Memory(tmp_path, replace(OWN, batch=7, timeout=1.0, retries=5, memory=2.0))) == len(TEXTS)


def test_what_is_done_is_kept_when_the_rest_is_not(tmp_path: Path) -> None:
    results = scored(replace(OWN, batch=2), TEXTS, TEXTS, tmp_path, ask=Pretended())
    next(results)
    del results
    assert "bb" in Memory(tmp_path, OWN)
    assert len(Memory(tmp_path, OWN)) == 2


def test_any_beginning_of_a_file_is_read_and_written_on(tmp_path: Path) -> None:
    memory = Memory(tmp_path, OWN)
    answers = {"é\n\u2028": Answer({"p": 1.5, "text": "ü"}), "b": Answer({"p": None}, ("p",)), "c": Answer({"p": -0.1})}
    memory.learn(answers.items())
    (file,) = tmp_path.glob("*/*.jsonl")
    whole = file.read_bytes()
    known = []
    for length in range(len(whole) + 1):
        file.write_bytes(whole[:length])
        memory = Memory(tmp_path, OWN)
        known.append(len(memory))
        assert {key: memory[key] for key in answers if key in memory}.items() <= answers.items()
    assert known == sorted(known)
    assert known[-1] == len(answers)
    file.write_bytes(whole[: len(whole) // 2])
    before = Memory(tmp_path, OWN)
    before.learn([("d", Answer({"p": 4.0}))])
    assert Memory(tmp_path, OWN)["d"] == Answer({"p": 4.0})


def test_the_first_answer_stays(tmp_path: Path) -> None:
    memory = Memory(tmp_path, OWN)
    memory.learn([("a", Answer({"p": 1.0}))])
    memory.learn([("a", Answer({"p": 2.0}))])
    assert memory["a"] == Memory(tmp_path, OWN)["a"] == Answer({"p": 1.0})


WRITER = """
import sys
from pathlib import Path
from sciencegen.scorers.contract import Answer
from sciencegen.scorers.remember import Memory
from sciencegen.scorers.scorer import Scorer
memory = Memory(Path(sys.argv[1]), Scorer("own", ("own.py",), retries=0))
for i in range(200):
    memory.learn([(f"{sys.argv[2]}-{i}-{j}", Answer({"p": float(i), "q": "x" * 50})) for j in range(20)])
    print(i, flush=True)
"""


def writer(folder: Path, name: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", WRITER, str(folder), name]
    return subprocess.Popen(line, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)


def test_processes_may_write_at_once_and_be_killed(tmp_path: Path) -> None:
    with writer(tmp_path, "a") as one, writer(tmp_path, "b") as other:
        assert one.stdout is not None
        for line in one.stdout:
            if line == "100\n":
                one.kill()
        other.communicate()
    memory = Memory(tmp_path, OWN)
    assert all(f"b-{i}-{j}" in memory for i in range(200) for j in range(20))
    assert all(f"a-{i}-{j}" in memory for i in range(101) for j in range(20))
    assert memory["a-100-19"] == Answer({"p": 100.0, "q": "x" * 50})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OutputError, match="cannot write"):
        list(scored(OWN, TEXTS, TEXTS, tmp_path / "cache", ask=Pretended()))


def test_no_folder_keeps_nothing() -> None:
    memory = Memory(None, OWN)
    memory.learn([("a", Answer({"p": 1.0}))])
    assert memory["a"] == Answer({"p": 1.0})
    assert len(Memory(None, OWN)) == 0
