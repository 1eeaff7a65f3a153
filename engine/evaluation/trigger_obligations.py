"""The Obligations that the beginning of a trigger creates (`rulings.md` 30)."""

from __future__ import annotations

from datetime import date

from engine.evaluation import obligations
from engine.evaluation.day_events import Day
from engine.events.kinds import (
    ObligationMoved,
)
from engine.events.results import Verdict
from engine.events.states import obligation_key


def trigger_obligations(day: Day, name: str, on: date) -> None:
    """Create the Obligations that the beginning of a trigger creates; an open one is not doubled."""
    trigger = day.inputs.terms.triggers.get(name)
    for consequence in trigger.consequences if trigger else ():
        if consequence.deliver is None or obligations.open_for(name, day.state.obligations) is not None:
            continue
        made = obligations.created(
            name,
            consequence.deliver,
            day.inputs.terms.role_of(consequence.deliver.by),
            on,
            Verdict.FAIL,
            day.inputs.calendar,
        )
        if made is not None:
            day.add(
                "obligation",
                f"{obligation_key(made)} created",
                ObligationMoved(obligation=made, cite=consequence.deliver.cite),
                on,
            )
