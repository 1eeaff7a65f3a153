"""The audit report: what was verified and by whose keys, each notice as far as the record knows it, and what
was not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.audit.audit_report import GIVEN_KEYS, NOT_CHECKED, OWN_KEYS, audit_report
from engine.basics.errors import WrongUsage
from engine.cli.show.keys import make_key
from engine.demo import plan
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run import Tools, run
from engine.record.log import Scribe, append, deal_log
from engine.workspace.workspace import Workspace
from reports.notice.evidence_view import NoticePages
from reports.pages.audit import AuditInputs, compose
from reports.render.pdf import render_audit
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL, fill, paper
from tests.reports.verapdf import failures

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
PERIOD = (date(2026, 1, 1), plan.THURSDAYS[6])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """Seven weeks of a deal, in the last of which Loan-to-Value fails, with the failure's notice given too
    late.
    """
    workspace = made(tmp_path_factory.mktemp("desk"))
    make_key("agent.example/log", workspace.root / "keys" / "log.key", cosigner=False, as_json=True)
    fill(workspace, 7, all_templates)
    run(
        workspace,
        plan.THURSDAYS[6],
        Tools(all_templates, paper, NOW, "t", lambda _: None, pages=NoticePages()),
    )
    act = ActRecorded(
        act="notice given",
        clause="ltv",
        document="Courier slip 7",
        effective_on=date(2026, 2, 25),
        prepared_by="A. Smith",
        details={"notice": "test_failed", "of": str(plan.THURSDAYS[6])},
    )
    with workspace.store.begin() as writer:
        draft = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
        append(writer, deal_log(DEAL), [draft], Scribe("desk", "t", NOW))
    yield workspace
    workspace.store.close()


def test_the_report_says_what_holds_and_whose_keys_were_used(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    own = audit_report(desk, DEAL, PERIOD, NOW, all_templates, NoticePages())
    assert own.clean
    assert own.keys_from == OWN_KEYS
    brought = audit_report(
        desk, DEAL, PERIOD, NOW, all_templates, NoticePages(), [desk.root / "keys" / "log.key.pub"]
    )
    assert brought.keys_from == GIVEN_KEYS
    assert brought.keys == (("agent.example/log", "the log"),)
    assert (own.dates["Determination Dates"], own.dates["FAIL"]) == (7, 1)


def test_a_notice_that_was_given_after_its_last_day_is_late(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    found = audit_report(desk, DEAL, (PERIOD[0], date(2026, 12, 31)), NOW, all_templates, NoticePages())
    failed = next(row for row in found.notices if row.kind == "test_failed")
    assert failed.due == date(2026, 2, 23)  # two Business Days after Thursday 19 February
    assert (failed.outcome, failed.given_on) == ("given late", date(2026, 2, 25))
    weekly = next(row for row in found.notices if row.kind == "compliance")
    assert (weekly.outcome, dict(weekly.steps)) == ("late, not given", {"all": "drafted"})
    assert any("Courier slip 7, entered by A. Smith" in line.what for line in found.on_a_word)


def test_what_was_not_checked_is_said_in_sentences_with_their_sources(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    assert len(NOT_CHECKED) >= 14
    for sentence, source in NOT_CHECKED:
        assert sentence.endswith(".")
        assert all(len(one.split()) <= 25 for one in re.split(r"(?<=\.) ", sentence))
        assert source
    data = audit_report(desk, DEAL, PERIOD, NOW, all_templates, NoticePages()).as_data()
    assert len(data["not_checked"]) == len(NOT_CHECKED)
    page = compose(AuditInputs(data, "Agent", NOW))
    assert [row[1] for row in page["not_checked"]] == [sentence for sentence, _ in NOT_CHECKED]
    assert page["answer"][0][0] == ("The record holds, and comes out again", True)
    assert page["blanks"] == ["Auditor", "Firm", "Signature", "Place and date"]


def test_a_period_or_a_deal_that_is_none_is_refused(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    with pytest.raises(WrongUsage, match="is before --from"):
        audit_report(desk, DEAL, (PERIOD[1], PERIOD[0]), NOW, all_templates, None)
    with pytest.raises(WrongUsage, match="a log of `other` does not exist; there are meridian-2026-1"):
        audit_report(desk, "other", PERIOD, NOW, all_templates, None)


def test_a_record_that_was_changed_is_no_clean_report(
    desk: Workspace, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    notice = sorted((desk.root / "notices" / DEAL).glob("*.pdf"))[0]
    kept = notice.read_bytes()
    notice.write_bytes(kept + b"x")
    try:
        found = audit_report(desk, DEAL, PERIOD, NOW, all_templates, NoticePages())
    finally:
        notice.write_bytes(kept)
    assert not found.clean
    assert any(difference and "has been changed" in difference for _, difference in found.verified)


def test_no_key_of_a_file_stands_on_the_page(desk: Workspace, all_templates: dict[str, Template]) -> None:
    """A reader finds the agreement's titles and the words of a notice's own page, and no identifier."""
    data = audit_report(desk, DEAL, PERIOD, NOW, all_templates, NoticePages()).as_data()
    page = compose(AuditInputs(data, "Agent", NOW))
    notices = [row[1] for row in page["tables"][0]["rows"]]
    assert "Failed Test Notice, Loan to value" in notices
    assert "Compliance Notice" in notices
    raw = {row["kind"] for row in data["notices"]} | {
        row["subject"] for row in data["notices"] if row["subject"]
    }
    assert [text for text in notices for key in raw if re.search(rf"\b{re.escape(key)}\b", text)] == []


def test_what_somebody_holds_is_said_whatever_it_is(
    desk: Workspace, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """A text of several checkpoints, and one that nobody known has signed: each is a sentence."""
    notes = [
        note
        for log in desk.store.logs()
        if (note := desk.store.checkpoints(log)[-1][1]).startswith("calc") and log == deal_log(DEAL)
    ]
    (tmp_path / "several.txt").write_text("\n".join(notes * 2), encoding="utf-8")
    (tmp_path / "strange.txt").write_text(
        notes[0].replace("agent.example/log", "other.example/log"), encoding="utf-8"
    )
    found = audit_report(
        desk,
        DEAL,
        PERIOD,
        NOW,
        all_templates,
        NoticePages(),
        held=[tmp_path / "several.txt", tmp_path / "strange.txt"],
    )
    assert [said.endswith("signed by agent.example/log.") for said in found.held] == [True, True, False]
    assert found.held[2].startswith("One that proves nothing: ")


@pytest.mark.parametrize("times", [0, 1, 12])
def test_the_report_is_an_archive_file_that_everyone_can_read(
    desk: Workspace, all_templates: dict[str, Template], tmp_path: Path, times: int
) -> None:
    """PDF/A-3a and PDF/UA-1 in one file, by the veraPDF engine, with empty tables and with tables over many
    pages.
    """
    data = audit_report(desk, DEAL, PERIOD, NOW, all_templates, NoticePages()).as_data()
    for name in ("verified", "notices", "on_a_word", "exceptions"):
        data[name] = data[name] * times
    inputs = AuditInputs(data, "Agent <&> Österreich", NOW)
    path = tmp_path / "audit.pdf"
    path.write_bytes(render_audit(inputs))
    assert path.read_bytes() == render_audit(inputs)
    for profile in ("3a", "ua1"):
        checks, broken = failures(path, profile)
        assert checks > 5_000
        assert broken == {}
