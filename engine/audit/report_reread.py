"""A report read again from the file that was kept, by the terms and the sender's layout of its day."""

from __future__ import annotations

from engine.events.kinds import ReportReceived
from engine.servicer_report.read_report import ServicerReport, read_report
from engine.servicer_report.received_file import reopen
from engine.terms.in_force import TermsInForce
from engine.workspace.kept_reports import kept_layout
from engine.workspace.workspace import Workspace


def read_again(workspace: Workspace, deal: str, recorded: ReportReceived, terms: TermsInForce) -> tuple[ServicerReport | None, str]:
    """The report that was recorded, from its file; None and the reason where the file is gone or cannot be read."""
    folder = workspace.root / "reports" / deal
    kept = sorted(folder.glob(f"{recorded.period_end}-{recorded.sha256[:16]}*")) if folder.is_dir() else []
    if not kept:
        return None, f"the report {recorded.sha256[:16]} is not in reports/{deal}"
    opened, problems = reopen(kept[0].read_bytes(), recorded.document, kept_layout(workspace, recorded.sha256))
    report, problems = (None, problems) if opened is None else read_report(opened, terms, recorded.received)
    return report, "" if report is not None else f"the report cannot be read again: {problems[0].what}"
