"""Decide whether anything can be due at all, without reading a log.

The newest entry of each log, the deal files and the clock decide. A program that runs every hour nearly
always finds nothing to do. What a run left behind stays as it is until a log grows, or a deal file or a key
changes. It also ends at the next moment at which time alone makes something due: the end of a day, or its
cut-off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from engine.basics.regular_files import bytes_in
from engine.market.methodology import known_versions, load_methodology
from engine.record.consistency import SLACK
from engine.terms.as_written import Deal, day_of, resolve
from engine.terms.contract_dates import cut_off_on
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Settled:
    """What a run that left nothing to do was decided by, and from when until when time alone changes nothing.

    Attributes:
        files: the hash over deal files and keys as they were before the run read them.
        logs: the hash over the heads of all logs as the run left them.
        since: when the run decided.
        until: the next moment that may make something due.
    """

    files: str
    logs: str
    since: datetime
    until: datetime

    def holds(self, workspace: Workspace, now: datetime) -> bool:
        """Return whether nothing can be due yet.

        It is False for a clock that was set back by more than clocks may differ: only a run refuses that.
        """
        return (
            self.since - SLACK <= now < self.until
            and files_there(workspace) == self.files
            and logs_there(workspace) == self.logs
        )


def settled(workspace: Workspace, files: str, since: datetime, until: datetime) -> Settled | None:
    """Return what a run that left nothing to do leaves behind, up to the next of its moments.

    Call it only while `alone`.

    None if others reach the record from elsewhere: what they record meanwhile no lock of this workspace keeps
    out.
    """
    if "://" in workspace.settings.database:
        return None
    return Settled(files, logs_there(workspace), since, until)


def files_there(workspace: Workspace) -> str:
    """Return one hash over the deal files, the registers beside them and the keys."""
    whole = sha256()
    for path in (*workspace.deal_files(), *sorted((workspace.root / "deals").glob("*.csv"))):
        whole.update(
            f"{path.name} {sha256(bytes_in(path)).hexdigest() if path.is_file() else None}\n".encode()
        )
    for path in sorted((workspace.root / "keys").glob("*")):
        # A private key is not read for this, so its time and size stand in for its bytes.
        whole.update(f"{path.name} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    return whole.hexdigest()


def logs_there(workspace: Workspace) -> str:
    """Return one hash over the heads of all logs."""
    with workspace.store.read() as reader:
        return sha256("\n".join(map(str, reader.heads())).encode()).hexdigest()


def next_moments(deals: Iterable[Deal], now: datetime) -> Iterator[datetime]:
    """Yield the next moments at which time alone can make something due.

    Such a moment is the end of a day in the zone of a deal or an administrator, or the cut-off of a day.
    """
    for zone in {load_methodology(version).zone for version in known_versions()}:
        yield _end_of_day(now, zone)
    for deal in deals:
        today = day_of(deal, now)
        terms = resolve(deal, today)
        yield _end_of_day(now, terms.time_zone)
        # A cut-off at the end of a day is the midnight after it, so yesterday's may still be to come.
        cut_offs = (cut_off_on(terms, day) for day in (today - timedelta(days=1), today))
        yield from (moment for moment in cut_offs if moment > now)


def _end_of_day(now: datetime, zone: str) -> datetime:
    """Return when the present day ends in a zone."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(day, time(), ZoneInfo(zone))
