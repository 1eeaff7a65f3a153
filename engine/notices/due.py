"""Which notices a log makes due, derived from its events alone: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.basics.values import Fact
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.kinds import Correction, Determined, Event, NotEvaluated, NoticeIssued, Tested
from engine.events.notice import NoticeKind, notice_label
from engine.events.notifiable import notifiable
from engine.events.standing import standing


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice that the log makes due: its kind, its subject, its date, the event that it states."""

    kind: NoticeKind
    subject: str | None
    on: date
    event: Event
    print: int = 1
    supersedes_on: date | None = None
    """The date of the notice that this one supersedes, if it does."""
    withdrawn: frozenset[tuple[str, date]] = frozenset()
    """What a Correction Notice withdraws.

    It is each test, trigger or other subject, with the date of which something stands otherwise.
    """
    ended: int | None = None
    """The number of the correction that withdrew what the notice states.

    From then on the notice is not given, if it was not given before.
    """

    @property
    def label(self) -> str:
        """Return the notice's kind and subject in one word: the subject of the event's key."""
        return notice_label(self.kind, self.subject)

    @property
    def key(self) -> tuple[str, date, int]:
        """Return what tells the notice from every other of its deal: its label, its date and its print."""
        return self.label, self.on, self.print

    def at(self, place: int) -> bool:
        """Return whether it is owed at a place of the log."""
        return self.event.seq < place and (self.ended is None or place < self.ended)


def owed_notices(events: Sequence[Event]) -> Iterator[Owed]:
    """Yield every notice that a log makes due, in its order.

    Each Determination Date has a notice, and each notifiable event has a notice.

    What is withdrawn before a notice has told of it is told by the notices of the date's next print.
    """
    deal: DealAdopted | None = None
    lost: set[date] = set()
    group: list[Event] = []
    # Known from the start, since a later correction decides whether an earlier notice is still owed.
    corrections = [
        (event.seq, event.payload.from_on) for event in events if isinstance(event.payload, Correction)
    ]
    open_correction: tuple[int, int, Correction] | None = None
    for place, event in enumerate(events):
        payload = event.payload
        if isinstance(payload, Correction):
            # One that was not finished is part of the next, which says what both changed since the first of
            # them.
            group, open_correction = (
                [],
                (open_correction[0] if open_correction else place, event.print, payload),
            )
        elif isinstance(payload, DealAdopted):
            deal = payload
        elif isinstance(payload, NotEvaluated):
            lost.add(event.effective_on)
            yield Owed("not_evaluated", None, event.effective_on, event)
        elif isinstance(payload, Determined):
            on = event.effective_on
            # `<=`: a correction from a date on withdraws what was said of that date itself.
            ended = next((seq for seq, since in corrections if event.seq < seq and since <= on), None)
            yield Owed("compliance", None, on, event, supersedes_on=on if on in lost else None, ended=ended)
            duties = {duty.kind for duty in facts_on(deal, on).duties} if deal is not None else set()
            happened = (told for event in group for told in notifiable(event.payload))
            yield from (
                Owed(kind, subject, on, event, ended=ended) for kind, subject in happened if kind in duties
            )
            # Emptied for each date, so that an event is told once, by the date that follows it.
            group = []
            # Only when its last date is determined again is it known what the correction changed.
            if open_correction is not None and event.effective_on >= open_correction[2].until:
                begun, print_, done = open_correction
                changes = changed(events[: place + 1], begun)
                # A correction that changed nothing that was told leaves the earlier notices true.
                if changes:
                    yield Owed("correction", None, event.effective_on, event, print_, done.until, changes)
                open_correction = None
        else:
            group.append(event)


def changed(events: Sequence[Event], begun: int) -> frozenset[tuple[str, date]]:
    """Return each subject and date of which a correction changed a result or a state.

    The correction began at place `begun` of the log. A result or state that it took away counts too.
    """
    before = {
        (e.kind, e.subject, e.effective_on): _said(e) for e in standing(events[:begun]) if e.kind in TOLD
    }
    after = {(e.kind, e.subject, e.effective_on): _said(e) for e in standing(events) if e.kind in TOLD}
    return frozenset(
        (subject, on)
        # Only what was told before can be withdrawn. What is new has a notice of its own.
        for (kind, subject, on), said in before.items()
        if after.get((kind, subject, on)) != said
    )


OF_A_WHOLE_DATE = ("compliance", "correction", "not_evaluated")
"""Notices that speak for a whole date; a later one of the same date supersedes them."""


TOLD = ("tested", "suspended", "deadline passed", "counted", "obligation", "swept", "reserve released")
"""Kinds of events whose change is worth a Correction Notice."""


def _said(event: Event) -> object:
    """Return what an event says, without the hashes of what it rests on."""
    payload = event.payload
    if isinstance(payload, Tested):
        result = payload.result
        # Headroom follows from measured and limit, and inputs may be named anew without another outcome.
        return (result.verdict, result.measured, result.limit, payload.state.status, payload.state.cure)
    return payload.model_dump(mode="json") if isinstance(payload, Fact) else payload


@dataclass(frozen=True, slots=True)
class Told:
    """What a numbered notice speaks of.

    It is its kind, its date, and the place in the log of the event that it states.
    """

    number: int
    kind: str
    on: date
    stated: int
    subject: str | None = None


def told_of(events: Sequence[Event]) -> list[Told]:
    """Return what the notices that a log has issued speak of, in its order."""
    places = {event.key: event.seq for event in events}
    issued = (event for event in events if isinstance(event.payload, NoticeIssued))
    return [
        Told(
            event.payload.number,
            event.payload.kind,
            event.effective_on,
            places.get(event.payload.of, event.seq),
            event.subject.removeprefix(event.payload.kind).removeprefix("-") or None,
        )
        for event in issued
    ]


def superseded(stated: Sequence[Told], owed: Owed) -> int | None:
    """Return the number of the notice that an owed notice supersedes.

    It is the newest earlier notice for that whole date that states an older event.

    It follows from the order of the log alone. One that states the same event says what stands, and is not
    superseded.
    """
    matching = (one for one in stated if one.on == owed.supersedes_on and one.kind in OF_A_WHOLE_DATE)
    return max((one.number for one in matching if one.stated < owed.event.seq), default=None)


def superseded_each(stated: Sequence[Told], owed: Owed) -> tuple[int, ...]:
    """Return the numbers of all notices that an owed Correction Notice supersedes.

    They state something of what it withdraws. The result is empty for another kind of notice.

    A notice for a whole date states all of its date; the notice of an event states what its test or trigger
    came to.
    """
    days = {on for _, on in owed.withdrawn}
    stating = (one for one in stated if one.stated < owed.event.seq and one.on in days)
    numbers = (
        one.number
        for one in stating
        if one.kind in OF_A_WHOLE_DATE or (one.subject or "", one.on) in owed.withdrawn
    )
    return tuple(sorted(numbers))


def _of_date(stated: Event) -> tuple[int, ...]:
    """Return the numbers of the entries that tell of a notice's date.

    The event that the notice states says how many they are.
    """
    counted = stated.payload.entries if isinstance(stated.payload, Determined) else None
    return tuple(range(stated.seq + 1 - (counted or 1), stated.seq + 1))
