"""A borrower that was replaced by Act: page 1 names the new one, and `verify` and the browser's parts both
find it so.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.demo import plan
from engine.determination.template import Template
from engine.events.kinds import ActRecorded
from engine.notices.pdf import read_notice
from engine.notices.verify_notice import verify_notice
from engine.operations.record_act import record_act
from engine.operations.run import Tools, run
from engine.record.log import Scribe
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.notices.browser_parts import browser_says
from tests.notices.test_verify_notice import NOW, five_weeks
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.operations.test_run import DEAL

SECOND = "Second Compute Borrower LLC"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """A desk whose borrower is replaced from its fourth date on; an Act that replaces the borrower once more
    is withdrawn.
    """
    root = tmp_path_factory.mktemp("replaced")
    five_weeks(root, all_templates, [], until=2)
    workspace, scribe = opened(root), Scribe("t", "t", NOW)
    deal = find_deal(workspace, DEAL, all_templates)
    for name, on in ((SECOND, plan.THURSDAYS[3]), ("Third LLC", plan.THURSDAYS[4])):
        details = {"party": "borrower", "name": name, "address": "second@example.com"}
        record_act(workspace, deal, _act("party replaced", on, details), scribe)
    third = next(e for e in reversed(_acts(workspace)) if e.details.get("name") == "Third LLC")
    record_act(workspace, deal, _act("act withdrawn", plan.THURSDAYS[4], {"names": third.identity}), scribe)
    run(
        workspace,
        plan.THURSDAYS[4],
        Tools(
            all_templates,
            lambda many: map(render_notice, many),
            NOW,
            "t",
            lambda _: None,
            pages=NoticePages(),
        ),
    )
    workspace.store.close()
    return root


def _acts(workspace: object) -> list[ActRecorded]:
    from engine.record.log import deal_log, read

    events = read(workspace.store, deal_log(DEAL))  # type: ignore[attr-defined]
    return [event.payload for event in events if isinstance(event.payload, ActRecorded)]


def _act(kind: str, on: object, details: dict[str, str]) -> ActRecorded:
    said = {
        "act": kind,
        "document": "Letter.pdf",
        "sha256": "0" * 64,
        "effective_on": on,
        "prepared_by": "A",
        "approved_by": "B",
    }
    return ActRecorded.model_validate({**said, "details": details})


def masthead(path: Path) -> str:
    page = json.loads(read_notice(path.read_bytes()).attachments["page.json"])
    return str(next(block["words"][0][1] for block in page["blocks"] if block["block"] == "masthead"))


def test_page_1_names_the_party_of_its_date_and_python_agrees(
    desk: Path, policy: object, all_templates: dict[str, Template]
) -> None:
    weekly = sorted((desk / "notices" / DEAL).glob("*compliance*.pdf"))
    names = [masthead(path) for path in weekly]
    assert len(names) == 5
    assert len(set(names[:3])) == 1
    assert names[3:] == [SECOND, SECOND] != names[1:3]
    for path in weekly:
        steps = verify_notice(path.read_bytes(), policy, all_templates, pages=NoticePages())  # type: ignore[arg-type]
        assert [step.difference for step in steps if step.difference] == []


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_the_browser_s_parts_agree(desk: Path, policy: object) -> None:
    weekly = sorted((desk / "notices" / DEAL).glob("*compliance*.pdf"))
    answers = browser_says(policy, notices=[str(path) for path in weekly])["notices"]  # type: ignore[arg-type]
    assert [
        (answer["verified"], [s["difference"] for s in answer["steps"] if s["difference"]])
        for answer in answers
    ] == [(True, [])] * 5
