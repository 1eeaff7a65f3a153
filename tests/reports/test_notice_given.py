"""Whether a notice was given is decided in one place, by the Act `notice given` of its clause, from its own date on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import notice_cases as cases
import pytest

from engine.events.kinds import ActRecorded
from engine.events.notice import notice_given
from reports.notice.compose import compose

ON = date(2026, 10, 29)
LTV = ActRecorded(act="notice given", clause="ltv", effective_on=date(2026, 11, 2), document="letter.pdf")
WHOLE = ActRecorded(act="notice given", effective_on=date(2026, 10, 30), document="mail.pdf")
UNDONE = ActRecorded(act="act withdrawn", effective_on=date(2026, 11, 3), details={"names": LTV.identity})


@pytest.mark.parametrize(
    ("acts", "clause", "since", "given"),
    [
        ((LTV,), "ltv", ON, LTV),
        ((LTV,), "ltv", date(2026, 11, 3), None),
        ((LTV,), "appraisal", ON, None),
        ((LTV,), None, ON, None),
        ((LTV, WHOLE), None, ON, WHOLE),
        ((LTV, UNDONE), "ltv", ON, None),
    ],
    ids=["of the clause", "before its date", "of another clause", "of a clause is not of the date", "of the date", "withdrawn"],
)
def test_an_act_gives_the_notice_of_its_own_clause(
    acts: tuple[ActRecorded, ...], clause: str | None, since: date, given: ActRecorded | None
) -> None:
    assert notice_given(acts, clause, since) == given


def test_an_act_after_the_next_notice_belongs_to_that_one() -> None:
    assert notice_given((LTV,), "ltv", ON, date(2026, 11, 2)) is None
    assert notice_given((LTV,), "ltv", ON, date(2026, 11, 3)) == LTV


def test_the_list_of_notices_says_which_was_given_and_by_which_document() -> None:
    told = cases.standard().inputs()
    last = told.events[-1]
    act = last.model_copy(update={"kind": "act recorded", "subject": WHOLE.identity, "effective_on": WHOLE.effective_on, "payload": WHOLE})
    found = {}
    for name, events in (("before", told.events), ("after", [*told.events, act])):
        blocks = {block["block"]: block for block in compose(replace(told, events=events))["proof"]}
        found[name] = [row["evidence"] for row in blocks["duties"]["rows"] if row["number"] not in ("–", str(told.number))]
    assert set(found["before"]) == {"none recorded"}
    assert found["after"][-1] == "given 30 Oct 2026, mail.pdf"
    assert set(found["after"][:-1]) == {"none recorded"}  # an Act belongs to the newest notice before it
