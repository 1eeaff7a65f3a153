"""Replay: the record comes out again byte for byte, and every kind of tampering with what it rests on is
named.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.audit.earlier_fields import LATER
from engine.audit.first_difference import first_difference
from engine.audit.replay import Replay
from engine.cli.show.act import record_act
from engine.cli.show.replay import replay
from engine.demo import plan
from engine.determination.template import Template
from engine.events.deal_state import as_it_stands, fold
from engine.events.kinds import ActRecorded, Correction
from engine.events.running_state import Past
from engine.events.standing import standing, withdrawn
from engine.operations.run import Tools, run
from engine.record.canonical import canonical
from engine.record.guards import SQLITE, sqlite_trigger
from engine.record.log import Scribe, deal_log, read
from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import Entry, Reader
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace, opened
from tests.operations.taking import take
from tests.operations.test_corrections import administered as administered  # the fixture
from tests.operations.test_corrections import made, series
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_run import DEAL, fill, running

WEEKS = 12


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """Twelve weeks, recorded through the command that imports, so that the archive has its log."""
    from engine.cli.show.index import import_snapshots

    root = tmp_path_factory.mktemp("replayed")
    workspace = made(root / "desk")
    folder = root / "raw"
    folder.mkdir()
    for thursday in plan.THURSDAYS[:WEEKS]:
        for one in plan.snapshots(thursday):
            (folder / one.name).write_bytes(one.data)
    import_snapshots(
        workspace, [folder], Scribe("t", "t", datetime(2026, 7, 3, 11, tzinfo=UTC)), as_json=True
    )
    fill(workspace, WEEKS, all_templates)
    run(workspace, plan.THURSDAYS[WEEKS - 1], running(all_templates))
    workspace.store.close()
    return root / "desk"


@pytest.fixture
def desk(original: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it to change."""
    workspace = opened(Path(shutil.copytree(original, tmp_path / "desk")))
    yield workspace
    workspace.store.close()


def differences(workspace: Workspace, templates: dict[str, Template]) -> list[str]:
    return [one.difference.what for one in Replay(workspace, templates).run() if one.difference is not None]


