"""The Break-even Rate: found in few probes, and always where plain bisection finds it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.determination.break_even import CEILING, TICK, last_agreeing
from engine.determination.determine import determine
from engine.determination.template import Facts, Template
from engine.events.results import BreakEven, Verdict
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS
from tests.covenants.full_facts import ON, full

Curve = Callable[[Fraction], Fraction]
RATES = {"CRI-H100": "2.0137", "CRI-H200": "2.6011", "CRI-A100-PCIE": "0.9055"}


def bisected(holds: Callable[[int], bool], low: int, high: int) -> tuple[bool, int | None]:
    at_low = holds(low)
    if holds(high) == at_low:
        return at_low, None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) == at_low else (low, middle)
    return at_low, low


def curves(root: Fraction, shift: Fraction, step: Fraction) -> dict[str, Curve]:
    """Monotone headrooms that are nothing at `root`, or leap over it: of a level, a ratio, a mean, a rounded
    ratio, a fall from a high.
    """
    return {
        "level": lambda x: x - root,
        "ratio": lambda x: 1 - root / x,
        "mean": lambda x: 1 - (root + shift) / (x + shift),
        "rounded ratio": lambda x: Fraction(round((1 - root / x) / step)) * step,
        "fall from a high": lambda x: min(x, root + 40) - root,
        "leap": lambda x: Fraction(1 if x >= root else -1),
    }


@given(
    st.fractions(-10, CEILING + 10, max_denominator=97),
    st.fractions(0, 90_000, max_denominator=3),
    st.integers(2, CEILING - 1),
    st.booleans(),
    st.booleans(),
)
def test_what_is_found_is_what_bisection_finds(
    root: Fraction, shift: Fraction, near: int, falls: bool, strict: bool
) -> None:
    for name, curve in curves(root, shift, Fraction(1, 10_000)).items():
        sign = -1 if falls else 1
        probes = 0

        def probe(tick: int, sign: int = sign, curve: Curve = curve) -> tuple[bool, Fraction]:
            nonlocal probes
            probes += 1
            headroom = sign * curve(Fraction(tick))
            return (headroom > 0 if strict else headroom >= 0), headroom

        wanted = bisected(lambda tick, probe=probe: probe(tick)[0], 1, CEILING)  # type: ignore[misc]
        probes = 0
        assert last_agreeing(probe, 1, CEILING, near) == wanted, name
        if name in ("level", "ratio", "mean"):
            assert probes <= 9, name
        assert probes <= 40, name


def at(facts: Facts, index: str, tick: int) -> Facts:
    """The same facts, had the index stood elsewhere on this date: written into the publication itself."""
    value = Decimal(tick) / TICK
    *before, last = facts.rates[index]
    *shown, published = facts.published[index]
    today = published.model_copy(update={"value": value, "low": value, "high": value})
    return replace(
        facts,
        trace={},
        rates={**facts.rates, index: (*before, last.model_copy(update={"value": value, "published": today}))},
        published={**facts.published, index: (*shown, today)},
    )


@pytest.mark.parametrize("rounding", ["as written", "2 decimals, half up"])
@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_test_of_every_deal_breaks_even_where_bisection_over_whole_results_says(
    path: Path, rounding: str, load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    terms = resolve(load(path.read_text(encoding="utf-8")), ON)
    if rounding != "as written":
        terms = terms.model_copy(update={"rounding": terms.rounding.model_copy(update={"ratios": rounding})})
    chance = random.Random(path.stem)
    known = full(
        terms,
        {index: f"{Decimal(RATES[index]) * Decimal(chance.uniform(0.7, 1.2)):.4f}" for index in terms.index},
    )
    for key, clause in terms.covenants.items():
        template = all_templates[clause.template]
        for even in determine(key, clause, template, known).break_even:
            _agrees(
                even,
                lambda facts, key=key, clause=clause, template=template: (
                    determine(key, clause, template, facts).verdict
                ),
                known,
            )  # type: ignore[misc]


def _agrees(even: BreakEven, verdict: Callable[[Facts], Verdict], known: Facts) -> None:
    at_low, last = bisected(lambda tick: verdict(at(known, even.index, tick)) is Verdict.PASS, 1, CEILING)
    if last is None:
        assert even.rate is None
        assert even.note == ("passes at every positive rate" if at_low else "no positive rate passes")
    else:
        assert even.rate is not None
        assert (even.rate.value * TICK, even.fails) == ((last, "above") if at_low else (last + 1, "below"))
