"""The parts of `headroom-verify.html` in Node say what `headroom verify` says, step by step, where a browser
may be absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.audit.verify_file import later_of
from engine.cli.show.keys import export_log
from engine.determination.template import Template
from engine.notices.signature import TimeAuthority, check_seal, seal
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import Later, verify_notice
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from tests.notices.browser_parts import browser_says
from tests.notices.test_verify_notice import KEPT, THEN
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture
from tests.notices.time_authority import made, served
from tests.operations.test_run import DEAL

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
NOT_TAKEN = ("results", "visible text")
"""Steps that the page does not take as the command does: it says `NOT COMPARED` of the results, and leaves
the rows out.
"""


def ours(
    data: bytes, policy: Policy, templates: dict[str, Template], later: Sequence[Later] = ()
) -> list[tuple[str, str, str | None]]:
    steps = verify_notice(data, policy, templates, later, NoticePages())
    return [(step.name, step.found, step.difference) for step in steps if step.name not in NOT_TAKEN]


def theirs(answer: dict[str, object]) -> list[tuple[str, str, str | None]]:
    steps = answer["steps"]
    assert isinstance(steps, list)
    return [
        (step["name"], step["found"], step["difference"]) for step in steps if step["name"] not in NOT_TAKEN
    ]


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


@pytest.mark.parametrize("name", ["deals", "origins"])
def test_a_notice_that_the_policy_does_not_ask_for_is_refused_alike(
    name: str, desk: Path, policy: Policy, all_templates: dict[str, Template]
) -> None:
    notice = max((desk / "notices" / DEAL).glob("*.pdf"))
    bounded = policy.model_copy(update={name: ("another",)})
    answer = browser_says(bounded, notices=[str(notice)])["notices"][0]
    found = ours(notice.read_bytes(), bounded, all_templates)
    assert theirs(answer) == found
    assert (found[-1][0], "asks for another" in (found[-1][2] or "")) == ("log", True)


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


def test_the_page_says_which_results_it_did_not_compute(desk: Path, policy: Policy) -> None:
    """A verdict by its figure and limit, sellers by their subsets; no figure from the deal file, and no word
    more.
    """
    notice = sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1]
    answer = browser_says(policy, notices=[str(notice)])["notices"][0]
    said = next(step["found"] for step in answer["steps"] if step["name"] == "results")
    assert said == (
        "NOT COMPARED: no figure was computed again from the deal file; 4 verdicts follow from the figure "
        "and the limit that the log has; 2 results and 1 interval by the subsets of sellers come out again"
    )
    compared, left = answer["closing"].split(" Not compared: ")
    assert "results" not in compared
    assert "the results, which this page does not compute again" in left


def test_a_notice_of_the_first_edition_is_said_alike(
    all_templates: dict[str, Template],
) -> None:
    answer = browser_says(THEN, notices=[str(KEPT)])["notices"][0]
    assert theirs(answer) == ours(KEPT.read_bytes(), THEN, all_templates)
    assert answer["verified"]
    assert "recorded under edition 1 of the rulings" in str(answer["steps"])
    assert "its words, for the file carries no page.json" in answer["closing"]


@pytest.mark.parametrize(
    ("days", "part"),
    [(0, "there when it was time-stamped"), (-400, "its log was time-stamped at 2025-05-29")],
)
def test_a_stamped_notice_is_said_alike_and_vouches_for_no_later_event(
    days: int, part: str, desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """A stamp that is older than the event which it is said to cover is a difference in the step `log`."""
    signed = sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes()
    found = check_seal(signed, frozenset(policy.notice_certificates))
    assert found is not None
    with served(made(datetime(2026, 7, 3, 12, tzinfo=UTC) + timedelta(days=days))) as authority:
        asked = TimeAuthority(authority.url, authority.fingerprint, authority.at)
        data = seal(found.unsigned + b"\n", desk / "keys" / "notice.key", asked)
    (tmp_path / "stamped.pdf").write_bytes(data)
    believed = policy.model_copy(update={"time_authorities": (authority.fingerprint,)})
    answer = browser_says(believed, notices=[str(tmp_path / "stamped.pdf")])["notices"][0]
    assert theirs(answer) == ours(data, believed, all_templates)
    assert part in str(answer["steps"])
