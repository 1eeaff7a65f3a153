"""The state of a deal: everything that its past decides, computed by a fold over its events.

The log holds events only: a state is replayed from them and is itself not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import partial, reduce
from typing import Protocol

from engine.basics.values import Exact, Fact
from engine.events.correcting import Correcting, correcting, told
from engine.events.delivery import NoticeGiven
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    Counted,
    DeadlinePassed,
    Determined,
    NoticeIssued,
    ObligationMoved,
    ReportReceived,
    Suspended,
    Tested,
    as_received,
)
from engine.events.notifiable import Notifiable, notifiable
from engine.events.rates import ReferenceRate
from engine.events.rates_on_record import with_rate
from engine.events.servicing import FigureConfirmed, NoticeOwed, ReceiptShown, RegisterChanged, duty_key
from engine.events.standing import Recorded, restated, standing, withdrawn
from engine.events.states import (
    Entry,
    Obligation,
    ReserveReleased,
    Run,
    SweptPeriod,
    TestState,
    TriggerState,
    TriggerStatus,
    dated_key,
    entry_after,
    obligation_key,
    run_after,
)
from engine.events.taken_over import TakenOver

TRIGGER_ENDED = "trigger ended|"
"""The beginning of the identity of an Act that ends a trigger.

Only such an Act ends an irrevocable trigger (`rulings.md` 27).
"""


class DealState(Fact):
    """A deal as its past left it."""

    tests: Mapping[str, TestState] = {}
    triggers: Mapping[str, TriggerState] = {}
    runs: Mapping[str, Run] = {}
    """By test, how many dates in a row it has failed."""
    test_entries: Mapping[str, Entry] = {}
    trigger_entries: Mapping[str, Entry] = {}
    """When each test and each trigger entered its status, by name."""
    obligations: Mapping[str, Obligation] = {}
    reserves: Mapping[str, Exact] = {}
    """The reserve balance by clause, in USD."""
    swept: Mapping[str, Exact | None] = {}
    """What went to the reserve on the last Payment Date, by clause, in USD; None if it was not computed."""
    irrevocable: Mapping[str, TriggerState] = {}
    """Irrevocable triggers, as they stood in effect before a later print withdrew what had begun them."""
    in_effect: frozenset[str] = frozenset()
    """The triggers that were in effect at the last Determination Date.

    They decide what is due on the next Payment Date (`rulings.md` 30a).
    """
    money: tuple[SweptPeriod | ReserveReleased, ...] = ()
    """What was due on each Payment Date, and what was to be released, oldest first."""
    stated_due: Mapping[str, Exact] = {}
    """What was stated as due before a correction withdrew it, in USD, by `CLAUSE@PAYMENT DATE`."""
    begun: frozenset[str] = frozenset()
    """Triggers that have been in effect and that no Act has ended.

    What their beginning caused for good is still in force.
    """
    rates: Mapping[str, Sequence[ReferenceRate]] = {}
    """Reference Rates by index, one per date, oldest first."""
    reports: tuple[ReportReceived, ...] = ()
    registers: Mapping[str, RegisterChanged] = {}
    """The newest reading of each register of serial numbers, by its file's name."""
    acts: tuple[ActRecorded, ...] = ()
    applied: frozenset[str] = frozenset()
    """The identities of the Acts that have taken effect."""
    reached: date | None = None
    """The last date of which anything was determined, also a Payment Date.

    A run goes on from the day after.
    """
    last_date: date | None = None
    """The last Determination Date that was determined."""
    notifiable: tuple[tuple[Notifiable, str, date], ...] = ()
    """What has happened since the last Determination Date and may have to be notified.

    Each entry has the kind, the clause and the date.
    """
    duties: tuple[NoticeOwed, ...] = ()
    """Every notice that somebody has owed, oldest first. Acts say which of them are done."""
    correcting: Correcting | None = None
    """The correction whose dates are being determined again."""
    again: Mapping[str, str] = {}
    """What has come out again of the dates of the correction, by key."""
    given: Mapping[str, date] = {}
    """When each notice was given by the deal's own rule, by the key of its duty (`rulings.md` 54)."""
    notices: int = 0
    """The number of the last notice."""
    taken_over: TakenOver | None = None
    """The state that a former servicer handed over, if the deal was taken over in mid-life.

    See `rulings.md` 56.
    """


