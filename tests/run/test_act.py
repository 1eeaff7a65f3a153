"""What an Act must say before it is recorded, and what the deal asks of it; nothing half said enters the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.commands.act import record_act
from engine.commands.intake import find_deal
from engine.determination.template import Template
from engine.errors import WrongUsage
from engine.record.event import ActRecorded
from engine.record.log import Scribe, deal_log
from engine.workspace import Workspace, create, opened
from tests.conftest import DEALS

MERIDIAN, GRANITE, KEYSTONE = "meridian-2026-1", "granite-revolver-2026", "keystone-contracted-2026"
ON, LATER = date(2026, 3, 5), date(2026, 4, 2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path)
    for deal in (MERIDIAN, GRANITE, KEYSTONE):
        (tmp_path / "deals" / f"{deal}.yaml").write_text((DEALS / f"{deal}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    workspace = opened(tmp_path)
    yield workspace
    workspace.store.close()


def record(desk: Workspace, templates: dict[str, Template], deal: str, act: str, **said: Any) -> None:
    names = ("clause", "until", "prepared_by", "approved_by")
    details = {key: value for key, value in said.items() if key not in names}
    recorded = ActRecorded(act=act, effective_on=ON, details=details, **{key: said[key] for key in names if key in said})
    record_act(desk, find_deal(desk, deal, templates), recorded, Scribe("t", "t", datetime(2026, 3, 6, tzinfo=UTC)), as_json=True)


@pytest.mark.parametrize(
    ("deal", "act", "said", "refusal"),
    [
        (MERIDIAN, "waver", {}, "is no Recorded Act"),
        (MERIDIAN, "waiver", {}, "give --clause and --until"),
        (MERIDIAN, "waiver", {"clause": "ltv"}, "give --until"),
        (MERIDIAN, "waiver", {"clause": "ltv", "until": date(2026, 3, 4), "clock": "resumes"}, "before it is effective"),
        (MERIDIAN, "waiver", {"clause": "lvt", "until": LATER, "clock": "resumes"}, "is no clause"),
        (MERIDIAN, "waiver", {"clause": "ltv", "until": LATER}, "--clock resumes, or --clock restarts"),
        (MERIDIAN, "waiver", {"clause": "ltv", "until": LATER, "clock": "stops"}, "--clock resumes, or --clock restarts"),
        (MERIDIAN, "cure accepted", {}, "give --clause"),
        (MERIDIAN, "cure accepted", {"clause": "ltv", "method": "equity"}, "does not cure `ltv`"),
        (MERIDIAN, "agent determination", {"index": "CRI-H100"}, "give --rate"),
        (MERIDIAN, "act withdrawn", {"names": "waiver|ltv|2026-03-05"}, "on record are none"),
        (MERIDIAN, "default ended", {"clause": "ltv", "prepared_by": "A", "approved_by": "A"}, "name a second person"),
        (GRANITE, "default ended", {"clause": "ltv", "prepared_by": "A"}, "the deal asks for two persons"),
        (KEYSTONE, "cure accepted", {"clause": "coverage", "method": "equity", "amount": "6,000,000"}, "counts at most USD 5,000,000.00"),
        (KEYSTONE, "cure accepted", {"clause": "coverage", "method": "equity"}, "counts at most USD 5,000,000.00"),
        (KEYSTONE, "cure accepted", {"clause": "coverage", "method": "equity", "amount": "much"}, "is no amount"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_leaves_no_trace(
    desk: Workspace, all_templates: dict[str, Template], deal: str, act: str, said: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(WrongUsage, match=refusal):
        record(desk, all_templates, deal, act, **said)
    assert desk.store.size(deal_log(deal)) == 0


def test_what_is_complete_is_recorded_once(desk: Workspace, all_templates: dict[str, Template]) -> None:
    for _ in range(2):
        record(desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=LATER, clock="resumes")
    record(desk, all_templates, GRANITE, "default ended", clause="ltv", prepared_by="A", approved_by="B")
    record(desk, all_templates, KEYSTONE, "cure accepted", clause="coverage", method="equity", amount="USD 400,000")
    record(desk, all_templates, MERIDIAN, "act withdrawn", names="waiver|ltv|2026-03-05")
    assert [desk.store.size(deal_log(deal)) for deal in (MERIDIAN, GRANITE, KEYSTONE)] == [2, 1, 1]
