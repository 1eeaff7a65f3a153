"""Facts by date for a stated path: what the Servicer's reports would say.

They come from a table or from the command line. A figure holds from its date until the next one, unless
straight lines between its dates are asked for. It is checked like a worked example's facts. The figure must
exist, be of a class that the deal has, be in its unit, and not be negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from engine.basics.errors import InputProblems, Place, Problem, WrongUsage
from engine.basics.tables import Row, read_table
from engine.basics.values import Figure, Unit, figure_words, listed, printed
from engine.foresight.given_files import GivenFile
from engine.foresight.linked_facts import FOLLOWING, PLACES, Link, LinkSaid, is_link, read_link
from engine.foresight.rate_scenarios import Rates
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import class_of, unit_of_fact
from engine.terms.worked_example import read_figure

COUNTED = (Unit.GPUS, Unit.GPU_HOURS)
"""The units that a fact may leave out: `20,000` GPU-hours."""
COLUMNS = ("date", "figure", "value", "received")


@dataclass(frozen=True)
class Dated:
    """One figure from a date on, and the day on which its report was received if that is another day."""

    since: date
    figure: Figure
    received: date | None = None


@dataclass(frozen=True)
class FactsByDate:
    """What is assumed of the Servicer's reports.

    Attributes:
        figures: each figure with its dates, oldest first.
        straight_lines: whether figures move in straight lines between their dates.
        links: figures that follow a rate; they stand in `figures` at the Closing Date level until a path is
            known.
        moved: figures that a path has moved already: they go in steps, whatever lies between other dates.
        source: the table that they come from; None if all come from the command line.
    """

    figures: Mapping[str, tuple[Dated, ...]]
    straight_lines: bool = False
    links: tuple[Link, ...] = ()
    moved: frozenset[str] = frozenset()
    source: GivenFile | None = None

    def along(self, rates: Mapping[str, Rates], closing: date) -> FactsByDate:
        """Return the same facts on a path of rates.

        Each figure that follows a rate moves with it, in steps.
        """
        moved = {
            link.figure: tuple(Dated(day, figure) for day, figure in link.along(rates, closing))
            for link in self.links
        }
        return replace(self, figures={**self.figures, **moved}, links=(), moved=self.moved | moved.keys())

    def unheld(self, hold: Sequence[str]) -> tuple[str, ...]:
        """Return the figures that follow the rate by nature, but are neither linked nor held by name."""
        linked = {link.figure for link in self.links}
        return tuple(
            name
            for name in self.figures
            if name.startswith(FOLLOWING) and unit_of_fact(name) in PLACES and name not in (*hold, *linked)
        )

    def refuse_held(self, hold: Sequence[str]) -> None:
        """Check that what is held by name was given, and follows no rate. Raises WrongUsage otherwise."""
        linked = {link.figure for link in self.links}
        for name in hold:
            if name in linked:
                raise WrongUsage(f"`{name}` follows the rate, so it cannot be held as well; leave one out")
            if name not in self.figures:
                raise WrongUsage(f"`{name}` is held, and no fact gives it; given: {listed([*self.figures])}")

    @property
    def held(self) -> dict[str, str]:
        """The figures that no rate moves, each with its first value in words, and its last."""
        linked = {link.figure for link in self.links}
        return {name: _first_and_last(dated) for name, dated in self.figures.items() if name not in linked}

    @property
    def follows(self) -> dict[str, LinkSaid]:
        """The figures that follow a rate, each with how."""
        return {link.figure: link.said() for link in self.links}

    def without(self, names: Sequence[str]) -> FactsByDate:
        """Return the same facts without some figures."""
        return replace(
            self, figures={name: dated for name, dated in self.figures.items() if name not in names}
        )

    def on(self, day: date) -> dict[str, Figure]:
        """Return the figures that hold on a date.

        A figure is left out before its first date, and while its report has not been received.
        """
        figures = {}
        for name, dated in self.figures.items():
            # A figure counts from its date only once its report has come; without a day of receipt it came
            # at once.
            reached = [one for one in dated if one.since <= day and (one.received or day) <= day]
            if reached:
                # A line to the next Publication Date would tell a report of a rate that is not published yet.
                lines = self.straight_lines and name not in self.moved
                figures[name] = self._between(name, reached[-1], day) if lines else reached[-1].figure
        return figures

    def _between(self, name: str, last: Dated, day: date) -> Figure:
        after = next((figure for figure in self.figures[name] if figure.since > day), None)
        if after is None:
            return last.figure
        # Days are exact fractions, so a figure on a line is the same on every machine.
        share = Fraction((day - last.since).days, (after.since - last.since).days)
        value = last.figure.value + share * (after.figure.value - last.figure.value)
        return Figure(value=value, unit=last.figure.unit)

    def with_lost(self, contract: str, since: date) -> FactsByDate:
        """Return the same facts with a named contract ended on a date (WP §5.2 (b)).

        Its hours are open from then on.

        Raises:
            WrongUsage: no fact gives the contract's hours, or its rate, or the rate follows an index.
        """
        hours, rate = f"contracted_gpu_hours.{contract}", f"contracted_rate.{contract}"
        if hours not in self.figures or rate not in self.figures:
            known = sorted(
                name.partition(".")[2] for name in self.figures if name.startswith("contracted_gpu_hours.")
            )
            given = ", ".join(known) or "none"
            raise WrongUsage(
                f"no contract `{contract}` is given by `{hours}` and `{rate}`; contracts given: {given}"
            )
        if any(link.figure == rate for link in self.links):
            raise WrongUsage(f"`{rate}` follows an index, so what ends with the contract is not one amount")
        # The hours lost are those that held on the date, and not those at closing.
        lost = self.on(since)
        # Revenue falls with the hours at the contract's own rate, and the open hours rise by as many.
        changes = {
            hours: -lost[hours].value,
            "contracted_revenue": -lost[hours].value * lost[rate].value,
            "uncontracted_gpu_hours": lost[hours].value,
        }
        if f"uncontracted_gpu_hours.{contract}" in self.figures:
            changes[f"uncontracted_gpu_hours.{contract}"] = lost[hours].value
        figures = {name: _shifted(dated, since, changes.get(name)) for name, dated in self.figures.items()}
        # A path moves a linked figure as a whole, so what is lost of it goes with the link.
        links = tuple(
            replace(link, less=(*link.less, (since, -changes[link.figure])))
            if link.figure in changes
            else link
            for link in self.links
        )
        return replace(self, figures=figures, links=links)

    def described(self) -> str:
        """Return the facts in one line, for the head of a report."""
        held = [f"{figure_words(name)} {_first_and_last(one)}" for name, one in self.figures.items()]
        follows = {link.figure: f"{figure_words(link.figure)} {link.words}" for link in self.links}
        return (
            "; ".join(follows.get(name, words) for name, words in zip(self.figures, held, strict=True))
            or "none given"
        )

    def by_date(self) -> tuple[FigureByDate, ...]:
        """Return each figure that changes by date, from its first value to its last."""
        return tuple(
            FigureByDate(
                figure_words(name),
                one[0].since,
                one[0].figure,
                len(one) - 1,
                one[-1].since,
                one[-1].figure,
            )
            for name, one in self.figures.items()
            if len(one) > 1
        )


@dataclass(frozen=True)
class FigureByDate:
    """A figure that changes by date: its first value, how often it changes, and the value after that."""

    figure: str
    since: date
    value: Figure
    changes: int
    last_since: date
    last_value: Figure


def _first_and_last(dated: Sequence[Dated]) -> str:
    """Return a figure's first value, and its last one with its date if it changes."""
    first, last = dated[0], dated[-1]
    if first is last:
        return printed(first.figure)
    changes = f" after {len(dated) - 1} changes" if len(dated) > 2 else ""
    return f"{printed(first.figure)}, {printed(last.figure)} from {last.since}{changes}"


