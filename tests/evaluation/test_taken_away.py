"""A trigger that an amendment takes away ends on its date, with an event, and what it brought ends or stands
(`rulings.md` 71): by hand.

One pool of 1,000 GPUs at availability 100% and a multiple of 1: Collateral Value is the rate times USD
8,760,000. With USD 10,000,000 outstanding and a maximum of 65% a rate of 1.70 fails (67.15%) and a rate of
2.00 passes (57.08%).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template, clauses_of
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_adopted import clauses_on
from engine.events.deal_state import DealState, fold
from engine.events.draft import Draft
from engine.events.kinds import ActApplied, ActRecorded, Determined, ReportReceived
from engine.events.rates import Published
from engine.events.states import ReserveReleased
from engine.terms.as_written import Deal, load_deal
from engine.wording.adopted_deal import adopted
from tests.terms.test_examples_from_clauses import DEAL, LTV

TRIGGER = """triggers:
  trap:
    cite: CA §7.05
    begins: {test: ltv, result: FAIL, for: 2 consecutive determination dates}
    ends: {test: ltv, result: PASS, for: 9 consecutive determination dates}
    consequences:
      - {kind: cash sweep, effect: cash is swept, who: servicer, starts: next payment date, sweep: {share: 100%, of: excess cash flow, to: reserve account, until: "USD 2,000,000", on_end: prepay}, cite: CA §7.05(a)}
      - {kind: appraisal, effect: an appraisal is delivered, deliver: {deliver: independent appraisal, within: 60 business days, after: determination date, by: borrower, cite: CA §7.05(b)}, cite: CA §7.05(b)}
      - {effect: no further advances are made, ends: never, cite: CA §7.05(c)}
  other:
    cite: CA §7.06
    begins: {test: ltv, result: FAIL, for: 9 consecutive determination dates}
    ends: never
