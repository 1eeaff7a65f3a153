"""What the passing of days alone does to the state of a test.

A Cure Period ends or goes on, a waiver ends, and a test has its last date (`rulings.md` 22, 42, 50, 52a, 71).
"""

from __future__ import annotations

from datetime import date, timedelta

from engine.evaluation.deadlines import BusinessDays, day_after, deadline
from engine.evaluation.held_results import days_left
from engine.evaluation.states_of_tests import persistence_of_clause, takes_effect
from engine.events.states import TestState, TestStatus
from engine.terms.clause import Clause, Cure, MaintenanceClause
from engine.terms.periods import Period

S = TestStatus


def second_period(
    state: TestState, clause: Clause | None, calendar: BusinessDays, on: date
) -> TestState | None:
    """Return a Cure Period that goes on for a second time after its last day (`rulings.md` 52a).

    The result is None unless enough of the shortfall was made good by then.
    """
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    if (
        state.status is not S.CURE_PERIOD
        or state.cure is None
        # The last day itself belongs to the period: only a later date finds it over.
        or state.cure.by >= on
        or not isinstance(cure, Cure)
    ):
        return None
    more = cure.extension
    # A period that was extended once is not extended again (`rulings.md` 52a).
    if more is None or state.extended or state.shortfalls is None or state.newest is None:
        return None
    # The first failure of the episode is the measure: a repayment counts even if the rate has fallen since.
    first, now = state.shortfalls
    if first - now < more.if_made_good * first or (
        more.not_below is not None and state.newest < more.not_below
    ):
        return None
    due = deadline(state.cure.by, more.within, calendar, more.cite, "last day of the first Cure Period", on)
    return state.model_copy(
        update={
            "cure": due,
            "since": day_after(state.cure),
            "extended": True,
            "why": "the second Cure Period",
        }
    )


def after_deadline(state: TestState, on: date) -> TestState | None:
    """Return the Event of Default that a Cure Period's end before `on` brought; None without one.

    It is dated the day after the period's last day.
    """
    # A deal may let the clock stand still while results are held (`rulings.md` 60): no deadline passes then.
    stopped = state.held is not None and state.held.clock_stopped is not None
    if state.status is not S.CURE_PERIOD or state.cure is None or state.cure.by >= on or stopped:
        return None
    since = day_after(state.cure)
    why = f"not cured by {state.cure.by}"
    return state.model_copy(
        update={
            "status": S.EVENT_OF_DEFAULT,
            "since": since,
            "why": why,
            "effective_on": takes_effect(state, since),
        }
    )


def after_last_test(state: TestState | None, clause: Clause, on: date) -> TestState | None:
    """Return the closed state of a test after its last test date.

    The result is None before that, and while a breach is open, which runs on (`rulings.md` 50).
    """
    if (
        state is None
        or clause.last_tested is None
        # The last test date is still tested, so the test closes on the day after it.
        or on <= clause.last_tested
        or state.status not in (S.COMPLIANT, S.WATCH, S.PENDING)
    ):
        return None
    # A status that began later keeps its date: a state never begins before the one that it follows.
    since = max(clause.last_tested + timedelta(days=1), state.since)
    ended = {
        "status": S.CLOSED,
        "since": since,
        "episode_began": None,
        "counted": (),
        "why": f"last tested on {clause.last_tested}",
    }
    return state.model_copy(update=ended)


def after_waiver(
    state: TestState,
    on: date,
    clause: Clause | None,
    calendar: BusinessDays,
    running: BusinessDays,
) -> TestState | None:
    """Return the state in which a waiver that ended before `on` leaves a test; None if none ended.

    The state depends on what the waiver interrupted:

    - A Cure Period goes on, with the days that were left or from its beginning, as the waiver says.
    - An episode that began under the waiver has its full period from the waiver's last day.
    - An Event of Default is one again.
    - In every other state the test is to be tested again.

    `calendar` counts a clock that begins now. `running` counts one that goes on: it is the calendar by which
    that clock began.
    """
    if state.status is not S.WAIVED or state.waived_until is None or state.waived_until >= on:
        return None
    last = state.waived_until
    ended: dict[str, object] = dict.fromkeys(
        ("waived_until", "waived_by", "waived_from", "clock_after", "held")
    )
    ended["why"] = "the waiver ended"
    # The waiver holds on its last day, so what follows it begins on the day after.
    if state.waived_from is S.EVENT_OF_DEFAULT:
        return state.model_copy(
            update={**ended, "status": S.EVENT_OF_DEFAULT, "since": last + timedelta(days=1)}
        )
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    # A retest during the waiver has set `waived_from` to COMPLIANT, and then nothing goes on.
    if state.waived_from is S.CURE_PERIOD and state.cure is not None and isinstance(cure, Cure):
        within = (
            cure.within
            if state.clock_after == "restarts"
            else Period(_unused(state, running), state.cure_unit)
        )
        event = f"end of the waiver, which {state.clock_after or 'resumes'} the clock"
        due = deadline(last, within, running, cure.cite, event, on)
        return state.model_copy(
            update={**ended, "status": S.CURE_PERIOD, "since": last + timedelta(days=1), "cure": due}
        )
    if (
        state.waived_from is not S.CURE_PERIOD
        and clause is not None
        and isinstance(cure, Cure)
        and _began_waived(state, clause)
    ):
        due = deadline(last, cure.within, calendar, cure.cite, "end of the waiver under which it began", on)
        return state.model_copy(
            update={**ended, "status": S.CURE_PERIOD, "since": last + timedelta(days=1), "cure": due}
        )
    return state.model_copy(
        update={**ended, "status": S.NOT_YET_TESTED, "since": last + timedelta(days=1), "cure": None}
    )


def _began_waived(state: TestState, clause: Clause) -> bool:
    """Return whether a breach that began under the waiver stands: enough failures, and not a PASS since."""
    persistence = persistence_of_clause(clause)
    failures = state.counted[-persistence.out_of :]
    return (
        state.episode_began is not None
        and bool(failures)
        and failures[-1]
        and sum(failures) >= persistence.count
    )


def _unused(state: TestState, calendar: BusinessDays) -> int:
    """Return the days of a Cure Period that were left on the day before the waiver.

    They are Business Days if the period counts those.
    """
    assert state.cure is not None  # the caller has seen it
    # A clock that stood still before the waiver has its days on record: its
    # last day moved with each held date.
    if state.held is not None and state.held.clock_stopped is not None:
        return state.held.clock_left
    return days_left(state, state.since, calendar)
