"""Who owes whom what, over all deals: reports, cures, deliveries, payments, notices that are still open.

It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.basics.values import Figure, printed
from engine.events.deal_adopted import DealAdopted, clauses_on, facts_on
from engine.events.kinds import Determined, Due, Event
from engine.events.log_names import deals_among
from engine.events.party_changes import with_parties
from engine.queries.due_dates import DatedDuty, deadlines
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """Something that is still owed.

    Attributes:
        deal: the deal's name.
        principal: what is outstanding under it, by its newest determination.
        who: the role of the party that owes it.
        name: the party's name, if the deal has that party.
        to: the roles of those to whom it is owed, if the deal says.
        act: what kind of thing it is: a report, a cure, a delivery, a notice.
        subject: the clause that it is about.
        what: the duty in words.
        by: its last day.
        days: days until then; negative where it is overdue.
        outcome: what the log says of it.
        cite: its section.
        due: the act as its determination states it.
        title: what the agreement calls the clause.
    """

    deal: str
    principal: Figure | None
    who: str
    name: str
    to: tuple[str, ...]
    act: str
    subject: str
    what: str
    by: date
    days: int
    outcome: str
    cite: str
    due: Due | None = None
    title: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the duty as JSON."""
        return {
            "deal": self.deal,
            "principal": printed(self.principal) if self.principal else None,
            "who": self.who,
            "name": self.name,
            "to": list(self.to),
            "act": self.act,
            "subject": self.subject,
            "what": self.what,
            "by": str(self.by),
            "days": self.days,
            "outcome": self.outcome,
            "cite": self.cite,
        }


def owed_of(deal: str, events: Sequence[Event], on: date) -> Iterator[OpenDuty]:
    """Yield what is still owed under one deal on a date, earliest first.

    Args:
        deal: its name.
        events: its log, oldest first.
        on: the date.
    """
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    determined = [
        event.payload
        for event in events
        if isinstance(event.payload, Determined) and event.effective_on <= on
    ]
    # Without a determined date nothing states what is owed.
    if not adopted or not determined:
        return
    # A party that was replaced owes nothing from then on, and its successor does.
    facts = with_parties(facts_on(adopted[-1], on), events, on)
    names = {party.role: party.name for party in facts.parties}
    titles = {clause.key: clause.title for clause in clauses_on(adopted[-1], on)}
    duties = {duty.kind: duty for duty in facts.duties}
    for dated in deadlines(events):
        # A duty that only a later date stated was not yet known on this one.
        if dated.first <= on and dated.open:
            to = _owed_to(dated, {kind: duty.to for kind, duty in duties.items()})
            yield OpenDuty(
                deal=deal,
                principal=determined[-1].outstanding_principal,
                who=dated.due.who,
                name=names.get(dated.due.who, ""),
                to=to,
                act=dated.due.act,
                subject=dated.due.subject,
                what=dated.what,
                by=dated.due.by,
                days=(dated.due.by - on).days,
                outcome=dated.outcome,
                cite=dated.due.cite,
                due=dated.due,
                title=titles.get(dated.due.subject, ""),
            )


def _owed_to(duty: DatedDuty, duties: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return to whom a notice is owed; nobody in particular for anything else."""
    return duty.due.to or duties.get(duty.due.notice or "", ())


def who_owes_whom(workspace: Workspace, on: date) -> tuple[OpenDuty, ...]:
    """Return what is still owed on a date under every deal of a workspace.

    The longest overdue duty comes first. The others follow by their last day.
    """
    return owed_over(
        ((deal, read(workspace.store, deal_log(deal))) for deal in deals_among(workspace.store.logs())), on
    )


def owed_over(logs: Iterable[tuple[str, Sequence[Event]]], on: date) -> tuple[OpenDuty, ...]:
    """Return what is still owed on a date under deals, each given with its whole log.

    The longest overdue duty comes first. The others follow by their last day.
    """
    duties = (duty for deal, events in logs for duty in owed_of(deal, events, on))
    # Names break ties, so that the list is the same on every machine.
    return tuple(sorted(duties, key=lambda one: (one.by, one.deal, one.subject, one.act)))
