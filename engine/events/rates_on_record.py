"""The Reference Rates of a deal as a sequence that reads old rates from the log only on demand.

A short tuple identifies each rate: its date, its value, its step of the fallback and the event that it rests
on. The hash of a state covers these tuples, so it does not need the full rates. A late Thursday looks at the
last few rates, and only those are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import overload

from engine.events.rates import ReferenceRate

Told = tuple[str, ...]
"""A tuple of texts that identifies one rate; `told_of_rate` makes it."""
PUBLISHED_ON, NEWEST_PRINT, RESTS_ON = 4, 5, 6
"""The places in it of the publication date, the newest print, and the event that the rate rests on."""
ReadRates = Callable[[Sequence[Told]], Sequence[ReferenceRate]]
"""A function that reads the full rates from the log, given their identifying tuples, in the same order."""
FIRST_STEP = 8
"""How many rates the first read takes; each further read takes as many as were read before it."""


def told_of_rate(rate: ReferenceRate) -> Told:
    """Return the texts that identify a rate.

    They are its date, value, step, age, publication date, newest print and the event that it rests on.
    """
    published = rate.published
    rests_on = (
        "" if published is None else published.event or f"{published.publication_date} {published.print}"
    )
    return (
        f"{rate.on}",
        f"{rate.value}",
        rate.step,
        f"{rate.age}",
        f"{rate.publication_date}",
        f"{rate.newest_print}",
        rests_on,
    )


class _Older:
    """The older rates, known by their identifying tuples and read from the log newest first, as needed."""

    def __init__(self, told: Sequence[Told], read: ReadRates) -> None:
        self.told = tuple(told)
        self._read = read
        self._at_hand: tuple[ReferenceRate, ...] = ()

    def back_to(self, place: int) -> tuple[int, tuple[ReferenceRate, ...]]:
        """Return (place of the first, rates): the newest rates, back to `place` or further.

        Places count from 0 for the oldest rate. More is read from the log if that is needed.
        """
        first = len(self.told) - len(self._at_hand)
        if place < first:
            # Each read doubles what is at hand, so that a long look back takes few reads of the log.
            since = min(place, max(0, first - max(FIRST_STEP, len(self._at_hand))))
            self._at_hand = (*self._read(self.told[since:first]), *self._at_hand)
            first = since
        return first, self._at_hand


class RatesOnRecord(Sequence[ReferenceRate]):
    """The Reference Rates of one index, oldest first, equal to the tuple from a fold of the whole log."""

    def __init__(self, told: Sequence[Told], read: ReadRates) -> None:
        """Start with the rates' identifying tuples, oldest first, and the function that reads full rates."""
        self._older = _Older(told, read)
        self._newer: tuple[ReferenceRate, ...] = ()

    def followed_by(self, rate: ReferenceRate) -> RatesOnRecord:
        """Return a sequence with one more rate at its end; this one stays as it is."""
        # Both share the older rates: what one has read from the log, the other need not read again.
        after = RatesOnRecord.__new__(RatesOnRecord)
        after._older, after._newer = self._older, (*self._newer, rate)
        return after

    def told(self) -> tuple[Told, ...]:
        """Return the identifying tuple of each rate, oldest first, without reading any rate from the log."""
        return (*self._older.told, *map(told_of_rate, self._newer))

    @property
    def last_on(self) -> date | None:
        """The date of the last rate, without reading it from the log; None if there is not a rate."""
        if self._newer:
            return self._newer[-1].on
        return date.fromisoformat(self._older.told[-1][0]) if self._older.told else None

    def __len__(self) -> int:
        return len(self._older.told) + len(self._newer)

    @overload
    def __getitem__(self, place: int) -> ReferenceRate: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[ReferenceRate, ...]: ...

    def __getitem__(self, place: int | slice) -> ReferenceRate | tuple[ReferenceRate, ...]:
        if isinstance(place, slice):
            places = range(*place.indices(len(self)))
            # Read at once, because a slice that runs backwards would read the log in several steps.
            return tuple(self[one] for one in (places if not places else self._ready(places)))
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        if at >= len(self._older.told):
            return self._newer[at - len(self._older.told)]
        first, rates = self._older.back_to(at)
        return rates[at - first]

    def _ready(self, places: range) -> range:
        """Read all the given places from the log at once, and return them unchanged."""
        if min(places) < len(self._older.told):
            self._older.back_to(min(places))
        return places

    def __iter__(self) -> Iterator[ReferenceRate]:
        return iter(self[:])

    def __reversed__(self) -> Iterator[ReferenceRate]:
        yield from reversed(self._newer)
        first = len(self._older.told)
        while first:
            before = first
            first, rates = self._older.back_to(before - 1)
            # More may be at hand than was asked for, and what was given already must not come twice.
            yield from reversed(rates[: before - first])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.told())

    def __repr__(self) -> str:
        return f"rates on record: {len(self)}"


def with_rate(rates: Sequence[ReferenceRate], rate: ReferenceRate) -> Sequence[ReferenceRate]:
    """Return the rates of an index with `rate` added, or in place of the rate that has the same date."""
    # A later date is the usual case, and it must not read the older rates from the log.
    if isinstance(rates, RatesOnRecord) and (rates.last_on is None or rates.last_on < rate.on):
        return rates.followed_by(rate)
    if not isinstance(rates, RatesOnRecord) and (not rates or rates[-1].on < rate.on):
        return (*rates, rate)
    others = tuple(known for known in rates if known.on != rate.on)
    # On the day of a delivery the rate of the date before it is said again.
    again = bool(others) and rate.on < others[-1].on
    return tuple(sorted((*others, rate), key=lambda one: one.on)) if again else (*others, rate)


def told_of_rates(rates: Sequence[ReferenceRate]) -> tuple[Told, ...]:
    """Return the identifying tuple of each rate of an index, in the order of the rates."""
    return rates.told() if isinstance(rates, RatesOnRecord) else tuple(map(told_of_rate, rates))


def since(rates: Sequence[ReferenceRate], day: date) -> tuple[ReferenceRate, ...]:
    """Return the rates on `day` and later, oldest first; `rates` must be in the order of their dates."""
    found: list[ReferenceRate] = []
    # From the newest backwards, so that the log is read only as far back as `day` asks.
    for rate in reversed(rates):
        if rate.on < day:
            break
        found.append(rate)
    return tuple(reversed(found))
