"""The reports of which a block that a record fills in speaks: its own check must take it (`rulings.md` 56)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.determination.look_back import looks_back
from engine.determination.template import Template, clauses_of
from engine.evaluation.carried_over import takeover_draft
from engine.events.draft import Draft
from engine.events.kinds import ReportReceived
from engine.events.rates import Published
from engine.operations.takeover_form import as_yaml, recorded_block
from engine.terms.as_written import Deal, calendar_on, load_deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.workspace.takeover_checks import takeover_problems
from tests.conftest import DEALS
from tests.evaluation.takeover_history import WHO, Lived, report, with_document

DAY = timedelta(days=1)
MERIDIAN = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
OVER_WEEKS = """\
  over-weeks:
    template: reported_figure
    cite: CA §7.09
    text: The Borrower shall not permit collections over four weeks to be less than operating costs.
    measured: collections / operating_costs
    trailing: {n: 4, as: ratio of sums}
    limit: at least 0.10x
    cure: none
    if_not_determined: hold
    failure_is: a default
"""
WEEKS = MERIDIAN.replace("covenants:\n", f"covenants:\n{OVER_WEEKS}", 1)


def lived(text: str, templates: Mapping[str, Template], reports: Sequence[Draft], until: date) -> Lived:
    """A deal of which some reports came in, and where each print is one rate."""
    deal, wrong = load_deal(text, "deal.yaml", clauses_of(templates))
    assert deal is not None, wrong
    prints = tuple(
        Published(index="CRI-H100", publication_date=day, value=Decimal("2.1000"))
        for day in publication_dates(deal.closing_date + DAY, until)
    )
    comes: dict[date, tuple[Draft, ...]] = {}
    for one in reports:
        comes[one.effective_on] = (*comes.get(one.effective_on, ()), one)
    made = Lived(deal, templates, {"CRI-H100": prints}, comes)
    made.live(until)
    return made


def block_of(one: Lived, as_of: date) -> dict[str, Any]:
    """The block that the record fills in."""
    return recorded_block(one.deal, as_of, one.log, one.series, one.templates, WHO)


def taken(text: str, block: Mapping[str, Any], templates: Mapping[str, Template]) -> Deal:
    """The deal with a block, which the check takes."""
    deal, wrong = load_deal(
        with_document(text) + "\n" + as_yaml({"takeover": block}), "taken.yaml", clauses_of(templates)
    )
    assert deal is not None, wrong
    assert [one.what for one in takeover_problems(deal, templates) if not one.code.startswith("W")] == []
    return deal


def weekly(*ends: date) -> list[Draft]:
    draw = random.Random(1)
    return [report(end, end, draw) for end in ends]


def of_days(first: date, last: date, received: date) -> Draft:
    """The report of other days than a week."""
    payload = weekly(last)[0].payload
    assert isinstance(payload, ReportReceived)
    payload = payload.model_copy(update={"period_start": first, "received": received})
    return Draft(kind="report received", subject=payload.name, effective_on=received, payload=payload)


def wednesdays(first: date, count: int) -> list[date]:
    return [first + timedelta(weeks=week) for week in range(count)]


def ends_of(block: Mapping[str, Any]) -> list[str]:
    return [one["period"]["to"] for one in block["reports"]]


def test_a_report_that_is_due_on_the_day_on_which_its_period_ends_is_spoken_of(
    all_templates: dict[str, Template],
) -> None:
    """18 March is a Wednesday: the report of the week to it is due on it, and it has not come."""
    as_of = date(2026, 3, 18)
    one = lived(WEEKS, all_templates, weekly(*wednesdays(date(2026, 1, 14), 9)), as_of)
    block = block_of(one, as_of)
    assert block["reports_missing"] == ["2026-03-18"]
    taken(WEEKS, block, all_templates)


def test_a_missing_report_older_than_the_newest_three_is_spoken_of_where_a_test_looks_at_it(
    all_templates: dict[str, Template],
) -> None:
    """Four weeks count, and the first of them has no report: it was due under the former servicer."""
    as_of = date(2026, 2, 12)
    text = WEEKS.replace("{n: 4,", "{n: 6,", 1)
    ends = wednesdays(date(2026, 1, 7), 6)
    block = block_of(lived(text, all_templates, weekly(*ends[1:]), as_of), as_of)
    assert block["reports_missing"] == "none"  # the next date looks at 14 January to 18 February
    block = block_of(lived(text, all_templates, weekly(ends[0], *ends[2:]), as_of), as_of)
    assert block["reports_missing"] == ["2026-01-14"]
    taken(text, block, all_templates)


def test_a_report_that_ends_inside_its_period_is_of_that_period(all_templates: dict[str, Template]) -> None:
    """The report to Tuesday 10 March is that of the week to 11 March: it has come, and is handed over."""
    as_of = date(2026, 3, 20)
    whole = wednesdays(date(2026, 1, 14), 8)
    tuesday = of_days(date(2026, 3, 5), date(2026, 3, 10), date(2026, 3, 11))
    reports = [*weekly(*whole), tuesday, *weekly(date(2026, 3, 18))]
    block = block_of(lived(WEEKS, all_templates, reports, as_of), as_of)
    assert "2026-03-10" in ends_of(block)
    assert block["reports_missing"] == "none"
    taken(WEEKS, block, all_templates)


QUARTERS = [date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)]


def of_quarters(trailing: str) -> str:
    """A deal that is tested on the last day of each quarter, on reports of quarters."""
    text = (DEALS / "foothill-term-loan-2026.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    for old, new in (
        ("determined: on delivery of the period's report", "determined: on the date"),
        ('due: "45 days after determination date, 17:00"', "due: 5 business days before determination date"),
        ("trailing: {n: 1, as: last}", f"trailing: {trailing}"),
        ("after: delivery of the report", "after: determination date"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    return text


def quarterly(*ends: date) -> list[Draft]:
    first = {end: (end.replace(day=1) - timedelta(days=45)).replace(day=1) for end in ends}
    return [of_days(first[end], end, end + timedelta(days=20)) for end in ends]


@pytest.mark.parametrize("lacks", [None, date(2026, 9, 30)])
def test_tests_of_quarters_look_at_the_reports_of_quarters(
    all_templates: dict[str, Template], lacks: date | None
) -> None:
    """Four quarters count: no report of a month is asked for, and a quarter whose report lacks is named."""
    text, as_of = of_quarters("{n: 4, as: ratio of sums}"), date(2027, 3, 26)
    came = [end for end in QUARTERS if end != lacks]
    one = lived(text, all_templates, quarterly(*came), as_of)
    needed = looks_back(resolve(one.deal, as_of), all_templates, calendar_on(one.deal, as_of), as_of)
    assert sorted(needed.reports) == QUARTERS
    block = block_of(one, as_of)
    assert ends_of(block) == [str(end) for end in came]
    assert block["reports_missing"] == ("none" if lacks is None else [str(lacks)])
    taken(text, block, all_templates)


def test_a_second_takeover_says_nothing_of_what_the_first_left_out(
    all_templates: dict[str, Template],
) -> None:
    """Silence is not a missing report: the second block does not say that an earlier one had not come."""
    text, first, second = of_quarters("{n: 1, as: last}"), date(2027, 3, 26), date(2027, 3, 29)
    block = block_of(lived(text, all_templates, quarterly(*QUARTERS), first), first)
    assert ends_of(block) == [str(end) for end in QUARTERS[1:]]
    block |= {"reports": block["reports"][-1:], "reports_missing": "none"}
    deal = taken(text, block, all_templates)
    assert deal.takeover is not None
    again = Lived(deal, all_templates, {}, {}, [takeover_draft(deal, deal.takeover, all_templates)])
    again.live(second, first)
    found = recorded_block(deal, second, again.log, {}, all_templates, WHO)
    assert (ends_of(found), found["reports_missing"]) == (["2026-12-31"], "none")
