"""The terms of a deal in force on one date: facts only, in the order of the agreement.

`Deal` (as written, with places, amendments and dated steps) lives in `as_written.py`. What stands here is
what is left when a date has been chosen: every term has a single value, and every phrase is read
(`deal-format.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, SerializeAsAny, Tag, model_validator

from engine.basics.values import OF_MULTIPLES, Fact, Unit, debtor_of
from engine.terms.clause import Clause, Deliver, Sweep, TriggerCure, block_or_word
from engine.terms.declared_figures import FigureTerms, units_of
from engine.terms.delivery_terms import NoticeDuty
from engine.terms.field_types import (
    SINCE_2,
    CountOfThings,
    DayOfMonth,
    MonthsOfQuarters,
    PartOf,
    PositiveRate,
    PositiveUsd,
    ShareOfAll,
    Truth,
    Words,
)
from engine.terms.low_confidence import LowConfidence
from engine.terms.periods import ClockHour, Day, DayPeriod, Publications
from engine.terms.phrases import refusal
from engine.terms.pool import AssetClass, Blend
from engine.terms.report_terms import ServicerReports
from engine.terms.trigger_conditions import Condition

Roll = Literal["same day", "next business day", "previous business day", "modified following"]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
NAME = r"^[a-z][a-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME)]
"""A name that the deal gives to a part of itself.

Notices and files take their names from it, so it cannot hold anything that leads to another folder.
"""
IndexName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
SOME = Field(min_length=1)
"""At least one part: an empty block would leave nothing to monitor."""
ShortName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]
"""The short name by which a document is cited: `CA` in `CA §7.01`."""


class Document(Fact):
    """A document that the deal cites by its short name."""

    title: Words
    dated: Day
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class DeterminationDates(Fact):
    """When tests are determined, and what a holiday does to the date."""

    every: Weekday | Literal["month", "quarter"]
    months: Annotated[MonthsOfQuarters | None, SINCE_2] = None
    """The four months in which a quarter's date lies."""
    day: DayOfMonth | None = None
    first: Day | None = None
    # Agreements differ on this, and a default would move dates that nobody agreed on.
    if_not_a_business_day: Roll
    cut_off: Annotated[ClockHour, SINCE_2]
    """The hour by which a report or an Act must have been received to count for the date.

    See `rulings.md` 26a.
    """
    determined: Annotated[Literal["on the date", "on delivery of the period's report"], SINCE_2] = (
        "on the date"
    )
    cite: str

    @property
    def on_delivery(self) -> bool:
        """Whether tests are determined on the day on which their period's report is delivered.

        They are then as of the Determination Date (`rulings.md` 49a).
        """
        return self.determined != "on the date"


class PaymentDates(Fact):
    """When money moves."""

    every: Literal["month", "quarter"]
    months: Annotated[MonthsOfQuarters | None, SINCE_2] = None
    day: DayOfMonth
    if_not_a_business_day: Roll
    cite: str


class Revenue(Fact):
    """Where the pool's revenue mostly comes from (WP §5.2)."""

    mostly: Literal["enterprise contracts", "reserved", "on demand"]
    cite: str


RoundingRule = Annotated[str, Field(pattern=r"^(unrounded|\d decimals?, half (up|to even))$")]


class Rounding(Fact):
    """How percentages and points (`ratios`) and multiples are rounded before comparison (`rulings.md` 71)."""

    ratios: RoundingRule
    multiples: RoundingRule = "unrounded"
    cite: str

    @property
    def rule(self) -> str:
        """Both rules in one text; the rule of multiples only if it rounds."""
        return (
            self.ratios if self.multiples == "unrounded" else f"{self.ratios}{OF_MULTIPLES}{self.multiples}"
        )


class Party(Fact):
    """A party by its role in the agreement."""

    name: Words
    notices: Words
    lei: str | None = None
    cite: str | None = None


class MethodologyPolicy(Fact):
    """Which methodology version makes the deal's rate (`rulings.md` 5)."""

    policy: Literal["pinned", "current"]
    version: str | None = None
    consent_needed_for: Literal["material changes"] | None = None
    material_above: ShareOfAll | None = None
    cite: str | None = None


class LatePublication(Fact):
    """How long a late value still counts for its Publication Date."""

    accepted_for: DayPeriod
    cite: str


