"""A deal that changes hands in mid-life: the ruling's example, what contradicts itself, and drawn histories
(`rulings.md` 56).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.determination.carried_prints import with_carried
from engine.determination.template import Template, clauses_of
from engine.evaluation.carried_over import takeover_draft
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.rates import Published
from engine.events.states import TestStatus
from engine.operations.takeover_form import as_yaml
from engine.terms.as_written import load_deal
from engine.terms.contract_dates import publication_dates
from engine.workspace.takeover_checks import takeover_problems
from tests.conftest import DEALS
from tests.evaluation.takeover_compare import compare
from tests.evaluation.takeover_history import WEEK, WHO, Lived, history, report, with_document
from tests.foresight.random_deals import text_of

MERIDIAN = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
AS_OF = date(2026, 3, 24)
DAY = timedelta(days=1)
RUNS = {"failing": "0", "passing": "3", "not_determined": "0"}
FINE = {
    "status": "COMPLIANT",
    "since": "2026-01-08",
    "result": "PASS",
    "tested_on": "2026-03-19",
    "determined_on": "2026-03-19",
}
OPEN: dict[str, Any] = {
    "status": "CURE PERIOD",
    "since": "2026-03-12",
    "result": "FAIL",
    "tested_on": "2026-03-19",
    "determined_on": "2026-03-19",
    "episode": "2026-03-12",
    "cure": {"start": "2026-03-12", "last_day": "2026-03-26", "unit": "business days", "waived_days": "0"},
    "runs": {"failing": "2", "passing": "0", "not_determined": "0"},
    "cures_used": "none",
}
TRIGGER = {
    "status": "NOT IN EFFECT",
    "since": "2026-01-08",
    "irrevocable": "false",
    "last_ended": "never",
    "cures_used": "none",
}


def said(**changes: Any) -> dict[str, Any]:
    """The block of the ruling's example: on 24 March LTV is in its Cure Period, and nothing else is open."""
    thursdays = list(publication_dates(date(2026, 1, 7), AS_OF))
    others = {
        name: {**FINE, "runs": RUNS, "cures_used": "none"}
        for name in ("rate-floor", "cash-sweep", "appraisal")
    }
    reports = [
        {
            "period": {"from": str(day - WEEK), "to": str(day - DAY)},
            "as_of": str(day - DAY),
            "received": str(day - DAY),
            "document": "report",
            "figures": {
                "outstanding_principal": "USD 16,000,000",
                "weighted_average_rental_rate": "USD 1.80 per GPU-hour",
            },
        }
        for day in thursdays[-4:]
    ]
    block: dict[str, Any] = {
        "as_of": str(AS_OF),
        **WHO,
        "tests": {"ltv": OPEN, **others},
        "triggers": {
            "cash-sweep": {**TRIGGER, "begins": [{"count": "0 of 2", "not_met": ["2026-03-19"]}]},
            "early-amortization": {
                **TRIGGER,
                "begins": [{"count": "3 of 4", "met": ["2026-03-05", "2026-03-12", "2026-03-19"]}],
            },
        },
        **dict.fromkeys(("events", "obligations", "notices_owed", "not_yet_told"), "none"),
        "reserves": {"cash-sweep": {"paid": "USD 0", "due": "USD 0"}},
        "rates": {"CRI-H100": [{"on": str(day), "published": "USD 1.90 per GPU-hour"} for day in thursdays]},
        "reports": reports,
        "reports_missing": "none",
    }
    return {**block, **changes}


def problems(block: Mapping[str, Any], templates: dict[str, Template]) -> list[tuple[str, str]]:
    """Code and sentence of everything that is wrong with a block, each at a place inside it."""
    text = with_document(MERIDIAN) + as_yaml({"takeover": block})
    deal, wrong = load_deal(text, "taken-over.yaml", clauses_of(templates))
    found = [*wrong, *(takeover_problems(deal, templates) if deal is not None else ())]
    begins = text[: text.index("\ntakeover:")].count("\n") + 2
    assert all(one.place.line >= begins for one in found)
    return [(one.code, one.what) for one in found]


