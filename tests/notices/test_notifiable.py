"""One rule says what is notifiable: a notice is made, and the duty to give it is on page 1, for the same
things.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from engine.cli.show.act import record_act
from engine.determination.template import Template
from engine.events.kinds import ActRecorded, Determined, NoticeIssued
from engine.operations.run import Tools, run
from engine.record.log import Scribe
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import DEAL, administered, events, series, tools

__all__ = ["administered", "tools"]
SWEEP = "cash-sweep"


def week(workspace: Workspace, day: date, value: str, tools: Tools) -> None:
    series(workspace, f"{day},{value},false,44,1.1.1\n", day)
    run(workspace, day, replace(tools, now=datetime.combine(day, time(22), UTC)))


def told(workspace: Workspace, day: date) -> tuple[list[str], list[tuple[str, date]]]:
    """The subjects of the day's trigger notices, and its duties to give notice of a trigger, each with its
    last day.
    """
    found = [event for event in events(workspace) if event.effective_on == day]
    made = [
        e.subject for e in found if isinstance(e.payload, NoticeIssued) and e.payload.kind == "trigger_event"
    ]
    (whole,) = [e.payload for e in found if isinstance(e.payload, Determined)]
    return made, [
        (one.subject, one.by) for one in whole.due if one.act == "notify" and one.notice == "trigger_event"
    ]


def test_a_trigger_in_effect_again_after_its_waiver_is_told_once_as_when_it_began(
    administered: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    first, second = (SWEEP, date(2026, 3, 6)), (SWEEP, date(2026, 3, 16))
    # One business day after the trigger began on Thursday 5 March, and again after it began on Saturday 14
    # March.
    week(administered, date(2026, 3, 5), "1.6000", tools)
    assert told(administered, date(2026, 3, 5)) == ([f"trigger_event-{SWEEP}"], [first])
    waiver = ActRecorded(
        act="waiver",
        clause=SWEEP,
        effective_on=date(2026, 3, 6),
        until=date(2026, 3, 13),
        document="W",
        details={"clock": "resumes"},
    )
    deal = find_deal(administered, DEAL, all_templates)
    record_act(
        administered, deal, waiver, Scribe("t", "t", datetime(2026, 3, 6, 9, tzinfo=UTC)), as_json=True
    )
    week(administered, date(2026, 3, 12), "1.6000", tools)
    assert told(administered, date(2026, 3, 12)) == ([], [first]), (
        "a duty stays until it is fulfilled, released or withdrawn"
    )
    week(administered, date(2026, 3, 19), "1.6000", tools)
    assert told(administered, date(2026, 3, 19)) == ([f"trigger_event-{SWEEP}"], [first, second])
    week(administered, date(2026, 3, 26), "1.6000", tools)
    assert told(administered, date(2026, 3, 26)) == ([], [first, second])
