"""The Reference Rates of a deal, oldest first: what tells the old rates is at hand, and the rest is read from the log on demand.

A rate is told by its date, its step and the event that it rests on: that is what the hash of a state says of
it. A late Thursday looks at the last few rates, so it reads no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import overload

from engine.events.rates import ReferenceRate

Told = tuple[str, ...]
"""What tells a rate from every other one, as `told_of_rate` gives it."""
ReadRates = Callable[[Sequence[Told]], Sequence[ReferenceRate]]
"""Reads the rates that are told so from the log, in the same order."""
FIRST_STEP = 8
"""How many rates are read first; each further step reads as many as are at hand."""


def told_of_rate(rate: ReferenceRate) -> Told:
    """Return what tells a rate: its date first, then value, step, age, prints and the event that it rests on."""
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
    """The rates of the log that are told alone, read from the newest back as far as somebody asked."""

    def __init__(self, told: Sequence[Told], read: ReadRates) -> None:
        self.told = tuple(told)
        self._read = read
        self._at_hand: tuple[ReferenceRate, ...] = ()

    def back_to(self, place: int) -> tuple[int, tuple[ReferenceRate, ...]]:
        """Return the newest rates, back to a place at least, and the place of the first of them."""
        first = len(self.told) - len(self._at_hand)
        if place < first:
            since = min(place, max(0, first - max(FIRST_STEP, len(self._at_hand))))
            self._at_hand = (*self._read(self.told[since:first]), *self._at_hand)
            first = since
        return first, self._at_hand


class RatesOnRecord(Sequence[ReferenceRate]):
    """The same rates in the same order as the tuple that a fold of the log gives."""

    def __init__(self, told: Sequence[Told], read: ReadRates) -> None:
        """Begin with rates that are told, oldest first, and with what reads them."""
        self._older = _Older(told, read)
        self._newer: tuple[ReferenceRate, ...] = ()

    def followed_by(self, rate: ReferenceRate) -> RatesOnRecord:
        """Return the rates with one more after them."""
        after = RatesOnRecord.__new__(RatesOnRecord)
        after._older, after._newer = self._older, (*self._newer, rate)
        return after

    def told(self) -> tuple[Told, ...]:
        """Return what tells each rate; none is read for it."""
        return (*self._older.told, *map(told_of_rate, self._newer))

    @property
    def last_on(self) -> date | None:
        """The date of the last rate; none is read for it."""
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
            return tuple(self[one] for one in (places if not places else self._ready(places)))
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        if at >= len(self._older.told):
            return self._newer[at - len(self._older.told)]
        first, rates = self._older.back_to(at)
        return rates[at - first]

    def _ready(self, places: range) -> range:
        """Read once what all the places need."""
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
            yield from reversed(rates[: before - first])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.told())

    def __repr__(self) -> str:
        return f"{len(self)} rates on record"


def with_rate(rates: Sequence[ReferenceRate], rate: ReferenceRate) -> Sequence[ReferenceRate]:
    """Return the rates of an index with one more, or with another in place of the rate of the same date."""
    if isinstance(rates, RatesOnRecord) and (rates.last_on is None or rates.last_on < rate.on):
        return rates.followed_by(rate)
    if not isinstance(rates, RatesOnRecord) and (not rates or rates[-1].on < rate.on):
        return (*rates, rate)
    others = tuple(known for known in rates if known.on != rate.on)
    # On the day of a delivery the rate of the date before it is said again.
    again = bool(others) and rate.on < others[-1].on
    return tuple(sorted((*others, rate), key=lambda one: one.on)) if again else (*others, rate)


def told_of_rates(rates: Sequence[ReferenceRate]) -> tuple[Told, ...]:
    """Return what tells each rate of an index."""
    return rates.told() if isinstance(rates, RatesOnRecord) else tuple(map(told_of_rate, rates))


def since(rates: Sequence[ReferenceRate], day: date) -> tuple[ReferenceRate, ...]:
    """Return the rates of a day and of later ones, oldest first; rates stand in the order of their dates."""
    found: list[ReferenceRate] = []
    for rate in reversed(rates):
        if rate.on < day:
            break
        found.append(rate)
    return tuple(reversed(found))
