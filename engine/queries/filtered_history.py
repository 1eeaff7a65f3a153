"""A part of a deal's history.

Filters are contract dates, the kind of event, a test or trigger, the time of recording, and words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.basics.errors import WrongUsage
from engine.events.kinds import ActRecorded, Event
from engine.events.log_names import deal_log
from engine.queries.history import History, events_of, summary
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; what is not said leaves nothing out.

    Attributes:
        since: effective on this day or later.
        until: effective on this day or earlier.
        kinds: only events of these kinds.
        about: only events of this test, trigger or other subject.
        recorded_from: recorded on this day or later, by UTC.
        words: each of these words stands in the event's line, in any case.
    """

    since: date | None = None
    until: date | None = None
    kinds: tuple[str, ...] = ()
    about: str | None = None
    recorded_from: date | None = None
    words: str = ""

    def takes(self, event: Event) -> bool:
        """Return whether an event is among them."""
        inside = (self.since is None or self.since <= event.effective_on) and (
            self.until is None or event.effective_on <= self.until
        )
        recorded = self.recorded_from is None or self.recorded_from <= event.recorded_at.date()
        kind = not self.kinds or event.kind in self.kinds
        about = self.about is None or self.about in subjects(event)
        return inside and recorded and kind and about and self._says(event)

    def _says(self, event: Event) -> bool:
        # Lines of a whole log take a while to make, so they are made only if words are asked for.
        line = f"{event.kind} {event.subject} {event.actor} {line_of(event)}".lower() if self.words else ""
        return all(word in line for word in self.words.lower().split())


def subjects(event: Event) -> tuple[str, ...]:
    """Return the clauses that an event is about.

    They are its subject, and the clause of an Act, of an Obligation or of a notice.
    """
    payload = event.payload
    # Kinds of events name their clause in different fields, and some do not name any.
    clause = getattr(payload, "clause", None) or getattr(getattr(payload, "obligation", None), "clause", None)
    test = getattr(getattr(payload, "test", None), "test", None) or getattr(
        getattr(payload, "trigger", None), "trigger", None
    )
    return tuple(subject for subject in (event.subject, clause, test) if isinstance(subject, str))


def line_of(event: Event) -> str:
    """Return one event in one line; of an Act also its document, until when it runs, and the persons."""
    said = summary(event)
    if not isinstance(event.payload, ActRecorded):
        return said
    act = event.payload
    persons = " and ".join(one for one in (act.prepared_by, act.approved_by) if one)
    more = (f"until {act.until}" if act.until else "", f"by {persons}" if persons else "")
    return ", ".join(one for one in (said, *more) if one)


def filtered(workspace: Workspace, deal: str, wanted: Wanted) -> History:
    """Return the events of a deal that are asked for, oldest first, with the size and root of the whole log.

    Raises WrongUsage for a deal without a log, for a kind or a subject that it has not, and for days in the
    wrong order.
    """
    events = events_of(workspace, deal)
    if wanted.since and wanted.until and wanted.until < wanted.since:
        raise WrongUsage(f"--to {wanted.until} is before --from {wanted.since}")
    _known("kind", wanted.kinds, {event.kind for event in events})
    _known(
        "test or trigger",
        (wanted.about,) if wanted.about else (),
        {subject for event in events for subject in subjects(event)},
    )
    # Size and root are those of the whole log: they name what was filtered, and can be compared with a
    # checkpoint.
    size, head = workspace.store.head(deal_log(deal))
    return History(deal, size, head.hex(), tuple(event for event in events if wanted.takes(event)))


def _known(what: str, asked: tuple[str, ...], there: set[str]) -> None:
    # A kind that is misspelt would show an empty history, which reads as if nothing had happened.
    unknown = [one for one in asked if one not in there]
    if unknown:
        raise WrongUsage(
            f"`{unknown[0]}` is not a {what} of this history; there are {', '.join(sorted(there)[:40])}"
        )


def rows(history: History) -> Iterator[dict[str, Any]]:
    """Yield each event as a row.

    A row holds number, effective date, time of recording, kind, subject and words. The row of an Act also
    holds its last day, its document and the persons.
    """
    for event in history.events:
        act = event.payload if isinstance(event.payload, ActRecorded) else None
        yield {
            "seq": event.seq,
            "effective_on": event.effective_on.isoformat(),
            "recorded_at": event.recorded_at.isoformat(),
            "kind": event.kind,
            "subject": event.subject,
            "what": line_of(event),
            "actor": event.actor,
            "until": act.until.isoformat() if act and act.until else None,
            "document": act.document if act else None,
            "persons": [one for one in (act.prepared_by, act.approved_by) if one] if act else [],
        }
