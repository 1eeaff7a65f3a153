"""The reports of a deal that were received, the newest period first, with what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import fold
from engine.events.kinds import ReportReceived
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """A report that was received.

    It says its period, its receipt, by whom it was entered, how many figures it has, and which figures await
    confirmation.
    """

    name: str
    document: str
    period_start: date
    period_end: date
    received: date
    received_at: datetime | None
    entered_by: str
    figures: int
    held: tuple[tuple[str, str], ...]
    stands: bool


@dataclass(frozen=True, slots=True)
class ReportsReceived:
    """All reports of a deal that were received, and the deal's own facts that a page needs."""

    deal: str
    party: str
    zone: str
    illustrative: bool
    reports: tuple[ReceivedReport, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the reports as JSON."""
        rows = [
            {
                "name": report.name,
                "document": report.document,
                "period": {"from": str(report.period_start), "to": str(report.period_end)},
                "received": str(report.received),
                "figures": report.figures,
                "held": [name for name, _ in report.held],
                "stands": report.stands,
            }
            for report in self.reports
        ]
        return {"deal": self.deal, "reports": rows}


def reports_received(workspace: Workspace, deal: str) -> ReportsReceived:
    """Return the reports of a deal; none for a deal that was not run."""
    events = read(workspace.store, deal_log(deal))
    adopted = next(
        (event.payload for event in reversed(events) if isinstance(event.payload, DealAdopted)), None
    )
    standing = {report.name: report for report in fold(events).reports}
    reports = [
        ReceivedReport(
            event.payload.name,
            event.payload.document,
            event.payload.period_start,
            event.payload.period_end,
            event.payload.received,
            event.payload.received_at,
            event.actor,
            len(event.payload.figures) + len(event.payload.awaiting),
            tuple(standing[event.payload.name].held.items()) if event.payload.name in standing else (),
            event.payload.name in standing,
        )
        for event in events
        if isinstance(event.payload, ReportReceived)
    ]
    names = {party.role: party.name for party in adopted.parties} if adopted is not None else {}
    party = names.get("issuer") or names.get("borrower") or ""
    zone = adopted.time_zone if adopted is not None else "UTC"
    newest = tuple(sorted(reports, key=lambda one: (one.period_end, one.received), reverse=True))
    return ReportsReceived(deal, party, zone, adopted is not None and adopted.illustrative, newest)
