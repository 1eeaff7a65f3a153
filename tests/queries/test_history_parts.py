"""Parts of a history, and two dates side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from engine.basics.errors import WrongUsage
from engine.demo import plan
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.run import Tools, run
from engine.queries.compared_dates import compare_dates
from engine.queries.filtered_history import Wanted, filtered, rows
from engine.record.log import Scribe, append, deal_log
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL, fill, paper

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
FIRST, LAST = plan.THURSDAYS[0], plan.THURSDAYS[4]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """Five weeks of a deal, and a waiver that two persons entered."""
    workspace = made(tmp_path_factory.mktemp("desk"))
    fill(workspace, 5, all_templates)
    run(workspace, LAST, Tools(all_templates, paper, NOW, "t", lambda _: None))
    act = ActRecorded(
        act="waiver",
        clause="ltv",
        document="Waiver Letter No. 3",
        effective_on=LAST,
        until=date(2026, 3, 19),
        prepared_by="A. Smith",
        approved_by="B. Jones",
    )
    with workspace.store.begin() as writer:
        draft = Draft(kind="act recorded", subject=act.identity, effective_on=LAST, payload=act)
        append(writer, deal_log(DEAL), [draft], Scribe("desk", "t", NOW))
    yield workspace
    workspace.store.close()


def test_nothing_asked_for_is_the_whole_history(desk: Workspace) -> None:
    found = filtered(desk, DEAL, Wanted())
    assert len(found.events) == found.size


def test_dates_are_the_contract_s_and_both_are_included(desk: Workspace) -> None:
    found = filtered(desk, DEAL, Wanted(since=LAST, until=LAST))
    assert {event.effective_on for event in found.events} == {LAST}
    assert found.size > len(found.events)
    with pytest.raises(WrongUsage, match="is before --from"):
        filtered(desk, DEAL, Wanted(since=LAST, until=FIRST))


def test_a_kind_and_a_test_are_asked_for_by_name(desk: Workspace) -> None:
    found = filtered(desk, DEAL, Wanted(kinds=("tested",), about="ltv"))
    assert {(event.kind, event.subject) for event in found.events} == {("tested", "ltv")}
    assert [event.effective_on for event in found.events] == list(plan.THURSDAYS[:5])
    with pytest.raises(WrongUsage, match="`teste` is not a kind of this history; there are act recorded"):
        filtered(desk, DEAL, Wanted(kinds=("teste",)))
    with pytest.raises(WrongUsage, match="`lvt` is not a test or trigger"):
        filtered(desk, DEAL, Wanted(about="lvt"))


def test_an_act_is_found_by_its_clause_and_says_until_when_and_by_whom(desk: Workspace) -> None:
    (row,) = rows(filtered(desk, DEAL, Wanted(about="ltv", kinds=("act recorded",))))
    assert row["what"] == "waiver ltv Waiver Letter No. 3, until 2026-03-19, by A. Smith and B. Jones"
    assert (row["until"], row["document"], row["persons"]) == (
        "2026-03-19",
        "Waiver Letter No. 3",
        ["A. Smith", "B. Jones"],
    )


def test_words_are_looked_for_in_any_case_and_order(desk: Workspace) -> None:
    found = filtered(desk, DEAL, Wanted(words="smith WAIVER"))
    assert [event.kind for event in found.events] == ["act recorded"]
    assert filtered(desk, DEAL, Wanted(words="smith nobody")).events == ()


def test_the_time_of_recording_is_a_filter_of_its_own(desk: Workspace) -> None:
    assert filtered(desk, DEAL, Wanted(recorded_from=date(2026, 7, 4))).events == ()
    assert len(filtered(desk, DEAL, Wanted(recorded_from=date(2026, 7, 3))).events) > 20


def test_two_dates_side_by_side(desk: Workspace) -> None:
    found = compare_dates(desk, DEAL, FIRST, LAST)
    by = {(row.subject, row.what): row for row in found.rows}
    assert by["ltv", "result"].first == f"PASS of {FIRST}"
    assert by["ltv", "result"].second == f"PASS of {LAST}"
    assert by["rate-floor", "result"].first == f"NOT DETERMINED of {FIRST}"
    assert by["rate-floor", "result"].second == f"PASS of {LAST}"
    assert by["rate-floor", "result"].changed
    assert not by["ltv", "limit"].changed
    assert any(row.what == "Reference Rate" and row.first.startswith("USD ") for row in found.rows)
    assert found.as_data()["rows"][0]["changed"] in (True, False)


def test_a_day_that_was_not_determined_is_refused_with_those_that_were(desk: Workspace) -> None:
    with pytest.raises(WrongUsage, match="was not determined on 2026-01-09"):
        compare_dates(desk, DEAL, date(2026, 1, 9), LAST)
