"""`headroom audit-report`: what was found of a deal's record, on a terminal or as a page to be signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.audit.audit_report import AuditReport
from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.cli.output import print_json, say, table

Page = Callable[[Any, datetime], bytes]


def show_audit(report: AuditReport, into: Path | None, page: Page, as_json: bool) -> int:
    """Print the report, or write it as a PDF; 3 if the record differs.

    Raises WrongUsage for another ending.
    """
    if into is not None and into.suffix != ".pdf":
        raise WrongUsage(f"{into}: an audit report is written as .pdf; give --into a name that ends so")
    if into is not None:
        write_whole(into, page(report.as_data(), report.made_at))
    if as_json:
        print_json(report.as_data())
    elif into is not None:
        say(f"{into}: {report.deal}, {report.since} to {report.until}; to be signed by the auditor")
    else:
        _say(report)
    return 0 if report.clean else 3


def _say(report: AuditReport) -> None:
    verdict = "the record holds" if report.clean else "the record DIFFERS"
    say(f"{report.deal}, {report.since} to {report.until}: {verdict}. {report.replayed}")
    say(report.keys_from)
    for step, difference in report.verified:
        say(f"{'DIFFERS' if difference else 'holds  '} {step}" + (f": {difference}" if difference else ""))
    rows = [
        (str(row.number), row.kind, str(row.on), row.outcome, "; ".join(row.steps.values()))
        for row in report.notices
    ]
    say()
    say(table(("no.", "notice", "of", "outcome", "steps"), rows, right=(0,)))
    for heading, lines in (
        ("Corrections", report.corrections),
        ("On a person's word", report.on_a_word),
        ("Exceptions", report.exceptions),
    ):
        say()
        say(f"{heading}: {len(lines) or 'none'}")
        for line in lines:
            say(f"  {line.seq}  {line.on}  {line.what}")
    say()
    say("Not checked")
    for n, (sentence, source) in enumerate(report.not_checked, 1):
        say(f"  {n}. {sentence} ({source})")
