"""What a deal's next report must say, from the deal's own tests.

There is the form of a period, and the list of what a report lacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.values import Figure, Unit, listed
from engine.determination.measure_inputs import Reported
from engine.determination.template import Template
from engine.evaluation.figures_needed import figures_needed
from engine.events.deal_state import fold
from engine.events.kinds import ReportReceived
from engine.events.reports import ReportFacts
from engine.events.results import Source
from engine.record.log import deal_log, read
from engine.servicer_report.confirmation_form import (
    ConfirmationForm,
    confirmation_csv,
    confirmation_form,
    confirmation_workbook,
    report_named,
)
from engine.servicer_report.report_form import FormRow, ReportForm, as_csv, as_workbook, as_yaml
from engine.terms.as_written import Deal, calendar_on, resolve
from engine.terms.contract_dates import (
    counted_from,
    date_of_period,
    month_end,
    next_determination_date,
    period_ends,
    period_of,
    period_start,
)
from engine.workspace.workspace import Workspace

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LackingFigure:
    """A figure that a report lacks, the tests that will be NOT DETERMINED for it, and on which date."""

    name: str
    tests: tuple[str, ...]
    on: date

    def as_data(self) -> dict[str, Any]:
        """Return the figure, its tests and the date as JSON."""
        return {"figure": self.name, "tests": list(self.tests), "not_determined_on": str(self.on)}

    def __str__(self) -> str:
        """In one sentence."""
        plural = "will be" if len(self.tests) == 1 else "will each be"
        return f"the report lacks `{self.name}`: {listed(self.tests)} {plural} NOT DETERMINED on {self.on}"


def form_of(workspace: Workspace, deal: Deal, templates: Mapping[str, Template], period: str) -> ReportForm:
    """Return the form of one period's report.

    Raises WrongUsage if the deal asks for no report of such a period.
    """
    start, end = _period(deal, period)
    terms = resolve(deal, end)
    events = read(workspace.store, deal_log(deal.name))
    reports = [
        event.payload
        for event in events
        if isinstance(event.payload, ReportReceived) and event.payload.period_end < end
    ]
    last: Mapping[str, Figure] = (
        # Of two reports of one period, the one received later corrects or completes the other (`rulings.md`
        # 53).
        max(reports, key=lambda report: (report.period_end, report.received)).figures if reports else {}
    )
    calendar, rule = calendar_on(deal, end), terms.servicer_reports
    # The tests of the date that the report serves decide what it must say, and not those of the period.
    determined = date_of_period(terms, calendar, end)
    due = counted_from(rule.due, determined, calendar) if rule is not None else None
    rows = tuple(
        FormRow(
            one.name,
            one.unit or Unit.COUNT,
            ", ".join(one.cites),
            last.get(one.name),
            ", ".join(one.needed_by),
        )
        for one in figures_needed(terms, templates, determined)
    )
    return ReportForm(deal.name, start, end, deal.sha256, due, rows)


def next_period(workspace: Workspace, deal: Deal, on: date) -> str | None:
    """Return the period whose report is asked for next, as `form_of` takes it.

    None if the deal asks for none, or has come to its end.
    """
    # A deal has terms from its Closing Date on, and somebody may ask before that date.
    rule = resolve(deal, max(on, deal.closing_date)).servicer_reports
    if rule is None:
        return None
    reports = [
        event.payload
        for event in read(workspace.store, deal_log(deal.name))
        if isinstance(event.payload, ReportReceived)
    ]
    last = max((report.period_end for report in reports), default=None)
    # A deal without any report begins with the period that ended last, since older ones serve no date.
    newest = period_ends(rule, on)[0]
    if rule.every != "week":
        return f"{newest if last is None else period_of(rule, last + timedelta(days=1))[1]:%Y-%m}"
    return str(newest if last is None else last + WEEK)


@dataclass(frozen=True, slots=True)
class FormFile:
    """A form as a file: its bytes, and what it asks for by when."""

    data: bytes
    deal: str
    start: date
    end: date
    due: date | None
    figures: tuple[str, ...]


def form_as_file(form: ReportForm, ending: str) -> FormFile:
    """Return a form by the ending of its file. Raises WrongUsage for an ending that no form has."""
    text = {".csv": as_csv, ".yaml": as_yaml}
    if ending != ".xlsx" and ending not in text:
        raise WrongUsage(f"a form is .xlsx, .csv or .yaml, not `{ending}`")
    data = as_workbook(form) if ending == ".xlsx" else text[ending](form).encode()
    return FormFile(data, form.deal, form.start, form.end, form.due, tuple(row.name for row in form.rows))


def form_of_questions(workspace: Workspace, deal: str, report: str) -> ConfirmationForm:
    """Return the form that asks about a report's held figures.

    Raises WrongUsage if no such report stands, or nothing of it is held.
    """
    return confirmation_form(deal, report_named(report, fold(read(workspace.store, deal_log(deal))).reports))


@dataclass(frozen=True, slots=True)
class QuestionsFile:
    """A form of questions as a file.

    It holds its bytes, and each figure with what was reported and why it is doubted.
    """

    data: bytes
    deal: str
    report: str
    questions: tuple[tuple[str, str, str], ...]

    def as_data(self) -> dict[str, Any]:
        """Return the questions as JSON: `deal`, `report`, `questions`."""
        asked = [
            {"figure": name, "value": value, "question": question} for name, value, question in self.questions
        ]
        return {"deal": self.deal, "report": self.report, "questions": asked}


def questions_as_file(form: ConfirmationForm, ending: str) -> QuestionsFile:
    """Return a form of questions by the ending of its file.

    Raises WrongUsage for an ending that no such form has.
    """
    if ending not in (".xlsx", ".csv"):
        raise WrongUsage(f"a form of questions is .xlsx or .csv, not `{ending}`")
    data = confirmation_workbook(form) if ending == ".xlsx" else confirmation_csv(form).encode()
    return QuestionsFile(data, form.deal, form.report, form.questions)


def lacking(
    report: ReportFacts, older: Sequence[ReportFacts], deal: Deal, templates: Mapping[str, Template]
) -> tuple[LackingFigure, ...]:
    """Return the figures that a report lacks, each with the tests that need it.

    Those tests will be NOT DETERMINED on the first date that the report serves.

    Args:
        report: the report that came in.
        older: the reports before it, newest first.
        deal: its deal.
        templates: the covenant templates.
    """
    terms = resolve(deal, report.received)
    if terms.servicer_reports is None:
        return ()
    calendar = calendar_on(deal, report.received)
    # A report received on a Determination Date serves that date (`rulings.md` 26), so the search begins a day
    # earlier.
    on = next_determination_date(terms, calendar, report.received - timedelta(days=1))
    if terms.determination_dates.on_delivery:
        on = max(report.delivered_on, date_of_period(terms, calendar, report.period_end))
    before = tuple(
        Reported(one.figures, Source(kind="servicer report", text=one.document, as_of=one.as_of), one.given)
        for one in older
    )
    # An older report may still serve a figure that this one leaves out, and then nothing lacks.
    needed = figures_needed(terms, templates, on, report.figures, before)
    return tuple(LackingFigure(one.name, one.needed_by, on) for one in needed)


def _period(deal: Deal, period: str) -> tuple[date, date]:
    """Return the first and the last day of a period: `2026-03`, or the last day of a week."""
    month = re.fullmatch(r"(\d{4})-(\d{2})", period)
    try:
        end = month_end(date(int(month[1]), int(month[2]), 1)) if month else date.fromisoformat(period)
    except ValueError:
        raise WrongUsage(
            f"`{period}` is not a period; write it like 2026-03, or the last day of a week like 2026-03-04"
        ) from None
    rule = resolve(deal, max(end, deal.closing_date)).servicer_reports
    if rule is None:
        raise WrongUsage(f"{deal.name} asks for no servicer's reports")
    # A month and a day are told apart, because a day inside a month would name a period that does not exist.
    if (rule.every != "week") != (month is not None):
        example = "2026-03" if rule.every != "week" else "the last day of a week, like 2026-03-04"
        raise WrongUsage(f"{deal.name} is reported on every {rule.every}; write its period as {example}")
    due = period_ends(rule, end + timedelta(days=1))
    if end not in due:
        raise WrongUsage(
            f"no period of {deal.name} ends on {end}; the one before ends on {due[0]}, the next on "
            f"{due[0] + WEEK}"
        )
    return period_start(rule, end), end
