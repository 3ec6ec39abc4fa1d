"""The laws of every grammar that is shipped."""

from __future__ import annotations

import ast
import lzma
import re
from functools import cache
from pathlib import Path

import pytest
import torch

from sciencegen.domains.molecules.hydrogens import filled
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.errors import DataError
from sciencegen.grammar import StackMachine, drawn, require_sound, tried
from tests.grammar.laws import GRAMMARS, SHIPPED, grammar, machine, rules_of_row, sentences

DATA = Path(__file__).parents[3] / "shared" / "data"
KNOWN = {
    "coding_dna": ["ATGTAA", "ATGGCATAA", "ATGTTTTGGTGA"],
    "expression": ["x", "1/3+x+sin(x*x)", "1/2+x+sin(x*x)", "x/1+sin(3)+sin(x*x)", "exp((x+1)*2)", "cos(x)-(x)"],
    "kekule_derived": ["C", "C1=CC=CC=C1", "C[C@H?](N)C(=O)O", "O=[NH?+]([OH?-])C", "C[NH?+](C)C"],
    "kekule_smiles": ["C", "C1=CC=CC=C1", "C[C@H](N)C(=O)O", "O=[N+]([O-])C1=CC=CC=C1", "C/C=C\\C", "[Cl-].C"][:5],
    "peptide": ["GIGKFLHSAKKFGKAFVGEIMNS", "GLFDIVKKVVGALGSL", "KKKKK"],
    "program": ["return x", "a=x+1;b=a*a;return b/2", "a=1;a=a+sin(a*(x-2));return (a)", "h=0;return h"],
    "promoter": ["TTGACA" + "A" * 17 + "TATAAT" + "GCGCGCA", "TTGTTT" + "TATAAT" * 3 + "TACGTT" + "CCCCCG"],
    "smiles": [
        *(
            "C",
            "c1ccccc1",
            "C1CC1",
            "CC(=O)Oc1ccccc1C(=O)O",
            "[13CH4]",
            "[Na+].[Cl-]",
            "C[C@@H](N)C(=O)O",
            "*C(F)(Cl)Br",
        ),
        *("F/C=C/F", "[Fe+2]", "[OH-]", "[nH]1cccc1", "[C@H2:12]", "[2H]O[2H]", "C%12CC%12", "C=1CC=1", "[se]1cccc1"),
    ],
}
FOREIGN = {
    "coding_dna": ["", "ATG", "ATGTAATAA", "ATGTA", "atgtaa"],
    "expression": ["", "x+", "sin x", "(x", "4", "x x", "-x"],
    "kekule_derived": ["", "c1ccccc1", "C(", "C)", "[C@H]", "[NH3+]", "[Xx]"],
    "kekule_smiles": ["", "c1ccccc1", "C(", "C)", "(C)", "C(C", "[Xx]"],
    "peptide": ["", "GXG", "gly", "G G"],
    "program": ["", "x", "return", "a=1", "x=1;return x", "a=1;;return a", "return y"],
    "promoter": ["", "TTGACATATAAT", "TTGACA" + "A" * 14 + "TATAAT" + "GCGCGA", "A" * 40],
    "smiles": ["", "C(", "C)", "(C)", "C(C", "[Xx]", "[C", "C]", "C==C", "[CH1H]", "1CC1", "[+]", "CH4"],
}
"""A semicolon too many, a letter of another alphabet: no sentences."""


@cache
def short(name: str) -> StackMachine:
    return machine(name)


def test_every_grammar_in_the_folder_is_tested() -> None:
    assert {path.stem for path in GRAMMARS.glob("*.lark")} == set(SHIPPED) == set(KNOWN) == set(FOREIGN)


@pytest.mark.parametrize("name", SHIPPED)
def test_it_says_what_it_is(name: str) -> None:
    assert grammar(name).source.startswith("// ")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_thousand_draws_are_read_back(name: str) -> None:
    trial = require_sound(short(name))
    assert (trial.drawn, trial.same) == (1000, 1000)
    plain = grammar(name)
    assert tried(StackMachine(plain, plain.shortest + 40), 300, 1).share == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_known_sentences_come_back(name: str) -> None:
    found = grammar(name)
    for sentence in KNOWN[name]:
        assert found.decode(found.encode(sentence)) == sentence
    longest = max(len(found.encode(sentence)) for sentence in KNOWN[name])
    roomy = machine(name, longest + 12)
    assert roomy.accepts(roomy.rows([found.encode(sentence) for sentence in KNOWN[name]])).all()


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_none_is_refused_where_it_goes_wrong(name: str) -> None:
    for sentence in FOREIGN[name]:
        with pytest.raises(DataError, match=rf"not a sentence of {name}.lark: (column \d+: |it ends too early)"):
            grammar(name).encode(sentence)


