"""A deal that changes hands: one workspace has its whole history, another takes it over and goes on
(`rulings.md` 56).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.audit.audit_report import audit_report
from engine.audit.replay import Replay
from engine.audit.verify_workspace import verify_record
from engine.basics.errors import WrongUsage
from engine.demo import plan
from engine.determination.template import Template
from engine.events import kinds
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Determined, NoticeIssued
from engine.events.taken_over import TakenOver
from engine.operations.record_act import record_act
from engine.operations.run import Tools, run
from engine.operations.run_preview import preview
from engine.operations.takeover_form import takeover_form
from engine.queries.history import explanation_of, summary
from engine.record.log import Scribe, append, deal_log, read
from engine.workspace.deal_files import loaded
from engine.workspace.workspace import Workspace, create, opened
from tests.built import copy_of
from tests.conftest import DEALS
from tests.evaluation.takeover_history import WHO, with_document
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW, fill, keep, paper

WEEKS = 14
HANDED = plan.THURSDAYS[9] + timedelta(days=1)
"""The day as of which the deal is taken over: the day after its tenth date."""


def tools(templates: dict[str, Template]) -> Tools:
    return Tools(templates, paper, NOW, "tester", lambda _: None)


def _whole(root: Path, templates: dict[str, Template]) -> None:
    """A workspace in which the deal has been monitored from closing."""
    create(root)
    (root / "deals" / f"{DEAL}.yaml").write_bytes((DEALS / f"{DEAL}.yaml").read_bytes())
    with_all = opened(root)
    fill(with_all, WEEKS, templates)
    run(with_all, plan.THURSDAYS[WEEKS - 1], tools(templates))
    with_all.store.close()


@pytest.fixture
def former(tmp_path: Path, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    found = opened(
        copy_of(
            "takeover: monitored from closing", lambda root: _whole(root, all_templates), tmp_path / "former"
        )
    )
    yield found
    found.store.close()


def block(former: Workspace, templates: dict[str, Template]) -> str:
    deal = loaded(DEALS / f"{DEAL}.yaml", templates)
    return takeover_form(former, deal, HANDED, templates, WHO).text


def _taken(root: Path, text: str, templates: dict[str, Template]) -> None:
    """A workspace that has the deal from the takeover on, and nothing of what was before."""
    create(root)
    (root / "deals" / f"{DEAL}.yaml").write_text(text, encoding="utf-8")
    found = opened(root)
    for thursday in plan.THURSDAYS[9:WEEKS]:
        keep(found, thursday, NOW)
        for report in plan.reports(thursday):
            if report.name.startswith(DEAL) and report.received > HANDED:
                take(found, report.text, report.name, report.received, templates, Scribe("t", "t", NOW))
    run(found, plan.THURSDAYS[WEEKS - 1], tools(templates))
    found.store.close()


def taken_text(former: Workspace, templates: dict[str, Template]) -> str:
    written = with_document((DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8"))
    return f"{written}\n{block(former, templates)}"


@pytest.fixture
def taken(tmp_path: Path, former: Workspace, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    text = taken_text(former, all_templates)
    found = opened(
        copy_of("takeover: taken over", lambda root: _taken(root, text, all_templates), tmp_path / "taken")
    )
    yield found
    found.store.close()


def results(workspace: Workspace) -> dict[tuple[date, str], object]:
    """Each result and state after the takeover."""
    tested = [
        event.payload
        for event in read(workspace.store, deal_log(DEAL))
        if isinstance(event.payload, kinds.Tested)
    ]
    return {
        (one.result.on, one.result.test): (
            one.result.verdict,
            one.result.measured,
            one.state.status,
            one.state.since,
            one.state.cure and one.state.cure.by,
        )
        for one in tested
        if one.result.on > HANDED
    }


def test_the_run_goes_on_as_the_whole_history_does(former: Workspace, taken: Workspace) -> None:
    events = [event for event in read(taken.store, deal_log(DEAL)) if event.kind != "report received"]
    assert [event.kind for event in events[:2]] == ["deal adopted", "taken over"]
    assert events[1].effective_on == HANDED
    dates = [event.effective_on for event in events if isinstance(event.payload, Determined)]
    assert dates == list(plan.THURSDAYS[10:WEEKS])
    assert results(taken) == results(former)
    assert min(event.effective_on for event in events if isinstance(event.payload, NoticeIssued)) > HANDED


def test_it_rests_on_a_word_and_says_so(taken: Workspace, all_templates: dict[str, Template]) -> None:
    events = [event for event in read(taken.store, deal_log(DEAL)) if event.kind != "report received"]
    handed: TakenOver = events[1].payload
    said = (
        f"carried over from Former Servicing LLC as of {HANDED} on the word of Ada Reyes and Ben Okafor, by "
        "TN"
    )
    assert handed.words == said == summary(events[1])
    determined = next(event.payload for event in events if isinstance(event.payload, Determined))
    assert said in determined.warnings[0]
    assert WHO["sha256"][:16] in determined.warnings[0]
    report = audit_report(
        taken, DEAL, (HANDED, plan.THURSDAYS[WEEKS]), datetime.now(UTC), all_templates, None
    )
    assert any(said in line.what for line in report.on_a_word)
    explained = explanation_of(taken, DEAL, "cash-sweep", plan.THURSDAYS[10])
    carried = explained.event.payload.state.since <= HANDED
    assert any(said in line for line in explained.lines) == carried


def test_it_is_replayed_and_verified(taken: Workspace, all_templates: dict[str, Template]) -> None:
    found = {one.log: one for one in Replay(taken, all_templates).run()}
    assert all(one.difference is None for one in found.values()), found
    assert found[deal_log(DEAL)].asserted >= 1
    assert not [one for one in verify_record(taken, (), (), DEAL).findings if one.difference]


def test_a_takeover_left_out_of_the_log_is_found(
    taken: Workspace, all_templates: dict[str, Template]
) -> None:
    path = next((taken.root / "deals" / "adopted").glob("*.yaml"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Former Servicing LLC", "Another Servicing LLC"), encoding="utf-8")
    found = next(one for one in Replay(taken, all_templates).run() if one.log == deal_log(DEAL))
    assert found.difference is not None


def test_no_act_stands_before_it(taken: Workspace, all_templates: dict[str, Template]) -> None:
    deal = loaded(taken.root / "deals" / f"{DEAL}.yaml", all_templates)
    act = ActRecorded(
        act="waiver",
        clause="ltv",
        effective_on=HANDED,
        until=HANDED + timedelta(days=30),
        details={"clock": "resumes"},
    )
    with pytest.raises(WrongUsage, match=f"taken over as of {HANDED}"):
        record_act(taken, deal, act, Scribe("t", "t", NOW))
    after = act.model_copy(
        update={
            "effective_on": HANDED + timedelta(days=1),
            "prepared_by": "Ada",
            "approved_by": "Ben",
            "document": "W",
        }
    )
    assert record_act(taken, deal, after, Scribe("t", "t", NOW)).new


def test_a_live_deal_keeps_its_takeover(taken: Workspace, all_templates: dict[str, Template]) -> None:
    path = taken.root / "deals" / f"{DEAL}.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Former Servicing LLC", "Another Servicing LLC"),
        encoding="utf-8",
    )
    outcome = run(taken, plan.THURSDAYS[WEEKS - 1], tools(all_templates))
    assert outcome.deals[0].reason is not None
    assert "were changed after the deal went live" in outcome.deals[0].reason


def test_a_blank_form_asks_for_every_key(all_templates: dict[str, Template]) -> None:
    deal = loaded(DEALS / f"{DEAL}.yaml", all_templates)
    form = takeover_form(None, deal, HANDED, all_templates, {})
    assert not form.from_record
    assert form.blanks > len(deal.segments[0][1].covenants) * 5
    assert all(
        f"{name}:" in form.text
        for name in (*deal.segments[0][1].covenants, "reports_missing", "not_yet_told")
    )


def test_a_preview_shows_the_first_week(
    tmp_path: Path, former: Workspace, all_templates: dict[str, Template]
) -> None:
    """Nothing is recorded, and the first date comes out as the whole history has it."""
    create(tmp_path / "new")
    (tmp_path / "new" / "deals" / f"{DEAL}.yaml").write_text(
        taken_text(former, all_templates), encoding="utf-8"
    )
    workspace = opened(tmp_path / "new")
    keep(workspace, plan.THURSDAYS[10], NOW)
    shown = preview(workspace, plan.THURSDAYS[10], all_templates, Scribe("t", "t", NOW))
    (deal,) = shown.deals
    assert deal.answer.outcome.reason is None
    assert [one.on for one in deal.dates] == [
        date(2026, 3, 16),
        plan.THURSDAYS[10],
    ]  # a Payment Date, and the first Determination Date
    assert [event.kind for event in deal.answer.outcome.events[:2]] == ["deal adopted", "taken over"]
    tested = {
        event.subject for event in deal.answer.outcome.events if isinstance(event.payload, kinds.Tested)
    }
    assert tested == {"rate-floor", "ltv", "cash-sweep", "appraisal"}
    assert not read(workspace.store, deal_log(DEAL))
    workspace.store.close()


def test_what_happens_after_the_day_is_no_part_of_it(
    tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    """A waiver of Monday, and a report that counts from its entry on Monday, are not handed over as of
    Saturday.
    """
    create(tmp_path / "former")
    (tmp_path / "former" / "deals" / f"{DEAL}.yaml").write_bytes((DEALS / f"{DEAL}.yaml").read_bytes())
    workspace = opened(tmp_path / "former")
    fill(workspace, 5, all_templates)
    run(workspace, plan.THURSDAYS[3], tools(all_templates))
    saturday = plan.THURSDAYS[3] + timedelta(days=2)
    deal = loaded(DEALS / f"{DEAL}.yaml", all_templates)
    before = takeover_form(workspace, deal, saturday, all_templates, WHO)
    monday = saturday + timedelta(days=2)
    waiver = ActRecorded(
        act="waiver",
        clause="ltv",
        effective_on=monday,
        until=monday + timedelta(days=30),
        document="W",
        details={"clock": "resumes"},
    )
    payloads = [event.payload for event in read(workspace.store, deal_log(DEAL))]
    received = [one for one in payloads if isinstance(one, kinds.ReportReceived) and one.received <= saturday]
    keyed = {
        "sha256": "cd" * 32,
        "corrects": str(received[-1].as_of),
        "keyed_at": datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC),
        "serves_from_keying": True,
    }
    late = received[-1].model_copy(update=keyed)
    drafts = [
        Draft(kind="act recorded", subject=waiver.identity, effective_on=monday, payload=waiver),
        Draft(kind="report received", subject=late.name, effective_on=late.received, payload=late),
    ]
    with workspace.store.begin() as writer:
        append(writer, deal_log(DEAL), drafts, Scribe("t", "t", NOW))
    run(workspace, plan.THURSDAYS[4], tools(all_templates))
    after = takeover_form(workspace, deal, saturday, all_templates, WHO)
    assert after.text == before.text
    assert (before.blanks, after.blanks) == (0, 0)
    waived = takeover_form(workspace, deal, monday, all_templates, WHO).text
    assert "status: WAIVED" in waived
    assert "cd" * 32 in waived
    workspace.store.close()
