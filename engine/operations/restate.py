"""Compute a Publication Date again from the snapshots of today.

The value is recorded as the date's next print if it differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.events.kinds import Event
from engine.market.index_value import IndexValue
from engine.operations.publish import restated
from engine.record.log import Scribe, append, imagined, index_log
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Restatement:
    """The newest print of a Publication Date beside the value that today's snapshots give."""

    series: str
    publication: date
    before: Event
    """The newest print on record."""
    again: IndexValue
    """The value of today's snapshots, as the next print."""
    event: Event | None
    """The next print as an event, as if it were recorded; None if nothing differs."""
    reason: str

    def as_data(self, recorded: bool) -> dict[str, Any]:
        """Return both values as JSON; `recorded` is True if the next print went into the record."""
        values = {"before": self.before.payload.value, "now": self.again.model_dump(mode="json")}
        return {
            "series": self.series,
            "publication_date": str(self.publication),
            **values,
            "recorded": recorded,
        }


def restatement(
    workspace: Workspace, series: str, publication: date, reason: str, scribe: Scribe
) -> Restatement:
    """Return a Publication Date beside today's snapshots; records nothing.

    Raises:
        WrongUsage: the series does not hold the date, or the administrator restates it.
    """
    before, again = restated(workspace, series, publication)
    was = before.payload.value
    # The same value from other snapshots is a print too, because a verifier recomputes it from its inputs.
    differs = (was["value"], tuple(was["inputs"])) != (
        None if again.value is None else str(again.value),
        again.inputs,
    )
    event = imagined(draft(again, reason), scribe, index_log(series)) if differs else None
    return Restatement(series, publication, before, again, event, reason)


def record_restatement(workspace: Workspace, again: Restatement, scribe: Scribe) -> bool:
    """Record the next print; returns whether there was one to record."""
    if again.event is None:
        return False
    with workspace.store.begin() as writer:
        return bool(append(writer, index_log(again.series), [draft(again.again, again.reason)], scribe))
