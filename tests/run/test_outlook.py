"""The summary of one Determination Date: what it warns of, what it makes due, what follows."""

from __future__ import annotations

from datetime import date

import pytest

from engine.calendar import load_calendar
from engine.determination.template import Template, clauses_of
from engine.outlook import Finished, outlook
from engine.record.event import Determined
from engine.record.fold import DealState
from engine.terms.in_force import load_deal, resolve
from tests.conftest import DEALS

ON = date(2026, 3, 5)


def summary(deal: str, templates: dict[str, Template], *changes: tuple[str, str]) -> Determined:
    """The summary of a date on which nothing has happened yet."""
    text = (DEALS / f"{deal}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    loaded, problems = load_deal(text, deal, clauses_of(templates))
    assert loaded is not None, problems
    terms = resolve(loaded, ON)
    calendar = load_calendar(terms.business_days)
    return outlook(Finished(ON, terms, templates, calendar, DealState(), {}, None, ""))


@pytest.mark.parametrize(
    ("deal", "changes", "said"),
    [
        ("keystone-contracted-2026", (), "; CRI-H100 measures listed on-demand prices"),
        ("keystone-contracted-2026", (("CRI-H100", "CRI-L40S"),), "; CRI-L40S measures listed on-demand prices"),
        ("cascade-mixed-2026", (("mostly: ", "mostly: enterprise contracts, cite: CA §5.17}  # "),), "measure listed on-demand prices"),
    ],
)
def test_the_warning_of_a_contracted_pool_names_the_deals_own_indices(
    deal: str, changes: tuple[tuple[str, str], ...], said: str, all_templates: dict[str, Template]
) -> None:
    (warning,) = summary(deal, all_templates, *changes).warnings
    assert said in warning


def test_a_report_that_is_due_says_by_which_rule_and_from_which_date(all_templates: dict[str, Template]) -> None:
    (report,) = [one for one in summary("meridian-2026-1", all_templates).due if one.act == "report"]
    assert report.deadline is not None
    assert (report.deadline.rule, report.deadline.calendar) == ("1 business day before determination date", "us-federal-reserve")
    assert (report.deadline.by, report.deadline.counted_from) == (report.by, date(2026, 3, 12))