class Happened(Protocol):
    """What `fold` needs of an event. A draft has it as well as a recorded event."""

    @property
    def payload(self) -> object:
        """The payload, of the type of its kind."""

    @property
    def effective_on(self) -> date:
        """The date that counts for the contract."""


def apply(state: DealState, event: Happened) -> DealState:
    """Return the state after one more event."""
    # What was handed over brings its own entries and untold facts, which must not be derived twice.
    if isinstance(event.payload, TakenOver):
        return _taken_over(state, event.payload)
    after = _corrected(_entered(_applied_payload(state, event), event), event)
    happened = tuple((kind, subject, event.effective_on) for kind, subject in notifiable(event.payload))
    if happened:
        after = after.model_copy(update={"notifiable": (*after.notifiable, *happened)})
    # A delivery says the rate of an earlier date again, and `reached` must not go back to it.
    if isinstance(event.payload, (ReferenceRate, SweptPeriod)) and (
        state.reached is None or event.effective_on > state.reached
    ):
        return after.model_copy(update={"reached": event.effective_on})
    return after


def _applied_payload(state: DealState, event: Happened) -> DealState:
    match event.payload:
        case ReferenceRate() as rate:
            known = with_rate(state.rates.get(rate.index, ()), rate)
            return state.model_copy(update={"rates": {**state.rates, rate.index: known}})
        case Tested() | DeadlinePassed() | Suspended() as moved_test:
            return _moved_test(state, moved_test)
        case Counted(state=counted):
            # A trigger that ends by its count stays in `begun`: what it caused for good outlives it.
            begun = (
                state.begun | {counted.trigger} if counted.status is TriggerStatus.IN_EFFECT else state.begun
            )
            return state.model_copy(
                update={"triggers": {**state.triggers, counted.trigger: counted}, "begun": begun}
            )
        case ObligationMoved(obligation=moved):
            return state.model_copy(
                update={"obligations": {**state.obligations, obligation_key(moved): moved}}
            )
        case NoticeGiven() | NoticeOwed() as notice:
            return _told_of_a_notice(state, notice, event.effective_on)
        case SweptPeriod() | ReserveReleased() as money:
            return _moved_money(state, money)
        case ReportReceived() | ReceiptShown() | FigureConfirmed() | RegisterChanged() as served:
            return _told_by_the_servicer(state, served)
        case ActRecorded() as act:
            return _recorded(state, act)
        case ActApplied() as applied:
            return _applied(state, applied, event.effective_on)
        case NoticeIssued(number=number):
            return state.model_copy(update={"notices": number})
        case Determined():
            return after_determination(state, event.effective_on)
        case _:
            return state


def _taken_over(state: DealState, handed: TakenOver) -> DealState:
    """Return the state that a former servicer left; what came in before it was recorded stays."""
    carried = {as_received(report).name: as_received(report) for report in handed.reports}
    # A report that stands in both would count twice.
    entered = tuple(report for report in state.reports if report.name not in carried)
    return state.model_copy(
        update={
            "tests": handed.tests,
            "triggers": handed.triggers,
            "runs": handed.runs,
            "test_entries": handed.test_entries,
            "trigger_entries": handed.trigger_entries,
            "obligations": {obligation_key(one): one for one in handed.obligations},
            "reserves": {account.clause: account.held for account in handed.reserves},
            "in_effect": frozenset(handed.in_effect),
            "begun": frozenset(handed.begun),
            "rates": handed.rates,
            "reports": (*carried.values(), *entered),
            "reached": handed.as_of,
            "last_date": handed.last_date,
            "notifiable": tuple((one.kind, one.subject, one.since) for one in handed.not_yet_told),
            "duties": handed.notices_owed,
            "taken_over": handed,
        }
    )


