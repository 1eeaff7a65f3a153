"""A deal as if it had closed on another day.

Every date of its terms moves with the Closing Date. Each Closing Date level becomes the value published by
the other day.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.determination.template import Template, clauses_of
from engine.events.rates import Published
from engine.terms.as_written import NOT_TERMS, Deal, deal_of_tree

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
KEPT = ("documents",)
"""The blocks whose dates say when something was signed. These dates stay."""


def as_if_closed(
    deal: Deal, templates: Mapping[str, Template], closing: date, levels: Mapping[str, Decimal]
) -> Deal:
    """Return the deal as if it had closed on another day, without amendments.

    Every date of its terms moves by as many days as the Closing Date. The first dates of a schedule follow
    from that again. Each Closing Date level becomes the newest value published by that day.

    Args:
        deal: the draft, or a deal.
        templates: the covenant templates by name.
        closing: the other Closing Date.
        levels: the newest published value of each index by that day.

    Raises:
        WrongUsage: an index of the deal has no published value by then.
        InputProblems: what is wrong with the file as it would then be.
    """
    data = {key: value for key, value in copy.deepcopy(deal.tree.data).items() if key not in NOT_TERMS}
    by = closing - deal.closing_date
    moved = {key: value if key in KEPT else _moved(value, by) for key, value in data.items()}
    for block in ("determination_dates", "payment_dates"):
        if isinstance(moved.get(block), dict):
            # A first date moved by days may miss its month or weekday, so the schedule gives it anew.
            moved[block].pop("first", None)
    for name, terms in moved["index"].items():
        if name not in levels:
            raise WrongUsage(
                f"{name} has no value published by {closing}, so the Closing Date level is missing; name a "
                "later day"
            )
        terms["closing_date_level"] = f"USD {levels[name]:f} per GPU-hour"
    # The moved file is checked like any other, because dates that were moved may contradict each other.
    moved_deal, problems = deal_of_tree(replace(deal.tree, data=moved), clauses_of(templates))
    if moved_deal is None:
        raise InputProblems(problems)
    return moved_deal


def newest_value(prints: Sequence[Published], by: date) -> Decimal | None:
    """Return the newest value of a series that was published by a day; None without one."""
    return next(
        (
            publication.value
            for publication in reversed(prints)
            if publication.publication_date <= by and publication.value is not None
        ),
        None,
    )


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, dict):
        # Keys too: a term may be written by date, and its date is then a key.
        return {_day(key, by): _moved(one, by) for key, one in value.items()}
    if isinstance(value, list):
        return [_moved(element, by) for element in value]
    return _day(value, by)


def _day(text: Any, by: timedelta) -> Any:
    """Return a date moved by some days; anything else unchanged."""
    if not isinstance(text, str) or not DATE.fullmatch(text):
        return text
    try:
        return str(date.fromisoformat(text) + by)
    # A text that only looks like a date stays, and the check of the moved file says what is wrong with it.
    except (ValueError, OverflowError):
        return text
