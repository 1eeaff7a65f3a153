"""The publication page as a person sees it: opened from disk in a real browser, on a telephone and on a desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.render.pdf import render_publication
from tests.reports.test_publication import inputs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
WIDTHS = (390, 1280)
"""Pixels: a telephone held upright, and a desk."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    html, _ = render_publication(inputs(illustrative=True))
    path = tmp_path_factory.mktemp("page") / "publication.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=WIDTHS)
def page(chromium: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """The page at one width, and what the browser complained of or asked the network for."""
    opened = chromium.new_page(viewport={"width": request.param, "height": 844})
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: troubles.append(asked.url) if asked.url != file.as_uri() else None)
    opened.goto(file.as_uri())
    yield opened, troubles
    opened.close()


def test_the_answer_is_visible_and_the_page_fits_its_window(page: tuple[Page, list[str]]) -> None:
    opened, _ = page
    assert opened.title().startswith("Publication of CRI-H100")
    answer = opened.get_by_text("USD 1.7000 per GPU-hour, the median of 44 listed prices on 4 valid days.")
    assert answer.is_visible()
    wide, window = opened.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= window


def test_every_sheet_says_that_it_is_no_publication(page: tuple[Page, list[str]]) -> None:
    assert page[0].locator("p.mark").inner_text() == "ILLUSTRATIVE - NOT A PUBLICATION"


def test_the_page_asks_the_network_for_nothing_and_no_error_is_logged(page: tuple[Page, list[str]]) -> None:
    assert page[1] == []


def test_axe_finds_nothing(page: tuple[Page, list[str]]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page[0]).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
