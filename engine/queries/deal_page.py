"""Page 1 of a deal on a date, as its Compliance Notice says it.

The facts from which the notice was made are found again in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from engine.basics.errors import WrongUsage, dates_there
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Determined, Event, NotEvaluated, NoticeIssued
from engine.events.notice import NoticeInputs, NoticeKind
from engine.events.standing import standing
from engine.record.log import deal_log, read
from engine.workspace.findings_shown import findings_shown
from engine.workspace.publications_shown import publications_shown
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DealPage:
    """A deal on a date.

    Attributes:
        deal: its name.
        on: the Determination Date that is shown.
        dates: all its Determination Dates, oldest first.
        inputs: what page 1 is composed from; None if the deal was never adopted.
        notice: the notice that states the date, if one was issued.
        since: what was recorded after it, newest first.
        size: entries of the log now.
        head: root of the log now, in hexadecimal.
        adopted: the deal's own facts; None if it was never adopted.
    """

    deal: str
    on: date | None
    dates: tuple[date, ...]
    inputs: NoticeInputs | None
    notice: NoticeIssued | None
    since: tuple[Event, ...]
    size: int
    head: str
    adopted: DealAdopted | None


def deal_page(workspace: Workspace, deal: str, on: date | None, now: datetime) -> DealPage:
    """Return a deal as determined on a date, or on its newest one by then.

    Args:
        workspace: the workspace.
        deal: the deal's name.
        on: a date; the newest Determination Date not after it is shown; the newest of all unless given.
        now: the moment; it stands as the time of issue where no notice was issued.

    Raises:
        WrongUsage: nothing was determined by the date; the dates that there are are named.
    """
    events = read(workspace.store, deal_log(deal))
    size, head = workspace.store.head(deal_log(deal))
    dates_recorded = [event for event in events if isinstance(event.payload, (Determined, NotEvaluated))]
    dates = tuple(sorted({event.effective_on for event in dates_recorded}))
    adopted = next(
        (event.payload for event in reversed(events) if isinstance(event.payload, DealAdopted)), None
    )
    if not dates_recorded:
        return DealPage(deal, None, (), None, None, (), size, head.hex(), adopted)
    reached = [event for event in dates_recorded if on is None or event.effective_on <= on]
    if not reached:
        raise WrongUsage(
            f"nothing of {deal} was determined by {on}; of its dates "
            f"{dates_there(list(dates), on or dates[0])}"
        )
    # A date that was determined again has several entries, and the newest of them stands.
    shown = max(reached, key=lambda event: (event.effective_on, event.seq))
    issued = _stated_by(events, shown)
    # The page is composed of what the log held at that entry, as the notice of the date is.
    upto = [event for event in events if event.seq <= shown.seq]
    then = [event.payload for event in upto if isinstance(event.payload, DealAdopted)]
    kind: NoticeKind = "compliance" if isinstance(shown.payload, Determined) else "not_evaluated"
    entry = workspace.store.entry(deal_log(deal), shown.seq)
    publications = publications_shown(workspace, then[-1], shown.effective_on, now, upto) if then else {}
    inputs = NoticeInputs(
        deal=deal,
        number=issued.payload.number if issued is not None else 0,
        kind=kind,
        subject=None,
        on=shown.effective_on,
        issued_at=issued.recorded_at if issued is not None else now,
        events=upto,
        publications=publications,
        findings=findings_shown(workspace, then[-1], shown.effective_on, now, publications) if then else {},
        operator=workspace.settings.operator,
        # Entries are numbered from zero.
        log_size=shown.seq + 1,
        log_head=entry.root.hex() if entry is not None else "",
        supersedes=issued.payload.supersedes if issued is not None else None,
        supersedes_each=issued.payload.supersedes_each if issued is not None else (),
    )
    later = tuple(event for event in reversed(events) if event.seq > shown.seq)
    return DealPage(
        deal,
        shown.effective_on,
        dates,
        inputs,
        issued.payload if issued else None,
        later,
        size,
        head.hex(),
        adopted,
    )


def _stated_by(events: Sequence[Event], shown: Event) -> Event | None:
    """Return the notice that states a determination."""
    issued = (event for event in reversed(events) if isinstance(event.payload, NoticeIssued))
    return next((event for event in issued if event.payload.of == shown.key), None)


def deal_facts(workspace: Workspace, deal: str) -> DealAdopted:
    """Return a deal as it was last adopted. Raises WrongUsage for a deal that was not."""
    payload = next(
        (
            event.payload
            for event in reversed(read(workspace.store, deal_log(deal)))
            if isinstance(event.payload, DealAdopted)
        ),
        None,
    )
    if payload is None:
        raise WrongUsage(f"{deal} has not been run yet")
    return payload


def parties_of(workspace: Workspace, deal: str) -> tuple[str, ...]:
    """Return the roles of a deal's parties; none for a deal that was not run."""
    payloads = (
        event.payload
        for event in reversed(read(workspace.store, deal_log(deal)))
        if isinstance(event.payload, DealAdopted)
    )
    adopted = next(payloads, None)
    return tuple(party.role for party in adopted.parties) if adopted is not None else ()


def determined_dates(workspace: Workspace, deal: str) -> tuple[date, ...]:
    """Return the Determination Dates of a deal that stand, oldest first."""
    events = standing(read(workspace.store, deal_log(deal)))
    return tuple(sorted({event.effective_on for event in events if isinstance(event.payload, Determined)}))