def _moved_test(state: DealState, moved: Tested | DeadlinePassed | Suspended) -> DealState:
    """Return the state after a test was run, or after it moved without a result."""
    after = moved.state
    changes: dict[str, object] = {"tests": {**state.tests, after.test: after}}
    if isinstance(moved, Tested):
        changes["runs"] = {**state.runs, after.test: run_after(state.runs.get(after.test), moved.result)}
    return state.model_copy(update=changes)


def _corrected(state: DealState, event: Happened) -> DealState:
    """Return the state with what comes out again of a correction's dates; its last date closes it."""
    if state.correcting is None:
        return state
    if isinstance(event.payload, Determined) and event.effective_on >= state.correcting.until:
        return state.model_copy(update={"correcting": None, "again": {}})
    said = told(event.payload, event.effective_on)
    return state if said is None else state.model_copy(update={"again": {**state.again, said[0]: said[1]}})


def after_determination(state: DealState, on: date) -> DealState:
    """Return the state at the end of a Determination Date.

    The triggers now in effect decide what is due on the next Payment Date.
    """
    in_effect = frozenset(
        name for name, trigger in state.triggers.items() if trigger.status is TriggerStatus.IN_EFFECT
    )
    # What happened up to the date is told by its notices, so the next date begins without it.
    return state.model_copy(update={"last_date": on, "notifiable": (), "in_effect": in_effect})


def _entered(state: DealState, event: Happened) -> DealState:
    """Return the state with the entries of the test and the trigger that the event moves."""
    test: TestState | None = None
    trigger: TriggerState | None = None
    match event.payload:
        case Tested(state=test) | DeadlinePassed(state=test) | Suspended(state=test):
            pass
        case Counted(state=trigger):
            pass
        case ActApplied(test=test, trigger=trigger):
            pass
    changes: dict[str, object] = {}
    if test is not None:
        entry = entry_after(state.test_entries.get(test.test), test.status.value, test.since)
        changes["test_entries"] = {**state.test_entries, test.test: entry}
    if trigger is not None:
        entry = entry_after(state.trigger_entries.get(trigger.trigger), trigger.status.value, trigger.since)
        changes["trigger_entries"] = {**state.trigger_entries, trigger.trigger: entry}
    return state.model_copy(update=changes) if changes else state


def _told_of_a_notice(state: DealState, payload: NoticeGiven | NoticeOwed, on: date) -> DealState:
    """Return the state after a notice is owed, is given by the deal's rule, or is withdrawn by a return."""
    if isinstance(payload, NoticeOwed):
        return state.model_copy(update={"duties": (*state.duties, payload)})
    key = duty_key(payload.kind, payload.clause, payload.states)
    # The earlier day goes in either case: a return takes it away, and a new giving has its own.
    given = {one: day for one, day in state.given.items() if one != key}
    return state.model_copy(update={"given": given if payload.withdrawn else {**given, key: on}})


def _recorded(state: DealState, act: ActRecorded) -> DealState:
    """Return the state after an Act has been entered.

    An Act that withdraws another Act, or a report, removes what it names.
    """
    named = act.details.get("names", "")
    if act.act == "act withdrawn":
        return state.model_copy(update={"acts": tuple(one for one in state.acts if not one.goes_by(named))})
    acts = (*state.acts, act)
    if act.act == "report withdrawn":
        return state.model_copy(
            update={
                "acts": acts,
                "reports": tuple(report for report in state.reports if report.name != named),
            }
        )
    return state.model_copy(update={"acts": acts})


def _told_by_the_servicer(
    state: DealState, payload: ReportReceived | ReceiptShown | FigureConfirmed | RegisterChanged
) -> DealState:
    """Return the state after the servicer has said something.

    A report has come in, its receipt was shown, a figure of it was confirmed, or a register has changed.
    """
    match payload:
        case RegisterChanged():
            return state.model_copy(update={"registers": {**state.registers, payload.file: payload}})
        case ReportReceived():
            return state.model_copy(update={"reports": (*state.reports, payload)})
        case ReceiptShown(report=name):
            return _each_report(
                state,
                name,
                lambda one: one.model_copy(update={"serves_from_keying": False, "why_from_keying": None}),
            )
        case FigureConfirmed(report=name, figures=figures):
            return _each_report(state, name, partial(_confirmed, figures))


