"""A deal on an administrator's daily series, run date by date (`rulings.md` 62)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics import files
from engine.basics.regular_files import bytes_in
from engine.cli.show.series import import_series
from engine.determination.template import Template
from engine.events.kinds import Counted
from engine.events.market_events import IndexAnnounced, ValueSeen
from engine.events.rates import ReferenceRate
from engine.events.states import TriggerStatus
from engine.operations.publish import prints_due
from engine.operations.run import Tools, run
from engine.operations.series_intake import announce
from engine.record.log import SNAPSHOTS, Scribe, deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture
from tests.terms.formats import in_format_2

HEAD = "series_id,as_of_date,price_median,promotion_status,price_headline\n"
FIRST = date(2026, 1, 8)
"""The first Thursday after closing."""
SETTINGS = '\n[series.CRI-H100]\naliases = ["CRI-T3-H100"]\n'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    kept: list[Workspace] = []

    def make(day_read: str) -> Workspace:
        root = tmp_path / "desk"
        create(root)
        with (root / "headroom.toml").open("a", encoding="utf-8") as file:
            file.write(SETTINGS)
        text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
        text = text.replace(
            "methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"
        )
        daily = f"source: published by the administrator\n    cadence: daily\n    day_read: {day_read}"
        text = text.replace("source: computed by the calculation agent", daily, 1)
        (root / "deals" / f"{DEAL}.yaml").write_text(in_format_2(text), encoding="utf-8")
        kept.append(opened(root))
        return kept[-1]

    yield make
    for workspace in kept:
        workspace.store.close()


def came(workspace: Workspace, at: datetime, *rows: tuple[date, str]) -> int:
    path = workspace.root / "rows.csv"
    path.write_text(
        HEAD + "".join(f"CRI-T3-H100,{day},{value},Shadow,{value}\n" for day, value in rows), encoding="utf-8"
    )
    return import_series(workspace, "CRI-H100", [path], Scribe("t", "t", at), as_json=True)


def test_the_file_of_a_value_is_named_by_the_bytes_that_were_read(
    made: Callable[[str], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced by another one while its rows are taken."""
    workspace, whole = made("the last day final at the cut-off"), bytes_in
    read_first: list[bytes] = []

    def read_bytes(path: Path) -> bytes:
        data = whole(path)
        if path.name == "rows.csv":
            read_first.append(data)
            path.write_bytes(data + b"# replaced")
        return data

    monkeypatch.setattr(files, "bytes_in", read_bytes)
    came(workspace, datetime(2026, 1, 9, tzinfo=UTC), (FIRST, "2.0000"))
    (found,) = [
        event.payload for event in read(workspace.store, SNAPSHOTS) if isinstance(event.payload, ValueSeen)
    ]
    assert (found.taken_from.sha256, len(read_first)) == (sha256(read_first[0]).hexdigest(), 1)


def rates(workspace: Workspace) -> list[tuple[date, str | None, date | None]]:
    payloads = [event.payload for event in read(workspace.store, deal_log(DEAL))]
    found = [one for one in payloads if isinstance(one, ReferenceRate)]
    return [
        (
            one.on,
            None if one.value is None else str(one.value),
            one.published.read_of if one.published else None,
        )
        for one in found
    ]


def evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)


WEDNESDAY, FRIDAY = FIRST - timedelta(days=1), FIRST + timedelta(days=1)


def test_the_last_final_day_is_wednesdays_on_thursday(made: Callable[[str], Workspace], tools: Tools) -> None:
    workspace = made("the last day final at the cut-off")
    came(workspace, datetime(2026, 1, 8, 17, tzinfo=UTC), (WEDNESDAY, "2.8400"), (FIRST, "2.8900"))
    outcome = run(workspace, FIRST, replace(tools, now=evening(FIRST)))
    assert outcome.deals[0].reason is None
    assert rates(workspace) == [(FIRST, "2.8400", WEDNESDAY)]
    came(workspace, evening(FRIDAY), (WEDNESDAY, "2.8400"), (FIRST, "2.9750"))
    run(workspace, FRIDAY, replace(tools, now=evening(FRIDAY)))
    assert rates(workspace) == [(FIRST, "2.8400", WEDNESDAY)]


