"""What something that is about to be recorded would change of the past: shown before it is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from engine.basics.files import text_of
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template, clauses_of
from engine.events.deal_state import fold
from engine.events.kinds import Event
from engine.events.rates import Published
from engine.foresight.impact import Reach, reach
from engine.record.log import deal_log, index_log, read
from engine.terms.as_written import Deal, load_deal
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.series import prints_of, published, series_by_index
from engine.workspace.workspace import Workspace


def of_print(workspace: Workspace, further: Event, templates: Mapping[str, Template]) -> list[Reach]:
    """Return how far one more print of an index would reach back, for each deal."""
    reached = (
        _reach(workspace, deal, read(workspace.store, deal_log(deal.name)), templates, further)
        for deal in _deals(workspace, templates)
    )
    return [deal_reach for deal_reach in reached if deal_reach is not None]


def of_event(
    workspace: Workspace, deal: Deal, further: Event, templates: Mapping[str, Template]
) -> list[Reach]:
    """Return how far an Act or a report would reach back into its deal's past."""
    reached = _reach(workspace, deal, [*read(workspace.store, deal_log(deal.name)), further], templates)
    return [reached] if reached is not None else []


def _reach(
    workspace: Workspace,
    deal: Deal,
    events: Sequence[Event],
    templates: Mapping[str, Template],
    further: Event | None = None,
) -> Reach | None:
    from engine.market.interval import share_below  # late: numpy only where a deal is evaluated

    if not events:
        return None
    on_file = prints_of(workspace)

    def prints(series: str) -> Sequence[tuple[datetime, Published]]:
        more = further is not None and further.log == index_log(series)
        return (
            (*on_file(series), (further.recorded_at, published(further)))
            if more and further
            else on_file(series)
        )

    series = series_by_index(prints, deal, max(event.effective_on for event in events), fold(events).acts)
    return reach(deal, events, series, templates, share_below)


def _deals(workspace: Workspace, templates: Mapping[str, Template]) -> Iterator[Deal]:
    """Yield the deals of the workspace whose files can be read; the others are not evaluated either."""
    for path in workspace.deal_files():
        deal, _ = load_deal(text_of(bytes_in(path)), path.name, clauses_of(templates))
        if deal is not None:
            yield counted_on_record(workspace, deal)


def reach_as_data(reached: Reach) -> dict[str, Any]:
    """Return one deal's part of `changes` in `--json`."""
    return {
        "deal": reached.deal,
        "from_on": str(reached.correction.from_on),
        "until": str(reached.correction.until),
        "why": list(reached.correction.why),
        "results": [{**asdict(change), "on": str(change.on)} for change in reached.changes],
        "notices": [
            {"number": notice.number, "kind": notice.kind, "file": notice.file} for notice in reached.notices
        ],
    }
