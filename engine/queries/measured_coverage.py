"""How often a series' own intervals hold the truth, measured on its recorded weeks (`rulings.md` 59)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text
from engine.basics.strict_json import NotJson, read_json
from engine.basics.values import counted
from engine.events.log_names import series_name
from engine.market.index_value import IndexValue
from engine.market.quality.seller_coverage import LEAST_PAIRS, LEAST_POOL_SELLERS, Coverage, Pool, coverage
from engine.record.canonical import canonical, sha256_hex
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

SCALINGS = ("divided by the week's value", "as they are")
"""The two ways in which the pool is measured."""
Pair = tuple[str, tuple[Decimal, ...], Decimal]
"""A seller, its listings of a week, and the week's value."""
LIMITS = (
    (
        "Pairs of one seller in several weeks are alike, and dividing by the week's own median favours every "
        "method."
    ),
    (
        "Trusted: six named sellers and more, as long as the coverage plus its error is at least 95% in both "
        "scalings."
    ),
)


@dataclass(frozen=True)
class MeasuredCoverage:
    """The table of one series.

    Attributes:
        series: its name.
        pairs: weeks and sellers in the pool.
        sellers: different sellers among them.
        rows: for each scaling one row for each number of sellers.
        upto: the newest week in the pool.
    """

    series: str
    pairs: int
    sellers: int
    rows: dict[str, tuple[Coverage, ...]]
    upto: date | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the table as JSON, with its own hash."""
        tables = {
            scaling: [_row(row, self.trusted(row.sellers)) for row in rows]
            for scaling, rows in self.rows.items()
        }
        data = {
            "series": self.series,
            "pairs": self.pairs,
            "sellers": self.sellers,
            "upto": str(self.upto),
            "tables": tables,
            "limits": list(LIMITS),
        }
        return {**data, "sha256": sha256_hex(canonical(data))}

    def trusted(self, sellers: int) -> bool:
        """Return whether the interval holds what it promises at a number of sellers, in both scalings."""
        # Six named sellers are the least behind a decisive result (`rulings.md` 59).
        return sellers >= 6 and all(
            row.holds for rows in self.rows.values() for row in rows if row.sellers == sellers
        )


def _row(row: Coverage, trusted: bool) -> dict[str, Any]:
    held = {"listings": row.listings, "subsets": row.subsets, "subsets_80": row.subsets_80}
    shown = {
        name: None
        if share is None
        else {
            "coverage": f"{row.share(share):.3f}",
            "error": f"{row.error(share):.3f}",
            "width": f"{share.width:.3f}",
            "hits": share.hits,
        }
        for name, share in held.items()
    }
    return {
        "sellers": row.sellers,
        "effective": f"{row.effective:.2f}",
        "draws": row.draws,
        **shown,
        "trusted": trusted,
    }


def measured_coverage(
    workspace: Workspace, series: str, draws: int, progress: Callable[[str], None]
) -> MeasuredCoverage:
    """Return the table of a recorded series.

    Raises WrongUsage if its pool is too small, with both numbers.
    """
    from engine.market.interval import exact_interval  # late: numpy

    pairs, upto = _pool(workspace, series)
    if (why := _too_small(pairs)) is not None:
        raise WrongUsage(f"{series} has {why}")
    sellers = len({seller for seller, _, _ in pairs})

    def of_listings(prices: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
        interval = exact_interval(prices)
        return interval.low, interval.high

    pools: dict[str, Pool] = {
        SCALINGS[0]: [tuple(int(price * 10**6 / value) for price in held) for _, held, value in pairs],
        SCALINGS[1]: [tuple(int(price.scaleb(6)) for price in held) for _, held, _ in pairs],
    }
    rows: dict[str, tuple[Coverage, ...]] = {}
    for scaling, pool in pools.items():
        made = []
        for row in coverage(pool, draws, of_listings=of_listings):
            progress(f"{series}, {scaling}: {counted(row.sellers, 'sellers')}")
            made.append(row)
        rows[scaling] = tuple(made)
    return MeasuredCoverage(series, len(pairs), sellers, rows, upto)


def kept_place(workspace: Workspace, series: str) -> Path:
    """Return where the newest table of a series is kept."""
    return workspace.root / "coverage" / f"coverage-{series.replace('@', '-')}.json"


def kept_coverage(workspace: Workspace, series: str) -> Mapping[str, Any]:
    """Return the coverage table that was measured last, as data.

    If no table was measured, `why` says the reason. If the pool is too small, `why` names both numbers.
    """
    place = kept_place(workspace, series)
    if place.is_file():
        try:
            table: Mapping[str, Any] = read_json(read_text(place))
        except NotJson as error:
            again = f"measure it again: `headroom coverage {series}`"
            raise WrongUsage(f"{place} cannot be read: {error}; {again}") from error
        return table
    # Nobody can measure later what an administrator never hands over, so another sentence says so.
    if series_name(series).administered:
        return {"why": "An administrator's series names no sellers, so that nothing can be measured."}
    why = _too_small(_pool(workspace, series)[0])
    if why is not None:
        return {"why": f"Nothing can be measured yet: the series has {why}."}
    return {"why": f"It has not been measured; `headroom coverage {series}` does."}


def _pool(workspace: Workspace, series: str) -> tuple[list[Pair], date | None]:
    """Return every pair of a week and a named seller on record, and the newest week."""
    # A later print of a week takes the place of the earlier one.
    newest = {event.effective_on: event for event in on_record(workspace, series)}
    values = [IndexValue.model_validate(newest[day].payload.value) for day in sorted(newest)]
    return [pair for value in values for pair in _pairs(value)], max(newest, default=None)


def _too_small(pairs: Sequence[Pair]) -> str | None:
    """Return both numbers of a pool in which nothing can be measured; None of one that is large enough."""
    sellers = len({seller for seller, _, _ in pairs})
    if len(pairs) >= LEAST_PAIRS and sellers >= LEAST_POOL_SELLERS:
        return None
    pool = f"{counted(len(pairs), 'pairs of a week and a seller')} and {counted(sellers, 'sellers')}"
    return f"{pool}; a measurement needs {LEAST_PAIRS} and {LEAST_POOL_SELLERS}"


def _pairs(value: IndexValue) -> Iterator[Pair]:
    """Yield each named seller of a week in the order of the names, its listings, and the week's value."""
    held: defaultdict[str, list[Decimal]] = defaultdict(list)
    # Records from before sellers were stated have none, and then nothing pairs.
    for seller, price in zip(value.sellers, value.pooled, strict=False):
        if seller is not None:
            held[seller].append(price)
    if value.value is not None:
        yield from ((seller, tuple(held[seller]), value.value) for seller in sorted(held))
