"""`sciencegen info`: what a model is and may be asked for."""

from __future__ import annotations

import typer

__all__ = ["info"]


def info(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show what a model is, what it was trained on, and what it may be asked for."""
    from dataclasses import asdict
    from json import dumps

    from sciencegen.core.generator import capabilities
    from sciencegen.model import load
    from sciencegen.train.card import range_text

    loaded = load(model, device="cpu")
    config = loaded.config
    facts = {
        "recipe": loaded.recipe,
        "checkpoint": loaded.checkpoint,
        "parameters": sum(p.numel() for p in loaded.generator.parameters()),
        "can": capabilities(loaded.generator),
        "space": str(loaded.representation.space),
        "options": config["options"],
        "settings": config["settings"],
        "data": config["data"],
        "versions": config["versions"],
        "given": list(loaded.given),
        "begins": list(loaded.asking.begins),
        "ask": config["fields"],
        "knobs": asdict(loaded.generator.knobs),
    }
    if json:
        print(dumps(facts, indent=2))
        return
    for name, fact in facts.items():
        if name == "ask":
            print("ask for    " + ("" if fact else "nothing"))
            for field in config["fields"]:
                print(f"  {field['name']}: {range_text(field)}")
        else:
            shown = ", ".join(f"{k}={v}" for k, v in fact.items()) if isinstance(fact, dict) else fact
            print(f"{name:<10} {', '.join(shown) if isinstance(shown, list) else shown}")
