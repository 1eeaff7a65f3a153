"""The states of tests, triggers and Obligations: frozen, folded from events and never recorded.

See `covenants.md`, State; `rulings.md` 21.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from pydantic import Field

from engine.basics.values import Comparison, Exact, Fact
from engine.events.results import TestResult, Verdict


class TestStatus(StrEnum):
    """The status of a test, which is separate from its raw result."""

    __test__ = False

    NOT_YET_TESTED = "NOT YET TESTED"
    COMPLIANT = "COMPLIANT"
    WATCH = "WATCH"
    PENDING = "PENDING"
    CURE_PERIOD = "CURE PERIOD"
    EVENT_OF_DEFAULT = "EVENT OF DEFAULT"
    WAIVED = "WAIVED"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


PRINTED_STATUS = {status: status.value for status in TestStatus} | {
    TestStatus.EVENT_OF_DEFAULT: "Event of Default indicated"
}
"""How each status is printed. A program indicates a default; it does not determine one (`rulings.md` 22)."""


class TriggerStatus(StrEnum):
    """The status of a trigger."""

    NOT_IN_EFFECT = "NOT IN EFFECT"
    PENDING_CURE = "PENDING CURE"
    IN_EFFECT = "IN EFFECT"
    WAIVED = "WAIVED"
    CLOSED = "CLOSED"


class Entry(Fact):
    """When a test or a trigger entered its present status.

    A return from WAIVED or SUSPENDED to the status held before is not an entry: the date of the first entry
    is kept (`rulings.md` 45).
    """

    status: str
    on: date
    held: tuple[str, date] | None = None
    """While WAIVED or SUSPENDED: the status held before, and when it was entered."""


PAUSES = ("WAIVED", "SUSPENDED")


def entry_after(before: Entry | None, status: str, since: date) -> Entry:
    """Return the entry after a state has the status `status` since `since`."""
    # A further result in the same status is not an entry, so the date of the first one stays.
    if before is None or before.status == status:
        return before or Entry(status=status, on=since)
    if status in PAUSES:
        # One pause may follow another at once. What stood before the first of them is what comes back.
        return Entry(status=status, on=since, held=before.held or (before.status, before.on))
    # Only a return to the very status that was held keeps its date (`rulings.md` 45).
    back = before.held is not None and before.held[0] == status
    return Entry(status=status, on=before.held[1] if back and before.held is not None else since)


class Deadline(Fact):
    """A last day, with the rule and the calendar that made it."""

    by: date
    counted_from: date
    rule: str
    calendar: str
    cite: str
    projected: bool = False
    """Whether the calendar's table is a projection for some of these days."""
    found_late_on: date | None = None
    """The day on which a deadline already past was first computed."""


class HeldRun(Fact):
    """Results in a row that were held because they are not decisive (`rulings.md` 60).

    Attributes:
        run: how many there are, the last one included.
        at_most: how many the agreement holds in a row; None without limit.
        failing_since: the date of the first of them that FAILs.
        clock_stopped: the date of the first of them in a Cure Period whose deadline stands still.
        clock_left: the days of that Cure Period that were left then, in the unit that the period counts.
        counts: whether the last one exceeds the limit and therefore counted.
    """

    run: int
    at_most: int | None
    failing_since: date | None = None
    clock_stopped: date | None = None
    clock_left: int = 0
    counts: bool = False

    @property
    def text(self) -> str:
        """The run in words: `not decisive, 2 of 4`."""
        return (
            f"not decisive, {self.run} of {self.at_most}"
            if self.at_most is not None
            else f"not decisive, {self.run} in a row"
        )


