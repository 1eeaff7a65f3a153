"""What Recorded Acts do to states, from their effective dates (`rulings.md` 22, 24, 25, 42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from engine.record.event import ActApplied, ActRecorded
from engine.terms.clause import Clause
from engine.terms.phrases import read_set_rate
from engine.triggers.clock import BusinessDays
from engine.triggers.facts import Obligation, TestState, TestStatus, TriggerState, TriggerStatus
from engine.triggers.obligation import open_for
from engine.triggers.state import after_waiver

RATE_ACTS = ("interpolation", "successor benchmark", "agent determination")
MANIFEST_ERROR = "manifest error"
"""The paper's Manifest Error Override (WP §7.3), as a deal takes it: a print that is plainly wrong is as if not published."""
CLOCK_ACTS = ("notice by the agent", "knowledge of the borrower")

KINDS = {
    "cure accepted": "ends a Cure Period",
    "waiver": "suspends a test or trigger until a date",
    "default ended": "ends an Event of Default",
    "notice of default": "makes an indicated Event of Default effective where it needs notice",
    "vote taken": "makes an indicated Event of Default effective where it needs a vote",
    "act withdrawn": "ends an Act that was entered in error, and names it",
    "trigger ended": "ends a trigger that is in effect",
    "obligation satisfied": "satisfies an Obligation",
    "appraisal delivered": "satisfies the appraisal Obligation of a clause",
    "discharged": "closes every test and trigger of the deal",
    "consent": "records a consent; it decides no state by itself",
    "notice given": "turns a draft notice into a notice",
    "notice by the agent": "starts a cure clock that counts from it",
    "knowledge of the borrower": "starts a cure clock that counts from knowledge",
    "successor benchmark": "sets the Reference Rate by the successor benchmark, from a date",
    "agent determination": "sets the Reference Rate of one date",
    "interpolation": "sets the Reference Rate of one date by interpolation",
    "manifest error": "excludes what was published of an index on its date from use, until the next print",
}
"""Every kind of Recorded Act and what it does."""


DECIDING = frozenset(KINDS) - {"consent", "notice given"}
"""Kinds that decide a state or a rate, so that one effective in the past makes dates be determined again."""


ON_A_CLAUSE = frozenset(KINDS) - {*RATE_ACTS, MANIFEST_ERROR, "discharged", "consent", "notice given", "act withdrawn"}
"""Kinds that name the clause that they are about."""
ON_STATES = DECIDING - {*RATE_ACTS, *CLOCK_ACTS, MANIFEST_ERROR, "act withdrawn"}
"""Kinds that act on a test, a trigger or an Obligation as it stands on their effective date."""


def waiting(acts: Iterable[ActRecorded], applied: frozenset[str], on: date) -> tuple[ActRecorded, ...]:
    """Acts on states that are effective by `on` and have not been considered, earliest first."""
    found = (act for act in acts if act.act in ON_STATES and act.effective_on <= on and act.identity not in applied)
    return tuple(sorted(found, key=lambda act: act.effective_on))


def effects(
    act: ActRecorded, tests: Mapping[str, TestState], triggers: Mapping[str, TriggerState], open_obligations: Mapping[str, Obligation]
) -> tuple[ActApplied, ...]:
    """What one Act changes of the states on its effective date; an Act that changes none is considered once and says so."""
    found = tuple(_effects(act, tests, triggers, open_obligations))
    return found or (ActApplied(act=act.identity, why=f"{act.act}: nothing stood for it to act on"),)


def waiver_ended(
    tests: Mapping[str, TestState], on: date, covenants: Mapping[str, Clause], calendar: BusinessDays
) -> tuple[ActApplied, ...]:
    """What waivers that ended before `on` leave behind, earliest first."""
    found = []
    for name, state in tests.items():
        ended = after_waiver(state, on, covenants.get(name), calendar)
        if ended is not None:
            identity = f"waiver ended|{name}|{ended.since}"
            found.append(ActApplied(act=identity, test=ended, before=state.status.value, why="the waiver ended"))
    return tuple(sorted(found, key=lambda one: one.test.since if one.test else on))


