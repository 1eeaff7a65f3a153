"""The validation page: every test with its verdict, pictures of what they rest on, the same bytes again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from reports.pages.validation import ValidationInputs, compose
from reports.render.pdf import render_validation
from tests.reports.test_publication import AT, value


def finding(test: str, verdict: str, found: bool | None, statistic: float | None = 1.0) -> dict[str, Any]:
    more = {"section": "WP §7", "sample": 9, "statistic": statistic, "p_value": None, "caveat": "few weeks"}
    return {"test": test, "verdict": verdict, "finding": found, **more}


def inputs(weeks: int = 9) -> ValidationInputs:
    made = [
        value(
            date(2026, 1, 8) + timedelta(weeks=n),
            f"{2.1 - 0.05 * n:.4f}",
            pooled=[f"{1.5 + 0.03 * k:.6f}" for k in range(20 + n)],
        )
        for n in range(weeks)
    ]
    days = [
        {
            "date": str(date(2026, 1, 1) + timedelta(days=n)),
            "offers": 30,
            "qualifying": 8 + n % 5,
            "ratio": (8 + n % 5) / 30,
        }
        for n in range(7 * weeks)
    ]
    findings = [
        finding("coverage ratio", "low for four weeks", True),
        finding("ADF, levels", "refused: 9 weekly values, and it needs 20", None, None),
        finding("skewness", "+0.20: the longer tail is to the right", False),
    ]
    data = {
        "index": "CRI-H100",
        "methodology": "1.1.1",
        "weeks": weeks,
        "last": made[-1]["publication_date"],
        "coverage": days,
    }
    return ValidationInputs({**data, "findings": findings}, made, "Agent", AT)


def test_the_page_says_first_what_was_found_and_what_was_refused() -> None:
    page = compose(inputs())
    said = ["".join(text for text, _ in sentence) for sentence in page["answer"]]
    assert said[0] == "1 test of 3 found something to look into: coverage ratio."
    assert said[1] == "1 test refused for want of figures; what is needed stands beside it."
    assert [one["mark"] for one in page["findings"]] == ["look", "refused", ""]
    assert page["findings"][1]["verdict"] == "9 weekly values, and it needs 20."
    assert [picture["title"].split(",")[0] for picture in page["pictures"]] == [
        "Coverage ratio by day",
        "Qualifying Listings by day",
        "Prices of the week of 5 Mar 2026",
        "Width of the 95% interval",
    ]


def test_what_cannot_be_drawn_is_left_out() -> None:
    """One day and one week: no picture over time, no cloud of points; a day whose coverage is not known has
    no dot.
    """
    one = inputs(1)
    data = {**one.data, "coverage": [{**one.data["coverage"][0], "ratio": None}]}
    pictures = compose(ValidationInputs(data, one.weeks, "Agent", AT))["pictures"]
    assert [picture["title"][:6] for picture in pictures] == ["Prices"]


def test_the_same_findings_are_the_same_bytes() -> None:
    first = render_validation(inputs())
    assert first.startswith(b"%PDF-")
    assert first == render_validation(inputs())
