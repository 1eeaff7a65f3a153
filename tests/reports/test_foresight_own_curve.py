"""The user's own curve, a dated file of rates, is one more path on each part of the foresight report."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from covenants import templates
from engine.foresight.facts_by_date import held_facts
from engine.queries.foresight_questions import StressAsked, stress
from engine.queries.foresight_reports import parts_of_report, stress_parts
from engine.terms.as_written import Deal, resolve
from reports.drawing.lanes import across, lanes
from reports.pages.foresight import compose
from reports.pages.foresight_inputs import ForesightInputs
from reports.render.pdf import render_foresight

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
UNTIL = date(2026, 4, 14)


@pytest.fixture(scope="module")
def inputs(meridian: Deal, tmp_path_factory: pytest.TempPathFactory) -> ForesightInputs:
    """Four scenario paths, and a curve that stays at 2.10 for two weeks and then at 1.80.

    The loan to value fails below 1.9257 from Thursday 22 January 2026, and is to be cured in ten Business Days.
    """
    file = tmp_path_factory.mktemp("rates") / "curve.csv"
    days = [date(2026, 1, 8) + timedelta(weeks=number) for number in range(14)]
    rows = [f"{day},{'2.1000' if number < 2 else '1.8000'}" for number, day in enumerate(days)]
    file.write_text("\n".join(["date,rate", *rows]) + "\n", encoding="utf-8")
    multiples = (Fraction(1), Fraction(3, 2), Fraction(2), Fraction(5, 2), Fraction(3))
    asked = StressAsked(("B",), ("middle",), multiples=multiples, rates=Path(file), until=UNTIL)
    given = held_facts(HELD, meridian.closing_date, resolve(meridian, meridian.closing_date))
    answer = stress(meridian, templates, given, asked)
    return ForesightInputs(
        **parts_of_report(meridian, templates, given, date(2026, 7, 6)),
        **stress_parts(meridian, templates, given, asked, answer, 1, lambda _: None),
    )


def said(runs: Any) -> str:
    return "".join(text for text, _ in runs)


def test_page_one_tells_what_happens_on_the_curve(inputs: ForesightInputs) -> None:
    own = said(compose(inputs)["answer"][1])
    assert own.startswith("On the rates of curve.csv, ")
    assert "n Event of Default of Loan to value is indicated from Friday 6 February 2026 at 1.8000." in own


def test_the_gravest_of_the_curve_is_told_before_what_only_fails(inputs: ForesightInputs) -> None:
    """Four failures came before the default, and the default was not told."""
    assert inputs.stress is not None
    *others, own = inputs.stress["outcomes"]
    many = [{"subject": f"test-{n}", "what": "fails", "on": "2026-01-08", "rate": "2.1000"} for n in range(4)]
    told = {**own, "firsts": [*many, *own["firsts"]]}
    runs = compose(replace(inputs, stress={**inputs.stress, "outcomes": [*others, told]}))["answer"][1]
    assert "n Event of Default of Loan to value is indicated from Friday 6 February 2026" in said(runs)


def test_the_curve_is_drawn_marked_and_tabled_beside_any_number_of_scenarios(inputs: ForesightInputs) -> None:
    page = compose(inputs)["stress"]
    line = page["chart"]["lines"][-1]
    assert (line["name"], line["dash"], len(line["rings"])) == ("curve.csv", "", 14)
    rows = {row["name"]: row for row in page["lanes"]["rows"]}
    x = across(date(2026, 1, 22), inputs.closing, UNTIL)
    assert x in [mark["x"] for mark in rows["Loan to value"]["marks"]]
    assert page["key"].endswith(
        " A triangle marks the first date on B middle 1.5x, B middle 2.0x and curve.csv."
    )
    own = page["own"]
    assert own["heads"] == ["curve.csv", "Section"]
    assert ["Loan to value fails", "Thu 22 Jan 2026, 1.8000", "CA §7.02"] in own["rows"]
    assert ["Loan to value Event of Default indicated", "Fri 6 Feb 2026, 1.8000", "CA §8.01(d)"] in own[
        "rows"
    ]
    of_curve = {row["name"]: [span["kind"] for span in row["spans"]] for row in own["lanes"]["rows"]}
    assert of_curve["Loan to value"] == ["passes", "cure", "default"]
    assert page["scenarios"]["title"] == "First dates under each scenario and on curve.csv"
    assert page["scenarios"]["rows"][-1][0] == "curve.csv"
    assert "Thu 22 Jan 2026" in page["scenarios"]["rows"][-1]


def test_no_line_of_the_chart_runs_through_words(inputs: ForesightInputs) -> None:
    """The words of the cash sweep lay on a line of rates: each has white behind it, drawn after every line."""
    html, _ = render_foresight(inputs)
    chart = html[html.index("The stated rates over the dates") :].split("</svg>", maxsplit=1)[0]
    page = compose(inputs)["stress"]["chart"]
    labels = [one.get("text") or one["name"] for one in (*page["levels"], *page["lines"])]
    whites = [found.start() for found in re.finditer('fill="#fff"/><text', chart)]
    assert len(whites) == len(labels)
    assert max(chart.index(f'd="{line["d"]}"') for line in page["lines"]) < min(whites)
    places = sorted(one["y"] for one in (*page["levels"], *page["lines"]))
    assert min(after - before for before, after in pairwise(places)) >= 24.9


def test_without_a_curve_the_report_says_nothing_of_one(inputs: ForesightInputs) -> None:
    assert inputs.stress is not None
    bare = {**inputs.stress, "own": None, "outcomes": inputs.stress["outcomes"][:-1]}
    page = compose(replace(inputs, stress=bare))
    assert page["stress"]["own"] is None
    assert page["stress"]["scenarios"]["title"] == "First dates under each scenario"
    assert "curve.csv" not in said(page["answer"][0])


def test_words_before_a_short_stretch_do_not_lie_on_the_words_of_another() -> None:
    """Two times in effect a month apart had their words on one another."""
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    spans = [
        {"kind": "passes", "since": "2026-01-01", "until": "2026-08-31"},
        {
            "kind": "in effect",
            "since": "2026-09-01",
            "until": "2026-09-10",
            "text": "in effect from Tue 1 Sep 2026",
        },
        {"kind": "counted", "since": "2026-09-11", "until": "2026-10-01"},
        {
            "kind": "in effect",
            "since": "2026-10-02",
            "until": "2026-10-11",
            "text": "in effect from Fri 2 Oct 2026",
        },
    ]
    row = lanes([("Block", spans, "")], first, last)["rows"][0]
    assert [span["place"] for span in row["spans"] if span["text"]] == ["before", ""]


def test_lines_for_signatures_that_go_over_to_a_second_page_do_not_stand_on_it_alone(
    inputs: ForesightInputs,
) -> None:
    """The stress began a page of its own, and left the second one nearly empty."""
    assert inputs.stress is not None
    many = {f"test-{number}": "the report lacks a figure that is asked for" for number in range(24)}
    _, pdf = render_foresight(replace(inputs, stress={**inputs.stress, "left_out": many}))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    (signed,) = (page for page in pages if "Structurer, date" in page)
    assert signed is not pages[0]
    assert "This is not a forecast." in pages[0]
    assert "Stress: Scenario B" in signed
