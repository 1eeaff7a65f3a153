"""A deal's worked examples, run through the very functions that a Thursday runs through.

`example_run.py` lives an example through. Here the result is compared with what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.basics.errors import Problem
from engine.basics.values import Figure, Unit, printed
from engine.determination.template import Template
from engine.evaluation.inputs import PUBLICATION
from engine.evaluation.obligations import open_for
from engine.events.rates import ReferenceRate
from engine.events.results import TestResult
from engine.events.states import TestStatus
from engine.foresight.example_run import Moment
from engine.foresight.example_run import moments as moments_of
from engine.terms.as_written import Deal, calendar_named, resolve
from engine.terms.contract_dates import determination_dates, next_determination_date
from engine.terms.in_force import TermsInForce
from engine.terms.worked_example import EXPECTED, Expectation, Placed, agrees

WEEK = timedelta(days=7)
THURSDAY = 3


@dataclass(frozen=True)
class Proof:
    """The outcome of one worked example: no problems if it passes."""

    name: str
    problems: tuple[Problem, ...]


def prove(deal: Deal, templates: Mapping[str, Template]) -> tuple[Proof, ...]:
    """Return the outcome of every worked example of a deal."""
    return tuple(_prove(deal, example, templates) for example in deal.examples)


def _prove(deal: Deal, example: Placed, templates: Mapping[str, Template]) -> Proof:
    wanted = {expectation.on for expectation in example.expect}
    # The state as it was known on that day must be kept as well, before later prints change it.
    wanted |= {expectation.as_known_on for expectation in example.expect if expectation.as_known_on}
    moments = moments_of(deal, example, templates, wanted)
    problems: list[Problem] = []
    for number, expectation in enumerate(example.expect):
        path = (*example.place, "expect", number)
        # Without it the newest determination counts, which later prints or Acts may have changed.
        until = expectation.as_known_on or date.max
        moment = next(
            (one for one in reversed(moments.get(expectation.on, [])) if one.known_on <= until), None
        )
        if moment is None:
            why = (
                f"the example begins on {example.first_publication} and the deal closes on "
                f"{deal.closing_date}"
            )
            place = deal.tree.place((*path, "on"))
            problems.append(
                Problem(
                    "P102", f"nothing is determined on {expectation.on}", why, "expect a later date", place
                )
            )
            continue
        problems += _compare(deal, expectation, moment, path)
    return Proof(example.name, tuple(problems))


def _compare(
    deal: Deal, expectation: Expectation, moment: Moment, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Yield a problem for each expected figure or state that differs from what was found."""
    for name in EXPECTED:
        wanted = getattr(expectation, name)
        if wanted is None:
            continue
        found, holds = FOUND[name](_View(deal, expectation, moment), wanted)
        if not holds:
            what = f"{expectation.subject} on {expectation.on}: `{name}` is {found}, not {wanted}"
            # A wrong date is the commonest slip of an example, so it is told before the figures are blamed.
            why = why_untested(deal, expectation, moment) if name in OF_A_RESULT else None
            fix = "correct the term or the expectation, whichever does not say what the agreement says"
            yield Problem(
                "P101",
                what,
                why or "the engine's reading differs from the example",
                fix,
                deal.tree.place((*path, name)),
            )


OF_A_RESULT = frozenset(("result", "measured", "limit", "headroom", "break_even", "to_cure", "decisive"))
"""The expected fields that only a date has on which the test was run."""


