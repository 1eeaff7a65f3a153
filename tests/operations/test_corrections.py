"""What reaches back in a workspace: a restated row, a retroactive Act, a corrected report, an amendment; each
found once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import WrongUsage
from engine.cli.show.act import record_act
from engine.cli.show.history import explain
from engine.cli.show.intake import intake
from engine.cli.show.replay import replay
from engine.cli.show.series import import_series
from engine.delivery.outbox import deliveries, why_not_sent
from engine.demo import plan
from engine.determination.template import Template, clauses_of
from engine.events.deal_state import as_it_stands
from engine.events.delivery import NoticeReleased
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, Event
from engine.events.notice import NoticeInputs
from engine.events.standing import standing, withdrawn
from engine.market.administrator_series import SeriesQuestions
from engine.market.index_value import IndexValue
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.record.log import Scribe, append, deal_log, index_log, read
from engine.terms.as_written import load_deal
from engine.workspace.deals_by_name import find_deal
from engine.workspace.series import draft as print_draft
from engine.workspace.workspace import Workspace, create, opened
from tests.built import copy_of
from tests.conftest import DEALS
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW, fill, keep, paper
from tests.operations.test_run import tools as tools  # the fixture

RELEASED = NoticeReleased(number=1, sha256="", released_by="A. Person", acts_for="servicer")
ROWS = "publication_date,value,low_confidence,observations,methodology_version\n"


def made(root: Path, *changes: tuple[str, str]) -> Workspace:
    create(root)
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (root / "deals" / f"{DEAL}.yaml").write_text(text, encoding="utf-8")
    return opened(root)


def administered_in(root: Path) -> Workspace:
    """A workspace of the deal that reads the administrator's series, and sweeps at once below USD 1.70."""
    return made(
        root,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
        ("level: USD 1.50 per GPU-hour", "level: USD 1.70 per GPU-hour"),
        ("for: 2 consecutive publication dates", "for: 1 publication date"),
    )


@pytest.fixture
def administered(tmp_path: Path) -> Iterator[Workspace]:
    workspace = administered_in(tmp_path)
    yield workspace
    workspace.store.close()


def series(workspace: Workspace, rows: str, on: date) -> None:
    path = workspace.root / "rows.csv"
    path.write_text(ROWS + rows, encoding="utf-8")
    whose = [f"{day}={thursday}" for day, thursday in late(rows).whose.items()]
    by = Scribe("t", "t", datetime(on.year, on.month, on.day, 18, tzinfo=UTC))
    import_series(workspace, "CRI-H100", [path], by, as_json=True, whose=whose)


def late(rows: str) -> SeriesQuestions:
    """Each row of a day that is not a Thursday is a late print of the Thursday before it, as a person would
    say.
    """
    days = [date.fromisoformat(row.partition(",")[0]) for row in rows.splitlines()]
    return SeriesQuestions(
        {day: day - timedelta(days=(day.weekday() - 3) % 7) for day in days if day.weekday() != 3}
    )


def events(workspace: Workspace) -> tuple[Event, ...]:
    return tuple(read(workspace.store, deal_log(DEAL)))


def replayed(workspace: Workspace, tools: Tools) -> list[object]:
    """The difference that a replay of the deal's log finds."""
    return [one.difference for one in Replay(workspace, tools.templates).run() if one.log == deal_log(DEAL)]


def sweep_on(found: tuple[Event, ...], day: date) -> str:
    return str(
        [
            e.payload.state.status
            for e in found
            if e.kind == "counted" and e.subject == "cash-sweep" and e.effective_on == day
        ][-1]
    )


