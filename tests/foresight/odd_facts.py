"""What happens to an odd draft on its paths: rates near its levels, figures by date, and Acts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from engine.basics.values import Figure, Unit
from engine.determination.accepted_prints import in_error
from engine.events.kinds import ActRecorded
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import Dated, FactsByDate
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.act_requirements import MANIFEST_ERROR
from engine.terms.contract_dates import publication_dates
from tests.foresight.odd_covenants import CLOSING, INDICES, OddCovenants
from tests.foresight.random_deals import ALIKE

TOLD = ("reserve_balance", "paid_into_reserve")
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
    # A deal whose tests wait for a report may wait in vain at first.
    silent = draw.choice((0, 20, 45, 100)) if odd.on_delivery else 0

    def put(name: str, unit: Unit, values: tuple[int | str, ...]) -> None:
        if draw.random() < 0.1:
            return
        dated = list(_dated(draw, unit, values, silent, until))
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
    for name in ("hours-rented", "hours-offered"):
        put(f"figures.{name}", Unit.GPU_HOURS, (0, 1, 90_000, 480_000, 600_001))
    for name in ("gpus-leased", "gpus-idle"):
        put(f"figures.{name}", Unit.GPUS, (0, 1, 200, 900, 3000))
    if draw.random() < 0.06:
        sole = len(odd.accounts) == 1 and draw.random() < 0.5
        for name in odd.accounts:
            told = draw.choice(TOLD)
            put(told if sole else f"{told}.{name}", Unit.USD, (0, 100_000, 250_000, 400_000))
    put("weighted_average_rental_rate", Unit.RATE, ("1.80", "1.70", "2.00", "0.85"))
    put("contracted_rate", Unit.RATE, ("2.30", "1.80", "1.00"))
    put("uncontracted_gpu_hours", Unit.GPU_HOURS, (500_000, 0, 90_000))
    for name in odd.assets:
        put(f"resale_quote.{name}", Unit.USD, (20_000, 15_000, 9_000))
        put(f"contracted_rate.{name}", Unit.RATE, ("2.30", "1.80", "1.00"))
        if draw.random() < 0.3:
            put(f"rental.{name}.rented_gpu_hours", Unit.GPU_HOURS, (0, 120_000, 90_000))
            put(f"rental.{name}.weighted_average_rate", Unit.RATE, ("1.80", "1.70", "0.85"))
        if draw.random() < 0.3:
            put(f"available.{name}.gpus", Unit.GPUS, (0, 300, 1500))
    return FactsByDate(figures, straight_lines=draw.random() < 0.25)


def _dated(
    draw: random.Random, unit: Unit, values: tuple[int | str, ...], silent: int, until: date
) -> Iterator[Dated]:
    days = [CLOSING + timedelta(days=max(silent, draw.choice((0, 0, 0, 30))))]
    span = (until - CLOSING).days
    days += sorted(
        {days[0] + timedelta(days=draw.randint(1, max(32, span))) for _ in range(draw.choice((0, 0, 1, 2)))}
    )
    for day in days:
        late = day + timedelta(days=draw.choice((1, 12))) if draw.random() < 0.15 else None
        yield Dated(day, Figure(value=Fraction(draw.choice(values)), unit=unit), late)


def without_errors(rates: PathRates, acts: tuple[ActRecorded, ...]) -> PathRates:
    """The same paths without the values that a manifest error excludes: no deal takes them."""
    dates = np.array([day.toordinal() for day in rates.dates])
    ticks = {}
    for name, drawn in rates.ticks.items():
        excluded = [day.toordinal() for day in in_error(acts, name)]
        ticks[name] = np.where(np.isin(dates, excluded)[:, None], NO_VALUE, drawn)
    return PathRates(rates.dates, ticks)


ON_TESTS = (
    "cure accepted",
    "default ended",
    "notice of default",
    "vote taken",
    "notice by the agent",
    "waiver",
)
ON_TRIGGERS = ("cure accepted", "trigger ended", "waiver")
SETS_RATE = ("agent determination", "interpolation", "successor benchmark agreed")
OWED = ("obligation satisfied", "appraisal delivered")


def acts_of(odd: OddCovenants, until: date) -> tuple[ActRecorded, ...]:
    """A declared event in one deal of ten, which ends in half of them; other Acts in one of eight.

    Rates that people set, and values that are manifest errors, are in one deal of sixteen each.
    """
    draw, acts = odd.draw, []
    span = (until - CLOSING).days

    def act(kind: str, clause: str | None, after: int, **more: object) -> ActRecorded:
        on = CLOSING + timedelta(days=after)
        return ActRecorded(act=kind, clause=clause, effective_on=on, document="IND", **more)  # type: ignore[arg-type]

    if draw.random() < 0.1:
        first = draw.randint(1, span)
        acts.append(act("event declared", "manager-default", first))
        if draw.random() < 0.5:
            acts.append(act("event ended", "manager-default", draw.randint(first + 1, first + 60)))
    if draw.random() < 0.12:
        for _ in range(draw.randint(1, 3)):
            kind, clause = _act_on_a_clause(odd)
            more: dict[str, object] = {}
            # Several of a kind, so that one of them comes while what it ends stands.
            for after in sorted(draw.sample(range(5, span), draw.choice((1, 2, 4)))):
                if kind == "waiver":
                    more = {
                        "until": CLOSING + timedelta(days=after + draw.randint(3, 40)),
                        "details": {"clock": draw.choice(("resumes", "restarts"))},
                    }
                acts.append(act(kind, clause, after, **more))
    if draw.random() < 0.06:
        kind, index = draw.choice(SETS_RATE), draw.choice(odd.indices)
        for day in draw.sample(list(publication_dates(CLOSING + timedelta(days=1), until)), 4):
            rate = f"{float(INDICES[index]) * draw.uniform(0.6, 1.3):.{draw.choice((2, 4, 5))}f}"
            acts.append(act(kind, None, (day - CLOSING).days, details={"index": index, "rate": rate}))
    if draw.random() < 0.06:
        index = draw.choice(odd.indices)
        for day in draw.sample(list(publication_dates(CLOSING + timedelta(days=1), until)), 3):
            details = {"index": index, "print": "1"}
            people = {"prepared_by": "a. preparer", "approved_by": "an approver"}
            acts.append(act(MANIFEST_ERROR, None, (day - CLOSING).days, details=details, **people))
    return tuple(sorted(acts, key=lambda one: one.effective_on))


def _act_on_a_clause(odd: OddCovenants) -> tuple[str, str]:
    """A kind of Act, and the test or the trigger that it is of."""
    draw = odd.draw
    if draw.random() < 0.3:
        return draw.choice((*ON_TRIGGERS, *OWED)), draw.choice(odd.triggers)
    clause = draw.choice(list(odd.tests))
    sweeps = odd.tests[clause] == "cash_sweep"
    owes = odd.tests[clause] == "appraisal_trigger"
    return draw.choice(ON_TRIGGERS if sweeps else OWED if owes else ON_TESTS), clause
