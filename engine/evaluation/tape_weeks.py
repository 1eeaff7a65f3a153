"""The rent of a Calculation Window from rental tapes that state their days (`rulings.md` 47).

It does not matter which period their reports are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from engine.basics.values import Figure, Unit
from engine.determination.measure_inputs import Reported
from engine.evaluation.inputs import Inputs
from engine.evaluation.serving_report import WEEK, reported
from engine.events.kinds import ReportReceived

DAY = timedelta(days=1)


def week_from_tapes(end: date, tapes: Sequence[ReportReceived], inputs: Inputs) -> Reported | None:
    """Return the rent of the window that ends on `end` as one report.

    The result is None if a day of the window lies in no report whose tape states its days.

    Args:
        end: the last day of the window.
        tapes: every report that has come with such a tape, newest first: for each day the newest one counts.
        inputs: the date.
    """
    days = [end - n * DAY for n in range(7)]
    by_day = {
        day: next((one for one in tapes if one.period_start <= day <= one.period_end), None) for day in days
    }
    used = [one for one in tapes if any(one is by_day[day] for day in days)]
    # A week with an unreported day is not a week with no rent on that day.
    if any(one is None for one in by_day.values()):
        return None
    hours: dict[str, Fraction] = {}
    revenue: dict[str, Fraction] = {}
    for report in used:
        for rent in report.rent_of_days:
            if rent.last <= end - WEEK or rent.first > end:
                # A class that the tape lists for other days only has zero hours,
                # which is not the same as unreported.
                hours.setdefault(rent.asset_class, Fraction(0))
                continue
            # Days that a newer tape reports again are left to it, or they would count twice.
            if any(by_day[day] is not report for day in days if rent.first <= day <= rent.last):
                if by_day[rent.first] is report or by_day[rent.last] is report:
                    # a row over days of which another report says more: nobody can tell what is of which day
                    return None
                continue
            hours[rent.asset_class] = hours.get(rent.asset_class, Fraction(0)) + rent.gpu_hours.value
            revenue[rent.asset_class] = revenue.get(rent.asset_class, Fraction(0)) + rent.revenue.value
    return _as_report(end, hours, revenue, used, inputs)


def _as_report(
    end: date,
    hours: dict[str, Fraction],
    revenue: dict[str, Fraction],
    used: Sequence[ReportReceived],
    inputs: Inputs,
) -> Reported:
    """Return the sums as figures of one week, with the tapes that they come from.

    A figure that is held in one of the reports is held here too.
    """
    figures: dict[str, Figure] = {}
    for asset, count in hours.items():
        figures[f"rental.{asset}.rented_gpu_hours"] = Figure(value=count, unit=Unit.GPU_HOURS)
        # Without rented hours a class has not a rate, and a zero would pull a mean down.
        if count > 0:
            rate = Figure(value=revenue.get(asset, Fraction(0)) / count, unit=Unit.RATE)
            figures[f"rental.{asset}.weighted_average_rate"] = rate
    source = reported(used[0], inputs).source
    text = ", ".join(one.document for one in reversed(used))
    held = {name: why for one in used for name, why in one.held.items() if name in figures}
    tape = source.model_copy(update={"text": f"rental tape of {text}"})
    return Reported(figures, tape, held=held, period=(end - WEEK + DAY, end))
