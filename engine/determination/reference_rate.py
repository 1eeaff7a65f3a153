"""The Reference Rate of an index on one date: the fallback step that gave it, and its age.

The waterfall is tried in the agreement's order, and the step used is printed wherever the rate is
(`covenants.md`, Reference Rate and fallback; `rulings.md` 3, 6, 27).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from engine.determination.seller_flags import seller_flags
from engine.events.rates import Published, ReferenceRate
from engine.events.series_lately import upto
from engine.terms.in_force import FallbackStep, IndexTerms
from engine.terms.low_confidence import SELLERS

Agreed = Mapping[str, Decimal]
"""The rate that the parties or the agent have set for a step, by the step's name."""


def reference_rate(
    terms: IndexTerms, index: str, on: date, series: Sequence[Published], agreed: Agreed | None = None
) -> ReferenceRate:
    """Return the Reference Rate of `index` on `on`, by the first step of the fallback that gives one.

    Args:
        terms: what the deal says about the index on that date.
        index: its name.
        on: the Determination Date.
        series: what each Publication Date up to `on` gave, oldest first, with and without a value.
        agreed: what Recorded Acts supply for the later steps: a rate by step.
    """
    known = upto(series, on)
    # A silence is recorded as 0, so that a later print of the same date shows as a change.
    newest = (known[-1].print if known[-1].value is not None else 0) if known else None
    for step in _steps(terms):
        rate = _step(step, terms, index, on, known, agreed or {})
        if rate is not None:
            return rate.model_copy(update={"newest_print": newest})
    last = terms.fallback[-1].cite if terms.fallback else terms.cite
    if not known:
        reason = f"{index} has not been published since closing"
    else:
        reason = (
            f"{index} has no value for {known[-1].publication_date} and no step of the fallback gives one"
        )
    return ReferenceRate(
        index=index,
        on=on,
        value=None,
        step="none",
        cite=last,
        reason=reason,
        age=_age(known),
        newest_print=newest,
    )


def _steps(terms: IndexTerms) -> tuple[FallbackStep, ...]:
    """Return the steps of the deal's fallback.

    If the deal turns flagged values away and names no step for that, the last value not flagged becomes the
    second step.
    """
    steps = terms.fallback
    if terms.low_confidence.effect != "use last value not flagged" or any(
        s.use == "last value not flagged" for s in steps
    ):
        return steps
    # The value is carried like the last published one, so it may be as old as that one.
    limit = next((step.for_at_most for step in steps if step.use == "last published value"), None)
    unflagged = FallbackStep(use="last value not flagged", for_at_most=limit, cite=terms.low_confidence.cite)
    return (*steps[:1], unflagged, *steps[1:])


def _step(
    step: FallbackStep, terms: IndexTerms, index: str, on: date, known: Sequence[Published], agreed: Agreed
) -> ReferenceRate | None:
    if step.use in ("published value", "last published value", "last value not flagged"):
        chosen = _from_series(step, terms, known)
        if chosen is None:
            return None
        age, published = chosen
        return ReferenceRate(
            index=index,
            on=on,
            value=published.value,
            step=step.use,
            cite=step.cite,
            age=age,
            publication_date=published.publication_date,
            published=published,
            by_sellers=seller_flags(published) if terms.low_confidence.judged_by == SELLERS else None,
        )
    # The remaining steps need what people agreed, so without an Act they give nothing.
    value = agreed.get(step.use)
    return (
        None
        if value is None
        else ReferenceRate(index=index, on=on, value=value, step=step.use, cite=step.cite)
    )


def _from_series(
    step: FallbackStep, terms: IndexTerms, known: Sequence[Published]
) -> tuple[int, Published] | None:
    """Return (age, publication) of the newest value that a step of the fallback accepts.

    The age is counted in Publication Dates. Dates without a value are passed over, and flagged values too if
    the deal says so. The result is None if every value within the step's age limit is passed over.
    """
    turned_away = (
        terms.low_confidence.effect == "use last value not flagged" or step.use == "last value not flagged"
    )
    # A value of an earlier date is carried, which is another step.
    limit = 0 if step.use == "published value" else _limit(step)
    for age, published in enumerate(reversed(known)):
        # The deal says at most, so a value of exactly that age still serves.
        if limit is not None and age > limit:
            return None
        if published.value is not None and not (turned_away and _flagged(terms, published)):
            return age, published
    return None


def _flagged(terms: IndexTerms, published: Published) -> bool:
    """Return whether the value is Low Confidence as the deal judges it (`rulings.md` 60)."""
    return (
        bool(seller_flags(published))
        if terms.low_confidence.judged_by == SELLERS
        else published.low_confidence
    )


def _limit(step: FallbackStep) -> int | None:
    return None if step.for_at_most is None else step.for_at_most.count


def _age(known: Sequence[Published]) -> int:
    return next(
        (age for age, published in enumerate(reversed(known)) if published.value is not None), len(known)
    )
