"""One stated path of rates through the exact engine, date by date: the very functions that a run uses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from engine.determination.facts import Facts
from engine.determination.template import Template
from engine.evaluation.delivered_dates import period_end_of
from engine.evaluation.inputs import AS_OF, DETERMINATION, Inputs, inputs_of
from engine.evaluation.one_date import evaluate, stepped
from engine.evaluation.template_facts import template_facts
from engine.events.deal_state import DealState, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.rate_scenarios import Rates
from engine.terms.as_written import Deal
from engine.terms.contract_dates import moment_on, period_of
from engine.terms.in_force import TermsInForce
from engine.terms.low_confidence import DECISIVE_ONLY, HOLD
from engine.terms.periods import ClockTime

DAY = timedelta(days=1)
SOURCE = "stated path"


@dataclass(frozen=True)
class Moment:
    """One date of a path: what decided it, the events that it brought, and the deal after it."""

    inputs: Inputs
    drafts: tuple[Draft, ...]
    state: DealState

    @property
    def known(self) -> Facts:
        """What the templates knew on the date."""
        return template_facts(self.inputs, self.state)


def published(rates: Mapping[str, Rates]) -> dict[str, tuple[Published, ...]]:
    """Return the rates of a path as publications, each on its own Publication Date, by index."""
    return {
        name: tuple(
            Published(index=name, publication_date=day, value=value, source=SOURCE, published_on=day)
            for day, value in values
        )
        for name, values in rates.items()
    }


def moments(
    deal: Deal,
    templates: Mapping[str, Template],
    rates: Mapping[str, Rates],
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
    explained: bool = False,
) -> Iterator[Moment]:
    """Yield each date of the deal on which something happens, from closing to `until`, in order.

    An explanation changes no state, with one exception: if the deal holds results on thin data, the
    explanation decides. Then results are explained even if `explained` is False.

    Args:
        deal: the draft of the deal.
        templates: the covenant templates by name.
        rates: for each index of the deal, its rates by Publication Date, as the deal accepts them: a value
            that is excluded as a manifest error is missing.
        given: what the Servicer's reports would say; `report_of` says when they are received, unless a fact
            says otherwise. A figure that follows a rate follows that of the path.
        until: the last date.
        acts: Recorded Acts on given dates.
        explained: whether results have Break-even Rates, remedies and what they rest on, and a Determination
            Date its outlook.
    """
    for of_date in moments_together(deal, templates, (rates,), given, until, acts, explained):
        yield of_date[0]


def moments_together(
    deal: Deal,
    templates: Mapping[str, Template],
    paths: Sequence[Mapping[str, Rates]],
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
    explained: bool = False,
) -> Iterator[tuple[Moment, ...]]:
    """Yield each date on which something happens, with one `Moment` for each path, in their order.

    This runs `moments` for several paths at once. Each path is decided by itself. The paths share what no
    rate changes: which dates there are, and what the reports say. As long as several paths have had the same
    rates, the first of them is decided for all of them. Where a figure follows a rate, no report is shared.
    """
    if given.links:
        alone = [
            moments_together(
                deal, templates, (rates,), given.along(rates, deal.closing_date), until, acts, explained
            )
            for rates in paths
        ]
        for of_date in zip(*alone, strict=True):
            yield tuple(one[0] for one in of_date)
        return
    series = [published(rates) for rates in paths]
    shared = fold(
        [
            Draft(kind="act recorded", subject=act.act, effective_on=act.effective_on, payload=act)
            for act in acts
        ]
    )
    states, branches = [shared for _ in paths], [0 for _ in paths]
    last, day = date.min, deal.closing_date + DAY
    while day <= until:
        inputs = inputs_of(deal, day, {}, shared, templates)
        # The same report for each path: a rate does not change what it says, so it is read once.
        reports = tuple(report_of(given, inputs))
        if reports:
            shared = fold(reports, shared)
            states = [fold(reports, state) for state in states]
            inputs = inputs_of(deal, day, {}, shared, templates)
        if inputs.kinds:
            whole = explained or _holds_results(inputs.terms)
            # Explanations do not change a state, so they are made only if asked for, or if held results
            # need them.
            base = None if whole else template_facts(inputs, shared)
            branches, last = _branches(paths, branches, last, day), day
            decided: dict[int, Moment] = {}
            for path, branch in enumerate(branches):
                if branch not in decided:
                    own = replace(inputs, series=_by(series[path], day), state=states[path])
                    decided[branch] = _moment(own, base)
            found = tuple(decided[branch] for branch in branches)
            states = [moment.state for moment in found]
            yield found
        day += DAY


def _branches(
    paths: Sequence[Mapping[str, Rates]], before: Sequence[int], last: date, day: date
) -> list[int]:
    """Return the branch of each path on a day. Paths of one branch have had the same rates up to the day.

    Args:
        paths: the rates of each path, by index.
        before: the branches on the day `last`.
        last: the last day on which branches were asked for.
        day: the day.
    """
    numbers: dict[tuple[object, ...], int] = {}
    branches: list[int] = []
    for rates, branch in zip(paths, before, strict=True):
        new = (values[_count(values, last) : _count(values, day)] for _, values in sorted(rates.items()))
        branches.append(numbers.setdefault((branch, *new), len(numbers)))
    return branches


def _count(values: Rates, day: date) -> int:
    """Return how many rates of a path lie on or before a day."""
    return bisect_right(values, day, key=lambda pair: pair[0])


def _by(series: Mapping[str, tuple[Published, ...]], day: date) -> dict[str, tuple[Published, ...]]:
    """Return, for each index, its publications up to and including `day`."""
    return {
        # Nothing after the day: a path holds the future too, which a date may not see.
        name: prints[: bisect_right(prints, day, key=lambda print_: print_.publication_date)]
        for name, prints in series.items()
    }


def _moment(inputs: Inputs, base: Facts | None) -> Moment:
    """Return the inputs, events and state of one date on one path.

    The events hold their explanation only if `base` is None. Otherwise `base` is what the reports tell.
    """
    if base is None:
        drafts = evaluate(inputs)
        return Moment(inputs, drafts, fold(drafts, inputs.state))
    drafts, state = stepped(inputs, base=base)
    return Moment(inputs, drafts, state)


def _holds_results(terms: TermsInForce) -> bool:
    """Return whether the deal holds results on thin data, for at least one index.

    Such a deal needs its results explained: only the explanation says which indices decide a result.
    """
    return any(index.low_confidence.effect in (HOLD, DECISIVE_ONLY) for index in terms.index.values())


def report_of(given: FactsByDate, inputs: Inputs) -> Iterator[Draft]:
    """Yield the report that comes on a date, if one comes and any figure is given.

    A report comes when a period of the deal's reports is over, whatever the Determination Dates are, and anew
    on each Determination Date. It is of the newest period, or of the week before. If tests are determined on
    delivery, the only one is the report of the date's own period, which a path takes as delivered on it.
    """
    terms, day = inputs.terms, inputs.on
    rule, waits = terms.servicer_reports, terms.determination_dates.on_delivery
    begins = period_of(rule, day)[0]
    if not inputs.kinds & {DETERMINATION, AS_OF} and (waits or begins != day):
        return
    figures = given.on(day)
    if not figures:
        return
    own = period_end_of(terms, day) if waits else None
    start, end = period_of(rule, own or begins - DAY)
    report = ReportReceived(
        period_start=start,
        period_end=end,
        as_of=day,
        received=day,
        received_at=moment_on(day, ClockTime(0), terms.time_zone),
        document="facts of the stated path",
        sha256="",
        figures=figures,
    )
    yield Draft(kind="report received", subject=f"stated {day}", effective_on=day, payload=report)


def last_value(rates: Rates, day: date) -> Decimal | None:
    """Return the newest published value of a path by a date; None without one."""
    return next((value for on, value in reversed(rates) if on <= day and value is not None), None)
