"""Sequences by the rules of grammars."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sciencegen.domains.sequences import Sequences
from sciencegen.domains.sequences.kinds import KINDS, KindName
from sciencegen.domains.sequences.rules import SHIPPED, letters, ruled
from sciencegen.fit import Fit
from sciencegen.grammar import compiled
from sciencegen.grammar.trial import drawn
from sciencegen.model import load
from tests.domains.sequences.drawn import some

every_kind = pytest.mark.parametrize("kind", list(KINDS))


def items(kind: KindName) -> list[str]:
    """Sequences that the grammar of the kind knows."""
    if kind == "cds":
        return ["ATGTAA", "ATGGCTTTTTGA", "ATGTGGTAG"]
    return [item + item[:2] for item in some(KINDS[kind].letters, 9, 20)]


@every_kind
def test_rules_there_and_back(kind: KindName) -> None:
    known = ruled(kind).fit(items(kind))
    x = known.encode(items(kind))
    assert known.space.contains(x).all()
    assert known.accepted(items(kind)).all()
    assert known.decode(x) == items(kind)
    assert [known.reader()(sentence) for sentence in known.plain(x)] == items(kind)
    assert ruled(kind)(**known.state()) == known


@every_kind
def test_what_is_drawn_of_a_kind_is_one_of_it(kind: KindName) -> None:
    known = ruled(kind).fit(items(kind))
    made = known.decode(drawn(known.machine, 100))
    assert None not in made
    domain = Sequences(kind)
    for item in filter(None, made):
        assert domain.parse(item) == item
        assert kind != "peptide" or 5 <= len(item) <= 50
        assert kind != "cds" or domain.properties["coding"].measure(item) == "whole"


def test_only_kinds_without_a_grammar_are_read_by_their_letters() -> None:
    for kind, found in KINDS.items():
        named = ruled(found.name).text.name
        assert named == (f"{SHIPPED[found.name]}.lark" if kind in SHIPPED else letters(found).name)
    assert len(compiled(letters(KINDS["rna"]).text).rules) == 4 + 1 + 4


@pytest.mark.parametrize(
    ("kind", "item", "said"),
    [
        ("dna", "ACNGT", "column 3"),
        ("cds", "GCTTAA", "column 1"),
        ("cds", "ATGGCT", "it ends too early; expected CODON, STOP"),
        ("peptide", "ACDEX", "column 5"),
    ],
)
def test_what_a_grammar_does_not_know_is_named(kind: KindName, item: str, said: str) -> None:
    (why,) = ruled(kind).outside([items(kind)[0], item]).values()
    assert said in why


def test_promoters_may_be_learned_by_their_boxes() -> None:
    core = "TTGACA" + "ACGTT" * 3 + "CC" + "TATAAT" + "GCTAC" + "A"
    known = ruled("promoter", "promoter").fit([core])
    made = known.decode(drawn(known.machine, 50))
    form = re.compile("TTG[ACGT]{18,22}TA[ACGT]{3}T[ACGT]{5,7}[AG]")
    assert all(item and form.fullmatch(item) for item in made)
    assert list(ruled("promoter", "promoter").outside([core, "ACGT" + core])) == [1]


def test_sentences_of_other_letters_are_no_sequences(tmp_path: Path) -> None:
    path = tmp_path / "odd.lark"
    path.write_text('start: "A" LETTER\nLETTER: "C" | "x" | "N"\n')
    known = ruled("dna", str(path)).fit(["AC"])
    x = known.machine.rows([known.grammar.encode(text) for text in ("AC", "Ax", "AN")])
    assert known.decode(x) == ["AC", None, "AN"]
    assert ruled("protein", str(path)).fit(["AC"]).decode(x) == ["AC", None, "AN"]
    path.write_text('start: "ATG" END\nEND: "TAA" | "TA" | "TAAGCTTAA"\n')
    genes = ruled("cds", str(path)).fit(["ATGTAA"])
    texts = ("ATGTAA", "ATGTA", "ATGTAAGCTTAA")
    assert genes.decode(genes.machine.rows([genes.grammar.encode(text) for text in texts])) == ["ATGTAA", None, None]


Train = Callable[..., Fit]


@pytest.fixture
def train() -> Train:
    """A small model, trained for a few steps."""

    def fit(data: object, **more: object) -> Fit:
        small = {"width": 16, "embed": 8, "context": 8, "latent": 4, "code": 8, "steps": 3, "batch": 16}
        made = Fit("sequences/grammar-vae", data, holdout=0.0, **{**small, **more})  # type: ignore[arg-type]
        for _ in made:
            pass
        return made

    return fit


def test_every_draw_of_a_grammar_vae_is_a_sequence(train: Train) -> None:
    model = train(some(KINDS["peptide"].letters, 32, 20), kind="peptide", length=40).model
    for guarded, keep in ((0, 1.0), (1, 1.0), (1, 0.5)):
        model.turn(guarded=guarded, keep=keep)
        found = [candidate for candidate, _ in zip(model.stream(batch=64, measure=()), range(64), strict=False)]
        assert None not in found
        lengths = [len(candidate.item) for candidate in found if candidate is not None]
        assert not guarded or 5 <= min(lengths) <= max(lengths) <= 50


def test_a_model_does_not_need_the_file_of_its_grammar(train: Train, tmp_path: Path) -> None:
    path = tmp_path / "pairs.lark"
    path.write_text('start: BASE BASE\nBASE: "A" | "C" | "G"\n')
    train(["AC", "CG", "GA", "AA"], grammar=str(path), out=tmp_path / "run")
    path.unlink()
    model = load(tmp_path / "run", "cpu")
    torch.manual_seed(0)
    assert all(len(candidate.item) == 2 for candidate in model.candidates(5, once=False))
    z = model.encode(["AC", "GA"])
    assert z.shape == (2, 4)
    assert all(item is not None and len(item) == 2 for item in model.decode(z))
