"""The state of one test: from yesterday's state and today's result to today's state.

Pure, and in one table (`NEXT`): for each status, what a PASS and what a FAIL lead to. A result that is not
determined, or held, changes no status: absence never heals (`covenants.md`, State; `rulings.md` 21, 22).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from engine.determination.result import TestResult, Verdict
from engine.terms.clause import Clause, Cure, MaintenanceClause
from engine.terms.phrases import Persistence
from engine.triggers.clock import BusinessDays, day_after, deadline
from engine.triggers.facts import TestState, TestStatus

S = TestStatus
Breach = Literal["default", "counts", "obligation"]
PENDING_WHY = {"default": "", "counts": "the clause's own trigger counts", "obligation": "an Obligation follows, no default"}
"""What a FAIL that is no breach, or not yet one, waits for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What decides a step of a test's state, beside the state itself.

    Attributes:
        on: the date that is determined.
        result: its result.
        clause: the clause in force.
        breach: what a FAIL is, by the template.
        calendar: the deal's Business Days.
        held: why the result, though determined, must change nothing; None where it may.
        clock_starts: the date of the event that the clause's cure clock counts from; None while it has not happened.
    """

    on: date
    result: TestResult
    clause: Clause
    breach: Breach
    calendar: BusinessDays
    held: str | None = None
    clock_starts: date | None = None


def next_state(before: TestState | None, moment: Moment) -> TestState:
    """The state of a test after one date."""
    state = before or TestState(test=moment.result.test, status=S.NOT_YET_TESTED, since=moment.on)
    verdict = _counted_verdict(state, moment)
    if verdict is Verdict.NOT_DETERMINED:
        why = moment.held or (moment.result.reason.reason if moment.result.reason else "")
        run = state.not_determined_run + (moment.held is None)
        return state.model_copy(update={"verdict": moment.result.verdict, "not_determined_run": run, "why": why})
    failed = verdict is Verdict.FAIL
    seen = state.model_copy(
        update={
            "verdict": moment.result.verdict,
            "rests_on": moment.on,
            "not_determined_run": 0,
            "counted": (*state.counted, failed)[-_looks_back(moment.clause) :],
            "why": "",
        }
    )
    step = NEXT.get(seen.status, (_stays, _stays))[1 if failed else 0]
    return step(seen, moment)


def after_deadline(state: TestState, on: date) -> TestState | None:
    """The Event of Default that a Cure Period's end brought before `on`, dated the day after its last day."""
    if state.status is not S.CURE_PERIOD or state.cure is None or state.cure.by >= on:
        return None
    why = f"not cured by {state.cure.by}"
    return state.model_copy(update={"status": S.EVENT_OF_DEFAULT, "since": day_after(state.cure), "why": why})


def after_waiver(state: TestState, on: date) -> TestState | None:
    """The state in which a waiver that ended before `on` leaves a test: to be tested again."""
    if state.status is not S.WAIVED or state.waived_until is None or state.waived_until >= on:
        return None
    since = state.waived_until + timedelta(days=1)
    ended = {"status": S.NOT_YET_TESTED, "since": since, "waived_until": None, "waived_by": None, "why": "waiver ended"}
    return state.model_copy(update=ended)


def _counted_verdict(state: TestState, moment: Moment) -> Verdict:
    """The verdict that the state may act on: none while held; FAIL for missing reports where the deal says so."""
    if moment.held is not None:
        return Verdict.NOT_DETERMINED
    reason = moment.result.reason
    rule = moment.clause.if_not_determined
    if reason is None or reason.lacks != "report" or rule == "hold":
        return moment.result.verdict
    tolerated = 0 if rule == "fail" else int(rule.split()[2]) - 1
    return Verdict.FAIL if state.not_determined_run >= tolerated else Verdict.NOT_DETERMINED


def _persistence(clause: Clause) -> Persistence:
    found = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    return found or Persistence(1, 1, "determination dates")


def _looks_back(clause: Clause) -> int:
    return _persistence(clause).out_of


