"""Terms out of all proportion to the deal.

Examples are a level of ten times the rate, more dates than the deal has, and a warning as wide as its limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import NoneType
from typing import Any

from pydantic import BaseModel

from engine.basics.errors import Place, Problem
from engine.basics.values import Figure, Unit, trimmed
from engine.terms.amendment import steps_in_force
from engine.terms.as_written import Deal
from engine.terms.clause import Clause
from engine.terms.in_force import TermsInForce
from engine.terms.periods import Period, Persistence
from engine.terms.source import Path

DEAREST, CHEAPEST = Fraction(100), Fraction(1, 100)
"""The USD per GPU-hour between which every index has moved (WP §3)."""
APART = 4
"""How many times apart a level and a rate of its index may be before a warning.

A misplaced decimal point makes most levels more than that apart.
"""
SIDES = {
    "below level": "below",
    "at or below level": "below",
    "above level": "above",
    "at or above level": "above",
}
"""The side of its level on which a clause's trigger begins or ends."""
# Rough lengths are enough, because only a period longer than the deal's whole life is a problem.
DAYS_IN: Mapping[str, float] = {
    # Five Business Days take a week.
    "business days": 1.4,
    "days": 1,
    "weeks": 7,
    "months": 30,
    "years": 365,
    "publication dates": 7,
    "determination dates": 7,
}
SINGLE = frozenset({str, bool, Fraction, Decimal, date, NoneType})
"""The types of most single values of the terms; what is of another type is asked for its parts."""
LIMITS = ("maximum", "minimum", "maximum_decline", "level")
"""Terms that a test without a `limit` is held against."""

PlaceOf = Callable[[Path], Place]


def placed(deal: Deal, since: date) -> PlaceOf:
    """Return the function that finds the place of a term in the stretch that begins on a date.

    A stepped or amended term is found at the step that set it.
    """

    @cache
    def set_by() -> Mapping[Path, Path]:
        return {path: step.path for path, step in steps_in_force(deal.terms, since)}

    def place(path: Path) -> Place:
        steps = set_by()  # only now: of nearly every file nothing is out of scale
        # The longest path first: a step may set a whole block or one term of it.
        for end in range(len(path), 0, -1):
            if path[:end] in steps:
                return deal.tree.place((*steps[path[:end]], *path[end:]))
        return deal.tree.place(path)

    return place


@cache
def _fields(kind: type) -> tuple[tuple[str, str], ...] | None:
    """Return the name of each field of a model, and its key in the file; None for what is not a model."""
    if not issubclass(kind, BaseModel):
        return None
    return tuple((name, field.alias or name) for name, field in kind.model_fields.items())


def _parts(value: Any) -> Iterable[tuple[str | int, Any]]:
    """Return the parts of a block of terms, each with its key in the file; a single value has none."""
    kind: type = type(value)
    if (fields := _fields(kind)) is not None:
        return ((key, getattr(value, name)) for name, key in fields)
    if isinstance(value, tuple):
        return enumerate(value)
    return value.items() if isinstance(value, dict) else ()


