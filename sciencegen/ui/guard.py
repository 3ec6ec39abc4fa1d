"""Who may see the page: whoever was given its address, on this machine."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

__all__ = ["Guard", "names_of"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *(f"{what} 'none'" for what in ("base-uri", "form-action", "frame-ancestors")),
    ]
)
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def names_of(host: str, port: int) -> list[str]:
    """The addresses a browser on this machine may call a page by."""
    written = f"[{host}]" if ":" in host else host
    return [f"{name}:{port}" for name in dict.fromkeys((written, "127.0.0.1", "localhost", "[::1]"))]


class Guard:
    """Lets through who calls the page by an address of this machine and knows its token.

    The token comes in the address of the first visit, and in a cookie after that. Without the first check, a page
    elsewhere whose name is made to point to this machine could read what is served here (DNS rebinding).
    """

    def __init__(self, app: App, token: str, hosts: Iterable[str]) -> None:
        self._app, self._token, self._hosts = app, token, frozenset(hosts)
        self._cookie = f"sciencegen-{min(self._hosts).rpartition(':')[2]}"  # cookies of all ports lie together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal := self._refusal(scope):
            await _refuse(send, refusal)
        else:
            await self._app(scope, receive, self._guarded(scope, send))

    def _refusal(self, scope: Scope) -> str:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value.lower() for name, value in headers if name == "host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"this page is served as {min(self._hosts)} only"
        if any(value != f"http://{hosts[0]}" for name, value in headers if name == "origin"):
            return "another page may not ask this one"
        given = _tokens(scope)
        known = given or [value for name, header in headers if name == "cookie" for value in self._kept(header)]
        if not any(hmac.compare_digest(one.encode(), self._token.encode()) for one in known):
            return "open the whole address that sciencegen ui printed: it ends in a token"
        return ""

    def _kept(self, header: str) -> list[str]:
        """The token of a cookie."""
        try:
            cookies = SimpleCookie(header)
        except CookieError:
            return []
        return [cookies[self._cookie].value] if self._cookie in cookies else []

    def _guarded(self, scope: Scope, send: Send) -> Send:
        """What sends an answer with the headers every answer needs."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                picture = any(value.startswith(b"image/svg") for name, value in own if name.lower() == b"content-type")
                more = _HEADERS | {"content-security-policy": _PICTURE_POLICY if picture else _POLICY}
                if _tokens(scope):
                    more["set-cookie"] = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
                message = {**message, "headers": own + _encoded(more)}
            await send(message)

        return guarded


def _tokens(scope: Scope) -> list[str]:
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("token", [])


def _encoded(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _refuse(send: Send, reason: str) -> None:
    body = f"refused: {reason}\n".encode()
    headers = _HEADERS | {"content-type": "text/plain; charset=utf-8", "content-security-policy": _POLICY}
    await send({"type": "http.response.start", "status": 403, "headers": _encoded(headers)})
    await send({"type": "http.response.body", "body": body})
