"""A run over many deals: each log is read once, and a deal's notices are made before the last deal is
evaluated.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.assembly import notice_pages
from engine.audit.replay import Replay
from engine.cli.show.keys import make_key
from engine.determination.template import Template
from engine.events.kinds import Event, NoticeIssued
from engine.events.notice import NoticeInputs
from engine.operations import deal_history, deals_in_hand, files_in_hand
from engine.operations.issue_notices import Outbox
from engine.operations.run import Tools, run
from engine.operations.run_answer import answer_from, run_answer
from engine.record.log import deal_log, event_of, read
from engine.record.store import Entry, Reader
from engine.terms.as_written import Deal
from engine.workspace import deal_files
from engine.workspace.workspace import Workspace, opened
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, WEEK, desk, publish, rows
from tests.operations.test_run import DEAL

NAMES = (DEAL, *(f"other-{n}" for n in range(4)))
AT = datetime(2026, 1, 1, tzinfo=UTC)


def portfolio(root: Path, weeks: int) -> Workspace:
    workspace = desk(root)
    text = (root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8")
    for name in NAMES[1:]:
        (root / "deals" / f"{name}.yaml").write_text(
            text.replace(f"deal: {DEAL}", f"deal: {name}"), encoding="utf-8"
        )
    publish(workspace, rows([f"{2 - n % 5 / 5:.2f}" for n in range(weeks)]), AT)
    return workspace


def record(workspace: Workspace) -> dict[str, list[bytes]]:
    return {log: [entry.body for entry in workspace.store.entries(log)] for log in workspace.store.logs()}


@pytest.mark.parametrize("kept", [True, False], ids=["states kept", "no state kept"])
def test_a_run_reads_each_log_from_its_beginning_once_and_each_entry_once(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Whether a deal is evaluated from the state that its last date left, or from its whole log."""
    workspace, tools = portfolio(tmp_path, 4), replace(tools, pages=notice_pages())
    run(workspace, FIRST + 2 * WEEK, tools)
    if not kept:
        monkeypatch.setattr("engine.operations.recent_past.kept_of", lambda *_: None)
    there = {deal_log(name): workspace.store.size(deal_log(name)) for name in NAMES}
    longest = max(there.values())
    # The run holds two logs, and there are five.
    monkeypatch.setattr(deal_history, "AT_MOST", 3 * longest)
    monkeypatch.setattr(deals_in_hand, "EVENTS_AT_A_TIME", longest + 1)
    deal_history._KEPT.clear()
    found = Counter[tuple[str, int]]()
    whole = Reader.entries

    def counting(reader: Reader, log: str, start: int = 0, keys: str = "") -> list[Entry]:
        entries = whole(reader, log, start, keys)
        found.update((log, entry.seq) for entry in entries)
        return entries

    monkeypatch.setattr(Reader, "entries", counting)
    outcome = run(workspace, FIRST + 3 * WEEK, tools)
    assert {deal.deal: len(deal.notices) for deal in outcome.deals} == dict.fromkeys(NAMES, 2)
    assert {log: found[log, 0] for log in there} == dict.fromkeys(there, 1)
    assert max(found[log, seq] for log, size in there.items() for seq in range(size)) == 1
    workspace.store.close()


