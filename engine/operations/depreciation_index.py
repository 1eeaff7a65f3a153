"""CRI-D: an older generation's rental rate since a newer one came, as a series on record (WP §6.4)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction

from engine.basics.errors import WrongUsage
from engine.basics.values import rounded
from engine.events.draft import Draft
from engine.events.log_names import series_name
from engine.events.market_events import DepreciationPublished
from engine.market import depreciation_curves as curves
from engine.record.log import SNAPSHOTS, Scribe, append, read
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace


def depreciation_index(workspace: Workspace, older: str, newer: str) -> tuple[DepreciationPublished, ...]:
    """Return CRI-D of the older GPU generation on each Publication Date.

    The series begins with the newer generation's first value, its reference date. The older generation's
    newest value by then counts as 100.

    Raises WrongUsage, naming what is lacking, until the paper's three conditions hold (WP §6.1), and for a
    series that is not on record.
    """
    series, versions = {}, {}
    for name in (older, newer):
        newest = {event.effective_on: event.payload.value for event in on_record(workspace, name)}
        valued = [
            (day, Fraction(newest[day]["value"]))
            for day in sorted(newest)
            if newest[day]["value"] is not None
        ]
        series[name] = tuple(valued)
        versions[name] = Counter(newest[day]["methodology"] for day, _ in valued)
    lacking = [*curves.lacking(series, newer), *curves.one_version(versions)]
    # An index that the paper's conditions do not support is refused, not published with a warning (rulings
    # 38).
    if lacking:
        raise WrongUsage(f"CRI-D is refused: {'; '.join(lacking)}")
    arrival = series[newer][0][0]
    # Both generations need not publish on one day, so the older one's newest value by then is the base.
    reference = [(day, value) for day, value in series[older] if day <= arrival][-1]
    (version,) = versions[older]
    return tuple(
        DepreciationPublished(
            index=f"CRI-D-{series_name(older).index.removeprefix('CRI-')}",
            older=older,
            newer=newer,
            methodology=version,
            publication_date=day,
            reference_date=reference[0],
            level=str(rounded(100 * value / reference[1], 4)),
            change=str(rounded(value / reference[1] - 1, 6)),
        )
        for day, value in series[older]
        if day >= reference[0]
    )


def publish_depreciation(
    workspace: Workspace, older: str, newer: str, scribe: Scribe
) -> tuple[int, tuple[DepreciationPublished, ...]]:
    """Record each value that is not on record yet; returns how many are new, and all.

    Raises WrongUsage while it is refused.
    """
    values = depreciation_index(workspace, older, newer)
    drafts = [
        Draft(
            kind="depreciation published",
            subject=f"{value.index}|{value.newer}|{value.level}",
            effective_on=value.publication_date,
            payload=value,
        )
        for value in values
    ]
    with workspace.store.begin() as writer:
        return len(append(writer, SNAPSHOTS, drafts, scribe)), values


def recorded_depreciation(workspace: Workspace, index: str) -> dict[date, DepreciationPublished]:
    """Return the values of a depreciation index on record, the newest of each date."""
    payloads = (event.payload for event in read(workspace.store, SNAPSHOTS))
    return {
        payload.publication_date: payload
        for payload in payloads
        if isinstance(payload, DepreciationPublished) and payload.index == index
    }
