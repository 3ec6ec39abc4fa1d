"""`sciencegen score`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas
import pytest

import sciencegen as package
from tests.cli.conftest import Command, Done
from tests.files import points

MIXED = ["CCO", "C[Si](C)(C)C", "nonsense", "c1ccccc1CCN", "OCC", "CCC(=O)N"]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A file of which some rows are no molecules, or none the model can spell."""
    path = tmp_path / "mixed.csv"
    path.write_text("name,smiles\n" + "".join(f"m{i},{smiles}\n" for i, smiles in enumerate(MIXED)))
    return path


def table_of(done: Done) -> pandas.DataFrame:
    assert done.code == 0, done.err
    return pandas.read_csv(io.StringIO(done.out))


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_every_row_is_there_in_order(sciencegen: Command, gru: Path, mixed: Path) -> None:
    table = table_of(sciencegen("score", gru, mixed))
    columns = ["row", "smiles", "name", "log_prob", "rank", "log_prob_per_token", "tokens"]
    assert list(table.columns) == [*columns, "logp", "qed", "tpsa", "mw", "sa", "error"]
    assert list(table["row"]) == [1, 2, 3, 4, 5, 6]
    assert list(table["smiles"]) == MIXED
    assert list(table["log_prob"].notna()) == [one not in ("C[Si](C)(C)C", "nonsense") for one in MIXED]
    assert list(table["log_prob"].notna()) == list(table["error"].isna())
    assert "[Si]" in table["error"][1]
    assert list(table["logp"].notna()) == [True, True, False, True, True, True]


def test_numbers_are_those_of_the_model(sciencegen: Command, gru: Path, mixed: Path) -> None:
    table = table_of(sciencegen("score", gru, mixed)).dropna(subset="log_prob")
    expected = package.load(gru).log_prob(["CCO", "NCCc1ccccc1", "CCO", "CCC(N)=O"])
    assert list(table["log_prob"]) == pytest.approx(expected.tolist(), abs=1e-4)
    assert (table["log_prob_per_token"] * table["tokens"]).to_numpy() == pytest.approx(table["log_prob"].to_numpy())
    assert table["tokens"].tolist()[:2] == [4, 12]


def test_ranks_order_the_probabilities_and_equals_share_one(sciencegen: Command, gru: Path, mixed: Path) -> None:
    table = table_of(sciencegen("score", gru, mixed)).dropna(subset="log_prob")
    assert list(table["rank"]) == list(table["log_prob"].rank(ascending=False, method="min"))
    assert table["rank"].iloc[0] == table["rank"].iloc[2]