def test_a_restated_row_runs_its_date_again_and_corrects_in_writing(
    administered: Workspace, tools: Tools
) -> None:
    """The administrator's two rows of March 2026, as they came: the second dated a day later, for the same
    week.
    """
    day = date(2026, 3, 5)
    series(administered, "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,1.6021,true,27,1.1.0\n", day)
    run(administered, day, replace(tools, now=datetime(2026, 3, 5, 22, tzinfo=UTC)))
    assert sweep_on(events(administered), day) == "IN EFFECT"
    series(administered, "2026-03-06,1.7350,false,44,1.1.1\n", date(2026, 3, 6))
    outcome = run(administered, date(2026, 3, 6), tools)
    found = events(administered)
    (correction,) = [e.payload for e in found if isinstance(e.payload, Correction)]
    assert (correction.from_on, correction.until) == (day, day)
    assert correction.why == ("Restatement of CRI-H100 for 2026-03-05: 1.6021, now 1.7350",)
    assert outcome.deals[0].state.triggers["cash-sweep"].status == "NOT IN EFFECT"
    assert {e.print for e in standing(found) if e.kind == "tested" and e.effective_on == day} == {2}
    assert {e.print for e in withdrawn(found)} == {1}
    corrected = [e.payload for e in found if e.kind == "notice issued" and e.payload.kind == "correction"]
    compliance = [
        e.payload
        for e in found
        if e.kind == "notice issued" and e.payload.kind == "compliance" and e.effective_on == day
    ]
    assert [one.supersedes for one in corrected] == [compliance[0].number]
    begun = [
        e.payload.number
        for e in found
        if e.kind == "notice issued" and e.subject == "trigger_event-cash-sweep"
    ]
    assert [one.supersedes_each for one in corrected] == [(compliance[0].number, *begun)]
    held = {one.number: why_not_sent(replace(one, release=RELEASED)) for one in deliveries(found)}
    assert [held[number] for number in begun] == ["a later notice withdraws what it states"]
    assert held[corrected[0].number] != "a later notice withdraws what it states"
    assert run(administered, date(2026, 3, 6), tools).deals[0].events == []
    assert events(administered) == found


