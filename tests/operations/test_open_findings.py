"""What is open about an index stands on the notice's index section and on the deal's page, and goes when it
is settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from engine.audit.pages_again import other_words
from engine.cli.show.series import import_series
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.market_events import SnapshotImported
from engine.events.notice import NoticeInputs
from engine.events.open_findings import ACCEPTED
from engine.operations.run import Tools, run
from engine.queries.deal_page import deal_page
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.findings_shown import findings_shown
from engine.workspace.workspace import Workspace
from reports.notice.compose import compose
from reports.notice.evidence_view import NoticePages
from tests.operations.test_corrections import ROWS, events, series
from tests.operations.test_corrections import administered as administered  # the fixture
from tests.operations.test_daily_series import FIRST, FRIDAY, came, evening
from tests.operations.test_daily_series import made as made  # the fixture
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture

DAY = date(2026, 3, 5)
SLIPPED = "2026-02-26,2.0000,false,44,1.1.0\n2026-03-05,20.0000,false,44,1.1.0\n"
SAID = (
    "5 Mar 2026: 20.0000 in the administrator’s file may be a slip of its unit, after 2.0000; it awaits "
    "confirmation."
)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def said_of(inputs: NoticeInputs | None) -> list[str]:
    assert inputs is not None
    block = next(one for one in compose(inputs)["proof"] if one["block"] == "index")
    return [text for one in block["indices"] for text in one["findings"]]


def test_a_slip_is_open_until_it_is_confirmed(administered: Workspace, tools: Tools) -> None:
    series(administered, SLIPPED, DAY)
    late = DAY + timedelta(days=8)
    run(administered, DAY, replace(tools, now=at(DAY)))
    found = deal_page(administered, DEAL, None, at(DAY)).inputs
    assert found is not None
    deal = next(event.payload for event in events(administered) if event.kind == "deal adopted")
    open_ = findings_shown(administered, deal, DAY, at(DAY), found.publications)
    assert [(one.on, one.now) for one in open_["CRI-H100"]] == [(DAY, "20.0000")]
    assert said_of(replace(found, findings=open_)) == [SAID]
    assert SAID not in str(compose(replace(found, findings=open_))["first"])
    assert findings_shown(administered, deal, DAY - timedelta(days=1), at(DAY), {}) == {}
    assert findings_shown(administered, deal, DAY, at(DAY - timedelta(days=1)), {}) == {}
    path = administered.root / "rows.csv"
    path.write_text(ROWS + SLIPPED, encoding="utf-8")
    import_series(
        administered, "CRI-H100", [path], Scribe("t", "t", at(late)), as_json=True, accept=["unit-slip"]
    )
    assert findings_shown(administered, deal, DAY, at(late), {}) == {}
    assert findings_shown(administered, deal, DAY, at(DAY), {}) == open_


def test_a_change_after_a_day_was_final_stands_on_notice_and_page(
    made: Callable[[str], Workspace], tools: Tools, all_templates: dict[str, Template]
) -> None:
    workspace, pages = made("the publication date"), NoticePages()
    wednesday, second = FIRST - timedelta(days=1), FIRST + timedelta(days=7)
    came(workspace, evening(FRIDAY), (wednesday, "2.8400"), (FIRST, "2.9750"))
    came(workspace, evening(FRIDAY), (FIRST, "2.9000"))
    made_of: list[NoticeInputs] = []
    told = replace(
        tools,
        now=evening(FRIDAY),
        pages=pages,
        render=lambda many: (made_of.append(one) or b"" for one in many),
    )
    run(workspace, FRIDAY, told)
    said = (
        "8 Jan 2026: 2.9750 is on record as final, and a later file has 2.9000; the later value is not taken."
    )
    assert [said_of(one) for one in made_of] == [[said]] * len(made_of)
    assert made_of
    assert said_of(deal_page(workspace, DEAL, None, evening(second)).inputs) == [said]
    assert list(other_words(workspace, events(workspace), pages)) == []


def test_a_collection_that_was_accepted_stands_while_its_week_is_shown(
    administered: Workspace, tools: Tools
) -> None:
    series(administered, SLIPPED, DAY)
    run(administered, DAY, replace(tools, now=at(DAY)))
    deal = next(event.payload for event in events(administered) if event.kind == "deal adopted")
    payload = SnapshotImported(
        sha256="ab" * 32, collected_at=at(DAY), form="offers", source="s", accepted=("list-shrunk",)
    )
    new = Draft(kind="snapshot imported", subject="x", effective_on=DAY, payload=payload)
    with administered.store.begin() as writer:
        append(writer, SNAPSHOTS, [new], Scribe("t", "t", at(DAY)))
    week = {
        "days": [{"date": "2026-03-04", "snapshot": "ab" * 32}, {"date": "2026-03-03", "snapshot": "cd" * 32}]
    }
    shown = {"CRI-H100": [week]}
    (_, one) = findings_shown(administered, deal, DAY, at(DAY), shown)["CRI-H100"]
    assert (one.on, one.what, one.accepted) == (date(2026, 3, 4), ACCEPTED, ("list-shrunk",))
    found = deal_page(administered, DEAL, None, at(DAY)).inputs
    assert found is not None
    said = said_of(replace(found, findings={"CRI-H100": (one,)}))
    assert said == [
        "4 Mar 2026: the collection abababababababab looked changed (list shrunk); a person accepted it."
    ]
    assert (
        len(findings_shown(administered, deal, DAY, at(DAY), {"CRI-H100": [week, *[{}] * 7]})["CRI-H100"])
        == 1
    )


def test_a_collection_that_may_be_cut_is_said_once(administered: Workspace, tools: Tools) -> None:
    series(administered, SLIPPED, DAY)
    run(administered, DAY, replace(tools, now=at(DAY)))
    deal = next(event.payload for event in events(administered) if event.kind == "deal adopted")
    shown = {
        "CRI-H100": [{"days": [{"date": "2026-03-04", "snapshot": "ab" * 32, "doubt": "64 offers are cut"}]}]
    }
    (_, one) = findings_shown(administered, deal, DAY, at(DAY), shown)["CRI-H100"]
    found = deal_page(administered, DEAL, None, at(DAY)).inputs
    assert found is not None
    assert said_of(replace(found, findings={"CRI-H100": (one,)})) == ["4 Mar 2026: 64 offers are cut."]
