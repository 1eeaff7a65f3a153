"""Appraisal trigger: how far the rate has fallen, in the reading that the deal chose (WP §8.1.4; rulings 14).

The sentence of WP §8.1.4 can be read in five ways. The five readings give different figures, so a deal names
the reading that it means.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar, Literal

from engine.basics.values import defined, in_words, printed
from engine.determination.template import (
    CalendarPeriod,
    Clause,
    DateKind,
    Deliver,
    Facts,
    Figure,
    Gate,
    LinearForm,
    Maximum,
    Measurement,
    Missing,
    PartOf,
    Statistic,
    Step,
    Template,
    Unit,
    earlier,
    written,
)

Reading = Literal[
    "fall_in_window", "fall_across_window", "window_start", "below_closing", "below_closing_at_any_time"
]


class AppraisalTrigger(Clause):
    """The terms of an appraisal trigger."""

    template: Literal["appraisal_trigger"]
    tested_on: ClassVar[DateKind] = "publication dates"
    on_one_index: ClassVar[bool] = True
    mechanical: ClassVar[bool] = True
    maximum_decline: PartOf
    trailing_period: CalendarPeriod
    measure: Reading
    then: Deliver


Window = tuple[tuple[date, Fraction], ...]
Found = tuple[Fraction, str, Callable[[], str]]
"""The decline, its formula, and a function that writes the working.

The function is called only if the working is asked for.
"""
Decline = Callable[[Window, Fraction, Fraction], Found]
"""A reading: from the window, the Closing Date level C and this date's rate R to what was found."""


def _fall_in_window(window: Window, closing: Fraction, rate: Fraction) -> Found:
    highest = max(value for _, value in window)
    return (highest - rate) / closing, "(highest value in the window − R) / C", _over(highest, rate, closing)


def _fall_across_window(window: Window, closing: Fraction, rate: Fraction) -> Found:
    first = window[0][1]
    return (first - rate) / closing, "(first value in the window − R) / C", _over(first, rate, closing)


def _window_start(window: Window, _closing: Fraction, rate: Fraction) -> Found:
    first = window[0][1]
    return (first - rate) / first, "(first value in the window − R) / first", _over(first, rate, first)


def _below_closing(window: Window, closing: Fraction, rate: Fraction) -> Found:
    # A value equal to C is enough. If all lie below it, the fall lies before the window.
    if not any(value >= closing for _, value in window):
        return Fraction(0), "no value in the window was at or above C", lambda: "0"
    return _below_closing_at_any_time(window, closing, rate)


def _below_closing_at_any_time(_window: Window, closing: Fraction, rate: Fraction) -> Found:
    return (closing - rate) / closing, "(C − R) / C", _over(closing, rate, closing)


READINGS: dict[str, Decline] = {
    "fall_in_window": _fall_in_window,
    "fall_across_window": _fall_across_window,
    "window_start": _window_start,
    "below_closing": _below_closing,
    "below_closing_at_any_time": _below_closing_at_any_time,
}

IN_WORDS: dict[str, str] = {
    "fall_in_window": "from the highest value in the window to this date's, as a share of the Closing Date "
    "level",
    "fall_across_window": "from the first value in the window to this date's, as a share of the Closing Date "
    "level",
    "window_start": "from the first value in the window to this date's, as a share of that first value",
    "below_closing": "as the distance of this date's value below the Closing Date level, as a share of that "
    "level, counted only where "
    "some value in the window was at or above it",
    "below_closing_at_any_time": "as the distance of this date's value below the Closing Date level, as a "
    "share of that level, "
    "whenever the fall happened",
}


def _n(value: Fraction) -> str:
    return written(value, Unit.COUNT)


def _over(from_: Fraction, rate: Fraction, base: Fraction) -> Callable[[], str]:
    return lambda: f"({_n(from_)} − {_n(rate)}) / {_n(base)}"


def measure(terms: AppraisalTrigger, facts: Facts) -> Measurement:
    """Return the decline by the deal's reading, over the values published in the window and this date's."""
    index = facts.terms.index_of(terms)
    # A carried rate does not serve: a test on Publication Dates needs the date's own value (rulings 2).
    rate = facts.published_value(index)
    if rate <= 0:
        raise Missing(f"{index} is not above zero", terms.cite, "rate")
    closing = facts.nonzero(f"Closing Date level of {index}", facts.closing_level(index), terms.cite)
    window = _window(terms, facts, index, closing)
    decline, formula, worked = READINGS[terms.measure](window, closing, rate)

    def working() -> tuple[Step, ...]:
        bounds = f"{window[0][0]} to {window[-1][0]}, {len(window)} values"
        high, low = max(v for _, v in window), min(v for _, v in window)
        figure = Figure(value=high, unit=Unit.RATE)
        return (
            Step(
                name="Highest in window",
                formula=bounds,
                worked=f"between {_n(low)} and {_n(high)}",
                figure=figure,
            ),
            Step(
                name="Measured",
                formula=f"{terms.measure}: {formula}",
                worked=worked(),
                figure=Figure(value=decline, unit=Unit.SHARE),
            ),
        )

    limit = Figure(value=terms.maximum_decline, unit=Unit.SHARE)
    return Measurement(Figure(value=decline, unit=Unit.SHARE), limit, "at most", working)


