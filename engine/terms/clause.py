"""The terms that every covenant clause has, whatever its template."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from engine.basics.values import Fact, Unit
from engine.terms.field_types import SINCE_2, MadeGood, PartOf, Percentage, PositiveUsd, PossibleLimit, Words
from engine.terms.periods import CurePeriod, DateKind, Day, DayPeriod, Times
from engine.terms.phrases import AtMost, Distance, refusal

CureMethod = Literal["retest", "prepayment", "additional collateral", "equity"]
ClockStart = Literal[
    "determination date", "delivery of the report", "notice by the agent", "earlier of knowledge and notice"
]
Reference = Literal["index", "class of debt", "asset class"]
Frequency = Literal["every date", "first date of each month", "first date of each quarter"]
IF_NOT_DETERMINED = r"^(hold|fail|fail after [1-9]\d{0,2} determination dates?)$"
IfNotDetermined = Annotated[str, Field(pattern=IF_NOT_DETERMINED)]


def _with_article(value: Any) -> Any:
    """Return `a default` for `default` and `a trigger event` for `trigger event`; any other value unchanged.

    The file may write both with or without the article.
    """
    return f"a {value}" if value in ("default", "trigger event") else value


FailureIs = Annotated[
    Literal["a default", "a trigger event", "information only"], BeforeValidator(_with_article)
]
"""What a failure is: a default after its Cure Period, a trigger event, or information only.

Triggers count a trigger event. Nothing counts a failure that is information only.
"""


def block_or_word(value: Any) -> str:
    """Return which form a term has that may be a block or a word: `block` or `word`.

    Errors then speak of the form that was written.
    """
    return "word" if isinstance(value, str) else "block"


class Extension(Fact):
    """A second Cure Period, if enough of the first shortfall was made good (`rulings.md` 52a)."""

    within: CurePeriod
    if_made_good: MadeGood
    not_below: Percentage | None = None
    """The figure below which no second Cure Period begins."""
    cite: str


class Cure(Fact):
    """The Cure Period of a clause.

    It states its length, its start, the ways to cure, how often it may be used, and a second period if there
    is one.
    """

    within: CurePeriod
    after: ClockStart
    cured_by: tuple[CureMethod, ...]
    at_most: AtMost | None = None
    passing_for: Times | None = None
    """On how many dates a retest must pass before it cures. If it is not written, one date is enough."""
    equity_at_most: PositiveUsd | None = None
    """The most equity that one cure may count."""
    extension: Annotated[Extension | None, SINCE_2] = None
    cite: str


class TriggerCure(Fact):
    """The cure of a composite trigger itself (`rulings.md` 52).

    While its time runs the trigger is PENDING CURE, and no consequence follows.
    """

    within: CurePeriod
    after: ClockStart
    cured_by: tuple[CureMethod, ...]
    at_most: AtMost | None = None
    cite: str


RESERVE_ACCOUNT = "reserve account"


class Sweep(Fact):
    """A cash sweep: which share of which cash is paid where, and until which balance (`rulings.md` 30).

    It pays into a reserve account, or repays a class of debt.
    """

    share: PartOf
    of: Literal["excess cash flow"]
    to: str
    """`reserve account`, or the class of debt that it repays."""
    until: PositiveUsd | None = None
    on_end: Literal["release to borrower", "prepay", "keep"] | None = None
    """What happens to the account's balance at the end.

    It is None for a sweep that repays a class of debt.
    """
    cite: str | None = None

    @property
    def repays(self) -> str | None:
        """The class of debt that the sweep repays; None if it pays into a reserve account."""
        return None if self.to == RESERVE_ACCOUNT else self.to

    @model_validator(mode="after")
    def _ends_as_an_account(self) -> Self:
        if self.repays is None and self.on_end is None:
            fix = "write `on_end:` with `keep`, `prepay` or `release to borrower`"
            raise refusal(
                "D201", "`on_end` is missing", "the account holds something when the sweep ends", fix, "to"
            )
        for term in ("until", "on_end"):
            if self.repays is not None and getattr(self, term) is not None:
                why = f"what repays `{self.repays}` is held by no account"
                raise refusal("D562", f"`{term}` is of no use here", why, f"remove `{term}:`", term)
        return self


class Deliver(Fact):
    """An Obligation that a failure creates: what must be delivered, by whom and within how long.

    The time counts from the Determination Date that creates it, and from nothing else. Only a Cure Period's
    clock can wait for an event.
    """

    deliver: Words
    within: DayPeriod
    after: Literal["determination date"]
    """An Obligation stands from the date that creates it, so no other clock can start it."""
    by: str = "borrower"
    cite: str


class Begins(Fact):
    """When a level clause's trigger begins: after so many dates on the wrong side of its level."""

    when: Literal["below level", "at or below level", "above level", "at or above level"]
    # The key is a word of Python, so the field needs another name.
    persistence: Annotated[Times, Field(alias="for")]


