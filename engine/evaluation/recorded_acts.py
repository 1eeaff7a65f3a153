"""What Recorded Acts do to states, from their effective dates (`rulings.md` 22, 24, 25, 42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from engine.evaluation.deadlines import BusinessDays
from engine.evaluation.obligations import open_for
from engine.evaluation.passed_deadlines import after_waiver
from engine.evaluation.states_of_tests import cured
from engine.evaluation.trigger_states import trigger_cured
from engine.events.kinds import ActApplied, ActRecorded
from engine.events.states import (
    Deadline,
    Obligation,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
    obligation_key,
)
from engine.terms.act_requirements import (
    CLOCK_ACTS,
    DECIDING,
    EVENT_ACTS,
    MANIFEST_ERROR,
    PAYMENT_MADE,
    RATE_ACTS,
)
from engine.terms.clause import Clause
from engine.terms.contract_dates import cut_off_on
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import read_set_rate

ON_STATES = DECIDING - {*RATE_ACTS, *CLOCK_ACTS, *EVENT_ACTS, MANIFEST_ERROR, PAYMENT_MADE, "act withdrawn"}
"""The kinds that act on a test, a trigger or an Obligation as it is on their effective date."""


def waiting(
    acts: Iterable[ActRecorded], applied: frozenset[str], on: date, terms: TermsInForce
) -> tuple[ActRecorded, ...]:
    """Return Acts on states that are effective by `on` and have not been considered, earliest first."""
    counting = (
        act
        for act in acts
        if act.act in ON_STATES and counts_for(act, terms) <= on and act.identity not in applied
    )
    # The sort is stable, so that Acts of one date keep the order of the log.
    return tuple(sorted(counting, key=lambda act: act.effective_on))


def counts_for(act: ActRecorded, terms: TermsInForce) -> date:
    """Return the date from which an Act counts: its effective date.

    It is the next date if the Act was received on its effective date after the cut-off (rulings 26a).
    """
    at = act.received_at
    late = at is not None and at.date() == act.effective_on and at > cut_off_on(terms, act.effective_on)
    return act.effective_on + timedelta(days=1) if late and act.act in ON_STATES else act.effective_on


def effects(
    act: ActRecorded,
    tests: Mapping[str, TestState],
    triggers: Mapping[str, TriggerState],
    open_obligations: Mapping[str, Obligation],
) -> tuple[ActApplied, ...]:
    """Return what one Act changes of the states on its effective date.

    An Act that changes none is considered once, and its single effect says so.
    """
    applied = tuple(_effects(act, tests, triggers, open_obligations))
    # The empty effect is recorded too, or each later run would try the Act again.
    return applied or (ActApplied(act=act.identity, why=f"{act.act}: nothing stood for it to act on"),)


def waiver_ended(
    tests: Mapping[str, TestState],
    triggers: Mapping[str, TriggerState],
    on: date,
    covenants: Mapping[str, Clause],
    calendar: BusinessDays,
    calendar_of: Callable[[Deadline | None], BusinessDays],
) -> tuple[tuple[date, ActApplied], ...]:
    """Return (day, new state) for each waiver that ended before `on`, earliest first.

    The new state holds from that day. It is given as the payload of an `act applied` event.
    """
    waivers = []
    for name, state in tests.items():
        ended = after_waiver(state, on, covenants.get(name), calendar, calendar_of(state.cure))
        if ended is not None:
            identity = f"waiver ended|{name}|{ended.since}"
            waivers.append(
                (
                    ended.since,
                    ActApplied(act=identity, test=ended, before=state.status.value, why="the waiver ended"),
                )
            )
    for name, trigger in triggers.items():
        again = trigger_after_waiver(trigger, on)
        if again is not None:
            identity = f"waiver ended|{name}|{again.since}"
            waivers.append(
                (
                    again.since,
                    ActApplied(
                        act=identity, trigger=again, before=trigger.status.value, why="the waiver ended"
                    ),
                )
            )
    # The earliest end comes first, because a trigger may look at the state that it leaves.
    return tuple(sorted(waivers, key=lambda end: end[0]))


def trigger_after_waiver(trigger: TriggerState, on: date) -> TriggerState | None:
    """Return the state in which a waiver that ended before `on` leaves a trigger; None if none ended.

    A trigger that was in effect is in effect again; its counts begin afresh.
    """
    if (
        trigger.status is not TriggerStatus.WAIVED
        or trigger.waived_until is None
        or trigger.waived_until >= on
    ):
        return None
    status = trigger.waived_from or TriggerStatus.NOT_IN_EFFECT
    since = trigger.waived_until + timedelta(days=1)
    ended = {
        "status": status,
        "since": since,
        "waived_until": None,
        "waived_by": None,
        "waived_from": None,
        "why": "the waiver ended",
    }
    return trigger.model_copy(update=ended)


def subject(effect: ActApplied) -> str:
    """Return what an effect is about, for its event.

    The words tell the trigger of a level clause from the clause's test.
    """
    if effect.trigger is not None:
        return f"{effect.trigger.trigger} (trigger)"
    if effect.obligation is not None:
        return f"obligation {obligation_key(effect.obligation)}"
    return effect.test.test if effect.test else "-"


def _effects(
    act: ActRecorded,
    tests: Mapping[str, TestState],
    triggers: Mapping[str, TriggerState],
    open_obligations: Mapping[str, Obligation],
) -> list[ActApplied]:
    why = f"{act.act}: {act.document}" if act.document else act.act
    if act.act == "discharged":
        return list(_discharged(act, tests, triggers, open_obligations, why))
    test, trigger = tests.get(act.clause or ""), triggers.get(act.clause or "")
    due = open_for(act.clause or "", open_obligations)
    if act.act in ("obligation satisfied", "appraisal delivered") and due is not None:
        done = {"status": "SATISFIED", "status_since": act.effective_on, "satisfied_by": act.document}
        return [
            ActApplied(act=act.identity, obligation=due.model_copy(update=done), before=due.status, why=why)
        ]
    applied = []
    if test is not None and act.act in ON_TESTS and test.status in ON_TESTS[act.act][0]:
        applied.append(
            ActApplied(
                act=act.identity, test=ON_TESTS[act.act][1](test, act, why), before=test.status.value, why=why
            )
        )
    if trigger is not None and act.act in ON_TRIGGERS and trigger.status in ON_TRIGGERS[act.act][0]:
        moved = ON_TRIGGERS[act.act][1](trigger, act, why)
        applied.append(ActApplied(act=act.identity, trigger=moved, before=trigger.status.value, why=why))
    return applied


def _discharged(
    act: ActRecorded,
    tests: Mapping[str, TestState],
    triggers: Mapping[str, TriggerState],
    open_obligations: Mapping[str, Obligation],
    why: str,
) -> Iterator[ActApplied]:
    """Close everything of the deal, because monitoring ends (`rulings.md` 28)."""
    for test in tests.values():
        yield ActApplied(
            act=act.identity, test=_to(test, TestStatus.CLOSED, act, why), before=test.status.value, why=why
        )
    for trigger in triggers.values():
        closed = trigger.model_copy(
            update={
                "status": TriggerStatus.CLOSED,
                "since": act.effective_on,
                "begins": (),
                "ends": (),
                "why": why,
            }
        )
        yield ActApplied(act=act.identity, trigger=closed, before=trigger.status.value, why=why)
    for due in open_obligations.values():
        if due.is_owed:
            ended = due.model_copy(update={"status": "CLOSED", "status_since": act.effective_on})
            yield ActApplied(act=act.identity, obligation=ended, before=due.status, why=why)


def discharged(acts: Iterable[ActRecorded], applied: frozenset[str]) -> bool:
    """Return whether the deal has been discharged, after which nothing is determined."""
    return any(act.act == "discharged" and act.identity in applied for act in acts)


def _to(state: TestState, status: TestStatus, act: ActRecorded, why: str) -> TestState:
    return state.model_copy(update={"status": status, "since": act.effective_on, "why": why})


def _cured(state: TestState, act: ActRecorded, why: str) -> TestState:
    return cured(_to(state, TestStatus.COMPLIANT, act, why), act.effective_on)


def _waived(state: TestState, act: ActRecorded, why: str) -> TestState:
    """Return the state under a waiver until the Act's date.

    A further waiver moves the date and keeps what was interrupted.
    """
    said = {"waived_until": act.until, "waived_by": act.document, "clock_after": act.details.get("clock")}
    if state.status is TestStatus.WAIVED:
        return state.model_copy(update={**said, "why": why})
    return _to(state, TestStatus.WAIVED, act, why).model_copy(update={**said, "waived_from": state.status})


def _reset(state: TestState, act: ActRecorded, why: str) -> TestState:
    # The failures before the end are settled by the Act, so they do not count towards a new breach.
    ended = {"episode_began": None, "cure": None, "counted": (), "effective_on": None}
    return _to(state, TestStatus.NOT_YET_TESTED, act, why).model_copy(update=ended)


def _in_effect(state: TestState, act: ActRecorded, why: str) -> TestState:
    """Return an indicated default in effect. It keeps the date on which it was indicated."""
    needed = {"notice of default": "notice", "vote taken": "vote"}[act.act]
    # The first notice or vote sets the date, and a second one does not move it.
    if state.default_needs != needed or state.effective_on is not None:
        return state
    return state.model_copy(update={"effective_on": act.effective_on, "why": why})


def _trigger_waived(trigger: TriggerState, act: ActRecorded, why: str) -> TriggerState:
    said = {"waived_until": act.until, "waived_by": act.document, "why": why}
    if trigger.status is TriggerStatus.WAIVED:
        return trigger.model_copy(update=said)
    begun = {
        "status": TriggerStatus.WAIVED,
        "since": act.effective_on,
        "begins": (),
        "ends": (),
        "waived_from": trigger.status,
    }
    return trigger.model_copy(update={**said, **begun})


def _trigger_ended(trigger: TriggerState, act: ActRecorded, why: str) -> TriggerState:
    """Return the state of a trigger that an Act ended.

    What begins it again must be new since then (`rulings.md` 45).
    """
    ended = {"since": act.effective_on, "ended_on": act.effective_on}
    return TriggerState(
        trigger=trigger.trigger,
        status=TriggerStatus.NOT_IN_EFFECT,
        why=why,
        # A cure that was used stays used: an end by Act does not give the right back.
        cured_on=trigger.cured_on,
        **ended,
    )


S = TestStatus
OPEN = (S.NOT_YET_TESTED, S.COMPLIANT, S.WATCH, S.PENDING, S.CURE_PERIOD, S.EVENT_OF_DEFAULT)
ON_TESTS: dict[str, tuple[tuple[TestStatus, ...], Callable[[TestState, ActRecorded, str], TestState]]] = {
    "cure accepted": ((S.CURE_PERIOD,), _cured),
    "waiver": ((*OPEN, S.WAIVED), _waived),
    "default ended": ((S.EVENT_OF_DEFAULT,), _reset),
    "notice of default": ((S.EVENT_OF_DEFAULT,), _in_effect),
    "vote taken": ((S.EVENT_OF_DEFAULT,), _in_effect),
}
"""For each Act on a test: the statuses from which it works, and the function to the new state."""
T = TriggerStatus
ON_TRIGGERS: dict[
    str, tuple[tuple[TriggerStatus, ...], Callable[[TriggerState, ActRecorded, str], TriggerState]]
] = {
    "waiver": ((T.NOT_IN_EFFECT, T.PENDING_CURE, T.IN_EFFECT, T.WAIVED), _trigger_waived),
    "trigger ended": ((T.IN_EFFECT, T.PENDING_CURE, T.WAIVED), _trigger_ended),
    "cure accepted": (
        (T.PENDING_CURE,),
        lambda trigger, act, why: trigger_cured(trigger, act.effective_on, why),
    ),
}
"""For each Act on a trigger: the statuses from which it works, and the function to the new state."""


def declared_events(acts: Iterable[ActRecorded], on: date, carried: Mapping[str, date]) -> dict[str, date]:
    """Return the events that stand declared on a day, each with the date since which it does.

    An Act has declared them, and none has ended them since. `carried` holds those that stood at the takeover
    of the deal.
    """
    declared = dict(carried)
    for act in sorted(
        (one for one in acts if one.act in EVENT_ACTS and one.effective_on <= on),
        key=lambda one: one.effective_on,
    ):
        if act.act == "event declared":
            # An event that stands already keeps the date since which it stands.
            declared.setdefault(act.clause or "", act.effective_on)
        else:
            declared.pop(act.clause or "", None)
    return declared


def agreed_rates(acts: Iterable[ActRecorded], index: str, on: date) -> dict[str, Decimal]:
    """Return the rates that Acts set for `index` on `on`, by fallback step.

    An Act sets the rate of one date; a successor benchmark serves from its date on.
    """
    values: dict[str, Decimal] = {}
    for act in acts:
        step = RATE_ACTS.get(act.act)
        serves = act.effective_on == on or (step == "successor benchmark" and act.effective_on <= on)
        if step is not None and serves and act.details.get("index") == index:
            rate = read_set_rate(
                act.details.get("rate", "")
            )  # one that cannot be read sets nothing, and the next step is tried
            values |= {step: rate} if rate is not None else {}
    return values


def clock_start(
    acts: Iterable[ActRecorded], clause: str, after: str, since: date, report_received: date | None, on: date
) -> date | None:
    """Return the date of the event that a cure clock counts from (`rulings.md` 24).

    The result is None if it has not happened by `on`.
    """
    if after == "delivery of the report":
        return report_received
    # The first kind is the agent's notice. Knowledge alone starts no clock that waits for a notice.
    wanted = CLOCK_ACTS if after == "earlier of knowledge and notice" else CLOCK_ACTS[:1]
    dates = [
        act.effective_on
        for act in acts
        if act.act in wanted and act.clause == clause and since <= act.effective_on <= on
    ]
    return min(dates, default=None)
