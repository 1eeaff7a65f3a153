"""What happened that an agreement may make notifiable.

This single rule decides which notices are made and which deadlines to give notice are stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from engine.events.kinds import ActApplied, Counted, DeadlinePassed, Tested
from engine.events.states import TestState, TestStatus, TriggerState, TriggerStatus

Notifiable = Literal["test_failed", "event_of_default", "trigger_event", "cure"]


def notifiable(payload: object) -> Iterator[tuple[Notifiable, str]]:
    """Yield (kind, test or trigger) for what an event's payload makes notifiable.

    Most payloads yield nothing.
    """
    match payload:
        case DeadlinePassed(state=state):
            yield "event_of_default", state.test
        case Tested() as tested:
            yield from ((kind, tested.state.test) for kind in _of_test(tested))
        # An Act may move a test that is in default already, and that default has been told.
        case ActApplied(test=TestState(status=TestStatus.EVENT_OF_DEFAULT, test=name), before=before) if (
            before != "EVENT OF DEFAULT"
        ):
            yield "event_of_default", name
        case ActApplied(
            trigger=TriggerState(status=TriggerStatus.IN_EFFECT, trigger=name), before=before
        ) if before != "IN EFFECT":
            yield "trigger_event", name
        case Counted(state=after, before=before) if (
            after.status is TriggerStatus.IN_EFFECT and before is not after.status
        ):
            yield "trigger_event", after.trigger
        case _:
            return


def _of_test(tested: Tested) -> Iterator[Notifiable]:
    """Yield the kinds of notice that one result asks for.

    A failure that is a default at once asks for two, and a held failure for one (`rulings.md` 60).
    """
    state, before = tested.state, tested.before
    held_first = (
        state.held is not None and state.held.failing_since == tested.result.on and not state.held.counts
    )
    # Only the first failure of an episode is told. The later ones belong to it.
    if tested.result.breach in ("default", "obligation") and (
        state.episode_began == tested.result.on or held_first
    ):
        yield "test_failed"
    if state.status is TestStatus.EVENT_OF_DEFAULT and before is not state.status:
        yield "event_of_default"
    elif before is TestStatus.CURE_PERIOD and state.status in (TestStatus.COMPLIANT, TestStatus.WATCH):
        yield "cure"
