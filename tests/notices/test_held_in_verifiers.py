"""Notices whose results are held: page 1 says the figure and the count, and both verifiers compose it again
(`rulings.md` 60).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.cli.show.keys import make_key
from engine.demo import plan
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.trust_policy import Policy
from engine.operations.run import Tools, run
from engine.record.log import Scribe
from engine.workspace.workspace import create, opened
from reports.notice.compose import compose
from reports.notice.evidence_view import NoticePages
from reports.notice.words import page_words
from reports.render.pdf import render_notice
from tests.conftest import DEALS
from tests.evaluation.test_held_results import HELD, REPORT_ONLY
from tests.operations.said_desk import differences
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW, keep

WEEKS = 3
CHANGES = (
    ("2026-01-06: 65%", "2026-01-06: 58%"),
    ("60%, cite", "56%, cite"),
    ("level: USD 1.50", "level: USD 2.15"),
)
"""Limits that lie inside the interval by sellers of the generated market's first weeks."""
SAID = (
    (
        "Loan to value fails (59.578%), held: not decisive, 3 of 4, for the third date running, against a "
        "maximum of 58%."
    ),
    "Cash sweep level fails (USD 2.0878), held: not decisive, 3 of 4, and is not counted.",
)


def test_a_held_test_and_a_held_trigger_are_said_with_their_figures(
    tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    create(tmp_path)
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8").partition("worked_examples:")[0]
    text = text.replace(REPORT_ONLY, HELD + "the result counts,")
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "deals" / f"{DEAL}.yaml").write_text(text, encoding="utf-8")
    make_key("agent.example/log", tmp_path / "keys" / "log.key", cosigner=False, as_json=True)
    workspace = opened(tmp_path)
    for thursday in plan.THURSDAYS[:WEEKS]:
        keep(workspace, thursday, NOW)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL):
                take(
                    workspace, report.text, report.name, report.received, all_templates, Scribe("t", "t", NOW)
                )
    made: list[NoticeInputs] = []

    def render(many: Sequence[NoticeInputs]) -> Iterator[bytes]:
        made.extend(many)
        return map(render_notice, many)

    tools = Tools(all_templates, render, NOW, "t", lambda _: None, pages=NoticePages())
    run(workspace, plan.THURSDAYS[WEEKS - 1], tools)
    workspace.store.close()
    notice = next(one for one in reversed(made) if one.kind == "compliance")
    words = page_words(notice).decode()
    for said in SAID:
        assert said in words
    rows = {row["title"]: row["detail"] for row in compose(notice)["first"][0]["rows"]}
    assert rows["Cash sweep level"] == "fails (USD 2.0878), held: not decisive, 3 of 4; 0 of 2 dates"
    assert rows["Loan to value"].startswith("fails (59.578%), held: not decisive, 3 of 4; ")
    key = (tmp_path / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
    assert differences(tmp_path, Policy(log_keys=(key,), signature_needed=False), all_templates) == []
