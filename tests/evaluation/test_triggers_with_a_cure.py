"""A trigger's own cure, a second Cure Period, declared events: by hand (rulings 51, 52, 52a).

Collateral Value at an advance of 100% is USD 12,483,000 for each dollar of the rate: USD 20.0m are 84.325% of
it at 1.90, 76.294% at 2.10.
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.said import asked, holds, said

Templates = dict[str, Template]
BASE = """  asset-base:
    template: loan_to_value
    cite: CA §7.02
    multiple: 1.5
    maximum: 80%
    failure_is: a trigger event
    cure: none
    if_not_determined: hold
"""
DEFICIENCY = """  deficiency:
    cite: CA §6.01(a)
    begins: {test: asset-base, result: FAIL}
    cure: {within: WITHIN, after: AFTER, cured_by: [CURED]CAPS, cite: CA §6.01(a)}
    ends: {test: asset-base, result: PASS}
"""
EVENTS = "events:\n  manager-default: {declared_by: administrative_agent, cite: CA §6.01(b)}\n"
AMORTIZATION = """  early-amortization:
    cite: CA §6.01
    begins:
      any_of:
        - {trigger: deficiency, state: IN EFFECT}
        - {event: manager-default}
    ends: when begins is no longer met
    consequences:
      - {kind: early amortization, effect: All collections repay the notes, cite: CA §6.02}
