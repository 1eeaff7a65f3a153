"""The limit with which a test would not act before a milder limb: what there is to decide of an inversion.

The template measures its own test at the milder limb's rate. A limit on the passing side of that figure
makes the test act at that rate or after it. The test is then evaluated with that limit, because not every
test moves one way as the rate does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from engine.basics.values import Figure, Unit, trimmed
from engine.determination.break_even import CEILING, TICK, last_agreeing
from engine.determination.measure_inputs import Missing
from engine.events.results import TestResult, headroom, passes

STEPS = {Unit.SHARE: Fraction(1, 1000), Unit.RATE: Fraction(1, 100), Unit.MULTIPLE: Fraction(1, 100)}
"""The steps in which a limit is usually written, by its unit."""
BETWEEN = 64
"""At how many rates between the two limbs a test is evaluated with the limit that was found."""
At = Callable[[Fraction], TestResult]
"""A test's result if its rate is this one, in USD per GPU-hour."""


@dataclass(frozen=True)
class OtherLimit:
    """A limit in place of the drafted one.

    Attributes:
        drafted: the limit as drafted.
        limit: the limit in its place.
        rate: the last rate at which the test passes with it, in USD per GPU-hour.
    """

    drafted: Figure
    limit: Figure
    rate: Decimal

    def as_data(self) -> dict[str, str]:
        """Return the limits as text, and the rate, as JSON data."""
        return {
            "drafted": trimmed(self.drafted),
            "limit": trimmed(self.limit),
            "rate": f"{self.rate:.4f}",
        }


def limit_in_order(
    at: At, drafted: Decimal, milder: Decimal, fails: Literal["below", "above"] = "below"
) -> OtherLimit | None:
    """Return the nearest written limit with which a test acts at a milder limb's rate or after it.

    The result is None if the limit moves with the rate, or if its unit does not have a usual step. It is
    None too if the test is not determined at some rate, or if it fails before the milder limb all the same.

    Args:
        at: the test's result at a rate.
        drafted: the Break-even Rate with the limit as drafted.
        milder: the Break-even Rate of the milder limb.
        fails: the side of their rates on which both limbs act.
    """
    there, here = at(Fraction(milder)), at(Fraction(drafted))
    if there.measured is None or there.limit is None or there.comparison is None or there.limit != here.limit:
        return None
    step, comparison = STEPS.get(there.limit.unit), there.comparison
    # A limit that is proposed must be one that people write, so a unit without a usual step gets none.
    if step is None or there.limit.unit is not there.measured.unit:
        return None
    # The limit is rounded to the side on which the test still passes at the milder limb's rate.
    upward = comparison in ("at most", "less than")
    steps = there.measured.value / step
    value = (-(-steps // 1) if upward else steps // 1) * step
    if not passes(there.measured, Figure(value=value, unit=there.limit.unit), comparison):
        value += step if upward else -step  # at the measured figure itself the test would still fail
    limit = Figure(value=value, unit=there.limit.unit)
    # With the drafted limit the test fails at this rate, unless it does not move one way.
    if passes(there.measured, there.limit, comparison):
        return None

    def probe(tick: int) -> tuple[bool, Fraction]:
        result = at(Fraction(tick, TICK))
        if result.measured is None:
            assert result.reason is not None  # a result without a figure says why
            raise Missing(result.reason.reason, result.reason.cite, result.reason.lacks)
        room = headroom(result.measured, limit, comparison).value
        return passes(result.measured, limit, comparison), room

    first, end = int(drafted * TICK), int(milder * TICK)
    try:
        at_low, last = last_agreeing(probe, 1, CEILING, end)
        if last is None or at_low is (fails == "below"):
            return None
        turns = last if at_low else last + 1
        if (turns < end) if at_low else (turns > end):
            return None
        if not all(probe(first + (end - first) * part // BETWEEN)[0] for part in range(BETWEEN + 1)):
            return None
    except Missing:
        return None
    return OtherLimit(there.limit, limit, Decimal(turns).scaleb(-4))
