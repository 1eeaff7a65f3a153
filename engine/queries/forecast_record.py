"""The record of the rate model's own forecasts.

Each forecast says the next value of a series. The record shows how each forecast came out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.events.market_events import RateForecast
from engine.foresight.rate_forecast import forecast
from engine.foresight.rate_posterior import FEWEST_WEEKS, posterior
from engine.foresight.sampling_noise import ObservedWeek, rate_series
from engine.queries.published_history import observed
from engine.record.log import SNAPSHOTS, read
from engine.workspace.series import known_series, prints_of
from engine.workspace.workspace import Workspace

SHARES = ("0.025", "0.25", "0.5", "0.75", "0.975")
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class ForecastRecord:
    """How recorded forecasts of one series came out.

    Attributes:
        series: the name of the series.
        made: forecasts on record.
        came: the number of them whose week has a value.
        inside: the number of those whose value lay inside the 95% interval.
        below: the number of those whose value lay below the median.
    """

    series: str
    made: int
    came: int
    inside: int
    below: int


def forecasts_due(workspace: Workspace, now: datetime) -> Iterator[RateForecast]:
    """Yield a forecast of the next value of each series, before its Publication Date.

    A series gets one forecast for each value. A series with a short history gets none.

    Args:
        workspace: the workspace whose series is read.
        now: the time.
    """
    # The log tells what was forecast, so a server that starts again does not say it twice.
    said = {(entry.series, entry.publication_date) for entry in _recorded(workspace)}
    for series in known_series(workspace):
        weeks = _history(workspace, series)
        valued = sum(week.value is not None for week in weeks)
        if valued < FEWEST_WEEKS:
            continue
        after = weeks[-1].publication_date
        # What is said on the Publication Date itself or later is not a forecast any more.
        if after + WEEK <= now.date() or (series, after + WEEK) in said:
            continue
        due = _said(series, weeks, after)
        if due is not None:
            yield due


def _said(series: str, weeks: tuple[ObservedWeek, ...], after: date) -> RateForecast | None:
    if all(week.interval_95 is None and week.interval_80 is None for week in weeks):
        return None  # nobody knows how far a value may be off
    history = rate_series(weeks, None)
    known = posterior(history)
    law = forecast(known, history.noise, 1)
    quantiles = {share: f"{law.quantile(float(share)):.4f}" for share in SHARES}
    return RateForecast(
        series=series,
        publication_date=after + WEEK,
        after=after,
        weeks=len(weeks),
        prior=str(known.prior),
        sigma=f"{known.sigma:.4f}",
        quantiles=quantiles,
    )


def forecast_record(workspace: Workspace, series: str) -> ForecastRecord | None:
    """Return how the recorded forecasts of a series came out; None without one."""
    made = [entry for entry in _recorded(workspace) if entry.series == series]
    if not made:
        return None
    values = {week.publication_date: week.value for week in _history(workspace, series)}
    pairs = [
        (one.quantiles, value) for one in made if (value := values.get(one.publication_date)) is not None
    ]
    inside = sum(float(law["0.025"]) <= float(value) <= float(law["0.975"]) for law, value in pairs)
    below = sum(float(value) < float(law["0.5"]) for law, value in pairs)
    return ForecastRecord(series, len(made), len(pairs), inside, below)


def _recorded(workspace: Workspace) -> list[RateForecast]:
    return [
        event.payload for event in read(workspace.store, SNAPSHOTS) if isinstance(event.payload, RateForecast)
    ]


def _history(workspace: Workspace, series: str) -> tuple[ObservedWeek, ...]:
    """Return what each Publication Date first gave, oldest first: the value that a forecast was of."""
    first: dict[date, ObservedWeek] = {}
    for _, publication in prints_of(workspace)(series):
        # A Restatement comes after the forecast, which was of the value that is published first.
        first.setdefault(publication.publication_date, observed(publication))
    return tuple(first[day] for day in sorted(first))
