"""The ladder of a draft: at closing, and from each later date on which a rung changes.

Each rate is held at its Closing Date level until each test has what it needs. From a later date the rate
stays where it moves on that date. A rung changes with a step, an amendment, a draw, or another fact by date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from pydantic import BaseModel

from engine.basics.values import Figure, Unit
from engine.determination.determine import decided, determine
from engine.determination.facts import Facts
from engine.determination.template import Clause, Period, Template
from engine.events.kinds import Tested
from engine.events.results import BreakEven, TestResult, Verdict
from engine.foresight.clause_rates import AtRates, Turning
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.ladder import AlikeRate, Inversion, Ladder, Rung, ladder_of, looks_back
from engine.foresight.limits_in_order import At, limit_in_order
from engine.foresight.path_run import Moment, moments
from engine.foresight.rates_that_stay import held, if_all_move, stays
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.terms.trigger_conditions import leaves_of

WEEKS_LOOKED_AT = 60
"""How many weeks the rate is held from closing, or from a change, while a test waits for its window."""
DAYS = {"days": 1, "weeks": 7, "months": 31, "years": 366}
"""At most how many days a unit of a trailing period has."""


@dataclass(frozen=True)
class _Found:
    """A test's Break-even Rate on one date, and how the test is measured at another rate on it."""

    turning: Turning
    measured: At
    alike: BreakEven | None
    """Its rate if every index moves by the same share; None in a deal of one index."""


@dataclass
class _Search:
    """What is found of each test, by the date from which it holds.

    Attributes:
        levels: the rate of each index at closing.
        changes: the Closing Date, and each later date on which a term or a fact changes.
        found: each test's Break-even Rate by the date from which it holds.
        lacking: why a test was not determined on or after that date.
        signatures: of each test the change since which it was last measured, and what it measured then.
    """

    changes: Sequence[date]
    levels: Mapping[str, Decimal]
    found: dict[date, dict[str, _Found]] = field(default_factory=dict)
    lacking: dict[date, dict[str, str]] = field(default_factory=dict)
    signatures: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def since(self, day: date) -> date:
        """Return the last change up to a day."""
        return max((change for change in self.changes if change <= day), default=self.changes[0])

    def newest(self, key: str, on: date) -> _Found | str | None:
        """Return what holds of a test on a date: its rate, or why it has none."""
        for since in sorted({*self.found, *self.lacking}, reverse=True):
            if since <= on:
                held = self.found.get(since, {}).get(key) or self.lacking.get(since, {}).get(key)
                if held is not None:
                    return held
        return None

    def first(self, key: str) -> _Found | str | None:
        """Return the first rate of a test; if it has none, why."""
        every = [self.found[since][key] for since in sorted(self.found) if key in self.found[since]]
        if every:
            return every[0]
        # The first date's reason would hide what is missing: a window that is not full yet.
        patient = self.changes[0] + timedelta(weeks=WEEKS_LOOKED_AT)
        reasons = [
            self.lacking[since][key]
            for since in sorted(self.lacking)
            if key in self.lacking[since] and since <= patient
        ]
        return reasons[-1] if reasons else None


def ladder_at_closing(
    deal: Deal,
    templates: Mapping[str, Template],
    given: FactsByDate,
    levels: Mapping[str, Decimal] | None = None,
) -> Ladder:
    """Return the ladder of a draft, if each rate stays at its level from closing on, with the later ones.

    A test that looks at several dates is shown at the rate that fails it if the rate stays there.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        given: what the Servicer's reports would say.
        levels: the rate of each index; the Closing Date levels unless given.
    """
    # A ladder at closing compares clauses, so each rate stands where the parties started from.
    start = levels or {
        name: _decimal(index.closing_date_level)
        for _, terms in reversed(deal.segments)
        for name, index in terms.index.items()
    }
    search = _Search((deal.closing_date, *changes_of(deal, given)), start)
    last = search.changes[-1]
    until = last + timedelta(weeks=WEEKS_LOOKED_AT)
    rates = {
        name: tuple((day, level) for day in publication_dates(deal.closing_date + timedelta(days=1), until))
        for name, level in start.items()
    }
    patient = deal.closing_date + timedelta(weeks=WEEKS_LOOKED_AT)
    settled = _settled(deal, last) if len(search.changes) > 1 else last
    for moment in moments(deal, templates, rates, given, until):
        _look(moment, templates, search)
        day = moment.inputs.on
        # Every test has its rate by now, so later dates need not be lived. What is not determined for long
        # will not be.
        waited = {} if day < patient else search.lacking.get(last, {})
        known = {*search.found.get(last, {}), *waited}
        if day >= settled and all(key in known for key in resolve(deal, last).covenants):
            break
    return _with_later(deal, templates, search, start)


