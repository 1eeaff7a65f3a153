"""Two rows of one week, and what a deal makes of them by its own words (rulings 3, 5, 27; covenants.md, State
5).

In March 2026 the administrator published 1.6021, flagged Low Confidence, under 1.1.0, and 1.7350 under 1.1.1
a day later. A level at 1.70 is breached by the first and not by the second; which one counts is a drafting
decision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal


@dataclass(frozen=True)
class Variant:
    """One way to draft the deal, and what it makes of the two rows."""

    name: str
    changes: tuple[tuple[str, str], ...]
    first: str
    then: str
    second_row: str = "2026-03-06"
    acts: str = "[]"


ADMINISTRATOR = ("source: computed by the calculation agent", "source: published by the administrator")
PINNED = "methodology: {policy: pinned, version: 1.1-wp}"
CURRENT = (PINNED, "methodology: {policy: current}")
CONSENT = "methodology: {{policy: current, consent_needed_for: material changes, material_above: {}}}"
NOT_FLAGGED = (
    "low_confidence: {effect: report only,",
    "low_confidence: {effect: use last value not flagged,",
)
REPORT_ONLY = (
    "accepted_for: 5 business days, effect: retest,",
    "accepted_for: 5 business days, effect: report only,",
)
VARIANTS = (
    Variant("current: the second row restates the first", (ADMINISTRATOR, CURRENT), "FAIL", "PASS"),
    Variant(
        "a restatement only reported changes nothing", (ADMINISTRATOR, CURRENT, REPORT_ONLY), "FAIL", "FAIL"
    ),
    Variant(
        "a restatement after its time changes nothing", (ADMINISTRATOR, CURRENT), "FAIL", "FAIL", "2026-03-13"
    ),
    Variant("on the last day of its time it counts", (ADMINISTRATOR, CURRENT), "FAIL", "PASS", "2026-03-12"),
    Variant(
        "pinned to 1.1.0: only the first row is seen",
        (ADMINISTRATOR, (PINNED, PINNED.replace("1.1-wp", "1.1.0"))),
        "FAIL",
        "FAIL",
    ),
    Variant(
        "pinned to 1.1.1: the second row is late",
        (ADMINISTRATOR, (PINNED, PINNED.replace("1.1-wp", "1.1.1"))),
        "NOT DETERMINED",
        "PASS",
    ),
    Variant(
        "pinned to 1.1.1 and too late for its date",
        (
            ADMINISTRATOR,
            (PINNED, PINNED.replace("1.1-wp", "1.1.1")),
            ("late_publication: {accepted_for: 5", "late_publication: {accepted_for: 1"),
        ),
        "NOT DETERMINED",
        "NOT DETERMINED",
        "2026-03-09",
    ),
    Variant(
        "without consent 8.3% above 5% is not taken",
        (ADMINISTRATOR, (PINNED, CONSENT.format("5%"))),
        "FAIL",
        "FAIL",
    ),
    Variant(
        "8.3% is not above 10%, so no consent is needed",
        (ADMINISTRATOR, (PINNED, CONSENT.format("10%"))),
        "FAIL",
        "PASS",
    ),
    Variant(
        "a material change with consent is taken",
        (ADMINISTRATOR, (PINNED, CONSENT.format("5%"))),
        "FAIL",
        "PASS",
        acts="[{on: 2026-03-02, act: consent, version: 1.1.1, document: Consent Letter}]",
    ),
    Variant(
        "a flagged value is turned away until the restatement",
        (ADMINISTRATOR, CURRENT, NOT_FLAGGED),
        "NOT DETERMINED",
        "PASS",
    ),
)

EXAMPLES = """worked_examples:
  - name: The two rows of March 2026
    first_publication: 2026-02-26
    rates: {{CRI-H100: 2.00 _}}
    prints:
      - {{index: CRI-H100, of: 2026-03-05, published: 2026-03-05, value: 1.6021, methodology: 1.1.0, low_confidence: true}}
      - {{index: CRI-H100, of: 2026-03-05, published: {second}, value: 1.7350, methodology: 1.1.1}}
    acts: {acts}
    expect:
      - {{on: 2026-03-05, as_known_on: 2026-03-05, test: cash-sweep, result: {first}}}
      - {{on: 2026-03-05, as_known_on: {second}, test: cash-sweep, result: {then}}}
      - {{on: 2026-03-05, trigger: cash-sweep, state: {state}}}
"""


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_rows_of_march_2026(
    variant: Variant, load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.partition("worked_examples:")[0].replace(
        "level: USD 1.50 per GPU-hour", "level: USD 1.70 per GPU-hour"
    )
    text = text.replace(
        "begins: {when: below level, for: 2 consecutive publication dates}",
        "begins: {when: below level, for: 1 publication date}",
    )
    for old, new in variant.changes:
        assert old in text
        text = text.replace(old, new)
    state = "IN EFFECT" if variant.then == "FAIL" else "NOT IN EFFECT"
    examples = EXAMPLES.format(
        first=variant.first, then=variant.then, second=variant.second_row, state=state, acts=variant.acts
    )
    (proof,) = prove(load(text + examples), all_templates)
    assert [problem.what for problem in proof.problems] == []


def test_what_follows_is_determined_again_too(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """A print that comes two weeks later withdraws the sweep that began on it, and the second week's count as
    well.
    """
    text = meridian_text.partition("worked_examples:")[0].replace(
        "{accepted_for: 5 business days, effect: retest", "{accepted_for: 20 days, effect: retest"
    )
    text += """worked_examples:
  - name: Three weeks
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.60 1.49 1.48 1.47}
    prints:
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-30, value: 1.55}
    expect:
      - {on: 2026-01-22, as_known_on: 2026-01-29, trigger: cash-sweep, state: IN EFFECT, since: 2026-01-22}
      - {on: 2026-01-22, trigger: cash-sweep, state: NOT IN EFFECT, count: 1 of 2}
      - {on: 2026-01-29, as_known_on: 2026-01-29, trigger: cash-sweep, state: IN EFFECT, since: 2026-01-22}
      - {on: 2026-01-29, trigger: cash-sweep, state: IN EFFECT, since: 2026-01-29}
"""
    (proof,) = prove(load(text), all_templates)
    assert [problem.what for problem in proof.problems] == []
