"""What is due and what follows, in sentences: acts with their deadlines, ways to cure, conditions and
readings.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from engine.basics.values import Figure, Unit
from engine.events.due_acts import Due, DueFacts, Follow, FollowFacts
from engine.events.states import LeafFacts, Limb
from reports.formats import plain
from reports.notice import due_sentences as owed
from tests.reports.test_sentences import CURE, ON, OWED, TITLES

DUE = [
    (OWED, "Cure Loan-to-Value, by one of:"),
    (
        OWED.model_copy(update={"ways": (), "figure": None}),
        "Cure Loan-to-Value by prepayment, additional collateral or retest",
    ),
    (
        OWED.model_copy(update={"act": "report", "facts": DueFacts(for_date=date(2026, 11, 12))}),
        "Report for 12 Nov 2026; all tests are run again",
    ),
    (
        OWED.model_copy(
            update={"act": "notify", "notice": "test_failed", "to": ("borrower", "administrative_agent")}
        ),
        "Give notice that Loan-to-Value failed to the Borrower and the Administrative Agent",
    ),
    (
        OWED.model_copy(
            update={
                "act": "deliver",
                "facts": DueFacts(deliver="independent appraisal", overdue_since=date(2026, 11, 14)),
            },
        ),
        "Deliver the independent appraisal, overdue",
    ),
    (
        OWED.model_copy(
            update={
                "act": "report",
                "facts": DueFacts(period_end=date(2026, 11, 4), overdue_since=date(2026, 11, 5)),
            },
        ),
        "Report for the period to 4 Nov 2026, overdue since 5 Nov 2026; all tests are run again",
    ),
    (
        OWED.model_copy(update={"what": "as it was recorded for 2026-11-12", "facts": None}),
        "As it was recorded for 12 Nov 2026",
    ),
]


@pytest.mark.parametrize(("due", "said"), DUE)
def test_due_act(due: Due, said: str) -> None:
    assert owed.due_act(due, TITLES.__getitem__, TITLES.__getitem__) == said


def test_cure_ways_are_lettered_with_their_amounts() -> None:
    even = Figure(value=Fraction("1.5647"), unit=Unit.RATE)
    assert owed.cure_ways(OWED, even, "below", date(2026, 11, 12)) == [
        ("(a) prepayment", "USD 589,317.52"),
        ("(b) pledge of further GPUs, class H100", "49 GPUs"),
        ("(c) retest on 12 Nov 2026, Reference Rate at or above", "USD 1.5647"),
    ]


FOLLOWS = [
    (
        Follow(on=ON, subject="ltv", what="event of default", detail="", cite="c"),
        "Event of Default indicated if Loan-to-Value is not cured by Fri 13 Nov 2026",
    ),
    (
        Follow(
            on=ON,
            subject="sweep",
            what="trigger begins",
            detail="in words",
            cite="c",
            facts=FollowFacts(count=1, needed=2),
        ),
        "Cash Sweep begins if one more date counts: now 1 of 2",
    ),
    (
        Follow(
            on=ON,
            subject="appraisal",
            what="overdue",
            detail="in words",
            cite="c",
            facts=FollowFacts(deliver="independent appraisal"),
        ),
        "Overdue: the independent appraisal",
    ),
]


@pytest.mark.parametrize(("follow", "said"), FOLLOWS)
def test_follow(follow: Follow, said: str) -> None:
    assert (
        plain(
            owed.follow(follow, (OWED,), lambda key: TITLES.get(key, key), lambda key: TITLES.get(key, key))
        )
        == said
    )


READINGS = [
    (
        (
            "Begins when pool-ltv FAIL for 4 consecutive determination dates or ltv EVENT OF DEFAULT. Ends "
            "never."
        ),
        (
            "Begins when Pool fails on 4 consecutive Determination Dates or Loan-to-Value stands at Event of "
            "Default indicated. Ends never."
        ),
    ),
    (
        (
            "Ends when ltv PASS on one determination date and pool-ltv PASS for 3 of the last 4 "
            "determination "
            "dates."
        ),
        (
            "Ends when Loan-to-Value passes on one Determination Date and Pool passes on 3 of the last 4 "
            "Determination Dates."
        ),
    ),
    ("The balance of class class_c, 20% by 2026-07-20.", "The balance of Class C, 20% by 20 Jul 2026."),
    (
        "Nothing is paid; indenture trustee acts (IND §5)",
        "Nothing is paid; the Indenture Trustee acts (IND §5)",
    ),
]


@pytest.mark.parametrize(("text", "said"), READINGS)
def test_a_reading_names_clauses_classes_and_parties_as_people_do(text: str, said: str) -> None:
    titles = {**TITLES, "pool-ltv": "Pool"}
    assert owed.read(text, titles, titles.__getitem__) == said


def test_a_limb_names_its_clause_and_prices_its_level() -> None:
    rises = LeafFacts(test="sweep", comparison="at least", level=Fraction(3, 2))
    limb = Limb(what="in words", leaf=rises, count=0, needed=3, out_of=3, dates="publication dates")
    assert owed.limb(limb, TITLES.__getitem__) == (
        "Cash Sweep",
        "is at least USD 1.50 on 3 consecutive Publication Dates",
    )
    once = limb.model_copy(
        update={
            "leaf": LeafFacts(test="ltv", result="PASS"),
            "needed": 1,
            "out_of": 1,
            "dates": "determination dates",
        }
    )
    assert owed.limb(once, TITLES.__getitem__) == ("Loan-to-Value", "passes on one Determination Date")
    some = once.model_copy(update={"needed": 3, "out_of": 6})
    assert owed.limb(some, TITLES.__getitem__) == (
        "Loan-to-Value",
        "passes on 3 of the last 6 Determination Dates",
    )
    state = limb.model_copy(
        update={"leaf": LeafFacts(test="ltv", state="EVENT OF DEFAULT"), "dates": "state"}
    )
    assert owed.limb(state, TITLES.__getitem__) == ("Loan-to-Value", "stands at Event of Default indicated")
    dated = limb.model_copy(update={"leaf": LeafFacts(on_or_after=date(2026, 10, 1)), "dates": "state"})
    assert owed.limb(dated, TITLES.__getitem__) == (None, "1 Oct 2026 has come")
    ended = limb.model_copy(
        update={"leaf": LeafFacts(index="CRI-H100", announced="cessation"), "dates": "state"}
    )
    assert owed.limb(ended, TITLES.__getitem__) == (None, "cessation of CRI-H100 announced")
    assert owed.limb(limb.model_copy(update={"leaf": None}), TITLES.__getitem__) == (None, "in words")


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({}, ""),
        ({"found_late_on": date(2026, 11, 19)}, "found late on 19 Nov 2026"),
        ({"projected": True}, "rests on a projected calendar"),
    ],
)
def test_deadline_mark(update: dict[str, Any], said: str) -> None:
    assert owed.deadline_mark(OWED.model_copy(update={"deadline": CURE.model_copy(update=update)})) == said
