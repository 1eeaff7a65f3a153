"""A trigger's condition on an announcement names its kind and an index of the deal (`rulings.md` 62)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from engine.evaluation.conditions import LeafRule, Seen, counted, fresh, met, newly_met
from engine.events.rates import Announced
from tests.terms.reported import Check

LEAF = "- {test: rate-floor, state: EVENT OF DEFAULT}"
ON = date(2026, 3, 12)
RULE = LeafRule(announced="cessation", index="CRI-H100")


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        ("{announced: cessation, index: CRI-H100}", None),
        ("{announced: methodology change, index: CRI-H100}", None),
        ("{announced: cessation}", "D506"),
        ("{index: CRI-H100}", "D506"),
        ("{announced: cessation, index: CRI-H100, test: ltv}", "D506"),
        ("{announced: cessation, index: CRI-H200}", "D502"),
        ("{announced: rumour, index: CRI-H100}", "D2"),
    ],
)
def test_what_is_written_of_an_announcement(
    checked: Check, meridian_text: str, leaf: str, code: str | None
) -> None:
    assert LEAF in meridian_text
    found = [
        one.code for one in checked(meridian_text.replace(LEAF, f"- {leaf}")) if not one.code.startswith("W")
    ]
    assert (found == []) if code is None else any(one.startswith(code) for one in found), found


def seen(on: date, effective_on: date | None) -> Seen:
    said = (
        ()
        if effective_on is None
        else (
            Announced(
                what="cessation", effective_on=effective_on, recorded_at=datetime(2026, 1, 1, tzinfo=UTC)
            ),
        )
    )
    return Seen(on, {}, frozenset(), {}, {}, frozenset(), announced={"CRI-H100": said})


@pytest.mark.parametrize(
    ("effective_on", "holds"),
    [(None, False), (date(2026, 3, 13), False), (ON, True), (date(2026, 3, 1), True)],
)
def test_it_is_met_from_the_effective_date_on(effective_on: date | None, holds: bool) -> None:
    today = seen(ON, effective_on)
    limbs = counted(RULE, fresh(RULE), today)
    assert met(RULE, limbs) is holds
    assert newly_met(RULE, limbs, today, None) == (effective_on if holds else None)


def test_it_is_never_newly_met_again() -> None:
    today = seen(ON, date(2026, 3, 1))
    limbs = counted(RULE, fresh(RULE), today)
    assert newly_met(RULE, limbs, today, date(2026, 3, 5)) is None
