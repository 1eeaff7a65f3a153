"""Check an Act against the log.

An Act must agree with the report or the notice that it names, and with the breach that it cures. Amounts are
compared as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from engine.basics.errors import WrongUsage
from engine.basics.values import Figure, Unit, printed
from engine.evaluation.notice_duties import GIVEN, RELEASED, OpenDuty, open_duties
from engine.events.deal_state import as_it_stands
from engine.events.kinds import ActApplied, ActRecorded, DeadlinePassed, Event, NoticeIssued, Tested
from engine.events.notice import SEPARATOR
from engine.events.standing import standing
from engine.events.states import TestState, TestStatus
from engine.events.taken_over import TakenOver
from engine.servicer_report.confirmation_form import report_named
from engine.servicer_report.receipts import receipt_of
from engine.terms.act_requirements import REPORT_WITHDRAWN
from engine.terms.as_written import Deal, day_of, resolve
from engine.terms.clause import Cure, MaintenanceClause
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import read_amount


def with_details(act: ActRecorded, deal: Deal, events: Sequence[Event]) -> ActRecorded:
    """Return the Act as it agrees with the log: what it names in full, and its amount in one form.

    Raises:
        WrongUsage: it names a report or a notice that is not there, gives a notice to somebody else, or cures
            no breach.
    """
    amount = read_amount(act.details.get("amount", ""))
    if amount is not None:
        # One form of an amount, so that the same Act entered twice is recognized, however it was typed.
        act = _with(act, amount=printed(Figure(value=amount, unit=Unit.USD)))
    if act.act == REPORT_WITHDRAWN:
        return _with(act, names=report_named(act.details["names"], as_it_stands(events).reports).name)
    if act.act == "cure accepted":
        _cures(act, resolve(deal, act.effective_on), events)
    return _of_a_notice(act, deal, events) if act.act in (GIVEN, RELEASED) else act


def receipt_of_an_act(act: ActRecorded, said: str | None, deal: Deal, now: datetime) -> ActRecorded:
    """Return the Act with the time of its receipt (`rulings.md` 26a).

    The receipt is as said. If nothing is said, an Act that takes effect today is received now, and another
    Act gets no receipt.

    Raises WrongUsage.
    """
    today = day_of(deal, now)
    if said is None and act.effective_on != today:
        return act
    receipt = receipt_of(said, now, resolve(deal, today).time_zone)
    return act.model_copy(update={"received_at": receipt.received_at})


def _with(act: ActRecorded, **details: str) -> ActRecorded:
    return act.model_copy(update={"details": {**act.details, **details}})


# ---- cures
# --------------------------------------------------------------------------------------------------------


def _cures(act: ActRecorded, terms: TermsInForce, events: Sequence[Event]) -> None:
    """Check that a cure that is accepted cures something, by a method, with its amount. Raises WrongUsage."""
    state = _state_on(events, act.clause or "", act.effective_on)
    trigger = terms.triggers.get(act.clause or "")
    if state is not None and state.status is not TestStatus.CURE_PERIOD:
        raise WrongUsage(
            f"`{act.clause}` is {state.status.value} on {act.effective_on}, and a cure is accepted in a "
            "Cure Period"
        )
    clause = terms.covenants.get(act.clause or "")
    ways = (
        clause.cure.cured_by
        if isinstance(clause, MaintenanceClause) and isinstance(clause.cure, Cure)
        else ()
    )
    # An Act may name a composite trigger in place of a clause, and then its cure is the one that counts.
    ways = trigger.cure.cured_by if trigger is not None and trigger.cure is not None else ways
    method = act.details.get("method")
    if method is None:
        raise WrongUsage(f"a cure says by what; give --method {' or '.join(ways)}")
    if method in ("prepayment", "equity") and "amount" not in act.details:
        raise WrongUsage(f"a cure by {method} says how much; give --amount, like `USD 1,500,000`")


def _state_on(events: Sequence[Event], test: str, on: date) -> TestState | None:
    """Return the state of a test at the end of a day, as the log now has it."""
    last: TestState | None = None
    for event in standing(events):
        payload = event.payload
        if isinstance(payload, TakenOver):
            # A test that a former servicer left in a Cure Period has no event of its own here.
            last = payload.tests.get(test)
        state = (
            payload.test
            if isinstance(payload, ActApplied)
            else payload.state
            if isinstance(payload, Tested | DeadlinePassed)
            else None
        )
        if state is not None and state.test == test and event.effective_on <= on:
            last = state
    return last


# ---- notices
# ------------------------------------------------------------------------------------------------------


def _of_a_notice(act: ActRecorded, deal: Deal, events: Sequence[Event]) -> ActRecorded:
    """Return a notice that was given, or whose giver was released: which one, of which date, to whom.

    Raises WrongUsage.
    """
    if act.act == RELEASED and act.document is None:
        raise WrongUsage("a release rests on a document; give --document")
    number = act.details.get("names")
    if number is not None:
        act, to = _numbered(act, deal, events, number)
    elif "otherwise" in act.details or act.act == RELEASED:
        # All Acts count, whatever their date. One day is left, because a duty asks for the day after its
        # last.
        duty = _meant(act, open_duties(as_it_stands(events), date.max - timedelta(days=1)))
        act = _with(act, notice=duty.owed.kind, of=str(duty.owed.on)).model_copy(
            update={"clause": duty.owed.subject}
        )
        to = duty.owed.to
    else:
        raise WrongUsage(
            "say which notice was given: --names 12, its number; or --otherwise DOCUMENT, where it was "
            "another document"
        )
    said = tuple(filter(None, act.details.get("to", "").split(SEPARATOR)))
    strange = [role for role in said if to and role not in to]
    if strange:
        raise WrongUsage(f"the notice is not owed to {', '.join(strange)}; it is owed to {', '.join(to)}")
    return act


def _numbered(
    act: ActRecorded, deal: Deal, events: Sequence[Event], number: str
) -> tuple[ActRecorded, tuple[str, ...]]:
    """Return the Act with what the notice of a number is of, and to whom it is owed."""
    issued = {str(event.payload.number): event for event in events if isinstance(event.payload, NoticeIssued)}
    event = issued.get(number)
    if event is None:
        there = f"No. 1 to No. {max(map(int, issued))}" if issued else "none"
        raise WrongUsage(f"no notice No. {number} was issued; there are {there}")
    kind = event.payload.kind
    subject = event.subject.removeprefix(kind).removeprefix("-") or None
    if act.clause is not None and act.clause != subject:
        raise WrongUsage(f"notice No. {number} is of `{subject or 'the date'}`, not of `{act.clause}`")
    issued_on = day_of(deal, event.recorded_at)
    # A notice cannot have been given before it was made, so the date is a slip of the pen.
    if act.effective_on < issued_on:
        raise WrongUsage(
            f"notice No. {number} was issued on {issued_on}, after {act.effective_on}; correct --effective-on"
        )
    act = _with(act, notice=kind, of=str(event.effective_on)).model_copy(update={"clause": subject})
    owed = [
        duty
        for duty in as_it_stands(events).duties
        if (duty.kind, duty.subject, duty.on) == (kind, subject, event.effective_on)
    ]
    duty = resolve(deal, event.effective_on).notices.get(kind)
    # A Correction Notice goes to the addressees of what it corrects, which the terms alone do not tell.
    return act, owed[-1].to if owed else duty.to if duty is not None and kind != "correction" else ()


def _meant(act: ActRecorded, duties: Sequence[OpenDuty]) -> OpenDuty:
    """Return the one duty that an Act without a number means: of its clause and its kind.

    Raises WrongUsage for none, and for several.
    """
    kind = act.details.get("notice")
    meant = [
        duty for duty in duties if act.clause in (None, duty.owed.subject) and kind in (None, duty.owed.kind)
    ]
    if len(meant) == 1:
        return meant[0]
    there = (
        "; ".join(
            f"{duty.owed.kind} {duty.owed.subject or ''} of {duty.owed.on}".replace("  ", " ")
            for duty in (meant or duties)
        )
        or "none"
    )
    what = "several notices are" if meant else "no such notice is"
    raise WrongUsage(f"{what} owed; name one by --names, or by --clause and --notice; owed are {there}")
