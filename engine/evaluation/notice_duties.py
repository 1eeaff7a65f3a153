"""Who owes whom which notice (rulings 54, 53a).

A duty stays until it is fulfilled for each addressee, released, or withdrawn. It is an event of the date
whose notice tells of it, so that a correction withdraws it with that date. What people did about it are Acts,
which no correction withdraws: withdrawn is not the same as not given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from engine.evaluation.deadlines import BusinessDays, deadline
from engine.events.deal_state import DealState
from engine.events.kinds import ActRecorded
from engine.events.notice import SEPARATOR
from engine.events.notifiable import Notifiable
from engine.events.servicing import NoticeOwed
from engine.terms.delivery_terms import SAME_ADDRESSEES, THE_GIVER, NoticeDuty
from engine.terms.in_force import TermsInForce

GIVEN, RELEASED = "notice given", "notice released"


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """A duty that is still open, with the addressees to whom the notice is owed."""

    owed: NoticeOwed
    to: tuple[str, ...]

    def overdue_since(self, on: date) -> date | None:
        """Return the day after the duty's last day, if that day has passed; None otherwise."""
        late = self.owed.last is not None and self.owed.last.by < on
        return self.owed.last.by + timedelta(days=1) if late and self.owed.last is not None else None


def arisen(
    terms: TermsInForce, calendar: BusinessDays, happened: Iterable[tuple[Notifiable, str, date]], on: date
) -> Iterator[NoticeOwed]:
    """Yield the duties that a Determination Date brings.

    They are for what has happened since the last date, and for the date itself. Only a notice with a last day
    is a duty: one that is due on each date, without a period, is never late.
    """
    whole = terms.notices.get("compliance")
    if whole is not None and whole.within is not None:
        yield _owed(whole, "compliance", None, on, on, calendar)
    for kind, subject, since in happened:
        duty = terms.notices.get(kind)
        if duty is not None and duty.within is not None:
            yield _owed(duty, kind, subject, since, on, calendar)


def with_what_is_held(owed: NoticeOwed, state: DealState) -> NoticeOwed:
    """Return the duty, marked as `held` if its failed test is held as not decisive (`rulings.md` 60).

    Every other duty comes back as it is.
    """
    test = state.tests.get(owed.subject or "") if owed.kind == "test_failed" else None
    run = test.held if test is not None else None
    if run is None or run.counts or run.failing_since != owed.since:
        return owed
    return owed.model_copy(update={"held": True})


def of_a_correction(
    terms: TermsInForce, calendar: BusinessDays, state: DealState, on: date
) -> NoticeOwed | None:
    """Return the Correction Notice that is owed after a correction; None if none is.

    It is owed if the correction withdrew what given notices state.

    Args:
        terms: the deal on the date of the correction's notice.
        calendar: its Business Days.
        state: the state, with the open correction, and what came out again of its dates.
        on: the date that is determined; the last one of the correction brings the duty.
    """
    duty, open_ = terms.notices.get("correction"), state.correcting
    # Before its last date a correction is half done, and what it withdrew may come out the same.
    if open_ is None or on < open_.until:
        return None
    given, made_on = open_.withdrawn(state.again), open_.made_on or on
    numbers = tuple(sorted({notice.number for notice in given}))
    # Whoever was never told of what the correction withdraws does not have to be told of it.
    if duty is None or duty.within is None or not given:
        return None
    giver = given[-1].given_by if duty.given_by == THE_GIVER else duty.given_by
    to = (
        # Every addressee of any of them was told what no longer holds, so each must be told of the change.
        tuple(dict.fromkeys(role for notice in given for role in notice.to))
        if SAME_ADDRESSEES in duty.to
        else duty.to
    )
    event = "correction"
    last = deadline(made_on, duty.within, calendar, duty.cite or "deal file", event, made_on)
    cite = duty.cite or "deal file"
    return NoticeOwed(
        kind="correction",
        subject=None,
        since=made_on,
        on=on,
        given_by=giver,
        to=to,
        last=last,
        cite=cite,
        corrects=numbers,
    )


def _owed(
    duty: NoticeDuty, kind: str, subject: str | None, since: date, on: date, calendar: BusinessDays
) -> NoticeOwed:
    assert duty.within is not None  # the callers ask only for duties with a period
    cite = duty.cite or "deal file"
    event = (
        "determination date"
        if since == on
        else kind.replace("_", " ").replace("event of default", "Event of Default")
    )
    last = deadline(since, duty.within, calendar, cite, event, on)
    return NoticeOwed(
        kind=kind,
        subject=subject,
        since=since,
        on=on,
        given_by=duty.given_by,
        to=duty.to,
        last=last,
        cite=cite,
    )


def open_duties(state: DealState, on: date) -> tuple[OpenDuty, ...]:
    """Return the duties that are still open at the end of a day, oldest first.

    Each comes with those to whom it is still owed.
    """
    # `given` is asked as of the day, so that a view of an earlier date still shows the duty as open.
    owed = (duty for duty in state.duties if state.given.get(duty.key, date.max) > on)
    duties = (
        OpenDuty(duty, tuple(role for role in duty.to if role not in _done_for(duty, state.acts, on)))
        for duty in owed
    )
    return tuple(sorted((duty for duty in duties if duty.to), key=_age))


def _age(duty: OpenDuty) -> tuple[date, str]:
    return (duty.owed.last.by if duty.owed.last is not None else duty.owed.since, duty.owed.subject or "")


def _done_for(duty: NoticeOwed, acts: Iterable[ActRecorded], on: date) -> set[str]:
    """Return the addressees to whom a notice was given, or who have released it, by a day."""
    return {
        role
        for act in acts
        if act.effective_on <= on and answers(act, duty)
        for role in addressees(act, duty)
    }


def answers(act: ActRecorded, duty: NoticeOwed) -> bool:
    """Return whether an Act gives the notice that is owed, or releases its giver from it.

    The Act must name the duty's kind, subject and date.
    """
    answer = (act.details.get("notice"), act.clause, act.details.get("of"))
    return act.act in (GIVEN, RELEASED) and answer == (duty.kind, duty.subject, str(duty.on))


def addressees(act: ActRecorded, duty: NoticeOwed) -> tuple[str, ...]:
    """Return to whom an Act says that a notice was given, or who released it.

    Unless the Act says it, they are all whom the duty names.
    """
    said = act.details.get("to", "")
    return tuple(said.split(SEPARATOR)) if said else duty.to