def test_a_manifest_error_excludes_a_print_until_the_next_one(
    administered: Workspace, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """A print of a tenth of the price begins the sweep; excluded by two persons it counts as not published;
    the next print serves.
    """
    day = date(2026, 3, 5)
    series(administered, "2026-02-26,2.0000,false,44,1.1.1\n2026-03-05,0.1735,false,44,1.1.1\n", day)
    run(administered, day, replace(tools, now=datetime(2026, 3, 5, 22, tzinfo=UTC)))
    assert sweep_on(events(administered), day) == "IN EFFECT"
    deal = find_deal(administered, DEAL, all_templates)
    who = {"document": "override.pdf", "prepared_by": "A", "approved_by": "B"}
    act = ActRecorded(act="manifest error", effective_on=day, details={"index": "CRI-H100"}, **who)
    scribe = Scribe("t", "t", datetime(2026, 3, 6, 9, tzinfo=UTC))
    with pytest.raises(WrongUsage, match="has no value published for 2026-03-12"):
        record_act(
            administered,
            deal,
            act.model_copy(update={"effective_on": date(2026, 3, 12)}),
            scribe,
            as_json=True,
        )
    record_act(administered, deal, act, scribe, as_json=True)
    outcome = run(administered, day, replace(tools, now=datetime(2026, 3, 6, 10, tzinfo=UTC)))
    found = events(administered)
    (correction,) = [e.payload for e in found if isinstance(e.payload, Correction)]
    assert any(why.startswith("manifest error, effective 2026-03-05") for why in correction.why)
    assert outcome.deals[0].state.triggers["cash-sweep"].status == "NOT IN EFFECT"
    (rate,) = [e.payload for e in standing(found) if e.kind == "rate" and e.effective_on == day]
    assert rate.newest_print == 0
    assert (
        run(administered, day, replace(tools, now=datetime(2026, 3, 6, 10, tzinfo=UTC))).deals[0].events == []
    )
    series(administered, "2026-03-06,1.7350,false,44,1.1.1\n", date(2026, 3, 6))
    run(administered, date(2026, 3, 6), tools)
    (rate,) = [
        e.payload for e in standing(events(administered)) if e.kind == "rate" and e.effective_on == day
    ]
    assert (rate.newest_print, str(rate.value)) == (2, "1.7350")
    assert replay(administered, all_templates, None, as_json=True) == 0


def computed(
    root: Path, weeks: int, tools: Tools, templates: dict[str, Template], *changes: tuple[str, str]
) -> Workspace:
    """A workspace of so many weeks, run at the end of them: made once in a process for all who ask for the
    same, and copied.
    """

    def make(root: Path) -> None:
        workspace = made(root, *changes)
        fill(workspace, weeks, templates)
        run(workspace, plan.THURSDAYS[weeks - 1], tools)
        workspace.store.close()

    return opened(copy_of(("computed", weeks, changes, tools.now, tools.render), make, root))


def test_an_act_effective_in_the_past_is_applied_where_it_belongs(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace = computed(tmp_path, 12, tools, all_templates)
    before = events(workspace)
    failed = next(
        e
        for e in before
        if e.kind == "tested" and e.payload.result.verdict == "FAIL" and e.payload.result.breach == "default"
    )
    act = ActRecorded(
        act="waiver",
        clause=failed.subject,
        effective_on=failed.effective_on,
        until=date(2026, 12, 31),
        document="W",
        details={"clock": "resumes"},
    )
    with workspace.store.begin() as writer:
        draft = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
        append(writer, deal_log(DEAL), [draft], Scribe("t", "t", NOW))
    outcome = run(workspace, plan.THURSDAYS[11], tools)
    assert outcome.deals[0].state.tests[failed.subject].status == "WAIVED"
    state = as_it_stands(events(workspace))
    assert state.tests == outcome.deals[0].state.tests
    assert events(workspace)[: len(before)] == before
    again = [e for e in events(workspace) if isinstance(e.payload, Correction)]
    assert [e.payload.from_on for e in again] == [failed.effective_on]
    assert run(workspace, plan.THURSDAYS[11], tools).deals[0].events == []
    workspace.store.close()


@pytest.mark.parametrize(("word", "again"), [("retest", 1), ("from then on", 0)])
def test_a_corrected_report_reaches_back_only_where_the_deal_says_so(
    tmp_path: Path,
    tools: Tools,
    all_templates: dict[str, Template],
    word: str,
    again: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = (("corrected_report: from then on", f"corrected_report: {word}"),)
    workspace = computed(tmp_path, 6, tools, all_templates, *changes)
    (first,) = [one for one in plan.reports(plan.THURSDAYS[2]) if one.name.startswith(DEAL)]
    day = plan.THURSDAYS[5]
    as_of = next(line for line in first.text.splitlines() if line.startswith("as_of:")).split(":")[1].strip()
    text = first.text.replace("source:", f"corrects: {as_of}\nsource:", 1)
    principal = next(
        line for line in text.splitlines() if "USD" in line and "rate" not in line and "class" in line
    )
    text = text.replace(
        principal,
        principal.split("USD")[0] + ("USD 1,000,000" if '"' not in principal else 'USD 1,000,000"}'),
    )
    corrected = tmp_path / f"{DEAL}-corrected.yaml"
    corrected.write_text(text, encoding="utf-8")
    before = events(workspace)
    capsys.readouterr()
    intake(
        Intake(workspace, all_templates, Scribe("t", "t", NOW)),
        [corrected],
        NOW.date(),
        as_json=True,
        preview=True,
    )
    shown = json.loads(capsys.readouterr().out)["changes"]
    assert (len(shown), events(workspace)) == (again, before)
    take(workspace, text, f"{DEAL}-corrected.yaml", NOW.date(), all_templates, Scribe("t", "t", NOW))
    run(workspace, day, replace(tools))
    found = [e.payload for e in events(workspace) if isinstance(e.payload, Correction)]
    assert len(found) == again
    if again:
        assert found[0].from_on <= plan.THURSDAYS[2] < found[0].until
        assert (shown[0]["from_on"], shown[0]["until"]) == (str(found[0].from_on), str(found[0].until))
    workspace.store.close()


def test_an_amendment_that_reaches_back_is_told_in_a_correction(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = computed(tmp_path, 8, tools, all_templates)
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    since = plan.THURSDAYS[5]
    amendment = (
        f"amendments:\n  - number: 1\n    document: CA\n    effective: {since}\n    changes:\n"
        "      - {term: covenants.ltv.maximum, replaces: 65%, with: 20%, later_steps: drop, cite: CA §7.02}\n"
    )
    text = path.read_text(encoding="utf-8")
    head, _, tail = text.partition("amendments: []")
    rest = tail[tail.index("\nworked_examples:") :]
    path.write_text(head + amendment + rest, encoding="utf-8")
    deal, problems = load_deal(path.read_text(encoding="utf-8"), path.name, clauses_of(all_templates))
    assert deal is not None, problems
    outcome = run(workspace, plan.THURSDAYS[7], tools)
    (correction,) = [e.payload for e in events(workspace) if isinstance(e.payload, Correction)]
    assert (correction.from_on, correction.until) == (since, plan.THURSDAYS[7])
    assert outcome.deals[0].state.tests["ltv"].status == "CURE PERIOD"
    capsys.readouterr()
    for on, maximum in ((plan.THURSDAYS[4], "65%"), (since, "20%")):
        explain(workspace, DEAL, "ltv", on, as_json=False)
        (reading,) = [
            line for line in capsys.readouterr().out.splitlines() if line.startswith("The engine reads it: ")
        ]
        assert maximum in reading
    assert run(workspace, plan.THURSDAYS[7], tools).deals[0].events == []
    workspace.store.close()


def test_an_amendment_of_the_restatement_period_reaches_no_further_back_than_it_says(
    tmp_path: Path, tools: Tools
) -> None:
    """A Restatement of 15 January that came too late by the terms of its date stays too late under those of
    March.
    """
    workspace = made(
        tmp_path,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
        ("restatement: {accepted_for: 5 business days", "restatement: {accepted_for: 1 business day"),
    )
    day = plan.THURSDAYS[1]
    series(workspace, f"{plan.THURSDAYS[0]},2.0000,false,44,1.1.0\n{day},2.0000,false,44,1.1.0\n", day)
    run(workspace, day, replace(tools, now=datetime(2026, 1, 16, 12, tzinfo=UTC)))
    series(workspace, "2026-01-20,1.4000,false,44,1.1.0\n", date(2026, 1, 20))
    later = "".join(f"{thursday},2.0000,false,44,1.1.0\n" for thursday in plan.THURSDAYS[2:9])
    series(workspace, later, plan.THURSDAYS[8])
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    head, _, tail = path.read_text(encoding="utf-8").partition("amendments: []")
    amendment = (
        "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-03-01\n    changes:\n      - "
        "{term: index.CRI-H100.restatement.accepted_for, replaces: 1 business day, with: 60 business days, "
        "cite: CA §2.14}\n"
    )
    path.write_text(head + amendment + tail[tail.index("\nworked_examples:") :], encoding="utf-8")
    outcome = run(workspace, plan.THURSDAYS[8], tools)
    assert outcome.deals[0].reason is None
    assert outcome.deals[0].state.last_date == plan.THURSDAYS[8]
    assert not [e for e in events(workspace) if isinstance(e.payload, Correction)]
    assert replayed(workspace, tools) == [None]
    workspace.store.close()


def test_an_amended_version_leaves_the_weeks_before_it_to_the_one_before(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """Caught up at once or week by week: weeks before the amendment are read from the series that the deal
    then named.
    """
    found = []
    amendment = (
        "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-02-01\n    changes:\n"
        "      - {term: index.CRI-H100.methodology.version, replaces: 1.1.0, with: 1.1.1, cite: CA §2.14}\n"
    )
    for name, stops in (("at-once", plan.THURSDAYS[6:7]), ("weekly", plan.THURSDAYS[:7])):
        changes = (("version: 1.1-wp", "version: 1.1.0"), ("amendments: []\n", amendment))
        workspace = made(tmp_path / name, *changes)
        fill(workspace, 7, all_templates)
        told: list[NoticeInputs] = []

        def kept(many: Sequence[NoticeInputs], told: list[NoticeInputs] = told) -> Iterator[bytes]:
            told.extend(many)
            return paper(many)

        for stop in stops:
            outcome = run(workspace, stop, replace(tools, render=kept))
            assert outcome.deals[0].reason is None
        for notice in told:  # a notice shows each week by the version that was in force on it
            shown = {
                str(one["publication_date"]): one["methodology"] for one in notice.publications["CRI-H100"]
            }
            assert len(shown) == sum(thursday <= notice.on for thursday in plan.THURSDAYS)
            assert {day: "1.1.1" if day >= "2026-02-01" else "1.1.0" for day in shown} == shown
        rates = [e.payload for e in events(workspace) if e.kind == "rate"]
        assert {
            rate.published.methodology for rate in rates if rate.published and rate.on < date(2026, 2, 1)
        } == {"1.1.0"}
        assert {
            rate.published.methodology for rate in rates if rate.published and rate.on >= date(2026, 2, 1)
        } == {"1.1.1"}
        assert replayed(workspace, tools) == [None]
        found.append([(rate.on, rate.value) for rate in rates])
        workspace.store.close()
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("hour_utc", "taken"), [(1, True), (6, False)], ids=["20:00 in New York", "01:00 the day after"]
)
def test_a_restatement_on_its_last_day_is_in_time_until_the_day_is_over_where_the_deal_is(
    tmp_path: Path, tools: Tools, hour_utc: int, taken: bool
) -> None:
    """Five Business Days after Thursday, 8 January 2026 end with Thursday, the 15th, in New York."""
    workspace = made(tmp_path, ("version: 1.1-wp", "version: 1.1.0"))
    keep(workspace, plan.THURSDAYS[0], datetime(2026, 1, 9, 11, tzinfo=UTC))
    run(workspace, plan.THURSDAYS[0], replace(tools, now=datetime(2026, 1, 9, 12, tzinfo=UTC)))
    log = index_log("CRI-H100@1.1.0")
    (first,) = [event for event in read(workspace.store, log) if event.effective_on == plan.THURSDAYS[0]]
    value = IndexValue.model_validate(first.payload.value).model_copy(
        update={"value": Decimal("1.2000"), "print": 2}
    )
    at = datetime(2026, 1, 16, hour_utc, tzinfo=UTC)
    with workspace.store.begin() as writer:
        append(writer, log, [print_draft(value, "a slip of the pen")], Scribe("t", "t", at))
    run(workspace, plan.THURSDAYS[0], replace(tools, now=at))
    assert bool([e for e in events(workspace) if isinstance(e.payload, Correction)]) == taken
    assert replayed(workspace, tools) == [None]
    workspace.store.close()


def test_an_act_between_a_correction_and_its_dates_reaches_the_dates_before_it_too(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the correction of the fourth date; a waiver of the second: every date from the second on
    is determined again.
    """
    changes = (
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
    )
    workspace, days = made(tmp_path, *changes), plan.THURSDAYS[:4]
    for day, rate in zip(days, ("2.10", "2.05", "2.00", "1.95"), strict=True):
        series(workspace, f"{day},{rate},false,44,1.1.1\n", day)
    run(workspace, days[3], replace(tools, now=datetime(2026, 1, 29, 22, tzinfo=UTC)))
    friday = datetime(2026, 1, 30, 22, tzinfo=UTC)
    series(workspace, "2026-01-30,1.9600,false,44,1.1.1\n", friday.date())

    def killed(_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("engine.operations.run.evaluate", killed)
        with pytest.raises(OSError, match="killed"):
            run(workspace, friday.date(), replace(tools, now=friday))
    act = ActRecorded(
        act="waiver", clause="cash-sweep", effective_on=days[1], until=date(2026, 3, 28), document="W"
    )
    act = act.model_copy(update={"details": {"clock": "resumes"}})
    deal = find_deal(workspace, DEAL, all_templates)
    record_act(workspace, deal, act, Scribe("t", "t", datetime(2026, 1, 30, 23, tzinfo=UTC)), as_json=True)
    for hour in (0, 1):
        run(workspace, friday.date(), replace(tools, now=datetime(2026, 1, 31, hour, tzinfo=UTC)))
    sweep = [
        event
        for event in standing(events(workspace))
        if event.kind == "tested" and event.subject == "cash-sweep"
    ]
    assert [(event.effective_on, event.payload.state.status.value) for event in sweep] == [
        (days[0], "COMPLIANT"),
        *((day, "WAIVED") for day in days[1:]),
    ]
    first, second = [event.payload for event in events(workspace) if isinstance(event.payload, Correction)]
    assert (first.from_on, first.until, second.from_on, second.until) == (days[3], days[3], days[1], days[3])
    assert second.why == (*first.why, f"waiver of cash-sweep, effective {days[1]}")
    assert [event.effective_on for event in events(workspace) if event.subject == "correction"] == [
        days[3]
    ]  # one notice tells of both
    assert replayed(workspace, tools) == [None]
    workspace.store.close()
