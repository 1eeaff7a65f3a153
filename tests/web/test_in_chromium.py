"""The pages in a real browser: axe, both widths, the policy, the keyboard, print; each page as its own reader sees it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from engine.web.application import application
from engine.web.desk import Desk
from engine.web.server import options
from tests.web.conftest import DEAL, Visitors

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser
WIDTHS = (390, 1280)
PAGES: tuple[tuple[str | None, str], ...] = (
    (None, "/sign-in"),
    (None, "/marks"),
    ("servicer", "/"),
    ("borrower", "/"),
    ("nobody", "/"),
    ("servicer", "/deals"),
    ("servicer", f"/deals/{DEAL}?on=2026-02-19"),
    ("trustee", f"/deals/{DEAL}/history"),
    ("trustee", f"/deals/{DEAL}/notices"),
    ("trustee", f"/deals/{DEAL}/notices/1"),
    ("servicer", "/notices"),
    ("servicer", "/no/such/page"),
    ("servicer", "/deals?on=yesterday"),
)
"""Whoever reads it, and the page."""


@pytest.fixture(scope="module")
def served(visitors: Visitors) -> Iterator[tuple[str, Visitors]]:
    """The application on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = visitors.desk.workspace.settings
    web = settings.web.model_copy(update={"port": port})
    workspace = replace(visitors.desk.workspace, settings=settings.model_copy(update={"web": web}))
    desk = Desk(workspace, visitors.desk.database, visitors.clock, demonstration=True)
    server = uvicorn.Server(uvicorn.Config(application(desk), **{**options(desk), "log_level": "error"}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}", visitors
    server.should_exit = True
    thread.join(20)


def browser_of(chromium: Browser, served: tuple[str, Visitors], who: str | None, width: int) -> BrowserContext:
    address, visitors = served
    found = chromium.new_context(viewport={"width": width, "height": 900}, base_url=address, java_script_enabled=True)
    if who is not None:
        visitors.client(who)
        found.add_cookies([{"name": "session", "value": visitors.sessions[who], "url": address}])
    return found


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


@pytest.mark.parametrize(("who", "path"), PAGES)
def test_axe_finds_nothing_and_nothing_leaves_the_page(
    chromium: Browser, served: tuple[str, Visitors], width: int, who: str | None, path: str
) -> None:
    context = browser_of(chromium, served, who, width)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") and "Failed to load" not in one.text else None)
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    context.close()


def test_a_page_reads_in_order_by_keyboard_alone(chromium: Browser, served: tuple[str, Visitors]) -> None:
    """The first stop is the way to the page itself; every stop is seen, and none is a trap."""
    context = browser_of(chromium, served, "servicer", 1280)
    page: Page = context.new_page()
    page.goto("/deals")
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        one = page.evaluate(
            "({tag: document.activeElement.tagName, text: document.activeElement.innerText || document.activeElement.name || '',"
            " width: getComputedStyle(document.activeElement).outlineWidth})"
        )
        if one["tag"] == "BODY":
            break
        stops.append(one)
    assert stops[0]["text"] == "Skip to the page"
    assert 15 < len(stops) < 60
    assert {stop["width"] for stop in stops} == {"3px"}
    context.close()


def test_signing_in_by_hand_and_out_again(chromium: Browser, served: tuple[str, Visitors]) -> None:
    address, visitors = served
    person = visitors.desk.accounts.named("agent@example.com")
    assert person is not None
    visitors.desk.accounts.set_password(person.number, "a sentence is a good password")
    context = browser_of(chromium, served, None, 1280)
    page = context.new_page()
    page.goto(f"/deals/{DEAL}")
    page.get_by_label("Mail address").fill("agent@example.com")
    page.get_by_label("Password").fill("a sentence is a good password")
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{address}/deals/{DEAL}"
    page.get_by_role("button", name="Sign out").click()
    page.go_back()
    page.wait_for_url("**/sign-in**")
    context.close()
