"""What the demonstration plays, all of it invented.

There are 26 Thursdays of rates, and the reports of each servicer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from engine.demo.marketplace import Collected, collections

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
SEED = 20260108
FIRST = date(2026, 1, 8)
"""The first Publication Date."""

# What the middle of the market asks for an H100 in the week before each of the 26 Thursdays: a drift, a first
# dip, a week
# without collection, a slump through the sweep level, a slow recovery, a spike, and a calm end.
H100 = (
    *(2.12, 2.10, 2.11, 2.07, 2.03, 1.97, 1.89, 1.97),
    *(1.97, 1.84, 1.66, 1.55, 1.46, 1.43, 1.47, 1.56),
    *(1.61, 1.66, 1.76, 2.34, 2.28, 2.02, 1.96, 1.93, 1.92, 1.94),
)
H200 = tuple(2.45 - 0.006 * n - (0.25 if 10 <= n <= 15 else 0) for n in range(26))
RTX4090 = tuple(0.40 for _ in range(26))
OUTAGE_WEEK = 8
"""Which Thursday has no week behind it."""
THURSDAYS = tuple(FIRST + n * WEEK for n in range(26))
DEALS = ("meridian-2026-1", "northfield-abs-2026-1", "harbour-bilateral-2026")
REGISTERS = ("meridian-serials.csv",)
"""The registers of serial numbers that these deals name."""


@dataclass(frozen=True, slots=True)
class Received:
    """One generated report: when it came in, its file name, its text."""

    received: date
    name: str
    text: str


def snapshots(thursday: date) -> Iterator[Collected]:
    """Yield the collections of the Calculation Window before a Publication Date."""
    number = (thursday - FIRST).days // 7
    first = thursday - WEEK
    days = [first + n * DAY for n in range(7)]
    prices = {
        "H100 SXM": dict.fromkeys(days, H100[number]),
        "H200": dict.fromkeys(days, H200[number]),
        "RTX 4090": dict.fromkeys(days, RTX4090[number]),
    }
    outage = frozenset(days) if number == OUTAGE_WEEK else frozenset({days[2]} if number % 5 == 3 else ())
    return collections(SEED, first, thursday - DAY, prices, outage)


def reports(thursday: date) -> Iterator[Received]:
    """Yield the reports that came in by a Thursday, since the Thursday before."""
    number = (thursday - FIRST).days // 7
    yield _report("meridian-2026-1", number, MERIDIAN)
    if number != 5:  # one week without a report
        yield _report("northfield-abs-2026-1", number, NORTHFIELD)
    if number != 11:
        yield _report("harbour-bilateral-2026", number, HARBOUR)
    if number == 12:  # the report of the week before came in late
        late = _report("harbour-bilateral-2026", 11, HARBOUR)
        yield Received(thursday - DAY, late.name, late.text)
    if number == 20:  # and one was corrected
        yield _corrected("harbour-bilateral-2026", 20, HARBOUR)


@dataclass(frozen=True, slots=True)
class Pool:
    """How one servicer's figures move: GPUs by asset class, principal by class of debt, money by month."""

    gpus: dict[str, int]
    principal: dict[str, tuple[int, ...]]
    premium: float
    lag: int
    utilisation: float
    costs: int
    service: int


def _repaid(amounts: dict[int, int]) -> tuple[int, ...]:
    """Principal in USD by week: the amounts stand from their week on."""
    repaid: list[int] = []
    for week in range(26):
        repaid.append(amounts.get(week, repaid[-1] if repaid else 0))
    return tuple(repaid)


MERIDIAN = Pool(
    gpus={"h100": 1024},
    principal={
        "class_a": _repaid({0: 15_900_000, 6: 15_850_000, 10: 12_900_000, 12: 11_900_000, 13: 11_700_000})
    },
    premium=1.02,
    lag=5,
    utilisation=0.93,
    costs=310_000,
    service=420_000,
)
NORTHFIELD = Pool(
    gpus={"h100": 2048, "h200": 512},
    principal={"class_a": _repaid({0: 26_000_000}), "class_b": _repaid({0: 9_000_000})},
    premium=1.00,
    lag=3,
    utilisation=0.91,
    costs=760_000,
    service=940_000,
)
HARBOUR = Pool(
    gpus={"h100": 128},
    principal={"facility": _repaid({0: 1_500_000, 20: 1_450_000})},
    premium=1.06,
    lag=2,
    utilisation=0.90,
    costs=41_000,
    service=52_000,
)


def _rent(pool: Pool, number: int, series: tuple[float, ...]) -> float:
    """Return what contracts earn: the market of the last weeks, since contracts reprice late."""
    known = series[max(0, number - pool.lag) : number + 1]
    return round(pool.premium * sum(known) / len(known), 4)


def _report(deal: str, number: int, pool: Pool) -> Received:
    thursday = THURSDAYS[number]
    end = thursday - DAY
    lines = [
        f"deal: {deal}",
        f"period: {{from: {end - 6 * DAY}, to: {end}}}",
        f"as_of: {end}",
        "source: generated for the demonstration",
        "outstanding_principal:",
        *(f"  {name}: USD {amounts[number]:,}" for name, amounts in pool.principal.items()),
        "rental:",
    ]
    revenue = 0.0
    for name, gpus in pool.gpus.items():
        offered = round(gpus * 168 * 0.95)
        rented = round(offered * pool.utilisation)
        rent = _rent(pool, number, H200 if name == "h200" else H100)
        revenue += rented * rent
        lines += [
            f"  {name}:",
            f"    rented_gpu_hours: {rented:,}",
            f"    available_gpu_hours: {offered:,}",
            f"    weighted_average_rate: USD {rent:.4f} per GPU-hour",
        ]
    lines += ["available:", *(f"  {name}: {{gpus: {gpus}}}" for name, gpus in pool.gpus.items())]
    month = {
        "collections": revenue * 4.33,
        "operating_costs": pool.costs,
        "debt_service": pool.service,
        "fees": pool.costs / 20,
    }
    lines += [f"{name}: USD {amount:,.2f}" for name, amount in month.items()]
    return Received(end, f"{deal}-{end}.yaml", "\n".join(lines) + "\n")


def _corrected(deal: str, number: int, pool: Pool) -> Received:
    first = _report(deal, number, pool)
    text = first.text.replace(
        "source: generated", f"corrects: {THURSDAYS[number] - DAY}\nsource: corrected, generated"
    )
    return Received(first.received, f"{deal}-{THURSDAYS[number] - DAY}-corrected.yaml", text)
