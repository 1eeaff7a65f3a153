"""What happens to a trigger that an amendment takes away (`rulings.md` 71).

It ends on the amendment's date, with an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from engine.evaluation.day_events import Day
from engine.evaluation.inputs import Inputs
from engine.evaluation.sweeps import account
from engine.events.deal_state import TRIGGER_ENDED
from engine.events.kinds import ActApplied
from engine.events.states import ReserveReleased, TriggerState, TriggerStatus
from engine.terms.taken_away import TakenAway

ENDS = (TriggerStatus.IN_EFFECT, TriggerStatus.WAIVED)


def amended_away(day: Day) -> Iterator[tuple[date, int, Callable[[], None]]]:
    """Yield (day, order on that day, what to do) for each trigger that an amendment still has to end.

    An amendment has taken the trigger away while it was in effect or waived.
    """
    for removal in day.inputs.taken_away:
        trigger = day.state.triggers.get(removal.trigger)
        if (
            trigger is not None
            and trigger.status in ENDS
            and trigger.since <= removal.on
            and removal.trigger not in day.inputs.terms.triggers
        ):
            # Order 0 comes before the Acts of the same day, because an Act cannot act on a trigger that is
            # gone.
            yield removal.on, 0, partial(_end, day, removal, trigger)


def kept(inputs: Inputs) -> tuple[str, ...]:
    """Return the triggers that are gone and whose reserve account is kept.

    The account is shown as long as it holds something.
    """
    return tuple(removal.trigger for removal in inputs.taken_away if removal.reserve == "keep")


def _end(day: Day, one: TakenAway, trigger: TriggerState) -> None:
    """Record the end of one trigger that an amendment took away, and the release of its reserve account.

    Its consequences end too, if the amendment says so.
    """
    why = f"taken away by {one.by}; what it brought {'ends' if one.consequences == 'end' else 'stands'}"
    # A new state is made, so that a count or a cure of a trigger that is gone does not return with a later
    # one.
    ended = TriggerState(
        trigger=one.trigger, status=TriggerStatus.NOT_IN_EFFECT, since=one.on, ended_on=one.on, why=why
    )
    # The two names differ, because consequences that stand must survive a fold that ends those of a trigger.
    act = f"{TRIGGER_ENDED if one.consequences == 'end' else 'trigger taken away|'}{one.trigger}|{one.on}"
    day.add(
        "act applied",
        f"{act}|{one.trigger}",
        ActApplied(act=act, trigger=ended, before=trigger.status.value, why=why),
        one.on,
    )
    if one.reserve == "release" and (balance := account(day.inputs, day.state, one.trigger).held) > 0:
        released = ReserveReleased(
            clause=one.trigger, on=one.on, amount=balance, to=one.release_to, cite=one.cite
        )
        day.add("reserve released", one.trigger, released, on=one.on)
    # What an amendment lets stand is still owed, although its trigger is gone.
    for owed in day.state.obligations.values() if one.consequences == "end" else ():
        if owed.clause == one.trigger and owed.is_owed:
            closed = owed.model_copy(update={"status": "CLOSED", "status_since": one.on})
            done = ActApplied(act=act, obligation=closed, before=owed.status, why=why)
            day.add("act applied", f"{act}|{one.trigger}@{owed.created_on}", done, one.on)
