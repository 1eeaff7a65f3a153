"""What an amendment brings in later is spoken of as what the file has from the beginning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from covenants import templates
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.queries.asked_paths import asked_paths
from engine.queries.calibration_questions import ModelAsked
from engine.queries.foresight_questions import stress
from engine.queries.foresight_reports import parts_of_report
from engine.queries.grid_questions import grid
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from tests.queries.test_calibration_questions import history

BROUGHT = """  - number: 1
    document: AM1
    effective: 2026-02-26
    changes:
      - term: triggers
        cite: AM1 §2
        replaces: {}
        with:
"""
RENT_STOP = """  rent-stop:
    cite: IND §5.08
    begins: {test: rate-floor, state: EVENT OF DEFAULT}
    ends: never
"""
LTV_STOP = """  ltv-stop:
    cite: IND §5.09
    begins: {test: ltv, result: FAIL, for: 40 consecutive determination dates}
    ends: never
"""
PRINCIPAL = "outstanding_principal=USD 16,000,000"


def brought_in(text: str) -> str:
    """Meridian that closes without composite triggers; an amendment brings three of them in."""
    start, end = text.index("triggers:\n"), text.index("\nnotices:")
    block = text[start:end].removeprefix("triggers:\n") + RENT_STOP + LTV_STOP
    added = BROUGHT + "".join(f"        {line}\n" for line in block.splitlines() if line.strip())
    text = text[:start] + "triggers: {}\n" + text[end:]
    assert "amendments: []\n" in text
    return text.replace("amendments: []\n", f"amendments:\n{added}")


def facts(deal: Deal) -> FactsByDate:
    return held_facts((PRINCIPAL,), deal.closing_date, resolve(deal, deal.closing_date))


def test_a_trigger_that_an_amendment_brings_in_is_open_where_what_it_looks_at_is(
    load: Callable[[str], Deal], meridian_text: str, tmp_path: Path
) -> None:
    """No rent is given, so the floor is not determined, nor decided is what looks at nothing else."""
    deal = load(brought_in(meridian_text))
    asked = asked_paths(("B",), "middle", "compound", "1", None, frozenset(), None, None, None, 30)
    lived = stress(deal, templates, facts(deal), asked)
    assert lived.undecided == {"rent-stop": ("rate-floor",)}
    assert lived.sooner == {"early-amortization": ("rate-floor",)}
    assert "ltv-stop" in lived.never
    assert "rent-stop" not in lived.never
    why = lived.not_known[lived.outcomes[0].path]["rent-stop"]
    assert why == "not decided: it looks at `rate-floor`, which was not determined"
    model = ModelAsked(history(tmp_path, 40), date(2026, 12, 31), paths=200, weeks=30)
    simulated = simulate(deal, templates, None, facts(deal), model)
    assert simulated.undecided == {"rent-stop": ("rate-floor",)}
    assert simulated.sooner == {"early-amortization": ("rate-floor",)}
    assert "ltv-stop" in simulated.never
    # Paths of five weeks end before the amendment, so nothing is said of its triggers.
    early = simulate(deal, templates, None, facts(deal), replace(model, weeks=5))
    assert (early.undecided, early.sooner) == ({}, {})
    assert "ltv-stop" not in early.never


def test_a_report_names_a_test_that_an_amendment_brings_in_as_the_others(
    load: Callable[[str], Deal], meridian_text: str
) -> None:
    deal = load(brought_in(meridian_text))
    parts = parts_of_report(deal, templates, facts(deal), date(2026, 12, 1))
    assert parts["sections"]["rent-stop"] == {"": "IND §5.08"}
    assert list(parts["titles"]) == list(resolve(deal, deal.closing_date).covenants)


def test_a_cell_of_a_trigger_that_an_amendment_brings_in_says_why_nothing_is_known(
    load: Callable[[str], Deal], meridian_text: str
) -> None:
    deal = load(brought_in(meridian_text))
    asked = asked_paths(("B",), "middle", "compound", "1", None, frozenset(), None, None, None, 20)
    across, down = "covenants.ltv.multiple=1.4,1.5", "covenants.ltv.if_not_determined=hold"
    answer = grid(deal, templates, across, down, "first-failure", "rent-stop", facts(deal), asked)
    why = "not decided: it looks at `rate-floor`, which was not determined"
    assert [(cell.value, cell.not_known) for cell in answer.cells] == [(None, why), (None, why)]
