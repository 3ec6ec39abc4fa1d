"""The page in a real browser."""

from __future__ import annotations

import csv
import io
import json
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.chromium import PROGRAM, Browser
from tests.ui.conftest import Command, Served

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PROGRAM, reason="there is no Chromium here")]
RESTING = "!document.body.dataset.busy && one('#grid') !== null && one('#stop').disabled"
TEXTS = "[...document.querySelectorAll('#grid .text')].map((cell) => cell.textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, molecules: Served, tmp_path: Path) -> Iterator[Browser]:
    """A page that has drawn, and has nothing to complain of in the end."""
    browser.complaints.clear()
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.open(molecules.address)
    browser.until(f"{RESTING} && {TEXTS}.length === 24")
    browser("(one('#n').value = 6, draw())")
    browser.until(f"{RESTING} && {TEXTS}.length === 6")
    yield browser
    browser("0")
    assert browser.complaints == []


def slide(page: Browser, name: str, to: float) -> None:
    """Move a slider as a hand would: a move, and the end of moving."""
    found = f"one('[data-name={name}] input[type=range]')"
    page(f"{found}.value = {to}")
    for event in ("input", "change"):
        page(f"{found}.dispatchEvent(new Event('{event}', {{ bubbles: true }}))")


def drawn(page: Browser, aimed: int = 6) -> list[str]:
    """The texts of the grid when it is full of items that were asked for something."""
    page.until(f"{RESTING} && document.querySelectorAll('#grid .aimed').length >= {aimed}")
    texts: list[str] = page(TEXTS)
    return texts


def saved(page: Browser, folder: Path, name: str, format_: str = "csv") -> str:
    page(f"(one('#format').value = '{format_}', one('#save').click())")
    for _ in range(600):
        if (folder / name).exists() and not list(folder.glob("*.crdownload")):
            return (folder / name).read_text()
        time.sleep(0.1)
    raise AssertionError(page("one('#complaint').textContent") or f"{name} was never saved")


def test_a_slider_changes_the_grid(page: Browser) -> None:
    before = page(TEXTS)
    slide(page, "logp", 4.5)
    high = drawn(page)
    slide(page, "logp", 0)
    page.until("one('#command').textContent.includes('logp=0')")
    low = drawn(page)
    assert before != high != low
    said = page("[...items.values()].map((item) => item.values.logp)")
    assert sum(said) / len(said) < 3
    assert page("one('[data-count=kept]').textContent") == "6"
    assert page("one('[data-name=logp] .on').checked") is True


def test_the_saved_table_is_the_grid_and_that_of_the_command(
    page: Browser, sciencegen: Command, tmp_path: Path
) -> None:
    slide(page, "qed", 0.9)
    texts = drawn(page)
    table = saved(page, tmp_path, "sciencegen.csv")
    assert [row["smiles"] for row in csv.DictReader(io.StringIO(table))] == texts
    command = page("one('#command').textContent")
    assert sciencegen(*shlex.split(command)[1:]).out == table
    page(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };"
        "one('#copy').click()"
    )
    page.until(f"window.copied === {json.dumps(command)}")
    assert saved(page, tmp_path, "sciencegen.sdf", "sdf").count("$$$$") == len(texts)
    assert saved(page, tmp_path, "plate-map.csv", "plate-96").count("compound") == len(texts)


def test_kept_items_stay_on_top_and_banned_ones_never_come_back(page: Browser, tmp_path: Path) -> None:
    texts = page(TEXTS)
    page("document.querySelectorAll('#grid .keep')[4].click()")
    assert page(TEXTS)[0] == texts[4]
    page("document.querySelectorAll('#grid .ban')[1].click()")
    assert texts[0] not in page(TEXTS)
    slide(page, "mw", 300)
    assert drawn(page, aimed=7 - 1)[0] == texts[4]
    table = list(csv.DictReader(io.StringIO(saved(page, tmp_path, "sciencegen.csv"))))
    assert [row["smiles"] for row in table] == page(TEXTS)
    assert table[0]["mw_asked"] == ""
    page("one('[data-name=mw] .on').click()")
    page.until(f"{RESTING} && !one('#command').textContent.includes('mw')")
    again = page(TEXTS)
    assert again[0] == texts[4]
    assert sorted(again) == sorted(set(texts) - {texts[0]})


