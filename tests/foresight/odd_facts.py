"""What happens to an odd draft on its paths: rates near its levels, figures by date, and Acts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from engine.basics.values import Figure, Unit
from engine.events.kinds import ActRecorded
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import Dated, FactsByDate
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.contract_dates import publication_dates
from tests.foresight.odd_covenants import CLOSING, INDICES, OddCovenants
from tests.foresight.random_deals import ALIKE

USD = (0, 1, 640_000, 1_150_000, 290_000, 20_000, 2_000_000)


def rates_of(odd: OddCovenants, seed: int, paths: int, until: date) -> PathRates:
    dates = tuple(publication_dates(CLOSING + timedelta(days=1), until))
    numbers = np.random.default_rng(seed)
    spread, gaps = numbers.choice((0.02, 0.06)), numbers.choice((0.0, 0.08, 0.3))
    ticks = {}
    for name in odd.indices:
        start = float(INDICES[name]) * numbers.uniform(0.8, 1.15)
        true = start * np.exp(np.cumsum(spread * numbers.standard_t(4, (len(dates), paths)), axis=0))
        drawn = np.clip(np.rint(true * 10_000), 1, 900_000).astype(np.int64)
        limits = np.array([round(level * 10_000) for level in (*odd.levels, float(INDICES[name]))])
        near = limits[numbers.integers(0, len(limits), drawn.shape)] + numbers.integers(-1, 2, drawn.shape)
        drawn = np.where(numbers.random(drawn.shape) < 0.25, near, drawn)
        drawn = np.where(numbers.random(drawn.shape) < gaps, NO_VALUE, drawn)
        alike = len(dates) * 3 // 5
        drawn[:alike] = drawn[:alike, np.arange(paths) // ALIKE * ALIKE]
        ticks[name] = drawn
    return PathRates(dates, ticks)


def facts_of(odd: OddCovenants, until: date) -> FactsByDate:
    """Figures that begin late, change, come late, are zero, or are not given at all."""
    draw = odd.draw
    figures: dict[str, tuple[Dated, ...]] = {}

    def put(name: str, unit: Unit, values: tuple[int | str, ...]) -> None:
        if draw.random() < 0.1:
            return
        dated = list(_dated(draw, unit, values, until))
        figures[name] = tuple(sorted(dated, key=lambda one: one.since))

    owed = tuple(f"outstanding_principal.{name}" for name in odd.classes)
    for name in ("outstanding_principal", *owed):
        put(
            name,
            Unit.USD,
            (26_000_000, 9_000_000, 16_000_000, 12_345_678, *((0,) if draw.random() < 0.1 else ())),
        )
    for name in ("collections", "operating_costs", "debt_service", "fees", "contracted_revenue"):
        put(name, Unit.USD, USD)
    put("figures.cash", Unit.USD, USD)
    put("figures.earned", Unit.USD, USD)
    put("weighted_average_rental_rate", Unit.RATE, ("1.80", "1.70", "2.00", "0.85"))
    put("contracted_rate", Unit.RATE, ("2.30", "1.80", "1.00"))
    put("uncontracted_gpu_hours", Unit.GPU_HOURS, (500_000, 0, 90_000))
    for name in odd.assets:
        put(f"resale_quote.{name}", Unit.USD, (20_000, 15_000, 9_000))
        put(f"contracted_rate.{name}", Unit.RATE, ("2.30", "1.80", "1.00"))
        if draw.random() < 0.3:
            put(f"available.{name}.gpus", Unit.GPUS, (0, 300, 1500))
    return FactsByDate(figures, straight_lines=draw.random() < 0.25)


def _dated(draw: random.Random, unit: Unit, values: tuple[int | str, ...], until: date) -> Iterator[Dated]:
    days = [CLOSING + timedelta(days=draw.choice((0, 0, 0, 30)))]
    span = (until - CLOSING).days
    days += sorted(
        {CLOSING + timedelta(days=draw.randint(31, max(32, span))) for _ in range(draw.choice((0, 0, 1, 2)))}
    )
    for day in days:
        late = day + timedelta(days=draw.choice((1, 12))) if draw.random() < 0.15 else None
        yield Dated(day, Figure(value=Fraction(draw.choice(values)), unit=unit), late)


def acts_of(odd: OddCovenants, until: date) -> tuple[ActRecorded, ...]:
    """A declared event in one deal of ten, which ends in half of them; a waiver in one of sixteen."""
    draw, acts = odd.draw, []
    span = (until - CLOSING).days

    def act(kind: str, clause: str, after: int, **more: object) -> ActRecorded:
        on = CLOSING + timedelta(days=after)
        return ActRecorded(act=kind, clause=clause, effective_on=on, document="IND", **more)  # type: ignore[arg-type]

    if draw.random() < 0.1:
        first = draw.randint(1, span)
        acts.append(act("event declared", "manager-default", first))
        if draw.random() < 0.5:
            acts.append(act("event ended", "manager-default", draw.randint(first + 1, first + 60)))
    if draw.random() < 0.06:
        on = draw.randint(5, span)
        until_day = CLOSING + timedelta(days=on + draw.randint(3, 40))
        clock = {"clock": draw.choice(("resumes", "restarts"))}
        acts.append(act("waiver", draw.choice(list(odd.tests)), on, until=until_day, details=clock))
    return tuple(sorted(acts, key=lambda one: one.effective_on))
