"""Reporting: the Servicer's report is in by its due date.

A report that has not come is later with every day.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    Facts,
    LimitClause,
    Measurement,
    Missing,
    Step,
    Template,
    Unit,
    against,
    failing,
    step,
)


class Reporting(LimitClause):
    """The terms of a reporting covenant.

    The limit is the number of days by which a report may be late: `at most 0 days`.
    """

    template: Literal["reporting"]
    better: ClassVar[Literal["higher", "lower"] | None] = "lower"
    on_no_rate: ClassVar[bool] = True
    units: ClassVar[tuple[Unit, ...]] = (Unit.DAYS,)


def measure(terms: Reporting, facts: Facts) -> Measurement:
    """Return the calendar days from the due date to the receipt of the report.

    If the report has not come, the days up to this date count. Raises Missing if no report has been due since
    closing.
    """
    known = facts.report_due
    if known is None:
        raise Missing("no Servicer's report has been due since closing", terms.cite, "window")
    # A report that came early is late by zero days. A negative count would add to the headroom.
    late = Fraction(max(0, ((known.received or facts.on) - known.due).days))
    if late == 0 and (known.received is None or known.after_the_hour):
        late = Fraction(1)  # due by this date and not in: late from now on, whatever the hour
    receipt = f"received {known.received}" if known.received else f"not received by {facts.on}"

    def working() -> tuple[Step, ...]:
        worked = f"period to {known.period_end}: due {known.due}, {receipt}"
        return (step("Measured", "calendar days late", worked, late, Unit.DAYS),)

    return against(terms.limit, late, working)


def reading(terms: Reporting) -> str:
    """Return the clause in plain English."""
    return (
        f"The Servicer's report for the newest period must be {terms.limit} late. A report that has not "
        "come by its due date is late, and later every day until it comes; where several in a row have not "
        "come, the "
        f"oldest counts. A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="reporting",
    title="Servicer's reporting",
    source="WP §8.2",
    terms=Reporting,
    measure=measure,
    reading=reading,
    breach=failing,
    recomputable=False,
)
