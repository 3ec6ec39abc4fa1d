"""Sentences of any language."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.core.domain import Items
from sciencegen.domains.sentences import Language, Ruled, SentenceRules, Sentences
from sciencegen.domains.sentences.likeness import runs
from sciencegen.domains.sentences.parsed import parsed
from sciencegen.domains.sentences.properties import depth
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.fit import Fit
from sciencegen.grammar import Source, StackMachine, compiled

LISTS = """
start: "[" item ("," item)* "]"
item: WORD | NUMBER | start
WORD: /[a-c]{1,2}/
NUMBER: /[1-9][0-9]*/
"""
SPACED = LISTS + "%ignore / +/\n"
GUARDED = '//! forbid bb\nstart: LETTER rest\nrest: -> end\n  | LETTER rest -> more\nLETTER: "a" | "b"\n'


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    path = tmp_path / "lists.lark"
    path.write_text(LISTS)
    return path


@pytest.fixture
def domain(grammar: Path) -> Sentences:
    return Sentences(Language(str(grammar)))


def ruled(text: str, length: int = 0) -> Ruled[str]:
    return Ruled(SentenceRules, lambda: Source("some.lark", text), length)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, min_size=1, max_size=4).map(lambda items: f"[{','.join(items)}]")


items = nested(st.recursive(st.sampled_from(["a", "cb", "17", "9"]), nested, max_leaves=12))


@settings(deadline=None, max_examples=25)
@given(st.lists(items, min_size=1, max_size=8))
def test_sentences_come_back_from_their_rules(sentences: list[str]) -> None:
    longest = parsed(Source("lists.lark", LISTS), sentences).longest
    representation = SentenceRules("lists.lark", LISTS, longest + 12)
    x = representation.encode(sentences)
    assert representation.decode(x) == sentences
    assert representation.accepted(sentences).all()
    grammar = compiled(LISTS)
    for row, sentence in zip(x.tolist(), sentences, strict=True):
        rules = grammar.encode(sentence)
        assert row == rules + [representation.machine.end] * (representation.length - len(rules))


@settings(deadline=None, max_examples=25)
@given(st.lists(items, min_size=1, max_size=6))
def test_parsing_again_gives_what_it_gave(sentences: list[str]) -> None:
    source, grammar = Source("lists.lark", LISTS), compiled(LISTS)
    odd = [*sentences, "[a,", *sentences[::-1]]
    found = parsed(source, odd)
    assert [one != "" for one in found.complaints] == [one == "[a," for one in odd]
    assert all(found[i].tolist() == grammar.encode(one) for i, one in enumerate(odd) if one != "[a,")
    assert len(found[len(sentences)]) == 0


def test_many_sentences_are_parsed_in_processes_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    monkeypatch.setattr("sciencegen.domains.sentences.parsed._MANY", 40)
    source = Source("many.lark", LISTS)
    sentences = [f"[{i}]" for i in range(1, 60)] + ["[x]"]
    first = parsed(source, sentences)
    assert len(list(tmp_path.iterdir())) == 1
    assert first.complaints[-1].startswith("not a sentence of many.lark: column 2")
    grammar = compiled(LISTS)
    assert all(first[i].tolist() == grammar.encode(one) for i, one in enumerate(sentences[:-1]))
    monkeypatch.setattr("sciencegen.domains.sentences.parsed._in_processes", None)
    from sciencegen.domains.sentences.parsed import _known

    _known.cache_clear()
    again = parsed(source, sentences)
    assert again.complaints == first.complaints
    assert all((again[i] == first[i]).all() for i in range(len(sentences)))


def test_more_sentences_than_are_kept_are_parsed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciencegen.domains.sentences.parsed._MOST", 5)
    source, grammar = Source("few.lark", LISTS), compiled(LISTS)
    for some in (range(1, 5), range(3, 7), range(1, 12)):
        sentences = [f"[{i}]" for i in some]
        found = parsed(source, sentences)
        assert all(found[i].tolist() == grammar.encode(one) for i, one in enumerate(sentences))


@settings(deadline=None, max_examples=25)
@given(st.lists(items, min_size=1, max_size=5), st.integers(0, 3), st.integers(200, 400))
def test_rows_are_padded_with_the_end(sentences: list[str], room: int, end: int) -> None:
    found = parsed(Source("lists.lark", LISTS), sentences)
    rows = found.padded(found.longest + room, end)
    assert rows.dtype == (np.uint8 if end < 256 else np.int16)
    assert [row[row != end].tolist() for row in rows] == [found[i].tolist() for i in range(len(found))]


def test_lines_that_are_no_sentences_are_named_and_counted(domain: Sentences, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("[a]\n\n[a,]\n  [b,1] \n\n[x\n[a]\n")
    found = domain.read(tmp_path / "some.txt")
    assert found.items == ["[a]", "[b,1]", "[a]"]
    reading = found.reading
    assert reading is not None
    assert (reading.rows, reading.kept, reading.duplicates) == (5, 3, 1)
    assert reading.dropped == {"not a sentence of lists.lark": 2}
    assert reading.changed == {"had blanks around them": 1, "blank lines passed over": 2}
    assert [(one.row, one.line, one.text) for one in reading.examples] == [(2, 3, "[a,]"), (4, 6, "[x")]
    assert "column 4: ']' cannot stand here" in reading.examples[0].reason
    assert found.places is not None
    assert (list(found.places.rows), list(found.places.lines)) == ([1, 3, 5], [1, 4, 7])


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_tables_have_a_column_of_sentences(domain: Sentences, tmp_path: Path, suffix: str) -> None:
    table = pandas.DataFrame({"heat": [1.5, 2.5, None], "what": ["[a,b]", "[1]", "nothing"], "kind": ["u", "v", "u"]})
    path = tmp_path / f"table.{suffix}"
    if suffix == "parquet":
        table.to_parquet(path)
    elif suffix == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_csv(path, sep="\t" if suffix == "tsv" else ",", index=False)
    found = domain.read(path, ["heat"])
    assert found.items == ["[a,b]", "[1]"]
    assert found.columns == {"heat": [1.5, 2.5], "kind": ["u", "v"]}
    assert found.reading is not None
    assert found.reading.column == "column what"
    assert domain.reading(column="what").read(path).items == found.items
    with pytest.raises(DataError, match="none of the 3 rows holds a sentence"):
        domain.reading(column="kind").read(path)
    with pytest.raises(UnknownName, match="did you mean 'what'"):
        domain.reading(column="wat").read(path)
    with pytest.raises(DataError, match=r"1 of 3 rows hold no sentence: row 3 \(line [34]\): 'nothing'"):
        domain.reading(on_error="stop").read(path)


def test_a_table_may_have_no_names(domain: Sentences, tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text('"[a,b]",1\n[2],3\n')
    assert domain.read(tmp_path / "bare.csv").items == ["[a,b]", "[2]"]


def test_sentences_of_several_lines_are_read_from_cells_and_not_written_as_lines(tmp_path: Path) -> None:
    (tmp_path / "lines.lark").write_text('start: "a" ("\\n" "a")*\n')
    domain = Sentences(Language(str(tmp_path / "lines.lark")))
    (tmp_path / "some.jsonl").write_text("".join(json.dumps({"sentence": one}) + "\n" for one in ("a\na", "a")))
    assert domain.read(tmp_path / "some.jsonl").items == ["a\na", "a"]
    domain.write(["a\na", "a"], tmp_path / "out.csv")
    assert domain.read(tmp_path / "out.csv").items == ["a\na", "a"]
    with pytest.raises(DataError, match=r"sentence 1 has several lines.*write \.csv"):
        domain.write(["a\na"], tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "the file holds no sentences"),
        ("a.txt", "\n \n", "the file holds no sentences"),
        ("a.csv", "sentence\n", "the file has names of columns and no rows"),
        ("a.txt", "x\ny\n", "none of the 2 rows holds a sentence: row 1 (line 1): 'x'"),
        ("a.csv", "p,q\nx,1x\ny,2y\n", "no column holds sentences of lists.lark: the columns are p, q; name it"),
        ("a.sdf", "x", "expected a file ending in .txt, .csv"),
    ],
)
def test_bad_files_are_one_line(domain: Sentences, tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as caught:
        domain.read(tmp_path / name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_grammar_ignores_is_left_away_and_counted(tmp_path: Path) -> None:
    (tmp_path / "spaced.lark").write_text(SPACED)
    domain = Sentences(Language(str(tmp_path / "spaced.lark")))
    (tmp_path / "some.txt").write_text("[a, b]\n[a,b]\n")
    found = domain.read(tmp_path / "some.txt")
    assert found.items == ["[a,b]", "[a,b]"]
    assert found.reading is not None
    assert found.reading.changed == {"had text that the grammar ignores": 1}


def test_depth_counts_what_is_nested_and_not_what_follows() -> None:
    grammar = compiled(LISTS)
    flat, long, deep = ([grammar.encode(one)] for one in ("[a]", "[a,b,a,b,a,b]", "[a,[b,[a]]]"))
    assert depth(grammar, long[0]) <= depth(grammar, flat[0]) + 1
    assert depth(grammar, deep[0]) > depth(grammar, long[0])
    levels = [depth(grammar, grammar.encode("[" * k + "a" + "]" * k)) for k in range(1, 6)]
    assert set(np.diff(levels)) == {levels[1] - levels[0]}


@settings(deadline=None, max_examples=25)
@given(items)
def test_measuring_one_and_measuring_many_agree(sentence: str) -> None:
    domain = Sentences(Language("", Source("lists.lark", LISTS)))
    many = domain.measure([sentence, "[a]"], list(domain.properties))
    for name, property_ in domain.properties.items():
        assert property_.measure(sentence) == many[name][0]
    assert many["length"][0] == len(sentence)
    assert many["rules"][0] == len(compiled(LISTS).encode(sentence))


def test_what_is_no_sentence_has_no_rules(domain: Sentences) -> None:
    assert domain.measure(["nothing"], ["rules", "depth"]) == {"rules": [None], "depth": [None]}
    assert domain.parse("nothing") is None
    assert domain.entry(3, "").complaint == "empty"


def test_a_model_needs_no_file_and_goes_to_other_processes(domain: Sentences, grammar: Path) -> None:
    representation = Ruled(SentenceRules, lambda: domain.language.source).fit(["[a]"])
    grammar.unlink()
    recalled = Sentences(Language("gone.lark")).recalled(representation.state())
    assert recalled.parse("[a,b]") == "[a,b]"
    again = pickle.loads(pickle.dumps(recalled))
    assert again.properties["rules"].measure("[a,b]") == recalled.properties["rules"].measure("[a,b]")
    with pytest.raises(UnknownName, match=r"unknown grammar 'gone\.lark'"):
        Sentences(Language("gone.lark")).parse("[a]")


def test_sets_that_are_alike_are_near_and_the_grammar_alone_stands_beside(domain: Sentences) -> None:
    ours = ["[a,b]", "[b]", "[a,[1]]"] * 10
    same, other = domain.compare(ours, ours), domain.compare(["[999999999999]"], ours)
    assert all(value == pytest.approx(0, abs=1e-9) for name, value in same.items() if "(grammar alone)" not in name)
    for name in ("1-gram divergence", "rule divergence", "length (Wasserstein)", "novelty"):
        assert other[name] > same[name]
        assert same[f"{name} (grammar alone)"] == other[f"{name} (grammar alone)"] > 0


@settings(deadline=None, max_examples=25)
@given(st.lists(items, min_size=1, max_size=6))
def test_likeness_is_the_share_of_runs_in_common(sentences: list[str]) -> None:
    domain = Sentences(Language("", Source("lists.lark", LISTS)))
    found = domain.likeness(sentences)
    for i, a in enumerate(sentences):
        expected = [len(runs(a) & runs(b)) / len(runs(a) | runs(b)) for b in sentences]
        assert found.to(i).tolist() == pytest.approx(expected)


def test_pictures_show_the_text(domain: Sentences, tmp_path: Path) -> None:
    domain.captioned(["[a,b]", "[" + ",".join(["ab"] * 300) + "]"], ["length 5", ""], tmp_path / "some.svg")
    text = (tmp_path / "some.svg").read_text()
    assert "[a,b]" in text
    assert "length 5" in text
    domain.draw(["[a,b]"], tmp_path / "some.png")
    assert (tmp_path / "some.png").read_bytes().startswith(b"\x89PNG")
    assert domain.svg("[a]").startswith("<svg")
    with pytest.raises(RequestError, match=r"expected a picture ending in \.png or \.svg"):
        domain.draw(["[a]"], tmp_path / "some.gif")


def test_equal_sentences_have_one_key(domain: Sentences) -> None:
    assert domain.standard("[a]").key == domain.standard("[a]").key != domain.standard("[b]").key


# representations, and what Fit does with items that have none


def test_items_outside_are_named_by_position() -> None:
    outside = ruled(LISTS).outside(["[a]", "[a", "[b]", ""])
    assert set(outside) == {1, 3}
    assert outside[1].startswith("not a sentence of some.lark: it ends too early")


def test_items_longer_than_the_length_asked_for_are_outside() -> None:
    some = ruled(LISTS, 6)
    outside = some.outside(["[a]", "[a,b,a,b]"])
    (why,) = outside.values()
    assert why.startswith("longer than length=6: it takes ")
    assert some.fit(["[a]"]).length == 6


def test_a_length_shorter_than_the_shortest_sentence_says_the_shortest() -> None:
    shortest = compiled(LISTS).shortest
    with pytest.raises(RequestError, match=f"length=1: the shortest sentence of some.lark takes {shortest} rules"):
        ruled(LISTS, 1).outside(["[a]"])


def test_a_grammar_that_reads_otherwise_than_it_writes_is_refused() -> None:
    with pytest.raises(DataError, match=r"some.lark: \d+ of 1,000 sentences drawn from it are read back"):
        ruled("start: NAME NAME\nNAME: /[a-z]+/\n").fit([])


def test_what_guards_forbid_is_said_to_be_never_drawn() -> None:
    some = ruled(GUARDED)
    items = ["ab", "abb", "bb"]
    representation = some.fit(items)
    assert representation.accepted(items).tolist() == [True, False, False]
    trial, never = some.remarks(representation, items)
    assert trial == "some.lark: 1,000 of 1,000 sentences drawn at random are read back as they were drawn"
    assert never.startswith("2 of 3 items can be learned from but not drawn")


def test_rows_of_all_lengths_are_accepted_as_they_are_one_by_one() -> None:
    source = np.random.default_rng(0)
    items = ["".join(source.choice(["a", "b"], source.integers(1, 9))) for _ in range(60)]
    representation = ruled(GUARDED).fit(items)
    one_by_one = [bool(representation.machine.accepts(representation.encode([item]))[0]) for item in items]
    assert representation.accepted(items).tolist() == one_by_one == ["bb" not in item for item in items]


def test_acceptance_of_many_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path))
    monkeypatch.setattr("sciencegen.domains.sentences.rules._MANY", 3)
    items = ["ab", "abb", "bb", "a"]
    representation = ruled(GUARDED).fit(items)
    first = representation.accepted(items)
    monkeypatch.setattr(StackMachine, "accepts", None)
    assert (representation.accepted(items) == first).all()


def test_fit_leaves_items_outside_out_and_reports_them() -> None:
    from rdkit import RDLogger

    RDLogger.DisableLog("rdApp.*")
    items = ["CCO", "C[SiH3]", "CCN", "CO", "[Pt]"]
    run = Fit("molecules/grammar-vae", items, ask=[], holdout=0.0, width=16, embed=8, latent=2, steps=1)
    (report,) = run.reports
    assert (report.file, report.rows, report.kept) == ("the data", 5, len(run.batches.at(0).x))
    lost = {one.text for one in report.examples}
    assert "[Pt]" in lost
    assert run.config["reading"]["reports"][0]["kept"] == report.kept
    with pytest.raises(DataError, match="the data: none of the 1 rows can be learned: row 1"):
        Fit("molecules/grammar-vae", ["[Pt]"], ask=[], steps=1)


def test_columns_go_with_the_items_that_are_left() -> None:
    data = Items(["ab", "xx", "ba", "aa"], {"heat": [1.0, 2.0, 3.0, 4.0]})
    grammar = str(Path(__file__).parents[1] / "conformance" / "grammars" / "sentences.lark")
    run = Fit("sentences/gru", data, ask=["heat"], holdout=0.0, steps=1, grammar=grammar, width=8, embed=4)
    (field,) = run.config["fields"]
    assert field["mean"] == pytest.approx(8 / 3)
    assert isinstance(run.batches.at(0).x, torch.Tensor)
