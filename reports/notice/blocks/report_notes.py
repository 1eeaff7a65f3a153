"""What page 1 says of the reports on which a date rests.

A report can be entered late, held, or not counted (rulings 53, 57, 57a).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.events.kinds import Determined
from engine.events.servicing import ReportServed
from reports.formats import Runs, in_plain, name, short_date, with_dates
from reports.notice.view import Brief


def report_notes(brief: Brief) -> list[Runs]:
    """Return one sentence for each thing that bears on the reports of the date; none on most dates."""
    return list(_notes(brief.determined)) if brief.determined is not None else []


def _notes(day: Determined) -> Iterator[Runs]:
    if day.served is not None and (day.served.entered_late or day.served.why_from_keying is not None):
        yield _served(day.served)
    for held in day.held:
        what = f"{name(held.name)} of the report for the period to {short_date(held.period_end)}"
        yield [("Held, awaits confirmation: ", True), (f"{what}, {with_dates(held.why)}.", False)]
    for one in day.gpus:
        counts = f"{one.reported:,} reported, {one.pledged:,} pledged, {one.counted:,} counted"
        yield [(f"GPUs of {in_plain(one.asset_class)}: ", True), (f"{counts}.", False)]


def _served(served: ReportServed) -> Runs:
    """Return when the report came and when it was entered; why it counts from its entry, if it does."""
    received = _moment(served.received_at) if served.received_at is not None else short_date(served.received)
    entered = f", on {_moment(served.keyed_at)}" if served.keyed_at is not None else ""
    rest = (
        f" It counts from its entry: {with_dates(served.why_from_keying)}." if served.why_from_keying else ""
    )
    return [("Servicer's report entered late", True), (f"{entered}; received {received}.{rest}", False)]


def _moment(moment: datetime) -> str:
    return f"{short_date(moment.date())}, {moment:%H:%M}"
