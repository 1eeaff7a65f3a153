"""The statement of notices: what became of each notice, for each addressee.

The statement names what each step rests on, and decides nothing. Drafted, released, sent, delivered,
acknowledged and given are six separate facts of the log (`rulings.md` 54, 65).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.regular_files import bytes_in
from engine.delivery.outbox import Addressee, Delivery, deliveries, why_not_sent, why_not_sent_if_released
from engine.events.deal_adopted import DealAdopted, clauses_on
from engine.events.delivery import DELIVERY_KINDS
from engine.events.kinds import Determined, Due, Event, NoticeIssued
from engine.events.party_changes import with_parties
from engine.queries.history import summary
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace

NAMES = {
    "compliance": "Compliance",
    "test_failed": "Failed test",
    "event_of_default": "Event of Default indicated",
    "trigger_event": "Trigger event",
    "cure": "Cure",
    "correction": "Correction",
    "not_evaluated": "Not evaluated",
}
"""What each kind of notice is called in a list."""
ALL, OPEN = "all", "not given"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a notice, and the entry that it rests on."""

    at: datetime
    kind: str
    evidence: str
    entry: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One notice.

    Attributes:
        number: the notice's number.
        kind: what it is called, with its subject or date.
        states: the date that it states.
        delivery: what became of it.
        due: the last day for it by the deal, if its giver owes it.
        late: days from its last day until it was given, or until today; None without a day, or in time.
        waits: why nothing of it is sent; None if nothing holds it.
    """

    number: int
    kind: str
    states: date
    delivery: Delivery
    due: date | None
    late: int | None
    waits: str | None

    @property
    def state(self) -> str:
        """Return the state of the notice, in a word of ruling 65."""
        return (
            "superseded"
            if self.delivery.superseded and self.delivery.given_on is None
            else self.delivery.state
        )

    @property
    def waits_if_released(self) -> str | None:
        """Return why nothing of it would be sent though it were released; None if it would be."""
        return why_not_sent_if_released(self.delivery)

    @property
    def overdue(self) -> bool:
        """Return whether the notice should have been given by now, and is not."""
        return self.late is not None and self.late > 0 and self.delivery.given_on is None

    @property
    def addressees(self) -> tuple[Addressee, ...]:
        """Return each addressee with what became of its copy."""
        return self.delivery.addressees

    def reached(self, *states: str) -> int:
        """Return how many addressees have got as far as one of some states."""
        return sum(addressee.state in states for addressee in self.addressees)

    def as_data(self) -> dict[str, Any]:
        """Return the row as JSON."""
        given = self.delivery.given_on
        return {
            "number": self.number,
            "kind": self.delivery.notice.kind,
            "clause": self.delivery.clause,
            "states": str(self.states),
            "drafted_at": self.delivery.issued_at.isoformat(),
            "released_at": self.delivery.released_at.isoformat() if self.delivery.released_at else None,
            "state": self.state,
            "due": str(self.due) if self.due else None,
            "late_days": self.late,
            "given_on": str(given) if given else None,
            "sha256": self.delivery.notice.sha256,
            "addressees": [
                {
                    "party": addressee.role,
                    "name": addressee.name,
                    "state": addressee.state,
                    "sent_at": addressee.sent_at.isoformat() if addressee.sent_at else None,
                }
                for addressee in self.addressees
            ],
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """The notices of a deal between two dates, the newest first."""

    deal: str
    name: str
    zone: str
    rows: tuple[StatementRow, ...]
    illustrative: bool
    size: int

    def as_data(self) -> dict[str, Any]:
        """Return the statement as JSON: `deal`, `notices`."""
        return {"deal": self.deal, "notices": [row.as_data() for row in self.rows]}


def statement_of(
    workspace: Workspace,
    deal: str,
    today: date,
    between: tuple[date | None, date | None] = (None, None),
    show: str = ALL,
    to: Sequence[str] | None = None,
) -> Statement:
    """Return the statement of a deal's notices.

    Args:
        workspace: the workspace.
        deal: the deal's name.
        today: the date from which lateness is counted.
        between: the first and the last date that a notice may state; None leaves a side open.
        show: `all`, or `not given`.
        to: only notices that go to one of these parties; all unless given.
    """
    events = read(workspace.store, deal_log(deal))
    adopted = next(
        (event.payload for event in reversed(events) if isinstance(event.payload, DealAdopted)), None
    )
    titles = (
        {clause.key: clause.title for clause in clauses_on(adopted, today)} if adopted is not None else {}
    )
    owed = [
        due
        for event in events
        if isinstance(event.payload, Determined)
        for due in event.payload.due
        if due.act == "notify"
    ]
    rows = [_row(delivery, titles, owed, today) for delivery in deliveries(events, today)]
    first, last = between
    kept = tuple(
        row
        for row in reversed(rows)
        if (first is None or row.states >= first)
        and (last is None or row.states <= last)
        and (show == ALL or row.delivery.given_on is None)
        and (to is None or any(addressee.role in to for addressee in row.addressees))
    )
    parties = with_parties(adopted, events, today).parties if adopted is not None else ()
    names = {party.role: party.name for party in parties}
    name = names.get("issuer") or names.get("borrower") or ""
    zone = adopted.time_zone if adopted is not None else "UTC"
    return Statement(deal, name, zone, kept, adopted is not None and adopted.illustrative, len(events))


def _row(delivery: Delivery, titles: dict[str, str], owed: Sequence[Due], today: date) -> StatementRow:
    name = NAMES.get(delivery.notice.kind, delivery.notice.kind)
    about = (
        titles.get(delivery.clause or "", delivery.clause)
        if delivery.clause
        else f"{delivery.states.day} {delivery.states:%B}"
    )
    subject = (delivery.notice.kind, delivery.clause or "deal", delivery.states)
    due = next((each.by for each in reversed(owed) if (each.notice, each.subject, each.of) == subject), None)
    until = delivery.given_on or today
    late = (until - due).days if due is not None and until > due else None
    return StatementRow(
        delivery.number, f"{name}, {about}", delivery.states, delivery, due, late, why_not_sent(delivery)
    )


def steps_of(workspace: Workspace, deal: str, number: int) -> tuple[Step, ...]:
    """Return what each step of one notice rests on, the newest first.

    Raises WrongUsage if the notice does not exist.
    """
    kinds = {"notice issued", *DELIVERY_KINDS}
    steps = [
        Step(event.recorded_at, event.kind, _evidence(event), event.seq)
        for event in read(workspace.store, deal_log(deal))
        if event.kind in kinds and getattr(event.payload, "number", None) == number
    ]
    if not steps:
        raise WrongUsage(f"{deal} has no notice No. {number}")
    return tuple(reversed(steps))


def _evidence(event: Event) -> str:
    if isinstance(event.payload, NoticeIssued):
        return f"file {event.payload.sha256[:8]} {event.payload.sha256[8:16]}, of {event.payload.of}"
    return summary(event)


def notice_file(workspace: Workspace, deal: str, number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of one notice.

    Raises WrongUsage if it does not exist, or its file is gone.
    """
    for event in read(workspace.store, deal_log(deal)):
        if isinstance(event.payload, NoticeIssued) and event.payload.number == number:
            path = workspace.inside(event.payload.file)
            if not path.is_file():
                raise WrongUsage(
                    f"the file of notice No. {number} is missing from the workspace; its hash is "
                    f"{event.payload.sha256}"
                )
            return path.name, bytes_in(path)
    raise WrongUsage(f"{deal} has no notice No. {number}")
