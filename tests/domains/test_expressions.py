"""Expressions: read as people mean them, evaluated without running anything, and near a target or not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sciencegen.domains.expressions import (
    ExpressionRules,
    Expressions,
    Target,
    Tree,
    evaluated,
    parsed,
    written,
)
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.grammar import source_of

X = np.linspace(-3, 3, 7)
LEAVES = st.sampled_from(["x", "1", "2", "0.5", "3e2", "pi"]).map(Tree)


def _larger(part: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    two = st.builds(lambda name, a, b: Tree(name, (a, b)), st.sampled_from("+-*/^"), part, part)
    one = st.builds(lambda name, a: Tree(name, (a,)), st.sampled_from(["-", "sin", "exp", "log", "sqrt"]), part)
    return st.one_of(one, two)


HALF_TO_A_HALF = Tree("^", (Tree("0.5"), Tree("0.5")))
TREES = st.recursive(LEAVES, _larger, max_leaves=12)


def value(text: str, x: float = 2.0) -> float:
    return float(evaluated(parsed(text), np.array([x]))[0])


@given(TREES)
@settings(deadline=None)
def test_a_tree_that_is_written_is_read_as_the_same(tree: Tree) -> None:
    assert parsed(written(tree)) == tree


@given(TREES)
@example(Tree("^", (HALF_TO_A_HALF, HALF_TO_A_HALF)))  # numpy's scalars have a power that ends in another bit
@settings(deadline=None)
def test_values_are_those_of_python(tree: Tree) -> None:
    names = {name: getattr(np, name) for name in ("sin", "exp", "log", "sqrt")}
    with np.errstate(all="ignore"):
        ours = evaluated(tree, X)
        theirs = _plain(tree, names)
    assert np.array_equal(ours, np.broadcast_to(theirs, X.shape), equal_nan=True)


def _plain(tree: Tree, names: dict[str, np.ufunc]) -> np.ndarray:
    parts = [_plain(part, names) for part in tree.parts]
    if tree.name in names:
        return np.asarray(names[tree.name](*parts))
    if not parts:
        return X if tree.name == "x" else np.float64(math.pi if tree.name == "pi" else tree.name)
    if len(parts) == 1:
        return -parts[0]
    a, b = parts
    return {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "/": lambda: a / b,
        "^": lambda: np.power(a, b),
    }[tree.name]()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1+2*x", 5),
        ("8/2/2", 2),
        ("8-2-2", 4),
        ("-x^2", -4),
        ("2^3^2", 512),
        ("2**-1", 0.5),
        ("--x", 2),
        ("2*-x", -4),
        (" 1 / 3 + ( x ) ", 1 / 3 + 2),
        ("sin(x*x)", math.sin(4)),
        (".5+1e-1", 0.6),
    ],
)
def test_operators_bind_as_in_mathematics(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it ends too early"),
        ("x+", "it ends too early: expected a number, x"),
        ("x x", "column 3: 'x' cannot stand here: expected an operator"),
        ("1 2", "column 3: '2' cannot stand here"),
        ("sin x", "column 5: 'x' cannot stand here: expected ( after sin"),
        ("(x", "it ends too early: expected an operator or )"),
        ("x)", "column 2"),
        ("y+1", "column 1: 'y+1' cannot stand here"),
        ("__import__('os')", "column 1"),
        ("x.real", "column 2"),
        ("x;1", "column 2"),
        ("(" * 400 + "x" + ")" * 400, "at most 200"),
        ("(" * 80 + "x" + ")" * 80, "more than 50 deep"),
        ("x" + "+x" * 5000, "at most 200"),
        ("-" * 5000 + "x", "at most 200"),
    ],
)
def test_what_is_no_expression_says_where(text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        parsed(text)
    assert said in str(caught.value)
    assert Expressions().parse(text) is None


def test_the_deepest_expressions_are_read_and_evaluated() -> None:
    for text in (
        "-" * 199 + "x",
        "x" + "+x" * 99,
        "(" * 49 + "x" + ")" * 49,
        "2^" * 99 + "x",
        "sin(" * 49 + "x" + ")" * 49,
    ):
        tree = parsed(text)
        assert parsed(written(tree)) == tree
        assert evaluated(tree, X).shape == X.shape
        assert tree.size >= tree.depth


def test_where_there_is_no_value_there_is_none() -> None:
    assert math.isnan(value("1/(x-x)*0"))
    assert value("1/(x-x)") == math.inf
    assert value("exp(exp(exp(exp(x))))") == math.inf
    assert math.isnan(value("log(0-x)"))


def test_the_error_is_zero_at_the_target_and_at_most_log_1001() -> None:
    target = Target()
    assert target.error(target.values("1/3+(x)+sin(x*x)")) == 0
    assert target.error(target.values("x+sin(x*x)")) == pytest.approx(math.log1p(1 / 9))
    for worst in ("1/(x-x)", "log(0-1)", "exp(exp(3*3))", "0-exp(exp(9))"):
        assert target.error(target.values(worst)) == pytest.approx(math.log(1001))


@given(TREES)
@settings(deadline=None)
def test_the_error_is_a_number_whatever_the_expression(tree: Tree) -> None:
    target = Target(points=50)
    assert 0 <= target.error(target.values(written(tree))) <= math.log(1001) + 1e-12


def test_properties_have_known_answers() -> None:
    domain = Expressions(Target("x", -1, 1, 101))
    names = list(domain.properties)
    rows = {item: {k: v[0] for k, v in domain.measure([item], names).items()} for item in ("x", "1/x", "log(x)", "x*x")}
    assert rows["x"] == pytest.approx(
        {"length": 1, "size": 1, "depth": 1, "error": 0, "finite": 1, "lowest": -1, "highest": 1, "roots": 1}
    )
    assert rows["1/x"]["finite"] == pytest.approx(100 / 101)
    assert rows["1/x"]["highest"] == pytest.approx(50)
    assert rows["log(x)"]["finite"] == pytest.approx(50 / 101)
    assert rows["x*x"]["roots"] == 0
    assert (rows["x*x"]["size"], rows["x*x"]["depth"]) == (3, 2)
    for name, one in domain.properties.items():
        assert one.measure("x*x") == rows["x*x"][name]


def test_an_expression_without_values_has_no_range() -> None:
    found = Expressions().measure(["1/(x-x)*0"], ["lowest", "highest", "finite", "roots"])
    assert math.isnan(float(found["lowest"][0] or 0))
    assert math.isnan(float(found["highest"][0] or 0))
    assert (found["finite"], found["roots"]) == ([0], [0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": "x+"}, "target=x+: it ends too early"),
        ({"text": "log(x)"}, "target=log(x): it has no value at x=-10"),
        ({"low": 3.0, "high": 3.0}, "low=3.0, high=3.0"),
        ({"low": math.nan}, "expected two numbers"),
        ({"points": 1}, "points=1: expected 2 or more"),
    ],
)
def test_a_target_that_cannot_be_one_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        Target(**options)  # type: ignore[arg-type]
    assert said in str(caught.value)


@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    items = ["x", "1/3+x", "sin(x*x)", "(x)"]
    Expressions().write(items, tmp_path / f"a{suffix}")
    assert Expressions().read(tmp_path / f"a{suffix}").items == items


def test_rows_that_hold_no_expression_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("score,formula\n1,x + 1\n2,x+\n3,\n4,y\n5,x + 1\n")
    items = Expressions().read(tmp_path / "a.csv")
    assert (items.items, items.columns) == (["x+1", "x+1"], {"score": [1, 5]})
    assert items.reading is not None
    assert (items.reading.dropped, items.reading.duplicates) == ({"not an expression": 2, "empty": 1}, 1)
    said = "\n".join(items.reading.lines())
    assert "row 2 (line 3): 'x+': not an expression: it ends too early" in said
    with pytest.raises(DataError, match="3 of the 5 rows hold no expression"):
        Expressions().reading(on_error="stop").read(tmp_path / "a.csv")
    with pytest.raises(UnknownName):
        Expressions().reading(column="formula")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "a,b\nx,x\n", "call the one of expressions expression"),
        ("a.csv", "", "holds no expressions"),
        ("a.txt", "y\nz\n", "none of the 2 rows give an expression"),
        ("a.doc", "x", "expected a file ending in .csv"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as caught:
        Expressions().read(tmp_path / name)
    assert said in str(caught.value)


def test_a_table_without_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x+1\nx*x\n")
    assert Expressions().read(tmp_path / "a.csv").items == ["x+1", "x*x"]
    entries = Expressions().entries(tmp_path / "a.csv")
    assert [(one.row, one.item) for one in entries] == [(1, "x+1"), (2, "x*x")]


def test_equal_functions_have_one_key(tmp_path: Path) -> None:
    domain = Expressions()
    key = {text: domain.standard(text).key for text in ("1+x", "(x)+1", "x+2", "x+1/3+2/3", "x-x", "0*x")}
    assert key["1+x"] == key["(x)+1"] == key["x+1/3+2/3"] != key["x+2"]
    assert key["x-x"] == key["0*x"]
    assert domain.standard("((x))+(1)").item == "x+1"


def test_likeness_is_one_of_equals_and_the_same_both_ways() -> None:
    items = ["x", "(x)", "x+1", "exp(x)", "1/(x-x)*0", "log(x)"]
    likeness = Expressions().likeness(items)
    table = np.array([likeness.to(i).tolist() for i in range(len(items))])
    assert np.allclose(table, table.T)
    assert np.allclose(np.diag(table), 1)
    assert table[0, 1] == 1
    assert (table >= 0).all()
    assert table[0, 2] > table[0, 3] > table[0, 4] == 0


def test_two_halves_of_one_set_are_near_and_others_far() -> None:
    items = [f"{a}+{b}*x" for a in (1, 2, 3) for b in (1, 2, 3)] * 4
    domain = Expressions()
    same, other = domain.compare(items, items), domain.compare(["exp(exp(sin(x)))"] * 5, items)
    assert same["novelty"] == 0
    assert all(same[name] == pytest.approx(0, abs=1e-12) for name in same if "Wasserstein" in name or "diverg" in name)
    assert other["name divergence"] > 0.3
    assert other["error (Wasserstein)"] > 0.5
    assert other["distinct"] == 0.2


def test_pictures_show_curves_and_words(tmp_path: Path) -> None:
    from PIL import Image

    domain, items = Expressions(), ["x", "1/(x-x)", "sin(x)<", "1/x"]
    items[2] = "sin(x)"
    domain.captioned(items, ["a < b", "", "c", "d"], tmp_path / "a.svg")
    said = (tmp_path / "a.svg").read_text()
    assert said.startswith("<svg")
    assert "a &lt; b" in said
    assert "nan" not in said
    domain.draw(items, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(100_000) or []}
    assert (0x15, 0x65, 0xC0) in colours
    assert domain.svg("x*x").count("<polyline") >= 2
    for path, some in ((tmp_path / "a.pdf", items), (tmp_path / "b.png", [])):
        with pytest.raises(RequestError):
            domain.draw(some, path)


def test_every_sentence_of_the_grammar_is_an_expression() -> None:
    from sciencegen.grammar import drawn

    rules = ExpressionRules.fitted(source_of("expression"), ["1/3+x+sin(x*x)"])
    made = rules.decode(drawn(rules.machine, 300, seed=1))
    assert all(made)
    assert rules.decode(rules.encode([one for one in made if one])) == made


def test_a_model_of_expressions_draws_expressions_and_has_codes_of_them() -> None:
    from sciencegen.fit import Fit

    items = [f"{a}{o}x*{b}" for a in (1, 2, 3) for o in "+-*/" for b in (1, 2, 3)] * 3
    small = {"width": 16, "embed": 8, "code": 16, "latent": 3, "context": 8, "regress": 1.0, "rate": 1e-2, "warmup": 1}
    run = Fit(
        "expressions/grammar-vae", items, ask=["error"], conditioned=False, points=20, steps=30, batch=27, **small
    )
    losses = [progress.report["distortion"] for progress in run]
    assert losses[-1] < 0.9 * losses[0]
    found = [next(stream) for stream in [run.model.stream(seed=1)] for _ in range(50)]
    assert all(one is not None for one in found)
    z = run.model.encode(items[:4])
    assert z.shape == (4, 3)
    assert all(one is not None for one in run.model.decode(z))
