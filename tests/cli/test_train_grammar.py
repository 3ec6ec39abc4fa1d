"""`sciencegen train` with a grammar that was never seen before."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from sciencegen.grammar import compiled
from tests.cli.conftest import Command

LISTS = """
start: "[" item ("," item)* "]"
item: WORD | start
WORD: "a" | "b" | "cc"
"""
SMALL = {"width": 16, "embed": 8, "latent": 4, "code": 16, "context": 8, "batch": 32, "steps": 2}
QUICK = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
GRU = [part for name in SMALL.keys() - {"latent", "code"} for part in ("--set", f"{name}={SMALL[name]}")]


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    path = tmp_path / "lists.lark"
    path.write_text(LISTS)
    return path


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """A file of lists, with a line that is none."""
    source = random.Random(0)

    def made(level: int) -> str:
        def item() -> str:
            return made(level + 1) if source.random() < 0.2 and level < 3 else source.choice(["a", "b", "cc"])

        return f"[{','.join(item() for _ in range(source.randint(1, 4)))}]"

    lines = [made(0) for _ in range(80)]
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join([*lines[:40], "[a,,b]", "", *lines[40:]]) + "\n")
    return path


def config(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "config.json").read_text())
    return found


def test_a_grammar_never_seen_is_trained_and_needed_no_more(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path
) -> None:
    run, draws = tmp_path / "run", tmp_path / "draws.csv"
    done = sciencegen("train", "grammar-vae", "--grammar", grammar, "--data", sentences, "-o", run, *QUICK)
    assert done.code == 0
    assert "80 of 81 rows read" in done.err
    assert "left out 1: 1 not a sentence of lists.lark" in done.err
    assert "row 41 (line 41): '[a,,b]': not a sentence of lists.lark: column 4: ',b]' cannot stand here" in done.err
    assert "1 blank lines passed over" in done.err
    assert "1,000 of 1,000 sentences drawn at random are read back as they were drawn" in done.err
    assert config(run)["recipe"] == "sentences/grammar-vae"
    grammar.unlink()
    assert sciencegen("generate", run, "-n", 25, "-o", draws, "--repeats").code == 0
    language = compiled(LISTS)
    header, *rows = draws.read_text().splitlines()
    assert header.startswith("sentence,length,rules,depth")
    assert len(rows) == 25
    drawn = sciencegen("convert", draws, "-", "--to", "txt", "--domain", run).out.splitlines()
    assert len(drawn) == 25
    assert all(language.encode(one) for one in drawn)
    assert "lists.lark" in sciencegen("info", run).out
    judged = sciencegen("evaluate", run, "--data", sentences, "-n", 20, "--draws", 2)
    numbers = json.loads(judged.out)
    assert numbers["samples"]["invalid"] == 0
    assert numbers["items"] == 80
    assert numbers["distance"]["rule divergence (grammar alone)"] > 0


def test_a_shipped_grammar_is_called_by_name(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("sentence,heat\n" + "x*x,1\nx+1,2\nsin(x),3\n1/x,4\n" * 5)
    arguments = ["--grammar", "expression", "--data", tmp_path / "some.csv", "-o", tmp_path / "run", "--ask", "heat"]
    done = sciencegen("train", "gru", *arguments, *GRU)
    assert done.code == 0
    assert "may be asked for: heat" in done.err
    done = sciencegen("generate", tmp_path / "run", "-n", 5, "--repeats", "--where", "heat=2")
    assert done.code == 0
    assert done.out.count("\n") == 6


def test_a_run_is_taken_up_with_the_text_it_keeps(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    common = ["train", "gru", "--data", sentences, "-o", run]
    assert sciencegen(*common, "--grammar", grammar, *GRU).code == 0
    before = config(run)["representation"]
    grammar.write_text('start: "x"+\n')
    done = sciencegen(*common, "--grammar", grammar, "--resume", *GRU, "--set", "epochs=0")
    assert "lists.lark has changed: the model goes on with the lists.lark it was made with" in done.err
    grammar.unlink()
    more = [part if part != "steps=2" else "steps=4" for part in GRU]
    done = sciencegen(*common, "--resume", *more)
    assert done.code == 0
    assert "the file of the grammar cannot be read any more: the model goes on with the lists.lark" in done.err
    assert "goes on at step 2 of 4" in done.err
    assert config(run)["representation"] == before
    said = sciencegen(*common, "--resume", "--grammar", "expression", *more).complaint
    assert "grammar=expression: the run began with" in said


def test_a_model_is_begun_with_and_keeps_its_grammar(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path
) -> None:
    common = ["train", "gru", "--data", sentences]
    assert sciencegen(*common, "--grammar", grammar, "-o", tmp_path / "run", *GRU).code == 0
    grammar.unlink()
    done = sciencegen(*common, "--from", tmp_path / "run", "-o", tmp_path / "two", *GRU)
    assert done.code == 0
    assert "the model goes on with the lists.lark it was made with" in done.err
    assert config(tmp_path / "two")["representation"] == config(tmp_path / "run")["representation"]
    started = [*common, "--from", tmp_path / "run", "-o", tmp_path / "three"]
    said = sciencegen(*started, "--grammar", "expression", *GRU).complaint
    assert "grammar=expression.lark: the model to go on with was made with lists.lark; begin a new one" in said


def test_sentences_outside_may_be_refused(sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path) -> None:
    arguments = ["train", "gru", "--grammar", grammar, "--data", sentences, "-o", tmp_path / "run", *GRU]
    said = sciencegen(*arguments, "--on-error", "stop").refusal
    assert "1 of 81 rows hold no sentence: row 41 (line 41): '[a,,b]'" in said
    assert not (tmp_path / "run").exists()


def test_molecules_outside_a_grammar_are_reported_with_their_rows(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "some.smi"
    path.write_text("CCO\nCCN\n\nnothing\nC[Pt]C\nCO\nCCC\n")
    common = ["train", "molecules/grammar-vae", "--data", path, "-o", tmp_path / "run", "--ask", "none", *QUICK]
    done = sciencegen(*common, "--dry-run")
    assert done.code == 0
    assert "4 of 6 rows read" in done.err
    assert "left out 2: 1 not a molecule (syntax), 1 not a sentence of kekule_smiles.lark" in done.err
    assert "row 4 (line 5): '[CH3][Pt][CH3]': not a sentence of kekule_smiles.lark: column 1" in done.err
    path.write_text(path.read_text().replace("nothing\n", ""))
    said = sciencegen(*common, "--on-error", "stop").refusal
    assert "1 of 5 rows cannot be learned: row 3 (line 4): '[CH3][Pt][CH3]': not a sentence of" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('start: "a" (\n', "line 1 column 13"),
        ('start: "a" )\n', "lists.lark, line 1, column 12:"),
        ('start: a b\na: "x"?\nb: "x"?\n', "one token of lookahead"),
        ('start: "a"\nlost: "b"\n', "lists.lark: lost cannot be reached from start"),
        ("start: A\nA: /[^a]/\n", "the terminal A"),
        ('start: "a" start\n', "start can never end"),
        ("start: NAME NAME\nNAME: /[a-z]+/\n", "none of the"),
    ],
)
def test_a_bad_grammar_is_one_line(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path, text: str, said: str
) -> None:
    grammar.write_text(text)
    arguments = ["--grammar", grammar, "--data", sentences, "-o", tmp_path / "run"]
    assert said in sciencegen("train", "grammar-vae", *arguments, *QUICK).refusal
    assert not (tmp_path / "run").exists()


def test_a_grammar_whose_trial_fails_is_refused(sciencegen: Command, grammar: Path, tmp_path: Path) -> None:
    grammar.write_text('start: X+\nX: "a" | "b" | "ab"\n')
    (tmp_path / "some.txt").write_text("a\nb\nab\nba\n")
    arguments = ["--grammar", grammar, "--data", tmp_path / "some.txt", "-o", tmp_path / "run"]
    said = sciencegen("train", "gru", *arguments, *GRU).refusal
    assert "of 1,000 sentences drawn from it are read back as they were drawn" in said


def test_a_length_that_is_too_short_says_the_shortest(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path
) -> None:
    arguments = ["train", "gru", "--grammar", grammar, "--data", sentences, "-o", tmp_path / "run", *GRU]
    said = sciencegen(*arguments, "--set", "length=1").refusal
    assert "length=1: the shortest sentence of lists.lark takes" in said
    done = sciencegen(*arguments, "--set", "length=5", "--dry-run")
    assert "longer than length=5" in done.err


@pytest.mark.parametrize(("text", "code"), [("[a]\n[a,,b]\n[b]\n", 0), ("x\ny\n", 2), ("", 2)])
def test_held_out_sentences_are_read_as_the_others(
    sciencegen: Command, grammar: Path, sentences: Path, tmp_path: Path, text: str, code: int
) -> None:
    valid = tmp_path / "valid.txt"
    valid.write_text(text)
    arguments = ["train", "gru", "--grammar", grammar, "--data", sentences, "--valid", valid, "-o", tmp_path / "run"]
    done = sciencegen(*arguments, *GRU, "--dry-run")
    assert done.code == code
    if code:
        assert "valid.txt" in done.complaint
    else:
        assert "2 of 3 rows read" in done.err
        assert "(2 held out)" in done.err


@pytest.mark.parametrize("text", ["", "\n\n", "x\ny\n"])
def test_data_without_sentences_are_one_line(sciencegen: Command, grammar: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "some.txt").write_text(text)
    arguments = ["--grammar", grammar, "--data", tmp_path / "some.txt", "-o", tmp_path / "run"]
    assert "some.txt" in sciencegen("train", "grammar-vae", *arguments, *QUICK).refusal


def test_only_some_recipes_have_a_grammar(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    common = ["--data", table, "-o", tmp_path / "run", "--grammar", "expression"]
    said = sciencegen("train", "densities/maf", *common).refusal
    assert "--grammar expression: densities/maf has none; " in said
    assert "molecules/grammar-vae" in said
    assert "sentences/grammar-vae" in said
    said = sciencegen("train", "grammar-vae", *common, "--set", "grammar=expression").refusal
    assert "--set grammar= says it too" in said
    assert "unknown grammar 'expresion'" in sciencegen("train", "gru", *common[:4], "--grammar", "expresion").refusal


def test_the_domain_of_a_grammar_is_called_by_it(sciencegen: Command, grammar: Path, sentences: Path) -> None:
    done = sciencegen("convert", sentences, "-", "--to", "csv", "--domain", f"sentences/{grammar}")
    assert done.code == 0
    assert done.out.startswith("sentence\n")
    assert "left out 1" in done.err
