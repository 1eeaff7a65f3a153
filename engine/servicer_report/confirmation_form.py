"""A form that asks whether held figures are right, and its reply.

Each figure has its question, and a cell for why it is right. A reply changes no figure. A figure that is
wrong is corrected by a report that says `corrects` (`rulings.md` 53, 57).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from engine.basics.errors import Problem, WrongUsage
from engine.basics.inert import inert
from engine.basics.values import Figure, trimmed
from engine.events.kinds import ReportReceived
from engine.servicer_report.received_file import ReceivedFile
from engine.terms.source import Path

COLUMNS = ("figure", "value", "question", "confirmed because")
WIDTHS = (44, 24, 60, 60)
HEADER = ("deal", "confirms", "confirmed_by", "form")
"""The rows of the form that name the deal, the report, the person and the form itself."""
BECAUSE = "because"
"""The key under which a figure of a reply has its words."""


@dataclass(frozen=True, slots=True)
class ConfirmationForm:
    """The questions about one report: each held figure with what was reported and why it is doubted."""

    deal: str
    report: str
    report_sha256: str
    year: int
    questions: tuple[tuple[str, str, str], ...]
    """The name, the reported value and the question of each figure."""

    @property
    def identity(self) -> str:
        """The text that tells the form from every other: deal, report, the report's hash, and a checksum."""
        return confirmation_identity(self.deal, self.report, self.report_sha256)


@dataclass(frozen=True, slots=True)
class ConfirmationReply:
    """What a person confirms of one report: by figure, the reported value and why it is right."""

    deal: str
    report: str
    confirmed_by: str
    form: str | None
    values: Mapping[str, str]
    words: Mapping[str, str]


def confirmation_identity(deal: str, report: str, report_sha256: str) -> str:
    """Return the identity of the form that asks about a report."""
    said = f"{deal}|{report}|{report_sha256[:16]}"
    return f"{said}|{sha256(said.encode()).hexdigest()[:8]}"


def as_asked(figure: Figure) -> str:
    """Return a figure as a cell of the form holds it, without commas.

    A spreadsheet of another country would read a comma as a decimal mark.
    """
    return trimmed(figure).replace(",", "")


def as_reported(report: ReportReceived) -> Mapping[str, Figure]:
    """Return every figure of a report as it came, with those that await confirmation."""
    return {**report.figures, **report.awaiting}


def confirmation_form(deal: str, report: ReportReceived) -> ConfirmationForm:
    """Return the form that asks about a report's held figures.

    Raises WrongUsage if no figure of the report is held.
    """
    if not report.held:
        raise WrongUsage(f"nothing of {report.name} is held, so there is nothing to ask")
    figures = as_reported(report)
    questions = tuple((name, as_asked(figures[name]), why) for name, why in report.held.items())
    return ConfirmationForm(deal, report.name, report.sha256, report.period_end.year, questions)


def _head(form: ConfirmationForm) -> Iterator[tuple[str, str]]:
    yield from zip(HEADER, (form.deal, form.report, "", form.identity), strict=True)


def confirmation_csv(form: ConfirmationForm) -> str:
    """Return the form as CSV."""
    into = io.StringIO(newline="")
    writer = csv.writer(into, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_head(form))
    writer.writerows([name, value, question, ""] for name, value, question in form.questions)
    return into.getvalue()


def confirmation_workbook(form: ConfirmationForm) -> bytes:
    """Return the form as .xlsx: the same bytes each time. Only the name and the answers can be typed."""
    import xlsxwriter

    into = io.BytesIO()
    book = xlsxwriter.Workbook(into, {"in_memory": True})
    book.set_properties(
        {"title": f"Questions about {form.report} of {form.deal}", "created": datetime(form.year, 1, 1)}
    )
    book.set_custom_property("headroom-form", form.identity)
    sheet = book.add_worksheet("Questions")
    sheet.protect("", {"select_locked_cells": True, "format_columns": True})
    bold, words = (
        book.add_format({"bold": True, "bottom": 1}),
        book.add_format({"locked": False, "bg_color": "#FFF7D6"}),
    )
    sheet.write_row(0, 0, COLUMNS, bold)
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    for place, (name, value) in enumerate(_head(form), start=1):
        sheet.write_string(place, 0, name)
        sheet.write_string(place, 1, value, words if name == "confirmed_by" else None)
    for place, question in enumerate(form.questions, start=1 + len(HEADER)):
        for column, text in enumerate(question):
            sheet.write_string(place, column, text)
        sheet.write_blank(place, len(question), None, words)
    sheet.freeze_panes(1, 1)
    book.close()
    return into.getvalue()


def is_reply(file: ReceivedFile) -> bool:
    """Return whether a file that came in is the reply to such a form: it says which report it confirms."""
    return file.tree.get(("confirms",)) is not None


def reply_in(file: ReceivedFile) -> tuple[ConfirmationReply | None, list[Problem]]:
    """Return the reply in a file, or None and everything that is wrong with it.

    Args:
        file: the file as it came, opened; it names its deal.
    """
    tree, problems = file.tree, [*file.remarks]
    said = {name: str(tree.get((name,)) or "").strip() for name in HEADER}
    if not said["confirmed_by"]:
        why, fix = (
            "a confirmation has the name of the person who gives it",
            "write your name beside `confirmed_by`",
        )
        problems.append(Problem("R160", "nobody is named as confirming", why, fix, tree.place(())))
    values: dict[str, str] = {}
    words: dict[str, str] = {}
    for name, value, because in _answers(tree.data, ()):
        if isinstance(because, str) and because.strip():
            values[name], words[name] = str(value), inert(because.strip())
    if not words:
        why, fix = (
            "a figure without a reason stays held",
            "write beside a figure why it is right, in the column `confirmed because`",
        )
        problems.append(Problem("R161", "the reply confirms no figure", why, fix, tree.place(())))
    if any(not problem.code.startswith("RW") for problem in problems):
        return None, problems
    reply = ConfirmationReply(
        said["deal"], said["confirms"], inert(said["confirmed_by"]), said["form"] or None, values, words
    )
    return reply, problems


def _answers(data: Any, path: Path) -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted name, value, words) for each figure of a reply."""
    for key, value in data.items() if isinstance(data, dict) else ():
        at = (*path, key)
        if not path and key in HEADER:
            continue
        name = ".".join(str(step) for step in at)
        if isinstance(value, dict) and "value" in value:
            yield name, value["value"], value.get(BECAUSE)
        elif isinstance(value, dict):
            yield from _answers(value, at)
        else:
            yield name, value, None


def report_named(name: str, reports: Sequence[ReportReceived]) -> ReportReceived:
    """Return the report that a name means: its whole name, its document, or its period's last day.

    Raises WrongUsage if it means none, or more than one.
    """
    meant = [report for report in reports if name in (report.name, report.document, str(report.period_end))]
    held = [report for report in meant if report.held]
    if len(meant) == 1 or len(held) == 1:
        return held[0] if held else meant[0]
    there = (
        ", ".join(f"`{report.name}`" for report in (meant or [report for report in reports if report.held]))
        or "none"
    )
    raise WrongUsage(
        f"`{name}` names {'several reports' if meant else 'no report on record'}; there are {there}"
    )
