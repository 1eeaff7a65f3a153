"""The weeks of an index that a workspace's snapshots give.

Commands that ask how far a value can be trusted read these weeks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.market.index import definition, qualifying_days
from engine.market.index_value import IndexValue
from engine.market.methodology import load_methodology
from engine.market.quality.manipulation import Day
from engine.queries.seller_moves import shadow_data, shadow_of
from engine.record.log import SNAPSHOTS, read
from engine.workspace.series import computed, overrides_of
from engine.workspace.workspace import Workspace

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class IndexWeek:
    """A week of an index: its value with every count.

    The shadow rate stands beside it if the sellers are known.
    """

    value: IndexValue
    shadow: dict[str, Any] | None

    def as_data(self) -> dict[str, Any]:
        """Return the value as JSON."""
        return self.value.model_dump(mode="json")


def index_week(
    workspace: Workspace, index: str, version: str, window_end: date, known_at: datetime | None = None
) -> IndexWeek:
    """Return the week that ends on a day, from what was collected by `known_at`.

    Without `known_at`, everything that was collected counts.
    """
    value = computed(workspace, index, version, window_end, known_at)
    if value.value is None:
        return IndexWeek(value, None)
    return IndexWeek(value, shadow_data(shadow_of(workspace, index, version, value.publication_date)))


def weeks_of(
    workspace: Workspace, index: str, version: str, progress: Callable[[str], None]
) -> Iterator[tuple[IndexValue, tuple[Day, ...]]]:
    """Yield each Thursday's value with the Qualifying Listings of its days.

    The weeks run from the first snapshot to the last. `progress` is called with each.
    """
    folders = sorted(path.name for path in (workspace.root / "snapshots").iterdir() if path.is_dir())
    if not folders:
        return
    first, last = date.fromisoformat(folders[0]), date.fromisoformat(folders[-1])
    # A window ends on the Wednesday, so a snapshot of a Thursday counts for the Thursday after it.
    day = first + timedelta(days=(3 - first.weekday()) % 7 or 7)
    # The last snapshot may lie in the window of a Thursday that is still to come.
    while day <= last + WEEK:
        progress(f"{index} {day}")
        yield (
            computed(workspace, index, version, day - timedelta(days=1)),
            days_of(workspace, index, version, day),
        )
        day += WEEK


def days_of(workspace: Workspace, index: str, version: str, publication: date) -> tuple[Day, ...]:
    """Return the Qualifying Listings of each day of the week before a Publication Date.

    Outliers are still among them.
    """
    snapshots = workspace.archive.between(publication - WEEK, publication - timedelta(days=1))
    # An override concerns what was collected, so it stands in the snapshots' own log and not in a deal's.
    overrides = overrides_of(read(workspace.store, SNAPSHOTS), index)
    known = definition(index, workspace.indices)
    return qualifying_days(
        known, load_methodology(version), snapshots, publication - timedelta(days=1), overrides
    )