class RestatementTerms(Fact):
    """How long a restated value still causes its dates to be run again."""

    accepted_for: DayPeriod
    effect: Literal["retest", "report only"]
    cite: str


class FallbackStep(Fact):
    """One step of the Reference Rate's fallback, in the agreement's order."""

    use: Literal[
        "published value",
        "last published value",
        "last value not flagged",
        "interpolation",
        "successor benchmark",
        "agent determination",
    ]
    for_at_most: Publications | None = None
    cite: str


class IndexTerms(Fact):
    """What the deal says about one index.

    For a daily series it also says which of its days a Publication Date reads (`rulings.md` 62).
    """

    source: Literal["computed by the calculation agent", "published by the administrator"]
    methodology: MethodologyPolicy
    closing_date_level: PositiveRate
    low_confidence: LowConfidence
    late_publication: LatePublication
    restatement: RestatementTerms
    cite: str
    fallback: tuple[FallbackStep, ...]
    cadence: Annotated[Literal["weekly", "daily"], SINCE_2] = "weekly"
    day_read: Annotated[
        Literal["the last day final at the cut-off", "the publication date"] | None, SINCE_2
    ] = None


class DebtClass(Fact):
    """One class of debt, in order of seniority."""

    original_principal: PositiveUsd
    rate: str
    rank: Annotated[CountOfThings | None, SINCE_2] = None
    """1 for the class that is paid first. If no class has a rank, the order of the file decides."""
    cusip: str | None = None
    isin: str | None = None
    cite: str


class Esma(Fact):
    """The ESMA fields of a trigger's consequence."""

    changes_priority_of_payments: Truth
    replaces_counterparty: Truth


class Consequence(Fact):
    """What follows while a trigger is in effect: what, who must act, from when, until when, and the money.

    A cash sweep is computed on each Payment Date, and an appraisal becomes an Obligation. The others are only
    stated, with who acts.
    """

    kind: Literal[
        "cash sweep",
        "distribution block",
        "margin step",
        "appraisal",
        "early amortization",
        "application of funds",
        "other",
    ] = "other"
    effect: Words
    who: str | None = None
    needs: Literal["nothing", "notice", "vote"] = "nothing"
    starts: Literal["at once", "next payment date"] = "at once"
    ends: Literal["with the trigger", "never"] = "with the trigger"
    sweep: Sweep | None = None
    deliver: Deliver | None = None
    margin: PartOf | None = None
    order: tuple[str, ...] = ()
    amount: PositiveUsd | None = None
    cite: str

    @model_validator(mode="after")
    def _complete(self) -> Self:
        # Only the kind tells which block is needed, so the type of a single field cannot require it.
        needed = {
            "cash sweep": "sweep",
            "appraisal": "deliver",
            "margin step": "margin",
            "application of funds": "order",
        }.get(self.kind)
        if needed is not None and not getattr(self, needed):
            why = f"a {self.kind} is not known without it"
            raise refusal("D121", f"`{needed}` is missing", why, f"write `{needed}:`", "kind")
        return self


EndsByWord = Literal["never", "when begins is no longer met"]


class DeclaredEvent(Fact):
    """An event that no figure shows and that a party declares, and who declares it (`rulings.md` 51)."""

    declared_by: str
    text: Words | None = None
    cite: str


class TriggerTerms(Fact):
    """A composite trigger: what begins it, its cure if any, what ends it, and what follows."""

    cite: str
    text: Words | None = None
    begins: Condition
    ends: Annotated[
        Annotated[Literal["never", "when begins is no longer met"], Tag("word")]
        | Annotated[Condition, Tag("block")],
        Discriminator(block_or_word),
    ]
    cure: Annotated[TriggerCure | None, SINCE_2] = None
    consequences: tuple[Consequence, ...] = ()
    esma: Esma | None = None

    @model_validator(mode="after")
    def _sweep_ends_with_it(self) -> Self:
        # The check stands here and not in the sweep, because only the trigger knows when both end.
        if self.ends != "never" and any(
            consequence.sweep is not None and consequence.ends == "never" for consequence in self.consequences
        ):
            why = (
                "a sweep acts while its trigger is in effect, and on_end says what then becomes of the "
                "reserve account"
            )
            what, fix = (
                "a cash sweep cannot outlast its trigger",
                "leave `ends:` out of the sweep, or let the trigger end `never`",
            )
            raise refusal("D129", what, why, fix, "consequences")
        return self


