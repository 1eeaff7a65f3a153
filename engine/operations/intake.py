"""Take a servicer's reports into the record.

Each file is kept byte for byte as it came, and is read once. Many reports of a week are a single intake: a
deal's file is looked up by name once, and is read when a report needs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.basics.errors import InputProblems, Place, Problem, WrongUsage
from engine.basics.files import is_litter, write_whole
from engine.basics.received_files import NotReceived, is_leftover, read_received
from engine.determination.template import Template
from engine.evaluation.pledged_gpus import with_register
from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import Event, ReportReceived
from engine.operations.confirm import Confirmed, take_reply
from engine.operations.report_entry import (
    ReceiptProof,
    entered,
    proof_draft,
    report_draft,
    times_withdrawn,
)
from engine.record.log import Scribe, append, deal_log, imagined, read, refuse_not_going_on
from engine.servicer_report.asked_periods import out_of_place
from engine.servicer_report.confirmation_form import is_reply
from engine.servicer_report.read_report import ServicerReport, read_report
from engine.servicer_report.receipts import Receipt, receipt_of, with_receipt
from engine.servicer_report.received_file import ReceivedFile, may_be_report, no_report, open_report
from engine.terms.as_written import Deal, day_of, resolve, table_of_calendar
from engine.terms.source import Tree
from engine.workspace.calendar_tables import closings_recorded, tables_now
from engine.workspace.deals_by_name import DealsByName
from engine.workspace.kept_reports import layout_path, report_path
from engine.workspace.workspace import Workspace

JOURNAL = "refused-reports.jsonl"
"""The file of the workspace with a line for each refused report.

A line says who sent the report in, when, its hash, and why it was refused.
"""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report that can be taken into the record.

    It holds the deal, the file as it came, what the report says, and the warnings about it.
    """

    deal: Deal
    file: ReceivedFile
    report: ServicerReport
    warnings: tuple[Problem, ...]
    older: tuple[ReportReceived, ...] = ()
    """The reports on record before it, the newest first."""
    print: int = 1
    """Which print of the report it is: one more for each time that it was withdrawn."""
    standing: ReportReceived | None = None
    """The report of its name that is on record already."""

    def as_data(self) -> dict[str, Any]:
        """Return the report and its warnings as JSON."""
        return {
            "report": self.report.model_dump(mode="json"),
            "warnings": [problem.as_json() for problem in self.warnings],
        }

    @property
    def draft(self) -> Draft:
        """Return the event by which the report enters the log."""
        return report_draft(self.report, self.print)


