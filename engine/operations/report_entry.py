"""The events by which a report enters the record (`rulings.md` 53)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.received_files import read_received
from engine.determination.template import Template
from engine.evaluation.late_entry import why_from_keying
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Event, as_received
from engine.events.reports import ReportFacts
from engine.events.servicing import ReceiptShown
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, deal_log, imagined
from engine.servicer_report.read_report import ServicerReport
from engine.terms.as_written import Deal
from engine.workspace.series import prints_of, series_by_index
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """The document that shows when a report was received, and the two persons who stand behind it."""

    document: str
    sha256: str
    prepared_by: str
    approved_by: str


def proof_of(document: Path | None, prepared_by: str | None, approved_by: str | None) -> ReceiptProof | None:
    """Return the proof of a receipt; None if none is given.

    Raises WrongUsage if it lacks its document or its two persons.
    """
    if document is None and prepared_by is None and approved_by is None:
        return None
    if document is None or prepared_by is None or approved_by is None or prepared_by == approved_by:
        raise WrongUsage("a late entry needs --document, --prepared-by and --approved-by, two persons")
    return ReceiptProof(document.name, sha256_hex(read_received(document)), prepared_by, approved_by)


def entered(
    workspace: Workspace,
    deal: Deal,
    events: Sequence[Event],
    acts: Sequence[ActRecorded],
    report: ServicerReport,
    scribe: Scribe,
    templates: Mapping[str, Template],
) -> ServicerReport:
    """Return the report as it is recorded.

    A report that is entered too late counts from its entry, not from its receipt, and says why.
    """
    # A deal that was never run has no determined date, so no report is late for one.
    if not events:
        return report
    further = imagined(report_draft(report), scribe, deal_log(deal.name))
    last = max(event.effective_on for event in events)
    series = series_by_index(prints_of(workspace), deal, last, acts, scribe.at)
    why = why_from_keying(deal, events, further, report, series, templates)
    return (
        report
        if why is None
        else report.model_copy(update={"serves_from_keying": True, "why_from_keying": why})
    )


def report_draft(report: ServicerReport, print_: int = 1) -> Draft:
    """Return the event that a report is."""
    return Draft(
        kind="report received",
        subject=report.name,
        effective_on=report.received,
        payload=as_received(report),
        print=print_,
        inputs=(report.sha256,),
    )


def proof_draft(report: ReportFacts, proof: ReceiptProof, zone: str) -> Draft:
    """Return the event that shows a report's receipt."""
    shown = ReceiptShown(
        report=report.name,
        received_at=report.model_copy(update={"serves_from_keying": False}).counts_from(zone),
        document=proof.document,
        sha256=proof.sha256,
        prepared_by=proof.prepared_by,
        approved_by=proof.approved_by,
    )
    return Draft(
        kind="receipt shown",
        subject=report.name,
        effective_on=report.received,
        payload=shown,
        inputs=(proof.sha256,),
    )


def times_withdrawn(events: Sequence[Event], name: str) -> int:
    """Return how often a report of a name has been withdrawn: so many prints of it stand no more."""
    named = (
        event.payload
        for event in events
        if event.kind == "act recorded" and event.payload.act == "report withdrawn"
    )
    return sum(act.details.get("names") == name for act in named)
