"""What a test yields on one date, with all of its working.

It is one object, made once: `explain` prints it, the log stores it and the notice shows it (ADR 0004).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from engine.basics.values import Comparison, Exact, Fact, Figure, Stated, Unit, printed
from engine.events.fields_gone import without_fields_gone


class Verdict(StrEnum):
    """The three results that a test can have (`covenants.md`, Results).

    There are only these three, and none of them is assumed.
    """

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_DETERMINED = "NOT DETERMINED"


class NotDetermined(Fact):
    """The reason why a number is missing, and the section that says what follows."""

    reason: str
    cite: str
    lacks: Literal["rate", "report", "window", "term", "act", "confirmation"]


class Source(Fact):
    """The source of a figure: a publication, a servicer's report, the deal file or an Act."""

    kind: Literal[
        "publication", "servicer report", "deal file", "recorded act", "worked example", "event log"
    ]
    text: str
    as_of: date | None = None
    reference: str | None = None
    """The SHA-256 of what was read, if it was a file or an event."""


class Given(Fact):
    """The as-of date and the source that one figure of a report states for itself."""

    as_of: date | None = None
    source: str | None = None
    period: tuple[date, date] | None = Field(default=None, exclude_if=lambda days: days is None)
    """The first and last day that the figure is of, if they are not the report's."""


class Input(Fact):
    """One figure that a test used, with its source."""

    name: str
    figure: Figure
    source: Source


class Step(Fact):
    """One line of the working: a name, how the figure was made (in words and in figures), and the figure."""

    name: str
    formula: str
    worked: str
    figure: Figure


class BreakEven(Fact):
    """The Reference Rate of one index at which the test just passes, all else unchanged (`rulings.md` 18).

    `rate` is on the published 4-decimal grid, rounded to the passing side. It is None if no positive rate
    passes or every one does, and `note` says which.
    """

    index: str
    rate: Figure | None
    fails: Literal["below", "above"] | None
    note: str | None = None


class Bearing(Fact):
    """How a result depends on who sells: whether other sellers of the same kind would give it too.

    `low` and `high` are the ends of the measured figure, at 95%. The verdicts `at_low` and `at_high` are the
    test's there. A replicate is one subset of the sellers. It is apart if the verdict at its least or largest
    figure differs from the value's (`rulings.md` 59).
    """

    decisive: bool
    decisive_at: Literal[95, 80] = 95
    """The level that the deal asks for, in per cent."""
    decisive_95: bool = False
    decisive_80: bool = False
    at_low: Verdict | None = None
    at_high: Verdict | None = None
    low: Figure | None = None
    high: Figure | None = None
    low_80: Figure | None = None
    high_80: Figure | None = None
    sellers: int | None = None
    """The number of named sellers behind all rates that the test uses."""
    replicates: int | None = None
    drawn: bool = False
    """Whether the replicates were drawn, because there were too many subsets to take all."""
    apart: int | None = None
    share_failing_sellers: Exact | None = None
    """The share of subsets of sellers in which the test fails.

    It reflects only sellers and is not a forecast.
    """
    share_failing: str | None = None
    """The share of resamples of one rate's listings in which the test fails, as text.

    It reflects only sampling and is not a forecast.
    """
    turns_at: Stated | None = None
    """For a test of one rate: the lowest listed price, in USD, at which its verdict changes.

    The verdict is compared with that at the lowest listing.
    """
    note: str | None = None

    _earlier = model_validator(mode="before")(without_fields_gone)

    @property
    def undecided(self) -> str | None:
        """The reason why the result is not decisive, as a clause of a sentence; None if it is decisive."""
        if self.decisive:
            return None
        low, high = (self.low_80, self.high_80) if self.decisive_at == 80 else (self.low, self.high)
        if self.note is not None or low is None or high is None:
            return self.note or "the limit lies inside the interval by sellers"
        return f"the limit lies inside {printed(low)} to {printed(high)}, by sellers"


class Remedy(Fact):
    """An amount that would make a failing test pass today, all else unchanged."""

    method: Literal["prepayment", "additional collateral", "equity"]
    figure: Figure
    text: str = ""
    """The same in words, for a person who reads the log. A page makes its sentence of the fields."""
    asset_class: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """For additional collateral: the asset class of the GPUs; absent in records from before it was stated."""


Breach = Literal["default", "counts", "obligation", "information"]
"""What a FAIL is.

It is a breach, a date that counts towards a trigger, the ground of an Obligation, or information that nothing
counts.
"""


class TestResult(Fact):
    """One test on one date: verdict, figures, headroom, working, inputs."""

    __test__ = False

    test: str
    template: str
    title: str
    cite: str
    on: date
    as_of: date | None = Field(default=None, exclude_if=lambda one: one is None)
    """The Determination Date whose limits, rates and balances it takes (`rulings.md` 49a).

    It is present if the test was determined on delivery of a report.
    """
    verdict: Verdict
    breach: Breach = "default"
    measured: Figure | None = None
    limit: Figure | None = None
    comparison: Comparison | None = None
    headroom: Figure | None = None
    headroom_share: Exact | None = None
    """The headroom as a share of the limit's size."""
    break_even: tuple[BreakEven, ...] = ()
    bearing: Bearing | None = None
    remedies: tuple[Remedy, ...] = ()
    inputs: tuple[Input, ...] = ()
    steps: tuple[Step, ...] = ()
    reason: NotDetermined | None = None

    _earlier = model_validator(mode="before")(without_fields_gone)


def headroom(measured: Figure, limit: Figure, comparison: Comparison) -> Figure:
    """Return the distance to the limit, positive on the passing side: points for shares, USD for prices."""
    apart = measured.value - limit.value
    distance = apart if comparison in ("at least", "more than") else -apart
    return Figure(value=distance, unit=Unit.POINTS if measured.unit is Unit.SHARE else measured.unit)


def share_of_limit(apart: Figure, limit: Figure) -> Fraction | None:
    """Return headroom as a share of the limit's size; None if the limit is zero.

    The sign is that of the headroom, whatever the sign of the limit.
    """
    return apart.value / abs(limit.value) if limit.value else None


def passes(measured: Figure, limit: Figure, comparison: Comparison) -> bool:
    """Return whether a measured figure passes against a limit; both are compared exactly."""
    # Exactly the limit: each limit says by its words whether it is inclusive (`rulings.md` 17).
    if measured.value == limit.value:
        return comparison in ("at least", "at most")
    return (measured.value > limit.value) == (comparison in ("at least", "more than"))
