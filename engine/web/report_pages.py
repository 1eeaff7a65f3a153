"""The pages of servicer reports.

They hold the form of a period, and a preview of a file before it is sent. They hold questions about figures,
and what a report would change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import InputProblems, Problem, WrongUsage
from engine.basics.inert import inert
from engine.basics.values import Figure
from engine.operations.intake import Intake, ReadReport
from engine.queries.preview import of_event
from engine.queries.report_forms import form_as_file, form_of, lacking, next_period
from engine.queries.reports_received import reports_received
from engine.web.attempts import UPLOADS
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.protection import MEGABYTE
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.waiting import State, Waiting, asked_for, move, prepare, waiting_of

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
SHOWN = 60
FORMS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "yaml": "text/plain; charset=utf-8",
}
SEEN: tuple[State, ...] = ("read", "sent", "sent back")


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of a report beside the last one of its name."""

    name: str
    last: Figure | None
    now: Figure
    held: str


def intake_of(visit: Visit, deal: str) -> Intake:
    """Return an intake that takes reports of one deal and of no other, under the account of whoever asks."""
    return Intake(visit.desk.workspace, visit.desk.templates, visit.scribe(), only=deal)


def name_of(file: str | None) -> str:
    """Return the name of a file that was sent, without folders, on one line."""
    # A name may come as a whole path of Windows, which a POSIX path would take for one long name.
    return inert(PurePosixPath((file or "").replace("\\", "/")).name)[:120] or "report"


@routes.get("/deals/{deal}/reports")
@needs(Right.SEE, reads="reports")
def reports(visit: AtVisit, deal: str) -> Response:
    """Show what was sent, what waits, and the way to send more."""
    return _list(visit, deal)


def _list(
    visit: Visit, deal: str, status: int = 200, problems: tuple[Problem, ...] = (), file: str = ""
) -> Response:
    desk, today = visit.desk, visit.now.date()
    received = reports_received(desk.workspace, deal)
    mine = waiting_of(desk.database, [deal], "report", SEEN)
    servicer = visit.may(Right.ACT, deal)
    period = (
        next_period(desk.workspace, desk.deal_terms(deal), today) if visit.may(Right.REPORT, deal) else None
    )
    return page(
        visit,
        "reports.html.j2",
        status=status,
        nav="week",
        rows=received.reports[:SHOWN],
        waiting=[
            waiting
            for waiting in mine
            if waiting.prepared_by == visit.who.number or (servicer and waiting.state != "read")
        ],
        period=period,
        asked={
            str(waiting.body["report"]) for waiting in waiting_of(desk.database, [deal], "confirm", ("sent",))
        },
        problems=problems,
        file=file,
        party=received.party,
        zone=received.zone,
        illustrative=desk.demonstration or received.illustrative,
    )


@routes.get("/deals/{deal}/report-form")
@needs(Right.REPORT)
def report_form(visit: AtVisit, deal: str, period: str = "", form: str = "xlsx") -> Response:
    """Send the form of a period, to be filled in."""
    desk = visit.desk
    if form not in FORMS:
        raise NotThere
    made = form_as_file(
        form_of(desk.workspace, desk.deal_terms(deal), desk.templates, period[:20]), f".{form}"
    )
    headers = {"Content-Disposition": f'attachment; filename="{deal}-{made.end}.{form}"'}
    return Response(made.data, media_type=FORMS[form], headers=headers)


@routes.post("/deals/{deal}/reports")
@needs(Right.REPORT, takes_file=True)
def read_report(visit: AtVisit, deal: str) -> Response:
    """Read a file that was sent; nothing is recorded, and what is wrong with it is said at once."""
    desk, sent = visit.desk, visit.file("file")
    if not desk.attempts.allowed(UPLOADS, "upload", str(visit.who.number)):
        raise TooMuch("too many files from one person; wait a minute", 429)
    if sent is None:
        raise WrongUsage("choose a file first")
    most = desk.settings.upload_megabytes * MEGABYTE
    # One byte more than allowed tells that a file is too long, without holding all of it in memory.
    data, name = sent.file.read(most + 1), name_of(sent.filename)
    if len(data) > most:
        raise TooMuch(f"a file has at most {desk.settings.upload_megabytes} MB", 413)
    desk_intake = intake_of(visit, deal)
    try:
        # The file is read for its problems only. Each page reads the file again, against the log of its
        # moment.
        desk_intake.read(data, name, None)
    except InputProblems as refused:
        desk_intake.journal(desk.workspace.root / name, data, refused.problems)
        return _list(
            visit,
            deal,
            422,
            tuple(sorted(refused.problems, key=lambda problem: (problem.place, problem.code))),
            name,
        )
    body = {"file": name, "sha256": hashlib.sha256(data).hexdigest()}
    number = prepare(desk.database, deal, "report", visit.who.number, visit.now, desk.size(deal), body, data)
    return RedirectResponse(f"/deals/{deal}/reports/{number}", 303)