def test_the_publication_date_waits_until_it_is_final(
    made: Callable[[str], Workspace], tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = made("the publication date")
    came(workspace, datetime(2026, 1, 8, 17, tzinfo=UTC), (WEDNESDAY, "2.8400"), (FIRST, "2.8900"))
    outcome = run(workspace, FIRST, replace(tools, now=evening(FIRST)))
    assert "CRI-H100 of 2026-01-08 is not yet published" in str(outcome.deals[0].waiting)
    assert rates(workspace) == []
    came(workspace, evening(FRIDAY), (FIRST, "2.9750"))
    run(workspace, FRIDAY, replace(tools, now=evening(FRIDAY)))
    assert rates(workspace) == [(FIRST, "2.9750", FIRST)]
    second = FIRST + timedelta(days=7)
    outcome = run(workspace, second, replace(tools, now=evening(second)))
    assert "it is final at 2026-01-16 00:00" in str(outcome.deals[0].waiting)
    assert [one.difference for one in Replay(workspace, all_templates).run()] == [None] * len(
        workspace.store.logs()
    )


def test_a_value_that_is_asked_about_keeps_its_date_waiting(
    made: Callable[[str], Workspace], tools: Tools
) -> None:
    workspace = made("the publication date")
    saturday = FIRST + timedelta(days=2)
    assert came(workspace, evening(FRIDAY), (WEDNESDAY, "2.8400"), (FIRST, "28.400")) == 1
    assert run(workspace, saturday, replace(tools, now=evening(saturday))).deals[0].waiting is not None
    assert rates(workspace) == []


def test_a_change_after_final_moves_nothing_until_it_is_announced(
    made: Callable[[str], Workspace], tools: Tools
) -> None:
    workspace = made("the last day final at the cut-off")
    came(workspace, evening(FIRST), (WEDNESDAY, "2.8400"))
    run(workspace, FIRST, replace(tools, now=evening(FIRST)))
    assert came(workspace, evening(FRIDAY), (WEDNESDAY, "2.5000")) == 1
    run(workspace, FRIDAY, replace(tools, now=evening(FRIDAY)))
    assert [value for _, value, _ in rates(workspace)] == ["2.8400"]
    assert announce(workspace, announced("restatement", WEDNESDAY), Scribe("t", "t", evening(FRIDAY)))
    assert came(workspace, evening(FRIDAY), (WEDNESDAY, "2.5000")) == 0
    run(workspace, FRIDAY, replace(tools, now=evening(FRIDAY)))
    assert [value for _, value, _ in rates(workspace)] == ["2.8400", "2.5000"]


BEGINS = (
    "begins:\n      any_of:\n        - {test: ltv, result: FAIL, for: 4 consecutive determination dates}\n"
)


def test_a_trigger_may_begin_on_what_was_announced(
    made: Callable[[str], Workspace], tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = made("the last day final at the cut-off")
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")
    assert BEGINS in text
    path.write_text(
        text.replace(BEGINS, BEGINS + "        - {announced: cessation, index: CRI-H100}\n"), encoding="utf-8"
    )
    third = FIRST + timedelta(days=14)
    for n in range(4):
        thursday = FIRST + timedelta(days=7 * n)
        came(workspace, evening(thursday), (thursday - timedelta(days=1), "2.8400"))
        if n == 1:
            said = announced("cessation", third)
            assert announce(workspace, said, Scribe("t", "t", evening(thursday)))
        run(workspace, thursday, replace(tools, now=evening(thursday)))
    moved = [event for event in read(workspace.store, deal_log(DEAL)) if isinstance(event.payload, Counted)]
    begun = [event.payload.state for event in moved if event.payload.state.status is TriggerStatus.IN_EFFECT]
    assert [(one.since, one.leading_begin.what if one.leading_begin else None) for one in begun[:1]] == [
        (third, "cessation of CRI-H100 announced")
    ]
    assert [one.difference for one in Replay(workspace, all_templates).run()] == [None] * len(
        workspace.store.logs()
    )


def announced(what: str, effective_on: date) -> IndexAnnounced:
    return IndexAnnounced(
        index="CRI-H100",
        what=what,
        effective_on=effective_on,
        words="No value is published after it.",
        document="a.pdf",
        document_sha256="0" * 64,
        prepared_by="A",
        approved_by="B",
    )


def test_a_series_that_ceases_leaves_its_dates_without_a_value(
    made: Callable[[str], Workspace], tools: Tools
) -> None:
    workspace = made("the last day final at the cut-off")
    came(workspace, evening(FIRST), (WEDNESDAY, "2.8400"))
    later = FIRST + timedelta(days=16)
    run(workspace, later, replace(tools, now=evening(later)))
    first, *later_rates = rates(workspace)
    assert first == (FIRST, "2.8400", WEDNESDAY)
    assert all(on > FIRST for on, _, _ in later_rates)
    silent = [
        event.effective_on
        for event in read(workspace.store, "index/CRI-H100@administrator")
        if event.payload.value["value"] is None
    ]
    assert silent == [FIRST + timedelta(days=7), FIRST + timedelta(days=14)]


def test_a_day_without_a_value_does_not_hide_the_silence_of_its_week(
    made: Callable[[str], Workspace],
) -> None:
    workspace = made("the publication date")
    assert came(workspace, evening(FIRST), (WEDNESDAY, "")) == 0
    for weeks, silent in ((0, [FIRST]), (1, [FIRST, FIRST + timedelta(days=7)])):
        thursday = FIRST + timedelta(days=7 * weeks)
        later = evening(thursday + timedelta(days=1))
        due = prints_due(workspace, "CRI-H100@administrator", FIRST, thursday, later)
        assert [one.effective_on for one in due] == silent


def test_a_daily_series_is_not_read_as_a_weekly_one(made: Callable[[str], Workspace], tools: Tools) -> None:
    workspace = made("the publication date")
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    text = path.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "cadence:" not in line and "day_read:" not in line]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    came(workspace, evening(FRIDAY), (WEDNESDAY, "2.8400"))
    outcome = run(workspace, FRIDAY, replace(tools, now=evening(FRIDAY)))
    assert "the deal reads it as weekly" in str(outcome.deals[0].reason)
