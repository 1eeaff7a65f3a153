"""A late date reads what the last one left: the same record as from the whole log, whatever has happened to
what was kept.
"""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.audit.verify_workspace import verify_record
from engine.determination.template import Template
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.log_names import index_log
from engine.events.market_events import IndexPublished
from engine.events.notice import NoticeInputs
from engine.events.rates_on_record import RatesOnRecord, told_of_rates
from engine.events.series_lately import SeriesLately, upto
from engine.operations import issue_notices, notice_contents
from engine.operations import run as thursday
from engine.operations.deal_history import history_of
from engine.operations.recent_past import RecentPast, recent_past
from engine.operations.run import Tools, run
from engine.record.log import Scribe, append, deal_log, read
from engine.workspace import kept_states
from engine.workspace.deals_by_name import find_deal
from engine.workspace.prints_lately import PrintsLately, series_lately
from engine.workspace.series import series_by_index
from engine.workspace.workspace import Workspace, in_a_file_name, opened
from tests.audit.test_seeded_histories import World
from tests.built import copy_of
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_exactly_once import FIRST, SOAK, WEEK, Broken, desk, publish
from tests.operations.test_run import DEAL

LOG = deal_log(DEAL)
SEEDS = 1_000 if SOAK else 6
REPOSITORY = Path(__file__).resolve().parents[2]
RATES = ["2.10", "1.95", "1.72", "1.60", "1.38", "1.41", "1.66", "1.90", "2.02", "1.97", "1.55", "1.50"]


def at(tools: Tools, week: int) -> Tools:
    """The tools on the day after the Thursday of a week."""
    return replace(tools, now=datetime(2026, 1, 9, 12, tzinfo=UTC) + (week - 1) * WEEK)


def lived(root: Path, tools: Tools, weeks: int) -> Workspace:
    """A deal that was run after each of so many Thursdays: made once in a process, and copied."""

    def make(root: Path) -> None:
        lived_anew(root, tools, weeks).store.close()

    return opened(copy_of(("lived", weeks, tools.render), make, root))


def lived_anew(root: Path, tools: Tools, weeks: int) -> Workspace:
    """The same, lived through here, for a test that looks at how."""
    workspace = desk(root)
    for week in range(1, weeks + 1):
        thursday_run(workspace, tools, week)
    return workspace


def thursday_run(workspace: Workspace, tools: Tools, week: int) -> None:
    now = at(tools, week)
    row = f"{FIRST + (week - 1) * WEEK},{RATES[week - 1]},false,40,1.1.1\n"
    publish(workspace, row, now.now)
    run(workspace, now.now.date(), now)


def record(workspace: Workspace) -> list[tuple[int, str, bytes]]:
    """Every entry of the deal's log, byte by byte."""
    return [(one.seq, one.key, one.body) for one in workspace.store.entries(LOG)]


def kept_file(workspace: Workspace) -> Path:
    return workspace.root / "cache" / "states" / f"{in_a_file_name(LOG)}.json"


