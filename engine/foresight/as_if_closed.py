"""A deal as if it had closed on another day.

Every date of its terms, amendments and corrections moves with the Closing Date. Each Closing Date level
becomes the value published by the other day.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.determination.template import Template, clauses_of
from engine.events.rates import Published
from engine.terms.amendment import is_schedule
from engine.terms.as_written import NOT_TERMS, Deal, deal_of_tree

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
KEPT = ("documents",)
"""The blocks whose dates say when something was signed. These dates stay."""
CHANGES = ("amendments", "corrections")
"""The parts of a file that change its terms. Without them another deal would be lived."""
DATED = ("determination_dates", "payment_dates")
LEVEL = "closing_date_level"


def as_if_closed(
    deal: Deal, templates: Mapping[str, Template], closing: date, levels: Mapping[str, Decimal]
) -> Deal:
    """Return the deal as if it had closed on another day, with its amendments and corrections.

    Every date of its terms and of their changes moves by as many days as the Closing Date. The first dates of
    a schedule follow from that again. Each Closing Date level becomes the newest value published by that day.

    Args:
        deal: the draft, or a deal.
        templates: the covenant templates by name.
        closing: the other Closing Date.
        levels: the newest published value of each index by that day.

    Raises:
        WrongUsage: an index of the deal has no published value by then.
        InputProblems: what is wrong with the file as it would then be.
    """
    by = closing - deal.closing_date
    data = copy.deepcopy(deal.tree.data)
    moved = _but_signed({key: value for key, value in data.items() if key not in NOT_TERMS}, by)
    other = _Closing(closing, levels)
    for block in (*DATED, "index"):
        if block in moved:
            moved[block] = other.block((block,), moved[block])
    for key in CHANGES:
        if key in data:
            entries = (other.entry(_but_signed(entry, by)) for entry in data[key])
            moved[key] = [entry for entry in entries if entry is not None]
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


@dataclass(frozen=True)
class _Closing:
    """Another Closing Date, and what it decides of a deal's terms beside their dates."""

    on: date
    levels: Mapping[str, Decimal]

    def block(self, path: tuple[str, ...], value: Any) -> Any:
        """Return a value of the file, which stands at a path, as the other closing has it."""
        if is_schedule(value):
            return {day: self._step(path, step) for day, step in value.items()}
        if not isinstance(value, dict):
            return value
        if path[0] in DATED:
            # A first date moved by days may miss its month or weekday, so the schedule gives it anew.
            return {key: one for key, one in value.items() if key != "first"}
        if path == ("index",):
            return {name: self.block(("index", name), terms) for name, terms in value.items()}
        if len(path) == INDEX and path[0] == "index":
            return {**value, LEVEL: self._level(path[1])}
        return value

    def entry(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        """Return an amendment or a correction as the other closing has it; None if it changes nothing."""
        if "changes" not in entry:
            return self._change(entry)
        changes = [one for one in map(self._change, entry["changes"]) if one is not None]
        return {**entry, "changes": changes} if changes else None

    def _change(self, change: dict[str, Any]) -> dict[str, Any] | None:
        path = tuple(change["term"].split("."))
        # The other closing has its own level and its own first date, so nothing is left to change in them.
        if (path[0], path[-1]) in {("index", LEVEL), *((block, "first") for block in DATED)}:
            return None
        both = {key: self.block(path, change[key]) for key in ("replaces", "with")}
        return {**change, **both} if both["replaces"] != both["with"] else None

    def _step(self, path: tuple[str, ...], step: Any) -> Any:
        # A step with its own citation holds its value in a block.
        if isinstance(step, dict) and "value" in step:
            return {**step, "value": self.block(path, step["value"])}
        return self.block(path, step)

    def _level(self, name: str) -> str:
        if name not in self.levels:
            raise WrongUsage(
                f"{name} has no value published by {self.on}, so the Closing Date level is missing; name a "
                "later day"
            )
        return f"USD {self.levels[name]:f} per GPU-hour"


INDEX = 2
"""The number of names in the path of an index: `index.CRI-H100`."""


def _but_signed(block: Mapping[str, Any], by: timedelta) -> dict[str, Any]:
    """Return a block with its dates moved, except those on which documents were signed."""
    return {key: value if key in KEPT else _moved(value, by) for key, value in block.items()}


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
