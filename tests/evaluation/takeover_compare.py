"""What a run from a takeover and the whole history must have in common, day by day."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.events.deal_state import DealState
from engine.events.states import Deadline, TestState, TriggerState, TriggerStatus
from tests.evaluation.takeover_history import Lived

WORDS = ("why", "rule", "found_late_on", "counted_from")


def compare(whole: Lived, from_then: Lived, as_of: date) -> None:
    """Raise where a day after the takeover has another state, deadline, count, amount, result or duty than
    the whole history gives it.
    """
    for day, state in from_then.states.items():
        expected, found = seen(whole.states[day], as_of), seen(state, as_of)
        for name in expected:
            assert found[name] == expected[name], (
                f"{day}: {name}\n  is       {found[name]}\n  whole is {expected[name]}"
            )
    results = {day: _results(whole, day) for day in from_then.states}
    for day, expected_results in results.items():
        found_results = _results(from_then, day)
        for found, expected in zip(found_results, expected_results, strict=True):
            assert found == expected, f"{day}: results\n  is       {found}\n  whole is {expected}"


def _results(lived: Lived, day: date) -> list[Any]:
    drafts = [
        one
        for one in lived.log
        if one.effective_on == day
        and one.kind in ("tested", "swept", "reserve released", "notice owed", "obligation")
    ]
    return [_plain(one.payload) for one in drafts]


def seen(state: DealState, as_of: date) -> dict[str, Any]:
    """What of a state decides later dates, without the words that say where it comes from."""
    return {
        **{f"test {name}": _test(one) for name, one in state.tests.items()},
        **{f"trigger {name}": _trigger(one) for name, one in state.triggers.items()},
        "runs": dict(state.runs),
        "in effect": state.in_effect,
        "obligations": sorted(str(_plain(one)) for one in state.obligations.values() if one.is_owed),
        "last date": state.last_date,
        "told": [one for one in state.notifiable if one[2] > as_of],
        "entries": {name: (one.status, one.on) for name, one in state.trigger_entries.items()},
    }


def _deadline(due: Deadline | None) -> Any:
    return None if due is None else (due.by, due.calendar)


def _test(state: TestState) -> Any:
    plain = state.model_dump(exclude={"why", "cure", "counted"})
    return {
        **plain,
        "cure": _deadline(state.cure),
        "counted": state.counted[-1:] if state.episode_began else (),
    }


def _trigger(state: TriggerState) -> Any:
    plain = state.model_dump(exclude={"why", "cure", "begins", "ends", "begins_need_all", "ends_need_all"})
    limbs = state.ends if state.status is TriggerStatus.IN_EFFECT else state.begins
    counts = [
        (one.what, one.count, one.met_since)
        for one in limbs
        if one.dates != "state" and (one.count or one.met_since)
    ]
    return {**plain, "cure": _deadline(state.cure), "counts": counts}


def _plain(value: Any) -> Any:
    """A payload without the words and the sources that say where it comes from."""
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, dict):
        return {
            key: _plain(one)
            for key, one in value.items()
            if key not in (*WORDS, "inputs", "steps", "reference", "text", "source")
        }
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
