"""What is due and what follows by itself, as facts: who, which kind, which clause, by when, how much.

A page makes its sentence of these fields (`duty_words`). `what` and `detail` are the same in words as they
were recorded, for a person who reads the log, and nothing reads them (`rulings.md` 72). A field that says
nothing of an act is absent, never null.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from engine.basics.values import Exact, Fact, Figure
from engine.events.fields_gone import without_fields_gone
from engine.events.results import Remedy
from engine.events.states import Deadline

Act = Literal["cure", "deliver", "report", "notify", "pay into reserve", "repay"]


class Deposit(Fact):
    """What a sweep in effect takes on its next Payment Date.

    It is a share of some cash, paid into an account that holds `held`.
    """

    share: Exact
    of: str
    to: str
    held: Exact
    """The balance of the account in USD."""
    target: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    """The target of the account in USD; absent if the deal sets none."""
    repays: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The class of debt that it repays, if it does not fill an account."""
    reported: bool
    """Whether the report on hand gives the amount. Otherwise the amount waits for its report."""


class DueFacts(Fact):
    """The details of what is due, beyond what every act has."""

    cured_by: tuple[str, ...] | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a cure: the methods that the agreement lists."""
    deliver: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a delivery: the name of what is to be delivered."""
    period_end: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a late report: the last day of its period."""
    for_date: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """For the next report: the Determination Date that it is for."""
    deposit: Deposit | None = Field(default=None, exclude_if=lambda value: value is None)
    overdue_since: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a late delivery or report: the day after its last day."""
    held: bool = Field(default=False, exclude_if=lambda value: value is False)
    """For a notice that a test failed: whether the failure is held as not decisive (`rulings.md` 60).

    It is absent otherwise.
    """


class Due(Fact):
    """Something that somebody must do by a date, with the ways in which it can be done."""

    by: date
    who: str
    act: Act
    subject: str
    what: str = ""
    """The act in words, for a person who reads the log."""
    deadline: Deadline | None = None
    figure: Figure | None = None
    ways: tuple[Remedy, ...] = ()
    cite: str
    urgent: bool = False
    notice: str | None = None
    """The kind of the notice to be given, if a notice is due."""
    of: date | None = None
    """The Determination Date that the notice is about."""
    to: tuple[str, ...] = ()
    """The addressees to whom the notice is still owed."""
    overdue_since: date | None = None
    """For a notice: the day after its last day, if that day has passed."""
    facts: DueFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """Absent in records from before acts had facts."""

    _earlier = model_validator(mode="before")(without_fields_gone)

    @property
    def late_since(self) -> date | None:
        """The day since which the act is overdue, whatever it is; None while it is not."""
        # A notice has the day in the act itself, a delivery or a report in its facts.
        return self.overdue_since or (self.facts.overdue_since if self.facts is not None else None)

    @property
    def thing(self) -> str:
        """The words that tell this act from every other of its kind under its clause.

        A duty has the same words whether it is late or not.
        """
        facts = self.facts
        if self.notice is not None:
            return f"{self.notice} {self.of}"
        if facts is None:  # as it was recorded
            return self.what.removesuffix(", overdue")
        if facts.period_end is not None or facts.for_date is not None:
            return f"{facts.period_end or ''} {facts.for_date or ''}"
        return facts.deliver or " ".join(facts.cured_by or ())


FollowKind = Literal[
    "event of default",
    "overdue",
    "trigger begins",
    "trigger ends",
    "rate lapses",
    "consequence",
    "lasting consequence",
]


class Brings(Fact):
    """What a trigger causes while it is in effect, or for good."""

    effect: str
    order: tuple[str, ...] = ()
    margin: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    amount: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    """The amount in USD."""
    needs: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """What it needs to take effect: a notice or a vote; absent if nothing."""


class FollowFacts(Fact):
    """The details of what follows by itself, beyond its kind, its clause and its day."""

    by: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """The last day on which a cure prevents what follows.

    That is an Event of Default, or the effect of a trigger with its own cure.
    """
    deliver: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a delivery that becomes overdue: what was to be delivered."""
    count: int | None = Field(default=None, exclude_if=lambda value: value is None)
    needed: int | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a trigger that is one date away: its count, and the count that it needs."""
    carried_from: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """For a rate that lapses: the Publication Date of the carried value."""
    brings: Brings | None = Field(default=None, exclude_if=lambda value: value is None)


class Follow(Fact):
    """What follows by itself on a date if nothing is done."""

    on: date
    subject: str
    what: FollowKind
    detail: str = ""
    """The same in words, for a person who reads the log."""
    cite: str
    facts: FollowFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """Absent in records from before what follows had facts."""


class StripDay(Fact):
    """One calendar day of a deadline's strip: its Business Day number, or why it is not a Business Day."""

    day: date
    number: int | None
    why: str | None
