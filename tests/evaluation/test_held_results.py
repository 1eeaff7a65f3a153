"""Results that other sellers would turn: for how long a deal holds them, and what comes then (`rulings.md`
60).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.seller_flags import seller_flags
from engine.determination.template import Template
from engine.events import kinds
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, DeadlinePassed
from engine.events.notifiable import notifiable
from engine.events.rates import Published
from engine.events.results import Verdict
from engine.events.servicing import NoticeOwed
from engine.events.states import TestState, TestStatus
from engine.foresight.backtest import History, lived
from engine.foresight.facts_by_date import Dated, FactsByDate
from engine.terms.as_written import Deal
from reports.notice.due_sentences import due_act

REPORT_ONLY = "{effect: report only,"
HELD = (
    "{effect: decisive only, judged_by: the methodology, decisive_at: 95%, applies_to: failures, at_most: 4 "
    "determination dates, then: "
)
CURES = HELD.replace("applies_to: failures", "applies_to: failures and cures, deadline: ")
PRINCIPAL = FactsByDate(
    {"outstanding_principal": (Dated(date(2026, 1, 6), Figure(value=16_000_000, unit=Unit.USD)),)}
)
NARROW, WIDE = Decimal("0"), Decimal("0.3")
FIRST = date(2026, 7, 2)


def week(day: date, value: str, spread: Decimal) -> Published:
    """Seven sellers with one listing each: all at the value, or three on either side of it."""
    middle = Decimal(value)
    prices = [middle * (1 - spread)] * 3 + [middle] + [middle * (1 + spread)] * 3
    listings = {
        "pooled": tuple(prices),
        "sellers": tuple("abcdefg"),
        "seller_low": prices[0],
        "seller_high": prices[-1],
    }
    return Published(index="CRI-H100", publication_date=day, value=middle, published_on=day, **listings)


def lives(
    deal: Deal,
    templates: dict[str, Template],
    *weeks: tuple[str, Decimal],
    acts: tuple[ActRecorded, ...] = (),
) -> tuple[Draft, ...]:
    """The deal's events: at 2.10 by sellers of one price until 2 July 2026, then the weeks given."""
    start, days = date(2026, 1, 8), (FIRST - date(2026, 1, 8)).days // 7 + 1
    before = [week(start + timedelta(weeks=n), "2.10", NARROW) for n in range(days)]
    after = [week(FIRST + timedelta(weeks=n), *one) for n, one in enumerate(weeks, 1)]
    given = tuple(
        Draft(
            kind="act recorded",
            subject=f"{act.act} {act.effective_on}",
            effective_on=act.effective_on,
            payload=act,
        )
        for act in acts
    )
    return lived(
        deal,
        templates,
        History({"CRI-H100": (*before, *after)}, given, PRINCIPAL, after[-1].publication_date),
    )


def ltv(drafts: tuple[Draft, ...]) -> dict[date, kinds.Tested]:
    return {one.effective_on: one.payload for one in drafts if one.kind == "tested" and one.subject == "ltv"}


def states(drafts: tuple[Draft, ...]) -> list[tuple[Verdict, TestStatus, str]]:
    found = [one for day, one in ltv(drafts).items() if day > FIRST]
    return [
        (one.result.verdict, one.state.status, one.state.held.text if one.state.held else "") for one in found
    ]


@pytest.fixture
def drafted(load: Callable[[str], Deal], meridian_text: str) -> Callable[[str], Deal]:
    return lambda low: load(meridian_text.partition("worked_examples:")[0].replace(REPORT_ONLY, low))


