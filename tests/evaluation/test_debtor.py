"""A deal with an issuer speaks of the Issuer: who cures, who delivers, and in every reading (`rulings.md`
58).
"""

from __future__ import annotations

from collections.abc import Callable

from engine.basics.values import debtor_of
from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.wording.adopted_deal import adopted
from tests.conftest import DEALS


def test_who_owes_the_debt_is_the_party_that_the_agreement_has() -> None:
    assert debtor_of(("borrower", "servicer")) == "borrower"
    assert debtor_of(("servicer", "issuer")) == "issuer"
    assert debtor_of(("issuer", "co_issuer")) == "issuer"
    assert debtor_of(("servicer",)) == "borrower"


def test_every_reading_of_a_deal_with_an_issuer_names_the_issuer(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    head = (
        text.replace("  borrower:  ", "  issuer:  ")
        .replace("to: [borrower,", "to: [issuer,")
        .replace("[borrower]", "[issuer]")
    )
    deal = load(head)
    assert resolve(deal, deal.closing_date).role_of("borrower") == "issuer"
    facts = adopted(deal, all_templates)
    said = " ".join(f"{clause.reading} {' '.join(clause.consequences)}" for clause in facts.clauses)
    assert "the Issuer" in said
    assert "Borrower" not in said
    assert {clause.cure.by for clause in facts.clauses if clause.cure is not None} == {"issuer"}
