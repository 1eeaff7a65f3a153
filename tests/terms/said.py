"""A deal of format 2 around the clauses that a test says: closing 2026-01-06, tested on the 15th of each
month from February on, 1,000 GPUs.

Collateral Value is 1.5 x the Reference Rate x 1,000 x 8,760 x 95%: USD 12,483,000 for each dollar of the
rate.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.workspace.deal_files import read_deal

HEAD = """deal: said
format: 2
illustrative: true
documents:
  CA: {title: Credit Agreement, dated: 2026-01-06}
closing_date: 2026-01-06
maturity_date: 2040-01-15
business_days: us-federal-reserve
time_zone: America/New_York
determination_dates: {every: month, day: 15, first: 2026-02-17, if_not_a_business_day: next business day, cut_off: end of day, cite: CA §1.01}
payment_dates: {every: month, day: 15, if_not_a_business_day: next business day, cite: CA §5.01}
servicer_reports: {every: month, due: 1 business day before determination date, too_old_after: 40 days, corrected_report: from then on, late_keying: {accepted_for: 10 business days}, tolerance: none, cite: CA §3.05}
revenue: {mostly: on demand, cite: CA §5.17}
rounding: {ratios: unrounded, cite: CA §1.03}
parties:
  borrower: {name: Borrower LLC, notices: a@example.com}
  servicer: {name: Servicer LLC, notices: b@example.com}
  administrative_agent: {name: Agent Bank, notices: c@example.com}
index:
  CRI-H100:
    source: computed by the calculation agent
    methodology: {policy: pinned, version: 1.1-wp}
    closing_date_level: USD 2.10 per GPU-hour
    low_confidence: {effect: report only, cite: CA §2.14(g)}
    late_publication: {accepted_for: 5 business days, cite: CA §2.14(e)}
    restatement: {accepted_for: 5 business days, effect: retest, cite: CA §2.14(f)}
    cite: CA §1.01
    fallback:
      - {use: published value, cite: CA §2.14(a)}
      - {use: last published value, for_at_most: 1 publication date, cite: CA §2.14(b)}
pledged_assets:
  h100: {model: H100 SXM, gpus: 1000, availability: 95%, index: CRI-H100, cite: CA Schedule 1}
debt:
  class_a: {original_principal: "USD 15,000,000", rate: 6.00%, cite: CA §2.01}
  class_b: {original_principal: "USD 6,000,000", rate: 9.00%, cite: CA §2.01}
"""
TAIL = """notices:
  compliance: {given_by: servicer, to: [borrower], every: determination date}
  test_failed: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
  event_of_default: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
  trigger_event: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
  correction: {given_by: the giver, to: [the same addressees], within: 1 business day, cite: CA §6.04}
"""
WEEKLY = (
    "{every: month, day: 15, first: 2026-02-17, if_not_a_business_day: next business day, cut_off",
    "{every: Thursday, if_not_a_business_day: same day, cut_off",
)
"""A change of the head: Determination Dates on Thursdays."""


def said(
    covenants: str, examples: str = "", triggers: str = "", *changes: tuple[str, str], before: str = ""
) -> str:
    """The whole file; `before` stands before the covenants, and each change replaces a text that stands once."""
    text = HEAD + before + "covenants:\n" + covenants + (f"triggers:\n{triggers}" if triggers else "") + TAIL
    text += f"worked_examples:\n{examples}" if examples else ""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def holds(text: str, templates: Mapping[str, Template]) -> list[str]:
    """What is wrong with the file and with its worked examples; nothing if every example holds."""
    deal, problems = read_deal(text, "said.yaml", templates)
    wrong = [_line(one) for one in problems if not one.code.startswith("W")]
    if deal is None or wrong:
        return wrong
    return [_line(one) for proof in prove(deal, templates) for one in proof.problems]


def asked(text: str, templates: Mapping[str, Template]) -> list[tuple[str, str]]:
    """Code and first sentence of every error of a file."""
    return [
        (one.code, one.what)
        for one in read_deal(text, "said.yaml", templates)[1]
        if not one.code.startswith("W")
    ]


def _line(one: Problem) -> str:
    return f"{one.place.line}: {one.code} {one.what}; {one.why}"
