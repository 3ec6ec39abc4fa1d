"""Imports point down: what each part of the house may know of the others."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sciencegen"
BELOW = {"core", "errors"}
MAY_IMPORT = {
    "errors": set(),
    "core": BELOW,
    "nets": BELOW | {"nets"},
    "families": BELOW | {"nets", "families"},
    "objectives": BELOW | {"objectives"},
    "compare": BELOW | {"compare"},
    "data": BELOW | {"data"},
    "grammar": BELOW | {"grammar"},
    "domains": BELOW | {"data", "grammar", "compare", "domains"},
    "train": BELOW | {"train"},
    "screen": BELOW | {"screen"},
    "search": BELOW | {"search"},
    "recipes": BELOW | {"nets", "families", "objectives", "data", "grammar", "domains", "train", "recipes"},
    "asking": BELOW,
    "drawing": BELOW | {"data", "screen"},
    "report": BELOW | {"report"},
    "scorers": BELOW | {"data", "scorers"},
    "campaign": BELOW | {"data", "model", "recipes", "report", "scorers", "screen", "campaign"},
    "ui": BELOW | {"data", "model", "recipes", "report", "screen", "campaign", "ui"},
    "model": BELOW | {"asking", "data", "drawing", "train", "recipes", "screen", "fit"},
    "evaluate": BELOW | {"compare", "data", "model", "report", "screen"},
    "estimator": BELOW | {"domains", "fit", "model"},
    "recover": BELOW | {"model", "search"},
    "optimize": BELOW
    | {"data", "latents", "model", "recipes", "scorers", "screen", "search", "train", "objectives", "optimize"},
    "weighing": BELOW | {"compare", "evaluate", "model"},
    "latents": BELOW | {"model", "search"},
    "fit": BELOW | {"__init__", "asking", "data", "model", "recipes", "train"},
}
SCIENCE = {"rdkit", "selfies", "lark", "pandas", "PIL"}
NO_SCIENCE = {"core", "nets", "families", "objectives", "train", "search"}
GRAPHS = {"nets/graph.py", "nets/causal/partial_graph.py", "domains/molecules/graphs.py"}
VAGUE = {"utils", "util", "helpers", "common", "misc", "base", "tools", "manager"}
FILES = sorted(PACKAGE.rglob("*.py"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def imported(path: Path) -> set[str]:
    """All modules a file imports, anywhere in it, by their full names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide what is imported"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@every_file
def test_imports_point_down(path: Path) -> None:
    allowed = MAY_IMPORT.get(part(path))
    if allowed is None:
        assert part(path) in ("__init__", "__main__", "cli"), f"{path} stands in no room of the design"
        return
    for name in imported(path):
        root, *rest = name.split(".")
        if root == PACKAGE.name:
            below = rest[0] if rest and rest[0] in MAY_IMPORT else "__init__"
            assert below in allowed, f"{path} imports {name}; {part(path)} may import only {sorted(allowed)}"
        if part(path) in NO_SCIENCE:
            assert root not in SCIENCE, f"{path} imports {root}; science belongs in domains"
        if root == "torch_geometric":
            assert path.relative_to(PACKAGE).as_posix() in GRAPHS, f"{path} imports torch_geometric"
        if part(path) == "core":
            assert root in {"torch", PACKAGE.name, *_standard()}, f"{path} imports {root}"


def _standard() -> frozenset[str]:
    import sys

    return sys.stdlib_module_names


@every_file
def test_families_do_not_know_each_other(path: Path) -> None:
    if part(path) != "families":
        return
    own = path.relative_to(PACKAGE / "families").with_suffix("").parts[0]
    for name in imported(path):
        if name.startswith("sciencegen.families."):
            assert name.split(".")[2] == own, f"{path} imports {name}; a recipe should hand it in"


@every_file
def test_only_the_loop_optimises(path: Path) -> None:
    if path == PACKAGE / "train" / "loop.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "backward":
            raise AssertionError(f"{path}:{node.lineno} calls backward")
        if isinstance(node, ast.Attribute) and node.attr == "step" and isinstance(node.value, ast.Name):
            assert node.value.id != "optimizer", f"{path}:{node.lineno} steps an optimiser"


@every_file
def test_names_say_something(path: Path) -> None:
    assert not {path.stem, *path.relative_to(PACKAGE).parts} & VAGUE


@every_file
def test_no_capability_is_guessed(path: Path) -> None:
    """No hasattr, and no isinstance of a concrete family: ask for a capability."""
    concrete = {"Autoregressive", "VAE", "Flow", "Implicit", "EnergyModel", "Diffusion"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "hasattr", f"{path}:{node.lineno} uses hasattr"
            if node.func.id == "isinstance" and isinstance(node.args[1], ast.Name):
                assert node.args[1].id not in concrete, f"{path}:{node.lineno} asks for {node.args[1].id}"


@every_file
def test_files_and_functions_fit_in_a_head(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert len(path.read_text().splitlines()) <= 400, f"{path} is too long"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 80, f"{path}: {node.name} is too long"


def test_nothing_is_pickled() -> None:
    for path in FILES:
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"pickle", "dill", "joblib", "cloudpickle"}, path
        assert "torch.save(" not in path.read_text().replace("safetensors.torch.save(", ""), path
        assert "torch.load(" not in path.read_text(), path