class RecordedActs(Fact):
    """Who must stand behind a Recorded Act."""

    approved_by: Literal["a second person"]
    cite: str


class TermsInForce(Fact):
    """Everything that the deal says on one date, each term with a single value.

    `covenants` maps each key to a clause of its template's own type.
    """

    deal: Name
    format: Literal["1", "2"]
    illustrative: Truth = False
    rated: Truth = False
    paper: Literal["a4", "us letter"] = "a4"
    unique_id: str | None = None
    documents: Annotated[Mapping[ShortName, Document], SOME]
    closing_date: Day
    maturity_date: Day
    business_days: str
    time_zone: str
    determination_dates: DeterminationDates
    payment_dates: PaymentDates | None = None
    servicer_reports: ServicerReports | None = None
    revenue: Revenue
    rounding: Rounding
    parties: Annotated[Mapping[Name, Party], SOME]
    index: Annotated[Mapping[IndexName, IndexTerms], SOME]
    blended_rates: Mapping[IndexName, Blend] = {}
    pledged_assets: Annotated[Mapping[Name, AssetClass], SOME]
    debt: Annotated[Mapping[Name, DebtClass], SOME]
    figures: Annotated[Mapping[Name, FigureTerms], SINCE_2] = {}
    events: Annotated[Mapping[Name, DeclaredEvent], SINCE_2] = {}
    # pydantic would write a clause with the fields of the base type alone, and drop its template's own.
    covenants: Annotated[Mapping[Name, SerializeAsAny[Clause]], SOME]
    triggers: Mapping[Name, TriggerTerms] = {}
    notices: Mapping[Name, NoticeDuty]
    recorded_acts: RecordedActs | None = None

    @property
    def debtor(self) -> str:
        """The role of the party that owes the debt: the borrower, or else the issuer (`rulings.md` 58)."""
        return debtor_of(self.parties)

    def role_of(self, role: str) -> str:
        """Return the role of the party that acts.

        `borrower` means whoever owes the debt under the agreement.
        """
        return self.debtor if role == "borrower" else role

    @property
    def declared_units(self) -> dict[str, Unit]:
        """The unit of each declared figure that reports give, by the figure's name in a report."""
        return units_of(self.figures)

    def cite_of(self, index: str) -> str:
        """Return the section that defines an index, or a blend of several."""
        return self.blended_rates[index].cite if index in self.blended_rates else self.index[index].cite

    def index_of(self, clause: Clause) -> str:
        """Return the index that `clause` is tested on.

        It is the clause's own index, that of its asset class, or else the first index of the deal.
        """
        asset = self._asset_of(clause)
        return clause.index or (asset.index if asset is not None else next(iter(self.index)))

    def indices_of_pool(self, clause: Clause) -> tuple[str, ...]:
        """Return the indices at which `clause` values the pool.

        It is the index of its asset class if it names one, otherwise the indices of all asset classes.
        """
        asset = self._asset_of(clause)
        return tuple(
            # Asset classes may share an index. A dict names each once and keeps the order of the file.
            dict.fromkeys(one.index for one in (self.pledged_assets.values() if asset is None else (asset,)))
        )

    def rank_of(self, debt_class: str) -> int:
        """Return the rank of a class of debt: its own, or its place in the file if no class states a rank."""
        rank = self.debt[debt_class].rank
        return rank if rank is not None else tuple(self.debt).index(debt_class) + 1

    def counted_with(self, clause: Clause) -> tuple[str, ...]:
        """Return the classes of debt whose balance a test takes (`rulings.md` 46).

        They are all classes, the clause's class alone, or that class with all that rank equal or before it.
        """
        name = clause.debt_class
        # A class that the deal lacks has a problem of its own (D502), which an error here would hide.
        if name is None or name not in self.debt:
            return tuple(self.debt)
        if clause.counted != "with senior classes":
            return (name,)
        return tuple(other for other in self.debt if self.rank_of(other) <= self.rank_of(name))

    def _asset_of(self, clause: Clause) -> AssetClass | None:
        # Only some templates have this field.
        return self.pledged_assets.get(getattr(clause, "asset_class", None) or "")


class TermSource(Fact):
    """The line that set a term in force, with the date, the citation and the document."""

    path: str
    written: str
    line: int
    since: date
    cite: str | None = None
    document: str | None = None
