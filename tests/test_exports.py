"""What is public is what the modules say is public."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import sciencegen

MODULES = sorted(
    one.name for one in pkgutil.walk_packages(sciencegen.__path__, "sciencegen.") if not one.name.endswith("__main__")
)


def _order(name: str) -> tuple[int, str]:
    """Constants, classes, functions, as the linter wants them."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_sorted_and_exist(name: str) -> None:
    module = import_module(name)
    public = getattr(module, "__all__", [])
    assert public == sorted(public, key=_order)
    assert len(set(public)) == len(public)
    for one in public:
        assert getattr(module, one) is not None


def test_the_package_exports_what_can_be_imported() -> None:
    namespace: dict[str, object] = {}
    exec("from sciencegen import *", namespace)
    assert set(sciencegen.__all__) == set(namespace) - {"__builtins__"}
    assert set(sciencegen.__all__) == {"RECIPES", "FlowDensity", "Model", "__version__", "load"}