"""


def deficiency(
    within: str = "30 days",
    after: str = "determination date",
    cured: str = "retest",
    caps: str = ", at_most: 1 in any 24 months",
) -> str:
    return (
        DEFICIENCY.replace("WITHIN", within)
        .replace("AFTER", after)
        .replace("CURED", cured)
        .replace("CAPS", caps)
    )


def lived(rates: str, *expect: str, acts: str = "") -> str:
    rows = "".join(f"      - {{{one}}}\n" for one in expect)
    facts = 'facts: {outstanding_principal: "USD 20,000,000"}'
    return f"  - name: By hand\n    first_publication: 2026-01-08\n    rates: {{CRI-H100: {rates}}}\n    {facts}\n{acts}    expect:\n{rows}"


# Met on 02-17, pending to 03-19 (30 days); not met on 03-16: cured, one of one used; met on 04-15: in effect at once.
USED = "2.10x5 1.90x4 2.10x4 1.90x5 2.10x7"


def test_a_cure_that_is_used_up_leaves_none(all_templates: Templates) -> None:
    found = lived(
        USED,
        "on: 2026-02-17, test: asset-base, result: FAIL, measured: 84.325%, state: PENDING",
        "on: 2026-02-17, trigger: deficiency, state: PENDING CURE, cure_by: 2026-03-19, since: 2026-02-17",
        "on: 2026-02-17, trigger: early-amortization, state: NOT IN EFFECT",
        "on: 2026-03-16, trigger: deficiency, state: NOT IN EFFECT, since: 2026-03-16",
        "on: 2026-04-15, trigger: deficiency, state: IN EFFECT, since: 2026-04-15",
        "on: 2026-04-15, trigger: early-amortization, state: IN EFFECT, since: 2026-04-15",
        "on: 2026-05-15, trigger: deficiency, state: NOT IN EFFECT",
    )
    assert holds(said(BASE, found, deficiency() + AMORTIZATION, before=EVENTS), all_templates) == []


def test_a_cure_that_is_not_used_begins_the_trigger_on_the_day_after(all_templates: Templates) -> None:
    """Had 2026-03-16 failed: in effect since 2026-03-20; what looks at it began with it, although no date was
    determined on that day.
    """
    found = lived(
        "2.10x5 1.90x20",
        "on: 2026-03-16, trigger: deficiency, state: PENDING CURE",
        "on: 2026-04-15, trigger: deficiency, state: IN EFFECT, since: 2026-03-20",
        "on: 2026-04-15, trigger: early-amortization, state: IN EFFECT, since: 2026-03-20",
    )
    assert holds(said(BASE, found, deficiency() + AMORTIZATION, before=EVENTS), all_templates) == []


# Ten consecutive days: 02-17 to 02-27; gone on 04-15; failed again on 06-15: in effect since 06-26.
def test_ten_days_and_on_to_the_payment_date_on_which_it_is_gone(all_templates: Templates) -> None:
    found = lived(
        "2.10x5 1.90x8 2.10x9 1.90x12",
        "on: 2026-02-17, trigger: deficiency, state: PENDING CURE, cure_by: 2026-02-27",
        "on: 2026-03-16, trigger: deficiency, state: IN EFFECT, since: 2026-02-28",
        "on: 2026-04-15, trigger: deficiency, state: NOT IN EFFECT, since: 2026-04-15",
        "on: 2026-05-15, trigger: deficiency, state: NOT IN EFFECT",
        "on: 2026-06-15, trigger: deficiency, state: PENDING CURE, cure_by: 2026-06-25",
        "on: 2026-07-15, trigger: deficiency, state: IN EFFECT, since: 2026-06-26",
    )
    assert holds(said(BASE, found, deficiency("10 days", caps="")), all_templates) == []


def test_a_date_without_a_rate_holds_and_the_clock_runs(all_templates: Templates) -> None:
    """Nothing is published from 2026-03-12 on: on 2026-03-16 the test is not determined, and 2026-03-19
    passes.
    """
    found = lived(
        "2.10x5 1.90x3 _x20",
        "on: 2026-03-16, test: asset-base, result: NOT DETERMINED",
        "on: 2026-03-16, trigger: deficiency, state: PENDING CURE, cure_by: 2026-03-19",
        "on: 2026-04-15, trigger: deficiency, state: IN EFFECT, since: 2026-03-20",
    )
    assert holds(said(BASE, found, deficiency()), all_templates) == []


def test_a_cure_that_is_accepted_ends_it_on_its_day(all_templates: Templates) -> None:
    acts = '    acts: [{on: 2026-03-02, act: cure accepted, clause: deficiency, method: prepayment, amount: "USD 1,100,000", document: Receipt}]\n'
    found = lived(
        "2.10x5 1.90x20",
        "on: 2026-02-17, trigger: deficiency, state: PENDING CURE",
        "on: 2026-03-16, trigger: deficiency, state: IN EFFECT, since: 2026-03-16",  # it still fails: newly met, and no cure is left
        acts=acts,
    )
    assert holds(said(BASE, found, deficiency(cured="prepayment")), all_templates) == []


def test_without_a_retest_a_pass_does_not_cure(all_templates: Templates) -> None:
    found = lived(
        USED,
        "on: 2026-03-16, trigger: deficiency, state: PENDING CURE",
        "on: 2026-04-15, trigger: deficiency, state: IN EFFECT, since: 2026-03-20",
    )
    rule = deficiency(cured="prepayment").replace("ends: {test: asset-base, result: PASS}", "ends: never")
    assert holds(said(BASE, found, rule), all_templates) == []


def test_a_clock_that_waits_for_a_notice(all_templates: Templates) -> None:
    acts = "    acts: [{on: 2026-02-20, act: notice by the agent, clause: deficiency, document: Notice}]\n"
    found = lived(
        "2.10x5 1.90x20",
        "on: 2026-02-17, trigger: deficiency, state: PENDING CURE, cure_by: none",
        "on: 2026-03-16, trigger: deficiency, state: PENDING CURE, cure_by: 2026-03-22",
        "on: 2026-04-15, trigger: deficiency, state: IN EFFECT, since: 2026-03-23",
        acts=acts,
    ).replace(", cure_by: none", "")
    assert holds(said(BASE, found, deficiency(after="notice by the agent")), all_templates) == []


def test_an_event_begins_a_trigger_when_it_is_declared_and_until_it_is_ended(
    all_templates: Templates,
) -> None:
    acts = """    acts:
      - {on: 2026-03-03, act: event declared, clause: manager-default, document: Notice of the agent}
      - {on: 2026-04-20, act: event ended, clause: manager-default, document: Letter of the agent}
