"""Pages for a browser as a person sees them: opened from disk, on a telephone and on a desk.

They are a publication page and a foresight report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.terms.as_written import Deal
from reports.render.pdf import render_foresight, render_publication
from tests.reports.test_foresight_report import of_everything
from tests.reports.test_publication import inputs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
WIDTHS = (390, 1280)
"""Pixels: a telephone held upright, and a desk."""


@pytest.fixture(scope="module")
def files(meridian: Deal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each kind of page as a file, by its name."""
    folder = tmp_path_factory.mktemp("page")
    report = replace(of_everything(meridian, folder), illustrative=True)
    drawn = {
        "publication": render_publication(inputs(illustrative=True)),
        "foresight": render_foresight(report),
    }
    for name, (html, _) in drawn.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in drawn}


@pytest.fixture(params=WIDTHS)
def window(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """An empty window of one width, and what the browser complains of or asks the network for."""
    opened = chromium.new_page(viewport={"width": request.param, "height": 844})
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: troubles.append(asked.url))
    yield opened, troubles
    opened.close()


@pytest.fixture(params=["publication", "foresight"])
def page(
    window: tuple[Page, list[str]], files: dict[str, Path], request: pytest.FixtureRequest
) -> tuple[Page, list[str]]:
    """A page at one width, and what the browser complained of or asked the network for beside the file."""
    opened, troubles = window
    opened.goto(files[request.param].as_uri())
    assert troubles.pop(0) == files[request.param].as_uri()
    return opened, troubles


def test_the_page_fits_its_window(page: tuple[Page, list[str]]) -> None:
    wide, room = page[0].evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room


def test_the_answer_of_a_publication_is_visible(
    window: tuple[Page, list[str]], files: dict[str, Path]
) -> None:
    opened, _ = window
    opened.goto(files["publication"].as_uri())
    assert opened.title().startswith("Publication of CRI-H100")
    answer = opened.get_by_text("USD 1.7000 per GPU-hour, the median of 44 listed prices on 4 valid days.")
    assert answer.is_visible()


def test_every_sheet_says_what_it_is_not(window: tuple[Page, list[str]], files: dict[str, Path]) -> None:
    opened, _ = window
    marks = []
    for file in files.values():
        opened.goto(file.as_uri())
        marks.append(opened.locator("p.mark").inner_text())
    assert marks == ["ILLUSTRATIVE - NOT A PUBLICATION", "ILLUSTRATIVE - NOT A NOTICE"]


def test_the_page_asks_the_network_for_nothing_and_no_error_is_logged(page: tuple[Page, list[str]]) -> None:
    assert page[1] == []


def test_axe_finds_nothing(page: tuple[Page, list[str]]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page[0]).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
