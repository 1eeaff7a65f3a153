"""Where a notice's sentences come from, as a table: what stands on page 1 for each thing that can have
happened.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from engine.basics.values import Comparison, Figure, Unit
from engine.events.due_acts import Due, DueFacts
from engine.events.rates import ReferenceRate
from engine.events.results import NotDetermined, Remedy, TestResult, Verdict, headroom, passes
from engine.events.states import (
    Deadline,
    HeldRun,
    LeafFacts,
    Limb,
    Obligation,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
)
from reports.formats import plain, role, trigger_name
from reports.notice import sentences
from reports.notice.blocks.index import seller_interval
from reports.notice.view import Line

ON = date(2026, 11, 5)
CURE = Deadline(
    by=date(2026, 11, 13),
    counted_from=date(2026, 10, 29),
    rule="10 business days after the determination date",
    calendar="us-federal-reserve",
    cite="CA §8.01(d)",
)
TITLES = {
    "ltv": "Loan-to-Value",
    "floor": "Rental Rate Floor",
    "sweep": "Cash Sweep",
    "appraisal": "Appraisal",
}


def share(text: str) -> Figure:
    return Figure(value=Fraction(text), unit=Unit.SHARE)


def result(key: str, measured: str, limit: str = "0.65", comparison: Comparison = "at most") -> TestResult:
    room = headroom(share(measured), share(limit), comparison)
    verdict = Verdict.PASS if passes(share(measured), share(limit), comparison) else Verdict.FAIL
    return TestResult(
        test=key,
        template="t",
        title="T",
        cite="CA §7",
        on=ON,
        verdict=verdict,
        measured=share(measured),
        limit=share(limit),
        comparison=comparison,
        headroom=room,
        headroom_share=room.value / Fraction(limit),
    )


def missing(key: str, reason: str = "no Servicer's report has been received") -> TestResult:
    lacks = NotDetermined(reason=reason, cite="CA §6.01", lacks="report")
    return TestResult(
        test=key, template="t", title="T", cite="CA §7", on=ON, verdict=Verdict.NOT_DETERMINED, reason=lacks
    )


def line(
    key: str, found: TestResult | None, status: TestStatus | None = None, run: int = 0, **state: Any
) -> Line:
    test = (
        TestState(test=key, status=status, since=state.pop("since", date(2026, 10, 29)), **state)
        if status
        else None
    )
    return Line(key=key, title=TITLES[key], cite="CA §7", result=found, test=test, run=run)


def sweep(status: TriggerStatus, count: int) -> Line:
    falls = LeafFacts(test="sweep", result="FAIL")
    begins = Limb(what="in words", leaf=falls, count=count, needed=2, out_of=2, dates="publication dates")
    rises = LeafFacts(test="sweep", comparison="at least", level=Fraction(3, 2))
    ends = Limb(what="in words", leaf=rises, count=count, needed=3, out_of=3, dates="publication dates")
    trigger = TriggerState(
        trigger="sweep", status=status, since=date(2026, 11, 12), begins=(begins,), ends=(ends,)
    )
    return Line(
        key="sweep",
        title="Cash Sweep",
        cite="CA §7.03",
        trigger=trigger,
        test=TestState(test="sweep", status=TestStatus.PENDING, since=ON),
        result=result("sweep", "0.70"),
    )


def rate(value: str | None = "1.4937", age: int = 0, reason: str | None = None) -> dict[str, ReferenceRate]:
    return {
        "CRI-H100": ReferenceRate(
            index="CRI-H100",
            on=ON,
            value=Decimal(value) if value else None,
            step="published value",
            cite="CA §2.14",
            age=age,
            publication_date=ON,
            reason=reason,
        )
    }


WAYS = (
    Remedy(method="prepayment", figure=Figure(value=Fraction("589317.52"), unit=Unit.USD), text="in words"),
    Remedy(
        method="additional collateral",
        figure=Figure(value=Fraction(49), unit=Unit.GPUS),
        text="in words",
        asset_class="h100",
    ),
)
OWED = Due(
    by=CURE.by,
    who="borrower",
    act="cure",
    subject="ltv",
    what="in words",
    facts=DueFacts(cured_by=("prepayment", "additional collateral", "retest")),
    deadline=CURE,
    ways=WAYS,
    figure=WAYS[0].figure,
    cite="CA §8.01(d)",
    urgent=True,
)
COMPLIANT, CURING, DEFAULT = TestStatus.COMPLIANT, TestStatus.CURE_PERIOD, TestStatus.EVENT_OF_DEFAULT

HELD = HeldRun(run=2, at_most=4)


def held_sweep(status: TriggerStatus) -> Line:
    found = sweep(status, 1)
    assert found.test is not None
    return replace(found, test=found.test.model_copy(update={"held": HELD}))


ANSWERS = [
    (
        "one test passes",
        [line("ltv", result("ltv", "0.62585"), COMPLIANT)],
        (),
        rate(),
        ["The only test passes. Nearest to its limit is Loan-to-Value: 62.585% against a maximum of 65%."],
    ),
    (
        "all tests pass, the nearest is named",
        [
            line("ltv", result("ltv", "0.60"), COMPLIANT),
            line("floor", result("floor", "0.86", "0.85", "at least"), COMPLIANT),
        ],
        (),
        rate(),
        ["Both tests pass. Nearest to its limit is Rental Rate Floor: 86.000% against a minimum of 85%."],
    ),
    (
        "a hair above the limit shows decimals enough to differ from it",
        [line("ltv", result("ltv", "0.6500001"), CURING, cure=CURE)],
        (OWED,),
        rate(),
        [
            (
                "Loan-to-Value fails: 65.00001% against a maximum of 65%. It must be cured by Friday 13 "
                "November 2026, at this date’s Reference Rate by a prepayment of USD 589,317.52 or by "
                "pledging 49 further GPUs."
            )
        ],
    ),
    (
        "the second FAIL running says so; the other test is in the second paragraph",
        [
            line("ltv", result("ltv", "0.68087"), CURING, run=2, cure=CURE),
            line("floor", result("floor", "0.86", "0.85", "at least"), TestStatus.WATCH),
        ],
        (OWED,),
        rate(),
        [
            (
                "Loan-to-Value fails for the second date running: 68.087% against a maximum of 65%. It must "
                "be cured by Friday 13 November 2026, at this date’s Reference Rate by a prepayment of USD "
                "589,317.52 or by pledging 49 further GPUs."
            ),
            "Rental Rate Floor passes. Rental Rate Floor is under early warning.",
        ],
    ),
    (
        "a Cure Period runs on while nothing can be determined",
        [line("ltv", missing("ltv"), CURING, cure=CURE)],
        (),
        rate(),
        [
            (
                "Loan-to-Value is NOT DETERMINED in its Cure Period. It must be cured by Friday 13 November "
                "2026."
            ),
            (
                "Loan-to-Value is NOT DETERMINED: no Servicer's report has been received. Its state is "
                "unchanged by it."
            ),
        ],
    ),
    (
        "a default is indicated, and ends only by an Act",
        [line("ltv", result("ltv", "0.70"), DEFAULT, since=date(2026, 11, 14), cure=CURE)],
        (),
        rate(),
        [
            (
                "Event of Default indicated on Loan-to-Value since Saturday 14 November 2026: not cured by "
                "Friday 13 November 2026. This date: 70.000% against a maximum of 65%. It ends only by a "
                "Recorded Act."
            )
        ],
    ),
    (
        "a trigger counts",
        [sweep(TriggerStatus.NOT_IN_EFFECT, 1)],
        (),
        rate(),
        [
            "Cash Sweep fails: 70.000% against a maximum of 65%.",
            "Cash Sweep has counted 1 of 2 dates and is not in effect.",
        ],
    ),
    (
        "a trigger is in effect",
        [sweep(TriggerStatus.IN_EFFECT, 1)],
        (),
        rate(),
        [
            (
                "Cash Sweep is in effect since Thursday 12 November 2026: this date 70.000% against a "
                "maximum of 65%. It has counted 1 of 3 dates towards its end."
            )
        ],
    ),
    (
        "no rate: said once, with its reason",
        [line("ltv", missing("ltv", "CRI-H100 has no value for 2026-11-05"), COMPLIANT)],
        (),
        rate(None, 2, "CRI-H100 has no value for 2026-11-05"),
        [
            "No test could be determined: there is no Reference Rate of CRI-H100.",
            (
                "CRI-H100 has no value for 5 Nov 2026 (CA §2.14). Loan-to-Value is NOT DETERMINED. Its "
                "state is "
                "unchanged by it."
            ),
        ],
    ),
    (
        "a carried rate is said",
        [line("ltv", result("ltv", "0.60"), COMPLIANT)],
        (),
        rate(age=1),
        [
            "The only test passes. Nearest to its limit is Loan-to-Value: 60.000% against a maximum of 65%.",
            "The Reference Rate of CRI-H100 is carried: published value of 5 Nov 2026.",
        ],
    ),
    ("nothing was run", [], (), rate(), ["No test was run on this date."]),
    (
        "a held failure has its figure in brackets, and how often",
        [line("ltv", result("ltv", "0.65879"), COMPLIANT, run=2, held=HELD)],
        (),
        rate(),
        [
            (
                "Loan-to-Value fails (65.879%), held: not decisive, 2 of 4, for the second date running, "
                "against a maximum of 65%."
            )
        ],
    ),
    (
        "a held failure in a Cure Period",
        [line("ltv", result("ltv", "0.65879"), CURING, held=HELD, cure=CURE)],
        (),
        rate(),
        [
            "Loan-to-Value fails (65.879%), held: not decisive, 2 of 4, against a maximum of 65%. "
            "It must be cured by Friday 13 November 2026."
        ],
    ),
    (
        "a held failure after an Event of Default",
        [line("ltv", result("ltv", "0.65879"), DEFAULT, since=date(2026, 11, 14), held=HELD, cure=CURE)],
        (),
        rate(),
        [
            "Event of Default indicated on Loan-to-Value since Saturday 14 November 2026: not cured by "
            "Friday 13 November 2026. This date: it fails (65.879%), held: not decisive, 2 of 4, against a "
            "maximum of 65%. It ends only by a Recorded Act."
        ],
    ),
    (
        "a held failure that a trigger would count leads with its figure",
        [held_sweep(TriggerStatus.NOT_IN_EFFECT)],
        (),
        rate(),
        [
            (
                "Cash Sweep fails (70.000%), held: not decisive, 2 of 4, against a maximum of 65%, and is "
                "not "
                "counted."
            ),
            "Cash Sweep has counted 1 of 2 dates and is not in effect.",
        ],
    ),
    (
        "a held failure of a trigger in effect",
        [held_sweep(TriggerStatus.IN_EFFECT)],
        (),
        rate(),
        [
            "Cash Sweep is in effect since Thursday 12 November 2026: this date it fails (70.000%), held: "
            "not decisive, 2 of 4, against a maximum of 65%, and is not counted. It has counted 1 of 3 "
            "dates towards its end.",
        ],
    ),
    (
        "a held failure that a trigger would count stands after what leads",
        [line("ltv", result("ltv", "0.72"), COMPLIANT), held_sweep(TriggerStatus.NOT_IN_EFFECT)],
        (),
        rate(),
        [
            "Loan-to-Value fails: 72.000% against a maximum of 65%.",
            "Cash Sweep fails (70.000%), held: not decisive, 2 of 4, and is not counted. "
            "Cash Sweep has counted 1 of 2 dates and is not in effect.",
        ],
    ),
]


@pytest.mark.parametrize(
    ("lines", "due", "rates", "said"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
def test_answer(
    lines: list[Line], due: tuple[Due, ...], rates: dict[str, ReferenceRate], said: list[str]
) -> None:
    assert [plain(runs) for runs in sentences.answer(lines, due, rates)] == said


def test_an_obligation_is_named_with_its_day() -> None:
    owed = Obligation(
        name="independent appraisal",
        clause="appraisal",
        by="borrower",
        created_on=ON,
        due=CURE,
        status="OPEN",
        status_since=ON,
    )
    found = Line(
        key="appraisal",
        title="Appraisal",
        cite="CA §7.04",
        result=result("appraisal", "0.2619", "0.25"),
        obligation=owed,
    )
    said = plain(sentences.failed(found))
    assert said.startswith("Appraisal fails: 26.190% against a maximum of 25%. ")
    assert said.endswith("The Borrower must deliver the independent appraisal by Friday 13 November 2026.")


@pytest.mark.parametrize(
    ("key", "title", "name"),
    [
        ("cash-sweep", "Cash sweep level", "Cash sweep"),
        ("sweep", "Cash sweep level", "Cash sweep"),
        ("cash-trap", "Cash sweep level", "Cash trap"),
        ("cash-sweep", "Cash Sweep", "Cash Sweep"),
        ("early-amortization", "Early amortization", "Early amortization"),
    ],
)
def test_a_trigger_is_named_apart_from_its_test(key: str, title: str, name: str) -> None:
    assert trigger_name(key, title) == name


def test_a_key_in_a_title_is_spelled_as_people_write_it() -> None:
    assert (role("pool-ltv"), role("class_a"), role("administrative_agent")) == (
        "Pool LTV",
        "Class A",
        "Administrative Agent",
    )


def test_a_sweep_in_effect_is_not_said_to_pass_as_well() -> None:
    passing = replace(sweep(TriggerStatus.IN_EFFECT, 1), result=result("sweep", "0.50"))
    said = " ".join(map(plain, sentences.answer([passing], (), rate())))
    assert "Cash Sweep is in effect" in said
    assert "passes" not in said


def test_where_there_is_no_interval_by_sellers_the_reason_stands_in_its_place() -> None:
    assert seller_interval({"seller_interval": {"low": "1.6000", "high": "1.9000"}}) == "1.6000 to 1.9000"
    assert (
        seller_interval({"seller_interval": None, "seller_interval_why": "no listing names its seller"})
        == "No listing names its seller"
    )
