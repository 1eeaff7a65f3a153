"""A trigger that can still be cured, and when its condition was first met, on the notice, among what is due,
in the history (52).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.events.kinds import Determined
from engine.queries.due_dates import deadlines
from engine.queries.history import summary
from reports.notice.words import page_words
from tests.evaluation.test_triggers_with_a_cure import BASE, deficiency
from tests.operations.said_desk import ADMINISTERED, Desk
from tests.operations.test_on_delivery import at
from tests.terms.said import said

REPORT = (
    "deal: said\nperiod: {from: 2026-01-01, to: 2026-01-31}\nas_of: 2026-01-31\nsource: "
    'test\noutstanding_principal: "USD 20,000,000"\n'
)


@pytest.fixture
def desk(tmp_path: Path, all_templates: dict[str, Template]) -> Iterator[Desk]:
    """20.0m at 1.90 are 84.325% of 23.7177m: met on 17 February, 30 days to 19 March."""
    found = Desk(tmp_path, all_templates, said(BASE, "", deficiency(), ADMINISTERED))
    found.take(at(date(2026, 2, 13)), REPORT)
    found.run(date(2026, 2, 17), "1.9000")
    yield found
    found.workspace.store.close()


def test_a_trigger_that_can_be_cured_is_due_and_says_until_when(desk: Desk) -> None:
    (whole,) = [event.payload for event in desk.events if isinstance(event.payload, Determined)]
    (cure,) = [one for one in whole.due if one.act == "cure"]
    assert (cure.subject, cure.by, cure.what) == ("deficiency", date(2026, 3, 19), "cure by retest")
    (coming,) = [one for one in whole.follows if one.what == "trigger begins"]
    assert (coming.on, coming.detail) == (
        date(2026, 3, 20),
        "deficiency begins if it is not cured by 2026-03-19",
    )
    counted = [event for event in desk.events if event.kind == "counted"][-1]
    assert summary(counted) == "PENDING CURE, 1 of 1, first met 2026-02-17, cure by 2026-03-19"
    words = page_words(desk.made[0]).decode()
    assert (
        "Deficiency is PENDING CURE, its condition met on Tuesday 17 February 2026. It must be cured by "
        "Thursday 19 March 2026" in words
    )
    assert "if it is not cured by Thu 19 Mar 2026" in words
    assert desk.unverified() == []
    desk.replays()


def test_a_trigger_in_effect_says_when_it_was_first_met(desk: Desk) -> None:
    desk.run(date(2026, 3, 16), "1.9000")
    desk.run(date(2026, 4, 15), "1.9000")
    (cure,) = [one for one in deadlines(desk.events) if one.due.act == "cure"]
    assert (cure.due.by, cure.outcome, cure.open) == (
        date(2026, 3, 19),
        "ended: IN EFFECT since 2026-03-20",
        False,
    )
    words = " ".join(page_words(one).decode() for one in desk.made if one.on == date(2026, 4, 15))
    assert (
        "is in effect since Friday 20 March 2026, its condition first met on Tuesday 17 February 2026"
        in words
    )
    assert desk.unverified() == []
    desk.replays()
