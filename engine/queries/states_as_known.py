"""A deal's states as they were known at the end of a day, whatever was corrected later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.events.deal_state import as_it_stands
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace


@dataclass(frozen=True)
class Known:
    """A deal's states as they were known at the end of a day."""

    deal: str
    known_on: date
    entries: int
    tests: tuple[tuple[str, str, date], ...]
    triggers: tuple[tuple[str, str, date], ...]


def as_known(workspace: Workspace, deal: str, until: date) -> Known:
    """Return the states as they were known at the end of a day.

    They follow from what was recorded by then, whatever was corrected later.
    """
    # Recording and not effect decides here: a correction entered later was not known on the day.
    events = [event for event in read(workspace.store, deal_log(deal)) if event.recorded_at.date() <= until]
    state = as_it_stands(events)
    tests = tuple((name, test.status.value, test.since) for name, test in state.tests.items())
    triggers = tuple((name, trigger.status.value, trigger.since) for name, trigger in state.triggers.items())
    return Known(deal, until, len(events), tests, triggers)
