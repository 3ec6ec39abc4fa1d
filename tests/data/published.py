"""A publisher of data sets for tests: cards, a server that stumbles, and a package index in a folder."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

__all__ = ["MOLECULES", "Server", "card_of", "serving", "wheel_of"]

MOLECULES = "".join(f"{'C' * n}O\n" for n in range(1, 400)).encode()


def card_of(folder: Path, name: str, contents: dict[str, bytes], more: str = "", inside: str = "") -> None:
    """Write the card of a set with these members."""
    lines = [f'{key} = "of tests"' for key in ("title", "items", "origin", "licence", "note")]
    lines += ['columns = ["SMILES"]', f'training = "{next(iter(contents))}"', more]
    for member, content in contents.items():
        digest = hashlib.sha256(content).hexdigest()
        lines += [f"[members.{member}]", f"rows = {len(content.split())}"]
        lines += [f"bytes = {len(content)}", f'sha256 = "{digest}"', inside.replace("MEMBER", member)]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text("\n".join(lines))


def wheel_of(path: Path, files: dict[str, bytes]) -> str:
    """Write a wheel that pip takes for one, and say its sha256."""
    project, version = path.name.split("-")[:2]
    about = f"{project}-{version}.dist-info"
    texts = {f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"}
    texts |= {f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", f"{about}/RECORD": ""}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {name: text.encode() for name, text in texts.items()}).items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Server:
    """What a server holds, how it stumbles, and what it was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.content = MOLECULES
        self.ranges = True
        self.stumbles: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.asked: list[str | None] = []

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers["Range"]
        self.asked.append(wanted)
        if self.stumbles:
            self.stumbles.pop(0)(request)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        request.wfile.write(self.content[start:])

    def ends_after(self, count: int) -> None:
        """Promise everything, and send the first bytes only."""

        def stumble(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", str(len(self.content)))
            request.end_headers()
            request.wfile.write(self.content[:count])

        self.stumbles.append(stumble)

    def says(self, code: int) -> None:
        self.stumbles.append(lambda request: request.send_error(code))


@contextmanager
def serving() -> Iterator[Server]:
    """A server on this machine, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = Server(f"http://127.0.0.1:{http.server_port}/list.txt")
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
