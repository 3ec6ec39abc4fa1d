"""`sciencegen ui`: a page in the browser for asking a model."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

__all__ = ["ui"]


def ui(
    model: str = typer.Argument("molecules", help="A model folder, or a shipped model."),
    port: int = typer.Option(8321, "--port", help="The port to serve the page on; 0 for any that is free."),
    host: str = typer.Option("127.0.0.1", "--host", help="The address to serve it on: one of this machine."),
    browser: bool = typer.Option(True, "--browser/--no-browser", help="Open it in a browser."),
    data: Path | None = typer.Option(
        None, "--data", help="A table such as the training data: its values stand behind the sliders."
    ),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Serve a page for asking a model, to this machine alone; the whole address is on standard output."""
    from secrets import token_urlsafe

    _check_packages()
    from sciencegen.model import load
    from sciencegen.ui.guard import names_of
    from sciencegen.ui.outlines import from_data
    from sciencegen.ui.server import listening, serve
    from sciencegen.ui.session import Session

    with listening(host, port) as listener:
        loaded = load(model, device)
        _say(f"{loaded.recipe}: loaded")
        if data is not None:
            _say(f"reading {data}")
        session = Session(loaded, model, _card(model), None if data is None else from_data(loaded, data))
        token = token_urlsafe(24)
        address = f"http://{names_of(host, listener.getsockname()[1])[0]}/?token={token}"
        print(address, flush=True)
        _say("open this address in a browser on this machine; Ctrl-C ends it")
        if browser:
            _open(address)
        serve(session, token, host, listener)


def _check_packages() -> None:
    from importlib.util import find_spec

    from sciencegen.errors import RequestError

    missing = [name for name in ("jinja2", "starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise RequestError(f"the page needs the package {', '.join(missing)}: pip install 'sciencegen[ui]'")


def _card(model: str) -> str:
    """What stands in a model's folder about it."""
    from sciencegen.model import folder_of
    from sciencegen.train.checkpoint import Folder

    card = Folder(folder_of(model)).card
    return card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""


def _open(address: str) -> None:
    """Open a browser where there is a screen; elsewhere one may open in the terminal, and hold it."""
    import os
    import webbrowser

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    webbrowser.open(address)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
