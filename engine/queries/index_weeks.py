"""The weeks that a workspace's snapshots give, for the commands that ask how far the number can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from engine.market.index import definition, qualifying_days
from engine.market.index_value import IndexValue
from engine.market.methodology import load_methodology
from engine.market.quality.manipulation import Day
from engine.record.log import SNAPSHOTS, read
from engine.workspace.series import computed, overrides_of
from engine.workspace.workspace import Workspace

WEEK = timedelta(days=7)


def weeks_of(
    workspace: Workspace, index: str, version: str, progress: Callable[[str], None]
) -> Iterator[tuple[IndexValue, tuple[Day, ...]]]:
    """Each Thursday's value with the Qualifying Listings of its days, from the first snapshot to the last; `progress` hears of each."""
    folders = sorted(path.name for path in (workspace.root / "snapshots").iterdir() if path.is_dir())
    if not folders:
        return
    first, last = date.fromisoformat(folders[0]), date.fromisoformat(folders[-1])
    day = first + timedelta(days=(3 - first.weekday()) % 7 or 7)
    while day <= last + WEEK:
        progress(f"{index} {day}")
        yield computed(workspace, index, version, day - timedelta(days=1)), days_of(workspace, index, version, day)
        day += WEEK


def days_of(workspace: Workspace, index: str, version: str, publication: date) -> tuple[Day, ...]:
    """The Qualifying Listings of each day of the week before a Publication Date, before outlier removal."""
    snapshots = workspace.archive.between(publication - WEEK, publication - timedelta(days=1))
    overrides = overrides_of(read(workspace.store, SNAPSHOTS), index)
    known = definition(index, workspace.indices)
    return qualifying_days(known, load_methodology(version), snapshots, publication - timedelta(days=1), overrides)
