"""What became of each notice, read from the log.

A notice is released, sent, perhaps delivered, acknowledged, or given; or it is still owed. The functions are
pure: they turn events into values. A message without an event is the one to send next, so a crash loses
nothing and repeats at most a single copy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from engine.basics.calendar import BusinessCalendar
from engine.events.deal_adopted import DealAdopted, DutyFacts, facts_on
from engine.events.delivery import (
    DeliveryBegun,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryUnknown,
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeGiven,
    NoticeReleased,
    NoticeSent,
)
from engine.events.kinds import ActRecorded, Event, NoticeIssued
from engine.events.notice import SEPARATOR, notice_given
from engine.events.party_changes import with_parties
from engine.events.servicing import NoticeOwed
from engine.events.standing import standing

COPIES = 2
"""How many copies of one message are sent at most: a second one if nobody can tell whether the first arrived.
"""
FOR_A_DATE = ("correction", "not_evaluated")
"""Kinds of notices that go to those of the compliance notice, if no duty names them."""

TO_GO = ("released", "deferred")
"""The states of a copy that goes in the next round."""
CORRECTED = ("deemed_given", "if_sent_after", "returned", "released_by", "body")
"""The keys of a duty that a correction of the deal file gives to notices which were issued before it."""
HOW_TO_SAY = (
    "Add them by an entry under `corrections` of the deal file, and run `headroom run`; the next round "
    "sends it"
)
NOBODY = "the deal names nobody to whom it is given"
WITHDRAWN = "a later notice withdraws what it states"
NO_MORE = "no further copy is sent; give it another way, and record the Act `notice given`"

State = Literal[
    "drafted", "released", "sending", "deferred", "sent", "unknown", "failed", "delivered", "acknowledged"
]


@dataclass(frozen=True, slots=True)
class Addressee:
    """What became of a notice for one addressee.

    Attributes:
        role: the party.
        name: its name.
        address: the address to which its notices go.
        state: how far its copy has come.
        said: the last words about its copy: a relay's reply, or a reason.
        copies: how many copies were handed over, or may have been.
        sent_at: when a copy was taken over.
        acknowledged_at: when its receipt was acknowledged.
        returned: whether a message came back after it was sent.
    """

    role: str
    name: str
    address: str
    state: State = "drafted"
    said: str = ""
    copies: int = 0
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one notice.

    Attributes:
        number: the notice's number.
        notice: the event that issued it.
        issued_at: when it was issued.
        states: the date that it states.
        duty: the duty that it fulfils; None if the deal names none.
        calendar: the deal's Business Days, by name.
        zone: the deal's zone.
        addressees: each with what became of its copy.
        release: who released it; None for one that is a draft still.
        given_on: when it was given, and by what; None while it is owed.
        given_by_rule: whether the record says so by the deal's rule, and not by an Act.
        superseded: whether a later notice takes its place.
    """

    number: int
    notice: NoticeIssued
    clause: str | None
    issued_at: datetime
    states: date
    duty: DutyFacts | None
    calendar: str
    zone: str
    addressees: tuple[Addressee, ...] = ()
    release: NoticeReleased | None = None
    released_at: datetime | None = None
    given_on: date | None = None
    given_by_rule: bool = False
    superseded: bool = False

    @property
    def state(self) -> str:
        """The state of the notice as a whole, in a word of ruling 65.

        The addressee with the least progress decides. The notice is given when the last addressee's copy is
        given.
        """
        if self.given_on is not None:
            return "given"
        # What needs a person comes first: `failed` and `unknown` outrank a copy that was never begun.
        order = (
            "failed",
            "unknown",
            "drafted",
            "deferred",
            "sending",
            "released",
            "sent",
            "delivered",
            "acknowledged",
        )
        states = {addressee.state for addressee in self.addressees}
        return next(
            (word for word in order if word in states), "drafted" if self.release is None else "released"
        )


