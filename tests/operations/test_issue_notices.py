"""The outbox: what the log makes due is given once, under the numbers 1 to n, whatever was killed and
corrected in between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.cli.show.run import run_on
from engine.cli.show.verify import verify_workspace
from engine.determination.template import Template
from engine.events.kinds import Correction, Determined, NoticeIssued
from engine.events.notice import NoticeInputs
from engine.operations import issue_notices
from engine.operations.issue_notices import Outbox
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.record.store import Writer
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import made
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import (
    ADMINISTERED,
    FIRST,
    WEEK,
    Broken,
    desk,
    events,
    notices_are_the_log_s,
    publish,
    rows,
)
from tests.operations.test_run import DEAL

DAY = datetime(2026, 1, 8, 22, tzinfo=UTC)
NEXT = datetime(2026, 1, 9, 22, tzinfo=UTC)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each notice in a transaction of its own, so that a kill comes between two."""
    monkeypatch.setattr(issue_notices, "TOGETHER", 1)


def issued(workspace: Workspace) -> list[tuple[int, str, date]]:
    found = [event for event in events(workspace) if isinstance(event.payload, NoticeIssued)]
    return [(event.payload.number, event.payload.kind, event.effective_on) for event in found]


def differences(workspace: Workspace, templates: dict[str, Template]) -> list[Any]:
    return [one.difference for one in Replay(workspace, templates).run() if one.difference]


