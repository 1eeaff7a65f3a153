"""Breached and effective are two facts with two dates: what an indicated default needs, and when it has it
(rulings 22).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.determination.template import Template
from engine.events.states import TestState
from engine.foresight.example_run import moments
from engine.terms.as_written import Deal
from tests.evaluation.test_states import P, example, only

CURE = "    cure: {within: 10 business days, after: determination date, cured_by: [prepay"


def ltv_on(
    load: Callable[[str], Deal], text: str, needs: str, acts: str, on: date, templates: dict[str, Template]
) -> TestState:
    assert CURE in text
    changed = text.replace(CURE, f"    event_of_default: {{needs: {needs}, cite: CA §8.02}}\n{CURE}")
    deal = load(only(changed, example("d", "2.10 1.90x7", P, f"on: {on}, test: ltv", acts=acts)))
    return moments(deal, deal.examples[0], templates, {on})[on][-1].state.tests["ltv"]


@pytest.mark.parametrize(
    ("needs", "act", "effective"),
    [
        ("nothing", "consent", date(2026, 1, 31)),
        ("notice", "consent", None),
        ("notice", "notice of default", date(2026, 2, 10)),
        ("notice", "vote taken", None),
        ("vote", "vote taken", date(2026, 2, 10)),
    ],
)
def test_an_indicated_default_takes_effect_with_what_it_needs(
    load: Callable[[str], Deal],
    meridian_text: str,
    all_templates: dict[str, Template],
    needs: str,
    act: str,
    effective: date | None,
) -> None:
    acts = f"[{{on: 2026-02-10, act: {act}, clause: ltv, document: Letter}}]"
    state = ltv_on(load, meridian_text, needs, acts, date(2026, 2, 12), all_templates)
    assert state.status == "EVENT OF DEFAULT"
    assert state.since == date(2026, 1, 31)
    assert state.effective_on == effective
