"""The decision of what is a Qualifying Listing: seven rules, in this order (WP §5.3; `index.md`).

Each removed listing keeps the name of the rule that removed it. A listing that passes becomes an Observation:
the price of one GPU for one hour in USD, rounded to 6 decimals.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.market.methodology import Methodology
from engine.market.offer import Malformed, Offer
from engine.market.snapshot import Snapshot, offers

MOST = 2**62
"""The millionths of a USD from which on a number cannot be a price.

The sum of two such numbers does not fit into 64 bits (`interval.py`).
"""
SECONDS_A_DAY = 86_400
RULES = (
    "malformed",
    "model",
    "availability",
    "geography",
    "reliability",
    "gpu count",
    "staleness",
    "price",
    "listed twice",
    "manifest error",
)
"""The names of the rules, in the order in which they are applied.

`malformed` is an offer that cannot be read. `listed twice` is an offer whose number stands earlier in the
answer. A `manifest error` was named by a person (`Override`) and would have qualified.
"""


@dataclass(frozen=True, slots=True)
class Override:
    """A Manifest Error Override: listings of one snapshot that no value may use (WP §7.3).

    `said` is what the print discloses of it.
    """

    snapshot: str
    listings: frozenset[int]
    said: str


@dataclass(frozen=True, slots=True)
class Observation:
    """One Qualifying Listing's price, with its host, machine and GPUs if they are known.

    `micro` is the price in millionths of a USD per GPU-hour.
    """

    micro: int
    host: str | None = None
    machine: str | None = None
    gpus: int = 1

    @property
    def usd(self) -> Decimal:
        """The price in USD per GPU-hour, with 6 decimals."""
        return Decimal(self.micro).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A listing that was removed: its place in the answer, the rule, and for a malformed one the fault."""

    position: int
    rule: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Listings:
    """One snapshot's listings of one GPU model, divided into those that qualify and those that do not."""

    offers: int
    observations: tuple[Observation, ...]
    exclusions: tuple[Exclusion, ...]
    truncated: bool
    shown_whole: bool | None = None
    """Whether the collector has shown that the list is whole; None if it does not say."""

    @property
    def places(self) -> tuple[int, ...]:
        """The place of each observation in the answer, in their order. An override names a listing by it."""
        removed = {exclusion.position for exclusion in self.exclusions}
        return tuple(place for place in range(self.offers) if place not in removed)

    @property
    def excluded(self) -> dict[str, int]:
        """How many listings each rule removed, in the order of the rules.

        Rules that removed none are left out.
        """
        counts = {rule: sum(exclusion.rule == rule for exclusion in self.exclusions) for rule in RULES}
        return {rule: count for rule, count in counts.items() if count}


def qualifying(
    snapshot: Snapshot,
    gpu_name: str,
    countries: Sequence[str],
    methodology: Methodology,
    overridden: Collection[int] = (),
) -> Listings:
    """Return a snapshot's listings of `gpu_name` in `countries`: those that qualify, and those that do not.

    Args:
        snapshot: one collection.
        gpu_name: the GPU model, as the marketplace names it.
        countries: endings, like `US`; a geolocation must end with one of them.
        methodology: the version's parameters.
        overridden: the places of listings that a Manifest Error Override excludes.
    """
    rows = (
        _rows_of(snapshot, gpu_name, countries)
        if snapshot.form == "observations"
        else offers(snapshot, gpu_name)
    )
    # Age counts from the collection and not from now, or a snapshot would lose listings with the years.
    oldest = snapshot.collected_at.timestamp() - methodology.stale_after_days * SECONDS_A_DAY
    suffixes = _suffixes(countries)
    kept: list[Observation] = []
    removed: list[Exclusion] = []
    seen: set[str] = set()
    for position, offer in enumerate(rows):
        if isinstance(offer, Malformed):
            removed.append(Exclusion(position, "malformed", offer.why))
            continue
        # Rules are asked in the order of the methodology, and the price last, because it needs the count of
        # GPUs.
        rule = _removed_by(
            offer, gpu_name, suffixes, methodology.reliability_at_least, oldest, snapshot.unchecked
        )
        micro = (
            _micro(offer.dph_total, offer.num_gpus) if rule is None and (offer.num_gpus or 0) >= 1 else None
        )
        number = None if offer.id is None else str(offer.id)
        # The order is that of the rules in the methodology: a listing counts under the first rule that it
        # fails.
        if micro is None:
            removed.append(Exclusion(position, rule or "price"))
        elif number is not None and number in seen:
            removed.append(Exclusion(position, "listed twice"))
        # An override comes last, so that it counts only listings that would otherwise have qualified.
        elif position in overridden:
            removed.append(Exclusion(position, "manifest error"))
        else:
            # Only a listing that is kept marks its number: a first copy that fails a rule must not remove a
            # good second one.
            seen |= {number} if number is not None else set()
            gpus = max(1, int(offer.num_gpus or 1))
            kept.append(Observation(micro, _identity(offer.host_id), _identity(offer.machine_id), gpus))
    whole = None if snapshot.whole is None else gpu_name in snapshot.whole
    # A full list may have been cut. A shorter one, or one that the collector has shown to be whole, was not.
    cut = len(rows) == snapshot.limit and snapshot.form == "offers" and not whole
    return Listings(len(rows), tuple(kept), tuple(removed), cut, whole)


