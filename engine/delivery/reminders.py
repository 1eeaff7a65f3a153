"""Reminders of what is owed, and the digest of each Determination Date.

A reminder goes once to the party that owes something. The digest goes to the person who runs the desk. A
reminder that a relay did not take is tried again at the next round. A reminder that the relay took is an
event, and goes no second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.basics.values import counted, long_date
from engine.delivery.evidence import day_in, record
from engine.delivery.mail import Outcome
from engine.delivery.message import Envelope, Sender, answer_of, plain_message, reminder_id_of
from engine.delivery.outbox import DeemedGiven, Delivery, deemed_given, deliveries
from engine.events.deal_adopted import DealAdopted
from engine.events.delivery import ReminderSent
from engine.events.draft import Draft
from engine.events.kinds import Determined, Event
from engine.events.party_changes import with_parties
from engine.queries.who_owes_whom import OpenDuty, owed_of
from engine.record.log import Scribe
from engine.workspace.calendar_tables import table_on_record
from engine.workspace.workspace import Workspace

Send = Callable[[Envelope], Outcome]
SENT = ("sent", "delivered", "acknowledged")
"""The states of an addressee's copy that the relay has taken and that has not come back."""
Told = tuple[str | None, str, date | None]
"""What tells a duty to give notice from others: its kind, its clause or `deal`, and the date it states."""


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A notice that went to every addressee and that is not given yet.

    Attributes:
        number: the notice's number.
        giving: when the deal's rule makes it given; None if that waits for an Act or an acknowledgement.
    """

    number: int
    giving: DeemedGiven | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder or digest: what tells it from every other in the log, to whom, and its words."""

    subject: str
    role: str
    name: str
    address: str
    act: str
    what: str
    by: date
    days_before: int
    headline: str
    text: str


def due_reminders(
    deal: str,
    events: Sequence[Event],
    today: date,
    days_before: Sequence[int],
    notices: Mapping[Told, SentNotice],
) -> Iterator[Reminder]:
    """Yield the reminders that go today.

    Each open duty has at most a single reminder a day: the one of the nearest day that has been reached. It
    does not go twice. A notice that was sent, and that the deal's rule makes given in time, needs nothing
    more of its giver: no reminder of it goes.

    Args:
        deal: the deal's name.
        events: its log.
        today: the date where the deal is.
        days_before: how many days before the last day of a duty its reminders go.
        notices: the notices that were sent and that are not given yet, by the duty that each fulfils.
    """
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    sent = {event.subject for event in events if isinstance(event.payload, ReminderSent)}
    parties = (
        {party.role: party for party in with_parties(adopted[-1], events, today).parties} if adopted else {}
    )
    for duty in owed_of(deal, events, today):
        reached = [days for days in days_before if 0 <= duty.days <= days]
        party = parties.get(duty.who)
        # A party's address for notices may be a postal one.
        if not reached or party is None or "@" not in party.notices:
            continue
        notice = None if duty.due is None else notices.get((duty.due.notice, duty.subject, duty.due.of))
        # Given on the last day itself is in time.
        if notice is not None and notice.giving is not None and notice.giving.on <= duty.by:
            continue
        # After a day without a round, only the nearest reminder goes, and not each one that was missed.
        days = min(reached)
        subject = f"{duty.who} {duty.act} {duty.subject} {duty.by} {days}"
        if subject not in sent:
            headline = f"{deal}: due on {duty.by}: {duty.act}"
            text = _words(duty, party.name, notice)
            yield Reminder(
                subject,
                duty.who,
                party.name,
                party.notices,
                duty.act,
                duty.what,
                duty.by,
                days,
                headline,
                text,
            )


def _words(duty: OpenDuty, name: str, notice: SentNotice | None) -> str:
    left = "today" if duty.days == 0 else "tomorrow" if duty.days == 1 else f"in {counted(duty.days, 'days')}"
    sent = "" if notice is None else f"{_sent(notice)}\n\n"
    return (
        f"To {name}\n\nUnder {duty.deal} this is due {left}, on {long_date(duty.by)}:\n\n  {duty.what} "
        f"({duty.cite})\n\n{sent}This is a reminder. It is not a notice under the agreement.\n"
    )


