"""The outliers of a day's observations, which are removed before the median (WP §5.5)."""

from __future__ import annotations

from engine.market.listing import Observation
from engine.market.methodology import Methodology


def without_outliers(
    observations: tuple[Observation, ...], methodology: Methodology
) -> tuple[Observation, ...]:
    """Return one day's observations without its outliers, in ascending order (WP §5.5; `index.md`, One day).

    Sort; drop `k = max(1, floor(0.10 n))` from each end; m = mean of the rest; s = sample standard deviation
    of the whole day; keep `|x - m| <= 2.5 s`. With fewer than 4 observations, or s = 0, nothing is removed.
    The arithmetic is of whole numbers, so an observation exactly at the bound is kept on every machine.
    """
    ordered = tuple(sorted(observations, key=lambda observation: observation.micro))
    count = len(ordered)
    # With fewer than four, trimming both ends leaves too little to measure a distance from.
    if count < 4:
        return ordered
    prices = [observation.micro for observation in ordered]
    # The deviation is that of the whole day, outliers included, while the mean is trimmed (WP §5.5).
    spread = count * sum(x * x for x in prices) - sum(prices) ** 2  # count (count - 1) times the variance
    # With equal prices the bound is zero; nothing is far from anything.
    if spread == 0:
        return ordered
    drop = max(1, int(methodology.outlier_trim_share * count))
    rest = prices[drop : count - drop]
    total, size = sum(rest), len(rest)
    widest = methodology.outlier_deviations**2
    # (x - m)^2 <= k^2 s^2 with both sides multiplied out: whole numbers only
    bound = widest.numerator * spread * size * size
    scale = widest.denominator * count * (count - 1)
    return tuple(
        observation for observation in ordered if (observation.micro * size - total) ** 2 * scale <= bound
    )