def after(
    block: Mapping[str, Any],
    templates: dict[str, Template],
    rate: str,
    until: date,
    comes: dict[date, tuple[Draft, ...]],
) -> DealState:
    """The state some days after a takeover, where every print is one rate."""
    text = with_document(MERIDIAN) + as_yaml({"takeover": block})
    assert not [one for one in problems(block, templates) if not one[0].startswith("W")]
    deal, _ = load_deal(text, "taken-over.yaml", clauses_of(templates))
    assert deal is not None
    assert deal.takeover is not None
    later = [
        Published(index="CRI-H100", publication_date=day, value=Decimal(rate))
        for day in publication_dates(AS_OF + DAY, until)
    ]
    series = with_carried(deal.takeover, {"CRI-H100": later})
    lived = Lived(deal, templates, series, comes, [takeover_draft(deal, deal.takeover, templates)])
    lived.live(until, AS_OF)
    return lived.states[until]


def weekly(until: date) -> dict[date, tuple[Draft, ...]]:
    draw = random.Random(1)
    dates = publication_dates(AS_OF + DAY, until)
    return {day - DAY: (report(day - DAY, day - DAY, draw),) for day in dates}


def test_a_pass_on_the_last_day_cures(all_templates: dict[str, Template]) -> None:
    state = after(said(), all_templates, "2.4000", date(2026, 3, 27), {})
    assert state.tests["ltv"].status is TestStatus.COMPLIANT
    assert state.tests["ltv"].cured_on == (date(2026, 3, 26),)


def test_otherwise_the_default_is_dated_by_the_former_clock(all_templates: dict[str, Template]) -> None:
    state = after(said(), all_templates, "1.9000", date(2026, 4, 11), {})
    assert (state.tests["ltv"].status, state.tests["ltv"].since) == (
        TestStatus.EVENT_OF_DEFAULT,
        date(2026, 3, 27),
    )


def test_a_running_count_goes_on(all_templates: dict[str, Template]) -> None:
    """Three of four FAILs were counted; the next one begins early amortization."""
    state = after(said(), all_templates, "1.8000", date(2026, 3, 26), {})
    assert state.triggers["early-amortization"].status.value == "IN EFFECT"
    assert state.triggers["early-amortization"].since == date(2026, 3, 26)


def test_a_waiver_runs_on_and_leaves_the_unused_days(all_templates: dict[str, Template]) -> None:
    """Waived on 16 March with 8 of 10 Business Days unused: they follow the waiver's last day."""
    waived = {
        **OPEN,
        "status": "WAIVED",
        "since": "2026-03-17",
        "interrupted": {"status": "CURE PERIOD", "since": "2026-03-12"},
        "waiver": {"until": "2026-04-03", "document": "waiver", "clock": "resumes"},
    }
    block = said()
    block["tests"] = {**block["tests"], "ltv": waived}
    state = after(block, all_templates, "1.8000", date(2026, 4, 10), {})
    assert state.tests["ltv"].status is TestStatus.CURE_PERIOD
    assert state.tests["ltv"].since == date(2026, 4, 4)
    assert state.tests["ltv"].cure is not None
    assert state.tests["ltv"].cure.by == date(2026, 4, 15)


@pytest.mark.parametrize("held", [True, False])
def test_an_overdue_notice_keeps_its_days(all_templates: dict[str, Template], held: bool) -> None:
    from engine.evaluation.notice_duties import open_duties

    owed = {
        "notice": "test_failed",
        "of": "ltv",
        "since": "2026-03-12",
        "determined_on": "2026-03-12",
        "given_by": "servicer",
    }
    more = {"held": "true"} if held else {}
    block = said(notices_owed=[{**owed, "to": ["borrower"], "last_day": "2026-03-16", **more}])
    state = after(block, all_templates, "2.4000", date(2026, 3, 27), {})
    first = open_duties(state, date(2026, 3, 27))[0]
    assert (first.owed.kind, first.overdue_since(date(2026, 3, 27))) == ("test_failed", date(2026, 3, 17))
    assert first.owed.held is held


