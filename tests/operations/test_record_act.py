"""What an Act must say before it is recorded, and what the deal asks of it; nothing half said enters the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.act import record_act
from engine.determination.template import Template
from engine.evaluation.recorded_acts import agreed_rates
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.record.log import Scribe, append, deal_log, read
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS

MERIDIAN, GRANITE, KEYSTONE, CASCADE = (
    "meridian-2026-1",
    "granite-revolver-2026",
    "keystone-contracted-2026",
    "cascade-mixed-2026",
)
ON, LATER = date(2026, 3, 5), date(2026, 4, 2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path)
    for deal in (MERIDIAN, GRANITE, KEYSTONE, CASCADE):
        (tmp_path / "deals" / f"{deal}.yaml").write_text(
            (DEALS / f"{deal}.yaml").read_text(encoding="utf-8"), encoding="utf-8"
        )
    workspace = opened(tmp_path)
    yield workspace
    workspace.store.close()


def record(desk: Workspace, templates: dict[str, Template], deal: str, act: str, **said: Any) -> None:
    names = ("clause", "until", "prepared_by", "approved_by")
    details = {key: value for key, value in said.items() if key not in names}
    recorded = ActRecorded(
        act=act, effective_on=ON, details=details, **{key: said[key] for key in names if key in said}
    )
    record_act(
        desk,
        find_deal(desk, deal, templates),
        recorded,
        Scribe("t", "t", datetime(2026, 3, 6, tzinfo=UTC)),
        as_json=True,
    )


@pytest.mark.parametrize(
    ("deal", "act", "said", "refusal"),
    [
        (MERIDIAN, "waver", {}, "is not a Recorded Act"),
        (MERIDIAN, "waiver", {}, "give --clause and --until"),
        (MERIDIAN, "waiver", {"clause": "ltv"}, "give --until"),
        (
            MERIDIAN,
            "waiver",
            {"clause": "ltv", "until": date(2026, 3, 4), "clock": "resumes"},
            "before it is effective",
        ),
        (MERIDIAN, "waiver", {"clause": "lvt", "until": LATER, "clock": "resumes"}, "is not a clause"),
        (MERIDIAN, "waiver", {"clause": "ltv", "until": LATER}, "--clock resumes, or --clock restarts"),
        (
            MERIDIAN,
            "waiver",
            {"clause": "ltv", "until": LATER, "clock": "stops"},
            "--clock resumes, or --clock restarts",
        ),
        (MERIDIAN, "cure accepted", {}, "give --clause"),
        (MERIDIAN, "cure accepted", {"clause": "ltv", "method": "equity"}, "does not cure `ltv`"),
        (MERIDIAN, "agent determination", {"index": "CRI-H100"}, "give --rate"),
        (
            MERIDIAN,
            "agent determination",
            {"index": "CRI-H100", "rate": "USD 1,9"},
            "`USD 1,9` is not a rate",
        ),
        (MERIDIAN, "agent determination", {"index": "CRI-H100", "rate": "1e5"}, "is not a rate"),
        (MERIDIAN, "interpolation", {"index": "CRI-H100", "rate": "NaN"}, "is not a rate"),
        (MERIDIAN, "successor benchmark agreed", {"index": "CRI-H100", "rate": "0.00"}, "is not a rate"),
        (MERIDIAN, "successor benchmark", {"index": "CRI-H100", "rate": "1.90"}, "is not a Recorded Act"),
        (
            MERIDIAN,
            "agent determination",
            {"index": "CRI-H200", "rate": "1.90"},
            "`CRI-H200` is not an index of the deal; there are CRI-H100",
        ),
        (
            MERIDIAN,
            "manifest error",
            {"index": "CRI-H100"},
            "give --document and --prepared-by and --approved-by",
        ),
        (MERIDIAN, "act withdrawn", {"names": "waiver|ltv|2026-03-05"}, "on record are none"),
        (
            MERIDIAN,
            "default ended",
            {"clause": "ltv", "prepared_by": "A", "approved_by": "A"},
            "name a second person",
        ),
        (GRANITE, "default ended", {"clause": "ltv", "prepared_by": "A"}, "the deal asks for two persons"),
        (
            KEYSTONE,
            "cure accepted",
            {"clause": "coverage", "method": "equity", "amount": "6,000,000"},
            "counts at most USD 5,000,000.00",
        ),
        (
            KEYSTONE,
            "cure accepted",
            {"clause": "coverage", "method": "equity"},
            "counts at most USD 5,000,000.00",
        ),
        (
            KEYSTONE,
            "cure accepted",
            {"clause": "coverage", "method": "equity", "amount": "much"},
            "is not an amount",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_leaves_no_trace(
    desk: Workspace,
    all_templates: dict[str, Template],
    deal: str,
    act: str,
    said: dict[str, Any],
    refusal: str,
) -> None:
    with pytest.raises(WrongUsage, match=refusal):
        record(desk, all_templates, deal, act, **said)
    assert desk.store.size(deal_log(deal)) == 0


def test_what_is_complete_is_recorded_once(desk: Workspace, all_templates: dict[str, Template]) -> None:
    for _ in range(2):
        record(desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=LATER, clock="resumes")
    record(desk, all_templates, GRANITE, "default ended", clause="ltv", prepared_by="A", approved_by="B")
    record(
        desk,
        all_templates,
        KEYSTONE,
        "cure accepted",
        clause="coverage",
        method="equity",
        amount="USD 400,000",
    )
    record(desk, all_templates, MERIDIAN, "act withdrawn", names="waiver|ltv|2026-03-05")
    assert [desk.store.size(deal_log(deal)) for deal in (MERIDIAN, GRANITE, KEYSTONE)] == [2, 1, 1]


def standing(desk: Workspace, deal: str) -> tuple[ActRecorded, ...]:
    return fold(read(desk.store, deal_log(deal))).acts


@pytest.mark.parametrize("rate", ["1.90", "USD 1.90", "USD 1.90 per GPU-hour"])
def test_a_rate_is_recorded_as_the_number_that_every_later_run_reads(
    desk: Workspace, all_templates: dict[str, Template], rate: str
) -> None:
    for written in (rate, "1.90"):
        record(desk, all_templates, MERIDIAN, "agent determination", index="CRI-H100", rate=written)
    (act,) = standing(desk, MERIDIAN)
    assert act.details["rate"] == "1.90"
    assert agreed_rates([act], "CRI-H100", ON) == {"agent determination": Decimal("1.90")}


@pytest.mark.parametrize(
    ("rate", "read_as"),
    [("USD 1.90", {"agent determination": Decimal("1.90")}), ("about two", {}), ("-1", {})],
)
def test_a_rate_that_an_earlier_engine_recorded_unread_stops_no_run(
    rate: str, read_as: dict[str, Decimal]
) -> None:
    act = ActRecorded(act="agent determination", effective_on=ON, details={"index": "CRI-H100", "rate": rate})
    assert agreed_rates([act], "CRI-H100", ON) == read_as


def test_rates_of_two_indices_on_one_date_are_two_acts(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    for index in ("CRI-H100", "CRI-H200"):
        record(desk, all_templates, CASCADE, "agent determination", index=index, rate="1.90")
    assert [act.identity for act in standing(desk, CASCADE)] == [
        "agent determination|deal|CRI-H100|2026-03-05",
        "agent determination|deal|CRI-H200|2026-03-05",
    ]
    with pytest.raises(WrongUsage, match="names several Acts"):
        record(desk, all_templates, CASCADE, "act withdrawn", names="agent determination|deal|2026-03-05")
    record(
        desk, all_templates, CASCADE, "act withdrawn", names="agent determination|deal|CRI-H100|2026-03-05"
    )
    record(desk, all_templates, CASCADE, "act withdrawn", names="agent determination|deal|2026-03-05")
    assert standing(desk, CASCADE) == ()


def test_an_act_that_says_otherwise_is_refused_until_the_first_is_withdrawn(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    record(desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=LATER, clock="resumes")
    with pytest.raises(
        WrongUsage,
        match=r"`waiver\|ltv\|2026-03-05` is on record and says otherwise \(until, clock\); withdraw it first",
    ):
        record(
            desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=date(2026, 5, 7), clock="restarts"
        )
    assert desk.store.size(deal_log(MERIDIAN)) == 1
    for _ in range(2):
        record(desk, all_templates, MERIDIAN, "act withdrawn", names="waiver|ltv|2026-03-05")
    assert '"recorded": false' in capsys.readouterr().out
    assert desk.store.size(deal_log(MERIDIAN)) == 2
    record(desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=date(2026, 5, 7), clock="resumes")
    assert [act.until for act in standing(desk, MERIDIAN)] == [date(2026, 5, 7)]
    with pytest.raises(
        WrongUsage, match=r"is withdrawn already; entered again since is waiver\|ltv\|no\. 2\|2026-03-05"
    ):
        record(desk, all_templates, MERIDIAN, "act withdrawn", names="waiver|ltv|2026-03-05")
    record(desk, all_templates, MERIDIAN, "act withdrawn", names="waiver|ltv|no. 2|2026-03-05")
    for _ in range(2):  # word for word what was withdrawn first
        record(desk, all_templates, MERIDIAN, "waiver", clause="ltv", until=LATER, clock="resumes")
    assert [act.identity for act in standing(desk, MERIDIAN)] == ["waiver|ltv|no. 3|2026-03-05"]


def test_two_acts_are_withdrawn_on_one_date(desk: Workspace, all_templates: dict[str, Template]) -> None:
    for clause in ("ltv", "cash-sweep"):
        record(desk, all_templates, MERIDIAN, "waiver", clause=clause, until=LATER, clock="resumes")
    for clause in ("ltv", "cash-sweep"):
        record(desk, all_templates, MERIDIAN, "act withdrawn", names=f"waiver|{clause}|2026-03-05")
    assert standing(desk, MERIDIAN) == ()


def test_consents_to_two_versions_or_by_two_documents_stand_beside_one_another(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    for said in (
        {"version": "1.1.0"},
        {"version": "1.1.1"},
        {"conditions": "one"},
        {"conditions": "two"},
        {"conditions": "two"},
    ):
        record(desk, all_templates, MERIDIAN, "consent", **said)
    assert [act.identity.removesuffix("|2026-03-05") for act in standing(desk, MERIDIAN)] == [
        "consent|deal|1.1.0",
        "consent|deal|1.1.1",
        "consent|deal",
        "consent|deal|no. 2",
    ]


def test_an_act_of_an_earlier_engine_keeps_its_name_and_can_be_withdrawn_by_it(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    act = ActRecorded(act="interpolation", effective_on=ON, details={"index": "CRI-H100", "rate": "1.90"})
    older = Draft(kind="act recorded", subject="interpolation|deal|2026-03-05", effective_on=ON, payload=act)
    with desk.store.begin() as writer:
        append(writer, deal_log(MERIDIAN), [older], Scribe("t", "t", datetime(2026, 3, 6, tzinfo=UTC)))
    record(desk, all_templates, MERIDIAN, "interpolation", index="CRI-H100", rate="1.90")
    assert desk.store.size(deal_log(MERIDIAN)) == 1
    gone = ActRecorded(
        act="act withdrawn", effective_on=ON, details={"names": "interpolation|deal|2026-03-05"}
    )
    assert fold([older, Draft(kind="act recorded", subject="x", effective_on=ON, payload=gone)]).acts == ()