"""
    found = lived(
        "2.10x30",
        "on: 2026-02-17, trigger: early-amortization, state: NOT IN EFFECT",
        "on: 2026-03-16, trigger: early-amortization, state: IN EFFECT, since: 2026-03-03",
        "on: 2026-04-15, trigger: early-amortization, state: IN EFFECT",
        "on: 2026-05-15, trigger: early-amortization, state: NOT IN EFFECT",
        acts=acts,
    )
    assert holds(said(BASE, found, deficiency() + AMORTIZATION, before=EVENTS), all_templates) == []


COVER = """  coverage:
    template: overcollateralization
    cite: CA §7.01
    multiple: 1
    limit: at least 100%
    failure_is: a default
    cure:
      within: 90 days
      after: determination date
      cured_by: [retest]
      extension: {within: 90 days, if_made_good: at least 50% of the shortfall, not_below: 90%, cite: CA §7.01(b)}
      cite: CA §7.01(a)
    if_not_determined: hold
"""


@pytest.mark.parametrize(
    ("owed", "state"),
    [
        ("8,668,750", "CURE PERIOD"),
        ("8,677,789", "EVENT OF DEFAULT"),
        ("9,350,562", "EVENT OF DEFAULT"),
        ("8,322,000", "COMPLIANT"),
    ],
)
def test_a_second_cure_period_where_half_of_the_shortfall_was_made_good(
    all_templates: Templates, owed: str, state: str
) -> None:
    """Value 8,322,000 at 1.00.

    First 9,045,653 owed: 92%; on 05-15 8,668,750: 96.0%; 8,677,789: 95.9%; 9,350,562: 89%.

    02-17 and 90 days: 05-18. A second period runs from 05-19 to 08-16; without one the default is dated
    05-19.
    """
    since = {
        "CURE PERIOD": "2026-05-19, cure_by: 2026-08-16",
        "EVENT OF DEFAULT": "2026-05-19",
        "COMPLIANT": "2026-05-15",
    }[state]
    found = f"""  - name: By hand
    first_publication: 2026-01-08
    rates: {{CRI-H100: 1.00x30}}
    facts: {{outstanding_principal: {{2026-01-08: "USD 9,045,653", 2026-05-07: "USD {owed}"}}}}
    expect:
      - {{on: 2026-02-17, test: coverage, result: FAIL, measured: 92%, state: CURE PERIOD, cure_by: 2026-05-18}}
      - {{on: 2026-06-15, test: coverage, state: {state}, since: {since}}}
""".replace("measured: 92%", "measured: 92.00%")
    assert holds(said(COVER, found), all_templates) == []


def test_a_second_period_is_the_last_one(all_templates: Templates) -> None:
    found = """  - name: By hand
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.00x40}
    facts: {outstanding_principal: {2026-01-08: "USD 9,045,653", 2026-05-07: "USD 8,668,750"}}
    expect:
      - {on: 2026-08-17, test: coverage, result: FAIL, state: EVENT OF DEFAULT, since: 2026-08-17}
"""
    assert holds(said(COVER, found), all_templates) == []


@pytest.mark.parametrize(
    ("triggers", "change", "code"),
    [
        (deficiency(), ("{test: asset-base, result: PASS}", "{event: strike}"), "D502"),
        (
            deficiency(),
            ("{test: asset-base, result: PASS}", "{event: manager-default, test: asset-base}"),
            "D506",
        ),
        (
            deficiency() + AMORTIZATION,
            ("trigger: deficiency, state: IN EFFECT", "trigger: early-amortization, state: PENDING CURE"),
            "D519",
        ),
        (deficiency(), ("declared_by: administrative_agent", "declared_by: manager"), "D502"),
        (deficiency(), ("cured_by: [retest]", "cured_by: []"), "D522"),
        (deficiency(), ("  manager-default:", "  asset-base:"), "D504"),
    ],
)
def test_what_cannot_be_of_a_cure_or_an_event(
    all_templates: Templates, triggers: str, change: tuple[str, str], code: str
) -> None:
    assert code in [one for one, _ in asked(said(BASE, "", triggers, change, before=EVENTS), all_templates)]
