"""`make bench`, foresight: many paths in columns against the exact engine path by path, as a ratio of CPU
seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np

from covenants import templates
from engine.determination.template import clauses_of
from engine.foresight.columns.compiled_deal import compiled_deal
from engine.foresight.columns.many_paths import lived_in_columns
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import held_facts
from engine.foresight.path_run import moments
from engine.terms.as_written import Deal, load_deal, resolve
from engine.terms.contract_dates import publication_dates
from tests.bench.growth import own_peak
from tests.conftest import DEALS

PATHS, WEEKS, REPEATS = 10_000, 104, 3
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


def paths_of(deal: Deal) -> PathRates:
    """Paths about the Closing Date level, with sampling errors, in ticks."""
    dates = tuple(
        publication_dates(deal.closing_date + timedelta(days=1), deal.closing_date + timedelta(weeks=WEEKS))
    )
    draw = np.random.default_rng(8)
    true = np.exp(np.cumsum(0.03 * draw.standard_t(4, (len(dates), PATHS)), axis=0))
    noisy = 21_000 * true * np.exp(0.05 * draw.standard_normal(true.shape))
    return PathRates(dates, {"CRI-H100": np.clip(np.rint(noisy), 1, 90_000).astype(np.int64)})


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    started = time.process_time()
    work()
    return time.process_time() - started


def foresight() -> None:
    """Print the ratio and the peak memory."""
    deal, known = ten_tests(), dict(templates())
    rates, until = paths_of(deal), deal.closing_date + timedelta(weeks=WEEKS)
    given = held_facts(FACTS, deal.closing_date, resolve(deal, deal.closing_date))
    one = {
        "CRI-H100": tuple(
            (day, Decimal(int(tick)).scaleb(-4))
            for day, tick in zip(rates.dates, rates.ticks["CRI-H100"][:, 0], strict=True)
        )
    }
    compiling, running, exact = [], [], []
    for _ in range(REPEATS):
        compiling.append(cpu(lambda: compiled_deal(deal, known, rates, given, until)))
        ready = compiled_deal(deal, known, rates, given, until)
        running.append(cpu(lambda ready=ready: lived_in_columns(ready, rates)))
        exact.append(cpu(lambda: list(moments(deal, known, one, given, until))))
    made, ran, by_path = (statistics.median(found) for found in (compiling, running, exact))
    print(
        f"\nforesight: {PATHS:,} paths x {WEEKS} weeks x {len(resolve(deal, deal.closing_date).covenants)} "
        "tests, CPU seconds"
    )
    print(
        f"  exact engine, one path {by_path:.2f} s; columns {ran:.2f} s and {made:.2f} s to compile, once "
        "for any number of paths"
    )
    print(
        f"  {PATHS * by_path / ran:,.0f}x running, {PATHS * by_path / (ran + made):,.0f}x with compiling  "
        "(aim 15,000x, floor 5,000x)"
    )
    print(f"  peak memory {own_peak():.0f} MB  (aim 150 MB)")


if __name__ == "__main__":
    foresight()
