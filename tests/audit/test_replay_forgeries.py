"""What was cut off, forged or left out of a record is found when it is replayed, whatever the log says of
itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from engine.audit.replay import Replay
from engine.cli.show.act import record_act
from engine.demo import plan
from engine.determination.template import Template
from engine.events.date_standing import resting_on
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, NotEvaluated
from engine.operations.run import Tools, run
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, append, deal_log, index_log, read
from engine.workspace.deal_files import keep, read_text
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace, opened
from tests.audit.test_replay import OF_DEAL, WEEKS, desk, differences, original, tampered
from tests.operations.test_corrections import administered as administered  # the fixture
from tests.operations.test_corrections import series
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_run import DEAL

__all__ = ["desk", "original"]  # fixtures of the test that this one stands beside, used here


NEWEST = f"(SELECT max(seq) FROM log_entry WHERE {OF_DEAL} AND key LIKE 'notice issued|compliance|%')"


CUT = {
    "every notice": (
        f"DELETE FROM log_entry WHERE {OF_DEAL} AND key LIKE 'notice issued%'",
        "no event issued it",
    ),
    "the last notice": (f"DELETE FROM log_entry WHERE {OF_DEAL} AND seq = {NEWEST}", "comes out as"),
    "another number": (
        f"""UPDATE log_entry SET body = replace(body, '"number":3,', '"number":4,') WHERE {OF_DEAL}""",
        "number is recorded as 4",
    ),
    "a forged notice": (
        f"""UPDATE log_entry SET key = 'notice issued|trigger_event-ltv|2026-01-08|1',
            body = replace(body, '"subject":"compliance"', '"subject":"trigger_event-ltv"') WHERE {OF_DEAL} AND seq = {NEWEST}""",
        "nothing makes the notice",
    ),
    "the last date": (
        f"DELETE FROM log_entry WHERE {OF_DEAL} AND key LIKE '%|2026-03-26|%'",
        "is not determined",
    ),
    "the whole log": (f"DELETE FROM log_entry WHERE {OF_DEAL}", "is not there"),
}


@pytest.mark.parametrize("what", CUT)
def test_what_was_cut_off_or_forged_among_the_notices_is_found(
    desk: Workspace, all_templates: dict[str, Template], what: str
) -> None:
    statement, said = CUT[what]
    tampered(desk, statement)
    found = differences(opened(desk.root, to_inspect=True), all_templates)
    assert any(said in one for one in found), found


def test_an_index_that_was_altered_is_found_by_the_deal_that_rests_on_it(
    administered: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """What an administrator published is taken as recorded; a deal's rate names its print by hash
    (`rulings.md` 11).
    """
    series(
        administered, "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,1.6021,true,27,1.1.0\n", date(2026, 3, 5)
    )
    run(administered, date(2026, 3, 5), replace(tools, now=datetime(2026, 3, 5, 22, tzinfo=UTC)))
    assert differences(administered, all_templates) == []
    log = index_log("CRI-H100@administrator")
    for old, new in (("1.6021", "1.6022"), ("1.6022", "1.6020")):
        changed = f"UPDATE log_entry SET body = replace(body, '{old}', '{new}') WHERE log = '{log}'"
        tampered(administered, changed, log=log)
        found = differences(opened(administered.root, to_inspect=True), all_templates)
        assert any("CRI-H100" in one for one in found), found


def refused_on(desk: Workspace, on: date, at: datetime, text: str | None, reason: str) -> None:
    """What somebody writes who may write the files: that the deal was not evaluated, with a file or without."""
    kept = () if text is None else (keep(desk, text),)
    payload = resting_on(NotEvaluated(reason=reason), read(desk.store, deal_log(DEAL)))
    draft = Draft(kind="not evaluated", subject="deal", effective_on=on, payload=payload, inputs=kept)
    with desk.store.begin() as writer:
        append(writer, deal_log(DEAL), [draft], Scribe("t", "t", at))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a reason alone", "entry .* says why .*nothing that is kept shows it"),
        ("a good file", "entry .* says why .*nothing that is kept shows it"),
        ("another reason than the file's", "not evaluated deal of 2026-03-26: payload.reason"),
        ("a date that has not come", "before that date had come"),
    ],
)
def test_no_forged_reason_hides_a_date_that_was_cut_off(
    desk: Workspace, all_templates: dict[str, Template], what: str, said: str
) -> None:
    good = (desk.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    bad = good.replace("2026-01-06: 65%", "2026-01-06: 65")
    found = read_text(bad, f"{DEAL}.yaml", all_templates).reason
    assert found is not None
    tampered(desk, CUT["the last date"][0])
    workspace, at, last = opened(desk.root), datetime(2026, 7, 3, 14, tzinfo=UTC), plan.THURSDAYS[WEEKS - 1]
    text = None if what == "a reason alone" else good if what == "a good file" else bad
    on = date(2027, 1, 7) if what == "a date that has not come" else last
    refused_on(workspace, on, at, text, found if on != last else "the file was lost")
    workspace.store.close()
    assert any(re.search(said, one) for one in differences(opened(desk.root, to_inspect=True), all_templates))


def test_a_reason_that_the_kept_file_shows_comes_out_again_and_explains_its_dates(
    desk: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A deal whose file is broken for two weeks while its index goes on, and is mended."""
    path = desk.root / "deals" / f"{DEAL}.yaml"
    good = path.read_text(encoding="utf-8")
    for change in (("2026-01-06: 65%", "2026-01-06: 65"), ("2026-01-06: 65%", "2026-01-06: 66%")):
        path.write_text(good.replace(*change, 1), encoding="utf-8")
        run(desk, plan.THURSDAYS[WEEKS - 1] + timedelta(days=7 if "66%" in change[1] else 6), tools)
        refused = [
            event for event in read(desk.store, deal_log(DEAL)) if isinstance(event.payload, NotEvaluated)
        ]
        assert refused
        assert refused[-1].inputs == (sha256_hex(path.read_bytes()),)
        (replayed,) = (one for one in Replay(desk, all_templates).run() if one.log == deal_log(DEAL))
        assert (replayed.difference, replayed.asserted, len(replayed.refused)) == (None, 0, len(refused))
    assert len(refused) == 2
    for kept in (desk.root / "deals" / "refused").glob("*"):
        change_back = kept.read_bytes()
        kept.write_bytes(change_back + b"# more\n")
        assert any("in deals/refused has been changed" in one for one in differences(desk, all_templates))
        kept.unlink()
        assert any("is not in deals/refused" in one for one in differences(desk, all_templates))
        kept.write_bytes(change_back)
    path.write_text(good, encoding="utf-8")
    assert differences(desk, all_templates) == []


