"""What a scorer is told and how its answers are read."""

from __future__ import annotations

import csv
import io
import json
import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.scorers.contract import CONTRACTS, Answer, Question, Unreadable, unaskable

JSON, CSV = CONTRACTS["json"], CONTRACTS["csv"]
FOUR = tuple(Question(f"k{i}", text) for i, text in enumerate(("CCO", "C,C", "N", "O")))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: not unaskable(text))
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text("abc", min_size=1)
tables = st.lists(st.tuples(texts, values, values), min_size=1, max_size=8, unique_by=lambda row: row[0])


def read(contract: str, out: str) -> list[Answer]:
    return CONTRACTS[contract].answers(FOUR, "smiles", out.encode())


@settings(max_examples=40)
@given(tables)
def test_lines_go_in_and_lists_come_out(table: list[tuple[str, float | str | None, float | str | None]]) -> None:
    questions = [Question(text, text) for text, _, _ in table]
    assert JSON.asked(questions, "smiles").decode().split("\n") == [text for text, _, _ in table] + [""]
    payload = {"a": [a for _, a, _ in table], "b": [b for _, _, b in table]}
    answers = JSON.answers(questions, "smiles", json.dumps({"version": 1, "payload": payload}).encode())
    assert [answer.values for answer in answers] == [{"a": a, "b": b} for _, a, b in table]


@settings(max_examples=40)
@given(tables, st.randoms())
def test_a_table_may_come_back_in_any_order_and_in_part(
    table: list[tuple[str, object, object]], random: object
) -> None:
    questions = [Question(text, text) for text, _, _ in table]
    rows = list(csv.DictReader(io.StringIO(CSV.asked(questions, "smiles").decode(), newline="")))
    assert [row["smiles"] for row in rows] == [question.text for question in questions]
    assert len({row["id"] for row in rows}) == len(rows)
    found = [{**row, "a": table[i][1], "b": table[i][2]} for i, row in enumerate(rows)]
    left_out = found.pop(0)
    random.shuffle(found)  # type: ignore[attr-defined]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["b", "id", "smiles", "a"])
    writer.writeheader()
    writer.writerows(found)
    answers = CSV.answers(questions, "smiles", stream.getvalue().encode())
    assert left_out["id"] == questions[0].id
    assert answers[0].values == {"a": None, "b": None}
    assert [answer.values for answer in answers[1:]] == [{"a": a, "b": b} for _, a, b in table[1:]]


@pytest.mark.parametrize("key", ["0012", "nan", "NA", "1e5", "", "a b", "=1", "K" * 200, "é"])
def test_an_id_is_a_word_to_every_program(key: str) -> None:
    assert Question(key, "CCO").id.isalnum()
    assert Question(key, "CCO").id != Question(f"{key}x", "CCO").id
    assert len(Question(key, "CCO").id) < 80
    assert Question("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "CCO").id == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"


def test_missing_is_none_and_infinity_is_no_number() -> None:
    payload = '{"payload": {"p": [NaN, null, Infinity, 1e999], "q": [true, 2, "", "x"], "r": [-1, 1%s, 0, 0.0]}}'
    answers = read("json", payload % ("0" * 400))
    assert [answer.values["p"] for answer in answers] == [None] * 4
    assert [answer.values["q"] for answer in answers] == [1.0, 2.0, None, "x"]
    assert [answer.values["r"] for answer in answers] == [-1.0, None, 0.0, 0.0]
    assert [answer.infinite for answer in answers] == [(), ("r",), ("p",), ("p",)]
    table = "id,p,q\nk0,nan,NA\nk1,,1_0\nk2,-inf,None\nk3, 2.5 ,N/A\n"
    answers = read("csv", table)
    assert [answer.values["p"] for answer in answers] == [None, None, None, 2.5]
    assert [answer.values["q"] for answer in answers] == [None, "1_0", None, None]
    assert [answer.infinite for answer in answers] == [(), (), ("p",), ()]
    assert not any(isinstance(value, float) and math.isnan(value) for one in answers for value in one.values.values())


@pytest.mark.parametrize("contract", ["json", "csv"])
def test_a_byte_order_mark_is_no_part_of_the_answer(contract: str) -> None:
    out = '\ufeff{"version": 1, "payload": {"p": [1, 1, 1, 1]}}' if contract == "json" else "\ufeffid,p\r\nk0,1\r\n"
    assert read(contract, out)[0].values == {"p": 1.0}


@pytest.mark.parametrize(
    ("contract", "out", "said"),
    [
        ("json", " \n", "gave nothing"),
        ("json", 'Loading\n{"payload": {"p": [1, 2, 3, 4]}}', "not JSON alone: 'Loading"),
        ("json", '{"payload": {"p": [1, 2, 3]}}', "gave 3 results for 4"),
        ("json", '{"payload": {"p": [1]}}', "gave 1 result for 4"),
        ("json", '{"payload": {"p": 1}}', "gave p as '1' where a list was expected"),
        ("json", '{"payload": {"p": [1, 2, [3], 4]}}', "gave a list in p where a number was expected"),
        ("json", '{"payload": {}}', "nothing in it"),
        ("json", '{"payload": {"p": [1], "p": [2]}}', "gave p twice"),
        ("json", '{"version": 2, "payload": {"p": [1, 2, 3, 4]}}', "version 2"),
        ("json", "[1, 2, 3, 4]", 'without "payload"'),
        ("json", "[" * 100_000, "not JSON alone"),
        ("csv", "", "gave nothing"),
        ("csv", "smiles,p\nCCO,1\n", "without the column id"),
        ("csv", "id,smiles\nk0,CCO\n", "without a column of results"),
        ("csv", "id,p,p\nk0,1,2\n", "two columns called p"),
        ("csv", "id,p\nk0,1\nk0,2\n", "the id 'k0' twice"),
        ("csv", "id,p\nk9,1\n", "the id 'k9', which was not asked"),
        ("csv", "id,p\nk0,1\nk1\n", "gave 1 cell for 2 in row 2"),
        ("csv", 'id,p\nk0,"1', "not CSV"),
    ],
)
def test_what_breaks_the_contract_is_named(contract: str, out: str, said: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        read(contract, out)
    assert said in str(wrong.value)


@given(st.sampled_from(["json", "csv"]), st.binary() | st.text().map(str.encode))
def test_no_output_is_more_than_unreadable(contract: str, out: bytes) -> None:
    with suppress(Unreadable):
        assert len(CONTRACTS[contract].answers(FOUR, "smiles", out)) == 4


@pytest.mark.parametrize("text", ["", "  ", "CCO\nC", "C\rC", "CCO\n", "C\u2028C", "\ud800"])
def test_some_texts_can_be_asked_of_nobody(text: str) -> None:
    assert unaskable(text).startswith("has ")
