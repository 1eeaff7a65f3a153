"""What the record holds of a deal file: each clause as it reads on a date, and the changes under their own
numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.determination.template import Template
from engine.events.deal_adopted import DealAdopted, clauses_on, facts_on
from engine.terms.as_written import Deal
from engine.wording.adopted_deal import adopted
from tests.terms.test_in_force import amended, entry

CORRECTION = """corrections:
  - number: 1
    found_on: 2026-02-02
    by: the calculation agent
    term: covenants.appraisal.maximum_decline
    replaces: 25%
    with: 20%
    reason: the file said 25%, the agreement 20%
"""


def reading(facts: DealAdopted, key: str, on: date) -> str:
    """The engine's reading of a clause on a date."""
    (found,) = [clause.reading for clause in clauses_on(facts, on) if clause.key == key]
    return found


def test_a_clause_reads_as_it_is_in_force_on_the_date(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    facts = adopted(load(amended(meridian_text, entry(1, "2026-06-26", "65%", "50%"))), all_templates)
    assert "65%" in reading(facts, "ltv", date(2026, 6, 25))
    assert "50%" in reading(facts, "ltv", date(2026, 6, 26))
    assert "60%" in reading(facts, "ltv", date(2027, 1, 6))  # the step that the deal had from the first
    assert [clause.key for clause in clauses_on(facts, date(2027, 1, 6))] == [
        clause.key for clause in facts.clauses
    ]
    assert {clause.key for later in facts.later_clauses for clause in later.clauses} == {"ltv"}


FOUR = """amendments:
  - number: 1
    document: CA
    effective: 2026-06-26
    changes:
      - {term: index.CRI-H100.methodology.version, replaces: 1.1-wp, with: 1.1.1, cite: CA §2.14}
      - {term: debt.class_a.rate, replaces: SOFR + 2.25%, with: SOFR + 3%, cite: CA §2.14}
      - {term: notices.test_failed.within, replaces: 2 business days, with: 1 business day, cite: CA §6.04}
"""


def test_indices_duties_and_debt_read_as_they_are_in_force_on_the_date(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    facts = adopted(load(amended(meridian_text, FOUR)), all_templates)
    found = []
    for on in (date(2026, 6, 25), date(2026, 6, 26)):
        now = facts_on(facts, on)
        (within,) = [duty.within for duty in now.duties if duty.kind == "test_failed"]
        found.append((now.indices[0].version, now.debt[0].rate, within))
    assert found == [("1.1-wp", "SOFR + 2.25%", "2 business days"), ("1.1.1", "SOFR + 3%", "1 business day")]
    assert [later.since for later in facts.later_facts] == [date(2026, 6, 26)]


def test_what_no_amendment_changes_is_said_once(meridian: Deal, all_templates: dict[str, Template]) -> None:
    facts = adopted(meridian, all_templates)
    assert facts.later_facts == ()
    assert facts_on(facts, date(2027, 1, 6)) == facts


def test_an_older_record_reads_as_of_closing_on_every_date(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    older = adopted(meridian, all_templates).model_dump(mode="json")
    del older["later_clauses"], older["later_facts"]
    facts = DealAdopted.model_validate(older)
    assert facts_on(facts, date(2027, 1, 6)) == facts
    assert clauses_on(facts, date(2027, 1, 6)) == facts.clauses


def test_amendments_and_corrections_keep_their_own_numbers(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = amended(meridian_text, entry(3, "2026-06-26", "65%", "70%"))
    facts = adopted(
        load(text.replace("\nworked_examples:", f"\n{CORRECTION}\nworked_examples:", 1)), all_templates
    )
    assert [(one.kind, one.number, one.document) for one in facts.amendments] == [
        ("correction", 1, "the deal file"),
        ("amendment", 3, "CA"),
    ]
    assert facts.amendments[1].changes == ("maximum of Loan to value: 65% becomes 70%",)


def test_a_deal_that_rounds_its_ratios_says_by_which_rule(
    load: Callable[[str], Deal], meridian: Deal, meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.replace("{ratios: unrounded", '{ratios: "2 decimals, half up"')
    rounds = adopted(load(text), all_templates)
    said = "The ratio is rounded to 2 decimals of a per cent, half up, before it is compared ("
    assert said in reading(rounds, "ltv", meridian.closing_date)
    assert said not in reading(rounds, "cash-sweep", meridian.closing_date)
    assert not any("is rounded" in clause.reading for clause in adopted(meridian, all_templates).clauses)