def test_a_fifth_failure_starts_the_cure_period(
    drafted: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """at_most 4: held on 07-09, 07-16, 07-23, 07-30; on 08-06 a fifth FAIL starts the Cure Period."""
    drafts = lives(drafted(HELD + "the result counts,"), all_templates, *[("1.90", WIDE)] * 5)
    fail, good = Verdict.FAIL, TestStatus.COMPLIANT
    assert states(drafts) == [
        *((fail, good, f"not decisive, {n} of 4") for n in range(1, 5)),
        (fail, TestStatus.CURE_PERIOD, "not decisive, 5 of 4"),
    ]
    fifth = ltv(drafts)[date(2026, 8, 6)].state
    assert (fifth.since, fifth.episode_began, fifth.cure and fifth.cure.by) == (
        date(2026, 8, 6),
        date(2026, 8, 6),
        date(2026, 8, 20),
    )
    told = [day for day, one in ltv(drafts).items() if ("test_failed", "ltv") in notifiable(one)]
    assert told == [
        date(2026, 7, 9),
        date(2026, 8, 6),
    ]  # the parties are told of the first that is held, and of the one that counts
    owed = [one.payload for one in drafts if isinstance(one.payload, NoticeOwed)]
    duties = {one.since: one.held for one in owed if (one.kind, one.subject) == ("test_failed", "ltv")}
    assert duties == {date(2026, 7, 9): True, date(2026, 8, 6): False}
    due = {one.effective_on: one.payload.due for one in drafts if isinstance(one.payload, kinds.Determined)}
    first, last = (
        next(act for act in due[day] if act.notice == "test_failed" and act.of == day) for day in duties
    )
    assert first.what.startswith("give notice of test failed, held as not decisive (ltv) to ")
    assert last.what.startswith("give notice of test failed (ltv) to ")
    title = {"ltv": "Loan-to-Value"}.__getitem__
    assert due_act(first, title, title).startswith(
        "Give notice that Loan-to-Value failed (held: not decisive) to "
    )
    assert due_act(last, title, title).startswith("Give notice that Loan-to-Value failed to ")


def test_a_decisive_result_or_a_pass_ends_the_run(
    drafted: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    weeks = [("1.90", WIDE)] * 3 + [("2.00", WIDE), ("1.90", WIDE), ("1.90", NARROW)]
    found = states(lives(drafted(HELD + "the result counts,"), all_templates, *weeks))
    assert [held for _, _, held in found] == [
        "not decisive, 1 of 4",
        "not decisive, 2 of 4",
        "not decisive, 3 of 4",
        "",
        "not decisive, 1 of 4",
        "",
    ]
    assert found[-1][1] is TestStatus.CURE_PERIOD


def test_then_not_determined(drafted: Callable[[str], Deal], all_templates: dict[str, Template]) -> None:
    found = ltv(lives(drafted(HELD + "not determined,"), all_templates, *[("1.90", WIDE)] * 6))
    last = found[date(2026, 8, 13)]
    assert (last.result.verdict, last.state.status) == (Verdict.NOT_DETERMINED, TestStatus.COMPLIANT)
    assert last.result.reason is not None
    assert last.result.reason.reason == "not decisive on 6 dates in a row"


def test_then_the_agent_determines_the_rate(
    drafted: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """Until the agent has: not determined. At 1.95 of the agent the test passes, and that counts."""
    deal, day = drafted(HELD + "agent determination,"), date(2026, 8, 6)
    act = ActRecorded(
        act="agent determination",
        effective_on=day,
        document="AD",
        details={"index": "CRI-H100", "rate": "1.95"},
    )
    without = ltv(lives(deal, all_templates, *[("1.90", WIDE)] * 5))[day]
    with_it = ltv(lives(deal, all_templates, *[("1.90", WIDE)] * 5, acts=(act,)))[day]
    assert (without.result.verdict, without.state.status) == (Verdict.NOT_DETERMINED, TestStatus.COMPLIANT)
    assert without.result.reason is not None
    assert "awaits the agent's determination" in without.result.reason.reason
    assert (with_it.result.verdict, with_it.state.status) == (Verdict.PASS, TestStatus.COMPLIANT)
    assert with_it.state.rests_on == day
    assert "agent determination" in next(
        one.source.text for one in with_it.result.inputs if one.name.startswith("CRI-H100")
    )


@pytest.mark.parametrize("pass_counts", [True, False])
def test_a_pass_ends_a_cure_period_unless_cures_are_held_too(
    drafted: Callable[[str], Deal], all_templates: dict[str, Template], pass_counts: bool
) -> None:
    """A decisive FAIL on 07-09, by 07-23; the pass of 07-16 turns with the sellers."""
    deal = drafted(
        (HELD if pass_counts else CURES.replace("deadline: ", "deadline: runs on")) + "the result counts,"
    )
    drafts = lives(deal, all_templates, ("1.90", NARROW), ("2.00", WIDE), ("2.00", WIDE), ("2.00", WIDE))
    statuses = [status for _, status, _ in states(drafts)]
    good, cure, default = TestStatus.COMPLIANT, TestStatus.CURE_PERIOD, TestStatus.EVENT_OF_DEFAULT
    assert statuses == ([cure, good, good, good] if pass_counts else [cure, cure, cure, default])


def test_a_deadline_stands_still_while_results_are_held(
    drafted: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """By hand: FAIL Thu 07-09, ten Business Days to 07-23.

    Held on 07-16 and 07-23: of the ten, 07-16 to 07-23 were left, which are six.

    They run again from 07-30, the first date that is not held: 07-30, 07-31, 08-03, 08-04, 08-05, 08-06. Not
    cured then: default 08-07.
    """
    deal = drafted(CURES.replace("deadline: ", "deadline: stands still while held") + "the result counts,")
    drafts = lives(
        deal,
        all_templates,
        ("1.90", NARROW),
        ("2.00", WIDE),
        ("2.00", WIDE),
        ("1.90", NARROW),
        ("1.90", NARROW),
        ("1.90", NARROW),
    )
    found = ltv(drafts)
    until = {
        day.isoformat(): one.state.cure.by
        for day, one in found.items()
        if one.state.cure is not None and day > FIRST
    }
    assert until["2026-07-09"] == date(2026, 7, 23)
    assert until["2026-07-30"] == until["2026-08-06"] == date(2026, 8, 6)
    held = found[date(2026, 7, 23)].state.held
    assert held is not None
    assert (held.clock_stopped, held.clock_left) == (date(2026, 7, 16), 6)
    (passed,) = [one.payload for one in drafts if isinstance(one.payload, DeadlinePassed)]
    assert passed.state.since == date(2026, 8, 7)


def test_a_flag_by_sellers(drafted: Callable[[str], Deal], all_templates: dict[str, Template]) -> None:
    """`judged_by: sellers`: fewer than six, more than a fifth unknown, an interval wider than a quarter of
    the value; or nobody known.
    """
    day = FIRST
    wide = week(day, "2.00", WIDE)
    few = wide.model_copy(update={"sellers": ("a", "b", "c", "d", "e", "a", "b")})
    unknown = wide.model_copy(update={"sellers": ("a", "b", "c", None, None, "f", "g")})
    assert seller_flags(week(day, "2.00", Decimal("0.125"))) == ()
    assert seller_flags(wide) == ("interval by sellers 60.0% of the value; above 25%",)
    assert seller_flags(few) == ("5 sellers; six are needed",)
    assert seller_flags(unknown) == ("2 of 7 listings name no seller",)
    assert seller_flags(wide.model_copy(update={"sellers": (), "pooled": ()}))[0].startswith(
        "sellers not known"
    )
    deal = drafted("{effect: hold, judged_by: sellers,")
    found = ltv(lives(deal, all_templates, ("1.90", WIDE), ("1.90", NARROW)))
    assert [one.state.status for one in found.values()][-2:] == [TestStatus.COMPLIANT, TestStatus.CURE_PERIOD]


def test_the_level_is_the_deals(drafted: Callable[[str], Deal], all_templates: dict[str, Template]) -> None:
    deal = drafted(HELD.replace("95%", "80%") + "the result counts,")
    bearing = ltv(lives(deal, all_templates, ("1.90", WIDE)))[date(2026, 7, 9)].result.bearing
    assert bearing is not None
    assert bearing.decisive_at == 80


def test_without_a_run_a_state_says_nothing_of_one() -> None:
    state = TestState(test="ltv", status=TestStatus.COMPLIANT, since=FIRST)
    assert "held" not in state.model_dump(mode="json")