class EndsAtTarget(Fact):
    """The end of a level clause's trigger when the reserve account has reached its target."""

    when: Literal["reserve at target"]


class Springing(Fact):
    """A clause that is tested only while a test or trigger is in a state; otherwise it is SUSPENDED."""

    test: str | None = None
    trigger: str | None = None
    state: str
    counts_from: Annotated[Literal["the same date", "the next date"], SINCE_2, Field(alias="from")]
    """Whether the state after this date's results decides, or the state before them (`rulings.md` 50)."""
    cite: str


class Clause(Fact):
    """The terms that all templates share. Each template adds its own."""

    template: str
    cite: str
    text: Words | None = None
    index: str | None = None
    debt_class: Annotated[str | None, Field(alias="class")] = None
    counted: Annotated[Literal["alone", "with senior classes"] | None, SINCE_2] = None
    """Whose balance a test of one class of debt takes.

    It is that class alone, or that class with every class that ranks equal or before it.
    """
    early_warning: Distance | None = None
    first_tested: Day | None = None
    frequency: Frequency = "every date"
    last_tested: Annotated[Day | None, SINCE_2] = None
    """The date after which the test has no results (`rulings.md` 50)."""
    failure_is: Annotated[FailureIs | None, SINCE_2] = None
    tested_while: Springing | None = None
    if_not_determined: IfNotDetermined

    on_one_index: ClassVar[bool] = False
    """Whether the clause is tested on a single index, so that it must name one if the deal has several."""
    may_take_index: ClassVar[bool] = False
    """Whether a clause that is not tested on a single index may name one: if it does, that index decides."""
    failure_may_be: ClassVar[tuple[str, ...]] = ("a trigger event",)
    """What a failure may be.

    The first is how format 1 reads a clause that cannot say it (`rulings.md` 72).
    """
    says_in_format_1: ClassVar[bool] = False
    """Whether a file of format 1 says what a failure is, so that nothing is assumed in its place."""
    may_take_class: ClassVar[bool] = False
    """Whether the clause may be about a single class of debt."""
    counted_in_format_1: ClassVar[Literal["alone", "with senior classes"]] = "alone"
    """Whose balance a test of a class takes in format 1, which cannot say it (`rulings.md` 46, 72)."""
    alone_only_first: ClassVar[bool] = False
    """Whether only the class that ranks first may be counted alone. The others are paid after it."""
    tested_on: ClassVar[DateKind] = "determination dates"
    """The kind of dates on which the clause is tested."""
    on_no_rate: ClassVar[bool] = False
    """Whether the clause needs no rate."""
    of_weeks: ClassVar[bool] = False
    """Whether the clause needs figures of whole weeks, which a report of a longer period does not give.

    See `rulings.md` 47.
    """
    mechanical: ClassVar[bool] = False
    """Whether the index alone decides the clause, whatever the pool earns (WP §5.2)."""

    def margin_unit(self) -> Unit:
        """Return the unit in which the headroom of this clause is counted."""
        return Unit.POINTS

    def refers(self) -> tuple[tuple[str, Reference, str | None], ...]:
        """Return (key, kind, name) of everything else in the deal that the clause names."""
        return (("index", "index", self.index), ("class", "class of debt", self.debt_class))

    def limit_fits(self) -> bool:
        """Return whether the limit has a unit that the test measures in.

        If it has not, checks say nothing of distances from the limit.
        """
        return True

    def never_before(self, whole: Clause) -> bool:  # noqa: ARG002 (what a template compares with, where it has such tests)
        """Return whether this test of one class of debt can never fail before `whole`, a test of all debt."""
        return False

    @model_validator(mode="after")
    def _may_fail_so(self) -> Self:
        if self.failure_is is not None and self.failure_is not in self.failure_may_be:
            why = f"what follows a failure of `{self.template}` is written in the clause itself"
            said = f"`failure_is: {self.failure_is}` cannot be here"
            raise refusal("D563", said, why, f"write `{' or '.join(self.failure_may_be)}`", "failure_is")
        return self

    @model_validator(mode="after")
    def _same_unit(self) -> Self:
        if (
            self.early_warning is not None
            # A limit in a wrong unit has a refusal of its own, and the margin takes its unit from it.
            and self.limit_fits()
            and self.early_warning.figure.unit is not self.margin_unit()
        ):
            counted = self.margin_unit().value
            what = f"`{self.early_warning}` is not how this test's headroom is counted"
            raise refusal(
                "D114", what, f"it is counted in {counted}", f"write it in {counted}", "early_warning"
            )
        return self


