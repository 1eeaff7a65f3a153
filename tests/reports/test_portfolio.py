"""The portfolio summary's page: what it says first, the same bytes again, and an archive file that everyone
can read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from reports.pages.portfolio import PortfolioInputs, compose
from reports.render.pdf import render_portfolio
from tests.reports.verapdf import failures

BASE: dict[str, Any] = {
    "title": "Loan to value",
    "cite": "CA §7.02",
    "counting": "",
    "measured": "66.006%",
    "limit": "at most 65%",
    "note": "",
}


def row(
    deal: str, state: str, result: str | None, room: str | None, urgent: bool = False, **more: Any
) -> dict[str, Any]:
    found = {
        **BASE,
        "deal": deal,
        "state": state,
        "result": result,
        "headroom_shown": room,
        "urgent": urgent,
        "on": "2026-04-09",
        "due": [],
    }
    return {**found, **more}


CURE = [{"by": "2026-04-23", "who": "borrower", "what": "cure by prepayment", "overdue": False}]
ROWS = (
    row("harbour", "EVENT OF DEFAULT", "FAIL", "−21.240 points", True),
    row(
        "granite",
        "NOT EVALUATED",
        None,
        None,
        True,
        on=None,
        measured=None,
        limit=None,
        note="D101 `60` has no unit",
    ),
    row("meridian", "CURE PERIOD", "FAIL", "−1.006 points", True, due=CURE),
    row("meridian", "NOT IN EFFECT", "PASS", "+0.4296 USD", counting="1 of 4"),
    row(
        "prairie",
        "WAIVED",
        "NOT DETERMINED",
        None,
        measured=None,
        limit=None,
        note="the report is older than 14 days",
    ),
)
INPUTS = PortfolioInputs(ROWS, date(2026, 4, 9), "deal,test\n", "Agent", datetime(2026, 4, 10, 7, tzinfo=UTC))


def test_the_first_sentence_says_how_many_deals_need_an_act_and_why() -> None:
    said = "".join(text for text, _ in compose(INPUTS)["answer"][0])
    assert said.startswith(
        "Of four deals, three need an act. harbour: Loan to value, Event of Default indicated; granite: "
    )
    assert said.endswith("meridian: Loan to value, CURE PERIOD, due 23 Apr 2026.")
    calm = "".join(text for text, _ in compose(replace(INPUTS, rows=ROWS[3:]))["answer"][0])
    assert calm == "Of two deals, none needs an act."


def test_the_line_stands_under_the_last_row_that_needs_an_act() -> None:
    assert [one["last"] for one in compose(INPUTS)["rows"]] == [False, False, True, False, False]
    assert not compose(replace(INPUTS, rows=ROWS[3:]))["line"]


def test_the_page_is_an_archive_file_and_the_same_bytes_again(tmp_path: Path) -> None:
    made = replace(INPUTS, illustrative=True, rows=ROWS * 6)
    pdf = render_portfolio(made)
    assert render_portfolio(made) == pdf
    path = tmp_path / "portfolio.pdf"
    path.write_bytes(pdf)
    for profile in ("3a", "ua1"):
        assert failures(path, profile)[1] == {}
