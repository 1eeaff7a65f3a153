"""A correction whose dates are being determined again (`rulings.md` 53a).

It knows what stood before, and which given notices stated that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from engine.basics.values import Fact
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.delivery import DeliveryFailed, NoticeGiven, NoticeReleased, NoticeSent
from engine.events.kinds import (
    ActRecorded,
    Correction,
    Counted,
    DeadlinePassed,
    Determined,
    ObligationMoved,
    Suspended,
    Tested,
)
from engine.events.notice_issued import NoticeIssued
from engine.events.servicing import NoticeOwed
from engine.events.standing import Recorded, standing
from engine.events.states import ReserveReleased, SweptPeriod

TOLD = (Tested, Suspended, DeadlinePassed, Counted, ObligationMoved, SweptPeriod, ReserveReleased)
"""The facts that somebody was told and that a correction may change."""


class GivenNotice(Fact):
    """A notice that addressees hold, of a date determined again: its number, its giver and its addressees."""

    number: int
    of: date
    given_by: str
    to: tuple[str, ...]


class Correcting(Fact):
    """An open correction: its first and last date, the day it was made, what stood before, what was given."""

    from_on: date
    until: date
    made_on: date | None
    before: Mapping[str, str]
    given: tuple[GivenNotice, ...]

    def withdrawn(self, again: Mapping[str, str]) -> tuple[GivenNotice, ...]:
        """Return the given notices of dates on which something now differs or does not stand any more."""
        changed = {
            # Every key of `told` ends with its date.
            date.fromisoformat(key.rpartition(" ")[2])
            for key, said in self.before.items()
            # What did not come out again at all is missing here, and that is a change too.
            if again.get(key) != said
        }
        return tuple(day for day in self.given if day.of in changed)


def told(payload: object, on: date) -> tuple[str, str] | None:
    """Return (key, what it says) for a payload that tells something; None otherwise.

    Hashes of the bytes behind a fact are left out, so a fact that rests on other bytes alone counts as the
    same.
    """
    if not isinstance(payload, TOLD):
        return None
    if isinstance(payload, Tested):
        result, state = payload.result, payload.state
        said = (
            f"{result.verdict} {result.measured} {result.limit} {state.status} "
            f"{state.cure.by if state.cure else ''}"
        )
        return f"tested {result.test} {on}", said
    subject = (
        getattr(payload, "clause", None)
        or getattr(getattr(payload, "state", None), "test", None)
        or _other(payload)
    )
    return f"{type(payload).__name__} {subject} {on}", payload.model_dump_json()


def _other(payload: object) -> str:
    if isinstance(payload, Counted):
        return payload.state.trigger
    return payload.obligation.clause if isinstance(payload, ObligationMoved) else ""


def correcting(events: Sequence[Recorded]) -> Correcting | None:
    """Return the correction that a log leaves open; None if every correction is finished.

    A correction that was not finished becomes part of the next.
    """
    begun: int | None = None
    last: Correction | None = None
    for place, event in enumerate(events):
        payload = event.payload
        if isinstance(payload, Correction):
            # The first open correction keeps its place: what stood before it is what people were told.
            begun, last = place if begun is None else begun, payload
        elif last is not None and isinstance(payload, Determined) and event.effective_on >= last.until:
            begun, last = None, None
    if begun is None or last is None:
        return None
    stood = (
        told(event.payload, event.effective_on)
        for event in standing(events[:begun])
        if event.effective_on >= last.from_on
    )
    before = dict(pair for pair in stood if pair is not None)
    given = tuple(notice for notice in _given(events[:begun]) if last.from_on <= notice.of <= last.until)
    return Correcting(
        from_on=last.from_on, until=last.until, made_on=last.made_on, before=before, given=given
    )


def _given(events: Sequence[Recorded]) -> tuple[GivenNotice, ...]:
    """Return every notice that addressees hold.

    It was given, by an Act that names its number or by the deal's rule; or a relay has taken it, and the rule
    will make it given. A draft gives nothing, and what came back is held by nobody.
    """
    deal: DealAdopted | None = None
    owed: dict[tuple[str, str | None, date], NoticeOwed] = {}
    issued: dict[int, tuple[str, str | None, date]] = {}
    drafts: dict[int, bool] = {}
    sent: dict[tuple[int, str], GivenNotice] = {}
    given: list[GivenNotice] = []
    for event in events:
        payload = event.payload
        if isinstance(payload, DealAdopted):
            deal = payload
        elif isinstance(payload, NoticeOwed):
            owed[payload.kind, payload.subject, payload.on] = payload
        elif isinstance(payload, NoticeIssued):
            clause = event.subject.removeprefix(payload.kind).removeprefix("-") or None
            issued[payload.number] = (payload.kind, clause, event.effective_on)
        elif isinstance(payload, NoticeReleased):
            drafts[payload.number] = payload.draft
        elif isinstance(payload, DeliveryFailed):
            sent.pop((payload.number, payload.to), None)
        elif isinstance(payload, NoticeSent) and payload.number in issued:
            held = _held(deal, owed, payload.number, *issued[payload.number])
            # A message without a release on record counts as a draft, which gives nothing.
            if held is not None and not drafts.get(payload.number, True):
                sent[payload.number, payload.to] = held.model_copy(update={"to": (payload.to,)})
        named = _named(payload)
        held = _held(deal, owed, *named) if named is not None else None
        if held is not None:
            given.append(held)
    return (*sent.values(), *given)


def _held(
    deal: DealAdopted | None,
    owed: Mapping[tuple[str, str | None, date], NoticeOwed],
    number: int,
    kind: str,
    clause: str | None,
    of: date,
) -> GivenNotice | None:
    """Return the notice with its giver and addressees.

    Its duty names them, or else the deal's rule. The result is None if neither names them.
    """
    facts = {duty.kind: duty for duty in facts_on(deal, of).duties} if deal is not None else {}
    who = owed.get((kind, clause, of)) or facts.get(kind)
    return GivenNotice(number=number, of=of, given_by=who.given_by, to=who.to) if who is not None else None


def _named(payload: object) -> tuple[int, str, str | None, date] | None:
    """Return (number, kind, clause, date) of the notice that a payload says was given; None otherwise."""
    if isinstance(payload, NoticeGiven) and not payload.withdrawn:
        return payload.number, payload.kind, payload.clause, payload.states
    if (
        isinstance(payload, ActRecorded)
        and payload.act == "notice given"
        # An Act that names a duty without a notice's number leaves nobody with a document to correct.
        and payload.details.get("names", "").isdigit()
    ):
        said = payload.details
        return int(said["names"]), said.get("notice", ""), payload.clause, date.fromisoformat(said["of"])
    return None
