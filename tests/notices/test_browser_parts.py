"""The parts of `headroom-verify.html` in Node say what `headroom verify` says, step by step, where a browser
may be absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.audit.verify_file import later_of
from engine.cli.show.keys import export_log
from engine.determination.template import Template
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import Later, verify_notice
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from tests.notices.browser_parts import browser_says
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture
from tests.operations.test_run import DEAL

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
NOT_TAKEN = ("results", "visible text")
"""Steps that the page leaves out, and says so."""


def ours(
    data: bytes, policy: Policy, templates: dict[str, Template], later: Sequence[Later] = ()
) -> list[tuple[str, str, str | None]]:
    steps = verify_notice(data, policy, templates, later, NoticePages())
    return [(step.name, step.found, step.difference) for step in steps if step.name not in NOT_TAKEN]


def theirs(answer: dict[str, object]) -> list[tuple[str, str, str | None]]:
    steps = answer["steps"]
    assert isinstance(steps, list)
    return [(step["name"], step["found"], step["difference"]) for step in steps]


def test_every_notice_is_said_alike_with_and_without_its_log(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    notices = sorted((desk / "notices" / DEAL).glob("*.pdf"))
    workspace = opened(desk)
    export_log(workspace, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    workspace.store.close()
    names = [str(path) for path in notices]
    later = [later_of(tmp_path / "export", policy)]
    for held, logs in (([], []), ([tmp_path / "export"], later)):
        answers = browser_says(policy, held, notices=names)["notices"]
        assert len(answers) == len(notices) > 3
        for path, answer in zip(notices, answers, strict=True):
            assert theirs(answer) == ours(path.read_bytes(), policy, all_templates, logs)
            assert answer["verified"]


def test_a_changed_notice_differs_at_the_same_step(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    data = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1].read_bytes()
    changed = tmp_path / "changed.pdf"
    for place in (200, len(data) // 2, len(data) - 200):
        changed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        answer = browser_says(policy, notices=[str(changed)])["notices"][0]
        found = ours(changed.read_bytes(), policy, all_templates)
        assert not answer["verified"]
        assert theirs(answer)[-1][0] == found[-1][0]
