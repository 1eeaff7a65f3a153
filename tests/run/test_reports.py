"""What reports say over time: a count governs once given, a month that is missing is a gap, a certified average is this week's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.calendar import load_calendar
from engine.determination.rate import Published
from engine.determination.result import TestResult, Verdict
from engine.determination.template import Template
from engine.known import Inputs
from engine.record.event import ReportReceived
from engine.record.fold import DealState, fold
from engine.terms.in_force import Deal, resolve
from engine.terms.schedule import publication_dates
from engine.values import Figure, Unit
from engine.week import evaluate, kinds_of
from tests.conftest import DEALS

DAY, WEEK = timedelta(days=1), timedelta(days=7)
USD_16M = {"outstanding_principal": Figure(value=Fraction(16_000_000), unit=Unit.USD)}


def report(end: date, figures: Mapping[str, Figure], days: int = 7, **known: object) -> ReportReceived:
    said = {"as_of": end, "received": end, "document": f"{end}.yaml", "sha256": "", **known}
    return ReportReceived.model_validate({"period_start": end - (days - 1) * DAY, "period_end": end, "figures": figures, **said})


def results(
    deal: Deal, templates: Mapping[str, Template], on: date, rate: str, reports: tuple[ReportReceived, ...]
) -> dict[str, TestResult]:
    """Every test of a date, with one rate on every Publication Date since closing and these reports."""
    state, found = DealState(reports=reports), {}
    for day in (deal.closing_date + n * DAY for n in range(1, (on - deal.closing_date).days + 1)):
        terms = resolve(deal, day)
        calendar = load_calendar(terms.business_days)
        kinds = kinds_of(terms, calendar, day)
        if not kinds:
            continue
        dates = tuple(publication_dates(deal.closing_date + DAY, day))
        series = {n: tuple(Published(index=n, publication_date=d, value=Decimal(rate)) for d in dates) for n in terms.index}
        drafts = evaluate(Inputs(day, kinds, terms, templates, calendar, series, state))
        state = fold(drafts, state)
        found = {draft.subject: draft.payload.result for draft in drafts if draft.kind == "tested"}
    return found


def gpus(count: int) -> dict[str, Figure]:
    return {"available.h100.gpus": Figure(value=Fraction(count), unit=Unit.GPUS)}


def test_a_gpu_count_governs_once_given_though_later_reports_are_silent(meridian: Deal, all_templates: dict[str, Template]) -> None:
    first, on = date(2026, 1, 7), date(2026, 1, 22)
    counted = report(first, {**USD_16M, **gpus(800)})
    silent = (report(first + WEEK, USD_16M), report(first + 2 * WEEK, USD_16M))
    said = results(meridian, all_templates, on, "2.0000", (counted, report(first + WEEK, {**USD_16M, **gpus(800)})))["ltv"]
    after = results(meridian, all_templates, on, "2.0000", (counted, *silent))["ltv"]
    before = results(meridian, all_templates, on, "2.0000", silent)["ltv"]
    assert (said.verdict, after.verdict, before.verdict) == (Verdict.FAIL, Verdict.FAIL, Verdict.PASS)
    assert after.measured == said.measured
    (used,) = [one for one in after.inputs if one.name == "available.h100.gpus"]
    assert used.source.as_of == first


def test_the_newest_count_governs_and_a_correction_that_omits_it_keeps_it(meridian: Deal, all_templates: dict[str, Template]) -> None:
    first, on = date(2026, 1, 7), date(2026, 1, 22)
    reports = (
        report(first, {**USD_16M, **gpus(800)}),
        report(first + WEEK, {**USD_16M, **gpus(900)}),
        report(first + WEEK, USD_16M, corrects=str(first + WEEK), received=first + WEEK + DAY),
    )
    found = results(meridian, all_templates, on, "2.0000", reports)["ltv"]
    assert [one.figure.value for one in found.inputs if one.name == "available.h100.gpus"] == [900]