def _window(terms: AppraisalTrigger, facts: Facts, index: str, closing: Fraction) -> Window:
    """Return the dated values of the trailing period up to this date, both ends included.

    The period is that many calendar days, or months, before this date. It holds no value from before closing.
    While the Closing Date lies in the period, the Closing Date level stands as the value of that date.
    """
    first = earlier(facts.on, terms.trailing_period)
    closed = facts.terms.closing_date
    # The Closing Date level is the value of that date, so a print of the same day would be a second one.
    prints = facts.published_between(index, max(first, closed + timedelta(days=1)), facts.on)
    return ((closed, closing), *prints) if first <= closed else prints


def maximum(terms: AppraisalTrigger, facts: Facts) -> Maximum | None:
    """Return how the decline depends on the highest value of the window, or None.

    Only the readings `fall_in_window` and `below_closing` look at the highest value. The result is None for
    the other readings, which look at fixed dates.
    """
    if terms.measure not in ("fall_in_window", "below_closing"):
        return None
    index = facts.terms.index_of(terms)
    closing = facts.closing_level(index)

    # Both readings look at the window only through its highest value, so one value stands for the window.
    def figure(highest: Fraction, rate: Fraction) -> Fraction:
        return max(Fraction(0), READINGS[terms.measure](((facts.on, highest),), closing, rate)[0])

    # Only this reading is linear in the highest value. The other asks of it a yes or a no.
    weights = (1 / closing, -1 / closing) if terms.measure == "fall_in_window" and closing > 0 else None
    return Maximum(
        lambda at: _window(terms, at, index, closing), lambda at: at.published_value(index), figure, weights
    )


def doubt(terms: AppraisalTrigger, rate: Fraction, closing: Fraction) -> str | None:
    """Return a sentence that a failed test may be owed to a spike and not to a low rate, or None.

    There is a sentence only in the reading `fall_in_window`, and only if the rate stands no further below the
    Closing Date level than the deal allows. The rate may also stand at or above that level (`rulings.md` 14).
    """
    below = (closing - rate) / closing
    if terms.measure != "fall_in_window" or below > terms.maximum_decline:
        return None
    apart = printed(Figure(value=abs(below), unit=Unit.SHARE), 1)
    side = "below" if below > 0 else "above"
    level = f"{apart} {side} the Closing Date level" if below else "at the Closing Date level"
    return (
        f"The appraisal test fails by its reading, the fall within the window. The rate is {level} "
        f"({terms.cite})."
    )


def columns(terms: AppraisalTrigger, facts: Facts) -> LinearForm | None:
    """Return the test as a sum of rates and its limit, for evaluation on many paths at once.

    The fall is measured from the highest or the first value of the window, or from the Closing Date level. In
    the reading `below_closing` the fall counts only if some value of the window was at or above the Closing
    Date level. In the reading `window_start` the fall is a share of a value that differs on each path. There
    only the limit is a sum of rates, so the result is None if the deal rounds ratios or has an early warning.
    """
    index = facts.terms.index_of(terms)
    today, closing = Statistic("published", index), facts.closing_level(index)
    # Multiplied by C, which is the same on every path, so that both sides are sums of rates.
    limit = terms.maximum_decline * closing
    below = ((today, Fraction(-1)),)
    if terms.measure == "below_closing_at_any_time":
        return LinearForm(below, limit - closing)
    first, closed = earlier(facts.on, terms.trailing_period), facts.terms.closing_date
    since = max(first, closed + timedelta(days=1))
    # While the Closing Date lies in the window, its level counts as a value of the window (rulings 14).
    at_closing = closing if first <= closed else None
    if terms.measure == "below_closing":
        highest = Statistic("highest", index, since=since, at_closing=at_closing)
        return LinearForm(below, limit - closing, Gate(highest, closing, -closing))
    kind: Literal["highest", "first"] = "highest" if terms.measure == "fall_in_window" else "first"
    start = Statistic(kind, index, since=since, at_closing=at_closing)
    if terms.measure == "window_start":
        # Both are judged on the ratio itself, which is not a sum of rates in this reading.
        if terms.early_warning is not None or facts.terms.rounding.ratios != "unrounded":
            return None
        return LinearForm(((start, 1 - terms.maximum_decline), (today, Fraction(-1))), Fraction(0))
    return LinearForm(((start, Fraction(1)), (today, Fraction(-1))), limit)


def _article(what: str) -> str:
    return f"{'an' if what[:1].lower() in 'aeiou' else 'a'} {what}"


def reading(terms: AppraisalTrigger) -> str:
    """Return the clause in plain English."""
    within = defined(f"{terms.then.within} after the {terms.then.after}")
    if terms.measure == "below_closing_at_any_time":
        window = f"the trailing {terms.trailing_period} decide nothing in this reading"
    else:
        window = (
            f"the window is the trailing {terms.trailing_period}, both ends included, and nothing before "
            "closing. While the Closing Date "
            "lies in the window, the Closing Date level is the value of that date"
        )
    return (
        f"On each Publication Date the decline is measured {IN_WORDS[terms.measure]}; {window}. More than "
        f"{written(terms.maximum_decline, Unit.SHARE)} fails; exactly that passes. A failure obliges the "
        f"{in_words(terms.then.by).title()} "
        f"to deliver {_article(terms.then.deliver)} within {within} ({terms.then.cite}); an open "
        "Obligation is not doubled."
    )


TEMPLATE = Template(
    name="appraisal_trigger",
    title="Appraisal trigger",
    source="WP §8.1.4",
    terms=AppraisalTrigger,
    measure=measure,
    reading=reading,
    breach="obligation",
    deliver=lambda terms: terms.then,
    maximum=maximum,
    columns=columns,
    doubt=doubt,
)
