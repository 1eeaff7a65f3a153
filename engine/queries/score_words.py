"""How the rate model and simpler forecasts did on the history, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from engine.basics.values import counted, listed
from engine.foresight.rate_forecast import Score


def walked_words(scores: Sequence[Score]) -> str:
    """Return how each way of forecasting did, a week ahead, on weeks of the history that it had not seen.

    Args:
        scores: the model's, then those of simpler forecasts.
    """
    first, *others = scores
    figures = listed([f"{one.crps:.4f} ({one.forecast}, {one.inside:.0%} inside 95%)" for one in others])
    beside = f" The simpler forecasts have {figures}." if others else ""
    return (
        f"One week ahead, walk-forward over {counted(first.tried, 'weeks')}, {first.forecast} has a mean "
        f"CRPS of {first.crps:.4f}, with {first.inside:.0%} inside 95%.{beside}"
    )
