"""The pages in a real browser: axe, both widths, the policy, the keyboard, print; each page as its own reader
sees it.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from engine.events.kinds import ActRecorded, ReportReceived
from engine.web.application import application
from engine.web.desk import Desk
from engine.web.server import options
from tests.conftest import DEALS
from tests.web.conftest import DEAL, Visitors, visitors_of
from tests.web.test_desk_work import NEXT, log_of

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
    ("servicer", "/week"),
    ("trustee", f"/deals/{DEAL}/results/ltv/2026-02-19"),
    ("trustee", f"/deals/{DEAL}/compare?first=2026-02-12&second=2026-02-19"),
    ("borrower", f"/deals/{DEAL}/due"),
    ("borrower", f"/deals/{DEAL}/reports"),
    ("servicer", f"/deals/{DEAL}/acts"),
    ("servicer", f"/deals/{DEAL}/notices/8"),
    ("approver", "/approvals"),
    ("trustee", "/proof"),
    ("trustee", f"/deals/{DEAL}/proof"),
    ("structurer", "/drafts"),
    ("administrator", "/admin"),
    ("administrator", "/admin/reads"),
    ("trustee", "/account"),
)
"""Whoever reads it, and the page."""


@pytest.fixture(scope="module")
def served(visitors: Visitors) -> Iterator[tuple[str, Visitors]]:
    """The application on a free port of loopback."""
    yield from serving(visitors)


@pytest.fixture(scope="module")
def own_desk(desk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Visitors]]:
    """The same over a copy, for walks that write."""
    root = tmp_path_factory.mktemp("walk") / "workspace"
    shutil.copytree(desk_folder, root)
    visitors = visitors_of(root)
    visitors.clock.on(days=6)
    yield from serving(visitors)
    visitors.desk.workspace.store.close()


def serving(visitors: Visitors) -> Iterator[tuple[str, Visitors]]:
    """Serve until the generator is closed; gives the address."""
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


def browser_of(
    chromium: Browser, served: tuple[str, Visitors], who: str | None, width: int, script: bool = True
) -> BrowserContext:
    address, visitors = served
    found = chromium.new_context(
        viewport={"width": width, "height": 900}, base_url=address, java_script_enabled=script
    )
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
    page.on(
        "console",
        lambda one: (
            said.append(one.text)
            if one.type in ("error", "warning") and "Failed to load" not in one.text
            else None
        ),
    )
    page.goto(path)
    sound(page, width)
    assert said == []
    context.close()


def sound(page: Page, width: int) -> None:
    """Axe finds nothing on the page as it is, and nothing of it lies beside the window."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_week_of_a_structurer(chromium: Browser, own_desk: tuple[str, Visitors], width: int) -> None:
    """A draft is checked, read aloud and put under stress, each page sound; the answer is there to take away."""
    context = browser_of(chromium, own_desk, "structurer", width)
    page = context.new_page()
    page.goto("/drafts")
    page.get_by_label("Deal file").set_input_files(DEALS / f"{DEAL}.yaml")
    page.get_by_role("button", name="Try this draft").click()
    assert "No error." in page.inner_text("main")
    sound(page, width)
    page.get_by_role("link", name="Stress, compare, calibrate, simulate").click()
    sound(page, width)
    form = page.locator("form[action$='/foresight/stress']")
    form.get_by_label("Weeks after closing").fill("30")
    form.get_by_label("Scenarios").fill("B")
    form.get_by_label("Figures of every report").fill("outstanding_principal=USD 16,000,000")
    form.get_by_role("button", name="Work out the stress").click()
    for _ in range(150):
        if page.get_by_role("link", name="The foresight report").count():
            break
        time.sleep(0.4)
        page.reload()
    said = page.inner_text("main")
    assert "Thu 26 Mar 2026" in said
    sound(page, width)
    context.close()


@pytest.mark.parametrize("path", [f"/deals/{DEAL}/questions", f"/deals/{DEAL}/due", f"/deals/{DEAL}/proof"])
def test_further_pages_are_sound(
    chromium: Browser, served: tuple[str, Visitors], width: int, path: str
) -> None:
    context = browser_of(
        chromium, served, "borrower" if path.endswith(("questions", "due")) else "trustee", width
    )
    page = context.new_page()
    page.goto(path)
    sound(page, width)
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
            "({tag: document.activeElement.tagName, text: document.activeElement.innerText || "
            "document.activeElement.name || '', width: "
            "getComputedStyle(document.activeElement).outlineWidth})"
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


# ---- each person's week, without JavaScript
# -----------------------------------------------------------------------


def person(chromium: Browser, desk: tuple[str, Visitors], who: str) -> Page:
    """A browser of somebody in which no script runs."""
    return browser_of(chromium, desk, who, 1280, script=False).new_page()


