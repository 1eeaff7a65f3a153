"""What a deal must say before a notice is sent: none of it has a default; a text that is not a rule is
refused at its place.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.delivery.outbox import deliveries, unsaid
from engine.determination.template import Template, clauses_of
from engine.events.deal_adopted import DutyFacts
from engine.events.kinds import Event
from engine.events.notice_issued import NoticeIssued
from engine.events.servicing import NoticeOwed
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, load_deal
from engine.workspace.workspace import Workspace
from tests.operations.test_run import DEAL

DUTY = DutyFacts(kind="compliance", given_by="servicer", to=("borrower",), within=None, cite="CA §9")
SAID = [
    ({}, ("`deemed_given`", "`body`")),
    ({"deemed_given": "by Act", "body": "answer"}, ()),
    ({"deemed_given": "on acknowledgement", "body": "link only"}, ()),
    ({"deemed_given": "on sending", "body": "answer"}, ("`if_sent_after`", "`returned`")),
    (
        {"deemed_given": "2 business days after sending", "body": "answer", "if_sent_after": "17:00"},
        ("`returned`",),
    ),
]


@pytest.mark.parametrize(("said", "lacks"), SAID)
def test_what_a_duty_does_not_say_is_named(said: dict[str, str], lacks: tuple[str, ...]) -> None:
    assert unsaid(DUTY.model_copy(update=said)) == lacks


REFUSED = [
    ("deemed_given: tomorrow", "D204"),
    ("deemed_given: 0 business days after sending", "D204"),
    ("if_sent_after: '25:00'", "D204"),
    ("body: everything", "D203"),
    ("returned: maybe", "D203"),
    ("released_by: somebody", "D203"),
]


@pytest.mark.parametrize(("term", "code"), REFUSED)
def test_a_term_that_is_no_rule_is_refused(
    meridian_text: str, all_templates: dict[str, Template], term: str, code: str
) -> None:
    text = meridian_text.replace("every: determination date}", f"every: determination date, {term}}}", 1)
    deal, problems = load_deal(text, "deal.yaml", clauses_of(all_templates))
    assert deal is None
    assert [one.code for one in problems if not one.code.startswith("W")] == [code]


def test_a_deal_without_delivery_terms_says_the_same_as_before(
    load: Callable[[str], Deal], meridian_text: str
) -> None:
    """A term that is not written leaves no trace in the record: the facts of such a duty are those of before."""
    assert load(meridian_text).name == "meridian-2026-1"
    assert not {"deemed_given", "body", "returned"} & DUTY.model_dump().keys()


def test_a_correction_notice_goes_from_the_giver_to_the_addressees_of_what_it_corrects(
    desk: Workspace,
) -> None:
    """The deal says `the giver` and `the same addressees`: its duty names them, and without one it is owed to nobody."""
    log = list(read(desk.store, deal_log(DEAL)))
    issued = next(event for event in log if isinstance(event.payload, NoticeIssued))
    assert isinstance(issued.payload, NoticeIssued)
    said = issued.payload.model_copy(update={"number": 99, "kind": "correction"})
    correction = issued.model_copy(update={"subject": "correction", "payload": said})
    duty = NoticeOwed(
        kind="correction",
        subject=None,
        since=issued.effective_on,
        on=issued.effective_on,
        given_by="servicer",
        to=("administrative_agent",),
        last=None,
        cite="CA",
    )
    owed = issued.model_copy(update={"kind": "notice owed", "subject": "correction", "payload": duty})

    def seen(*events: Event) -> tuple[str | None, list[str]]:
        found = next(one for one in deliveries([*log, *events]) if one.number == 99)
        return found.duty and found.duty.given_by, [addressee.role for addressee in found.addressees]

    assert seen(owed, correction) == ("servicer", ["administrative_agent"])
    assert seen(correction)[1] == []
