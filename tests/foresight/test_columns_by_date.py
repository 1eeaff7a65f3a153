"""Columns keep to what holds on each date: its fallback, its indices, its GPUs, and rates that Acts set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.determination.template import Template
from engine.events.kinds import ActRecorded
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from tests.conftest import DEALS
from tests.foresight.compared_columns import held_equal
from tests.foresight.random_deals import Case

Load = Callable[[str], Deal]
WEEKS, PATHS = 10, 8
SPREAD = """covenants:
  h100-spread:
    template: contract_spread
    cite: FA §6.06
    asset_class: h100
    limit: at least -10 points
    failure_is: a trigger event
    if_not_determined: hold
"""


def changed(text: str, document: str, term: str, old: str, new: str) -> str:
    """A deal's text without its examples, with one term that is amended on 5 February."""
    head, found, _ = text.partition("amendments: []")
    assert found
    return (
        f"{head}amendments:\n  - number: 1\n    document: {document}\n    effective: 2026-02-05\n    changes:\n"
        f"      - {{term: {term}, replaces: {old}, with: {new}, cite: {document} §1}}\n"
    )


def case(deal: Deal, facts: tuple[str, ...], gaps: float, seed: int = 3) -> Case:
    """Rates about their Closing Date levels, some weeks without a value, and figures that are held."""
    terms = resolve(deal, deal.closing_date)
    until = deal.closing_date + timedelta(weeks=WEEKS)
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), until))
    numbers = np.random.default_rng(seed)
    ticks = {}
    for name, index in terms.index.items():
        level = float(index.closing_date_level) * 10_000 * numbers.uniform(0.8, 1.2, (len(dates), PATHS))
        ticks[name] = np.where(numbers.random(level.shape) < gaps, NO_VALUE, np.rint(level).astype(np.int64))
    given = held_facts(facts, deal.closing_date, terms) if facts else FactsByDate({})
    return Case(deal, PathRates(dates, ticks), given, until)


def test_a_rate_of_a_past_date_comes_by_the_fallback_of_that_date(
    load: Load, meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The rent floor looks back on four dates; an amendment between them lets a value be carried for longer."""
    fallback = "[{use: published value, cite: C}, {use: last published value, for_at_most: NUMBER, cite: C}]"
    old, new = (
        fallback.replace("NUMBER", number) for number in ("1 publication date", "4 publication dates")
    )
    text = changed(meridian_text, "CA", "index.CRI-H100.fallback", old, new)
    first, last = text.index("    fallback:"), text.index("pledged_assets:")
    deal = load(f"{text[:first]}    fallback: {old}\n\n{text[last:]}")
    held_equal(case(deal, ("weighted_average_rental_rate=USD 1.80 per GPU-hour",), gaps=0.5), all_templates)


def test_an_asset_class_that_an_amendment_prices_at_another_index_follows_it(
    load: Load, all_templates: dict[str, Template]
) -> None:
    text = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8").replace("covenants:\n", SPREAD, 1)
    deal = load(changed(text, "FA", "pledged_assets.h100.index", "CRI-H100", "CRI-H200"))
    columns = held_equal(case(deal, ("contracted_rate.h100=USD 2.20 per GPU-hour",), gaps=0), all_templates)
    fails = columns.firsts["h100-spread", "fails"]
    assert fails.any()
    assert "h100-spread" not in columns.one_by_one


def test_a_class_without_gpus_still_needs_its_rate(load: Load, all_templates: dict[str, Template]) -> None:
    """Its rate weighs nothing, but a test that lacks it is not determined all the same."""
    text = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    head, found, tail = text.replace(", missing_index: exclude", "").partition("  CRI-H200:\n    source")
    # Only H200 is never carried, so that it lacks its rate on dates on which the others have theirs.
    carried = "      - {use: last published value, for_at_most: 1 publication date, cite: FA §2.14(b)}\n"
    deal = load(head + found + tail.replace(carried, "", 1))
    facts = ("outstanding_principal=USD 28,000,000", "available.h200.gpus=0")
    columns = held_equal(case(deal, facts, gaps=0.2), all_templates)
    assert "ltv" not in columns.one_by_one


WAITING = """covenants:
  cover:
    template: pool_coverage
    cite: CA §6.12
    multiple: 1.5
    scenario: {scenario: B, point: middle, shape: straight line}
    horizon: 2027-01-20
    scheduled_balance: USD 14,000,000
    limit: {2026-01-06: at least 120%, 2026-02-03: at least 135%, 2026-03-10: at least 110%}
    early_warning: 10 points
    failure_is: a trigger event
    if_not_determined: hold
  fall:
    template: depreciation
    cite: CA §6.13
    since: closing date
    curve: [{on: 2026-02-01, at_most: 2%}, {on: 2027-01-01, at_most: 20%}]
    between: steps
    failure_is: a trigger event
    if_not_determined: hold
"""


@pytest.mark.parametrize("by_steps", [False, True])
def test_a_report_that_is_awaited_in_vain_leaves_limits_and_rates_those_of_its_date(
    load: Load, all_templates: dict[str, Template], by_steps: bool
) -> None:
    """The report of 31 January is due on 4 February and comes in March; the state moves on 5 February.

    That is a Publication Date, and what is tested on it sees its rate. The limit has stepped in between.
    """
    text = (DEALS / "foothill-term-loan-2026.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    text = text.replace("covenants:\n", WAITING, 1).replace(
        "every: quarter, months: [3, 6, 9, 12]", "every: month"
    )
    text = text.replace('"45 days after determination date, 17:00"', "4 days after determination date")
    deal = load(text)
    found = case(deal, ("figures.ebitda=USD 1,380,000", "debt_service=USD 1,000,000"), gaps=0.1)
    late = {
        name: tuple(replace(one, since=date(2026, 3, 2)) for one in dated)
        for name, dated in found.given.figures.items()
    }
    ended = ActRecorded(act="event ended", clause="none", effective_on=date(2026, 1, 20), document="CA")
    found = replace(found, given=replace(found.given, figures=late), acts=(ended,) if by_steps else ())
    columns = held_equal(found, all_templates)
    assert columns.by_steps.keys() == ({"coverage", "cover", "fall"} if by_steps else {"coverage"})
    assert date(2026, 2, 5).toordinal() in columns.firsts["cover", "fails"]


@pytest.mark.parametrize(
    ("act", "step"),
    [("agent determination", "agent determination"), ("successor benchmark agreed", "successor benchmark")],
)
def test_a_rate_that_an_act_sets_decides_its_dates_on_every_path(
    load: Load, meridian_text: str, all_templates: dict[str, Template], act: str, step: str
) -> None:
    """It lies between two ticks, and serves on each path that has no value by the steps before it."""
    text = meridian_text.split("worked_examples:")[0]
    first, last = text.index("    fallback:"), text.index("pledged_assets:")
    deal = load(
        f"{text[:first]}    fallback: [{{use: published value, cite: C}}, {{use: {step}, cite: C}}]\n\n{text[last:]}"
    )
    facts = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
    found = case(deal, facts, gaps=0.5)
    acts = tuple(
        ActRecorded(act=act, effective_on=on, document="C", details={"index": "CRI-H100", "rate": "1.92565"})
        for on in (date(2026, 1, 22), date(2026, 1, 29))
    )
    columns = held_equal(replace(found, acts=acts), all_templates)
    assert "ltv" in columns.one_by_one