def _shifted(dated: Sequence[Dated], since: date, change: Fraction | None) -> tuple[Dated, ...]:
    """Return a figure whose values from a date on are moved by an amount, never below zero."""
    if change is None:
        return tuple(dated)
    before = [one for one in dated if one.since < since]
    after = [one for one in dated if one.since >= since]
    # The old value held on until now, so the change needs a figure on the very date.
    if before and (not after or after[0].since > since):
        after = [replace(before[-1], since=since), *after]
    moved = [
        replace(
            one,
            # A later figure may be less than what is lost, and a report cannot give hours below zero.
            figure=one.figure.model_copy(update={"value": max(Fraction(0), one.figure.value + change)}),
        )
        for one in after
    ]
    return (*before, *moved)


def held_facts(texts: Sequence[str], since: date, terms: TermsInForce) -> FactsByDate:
    """Return facts that hold on every date, each from a text `NAME=VALUE`.

    Raises WrongUsage for a text that is not a fact.
    """
    held: dict[str, tuple[Dated, ...]] = {}
    links = []
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if is_link(value):
            link = read_link(name, value, terms)
            links.append(link)
            # Until a path is known the link stands at the Closing Date level, so that checks see a figure.
            held[name] = (Dated(since, link.at(link.level)),)
            continue
        figure, problem = _figure(name, value, terms, Place(text))
        if figure is None:
            assert problem is not None
            raise WrongUsage(
                f"`{text}` is not a fact: {problem.what}; {problem.fix}. Write it like "
                "`outstanding_principal=USD 16,000,000`"
            )
        held[name] = (Dated(since, figure),)
    return FactsByDate(held, links=tuple(links))


