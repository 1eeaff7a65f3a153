"""The names of logs and of index series: made in one place, and taken apart in the same place.

A log is of a deal (`deal/meridian-2026-1`), of an index series (`index/CRI-H100@1.1.1`), or of what entered
the archive (`snapshots`). A series is an index under a methodology version, or as its administrator publishes
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SNAPSHOTS = "snapshots"
"""The name of the log of what entered the archive."""
CURRENT = "current"
"""The version of a series whose weeks are each computed under the methodology current on their day."""
_DEAL, _INDEX, _BY = "deal/", "index/", "@"
_ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class SeriesName:
    """An index, and the version under which it was computed.

    The version is `administrator` for the administrator's own series.
    """

    index: str
    version: str

    @property
    def administered(self) -> bool:
        """Whether it is the administrator's own series, and not a computed one."""
        return self.version == _ADMINISTRATOR

    def __str__(self) -> str:
        return f"{self.index}{_BY}{self.version}"


def series_name(text: str) -> SeriesName:
    """Return the parts of a series' name. If it does not name a version, the version is empty."""
    index, _, version = text.partition(_BY)
    return SeriesName(index, version)


def administered_series(index: str) -> str:
    """Return the name of an index's series as its administrator publishes it."""
    return str(SeriesName(index, _ADMINISTRATOR))


def computed_series(index: str, version: str) -> str:
    """Return the name of an index's series under a methodology version."""
    return str(SeriesName(index, version))


def deal_log(deal: str) -> str:
    """Return the name of a deal's log."""
    return f"{_DEAL}{deal}"


def index_log(series: str) -> str:
    """Return the name of an index's log; `series` names index and methodology, or the administrator."""
    return f"{_INDEX}{series}"


def deal_of_log(log: str) -> str | None:
    """Return the deal that a log is of; None for a log of another kind."""
    return log.removeprefix(_DEAL) if log.startswith(_DEAL) else None


def series_of_log(log: str) -> str | None:
    """Return the series that a log is of; None for a log of another kind."""
    return log.removeprefix(_INDEX) if log.startswith(_INDEX) else None


def subject_of_log(log: str) -> str:
    """Return what a log is of, as a person names it: its deal, its series, or `snapshots`."""
    return deal_of_log(log) or series_of_log(log) or log


def deals_among(logs: Iterable[str]) -> tuple[str, ...]:
    """Return the deals that some logs are of, in the order of the logs."""
    return tuple(deal for deal in map(deal_of_log, logs) if deal is not None)


def series_among(logs: Iterable[str]) -> tuple[str, ...]:
    """Return the series that some logs are of, in the order of the logs."""
    return tuple(series for series in map(series_of_log, logs) if series is not None)
