"""The checks of a takeover's rates and reports (`rulings.md` 56).

They find those that a window still needs and that are missing, and what is wrong with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from engine.basics.errors import Problem
from engine.determination.look_back import LookBack, reports_due_by, was_due_by
from engine.terms.contract_dates import THURSDAY, period_of, publication_dates
from engine.terms.report_figures import unit_of
from engine.terms.source import Path
from engine.terms.takeover import PATH, CarriedRate, entries
from engine.terms.worked_example import read_figure
from engine.workspace.takeover_held import Held

DAY = timedelta(days=1)


def of_rates(held: Held, needed: LookBack) -> Iterator[Problem]:
    """Yield the problems of the rates, with those that a test will look at and that are missing."""
    for index in held.terms.index:
        lines = {line.on: line for line in held.said.rates.get(index, ())}
        at: Path = ("rates", index)
        for number, line in enumerate(held.said.rates.get(index, ())):
            yield from held.dated((*at, number, "on"), line.on)
            if line.published is None and line.on.weekday() == THURSDAY:
                yield held.lacks(
                    (*at, number), "published", f"{line.on} is a Publication Date: a rate, or `none`", "D587"
                )
            elif line.published == "none" and line.rate is None:
                yield held.lacks(
                    (*at, number),
                    "rate",
                    "nothing was published: the Reference Rate of the date was a rate, or `none`",
                    "D587",
                )
            if line.published is None and line.rate is None and line.on.weekday() != THURSDAY:
                yield held.lacks(
                    (*at, number),
                    "rate",
                    "it is not a Publication Date, and has the rate that was determined on it",
                    "D587",
                )
            if line.rate is not None and line.rate != "none" and line.rate_from is None:
                yield held.lacks(
                    (*at, number),
                    "rate_from",
                    "it says by which step of the fallback the rate was found",
                    "D587",
                )
        wanted = dict(needed.rates.get(index, {}))
        wanted |= (
            dict.fromkeys(_until_first(held, lines), needed.first.get(index, ""))
            if index in needed.first
            else {}
        )
        absent = {day: test for day, test in wanted.items() if day not in lines}
        if absent and index in held.said.rates:
            tests = ", ".join(
                f"`{test}`" if test in held.terms.covenants else test
                for test in dict.fromkeys(absent.values())
            )
            why = f"{tests} will look at them"
            days = ", ".join(str(day) for day in sorted(absent))
            fix = (
                "write `- {on: 2026-03-05, published: USD 1.95 per GPU-hour}` for each, or `published: "
                "none` and the `rate` that served"
            )
            yield Problem(
                "D587", f"{index} is not stated on {days}", why, fix, held.tree.key_place((*PATH, *at))
            )


def _until_first(held: Held, lines: Mapping[date, CarriedRate]) -> Iterator[date]:
    """Yield the Publication Dates up to the first value after closing, from which a test measures."""
    for day in publication_dates(held.deal.closing_date + DAY, held.said.as_of):
        yield day
        line = lines.get(day)
        if line is None or line.published != "none":
            return


def of_reports(held: Held, needed: Mapping[date, str]) -> Iterator[Problem]:
    """Yield the problems of the reports, with the periods of which nothing is said.

    `needed` holds last days of periods, each with a test that needs it.
    """
    said = entries(held.said.reports)
    for number, one in enumerate(said):
        at: Path = ("reports", number)
        yield from held.dated((*at, "received"), one.received)
        yield from held.dated((*at, "period", "to"), one.period.to)
        if one.period.to < one.period.from_:
            yield held.wrong(
                (*at, "period", "to"),
                f"the period ends on {one.period.to}",
                f"it begins on {one.period.from_}",
                "correct it",
            )
        for name, text in one.figures.items():
            yield from _figure(held, (*at, "figures", name), name, text)
    rule = held.terms.servicer_reports
    if rule is None:
        return
    stated = {period_of(rule, one.period.to)[1] for one in said} | set(entries(held.said.reports_missing))
    as_of = held.said.as_of
    due = reports_due_by(held.terms, held.calendar, as_of)
    wanted = {
        **{end: test for end, test in needed.items() if was_due_by(held.terms, held.calendar, end, as_of)},
        **dict.fromkeys(due[:1], ""),
    }
    oldest = min(stated, default=None)
    wanted |= {end: "" for end in due if oldest is not None and end > oldest}
    absent = sorted(end for end in wanted if end not in stated)
    if absent:
        tests = ", ".join(f"`{test}`" for test in dict.fromkeys(wanted[end] for end in absent) if test)
        why = (
            f"{tests} will look at {'it' if len(absent) == 1 else 'them'}"
            if tests
            else "whether the newest report that was due has come is not guessed"
        )
        days = ", ".join(map(str, absent))
        fix = (
            "write the report beneath `reports:`, or the day beneath `reports_missing:` where it had not come"
        )
        yield Problem(
            "D587",
            f"nothing is said of the report for the period to {days}",
            why,
            fix,
            held.tree.key_place((*PATH, "reports")),
        )


def _figure(held: Held, at: Path, name: str, text: str) -> Iterator[Problem]:
    unit, figure = unit_of(name, held.terms.declared_units), read_figure(text)
    if unit is None:
        place = held.tree.key_place((*PATH, *at))
        why = "a report gives figures by names like `outstanding_principal` or `rental.h100.revenue`"
        yield Problem("D588", f"a report has no figure `{name}`", why, "correct the name", place)
    elif figure is None or figure.unit is not unit:
        yield held.wrong(
            at,
            f"`{text}` is not a figure of `{name}`",
            f"it is counted in {unit.value}",
            f"write it in {unit.value}",
            "D588",
        )
