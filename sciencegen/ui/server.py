"""The page and what it asks for, over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from sciencegen.errors import RequestError, SciencegenError, UnknownName
from sciencegen.report.svg import scatter
from sciencegen.ui.asking import Asked, ordered
from sciencegen.ui.export import downloaded
from sciencegen.ui.guard import Guard, names_of
from sciencegen.ui.session import Run, Session
from sciencegen.ui.template import written

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Site", "listening", "serve"]

_STATIC = Path(__file__).parent / "static"
_TICK = 0.1  # seconds between events
_LARGEST = 1 << 20
_LAST_PORT = 65535


class Site:
    """The routes of a session's page."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def app(self, token: str, host: str, port: int) -> Guard:
        """The application, behind its guard."""
        from starlette.applications import Starlette
        from starlette.routing import Mount, Route
        from starlette.staticfiles import StaticFiles

        routes = [
            Route("/", self.page),
            Route("/check", self.check),
            Route("/draw", self.draw),
            Route("/outlines", self.outlines),
            Route("/pattern", self.pattern),
            Route("/picture", self.picture),
            Route("/alerts", self.alerts),
            Route("/plot", self.plot),
            Route("/export", self.export, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ]
        application = Starlette(routes=routes, exception_handlers={SciencegenError: _complained})
        return Guard(application, token, names_of(host, port))

    def page(self, request: Request) -> Response:
        """The page itself."""
        from starlette.responses import HTMLResponse

        return HTMLResponse(written(self.session, self.session.open()))

    def check(self, request: Request) -> Response:
        """The command of a request, and what is to be known of it."""
        asked = Asked.of(_said(request, "ask"))
        order = ordered(self.session.model, asked)
        return _json({"command": asked.command(self.session.name), "notes": order.notes})

    async def draw(self, request: Request) -> Response:
        """Candidates as they are found, as server-sent events."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import StreamingResponse

        page, asked = self.session.page(_said(request, "page")), Asked.of(_said(request, "ask"))
        kept = [_whole(number) for number in request.query_params.get("kept", "").split(",") if number]
        try:
            order = await run_in_threadpool(ordered, self.session.model, asked)
        except SciencegenError as error:
            return StreamingResponse(_refused(str(error)), media_type="text/event-stream")
        run = page.begin(order, self.session.turn, kept)
        told = {"command": asked.command(self.session.name), "notes": order.notes}
        return StreamingResponse(_events(request, run, told), media_type="text/event-stream")

    def outlines(self, request: Request) -> Response:
        """What stands behind the sliders."""
        return _json({name: asdict(one) for name, one in self.session.outlines.items()})

    def pattern(self, request: Request) -> Response:
        """A picture of what a filter looks for."""
        filters, name = self.session.model.domain.filters, _said(request, "filter")
        if name not in filters:
            raise UnknownName("filter", name, filters)
        draw = filters[name].picture
        return _svg("" if draw is None else draw(_said(request, "text")))

    def picture(self, request: Request) -> Response:
        """A picture of an item."""
        return _svg(self.session.model.domain.svg(self._item(request)))

    def alerts(self, request: Request) -> Response:
        """What published catalogues list an item for."""
        item = self._item(request)
        found = {name: alert(item) for name, alert in self.session.model.domain.alerts.items()}
        return _json({name: reason for name, reason in found.items() if reason})

    def plot(self, request: Request) -> Response:
        """What was measured against what was asked for."""
        page, name = self.session.page(_said(request, "page")), _said(request, "name")
        points = list(page.points.get(name, ()))
        return _svg(scatter(name, [asked for asked, _ in points], [measured for _, measured in points]))

    async def export(self, request: Request) -> Response:
        """A file of some items."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response

        body = await _body(request)
        page, numbers = self.session.page(str(body.get("page"))), body.get("items")
        if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
            raise RequestError("items: expected a list of numbers")
        file = await run_in_threadpool(
            downloaded, self.session.model.domain, page.some(numbers), str(body.get("format"))
        )
        headers = {"content-disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type="application/octet-stream", headers=headers)

    def _item(self, request: Request) -> Any:
        page = self.session.page(_said(request, "page"))
        return page.some([_whole(_said(request, "item"))])[0].candidate.item


async def _events(request: Request, run: Run, told: Mapping[str, Any]) -> AsyncIterator[str]:
    """What a run puts out, until it ends or the browser is gone."""
    try:
        yield _event("begun", told)
        counts: Mapping[str, Any] = {}
        while not await request.is_disconnected():
            whole, some = _waiting(run)
            if counts != run.counts:
                counts = run.counts
                yield _event("counts", counts)
            for name, value in some:
                yield _event(name, value)
            if whole:
                yield _event("end", None)
                return
            await asyncio.sleep(_TICK)
    finally:
        run.stop.set()


def _waiting(run: Run) -> tuple[bool, list[tuple[str, Any]]]:
    """Whether a run is over, and the events it has put out since."""
    some: list[tuple[str, Any]] = []
    while True:
        try:
            event = run.events.get_nowait()
        except Empty:
            return False, some
        if event is None:
            return True, some
        some.append(event)


async def _refused(reason: str) -> AsyncIterator[str]:
    yield _event("refused", reason)
    yield _event("end", None)


def _event(name: str, value: object) -> str:
    return f"event: {name}\ndata: {json.dumps(value, allow_nan=False)}\n\n"


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST:
            raise RequestError("what was sent is too long")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RequestError("expected a JSON object")
    return found


def _said(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if value is None:
        raise RequestError(f"{name} is missing")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 15:
        raise RequestError(f"{text!r}: expected the number of an item")
    return int(text)


def _json(value: object, status: int = 200) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(value, status)


def _svg(text: str) -> Response:
    from starlette.responses import Response

    return (
        Response(text, media_type="image/svg+xml") if text else Response("no picture\n", 404, media_type="text/plain")
    )


def _complained(request: Request, error: Exception) -> Response:
    return _json({"said": str(error)}, 400)


def listening(host: str, port: int) -> socket.socket:
    """A socket on an address of this machine; port 0 is any that is free."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        local = ip_address(address).is_loopback
    except ValueError:
        local = False
    if not local:
        tunnel = f"ssh -L {port}:127.0.0.1:{port} and the name of this machine"
        raise RequestError(f"--host {host}: the page is for this machine alone, as 127.0.0.1; elsewhere, use {tunnel}")
    if not 0 <= port <= _LAST_PORT:
        raise RequestError(f"--port {port}: expected 0 to {_LAST_PORT}")
    try:
        return socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    except OSError as error:
        said = f"--port {port}: {error.strerror or error}"
        raise RequestError(f"{said}; choose another, or 0 for any that is free") from None


def serve(session: Session, token: str, host: str, listener: socket.socket) -> None:
    """Serve the page until somebody interrupts."""
    import uvicorn

    app = Site(session).app(token, host, listener.getsockname()[1])
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=1
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        session.close()
