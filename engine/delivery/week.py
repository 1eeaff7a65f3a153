"""A deal as it stands in a person's week.

It shows what is owed, what came in since the last run, and which notices wait for a release. It decides
nothing. Page, mail and list have the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from engine.delivery.outbox import deliveries
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Determined, Event, ReportReceived
from engine.queries.portfolio_deals import DealRow, deal_row
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace

RECENT = 60
"""Days back from the day that is asked about within which an unreleased notice stands in the list."""


@dataclass(frozen=True, slots=True)
class CameIn:
    """A report that was taken: when, which, from whose hand, and which of its figures await confirmation."""

    at: datetime
    deal: str
    document: str
    period_end: date
    by: str
    held: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """A notice that is a draft until who acts for its giver releases it."""

    deal: str
    number: int
    kind: str
    clause: str | None
    states: date
    given_by: str
    due: date | None
    two_persons: bool


@dataclass(frozen=True, slots=True)
class DealWeek:
    """One deal in a week."""

    row: DealRow
    came: tuple[CameIn, ...]
    waiting: tuple[WaitingNotice, ...]
    parties: tuple[str, ...]
    zone: str
    next_determination: date | None


def deal_week(deal: str, events: Sequence[Event], on: date) -> DealWeek:
    """Return one deal as it stands in the week of a day.

    Args:
        deal: its name.
        events: its whole log, oldest first.
        on: the day.
    """
    row = deal_row(deal, events, on)
    adopted = next(
        (event.payload for event in reversed(events) if isinstance(event.payload, DealAdopted)), None
    )
    runs = [event for event in events if isinstance(event.payload, Determined)]
    since = runs[-1].seq if runs else -1
    arrivals = [
        CameIn(
            e.recorded_at,
            deal,
            e.payload.document,
            e.payload.period_end,
            e.actor,
            tuple(e.payload.held),
            e.payload.name,
        )
        for e in reversed(events)
        if isinstance(e.payload, ReportReceived) and e.seq > since
    ]
    due = {
        (duty.due.notice, duty.subject, duty.due.of): duty.by
        for duty in row.owed
        if duty.due is not None and duty.act == "notify"
    }
    waiting = [
        WaitingNotice(
            deal,
            delivery.number,
            delivery.notice.kind,
            delivery.clause,
            delivery.states,
            delivery.duty.given_by,
            due.get((delivery.notice.kind, delivery.clause or "deal", delivery.states)),
            delivery.duty.released_by == "two persons",
        )
        for delivery in deliveries(events, on)
        if delivery.duty is not None
        and delivery.addressees
        and delivery.release is None
        and delivery.given_on is None
        and not delivery.superseded
        if (on - delivery.states).days <= RECENT
    ]
    parties = tuple(party.role for party in adopted.parties) if adopted is not None else ()
    coming = runs[-1].payload.next_determination_date if runs else None
    return DealWeek(
        row,
        tuple(arrivals),
        tuple(waiting),
        parties,
        adopted.time_zone if adopted is not None else "UTC",
        coming,
    )


def deal_weeks(
    workspace: Workspace,
    deals: Iterable[str],
    on: date,
    kept: Callable[[str, int, Callable[[], DealWeek]], DealWeek],
    sizes: Mapping[str, int],
) -> tuple[DealWeek, ...]:
    """Return some deals in the week of a day, the worst first.

    Args:
        workspace: the workspace.
        deals: their names.
        on: the day.
        kept: gives what was made of a log of this size before, or has it made.
        sizes: how many entries each log has.
    """

    def made(deal: str) -> DealWeek:
        return deal_week(deal, read(workspace.store, deal_log(deal)), on)

    weeks = [
        kept(deal, size, partial(made, deal)) for deal, size in ((deal, sizes.get(deal, 0)) for deal in deals)
    ]
    return tuple(sorted(weeks, key=lambda one: one.row.rank))
