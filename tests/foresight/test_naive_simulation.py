"""A simulation computed a second time in plain Python: a random generator of another kind, one path after
another, one date after another, from the clauses' own words.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from datetime import date
from itertools import accumulate
from pathlib import Path

from covenants import templates
from engine.foresight.facts_by_date import held_facts
from engine.foresight.rate_model import TABLE
from engine.queries.calibration_questions import ModelAsked, model_of
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from tests.queries.test_calibration_questions import history

PATHS, WEEKS, CLOSING = 4000, 26, 2.10
LTV = 16_000_000 / (0.65 * 1.5 * 1024 * 8760 * 0.95)
"""The rate below which LTV is above 65%: USD 1.9257."""
NOISE, SEEN, GAP = math.log(1.05 / 0.95) / 3.92, 40, 7
"""The sampling error of each week of the history, its weeks, and the one without a value."""


def weeks_of_history(draw: random.Random) -> list[int]:
    """The week of the history that each week of a path takes its gap from, four in a row."""
    found: list[int] = []
    while len(found) < WEEKS:
        first = draw.randrange(SEEN - 3)
        found += range(first, first + 4)
    return found[:WEEKS]


def walked(draw: random.Random, x: float, sigma: float, nu: float) -> list[float | None]:
    """The published values of one path, with four decimals."""
    values: list[float | None] = []
    for week in weeks_of_history(draw):
        normal = draw.gauss(0, 1)
        x += sigma * (normal if math.isinf(nu) else normal / math.sqrt(draw.gammavariate(nu / 2, 2 / nu)))
        values.append(None if week == GAP else round(math.exp(x + draw.gauss(0, NOISE)), 4))
    return values


def first_dates(values: list[float | None]) -> dict[str, int]:
    """The first week in which LTV fails, the sweep begins, and the rate has fallen by a quarter of
    its Closing Date level within 90 days.
    """
    found: dict[str, int] = {}
    low = 0
    for week, value in enumerate(values, start=1):
        carried = value if value is not None or week == 1 else values[week - 2]
        if carried is not None and carried < LTV:
            found.setdefault("ltv fails", week)
        if value is None:
            continue
        low = low + 1 if value < 1.50 else 0
        if low == 2:
            found.setdefault("cash-sweep begins", week)
        # The thirteen weeks back to a Thursday are 91 days, so the window holds this date and twelve before.
        window = [one for one in values[max(0, week - 13) : week] if one is not None]
        highest = max([*window, *([CLOSING] if 7 * week - 5 <= 90 else [])])
        if value < highest - 0.25 * CLOSING:
            found.setdefault("appraisal fails", week)
    return found


def test_a_simulation_in_plain_python_gives_the_same_probabilities(meridian: Deal, tmp_path: Path) -> None:
    """Two samples of 4,000 paths: they differ by less than four of their common standard errors."""
    asked = ModelAsked(history(tmp_path, SEEN), date(2026, 12, 31), paths=PATHS, weeks=WEEKS)
    given = held_facts(
        ("outstanding_principal=USD 16,000,000",),
        meridian.closing_date,
        resolve(meridian, meridian.closing_date),
    )
    found = simulate(meridian, templates, None, given, asked)
    _, known, _ = model_of(None, meridian, "CRI-H100", asked, asked.table())
    draw = random.Random(7)
    weights, edges = known.weights.tolist(), known.found.grid.edges.tolist()
    centres = [
        sum(p * x for p, x in zip(row, known.found.grid.points.tolist(), strict=True))
        for row in known.found.density.tolist()
    ]
    shift = math.log(CLOSING) - sum(w * c for w, c in zip(weights, centres, strict=True))
    sums = [list(accumulate(row)) for row in known.found.density.tolist()]
    tally: Counter[tuple[str, int]] = Counter()
    for _ in range(PATHS):
        (law,) = draw.choices(range(len(weights)), weights)
        cell = min(bisect_left(sums[law], draw.random() * sums[law][-1]), len(edges) - 1)
        values = walked(draw, edges[cell] + shift, TABLE[law].sigma, TABLE[law].nu)
        for what, week in first_dates(values).items():
            tally.update((what, within) for within in (4, 13, 26) if week <= within)
    compared = 0
    for chance in found.chances:
        name = f"{chance.subject} {chance.what}"
        if name not in {"ltv fails", "cash-sweep begins", "appraisal fails"}:
            continue
        for within, (share, _) in chance.within.items():
            mine = tally[name, within] / PATHS
            error = math.sqrt((share * (1 - share) + mine * (1 - mine)) / PATHS)
            assert abs(share - mine) <= 4 * error + 1e-9, (name, within, share, mine)
            compared += 1
    assert compared == 9