def deliveries(events: Sequence[Event], today: date | None = None) -> tuple[Delivery, ...]:
    """Return each notice of a deal's log with what became of it, oldest first.

    Args:
        events: the log.
        today: the day whose parties and addresses count; that of the newest event, unless given.
    """
    deal: DealAdopted | None = None
    day = today or (events[-1].recorded_at.date() if events else date.min)
    by_number: dict[int, Delivery] = {}
    corrections: dict[date, NoticeOwed] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, DealAdopted):
            # The addresses of `day` and not of the notice's date: a party that moved is reached where it is.
            deal = with_parties(payload, events, day)
        elif isinstance(payload, NoticeOwed) and payload.kind == "correction":
            corrections[payload.on] = payload
        elif isinstance(payload, NoticeIssued) and deal is not None:
            by_number[payload.number] = _issued(event, payload, deal, corrections.get(event.effective_on))
            for number in (payload.supersedes, *payload.supersedes_each):
                if number in by_number:
                    by_number[number] = replace(by_number[number], superseded=True)
        elif (number := getattr(payload, "number", None)) in by_number and not isinstance(
            payload, NoticeIssued
        ):
            by_number[number] = _after(by_number[number], payload, event)
    if deal is not None:
        by_number = {number: _as_corrected(delivery, deal) for number, delivery in by_number.items()}
    acts = [event.payload for event in events if isinstance(event.payload, ActRecorded)]
    owed = {(duty.kind, duty.subject, duty.on) for duty in _owed(events)}
    return tuple(_by_act(_still_owed(delivery, owed), acts) for delivery in by_number.values())


def _as_corrected(delivery: Delivery, deal: DealAdopted) -> Delivery:
    """Return a delivery under the terms that the newest deal file has for the notice's date.

    Who gives it, and to whom, stays as the notice says. A correction of the file works from closing.
    """
    now = {duty.kind: duty for duty in facts_on(deal, delivery.states).duties}
    if delivery.duty is None or delivery.duty.kind not in now:
        return delivery
    # A notice must not wait for ever on a term that the deal file lacked when it was issued.
    terms = {name: getattr(now[delivery.duty.kind], name) for name in CORRECTED}
    return replace(delivery, duty=delivery.duty.model_copy(update=terms))


def _owed(events: Sequence[Event]) -> Iterator[NoticeOwed]:
    """Yield the duties to give notice that stand.

    A duty that a correction withdrew is not owed, unless it came about again.
    """
    return (event.payload for event in standing(events) if isinstance(event.payload, NoticeOwed))


def _still_owed(delivery: Delivery, owed: Collection[tuple[str, str | None, date]]) -> Delivery:
    """Return the delivery of a notice, not superseded if its duty came about again.

    If a correction brought the same event about again, the duty stands, and only this notice fulfils it.
    """
    again = delivery.superseded and (delivery.notice.kind, delivery.clause, delivery.states) in owed
    return (
        replace(delivery, superseded=False) if again and delivery.notice.kind not in FOR_A_DATE else delivery
    )


def _issued(event: Event, notice: NoticeIssued, deal: DealAdopted, correction: NoticeOwed | None) -> Delivery:
    """Return the delivery of a notice as it begins.

    Who gives a Correction Notice, and to whom, is said by its own duty: the deal may say `the giver` and `the
    same addressees` (`rulings.md` 53a).
    """
    facts = facts_on(deal, event.effective_on)
    duties = {duty.kind: duty for duty in facts.duties}
    duty = duties.get(notice.kind) or (duties.get("compliance") if notice.kind in FOR_A_DATE else None)
    if duty is not None and notice.kind == "correction" and correction is not None:
        duty = duty.model_copy(update={"given_by": correction.given_by, "to": correction.to})
    parties = {party.role: party for party in deal.parties}
    to = tuple(
        Addressee(role, parties[role].name, parties[role].notices)
        for role in (duty.to if duty else ())
        if role in parties
    )
    clause = event.subject.partition("-")[2] or None
    return Delivery(
        notice.number,
        notice,
        clause,
        event.recorded_at,
        event.effective_on,
        duty,
        facts.business_days,
        deal.time_zone,
        to,
    )