def _sent(notice: SentNotice) -> str:
    """Return what a notice that was sent still waits for."""
    if notice.giving is None:
        return f"Notice No. {notice.number} was sent. By the record it is not given yet."
    given_on = long_date(notice.giving.on)
    return (
        f"Notice No. {notice.number} was sent. The rule of the deal makes it given on {given_on}, too late."
    )


def sent_notices(
    found: Sequence[Delivery], giving: Callable[[Delivery], DeemedGiven | None]
) -> dict[Told, SentNotice]:
    """Return the notices that were sent and that are not given yet, by the duty that each fulfils.

    Args:
        found: a deal's notices with what became of them.
        giving: when the deal's rule makes a notice given.
    """
    waiting = [(each, giving(each)) for each in found if each.given_on is None and not each.superseded]
    return {
        (each.notice.kind, each.clause or "deal", each.states): SentNotice(each.number, on)
        for each, on in waiting
        if on is not None or _went(each)
    }


def _went(delivery: Delivery) -> bool:
    """Return whether the notice itself, and not a draft of it, went to every addressee and stayed there."""
    return (
        delivery.release is not None
        and not delivery.release.draft
        and bool(delivery.addressees)
        and all(to.state in SENT and not to.returned for to in delivery.addressees)
    )


def due_digest(
    deal: str, events: Sequence[Event], today: date, addresses: Sequence[str]
) -> Iterator[Reminder]:
    """Yield the digest of the newest Determination Date for each address that lacks it.

    The digest gives the answer, what is owed, and what waits.
    """
    determined = [event for event in events if isinstance(event.payload, Determined)]
    if not determined:
        return
    on = determined[-1].effective_on
    sent = {event.subject for event in events if isinstance(event.payload, ReminderSent)}
    for address in addresses:
        subject = f"digest {on} {address}"
        if subject not in sent:
            text = _digest(deal, events, on, today)
            yield Reminder(
                subject,
                "desk",
                "Desk",
                address,
                "digest",
                f"digest of {on}",
                on,
                0,
                f"{deal}: digest of {on}",
                text,
            )


def _digest(deal: str, events: Sequence[Event], on: date, today: date) -> str:
    lines = [f"{deal}, determined on {long_date(on)}", "", *answer_of(on, events), "", "Who owes what:"]
    owed = list(owed_of(deal, events, today))
    lines += [
        f"  {duty.by}{' OVERDUE' if duty.days < 0 else ''}  {duty.who}: {duty.what} ({duty.cite})"
        for duty in owed
    ]
    lines += [] if owed else ["  nothing is open"]
    waits = [
        delivery
        for delivery in deliveries(events)
        if delivery.given_on is None and not delivery.superseded and delivery.duty is not None
    ]
    lines += ["", "Notices that are not given:"]
    lines += [f"  No. {wait.number}, {wait.notice.kind}, {wait.states}: {wait.state}" for wait in waits] or [
        "  none"
    ]
    return "\n".join(lines) + "\n"


def send_reminders(
    workspace: Workspace,
    deal: str,
    origin: str,
    events: Sequence[Event],
    sender: Sender,
    send: Send,
    scribe: Callable[[], Scribe],
) -> Iterator[tuple[Reminder, Outcome]]:
    """Send the reminders and the digest of a deal, and yield what came of each.

    Each that a relay took is recorded.
    """
    mail = workspace.settings.mail
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    if mail is None or not adopted:
        return
    today = day_in(adopted[-1].time_zone, scribe().at)
    notices = sent_notices(
        deliveries(events, today),
        lambda each: deemed_given(each, table_on_record(workspace, each.calendar, events)),
    )
    for reminder in (
        *due_reminders(deal, events, today, mail.remind_days, notices),
        *due_digest(deal, events, today, mail.digest_to),
    ):
        at = scribe()
        id_ = reminder_id_of(origin, reminder.subject, sender)
        outcome = send(
            plain_message(
                sender, reminder.name, reminder.address, reminder.headline, reminder.text, id_, at.at
            )
        )
        # What was not taken leaves no event, so the next round tries it again.
        if outcome.became == "sent":
            payload = ReminderSent(
                to=reminder.role,
                address=reminder.address,
                act=reminder.act,
                what=reminder.what,
                by=reminder.by,
                days_before=reminder.days_before,
                message_id=id_,
                reply=outcome.reply,
            )
            record(
                workspace,
                deal,
                Draft(kind="reminder sent", subject=reminder.subject, effective_on=today, payload=payload),
                at,
            )
        yield reminder, outcome