def test_the_record_comes_out_again(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert replay(desk, all_templates, None, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    counts = {one["log"]: one["events"] for one in found["logs"]}
    assert counts == {log: desk.store.size(log) for log in desk.store.logs()}


def test_corrections_and_prints_come_out_again(
    administered: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    at = [replace(tools, now=datetime(2026, 3, day, 18, tzinfo=UTC)) for day in (5, 6)]
    series(
        administered, "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,1.6021,true,27,1.1.0\n", date(2026, 3, 5)
    )
    run(administered, date(2026, 3, 5), at[0])
    series(administered, "2026-03-06,1.7350,false,44,1.1.1\n", date(2026, 3, 6))
    run(administered, date(2026, 3, 6), at[1])
    assert differences(administered, all_templates) == []


def test_a_log_that_is_replayed_again_is_read_again(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    """What an earlier replay of a log has read hides no change after it."""
    log = deal_log(DEAL)
    replayed = Replay(desk, all_templates)
    assert replayed.one(log).difference is None
    last = desk.store.size(log) - 1
    with desk.store.begin() as writer:
        writer._connection.exec_driver_sql("DROP TRIGGER log_entry_no_update")
        writer._connection.exec_driver_sql(
            'UPDATE log_entry SET body = replace(body, \'"actor":"\', \'"actor": "\') WHERE log = ? AND seq = ?',
            (log, last),
        )
    found = replayed.one(log).difference
    assert found is not None
    assert found.seq == last


def test_a_replay_reads_each_log_a_few_times_whatever_its_length(
    desk: Workspace, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_, rows = Reader.entries, 0

    def counted(reader: Reader, log: str, start: int = 0) -> list[Entry]:
        nonlocal rows
        found = read_(reader, log, start)
        rows += len(found)
        return found

    monkeypatch.setattr(Reader, "entries", counted)
    assert differences(desk, all_templates) == []
    assert rows <= 4 * sum(desk.store.size(log) for log in desk.store.logs())


def test_a_state_that_is_carried_on_is_the_one_that_is_folded(administered: Workspace, tools: Tools) -> None:
    """At every place of a log with a correction in it."""
    series(
        administered, "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,1.6021,true,27,1.1.0\n", date(2026, 3, 5)
    )
    run(administered, date(2026, 3, 5), replace(tools, now=datetime(2026, 3, 5, 22, tzinfo=UTC)))
    series(administered, "2026-03-06,1.7350,false,44,1.1.1\n", date(2026, 3, 6))
    run(administered, date(2026, 3, 6), tools)
    events, past = read(administered.store, deal_log(DEAL)), Past()
    assert any(isinstance(event.payload, Correction) for event in events)
    for place, event in enumerate(events, start=1):
        past.add(event)
        folded = as_it_stands(events[:place])
        assert past.state == folded
        assert folded.model_copy(update={"correcting": None, "again": {}, "stated_due": {}}) == fold(
            standing(events[:place])
        )
        assert past.withdrawn == withdrawn(events[:place])


def test_an_act_withdrawn_and_entered_again_is_applied_and_comes_out_again(
    desk: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    on, last = plan.THURSDAYS[5], plan.THURSDAYS[WEEKS - 1]
    scribe = Scribe("t", "t", datetime(2026, 7, 3, 13, tzinfo=UTC))

    def enter(**said: Any) -> None:
        act = ActRecorded(effective_on=on, **said)
        record_act(desk, find_deal(desk, DEAL, all_templates), act, scribe, as_json=True)
        run(desk, last, tools)

    enter(act="waiver", clause="ltv", until=date(2026, 12, 1), details={"clock": "resumes"})
    enter(act="act withdrawn", details={"names": f"waiver|ltv|{on}"})
    enter(act="waiver", clause="ltv", until=date(2026, 12, 31), details={"clock": "resumes"})
    state = fold(standing(read(desk.store, deal_log(DEAL)))).tests["ltv"]
    assert (state.status, state.waived_until) == ("WAIVED", date(2026, 12, 31))
    assert differences(desk, all_templates) == []


def at(day: int, hour: int = 22) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def failing(root: Path, tools: Tools, cure: str) -> Workspace:
    """A deal whose loan to value fails on its first date, 8 January, with a Cure Period of its own."""
    workspace = made(
        root,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
        ("cure: {within: 10 business days, after: determination date,", f"cure: {{{cure},"),
    )
    series(workspace, "2026-01-08,1.9000,false,44,1.1.1\n", date(2026, 1, 8))
    text = f"deal: {DEAL}\nperiod: {{from: 2026-01-01, to: 2026-01-07}}\nas_of: 2026-01-07\nsource: x\n"
    figures = "outstanding_principal: USD 16,000,000\n"
    take(workspace, text + figures, "r.yaml", date(2026, 1, 7), tools.templates, Scribe("t", "t", at(7)))
    run(workspace, date(2026, 1, 8), replace(tools, now=at(8)))
    return workspace


def test_a_deadline_that_passed_between_two_dates_comes_out_again_before_the_next_one(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """What a daily run recorded since the last date stands at the end of the log; the next date has not come."""
    workspace = failing(tmp_path, tools, "within: 2 days, after: determination date")
    run(workspace, date(2026, 1, 11), replace(tools, now=at(11)))
    assert fold(read(workspace.store, deal_log(DEAL))).tests["ltv"].status == "EVENT OF DEFAULT"
    assert differences(workspace, all_templates) == []


def test_a_deadline_found_late_between_two_dates_comes_out_again(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A notice of the 9th that starts a clock of two days is entered on the 14th, a Wednesday, on which a
    daily run finds the default.
    """
    workspace = failing(tmp_path, tools, "within: 2 days, after: notice by the agent")
    act = ActRecorded(act="notice by the agent", clause="ltv", effective_on=date(2026, 1, 9), document="N")
    record_act(
        workspace, find_deal(workspace, DEAL, all_templates), act, Scribe("t", "t", at(14, 9)), as_json=True
    )
    run(workspace, date(2026, 1, 14), replace(tools, now=at(14)))
    ltv = fold(read(workspace.store, deal_log(DEAL))).tests["ltv"]
    assert ltv.cure is not None
    assert (ltv.status, ltv.since, ltv.cure.found_late_on) == (
        "EVENT OF DEFAULT",
        date(2026, 1, 12),
        date(2026, 1, 14),
    )
    assert differences(workspace, all_templates) == []
    series(workspace, "2026-01-15,1.9000,false,44,1.1.1\n", date(2026, 1, 15))
    run(workspace, date(2026, 1, 15), replace(tools, now=at(15)))
    assert differences(workspace, all_templates) == []
    early = '"found_late_on":"2026-01-14"', '"found_late_on":"2026-01-13"'
    tampered(
        workspace,
        f"UPDATE log_entry SET body = replace(body, '{early[0]}', '{early[1]}') WHERE {OF_DEAL} AND key "
        "LIKE 'tested|%'",
    )
    assert any(
        "found_late_on" in one for one in differences(opened(workspace.root, to_inspect=True), all_templates)
    )


def stripped(value: Any) -> Any:
    """A body as the first records of this edition have it: sentences alone, no hash of the state."""
    if isinstance(value, dict):
        of_a_remedy = "method" in value
        left = {
            key: one
            for key, one in value.items()
            if key not in LATER or (key == "asset_class" and not of_a_remedy)
        }
        return {key: stripped(one) for key, one in left.items()}
    return [stripped(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("since", "differs"),
    [(date.min, False), (date(2026, 1, 29), True)],
    ids=["the whole log", "from a date on"],
)
def test_a_record_made_before_events_had_facts_comes_out_again(
    desk: Workspace, all_templates: dict[str, Template], since: date, differs: bool
) -> None:
    """A log that never says them is compared without them (`rulings.md` 72); one that leaves them off from a
    date on is found out.
    """
    events = read(desk.store, deal_log(DEAL))
    begun = next(event.seq for event in events if event.kind == "rate" and event.effective_on >= since)
    bodies = {entry.seq: entry.body for entry in desk.store.entries(deal_log(DEAL)) if entry.seq >= begun}
    earlier = {seq: canonical(stripped(json.loads(body))) for seq, body in bodies.items()}
    assert sum(earlier[seq] != bodies[seq] for seq in bodies) > len(plan.THURSDAYS[:WEEKS]) // 2
    quoted = {seq: body.decode().replace("'", "''") for seq, body in earlier.items()}
    tampered(
        desk,
        *(
            f"UPDATE log_entry SET body = '{body}' WHERE {OF_DEAL} AND seq = {seq}"
            for seq, body in quoted.items()
        ),
    )
    said = differences(opened(desk.root, to_inspect=True), all_templates)
    # A notice names the leaf of what it states, which is another in a log that was rewritten; it is compared
    # after every event.
    left = [one for one in said if not one.startswith("notice 1: inputs is recorded as")]
    assert bool(left) is differs, said


def with_gone(value: Any) -> Any:
    """A body as records held it while results and duties were declared with fields that nothing computed."""
    if isinstance(value, list):
        return [with_gone(one) for one in value]
    if not isinstance(value, dict):
        return value
    result, duty = {"template", "verdict"} <= value.keys(), {"who", "act", "ways"} <= value.keys()
    more = {**({"limit_cite": None} if result else {}), **({"elsewhere": []} if duty else {})}
    return {**{key: with_gone(one) for key, one in value.items()}, **more}


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_a_record_with_fields_that_are_gone_is_read_and_comes_out_again(
    desk: Workspace, all_templates: dict[str, Template], filled: bool
) -> None:
    """Each stands empty in every record that has it; one that is filled was written by nobody, and is
    refused.
    """
    bodies = {entry.seq: entry.body for entry in desk.store.entries(deal_log(DEAL))}
    earlier = {seq: canonical(with_gone(json.loads(body))) for seq, body in bodies.items()}
    assert sum(b'"elsewhere":[]' in body for body in earlier.values())
    assert sum(b'"limit_cite":null' in body for body in earlier.values()) > WEEKS
    quoted = {seq: body.decode().replace("'", "''") for seq, body in earlier.items() if body != bodies[seq]}
    if filled:
        quoted = {
            seq: body.replace('"limit_cite":null', '"limit_cite":"CA 1"') for seq, body in quoted.items()
        }
    tampered(
        desk,
        *(
            f"UPDATE log_entry SET body = '{body}' WHERE {OF_DEAL} AND seq = {seq}"
            for seq, body in quoted.items()
        ),
    )
    said = differences(opened(desk.root, to_inspect=True), all_templates)
    left = [one for one in said if not one.startswith("notice 1: inputs is recorded as")]
    assert bool(left) is filled, said


def first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "tamper", "said"),
    [
        ("a snapshot is gone", lambda root: first(root, "snapshots/*/*.gz").unlink(), "snapshot"),
        (
            "a snapshot is another",
            lambda root: first(root, "snapshots/*/*.gz").write_bytes(b"[]"),
            "snapshot",
        ),
        ("a report is gone", lambda root: first(root, "reports/*/*").unlink(), "is not in reports"),
        (
            "a report says otherwise",
            lambda root: change(first(root, "reports/*/*"), "USD 1", "USD 2"),
            "report",
        ),
        (
            "the deal file is gone",
            lambda root: first(root, "deals/adopted/*").unlink(),
            "is not in deals/adopted",
        ),
        (
            "the deal file says otherwise",
            lambda root: change(first(root, "deals/adopted/*"), "65%", "64%"),
            "has been changed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_record_rests_on_cannot_be_changed_unseen(
    desk: Workspace, all_templates: dict[str, Template], name: str, tamper: Callable[[Path], None], said: str
) -> None:
    assert name
    tamper(desk.root)
    found = differences(desk, all_templates)
    assert any(said in what for what in found), found


def test_an_engine_that_computes_otherwise_is_named_with_the_field(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    """The same record under a template that measures a little more: the first result differs, at its field."""
    template = all_templates["loan_to_value"]

    def more(terms: object, facts: object) -> object:
        found = template.measure(terms, facts)  # type: ignore[arg-type]
        return replace(found, measured=found.measured.model_copy(update={"value": found.measured.value + 1}))

    other = {**all_templates, "loan_to_value": replace(template, measure=more)}  # type: ignore[arg-type]
    (said,) = differences(desk, other)
    assert said.startswith("tested ltv of 2026-01-08: payload.")


def test_running_every_day_records_what_running_weekly_does(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """Payment Dates fall between Thursdays; a run on each day meets them once, as one that catches up does."""
    found = []
    for name in ("daily", "weekly"):
        workspace = made(tmp_path / name)
        fill(workspace, 20, all_templates)
        last = plan.THURSDAYS[19]
        days = (
            [plan.THURSDAYS[0] + timedelta(days=n) for n in range((last - plan.THURSDAYS[0]).days + 1)]
            if name == "daily"
            else [last]
        )
        for day in days:
            run(workspace, day, tools)
        log = read(workspace.store, deal_log(DEAL))
        kinds = ("rate", "tested", "counted", "swept", "determined", "obligation", "deadline passed")
        found.append(sorted((e.key, e.payload.model_dump_json()) for e in log if e.kind in kinds))
        workspace.store.close()
    assert found[0] == found[1]


def tampered(desk: Workspace, *statements: str, log: str = deal_log(DEAL)) -> None:
    """Change the record as somebody who has its file: triggers dropped, entries of a log numbered and hashed
    anew.
    """
    desk.store.close()
    with sqlite3.connect(desk.root / "headroom.sqlite", isolation_level=None) as connection:
        for name in SQLITE:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        rows = connection.execute(
            "SELECT key, body FROM log_entry WHERE log = ? ORDER BY seq", (log,)
        ).fetchall()
        connection.execute("DELETE FROM log_entry WHERE log = ?", (log,))
        tree = CompactRange()
        for seq, (key, body) in enumerate(rows):
            leaf = leaf_hash(body.encode())
            peak = tree.append(leaf)
            row = (log, seq, key, body, leaf.hex(), tree.root().hex(), peak.hex())
            connection.execute(
                "INSERT INTO log_entry (log, seq, key, body, leaf, root, peak) VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        for name in SQLITE:
            connection.execute(sqlite_trigger(name))


OF_DEAL = f"log = '{deal_log(DEAL)}'"


def test_a_difference_is_printed_where_it_is() -> None:
    long = "x" * 200
    said = first_difference({"a": long + "1"}, {"a": long + "2"})
    one, other = said.removeprefix("a is recorded as ").split(" and comes out as ")
    assert one != other