def _after(delivery: Delivery, payload: object, event: Event) -> Delivery:
    """Return the delivery after one more event about it."""
    if isinstance(payload, NoticeReleased):
        ready = tuple(
            Addressee(addressee.role, addressee.name, addressee.address, "released")
            for addressee in delivery.addressees
        )
        return replace(delivery, release=payload, released_at=event.recorded_at, addressees=ready)
    if isinstance(payload, NoticeGiven):
        return replace(
            delivery,
            given_on=None if payload.withdrawn else event.effective_on,
            given_by_rule=not payload.withdrawn,
        )
    to = getattr(payload, "to", None)
    changed = tuple(
        _addressee(addressee, payload, event.recorded_at) if addressee.role == to else addressee
        for addressee in delivery.addressees
    )
    return replace(delivery, addressees=changed)


def _addressee(addressee: Addressee, payload: object, at: datetime) -> Addressee:
    match payload:
        case DeliveryBegun(copy_number=copy):
            return replace(addressee, state="sending", copies=copy)
        case NoticeSent(reply=reply, copy_number=copy):
            # The first copy's moment stays: a second copy does not move the day on which a notice is given.
            return replace(addressee, state="sent", said=reply, copies=copy, sent_at=addressee.sent_at or at)
        case DeliveryUnknown(why=why, copy_number=copy):
            return replace(addressee, state="unknown", said=why, copies=copy)
        case DeliveryDeferred(reply=reply):
            return replace(addressee, state="deferred", said=reply)
        case DeliveryFailed(reply=reply, found_by=found_by):
            return replace(addressee, state="failed", said=reply, returned=found_by == "returned message")
        case NoticeDelivered(reply=reply):
            return replace(
                addressee,
                # A delivery report may come in after the acknowledgement, and does not set it back.
                state="acknowledged" if addressee.state == "acknowledged" else "delivered",
                said=reply,
                # What was delivered has been sent, even if the relay's own reply was lost.
                sent_at=addressee.sent_at or at,
            )
        case NoticeAcknowledged(name=name):
            return replace(addressee, state="acknowledged", said=name, acknowledged_at=at)
        case _:
            return addressee


def _by_act(delivery: Delivery, acts: Iterable[ActRecorded]) -> Delivery:
    """Return the same, if the Act `notice given` says that it was given."""
    if delivery.given_on is not None:
        return delivery
    act_of_notice = notice_given(
        acts, delivery.number, delivery.notice.kind, delivery.clause, delivery.states
    )
    roles = {addressee.role for addressee in delivery.addressees}
    done: set[str] = set()
    # By the days of the Acts, not by their entry: the day that completes the addressees counts.
    for act in sorted(act_of_notice, key=lambda act: act.effective_on):
        # An Act that names nobody speaks of all addressees.
        done |= set(act.details["to"].split(SEPARATOR)) if act.details.get("to") else roles
        if roles <= done:
            return replace(delivery, given_on=act.effective_on)
    return delivery


def why_not_sent(delivery: Delivery) -> str | None:
    """Return why nothing of a notice is sent; None if what is released of it may be."""
    duty = delivery.duty
    if duty is None or not delivery.addressees:
        return NOBODY
    if delivery.release is None:
        return f"it is a draft until who acts for the {duty.given_by} releases it"
    if _withdrawn(delivery):
        return WITHDRAWN
    if delivery.release.sha256 != delivery.notice.sha256:
        return "another file was released than the one that was issued"
    # What was released as a draft is never given by rule, so the rule may be missing.
    return None if delivery.release.draft else _rule_missing(duty)


def why_not_sent_if_released(delivery: Delivery) -> str | None:
    """Return why nothing of a notice would be sent though it were released; None if it would be."""
    duty = delivery.duty
    if duty is None or not delivery.addressees:
        return NOBODY
    return WITHDRAWN if _withdrawn(delivery) else _rule_missing(duty)


def _withdrawn(delivery: Delivery) -> bool:
    return delivery.superseded and delivery.notice.kind not in FOR_A_DATE


def _rule_missing(duty: DutyFacts) -> str | None:
    lacks = unsaid(duty)
    if not lacks:
        return None
    return (
        "the deal does not say when a notice that is sent is given: "
        f"`notices.{duty.kind}` lacks {', '.join(lacks)}. {HOW_TO_SAY}"
    )