def test_the_grid_is_sorted_and_sifted(page: Browser) -> None:
    page("(one('#sort').value = 'mw', one('#sort').dispatchEvent(new Event('input')))")
    weights = page("shown().map((item) => item.values.mw)")
    assert weights == sorted(weights)
    page("one('#down').click()")
    assert page("shown().map((item) => item.values.mw)") == sorted(weights, reverse=True)
    middle = sorted(weights)[3]
    page(f"(one('#only').value = 'mw>={middle}', one('#only').dispatchEvent(new Event('input')))")
    assert len(page(TEXTS)) == sum(weight >= middle for weight in weights)


def test_keys_alone_are_enough(page: Browser) -> None:
    texts = page(TEXTS)
    page("one('#grid .look').focus()")
    page.press("ArrowRight")
    page.press("k", "KeyK", "k")
    assert page(TEXTS)[0] == texts[1]
    page("document.querySelectorAll('#grid .look')[2].focus()")
    page.press("b", "KeyB", "b")
    assert len(page(TEXTS)) == 5
    page("one('#grid .look').focus()")
    page.press("Enter", "Enter", "\r")
    page.until("one('#detail').open")
    assert page("one('#title').textContent") == texts[1]
    page.press("Escape")
    page.until("!one('#detail').open")


def test_what_is_rare_or_unseen_is_said_beside_the_slider(page: Browser) -> None:
    page.until("one('[data-name=logp] .source').textContent === 'what the model draws'")
    page.until("one('[data-name=logp] .outline path').getAttribute('d').length > 100")
    slide(page, "logp", -4)
    assert "rare" in page("one('[data-name=logp] .warning').textContent")
    page("one('[data-name=logp] .value').value = '9'")
    page("one('[data-name=logp] .value').dispatchEvent(new Event('input', { bubbles: true }))")
    assert "outside the training range" in page("one('[data-name=logp] .warning').textContent")
    drawn(page)


def test_a_pattern_is_drawn_while_it_is_typed(page: Browser) -> None:
    page("(one('[data-name=contains] textarea').value = 'c1ccncc1')")
    page("one('[data-name=contains] textarea').dispatchEvent(new Event('input', { bubbles: true }))")
    page.until("one('[data-name=contains] .patterns img')?.naturalWidth > 0")
    page("one('[data-name=contains] textarea').dispatchEvent(new Event('change', { bubbles: true }))")
    page.until("one('#command').textContent.includes('--contains')")
    page.until(RESTING)
    assert page("one('[data-count=rejected]').textContent") != "0"


def test_every_control_has_a_name_and_pictures_are_there(page: Browser) -> None:
    page("one('#grid img').scrollIntoView()")
    page.until("one('#grid img').naturalWidth > 0")
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "textbox", "searchbox", "slider", "checkbox", "combobox", "spinbutton", "link"}
    controls = [node for node in tree if not node["ignored"] and node.get("role", {}).get("value") in roles]
    assert len(controls) > 40
    assert [node for node in controls if not node.get("name", {}).get("value")] == []


def test_it_is_readable_on_a_phone(page: Browser) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    try:
        assert page("document.documentElement.scrollWidth <= innerWidth") is True
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_the_token_leaves_the_address_bar(page: Browser, molecules: Served) -> None:
    assert page("location.href") == f"http://{molecules.host}/"


def test_a_stranger_sees_nothing(browser: Browser, molecules: Served) -> None:
    browser.open(f"http://{molecules.host}/?token=wrong")
    assert browser("document.body.textContent").startswith("refused")
    browser.complaints.clear()
