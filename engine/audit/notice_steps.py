"""How far each notice has come, as far as the record knows (`rulings.md` 65).

The steps are drafted, released, sent, delivered, given, and late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from engine.events.deal_adopted import DealAdopted, DutyFacts, clauses_on, facts_on
from engine.events.delivery import STEP_WORDS, NoticeGiven, NoticeReleased
from engine.events.kinds import ActRecorded, Event, NoticeIssued
from engine.events.notice import notice_given
from engine.events.servicing import NoticeOwed


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice and how far it has come.

    Attributes:
        number: the notice's number.
        kind: the notice's kind.
        subject: what it is about; None for one about a whole date.
        title: the agreement's name of that subject, by its clauses on the date; None if there is not a
        subject.
        on: the date that it states.
        issued_on: the day on which it was made.
        steps: each addressee's last step, by role.
        due: its last day, if somebody owes it.
        outcome: `given`, `given late`, `not given`, `late, not given`, `released from`, `a report, which
            nobody owes`.
        given_on: when it was given.
    """

    number: int
    kind: str
    subject: str | None
    title: str | None
    on: date
    issued_on: date
    steps: Mapping[str, str]
    due: date | None
    outcome: str
    given_on: date | None

    def as_data(self) -> dict[str, Any]:
        """Return the notice's row as JSON."""
        dates = {
            name: None if (day := getattr(self, name)) is None else str(day)
            for name in ("on", "issued_on", "due", "given_on")
        }
        return {**asdict(self), **dates, "steps": dict(self.steps)}


def notice_rows(events: Sequence[Event], since: date, until: date) -> tuple[NoticeRow, ...]:
    """Return every notice of a date in the period, in the order of their numbers."""
    acts = [event.payload for event in events if isinstance(event.payload, ActRecorded)]
    owed = [event.payload for event in events if isinstance(event.payload, NoticeOwed)]
    issued = [
        event
        for event in events
        if isinstance(event.payload, NoticeIssued) and since <= event.effective_on <= until
    ]
    return tuple(_row(event, events, acts, owed, until) for event in issued)


def _row(
    event: Event,
    events: Sequence[Event],
    acts: Sequence[ActRecorded],
    owed: Sequence[NoticeOwed],
    until: date,
) -> NoticeRow:
    payload: NoticeIssued = event.payload
    subject = event.subject.removeprefix(payload.kind).removeprefix("-") or None
    about = [
        one
        for one in events
        if getattr(one.payload, "number", None) == payload.number and one.seq > event.seq
    ]
    duty = next(
        (
            one
            for one in owed
            if (one.kind, one.subject, one.on) == (payload.kind, subject, event.effective_on)
        ),
        None,
    )
    agreed = _agreed(events, payload.kind, event.effective_on)
    last = (
        duty.last.by
        if duty is not None and duty.last is not None
        else event.effective_on
        if agreed and agreed.within is None
        else None
    )
    giving = notice_given(acts, payload.number, payload.kind, subject, event.effective_on)
    by_act = next((act.effective_on for act in giving if act.act == "notice given"), None)
    given = by_act or _given_by_rule(about)
    released = any(act.act == "notice released" for act in giving)
    return NoticeRow(
        number=payload.number,
        kind=payload.kind,
        subject=subject,
        title=_title(events, subject, event.effective_on),
        on=event.effective_on,
        issued_on=event.recorded_at.date(),
        steps=_steps(about),
        due=last,
        outcome=_outcome(duty is not None or agreed is not None, given, last, released, until),
        given_on=given,
    )


def _title(events: Sequence[Event], subject: str | None, on: date) -> str | None:
    """Return what the agreement calls a test or trigger on a date; its own name if no clause is of it."""
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    clauses = clauses_on(adopted[-1], on) if adopted else ()
    return next((clause.title for clause in clauses if clause.key == subject), subject)


def _agreed(events: Sequence[Event], kind: str, on: date) -> DutyFacts | None:
    """Return what the deal says, on a date, of who gives a notice of a kind.

    The result is None if nobody owes such a notice.
    """
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    return (
        next((duty for duty in facts_on(adopted[-1], on).duties if duty.kind == kind), None)
        if adopted
        else None
    )


def _given_by_rule(about: Sequence[Event]) -> date | None:
    """Return when it was given by the deal's own rule; None if it never was, or a return withdrew that."""
    given = [event for event in about if isinstance(event.payload, NoticeGiven)]
    return given[-1].effective_on if given and not given[-1].payload.withdrawn else None


def _steps(about: Sequence[Event]) -> dict[str, str]:
    steps = {
        event.payload.to: f"{STEP_WORDS[type(event.payload)]} {event.effective_on}"
        for event in about
        if type(event.payload) in STEP_WORDS
    }
    released = [event for event in about if isinstance(event.payload, NoticeReleased)]
    return steps or ({"all": f"released {released[-1].effective_on}"} if released else {"all": "drafted"})


def _outcome(is_owed: bool, given: date | None, last: date | None, released: bool, until: date) -> str:
    if given is not None:
        return "given late" if last is not None and given > last else "given"
    if released:
        return "released from"
    if not is_owed:
        return "a report, which nobody owes"
    return "late, not given" if last is not None and last < until else "not given"