def _waiting(visit: Visit, deal: str, number: str) -> Waiting:
    """Return a report that waits, for its sender or for who takes it.

    Raises NotThere for anybody else, and for one that is done with.
    """
    waiting = asked_for(visit, deal, number, report=True)
    if waiting.state not in SEEN or waiting.file is None:
        raise NotThere
    # A file that its sender has read and not sent is the sender's own.
    if waiting.prepared_by != visit.who.number and not (
        visit.may(Right.ACT, deal) and waiting.state != "read"
    ):
        raise NotThere
    return waiting


@routes.get("/deals/{deal}/reports/{number}")
@needs(Right.REPORT, reads="report")
def report(visit: AtVisit, deal: str, number: str) -> Response:
    """Show a file as it was read: its figures beside the last ones, its questions, what would change."""
    return _shown(visit, deal, _waiting(visit, deal, number))


def _shown(visit: Visit, deal: str, waiting: Waiting, status: int = 200, notice: str = "") -> Response:
    desk = visit.desk
    reading, event = _read(visit, deal, waiting)
    reached = [] if event is None else of_event(desk.workspace, reading.deal, event, desk.templates)
    return page(
        visit,
        "report.html.j2",
        status=status,
        nav="week",
        one=waiting,
        report=reading.report,
        rows=_figures(reading),
        remarks=[each for each in reading.warnings if each.code != "RW04"],
        lacks=lacking(reading.report, reading.older, reading.deal, desk.templates),
        reached=reached,
        known=event is None,
        entries=desk.size(deal),
        servicer=visit.may(Right.ACT, deal),
        notice=notice,
        zone=reports_received(desk.workspace, deal).zone,
        illustrative=True,
    )


def _read(visit: Visit, deal: str, waiting: Waiting) -> tuple[ReadReport, Any]:
    """Return the file read again, with its receipt as of its arrival, and the event that it would be."""
    desk_intake = intake_of(visit, deal)
    found = desk_intake.read(
        waiting.file or b"", str(waiting.body["file"]), _arrival(visit, deal, waiting.at)
    )
    return found, desk_intake.imagined(found)


def _arrival(visit: Visit, deal: str, at: datetime) -> str:
    """Return when a file arrived, where the deal is: its receipt counts from then (`rulings.md` 57)."""
    zone = reports_received(visit.desk.workspace, deal).zone
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def _figures(read: ReadReport) -> list[FigureRow]:
    """Return the figures of a report, those that are held first: they stand apart from those that serve."""
    last, report = read.older[0].figures if read.older else {}, read.report
    asked = [FigureRow(name, last.get(name), report.awaiting[name], why) for name, why in report.held.items()]
    return [*asked, *(FigureRow(name, last.get(name), figure, "") for name, figure in report.figures.items())]


@routes.post("/deals/{deal}/reports/{number}/send")
@needs(Right.REPORT)
def send(visit: AtVisit, deal: str, number: str) -> Response:
    """Send a report to the Servicer, or take it where the Servicer itself sends it."""
    waiting = _waiting(visit, deal, number)
    desk = visit.desk
    if visit.said("entries") != str(desk.size(deal)):
        return _shown(
            visit,
            deal,
            waiting,
            409,
            "The log has grown meanwhile. The difference is shown anew; nothing was recorded.",
        )
    if not visit.may(Right.ACT, deal):
        move(desk.database, waiting, "sent", None, visit.said("words", 300), visit.now, desk.size(deal))
        return RedirectResponse(f"/deals/{deal}/reports", 303)
    with desk.recording():
        # The size is asked again inside the lock, because somebody may have recorded since the first
        # question.
        if desk.size(deal) != int(visit.said("entries")):
            return _shown(
                visit,
                deal,
                waiting,
                409,
                "The log has grown meanwhile. The difference is shown anew; nothing was recorded.",
            )
        # The record comes first: after a crash in between, the report still waits and nothing is lost.
        intake_of(visit, deal).take(
            waiting.file or b"", str(waiting.body["file"]), _arrival(visit, deal, waiting.at)
        )
        move(desk.database, waiting, "approved", visit.who.number, visit.said("words", 300), visit.now)
    return RedirectResponse(f"/deals/{deal}/reports", 303)


@routes.post("/deals/{deal}/reports/{number}/back")
@needs(Right.REPORT)
def send_back(visit: AtVisit, deal: str, number: str) -> Response:
    """Send a report back with words, or set aside one's own."""
    one, words = _waiting(visit, deal, number), visit.said("words", 300)
    if one.prepared_by == visit.who.number:
        move(visit.desk.database, one, "set aside", visit.who.number, words, visit.now)
        return RedirectResponse(f"/deals/{deal}/reports", 303)
    if not words:
        return _shown(visit, deal, one, 422, "Say why it is sent back; its sender reads the words.")
    move(visit.desk.database, one, "sent back", visit.who.number, words, visit.now)
    return RedirectResponse(f"/deals/{deal}/reports", 303)
