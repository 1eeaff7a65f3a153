"""Forecasts on record: said once, before their week, taken and not made again, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.cli.show.simulate import record_words
from engine.determination.template import Template
from engine.events.market_events import RateForecast
from engine.foresight.sampling_noise import ObservedWeek
from engine.operations.record_forecasts import record_forecasts
from engine.queries import forecast_record
from engine.queries.forecast_record import ForecastRecord, forecasts_due
from engine.record.log import SNAPSHOTS, Scribe, read
from engine.workspace.workspace import Workspace, create, opened

SERIES = "CRI-H100@1.1-wp"
SAID = RateForecast(
    series=SERIES,
    publication_date=date(2026, 7, 9),
    after=date(2026, 7, 2),
    weeks=30,
    prior="weekly 4%",
    sigma="0.0300",
    quantiles={"0.025": "1.4000", "0.25": "1.4700", "0.5": "1.5000", "0.75": "1.5300", "0.975": "1.6000"},
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path / "w")
    desk = opened(tmp_path / "w")
    yield desk
    desk.store.close()


def scribe(day: date) -> Scribe:
    return Scribe("tester", "t", datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def test_a_forecast_stands_as_it_was_first_said_and_none_is_recorded_of_a_week_that_has_come(
    workspace: Workspace,
) -> None:
    assert len(record_forecasts(workspace, [SAID], scribe(date(2026, 7, 2)))) == 1
    other = SAID.model_copy(update={"quantiles": {**SAID.quantiles, "0.5": "9.0000"}})
    assert record_forecasts(workspace, [other], scribe(date(2026, 7, 3))) == ()
    late = SAID.model_copy(update={"publication_date": date(2026, 7, 2)})
    assert record_forecasts(workspace, [late], scribe(date(2026, 7, 2))) == ()
    (event,) = read(workspace.store, SNAPSHOTS)
    assert event.payload == SAID


def test_what_came_is_counted_against_what_was_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = [
        SAID.model_copy(update={"publication_date": SAID.publication_date + timedelta(weeks=n)})
        for n in range(3)
    ]
    record_forecasts(workspace, weeks, scribe(date(2026, 7, 2)))

    def history(_workspace: Workspace, _series: str) -> tuple[ObservedWeek, ...]:
        values = ("1.4500", "1.7000")
        return tuple(
            ObservedWeek(one.publication_date, Decimal(value))
            for one, value in zip(weeks, values, strict=False)
        )

    monkeypatch.setattr(forecast_record, "_history", history)
    found = forecast_record.forecast_record(workspace, SERIES)
    assert found == ForecastRecord(SERIES, made=3, came=2, inside=1, below=1)
    assert record_words(found) == (
        f"3 forecasts of {SERIES} were recorded before the week. Of 2 values that came, 1 lay inside 95%, and 1 lay below "
        "the median."
    )
    assert record_words(None).startswith("No forecast of this series was recorded before its week")
    assert forecast_record.forecast_record(workspace, "CRI-H200@1.1-wp") is None


def test_replay_takes_a_forecast_as_it_was_said(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    record_forecasts(workspace, [SAID], scribe(date(2026, 7, 2)))
    (found,) = Replay(workspace, all_templates).run()
    assert (found.log, found.asserted, found.difference) == (SNAPSHOTS, 1, None)


def test_the_next_value_is_forecast_once_and_before_its_week(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = []
    for n in range(30):
        value = Decimal("2.00") - Decimal("0.01") * n + Decimal("0.03") * (n % 3)
        ends = (value * Decimal("0.92"), value * Decimal("1.08"))
        weeks.append(ObservedWeek(date(2026, 1, 8) + timedelta(weeks=n), value, interval_95=ends))
    monkeypatch.setattr(forecast_record, "_history", lambda _workspace, _series: tuple(weeks))
    monkeypatch.setattr(forecast_record, "known_series", lambda _workspace: (SERIES,))
    now = datetime(2026, 7, 30, 18, tzinfo=UTC)
    (one,) = forecasts_due(workspace, now)
    assert (one.after, one.publication_date, one.weeks) == (date(2026, 7, 30), date(2026, 8, 6), 30)
    values = [float(value) for value in one.quantiles.values()]
    assert values == sorted(values)
    assert 1.6 < values[2] < 1.8
    assert list(forecasts_due(workspace, now + timedelta(days=7))) == []
    record_forecasts(workspace, [one], scribe(date(2026, 7, 30)))
    assert list(forecasts_due(workspace, now)) == []


def test_a_series_with_too_short_a_history_has_no_forecast(workspace: Workspace) -> None:
    assert list(forecasts_due(workspace, datetime(2026, 7, 2, 18, tzinfo=UTC))) == []
