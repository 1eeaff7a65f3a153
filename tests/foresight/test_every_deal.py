"""Every shipped deal through the ladder and a stress: each test has a figure on some date, or is named with
what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from covenants import templates
from engine.determination.template import Template
from engine.foresight.facts_by_date import held_facts
from engine.queries.foresight_questions import StressAsked, draft_ladder, stress
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS

NAMES = sorted(path.stem for path in DEALS.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_deal_goes_through_ladder_and_stress_and_nothing_is_passed_over(
    load: Callable[[str], Deal], all_templates: dict[str, Template], name: str
) -> None:
    deal = load((DEALS / f"{name}.yaml").read_text(encoding="utf-8"))
    terms = resolve(deal, deal.closing_date)
    owed = sum(one.original_principal for one in terms.debt.values())
    texts = [f"outstanding_principal=USD {int(owed):,}"] if len(terms.debt) == 1 else []
    texts += [
        f"outstanding_principal.{key}=USD {int(one.original_principal):,}" for key, one in terms.debt.items()
    ]
    given = held_facts(texts, deal.closing_date, terms)
    ladder = draft_ladder(deal, all_templates, given).ladder
    on_it = {rung.limb for rung in ladder.rungs}
    answer = stress(deal, templates, given, StressAsked(("B",), ("middle",), weeks=9))
    determined = {one.test for outcome in answer.outcomes for one in outcome.least}
    for key in terms.covenants:
        assert key in determined or answer.left_out.get(key), key
        assert any(limb.startswith(key) for limb in on_it) or key in ladder.left_out, key
    assert all(why for why in answer.left_out.values())
    assert all(outcome.until == answer.until for outcome in answer.outcomes)