class TestState(Fact):
    """One test's state on a date.

    `since` is when the present status began. An episode begins with its first FAIL.
    """

    __test__ = False

    test: str
    status: TestStatus
    since: date
    verdict: Verdict | None = None
    rests_on: date | None = None
    """The date of the last PASS or FAIL."""
    as_of: date | None = Field(default=None, exclude_if=lambda one: one is None)
    """The Determination Date as of which that result is (`rulings.md` 49a).

    It is present if the test was determined on delivery of a report.
    """
    episode_began: date | None = None
    cure: Deadline | None = None
    counted: tuple[bool, ...] = ()
    """Whether each date that counts was a FAIL, newest last, as far back as the clause looks."""
    not_determined_run: int = 0
    """The number of Determination Dates in a row without the Servicer's figures.

    Dates that are not determined for other reasons are left out. A determined date ends the run.
    """
    awaited: bool = False
    """Whether the last date that was not determined awaited the confirmation of a figure.

    See `rulings.md` 57.
    """
    default_needs: Literal["nothing", "notice", "vote"] = "nothing"
    """What an Event of Default of this test needs to take effect."""
    effective_on: date | None = None
    """When an indicated Event of Default took effect: at once, or with the notice or vote that it needs."""
    cured_on: tuple[date, ...] = ()
    """The dates on which a cure was used, oldest first."""
    passing_run: int = 0
    """The number of dates in a row on which the test has passed since it last failed."""
    waived_until: date | None = None
    waived_by: str | None = None
    waived_from: TestStatus | None = None
    """The status that a waiver interrupted."""
    shortfalls: tuple[Exact, Exact] | None = Field(default=None, exclude_if=lambda two: two is None)
    """For a clause with a second Cure Period: the shortfalls of the first failure and the newest result.

    The newest result may not have missed the limit.
    """
    newest: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    """For such a clause: the newest measured figure."""
    extended: bool = Field(default=False, exclude_if=lambda yes: not yes)
    """Whether the running Cure Period is the second one (`rulings.md` 52a)."""
    clock_after: Literal["resumes", "restarts"] | None = None
    """What the waiver's document says of a cure clock when the waiver ends (`rulings.md` 42)."""
    held: HeldRun | None = Field(default=None, exclude_if=lambda run: run is None)
    """The run of results that are not decisive, the newest included.

    It is absent if the last result was decisive, or if none is held.
    """
    why: str = ""

    @property
    def cure_unit(self) -> Literal["business days", "days"]:
        """The unit that the running Cure Period counts."""
        return "days" if self.cure is not None and self.cure.calendar == "calendar days" else "business days"


class LeafFacts(Fact):
    """What one leaf of a trigger's condition looks at, and what meets it.

    A field that says nothing is absent.
    """

    test: str | None = Field(default=None, exclude_if=lambda value: value is None)
    trigger: str | None = Field(default=None, exclude_if=lambda value: value is None)
    index: str | None = Field(default=None, exclude_if=lambda value: value is None)
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    comparison: Comparison | None = Field(default=None, exclude_if=lambda value: value is None)
    level: Exact | None = Field(default=None, exclude_if=lambda value: value is None)
    state: str | None = Field(default=None, exclude_if=lambda value: value is None)
    announced: str | None = Field(default=None, exclude_if=lambda value: value is None)
    on_or_after: date | None = Field(default=None, exclude_if=lambda value: value is None)
    event: str | None = Field(default=None, exclude_if=lambda value: value is None)


class Run(Fact):
    """How a test has run: how many determined dates in a row it has been FAIL, and its newest date.

    Dates that were not determined are left out.
    """

    failures: int
    on: date


class Limb(Fact):
    """How often one leaf of a trigger's condition has been met, of the dates that count."""

    what: str
    """The leaf in words, for a person who reads the log."""
    leaf: LeafFacts | None = Field(default=None, exclude_if=lambda value: value is None)
    """The leaf as fields; absent in records from before it had them."""
    met: tuple[bool, ...] = ()
    """Whether each date that counts met the leaf's condition, newest last, as far back as it looks."""
    count: int
    needed: int
    out_of: int
    dates: str
    met_since: date | None = Field(default=None, exclude_if=lambda day: day is None)
    """The date on which the count reached what it needs; absent before, and for a limb on a state."""

    @property
    def says(self) -> object:
        """What its condition says, by which the same condition is recognized.

        It is the fields, or in earlier records the words.
        """
        return self.what if self.leaf is None else (self.leaf, self.needed, self.out_of, self.dates)


class TriggerState(Fact):
    """One trigger's state on a date, with the counts towards its beginning or its end."""

    trigger: str
    status: TriggerStatus
    since: date
    begins: tuple[Limb, ...] = ()
    ends: tuple[Limb, ...] = ()
    begins_need_all: bool = False
    ends_need_all: bool = False
    """Whether every limb of the end must be met, and `begins_need_all` the same for the beginning.

    If so, the limb furthest from its goal leads, otherwise the nearest.
    """
    irrevocable: bool = False
    """Whether it never ends, and no later print or correction undoes it (`rulings.md` 27)."""
    waived_until: date | None = None
    waived_by: str | None = None
    waived_from: TriggerStatus | None = None
    """The status that a waiver interrupted."""
    cure: Deadline | None = Field(default=None, exclude_if=lambda due: due is None)
    """While it is PENDING CURE: the last day of its own cure.

    It is absent while the event that starts the clock has not come.
    """
    first_met: date | None = Field(default=None, exclude_if=lambda day: day is None)
    """The day on which the condition of a trigger with its own cure was first met (`rulings.md` 52)."""
    cured_on: tuple[date, ...] = Field(default=(), exclude_if=lambda days: not days)
    """The days on which its cure was used, oldest first."""
    ended_on: date | None = Field(default=None, exclude_if=lambda day: day is None)
    """Its last end. What begins it again must be new since then (`rulings.md` 45).

    It is absent if nothing must.
    """
    why: str = ""

    @property
    def count(self) -> Limb | None:
        """The count that matters now: towards the end while in effect, towards the beginning otherwise."""
        return self.leading_end if self.status is TriggerStatus.IN_EFFECT else self.leading_begin

    @property
    def leading_begin(self) -> Limb | None:
        """The limb that decides when the trigger begins."""
        return _leading(self.begins, self.begins_need_all)

    @property
    def leading_end(self) -> Limb | None:
        """The limb that decides when the trigger ends."""
        return _leading(self.ends, self.ends_need_all)