def not_sent(delivery: Delivery) -> Iterator[NotSent]:
    """Yield why copies of a released notice do not go, though it is owed still."""
    # What a later notice takes the place of is owed no more, so nobody has to see to it.
    if delivery.release is None or delivery.given_on is not None or delivery.superseded:
        return
    why = why_not_sent(delivery)
    # A notice whose copies are all out is not held by a term that the deal file lacks.
    if why is not None and (not delivery.addressees or any(to.state in TO_GO for to in delivery.addressees)):
        yield NotSent("", "released", why)
    for to in delivery.addressees:
        if to.state == "failed":
            yield NotSent(to.role, to.state, f"{to.said}; {NO_MORE}")
        elif to.state == "unknown" and to.copies >= COPIES:
            yield NotSent(to.role, to.state, f"{to.said}; {COPIES} copies may have gone; {NO_MORE}")


def unsaid(duty: DutyFacts) -> tuple[str, ...]:
    """Return the keys that a duty lacks and needs before its notice is sent.

    These keys have no default (`rulings.md` 54).
    """
    needed = ["deemed_given", "body"]
    if duty.deemed_given is not None and "sending" in duty.deemed_given:
        needed += ["if_sent_after", "returned"]
    return tuple(f"`{name}`" for name in needed if getattr(duty, name) is None)


def to_send(delivery: Delivery) -> tuple[Addressee, ...]:
    """Return the addressees to whom a copy goes now: what is released or was put off.

    Once more if nobody can tell whether it arrived.
    """
    if why_not_sent(delivery) is not None:
        return ()
    first = [addressee for addressee in delivery.addressees if addressee.state in TO_GO]
    again = [
        addressee
        for addressee in delivery.addressees
        if addressee.state in ("unknown", "sending") and addressee.copies < COPIES
    ]
    return (*first, *again)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Why a copy of a released notice does not go: to whom, how far it has come, and the reason.

    The role is empty where the reason holds for all addressees.
    """

    to: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class DeemedGiven:
    """When a notice is given by the deal's rule: the day, and the rule in the deal's own words."""

    on: date
    rule: str
    days: tuple[tuple[str, date], ...] = field(default=())


def deemed_given(delivery: Delivery, calendar: BusinessCalendar) -> DeemedGiven | None:
    """Return when the deal's rule makes a notice given: when the last addressee's is.

    None while an addressee's is not, or where only an Act can. The table of Business Days is the one that the
    deal counts by.
    """
    duty = delivery.duty
    if duty is None or duty.deemed_given is None or delivery.release is None or delivery.release.draft:
        return None
    zone = ZoneInfo(delivery.zone)
    days = []
    for addressee in delivery.addressees:
        # Whether a returned message undoes the giving is the deal's to say (`rulings.md` 54).
        if addressee.returned and duty.returned == "withdraws":
            return None
        day = _given_to(addressee, duty, calendar, zone)
        if day is None:
            return None
        days.append((addressee.role, day))
    return DeemedGiven(max(day for _, day in days), duty.deemed_given, tuple(days)) if days else None


def _given_to(
    addressee: Addressee, duty: DutyFacts, calendar: BusinessCalendar, zone: ZoneInfo
) -> date | None:
    rule = duty.deemed_given or "by Act"
    if rule == "on acknowledgement":
        return addressee.acknowledged_at.astimezone(zone).date() if addressee.acknowledged_at else None
    if rule == "by Act" or addressee.sent_at is None:
        return None
    sent = addressee.sent_at.astimezone(zone)
    day = sent.date()
    # `>` and not `>=`: a message that is sent at that very moment is not sent after it.
    late = duty.if_sent_after is not None and sent.time() > time.fromisoformat(duty.if_sent_after)
    counted = re.match(r"(\d+) business day", rule)
    if counted is None:
        # Without a count of Business Days, a message in time is given on its own day, whatever day it is.
        return calendar.add(day, 1) if late else day
    # One step for both: a late message on a holiday does not move the start by two days.
    if late or not calendar.is_business_day(day):
        day = calendar.add(day, 1)
    return calendar.add(day, int(counted[1]))
