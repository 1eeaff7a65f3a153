"""A correction whose dates are being determined again (`rulings.md` 53a).

It knows what stood before, and which given notices stated that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from engine.basics.values import Fact
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.delivery import NoticeGiven
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
from engine.events.servicing import NoticeOwed
from engine.events.standing import Recorded, standing
from engine.events.states import ReserveReleased, SweptPeriod

TOLD = (Tested, Suspended, DeadlinePassed, Counted, ObligationMoved, SweptPeriod, ReserveReleased)
"""The facts that somebody was told and that a correction may change."""


class GivenNotice(Fact):
    """A notice that was given of a date determined again: its number, its giver and its addressees."""

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
            date.fromisoformat(key.rpartition(" ")[2])
            for key, said in self.before.items()
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


def _given(events: Sequence[Recorded]) -> Iterator[GivenNotice]:
    """Yield every notice that was given, by an Act that names its number or by the deal's rule."""
    deal: DealAdopted | None = None
    owed: dict[tuple[str, str | None, date], NoticeOwed] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, DealAdopted):
            deal = payload
        elif isinstance(payload, NoticeOwed):
            owed[payload.kind, payload.subject, payload.on] = payload
        named = _named(payload)
        if named is not None:
            number, kind, subject, of = named
            duty = owed.get((kind, subject, of))
            facts = {duty.kind: duty for duty in facts_on(deal, of).duties} if deal is not None else {}
            who = duty or facts.get(kind)
            if who is not None:
                yield GivenNotice(number=number, of=of, given_by=who.given_by, to=who.to)


def _named(payload: object) -> tuple[int, str, str | None, date] | None:
    """Return (number, kind, clause, date) of the notice that a payload says was given; None otherwise."""
    if isinstance(payload, NoticeGiven) and not payload.withdrawn:
        return payload.number, payload.kind, payload.clause, payload.states
    if (
        isinstance(payload, ActRecorded)
        and payload.act == "notice given"
        and payload.details.get("names", "").isdigit()
    ):
        said = payload.details
        return int(said["names"]), said.get("notice", ""), payload.clause, date.fromisoformat(said["of"])
    return None
