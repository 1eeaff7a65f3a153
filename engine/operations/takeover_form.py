"""Write the `takeover` block of a deal file.

The block is filled in from a deal on record here. It is blank if another program monitored the deal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.basics.errors import WrongUsage
from engine.determination.look_back import looks_back
from engine.determination.template import Template
from engine.determination.trigger_counts import trigger_counts
from engine.evaluation.handed_over import WHO, HandedOver
from engine.evaluation.inputs import Inputs, inputs_of
from engine.evaluation.one_date import evaluate
from engine.evaluation.takeover_values import Block
from engine.events.deal_state import fold
from engine.events.kinds import Event, ReportReceived
from engine.events.standing import DETERMINED, OF_A_DATE, Recorded, standing
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, calendar_on, resolve
from engine.terms.takeover import KEY
from engine.workspace.calendar_tables import counted_by
from engine.workspace.series import prints_of, series_by_index
from engine.workspace.workspace import Workspace

INDENT = "  "
WIDE = 130
SIGNS = (",", "[", "]", "{", "}", ": ", " #", '"')


@dataclass(frozen=True, slots=True)
class TakeoverForm:
    """The block: its text, how many values are still blank, and whether a record filled it in."""

    deal: str
    as_of: date
    text: str
    blanks: int
    from_record: bool

    def as_data(self) -> dict[str, Any]:
        """Return the form as JSON: `deal`, `as_of`, `from_record`, `blanks`, `text`."""
        return {
            "deal": self.deal,
            "as_of": str(self.as_of),
            "from_record": self.from_record,
            "blanks": self.blanks,
            "text": self.text,
        }


def takeover_form(
    workspace: Workspace | None,
    deal: Deal,
    as_of: date,
    templates: Mapping[str, Template],
    who: Mapping[str, str],
) -> TakeoverForm:
    """Return the block of a deal at the end of a day.

    Args:
        workspace: whose record fills it in, where it has the deal.
        deal: the deal.
        as_of: the day.
        templates: the covenant templates.
        who: from whom, by which document with which hash, prepared and approved by whom; blank unless given.

    Raises:
        WrongUsage: the day is not after closing, or the record has not reached it.
    """
    if as_of <= deal.closing_date:
        raise WrongUsage(f"{deal.name} closes on {deal.closing_date}; --as-of is a later day")
    events = tuple(read(workspace.store, deal_log(deal.name))) if workspace is not None else ()
    if workspace is not None:
        deal = counted_by(workspace, deal, events)
    if not any(event.kind in OF_A_DATE for event in events) or workspace is None:
        block, known = blank_block(deal, as_of, templates, who), False
    else:
        series = series_by_index(prints_of(workspace), deal, as_of, fold(events).acts)
        block, known = recorded_block(deal, as_of, _until(events, as_of), series, templates, who), True
    text = as_yaml({KEY: block})
    return TakeoverForm(deal.name, as_of, text, sum(value == "" for value in _values(block)), known)


def _until(events: Sequence[Event], as_of: date) -> tuple[Event, ...]:
    """Return the events that stand, up to the last date by `as_of`.

    Events that happened after that day are left out.
    """
    known = standing(events)
    later = next(
        (
            place
            for place, event in enumerate(known)
            if event.kind in OF_A_DATE and event.effective_on > as_of
        ),
        len(known),
    )
    return tuple(event for event in known[:later] if _happened_on(event) <= as_of)


def _happened_on(event: Event) -> date:
    """Return the day on which an event happened.

    Acts, reports and determinations have such a day. Any other event counts as earlier than all of them.
    """
    if isinstance(event.payload, ReportReceived):
        return event.payload.delivered_on
    dated = event.kind == "act recorded" or event.kind in DETERMINED
    return event.effective_on if dated else date.min


def recorded_block(
    deal: Deal,
    as_of: date,
    events: Sequence[Recorded],
    series: Mapping[str, Any],
    templates: Mapping[str, Template],
    who: Mapping[str, str],
) -> Block:
    """Return the block that a standing log gives, as of the end of a day.

    What passed since the last date is a part of the block.
    """
    # Without a kind of date only what has passed happens, such as a deadline, and nothing is tested.
    inputs: Inputs = replace(inputs_of(deal, as_of, series, fold(events), templates), kinds=frozenset())
    passed = evaluate(inputs)
    return HandedOver(replace(inputs, state=fold(passed, inputs.state)), (*events, *passed), who).block()


def blank_block(deal: Deal, as_of: date, templates: Mapping[str, Template], who: Mapping[str, str]) -> Block:
    """Return the block with every key that is asked for, and the values empty.

    Only the dates that tests will still look at are filled in.
    """
    terms = resolve(deal, as_of)
    runs = dict.fromkeys(("failing", "passing", "not_determined"), "")
    test = {
        **dict.fromkeys(("status", "since", "result", "tested_on", "determined_on"), ""),
        "runs": runs,
        "cures_used": "",
    }
    triggers = {
        name: {
            "status": "",
            "since": "",
            **({"begins": [{"count": ""} for _ in counts.begins]} if counts.begins else {}),
            "irrevocable": "",
            "last_ended": "",
            "cures_used": "",
        }
        for name, counts in trigger_counts(terms, templates).items()
    }
    needed = looks_back(terms, templates, calendar_on(deal, as_of), as_of)
    report = {"as_of": "", "received": "", "document": "", "figures": {}}
    lists = dict.fromkeys(("events", "obligations", "notices_owed", "not_yet_told", "reserves"), "")
    return {
        "as_of": str(as_of),
        **{name: who.get(name, "") for name in WHO},
        "tests": {name: dict(test) for name in terms.covenants},
        "triggers": triggers or "none",
        **lists,
        "rates": {
            name: [{"on": str(day), "published": ""} for day in sorted(needed.rates.get(name, {}))]
            for name in terms.index
        },
        "reports": [{"period": {"from": "", "to": str(end)}, **report} for end in sorted(needed.reports)]
        or "",
        "reports_missing": "",
    }


def _values(block: Any) -> Iterator[str]:
    if isinstance(block, Mapping):
        for value in block.values():
            yield from _values(value)
    elif isinstance(block, list):
        for value in block:
            yield from _values(value)
    else:
        yield block


def as_yaml(block: Mapping[str, Any]) -> str:
    """Return plain data as the deal file writes it: what fits on a line stands on one."""
    return "\n".join(line for key, value in block.items() for line in _lines(key, value, 0)) + "\n"


def _lines(key: str, value: Any, depth: int) -> Iterator[str]:
    margin = INDENT * depth
    whole = f"{margin}{key}: {_flow(value)}".rstrip()
    nested = isinstance(value, Mapping) and any(
        isinstance(one, (Mapping, list)) and one for one in value.values()
    )
    if not isinstance(value, (Mapping, list)) or (
        (len(whole) <= WIDE and not nested and not _of_blocks(value)) and depth > 0
    ):
        yield whole
    elif isinstance(value, Mapping):
        yield f"{margin}{key}:"
        for name, one in value.items():
            yield from _lines(name, one, depth + 1)
    else:
        yield f"{margin}{key}:"
        for one in value:
            yield f"{margin}{INDENT}- {_flow(one)}".rstrip()


def _of_blocks(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    text = str(value)
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if any(sign in text for sign in SIGNS)
        else text
    )
