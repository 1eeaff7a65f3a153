"""What every covenant clause of a deal says, whatever its template."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from engine.terms.phrases import Day, Length, Points, Share, Times, Usd
from engine.values import Fact

CureMethod = Literal["retest", "prepayment", "additional collateral", "equity"]
ClockStart = Literal["determination date", "delivery of the report", "notice by the agent", "earlier of knowledge and notice"]
IfNotDetermined = Annotated[str, Field(pattern=r"^(hold|fail|fail after \d+ determination dates?)$")]


def block_or_word(value: Any) -> str:
    """Which form a term has that may be a block or a word: errors then speak of the form that was written."""
    return "word" if isinstance(value, str) else "block"


class Cure(Fact):
    """The Cure Period of a clause: how long, from when, by what, how often."""

    within: Length
    after: ClockStart
    cured_by: tuple[CureMethod, ...]
    at_most: str | None = None
    cite: str


class Sweep(Fact):
    """A cash sweep: what share of which cash goes where, until which balance (`rulings.md` 30)."""

    share: Share
    of: Literal["excess cash flow"]
    to: Literal["reserve account"]
    until: Usd | None = None
    on_end: Literal["release to borrower", "prepay", "keep"]
    cite: str | None = None


class Deliver(Fact):
    """An Obligation that a failure creates: what must be delivered within how long."""

    deliver: str
    within: Length
    after: ClockStart
    by: str = "borrower"
    cite: str


class Begins(Fact):
    """When a level clause's trigger begins: so many dates below its level."""

    when: Literal["below level", "at or below level", "above level", "at or above level"]
    persistence: Annotated[Times, Field(alias="for")]


class EndsAtTarget(Fact):
    """A level clause's trigger ends when the reserve account has reached its target."""

    when: Literal["reserve at target"]


class Clause(Fact):
    """The terms that all templates share; each template adds its own."""

    template: str
    cite: str
    text: str | None = None
    index: str | None = None
    debt_class: Annotated[str | None, Field(alias="class")] = None
    early_warning: Points | None = None
    first_tested: Day | None = None
    if_not_determined: IfNotDetermined


class MaintenanceClause(Clause):
    """A clause whose failure is a breach: it has a Cure Period or says `cure: none`."""

    cure: Annotated[Annotated[Cure, Tag("block")] | Annotated[Literal["none"], Tag("word")], Discriminator(block_or_word)]
    persists_for: Times | None = None