"""


def amended(says: str) -> str:
    """The deal whose first amendment, of Friday 13 March 2026, takes the trap away."""
    body = TRIGGER.partition("triggers:\n")[2]
    kept = "  other:" + body.partition("  other:")[2]
    change = "\n".join(f"          {line}" for line in body.splitlines())
    left = "\n".join(f"          {line}" for line in kept.splitlines())
    text = (
        DEAL.replace("COVENANTS", LTV.rstrip())
        .replace("TRIGGERS", TRIGGER.rstrip())
        .partition("amendments: []")[0]
    )
    head = "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-03-13\n    changes:\n"
    changed = (
        f"      - term: triggers\n        replaces:\n{change}\n        with:\n{left}\n        cite: AM1 §2\n"
    )
    return f"{text}{head}{changed}{says}worked_examples: []\n"


def says(consequences: str, reserve: str) -> str:
    return f"        consequences: {consequences}\n        reserve: {reserve}\n"


def deal_of(text: str, templates: dict[str, Template]) -> Deal:
    deal, problems = load_deal(text, "deal.yaml", clauses_of(templates))
    assert deal is not None, problems
    return deal


REPORT = ReportReceived(
    period_start=date(2026, 2, 1),
    period_end=date(2026, 2, 4),
    as_of=date(2026, 2, 4),
    received=date(2026, 2, 4),
    document="R",
    sha256="0" * 64,
    figures={
        name: Figure(value=Fraction(value), unit=Unit.USD)
        for name, value in (
            ("outstanding_principal", 10_000_000),
            ("collections", 900_000),
            ("operating_costs", 100_000),
            ("debt_service", 200_000),
            ("fees", 0),
        )
    },
)


def lived(
    deal: Deal, templates: dict[str, Template], until: date, acts: Sequence[ActRecorded] = ()
) -> list[Draft]:
    """What happens from 5 February on at 1.70 every Thursday, with a report of the day before each."""
    first = date(2026, 2, 5)
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    thursdays = [day for day in days if day.weekday() == 3]
    prints = tuple(
        Published(index="CRI-H100", publication_date=day, value=Decimal("1.7000")) for day in thursdays
    )
    drafts: list[Draft] = []
    state = DealState(acts=tuple(acts))
    for day in days:
        if day in thursdays:
            came = day - timedelta(days=1)
            dates = {
                "period_start": came - timedelta(days=6),
                "period_end": came,
                "as_of": came,
                "received": came,
            }
            state = state.model_copy(update={"reports": (*state.reports, REPORT.model_copy(update=dates))})
        inputs = inputs_of(deal, day, {"CRI-H100": prints}, state, templates)
        if inputs.kinds:
            made = evaluate(inputs)
            drafts += made
            state = fold(made, state)
    return drafts


def payloads(drafts: Sequence[Draft], kind: type[Any]) -> list[Any]:
    return [draft.payload for draft in drafts if isinstance(draft.payload, kind)]


UNTIL = date(2026, 4, 2)


@pytest.mark.parametrize(("consequences", "reserve"), [("end", "release"), ("stand", "keep")])
def test_it_ends_on_the_amendment_s_date_with_an_event(
    consequences: str, reserve: str, all_templates: dict[str, Template]
) -> None:
    """In effect since 12 February, the second FAIL; USD 600,000 are due on 17 February (a Sunday and a
    holiday before); gone from 13 March.

    The Payment Date after it, Monday 16 March, looks at Thursday the 12th: the trap was in effect then, but
    is not a term any more.
    """
    drafts = lived(deal_of(amended(says(consequences, reserve)), all_templates), all_templates, UNTIL)
    (ended,) = [
        draft
        for draft in drafts
        if isinstance(draft.payload, ActApplied) and draft.payload.trigger is not None
    ]
    assert (ended.effective_on, ended.payload.before) == (date(2026, 3, 13), "IN EFFECT")
    state = ended.payload.trigger
    assert (state.trigger, state.status, state.since, state.ended_on) == (
        "trap",
        "NOT IN EFFECT",
        date(2026, 3, 13),
        date(2026, 3, 13),
    )
    released = [(one.amount, one.to, one.on) for one in payloads(drafts, ReserveReleased)]
    assert released == ([(600_000, "prepay", date(2026, 3, 13))] if reserve == "release" else [])
    last = payloads(drafts, Determined)[-1]
    assert [one.held for one in last.reserves] == ([600_000] if reserve == "keep" else [])
    lasting = [one.facts.brings.effect for one in last.follows if one.what == "lasting consequence"]
    assert lasting == (["no further advances are made"] if consequences == "stand" else [])
    owed = [one.subject for one in last.due if one.act == "deliver"]
    assert owed == (["trap"] if consequences == "stand" else [])


def test_an_amendment_that_does_not_say_what_becomes_of_it_is_refused(
    all_templates: dict[str, Template],
) -> None:
    deal, problems = load_deal(amended(""), "deal.yaml", clauses_of(all_templates))
    assert deal is None
    (found,) = problems
    assert (found.code, "takes the trigger `trap` away" in found.what) == ("D307", True)
    assert "`consequences: end` or `stand`, and `reserve: release` or `keep`" in found.fix


def test_an_act_of_before_the_amendment_still_works_on_its_own_date(
    all_templates: dict[str, Template],
) -> None:
    """The trap was ended by an Act of 5 March, entered after the amendment: nothing is left for the amendment
    to end.
    """
    act = ActRecorded(act="trigger ended", clause="trap", effective_on=date(2026, 3, 3), document="Letter")
    drafts = lived(deal_of(amended(says("end", "release")), all_templates), all_templates, UNTIL, [act])
    ends = [
        (draft.effective_on, draft.payload.why)
        for draft in drafts
        if isinstance(draft.payload, ActApplied) and draft.payload.trigger
    ]
    assert ends[0] == (date(2026, 3, 3), "trigger ended: Letter")
    assert payloads(drafts, ReserveReleased)[0].amount == 600_000
    assert payloads(drafts, ReserveReleased)[0].on == date(2026, 3, 3)


def test_a_trigger_that_is_taken_away_is_no_clause_from_its_date_on(
    all_templates: dict[str, Template],
) -> None:
    deal, problems = load_deal(amended(says("end", "release")), "deal.yaml", clauses_of(all_templates))
    assert deal is not None, problems
    facts = adopted(deal, all_templates)
    keys = {
        day: [one.key for one in clauses_on(facts, day)]
        for day in (date(2026, 3, 12), date(2026, 3, 13), date(2026, 9, 1))
    }
    assert "trap" in keys[date(2026, 3, 12)]
    assert "trap" not in keys[date(2026, 3, 13)]
    assert "other" in keys[date(2026, 9, 1)]
    assert "trap" not in keys[date(2026, 9, 1)]
