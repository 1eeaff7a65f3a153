"""A report counts from its receipt, whenever it is keyed; a date is determined after its cut-off (rulings
26a, 53).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.events.servicing import ReceiptShown
from engine.terms.as_written import Deal
from tests.evaluation.desk_history import DAY, WEEK, Desk, at, report

SIX = ('cut_off: "15:00"', 'cut_off: "18:00"')
RETEST = ("corrected_report: from then on", "corrected_report: retest")
MARCH_5, MARCH_12, MARCH_19 = date(2026, 3, 5), date(2026, 3, 12), date(2026, 3, 19)
FLAT = {date(2026, 1, 8) + n * WEEK: Decimal("2.00") for n in range(16)}
PASSES, FAILS = 15_000_000, 18_000_000
"""Principal at USD 2.00: 58.7% and 70.4% of Collateral Value, against a maximum of 65%."""


@pytest.fixture
def desk(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> Callable[..., Desk]:
    def made(*changes: tuple[str, str]) -> Desk:
        text = meridian_text.replace(*SIX)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return Desk(load(text), all_templates, FLAT)

    return made


def begun(desk: Desk) -> Desk:
    """Up to 5 March, with reports in time that pass."""
    for thursday in (day for day in FLAT if day <= MARCH_5):
        received = at(f"{thursday - DAY} 12:00")
        desk.enter(report(thursday - DAY, received, PASSES))
        desk.run(at(f"{thursday} 18:00"))
    return desk


def status(desk: Desk, day: date) -> str:
    return desk.tested[day, "ltv"].state.status.value


def measured_on(desk: Desk, day: date) -> list[date | None]:
    return [
        one.source.as_of
        for one in desk.tested[day, "ltv"].result.inputs
        if one.name.startswith("outstanding")
    ]


def test_received_before_the_cut_off_and_keyed_on_friday_it_is_thursdays_with_a_correction(
    desk: Callable[..., Desk],
) -> None:
    found = begun(desk())
    found.run(at("2026-03-12 18:00"))
    assert status(found, MARCH_12) == "COMPLIANT"
    found.enter(report(date(2026, 3, 11), at("2026-03-12 17:59"), FAILS, keyed=at("2026-03-13 10:00")))
    found.run(at("2026-03-13 10:05"))
    (again,) = found.corrections
    assert (again.from_on, again.until) == (MARCH_12, MARCH_12)
    assert "received 2026-03-12 17:59, entered late" in again.why[0]
    assert (status(found, MARCH_12), measured_on(found, MARCH_12)) == ("CURE PERIOD", [date(2026, 3, 11)])


def test_received_a_minute_after_the_cut_off_it_is_the_next_thursdays_and_nothing_is_run_again(
    desk: Callable[..., Desk],
) -> None:
    found = begun(desk())
    found.enter(report(date(2026, 3, 11), at("2026-03-12 18:01"), FAILS))
    found.run(at("2026-03-12 19:00"))
    assert (status(found, MARCH_12), measured_on(found, MARCH_12)) == ("COMPLIANT", [date(2026, 3, 4)])
    found.run(at("2026-03-19 18:00"))
    assert (status(found, MARCH_19), found.corrections) == ("CURE PERIOD", [])


def test_received_and_keyed_before_the_cut_off_it_is_in_the_one_notice_of_the_date(
    desk: Callable[..., Desk],
) -> None:
    found = begun(desk())
    found.run(at("2026-03-12 09:00"))
    found.enter(report(date(2026, 3, 11), at("2026-03-12 10:00"), FAILS, keyed=at("2026-03-12 10:05")))
    found.run(at("2026-03-12 17:59"))
    assert (found.waits, (MARCH_12, "ltv") in found.tested) == ([MARCH_12, MARCH_12], False)
    found.run(at("2026-03-12 18:00"))
    assert (status(found, MARCH_12), found.corrections) == ("CURE PERIOD", [])


def test_a_day_alone_is_its_end(desk: Callable[..., Desk]) -> None:
    found = begun(desk())
    found.enter(report(date(2026, 3, 11), at("2026-03-12 00:00"), FAILS, received_at=None))
    found.run(at("2026-03-19 18:00"))
    assert measured_on(found, MARCH_12) == [date(2026, 3, 4)]
    assert measured_on(found, MARCH_19) == [date(2026, 3, 11)]


def test_an_act_received_after_the_cut_off_of_its_date_counts_for_the_next(desk: Callable[..., Desk]) -> None:
    late, early = begun(desk()), begun(desk())
    for found, hour in ((late, "18:01"), (early, "17:59")):
        waiver = ActRecorded(
            act="waiver",
            clause="ltv",
            effective_on=MARCH_12,
            received_at=at(f"2026-03-12 {hour}"),
            until=MARCH_19,
            document="W",
            details={"clock": "resumes"},
        )
        found.act(waiver)
        found.enter(report(date(2026, 3, 11), at("2026-03-12 10:00"), FAILS))
        found.run(at("2026-03-12 18:30"))
    assert (status(late, MARCH_12), status(early, MARCH_12)) == ("CURE PERIOD", "WAIVED")
    assert late.run(at("2026-03-13 18:30")).tests["ltv"].status == "WAIVED"
    assert late.corrections == early.corrections == []


def test_a_report_that_serves_from_its_keying_reaches_back_once_its_receipt_is_shown(
    desk: Callable[..., Desk],
) -> None:
    found = begun(desk())
    found.run(at("2026-03-12 18:00"))
    late = report(
        date(2026, 3, 11),
        at("2026-03-11 17:40"),
        FAILS,
        keyed=at("2026-03-16 09:00"),
        serves_from_keying=True,
    )
    found.enter(late)
    found.run(at("2026-03-19 18:00"))
    assert (found.corrections, status(found, MARCH_12), status(found, MARCH_19)) == (
        [],
        "COMPLIANT",
        "CURE PERIOD",
    )
    shown = ReceiptShown(
        report=late.name,
        received_at=at("2026-03-11 17:40"),
        document="mail.eml",
        sha256="0",
        prepared_by="A",
        approved_by="B",
    )
    found.add(Draft(kind="receipt shown", subject=late.name, effective_on=late.received, payload=shown))
    found.run(at("2026-03-20 09:00"))
    (again,) = found.corrections
    assert (again.from_on, again.until) == (MARCH_12, MARCH_19)
    assert status(found, MARCH_12) == "CURE PERIOD"


def test_a_withdrawn_report_serves_no_more(desk: Callable[..., Desk]) -> None:
    found = begun(desk())
    wrong = report(date(2026, 3, 11), at("2026-03-11 12:00"), FAILS)
    found.enter(wrong)
    found.run(at("2026-03-12 18:00"))
    assert status(found, MARCH_12) == "CURE PERIOD"
    found.act(
        ActRecorded(act="report withdrawn", effective_on=date(2026, 3, 13), details={"names": wrong.name})
    )
    found.run(at("2026-03-13 18:00"))
    assert [one.from_on for one in found.corrections] == [MARCH_12]
    assert (status(found, MARCH_12), measured_on(found, MARCH_12)) == ("COMPLIANT", [date(2026, 3, 4)])


def test_a_corrected_report_serves_from_its_own_receipt_and_under_retest_from_the_firsts(
    desk: Callable[..., Desk],
) -> None:
    for changes, from_on in (((), MARCH_19), ((RETEST,), MARCH_12)):
        found = begun(desk(*changes))
        found.enter(report(date(2026, 3, 11), at("2026-03-11 12:00"), PASSES))
        found.run(at("2026-03-12 18:00"))
        found.run(at("2026-03-19 18:00"))
        corrected = report(
            date(2026, 3, 11),
            at("2026-03-18 12:00"),
            FAILS,
            keyed=at("2026-03-20 12:00"),
            corrects="2026-03-11",
            sha256="corrected",
        )
        found.enter(corrected)
        found.run(at("2026-03-20 18:00"))
        assert [one.from_on for one in found.corrections] == [from_on]
        assert status(found, MARCH_19) == "CURE PERIOD"


def test_a_corrected_report_that_serves_from_its_keying_reaches_back_under_retest_once_its_receipt_is_shown(
    desk: Callable[..., Desk],
) -> None:
    found = begun(desk(RETEST))
    found.enter(report(date(2026, 3, 11), at("2026-03-11 12:00"), FAILS))
    found.run(at("2026-03-12 18:00"))
    assert status(found, MARCH_12) == "CURE PERIOD"
    corrected = report(
        date(2026, 3, 11),
        at("2026-03-13 12:00"),
        PASSES,
        keyed=at("2026-03-16 09:00"),
        corrects="2026-03-11",
        sha256="corrected",
        serves_from_keying=True,
    )
    found.enter(corrected)
    found.run(at("2026-03-19 18:00"))
    assert (found.corrections, status(found, MARCH_12)) == ([], "CURE PERIOD")
    assert status(found, MARCH_19) == "COMPLIANT"
    shown = ReceiptShown(
        report=corrected.name,
        received_at=at("2026-03-13 12:00"),
        document="mail.eml",
        sha256="0",
        prepared_by="A",
        approved_by="B",
    )
    found.add(
        Draft(kind="receipt shown", subject=corrected.name, effective_on=corrected.received, payload=shown)
    )
    found.run(at("2026-03-20 09:00"))
    assert [one.from_on for one in found.corrections] == [MARCH_12]
    assert status(found, MARCH_12) == "COMPLIANT"


def test_a_report_completes_another_with_figures_that_it_did_not_give(desk: Callable[..., Desk]) -> None:
    found = begun(desk())
    first = report(date(2026, 3, 11), at("2026-03-11 12:00"), FAILS)
    found.enter(first)
    hours = {"available.h100.gpus": {"value": "900", "unit": "GPUs"}}
    found.enter(
        report(
            date(2026, 3, 11), at("2026-03-12 12:00"), 0, figures=hours, completes="2026-03-11", sha256="more"
        )
    )
    found.run(at("2026-03-12 18:00"))
    inputs = {one.name: one for one in found.tested[MARCH_12, "ltv"].result.inputs}
    assert inputs["available.h100.gpus"].figure.value == 900
    assert inputs["outstanding_principal"].figure.value == FAILS


# ---- keyed in time, keyed late, never keyed
# ------------------------------------------------------------------------

IRREVOCABLE = (66, 176, 296, 332)
"""Histories in which an irrevocable trigger was in effect for want of a report that had been received in
time.
"""
HISTORIES = tuple(range(500)) if os.environ.get("HEADROOM_SOAK") else (*range(21), *IRREVOCABLE)
"""The seeds of the random histories; `make soak` takes 500."""
LIVELY = (
    (
        "cite: CA §8.01(d)}\n    if_not_determined: hold",
        "cite: CA §8.01(d)}\n    if_not_determined: fail after 2 determination dates",
    ),
    (
        "cure: {within: 10 business days, after: determination date,",
        "cure: {within: 10 business days, after: delivery of the report,",
    ),
)


@dataclass(frozen=True)
class Came:
    """A report that came, and when it was keyed where it was keyed late."""

    end: date
    received: datetime
    late: datetime
    principal: int


def history(seed: int) -> tuple[dict[date, Decimal | None], list[Came], list[datetime]]:
    """Rates, reports and runs of twelve weeks."""
    chance = random.Random(seed)
    rates: dict[date, Decimal | None] = {}
    came: list[Came] = []
    runs: list[datetime] = []
    rate = chance.uniform(1.7, 2.2)
    for thursday in list(FLAT)[:12]:
        rate = min(2.6, max(1.3, rate * chance.uniform(0.93, 1.07)))
        rates[thursday] = Decimal(f"{rate:.4f}") if chance.random() > 0.1 else None
        hours = chance.choice((-30, -20, -9, -1, 1, 20, 60))
        received = at(f"{thursday} 18:00") + timedelta(hours=hours, minutes=chance.randrange(-30, 30))
        late = received + timedelta(days=chance.choice((0, 0, 1, 2, 5, 8)), hours=chance.randrange(1, 20))
        if chance.random() > 0.08:
            came.append(Came(thursday - DAY, received, late, chance.randrange(13_000_000, 16_000_000)))
        runs.append(at(f"{thursday} 18:00") + timedelta(hours=chance.choice((0, 1, 14))))
        if chance.random() < 0.3:
            runs.append(at(f"{thursday} 18:00") + timedelta(days=chance.choice((2, 4, 5))))
    return rates, came, runs


def lived(desk: Desk, came: list[tuple[datetime, Came]], runs: list[datetime]) -> Desk:
    """The history, each thing in its order; a last run after everything."""
    keyed = [(moment, n, one) for n, (moment, one) in enumerate(came)]
    for moment in sorted([*runs, max(runs[-1], max((at_ for at_, *_ in keyed), default=runs[-1])) + 2 * DAY]):
        for entry in sorted(one for one in keyed if one[0] <= moment):
            one = entry[2]
            desk.enter(report(one.end, one.received, one.principal, keyed=entry[0]))
            keyed.remove(entry)
        desk.run(moment)
    return desk


def stands(desk: Desk) -> object:
    """Every result, every state and every deadline; not the day on which a run found a deadline that was
    past.
    """
    state = desk.run(at("2026-04-08 12:00"))
    unsaid = {"cure": {"found_late_on"}, "why": True}
    tests = {name: one.model_dump(exclude=unsaid) for name, one in state.tests.items()}  # type: ignore[arg-type]
    results = {
        key: (one.result.verdict, one.result.measured, one.state.status, one.state.since)
        for key, one in desk.tested.items()
    }
    obligations = {key: (one.status, one.due.by) for key, one in state.obligations.items()}
    return (
        results,
        tests,
        {name: one.model_dump() for name, one in state.triggers.items()},
        obligations,
        state.in_effect,
    )


def test_keyed_late_equals_keyed_in_time_and_differs_from_never_keyed(desk: Callable[..., Desk]) -> None:
    """Of all random histories; at least a fifth of them differ where the late reports are never keyed."""
    differ = 0
    for seed in HISTORIES:
        rates, came, runs = history(seed)
        in_time, late, never = (desk(*LIVELY) for _ in range(3))
        for one in (in_time, late, never):
            one.rates, one.explained = rates, False
        expected = stands(lived(in_time, [(one.received, one) for one in came], runs))
        assert stands(lived(late, [(one.late, one) for one in came], runs)) == expected, f"seed {seed}"
        differ += (
            stands(lived(never, [(one.received, one) for one in came if one.late - one.received < DAY], runs))
            != expected
        )
    assert differ >= len(HISTORIES) / 5


def acts_of(chance: random.Random) -> list[tuple[datetime, ActRecorded]]:
    """Up to three waivers of random days, each with the hour of its receipt."""
    acts = []
    for thursday in chance.sample(list(FLAT)[2:11], chance.randrange(4)):
        received = at(f"{thursday} 12:00") - timedelta(hours=chance.randrange(0, 60))
        until = thursday + timedelta(days=chance.choice((3, 10, 17)))
        clause = chance.choice(("ltv", "ltv", "cash-sweep"))
        details = {"clock": chance.choice(("resumes", "restarts"))} if clause == "ltv" else {}
        waiver = ActRecorded(
            act="waiver",
            clause=clause,
            effective_on=thursday,
            received_at=received,
            until=until,
            document="W",
            details=details,
        )
        acts.append((received, waiver))
    return acts


def entered_in_some_order(
    desk: Desk, chance: random.Random, came: list[Came], acts: list[tuple[datetime, ActRecorded]]
) -> Desk:
    """The same facts, each entered some time after its receipt; what one run finds, it finds in any order."""

    def later(received: datetime) -> datetime:
        return received + timedelta(hours=chance.choice((0, 3, 30, 90, 250, 400)))

    waiting: list[tuple[datetime, Came | ActRecorded]] = [(later(one.received), one) for one in came]
    waiting += [(later(received), act) for received, act in acts]
    for moment in [at(f"{thursday} 19:00") for thursday in list(FLAT)[:12]] + [at("2026-05-20 12:00")]:
        due = [one for one in waiting if one[0] <= moment]
        chance.shuffle(due)
        for keyed, one in due:
            waiting.remove((keyed, one))
            if isinstance(one, Came):
                desk.enter(report(one.end, one.received, one.principal, keyed=keyed))
            else:
                desk.act(one)
        desk.run(min(moment, at("2026-04-07 12:00")))
    return desk


def test_the_order_of_entering_decides_nothing(desk: Callable[..., Desk]) -> None:
    """Reports and waivers that were received at the same hours, entered in three orders, give equal results,
    states and deadlines.
    """
    for seed in HISTORIES:
        rates, came, _ = history(seed)
        acts = acts_of(random.Random(seed))
        found = []
        for order in range(3):
            one = desk(*LIVELY)
            one.rates, one.explained = rates, False
            found.append(stands(entered_in_some_order(one, random.Random(f"{seed} {order}"), came, acts)))
        assert found[0] == found[1] == found[2], f"seed {seed}"
