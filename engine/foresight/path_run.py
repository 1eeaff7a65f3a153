"""One stated path of rates through the exact engine, date by date: the very functions that a run uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.determination.facts import Facts
from engine.determination.template import Template
from engine.evaluation.delivered_dates import period_end_of
from engine.evaluation.inputs import AS_OF, DETERMINATION, Inputs, inputs_of
from engine.evaluation.one_date import evaluate
from engine.evaluation.template_facts import template_facts
from engine.events.deal_state import DealState, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.rate_scenarios import Rates
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import moment_on, period_of
from engine.terms.periods import ClockTime

DAY = timedelta(days=1)
SOURCE = "stated path"


@dataclass(frozen=True)
class Moment:
    """One date of a path: what decided it, the events that it brought, the deal after it."""

    inputs: Inputs
    drafts: tuple[Draft, ...]
    state: DealState

    @property
    def known(self) -> Facts:
        """What the templates knew on the date."""
        return template_facts(self.inputs, self.state)


def published(rates: Mapping[str, Rates]) -> dict[str, tuple[Published, ...]]:
    """Return rates of a path as publications, each on its own Publication Date."""
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
) -> Iterator[Moment]:
    """Yield every date of the deal on which something happens, from closing to `until`, in turn.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        rates: for each index of the deal, its rates by Publication Date.
        given: what the Servicer's reports would say; they are received on the Determination Date unless a
            fact says otherwise.
        until: the last date.
        acts: Recorded Acts on given dates.
    """
    series = published(rates)
    state = fold(
        [
            Draft(kind="act recorded", subject=act.act, effective_on=act.effective_on, payload=act)
            for act in acts
        ]
    )
    day = deal.closing_date + DAY
    while day <= until:
        inputs = inputs_of(deal, day, series, state, templates)
        if inputs.kinds:
            if inputs.kinds & {DETERMINATION, AS_OF}:
                state = fold(report_of(deal, given, day), state)
                inputs = inputs_of(deal, day, series, state, templates)
            drafts = evaluate(inputs)
            state = fold(drafts, state)
            yield Moment(inputs, drafts, state)
        day += DAY


def report_of(deal: Deal, given: FactsByDate, day: date) -> Iterator[Draft]:
    """Yield the report that comes on a Determination Date: of the newest period that the deal's reports have, or of the week before.

    Where tests are determined on delivery it is the report of the date's own period: a path takes it as
    delivered on the date.
    """
    figures = given.on(day)
    if not figures:
        return
    terms = resolve(deal, day)
    rule, own = (
        terms.servicer_reports,
        period_end_of(terms, day) if terms.determination_dates.on_delivery else None,
    )
    start, end = period_of(rule, own or period_of(rule, day)[0] - DAY)
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
    """Return the newest published value of a path by a date."""
    return next((value for on, value in reversed(rates) if on <= day and value is not None), None)
