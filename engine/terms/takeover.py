"""A deal that is taken over in mid-life: the state that a former servicer left (`rulings.md` 56).

What stands here is the word of a person, with a document. Nothing of it is computed. `check` compares it with
the deal and with itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import Discriminator, Field, Tag

from engine.basics.values import Fact
from engine.terms.clause import block_or_word
from engine.terms.field_types import PositiveRate, Truth, Words
from engine.terms.periods import Day, Persistence
from engine.terms.phrases import Usd, Whole
from engine.terms.source import Path

KEY = "takeover"
PATH: Path = (KEY,)
T = TypeVar("T")
OrNone = Annotated[
    Annotated[T, Tag("block")] | Annotated[Literal["none"], Tag("word")], Discriminator(block_or_word)
]
"""A block, or the word `none`: what does not exist is said to be absent, and not guessed."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TestWord = Literal[
    "NOT YET TESTED",
    "COMPLIANT",
    "WATCH",
    "PENDING",
    "CURE PERIOD",
    "EVENT OF DEFAULT",
    "WAIVED",
    "SUSPENDED",
    "CLOSED",
]
TriggerWord = Literal["NOT IN EFFECT", "PENDING CURE", "IN EFFECT", "WAIVED", "CLOSED"]
RateFrom = Literal[
    "published value",
    "last published value",
    "last value not flagged",
    "interpolation",
    "successor benchmark",
    "agent determination",
]


DayOrNotYet = Annotated[
    Annotated[Day, Tag("day")] | Annotated[Literal["not yet"], Tag("word")],
    Discriminator(lambda value: "word" if value == "not yet" else "day"),
]
DayOrNever = Annotated[
    Annotated[Day, Tag("day")] | Annotated[Literal["never"], Tag("word")],
    Discriminator(lambda value: "word" if value == "never" else "day"),
]


class CarriedCure(Fact):
    """A Cure Period that runs: its start, its last day, and the days of a waiver that it does not count."""

    start: Day
    """The day from which the period is counted."""
    last_day: Day
    unit: Literal["business days", "days"]
    waived_days: Whole
    second: Truth = False
    """Whether it is the second Cure Period (`rulings.md` 52a)."""


CureOrWaits = Annotated[
    Annotated[CarriedCure, Tag("block")] | Annotated[Literal["not started"], Tag("word")],
    Discriminator(block_or_word),
]
"""A Cure Period with its last day, or one whose clock still waits for an event."""


class CarriedWaiver(Fact):
    """A waiver that runs: its last day, its document, and what it does to a cure clock."""

    until: Day
    document: Words
    clock: Literal["resumes", "restarts"] | None = None


class InterruptedTest(Fact):
    """The status that a waiver or a suspension has interrupted, and the date since which the test had it."""

    status: TestWord
    since: Day


class InterruptedTrigger(Fact):
    """The status of a trigger that a waiver has interrupted, and the date since which the trigger had it."""

    status: TriggerWord
    since: Day


class CarriedRuns(Fact):
    """How many dates in a row a test has failed, passed, and gone without the Servicer's figures."""

    failing: Whole
    passing: Whole
    not_determined: Whole
    awaited: Truth = False
    """Whether the last date that was not determined awaited the confirmation of a figure."""


class CarriedShortfall(Fact):
    """The shortfall of a clause with a second Cure Period.

    It says by how much the first failure missed the limit, by how much the newest result did, and that
    result.
    """

    first: Words
    now: Words
    measured: Words


class CarriedHold(Fact):
    """A run of results that are held because they are not decisive (`rulings.md` 60)."""

    run: Whole
    failing_since: Day | None = None
    clock_stopped: Day | None = None
    days_left: Whole = 0


class CarriedTest(Fact):
    """The state of one test at the takeover."""

    status: TestWord
    since: Day
    entered: Day | None = None
    """When it first entered the status, if a waiver or a suspension has ended since."""
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    tested_on: Day | None = None
    determined_on: Day | None = None
    """The date of its last PASS or FAIL."""
    episode: Day | None = None
    """The date of the first FAIL of an episode that is open."""
    cure: CureOrWaits | None = None
    runs: CarriedRuns
    # Results and not a number are handed over, since a window of several dates needs each of them.
    counted: OrNone[tuple[Literal["PASS", "FAIL"], ...]] = ()
    """The results that `persists_for` counts, oldest first; `none` after what ended an episode."""
    cures_used: OrNone[tuple[Day, ...]]
    effective_on: DayOrNotYet | None = None
    waiver: CarriedWaiver | None = None
    interrupted: InterruptedTest | None = None
    shortfall: CarriedShortfall | None = None
    held: CarriedHold | None = None


class CarriedCount(Fact):
    """How far one count of a trigger's condition had come: `2 of 3`.

    The dates that met the condition and those that did not stand beside it.
    """

    count: Annotated[str, Field(pattern=r"^\d+ of \d+$")]
    met: tuple[Day, ...] = ()
    not_met: tuple[Day, ...] = ()
    reached: Day | None = None
    """The date on which the count reached the number that it needs, if it has."""

    @property
    def said(self) -> tuple[int, int]:
        """The count as numbers: how many are reached of how many needed."""
        count, _, needed = self.count.partition(" of ")
        return int(count), int(needed)

    @property
    def history(self) -> tuple[bool, ...]:
        """Whether each date met the condition, oldest first."""
        return tuple(day in self.met for day in sorted({*self.met, *self.not_met}))