def _leading(limbs: Sequence[Limb], need_all: bool) -> Limb | None:
    """Return the leading limb: the furthest from its goal if all must be met, otherwise the nearest.

    Of equals it is the one with the longer count.
    """
    if need_all:
        return min(
            limbs,
            key=lambda limb: (limb.count / limb.needed if limb.needed else 0, -limb.needed),
            default=None,
        )
    return max(
        limbs, key=lambda limb: (limb.count / limb.needed if limb.needed else 0, limb.needed), default=None
    )


class Obligation(Fact):
    """Something that somebody must deliver by a date."""

    name: str
    clause: str
    by: str
    created_on: date
    due: Deadline
    status: Literal["OPEN", "SATISFIED", "OVERDUE", "CLOSED"] = "OPEN"
    status_since: date
    satisfied_by: str | None = None

    @property
    def is_owed(self) -> bool:
        """Return whether the Obligation is still to be delivered, late or not."""
        return self.status in ("OPEN", "OVERDUE")


class ReserveAccount(Fact):
    """A reserve account on a date, in USD: what it holds, what it ought to hold, and who says so.

    The ruling is `rulings.md` 30a.
    """

    clause: str
    held: Exact
    """What was paid, by the newest report or Act that says so; what was due if none ever has said it."""
    due: Exact
    """What was due by the date, less what was to be released."""
    due_then: Exact | None = None
    """What was due by the day of `confirmed_on`, with which `held` is compared."""
    confirmed_on: date | None = None
    """The day as of which a report or an Act last said what was paid; None if none ever has."""
    withdrawn: Exact = Fraction(0)
    """What was stated as due before a correction and is not due any more.

    It counts only if nobody has said whether it was paid.
    """

    @property
    def difference(self) -> Fraction:
        """What was paid and not due; below zero, what was due and not paid.

        It is zero if nobody has said what was paid.
        """
        return Fraction(0) if self.due_then is None else self.held - self.due_then


class ReserveReleased(Fact):
    """What a reserve account held when its trigger ended, and where it goes (`rulings.md` 30)."""

    clause: str
    on: date
    amount: Exact
    """The amount in USD."""
    to: Literal["release to borrower", "prepay"]
    cite: str


class SweptPeriod(Fact):
    """What is due into a reserve account on one Payment Date (rulings 30, 30a).

    The trigger's state at the Determination Date before it decides. What was paid is another fact.
    """

    clause: str
    payment_date: date
    excess_cash_flow: Exact | None
    swept: Exact | None
    """What is due, in USD."""
    reserve_balance: Exact
    """What the account holds once that is paid, in USD."""
    target: Exact | None = None
    reason: str | None = None
    """The reason why nothing could be computed, if that is so."""
    repays: str | None = Field(default=None, exclude_if=lambda name: name is None)
    """The class of debt that it repays; absent if it goes into a reserve account."""


def run_after(before: Run | None, result: TestResult) -> Run:
    """Return the run of a test after one more result."""
    # A date that was not determined neither adds to the count nor resets it (`rulings.md` 25).
    failed = 0 if before is None or result.verdict is Verdict.PASS else before.failures
    return Run(failures=failed + (result.verdict is Verdict.FAIL), on=result.on)


def obligation_key(obligation: Obligation) -> str:
    """Return the key of an Obligation: its clause and the date that created it."""
    return dated_key(obligation.clause, obligation.created_on)


def dated_key(clause: str, day: date) -> str:
    """Return a clause on a day, as the key of what was created or due on it."""
    return f"{clause}@{day}"


def clause_of_key(key: str) -> str:
    """Return the clause that a key of a clause on a day names.

    A name that is not such a key is the clause itself.
    """
    return key.partition("@")[0]


def clause_and_day(key: str) -> tuple[str, date]:
    """Return the clause and the day that a key names. Raises ValueError for a text that is not a key."""
    clause, _, day = key.rpartition("@")
    return clause, date.fromisoformat(day)