def speaks_of(snapshot: Snapshot, gpu_name: str, countries: Sequence[str]) -> bool:
    """Return whether a snapshot says anything of a GPU model in an index's countries (ADR 10).

    A raw answer does if it has the model's list, even an empty one. An unfiltered table does if it has a row
    of the model, in any country. A day's filtered rows speak only of the models and countries that they hold.
    The metadata of an empty day speaks of the model and country that it names.
    """
    if snapshot.form == "offers":
        return gpu_name in snapshot.models
    if snapshot.form == "empty day":
        return any(model == gpu_name and country in countries for model, country in snapshot.spoken)
    if snapshot.form == "offer table":
        return any(isinstance(row, Offer) and row.gpu_name == gpu_name for row in snapshot.table)
    return bool(_rows_of(snapshot, gpu_name, countries))


def _removed_by(
    offer: Offer,
    gpu_name: str,
    suffixes: tuple[str, ...],
    reliability: float,
    oldest: float,
    unchecked: Collection[str],
) -> str | None:
    """Return the first rule before the price rule that `offer` fails, or None.

    Rules that the offer's file lets nobody check are passed over.
    """
    failed = (
        ("model", offer.gpu_name != gpu_name),
        # `is not True`: an answer that leaves the cell empty does not say that the offer can be rented.
        ("availability", offer.rentable is not True or offer.rented is True),
        # The code is matched with its comma, or `US` would also take in a place that merely ends with those
        # letters.
        ("geography", not (offer.geolocation or "").endswith(suffixes)),
        ("reliability", not (offer.reliability2 or 0.0) >= reliability),
        ("gpu count", not (offer.num_gpus or 0) >= 1),
        # A listing that does not say how old it is counts as stale.
        ("staleness", offer.start_date is None or not offer.start_date >= oldest),
    )
    return next((rule for rule, fails in failed if fails and rule not in unchecked), None)


def _micro(total: float | None, gpus: float | None) -> int | None:
    """Return USD per GPU-hour in millionths, half to even, from the decimal digits that were quoted.

    The result is None if that is not a price; a price that rounds to zero is not above it. All numbers are
    whole, because quoted numbers may have more digits than the arithmetic of Decimal keeps.
    """
    if total is None or gpus is None or not total > 0:
        return None
    # `repr` gives back the digits that were quoted; the float itself would round some prices the other way.
    paid, parts = Decimal(repr(total)).as_integer_ratio()
    count, of = Decimal(repr(gpus)).as_integer_ratio()
    micro, rest = divmod(paid * of * 10**6, parts * count)
    half = 2 * rest - parts * count
    # Half to even, as everywhere in the index.
    micro += half > 0 or (half == 0 and micro % 2 == 1)
    # Rounding comes before the test, so a price that rounds to zero is not a price.
    return micro if 0 < micro < MOST else None


def _identity(value: int | str | None) -> str | None:
    return None if value is None else str(value)


def _suffixes(countries: Sequence[str]) -> tuple[str, ...]:
    return tuple(f", {country}" for country in countries)


def _rows_of(snapshot: Snapshot, gpu_name: str, countries: Sequence[str]) -> list[Offer | Malformed]:
    """Return a day's filtered rows of one GPU model in the index's countries."""
    here = (row for row in snapshot.table if isinstance(row, Offer) and row.gpu_name == gpu_name)
    return [row for row in here if (row.geolocation or "").endswith(_suffixes(countries))]