def test_a_sweep_goes_on_from_what_was_paid(all_templates: dict[str, Template]) -> None:
    """In effect with USD 800,000 paid of USD 1,000,000 due: the next Payment Date takes what the report
    gives, on the paid balance.
    """
    block = said(
        reserves={
            "cash-sweep": {
                "paid": "USD 800,000",
                "due": "USD 1,000,000",
                "confirmed_on": "2026-03-16",
                "due_then": "USD 1,000,000",
            }
        }
    )
    swept = {
        **TRIGGER,
        "status": "IN EFFECT",
        "since": "2026-03-12",
        "ends": [{"count": "0 of 3", "not_met": ["2026-03-19"]}],
    }
    block["triggers"] = {**block["triggers"], "cash-sweep": swept}
    comes = weekly(date(2026, 4, 16))
    state = after(block, all_templates, "1.4000", date(2026, 4, 16), comes)
    due = [one for one in state.money if getattr(one, "payment_date", None) is not None]
    assert len(due) == 1
    assert due[0].reserve_balance == 800_000 + (due[0].swept or 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("tests", "ltv", "cure", "last_day"), "2026-03-11", "D581"),
        (("tests", "ltv", "cure", "last_day"), "2026-03-20", "D581"),
        (("tests", "ltv", "cure"), None, "D582"),
        (("tests", "ltv", "status"), "COMPLIANT", "D583"),
        (("tests", "ltv", "since"), "2026-03-25", "D581"),
        (("tests", "ltv", "since"), None, "D201"),
        (("tests", "ltv", "runs"), None, "D201"),
        (("tests", "ltv"), None, "D580"),
        (("tests", "other"), OPEN, "D502"),
        (("triggers", "cash-sweep"), None, "D580"),
        (("triggers", "cash-sweep", "begins", 0, "count"), "1 of 2", "D584"),
        (("triggers", "cash-sweep", "begins", 0, "count"), "0 of 5", "D584"),
        (("triggers", "cash-sweep", "begins"), None, "D582"),
        (("triggers", "cash-sweep", "irrevocable"), "true", "D583"),
        (("triggers", "cash-sweep", "status"), "PENDING CURE", "D583"),
        (("approved_by",), "ada reyes", "D585"),
        (("document",), "XX", "D502"),
        (("reserves",), "none", "D580"),
        (("reports",), "none", "D587"),
        (("obligations",), None, "D201"),
        (("as_of",), "2026-01-06", "D581"),
        (("unknown",), "x", "D202"),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_place(
    all_templates: dict[str, Template], path: tuple[Any, ...], value: Any, code: str
) -> None:
    block = said()
    assert not [one for one in problems(block, all_templates) if not one[0].startswith("W")]
    inside, copied = block, path[:-1]
    for step in copied:
        inside[step] = dict(inside[step]) if isinstance(inside[step], dict) else list(inside[step])
        inside = inside[step]
    if value is None:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    assert code in [one[0] for one in problems(block, all_templates)]


def test_a_springing_test_that_is_off_has_no_result_to_give(all_templates: dict[str, Template]) -> None:
    """SUSPENDED forgets the last result and the counts, whatever date it was tested on: none is asked for."""
    spring = "tested_while: {trigger: cash-sweep, state: IN EFFECT, from: the next date, cite: C}"
    counts = "persists_for: 2 consecutive determination dates"
    text = MERIDIAN.replace("    cite: CA §7.01\n", f"    cite: CA §7.01\n    {spring}\n    {counts}\n", 1)
    off = {
        "status": "SUSPENDED",
        "since": "2026-03-12",
        "tested_on": "2026-03-05",
        "determined_on": "2026-03-05",
        "runs": RUNS,
        "cures_used": "none",
    }
    block = said()
    block["tests"] = {**block["tests"], "rate-floor": off}
    deal, wrong = load_deal(
        with_document(text) + as_yaml({"takeover": block}), "taken-over.yaml", clauses_of(all_templates)
    )
    assert deal is not None, wrong
    assert not [one for one in takeover_problems(deal, all_templates) if not one.code.startswith("W")]


