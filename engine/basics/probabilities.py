"""Probabilities as they are printed: with their Monte Carlo error, and on their own side of a bound."""

from __future__ import annotations

import math

LEAST = 0.01
"""Below it, what came on some path could be printed as 0.00; above one less it, as 1.00 what came not on all.
"""
MOST_DECIMALS = 6
DOUBT = 0.05
"""How likely it is, at most, that the bound beside a share of none or of all paths does not hold."""


def share_error(share: float, paths: int) -> float:
    """Return the Monte Carlo error of a share of paths.

    On none or on all of them, it is how far the probability may lie from there with 95% confidence.
    """
    # The standard error would be zero there, which says that what no path showed cannot happen.
    if share in (0, 1):
        return 1 - math.pow(DOUBT, 1 / paths)
    return math.sqrt(share * (1 - share) / paths)


def probability(share: float, error: float, bound: float | None = None) -> str:
    """Return a probability with its Monte Carlo error: `0.32 ± 0.01`, `<0.01`, `>0.99`.

    Args:
        share: the share of the paths.
        error: its Monte Carlo error.
        bound: a probability on whose side the printed one must lie, if it is compared with one.
    """
    return " ".join(part for part in (share_words(share, bound), error_words(share, error, bound)) if part)


def share_words(share: float, bound: float | None = None) -> str:
    """Return a probability with two decimals, or with as many as it takes to lie on its side of a bound."""
    return _beyond(share, bound) or f"{share:.{_decimals(share, bound)}f}"


def error_words(share: float, error: float, bound: float | None = None) -> str:
    """Return the error beside a probability; an empty text where `<0.01` or `>0.99` says it already."""
    if _beyond(share, bound):
        return ""
    decimals = _decimals(share, bound)
    # The decimals cannot show a smaller error, and ± 0.00 would read as certainty.
    shown = max(error, 10**-decimals / 2)
    # Beside none or all of the paths it is a bound, and a bound that is cut would not hold.
    if share in (0, 1):
        shown = math.ceil(shown * 10**decimals) / 10**decimals
    return f"± {shown:.{decimals}f}"


def _beyond(share: float, bound: float | None) -> str:
    """Return what is said of a probability next to 0 or 1, unless a bound lies there as well."""
    if 0 < share < LEAST and (bound is None or bound >= LEAST):
        return f"<{LEAST}"
    if 1 - LEAST < share < 1 and (bound is None or bound <= 1 - LEAST):
        return f">{1 - LEAST}"
    return ""


def _decimals(share: float, bound: float | None) -> int:
    for decimals in range(2, MOST_DECIMALS):
        shown = float(f"{share:.{decimals}f}")
        if (bound is None or (shown < bound) == (share < bound)) and (shown in (0, 1)) == (share in (0, 1)):
            return decimals
    return MOST_DECIMALS
