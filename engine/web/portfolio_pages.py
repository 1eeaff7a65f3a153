"""The page of the portfolio: a row for each granted deal, the worst deal first.

The address of the page holds the filters, so that a person may keep it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from engine.basics.values import Figure, Unit, printed
from engine.queries.csv_tables import in_a_cell
from engine.queries.portfolio_deals import DealRow
from engine.queries.spreadsheets import WORKBOOK, deals_workbook
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.home_pages import rows_for
from engine.web.rendering import page, with_query
from engine.web.rights import Right
from engine.web.words import day_in, whole_number

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
A_PAGE = 25
"""Deals on a page."""
ON_PAPER = 1000
"""Deals in a PDF."""
SOON = timedelta(days=5)
"""Whose acts stand above the line of the list."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the filters of the list say."""

    q: str
    index: str
    who: str
    on: str
    state: tuple[str, ...]

    def fits(self, row: DealRow) -> bool:
        """Return whether a deal is shown."""
        text = f"{row.deal} {row.party}".casefold()
        return (
            self.q.casefold() in text
            and (not self.index or self.index in {name for name, _ in row.rates})
            and (not self.who or any(duty.who == self.who for duty in row.owed))
            and (not self.state or row.state in self.state)
        )


@routes.get("/deals")
@needs(Right.READ)
def portfolio(
    visit: AtVisit,
    q: str = "",
    index: str = "",
    who: str = "",
    on: str = "",
    state: Annotated[tuple[str, ...], Query()] = (),
    page_: Annotated[str, Query(alias="page")] = "1",
) -> Response:
    """Show the deals as a list."""
    asked = Asked(q[:80], index[:80], who[:80], on[:20], state[:12])
    day = day_in(on, "As of") or visit.now.date()
    every = rows_for(visit, Right.READ, day)
    chosen = [row for row in every if asked.fits(row)]
    number = min(max(whole_number(page_) or 1, 1), max(1, -(-len(chosen) // A_PAGE)))
    shown = chosen[:ON_PAPER] if visit.paper else chosen[(number - 1) * A_PAGE : number * A_PAGE]
    return page(
        visit,
        "portfolio.html.j2",
        nav="portfolio",
        wide=True,
        on=day,
        asked=asked,
        all=every,
        rows=shown,
        acting=sum(row.needs_act(day, day + SOON) for row in every),
        last_acting=last_in_front(chosen, day),
        overdue=[duty for row in every for duty in row.owed if duty.days < 0],
        quiet_until=_quiet_until(every, day),
        newest=max((row.on for row in every if row.on), default=None),
        indices=sorted({name for row in every for name, _ in row.rates}),
        owers=sorted({duty.who for row in every for duty in row.owed}),
        states=sorted(
            Counter(row.state for row in every).items(),
            key=lambda item: next(n for n, row in enumerate(every) if row.state == item[0]),
        ),
        first=(0 if visit.paper else (number - 1) * A_PAGE) + 1 if chosen else 0,
        last=len(shown) if visit.paper else (number - 1) * A_PAGE + len(shown),
        chosen=len(chosen),
        total=_total(chosen),
        number=number,
        pages=-(-len(chosen) // A_PAGE),
        page_address=lambda to: with_query("/deals", q=q, index=index, who=who, on=on, state=state, page=to),
        illustrative=visit.desk.demonstration or any(row.illustrative for row in every),
    )


def last_in_front(rows: Sequence[DealRow], day: date) -> str:
    """Return the deal under which the line stands: the last one of those at the head that need an act."""
    front = list(takewhile(lambda row: row.needs_act(day, day + SOON), rows))
    return front[-1].deal if front else ""


def _quiet_until(rows: Sequence[DealRow], day: date) -> date | None:
    """Return when the next thing is due of the deals that need no act."""
    return min(
        (duty.by for row in rows if not row.needs_act(day, day + SOON) for duty in row.owed), default=None
    )


def _total(rows: Sequence[DealRow]) -> str:
    known = [
        row.principal.value for row in rows if row.principal is not None and row.principal.unit is Unit.USD
    ]
    return printed(Figure(value=sum(known, Fraction(0)), unit=Unit.USD)).removeprefix("USD ") if known else ""


@routes.get("/deals.pdf")
@needs(Right.READ, reads="portfolio as a file")
def portfolio_pdf(
    visit: AtVisit,
    q: str = "",
    index: str = "",
    who: str = "",
    on: str = "",
    state: Annotated[tuple[str, ...], Query()] = (),
) -> Response:
    """Return the list as a PDF, under the same filters, all of its rows."""
    day = day_in(on, "As of") or visit.now.date()
    visit.paper = f"portfolio-{day}.pdf"
    made: Response = portfolio(visit, q, index, who, on, state)
    return made


@routes.get("/deals.xlsx")
@needs(Right.READ, reads="portfolio as a file")
def portfolio_xlsx(visit: AtVisit, on: str = "") -> Response:
    """Return the list as a workbook in the order of the page; a second sheet says who owes whom what."""
    day = day_in(on, "As of") or visit.now.date()
    headers = {"Content-Disposition": f'attachment; filename="portfolio-{day}.xlsx"'}
    return Response(
        deals_workbook(rows_for(visit, Right.READ, day), day), media_type=WORKBOOK, headers=headers
    )


@routes.get("/deals.csv")
@needs(Right.READ)
def portfolio_csv(visit: AtVisit, on: str = "") -> Response:
    """Send the list as a file, in the order of the page."""
    day = day_in(on, "As of") or visit.now.date()
    file = io.StringIO(newline="")
    written = csv.writer(file, lineterminator="\n")
    written.writerow(
        (
            "deal",
            "party",
            "principal",
            "on",
            "state",
            "title",
            "cite",
            "nearest",
            "percent",
            "due_by",
            "due_from",
            "due",
            "days",
        )
    )
    for row in rows_for(visit, Right.READ, day):
        said = row.as_data()
        near, first = said["nearest"] or {}, row.next
        cells = (
            *(said[name] for name in ("deal", "party", "principal", "on", "state", "title", "cite")),
            *(near.get(name) for name in ("title", "percent")),
            *((first.by, first.who, first.what, first.days) if first is not None else ("", "", "", "")),
        )
        written.writerow([in_a_cell(cell) for cell in cells])
    headers = {"Content-Disposition": f'attachment; filename="portfolio-{day}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