def test_a_rate_that_a_window_needs_is_asked_for(all_templates: dict[str, Template]) -> None:
    block = said()
    block["rates"] = {"CRI-H100": [line for line in block["rates"]["CRI-H100"] if line["on"] != "2026-03-05"]}
    assert ("D587", "CRI-H100 is not stated on 2026-03-05") in problems(block, all_templates)


def test_a_takeover_of_format_1_is_refused(all_templates: dict[str, Template]) -> None:
    text = MERIDIAN.replace("format: 2", "format: 1") + as_yaml({"takeover": said()})
    _, wrong = load_deal(text, "taken-over.yaml", clauses_of(all_templates))
    assert "D210" in [one.code for one in wrong if "`takeover`" in one.what]


@pytest.mark.parametrize("seed", [2, 5, 7, 11, 55])  # 7: a test is SUSPENDED; 55: a cure emptied counts
def test_a_takeover_goes_on_as_the_whole_history(seed: int, all_templates: dict[str, Template]) -> None:
    """Drawn deals, rates, reports and Acts: each later day has the same states, deadlines, counts, money,
    results and duties.
    """
    draw = random.Random(seed)
    text = text_of(MERIDIAN, draw)
    lived = history(text, all_templates, draw, weeks=26)
    assert lived is not None
    until = lived.deal.closing_date + 26 * WEEK
    lived.live(until)
    as_of = lived.deal.closing_date + timedelta(days=draw.randint(10, 26 * 7 - 10))
    taken = lived.taken_over(text, as_of)
    taken.live(min(until, as_of + timedelta(days=60)), as_of)
    compare(lived, taken, as_of)


CURE = (
    "    cure: {within: 30 days, after: determination date, cured_by: [retest], at_most: 1 in any 24 "
    "months, cite: C}\n"
)


@pytest.mark.parametrize(
    ("rate", "status", "since"),
    [("1.8000", "IN EFFECT", date(2026, 4, 12)), ("2.6000", "NOT IN EFFECT", date(2026, 3, 26))],
)
def test_a_trigger_whose_own_cure_runs(
    all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch, rate: str, status: str, since: date
) -> None:
    """PENDING CURE to 11 April: in effect on the day after, or cured by the date on which its condition is
    met no longer.
    """
    text = MERIDIAN.replace("  early-amortization:\n", "  early-amortization:\n" + CURE, 1)
    monkeypatch.setattr("tests.evaluation.test_takeover.MERIDIAN", text)
    block = said()
    pending = {**TRIGGER, "status": "PENDING CURE", "since": "2026-03-12", "first_met": "2026-03-12"}
    pending["cure"] = {"start": "2026-03-12", "last_day": "2026-04-11", "unit": "days", "waived_days": "0"}
    met = ["2026-02-26", "2026-03-05", "2026-03-12", "2026-03-19"]
    pending["begins"] = [{"count": "4 of 4", "met": met, "reached": "2026-03-12"}]
    block["triggers"] = {**block["triggers"], "early-amortization": pending}
    state = after(block, all_templates, rate, date(2026, 4, 13), {}).triggers["early-amortization"]
    assert (state.status.value, state.since) == (status, since)


def test_a_cure_that_was_used_leaves_none(
    all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cure in total was used under the former servicer: the next failure is a default at once."""
    text = MERIDIAN.replace(
        "cured_by: [prepayment, additional collateral, retest], cite",
        "cured_by: [retest], at_most: 1 in total, cite",
        1,
    )
    monkeypatch.setattr("tests.evaluation.test_takeover.MERIDIAN", text)
    block = said()
    block["tests"] = {**block["tests"], "ltv": {**FINE, "runs": RUNS, "cures_used": ["2026-02-05"]}}
    state = after(block, all_templates, "1.8000", date(2026, 3, 26), {}).tests["ltv"]
    assert (state.status, state.since) == (TestStatus.EVENT_OF_DEFAULT, date(2026, 3, 26))
