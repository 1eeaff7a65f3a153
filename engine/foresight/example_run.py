"""A worked example lived through: every date decided by `one_date.evaluate`, again if a later print needs it.

Nothing is mocked: rates become publications, facts become a report of every week, Acts become Recorded Acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from engine.determination.accepted_prints import Policy, accepted
from engine.determination.template import Template
from engine.evaluation.corrections import by_prints, correction
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_state import DealState, as_it_stands
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.events.results import TestResult
from engine.market.methodology import materially_different
from engine.terms.as_written import Deal, calendar_on, index_terms, indices, resolve
from engine.terms.contract_dates import (
    counted_from,
    date_of_period,
    moment_on,
    period_of,
    period_start,
    publication_dates,
)
from engine.terms.periods import ClockTime
from engine.terms.worked_example import (
    REPORT_RECEIVED,
    ExampleAct,
    ExamplePrint,
    WorkedExample,
    fact_on,
    received_by,
)

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """One date of an example, as it was decided by what was known on a day."""

    known_on: date
    results: Mapping[str, TestResult]
    state: DealState


def moments(
    deal: Deal, example: WorkedExample, templates: Mapping[str, Template], wanted: set[date]
) -> dict[date, list[Moment]]:
    """Return every date of the example up to the last one wanted, with each of its determinations.

    The first is the original one. A later print or Act adds another.
    """
    last = max(
        (*wanted, *(further.published for further in example.prints)), default=example.first_publication
    )
    log: list[Draft] = [
        Draft(kind="act recorded", subject=a.act, effective_on=a.on, payload=_act(a)) for a in example.acts
    ]
    decided: dict[date, list[Moment]] = {}
    first = max(example.first_publication, deal.closing_date + DAY)
    reports = [report for ends in _periods(deal, first, last) for report in _report(deal, example, *ends)]
    asked_before = any(deal.closing_date < day < first for day in wanted)
    today = deal.closing_date + DAY if asked_before else first  # nothing exists before it (`rulings.md` 43)
    # On most days nothing is published and nothing is recorded, so both are made anew only when they change.
    public, series = _public(deal, example, today), _series(deal, example, today)
    counted, state = len(log), as_it_stands(log)
    while today <= last:
        if _public(deal, example, today) != public:
            public, series = _public(deal, example, today), _series(deal, example, today)
        again = correction(log, tuple(by_prints(log, series)))
        if again is not None:
            log.append(Draft(kind="correction", subject="deal", effective_on=again.from_on, payload=again))
        log += [report for report in reports if report.effective_on <= today]
        reports = [report for report in reports if report.effective_on > today]
        day = again.from_on if again else today
        while day <= today:
            if len(log) != counted:
                counted, state = len(log), as_it_stands(log)
            drafts = _determined(deal, templates, day, series, state, wanted)
            if drafts is not None:
                log += drafts
                counted, state = len(log), as_it_stands(log)
                results = {d.subject: d.payload.result for d in drafts if d.kind == "tested"}
                decided.setdefault(day, []).append(Moment(today, results, state))
            day += DAY
        today += DAY
    return decided


def _determined(
    deal: Deal,
    templates: Mapping[str, Template],
    day: date,
    series: Mapping[str, tuple[Published, ...]],
    state: DealState,
    wanted: set[date],
) -> tuple[Draft, ...] | None:
    """Return the events of one date; None if nothing happens on it and it is not wanted."""
    inputs = inputs_of(deal, day, series, state, templates)
    return evaluate(replace(inputs, example=True)) if inputs.kinds or day in wanted else None


def _act(act: ExampleAct) -> ActRecorded:
    said = {
        name: getattr(act, name)
        for name in ("index", "rate", "clock", "method", "amount", "paid_to", "names", "version")
    }
    details = {name: value for name, value in said.items() if value is not None}
    return ActRecorded(
        act=act.act,
        clause=act.clause,
        document=act.document,
        effective_on=act.on,
        until=act.until,
        details=details,
    )


def _public(deal: Deal, example: WorkedExample, today: date) -> tuple[int, tuple[str, ...], int]:
    """Return what decides the series of a day: Thursdays so far, the deal's indices, and further prints."""
    weeks = (today - example.first_publication).days // 7
    return weeks, indices(deal, today), sum(further.published <= today for further in example.prints)


