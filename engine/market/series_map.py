"""How an administrator's file is read (`rulings.md` 62).

A map says which column means what, how often the series is published, and when a value is final. Maps of
known public forms ship as data. A workspace writes its own under `[series.NAME]` in `headroom.toml`. Each
import records the map's hash.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from engine.basics.values import Fact

Said = Literal[
    "publication_date",
    "value",
    "low_confidence",
    "observations",
    "methodology_version",
    "published_on",
    "print",
    "index",
    "public_at",
]
"""What a column may say. The first two are needed."""


class SeriesMap(Fact):
    """The map of one form of file.

    Attributes:
        name: what the form is called.
        columns: for each thing that is said, the file's own column.
        cadence: how often a value is published.
        unit: the unit of the values; printed, never converted.
        zone: the administrator's time zone.
        final_after_days: whole days after a value's own day until it is final; 0 for the end of that day.
        calendar: on which days values are published, in words.
        licence: under which terms the file may be used, in words.
        aliases: other names under which the file knows the index.
    """

    name: str = "own"
    columns: Mapping[Said, str] = Field(default_factory=dict)
    cadence: Literal["weekly", "daily"] = "weekly"
    unit: str = "USD per GPU-hour"
    zone: str = "America/Chicago"
    final_after_days: int = Field(default=0, ge=0, le=31)
    calendar: str = "as published"
    licence: str = "not stated"
    aliases: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the map, so that an import says by which map it was read."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    def final_at(self, day: date) -> datetime:
        """Return the moment at which the value of a day is final, in the administrator's zone."""
        # A day is over at 24:00 there, which is the first moment of the day after it.
        return datetime.combine(day + timedelta(days=1 + self.final_after_days), time(), ZoneInfo(self.zone))

    def today(self, now: datetime) -> date:
        """Return the date of a moment in the administrator's zone."""
        return now.astimezone(ZoneInfo(self.zone)).date()


@cache
def shipped_maps() -> tuple[SeriesMap, ...]:
    """Return the maps that ship, in the order of their file names."""
    paths = sorted((files("deals") / "series").iterdir(), key=lambda path: path.name)
    return tuple(
        SeriesMap.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        for path in paths
        if path.name.endswith(".toml")
    )


def map_for(columns: Collection[str], own: SeriesMap | None) -> SeriesMap | None:
    """Return the map for a file with these columns, or None without one.

    It is the workspace's own, or else the shipped one that finds most columns. A workspace's map without
    columns keeps those of the shipped form, and otherwise says what it says itself.
    """
    fitting = [
        series_map for series_map in shipped_maps() if set(series_map.columns.values()) <= set(columns)
    ]
    best = max(fitting, key=lambda series_map: len(series_map.columns), default=None)
    if own is None or not own.columns:
        if best is None or own is None:
            return best
        return best.model_copy(
            # Only what was written counts: a default of the workspace's map must not override the shipped
            # form.
            update={name: getattr(own, name) for name in own.model_fields_set if name != "columns"}
        )
    # A map that the workspace wrote is never replaced by a shipped one: a column that is gone must be seen.
    return own if set(own.columns.values()) <= set(columns) else None
