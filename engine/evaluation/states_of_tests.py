"""The state of one test: from yesterday's state and today's result to today's state.

It is pure, and stands in one table (`NEXT`): for each status, what a PASS and what a FAIL lead to. A result
that is not determined, or held, changes no status: absence never heals (`covenants.md`, State; `rulings.md`
21, 22).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.evaluation.deadlines import BusinessDays, deadline, used_up
from engine.evaluation.held_results import held_clock
from engine.evaluation.moment import Moment
from engine.events.results import TestResult, Verdict
from engine.events.states import TestState, TestStatus
from engine.terms.clause import Clause, Cure, MaintenanceClause, default_needs
from engine.terms.periods import Persistence

S = TestStatus
PENDING_WHY = {
    "default": "",
    "counts": "counted by a trigger, no default",
    "obligation": "an Obligation follows, no default",
} | {"information": "for information only; nothing counts it"}
"""The reason shown for a FAIL that is not a breach, or not yet one, by what a FAIL is."""


def next_state(before: TestState | None, moment: Moment) -> TestState:
    """Return the state of a test after one date."""
    state = before or TestState(test=moment.result.test, status=S.NOT_YET_TESTED, since=moment.on)
    state = state.model_copy(update={"default_needs": default_needs(moment.clause)})
    lacking = _lacks_report(moment, state)
    run = _dates_without_a_report(state, moment, lacking)
    verdict = _counted_verdict(run, moment, lacking)
    # Absence neither heals nor harms: status, runs and counts stay as they were (`rulings.md` 21, 23).
    if verdict is Verdict.NOT_DETERMINED:
        why = moment.held or (moment.result.reason.reason if moment.result.reason else "")
        awaited = state.awaited or awaits_confirmation(moment.result)
        shown = {"verdict": moment.result.verdict, "not_determined_run": run, "why": why, "awaited": awaited}
        return held_clock(state, moment).model_copy(update=shown)
    state = held_clock(state, moment)
    failed = verdict is Verdict.FAIL
    seen = state.model_copy(
        update={
            "verdict": moment.result.verdict,
            "rests_on": moment.on,
            "as_of": moment.result.as_of,
            "not_determined_run": run,
            "awaited": awaits_confirmation(moment.result),
            "passing_run": 0 if failed else state.passing_run + 1,
            "counted": (*state.counted, failed)[-_looks_back(moment.clause) :],
            "why": "",
            **_shortfall(state, moment, failed),
        }
    )
    step = NEXT.get(seen.status, (_stays, _stays))[1 if failed else 0]
    return step(seen, moment)


def _shortfall(state: TestState, moment: Moment, failed: bool) -> dict[str, object]:
    """Return the shortfalls of a clause that may have a second Cure Period.

    They say by how much the first date of its episode missed the limit, and by how much this one does. The
    result is empty for other clauses.
    """
    cure, apart = (
        moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none",
        moment.result.headroom,
    )
    if (
        not isinstance(cure, Cure)
        or cure.extension is None
        or apart is None
        or moment.result.measured is None
    ):
        return {}
    first = (
        state.shortfalls[0]
        if state.shortfalls is not None and state.episode_began is not None
        else -apart.value
    )
    # A PASS outside an episode has nothing from which a shortfall could be measured.
    known = failed or state.episode_began is not None
    return {"shortfalls": (first, -apart.value) if known else None, "newest": moment.result.measured.value}


def takes_effect(state: TestState, since: date) -> date | None:
    """Return when a default takes effect by itself; None if it waits for a notice or a vote."""
    return since if state.default_needs == "nothing" else None


def suspended(before: TestState | None, name: str, on: date, why: str) -> TestState | None:
    """Return the state of a springing test while its condition is off.

    The result is None if a breach is open, because its clock runs on.
    """
    state = before or TestState(test=name, status=S.NOT_YET_TESTED, since=on)
    # A breach does not vanish because the condition that wakes the test has gone (`rulings.md` 50).
    if state.status in (S.CURE_PERIOD, S.EVENT_OF_DEFAULT, S.WAIVED, S.CLOSED):
        return None
    # A test that sleeps forgets its failures: the condition under which they counted has gone.
    off = {"counted": (), "episode_began": None, "verdict": None, "why": why}
    return _moved(state, S.SUSPENDED, on).model_copy(update=off)


def lacks_report(result: TestResult) -> bool:
    """Return whether a result is not determined because the Servicer's figures are missing."""
    return result.reason is not None and result.reason.lacks == "report"


def awaits_confirmation(result: TestResult) -> bool:
    """Return whether a result is not determined because a figure awaits confirmation (`rulings.md` 57)."""
    return result.reason is not None and result.reason.lacks == "confirmation"


