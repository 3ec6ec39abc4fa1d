"""Who may see the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sciencegen.ui
from sciencegen.errors import RequestError
from tests.ui.conftest import TOKEN, Served


def test_the_address_opens_the_page_and_a_cookie_keeps_it_open(kinds: Served) -> None:
    first = kinds.ask(f"/?token={TOKEN}")
    assert first.status == 200
    cookie = first.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    assert kinds.ask("/", Cookie=cookie.split(";")[0]).status == 200


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/outlines", "/nowhere"])
def test_nothing_is_served_without_the_token(kinds: Served, path: str) -> None:
    cookie = f"sciencegen-{kinds.port}"
    assert kinds.ask(path).status == 403
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "%C3%A9", "%00"):
        assert kinds.ask(f"{path}?token={wrong}").status == 403
        assert kinds.ask(path, Cookie=f"{cookie}={wrong}").status == 403
    assert kinds.ask(path, Cookie=f"sciencegen-1={TOKEN}").status == 403
    assert kinds.ask(f"{path}?token=wrong", Cookie=f"{cookie}={TOKEN}").status == 403


def test_the_page_answers_to_its_own_name_only(kinds: Served) -> None:
    for host in (kinds.host, f"localhost:{kinds.port}"):
        assert kinds.ask(f"/?token={TOKEN}", Host=host).status == 200
    for host in ("evil.example", f"evil.example:{kinds.port}", "127.0.0.1", f"127.0.0.1:{kinds.port + 1}", ""):
        assert kinds.ask(f"/?token={TOKEN}", Host=host).status in (400, 403)


def test_other_pages_may_not_ask(kinds: Served) -> None:
    own, other = (kinds.ask(f"/?token={TOKEN}", Origin=origin) for origin in (f"http://{kinds.host}", "http://a.b"))
    assert (own.status, other.status) == (200, 403)


def test_every_answer_forbids_what_the_page_does_not_need(kinds: Served) -> None:
    for answer in (kinds.ask(f"/?token={TOKEN}"), kinds.ask("/"), kinds.known("/nowhere")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_nothing_is_loaded_from_elsewhere_and_no_script_is_inline(molecules: Served) -> None:
    html = molecules.ask(f"/?token={TOKEN}").body.decode()
    assert re.findall(r"<script(?![^>]* src=)|<style| on\w+=| style=", html) == []
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert sources
    assert all(source.startswith(("static/", "#")) or source == "" for source in sources)
    static = Path(sciencegen.ui.__file__).parent / "static"
    for path in static.iterdir():
        found = re.sub(r'xmlns="[^"]*"', "", path.read_text())
        assert "//" not in re.sub(r"(?m)^// .*$| // .*$", "", found), path


def test_only_this_machine_is_listened_to() -> None:
    from sciencegen.ui.server import listening

    for host in ("0.0.0.0", "", "example.org", "192.168.1.1", "::"):
        with pytest.raises(RequestError, match="this machine"):
            listening(host, 0)
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RequestError, match=f"--port {port}: .*choose another"):
            listening("127.0.0.1", port)
    with pytest.raises(RequestError, match="--port"):
        listening("127.0.0.1", 70000)