def _lasting(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of the terms that says how long something lasts, with its path in the file."""
    for key, part in _parts(value):
        if isinstance(part, (Period, Persistence)) or key == "if_not_determined":
            yield (*path, key), part
        elif type(part) not in SINGLE:
            yield from _lasting(part, (*path, key))


def out_of_scale(deal: Deal) -> Iterator[Problem]:
    """Yield a warning for everything that is out of proportion, in each stretch of the deal's life."""
    for since, terms in deal.segments:
        place = placed(deal, since)
        yield from _rates(terms, place)
        yield from _lengths(terms, place)
        for key, clause in terms.covenants.items():
            yield from _warning(key, clause, place)


def _rates(terms: TermsInForce, place: PlaceOf) -> Iterator[Problem]:
    """Yield a warning for each price that can hardly be a price of the index that it is compared with.

    A decimal point or a unit may be misplaced.
    """
    for name, index in terms.index.items():
        if not CHEAPEST <= index.closing_date_level <= DEAREST:
            why = "no index of GPU rents has stood there"
            what = f"the Closing Date level of {name} is {_price(index.closing_date_level)}"
            yield Problem(
                "W110", what, why, "check the decimal point", place(("index", name, "closing_date_level"))
            )
    for key, clause in terms.covenants.items():
        # A blend lacks a Closing Date level of its own, and its name is not among the indices.
        index_terms = terms.index.get(terms.index_of(clause))
        if index_terms is not None:
            yield from levels_beside(
                key, clause, index_terms.closing_date_level, "the Closing Date level is", place
            )


def levels_beside(key: str, clause: Clause, rate: Fraction, said: str, place: PlaceOf) -> Iterator[Problem]:
    """Yield a warning for each level of a clause that does not fit a rate of its index.

    A level may stand far from the rate, on either side of it. The rate may also stand already on the side on
    which the clause's trigger begins.

    Args:
        key: the clause's name.
        clause: its terms.
        rate: what the levels are held against: the Closing Date level, or the newest print of the index.
        said: the words that go before the rate and say what it is.
        place: a function that finds where a term was written.
    """
    for path in (("level",), ("ends", "level")):
        level: Any = clause
        for step in path:
            level = getattr(level, step, None)
        if level is not None and not rate / APART <= level <= rate * APART:
            what, apart = (
                f"the level of `{key}` is {_price(level)}",
                f"{said} {_price(rate)}, more than {APART} times apart",
            )
            yield Problem("W110", what, apart, "check the decimal point", place(("covenants", key, *path)))
    level, begins = getattr(clause, "level", None), getattr(clause, "begins", None)
    side = SIDES.get(getattr(begins, "when", ""))
    if level is not None and ((side == "below" and rate < level) or (side == "above" and rate > level)):
        what = f"`{key}` begins {side} its level of {_price(level)}, and the rate is there already"
        yield Problem(
            "W128",
            what,
            f"{said} {_price(rate)}",
            "check the figure and the side, or see that it is meant",
            place(("covenants", key, "level")),
        )


def _price(value: Fraction) -> str:
    return f"{trimmed(Figure(value=value, unit=Unit.RATE))} per GPU-hour"


def _lengths(terms: TermsInForce, place: PlaceOf) -> Iterator[Problem]:
    """Yield a problem for each period longer than the deal, and each count of more dates than it has."""
    life = (terms.maturity_date - terms.closing_date).days
    # Every period is longer than a deal that ends before it begins, and that has its own problem.
    if life <= 0:
        return
    # Any other value is a weekday, and its dates come each week.
    between = {"month": 30, "quarter": 91}.get(terms.determination_dates.every, 7)
    days = {**DAYS_IN, "determination dates": between}
    why = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
    for path, value in _lasting(terms):
        written, most = str(value), 0.0
        if isinstance(value, Period):
            most = value.count * days[value.unit]
        elif isinstance(value, Persistence):
            most = value.out_of * days[value.dates]
        # This term holds its count inside a phrase, like `fail after 3 determination dates`.
        elif waits := re.search(r"\d+", written):
            most = int(waits[0]) * between
        if most > life:
            shown = written if len(written) <= 60 else f"{written[:57]}..."
            yield Problem("D533", f"`{shown}` is longer than the deal", why, "correct the count", place(path))


def _warning(key: str, clause: Clause, place: PlaceOf) -> Iterator[Problem]:
    """Yield a problem for an early warning of zero, or as wide as the limit itself.

    The test would never be on WATCH, or always.
    """
    if clause.early_warning is None:
        return
    margin, limit = clause.early_warning.figure.value, getattr(clause, "limit", None)
    limits = [getattr(clause, name) for name in LIMITS if getattr(clause, name, None) is not None]
    held = limits[0] if limits else None
    if limit is not None:
        # A limit in these units may well be zero or small, so its size says nothing of the margin.
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
