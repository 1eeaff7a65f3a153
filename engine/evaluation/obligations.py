"""Obligations: what a failure makes somebody deliver, by when, and what became of it (`rulings.md` 30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from engine.evaluation.deadlines import BusinessDays, day_after, deadline
from engine.events.results import Verdict
from engine.events.states import Obligation
from engine.terms.clause import Deliver


def created(
    clause: str, terms: Deliver, by: str, on: date, verdict: Verdict, calendar: BusinessDays
) -> Obligation | None:
    """Return the Obligation that a FAIL on `on` creates; None without a FAIL.

    The party with the role `by` must deliver.
    """
    if verdict is not Verdict.FAIL:
        return None
    due = deadline(on, terms.within, calendar, terms.cite, terms.after, on)
    return Obligation(name=terms.deliver, clause=clause, by=by, created_on=on, due=due, status_since=on)


def overdue(obligations: Iterable[Obligation], on: date) -> tuple[Obligation, ...]:
    """Return the open Obligations whose due date was before `on`."""
    return tuple(
        obligation.model_copy(update={"status": "OVERDUE", "status_since": day_after(obligation.due)})
        for obligation in obligations
        # On the last day itself the delivery can still come.
        if obligation.status == "OPEN" and obligation.due.by < on
    )


def open_for(clause: str, obligations: Mapping[str, Obligation]) -> Obligation | None:
    """Return the newest Obligation of a clause that is still owed; None without one."""
    still_open = [
        obligation
        for obligation in obligations.values()
        if obligation.clause == clause and obligation.is_owed
    ]
    return max(still_open, key=lambda obligation: obligation.created_on, default=None)