def test_the_notices_of_a_deal_are_made_before_the_last_deal_is_evaluated(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is the one that a run leaves which evaluates every deal first, and so are the files."""
    left = []
    for name, deals, some in (("all", 100, 100), ("few", 2, 1)):
        workspace, said = portfolio(tmp_path / name, 3), list[str]()
        make_key("desk.example/log", workspace.root / "keys" / "log.key", cosigner=False, as_json=True)
        monkeypatch.setattr(deals_in_hand, "DEALS_AT_A_TIME", deals)
        monkeypatch.setattr("engine.operations.issue_notices.AT_A_TIME", some)
        run(workspace, FIRST + 2 * WEEK, replace(tools, progress=said.append))
        said = [line for line in said if "evaluating" in line or line.startswith("notice")]
        first = next(place for place, line in enumerate(said) if line.startswith("notice"))
        assert (first < said.index(f"{NAMES[-1]}: evaluating")) == (name == "few")
        assert said[-1] == f"notice 15 of 15: {NAMES[-1]} No. 3"
        assert all(
            event.payload.number == n + 1
            for deal in NAMES
            for n, event in enumerate(
                one for one in read(workspace.store, deal_log(deal)) if isinstance(one.payload, NoticeIssued)
            )
        )
        assert [one.difference for one in Replay(workspace, all_templates).run() if one.difference] == []
        left.append(record(workspace))
        left[-1] |= {path.name: [path.read_bytes()] for path in (workspace.root / "notices").rglob("*.pdf")}
        workspace.store.close()
    assert left[0] == left[1]


def test_a_run_that_is_asked_to_stop_leaves_whole_deals_and_gives_what_was_drawn(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deals_in_hand, "DEALS_AT_A_TIME", 2)
    workspace, asked = portfolio(tmp_path, 2), list[str]()
    outcome = run(
        workspace,
        FIRST + WEEK,
        replace(tools, progress=asked.append, stopping=lambda: f"{NAMES[3]}: evaluating" in asked),
    )
    given = {deal.deal: len(deal.notices) for deal in outcome.deals}
    assert given == {NAMES[0]: 2, NAMES[1]: 2, NAMES[2]: 0, NAMES[3]: 0}
    assert outcome.left == [NAMES[4], NAMES[2], NAMES[3]]
    assert outcome.settled is None
    again = run(workspace, FIRST + WEEK, tools)
    assert {deal.deal: len(deal.notices) for deal in again.deals} == {
        NAMES[0]: 0,
        NAMES[1]: 0,
        NAMES[2]: 2,
        NAMES[3]: 2,
        NAMES[4]: 2,
    }
    workspace.store.close()


def test_the_next_notices_are_given_to_a_renderer_before_those_before_them_are_asked_for(
    tmp_path: Path, tools: Tools
) -> None:
    """So a renderer that draws in other processes has work while the run composes, signs and records."""
    workspace, told = portfolio(tmp_path, 2), list[str]()

    class Eager:
        at_a_time = 2

        def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterator[bytes]:
            told.append("begun")
            return iter([f"{one.deal} {one.number}".encode() for one in notices])

    run(
        workspace,
        FIRST + WEEK,
        replace(tools, render=Eager(), progress=lambda line: told.append(line.split(":")[0])),
    )
    told = [line for line in told if line == "begun" or line.startswith("notice")]
    assert told[:5] == ["begun", "begun", "notice 1 of 4 or more", "notice 2 of 4 or more", "begun"]
    assert told[-2:] == ["notice 9 of 10", "notice 10 of 10"]
    workspace.store.close()


def test_a_notice_that_cannot_be_made_keeps_back_those_after_it_that_were_drawn_already(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = portfolio(tmp_path, 6)

    class Eager:
        at_a_time = 2

        def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterator[bytes]:
            return iter(map(self.drawn, list(notices)))

        def drawn(self, notice: NoticeInputs) -> bytes:
            if (notice.deal, notice.number) == (DEAL, 2):
                raise KeyError("no such block")
            return f"{notice.deal} {notice.number}".encode()

    outcome = run(workspace, FIRST + 5 * WEEK, replace(tools, render=Eager()))
    assert {deal.deal: len(deal.notices) for deal in outcome.deals} == dict.fromkeys(NAMES, 8) | {DEAL: 1}
    assert [deal.deal for deal in outcome.deals if deal.not_issued] == [DEAL]
    again = run(workspace, FIRST + 5 * WEEK, tools)
    assert {deal.deal: len(deal.notices) for deal in again.deals} == dict.fromkeys(NAMES, 0) | {DEAL: 7}
    assert [one.difference for one in Replay(workspace, all_templates).run() if one.difference] == []
    workspace.store.close()


def test_a_killed_run_goes_on_where_it_was(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at the notices of each deal by turns, it leaves in the end what a run leaves that nobody killed."""
    whole = portfolio(tmp_path / "whole", 2)
    run(whole, FIRST + WEEK, tools)
    monkeypatch.setattr(deals_in_hand, "DEALS_AT_A_TIME", 2)
    for place in range(1, len(NAMES) + 1):
        workspace, calls = portfolio(tmp_path / str(place), 2), list[str]()
        issue = Outbox.issue

        def dies(outbox: Outbox, deal: str, place: int = place, calls: list[str] = calls) -> None:
            calls.append(deal)
            if len(calls) == place:
                raise OSError("killed")
            issue(outbox, deal)  # noqa: B023

        with monkeypatch.context() as patched:
            patched.setattr(Outbox, "issue", dies)
            with pytest.raises(OSError, match="killed"):
                run(workspace, FIRST + WEEK, tools)
        workspace.store.close()
        workspace = opened(tmp_path / str(place))
        run(workspace, FIRST + WEEK, tools)
        assert record(workspace) == record(whole)
        workspace.store.close()
    whole.store.close()


def test_an_answer_reads_of_a_log_what_it_shows(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the answer that the whole log gives."""
    workspace = portfolio(tmp_path, 6)
    outcome = run(workspace, FIRST + 5 * WEEK, tools)
    logs = {
        name: partial(tuple, [event_of(entry) for entry in workspace.store.entries(name)])
        for name in workspace.store.logs()
    }
    whole = answer_from(workspace, outcome, logs).as_data()
    read_of = list[str]()
    entries = Reader.entries

    def noting(reader: Reader, log: str, start: int = 0, keys: str = "") -> list[Entry]:
        read_of.append(log)
        return entries(reader, log, start, keys)

    monkeypatch.setattr(Reader, "entries", noting)
    assert run_answer(workspace, outcome).as_data() == whole
    assert [len(deal["tests"]) for deal in whole["deals"]] == [4] * len(NAMES)
    assert not set(read_of) & {deal_log(name) for name in NAMES}
    workspace.store.close()


def test_what_a_run_did_is_read_from_the_record_and_not_held(tmp_path: Path, tools: Tools) -> None:
    """What a run holds of the deals that are done grows neither with their weeks nor with their number."""
    workspace, logs = portfolio(tmp_path, 6), {deal_log(name) for name in NAMES}

    def held() -> int:
        deal_history._KEPT.clear()
        gc.collect()
        return sum(isinstance(one, Event) and one.log in logs for one in gc.get_objects())

    before = held()
    outcome = run(workspace, FIRST + 5 * WEEK, tools)
    assert held() - before < min(len(deal.events) for deal in outcome.deals)
    for deal in outcome.deals:
        recorded = [
            event for event in read(workspace.store, deal_log(deal.deal)) if event.kind != "notice issued"
        ]
        assert list(deal.events) == recorded
        assert (deal.events[0], deal.events[-1]) == (recorded[0], recorded[-1])
        assert list(deal.events[2:5]) == recorded[2:5]
    workspace.store.close()


@pytest.mark.parametrize(("kept", "lots"), [(True, 1), (False, len(NAMES))], ids=["kept", "whole logs"])
def test_only_what_is_in_memory_parts_the_deals_of_a_run(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, kept: bool, lots: int
) -> None:
    """A late Thursday signs the checkpoints of many deals in one transaction, however long their logs are."""
    workspace, signed = portfolio(tmp_path, 3), list[Sequence[str] | None]()
    make_key("desk.example/log", workspace.root / "keys" / "log.key", cosigner=False, as_json=True)
    run(workspace, FIRST + WEEK, tools)
    if not kept:
        monkeypatch.setattr("engine.operations.recent_past.kept_of", lambda *_: None)
    sign_all = deals_in_hand.sign_all

    def counting(workspace: Workspace, beside: bool, logs: Sequence[str]) -> tuple[str, ...]:
        signed.append(logs)
        return sign_all(workspace, beside, logs)

    monkeypatch.setattr(deals_in_hand, "sign_all", counting)
    monkeypatch.setattr(deals_in_hand, "EVENTS_AT_A_TIME", 5)
    deal_history._KEPT.clear()
    run(workspace, FIRST + 2 * WEEK, tools)
    assert len([logs for logs in signed if logs]) == lots
    workspace.store.close()


def test_deal_files_are_parsed_once_and_no_more_than_a_few_are_held(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is the same, however many of them wait in little room."""
    left, parsed, held = [], Counter[str](), list[int]()
    load = deal_files.load_deal

    def counting(text: str, file: str, *known: Any) -> Any:
        parsed[file] += 1
        return load(text, file, *known)

    def look(said: str) -> None:
        if said.endswith("evaluating"):
            deal_files._parsed_once.cache_clear()
            gc.collect()
            held.append(sum(isinstance(one, Deal) for one in gc.get_objects()) - before)

    monkeypatch.setattr(deal_files, "load_deal", counting)
    for name, as_read in (("all", 100), ("few", 1)):
        monkeypatch.setattr(files_in_hand, "AS_READ", as_read)
        workspace = portfolio(tmp_path / name, 3)
        (workspace.root / "deals" / "spoilt.yaml").write_text("deal: [", encoding="utf-8")
        deal_files._parsed_once.cache_clear()
        gc.collect()
        before = sum(isinstance(one, Deal) for one in gc.get_objects())
        outcome = run(workspace, FIRST + 2 * WEEK, replace(tools, progress=look))
        assert [bool(deal.reason) for deal in outcome.deals] == [False] * len(NAMES) + [True]
        left.append(record(workspace))
        workspace.store.close()
    assert left[0] == left[1]
    assert set(parsed.values()) == {2}  # once in each run
    of_all, of_few = held[: len(NAMES)], held[len(NAMES) + 1 :]
    assert (max(of_all), max(of_few)) == (len(NAMES), 1)
