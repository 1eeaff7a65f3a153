"""A deal file is parsed once for the same text, name and templates, and anew for any other."""

from __future__ import annotations

from pathlib import Path

from engine.determination.template import Template
from engine.workspace.deal_files import deal_in, read_deal
from tests.operations.test_run import DEAL

DEALS = Path(__file__).resolve().parents[2] / "deals"


def test_only_the_same_text_name_and_templates_give_what_was_read_before(
    all_templates: dict[str, Template],
) -> None:
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    deal, problems = deal_in(text, "a.yaml", all_templates)
    assert deal is not None
    assert deal_in(text, "a.yaml", all_templates)[0] is deal
    # The list is the caller's own: what one caller adds, another does not find.
    problems.append(deal_in("deal: [", "a.yaml", all_templates)[1][0])
    assert deal_in(text, "a.yaml", all_templates)[1] == []
    elsewhere, _ = deal_in(text, "b.yaml", all_templates)
    assert elsewhere is not None
    assert elsewhere.tree.place(("deal",)).file == "b.yaml"
    changed, _ = deal_in(f"{text}\n# a comment\n", "a.yaml", all_templates)
    assert changed is not None
    assert changed.sha256 != deal.sha256
    used = {clause.template for clause in deal.segments[0][1].covenants.values()}
    fewer = {name: one for name, one in all_templates.items() if name not in used}
    assert deal_in(text, "a.yaml", fewer)[0] is None


def test_a_text_is_parsed_once_whether_its_deal_or_its_errors_are_asked_for(
    all_templates: dict[str, Template],
) -> None:
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8") + "\n# once\n"
    checked, _ = read_deal(text, "a.yaml", all_templates)
    assert checked is not None
    assert deal_in(text, "a.yaml", all_templates)[0] is checked
    # A text with errors is read by both as well, and only a check explains them.
    spoilt = text.replace("closing_date:", "closing-date:", 1)
    first, everything = deal_in(spoilt, "a.yaml", all_templates), read_deal(spoilt, "a.yaml", all_templates)
    assert first[0] is everything[0] is None
    assert first[1]
    assert {problem.place for problem in first[1]} <= {problem.place for problem in everything[1]}
