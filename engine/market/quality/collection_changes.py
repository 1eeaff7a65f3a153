"""Changes of a marketplace's answers that make every number wrong at once, each by its name.

See `index.md`, From a snapshot to observations. A marketplace changes what it says without notice: a unit, a
key, a name. Such an answer is whole and well formed, and every listing in it is wrong. So each collection is
compared with the one before it. What looks like a change of form is not recorded until a person accepts it by
name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from engine.basics.values import counted
from engine.market.index_definitions import IndexDefinition
from engine.market.listing import Listings, qualifying, speaks_of
from engine.market.methodology import Methodology
from engine.market.offer import Malformed, Offer
from engine.market.snapshot import Snapshot, offers

FEWEST = 8
"""The fewest offers of a model at which a change of form can be told from chance."""
NAMES = {
    "start-dates-in-milliseconds": "start dates count milliseconds: nothing would ever be stale",
    "start-dates-in-the-future": "start dates lie after the collection: nothing would ever be stale",
    "prices-in-cents": "prices are about a hundred times those before: cents in place of USD",
    "prices-for-another-time": "prices are about 24 or 730 times those before: per day or per month in place "
    "of per hour",
    "value-far-from-before": "the median is more than ten times, or less than a tenth of, the one before",
    "one-rule-removes-everything": "one rule removes every listing that reaches it",
    "reliability-in-percent": "reliability is given in per cent: every provider would pass",
    "offers-unreadable": "most offers cannot be read",
    "key-missing": "a key that a rule needs is in no offer",
    "countries-written-otherwise": "no geolocation ends with a country's code",
    "model-gone": "a GPU model that had offers has none, or another name",
    "list-shrunk": "a list has less than a third of the offers before",
}
"""Each change, by the name under which it is accepted, and what it is."""
NEEDED = ("gpu_name", "geolocation", "num_gpus", "dph_total", "reliability2", "start_date")


@dataclass(frozen=True, slots=True)
class CollectionChange:
    """One change of form: its name, the index or model that it was seen in, and its figures."""

    name: str
    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.name}: {self.where}: {self.said} ({NAMES[self.name]})"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one collection shows of one index: its offers, its listings and the median price."""

    offers: Sequence[Offer | Malformed]
    listings: Listings
    price: float | None
    """The median Observation in USD per GPU-hour."""


def changes(
    snapshot: Snapshot,
    before: Snapshot | None,
    indices: Mapping[str, IndexDefinition],
    methodology: Methodology,
) -> tuple[CollectionChange, ...]:
    """Return what in a collection looks like a change of form.

    Args:
        snapshot: the collection.
        before: the collection before it, if one is known. Prices are compared with one of any form, lists and
            rules only with one of the same form.
        indices: the indices whose models are looked at.
        methodology: the rules under which listings qualify.
    """
    suspected: list[CollectionChange] = []
    # A filtered table is shorter than a raw answer by nature, so lists of two forms are not compared.
    alike = before is not None and before.form == snapshot.form
    for name, index in indices.items():
        was = _seen(before, index, methodology) if before is not None else None
        now = _seen(snapshot, index, methodology)
        if snapshot.form in ("offers", "offer table"):
            said = _of_model(snapshot, index, now, was if alike else None, was)
        else:
            said = _of_prices(now, was)
        suspected += (CollectionChange(change, name, figures) for change, figures in said)
    return tuple(suspected)


def _seen(snapshot: Snapshot, index: IndexDefinition, methodology: Methodology) -> _Seen | None:
    if not speaks_of(snapshot, index.gpu_name, index.countries):
        return None
    listings = qualifying(snapshot, index.gpu_name, index.countries, methodology)
    prices = [float(observation.usd) for observation in listings.observations]
    return _Seen(offers(snapshot, index.gpu_name), listings, median(prices) if prices else None)


def _of_model(
    snapshot: Snapshot, index: IndexDefinition, now: _Seen | None, alike: _Seen | None, was: _Seen | None
) -> Iterator[tuple[str, str]]:
    """Yield (name, figures) of each change in one model's list and prices.

    The list is compared with one of the same form (`alike`), the prices with any before (`was`).
    """
    before = len(alike.offers) if alike is not None else 0
    if now is None:
        if before >= FEWEST:
            yield "model-gone", f"no list of {index.gpu_name}; {counted(before, 'offers')} before"
        return
    if before >= FEWEST and 3 * len(now.offers) < before:
        name = "list-shrunk" if now.offers else "model-gone"
        yield name, f"{counted(len(now.offers), 'offers')} of {index.gpu_name}; {before} before"
    # So few offers may look odd by chance; a false alarm here holds up the collection.
    if len(now.offers) < FEWEST:
        return
    read = [offer for offer in now.offers if isinstance(offer, Offer)]
    # The rest cannot be judged from the few that can be read, so nothing else is looked for.
    if 2 * len(read) < len(now.offers):
        why = Counter(offer.why for offer in now.offers if isinstance(offer, Malformed)).most_common(1)[0][0]
        yield "offers-unreadable", f"{len(now.offers) - len(read)} of {len(now.offers)}; mostly: {why}"
        return
    renamed = _renamed(read, index)
    if renamed is not None:
        yield "model-gone", renamed
        return
    formed = [*_of_dates(snapshot, read), *_of_cells(snapshot, read), *_of_prices(now, was)]
    yield from formed
    # A known change of form makes rules remove everything, so only the cause is named.
    if not formed:
        yield from _of_rules(now, alike)


