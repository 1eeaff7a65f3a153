"""Withdrawn is not un-given (`rulings.md` 53a): what a Correction Notice says of earlier notices and of the
Acts that rested on them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import notice_cases as cases
from notice_index import LAST

from engine.events.deal_adopted import DutyFacts
from engine.events.kinds import ActRecorded, Correction, Event, NoticeIssued
from engine.events.notice import NoticeInputs
from engine.events.servicing import NoticeOwed
from reports.notice.compose import compose

GIVEN, EVENT = 43, 44
"""The weekly notice of the last date, which was given, and the notice of its failed test, which was not."""


def event(like: Event, kind: str, subject: str, on: date, payload: Any, seq: int) -> Event:
    return like.model_copy(
        update={"kind": kind, "subject": subject, "effective_on": on, "payload": payload, "seq": seq}
    )


def told() -> NoticeInputs:
    """The Correction Notice of the last date: its notices 43 and 44 stand before the correction, and a waiver
    of the corrected test.
    """
    found = cases.correcting()
    at = next(place for place, one in enumerate(found.events) if isinstance(one.payload, Correction))
    like = found.events[at]
    notices = [
        NoticeIssued(
            number=GIVEN, kind="compliance", of=f"determined|deal|{LAST}|1", file="a.pdf", sha256="0" * 64
        ),
        NoticeIssued(
            number=EVENT, kind="test_failed", of=f"determined|deal|{LAST}|1", file="b.pdf", sha256="1" * 64
        ),
    ]
    said = {"names": str(GIVEN), "notice": "compliance", "of": str(LAST)}
    acts = [
        ActRecorded(act="notice given", effective_on=LAST, document="mail.pdf", details=said),
        ActRecorded(
            act="waiver", clause="ltv", effective_on=LAST, document="Waiver Letter", until=date(2026, 12, 3)
        ),
        ActRecorded(
            act="waiver",
            clause="rate-floor",
            effective_on=LAST,
            document="Other Letter",
            until=date(2026, 12, 3),
        ),
    ]
    new = [
        event(like, "notice issued", label, LAST, one, 0)
        for label, one in zip(("compliance", "test_failed-ltv"), notices, strict=True)
    ]
    new += [event(like, "act recorded", act.identity, act.effective_on, act, 0) for act in acts]
    events = [*found.events[:at], *new, *found.events[at:]]
    placed = tuple(one.model_copy(update={"seq": seq}) for seq, one in enumerate(events))
    return replace(found, events=placed, number=45, supersedes=GIVEN, supersedes_each=(GIVEN, EVENT))


def block(found: NoticeInputs, name: str) -> dict[str, Any]:
    context = compose(found)
    return next(one for one in (*context["first"], *context["proof"]) if one["block"] == name)


def test_page_1_names_every_notice_that_it_supersedes_and_the_acts_that_rested_on_them() -> None:
    note = block(told(), "corrections")["note"]
    assert "It supersedes No. 43 and No. 44. No. 43 was given, and stays given." in note
    assert (
        "Acts that rested on what is withdrawn, none of which is undone: Waiver of Loan-to-Value, effective"
        in note
    )
    assert "(Waiver Letter)" in note
    assert "Other Letter" not in note


def owed(inputs: NoticeInputs) -> NoticeInputs:
    """The same where the giver of No. 43 owes the correction to the addressees of it."""
    duty = NoticeOwed(
        kind="correction",
        subject=None,
        since=LAST,
        on=LAST,
        given_by="servicer",
        to=("administrative_agent", "indenture_trustee"),
        last=None,
        cite="CA §6.04",
        corrects=(GIVEN,),
    )
    last = inputs.events[-1]
    adopted = inputs.events[0]
    facts = DutyFacts(
        kind="correction",
        given_by="the giver",
        to=("the same addressees",),
        within="1 business day",
        cite="CA §6.04",
    )
    deal = adopted.payload.model_copy(
        update={"duties": (*(d for d in adopted.payload.duties if d.kind != "correction"), facts)}
    )
    events = [adopted.model_copy(update={"payload": deal}), *inputs.events[1:-1]]
    events += [
        event(last, "notice owed", f"correction of {LAST}", LAST, duty, last.seq),
        last.model_copy(update={"seq": last.seq + 1}),
    ]
    return replace(inputs, events=tuple(events))


def test_a_correction_is_given_by_the_giver_of_what_it_corrects_to_the_same_addressees() -> None:
    found = compose(owed(told()))
    assert "to be given by the Servicer" in str(found)
    assert "the the" not in str(found)
    (this,) = [
        row for row in block(owed(told()), "duties")["rows"] if row["what"].startswith("This document")
    ]
    assert this["to"] == "Administrative Agent, Indenture Trustee"


def test_where_nothing_was_given_nobody_owes_the_correction() -> None:
    without = owed(told())
    found = compose(
        replace(without, events=tuple(one for one in without.events if one.kind != "notice owed"))
    )
    assert "No party owes it as a notice" in str(found)


def test_a_given_notice_is_marked_by_the_one_that_withdrew_what_it_stated() -> None:
    later = owed(told())
    last = later.events[-1]
    correction = NoticeIssued(
        number=45, kind="correction", of=f"determined|deal|{LAST}|2", file="c.pdf", sha256="2" * 64
    )
    after = replace(
        later,
        events=(*later.events, event(last, "notice issued", "correction", LAST, correction, last.seq + 1)),
        number=46,
    )
    rows = {
        row["number"]: row["evidence"] for row in block(replace(after, kind="compliance"), "duties")["rows"]
    }
    assert rows["43"].endswith("; rests on what was withdrawn by No. 45")
    assert "rests on" not in rows["44"]