def why_untested(deal: Deal, expectation: Expectation, moment: Moment) -> str | None:
    """Return the reason why a test has no result on a date; None if it has one.

    The reason names the nearest dates on which the test is run.
    """
    key = expectation.test or expectation.trigger or ""
    on, terms = expectation.on, resolve(deal, expectation.on)
    clause = terms.covenants.get(key)
    if clause is None:
        return f"`{key}` is a trigger, which has a state and no result" if key in terms.triggers else None
    # The test was run, so the figure itself differs and a date is not to blame.
    if key in moment.results:
        return None
    if clause.first_tested is not None and on < clause.first_tested:
        return f"`{key}` is first tested on {clause.first_tested}"
    if clause.last_tested is not None and on > clause.last_tested:
        return f"`{key}` was last tested on {clause.last_tested}"
    if terms.determination_dates.on_delivery and clause.tested_on != PUBLICATION:
        return f"`{key}` is determined on the day on which its report is delivered, and none was on {on}"
    before, there, after = _dates_around(deal, terms, clause.tested_on == PUBLICATION, on)
    kind = clause.tested_on.title().removesuffix("s")
    if not there:
        nearest = " and ".join(str(day) for day in (before, after) if day is not None)
        return f"`{key}` is tested on {kind}s, and {on} is not one; the nearest: {nearest}"
    # Asked after the dates, because a suspended test is still not due on a day that is not a test date.
    state = moment.state.tests.get(key)
    if state is not None and state.status is TestStatus.SUSPENDED:
        return f"`{key}` was SUSPENDED on this date, because what `tested_while` asks for did not hold"
    if clause.frequency != "every date":
        return f"`{key}` is tested on the {clause.frequency} alone"
    return None


def _dates_around(
    deal: Deal, terms: TermsInForce, published: bool, on: date
) -> tuple[date | None, bool, date | None]:
    """Return (last test date before `on`, whether `on` is one, first test date after it).

    Test dates are Thursdays if `published` is True, otherwise Determination Dates.
    """
    if published:
        since = (on.weekday() - THURSDAY) % WEEK.days
        return on - timedelta(days=since or WEEK.days), not since, on + timedelta(days=WEEK.days - since)
    calendar = calendar_named(deal, terms.business_days)
    dates = [day for day in determination_dates(terms, calendar, on) if day <= on]
    before = next((day for day in reversed(dates) if day < on), None)
    return before, on in dates, next_determination_date(terms, calendar, on)


@dataclass(frozen=True)
class _View:
    """One expectation of a worked example, with its deal and the date of the run that it speaks of."""

    deal: Deal
    expectation: Expectation
    moment: Moment

    @property
    def result(self) -> TestResult | None:
        return self.moment.results.get(self.expectation.test or self.expectation.trigger or "")

    def figure(self, name: str) -> Figure | None:
        measured = getattr(self.result, name) if self.result else None
        return measured if isinstance(measured, Figure) else None

    @property
    def rates(self) -> Sequence[ReferenceRate]:
        """The rates of its index up to the date that it is about.

        For a result determined on delivery, that date is the one that the result states.
        """
        last = self.result.as_of if self.result else None
        return [
            rate for rate in self.moment.state.rates.get(self.index, ()) if last is None or rate.on <= last
        ]

    @property
    def index(self) -> str:
        if self.expectation.index:
            return self.expectation.index
        terms = resolve(self.deal, self.expectation.on)
        clause = terms.covenants.get(self.expectation.test or self.expectation.trigger or "")
        return terms.index_of(clause) if clause else next(iter(terms.index))


Compared = tuple[str, bool]


def _figure(name: str) -> Callable[[_View, str], Compared]:
    def compare(view: _View, wanted: str) -> Compared:
        figure = view.figure(name)
        return _shown(figure, wanted), agrees(wanted, figure)

    return compare


def _shown(figure: Figure | None, wanted: str) -> str:
    if figure is None:
        return "not determined"
    # At least as many decimals as the example wrote, so that the two figures can be compared by eye.
    places = len(re.sub(r"[^0-9.]", "", wanted).partition(".")[2])
    return printed(figure, max(places, 3 if figure.unit in (Unit.SHARE, Unit.POINTS) else 2))


def _result(view: _View, wanted: str) -> Compared:
    found = view.result.verdict.value if view.result else "not tested on this date"
    return found, found == wanted


def _state(view: _View, wanted: str) -> Compared:
    states = view.moment.state
    expectation = view.expectation
    if expectation.test:
        test = states.tests.get(expectation.test)
        # A test without a state has not been run, which is a state that an example may expect.
        found = test.status.value if test else "NOT YET TESTED"
    else:
        trigger = states.triggers.get(expectation.trigger or "")
        found = trigger.status.value if trigger else "NOT IN EFFECT"
    return found, found == wanted