class CarriedTrigger(Fact):
    """The state of one trigger at the takeover."""

    status: TriggerWord
    since: Day
    entered: Day | None = None
    begins: tuple[CarriedCount, ...] = ()
    """One count for each part of `begins` that counts dates, in the order of the file."""
    ends: tuple[CarriedCount, ...] = ()
    irrevocable: Truth
    last_ended: DayOrNever
    cures_used: OrNone[tuple[Day, ...]]
    first_met: Day | None = None
    cure: CureOrWaits | None = None
    waiver: CarriedWaiver | None = None
    interrupted: InterruptedTrigger | None = None
    lasting: Truth | None = None
    """Whether its lasting consequences are still in force, if it has such and is not in effect."""


class CarriedObligation(Fact):
    """An open Obligation: its clause, what is owed and by whom, when it was created, and when it is due."""

    clause: str
    deliver: Words
    by: str
    created_on: Day
    due: Day


class CarriedNotice(Fact):
    """A notice that is still owed.

    It has its kind, its subject, the date since when, its Determination Date, giver, addressees and last day.
    """

    notice: Literal["compliance", "test_failed", "event_of_default", "trigger_event", "cure", "correction"]
    of: str | None = None
    since: Day
    determined_on: Day
    given_by: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    last_day: Day
    held: Truth = False


class UntoldFact(Fact):
    """A fact since the last Determination Date that no notice has told of. The first date tells of it."""

    notice: Literal["test_failed", "event_of_default", "trigger_event", "cure"]
    of: str
    since: Day


class CarriedReserve(Fact):
    """A reserve account at the takeover.

    It has the amount paid in, the amount due, and the day on which a report or an Act last confirmed it.
    """

    paid: Usd
    due: Usd
    confirmed_on: Day | None = None
    due_then: Usd | None = None
    """The amount that was due on that day."""


RateOrNone = Annotated[
    Annotated[PositiveRate, Tag("rate")] | Annotated[Literal["none"], Tag("none")],
    Discriminator(lambda value: "none" if value == "none" else "rate"),
]
"""A rate, or the word `none` for a date without a rate."""


class CarriedRate(Fact):
    """One date of an index: what was published, and the Reference Rate if it was another value."""

    on: Day
    published: RateOrNone | None = None
    low_confidence: Truth = False
    rate: RateOrNone | None = None
    rate_from: RateFrom | None = None
    of: Day | None = None
    """The Publication Date from which a value was carried."""


class ReportDays(Fact):
    """The first and the last day of a report's period."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day


class CarriedReport(Fact):
    """A Servicer's report that a trailing window still needs, with its figures by their names in a report."""

    period: ReportDays
    as_of: Day
    received: Day
    document: Words
    sha256: Sha256 | None = None
    figures: Annotated[Mapping[str, str], Field(min_length=1)]


class Takeover(Fact):
    """The state of a deal at the end of a day, as handed over.

    One person hands it over, and two persons take it over.
    """

    as_of: Day
    from_: Annotated[Words, Field(alias="from")]
    document: str
    sha256: Sha256
    prepared_by: Words
    approved_by: Words
    tests: Mapping[str, CarriedTest]
    # The word `none` is asked for: a part that was forgotten must not read as one that is empty.
    triggers: OrNone[Mapping[str, CarriedTrigger]]
    events: OrNone[Mapping[str, Day]]
    """The declared events that stand, each with the day since which it does."""
    obligations: OrNone[tuple[CarriedObligation, ...]]
    notices_owed: OrNone[tuple[CarriedNotice, ...]]
    not_yet_told: OrNone[tuple[UntoldFact, ...]]
    reserves: OrNone[Mapping[str, CarriedReserve]]
    rates: Mapping[str, tuple[CarriedRate, ...]]
    reports: OrNone[tuple[CarriedReport, ...]]
    reports_missing: OrNone[tuple[Day, ...]]
    """The last days of periods whose reports were overdue on that day."""

    @property
    def of_triggers(self) -> Mapping[str, CarriedTrigger]:
        """The triggers by name; empty if the file says `none`."""
        return {} if self.triggers == "none" else self.triggers


def entries(said: tuple[T, ...] | Literal["none"]) -> tuple[T, ...]:
    """Return the entries of a list; none of them for the word `none`."""
    return () if said == "none" else said


def blocks(said: Mapping[str, T] | Literal["none"]) -> Mapping[str, T]:
    """Return the parts of a block by name; an empty map for the word `none`."""
    return {} if said == "none" else said


def count_reached(history: Sequence[bool], times: Persistence) -> int:
    """Return how many dates count so far: the newest in a row, or all that meet it in the window.

    The oldest date comes first in `history`.
    """
    # Older dates have left the window, and no longer count for either side.
    seen = tuple(history)[-times.out_of :]
    if not times.consecutive:
        return min(sum(seen), times.count)
    run = next((number for number, one in enumerate(reversed(seen)) if not one), len(seen))
    return min(run, times.count)