def test_a_reason_explains_no_date_after_the_deal_could_be_evaluated_again(
    desk: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A true reason of long ago does not cover what was cut off after it."""
    path, last = desk.root / "deals" / f"{DEAL}.yaml", plan.THURSDAYS[WEEKS - 1]
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("2026-01-06: 65%", "2026-01-06: 65", 1), encoding="utf-8")
    for thursday in plan.THURSDAYS[WEEKS : WEEKS + 2]:
        for one in plan.snapshots(thursday):
            desk.archive.add(one.data, one.name)
    run(desk, last + timedelta(days=14), tools)
    path.write_text(good, encoding="utf-8")
    run(desk, last + timedelta(days=14), tools)
    assert [one for one in differences(desk, all_templates) if "is not determined" in one] == []
    tampered(
        desk,
        f"DELETE FROM log_entry WHERE {OF_DEAL} AND key LIKE '%|{last + timedelta(days=14)}|%' AND key NOT "
        "LIKE 'not evaluated%'",
    )
    found = differences(opened(desk.root, to_inspect=True), all_templates)
    assert any(f"{last + timedelta(days=14)} had come" in one for one in found), found


def test_a_deal_whose_file_was_taken_away_is_missed(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    tampered(desk, CUT["the last date"][0])
    (desk.root / "deals" / f"{DEAL}.yaml").unlink()
    assert any(
        "its file is not in deals/" in one
        for one in differences(opened(desk.root, to_inspect=True), all_templates)
    )


def test_nothing_is_missed_of_a_deal_that_was_discharged(
    desk: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    on, scribe = (
        plan.THURSDAYS[WEEKS - 1] + timedelta(days=1),
        Scribe("t", "t", datetime(2026, 7, 3, 13, tzinfo=UTC)),
    )
    record_act(
        desk,
        find_deal(desk, DEAL, all_templates),
        ActRecorded(act="discharged", effective_on=on),
        scribe,
        as_json=True,
    )
    for thursday in plan.THURSDAYS[WEEKS : WEEKS + 2]:
        for one in plan.snapshots(thursday):
            desk.archive.add(one.data, one.name)
    run(desk, on + timedelta(days=13), tools)
    assert [one.difference for one in Replay(desk, all_templates).run() if one.log == deal_log(DEAL)] == [
        None
    ]


EARLY = {
    "a date before it had come": (
        "tested|ltv|2026-03-26|1",
        "2026-03-20T12:00:00.000Z",
        "before that date had come",
    ),
    "an entry out of its time": (
        "tested|ltv|2026-02-05|1",
        "2026-02-05T22:00:00.000Z",
        "and the entry before it at",
    ),
}


@pytest.mark.parametrize("what", EARLY)
def test_a_time_that_cannot_be_is_named(
    desk: Workspace, all_templates: dict[str, Template], what: str
) -> None:
    key, at, said = EARLY[what]
    which = f"AND key = '{key}'" if what == "an entry out of its time" else ""
    changed = f"""replace(body, '"recorded_at":"2026-07-03T12:00:00.000Z"', '"recorded_at":"{at}"')"""
    tampered(desk, f"UPDATE log_entry SET body = {changed} WHERE {OF_DEAL} {which}")
    found = differences(opened(desk.root, to_inspect=True), all_templates)
    assert any(said in one for one in found), found
