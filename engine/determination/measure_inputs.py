"""What a measure is given and what it lacks: reported figures, the report due, a missing figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from engine.basics.values import Figure, Unit, rounded
from engine.events.results import Given, NotDetermined, Source

DAYS_OF_A_WEEK = 7


class Missing(Exception):
    """Raised for a figure that a measure needs and nobody has given; it carries the reason."""

    def __init__(
        self,
        reason: str,
        cite: str,
        lacks: Literal["rate", "report", "window", "term", "act", "confirmation"],
    ) -> None:
        super().__init__(reason)
        self.why = NotDetermined(reason=reason, cite=cite, lacks=lacks)


@dataclass(frozen=True, slots=True)
class Reported:
    """The figures that the Servicer gave for one period, by name, with their source."""

    figures: Mapping[str, Figure]
    source: Source
    given: Mapping[str, Given] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    """Figures that await confirmation, and why each is held (`rulings.md` 57)."""
    period: tuple[date, date] | None = None
    """The first and the last day of its period.

    It is None if the report states the figures of whatever period is asked for, as a worked example does.
    """
    sources: dict[str, Source] = field(default_factory=dict, init=False, compare=False, repr=False)
    """The sources that were asked for, by figure.

    A test that is tried at many rates asks for each of them repeatedly.
    """

    def confirmed(self, name: str, cite: str) -> Figure | None:
        """Return a figure, or None if the report lacks it.

        Raises Missing if the figure is held until somebody confirms it (`rulings.md` 57).
        """
        # A held figure is not treated as missing, because its confirmation mends the result and a report
        # would not.
        if name in self.held:
            raise Missing(
                f"`{name}` of {self.source.text} awaits confirmation: {self.held[name]}", cite, "confirmation"
            )
        return self.figures.get(name)

    def none_held(self, prefix: str, cite: str) -> None:
        """Raise Missing if a figure whose name begins with `prefix` and a dot is held."""
        for name in self.held:
            if name.startswith(f"{prefix}."):
                self.confirmed(name, cite)

    def days_of(self, name: str) -> tuple[date, date] | None:
        """Return the days that one figure is of: its own if it states them, otherwise the report's."""
        own = self.given.get(name)
        return own.period if own is not None and own.period is not None else self.period

    def source_of(self, name: str) -> Source:
        """Return the source of one figure: the report, with the figure's own as-of date and source if any."""
        own = self.given.get(name)
        if own is None:
            return self.source
        if name in self.sources:
            return self.sources[name]
        text = f"{self.source.text}: {own.source}" if own.source else self.source.text
        found = self.source.model_copy(update={"text": text, "as_of": own.as_of or self.source.as_of})
        self.sources[name] = found
        return found


@lru_cache(maxsize=4096)  # a Break-even Rate asks for the same window again at every rate that it tries
def publication_source(step: str, day: date | None, event: str | None) -> Source:
    """Return the source of a rate: the fallback step, the Publication Date, and the index log's event."""
    return Source(kind="publication", text=f"{step}, {day}" if day else step, as_of=day, reference=event)


def within_a_week(days: tuple[date, date]) -> bool:
    """Return whether a first and a last day lie less than seven days apart."""
    return (days[1] - days[0]).days < DAYS_OF_A_WEEK


@dataclass(frozen=True, slots=True)
class ReportDue:
    """The newest report that had to be in by the date: its period, its due date, and its receipt."""

    period_end: date
    due: date
    received: date | None
    after_the_hour: bool = False
    """Whether it came on the due date, but after the hour by which it was due."""


@dataclass(frozen=True, slots=True)
class Used:
    """A figure that a measure asked for, as `Facts` traces it."""

    name: str
    value: Fraction
    unit: Unit
    source: Source
    index: str | None = None
    """The index, if the figure is its value of this date."""
    of_print: tuple[str, date] | None = None
    """The index and the Publication Date whose listings are behind the figure.

    It is None for a rate that was set.
    """


def written(value: Fraction, unit: Unit) -> str:
    """Return a number for a working, with at most eight decimals, cut and never rounded.

    An ellipsis follows if it is cut.
    """
    shown = value * 100 if unit in (Unit.SHARE, Unit.POINTS) else value
    # The magnitude is cut, because a floor would take a negative number away from zero.
    cut = rounded(abs(shown), 8, ROUND_FLOOR)
    least = 2 if unit in (Unit.USD, Unit.RATE) else 0
    digits, _, decimals = f"{cut:,f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    text = (
        ("-" if shown < 0 else "")
        + digits
        + (f".{decimals}" if decimals else "")
        + ("" if cut == abs(shown) else "…")
    )
    return {Unit.SHARE: f"{text}%", Unit.USD: f"USD {text}", Unit.RATE: f"USD {text}"}.get(unit, text)
