"""The plain way: json, pandas, a bootstrap by simulation.

An oracle for the fast one, and what it is measured against.
"""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def qualifying(document: dict[str, Any], gpu_name: str) -> pd.Series:
    """The observations of one raw answer, by the seven rules."""
    frame = pd.DataFrame(document["offers_by_model"].get(gpu_name, []))
    if frame.empty:
        return pd.Series(dtype=float)
    for column in ("num_gpus", "dph_total", "start_date", "reliability2"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    collected = datetime.fromisoformat(document["collected_utc"]).timestamp()
    frame = frame[frame["gpu_name"] == gpu_name]
    frame = frame[frame["rentable"].eq(True) & ~frame["rented"].eq(True)]
    frame = frame[frame["geolocation"].fillna("").str.endswith(", US")]
    frame = frame[frame["reliability2"].fillna(0) >= 0.90]
    frame = frame[frame["num_gpus"].fillna(0) >= 1]
    frame = frame[frame["start_date"].notna() & (frame["start_date"] >= collected - 7 * 86_400)]
    price = (frame["dph_total"] / frame["num_gpus"]).round(6)
    return price[np.isfinite(price) & (price > 0)]


def outliers_removed(prices: pd.Series) -> pd.Series:
    if len(prices) < 4 or prices.std() == 0:
        return prices
    ordered = prices.sort_values()
    k = max(1, int(0.10 * len(ordered)))
    return ordered[(ordered - ordered.iloc[k : len(ordered) - k].mean()).abs() <= 2.5 * ordered.std()]


def week(
    folder: Path, gpu_name: str, window_end: date, daily_minimum: int, resamples: int = 10_000
) -> tuple[float, int, tuple[float, float]]:
    """Value, observations and interval of one week, every file of the folder read the plain way."""
    first = window_end - timedelta(days=6)
    by_day: dict[date, tuple[datetime, pd.Series]] = {}
    for path in sorted((folder / "snapshots").glob("*.json.gz")):
        day = datetime.strptime(path.name[:8], "%Y%m%d").date()
        if first <= day <= window_end:
            document = json.loads(gzip.decompress(path.read_bytes()))
            by_day[day] = (datetime.fromisoformat(document["collected_utc"]), qualifying(document, gpu_name))
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["gpu_name"] == gpu_name]
        if (
            rows
            and date.fromisoformat(path.stem) not in by_day
            and first <= date.fromisoformat(path.stem) <= window_end
        ):
            prices = pd.Series([round(float(row["dph_total"]) / float(row["num_gpus"]), 6) for row in rows])
            by_day[date.fromisoformat(path.stem)] = (
                datetime.fromisoformat(rows[-1]["collected_utc"]),
                prices,
            )
    pooled = pd.concat(
        [outliers_removed(prices) for _, prices in by_day.values() if len(prices) >= daily_minimum]
    )
    values = pooled.to_numpy()
    chance = np.random.default_rng(1)
    medians = [np.median(chance.choice(values, len(values))) for _ in range(resamples)]
    low, high = np.percentile(medians, [2.5, 97.5])
    return round(float(np.median(values)), 4), len(values), (float(low), float(high))