def _lacks_report(moment: Moment, state: TestState) -> bool:
    """Return whether the date counts as one without the Servicer's figures.

    The first date that awaits a confirmation does not count as such.
    """
    lacks = lacks_report(moment.result) or (awaits_confirmation(moment.result) and state.awaited)
    return moment.held is None and lacks


def _dates_without_a_report(state: TestState, moment: Moment, lacking: bool) -> int:
    """Return the number of dates in a row without the Servicer's figures.

    A determined date ends the run. Any other date that is not determined is left out of it.
    """
    if lacking:
        return state.not_determined_run + 1
    return (
        state.not_determined_run
        if moment.held is not None or moment.result.verdict is Verdict.NOT_DETERMINED
        else 0
    )


def _counted_verdict(run: int, moment: Moment, lacking: bool) -> Verdict:
    """Return the verdict that the state may act on (`rulings.md` 21).

    A held result acts as NOT DETERMINED. Missing reports act as a FAIL if the deal says so.
    """
    if moment.held is not None:
        return Verdict.NOT_DETERMINED
    rule = moment.clause.if_not_determined
    if not lacking or rule == "hold":
        return moment.result.verdict
    # The third word of `fail after 2 determination dates` is the number; the deal file admits no other form.
    needed = 1 if rule == "fail" else int(rule.split()[2])
    return Verdict.FAIL if run >= needed else Verdict.NOT_DETERMINED


def persistence_of_clause(clause: Clause) -> Persistence:
    """Return on how many dates a failure must persist; a clause without such words counts one date."""
    persistence = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    return persistence or Persistence(1, 1, "determination dates")


def _looks_back(clause: Clause) -> int:
    return persistence_of_clause(clause).out_of


def _moved(state: TestState, status: TestStatus, since: date, **changes: object) -> TestState:
    # `since` is when the status began: a further result of the same kind does not move it.
    start = state.since if state.status is status else since
    return state.model_copy(update={"status": status, "since": start, **changes})


def _passed(state: TestState, moment: Moment) -> TestState:
    """Return the state after a PASS: COMPLIANT, or WATCH if the headroom is below the early warning."""
    headroom, warning = moment.result.headroom, moment.clause.early_warning
    # A headroom equal to the early warning is not below it, so the test is COMPLIANT.
    watched = headroom is not None and warning is not None and headroom.value < warning.figure.value
    return _moved(state, S.WATCH if watched else S.COMPLIANT, moment.on, episode_began=None, cure=None)


def _failed(state: TestState, moment: Moment) -> TestState:
    """Return the state after a FAIL.

    It is PENDING until the clause's persistence is met, and then the Cure Period or the default.
    """
    # An episode is dated from its first failure, even if only a later one makes it a breach.
    began = state.episode_began or moment.on
    persistence = persistence_of_clause(moment.clause)
    # `counted` holds determined dates alone: a date without a result is skipped, never a failure or a pass.
    failures = sum(state.counted[-persistence.out_of :])
    if moment.breach != "default" or failures < persistence.count:
        return _moved(state, S.PENDING, moment.on, episode_began=began, why=PENDING_WHY[moment.breach])
    cure = moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none"
    if isinstance(cure, Cure) and not used_up(cure.at_most, state.cured_on, moment.on):
        return _cure_period(state, moment, cure, began)
    why = "no Cure Period" if cure == "none" else "no cure is left"
    effective = takes_effect(state, moment.on)
    return _moved(
        state, S.EVENT_OF_DEFAULT, moment.on, episode_began=began, cure=None, why=why, effective_on=effective
    )


def _cure_period(state: TestState, moment: Moment, cure: Cure, began: date) -> TestState:
    start = moment.on if cure.after == "determination date" else moment.clock_starts
    # A deadline that waits for an event is not guessed: without the event none is stated (`rulings.md` 24).
    if start is None:
        why = f"the cure clock starts on {cure.after}"
        return _moved(state, S.CURE_PERIOD, moment.on, episode_began=began, cure=None, why=why)
    last = deadline(start, cure.within, moment.calendar, cure.cite, cure.after, moment.on)
    return _moved(state, S.CURE_PERIOD, moment.on, episode_began=began, cure=last)


def clock_started(
    state: TestState, start: date, clause: Clause | None, calendar: BusinessDays, on: date
) -> TestState | None:
    """Return a Cure Period that waited for its starting event, with the deadline that the event gives it.

    The result is None if the test does not wait for such an event.
    """
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    if state.status is not S.CURE_PERIOD or state.cure is not None or not isinstance(cure, Cure):
        return None
    last = deadline(start, cure.within, calendar, cure.cite, cure.after, on)
    return state.model_copy(update={"cure": last, "why": ""})


