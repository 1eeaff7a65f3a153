"""Terms out of all proportion to the deal: a level ten times the rate, more dates than it has, a warning as wide as its limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from engine.basics.errors import Place, Problem
from engine.basics.values import Figure, Unit, trimmed
from engine.terms.amendment import StepOf, in_force
from engine.terms.as_written import Deal
from engine.terms.clause import Clause
from engine.terms.in_force import TermsInForce
from engine.terms.periods import Period, Persistence
from engine.terms.source import Path

DEAREST, CHEAPEST = Fraction(100), Fraction(1, 100)
"""USD per GPU-hour between which every index has moved (WP §3)."""
APART = 4
"""How many times apart a level and a rate of its index are before it is warned of: a misplaced decimal point makes more of most levels."""
SIDES = {
    "below level": "below",
    "at or below level": "below",
    "above level": "above",
    "at or above level": "above",
}
"""The side of its level on which a clause's trigger begins or ends."""
DAYS_IN: Mapping[str, float] = {
    "business days": 1.4,
    "days": 1,
    "weeks": 7,
    "months": 30,
    "years": 365,
    "publication dates": 7,
    "determination dates": 7,
}
LIMITS = ("maximum", "minimum", "maximum_decline", "level")
"""Terms that a test is held against, if it has no `limit`."""

PlaceOf = Callable[[Path], Place]


def placed(deal: Deal, since: date) -> PlaceOf:
    """Return where the terms of the stretch that begins on a date were written: a stepped or amended one at its step."""
    steps = {
        path: written.path for path, written in in_force(deal.terms, since) if isinstance(written, StepOf)
    }

    def place(path: Path) -> Place:
        for end in range(len(path), 0, -1):
            if path[:end] in steps:
                return deal.tree.place((*steps[path[:end]], *path[end:]))
        return deal.tree.place(path)

    return place


def values_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every single value of the terms, with its path as the file writes it."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from values_of(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from values_of(item, (*path, key))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from values_of(item, (*path, number))
    else:
        yield path, value


def out_of_scale(deal: Deal) -> Iterator[Problem]:
    """Report everything that is out of proportion, in each stretch of the deal's life."""
    for since, terms in deal.segments:
        place = placed(deal, since)
        yield from _rates(terms, place)
        yield from _lengths(terms, place)
        for key, clause in terms.covenants.items():
            yield from _warning(key, clause, place)


def _rates(terms: TermsInForce, place: PlaceOf) -> Iterator[Problem]:
    """Report prices that are not a price of the index that they are compared with: a decimal point or a unit is misplaced."""
    for name, index in terms.index.items():
        if not CHEAPEST <= index.closing_date_level <= DEAREST:
            why = "no index of GPU rents has stood there"
            what = f"the Closing Date level of {name} is {_price(index.closing_date_level)}"
            yield Problem(
                "W110", what, why, "check the decimal point", place(("index", name, "closing_date_level"))
            )
    for key, clause in terms.covenants.items():
        index_terms = terms.index.get(terms.index_of(clause))
        if index_terms is not None:
            yield from levels_beside(
                key, clause, index_terms.closing_date_level, "the Closing Date level is", place
            )


def levels_beside(key: str, clause: Clause, rate: Fraction, said: str, place: PlaceOf) -> Iterator[Problem]:
    """Report each level of a clause that stands far from a rate on either side, or with the rate on the side on which its trigger begins.

    Args:
        key: the clause's name.
        clause: its terms.
        rate: what the levels are held against: the Closing Date level, or the newest print of the index.
        said: what the rate is, in words that go before it.
        place: where a term was written.
    """
    why = f"{said} {_price(rate)}"
    for path in (("level",), ("ends", "level")):
        level: Any = clause
        for step in path:
            level = getattr(level, step, None)
        if level is not None and not rate / APART <= level <= rate * APART:
            what, apart = f"the level of `{key}` is {_price(level)}", f"{why}, more than {APART} times apart"
            yield Problem("W110", what, apart, "check the decimal point", place(("covenants", key, *path)))
    level, begins = getattr(clause, "level", None), getattr(clause, "begins", None)
    side = SIDES.get(getattr(begins, "when", ""))
    if level is not None and ((side == "below" and rate < level) or (side == "above" and rate > level)):
        what = f"`{key}` begins {side} its level of {_price(level)}, and the rate is there already"
        yield Problem(
            "W128",
            what,
            why,
            "check the figure and the side, or see that it is meant",
            place(("covenants", key, "level")),
        )


def _price(value: Fraction) -> str:
    return f"{trimmed(Figure(value=value, unit=Unit.RATE))} per GPU-hour"


def _lengths(terms: TermsInForce, place: PlaceOf) -> Iterator[Problem]:
    """Report periods longer than the deal, and counts of more dates than it has."""
    life = (terms.maturity_date - terms.closing_date).days
    if life <= 0:
        return
    between = {"month": 30, "quarter": 91}.get(terms.determination_dates.every, 7)
    days = {**DAYS_IN, "determination dates": between}
    why = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
    for path, value in values_of(terms):
        written, most = str(value), 0.0
        if isinstance(value, Period):
            most = value.count * days[value.unit]
        elif isinstance(value, Persistence):
            most = value.out_of * days[value.dates]
        elif path[-1] == "if_not_determined" and (waits := re.search(r"\d+", written)):
            most = int(waits[0]) * between
        if most > life:
            shown = written if len(written) <= 60 else f"{written[:57]}..."
            yield Problem("D533", f"`{shown}` is longer than the deal", why, "correct the count", place(path))


def _warning(key: str, clause: Clause, place: PlaceOf) -> Iterator[Problem]:
    """Report an early warning of nothing, or as wide as the limit itself: the test would never be on WATCH, or always."""
    if clause.early_warning is None:
        return
    margin, limit = clause.early_warning.figure.value, getattr(clause, "limit", None)
    limits = [getattr(clause, name) for name in LIMITS if getattr(clause, name, None) is not None]
    held = limits[0] if limits else None
    if limit is not None:
        held = None if limit.figure.unit in (Unit.POINTS, Unit.DAYS, Unit.COUNT) else limit.value
    if margin == 0 or (held is not None and margin >= abs(held)):
        why = "it is nothing" if margin == 0 else "it is as wide as the limit itself"
        what = f"`{clause.early_warning}` warns of nothing on `{key}`"
        yield Problem(
            "D535",
            what,
            why,
            "write how near to the limit it warns",
            place(("covenants", key, "early_warning")),
        )
