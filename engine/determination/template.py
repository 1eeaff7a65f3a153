"""The protocol of a covenant template: what it is given, what it gives back, and the words it may use.

A template measures one number on one date. It sees `Facts` and nothing else: no file, no clock, no log, no
other deal, no balance from the past (`rulings.md` 12). A new template is one file in `covenants/` that ends
with `TEMPLATE = Template(...)`; nothing else is edited.

Asking `Facts` for a figure that is not there raises `Missing`. `determine` turns that into NOT DETERMINED
with the reason, so that a measure reads as its formula (ADR 0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING
from fractions import Fraction
from typing import Any, Literal

from engine.basics.values import Comparison, Fact, Figure, Unit, in_words, rounded
from engine.determination.facts import Facts
from engine.determination.linear_form import Gate, LinearForm, Statistic, Told
from engine.determination.measure_inputs import Missing, Reported, written
from engine.events.duty_words import remedy_words
from engine.events.rates import Published
from engine.events.results import Breach, NotDetermined, Remedy, Step
from engine.terms.clause import (
    Begins,
    Clause,
    Cure,
    Deliver,
    ElectiveClause,
    EndsAtTarget,
    LimitClause,
    MaintenanceClause,
    Reference,
    Sweep,
)
from engine.terms.contract_dates import earlier
from engine.terms.declared_figures import Declared, Measured, TrailingReports, unit_of_figure, value_of
from engine.terms.field_types import (
    SINCE_2,
    Discount,
    PartOf,
    Percentage,
    PositiveNumber,
    PositiveRate,
    PositiveUsd,
)
from engine.terms.periods import CalendarPeriod, DateKind, Day, Months, Period, Persistence, Times, Weeks
from engine.terms.phrases import Limit, Usd, Whole, refusal
from engine.terms.pool import AssetClass, At, MissingLeg

__all__ = [
    "SINCE_2",
    "AssetClass",
    "At",
    "Begins",
    "CalendarPeriod",
    "Clause",
    "Comparison",
    "Cure",
    "DateKind",
    "Day",
    "Discount",
    "Declared",
    "Deliver",
    "ElectiveClause",
    "EndsAtTarget",
    "Fact",
    "Facts",
    "Figure",
    "Gate",
    "Limit",
    "LimitClause",
    "LinearForm",
    "MaintenanceClause",
    "Maximum",
    "Measured",
    "Measurement",
    "Missing",
    "MissingLeg",
    "Months",
    "NotDetermined",
    "PartOf",
    "Percentage",
    "Period",
    "Persistence",
    "PositiveNumber",
    "PositiveRate",
    "PositiveUsd",
    "Published",
    "Reference",
    "Remedy",
    "Reported",
    "Rule",
    "Statistic",
    "Step",
    "Sweep",
    "Template",
    "Told",
    "Times",
    "TrailingReports",
    "Unit",
    "Usd",
    "Weeks",
    "When",
    "Whole",
    "against",
    "earlier",
    "failing",
    "least",
    "refusal",
    "remedy",
    "step",
    "unit_of_figure",
    "value_of",
    "whose_balance",
    "written",
]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a template measured: two figures and the comparison that passes.

    The function `working` is called only if the working is asked for.
    """

    measured: Figure
    limit: Figure
    comparison: Comparison
    working: Callable[[], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Maximum:
    """How a figure looks at the highest value of a window (`rulings.md` 59).

    If the values are noisy, the highest is high by luck.

    Attributes:
        window: the values of the window at given facts, oldest first.
        today: this date's value at given facts.
        figure: what is measured of the highest value and this date's; never below zero.
        weights: how much of the highest value and of this date's the figure holds, if it is their weighted
            sum or zero, whichever is larger; None if it is anything else.
    """

    window: Callable[[Facts], tuple[tuple[date, Fraction], ...]]
    today: Callable[[Facts], Fraction]
    figure: Callable[[Fraction, Fraction], Fraction]
    weights: tuple[Fraction, Fraction] | None = None


@dataclass(frozen=True, slots=True)
class When:
    """A condition on one test's results: a verdict, or its measured figure against a level."""

    test: str
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    comparison: Comparison | None = None
    level: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """The trigger that a clause brings with it: when it begins, when it ends, and on how many dates.

    `ends` is None if the trigger ends when the reserve account reaches its target, and if it `never` ends.
    """

    begins: When
    begins_for: Persistence
    ends: When | None
    ends_for: Persistence | None
    never: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One covenant template.

    Attributes:
        name: the word in the deal file.
        title: what the notice calls it.
        source: where the working paper or the rulings define it.
        terms: the model of its clause.
        measure: the test itself; pure.
        reading: the clause in plain English, from its terms.
        breach: what a FAIL is: a `default` (after its Cure Period), a date that `counts` towards the clause's
            own trigger, or the ground of an `obligation`.
        rule: the trigger that the clause brings with it.
        sweep: the sweep that the trigger starts.
        deliver: the Obligation that a FAIL creates.
        remedies: amounts that would make a failing test pass.
        maximum: from a clause and the facts, how its figure looks at the highest value of a window; None if
            it does not.
        columns: for a test that looks at several dates' rates, how they enter; None if only the date's own
            rate does, or if paths are to run through `measure` one by one.
        told: for a test with `columns` that holds its rates against reported figures, which figures these
            are; None if a figure that follows the rate makes paths run through `measure` one by one.
        recomputable: whether a result's inputs are all that its measure asks for. If they are not, as with
            the days on which reports came, a notice proves the result by its place in the log alone.
        doubt: from a clause, this date's rate and the Closing Date level, what must be said beside a FAIL;
            None if nothing must.
    """

    name: str
    title: str
    source: str
    terms: type[Clause]
    measure: Callable[[Any, Facts], Measurement]
    reading: Callable[[Any], str]
    breach: Breach | Callable[[Any], Breach] = "default"
    rule: Callable[[str, Any], Rule] | None = None
    sweep: Callable[[Any], Sweep] | None = None
    deliver: Callable[[Any], Deliver] | None = None
    remedies: Callable[[Any, Facts], tuple[Remedy, ...]] | None = None
    maximum: Callable[[Any, Facts], Maximum | None] | None = None
    columns: Callable[[Any, Facts], LinearForm | None] | None = None
    told: Callable[[Any, Facts], Told | None] | None = None
    recomputable: bool = True
    doubt: Callable[[Any, Fraction, Fraction], str | None] | None = None

    @property
    def dates(self) -> DateKind:
        """The kind of dates on which it is tested."""
        return self.terms.tested_on

    def breach_of(self, clause: Clause) -> Breach:
        """Return what a FAIL of this clause is.

        It is the template's own word, unless the clause says that a failure is not a default.
        """
        own = self.breach(clause) if callable(self.breach) else self.breach
        # Asked first: what the clause says of its failure goes before the template's own word (rulings 52).
        if clause.failure_is == "information only":
            return "information"
        return "counts" if own == "default" and clause.failure_is == "a trigger event" else own


class _Clauses(Mapping[str, type[Clause]]):
    """The model of each template's terms, by the template's name.

    A template is imported only if its model is asked for.
    """

    def __init__(self, templates: Mapping[str, Template]) -> None:
        """Wrap these templates."""
        self._templates = templates

    def __getitem__(self, name: str) -> type[Clause]:
        """Return the model of one template's terms. Raises KeyError for an unknown template."""
        return self._templates[name].terms

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the templates."""
        return iter(self._templates)

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self._templates)


def clauses_of(templates: Mapping[str, Template]) -> Mapping[str, type[Clause]]:
    """Return the model of each template's terms, by the template's name."""
    return _Clauses(templates)


def failing(clause: ElectiveClause) -> Breach:
    """Return what a FAIL means by the clause's `failure_is`: a default, or a date that triggers count."""
    return "default" if clause.failure_is == "a default" else "counts"


def against(limit: Limit, value: Fraction, working: Callable[[], tuple[Step, ...]]) -> Measurement:
    """Return the measurement of a number against a limit of the same unit."""
    return Measurement(Figure(value=value, unit=limit.figure.unit), limit.figure, limit.comparison, working)


def step(name: str, formula: str, worked: str, value: Fraction, unit: Unit) -> Step:
    """Return one line of a working."""
    return Step(name=name, formula=formula, worked=worked, figure=Figure(value=value, unit=unit))


def whose_balance(clause: Clause, of_all: str) -> str:
    """Return in words whose balance a test takes.

    It is the balance of a class alone, of a class with all that rank equal or before it, or of all classes.
    """
    if clause.debt_class is None:
        return of_all
    name = in_words(clause.debt_class)
    return (
        f"{name} and every class of its rank or senior to it"
        if clause.counted == "with senior classes"
        else f"{name} alone"
    )


def least(amount: Fraction, places: int, limit: Limit | Comparison) -> Fraction:
    """Return the least amount with `places` decimals that is enough to meet a limit.

    It is `amount` itself only if the limit itself passes.
    """
    comparison = limit.comparison if isinstance(limit, Limit) else limit
    # Amounts that cure are rounded up, because one rounded down would not cure (`rulings.md` 18).
    smallest = Fraction(rounded(amount, places, ROUND_CEILING))
    return (
        smallest + Fraction(1, 10**places)
        if smallest == amount and comparison in ("more than", "less than")
        else smallest
    )


def remedy(
    method: Literal["prepayment", "additional collateral", "equity"],
    value: Fraction,
    unit: Unit,
    asset_class: str | None = None,
) -> Remedy:
    """Return an amount that would restore the limit.

    For additional collateral it has the asset class of the GPUs.
    """
    way = Remedy(method=method, figure=Figure(value=value, unit=unit), asset_class=asset_class)
    return way.model_copy(update={"text": remedy_words(way)})
