"""A report read again from the file that was kept, by the terms and the sender's layout of its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from engine.basics.errors import VerificationFailed
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template
from engine.evaluation.late_entry import why_from_keying
from engine.evaluation.pledged_gpus import with_register
from engine.events.kinds import Event, ReportReceived, as_received
from engine.events.log_names import subject_of_log
from engine.events.rates import Published
from engine.events.running_state import Past
from engine.events.servicing import RegisterChanged
from engine.servicer_report.read_report import ServicerReport, read_report
from engine.servicer_report.receipts import Receipt, with_receipt
from engine.servicer_report.received_file import reopen
from engine.terms.as_written import Deal, resolve, table_of_calendar
from engine.workspace.kept_reports import kept_layout
from engine.workspace.registers import as_read, register_path
from engine.workspace.workspace import Workspace


@dataclass(frozen=True)
class Known:
    """What was known when a report was entered: the log before it, the deal, what had been published."""

    before: Past
    deal: Deal
    series: Mapping[str, tuple[Published, ...]]
    templates: Mapping[str, Template]


def register_again(workspace: Workspace, deal: Deal, recorded: RegisterChanged) -> RegisterChanged:
    """Return a register as it reads again from the bytes that were kept.

    Raises:
        VerificationFailed: they are gone.
        BadRegister: they cannot be read.
    """
    path = register_path(workspace, recorded.sha256)
    if not path.is_file():
        raise VerificationFailed(f"the register {recorded.sha256[:16]} is not in deals/registers")
    return as_read(deal, recorded.file, bytes_in(path))[0]


def read_again(
    workspace: Workspace, event: Event, recorded: ReportReceived, known: Known
) -> tuple[ServicerReport | None, str]:
    """Return the recorded report, read again from its file.

    If the file is gone or cannot be read, the result is None and the reason. The time of receipt is a
    person's word and is taken as recorded. What follows from it comes out again.
    """
    deal = subject_of_log(event.log)
    folder = workspace.root / "reports" / deal
    kept = sorted(folder.glob(f"{recorded.period_end}-{recorded.sha256[:16]}*")) if folder.is_dir() else []
    if not kept:
        return None, f"the report {recorded.sha256[:16]} is not in reports/{deal}"
    terms = with_register(
        resolve(known.deal, recorded.received), known.before.state.registers, recorded.received
    )
    layout = kept_layout(workspace, recorded.sha256)
    try:
        opened, problems = reopen(bytes_in(kept[0]), recorded.document, layout, recorded.warnings)
    except ValidationError as error:
        (first, *_) = error.errors()
        place = ".".join(map(str, first["loc"])) or "the file"
        return (
            None,
            f"the layout in layouts/{recorded.sha256[:16]}.json cannot be read: {place}: {first['msg']}",
        )
    table = table_of_calendar(known.deal, terms.business_days)
    report, problems = (
        (None, problems) if opened is None else read_report(opened, terms, recorded.received, table)
    )
    if report is None:
        return None, f"the report cannot be read again: {problems[0].what}"
    receipt = Receipt(recorded.received, recorded.received_at)
    # With the time of recording and not of today, for lateness is judged as it was then.
    report = with_receipt(report, receipt, event.recorded_at, known.before.state.reports, terms)
    further = event.model_copy(update={"payload": as_received(report)})
    why = why_from_keying(known.deal, known.before.events, further, report, known.series, known.templates)
    late = {"serves_from_keying": True, "why_from_keying": why}
    return (report if why is None else report.model_copy(update=late)), ""
