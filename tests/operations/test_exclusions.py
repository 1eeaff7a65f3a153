"""A Manifest Error Override: named listings, two persons, a document; counted, disclosed, replayed, and never
without a trace.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import WrongUsage
from engine.basics.values import median, rounded
from engine.cli.show.trust import reproduce
from engine.demo import plan
from engine.determination.template import Template
from engine.market.index_value import IndexValue
from engine.operations.exclusions import Grounds, exclude, listings_of
from engine.operations.publish import restated
from engine.operations.run import Tools, run
from engine.record.log import SNAPSHOTS, Scribe, index_log, read
from engine.workspace.series import computed, draft
from engine.workspace.workspace import Workspace
from reports.pages.publication import PublicationInputs, compose
from tests.operations.test_run import fill, tools, workspace

__all__ = ["tools", "workspace"]  # fixtures of the run, used here
INDEX, VERSION = "CRI-H100", "1.1-wp"
THURSDAY = plan.THURSDAYS[0]
DAY = THURSDAY - timedelta(days=1)
SAID = "priced for a day and not for an hour"


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    path = tmp_path / "memo.txt"
    path.write_text("illustrative", encoding="utf-8")
    return path


def recorded(
    workspace: Workspace, memo: Path, listings: list[int], at: datetime, who: tuple[str, str] = ("A", "B")
) -> None:
    exclude(workspace, INDEX, VERSION, DAY, listings, Grounds(SAID, memo, *who), Scribe("t", "t", at))


def published(workspace: Workspace) -> dict[str, object]:
    (event,) = [
        e for e in read(workspace.store, index_log(f"{INDEX}@{VERSION}")) if e.effective_on == THURSDAY
    ]
    value: dict[str, object] = dict(event.payload.value)
    return value


def last_day(value: IndexValue) -> tuple[int, dict[str, int]]:
    return value.days[-1].qualifying, dict(value.days[-1].excluded)


def test_an_excluded_listing_is_in_no_value_and_the_print_says_so(
    workspace: Workspace, tools: Tools, memo: Path, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    before = computed(workspace, INDEX, VERSION, DAY)
    found = listings_of(workspace, INDEX, VERSION, DAY).listings
    dearest = max(zip(found.observations, found.places, strict=True), key=lambda pair: pair[0].micro)
    recorded(workspace, memo, [dearest[1]], tools.now)
    after = computed(workspace, INDEX, VERSION, DAY)
    count, rules = last_day(before)
    assert last_day(after) == (count - 1, {**rules, "manifest error": 1})
    assert dearest[0].usd in before.pooled
    assert dearest[0].usd not in after.pooled
    assert after.value == rounded(median([int(one.scaleb(6)) for one in after.pooled]), 4)
    assert run(workspace, THURSDAY, tools).publications
    value = published(workspace)
    (said,) = value["overrides"]  # type: ignore[misc]
    assert said.startswith(f"listing {dearest[1]} of snapshot ")
    assert said.endswith(f": {SAID} (memo.txt; A, approved by B)")
    page = compose(PublicationInputs(value, (value,), "Agent", tools.now))
    assert any(
        runs[0][0] == "Excluded by a Manifest Error Override" and said in runs[1][0]
        for runs in page["answer"]
    )
    assert [one.difference for one in Replay(workspace, all_templates).run() if one.difference] == []
    assert reproduce(workspace, INDEX, VERSION, THURSDAY, as_json=True) == 0


def test_a_week_published_before_stands_and_its_restatement_discloses(
    workspace: Workspace, tools: Tools, memo: Path, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    run(workspace, THURSDAY, tools)
    value = published(workspace)
    assert "overrides" not in value
    found = listings_of(workspace, INDEX, VERSION, DAY).listings
    recorded(workspace, memo, list(found.places[:3]), tools.now + timedelta(hours=1))
    assert published(workspace) == value
    _, again = restated(workspace, f"{INDEX}@{VERSION}", THURSDAY)
    assert len(again.overrides) == 1
    assert again.days[-1].excluded["manifest error"] == 3
    assert reproduce(workspace, INDEX, VERSION, THURSDAY, as_json=True) == 0  # the print, as it was made
    assert [one.difference for one in Replay(workspace, all_templates).run() if one.difference] == []


def test_what_is_refused_leaves_no_trace(
    workspace: Workspace, memo: Path, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    before, at = read(workspace.store, SNAPSHOTS), datetime(2026, 7, 3, 12, tzinfo=UTC)
    found = listings_of(workspace, INDEX, VERSION, DAY).listings
    gone = next(one.position for one in found.exclusions)
    for listings, who, document, words in (
        ([found.places[0]], ("A", "A"), memo, "name a second person"),
        ([gone], ("A", "B"), memo, f"no listing {gone} qualifies; there are "),
        ([found.places[0]], ("A", "B"), memo.with_name("none"), "no such file"),
    ):
        with pytest.raises(WrongUsage, match=words):
            recorded(workspace, document, listings, at, who)
    with pytest.raises(WrongUsage, match="no snapshot of 2025-01-01 speaks of CRI-H100"):
        listings_of(workspace, INDEX, VERSION, date(2025, 1, 1))
    assert read(workspace.store, SNAPSHOTS) == before
    recorded(workspace, memo, [found.places[0]], at)
    recorded(workspace, memo, [found.places[0]], at)
    assert len(read(workspace.store, SNAPSHOTS)) == len(before) + 1


def test_a_print_without_an_override_has_the_bytes_that_it_always_had(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    fill(workspace, 1, all_templates)
    assert "overrides" not in draft(computed(workspace, INDEX, VERSION, DAY)).payload.value
