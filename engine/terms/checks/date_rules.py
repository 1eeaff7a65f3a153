"""The check that a deal's dates fit together (`rulings.md` 49).

The dates are its maturity, those that its rule of Determination Dates makes, and the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engine.basics.calendar import BusinessCalendar, known_calendars, load_calendar
from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.checks.on_delivery import on_delivery
from engine.terms.checks.step_dates import in_the_life
from engine.terms.contract_dates import dates_made
from engine.terms.in_force import TermsInForce
from engine.terms.source import Tree

FAR = timedelta(days=120)
"""Long enough to hold the next date of a deal that is tested each quarter."""


def date_rules(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for every contradiction among the dates of a deal."""
    terms, tree = deal.segments[0][1], deal.tree
    if terms.maturity_date <= terms.closing_date:
        why = f"the deal closes on {terms.closing_date}"
        yield Problem(
            "D510",
            "the maturity date is not after closing",
            why,
            "correct one of the dates",
            tree.place(("maturity_date",)),
        )
    yield from on_delivery(deal)
    rule = terms.determination_dates
    by_month = rule.every in ("month", "quarter")
    if by_month and rule.day is None:
        why = "nothing that decides a result is a silent default"
        fix = "write `day:` here, the day of the month or `last`"
        yield Problem("D201", "`day` is missing", why, fix, tree.key_place(("determination_dates",)))
    if not by_month and rule.day is not None:
        place = tree.place(("determination_dates", "day"))
        yield Problem(
            "D538", f"every {rule.every} has no day of the month", "nothing reads it", "remove `day:`", place
        )
    blocks = (
        ("determination_dates", rule),
        ("payment_dates", terms.payment_dates),
        ("servicer_reports", terms.servicer_reports),
    )
    for block, every in blocks:
        if every is not None and every.months is not None and every.every != "quarter":
            place = tree.key_place((block, "months"))
            yield Problem(
                "D538",
                f"every {every.every} has no months of its own",
                "nothing reads it",
                "remove `months:`",
                place,
            )
    # Without its day the rule would make the first of each month, which the file does not say.
    if rule.first is None or (by_month and rule.day is None):
        return
    place = tree.place(("determination_dates", "first"))
    if not terms.closing_date < rule.first <= terms.maturity_date:
        why = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
        yield Problem("D523", f"the first Determination Date is {rule.first}", why, in_the_life(terms), place)
    elif terms.business_days in known_calendars():
        yield from _first(terms, rule.first, load_calendar(terms.business_days), tree)


def _first(terms: TermsInForce, first: date, calendar: BusinessCalendar, tree: Tree) -> Iterator[Problem]:
    """Yield a problem if the stated first date is not one that the rule makes.

    A date matches as the rule makes it, or as it is moved to a Business Day. The problem gives the nearest
    dates in both forms if they differ.
    """
    place = tree.place(("determination_dates", "first"))
    # Dates are made from shortly before `first`, so an earlier one shows the neighbours of the stated date.
    without = terms.model_copy(
        update={"determination_dates": terms.determination_dates.model_copy(update={"first": first - FAR})}
    )
    if not calendar.first <= first - FAR - timedelta(days=21) or first + FAR > calendar.last:
        return  # the deal's own life is outside the table, which is said where it is checked
    made = tuple(dates_made(without, calendar, first + FAR))
    matching = next((one for one in made if first in one), None)
    if matching is None:
        before = [one for one in made if max(one) < first][-1:]
        after = [one for one in made if min(one) > first][:1]
        nearest = " and ".join(_both(*one) for one in (*before, *after))
        what = f"the first Determination Date {first} is not one of the dates that the rule makes"
        yield Problem(
            "D544", what, f"the nearest are {nearest}", "write one of them, or correct the rule", place
        )
    elif matching[0] != matching[1]:
        what = f"the first Determination Date is written for {matching[0]} and determined on {matching[1]}"
        why = (
            f"{matching[0]} is not a Business Day, and the rule says "
            f"{terms.determination_dates.if_not_a_business_day}"
        )
        yield Problem("W121", what, why, "see that it is meant", place)


def _both(written: date, moved: date) -> str:
    return str(written) if written == moved else f"{written} (determined on {moved})"
