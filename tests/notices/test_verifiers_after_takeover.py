"""Notices of a deal that was taken over: both verifiers compose their first pages again from what the notices
carry.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from engine.cli.show.keys import make_key, make_notice_key
from engine.demo import plan
from engine.determination.template import Template
from engine.notices.trust_policy import Policy
from engine.operations.run import Tools, run
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace, create, opened
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.operations.said_desk import differences
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW, keep
from tests.operations.test_takeover import HANDED, taken_text
from tests.operations.test_takeover import former as former  # the fixture


def carried_on(root: Path, text: str, all_templates: dict[str, Template]) -> Policy:
    """Make a workspace that carries a deal on after its takeover, its notices drawn and signed; returns whom
    its trustee trusts.
    """
    create(root)
    (root / "deals" / f"{DEAL}.yaml").write_text(text, encoding="utf-8")
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    make_notice_key("Agent", root / "keys" / "notice.key", NOW, as_json=True)
    workspace = opened(root)
    for thursday in plan.THURSDAYS[9:13]:
        keep(workspace, thursday, NOW)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL) and report.received > HANDED:
                take(
                    workspace, report.text, report.name, report.received, all_templates, Scribe("t", "t", NOW)
                )
    tools = Tools(
        all_templates, lambda many: map(render_notice, many), NOW, "t", lambda _: None, pages=NoticePages()
    )
    run(workspace, plan.THURSDAYS[12], tools)
    workspace.store.close()
    certificate = x509.load_pem_x509_certificate((root / "keys" / "notice.key.crt").read_bytes())
    key = (root / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
    return Policy(log_keys=(key,), notice_certificates=(certificate.fingerprint(hashes.SHA256()).hex(),))


def test_both_verifiers_find_every_notice_so(
    tmp_path: Path, former: Workspace, all_templates: dict[str, Template]
) -> None:
    root = tmp_path / "carried"
    policy = carried_on(root, taken_text(former, all_templates), all_templates)
    assert len(list((root / "notices").rglob("*.pdf"))) >= 3
    assert differences(root, policy, all_templates) == []
