"""Whether a notice was given is decided in one place: by Acts that name it, or its kind, its clause and its
date (`rulings.md` 54).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import notice_cases as cases
import pytest

from engine.events.kinds import ActRecorded
from engine.events.notice import notice_given
from reports.notice.compose import compose

ON = date(2026, 10, 29)


def given(clause: str | None, notice: str, **details: str) -> ActRecorded:
    said = {"notice": notice, "of": str(ON), **details}
    return ActRecorded(
        act="notice given", clause=clause, effective_on=date(2026, 11, 2), document="letter.pdf", details=said
    )


NUMBERED = given("ltv", "test_failed", names="12")
OTHERWISE = given("ltv", "test_failed", otherwise="true")
UNDONE = ActRecorded(
    act="act withdrawn", effective_on=date(2026, 11, 3), details={"names": NUMBERED.identity}
)


@pytest.mark.parametrize(
    ("acts", "asked", "found"),
    [
        ((NUMBERED,), (12, "test_failed", "ltv", ON), (NUMBERED,)),
        ((NUMBERED,), (13, "test_failed", "ltv", ON), ()),
        ((NUMBERED,), (None, "test_failed", "ltv", ON), (NUMBERED,)),
        ((NUMBERED,), (12, "test_failed", "ltv", date(2026, 11, 5)), ()),
        ((NUMBERED,), (12, "event_of_default", "ltv", ON), ()),
        ((OTHERWISE,), (12, "test_failed", "ltv", ON), (OTHERWISE,)),
        ((NUMBERED, UNDONE), (12, "test_failed", "ltv", ON), ()),
    ],
    ids=[
        "by its number",
        "another number",
        "without a number",
        "another date",
        "another kind",
        "by another document",
        "withdrawn",
    ],
)
def test_an_act_gives_the_notice_that_it_names(
    acts: tuple[ActRecorded, ...],
    asked: tuple[int | None, str, str | None, date],
    found: tuple[ActRecorded, ...],
) -> None:
    assert notice_given(acts, *asked) == found


def test_the_list_of_notices_says_which_was_given_to_whom_and_by_which_document() -> None:
    told = cases.standard().inputs()
    last = told.events[-1]
    issued = next(event for event in reversed(told.events) if event.kind == "notice issued")
    details = {
        "names": str(issued.payload.number),
        "notice": issued.payload.kind,
        "of": str(issued.effective_on),
        "to": "administrative_agent",
    }
    whole = ActRecorded(
        act="notice given", effective_on=date(2026, 10, 30), document="mail.pdf", details=details
    )
    act = last.model_copy(
        update={
            "kind": "act recorded",
            "subject": whole.identity,
            "effective_on": whole.effective_on,
            "payload": whole,
        }
    )
    found = {}
    for name, events in (("before", told.events), ("after", [*told.events, act])):
        blocks = {block["block"]: block for block in compose(replace(told, events=events))["proof"]}
        found[name] = {
            row["number"]: row["evidence"]
            for row in blocks["duties"]["rows"]
            if row["number"] not in ("–", str(told.number))
        }
    assert set(found["before"].values()) == {"none recorded"}
    mine = found["after"].pop(str(issued.payload.number))
    assert mine == "given 30 Oct 2026 to Administrative Agent, mail.pdf"
    assert set(found["after"].values()) == {"none recorded"}
