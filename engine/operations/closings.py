"""A day on which a calendar is closed beyond its table: entered by the operator, with a source (`rulings.md` 36a)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.basics.calendar import load_calendar
from engine.basics.errors import WrongUsage
from engine.basics.inert import inert
from engine.events.calendar_events import CalendarClosing
from engine.events.draft import Draft
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing as it stands on record.

    Attributes:
        payload: what was entered.
        new: whether it was not on record before.
        in_time: whether it was recorded on or before its day, by the date of UTC; each deal goes by its own
            zone.
    """

    payload: CalendarClosing
    new: bool
    in_time: bool

    def as_data(self) -> dict[str, Any]:
        """The closing as JSON."""
        return {"recorded": self.new, "in_time": self.in_time, **self.payload.model_dump(mode="json")}


def close_day(workspace: Workspace, said: CalendarClosing, scribe: Scribe) -> Closing:
    """A closing, recorded unless it was; the next run moves the deadlines that count over its day.

    Raises:
        WrongUsage: the calendar is not known, the day is not a Business Day of its table, or the entry lacks
            its reason or source.
        OutsideTable: the table does not reach the day.
    """
    if not said.reason.strip() or not said.source.strip():
        raise WrongUsage(
            "a closing has a reason and a source: --reason 'National day of mourning' --source 'Federal "
            "Register'"
        )
    known = load_calendar(said.calendar).why_not(said.day)
    if known is not None:
        raise WrongUsage(f"{said.calendar} is closed on {said.day} already: {known}; name a Business Day")
    entry = said.model_copy(update={"reason": inert(said.reason), "source": inert(said.source)})
    new = Draft(
        kind="calendar closing", subject=f"{said.calendar}|{said.day}", effective_on=said.day, payload=entry
    )
    with workspace.store.begin() as writer:
        if writer.body(SNAPSHOTS, new.key) is not None:
            return Closing(entry, False, scribe.at.date() <= said.day)
        return Closing(entry, bool(append(writer, SNAPSHOTS, [new], scribe)), scribe.at.date() <= said.day)