def killed_before_its_notices(
    workspace: Workspace, on: date, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise Broken("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "issue", dies)
        with pytest.raises(Broken):
            run(workspace, on, tools)


def test_a_date_corrected_before_its_notice_was_given_is_told_once_as_it_stands(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = desk(tmp_path)
    publish(workspace, "2026-01-08,2.0000,false,44,1.1.1\n", DAY)
    killed_before_its_notices(workspace, FIRST, replace(tools, now=DAY), monkeypatch)
    publish(workspace, "2026-01-09,1.9000,false,44,1.1.1\n", NEXT)
    run(workspace, NEXT.date(), replace(tools, now=NEXT))
    assert issued(workspace) == [(1, "compliance", FIRST), (2, "correction", FIRST)]
    first = next(event.payload for event in events(workspace) if isinstance(event.payload, NoticeIssued))
    determined = [event for event in events(workspace) if isinstance(event.payload, Determined)]
    assert [event.print for event in determined] == [1, 2]
    assert first.of == determined[1].key
    publish(workspace, "2026-01-15,1.9000,false,44,1.1.1\n", DAY + WEEK)
    run(workspace, FIRST + WEEK, replace(tools, now=DAY + WEEK))
    assert issued(workspace)[2:] == [(3, "compliance", FIRST + WEEK)]
    assert notices_are_the_log_s(workspace)
    assert differences(workspace, all_templates) == []
    workspace.store.close()


@pytest.mark.parametrize(
    "later",
    [timedelta(0), timedelta(minutes=1), -timedelta(minutes=1)],
    ids=["same moment", "later", "clock set back"],
)
@pytest.mark.usefixtures("one_by_one")
def test_what_a_notice_supersedes_follows_from_the_order_of_the_log_alone(
    tmp_path: Path,
    tools: Tools,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
    later: timedelta,
) -> None:
    """A correction with its notice of the date killed in between: whoever goes on, and whenever, that notice
    states what stands.
    """
    workspace = desk(tmp_path)
    publish(workspace, "2026-01-08,2.0000,false,44,1.1.1\n", DAY)
    killed_before_its_notices(workspace, FIRST, replace(tools, now=DAY), monkeypatch)
    publish(workspace, "2026-01-09,1.9000,false,44,1.1.1\n", NEXT)
    whole = Writer.extend

    def dies_at_the_correction(writer: Writer, log: str, items: Any) -> int:
        found = list(items)
        if any(key.startswith("notice issued|correction") for key, _ in found):
            raise Broken("killed")
        return whole(writer, log, found)

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "extend", dies_at_the_correction)
        with pytest.raises(Broken):
            run(workspace, NEXT.date(), replace(tools, now=NEXT))
    assert issued(workspace) == [(1, "compliance", FIRST)]
    run(workspace, NEXT.date(), replace(tools, now=NEXT + later))
    assert issued(workspace) == [(1, "compliance", FIRST), (2, "correction", FIRST)]
    assert [
        event.payload.supersedes for event in events(workspace) if isinstance(event.payload, NoticeIssued)
    ] == [None, None]
    assert differences(workspace, all_templates) == []
    workspace.store.close()


def test_of_notices_that_are_issued_together_a_kill_leaves_files_and_no_event(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    whole = Writer.extend

    def dies_at_the_third(writer: Writer, log: str, items: Any) -> int:
        found = list(items)
        if any(key.startswith("notice issued") and str(FIRST + 2 * WEEK) in key for key, _ in found):
            raise Broken("killed")
        return whole(writer, log, found)

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "extend", dies_at_the_third)
        with pytest.raises(Broken):
            run(workspace, FIRST + 2 * WEEK, tools)
    assert (issued(workspace), len(list((tmp_path / "notices").rglob("*.pdf")))) == ([], 3)
    run(workspace, FIRST + 2 * WEEK, tools)
    assert [number for number, _, _ in issued(workspace)] == [1, 2, 3]
    assert notices_are_the_log_s(workspace)
    assert differences(workspace, all_templates) == []
    workspace.store.close()


@pytest.mark.usefixtures("one_by_one")
def test_a_failure_that_was_withdrawn_before_its_notice_was_given_is_not_told(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run dies as it records the notice of a failure; then a Restatement: its number goes to another, its
    file aside.
    """
    workspace = desk(tmp_path)
    publish(workspace, "2026-01-08,2.0000,false,44,1.1.1\n", DAY)
    run(workspace, FIRST, replace(tools, now=DAY))
    publish(workspace, "2026-01-15,1.2000,false,44,1.1.1\n", DAY + WEEK)
    whole = Writer.extend

    def dies_at_the_failure(writer: Writer, log: str, items: Any) -> int:
        found = list(items)
        if any(key.startswith("notice issued|test_failed") for key, _ in found):
            raise Broken("killed")
        return whole(writer, log, found)

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "extend", dies_at_the_failure)
        with pytest.raises(Broken):
            run(workspace, FIRST + WEEK, replace(tools, now=DAY + WEEK))
    assert issued(workspace)[1:] == [(2, "compliance", FIRST + WEEK)]
    publish(workspace, "2026-01-16,2.0500,false,44,1.1.1\n", NEXT + WEEK)
    run(workspace, NEXT.date() + WEEK, replace(tools, now=NEXT + WEEK))
    assert issued(workspace)[2:] == [(3, "correction", FIRST + WEEK)]
    assert notices_are_the_log_s(workspace)
    assert [path.name for path in (tmp_path / "set-aside").rglob("*.pdf")] == [
        "meridian-2026-1-0003-2026-01-15-test_failed-appraisal.pdf"
    ]
    assert differences(workspace, all_templates) == []
    assert verify_workspace(workspace, [], [], as_json=True) == 0
    workspace.store.close()


def test_a_weekly_test_that_fails_twice_between_two_determination_dates_uses_up_one_number(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    monthly = ("determination_dates: {every: Thursday,", "determination_dates: {every: month, day: 28,")
    workspace = made(tmp_path, *ADMINISTERED, monthly)
    rates = [*["2.10"] * 4, "1.50", "2.10", "1.50", *["2.10"] * 6]
    publish(workspace, rows(rates), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, date(2026, 4, 2), tools)
    assert [number for number, _, _ in issued(workspace)] == [1, 2, 3, 4]
    assert [kind for _, kind, _ in issued(workspace)].count("test_failed") == 1
    assert not [event for event in events(workspace) if isinstance(event.payload, Correction)]
    assert differences(workspace, all_templates) == []
    workspace.store.close()


@pytest.mark.parametrize("bad", ["a-first", DEAL], ids=["the first deal", "the second deal"])
def test_a_notice_that_cannot_be_made_stops_its_own_deal_and_no_other(
    tmp_path: Path,
    tools: Tools,
    all_templates: dict[str, Template],
    bad: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = desk(tmp_path)
    text = (tmp_path / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    (tmp_path / "deals" / "a-first.yaml").write_text(
        text.replace(f"deal: {DEAL}", "deal: a-first"), encoding="utf-8"
    )
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))

    def breaks(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
        for notice in notices:
            if (notice.deal, notice.number) == (bad, 2):
                raise KeyError("no such block")
            yield f"{notice.deal} {notice.number}".encode()

    last = FIRST + 2 * WEEK
    for _ in range(2):
        assert run_on(workspace, last, replace(tools, render=breaks), as_json=True) == 1
        found = {deal["deal"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
        said = (
            f"notice No. 2, compliance of {FIRST + WEEK}, cannot be made: KeyError: 'no such block'; this "
            "deal's notices wait"
        )
        assert found.pop(bad)["not_issued"].startswith(said)
        assert [one["not_issued"] for one in found.values()] == [None]
        assert {name: len(numbers(workspace, name)) for name in ("a-first", DEAL)} == {
            "a-first": 3,
            DEAL: 3,
        } | {bad: 1}
    assert run_on(workspace, last, tools, as_json=False) == 0
    assert numbers(workspace, bad) == [1, 2, 3]
    assert differences(workspace, all_templates) == []
    workspace.store.close()


@pytest.mark.parametrize("at_a_time", [1, 2, 5])
def test_a_catch_up_holds_a_few_notices_at_a_time_and_gives_what_one_of_all_gives(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    last, held, said = FIRST + 5 * WEEK, list[int](), list[str]()

    def noting(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
        held.append(len(notices))
        for notice in notices:
            if len(held) == 2 and (notice.deal, notice.number) == (DEAL, 2):
                raise KeyError("once")
            yield f"{notice.deal} {notice.number} {notice.kind} {notice.on} {notice.log_head}".encode()

    given = {}
    for name, few in (("whole", 1000), ("few", at_a_time)):
        workspace = desk(tmp_path / name)
        text = (workspace.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
        (workspace.root / "deals" / "other.yaml").write_text(
            text.replace(f"deal: {DEAL}", "deal: other"), encoding="utf-8"
        )
        publish(
            workspace,
            rows(["2.10", "2.00", "1.90", "1.40", "1.80", "2.00"]),
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        monkeypatch.setattr(issue_notices, "AT_A_TIME", few)
        for _ in range(2):
            run(
                workspace,
                last,
                replace(tools, render=noting, progress=said.append) if name == "few" else tools,
            )
        given[name] = [(deal, numbers(workspace, deal)) for deal in (DEAL, "other")]
        files = sorted((workspace.root / "notices").rglob("*.pdf"))
        given[name] += [(path.name, path.read_bytes()) for path in files]
        workspace.store.close()
    assert given["few"] == given["whole"]
    assert max(held) == at_a_time
    assert any(re.match(r"notice 1 of \d+( or more)?: ", line) for line in said)


def numbers(workspace: Workspace, deal: str) -> list[int]:
    found = read(workspace.store, deal_log(deal))
    return [event.payload.number for event in found if isinstance(event.payload, NoticeIssued)]


def test_a_disk_that_fails_as_a_notice_is_made_ends_the_run(tmp_path: Path, tools: Tools) -> None:
    """It is not the notice that is wrong: the next run goes on."""
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10"]), datetime(2026, 1, 1, tzinfo=UTC))

    def fails(_: Sequence[NoticeInputs]) -> Iterator[bytes]:
        raise Broken("no space left on device")
        yield b""

    with pytest.raises(Broken):
        run(workspace, FIRST, replace(tools, render=fails))
    assert len(run(workspace, FIRST, tools).deals[0].notices) == 1
    workspace.store.close()
