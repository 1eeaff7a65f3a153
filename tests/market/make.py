"""Small generated snapshots for the tests of the market side."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 3, 4, 15, tzinfo=UTC)


def offer(**changes: Any) -> dict[str, Any]:
    """An offer that qualifies, but for `changes`; a value of `...` leaves the key out."""
    found: dict[str, Any] = {
        "gpu_name": "H100 SXM",
        "rentable": True,
        "rented": False,
        "geolocation": "Texas, US",
        "reliability2": 0.99,
        "num_gpus": 2,
        "start_date": AT.timestamp() - 3600,
        "dph_total": 4.0,
        "host_id": 1,
        "machine_id": 10,
    }
    found.update(changes)
    return {key: value for key, value in found.items() if value is not ...}


def document(offers: list[dict[str, Any]], at: datetime = AT, **more: Any) -> bytes:
    found = {"collected_utc": at.isoformat(), "offers_by_model": {"H100 SXM": offers}, **more}
    return json.dumps(found).encode()