def _effects(
    act: ActRecorded,
    tests: Mapping[str, TestState],
    triggers: Mapping[str, TriggerState],
    open_obligations: Mapping[str, Obligation],
) -> list[ActApplied]:
    why = f"{act.act}: {act.document}" if act.document else act.act
    if act.act == "discharged":
        closed = [_to(state, TestStatus.CLOSED, act, why) for state in tests.values()]
        return [ActApplied(act=act.identity, test=state, before=tests[state.test].status.value, why=why) for state in closed]
    test, trigger = tests.get(act.clause or ""), triggers.get(act.clause or "")
    due = open_for(act.clause or "", open_obligations)
    if act.act in ("obligation satisfied", "appraisal delivered") and due is not None:
        done = {"status": "SATISFIED", "status_since": act.effective_on, "satisfied_by": act.document}
        return [ActApplied(act=act.identity, obligation=due.model_copy(update=done), before=due.status, why=why)]
    if test is not None and act.act in ON_TESTS and test.status in ON_TESTS[act.act][0]:
        return [ActApplied(act=act.identity, test=ON_TESTS[act.act][1](test, act, why), before=test.status.value, why=why)]
    if trigger is not None and act.act in ("trigger ended", "waiver"):
        status = TriggerStatus.WAIVED if act.act == "waiver" else TriggerStatus.NOT_IN_EFFECT
        moved = trigger.model_copy(update={"status": status, "since": act.effective_on, "begins": (), "ends": (), "why": why})
        return [ActApplied(act=act.identity, trigger=moved, before=trigger.status.value, why=why)]
    return []


def _to(state: TestState, status: TestStatus, act: ActRecorded, why: str) -> TestState:
    return state.model_copy(update={"status": status, "since": act.effective_on, "why": why})


def _cured(state: TestState, act: ActRecorded, why: str) -> TestState:
    ended = {"episode_began": None, "cure": None, "cured_on": (*state.cured_on, act.effective_on), "counted": ()}
    return _to(state, TestStatus.COMPLIANT, act, why).model_copy(update=ended)


def _waived(state: TestState, act: ActRecorded, why: str) -> TestState:
    waived = {"waived_until": act.until, "waived_by": act.document, "waived_from": state.status, "clock_after": act.details.get("clock")}
    return _to(state, TestStatus.WAIVED, act, why).model_copy(update=waived)


def _reset(state: TestState, act: ActRecorded, why: str) -> TestState:
    ended = {"episode_began": None, "cure": None, "counted": (), "effective_on": None}
    return _to(state, TestStatus.NOT_YET_TESTED, act, why).model_copy(update=ended)


def _in_effect(state: TestState, act: ActRecorded, why: str) -> TestState:
    """An indicated default takes effect with what it needs, and keeps the date on which it was indicated."""
    needed = {"notice of default": "notice", "vote taken": "vote"}[act.act]
    if state.default_needs != needed or state.effective_on is not None:
        return state
    return state.model_copy(update={"effective_on": act.effective_on, "why": why})


S = TestStatus
OPEN = (S.NOT_YET_TESTED, S.COMPLIANT, S.WATCH, S.PENDING, S.CURE_PERIOD, S.EVENT_OF_DEFAULT)
ON_TESTS: dict[str, tuple[tuple[TestStatus, ...], Callable[[TestState, ActRecorded, str], TestState]]] = {
    "cure accepted": ((S.CURE_PERIOD,), _cured),
    "waiver": (OPEN, _waived),
    "default ended": ((S.EVENT_OF_DEFAULT,), _reset),
    "notice of default": ((S.EVENT_OF_DEFAULT,), _in_effect),
    "vote taken": ((S.EVENT_OF_DEFAULT,), _in_effect),
}
"""For each Act on a test: from which statuses it works, and where it leads."""


def agreed_rates(acts: Iterable[ActRecorded], index: str, on: date) -> dict[str, Decimal]:
    """The rates that Acts set for `index` on `on`, by fallback step: one date's, or a successor's from its date on."""
    found: dict[str, Decimal] = {}
    for act in acts:
        serves = act.effective_on == on or (act.act == "successor benchmark" and act.effective_on <= on)
        if act.act in RATE_ACTS and serves and act.details.get("index") == index:
            rate = read_set_rate(act.details.get("rate", ""))  # one that cannot be read sets nothing, and the next step is tried
            found |= {act.act: rate} if rate is not None else {}
    return found


def in_error(acts: Iterable[ActRecorded], index: str) -> dict[date, tuple[int, str]]:
    """For each Publication Date that a manifest error is recorded of: the newest print that it covers, and its document."""
    found = (act for act in acts if act.act == MANIFEST_ERROR and act.details.get("index") == index)
    return {act.effective_on: (int(act.details["print"]), act.document or "no document") for act in found}


def clock_start(acts: Iterable[ActRecorded], clause: str, after: str, since: date, report_received: date | None) -> date | None:
    """The date of the event that a cure clock counts from, none while it has not happened (`rulings.md` 24)."""
    if after == "delivery of the report":
        return report_received
    wanted = CLOCK_ACTS if after == "earlier of knowledge and notice" else CLOCK_ACTS[:1]
    dates = [act.effective_on for act in acts if act.act in wanted and act.clause == clause and act.effective_on >= since]
    return min(dates, default=None)
