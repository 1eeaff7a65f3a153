"""Figures that follow the rate: what a report would say on a path of rates, not one value on every date.

`{follows: CRI-H100, share: 86%, over: 13 weeks}` is a share of the mean of the values published in the last
13 Publication Dates. `{follows: CRI-H100, from: "USD 1,150,000", over: 13 weeks}` is that amount while the
mean is the Closing Date level, and moves with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.basics.errors import WrongUsage
from engine.basics.values import Figure, Unit, counted, printed, rounded
from engine.foresight.answers import exact_text
from engine.foresight.rate_scenarios import Rates
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import unit_of_fact
from engine.terms.worked_example import read_figure

# The form is that of YAML, but it stands in a cell of a table or on a command line.
LINK = re.compile(
    r"\{\s*follows:\s*(?P<index>[\w.-]+)\s*,\s*(?P<how>share|from):\s*(?P<value>\"[^\"]+\"|[^}\"]+?)\s*,"
    r"\s*over:\s*(?P<weeks>[1-9]\d{0,2}) weeks?\s*\}"
)
PLACES = {Unit.RATE: 4, Unit.USD: 2}
"""The decimals of a linked figure, by its unit."""
FOLLOWING = ("weighted_average_rental_rate", "collections", "rental.")
"""Figures that follow the rate by nature.

Held constant they mislead, so their tests are left out unless they are linked, or held by name. Contracted
revenue is not among them: a contract fixes its rate. Hours are not among them: no price moves them.
"""
FORM = "{follows: CRI-H100, share: 86%, over: 13 weeks}"


@dataclass(frozen=True)
class LinkSaid:
    """How a figure follows a rate, as an answer states it.

    Attributes:
        index: the index.
        factor: what the mean is multiplied by.
        weeks: over how many Publication Dates the mean is taken.
        closing_level: the Closing Date level of the index, in USD per GPU-hour.
        at_closing: the figure at that level.
        words: the same in words.
    """

    index: str
    factor: Fraction
    weeks: int
    closing_level: Fraction
    at_closing: Figure
    words: str


@dataclass(frozen=True)
class Link:
    """A figure that follows a rate.

    Attributes:
        figure: its name.
        unit: its unit.
        index: the index that it follows.
        factor: what the mean is multiplied by.
        weeks: over how many Publication Dates the mean is taken; dates without a value are left out, and
            if none of them has one, the figure stays.
        level: the Closing Date level, which stands for the mean before anything is published; USD per
            GPU-hour.
        words: the link as it was written.
        less: what is lost of it from a date on, in the figure's unit: the revenue of a contract that ends.
    """

    figure: str
    unit: Unit
    index: str
    factor: Fraction
    weeks: int
    level: Fraction
    words: str
    less: tuple[tuple[date, Fraction], ...] = ()

    def at(self, mean: Fraction, day: date = date.min) -> Figure:
        """Return the figure for a given mean of the rate, on a day."""
        whole = Fraction(rounded(self.factor * mean, PLACES[self.unit]))
        lost = sum((amount for since, amount in self.less if since <= day), Fraction(0))
        # What follows the rate may fall below what is lost of it, and a report gives no amount below zero.
        return Figure(value=max(Fraction(0), whole - lost) if lost else whole, unit=self.unit)

    def along(self, rates: Mapping[str, Rates], closing: date) -> Iterator[tuple[date, Figure]]:
        """Yield (date, figure) for the Closing Date, each Publication Date of a path, and each loss."""
        # Nothing is published before closing on a path, yet the first report already gives the figure.
        means = {closing: self.level}
        seen: list[Decimal | None] = []
        mean = self.level
        for day, value in rates.get(self.index, ()):
            seen = [*seen, value][-self.weeks :]
            known = [Fraction(value) for value in seen if value is not None]
            # Weeks without a value are left out; if the whole window lacks them, the mean stays as it was.
            mean = sum(known, Fraction(0)) / len(known) if known else mean
            means[day] = mean
        for since, _ in self.less:
            # A loss may come between two Publication Dates, and the mean of the rate is then the last one.
            before = max((day for day in means if day <= since), default=closing)
            means.setdefault(since, means[before])
        for day in sorted(means):
            yield day, self.at(means[day], day)

    def said(self) -> LinkSaid:
        """Return the link as an answer states it."""
        mean = f"the mean of {self.index} over {counted(self.weeks, 'weeks')}"
        if self.unit is Unit.RATE:
            how = f"{exact_text(self.factor * 100)}% of {mean}"
        else:
            how = f"{printed(self.at(self.level))} at the Closing Date level, moved with {mean}"
        return LinkSaid(self.index, self.factor, self.weeks, self.level, self.at(self.level), how)


def is_link(text: str) -> bool:
    """Return whether a fact is written as a link."""
    return text.lstrip().startswith("{")


def read_link(name: str, text: str, terms: TermsInForce) -> Link:
    """Return the link that a text says.

    Raises WrongUsage for another text, for an unknown index, and for a figure of another unit.
    """
    match, unit = LINK.fullmatch(text.strip()), unit_of_fact(name)
    if match is None:
        raise WrongUsage(
            f"`{text}` is not a link; write it like `{FORM}`, or with `from: USD 1,150,000` in place of "
            "`share`"
        )
    if match["index"] not in terms.index:
        raise WrongUsage(f"`{name}` follows `{match['index']}`, and the deal reads {', '.join(terms.index)}")
    value = read_figure(match["value"].strip('"'))
    wanted = Unit.SHARE if match["how"] == "share" else unit
    if (
        # Counts of GPUs and hours do not follow a price, so only rents and amounts may be linked.
        unit not in PLACES
        or value is None
        or value.unit is not wanted
        or (match["how"] == "share" and unit is not Unit.RATE)
    ):
        raise WrongUsage(
            f"`{name}` cannot follow a rate so: a rent takes a `share` of it, or begins `from` a rent; an "
            "amount begins `from` one"
        )
    level = Fraction(terms.index[match["index"]].closing_date_level)
    # An amount is that of the Closing Date level, so its factor is the amount for each dollar of rate.
    factor = value.value if match["how"] == "share" else value.value / level
    return Link(name, unit, match["index"], factor, int(match["weeks"]), level, " ".join(text.split()))
