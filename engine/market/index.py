"""One week's index value, from snapshots to the fourth decimal (`index.md`, One week; WP §5.5 to §5.7).

The same rules serve any GPU model and country through parameters alone: an index is a name, a `gpu_name` and
a country suffix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from engine import __version__
from engine.basics.errors import WrongUsage
from engine.basics.seller_subsets import seller_week
from engine.basics.values import Figure, Unit, counted, median, printed_apart, rounded
from engine.market.collected_day import CollectedDay, collected_day, collection_range, doubt
from engine.market.collection_swaps import value_of
from engine.market.index_definitions import KNOWN, IndexDefinition
from engine.market.index_value import DayDetail, IndexValue, OfDay, ShadowValue
from engine.market.listing import Listings, Observation, Override, qualifying
from engine.market.methodology import Methodology
from engine.market.seller_interval import no_interval, seller_interval
from engine.market.seller_votes import shadow_rate
from engine.market.snapshot import Snapshot

DAYS = 7
THURSDAY = 3


def definition(name: str, more: Mapping[str, IndexDefinition] | None = None) -> IndexDefinition:
    """Return the index of this name.

    Raises WrongUsage if it is neither shipped nor defined in the workspace.
    """
    known = {**KNOWN, **(more or {})}
    if name not in known:
        raise WrongUsage(
            f"index `{name}` is not known; known are {', '.join(sorted(known))}; define others in "
            "headroom.toml"
        )
    return known[name]


def compute(
    index: IndexDefinition,
    methodology: Methodology,
    snapshots: Iterable[Snapshot],
    window_end: date,
    known_at: datetime | None = None,
    overrides: Sequence[Override] = (),
    others: Sequence[Methodology] = (),
) -> IndexValue:
    """Return the value of `index` for the 7 days that end on `window_end`.

    Args:
        index: which GPU model, and where.
        methodology: the version that makes the value.
        snapshots: at least those of the window; others are ignored.
        window_end: the last day of the Calculation Window; any date (`rulings.md` 9).
        known_at: only what was collected by then is known; None for everything.
        overrides: Manifest Error Overrides of this index.
        others: other versions; what each gives from the same collections stands beside the value.
    """
    first = window_end - timedelta(days=DAYS - 1)
    # Known is what was collected by then, whenever it was imported (`rulings.md` 6).
    known = [
        s
        for s in snapshots
        if first <= s.day <= window_end and (known_at is None or s.collected_at <= known_at)
    ]
    days = collected_days(index, methodology, known, window_end, overrides)
    # Some versions prefer a thin week to none: then all days are pooled, and the value is flagged.
    pooled_all = not any(day.counts for day in days) and methodology.when_no_day_counts == "pool_all"
    pooled = [day for day in days if day.counts or pooled_all]
    # The week is one pool, not a mean of days: a day with more listings weighs more (`index.md`, One week).
    observations = sorted((o for day in pooled for o in day.kept), key=lambda o: o.micro)
    # An override counts only if its collection stands for a day: otherwise it moved nothing to disclose.
    chosen = {day.chosen.sha256 for day in days if day.chosen is not None}
    said = tuple(override.said for override in overrides if override.snapshot in chosen)
    facts = _Week(index, methodology, first, window_end, known_at, days, pooled, said)
    value = _value([o.micro for o in observations])
    # A week without a value is a non-publication with its reason, and not an error (`rulings.md` 4).
    made = (
        _published(facts, observations, value, pooled_all)
        if value is not None
        else _no_value(facts, observations)
    )
    if not others:
        return made
    beside = {
        other.version: _value_under(index, other, known, window_end, overrides)
        for other in others
        if other.version != methodology.version
    }
    # The shadow rate takes every known collection, and not only those that stand for a day (`rulings.md`
    # 63).
    return made.model_copy(update={"other_versions": beside, "shadow": _shadow(index, methodology, known)})


def _shadow(
    index: IndexDefinition, methodology: Methodology, known: Sequence[Snapshot]
) -> ShadowValue | None:
    """Return the shadow rate over all collections of the window, after the filters: one seller, one vote.

    The result is None if no listing names a seller.
    """
    collections = (
        qualifying(one, index.gpu_name, index.countries, methodology).observations for one in known
    )
    shadow = shadow_rate([listings for listings in collections if listings])
    if shadow is None:
        return None
    rate, low, high, covers = (
        rounded(figure, 4) for figure in (shadow.rate, shadow.low, shadow.high, shadow.covers)
    )
    return ShadowValue(rate=rate, low=low, high=high, covers=covers, sellers=shadow.sellers)


def _value_under(
    index: IndexDefinition,
    methodology: Methodology,
    known: Sequence[Snapshot],
    window_end: date,
    overrides: Sequence[Override],
) -> Decimal | None:
    """Return the value that another methodology version gives from the same collections."""
    return value_of(
        [day.listings for day in collected_days(index, methodology, known, window_end, overrides)],
        methodology,
    )


def collected_days(
    index: IndexDefinition,
    methodology: Methodology,
    snapshots: Iterable[Snapshot],
    window_end: date,
    overrides: Sequence[Override] = (),
) -> list[CollectedDay]:
    """Return the seven days of a window, each with the collection that stands for it and all the others."""
    first = window_end - timedelta(days=DAYS - 1)
    known = [snapshot for snapshot in snapshots if first <= snapshot.day <= window_end]
    return [
        collected_day(index, methodology, first + timedelta(days=n), known, overrides) for n in range(DAYS)
    ]


def qualifying_days(
    index: IndexDefinition,
    methodology: Methodology,
    snapshots: Iterable[Snapshot],
    window_end: date,
    overrides: Sequence[Override] = (),
) -> tuple[tuple[date, tuple[Observation, ...]], ...]:
    """Return (day, Qualifying Listings) for each collected day of a window, before outlier removal.

    A day without a snapshot is left out.
    """
    days = collected_days(index, methodology, snapshots, window_end, overrides)
    return tuple((day.day, day.listings.observations) for day in days if day.chosen is not None)


@dataclass(frozen=True)
class _Week:
    index: IndexDefinition
    methodology: Methodology
    first: date
    last: date
    known_at: datetime | None
    days: Sequence[CollectedDay]
    pooled: Sequence[CollectedDay]
    overrides: tuple[str, ...] = ()

    @property
    def valid_days(self) -> int:
        return sum(day.counts for day in self.days)


def _value(micros: Sequence[int]) -> Decimal | None:
    """Return the median of ascending prices as it is published, with 4 decimals.

    The result is None without prices, and also if the median rounds to zero: a rate of zero cannot be.
    """
    return (rounded(median(micros), 4) or None) if micros else None


def _common(week: _Week) -> dict[str, object]:
    # The Calculation Window closes before the Publication Date, so the day itself never enters its own
    # value.
    publication = week.last + timedelta(days=1)
    return {
        "index": week.index.name,
        "gpu_name": week.index.gpu_name,
        "country": ", ".join(week.index.countries),
        "publication_date": publication,
        "scheduled": publication.weekday() == THURSDAY,
        "overrides": week.overrides,
        "collection_range": collection_range(week.days, week.methodology),
        "window_start": week.first,
        "window_end": week.last,
        "methodology": week.methodology.version,
        "valid_days": week.valid_days,
        "days": tuple(_detail(week, day) for day in week.days),
        "inputs": tuple(day.chosen.sha256 for day in week.days if day.chosen is not None),
        "known_at": week.known_at,
        "engine": __version__,
    }


def _no_value(week: _Week, observations: Sequence[Observation] = ()) -> IndexValue:
    """Return the non-publication of a week without a value, with its reason (`rulings.md` 4)."""
    seen = sum(len(day.listings.observations) for day in week.days)
    minimum = week.methodology.daily_minimum
    reason = (
        f"no day has {minimum} Qualifying Listings; {seen} in the week"
        if seen
        else "no Qualifying Listing in the week"
    )
    if not any(day.chosen for day in week.days):
        reason = "no snapshot was collected in the week"
    if observations:
        # The caller got here with prices only because the median rounds to zero; seven decimals show what
        # it was.
        exact = median([o.micro for o in observations])
        reason = f"the median, USD {rounded(exact, 7).normalize():f} per GPU-hour, rounds to 0.0000"
    # Only a median that rounds to zero gets here with valid days; a print without a value states zero of
    # them.
    return IndexValue.model_validate({**_common(week), "valid_days": 0, "low_confidence_reasons": (reason,)})


def _published(
    week: _Week, observations: Sequence[Observation], value: Decimal, pooled_all: bool
) -> IndexValue:
    from engine.market import interval  # late: numpy and scipy are imported only when a value is computed

    prices = [o.usd for o in observations]
    micros = [o.micro for o in observations]
    exact = interval.exact_interval(prices)
    # The width rests on the printed ends, so that a reader of the publication computes the same class.
    width = Fraction(exact.high - exact.low) / Fraction(value)
    sellers = [o.host for o in observations]
    by_seller = seller_week(zip(sellers, micros, strict=True))
    reasons = _low_confidence(week, len(observations), width, pooled_all)
    hosts, machines = _known(sellers), _known([o.machine for o in observations])
    return IndexValue.model_validate(
        {
            **_common(week),
            "value": value,
            "observations": len(observations),
            "min": rounded(Fraction(micros[0], 10**6), 4),
            "max": rounded(Fraction(micros[-1], 10**6), 4),
            "mean": rounded(Fraction(sum(micros), len(micros) * 10**6), 4),
            "stdev": _deviation(micros),
            "low_confidence": bool(reasons),
            "low_confidence_reasons": reasons,
            "interval": exact,
            "interval_width": rounded(width, 4),
            "seller_interval": seller_interval(by_seller),
            "seller_interval_why": no_interval(by_seller),
            "precision_class": class_by_count(len(observations)),
            "precision_class_measured": class_by_width(width),
            "hosts": hosts,
            "machines": machines,
            # Listings without a name may be of further hosts, so the count is a lower bound (`rulings.md`
            # 7).
            "hosts_at_least": None in sellers,
            "largest_host_share": None if hosts is None else rounded(max(by_seller.shares.values()), 4),
            "effective_sellers": None if hosts is None else rounded(by_seller.effective, 2),
            "pooled": tuple(prices),
            "sellers": tuple(sellers),
        }
    )


def _known(names: Sequence[str | None]) -> int | None:
    """Return how many different hosts or machines are named; None if none of the listings names one.

    A listing without a name does not show that hosts do not exist.
    """
    return len({name for name in names if name is not None}) or None


def _deviation(micros: Sequence[int]) -> Decimal | None:
    """Return the sample standard deviation (n - 1) with 4 decimals; None for a single observation."""
    count = len(micros)
    if count < 2:
        return None
    variance = Fraction(count * sum(x * x for x in micros) - sum(micros) ** 2, count * (count - 1))
    # The variance is exact; the root alone is rounded, so that equal listings have a deviation of exactly
    # nought.
    root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    return rounded(Fraction(root) / 10**6, 4)


def _low_confidence(week: _Week, count: int, width: Fraction, pooled_all: bool) -> tuple[str, ...]:
    """Return the reasons why the value is flagged Low Confidence, each with its figures."""
    rules = week.methodology
    reasons: list[str] = []
    if pooled_all:
        reasons.append(
            f"no day has {rules.daily_minimum} Qualifying Listings; all days of the week are pooled"
        )
    # A pooled week has not a single valid day, so the second reason would only repeat the first.
    elif week.valid_days < rules.low_confidence_below_valid_days:
        reasons.append(
            f"{counted(week.valid_days, 'valid days')}; fewer than {rules.low_confidence_below_valid_days}"
        )
    least = rules.low_confidence_below_observations
    if least is not None and count < least:
        reasons.append(f"{counted(count, 'observations')}; fewer than {least}")
    widest = rules.low_confidence_above_width
    if widest is not None and width > widest:
        # The width is printed with as many decimals as set it apart: 25.0% more than 25% would read as a
        # mistake.
        shown = printed_apart(Figure(value=width, unit=Unit.SHARE), Figure(value=widest, unit=Unit.SHARE), 1)
        reasons.append(f"the 95% interval is {shown} of the value; more than {rounded(widest * 100, 0)}%")
    return tuple(reasons)


def class_by_count(count: int) -> str:
    """Return the precision class that WP Table 6 gives to a number of observations."""
    return "Low Confidence" if count < 20 else "Standard" if count < 80 else "High Confidence"


def class_by_width(width: Fraction) -> str:
    """Return the precision class that the measured width of the interval deserves.

    See WP Table 6; `rulings.md` 8.
    """
    return (
        "High Confidence"
        if width < Fraction(4, 100)
        else "Standard"
        if width < Fraction(15, 100)
        else "Low Confidence"
    )


def _detail(week: _Week, day: CollectedDay) -> DayDetail:
    used = any(day is pooled for pooled in week.pooled)
    return DayDetail(
        date=day.day,
        offers=day.listings.offers,
        qualifying=len(day.listings.observations),
        # A day below the minimum has listings after outlier removal, but gives the week nothing.
        kept=len(day.kept) if used else 0,
        counts=day.counts,
        excluded=day.listings.excluded,
        truncated=day.listings.truncated,
        snapshot=day.chosen.sha256 if day.chosen else None,
        form=day.chosen.form if day.chosen else "none",
        collected_at=day.chosen.collected_at if day.chosen else None,
        unchecked=tuple(sorted(day.chosen.unchecked))
        if day.chosen and day.chosen.form == "offer table"
        else (),
        doubt=doubt(day.chosen, day.listings) if day.chosen else None,
        snapshots=tuple(_alternative(week, day, *other) for other in day.others)
        if len(day.others) > 1
        else (),
    )


def _alternative(week: _Week, day: CollectedDay, snapshot: Snapshot, listings: Listings) -> OfDay:
    """Return one snapshot of a day that has several, with the value that the week would have with it."""
    return OfDay(
        sha256=snapshot.sha256,
        collected_at=snapshot.collected_at,
        qualifying=len(listings.observations),
        truncated=listings.truncated,
        stands=snapshot is day.chosen,
        value=value_of(
            [listings if detail is day else detail.listings for detail in week.days], week.methodology
        ),
    )
