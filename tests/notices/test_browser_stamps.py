"""Time stamps of checkpoints in `headroom-verify.html`: the sentences of `headroom verify`, for right stamps
and for wrong ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.audit.verify_bundle import verify_bundle
from engine.audit.verify_export import verify_export
from engine.audit.verify_file import later_of
from engine.cli.show.keys import export_log
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.closing import Step
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from engine.operations.sign_checkpoints import newest_signed
from engine.queries.bundle import write_bundle
from engine.workspace.checkpoints import stamp_place
from engine.workspace.workspace import Workspace
from reports.notice.evidence_view import NoticePages
from tests.notices.browser_parts import browser_says
from tests.notices.time_authority import Authority
from tests.operations.test_run import DEAL
from tests.operations.test_stamp_checkpoints import FORGED, LOG, written_policy
from tests.operations.test_stamp_checkpoints import authority as authority  # the fixtures
from tests.operations.test_stamp_checkpoints import desk as desk
from tests.operations.test_stamp_checkpoints import policy as policy
from tests.operations.test_stamp_checkpoints import record as record
from tests.operations.test_stamp_checkpoints import stamped as stamped

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


def log_step(steps: Sequence[Step]) -> str:
    return next(step.difference or step.found for step in steps if step.name == "log")


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
@pytest.mark.parametrize("what", ["as it is", *FORGED])
def test_both_verifiers_say_the_same_of_a_stamp(
    what: str,
    named: bool,
    stamped: Workspace,
    authority: Authority,
    policy: Policy,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    note = newest_signed(stamped, LOG).note
    place = stamp_place(stamped, LOG, note)
    if what in FORGED:
        forged = FORGED[what][0](place.read_text(encoding="utf-8"), note, authority)
        place.write_text(forged, encoding="utf-8")
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    bundle = tmp_path / "deal.bundle"
    write_bundle(stamped, DEAL, bundle, lambda of, log: newest_signed(of, log).note)
    by = policy.model_copy(update={"time_authorities": (authority.fingerprint,)}) if named else policy
    trustee = written_policy(tmp_path / "trustee.toml", policy, *by.time_authorities)
    notice = sorted((stamped.root / "notices" / DEAL).glob("*compliance.pdf"))[-1]
    said = browser_says(by, [tmp_path / "export"], notices=[str(notice)], bundles=[str(bundle)], notes=[])
    mine = verify_export(tmp_path / "export", trustee)
    assert said["exports"][0]["steps"] == [asdict(step) for step in mine.steps]
    (theirs,) = (step for step in said["bundles"][0]["steps"] if step["name"] == "time stamp")
    found = verify_bundle(bundle, trustee, all_templates, NoticePages())
    assert theirs == next(asdict(step) for step in found.steps if step.name == "time stamp")
    held = [later_of(tmp_path / "export", by)]
    steps = list(verify_notice(notice.read_bytes(), by, all_templates, held, pages=NoticePages()))
    (of_notice,) = (step for step in said["notices"][0]["steps"] if step["name"] == "log")
    assert (of_notice["difference"] or of_notice["found"]) == log_step(steps)
    assert mine.verified == (what == "as it is")