class EventOfDefault(Fact):
    """What an Event of Default still needs to take effect once it is indicated (`rulings.md` 22)."""

    needs: Literal["nothing", "notice", "vote"]
    cite: str


class MaintenanceClause(Clause):
    """A clause whose failure is a breach: it has a Cure Period or says `cure: none`."""

    failure_may_be: ClassVar[tuple[str, ...]] = ("a default", "a trigger event", "information only")
    event_of_default: EventOfDefault | None = None

    cure: Annotated[
        Annotated[Cure, Tag("block")] | Annotated[Literal["none"], Tag("word")], Discriminator(block_or_word)
    ]
    persists_for: Times | None = None


def is_default(clause: Clause) -> bool:
    """Return whether a failure of the clause is a default."""
    # Format 1 cannot say what a failure is, and a maintenance clause then means a default (`rulings.md` 72).
    return isinstance(clause, MaintenanceClause) and clause.failure_is in (None, "a default")


def default_needs(clause: Clause) -> Literal["nothing", "notice", "vote"]:
    """Return what an indicated Event of Default of the clause still needs to take effect."""
    said = clause.event_of_default if isinstance(clause, MaintenanceClause) else None
    return said.needs if said is not None else "nothing"


class ElectiveClause(MaintenanceClause):
    """A clause that says itself whether a failure is a default, a trigger event or information only."""

    says_in_format_1: ClassVar[bool] = True
    failure_is: FailureIs
    cure: Annotated[
        Annotated[Cure, Tag("block")] | Annotated[Literal["none"], Tag("word")], Discriminator(block_or_word)
    ] = "none"

    @model_validator(mode="after")
    def _cure_of_a_default(self) -> Self:
        # `cure` is `none` unless written, so only the written fields tell whether it was left out.
        if self.failure_is == "a default" and "cure" not in self.model_fields_set:
            why = "a default has a Cure Period or says that it has none"
            fix = "write `cure:` with a block or `none`"
            raise refusal("D116", "`cure` is missing where a failure is a default", why, fix, "failure_is")
        return self


class LimitClause(ElectiveClause):
    """A clause that states its limit with its comparison: `at least 120%`."""

    limit: PossibleLimit
    better: ClassVar[Literal["higher", "lower"] | None] = None
    """Which figures are the better ones for the lender; None if that depends on the clause."""
    units: ClassVar[tuple[Unit, ...]] = (Unit.SHARE,)
    """The units that the limit may have."""

    def margin_unit(self) -> Unit:
        """Return the unit of the headroom: points for a share, otherwise the unit of the limit."""
        return Unit.POINTS if self.limit.figure.unit is Unit.SHARE else self.limit.figure.unit

    def limit_fits(self) -> bool:
        """Return whether the limit is in one of the template's units."""
        return self.limit.figure.unit in self.units

    @model_validator(mode="after")
    def _in_its_unit(self) -> Self:
        if not self.limit_fits():
            counted = " or ".join(unit.value for unit in self.units)
            why = f"what `{self.template}` measures is counted in {counted}"
            raise refusal(
                "D115",
                f"the limit `{self.limit}` has another unit than the test",
                why,
                f"write it in {counted}",
                "limit",
            )
        return self