def changes_of(deal: Deal, given: FactsByDate) -> tuple[date, ...]:
    """Return each date after closing and in the deal's life on which a term or a fact changes."""
    days = {since for since, _ in deal.segments}
    days |= {one.received or one.since for dated in given.figures.values() for one in dated}
    clauses = [clause for _, terms in deal.segments for clause in terms.covenants.values()]
    days |= {day for clause in clauses for day in _dates(clause)}
    begins = [trigger.begins for _, terms in deal.segments for trigger in terms.triggers.values()]
    limbs = [leaf.on_or_after for condition in begins for leaf in leaves_of(condition)]
    days |= {day for day in limbs if day is not None}
    maturity = resolve(deal, deal.closing_date).maturity_date
    return tuple(sorted(day for day in days if deal.closing_date < day <= maturity))


def _dates(value: object) -> Iterator[date]:
    """Yield the dates within a clause, such as the points of a curve."""
    if isinstance(value, date):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _dates(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _dates(one)


def _settled(deal: Deal, last: date) -> date:
    """Return the day by which no window of any test reaches back before the last change."""
    periods = [
        period
        for clause in resolve(deal, last).covenants.values()
        for name in type(clause).model_fields
        if isinstance(period := getattr(clause, name), Period)
    ]
    days = [period.count * DAYS.get(period.unit, 7 * WEEKS_LOOKED_AT) for period in periods]
    # One month more, because a monthly test comes up to a month after its window is full.
    return last + timedelta(days=max(days) + DAYS["months"]) if days else last


def _look(moment: Moment, templates: Mapping[str, Template], search: _Search) -> None:
    """Measure each test of a date that has changed since it was last measured."""
    day = moment.inputs.on
    since = search.since(day)
    tested = {
        draft.subject: draft.payload.result for draft in moment.drafts if isinstance(draft.payload, Tested)
    }
    for key, clause in moment.inputs.terms.covenants.items():
        template = templates[clause.template]
        if template.dates not in moment.inputs.kinds:
            continue
        # A change may be in a window for some time, and shows in what the test measures at a rate that stays.
        lived = tested.get(key)
        signature = (since, *((lived.measured, lived.limit) if lived is not None else ()))
        there = key in search.found.get(since, {})
        moves = since > search.changes[0] and looks_back(clause)
        if there and (search.signatures.get(key) == signature or not moves):
            continue
        known = moment.known
        # A trace of its own, or a figure that an earlier test used would seem to be used by this one.
        result = determine(key, clause, template, replace(known, trace={}))
        # The first time the change's own date is named, and not that of the test after it.
        place = day if there else since
        if result.verdict is Verdict.NOT_DETERMINED:
            why = result.reason.reason if result.reason else "not determined"
            search.lacking.setdefault(place, {})[key] = why
            continue
        search.signatures[key] = signature
        levels = {name: level for name, level in search.levels.items() if name in known.terms.index}
        start = since if since > search.changes[0] else None
        search.found.setdefault(place, {})[key] = _found(key, clause, template, known, result, start, levels)


def _with_later(
    deal: Deal, templates: Mapping[str, Template], search: _Search, start: Mapping[str, Decimal]
) -> Ladder:
    """Return the ladder at closing with each later one that differs from the one before it."""
    closing = _ladder_from(deal, templates, search, start, deal.closing_date)
    later: list[Ladder] = []
    before = closing
    for day in sorted({*search.found, *search.lacking}):
        if day > deal.closing_date:
            ladder = _ladder_from(deal, templates, search, start, day)
            if _says(ladder) != _says(before):
                later.append(ladder)
                before = ladder
    return replace(closing, later=tuple(later))


def _says(ladder: Ladder) -> tuple[Any, ...]:
    # The names are compared without their reasons, because a reason may name another week.
    return (
        sorted(ladder.left_out),
        *((rung.limb, rung.kind, rung.index, rung.rate, rung.fails, rung.needs) for rung in ladder.rungs),
        dict(ladder.alike),
    )


def _ladder_from(
    deal: Deal, templates: Mapping[str, Template], search: _Search, start: Mapping[str, Decimal], day: date
) -> Ladder:
    """Return the ladder that holds from a date on."""
    terms = resolve(deal, day)
    held = {key: search.newest(key, day) or search.first(key) for key in terms.covenants}
    # A test that is first determined later has that rate at closing already.
    held |= {
        key: search.first(key)
        for key, one in held.items()
        if not isinstance(one, _Found) and day == deal.closing_date
    }
    found = {key: one for key, one in held.items() if isinstance(one, _Found)}
    # What has no rung is named with its reason, since a missing rung would look like a limb that never acts.
    left = {
        key: one or "not tested in the first weeks"
        for key, one in held.items()
        if not isinstance(one, _Found)
    }
    today = {name: level for name, level in start.items() if name in terms.index}
    at = AtRates(day, terms, templates, {key: one.turning for key, one in found.items()}, today)
    ladder = ladder_of(at, {}, left, from_closing=True)
    alike = {
        key: AlikeRate(_decimal(even.rate.value), even.fails)
        for key, one in found.items()
        if (even := one.alike) is not None and even.rate is not None and even.fails is not None
    }
    mended = tuple(_with_limit(one, at, found) for one in ladder.inversions)
    return replace(ladder, inversions=mended, alike=alike)


def _with_limit(inversion: Inversion, at: AtRates, found: Mapping[str, _Found]) -> Inversion:
    """Return an inversion with the limit that would put it right: of the test that decides, or of another.

    A clause of several limbs is evaluated anew with the limit, because another limb may act in its place.
    """
    graver, milder = inversion.graver, inversion.milder
    assert milder.rate is not None  # both limbs of an inversion act at a rate, on one side of it
    assert graver.fails is not None
    behind = (graver.test, *(limb.test for limb in graver.limbs if limb.test is not None))
    for test in dict.fromkeys(behind):
        even = found[test].turning.even
        if even.rate is None or (even.index, even.fails) != (graver.index, graver.fails):
            continue
        other = limit_in_order(found[test].measured, _decimal(even.rate.value), milder.rate, graver.fails)
        if other is None:
            continue
        then = _acts_with(test, other.rate, graver, at)
        if then is None or (then <= milder.rate if graver.fails == "below" else then >= milder.rate):
            return replace(inversion, searched=True, instead=other, of=test, then=then)
    return replace(inversion, searched=True)


def _acts_with(test: str, rate: Decimal, graver: Rung, at: AtRates) -> Decimal | None:
    """Return the rate at which a limb acts if one test turns at another rate; None if it acts at none."""
    turning = at.turnings[test]
    even = turning.even.model_copy(update={"rate": Figure(value=Fraction(rate), unit=Unit.RATE)})
    moved = replace(at, turnings={**at.turnings, test: replace(turning, even=even)})
    rungs = ladder_of(moved, {}, {}, from_closing=True).rungs
    same = [
        one.rate
        for one in rungs
        if (one.limb, one.index, one.fails) == (graver.limb, graver.index, graver.fails)
        and one.rate is not None
    ]
    if not same:
        return None
    return max(same) if graver.fails == "below" else min(same)


def _at(
    key: str,
    clause: Clause,
    template: Template,
    known: Facts,
    index: str,
    since: date | None,
    rate: Fraction,
) -> TestResult:
    """Return a test's result if its rate has been there since a date, or is there on the date."""
    facts = held(known, index, rate, since) if looks_back(clause) else known.with_rate(index, rate)
    return decided(key, clause, template, facts)


def _found(
    key: str,
    clause: Clause,
    template: Template,
    known: Facts,
    result: TestResult,
    since: date | None,
    levels: Mapping[str, Decimal],
) -> _Found:
    """Return the rate at which a test fails if the rate stays there: from closing, or from a later date.

    From a later date a window is looked at twice: full of the new rate, and with the Closing Date level
    before it. What fails first decides.
    """
    starts = (None, since) if since is not None and looks_back(clause) else (None,)
    choices = [(stays(clause, template, known, result, start), start) for start in starts]
    turning, start = max(choices, key=lambda one: _soonest(one[0].even))
    every = [if_all_move(clause, template, known, levels, start) for start in starts]
    alike = max((one for one in every if one is not None), key=_soonest, default=None)
    measured = partial(_at, key, clause, template, known, turning.even.index, start)
    return _Found(turning, measured, alike)


def _soonest(even: BreakEven) -> tuple[bool, Fraction]:
    """Return what is larger for a rate that acts sooner; a test that no rate turns comes last."""
    if even.rate is None:
        return False, Fraction(0)
    return True, even.rate.value if even.fails == "below" else -even.rate.value


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
