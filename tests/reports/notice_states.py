"""The illustrative deal’s states: what a result makes of a test, and what the counts make of its triggers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.events.deal_adopted import ClauseFacts
from engine.events.kinds import Counted
from engine.events.results import TestResult, Verdict
from engine.events.states import Deadline, LeafFacts, Limb, TestState, TestStatus, TriggerState, TriggerStatus

if TYPE_CHECKING:
    from notice_log import Deal


def after(before: TestState | None, clause: ClauseFacts, made: TestResult, day: date) -> TestState:
    """The state after a result: the shortest machine that gives every state that a page has to show."""
    state = before or TestState(test=clause.key, status=TestStatus.NOT_YET_TESTED, since=day)
    if made.verdict is Verdict.NOT_DETERMINED:
        return state.model_copy(update={"verdict": made.verdict})
    failed = made.verdict is Verdict.FAIL
    seen = {"verdict": made.verdict, "rests_on": day, "counted": (*state.counted, failed)[-6:]}
    if not failed:
        watch = (
            clause.key == "rate-floor"
            and made.headroom is not None
            and made.headroom.value < Fraction("0.03")
        )
        status = TestStatus.WATCH if watch else TestStatus.COMPLIANT
        return state.model_copy(
            update=seen
            | {
                "status": status,
                "since": state.since if state.status is status else day,
                "episode_began": None,
                "cure": None,
            }
        )
    began = state.episode_began or day
    if clause.cure is None:
        return state.model_copy(
            update=seen | {"status": TestStatus.PENDING, "since": began, "episode_began": began}
        )
    days = int(clause.cure.within.split()[0])
    cure = state.cure or Deadline(
        by=business_days(began, days),
        counted_from=began,
        rule=f"{clause.cure.within} after the {clause.cure.after}",
        calendar="us-federal-reserve",
        cite=clause.cure.cite,
    )
    return state.model_copy(
        update=seen | {"status": TestStatus.CURE_PERIOD, "since": began, "episode_began": began, "cure": cure}
    )


def business_days(start: date, n: int) -> date:
    """The n-th weekday after `start` that is not Veterans Day; enough of a calendar for a fixture."""
    day = start
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5 and (day.month, day.day) != (11, 11)
    return day


def trailing(flags: Sequence[bool]) -> int:
    """How many are set at the end of the row."""
    return next((n for n, flag in enumerate(reversed(flags)) if not flag), len(flags))


def count_triggers(deal: Deal, day: date) -> None:
    """The counts of both triggers on a date, recorded where they changed."""
    sweep = deal.triggers.get("cash-sweep")
    failing = deal.tests["cash-sweep"].counted if "cash-sweep" in deal.tests else ()
    count = trailing(failing)
    limb = Limb(
        what="in words",
        leaf=LeafFacts(test="cash-sweep", result="FAIL"),
        met=failing[-2:],
        count=min(count, 2),
        needed=2,
        out_of=2,
        dates="publication dates",
    )
    status = TriggerStatus.IN_EFFECT if count >= 2 else TriggerStatus.NOT_IN_EFFECT
    ends = (
        (
            Limb(
                what="in words",
                leaf=LeafFacts(test="cash-sweep", comparison="at least", level=Fraction(3, 2)),
                met=(),
                count=0,
                needed=3,
                out_of=3,
                dates="publication dates",
            ),
        )
        if count >= 2
        else ()
    )
    _count(deal, "cash-sweep", sweep, status, (limb,), ends, day)
    ltv = trailing(deal.tests["ltv"].counted) if "ltv" in deal.tests else 0
    limbs = (
        Limb(
            what="in words",
            leaf=LeafFacts(test="ltv", result="FAIL"),
            met=deal.tests["ltv"].counted[-4:] if "ltv" in deal.tests else (),
            count=min(ltv, 4),
            needed=4,
            out_of=4,
            dates="determination dates",
        ),
        Limb(
            what="in words",
            leaf=LeafFacts(test="rate-floor", state="EVENT OF DEFAULT"),
            met=(False,),
            count=0,
            needed=1,
            out_of=1,
            dates="state",
        ),
    )
    _count(
        deal,
        "early-amortization",
        deal.triggers.get("early-amortization"),
        TriggerStatus.NOT_IN_EFFECT,
        limbs,
        (),
        day,
    )


def _count(
    deal: Deal,
    name: str,
    before: TriggerState | None,
    status: TriggerStatus,
    begins: tuple[Limb, ...],
    ends: tuple[Limb, ...],
    day: date,
) -> None:
    if name not in {clause.key for clause in deal.facts.clauses}:
        return
    since = before.since if before and before.status is status else day
    state = TriggerState(trigger=name, status=status, since=since, begins=begins, ends=ends)
    if state != before:
        deal.triggers[name] = state
        deal.add(
            "counted",
            name,
            day,
            Counted(state=state, before=before.status if before else None, cite="CA §7.03"),
        )
