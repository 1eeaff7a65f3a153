"""What is due and what follows by itself, as facts: who, of which kind, under which clause, by when, for how much.

A page makes its sentence of these fields (`duty_words`); `what` and `detail` are the same in words as they
were recorded, for a person who reads the log, and nothing reads them (`rulings.md` 72). A fact that says
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
    """What a sweep in effect takes on its next Payment Date: the share of which cash, into which account, and what that holds."""

    share: Exact
    of: str
    to: str
    held: Exact
    """In USD."""
    target: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    """What the account is to hold, in USD; absent where the deal sets none."""
    repays: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The class of debt that it repays, if it fills no account."""
    reported: bool
    """Whether the report on hand gives the amount; otherwise it waits for its report."""


class DueFacts(Fact):
    """What is due beyond what every act has."""

    cured_by: tuple[str, ...] | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a cure: the methods that the agreement lists."""
    deliver: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a delivery: the name of what is to be delivered."""
    period_end: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a report that is late: the last day of its period."""
    for_date: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of the next report: the Determination Date that it is for."""
    deposit: Deposit | None = Field(default=None, exclude_if=lambda value: value is None)
    overdue_since: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """The day after its last day, of a delivery or a report that is late."""


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
    """Which notice is to be given, by its kind, if that is what is due."""
    of: date | None = None
    """The Determination Date that the notice is of."""
    to: tuple[str, ...] = ()
    """To whom the notice is still owed."""
    overdue_since: date | None = None
    """Of a notice: the day after its last day, if that has passed."""
    facts: DueFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """Absent in records made before acts had them."""

    _earlier = model_validator(mode="before")(without_fields_gone)

    @property
    def late_since(self) -> date | None:
        """The day from which it is overdue, whatever it is; None while it is not."""
        return self.overdue_since or (self.facts.overdue_since if self.facts is not None else None)

    @property
    def thing(self) -> str:
        """What tells it from every other act of its kind under its clause, late or not: the same duty has the same."""
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
    """What a trigger brings while it is in effect, or for good."""

    effect: str
    order: tuple[str, ...] = ()
    margin: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    amount: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    """In USD."""
    needs: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """What it needs to take effect: a notice or a vote; absent if nothing."""


class FollowFacts(Fact):
    """What follows by itself, beyond its kind, its clause and its day."""

    by: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of an Event of Default, or of a trigger with a cure of its own: the last day on which a cure keeps it away."""
    deliver: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a delivery that becomes overdue: what was to be delivered."""
    count: int | None = Field(default=None, exclude_if=lambda value: value is None)
    needed: int | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a trigger that is one date away: how far its count is, and how far it must go."""
    carried_from: date | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a rate that lapses: the Publication Date of the value that is carried."""
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
    """Absent in records made before what follows had them."""


class StripDay(Fact):
    """One calendar day of a deadline's strip: its Business Day number, or the reason for its absence."""

    day: date
    number: int | None
    why: str | None
