"""What a deal must say before a notice is sent: none of it has a default; a text that is not a rule is
refused at its place.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.delivery.outbox import unsaid
from engine.determination.template import Template, clauses_of
from engine.events.deal_adopted import DutyFacts
from engine.terms.as_written import Deal, load_deal

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