def _renamed(read: Sequence[Offer], index: IndexDefinition) -> str | None:
    other = Counter(offer.gpu_name for offer in read if offer.gpu_name != index.gpu_name)
    if sum(other.values()) < len(read):
        return None
    return f"the list of {index.gpu_name} names {', '.join(repr(name) for name in other)} alone"


def _most(read: Sequence[Offer], of: Callable[[Offer], bool]) -> int | None:
    """Return of how many offers something is true, if that is more than half of them; otherwise None."""
    total = sum(map(of, read))
    return total if 2 * total > len(read) else None


def _of_dates(snapshot: Snapshot, read: Sequence[Offer]) -> Iterator[tuple[str, str]]:
    now = snapshot.collected_at.timestamp()
    late = (snapshot.collected_at + timedelta(days=1)).timestamp()
    dated = [offer for offer in read if offer.start_date is not None]
    # A hundred times now lies between seconds and milliseconds, which differ by a thousand.
    many = _most(dated, lambda offer: (offer.start_date or 0) > 100 * now)
    if many is not None:
        yield "start-dates-in-milliseconds", f"{many} of {len(dated)}"
        return
    many = _most(dated, lambda offer: (offer.start_date or 0) > late)
    if many is not None:
        yield "start-dates-in-the-future", f"{many} of {len(dated)} lie more than a day after the collection"


def _of_cells(snapshot: Snapshot, read: Sequence[Offer]) -> Iterator[tuple[str, str]]:
    many = _most(read, lambda offer: (offer.reliability2 or 0) > 1.5)
    if many is not None:
        yield "reliability-in-percent", f"{many} of {len(read)} are above 1.5"
    places = [offer.geolocation for offer in read if offer.geolocation]
    if len(places) >= FEWEST and not any(_ends_with_a_code(place) for place in places):
        yield "countries-written-otherwise", f"{counted(len(places), 'geolocations')}, like `{places[0]}`"
    # A key that is missing leaves the default, and the default must not pass for what was said.
    absent = Offer()
    checkable = [key for key in NEEDED if key != "start_date" or "staleness" not in snapshot.unchecked]
    unsaid = [key for key in checkable if all(getattr(offer, key) == getattr(absent, key) for offer in read)]
    if unsaid:
        yield "key-missing", f"{', '.join(unsaid)} in none of {counted(len(read), 'offers')}"


def _ends_with_a_code(place: str) -> bool:
    code = place.rpartition(", ")[2]
    return len(code) == 2 and code.isalpha() and code.isupper()


def _of_prices(now: _Seen | None, was: _Seen | None) -> Iterator[tuple[str, str]]:
    """Yield (name, figures) of what the prices have become against those before.

    Without any before, a median above 50 USD is taken for cents.
    """
    if now is None or now.price is None or len(now.listings.observations) < FEWEST // 2:
        return
    if was is None or was.price is None:
        if now.price > 50:
            yield "prices-in-cents", f"the median is USD {now.price:.2f} per GPU-hour"
        return
    times = now.price / was.price
    said = f"the median is USD {now.price:.4f}, and was {was.price:.4f}: {times:.3g} times"
    # A hundred times, with room for what the market itself moves between two collections.
    if 75 <= times <= 133:
        yield "prices-in-cents", said
    elif any(unit * 0.8 <= times <= unit * 1.25 for unit in (24, 730)):
        yield "prices-for-another-time", said
    elif times > 10 or times < 0.1:
        yield "value-far-from-before", said


def _of_rules(now: _Seen, was: _Seen | None) -> Iterator[tuple[str, str]]:
    """Yield each rule that removes every offer that reaches it, unless it did so in the collection before."""
    left = len(now.offers)
    for rule, removed in now.listings.excluded.items():
        if removed == left >= FEWEST and _is_new(rule, was):
            yield "one-rule-removes-everything", f"`{rule}` removes all {left} that reach it"
        left -= removed


def _is_new(rule: str, was: _Seen | None) -> bool:
    if was is None:
        # A list may hold other models or countries alone; without a collection before, that is not news.
        return rule not in ("model", "geography")
    return bool(was.listings.observations)
