"""What a deal says of the Servicer's reports.

It says when they are due, how late one may be keyed, and how far a figure may move.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from engine.basics.values import Fact
from engine.terms.clause import block_or_word
from engine.terms.field_types import SINCE_2, MonthsOfQuarters, PartOf
from engine.terms.periods import CalendarPeriod, DayPeriod, Relative


class LateKeying(Fact):
    """How long after its receipt a report that is keyed late still counts from its receipt.

    See `rulings.md` 53.
    """

    accepted_for: DayPeriod


class Tolerance(Fact):
    """The widest moves of reported figures that need no confirmation.

    They are shares of the last confirmed figure.
    """

    outstanding_principal: PartOf
    weighted_average_rate: PartOf
    others: PartOf


ToleranceOrNone = Annotated[
    Annotated[Tolerance, Tag("block")] | Annotated[Literal["none"], Tag("word")],
    Discriminator(block_or_word),
]


class ServicerReports(Fact):
    """When the Servicer reports, and how long a report may be relied on."""

    every: Literal["week", "month", "quarter"]
    months: Annotated[MonthsOfQuarters | None, SINCE_2] = None
    """The four months at whose ends the quarters of the reports end."""
    due: Relative
    too_old_after: CalendarPeriod
    corrected_report: Literal["from then on", "retest"]
    late_keying: Annotated[LateKeying, SINCE_2]
    tolerance: Annotated[ToleranceOrNone, SINCE_2]
    """How far a figure may move from the last confirmed one before it is held (`rulings.md` 57)."""
    cite: str