class Served:
    """`recent_past` as a run calls it: each time compared with the fold of the whole log, and counted."""

    def __init__(self) -> None:
        self.found: list[RecentPast | None] = []

    def __call__(self, workspace: Workspace, log: str, engine: str) -> RecentPast | None:
        found = recent_past(workspace, log, engine)
        self.found.append(found)
        if found is not None:
            whole = history_of(workspace.store, log).past.state
            differ = [
                name for name in DealState.model_fields if getattr(found.state, name) != getattr(whole, name)
            ]
            assert differ == []
        return found

    @property
    def count(self) -> int:
        return sum(found is not None for found in self.found)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    counting = Served()
    monkeypatch.setattr(thursday, "recent_past", counting)
    return counting


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_seeded_history_is_the_same_with_and_without_what_was_kept(
    seed: int, tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restatements, reports and Acts keyed late, confirmations, closings, kills: the bytes of the log are the
    same.
    """
    counting, worlds = Served(), []
    for name, reading in (("kept", counting), ("whole", lambda *_: None)):
        monkeypatch.setattr(thursday, "recent_past", reading)
        if name == "whole":
            monkeypatch.setattr(issue_notices, "owed_lately", lambda *_: None)
        world = World(seed, tmp_path / name, tools)
        world.live(10)
        worlds.append(record(world.workspace))
        world.workspace.store.close()
    assert counting.count > 5
    assert worlds[0] == worlds[1]


def forged(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    return write


def no_default(data: dict[str, Any]) -> None:
    """Every test as if it were compliant."""
    for test in data["fields"]["tests"].values():
        test.update(status="COMPLIANT", cure=None)


SPOILED: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00" * 50),
    "another thing": lambda path: path.write_text("[1, 2]"),
    "of another form": forged(lambda data: data.update(form=0)),
    "of an entry that is not there": forged(lambda data: data.update(seq=9_999)),
    "of another entry": forged(lambda data: data.update(leaf="0" * 64)),
    "a state forged": forged(no_default),
    "a field lacks": forged(lambda data: data["fields"].pop("runs")),
    "a field of another kind": forged(lambda data: data["fields"].update(runs=7)),
    "a rate forged": forged(lambda data: data["rates"]["CRI-H100"][-1].__setitem__(1, "9.9")),
    "a rate lacks": forged(lambda data: data["rates"]["CRI-H100"].pop()),
    "a date forged": forged(lambda data: data["fields"].update(reached="2030-01-03")),
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"root": tmp_path_factory.mktemp("undisturbed")}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_not_as_the_record_says_is_not_used(
    name: str, tmp_path: Path, tools: Tools, served: Served, undisturbed: dict[str, Any]
) -> None:
    """Deleted, damaged or forged: the log is read whole, and the next date is the same, byte for byte."""
    if "record" not in undisturbed:
        calm = lived(undisturbed["root"], tools, 6)
        undisturbed["record"] = record(calm)
        calm.store.close()
    workspace = lived(tmp_path, tools, 5)
    before = served.count
    SPOILED[name](kept_file(workspace))
    thursday_run(workspace, tools, 6)
    assert served.count == before
    assert record(workspace) == undisturbed["record"]
    now = at(tools, 6)
    run(workspace, now.now.date(), now)
    assert served.count == before + 1  # it is kept anew
    workspace.store.close()


def test_each_thursday_after_the_first_is_served_by_what_was_kept(
    tmp_path: Path, tools: Tools, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = lived_anew(tmp_path / "kept", tools, 12)
    assert [one is not None for one in served.found] == [False, *[True] * 11]
    monkeypatch.setattr(thursday, "recent_past", lambda *_: None)
    whole = lived_anew(tmp_path / "whole", tools, 12)
    assert record(workspace) == record(whole)
    workspace.store.close()
    whole.store.close()


def test_another_engine_reads_the_whole_log(tmp_path: Path, tools: Tools, served: Served) -> None:
    """It may find that something reaches back of which the engine before it made nothing."""
    workspace = lived(tmp_path, tools, 4)
    thursday_run(workspace, replace(tools, engine="headroom 9"), 5)
    assert served.found[-1] is None
    thursday_run(workspace, replace(tools, engine="headroom 9"), 6)
    assert served.found[-1] is not None
    workspace.store.close()


def test_killed_between_the_record_and_what_is_kept_the_next_run_reads_the_log(
    tmp_path: Path, tools: Tools, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept is then of the date before, and does not serve."""
    workspace = lived(tmp_path, tools, 5)

    def killed(*_: object) -> None:
        raise Broken("killed")

    with monkeypatch.context() as patched:
        patched.setattr(thursday, "keep_state", killed)
        with pytest.raises(Broken):
            thursday_run(workspace, tools, 6)
    now = at(tools, 6)
    run(workspace, now.now.date(), now)
    assert served.found[-1] is None
    thursday_run(workspace, tools, 7)
    calm = lived(tmp_path / "calm", tools, 7)
    assert record(workspace) == record(calm)
    workspace.store.close()
    calm.store.close()


def test_a_disk_that_is_full_keeps_nothing_and_stops_nothing(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(kept_states, "write_for_now", full)
    workspace = lived_anew(tmp_path / "full", tools, 3)
    assert not kept_file(workspace).exists()
    monkeypatch.undo()
    calm = lived(tmp_path / "calm", tools, 3)
    assert record(workspace) == record(calm)
    workspace.store.close()
    calm.store.close()


def test_a_restatement_of_an_old_date_is_found_behind_what_was_kept(
    tmp_path: Path, tools: Tools, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restated date is older than every rate that the last state's window holds: the log is read, and a
    correction made.
    """
    recorded = []
    for name, reading in (("kept", served), ("whole", lambda *_: None)):
        monkeypatch.setattr(thursday, "recent_past", reading)
        workspace = lived_anew(tmp_path / name, tools, 8)
        restated = FIRST + 4 * WEEK + timedelta(days=1)
        publish(workspace, f"{restated},1.9900,false,41,1.1.1\n", at(tools, 8).now)
        thursday_run(workspace, tools, 9)
        recorded.append(record(workspace))
        workspace.store.close()
    assert recorded[0] == recorded[1]
    assert [key for _, key, _ in recorded[0] if key.startswith("correction|")] == [
        f"correction|deal|{FIRST + 4 * WEEK}|1"
    ]


def test_verification_and_replay_never_look_at_what_was_kept(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poisoned, it changes neither; and neither opens the file."""
    workspace = lived(tmp_path, tools, 5)

    def findings() -> object:
        found = verify_record(workspace, [], [])
        return [str(one) for one in found.findings], [
            (one.log, one.events, one.difference) for one in Replay(workspace, all_templates).run()
        ]

    sound = findings()
    forged(no_default)(kept_file(workspace))
    assert findings() == sound
    kept_file(workspace).unlink()
    kept_file(workspace).mkdir()  # whoever opened it would fail
    assert findings() == sound
    workspace.store.close()


def test_no_module_of_audit_imports_what_was_kept() -> None:
    """The room of audit imports neither the reading of the recent past nor the files of what was kept."""
    forbidden = {"engine.operations.recent_past", "engine.workspace.kept_states", "engine.events.kept_state"}
    for path in (REPOSITORY / "engine" / "audit").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
        assert not named & forbidden, path.name


def test_old_rates_are_read_as_far_back_as_somebody_looks(tmp_path: Path, tools: Tools) -> None:
    """What tells them is at hand; the last ones are read in steps; they equal the rates of a fold."""
    workspace = lived(tmp_path, tools, 12)
    found = recent_past(workspace, LOG, tools.engine)
    assert found is not None
    rates, whole = (
        found.state.rates["CRI-H100"],
        history_of(workspace.store, LOG).past.state.rates["CRI-H100"],
    )
    assert isinstance(rates, RatesOnRecord)
    assert len(rates) == len(whole) == 12
    assert rates.last_on == FIRST + 11 * WEEK
    assert (rates[-1], rates[-3:], rates[0], rates[2]) == (whole[-1], whole[-3:], whole[0], whole[2])
    assert (tuple(rates), tuple(reversed(rates))) == (tuple(whole), tuple(reversed(whole)))
    assert (rates == whole, rates[4:2], rates[1:9:3]) == (True, (), whole[1:9:3])
    assert rates.told() == told_of_rates(whole)
    with pytest.raises(IndexError):
        rates[12]
    longer = rates.followed_by(whole[0].model_copy(update={"on": date(2026, 4, 2)}))
    assert (len(longer), len(rates), longer.last_on) == (13, 12, date(2026, 4, 2))
    assert longer[:12] == tuple(whole)
    workspace.store.close()


def test_where_no_notice_is_owed_the_log_is_not_read_whole(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with nothing to do, and the notice of an ordinary date without words: neither reads the old
    entries.
    """
    workspace = lived(tmp_path / "kept", tools, 6)

    def read(*_: object) -> None:
        raise AssertionError("the whole log was read")

    for module, reading in (
        (thursday, "history_of"),
        (issue_notices, "rows_and_events"),
        (notice_contents, "history_of"),
    ):
        monkeypatch.setattr(module, reading, read)
    now = at(tools, 6)
    assert run(workspace, now.now.date(), now).deals[0].notices == []
    thursday_run(workspace, tools, 7)
    monkeypatch.undo()
    calm = lived(tmp_path / "calm", tools, 7)
    assert record(workspace) == record(calm)
    workspace.store.close()
    calm.store.close()


def test_what_a_notice_is_made_of_is_the_same_when_it_is_read_later(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events, publications, findings and attachments of each notice, looked into, equal those that were read
    at once.
    """
    seen: dict[str, list[object]] = {"later": [], "whole": []}
    for name in seen:

        def looking(notices: Sequence[NoticeInputs], into: str = name) -> Iterator[bytes]:
            for one in notices:
                copied = pickle.loads(pickle.dumps(one))
                assert [*copied.events] == [*one.events]
                whole = replace(
                    one,
                    events=tuple(one.events),
                    publications=dict(one.publications),
                    findings=dict(one.findings),
                    attachments=dict(one.attachments),
                )
                seen[into].append(whole)
                yield f"{one.number} {one.log_head}".encode()

        if name == "whole":
            monkeypatch.setattr(issue_notices, "owed_lately", lambda *_: None)
        workspace = lived_anew(tmp_path / name, replace(tools, render=looking), 9)
        workspace.store.close()
    assert len(seen["later"]) > 9  # notices of events among them
    assert seen["later"] == seen["whole"]


def test_a_notice_that_could_not_be_made_is_made_by_the_next_run(tmp_path: Path, tools: Tools) -> None:
    """The newest notice says up to where all are issued, so the ones that wait are owed still."""
    workspace = lived(tmp_path / "kept", tools, 4)

    def failing(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
        raise ValueError("no ink")
        yield b""

    for week in (5, 6):
        thursday_run(workspace, replace(tools, render=failing), week)
    thursday_run(workspace, tools, 7)
    issued = [event for event in read(workspace.store, LOG) if event.kind == "notice issued"]
    compliance = [one.effective_on for one in issued if one.payload.kind == "compliance"]
    assert compliance == [FIRST + n * WEEK for n in range(7)]
    assert [one.payload.number for one in issued] == list(range(1, len(issued) + 1))
    workspace.store.close()


def test_the_last_publications_are_those_of_the_whole_series(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """Read from the newest back, in steps, up to any day: the same as all that the deal takes."""
    workspace = lived(tmp_path, tools, 12)
    deal = find_deal(workspace, DEAL, all_templates)
    found = recent_past(workspace, LOG, tools.engine)
    assert found is not None
    prints, until = PrintsLately(workspace), FIRST + 11 * WEEK
    lately = series_lately(prints, deal, until, (), found.state.rates)
    whole = series_by_index(prints, deal, until)["CRI-H100"]
    assert lately is not None
    series = lately["CRI-H100"]
    assert isinstance(series, SeriesLately)
    assert (len(series), series[-1], series[0], series[3:5]) == (12, whole[-1], whole[0], whole[3:5])
    assert tuple(reversed(series)) == whole[::-1]
    for week in range(12):
        day = FIRST + week * WEEK
        assert (upto(series, day) == whole[: week + 1], upto(whole, day) == whole[: week + 1]) == (True, True)
    assert len(upto(series, FIRST - WEEK)) == 0
    with pytest.raises(IndexError):
        series[12]
    workspace.store.close()


def test_a_print_that_the_deal_does_not_take_is_judged_again_and_a_later_one_that_it_takes_is_found(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], served: Served
) -> None:
    """A Restatement far too late is not accepted, and the next dates are served by what was kept all the
    same.
    """
    workspace = lived(tmp_path, tools, 6)
    late = FIRST + WEEK
    publish_again(workspace, late, "1.1100", at(tools, 6).now)
    for week in (7, 8):
        thursday_run(workspace, tools, week)
        assert served.found[-1] is not None
    assert not [key for _, key, _ in record(workspace) if key.startswith("correction|")]
    assert len(PrintsLately(workspace).of_dates("CRI-H100@administrator", [f"{late}"])) == 2
    deal, found = find_deal(workspace, DEAL, all_templates), recent_past(workspace, LOG, tools.engine)
    assert found is not None
    rates = {name: tuple(rates) for name, rates in found.state.rates.items()}
    lately = series_lately(PrintsLately(workspace), deal, late, (), rates)
    assert lately is not None
    assert (
        lately["CRI-H100"][1].value
        == series_by_index(PrintsLately(workspace), deal, late)["CRI-H100"][1].value
    )
    # A rate that rests on another print than the deal takes of its date: the whole log is asked.
    silent = tuple(
        one.model_copy(update={"newest_print": 0}) if one.on == late else one for one in rates["CRI-H100"]
    )
    assert series_lately(PrintsLately(workspace), deal, late, (), {"CRI-H100": silent}) is None
    workspace.store.close()


def publish_again(workspace: Workspace, day: date, value: str, at: datetime) -> None:
    """Put a second print of a date on record, which came long after it."""
    first = read(workspace.store, index_log("CRI-H100@administrator"))[0]
    said = next(
        event.payload.value
        for event in read(workspace.store, index_log("CRI-H100@administrator"))
        if event.effective_on == day
    )
    payload = IndexPublished(
        value={**said, "value": value, "print": 2, "published_on": f"{at.date()}"}, reason="restated"
    )
    draft = Draft(kind=first.kind, subject=first.subject, effective_on=day, payload=payload, print=2)
    with workspace.store.begin() as writer:
        append(writer, index_log("CRI-H100@administrator"), [draft], Scribe("t", "t", at))
