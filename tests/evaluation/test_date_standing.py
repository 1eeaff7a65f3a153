"""How a deal stands after events that were taken over and before any date is determined."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from engine.events.date_standing import standing_after
from engine.events.states import ReserveReleased
from engine.events.taken_over import TakenOver


def test_a_reserve_released_after_a_takeover_and_before_a_determination_is_told() -> None:
    taken: Any = TakenOver.model_construct(
        tests={}, triggers={}, runs={}, obligations=(), last_date=date(2026, 3, 5), as_of=date(2026, 3, 6)
    )
    before: Any = ReserveReleased.model_construct(on=date(2026, 3, 5))
    after: Any = ReserveReleased.model_construct(on=date(2026, 3, 10))
    events: Any = [
        SimpleNamespace(payload=payload, effective_on=date(2026, 3, 10)) for payload in (taken, before, after)
    ]
    standing = standing_after(events)
    assert (standing.released, standing.carried_as_of) == ((after,), date(2026, 3, 6))