def test_strange_molecules_rank_last(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    usual, strange = ["CCCCO", "NCCc1ccccc1", "CCC(N)=O"], ["FC(F)(F)F", "O=C=C=C=O", "NNNN"]
    (tmp_path / "a.smi").write_text("\n".join([*strange, *usual]))
    table = table_of(sciencegen("score", gru, tmp_path / "a.smi", "--properties", "none"))
    per_token = table.set_index("smiles")["log_prob_per_token"]
    assert per_token[usual].min() > per_token[strange].max()


def test_a_condition_changes_the_numbers(sciencegen: Command, gru: Path, mixed: Path) -> None:
    free, asked = (
        table_of(sciencegen("score", gru, mixed, "--properties", "none", *where))
        for where in ([], ["--where", "logp=3"])
    )
    assert list(asked.columns) == [*free.columns[:-1], "logp", "error"]
    assert (free["log_prob"] - asked["log_prob"]).abs().max() > 0.01


@pytest.mark.parametrize("text", ["CCO first\nCCC(=O)N second\n", "smiles,x\nCCO,1\nCCC(=O)N,2\n"])
def test_a_pipe_is_read(sciencegen: Command, gru: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    piped(monkeypatch, text)
    assert list(table_of(sciencegen("score", gru, "--properties", "none"))["smiles"]) == ["CCO", "CCC(=O)N"]


def test_what_is_generated_can_be_scored(sciencegen: Command, gru: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("csv", "smi", "sdf", "jsonl"):
        made = sciencegen("generate", gru, "-n", 4, "--format", name)
        piped(monkeypatch, made.out)
        table = table_of(sciencegen("score", gru, "-", "--properties", "none"))
        assert table["log_prob"].notna().all()
        assert len(table) == 4


def test_a_column_may_have_another_name(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("what,drug,other\nx,CCO,CC\ny,CCN,CO\n")
    for option in ("--column", "--smiles-column"):
        table = table_of(sciencegen("score", gru, tmp_path / "a.csv", option, "other"))
        assert list(table["smiles"]) == ["CC", "CO"]


def test_a_file_is_written(sciencegen: Command, gru: Path, mixed: Path, tmp_path: Path) -> None:
    done = sciencegen("score", gru, mixed, "-o", tmp_path / "scores.jsonl", "--properties", "none")
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert (done.out, len(rows)) == ("", len(MIXED))
    assert rows[2]["log_prob"] is None
    assert "6 rows, 4 scored" in done.err


def test_nothing_but_nonsense_is_a_table_too(sciencegen: Command, gru: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, "xyz\nC[Si]\n")
    table = table_of(sciencegen("score", gru))
    assert list(table["row"]) == [1, 2]
    assert table["log_prob"].isna().all()
    assert table["error"].notna().all()


def test_points_have_a_density_each(sciencegen: Command, flow: Path, tmp_path: Path) -> None:
    data = points(tmp_path / "points.csv", 20, seed=1, header="x,y,heat")
    table = pandas.read_csv(data).drop(columns="heat")
    table.to_csv(tmp_path / "xy.csv", index=False)
    scores = table_of(sciencegen("score", flow, tmp_path / "xy.csv"))
    assert list(scores.columns) == ["row", "text", "log_prob", "rank", "radius", "error"]
    assert sorted(scores["rank"]) == list(range(1, 21))


@pytest.mark.parametrize("model", ["gru", "flow"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.smi"], "nowhere.smi: there is no such file"),
        (["MIXED", "--where", "logpp=1"], "unknown condition 'logpp'"),
        (["MIXED", "--properties", "lgop"], "unknown property 'lgop'"),
        (["MIXED", "--format", "cvs"], "unknown table format 'cvs'"),
        (["MIXED", "--draws", "0"], "--draws 0: expected 1 or more"),
        (["MIXED", "-o", "MIXED"], "the items are read from there"),
        (["MIXED", "--column", "nmae"], "nmae"),
    ],
)
def test_a_bad_request_is_one_line(
    sciencegen: Command, model: str, mixed: Path, arguments: list[str], said: str, request: pytest.FixtureRequest
) -> None:
    given = [mixed if one == "MIXED" else one for one in arguments]
    if "nowhere.smi" in arguments and model == "flow":
        given = ["nowhere.csv"]
        said = "nowhere.csv: there is no such file"
    assert said in sciencegen("score", request.getfixturevalue(model), *given).refusal


def test_a_model_without_a_likelihood_says_so(sciencegen: Command, gan: Path, table: Path, tmp_path: Path) -> None:
    pandas.read_csv(table)[["x", "y", "heat"]].to_csv(tmp_path / "a.csv", index=False)
    assert "have no likelihood" in sciencegen("score", gan, tmp_path / "a.csv").refusal


@pytest.mark.parametrize(
    "text", ["", 'title = "mine"\n', '[[score]]\nname = "own"\nproperties = ["qed"]\n', "score = []\n"]
)
def test_a_file_without_a_command_says_what_to_write(
    sciencegen: Command, mixed: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "own.toml").write_text(text)
    refusal = sciencegen("score", mixed, "--external", tmp_path / "own.toml").refusal
    assert "own.toml: there is no command in it: write [[score]] and" in refusal
    assert 'name = "own" and command = ["python", "own.py"]' in refusal
