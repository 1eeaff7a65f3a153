"""The intervals as facts.

They stand apart from the numpy that computes them, so reading one does not import it.
"""

from __future__ import annotations

from decimal import Decimal

from engine.basics.values import Fact

LEVEL = Decimal("0.95")


class Interval(Fact):
    """An interval for the value, in USD per GPU-hour, 4 decimals."""

    level: Decimal = LEVEL
    low: Decimal
    high: Decimal
    method: str
