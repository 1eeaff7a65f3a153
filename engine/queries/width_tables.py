"""The width of the interval by number of listings, beside the paper's Table 6.

Widths are drawn from a week, and measured of the weeks on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.events.log_names import series_name
from engine.market.quality.precision import Width
from engine.queries.quarterly_review import WidthBand, WidthPoint, recorded_widths
from engine.record.log import prints_in
from engine.workspace.series import known_series
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WidthTable:
    """The width of the interval by number of listings, beside the paper's Table 6.

    Attributes:
        series: the series.
        refused: why no widths are drawn; None if they are.
        week: the newest week with observations, from which widths are drawn.
        observations: how many it has.
        table_fails_from: the least count at which the paper's range does not hold.
        rows: the drawn widths by count.
        weeks: each week on record that has an interval, oldest first, by its newest print.
        bands: Table 6 as those weeks measured it.
        minimum: what is said of the minimum viable count of all weeks.
    """

    series: str
    weeks: tuple[WidthPoint, ...]
    bands: tuple[WidthBand, ...]
    minimum: str
    refused: str | None = None
    week: str | None = None
    observations: int = 0
    table_fails_from: int | None = None
    rows: tuple[Mapping[str, Any], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return the widths as JSON: either `refused`, or the drawn widths; `recorded` in both cases.

        The drawn widths are `week`, `observations`, `table_fails_from` and `rows`. `recorded` holds what the
        weeks on record measured: `weeks`, `bands` and `minimum`.
        """
        recorded = {
            "recorded": {
                "weeks": [{**asdict(week), "publication": str(week.publication)} for week in self.weeks],
                "bands": [asdict(band) for band in self.bands],
                "minimum": self.minimum,
            }
        }
        if self.refused is not None:
            return {"refused": self.refused, **recorded}
        drawn = {
            "week": self.week,
            "observations": self.observations,
            "table_fails_from": self.table_fails_from,
        }
        return {**drawn, "rows": list(self.rows), **recorded}


def width_tables(workspace: Workspace, names: Sequence[str]) -> tuple[WidthTable, ...]:
    """Return a table for each named computed series, or for all.

    Raises WrongUsage for a series that is not recorded.
    """
    known = [name for name in known_series(workspace) if not series_name(name).administered]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise WrongUsage(f"unknown series: {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}")
    if not known:
        raise WrongUsage(
            "a computed series is not on record yet; `headroom run` records one for each deal's index"
        )
    return tuple(_width_table(workspace, name) for name in names or known)


def _width_table(workspace: Workspace, name: str) -> WidthTable:
    from engine.market.quality.precision import widths

    newest = {event.effective_on: event.payload.value for event in prints_in(workspace.store, name)}
    points, measured, minimum = recorded_widths(newest)
    pooled = [newest[day] for day in sorted(newest) if newest[day].get("pooled")]
    pool = [Decimal(price) for price in pooled[-1]["pooled"]] if pooled else []
    if len(pool) < 8:
        few = f"{counted(len(pool), 'observations')} in the newest week, and it needs 8"
        return WidthTable(name, points, measured, minimum, few)
    rows = list(widths(pool))
    fails = next((row.count for row in rows if not row.holds), None)
    drawn = tuple(map(_width, rows))
    return WidthTable(
        name, points, measured, minimum, None, pooled[-1]["publication_date"], len(pool), fails, drawn
    )


def _width(row: Width) -> dict[str, Any]:
    measured = {name: f"{getattr(row, name):.1%}" for name in ("low", "middle", "high")}
    return {"n": row.count, **measured, "paper": row.paper, "holds": row.holds}