def test_the_week_of_a_borrower_and_a_servicer(
    chromium: Browser, own_desk: tuple[str, Visitors], tmp_path: Path
) -> None:
    """The borrower sees what is due, sends its file, and the Servicer takes it into the record."""
    visitors = own_desk[1]
    borrower = person(chromium, own_desk, "borrower")
    borrower.goto("/")
    borrower.get_by_role("link", name=DEAL).first.click()
    assert "Cure Loan to value" in borrower.inner_text("main")
    borrower.get_by_role("link", name="Reports").click()
    file = tmp_path / NEXT.name
    file.write_text(NEXT.text, encoding="utf-8")
    borrower.get_by_label("The form, or your own workbook").set_input_files(file)
    borrower.get_by_role("button", name="Read this file").click()
    assert "Nothing is recorded yet." in borrower.inner_text("main")
    borrower.get_by_role("button", name="Send this report to the Servicer").click()
    assert "waits for the Servicer" in borrower.inner_text("main")
    servicer = person(chromium, own_desk, "servicer")
    servicer.goto("/week")
    assert f"Report {NEXT.name}" in servicer.inner_text("main")
    servicer.goto(f"/deals/{DEAL}/reports")
    servicer.get_by_role("link", name="Open").click()
    servicer.get_by_role("button", name="Take this report into the record").click()
    assert isinstance(log_of(visitors)[-1].payload, ReportReceived)
    borrower.reload()
    assert "taken" in borrower.inner_text("main")


def test_the_week_of_a_second_person(
    chromium: Browser, own_desk: tuple[str, Visitors], tmp_path: Path
) -> None:
    """The Servicer prepares a waiver with its letter; the second person sees the difference, sends it back,
    then approves.
    """
    visitors, letter = own_desk[1], tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7 a letter")
    servicer, approver = person(chromium, own_desk, "servicer"), person(chromium, own_desk, "approver")
    for words in ("The letter is unsigned.", ""):
        servicer.goto(f"/deals/{DEAL}/acts")
        servicer.get_by_label("What was done").select_option("waiver")
        servicer.get_by_label("Covenant or trigger").select_option("ltv")
        servicer.get_by_label("Effective on").fill("2026-02-26")
        servicer.get_by_label("Until").fill("2026-03-26")
        servicer.get_by_text("What some kinds of Act say besides").click()
        servicer.get_by_label("Clock after a waiver").fill("resumes")
        servicer.get_by_label("Document").set_input_files(letter)
        servicer.get_by_role("button", name="Show what it would change").click()
        servicer.get_by_role("button", name="Send to a second person").click()
        approver.goto("/approvals")
        approver.get_by_role("link", name="waiver of ltv").first.click()
        if words:
            approver.get_by_label("Words for the record").fill(words)
            approver.get_by_role("button", name="Send back with words").click()
        else:
            approver.get_by_role("button", name="Approve and record the waiver").click()
    act = log_of(visitors)[-1].payload
    assert isinstance(act, ActRecorded)
    assert (act.prepared_by, act.approved_by) == ("Servicer", "Approver")
    servicer.goto(f"/deals/{DEAL}/acts")
    assert "The letter is unsigned." in servicer.inner_text("main")


def test_the_question_of_a_trustee(chromium: Browser, own_desk: tuple[str, Visitors]) -> None:
    """From the first page to the history as known on a day, the working of a result, the statement and the
    proof, by links alone.
    """
    trustee = person(chromium, own_desk, "trustee")
    trustee.goto("/")
    trustee.get_by_role("link", name=DEAL).first.click()
    trustee.get_by_role("link", name="History").click()
    trustee.get_by_label("As known on").fill("2026-02-20")
    trustee.get_by_label("Test or trigger").select_option("ltv")
    trustee.get_by_label("Kind").select_option("tested")
    trustee.get_by_role("button", name="Show").click()
    assert "known=2026-02-20" in trustee.url
    trustee.get_by_role("link", name="Explain").first.click()
    assert "65.854%" in trustee.inner_text("main")
    trustee.get_by_label("This deal").get_by_role("link", name="Notices").click()
    assert "Drafted is not given." in trustee.inner_text("main")
    trustee.get_by_label("This deal").get_by_role("link", name="Proof").click()
    trustee.get_by_role("button", name=f"Verify {DEAL} now").click()
    for _ in range(40):
        if "Look again" not in trustee.inner_text("main"):
            break
        time.sleep(0.5)
        trustee.reload()
    assert "Verified" in trustee.inner_text("h1")


def test_a_printed_page_says_that_it_is_no_notice(chromium: Browser, served: tuple[str, Visitors]) -> None:
    context = browser_of(chromium, served, "trustee", 1280)
    page = context.new_page()
    page.goto(f"/deals/{DEAL}/results/ltv/2026-02-19")
    page.emulate_media(media="print")
    assert page.get_by_text("not a notice under any agreement").is_visible()
    assert not page.get_by_role("navigation", name="Main").is_visible()
    context.close()
