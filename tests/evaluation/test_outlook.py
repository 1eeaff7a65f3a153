"""The summary of one Determination Date: what it warns of, what it makes due, what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.basics.calendar import load_calendar
from engine.determination.template import Template, clauses_of
from engine.evaluation.outlook import Finished, outlook
from engine.events.deal_state import DealState
from engine.events.kinds import Determined
from engine.foresight.example_run import moments
from engine.terms.as_written import Deal, load_deal, resolve
from tests.conftest import DEALS
from tests.evaluation.test_states import example, only

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
        (
            "keystone-contracted-2026",
            (("CRI-H100", "CRI-L40S"),),
            "; CRI-L40S measures listed on-demand prices",
        ),
        (
            "cascade-mixed-2026",
            (("mostly: ", "mostly: enterprise contracts, cite: CA §5.17}  # "),),
            "measure listed on-demand prices",
        ),
    ],
)
def test_the_warning_of_a_contracted_pool_names_the_deals_own_indices(
    deal: str, changes: tuple[tuple[str, str], ...], said: str, all_templates: dict[str, Template]
) -> None:
    (warning,) = summary(deal, all_templates, *changes).warnings
    assert said in warning


def test_a_report_that_is_due_says_by_which_rule_and_from_which_date(
    all_templates: dict[str, Template],
) -> None:
    (report,) = [one for one in summary("meridian-2026-1", all_templates).due if one.act == "report"]
    assert report.deadline is not None
    assert (report.deadline.rule, report.deadline.calendar) == (
        "1 business day before determination date",
        "us-federal-reserve",
    )
    assert (report.deadline.by, report.deadline.counted_from) == (report.by, date(2026, 3, 12))


BEGINS = (
    "      any_of:\n        - {test: ltv, result: FAIL, for: 4 consecutive determination dates}\n"
    "        - {test: rate-floor, state: EVENT OF DEFAULT}\n    ends: never\n"
)
TWO_STEPS = """      {test: cash-sweep, result: FAIL, for: 1 publication date}
    ends: {test: cash-sweep, result: PASS, for: 1 publication date}
    consequences:
      - {kind: margin step, effect: the margin rises, margin: 1%, ends: never, cite: IND §5.07(b)}
      - {kind: distribution block, effect: nothing is distributed, cite: IND §5.07(c)}
"""
LASTING = [("lasting consequence", "the margin rises by 1%, for good")]
BOTH = [("consequence", "the margin rises by 1%"), ("consequence", "nothing is distributed")]
ENDED = "[{on: 2026-01-20, act: trigger ended, clause: early-amortization, document: C}]"
WAIVER = "[{{on: {}, act: waiver, clause: early-amortization, until: 2026-03-01, document: C}}]"


@pytest.mark.parametrize(
    ("rates", "acts", "stated"),
    [
        ("1.60x4", "[]", []),
        ("1.60x3 1.40", "[]", BOTH),
        ("1.60 1.40 1.60x2", "[]", LASTING),
        ("1.60 1.40 _x2", ENDED, []),
        ("1.60 1.40x3", ENDED, BOTH),
        ("1.60 1.40 1.60x2", WAIVER.format("2026-01-23"), LASTING),
        ("1.60 1.40x3", WAIVER.format("2026-01-20"), []),
    ],
    ids=[
        "never begun",
        "in effect",
        "ended by itself",
        "ended by an Act",
        "ended by an Act and begun again",
        "waived afterwards",
        "waived while in effect",
    ],
)
def test_a_consequence_for_good_outlasts_its_trigger_until_an_act_ends_that(
    rates: str,
    acts: str,
    stated: list[tuple[str, str]],
    load: Callable[[str], Deal],
    meridian_text: str,
    all_templates: dict[str, Template],
) -> None:
    assert BEGINS in meridian_text
    on = date(2026, 1, 29)
    lived = example("c", rates, "{}", f"on: {on}, test: ltv, state: NOT YET TESTED", acts=acts)
    deal = load(only(meridian_text.replace(BEGINS, TWO_STEPS), lived))
    state = moments(deal, deal.examples[0], all_templates, {on})[on][-1].state
    terms = resolve(deal, on)
    found = outlook(
        Finished(on, terms, all_templates, load_calendar(terms.business_days), state, {}, None, "")
    )
    said = [(one.what, one.detail) for one in found.follows if "consequence" in one.what]
    assert said == stated
