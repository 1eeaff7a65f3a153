"""The index of the illustrative deal: a year of Thursdays with a missed week, thin weeks and a restatement;
no figure is real.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import date, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit, rounded

WEEK = timedelta(days=7)
CLOSING = date(2026, 1, 6)
FIRST_PUBLICATION = date(2025, 11, 13)
LAST = date(2026, 11, 5)
EASTERN = timezone(timedelta(hours=-5))
HOURS = 1024 * 8760 * Fraction(95, 100)
CLOSING_LEVEL = Fraction("2.10")
LEVEL = Fraction("1.50")
MISSED = date(2026, 9, 17)
FLAGGED = (date(2025, 12, 25), date(2026, 5, 28), date(2026, 9, 24))
RESTATED = date(2026, 8, 20)
ANCHORS = {
    date(2025, 11, 13): "2.2980",
    date(2026, 1, 1): "2.1010",
    date(2026, 2, 26): "2.0090",
    date(2026, 3, 26): "1.9480",
    date(2026, 4, 2): "1.9212",
    date(2026, 4, 9): "1.9352",
    date(2026, 5, 28): "1.9011",
    date(2026, 7, 9): "1.8420",
    date(2026, 8, 20): "1.7583",
    date(2026, 9, 24): "1.7239",
    date(2026, 10, 1): "1.7091",
    date(2026, 10, 8): "1.7056",
    date(2026, 10, 15): "1.6412",
    date(2026, 10, 22): "1.5983",
    date(2026, 10, 29): "1.5518",
    date(2026, 11, 5): "1.4937",
    date(2026, 11, 12): "1.4762",
}


def sha(text: str) -> str:
    """A stand-in for the hash of something."""
    return hashlib.sha256(text.encode()).hexdigest()


def usd(value: Fraction | int | str) -> Figure:
    """An amount of money."""
    return Figure(value=Fraction(value), unit=Unit.USD)


def rate(value: Fraction | str) -> Figure:
    """A price per GPU-hour."""
    return Figure(value=Fraction(value), unit=Unit.RATE)


def share(value: Fraction | str) -> Figure:
    """A share of one."""
    return Figure(value=Fraction(value), unit=Unit.SHARE)


def thursdays(first: date, last: date) -> Iterator[date]:
    """Every seventh day from `first` up to `last`."""
    while first <= last:
        yield first
        first += WEEK


# ---- the index
# ----------------------------------------------------------------------------------------------------


def prices(last: date) -> dict[date, Decimal]:
    """One price per Thursday: straight between the anchors, with a little seeded noise."""
    noise = random.Random(8)
    days = sorted(ANCHORS)
    found = {}
    for day in thursdays(FIRST_PUBLICATION, last):
        before = max(anchor for anchor in days if anchor <= day)
        after = min((anchor for anchor in days if anchor > day), default=before)
        part = Fraction((day - before).days, max((after - before).days, 1))
        value = Fraction(ANCHORS[before]) + part * (Fraction(ANCHORS[after]) - Fraction(ANCHORS[before]))
        jitter = 0 if day in ANCHORS else Fraction(noise.randint(-60, 60), 10_000)
        found[day] = rounded(value + jitter, 4)
    return found


def index_value(name: str, day: date, value: Decimal | None, seed: int = 0) -> dict[str, Any]:
    """One Publication Date as the index writes it."""
    noise = random.Random(f"{name}{day}{seed}")
    base = {
        "index": name,
        "gpu_name": "H100 SXM" if name == "CRI-H100" else name.removeprefix("CRI-"),
        "country": "US",
        "publication_date": day.isoformat(),
        "scheduled": True,
        "window_start": (day - WEEK).isoformat(),
        "window_end": (day - timedelta(days=1)).isoformat(),
        "methodology": "1.1-wp",
        "source": "computed by the calculation agent",
        "print": 2 if day == RESTATED and name == "CRI-H100" else 1,
    }
    if value is None:
        reason = "no snapshot was collected in the week"
        return base | {
            "value": None,
            "observations": 0,
            "valid_days": 0,
            "low_confidence": True,
            "low_confidence_reasons": [reason],
            "interval": None,
            "seller_interval": None,
            "days": [],
            "pooled": [],
            "inputs": [],
            "hosts": None,
            "machines": None,
        }
    flagged = day in FLAGGED
    count = 18 if flagged else noise.randint(56, 74)
    low, high = value * Decimal("0.967"), value * Decimal("1.017")
    days = [_index_day(name, day - WEEK + timedelta(days=n), noise) for n in range(7)]
    return base | {
        "value": str(value),
        "observations": count,
        "valid_days": sum(d["counts"] for d in days),
        "min": str(round(value * Decimal("0.844"), 4)),
        "max": str(round(value * Decimal("1.2532"), 4)),
        "mean": str(round(value * Decimal("1.0022"), 4)),
        "stdev": "0.1452",
        "low_confidence": flagged,
        "low_confidence_reasons": ["18 observations; fewer than 20"] if flagged else [],
        "interval": {
            "level": "0.95",
            "low": str(round(low, 4)),
            "high": str(round(high, 4)),
            "method": "exact bootstrap",
        },
        "interval_width": "0.0500",
        "seller_interval": None
        if flagged
        else {
            "level": "0.95",
            "low": str(round(value * Decimal("0.916"), 4)),
            "high": str(round(value * Decimal("1.055"), 4)),
            "method": "subsets of sellers, exact",
        },
        "seller_interval_why": "4 sellers; six are needed" if flagged else None,
        "precision_class": "Low Confidence" if flagged else "Standard",
        "precision_class_measured": "Standard",
        "hosts": 4 if flagged else noise.randint(7, 11),
        "machines": 23,
        "hosts_at_least": False,
        "largest_host_share": "0.1746",
        "days": days,
        "pooled": [],
        "inputs": [d["snapshot"] for d in days],
    }


def _index_day(name: str, day: date, noise: random.Random) -> dict[str, Any]:
    qualifying = noise.choice((9, 11, 12, 13, 15, 15, 16))
    counts = qualifying >= 10
    return {
        "date": day.isoformat(),
        "offers": 64,
        "qualifying": qualifying,
        "kept": qualifying - 1 if counts else 0,
        "counts": counts,
        "excluded": {"geography": 21},
        "truncated": False,
        "snapshot": sha(f"{name}{day}"),
    }
