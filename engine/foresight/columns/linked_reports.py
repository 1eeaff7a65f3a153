"""The Servicer's reports on a path of which some figures follow the rate, as a template reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine.basics.values import Figure
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported

FigureOn = Callable[[str, date], Figure]
"""From the name of a figure and the date of a report to what the report says of it."""


class Follows(Exception):
    """Raised if a measure asks for a figure that follows the rate, and no path is known yet."""


@dataclass(frozen=True)
class LinkedFigures(Mapping[str, Figure]):
    """The figures of one report, of which some follow the rate: each is found when it is asked for.

    Attributes:
        figures: every figure that the report has; those that follow stand at any value.
        follow: the names of those that follow the rate.
        on: the date of the report.
        find: what finds them.
    """

    figures: Mapping[str, Figure]
    follow: frozenset[str]
    on: date
    find: FigureOn

    def __getitem__(self, name: str) -> Figure:
        """Return a figure. Raises Follows if it needs a path and none is known."""
        return self.find(name, self.on) if name in self.follow else self.figures[name]

    def __contains__(self, name: object) -> bool:
        """Return whether the report has a figure: whatever the path is, it has the same ones."""
        return name in self.figures

    def __iter__(self) -> Iterator[str]:
        """Return the names of all figures."""
        return iter(self.figures)

    def __len__(self) -> int:
        """Return the number of figures."""
        return len(self.figures)


def unknown(name: str, _on: date) -> Figure:
    """Stand for the figures of paths that are not known yet. Always raises Follows."""
    raise Follows(name)


def following(facts: Facts, follow: frozenset[str], find: FigureOn) -> Facts:
    """Return the same facts, with reports whose linked figures are found by `find`."""
    # A measure may ask whether two reports are one, so each stays a single one.
    made: dict[int, Reported] = {}

    def on_path(report: Reported) -> Reported:
        on = report.source.as_of
        if on is None or not any(name in report.figures for name in follow):
            return report
        if id(report) not in made:
            told = report.figures
            plain = told.figures if isinstance(told, LinkedFigures) else told
            made[id(report)] = replace(report, figures=LinkedFigures(plain, follow, on, find))
        return made[id(report)]

    return replace(
        facts,
        report=on_path(facts.report) if isinstance(facts.report, Reported) else facts.report,
        windows=tuple((end, report and on_path(report)) for end, report in facts.windows),
        months=tuple((end, report and on_path(report)) for end, report in facts.months),
        received=tuple(on_path(report) for report in facts.received),
        trace={},
    )