def read_facts(text: str, file: str, terms: TermsInForce, straight_lines: bool = False) -> FactsByDate:
    """Return facts from a table with the columns `date,figure,value` and, if reports come later, `received`.

    Args:
        text: the table as CSV.
        file: its name, for the problems.
        terms: the deal, whose classes the figures name.
        straight_lines: whether figures move in straight lines between their dates.

    Raises:
        InputProblems: everything that is wrong with the table, each at its line.
    """
    table, problems = read_table(text, file)
    if table is None:
        raise InputProblems(problems)
    lacking = [name for name in COLUMNS[:3] if name not in table.columns]
    if lacking:
        fix = "head the columns date,figure,value and, where reports come later, received"
        raise InputProblems(
            [
                Problem(
                    "F104",
                    f"the facts have no column {', '.join(lacking)}",
                    "a fact is a figure from a date on",
                    fix,
                    Place(file),
                )
            ]
        )
    figures: dict[str, list[Dated]] = {}
    for row in table.rows:
        one, wrong = _row(row, file, terms)
        problems += wrong
        if one is not None:
            name = row.cells["figure"].strip()
            problems += _twice(name, one.since, figures.get(name, ()), Place(file, row.line))
            figures.setdefault(name, []).append(one)
    if problems:
        raise InputProblems(problems)
    return FactsByDate(
        {name: tuple(sorted(dated, key=lambda one: one.since)) for name, dated in figures.items()},
        straight_lines,
    )


def _row(row: Row, file: str, terms: TermsInForce) -> tuple[Dated | None, list[Problem]]:
    place = Place(file, row.line)
    problems = []
    days: dict[str, date | None] = {}
    for column in ("date", "received"):
        text = row.cells.get(column, "").strip()
        days[column] = _day(text)
        if days[column] is None and (text or column == "date"):
            problems.append(
                Problem(
                    "F105",
                    f"`{text}` is not a date",
                    "a fact holds from a date on",
                    "write it like 2026-01-08",
                    place,
                )
            )
    if row.beyond:
        why = "a figure with commas stands in quotes"
        problems.append(
            Problem(
                "F106", "the row has more cells than columns", why, 'write "USD 16,000,000" in quotes', place
            )
        )
    figure, problem = _figure(row.cells["figure"].strip(), row.cells["value"].strip(), terms, place)
    problems += [problem] if problem is not None else []
    since = days["date"]
    # All problems of a row are told at once, and a row with a problem gives nothing.
    if problems or since is None or figure is None:
        return None, problems
    return Dated(since, figure, days["received"]), problems


def _twice(name: str, since: date, before: Sequence[Dated], place: Place) -> Iterator[Problem]:
    # Two figures of one date would be decided by the order of the rows, which says nothing.
    if any(one.since == since for one in before):
        what, why = f"`{name}` has two figures from {since} on", "nobody can tell which of them holds"
        yield Problem("F107", what, why, "remove one of them", place)


ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(text: str) -> date | None:
    try:
        # Python also reads `20260108` and week dates, which a person may have meant otherwise.
        return date.fromisoformat(text) if ISO.fullmatch(text) else None
    except ValueError:
        return None


def _figure(name: str, value: str, terms: TermsInForce, place: Place) -> tuple[Figure | None, Problem | None]:
    """Return a fact's figure, or the problem with its name or its value."""
    unit, of_class = unit_of_fact(name, terms.declared_units), class_of(name)
    if unit is None:
        fix = "correct its name; the Servicer's report has the same figures"
        return None, Problem(
            "D502", f"the figure `{name}` does not exist", "what no test asks for decides nothing", fix, place
        )
    known = {} if of_class is None else terms.debt if of_class[1] else terms.pledged_assets
    if of_class is not None and of_class[0] not in known and not name.startswith("contracted_"):
        there = ", ".join(known)
        return None, Problem(
            "D502",
            f"the class `{of_class[0]}` does not exist",
            f"the deal has {there}",
            "correct the name, or define it",
            place,
        )
    figure = read_figure(value)
    if figure is None:
        fix = "write it like `USD 16,000,000`, `USD 1.70 per GPU-hour`, `85%` or `1,024`"
        return None, Problem(
            "D401", f"`{value}` is not a figure", "a fact is a figure with its unit", fix, place
        )
    # A bare number is taken for GPUs or hours, but never for money or a share.
    if figure.unit is not unit and not (figure.unit is Unit.COUNT and unit in COUNTED):
        why = f"`{name}` is counted in {unit.value}"
        return None, Problem("D405", f"`{value}` is in another unit", why, "write it in that unit", place)
    if figure.value < 0:
        return None, Problem(
            "D405", f"`{value}` is negative", "it is an amount or a count", "correct the sign", place
        )
    return figure.model_copy(update={"unit": unit}), None
