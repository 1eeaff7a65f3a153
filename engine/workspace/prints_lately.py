"""The prints of the last Publication Dates.

Older dates are read only if they have more prints than a deal knows.

The key of a print holds its date and its number. So the keys alone show that no older date of a deal has
another print than the deal took. Bodies are read of the dates that are looked at, and of what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial

from engine.determination.accepted_prints import Policy, accepted, in_error
from engine.events.key_replaced import KeyReplaced
from engine.events.kinds import ActRecorded
from engine.events.log_names import index_log, series_name
from engine.events.rates import Published, ReferenceRate
from engine.events.rates_on_record import NEWEST_PRINT, PUBLISHED_ON, RESTS_ON, Told, told_of_rates
from engine.events.series_lately import SeriesLately
from engine.market.methodology import materially_different
from engine.record.key_spans import Span, of_kind
from engine.record.log import event_of, prints_in
from engine.record.store import Reader
from engine.terms.as_written import Deal, calendar_on, index_terms, indices
from engine.workspace.series import announcements, dated, published, series_of
from engine.workspace.workspace import Workspace

Print = tuple[datetime, Published]
PRINTED = "index published"
MOST = 30
"""Older dates with more prints than a deal took: where there are more of them, the whole series is read."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the keys of a series say, and the prints that were read.

    Attributes:
        size: entries of its log.
        newest: the number of the newest print of each date.
        read: the prints of each date that was asked for.
        weekly: whether the prints since the one of a rate are all weekly, by what identifies the rate.
    """

    size: int
    newest: Mapping[str, int]
    read: dict[str, list[Print]] = field(default_factory=dict)
    weekly: dict[Told | None, bool] = field(default_factory=dict)


class PrintsLately:
    """A reader of a workspace's series as they stood when each was first asked for; nothing is read twice."""

    def __init__(self, workspace: Workspace) -> None:
        """Read nothing yet."""
        self._store = workspace.store
        self._announced = cache(partial(announcements, workspace))
        self._known: dict[str, _Known] = {}
        self._whole: dict[str, tuple[Print, ...]] = {}

    def __call__(self, series: str) -> Sequence[Print]:
        """Return all prints of a series with when each was recorded, oldest first."""
        if series not in self._whole:
            size = self.known(series).size
            events = (event for event in prints_in(self._store, series) if event.seq < size)
            self._whole[series] = tuple(
                (event.recorded_at, self._said(series, published(event))) for event in events
            )
        return self._whole[series]

    def known(self, series: str) -> _Known:
        """Return what the keys of a series say."""
        if series not in self._known:
            log, newest = index_log(series), dict[str, int]()
            with self._store.read() as reader:
                for key in reader.keys_in(log, of_kind(PRINTED)):
                    _, on, number = key.rsplit("|", 2)
                    newest[on] = max(newest.get(on, 0), int(number))
                self._known[series] = _Known(reader.size(log), newest)
        return self._known[series]

    def weekly_since(self, series: str, told: Sequence[Told]) -> bool:
        """Return whether no print is daily that came after the print on which the newest rate rests.

        A date that reads a series as weekly is refused if the series holds a daily print. So whoever has
        determined a date need look at nothing older.

        Args:
            series: the series that the rates are read from.
            told: what identifies the rates of its index on record, oldest first.
        """
        known = self.known(series)
        rate = next((one for one in reversed(told) if one[PUBLISHED_ON] in known.newest), None)
        if rate not in known.weekly:
            log = index_log(series)
            with self._store.read() as reader:
                since = 0 if rate is None else _number_of(reader, series, rate)
                prints = [event_of(one) for one in reader.entries(log, since) if one.seq < known.size]
            known.weekly[rate] = all(
                published(event).final_at is None
                for event in prints
                if not isinstance(event.payload, KeyReplaced)
            )
        return known.weekly[rate]

    def of_dates(self, series: str, days: Iterable[str]) -> list[Print]:
        """Return the prints of some dates."""
        known, days = self.known(series), sorted(days)
        lacking = [day for day in days if day not in known.read]
        if lacking:
            index, there = series_name(series).index, sorted(known.newest)
            first, last = lacking[0], lacking[-1]
            spans = [_of_date(index, day) for day in lacking]
            if lacking == [day for day in there if first <= day <= last]:  # one stretch, as nearly always
                spans = [(spans[0][0], spans[-1][1])]
            known.read.update({day: [] for day in lacking})
            with self._store.read() as reader:
                for event in map(event_of, reader.among(index_log(series), spans)):
                    if event.seq < known.size:
                        said = self._said(series, published(event))
                        known.read[str(event.effective_on)].append((event.recorded_at, said))
        return [one for day in days for one in known.read[day]]

    def _said(self, series: str, publication: Published) -> Published:
        announced = self._announced().get(series_name(series).index, ())
        return publication.model_copy(update={"announced": announced})


