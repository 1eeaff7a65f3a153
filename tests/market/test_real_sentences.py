"""What `validate-index` says of the real weeks beside the checkout, each figure a second time from the raw
answers.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.market.index import KNOWN
from engine.market.methodology import load_methodology
from engine.queries.index_validation import index_validation
from engine.workspace.workspace import Workspace, create, opened
from tests.market.naive import outliers_removed, qualifying

DAY = timedelta(days=1)
WEEKS = (date(2026, 3, 5), date(2026, 3, 12))
LIMIT = 64
"""Offers of one model that the marketplace gave at most."""


@dataclass(frozen=True)
class RawDay:
    """One day by the plain way: its offers if all are known, its qualifying prices, and whether its list was
    cut.
    """

    day: date
    offers: int | None
    prices: Any
    cut: bool


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, snapshots_folder: Path) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("real")
    create(folder)
    workspace = opened(folder)
    for path in (snapshots_folder / "2026-02-26.csv", *sorted((snapshots_folder / "snapshots").iterdir())):
        workspace.archive.add(path.read_bytes(), path.name)
    yield workspace
    workspace.store.close()


def raw_days(folder: Path, model: str) -> dict[date, RawDay]:
    """The last answer of each day; the first day's rows came filtered, of one model alone."""
    import pandas as pd

    found: dict[date, RawDay] = {}
    for path in sorted((folder / "snapshots").glob("*.json.gz")):
        document = json.loads(gzip.decompress(path.read_bytes()))
        day = datetime.fromisoformat(document["collected_utc"]).date()
        if model not in document["offers_by_model"]:
            continue
        offers = document["offers_by_model"][model]
        cut = len(offers) == LIMIT
        found[day] = RawDay(day, None if cut else len(offers), qualifying(document, model), cut)
    with (folder / "2026-02-26.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gpu_name"] == model]
    if rows:
        prices = pd.Series([round(float(row["dph_total"]) / float(row["num_gpus"]), 6) for row in rows])
        found[date(2026, 2, 26)] = RawDay(date(2026, 2, 26), None, prices, False)
    return found


@pytest.mark.parametrize("version", ["1.1-wp", "1.1.1"])
@pytest.mark.parametrize("index", list(KNOWN))
def test_every_sentence_on_the_real_weeks(
    desk: Workspace, snapshots_folder: Path, index: str, version: str
) -> None:
    rules = load_methodology(version)
    days = raw_days(snapshots_folder, KNOWN[index].gpu_name)
    of = {week: [days[day] for day in sorted(days) if week - 7 * DAY <= day < week] for week in WEEKS}
    pooled = {week: pool(of[week], rules.daily_minimum, rules.when_no_day_counts) for week in WEEKS}
    valued = [week for week in WEEKS if pooled[week]]
    found = index_validation(desk, index, version, None, lambda _: None)
    said = {finding.test: finding for finding in found.findings}

    known = [week for week in WEEKS if any(day.offers for day in of[week])]
    short = "weeks with a known coverage" if len(known) != 1 else "week with a known coverage"
    assert said["coverage ratio"].verdict == f"refused: {len(known)} {short}, and it needs 4"
    every = [day for week in WEEKS for day in of[week]]
    for count, why in (
        (sum(day.offers is None and not day.cut for day in every), "whose rows came filtered"),
        (sum(day.cut for day in every), "whose list was cut at the query's limit"),
        (sum(day.offers == 0 for day in every), "without any listing of the model"),
    ):
        many = f"{count} day{'' if count == 1 else 's'} {why}"
        assert (many in said["coverage ratio"].caveat) == (count > 0)

    trend = said["trend of daily counts"]
    assert trend.sample == len(every) < 10
    assert trend.verdict == f"refused: {len(every)} days, and it needs 10"

    thin = [week for week in valued if any(len(day.prices) < 10 for day in of[week]) or len(pooled[week]) < 4]
    flag = said["Low Confidence by WP §7.1"]
    if valued:
        assert flag.verdict.startswith(
            f"{len(thin)} of {len(valued)} week{'' if len(valued) == 1 else 's'} by a day below 10 or a "
            "week below 4; "
        )
    else:
        assert flag.verdict.startswith("refused: 0 weeks with a value")

    digits = said["first digits"]
    assert digits.sample == sum(len(pooled[week]) for week in valued)
    assert (digits.statistic is None) == (digits.sample < 100)
    medians = [day.day for day in every if len(day.prices)]
    assert said["day-over-day jumps"].sample == sum(day - DAY in medians for day in medians)
    series = said["ADF, levels"]
    assert series.verdict == (
        f"refused: {len(valued)} weekly value{'' if len(valued) == 1 else 's'}, and it needs 20"
    )
    assert f"of {len(valued)} with a value" in series.caveat
    assert "measured to within" not in series.caveat, "a test that is refused says nothing of noise"
    for finding in found.findings:
        if finding.test.startswith("minimum viable observation count"):
            assert finding.verdict == (
                f"refused: {len(valued)} week{'' if len(valued) == 1 else 's'} with an interval, and it "
                "needs 12"
            )


def pool(days: list[RawDay], minimum: int, when_no_day_counts: str) -> list[float]:
    """The kept prices of the days that count; of all days where none counts and the version pools them."""
    counting = [day for day in days if len(day.prices) >= minimum]
    if not counting and when_no_day_counts == "pool_all":
        counting = [day for day in days if len(day.prices)]
    return [price for day in counting for price in outliers_removed(day.prices)]