def _each_report(
    state: DealState, name: str, changed: Callable[[ReportReceived], ReportReceived]
) -> DealState:
    """Return the state with the report of this name changed."""
    reports = tuple(changed(report) if report.name == name else report for report in state.reports)
    return state.model_copy(update={"reports": reports})


def _confirmed(names: Iterable[str], report: ReportReceived) -> ReportReceived:
    """Return a report in which the named figures, which were held, now serve."""
    served = {name: report.awaiting[name] for name in names if name in report.awaiting}
    held = {name: why for name, why in report.held.items() if name not in served}
    awaiting = {name: figure for name, figure in report.awaiting.items() if name not in served}
    return report.model_copy(
        update={"figures": {**report.figures, **served}, "held": held, "awaiting": awaiting}
    )


def _moved_money(state: DealState, money: SweptPeriod | ReserveReleased) -> DealState:
    # A release pays out the whole account (`rulings.md` 30), so nothing is left to carry forward.
    balance = money.reserve_balance if isinstance(money, SweptPeriod) else Fraction(0)
    changes: dict[str, object] = {
        "reserves": {**state.reserves, money.clause: balance},
        "money": (*state.money, money),
    }
    if isinstance(money, SweptPeriod):
        changes["swept"] = {**state.swept, money.clause: money.swept}
    return state.model_copy(update=changes)


def _applied(state: DealState, applied: ActApplied, on: date) -> DealState:
    changes: dict[str, object] = {"applied": state.applied | {applied.act}}
    if applied.test is not None:
        changes["tests"] = {**state.tests, applied.test.test: applied.test}
    if applied.trigger is not None:
        changes["triggers"] = {**state.triggers, applied.trigger.trigger: applied.trigger}
        if applied.trigger.status is TriggerStatus.IN_EFFECT:
            changes["begun"] = state.begun | {applied.trigger.trigger}
        # Only an Act ends what a beginning caused for good. A trigger that began after the Act stands.
        if applied.act.startswith(TRIGGER_ENDED):
            changes["begun"] = state.begun - {applied.trigger.trigger}
            changes["irrevocable"] = {
                n: t for n, t in state.irrevocable.items() if n != applied.trigger.trigger or t.since > on
            }
    if applied.obligation is not None:
        changes["obligations"] = {**state.obligations, obligation_key(applied.obligation): applied.obligation}
    if applied.owed is not None:
        moved = applied.owed
        changes["duties"] = tuple(moved if one.key == moved.key else one for one in state.duties)
    return state.model_copy(update=changes)


def fold(events: Iterable[Happened], start: DealState | None = None) -> DealState:
    """Return the state after all `events`, in the order of the log. For a whole log use `as_it_stands`."""
    return reduce(apply, events, start or DealState())


def as_it_stands(events: Sequence[Recorded]) -> DealState:
    """Return the state that a log leads to: a fold of what stands, with two withdrawn things remembered.

    An irrevocable trigger that a later print would undo is remembered from the beginning. So an Act that
    stands and ends it removes it. A report or an Act that was entered late does undo it: it counts as if it
    had been entered in time (`rulings.md` 53). What was stated as due on a Payment Date is remembered too,
    because it may have been paid (`rulings.md` 30a).
    """
    undone = {
        event.payload.state.trigger: event.payload.state
        for event in restated(events)
        if isinstance(event.payload, Counted)
        and event.payload.state.irrevocable
        and event.payload.state.status is TriggerStatus.IN_EFFECT
    }
    stated = {
        dated_key(one.clause, one.payment_date): one.swept
        for one in (event.payload for event in withdrawn(events))
        if isinstance(one, SweptPeriod) and one.swept is not None
    }
    open_ = correcting(events)
    state = fold(standing(events), DealState(irrevocable=undone, stated_due=stated))
    # The fold began without the open correction, so it kept nothing of what came out again.
    again = [told(one.payload, one.effective_on) for one in standing(events)] if open_ is not None else []
    return state.model_copy(
        update={"correcting": open_, "again": dict(one for one in again if one is not None)}
    )
