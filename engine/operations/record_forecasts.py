"""Record forecasts of the rate model.

Each forecast is recorded before the value that it foretells, so that nobody can write it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.events.market_events import RateForecast
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.workspace import Workspace


def record_forecasts(
    workspace: Workspace, forecasts: Iterable[RateForecast], scribe: Scribe
) -> tuple[Event, ...]:
    """Return the forecasts that are new, recorded; one of a series and a week stands as it was first said.

    They stand in the log of what entered from outside, which `replay` takes as it is: a model of another day
    says other things.
    """
    drafts = tuple(
        Draft(
            kind="forecast made",
            subject=forecast.series,
            effective_on=forecast.publication_date,
            payload=forecast,
        )
        for forecast in forecasts
        # A forecast recorded on the day of its value could have been written after it.
        if forecast.publication_date > scribe.at.date()
    )
    if not drafts:
        return ()
    with workspace.store.begin() as writer:
        return append(writer, SNAPSHOTS, drafts, scribe)