def _passed_in_cure(state: TestState, moment: Moment) -> TestState:
    """Return the state after a PASS in a Cure Period.

    The PASS ends the period only if the agreement lists a retest as a cure.
    """
    cure = moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none"
    if isinstance(cure, Cure) and "retest" in cure.cured_by:
        # An agreement may ask for several passes in a row before a retest cures.
        needed = cure.passing_for.count if cure.passing_for else 1
        if state.passing_run < needed:
            return state.model_copy(update={"why": f"passes {state.passing_run} of {needed} dates"})
        return cured(_passed(state, moment), moment.on).model_copy(update={"why": "cured by retest"})
    # If the clause does not list a retest, the agent has to accept the cure: a PASS alone ends nothing
    # (`rulings.md` 22).
    return state.model_copy(update={"why": "passes again; cure not yet accepted"})


def cured(state: TestState, on: date) -> TestState:
    """Return the state with its episode ended by a cure on `on`.

    A failure after it is a new episode, with counts of its own.
    """
    ended = {
        "episode_began": None,
        "cure": None,
        "cured_on": (*state.cured_on, on),
        "counted": (),
        "shortfalls": None,
        "extended": False,
    }
    return state.model_copy(update=ended)


def _failed_in_cure(state: TestState, moment: Moment) -> TestState:
    """Return the state after a FAIL in a Cure Period.

    A running deadline stays. A clock that has not started waits for its event.
    """
    if (
        state.cure is None
        and isinstance(moment.clause, MaintenanceClause)
        and isinstance(moment.clause.cure, Cure)
    ):
        return _cure_period(state, moment, moment.clause.cure, state.episode_began or moment.on)
    return state


def _stays(state: TestState, _moment: Moment) -> TestState:
    """Return the state unchanged: only a Recorded Act moves a test from here."""
    ends = {S.EVENT_OF_DEFAULT: "ends only by a Recorded Act", S.WAIVED: f"waived until {state.waived_until}"}
    return state.model_copy(update={"why": ends.get(state.status, "")})


def _passed_waived(state: TestState, moment: Moment) -> TestState:
    """Return the state after a PASS under a waiver, which counts as a retest (`rulings.md` 71).

    A retest ends a Cure Period whose clause lists one, and an episode that never came to a breach. The state
    stays WAIVED to the waiver's last day. An Event of Default is only suspended.
    """
    stays = _stays(state, moment)
    cure = moment.clause.cure if isinstance(moment.clause, MaintenanceClause) else "none"
    if state.waived_from is S.EVENT_OF_DEFAULT:
        return stays
    if state.waived_from is not S.CURE_PERIOD:
        return stays.model_copy(update={"episode_began": None})
    if (
        not isinstance(cure, Cure)
        or "retest" not in cure.cured_by
        or state.passing_run < (cure.passing_for.count if cure.passing_for else 1)
    ):
        return stays
    return cured(stays, moment.on).model_copy(
        update={"waived_from": S.COMPLIANT, "why": f"{stays.why}; cured by retest"}
    )


def _failed_waived(state: TestState, moment: Moment) -> TestState:
    """Return the state after a FAIL under a waiver.

    An episode begins, whose period is counted from the waiver's last day.
    """
    stays = _stays(state, moment)
    open_ = state.waived_from in (S.CURE_PERIOD, S.EVENT_OF_DEFAULT)
    if open_ or moment.breach != "default" or state.episode_began is not None:
        return stays
    return stays.model_copy(update={"episode_began": moment.on})


NEXT: dict[
    TestStatus, tuple[Callable[[TestState, Moment], TestState], Callable[[TestState, Moment], TestState]]
] = {
    #                      on PASS          on FAIL
    S.NOT_YET_TESTED: (_passed, _failed),
    S.COMPLIANT: (_passed, _failed),
    S.WATCH: (_passed, _failed),
    S.PENDING: (_passed, _failed),
    S.CURE_PERIOD: (_passed_in_cure, _failed_in_cure),
    # Only a Recorded Act ends an Event of Default, so passing again does not (`rulings.md` 22).
    S.EVENT_OF_DEFAULT: (_stays, _stays),
    S.WAIVED: (_passed_waived, _failed_waived),
    # A test that wakes up begins anew, because `suspended` has emptied its counts.
    S.SUSPENDED: (_passed, _failed),
    S.CLOSED: (_stays, _stays),
}
"""For each status, the functions to the next state after a PASS and after a FAIL."""