def _series(deal: Deal, example: WorkedExample, today: date) -> dict[str, tuple[Published, ...]]:
    """Return what each Thursday up to `today` gave, by index.

    Only what was public by then counts, by the print that the deal accepts.
    """
    publications = {}
    consents = {
        act.version: act.on for act in example.acts if act.act == "consent" and act.version is not None
    }
    for index in indices(deal, today):
        rates = example.rates.get(index, ())
        weeks = range((today - example.first_publication).days // 7 + 1)
        prints = [_published(index, example.first_publication + n * WEEK, rates, n) for n in weeks]
        for further in example.prints:
            if further.index == index and further.published <= today:
                prints = _printed(prints, further)
        policy = Policy(
            partial(index_terms, deal, index), partial(calendar_on, deal), materially_different, consents
        )
        publications[index] = accepted(prints, policy)
    return publications


def _published(index: str, day: date, rates: tuple[Decimal | None, ...], number: int) -> Published:
    value = rates[number] if number < len(rates) else None
    return Published(
        index=index, publication_date=day, value=value, source="worked example", published_on=day
    )


def _printed(prints: list[Published], further: ExamplePrint) -> list[Published]:
    """Return the prints with one more.

    A print that came on the date itself fills the week without a value; any other is the next print.
    """
    of_date = [p for p in prints if p.publication_date == further.of]
    empty = [p for p in of_date if p.value is None and further.published == further.of]
    new = Published(
        index=further.index,
        publication_date=further.of,
        value=further.value[0],
        print=len(of_date) + 1 - len(empty),
        methodology=further.methodology,
        source="worked example",
        low_confidence=further.low_confidence == "true",
        published_on=further.published,
    )
    return [p for p in prints if p not in empty] + [new]


def _periods(deal: Deal, first: date, last: date) -> Iterator[tuple[date, date, date]]:
    """Yield (first day, last day, day whose facts it gives) of each report.

    Each Thursday has a report of the Calculation Window before it. If tests wait for the period's report,
    each period has one.
    """
    terms = resolve(deal, first)
    rule = terms.servicer_reports
    if rule is None or not terms.determination_dates.on_delivery:
        yield from (
            (thursday - WEEK, thursday - DAY, thursday) for thursday in publication_dates(first, last + WEEK)
        )
        return
    end = period_of(rule, first)[1]
    while end <= last:
        yield period_start(rule, end), end, end
        end = period_of(rule, end + DAY)[1]


def _report(deal: Deal, example: WorkedExample, start: date, end: date, day: date) -> list[Draft]:
    """Return the facts of one day as the report of a period, on the day on which it came.

    The result is empty if the report did not come.
    """
    figures = {name: fact_on(value, day) for name, value in example.facts.items() if name != REPORT_RECEIVED}
    given = {name: figure for name, figure in figures.items() if figure is not None}
    due = _due(deal, end) if resolve(deal, day).determination_dates.on_delivery else day
    received = _received(deal, example, end) if REPORT_RECEIVED in example.facts else due if given else None
    if received is None:
        return []
    report = ReportReceived(
        period_start=start,
        period_end=end,
        as_of=min(day, received),
        received=received,
        received_at=moment_on(received, ClockTime(0), resolve(deal, day).time_zone),
        document=example.name,
        sha256="",
        figures=given,
    )
    return [Draft(kind="report received", subject=str(day), effective_on=received, payload=report)]


def _received(deal: Deal, example: WorkedExample, end: date) -> date | None:
    """Return when the report of a period came; None if it never came.

    The day is counted from the period's Determination Date, and is never before the period is over.
    """
    terms = resolve(deal, end + DAY)
    rule = received_by(
        example.facts[REPORT_RECEIVED], end if terms.determination_dates.on_delivery else end + DAY
    )
    if rule is None:
        return None
    calendar = calendar_on(deal, end + DAY)
    return max(end, counted_from(rule, date_of_period(terms, calendar, end), calendar))


def _due(deal: Deal, end: date) -> date:
    """Return the day on which the report of a period is due."""
    terms, calendar = resolve(deal, end), calendar_on(deal, end)
    determined = date_of_period(terms, calendar, end)
    return (
        counted_from(terms.servicer_reports.due, determined, calendar)
        if terms.servicer_reports is not None
        else determined
    )
