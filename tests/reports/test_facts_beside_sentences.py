"""Events carry facts beside sentences (`rulings.md` 72): with every such sentence changed, every page and
export says what it said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from engine.basics.values import Fact
from engine.demo import plan
from engine.determination.template import Template
from engine.events.due_acts import Due, DueFacts, Follow
from engine.events.kinds import Determined, Event
from engine.events.notice import NoticeInputs
from engine.events.results import Remedy
from engine.events.states import Limb
from engine.operations.run import Tools, run
from engine.queries.due_dates import deadlines
from engine.queries.exports import as_calendar, as_csv
from engine.queries.portfolio import portfolio
from engine.queries.who_owes_whom import owed_of
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from reports.notice.compose import compose
from tests.operations.test_run import DEAL, fill, tools, workspace

__all__ = ["tools", "workspace"]  # fixtures of the run, used here

WORDS: dict[type[Fact], str] = {Due: "what", Follow: "detail", Remedy: "text", Limb: "what"}
"""The sentence of each kind of fact that has one beside its fields."""
CHANGED = "other words stand here"
LAST = plan.THURSDAYS[9]


@pytest.fixture
def log(workspace: Workspace, tools: Tools, all_templates: dict[str, Template]) -> tuple[Event, ...]:
    """Ten weeks: a failed test with its Cure Period and default, a count, a carried rate, reports, notices
    owed.
    """
    fill(workspace, 10, all_templates)
    run(workspace, LAST, tools)
    return tuple(read(workspace.store, deal_log(DEAL)))


def reworded(value: Any) -> Any:
    """The same facts with every sentence beside them changed."""
    if isinstance(value, Fact):
        changes = {name: reworded(getattr(value, name)) for name in type(value).model_fields}
        if type(value) in WORDS:
            changes[WORDS[type(value)]] = CHANGED
        return value.model_copy(update=changes)
    if isinstance(value, Mapping):
        return {key: reworded(one) for key, one in value.items()}
    return tuple(reworded(one) for one in value) if isinstance(value, tuple) else value


def inputs_of(events: Sequence[Event], on: date) -> NoticeInputs:
    """A notice of a date, with the log as far as it then was."""
    last = max(
        event.seq for event in events if isinstance(event.payload, Determined) and event.effective_on == on
    )
    at = datetime.combine(on, time(22), UTC)
    past = [event for event in events if event.seq <= last]
    return NoticeInputs(DEAL, 1, "compliance", None, on, at, past, {}, len(past), "0" * 64)


def pages(events: Sequence[Event]) -> str:
    """What is made of a log: each date's notice, the event notices of its tests and triggers, the portfolio,
    what is due, exports.
    """
    days = [event.effective_on for event in events if isinstance(event.payload, Determined)]
    made: list[Any] = []
    for day in days[-4:]:
        inputs = inputs_of(events, day)
        made.append(compose(inputs))
        about = (
            ("test_failed", "ltv"),
            ("event_of_default", "ltv"),
            ("trigger_event", "early-amortization"),
            ("trigger_event", "cash-sweep"),
        )
        made += [compose(replace(inputs, kind=kind, subject=subject)) for kind, subject in about]  # type: ignore[arg-type]
        made.append(compose(replace(inputs, kind="not_evaluated")))
        made.append([row.as_data() for row in portfolio([(DEAL, events)], day)])
        made.append([one.as_data() for one in owed_of(DEAL, events, day)])
    made.append([(one.what, one.outcome, one.open) for one in deadlines(events)])
    return json.dumps([*made, as_calendar(DEAL, events), as_csv(events)], default=str, ensure_ascii=False)


def test_every_sentence_of_the_engine_can_be_changed_and_no_page_reads_it(log: tuple[Event, ...]) -> None:
    other = tuple(event.model_copy(update={"payload": reworded(event.payload)}) for event in log)
    words = json.dumps([event.payload.model_dump(mode="json") for event in other])
    assert all(f'"{name}": "{CHANGED}"' in words for name in WORDS.values())
    assert words.count(CHANGED) > 40
    said = pages(other)
    assert CHANGED not in said
    assert said == pages(log)


def test_an_act_that_is_due_says_who_what_and_since_when_it_is_late_in_fields(log: tuple[Event, ...]) -> None:
    whole = {event.effective_on: event.payload for event in log if isinstance(event.payload, Determined)}
    cure = next(one for one in whole[plan.THURSDAYS[6]].due if one.act == "cure")
    assert (cure.who, cure.subject) == ("borrower", "ltv")
    assert cure.facts == DueFacts(cured_by=("prepayment", "additional collateral", "retest"))
    report = next(
        one
        for one in whole[plan.THURSDAYS[6]].due
        if one.act == "report" and one.facts and one.facts.for_date
    )
    assert report.facts == DueFacts(for_date=plan.THURSDAYS[7])
    assert all(one.facts is not None for day in whole.values() for one in (*day.due, *day.follows))
    assert all(len(day.state_sha256 or "") == 64 for day in whole.values())
    assert len({day.state_sha256 for day in whole.values()}) == len(whole)


def test_a_record_of_an_earlier_kind_is_shown_as_it_was_recorded(log: tuple[Event, ...]) -> None:
    """Without fields beside it a sentence is printed as it stands, and is not read."""
    (day, *_), whole = plan.THURSDAYS[6:7], [event for event in log if isinstance(event.payload, Determined)]
    old = next(event for event in whole if event.effective_on == day)
    due = tuple(
        one.model_copy(update={"facts": None, "what": f"{one.act} in its own words"})
        for one in old.payload.due
    )
    follows = tuple(
        one.model_copy(update={"facts": None, "detail": "what follows in its own words"})
        for one in old.payload.follows
    )
    said = old.model_copy(update={"payload": old.payload.model_copy(update={"due": due, "follows": follows})})
    shown = json.dumps(
        compose(inputs_of([said if event is old else event for event in log], day)), default=str
    )
    assert "Cure in its own words" in shown
    assert "Report in its own words" in shown
