"""The state in which a run leaves each deal, for tests: the run itself keeps little of it."""

from __future__ import annotations

import pytest

from engine.events.deal_state import DealState
from engine.operations import run_outcome


def states_left(monkeypatch: pytest.MonkeyPatch) -> list[DealState]:
    """Return the states as runs have them in hand when a deal is done."""
    states, whole = list[DealState](), run_outcome.shown

    def noting(state: DealState) -> DealState:
        states.append(state)
        return whole(state)

    monkeypatch.setattr(run_outcome, "shown", noting)
    return states
