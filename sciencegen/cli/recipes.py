"""`sciencegen recipes`: what can be trained."""

from __future__ import annotations

import typer

__all__ = ["recipes"]


def recipes(name: str | None = typer.Argument(None, help="A recipe, to see its options.")) -> None:
    """List the recipes, or the options of one."""
    from sciencegen.recipes import RECIPES, recipe_called, recipe_function
    from sciencegen.recipes.options import describe

    if name is None:
        width = max(map(len, RECIPES))
        for known, function in RECIPES.items():
            print(f"{known:<{width}}  {_first_line(function.__doc__)}")
        return
    name = recipe_called(name)
    function = recipe_function(name)
    print(f"{name}: {_first_line(function.__doc__)}\n\nSet any of these with --set option=value:\n")
    rows = describe(function)
    width, kinds = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    for title, settings in (("model", False), ("training", True)):
        print(f"{title}:")
        for option, kind, default, is_setting in rows:
            if is_setting == settings:
                print(f"  {option:<{width}}  {kind:<{kinds}}  {default}")


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0]