def _number_of(reader: Reader, series: str, rate: Told) -> int:
    """Return the number of the print on which a rate rests, or 0 if it rests on something else."""
    span = _of_date(series_name(series).index, rate[PUBLISHED_ON])
    prints = {one.leaf.hex(): one.seq for one in reader.among(index_log(series), [span])}
    return prints.get(rate[RESTS_ON], 0)


def _of_date(index: str, day: str) -> Span:
    """Return the keys of the prints of a date."""
    return f"{PRINTED}|{index}|{day}|", f"{PRINTED}|{index}|{day}}}"


def series_lately(
    prints: PrintsLately,
    deal: Deal,
    until: date,
    acts: Sequence[ActRecorded],
    rates: Mapping[str, Sequence[ReferenceRate]],
) -> dict[str, Sequence[Published]] | None:
    """Return for each index of a deal the same as `series_by_index`, read from the last Publication Dates.

    Args:
        prints: reads the series.
        deal: the deal whose terms decide.
        until: the indices that the deal has named by this date are read.
        acts: the deal's Recorded Acts.
        rates: the Reference Rates on record, by index.

    Returns:
        None if a date of a rate now has another print than the one that the rate rests on. None as well if
        the prints of a date cannot be judged by themselves.
    """
    by_index: dict[str, Sequence[Published]] = {}
    for name in indices(deal, until):
        series = by_itself(deal, name)
        told = told_of_rates(rates.get(name, ()))
        if series is None or deal.takeover is not None or not prints.weekly_since(series, told):
            return None
        newest, errors = prints.known(series).newest, in_error(acts, name)
        judged = partial(_judged, prints, deal, series, name, errors)
        taken = {one[0]: one[NEWEST_PRINT] for one in told if one[0] in newest}
        asked = [on for on in taken if _asked(newest[on], taken[on]) or date.fromisoformat(on) in errors]
        if len(asked) > MOST:
            return None
        for now in judged(asked):
            number = now.print if now.value is not None else 0
            if taken[f"{now.publication_date}"] not in ("None", f"{number}"):
                return None
        days = sorted(newest)
        by_index[name] = SeriesLately(len(days), partial(_last_of, days, judged))
    return by_index


def _last_of(
    days: Sequence[str], judged: Callable[[Sequence[str]], tuple[Published, ...]], count: int
) -> tuple[Published, ...]:
    return judged(days[-count:])


def _judged(
    prints: PrintsLately,
    deal: Deal,
    series: str,
    name: str,
    errors: Mapping[date, tuple[int, str]],
    days: Sequence[str],
) -> tuple[Published, ...]:
    """Return the print that a deal takes of each date, oldest first."""
    known = (dated(deal, at, one, None) for at, one in prints.of_dates(series, days))
    return accepted(known, policy_by_itself(deal, name, errors))


def _asked(newest: int, taken: str) -> bool:
    """Return whether the prints of a date are to be judged again.

    They are if the rate does not rest on the newest of them.
    """
    return taken not in ("None", f"{newest}")


def by_itself(deal: Deal, name: str) -> str | None:
    """Return the only weekly series from which a deal reads an index, or None.

    The prints of each of its dates are judged by themselves.
    """
    terms = [index_terms(deal, name, since) for since, _ in deal.segments]
    series = {series_of(name, one) for one in terms}
    weekly = all(one.cadence != "daily" and one.methodology.consent_needed_for is None for one in terms)
    return series.pop() if weekly and len(series) == 1 else None


def policy_by_itself(deal: Deal, name: str, errors: Mapping[date, tuple[int, str]]) -> Policy:
    """Return how a deal takes the prints of a series whose dates are judged by themselves (`by_itself`).

    Args:
        deal: the deal.
        name: its index.
        errors: the manifest errors that its Acts exclude, by Publication Date, as `in_error` gives them.
    """
    # No methodology version needs a consent here, so none is looked for.
    return Policy(
        partial(index_terms, deal, name), partial(calendar_on, deal), materially_different, {}, errors
    )
