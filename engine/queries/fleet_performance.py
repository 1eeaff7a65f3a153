"""A fleet's certified performance by percentile (WP §9.3).

GPUs of the same name perform differently, so a fleet is not a uniform asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text
from engine.basics.tables import NUMBER, read_table
from engine.basics.values import counted

PERCENTILES = (5, 25, 50, 75, 95)
COLUMNS = ("serial", "performance")


@dataclass(frozen=True, slots=True)
class FleetPerformance:
    """What a fleet's certificates say.

    Attributes:
        certified: GPUs with a certificate.
        pledged: GPUs pledged, if named.
        percentiles: performance at the 5th, 25th, 50th, 75th and 95th percentile, as shares of the model's
        nominal performance. mean: over the certified GPUs. spread: 95th over 5th percentile, less one.
    """

    certified: int
    pledged: int | None
    percentiles: dict[str, str]
    mean: str
    spread: str

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        return asdict(self)


def fleet_performance(path: Path, pledged: int | None) -> FleetPerformance:
    """Return the percentiles of a file of certificates: CSV with serial and performance, like `SN-0001,98%`.

    Raises WrongUsage for a file without them, for a serial number that stands twice, and for more
    certificates than pledged GPUs.
    """
    table, problems = read_table(read_text(path), str(path))
    if table is None or any(column not in table.columns for column in COLUMNS) or not table.rows:
        why = problems[0].why if problems else f"it needs rows with the columns {', '.join(COLUMNS)}"
        raise WrongUsage(f"{path} holds no certificates: {why}")
    seen: dict[str, Decimal] = {}
    for row in table.rows:
        serial = row.cells["serial"].strip()
        # One GPU with two certificates would count twice, and which of them holds is for a person to say.
        if serial in seen:
            raise WrongUsage(f"{path}:{row.line}: `{serial}` is certified twice")
        seen[serial] = _performance(row.cells["performance"], f"{path}:{row.line}")
    # Certificates of GPUs that are not pledged would lift the percentiles of those that are.
    if pledged is not None and pledged < len(seen):
        raise WrongUsage(f"{path} certifies {counted(len(seen), 'GPUs')}, and {pledged} are pledged")
    rows = sorted(seen.values())
    at = {share: _percentile(rows, share) for share in PERCENTILES}
    shown = {f"{share}th": f"{value:.1%}" for share, value in at.items()}
    mean = sum(rows, Decimal(0)) / len(rows)
    return FleetPerformance(len(rows), pledged, shown, f"{mean:.1%}", f"{at[95] / at[5] - 1:.1%}")


def _performance(text: str, place: str) -> Decimal:
    plain = text.strip()
    if NUMBER.fullmatch(plain.removesuffix("%")) is None:
        raise WrongUsage(f"{place}: `{text}` is not a performance; write it like 98%")
    value = Decimal(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    # A share above ten lacks its per cent sign.
    if not 0 < value <= 10:
        raise WrongUsage(f"{place}: a performance of {text} cannot be")
    return value


def _percentile(ascending: Sequence[Decimal], share: int) -> Decimal:
    """Return a percentile by linear interpolation, exact."""
    place = Decimal((len(ascending) - 1) * share) / 100
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])
