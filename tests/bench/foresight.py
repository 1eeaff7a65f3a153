"""`make bench`, foresight: many paths in columns, and many levels on the same paths, as ratios of CPU seconds.

Each row runs in a process of its own, so that its peak memory is its own. What one machine cannot run in minutes
is run in part, by a factor that is printed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from pydantic import BaseModel

from covenants import templates
from engine.determination.template import clauses_of
from engine.foresight.calibrate import Question, Variant, tally
from engine.foresight.columns.compiled_deal import CompiledDeal, compiled_deal
from engine.foresight.columns.many_paths import lived_in_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import held_facts
from engine.foresight.path_run import moments
from engine.foresight.rate_paths import BLOCK, TICK, Paths
from engine.foresight.rate_scenarios import Rates
from engine.terms.as_written import Deal, load_deal, resolve
from engine.terms.contract_dates import publication_dates
from tests.bench.growth import own_peak
from tests.conftest import DEALS
from tests.foresight.naive_calibration import naive

PATHS, WEEKS, REPEATS = 10_000, 104, 3
LONG_PATHS, LONG_WEEKS, OBJECTS = 100_000, 520, 100_000
"""Paths of ten years, their weeks, and the objects made in comparison."""
LONG_BLOCK, DRAWN = 16 * BLOCK, 4_096
"""How many of them are lived at once, as in `simulate`, and drawn at once, which takes most memory."""
COUNTED_PATHS, MANY_LEVELS, LEVELS_AT_ONCE = 4_000, 100_000, 20_000
FACTS = (
    "outstanding_principal=USD 16,000,000",
    "collections=USD 1,150,000",
    "operating_costs=USD 290,000",
    "debt_service=USD 640,000",
    "fees=USD 20,000",
    "weighted_average_rental_rate=USD 1.80 per GPU-hour",
)


def ten_tests() -> Deal:
    """Meridian with six more tests: three of its loan-to-value test and three of its sweep, at other levels."""
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    ltv = text[text.index("  ltv:\n") : text.index("  cash-sweep:\n")]
    sweep = text[text.index("  cash-sweep:\n") : text.index("  appraisal:\n")]
    more = "".join(
        ltv.replace("  ltv:", f"  ltv-{n}:").replace("1.5\n", f"1.{4 + n}\n")
        + sweep.replace("  cash-sweep:", f"  sweep-{n}:").replace("USD 1.50", f"USD 1.{6 + n}0")
        for n in range(3)
    )
    deal, problems = load_deal(
        text.replace("  ltv:\n", f"{more}  ltv:\n", 1), "ten.yaml", clauses_of(dict(templates()))
    )
    assert deal is not None, problems
    return deal


def paths_of(deal: Deal, paths: int, weeks: int, at_once: int = PATHS) -> PathRates:
    """Paths about the Closing Date level, with sampling errors, in ticks; so many are drawn at once."""
    dates = tuple(
        publication_dates(deal.closing_date + timedelta(days=1), deal.closing_date + timedelta(weeks=weeks))
    )
    draw = np.random.default_rng(8)
    ticks = np.empty((len(dates), paths), dtype=np.int64)
    for start in range(0, paths, at_once):
        some = ticks[:, start : start + at_once]
        true = np.exp(np.cumsum(0.03 * draw.standard_t(4, some.shape), axis=0))
        noisy = 21_000 * true * np.exp(0.05 * draw.standard_normal(true.shape))
        some[:] = np.clip(np.rint(noisy), 1, 90_000)
    return PathRates(dates, {"CRI-H100": ticks}).narrow()


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    started = time.process_time()
    work()
    return time.process_time() - started


def exact_path(rates: PathRates) -> dict[str, Rates]:
    """The first path, as the exact engine takes it."""
    column = rates.ticks["CRI-H100"][:, 0].tolist()
    pairs = zip(rates.dates, column, strict=True)
    return {"CRI-H100": tuple((day, Decimal(tick).scaleb(-4)) for day, tick in pairs)}


def paths_in_columns() -> None:
    """Many paths of two years, ten tests, with the exact engine's states and money."""
    deal, known = ten_tests(), dict(templates())
    rates, until = paths_of(deal, PATHS, WEEKS), deal.closing_date + timedelta(weeks=WEEKS)
    given = held_facts(FACTS, deal.closing_date, resolve(deal, deal.closing_date))
    one = exact_path(rates)
    compiling, running, exact = [], [], []
    for _ in range(REPEATS):
        compiling.append(cpu(lambda: compiled_deal(deal, known, rates, given, until)))
        ready = compiled_deal(deal, known, rates, given, until)
        running.append(cpu(lambda ready=ready: lived_in_columns(ready, rates)))
        exact.append(cpu(lambda: list(moments(deal, known, one, given, until))))
    made, ran, by_path = (statistics.median(found) for found in (compiling, running, exact))
    tests = len(resolve(deal, deal.closing_date).covenants)
    print(f"\nforesight: {PATHS:,} paths x {WEEKS} weeks x {tests} tests, CPU seconds")
    print(
        f"  exact engine, one path {by_path:.2f} s; columns {ran:.2f} s and {made:.2f} s to compile, once "
        "for any number of paths"
    )
    print(
        f"  {PATHS * by_path / ran:,.0f}x running, {PATHS * by_path / (ran + made):,.0f}x with compiling  "
        "(aim 15,000x, floor 5,000x)"
    )


