"""The series of a deal as they were known at each moment of its log.

A replay asks for them before each entry. So the prints of a date are judged once for what was known of them,
and not once for each later entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from engine.determination.accepted_prints import accepted, in_error
from engine.events.kinds import ActRecorded
from engine.events.rates import Published
from engine.terms.as_written import Deal, indices
from engine.workspace.prints_lately import by_itself, policy_by_itself
from engine.workspace.series import Prints, dated, series_by_index

Print = tuple[datetime, Published]


@dataclass(frozen=True, slots=True)
class _ByDate:
    """A series by its Publication Dates, oldest first, and whether it holds a daily print."""

    prints: Mapping[date, Sequence[Print]]
    daily: bool


class SeriesAsKnown:
    """A reader of series that gives what `series_by_index` gives, for one deal after the other."""

    def __init__(self, prints: Prints) -> None:
        """Read nothing yet; `prints` reads a series."""
        self._prints = prints
        self._by_date: dict[str, _ByDate] = {}
        self._deal: tuple[object, ...] = ()
        self._judged: dict[tuple[object, ...], Published] = {}

    def __call__(
        self, deal: Deal, until: date, acts: Iterable[ActRecorded], known_at: datetime
    ) -> dict[str, tuple[Published, ...]]:
        """Return, for each index of a deal, the print that it accepts of each date, oldest date first.

        The arguments are those of `series_by_index`.
        """
        acts, names = tuple(acts), indices(deal, until)
        series = {name: by_itself(deal, name) for name in names}
        # Where a date's prints cannot be judged by themselves, the whole series decides.
        if deal.takeover is not None or any(one is None or self._of(one).daily for one in series.values()):
            return series_by_index(self._prints, deal, until, acts, known_at)
        self._begin(deal)
        return {name: self._known(deal, name, one or "", acts, known_at) for name, one in series.items()}

    def _begin(self, deal: Deal) -> None:
        """Let go of what was judged for another deal, or by other tables of Business Days."""
        what = (deal.name, deal.sha256, deal.calendars, deal.counts_since)
        if what != self._deal:
            self._deal, self._judged = what, {}

    def _known(
        self, deal: Deal, name: str, series: str, acts: Sequence[ActRecorded], known_at: datetime
    ) -> tuple[Published, ...]:
        errors = in_error(acts, name)
        policy = policy_by_itself(deal, name, errors)
        found = []
        for day, prints in self._of(series).prints.items():
            known = [(at, one) for at, one in prints if at <= known_at]
            if not known:
                continue
            # What a print says is bound by its event; what was announced and what an Act excludes is not.
            told = tuple(said for said in known[0][1].announced if said.recorded_at <= known_at)
            key = (name, day, tuple(one.event for _, one in known), told, errors.get(day))
            if key not in self._judged:
                (self._judged[key],) = accepted([dated(deal, at, one, known_at) for at, one in known], policy)
            found.append(self._judged[key])
        return tuple(found)

    def _of(self, series: str) -> _ByDate:
        if series not in self._by_date:
            by_date: dict[date, list[Print]] = {}
            whole = self._prints(series)
            for at, one in whole:
                by_date.setdefault(one.publication_date, []).append((at, one))
            self._by_date[series] = _ByDate(
                {day: by_date[day] for day in sorted(by_date)},
                any(one.final_at is not None for _, one in whole),
            )
        return self._by_date[series]