@dataclass(frozen=True, slots=True)
class Taken:
    """One report that was taken; `recorded` is False if it was on record already."""

    report: ServicerReport
    warnings: tuple[Problem, ...]
    recorded: bool
    found: ReadReport | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the report and its warnings as JSON, and whether it is new on record."""
        warnings = [problem.as_json() for problem in self.warnings]
        return {
            "deal": self.report.deal,
            "recorded": self.recorded,
            "report": self.report.model_dump(mode="json"),
            "warnings": warnings,
        }


@dataclass(frozen=True, slots=True)
class TakenReply:
    """A reply to the questions about a report, and what it confirmed."""

    path: Path
    deal: str
    confirmed: Confirmed

    def as_data(self) -> dict[str, Any]:
        """Return what the reply confirmed, as JSON."""
        return {"deal": self.deal, **self.confirmed.as_data()}


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """One file that was not taken, and everything that is wrong with it."""

    path: Path
    problems: tuple[Problem, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the file and its problems as JSON."""
        return {
            "file": str(self.path),
            "recorded": False,
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass
class Intake:
    """One intake of any number of reports into a workspace.

    Attributes:
        workspace: the workspace; nobody else records in it meanwhile.
        templates: the covenant templates.
        scribe: who takes them, when.
        approved_by: the second person of a reply that confirms figures, if the deal asks for two.
        only: the one deal whose reports are taken; any unless given. A file of another deal is refused as one
            of no deal.
    """

    workspace: Workspace
    templates: Mapping[str, Template]
    scribe: Scribe
    approved_by: str | None = None
    only: str | None = None

    @cached_property
    def deals(self) -> DealsByName:
        """The workspace's deals, looked at once."""
        return DealsByName(self.workspace, self.templates)

    def bytes_of(self, path: Path) -> bytes:
        """Return the bytes of a report's file. Raises InputProblems for a name without its file."""
        try:
            return read_received(path)
        except NotReceived as refused:
            raise InputProblems([no_report(refused, str(path))]) from refused

    def read(self, data: bytes, file: str, received: date | str | None) -> ReadReport:
        """Return a report, read and judged by its deal's terms.

        It was received now, unless `received` gives a day, or a day with its hour.

        Raises:
            InputProblems: everything that is wrong with it.
        """
        return self._judged(self._opened(data, file), file, received)

    def _opened(self, data: bytes, file: str) -> ReceivedFile:
        """Return a file opened; it names its deal. Raises InputProblems."""
        opened, problems = open_report(data, file, self.workspace.settings.intake)
        if opened is None:
            raise InputProblems(problems)
        return opened

    def _judged(self, opened: ReceivedFile, file: str, received: date | str | None) -> ReadReport:
        """Return an opened report judged by its deal's terms. Raises InputProblems."""
        if self.only is not None and opened.deal != self.only:
            raise InputProblems(
                [
                    _unknown_deal(
                        file, f"here reports of {self.only} are taken, and the file names another deal"
                    )
                ]
            )
        deal = self.deals.find(opened.deal or "")
        # The receipt is known before the report is judged, because its day picks the terms.
        receipt = self._receipt(deal, received, file)
        # Read and folded once: nobody else records in the workspace until the report is taken.
        events = read(self.workspace.store, deal_log(deal.name))
        # A deal on record counts by the tables that its log names, and a new one by those of its first run.
        if not any(isinstance(event.payload, DealAdopted) for event in events):
            closings = closings_recorded(self.workspace)
            deal = replace(deal, calendars=tables_now(deal, closings, self.scribe.at))
        state = fold(events)
        terms, known = (
            # The terms of the day of receipt judge a report; an amendment after it does not.
            with_register(resolve(deal, receipt.received), state.registers, receipt.received),
            state.reports,
        )
        table = table_of_calendar(deal, terms.business_days)
        report, problems = read_report(
            opened, terms, receipt.received, table, {report.as_of for report in known}
        )
        if report is None:
            raise InputProblems(problems)
        report = with_receipt(report, receipt, self.scribe.at, known, terms)
        wrong = tuple(out_of_place(report, known, terms, opened.tree))
        if wrong:
            raise InputProblems([*problems, *wrong])
        report = entered(self.workspace, deal, events, state.acts, report, self.scribe, self.templates)
        newest_first = sorted(known, key=lambda earlier: (earlier.as_of, earlier.received), reverse=True)
        remarks, print_ = (
            (*problems, *_remarks(report, opened.tree)),
            times_withdrawn(events, report.name) + 1,
        )
        standing = next((earlier for earlier in known if earlier.name == report.name), None)
        return ReadReport(deal, opened, report, remarks, tuple(newest_first), print_, standing)

    def imagined(self, report: ReadReport) -> Event | None:
        """Return a report as the event that it would be if it were taken; None if it is on record already."""
        log = deal_log(report.deal.name)
        with self.workspace.store.read() as reader:
            known = reader.body(log, report.draft.key) is not None
        return None if known else imagined(report.draft, self.scribe, log)

    def _receipt(self, deal: Deal, received: date | str | None, file: str) -> Receipt:
        """Return when a report was received, by the clock of its deal's place.

        Raises InputProblems for a receipt that is to come.
        """
        try:
            return receipt_of(received, self.scribe.at, resolve(deal, day_of(deal, self.scribe.at)).time_zone)
        except WrongUsage as error:
            what, _, why = str(error).partition("; ")
            raise InputProblems(
                [Problem("R119", what, why, "give `--received` when it came in", Place(file))]
            ) from error

    def take(
        self, data: bytes, file: str, received: date | str | None = None, proof: ReceiptProof | None = None
    ) -> Taken:
        """Take a report into the record, and keep its file as it came.

        A proof shows the receipt of a report that otherwise counts from its entry.

        Raises:
            InputProblems: everything that is wrong with it.
        """
        return self._recorded(self.read(data, file, received), proof)

    def _recorded(self, report: ReadReport, proof: ReceiptProof | None) -> Taken:
        """Return a report that can be taken, kept and recorded."""
        log = deal_log(report.deal.name)
        standing = report.standing or report.report
        # A report on record is not recorded twice, but a proof of its receipt may still be added.
        drafts = [] if standing is not report.report else [report.draft]
        if proof is not None and standing.serves_from_keying:
            drafts.append(proof_draft(standing, proof, resolve(report.deal, standing.received).time_zone))
        # Otherwise a log that takes nothing would leave a file that no event received.
        if drafts:
            refuse_not_going_on(self.workspace.store, log, self.scribe.at)
        # The file comes before the event: a crash in between leaves no event without its file.
        self._keep(report)
        with self.workspace.store.begin() as writer:
            recorded = bool(append(writer, log, drafts, self.scribe))
        return Taken(report.report, report.warnings, recorded, report)

    def take_all(
        self, paths: Iterable[Path], received: date | str | None = None, proof: ReceiptProof | None = None
    ) -> Iterator[Taken | TakenReply | RefusedFile]:
        """Take each file into the record, and yield what came of each.

        The files of a folder come in the order of their names. A refused file stops no other, and leaves a
        line in the journal.
        """
        for path in files_of(paths):
            data = b""
            try:
                data = self.bytes_of(path)
                opened = self._opened(data, str(path))
                yield (
                    self._reply(opened, path)
                    if is_reply(opened)
                    else self._recorded(self._judged(opened, str(path), received), proof)
                )
            except InputProblems as refused:
                # The record holds only reports that were taken, so the journal is what shows that one was
                # sent.
                self.journal(path, data, refused.problems)
                yield RefusedFile(path, tuple(refused.problems))
            except WrongUsage as refused:
                problem = _unknown_deal(str(path), str(refused))
                self.journal(path, data, [problem])
                yield RefusedFile(path, (problem,))

    def _reply(self, opened: ReceivedFile, path: Path) -> TakenReply:
        """Take the reply to the questions about a report. Raises InputProblems if it cannot be taken."""
        deal = self.deals.find(opened.deal or "")
        try:
            return TakenReply(
                path, deal.name, take_reply(self.workspace, deal, opened, self.approved_by, self.scribe)
            )
        except WrongUsage as refused:
            what, _, fix = str(refused).partition("; ")
            raise InputProblems(
                [Problem("R163", what, "a reply confirms what a report holds", fix, Place(str(path)))]
            ) from refused

    def journal(self, path: Path, data: bytes, problems: Iterable[Problem]) -> None:
        """Add a line to the journal of refused files."""
        line = {
            "at": self.scribe.at.isoformat(timespec="seconds"),
            "by": self.scribe.actor,
            "file": path.name,
            "sha256": sha256(data).hexdigest(),
            "problems": [
                problem.as_json() | {"file": path.name}
                for problem in problems
                # A warning refuses nothing, so it does not stand among the reasons of a refusal.
                if not problem.code.startswith("RW")
            ],
        }
        with (self.workspace.root / JOURNAL).open("a", encoding="utf-8") as journal:
            # ASCII alone, so that a name in a refused file cannot act on the terminal that shows the journal.
            journal.write(json.dumps(line, ensure_ascii=True) + "\n")

    def _keep(self, reading: ReadReport) -> None:
        """Keep the file byte for byte, and the sender's layout by which it was read."""
        report = reading.report
        place = report_path(self.workspace, report.deal, report.period_end, report.sha256, report.document)
        # The settings may change later; the report is read again by the layout of its own time.
        if reading.file.layout is not None:
            write_whole(layout_path(self.workspace, report.sha256), reading.file.layout.as_kept())
        # The path has digits of the file's hash, so what lies there is the same file.
        if not place.exists():
            write_whole(place, reading.file.data)


def _unknown_deal(file: str, why: str) -> Problem:
    return Problem(
        "R106",
        "the report's deal is not in this workspace",
        why,
        "correct `deal`, or add the deal's file",
        Place(file),
    )


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each file that is named, and those of each folder that may be reports, by name.

    Raises WrongUsage without one.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if _may_be_taken(file))
        elif path.is_file():
            yield path
        else:
            raise WrongUsage(f"no such file: {path}")


def passed_over(paths: Iterable[Path]) -> list[Path]:
    """Return what the folders that are named hold besides reports: other files and folders."""
    return [
        one
        for path in paths
        if path.is_dir()
        for one in sorted(path.iterdir())
        if not _may_be_taken(one) and not is_litter(one.name)
    ]


def _may_be_taken(path: Path) -> bool:
    return may_be_report(path.name) and not is_leftover(path)


def _remarks(report: ServicerReport, tree: Tree) -> Iterator[Problem]:
    """Report what is worth saying of a report that is taken: what is held, and from when it counts."""
    for name, why in report.held.items():
        confirm = f"headroom confirm {report.deal} {report.period_end} --figure {name} --words 'WHY'"
        fix = f"it is held until `{confirm}`"
        yield Problem("RW04", f"`{name}` awaits confirmation", why, fix, tree.place(tuple(name.split("."))))
    if report.why_from_keying is not None:
        fix = "give `--document` that shows the receipt, `--prepared-by` and `--approved-by`"
        yield Problem(
            "RW03",
            "the report counts from its entry, not from its receipt",
            report.why_from_keying,
            fix,
            tree.place(("period",)),
        )
