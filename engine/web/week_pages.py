"""My week: what is due from me, what others owe, what came in, what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.delivery.week import RECENT, DealWeek, deal_weeks
from engine.queries.who_owes_whom import OpenDuty
from engine.web.guarded_route import GuardedRoute, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right, granted
from engine.web.waiting import waiting_of
from engine.web.words import day_in

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
SHOWN = 60
"""Rows of one list on the page; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Week:
    """A person's week over the granted deals."""

    due: tuple[OpenDuty, ...]
    owed: tuple[OpenDuty, ...]
    deals: tuple[DealWeek, ...]


def week_of(visit: Visit, on: date) -> Week:
    """Return the week of whoever asks; each duty stands once, under whoever owes it."""
    desk = visit.desk
    deals = granted(visit.who, desk.deals(), Right.SEE)
    weeks = deal_weeks(
        desk.workspace,
        deals,
        on,
        lambda deal, size, make: desk.rows.get(("week", deal, size, on), make),
        desk.sizes(),
    )
    due, owed = [], []
    for one in weeks:
        mine = visit.who.parties_in(one.row.deal)
        sees_all = visit.may(Right.READ, one.row.deal)
        for duty in one.row.owed:
            if duty.who in mine:
                due.append(duty)
            elif sees_all or any(party in duty.to for party in mine):
                owed.append(duty)
    return Week(_by_day(due), _by_day(owed), weeks)


def _by_day(duties: Sequence[OpenDuty]) -> tuple[OpenDuty, ...]:
    return tuple(sorted(duties, key=lambda duty: (duty.by, duty.deal, duty.subject, duty.act)))


@routes.get("/week")
@needs(Right.SEE)
def week(visit: AtVisit, on: str = "") -> Response:
    """Show the week."""
    day = day_in(on, "on") or visit.now.date()
    view = week_of(visit, day)
    reading = [deal for deal in view.deals if visit.may(Right.READ, deal.row.deal)]
    waits = [notice for one in reading for notice in one.waiting]
    return page(
        visit,
        "week.html.j2",
        nav="week",
        day=day,
        until=day + timedelta(days=6),
        due=view.due[:SHOWN],
        owed=view.owed[:SHOWN],
        more_due=max(0, len(view.due) - SHOWN),
        more_owed=max(0, len(view.owed) - SHOWN),
        overdue=sum(due_act.days < 0 for due_act in view.due),
        today=sum(one.days == 0 for one in view.due),
        came=sorted(
            (arrival for one in reading for arrival in one.came), key=lambda arrival: arrival.at, reverse=True
        )[:SHOWN],
        waits=sorted(waits, key=lambda wait: (wait.due or date.max, wait.deal, wait.number))[:SHOWN],
        recent=RECENT,
        prepared=waiting_of(visit.desk.database, [one.row.deal for one in view.deals]),
        deals=view.deals,
        next_run=min((one.next_determination for one in view.deals if one.next_determination), default=None),
        illustrative=visit.desk.demonstration or any(one.row.illustrative for one in view.deals),
    )
