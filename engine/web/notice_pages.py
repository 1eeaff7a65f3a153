"""The statement of notices, what each step of a notice rests on, and the file of a notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.delivery.statement import ALL, OPEN, Statement, notice_file, statement_of, steps_of
from engine.delivery.statement_files import statement_csv, statement_workbook
from engine.queries.spreadsheets import WORKBOOK
from engine.web.guarded_route import GuardedRoute, NotThere, Visit, needs, number_of, visit_of
from engine.web.release_pages import may_release
from engine.web.rendering import page, with_query
from engine.web.rights import Right, granted
from engine.web.words import day_in

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


FILES: dict[str, tuple[str, Callable[[Statement], bytes | str]]] = {
    "xlsx": (WORKBOOK, statement_workbook),
    "csv": ("text/csv; charset=utf-8", statement_csv),
}
"""The forms of a statement as a file, each with its media type."""


def own_parties(visit: Visit, deal: str) -> tuple[str, ...] | None:
    """Return the parties whose notices the person may see.

    A person who may read the record sees the notices of all parties. Another person sees those of the parties
    for whom the person acts.
    """
    return None if visit.may(Right.READ, deal) else visit.who.parties_in(deal)


@routes.get("/notices")
@needs(Right.SEE)
def all_notices(visit: AtVisit) -> Response:
    """Show the notices of all granted deals that are not given yet."""
    desk, today = visit.desk, visit.now.date()
    deals = granted(visit.who, desk.deals(), Right.SEE)

    sizes = desk.sizes()

    def open_notices(deal: str) -> Statement:
        mine = own_parties(visit, deal)
        # The parties are part of the question; otherwise one person would get what another one may see.
        question = ("open notices", deal, sizes.get(deal, 0), today, mine)
        kept: Statement = desk.rows.get(
            question, lambda: statement_of(desk.workspace, deal, today, show=OPEN, to=mine)
        )
        return kept

    statements = [open_notices(deal) for deal in deals]
    shown = [one for one in statements if one.rows]
    return page(
        visit,
        "notices.html.j2",
        nav="notices",
        statements=shown,
        illustrative=desk.demonstration or any(one.illustrative for one in shown),
    )


def _statement(
    visit: Visit, deal: str, between: tuple[date | None, date | None], show: str, to: tuple[str, ...] | None
) -> Statement:
    """Return a statement, made once for each size of the log and each day."""
    desk, today = visit.desk, visit.now.date()
    # The parties are part of the question; otherwise one person would get what another one may see.
    question = ("statement", deal, desk.size(deal), today, between, show, to)
    kept: Statement = desk.pages.get(
        question, lambda: statement_of(desk.workspace, deal, today, between, show, to)
    )
    return kept


@routes.get("/deals/{deal}/notices")
@needs(Right.SEE, reads="statement of notices")
def statement(visit: AtVisit, deal: str, to: str = "", show: str = ALL) -> Response:
    """Show the statement of a deal."""
    query = visit.request.query_params
    first, last = day_in(query.get("from", ""), "From"), day_in(to, "To")
    rows = _statement(visit, deal, (first, last), OPEN if show == OPEN else ALL, own_parties(visit, deal))
    return page(
        visit,
        "statement.html.j2",
        nav="notices",
        found=rows,
        given=[row for row in rows.rows if row.delivery.given_on is not None],
        overdue=[row for row in rows.rows if row.overdue],
        first=query.get("from", "")[:20],
        last=to[:20],
        show=show,
        choices=(ALL, OPEN),
        query=with_query(
            "", **{"from": query.get("from", "")[:20], "to": to[:20], "show": OPEN if show == OPEN else ""}
        ),
        broad=True,
        rules=sorted(
            {row.delivery.duty.deemed_given or "by Act" for row in rows.rows if row.delivery.duty is not None}
        ),
        zone=rows.zone,
        illustrative=visit.desk.demonstration or rows.illustrative,
        foot=f"Made from the log of {deal}, {counted(rows.size, 'entries')}.",
    )


@routes.get("/deals/{deal}/notices.{form}")
@needs(Right.SEE, reads="statement of notices as a file")
def statement_file(visit: AtVisit, deal: str, form: str, to: str = "", show: str = ALL) -> Response:
    """Return the statement as a file, between the same dates as the page: a PDF, a workbook, or CSV."""
    if form == "pdf":
        visit.paper = f"{deal}-notices.pdf"
        made: Response = statement(visit, deal, to, show)
        return made
    if form not in FILES:
        raise NotThere
    first, last = day_in(visit.request.query_params.get("from", ""), "From"), day_in(to, "To")
    found = _statement(visit, deal, (first, last), OPEN if show == OPEN else ALL, own_parties(visit, deal))
    kind, written = FILES[form]
    return Response(
        written(found),
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{deal}-notices.{form}"'},
    )


def _seen(visit: Visit, deal: str, text: str) -> int:
    """Return the number of a notice that the person may see. Raises NotThere otherwise."""
    number, mine = number_of(text), own_parties(visit, deal)
    rows = _statement(visit, deal, (None, None), ALL, mine).rows
    if all(row.number != number for row in rows):
        raise NotThere
    return number


@routes.get("/deals/{deal}/notices/{number}.pdf")
@needs(Right.SEE, reads="notice")
def notice_pdf(visit: AtVisit, deal: str, number: str) -> Response:
    """Send the file of a notice, byte for byte as it was issued."""
    wanted = _seen(visit, deal, number)
    try:
        name, data = notice_file(visit.desk.workspace, deal, wanted)
    except WrongUsage:
        raise NotThere from None
    return Response(
        data, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@routes.get("/deals/{deal}/notices/{number}")
@needs(Right.SEE, reads="steps of a notice")
def notice_steps(visit: AtVisit, deal: str, number: str) -> Response:
    """Show what each step of a notice rests on."""
    wanted = _seen(visit, deal, number)
    today = visit.now.date()
    found = statement_of(visit.desk.workspace, deal, today)
    row = next(one for one in found.rows if one.number == wanted)
    return page(
        visit,
        "notice.html.j2",
        nav="notices",
        row=row,
        steps=steps_of(visit.desk.workspace, deal, wanted),
        releases=may_release(visit, row),
        name=found.name,
        zone=found.zone,
        illustrative=visit.desk.demonstration or found.illustrative,
    )
