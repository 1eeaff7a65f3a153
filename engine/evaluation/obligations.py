"""Obligations: what a failure makes somebody deliver, by when, and what became of it (`rulings.md` 30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from engine.evaluation.deadlines import BusinessDays, day_after, deadline
from engine.events.results import Verdict
from engine.events.states import Obligation
from engine.terms.clause import Deliver


def created(clause: str, terms: Deliver, on: date, verdict: Verdict, calendar: BusinessDays) -> Obligation | None:
    """The Obligation that a FAIL on `on` creates."""
    if verdict is not Verdict.FAIL:
        return None
    due = deadline(on, terms.within, calendar, terms.cite, terms.after, on)
    return Obligation(name=terms.deliver, clause=clause, by=terms.by, created_on=on, due=due, status_since=on)


def overdue(obligations: Iterable[Obligation], on: date) -> tuple[Obligation, ...]:
    """Those open ones whose due date ended before `on`, overdue from the day after it."""
    return tuple(
        found.model_copy(update={"status": "OVERDUE", "status_since": day_after(found.due)})
        for found in obligations
        if found.status == "OPEN" and found.due.by < on
    )


def open_for(clause: str, obligations: Mapping[str, Obligation]) -> Obligation | None:
    """The newest Obligation of a clause that is still owed."""
    found = [one for one in obligations.values() if one.clause == clause and one.is_owed]
    return max(found, key=lambda one: one.created_on, default=None)
