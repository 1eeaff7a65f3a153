"""The figures of a report that a deal's tests need, found by asking the tests themselves.

Each comes with the tests that lack it. Each test is measured against a report that has nothing. What it asks
for and does not find is given, and it is measured again, until it needs nothing more of a report. So no list
is kept beside the tests, and none can differ from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from engine.basics.values import Figure, Unit
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Missing, Reported
from engine.determination.template import Template
from engine.evaluation.sweeps import sweeps
from engine.events.rates import Published, ReferenceRate
from engine.events.results import Source
from engine.events.swept_money import OF_EXCESS
from engine.terms.contract_dates import month_end, publication_dates
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import unit_of

YEARS_BACK = timedelta(days=800)
"""How long the deal is assumed to have lived, so that no window is too short to ask what it needs."""
WINDOWS, MONTHS = 60, 24
OF_A_SWEEP = "the sweep of "
"""The words that tell a sweep from the test of the same clause, which needs no figure of cash."""
MOST = 60
"""The most figures that one test can need. A test that asks for more would ask without end."""


@dataclass(frozen=True, slots=True)
class NeededFigure:
    """A figure that a report must give.

    It has its unit, the tests or sweeps that are not determined without it, and their sections.
    """

    name: str
    unit: Unit | None
    needed_by: tuple[str, ...]
    cites: tuple[str, ...]


class _Asked(Mapping[str, Figure]):
    """The figures of an imaginary report, which notes in `missed` each figure that is asked for and lacking.

    It is how the engine finds out which figures a test needs: it runs the test and looks at `missed`.
    """

    def __init__(self, given: Mapping[str, Figure], declared: Mapping[str, Unit]) -> None:
        self._figures = dict(given)
        self._declared = declared
        self.missed: list[str] = []

    def give(self, name: str) -> None:
        """Give the figure that was asked for, with the value 1 in its own unit."""
        self._figures[name] = Figure(value=Fraction(1), unit=unit_of(name, self._declared) or Unit.COUNT)

    def __getitem__(self, name: str) -> Figure:
        if name not in self._figures:
            self.missed.append(name)
        return self._figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)


def figures_needed(
    terms: TermsInForce,
    templates: Mapping[str, Template],
    on: date,
    given: Mapping[str, Figure] | None = None,
    older: Sequence[Reported] = (),
) -> tuple[NeededFigure, ...]:
    """Return the figures that tests and sweeps need of a report that serves on a date.

    They come in the order in which the tests ask.

    Args:
        terms: the terms in force on the date.
        templates: the covenant templates.
        on: the date.
        given: what a report gives; what it lacks is returned. Nothing unless given.
        older: earlier reports, newest first; their figures serve a test that takes the newest available.
    """
    needed: dict[str, dict[str, str]] = {}
    for key, clause in terms.covenants.items():
        for name in _of_test(key, terms, templates, on, given or {}, older):
            needed.setdefault(name, {})[key] = clause.cite
    for sweep in sweeps(terms, templates):
        for name in (name for name in OF_EXCESS if name not in (given or {})):
            needed.setdefault(name, {})[f"{OF_A_SWEEP}{sweep.trigger}"] = sweep.cite
    return tuple(
        NeededFigure(name, unit_of(name, terms.declared_units), tuple(by), tuple(dict.fromkeys(by.values())))
        for name, by in needed.items()
    )


def _of_test(
    key: str,
    terms: TermsInForce,
    templates: Mapping[str, Template],
    on: date,
    given: Mapping[str, Figure],
    older: Sequence[Reported],
) -> Iterator[str]:
    clause, asked = terms.covenants[key], _Asked(given, terms.declared_units)
    facts = _facts(terms, on, asked, older)
    measure = templates[clause.template].measure
    for _ in range(MOST):
        asked.missed.clear()
        try:
            measure(clause, facts)
        except Missing as missing:
            if (
                missing.why.lacks != "report"
                or not asked.missed
                or unit_of(asked.missed[-1], terms.declared_units) is None
            ):
                return
            # The figure that stopped the measure is the last one missed: what
            # came before it could be done without.
            name = asked.missed[-1]
            asked.give(name)
            yield name
        else:
            return


def _facts(terms: TermsInForce, on: date, asked: _Asked, older: Sequence[Reported]) -> Facts:
    """Return what a test would see on a date of a deal that has lived for long.

    It has a rate on every date and a report for every period.
    """
    # A young deal would ask for less, since its windows are shorter than those of later dates.
    long_ago = terms.model_copy(update={"closing_date": on - YEARS_BACK})
    report = Reported(asked, Source(kind="servicer report", text="the report that is asked for", as_of=on))
    thursdays = tuple(publication_dates(on - YEARS_BACK + timedelta(days=1), on))
    dates = tuple(dict.fromkeys((*thursdays, on)))
    rates, published = {}, {}
    for name, index in terms.index.items():
        # Any positive rate will do: the question is which figures are asked for, not what comes out.
        level = Decimal(str(float(index.closing_date_level)))
        published[name] = tuple(Published(index=name, publication_date=day, value=level) for day in dates)
        rates[name] = tuple(
            ReferenceRate(
                index=name,
                on=day,
                value=level,
                step="published value",
                cite=index.cite,
                publication_date=day,
                published=one,
            )
            for day, one in zip(dates, published[name], strict=True)
        )
    # A Calculation Window ends on the day before its Publication Date.
    last = thursdays[-1] - timedelta(days=1)
    windows = tuple((last - timedelta(weeks=back), report) for back in reversed(range(WINDOWS)))
    ends = [month_end(on.replace(day=1) - timedelta(days=1))]
    while len(ends) < MONTHS:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    # A deal with weekly reports has no report of a month, and a test must not find one.
    months = tuple((end, report) for end in reversed(ends)) if _monthly(terms) else ()
    received = (report, *older)
    return Facts(
        on=on,
        terms=long_ago,
        rates=rates,
        published=published,
        report=report,
        windows=windows,
        months=months,
        received=received,
    )


def _monthly(terms: TermsInForce) -> bool:
    return terms.servicer_reports is not None and terms.servicer_reports.every != "week"
