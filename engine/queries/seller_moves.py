"""What sellers and invented listings can do to a week's value (`rulings.md` 63).

The same is said of a test that turns at a rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.basics.values import rounded
from engine.market.index import definition
from engine.market.listing import qualifying
from engine.market.methodology import Methodology, load_methodology
from engine.market.quality.fake_listings import FakePlan, least_fakes
from engine.market.quality.manipulation import MOVES, Day, week_value
from engine.market.quality.seller_withdrawal import (
    MOST_SELLERS,
    Leaving,
    least_leaving,
    moved_by,
    repricing,
    value_without_each,
)
from engine.market.seller_votes import ShadowRate, shadow_rate
from engine.workspace.workspace import Workspace

WEEK = timedelta(days=7)
MORE = f"more than {MOST_SELLERS}"
SHADOW_WORDS = "not the contract's rate, decides nothing; a new account with one listing has a whole vote"


def price(value: Fraction | None) -> str:
    """Return a value in USD per GPU-hour at 4 decimals, or a word that says that it is missing."""
    return "no value" if value is None else str(rounded(value, 4))


def seller_moves(days: Sequence[Day], methodology: Methodology) -> dict[str, Any]:
    """Return what leaving, new prices and invented listings do to a week that has a value, as JSON."""
    true = week_value(days, methodology)
    assert true is not None, "asked of a week without a value"
    priced = repricing(days, methodology)
    return {
        "without_each": {
            seller: price(value) for seller, value in value_without_each(days, methodology).items()
        },
        "leaving": {
            f"{float(move):.0%}": _leaving(least_leaving(days, methodology, moved_by(true, move)))
            for move in MOVES
        },
        "repricing": None
        if priced is None
        else {"seller": priced.seller, "lowest": price(priced.low), "highest": price(priced.high)},
        "fake_listings": {
            f"{sign}{float(move):.0%}": _plan(
                days, least_fakes(days, methodology, true * (1 - move if sign == "-" else 1 + move))
            )
            for sign in ("-", "+")
            for move in MOVES
        },
    }


def turning_moves(
    days: Sequence[Day], methodology: Methodology, turned: Callable[[Fraction], bool], target: Fraction
) -> dict[str, Any]:
    """Return which moves of sellers would turn a result.

    They are the fewest sellers that leave, the cheapest invented listings, and new prices of the largest
    seller.
    """

    def changed(value: Fraction | None) -> bool:
        # A week that loses its value turns the result too, because the fallback then decides.
        return value is None or turned(value)

    priced = repricing(days, methodology)
    turns = priced is not None and any(
        value is not None and turned(value) for value in (priced.low, priced.high)
    )
    return {
        "leaving": _leaving(least_leaving(days, methodology, changed)),
        "fakes": _plan(days, least_fakes(days, methodology, target)),
        "repricing": None if priced is None else {"seller": priced.seller, "turns": turns},
    }


def _leaving(leaving: Leaving | None) -> dict[str, Any]:
    if leaving is None:
        # The search ends at a number of sellers, so the answer is a bound and not `never`.
        return {"sellers": MORE, "first": [], "value": None}
    return {
        "sellers": str(len(leaving.sellers)),
        "first": list(leaving.sellers),
        "value": price(leaving.value),
    }


def _plan(days: Sequence[Day], fakes: FakePlan | None) -> dict[str, Any] | None:
    if fakes is None:
        return None
    plan = [
        {"day": str(day), "listings": count, "at": price(Fraction(micro or 0, 10**6))}
        for (day, _), (count, micro) in zip(days, fakes.days, strict=True)
        if count
    ]
    return {"listing_days": fakes.listing_days, "most_on_one_day": fakes.most_on_one_day, "plan": plan}


def shadow_of(workspace: Workspace, index: str, version: str, publication: date) -> ShadowRate | None:
    """Return the shadow rate of a week, in which each seller has one vote.

    It covers all collections of the week before a Publication Date. The result is None if no listing names a
    seller.
    """
    known, methodology = definition(index, workspace.indices), load_methodology(version)
    snapshots = workspace.archive.between(publication - WEEK, publication - timedelta(days=1))
    collections = (
        qualifying(snapshot, known.gpu_name, known.countries, methodology).observations
        for snapshot in snapshots
    )
    # A collection without listings has nobody to vote.
    return shadow_rate([listings for listings in collections if listings])


def shadow_data(rate: ShadowRate | None) -> dict[str, Any] | None:
    """Return the shadow rate as JSON, with what it is."""
    if rate is None:
        return None
    ends = {"low": price(rate.low), "high": price(rate.high), "covers": f"{float(rate.covers):.4f}"}
    return {"rate": price(rate.rate), **ends, "sellers": rate.sellers, "is": SHADOW_WORDS}
