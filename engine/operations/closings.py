"""Enter a day on which a calendar is closed beyond its table (`rulings.md` 36a).

The operator enters the day with a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.basics.calendar import load_calendar
from engine.basics.errors import WrongUsage
from engine.basics.inert import inert
from engine.events.calendar_events import CalendarClosing, ClosingWithdrawn
from engine.events.draft import Draft
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.calendar_tables import closings_recorded, closings_standing
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing as it stands on record, or its withdrawal.

    Attributes:
        payload: what was entered.
        new: whether it was not on record before.
        in_time: whether it was recorded on or before its day, by the date of UTC; each deal goes by its own
            zone.
    """

    payload: CalendarClosing | ClosingWithdrawn
    new: bool
    in_time: bool

    def as_data(self) -> dict[str, Any]:
        """Return the closing, or its withdrawal, as JSON."""
        withdrawn = isinstance(self.payload, ClosingWithdrawn)
        said = self.payload.model_dump(mode="json")
        return {"recorded": self.new, "in_time": self.in_time, "withdrawn": withdrawn, **said}


def close_day(workspace: Workspace, said: CalendarClosing, scribe: Scribe) -> Closing:
    """Return a closing as recorded; recording it twice changes nothing.

    The next run moves the deadlines that count over its day.

    Raises:
        WrongUsage: the calendar is not known, the day is not a Business Day of its table, or the entry lacks
            its reason or source.
        OutsideTable: the table does not reach the day.
    """
    _explained(said)
    known = load_calendar(said.calendar).why_not(said.day)
    if known is not None:
        raise WrongUsage(f"{said.calendar} is closed on {said.day} already: {known}; name a Business Day")
    closings = closings_recorded(workspace)
    standing = closings_standing(closings).get((said.calendar, said.day))
    # Asked before an entry is numbered; otherwise entering it twice would record it twice.
    if standing is not None:
        return Closing(standing, False, scribe.at.date() <= said.day)
    return _recorded(workspace, said, scribe)


def withdraw_closing(workspace: Workspace, said: ClosingWithdrawn, scribe: Scribe) -> Closing:
    """Return the withdrawal of a closing that was entered in error, as recorded.

    Withdrawn on or before its day, the next run moves the deadlines back that count over it. Withdrawn later,
    it moves none: the day stays closed as it was counted (`rulings.md` 36a).

    Raises WrongUsage if no such closing stands, or if the withdrawal lacks its reason or source.
    """
    _explained(said)
    # A table's own holiday is a published fact, which an operator cannot take back.
    if (said.calendar, said.day) not in closings_standing(closings_recorded(workspace)):
        what = f"no closing of {said.calendar} on {said.day} stands on record"
        raise WrongUsage(f"{what}; a closing of the calendar's own table is not an operator's to withdraw")
    return _recorded(workspace, said, scribe)


def _explained(said: CalendarClosing | ClosingWithdrawn) -> None:
    if not said.reason.strip() or not said.source.strip():
        raise WrongUsage(
            "a closing has a reason and a source: --reason 'National day of mourning' --source 'Federal "
            "Register'"
        )


def _recorded(workspace: Workspace, said: CalendarClosing | ClosingWithdrawn, scribe: Scribe) -> Closing:
    """Return what was said, added to the record as the next entry of its kind for its day."""
    # A reason is printed on notices, so no sign in it may act on a terminal or a page (`rulings.md` 69).
    entry = said.model_copy(update={"reason": inert(said.reason), "source": inert(said.source)})
    before = [
        event.payload
        for event in closings_recorded(workspace)
        if isinstance(event.payload, type(said))
        and (event.payload.calendar, event.payload.day) == (said.calendar, said.day)
    ]
    draft = Draft(
        kind="calendar closing withdrawn" if isinstance(said, ClosingWithdrawn) else "calendar closing",
        subject=f"{said.calendar}|{said.day}",
        effective_on=said.day,
        payload=entry,
        # Numbered, for a day may be closed, opened and closed again, and each entry has a key of its own.
        print=len(before) + 1,
    )
    with workspace.store.begin() as writer:
        new = bool(append(writer, SNAPSHOTS, [draft], scribe))
    return Closing(entry, new, scribe.at.date() <= said.day)