def _moved(state: TestState, status: TestStatus, since: date, **changes: object) -> TestState:
    start = state.since if state.status is status else since
    return state.model_copy(update={"status": status, "since": start, **changes})


def _passed(state: TestState, moment: Moment) -> TestState:
    """COMPLIANT, or WATCH where the headroom is under the deal's early warning; the episode is over."""
    headroom, warning = moment.result.headroom, moment.clause.early_warning
    watched = headroom is not None and warning is not None and headroom.value < warning
    return _moved(state, S.WATCH if watched else S.COMPLIANT, moment.on, episode_began=None, cure=None)


def _failed(state: TestState, moment: Moment) -> TestState:
    """PENDING until the clause's persistence is met; then the Cure Period, or the default where there is none."""
    began = state.episode_began or moment.on
    persistence = _persistence(moment.clause)
    failures = sum(state.counted[-persistence.out_of :])
    if moment.breach != "default" or failures < persistence.count:
        return _moved(state, S.PENDING, moment.on, episode_began=began, why=PENDING_WHY[moment.breach])
    cure = moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none"
    if isinstance(cure, Cure) and not _used_up(state, cure):
        return _cure_period(state, moment, cure, began)
    why = "no Cure Period" if cure == "none" else "no cure is left"
    return _moved(state, S.EVENT_OF_DEFAULT, moment.on, episode_began=began, cure=None, why=why)


def _used_up(state: TestState, cure: Cure) -> bool:
    return cure.at_most is not None and state.cures_used >= int(cure.at_most.split()[0])


def _cure_period(state: TestState, moment: Moment, cure: Cure, began: date) -> TestState:
    start = moment.on if cure.after == "determination date" else moment.clock_starts
    if start is None:
        why = f"the cure clock starts on {cure.after}"
        return _moved(state, S.CURE_PERIOD, moment.on, episode_began=began, cure=None, why=why)
    last = deadline(start, cure.within, moment.calendar, cure.cite, cure.after, moment.on)
    return _moved(state, S.CURE_PERIOD, moment.on, episode_began=began, cure=last)


def _passed_in_cure(state: TestState, moment: Moment) -> TestState:
    """A PASS ends a Cure Period only where the agreement lists a retest as a cure."""
    cure = moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none"
    if isinstance(cure, Cure) and "retest" in cure.cured_by:
        return _passed(state, moment).model_copy(update={"cures_used": state.cures_used + 1, "why": "cured by retest"})
    return state.model_copy(update={"why": "passes again; cure not yet accepted"})


def _failed_in_cure(state: TestState, moment: Moment) -> TestState:
    """A running Cure Period keeps its deadline; one whose clock had not started may start now."""
    if state.cure is None and isinstance(moment.clause, MaintenanceClause) and isinstance(moment.clause.cure, Cure):
        return _cure_period(state, moment, moment.clause.cure, state.episode_began or moment.on)
    return state


def _stays(state: TestState, _moment: Moment) -> TestState:
    """Only a Recorded Act moves a test from here."""
    ends = {S.EVENT_OF_DEFAULT: "ends only by a Recorded Act", S.WAIVED: f"waived until {state.waived_until}"}
    return state.model_copy(update={"why": ends.get(state.status, "")})


NEXT: dict[TestStatus, tuple[Callable[[TestState, Moment], TestState], Callable[[TestState, Moment], TestState]]] = {
    #                      on PASS          on FAIL
    S.NOT_YET_TESTED: (_passed, _failed),
    S.COMPLIANT: (_passed, _failed),
    S.WATCH: (_passed, _failed),
    S.PENDING: (_passed, _failed),
    S.CURE_PERIOD: (_passed_in_cure, _failed_in_cure),
    S.EVENT_OF_DEFAULT: (_stays, _stays),
    S.WAIVED: (_stays, _stays),
    S.SUSPENDED: (_stays, _stays),
    S.CLOSED: (_stays, _stays),
}
"""The table: what a PASS and a FAIL lead to from each status."""