def _since(view: _View, wanted: date) -> Compared:
    states = view.moment.state
    test, trigger = (
        states.tests.get(view.expectation.test or ""),
        states.triggers.get(view.expectation.trigger or ""),
    )
    found = test.since if test else trigger.since if trigger else None
    return str(found), found == wanted


def _as_of(view: _View, wanted: date) -> Compared:
    found = view.result.as_of or view.result.on if view.result else None
    return str(found or "not tested on this date"), found == wanted


def _first_met(view: _View, wanted: date) -> Compared:
    trigger = view.moment.state.triggers.get(view.expectation.trigger or "")
    found = trigger.first_met if trigger else None
    return str(found or "never"), found == wanted


def _cure_by(view: _View, wanted: date) -> Compared:
    states = view.moment.state
    one = states.tests.get(view.expectation.test or "") or states.triggers.get(view.expectation.trigger or "")
    found = one.cure.by if one and one.cure else None
    return str(found or "no Cure Period"), found == wanted


def _to_cure(view: _View, wanted: str) -> Compared:
    ways = view.result.remedies if view.result else ()
    shown = " or ".join(printed(way.figure) for way in ways) or "none"
    # A failure may be cured in several ways, and the example names the one that counsel looked at.
    return shown, any(agrees(wanted, way.figure) for way in ways) or (wanted == "none" and not ways)


def _break_even(view: _View, wanted: str) -> Compared:
    rates = [even.rate for even in view.result.break_even] if view.result else []
    shown = ", ".join(printed(rate, 4) if rate else "none" for rate in rates) or "none"
    # A pool of several indices has a rate for each, and the example names one of them.
    return shown, any(agrees(wanted, rate) for rate in rates) or (wanted == "none" and not rates)


def _count(view: _View, wanted: str) -> Compared:
    trigger = view.moment.state.triggers.get(view.expectation.trigger or "")
    limb = trigger.count if trigger else None
    found = f"{limb.count} of {limb.needed}" if limb else "no count"
    return found, found == wanted


def _rate(view: _View, wanted: str) -> Compared:
    rates = view.rates
    value = rates[-1].value if rates else None
    figure = None if value is None else Figure(value=Fraction(value), unit=Unit.RATE)
    return _shown(figure, wanted), agrees(wanted, figure)


def _rate_from(view: _View, wanted: str) -> Compared:
    rates = view.rates
    found = rates[-1].step if rates else "none"
    return found, found == wanted


def _obligation(view: _View, wanted: str) -> Compared:
    found = open_for(view.expectation.test or "", view.moment.state.obligations)
    return (found.name if found else "none"), (found.name if found else "none") == wanted


def _due(view: _View, wanted: date) -> Compared:
    found = open_for(view.expectation.test or "", view.moment.state.obligations)
    return str(found.due.by if found else "none"), found is not None and found.due.by == wanted


def _decisive(view: _View, wanted: str) -> Compared:
    bearing = view.result.bearing if view.result else None
    # A result without a bearing rests on no interval, so nothing can turn it.
    found = "no" if view.result is None or (bearing is not None and not bearing.decisive) else "yes"
    return found, found == wanted


def _reserve(view: _View, wanted: str) -> Compared:
    balance = view.moment.state.reserves.get(view.expectation.trigger or "", Fraction(0))
    figure = Figure(value=balance, unit=Unit.USD)
    return printed(figure), agrees(wanted, figure)


def _swept(view: _View, wanted: str) -> Compared:
    period = view.moment.state.swept.get(view.expectation.trigger or "")
    figure = None if period is None else Figure(value=period, unit=Unit.USD)
    return _shown(figure, wanted), agrees(wanted, figure)


FOUND: dict[str, Callable[[_View, Any], Compared]] = {
    "result": _result,
    "measured": _figure("measured"),
    "limit": _figure("limit"),
    "headroom": _figure("headroom"),
    "state": _state,
    "break_even": _break_even,
    "cure_by": _cure_by,
    "since": _since,
    "to_cure": _to_cure,
    "count": _count,
    "rate": _rate,
    "rate_from": _rate_from,
    "obligation": _obligation,
    "due": _due,
    "decisive": _decisive,
    "reserve": _reserve,
    "swept": _swept,
    "as_of": _as_of,
    "first_met": _first_met,
}
"""How each expected field is found and compared."""