def ten_years() -> None:
    """Ten years of a deal of four tests, in blocks of paths, against one pydantic result for each test."""
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8").split("worked_examples:")[0]
    known = dict(templates())
    deal, problems = load_deal(text, "four.yaml", clauses_of(known))
    assert deal is not None, problems
    rates = paths_of(deal, LONG_BLOCK, LONG_WEEKS, DRAWN)
    until = deal.closing_date + timedelta(weeks=LONG_WEEKS)
    given = held_facts(FACTS, deal.closing_date, resolve(deal, deal.closing_date))
    kept: list[CompiledDeal] = []
    made = cpu(lambda: kept.append(compiled_deal(deal, known, rates, given, until)))
    (ready,) = kept
    ran = statistics.median(cpu(lambda: lived_in_columns(ready, rates)) for _ in range(REPEATS))
    one = exact_path(rates)
    by_path = cpu(lambda: list(moments(deal, known, one, given, until)))
    first = deal.closing_date
    plain = cpu(lambda: [_Result(test="ltv", on=first, passed=True) for _ in range(OBJECTS)]) / OBJECTS
    results = LONG_BLOCK * sum(len(row.tests) for row in ready.rows)
    blocks = LONG_PATHS / LONG_BLOCK
    print(f"\nforesight: {LONG_PATHS:,} paths x {LONG_WEEKS} weeks x 4 tests, CPU seconds")
    print(
        f"  one block of {LONG_BLOCK:,} paths {ran:.2f} s, {ran / results * 1e9:.0f} ns a result; all {blocks:.1f} "
        f"blocks {ran * blocks:.0f} s (by that factor), and {made:.1f} s to compile"
    )
    print(
        f"  {LONG_PATHS * by_path / (ran * blocks):,.0f}x the exact engine path by path, {by_path:.1f} s a path"
    )
    print(
        f"  {plain / (ran / results):,.0f}x one pydantic object for each result, {plain * 1e6:.1f} us  "
        "(aim 400x, floor 150x, of verdicts without states)"
    )


class _Result(BaseModel):
    """The least that a result of one test could be as an object."""

    test: str
    on: date
    passed: bool


def counted_levels() -> None:
    """Levels and counts of one trigger on the same paths, and many levels on one path, against a plain loop."""
    draw = np.random.default_rng(8)
    true = 2.0 * np.exp(np.cumsum(0.04 * draw.standard_t(4, (WEEKS, COUNTED_PATHS)), axis=0))
    ticks = np.rint(true * np.exp(0.05 * draw.standard_normal(true.shape)) * TICK).astype(np.int64)
    paths, asked = Paths(true, ticks, np.zeros_like(ticks)), Question()
    variants = [Variant(level, count, 3) for level in range(14_000, 20_000, 1_000) for count in (1, 2, 3, 4)]
    cells = statistics.median(
        cpu(lambda: [tally(paths, one, asked) for one in variants]) for _ in range(REPEATS)
    )
    one_true, one_published = true[:, 0].tolist(), (ticks[:, 0] / TICK).tolist()
    plain = statistics.median(
        cpu(lambda: [naive(one_true, one_published, 1.5, 2, 3, 1.5, 4, 8) for _ in range(100)]) / 100
        for _ in range(REPEATS)
    )
    print(
        f"\nforesight: {len(variants)} levels and counts x {COUNTED_PATHS:,} paths x {WEEKS} weeks, CPU seconds"
    )
    ratio = len(variants) * COUNTED_PATHS * plain / cells
    print(f"  {cells:.2f} s; {ratio:,.0f}x a plain loop over dates, {plain * 1e6:,.0f} us a path and level")
    # A level on a path is the same as no level on a path that is lower by as much, so levels become paths.
    levels = np.linspace(10_000, 30_000, LEVELS_AT_ONCE).astype(np.int64)
    beside = Paths(
        true[:, :1] - levels / TICK + 1.5,
        ticks[:, :1] - levels + 15_000,
        np.zeros((WEEKS, len(levels)), np.int64),
    )
    many = statistics.median(cpu(lambda: tally(beside, Variant(15_000, 2, 3), asked)) for _ in range(REPEATS))
    print(
        f"  {MANY_LEVELS:,} levels on one path {many * MANY_LEVELS / LEVELS_AT_ONCE:.2f} s "
        f"(by a factor of {MANY_LEVELS / LEVELS_AT_ONCE:.0f}); {LEVELS_AT_ONCE * plain / many:,.0f}x the loop"
    )


ROWS = {"columns": paths_in_columns, "ten-years": ten_years, "counted": counted_levels}


def foresight() -> None:
    """Print each row from a process of its own."""
    for name in ROWS:
        subprocess.run([sys.executable, "-m", "tests.bench.foresight", name], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        foresight()
    else:
        ROWS[sys.argv[1]]()
        print(f"  peak memory {own_peak():.0f} MB  (aim 150 MB)")
