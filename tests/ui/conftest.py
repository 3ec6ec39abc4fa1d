"""Pages that are really served, and what asks them."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.cli.conftest import Command, sciencegen
from tests.files import words

__all__ = ["Command", "Served", "sciencegen"]

TOKEN = "a-token-that-nobody-guesses"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A session whose page is served."""

    session: Any
    port: int
    _page: str = field(init=False, default="")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/?token={TOKEN}"

    @property
    def page(self) -> str:
        """A page of this test's own."""
        if not self._page:
            self._page = self.session.open()
        return self._page

    def ask(self, path: str, body: object = None, **headers: str) -> Answer:
        """An answer to a request that carries no cookie, unless it is among the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            raw = None if body is None else json.dumps(body).encode()
            connection.request("GET" if raw is None else "POST", path, raw, headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def known(self, path: str, body: object = None, **parts: object) -> Answer:
        """An answer to a request of somebody who was given the address."""
        where = f"{path}?{urlencode({'page': self.page, **parts})}"
        return self.ask(where, body, Cookie=f"sciencegen-{self.port}={TOKEN}")

    def draw(self, *, kept: str = "", **asked: Any) -> list[tuple[str, Any]]:
        """The events of a drawing."""
        text = self.known("/draw", ask=json.dumps(asked), kept=kept).body.decode()
        pairs = [block.split("\n") for block in text.split("\n\n") if block]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]

    def export(self, numbers: list[int], format_: str) -> Answer:
        """A file of some items."""
        return self.known("/export", {"page": self.page, "items": numbers, "format": format_})


def _served(model: Any, name: str) -> Iterator[Served]:
    import uvicorn

    from sciencegen.ui.server import Site, listening
    from sciencegen.ui.session import Session

    session = Session(model, name)
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        app = Site(session).app(TOKEN, "127.0.0.1", port)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Served(session, port)
        session.close()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def _molecules() -> Iterator[Served]:
    pytest.importorskip("uvicorn", reason="the page needs the extra ui")
    pytest.importorskip("starlette", reason="the page needs the extra ui")
    from sciencegen.model import load

    yield from _served(load("molecules"), "molecules")


@pytest.fixture
def molecules(_molecules: Served) -> Served:
    """The shipped model, with a page of its own."""
    return Served(_molecules.session, _molecules.port)


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A flow of points that may be asked for a kind in words, and has learned little."""
    pytest.importorskip("uvicorn", reason="the page needs the extra ui")
    pytest.importorskip("starlette", reason="the page needs the extra ui")
    from sciencegen.model import Model

    folder = tmp_path_factory.mktemp("kinds")
    data = words(folder / "words.csv")
    model = Model.fit("densities/coupling", data, out=folder / "model", ask=["kind", "radius"], width=4, steps=2)
    yield from _served(model, str(folder / "model"))