@pytest.mark.parametrize("name", SHIPPED)
def test_masks_agree_with_stepping(name: str) -> None:
    one = short(name)
    x = drawn(one, 40, 2)
    masks, syntaxes, state = one.masks(x), one.syntaxes(x), one.start(len(x))
    rows = torch.randperm(len(x))[:7]
    few = one.start(7)
    for t, token in enumerate(x.unbind(1)):
        assert torch.equal(masks[:, t], one.mask(state))
        assert torch.equal(syntaxes[:, t], one.syntax(state))
        assert not (one.mask(state) & ~one.syntax(state)).any()
        assert masks[:, t].gather(1, token[:, None]).all()
        assert torch.equal(one.mask(few), one.mask(one.take(state, rows)))
        state, few = one.advance(state, token), one.advance(few, token[rows])
    assert one.accepts(x).all()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_draw_ends_in_time(name: str) -> None:
    least = next(n for n in range(1, 200) if _holds(name, n))
    for length in (least, least + 1, least + 3, least + 11):
        one = machine(name, length)
        for spread in (0.0, 3.0):
            x = drawn(one, 100, length, spread)
            assert None not in sentences(one, x)
            assert one.accepts(x).all()


def _holds(name: str, length: int) -> bool:
    try:
        machine(name, length)
    except ValueError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_ten_thousand_draws_are_valid(name: str) -> None:
    one = machine(name, 120)
    for seed, spread in enumerate((0.0, 1.0, 2.0, 4.0)):
        for sentence, rules in _spelled(one, seed, spread):
            assert one.grammar.encode(sentence) == rules
            assert VALID[name](sentence), sentence


def _spelled(one: StackMachine, seed: int, spread: float) -> list[tuple[str, list[int]]]:
    rows = [rules_of_row(one, row) for row in drawn(one, 2500, seed, spread).tolist()]
    return [(one.grammar.decode(row) or "", row) for row in rows]


def _is_coding(dna: str) -> bool:
    biopython = pytest.importorskip("Bio.Seq")
    protein = str(biopython.Seq(dna).translate())
    return protein[0] == "M" and protein.endswith("*") and protein.count("*") == 1


def _is_expression(text: str) -> bool:
    names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    return names <= {"x", "sin", "cos", "exp"}


def _is_program(text: str) -> bool:
    """Python's own compiler reads it, and every name is there when it is used."""
    known = {"x", "sin", "cos", "exp"}
    for line in ast.parse(f"def f():\n {text}").body[0].body:  # type: ignore[attr-defined]
        used = {node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        if not used <= known:
            return False
        known |= {node.id for node in ast.walk(line) if isinstance(node, ast.Name)}
    return True


def _is_molecule(text: str) -> bool:
    from rdkit import Chem

    found = Chem.MolFromSmiles(text)
    return found is not None and not any(atom.GetNumRadicalElectrons() for atom in found.GetAtoms())


def _is_well_written(text: str) -> bool:
    """Brackets and branches match, and ring numbers come in pairs."""
    bare = re.sub(r"\[[^\]]+\]", "*", text)
    rings = re.findall(r"%\d\d|\d", bare)
    return "[" not in bare and bare.count("(") == bare.count(")") and all(rings.count(n) % 2 == 0 for n in set(rings))


VALID = {
    "coding_dna": _is_coding,
    "expression": _is_expression,
    "kekule_derived": lambda text: _is_molecule(filled(text)),
    "kekule_smiles": _is_molecule,
    "peptide": lambda text: re.fullmatch("[ACDEFGHIKLMNPQRSTVWY]{5,50}", text) is not None,
    "program": _is_program,
    "promoter": lambda text: re.fullmatch("TTG[ACGT]{3}[ACGT]{15,19}TA[ACGT]{3}T[ACGT]{5,7}[AG]", text) is not None,
    "smiles": _is_well_written,
}


def test_plain_checks_see_what_is_wrong() -> None:
    assert not _is_program("a=a+1;return a")
    assert not _is_program("return b")
    assert not _is_well_written("C1CC")
    assert not _is_coding("ATGTAATAA")
    assert not _is_molecule("C[C]C")


def _molecules(name: str, n: int) -> list[str]:
    path = DATA / "molecules" / f"{name}.smi.xz"
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return [line.split()[0] for line in lzma.decompress(path.read_bytes()).decode().splitlines()[:n] if line.strip()]


@pytest.mark.parametrize("name", ["zinc250k", "moses_test", "qm9", "chembl_drugs_patwalters"])
@pytest.mark.parametrize("n", [400, pytest.param(20_000, marks=pytest.mark.slow)])
def test_smiles_of_data_sets_are_sentences(name: str, n: int) -> None:
    found, outside = grammar("smiles"), 0
    given = _molecules(name, n)
    for text in given:
        try:
            assert found.decode(found.encode(text)) == text
        except DataError:
            outside += 1
    assert outside <= len(given) / 1000


def test_what_rdkit_writes_of_any_element_is_a_sentence() -> None:
    from rdkit import Chem

    found, table = grammar("smiles"), Chem.GetPeriodicTable()
    for number in range(1, 119):
        for bracket in ("[{}]", "[{}+]", "[{}-2]", "[12{}H2]", "[{}H+:3]", "[{}@H]")[: 6 - (number == 1)]:
            text = bracket.format(table.GetElementSymbol(number))
            assert found.decode(found.encode(text)) == text
            molecule = Chem.MolFromSmiles(text, sanitize=False)
            assert molecule is not None, text
            written = Chem.MolToSmiles(molecule)
            assert found.decode(found.encode(written)) == written
    assert canonical("[13CH4]") in KNOWN["smiles"]
