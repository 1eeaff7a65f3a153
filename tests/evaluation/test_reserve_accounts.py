"""Due and paid are two facts: what decides a Payment Date, what a reserve account holds, and what the two are
apart (`rulings.md` 30a).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.evaluation.reserve_accounts import Said, reserve_account
from engine.events.deal_state import as_it_stands
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, ReportReceived
from engine.events.results import Given
from engine.events.states import ReserveReleased, SweptPeriod
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from tests.evaluation.test_ends import CASH, ONE_DATE, SOON
from tests.evaluation.test_states import example, only

PAID_ON, NEXT = date(2026, 2, 17), date(2026, 3, 16)
MONTHLY = ("determination_dates: {every: Thursday,", "determination_dates: {every: month, day: 8,")
TARGET = (
    "ends: {when: at or above level, for: 3 consecutive publication dates}",
    "ends: {when: reserve at target}",
)
SMALL = ('until: "USD 1,200,000"', 'until: "USD 500,000"')
WITH_BALANCE = CASH.removesuffix("}")


@pytest.mark.parametrize(
    ("told", "changes", "lived"),
    [
        (
            "a trigger that begins after the Determination Date makes nothing due on the next Payment Date",
            (MONTHLY, ONE_DATE),
            example(
                "r",
                "1.60x5 1.49x2",
                CASH,
                "on: 2026-02-17, trigger: cash-sweep, state: IN EFFECT, swept: none, reserve: USD 0",
            ),
        ),
        (
            "one that ends after the Determination Date leaves its Payment Date due",
            (MONTHLY, ONE_DATE, SOON),
            example(
                "r",
                "1.60 1.49x3 1.49 1.60x3",
                CASH,
                "on: 2026-02-17, trigger: cash-sweep, state: NOT IN EFFECT, swept: USD 450000",
            ),
        ),
        (
            "the account is at its target when it has been paid up to it, and not when it is due",
            (ONE_DATE, TARGET, SMALL),
            example(
                "r",
                "1.60 1.49x12",
                f'{WITH_BALANCE}, reserve_balance: {{2026-01-08: "USD 0", 2026-03-05: "USD 500,000"}}}}',
                "on: 2026-02-17, trigger: cash-sweep, swept: USD 450000",
                "on: 2026-02-26, trigger: cash-sweep, state: IN EFFECT",
                "on: 2026-03-05, trigger: cash-sweep, state: NOT IN EFFECT",
            ),
        ),
        (
            "what is due stops at the target by what was paid",
            (ONE_DATE, SMALL),
            example(
                "r",
                "1.60 1.49x12",
                f'{WITH_BALANCE}, paid_into_reserve: {{2026-01-08: missing, 2026-02-19: "USD 200,000", '
                f"2026-02-26: missing}}}}",
                "on: 2026-02-17, trigger: cash-sweep, swept: USD 450000",
                "on: 2026-03-16, trigger: cash-sweep, swept: USD 300000",
            ),
        ),
        (
            "an Act says what was paid",
            (ONE_DATE, SMALL),
            example(
                "r",
                "1.60 1.49x12",
                CASH,
                "on: 2026-02-17, trigger: cash-sweep, swept: USD 450000",
                "on: 2026-03-16, trigger: cash-sweep, swept: USD 100000",
                acts='[{on: 2026-02-18, act: payment made, clause: cash-sweep, amount: "USD 400,000", '
                "document: Wire}]",
            ),
        ),
    ],
)
def test_what_is_due_and_what_was_paid(
    told: str,
    changes: tuple[tuple[str, str], ...],
    lived: str,
    load: Callable[[str], Deal],
    meridian_text: str,
    all_templates: dict[str, Template],
) -> None:
    text = meridian_text
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (proof,) = prove(load(only(text, lived)), all_templates)
    assert [problem.what for problem in proof.problems] == [], told


def usd(amount: int | str) -> Figure:
    return Figure(value=Fraction(amount), unit=Unit.USD)


def due(on: date, amount: int, balance: int) -> SweptPeriod:
    money = Fraction(amount)
    return SweptPeriod(
        clause="sweep",
        payment_date=on,
        excess_cash_flow=money,
        swept=money,
        reserve_balance=Fraction(balance),
    )


def report(as_of: date, **figures: int | str) -> ReportReceived:
    given = {name.replace("__", "."): usd(amount) for name, amount in figures.items()}
    known = {
        "period_start": as_of,
        "period_end": as_of,
        "as_of": as_of,
        "received": as_of,
        "document": "R",
        "sha256": str(as_of),
    }
    return ReportReceived(figures=given, **known)  # type: ignore[arg-type]


def said(
    *money: SweptPeriod | ReserveReleased,
    reports: tuple[ReportReceived, ...] = (),
    acts: tuple[ActRecorded, ...] = (),
) -> Said:
    return Said(money, {}, reports, acts, sole=True)


def paid(on: date, amount: str, **details: str) -> ActRecorded:
    return ActRecorded(
        act="payment made", clause="sweep", effective_on=on, details={"amount": amount, **details}
    )


def test_where_nobody_has_said_what_was_paid_the_account_is_at_what_was_due() -> None:
    found = reserve_account("sweep", said(due(PAID_ON, 800_000, 800_000)), NEXT)
    assert (found.held, found.due, found.confirmed_on, found.difference) == (800_000, 800_000, None, 0)


def test_a_balance_that_differs_by_a_cent_is_a_difference() -> None:
    found = reserve_account(
        "sweep",
        said(due(PAID_ON, 800_000, 800_000), reports=(report(PAID_ON, reserve_balance="799999.99"),)),
        NEXT,
    )
    assert (found.held, found.confirmed_on, found.difference) == (
        Fraction("799999.99"),
        PAID_ON,
        Fraction("-0.01"),
    )


def test_payments_after_a_balance_are_added_to_it_and_those_before_are_in_it() -> None:
    first, second = (
        report(PAID_ON, reserve_balance=800_000, paid_into_reserve=800_000),
        report(NEXT, paid_into_reserve=150_000),
    )
    found = reserve_account(
        "sweep",
        said(due(PAID_ON, 800_000, 800_000), due(NEXT, 150_000, 950_000), reports=(second, first)),
        NEXT,
    )
    assert (found.held, found.due, found.difference) == (950_000, 950_000, 0)


def test_a_payment_to_the_borrower_settles_what_was_paid_and_not_due() -> None:
    """Paid by an Act, no longer due after a correction; then released."""
    told = said(acts=(paid(PAID_ON, "USD 800,000"),))
    assert reserve_account("sweep", told, NEXT).difference == 800_000
    told = said(acts=(paid(PAID_ON, "USD 800,000"), paid(NEXT, "USD 800,000", paid_to="borrower")))
    assert reserve_account("sweep", told, NEXT).difference == 0


def test_a_figure_of_its_own_day_counts_from_it_and_accounts_are_told_apart_by_their_clause() -> None:
    dated = report(NEXT, reserve_balance__sweep=700_000).model_copy(
        update={"given": {"reserve_balance.sweep": Given(as_of=PAID_ON)}}
    )
    other = report(NEXT, reserve_balance__other=5)
    found = reserve_account("sweep", said(due(PAID_ON, 800_000, 800_000), reports=(dated, other)), NEXT)
    assert (found.held, found.confirmed_on) == (700_000, PAID_ON)
    several = Said((due(PAID_ON, 800_000, 800_000),), {}, (report(NEXT, reserve_balance=1),), (), sole=False)
    assert reserve_account("sweep", several, NEXT).confirmed_on is None


@pytest.mark.parametrize("confirmed", [True, False], ids=["reported as paid", "never reported"])
def test_a_correction_takes_back_what_was_due_and_not_what_was_paid(confirmed: bool) -> None:
    """USD 800,000 swept on a Payment Date that a correction determines again without a sweep."""
    money = due(PAID_ON, 800_000, 800_000)
    rate_day = Draft(kind="swept", subject="sweep", effective_on=PAID_ON, payload=money)
    again = Correction(from_on=PAID_ON, until=PAID_ON, why=("a late print",))
    state = as_it_stands(
        (rate_day, Draft(kind="correction", subject="deal", effective_on=PAID_ON, payload=again))
    )
    assert state.money == ()
    reports = (report(NEXT, reserve_balance=800_000),) if confirmed else ()
    found = reserve_account("sweep", Said(state.money, state.stated_due, reports, (), sole=True), NEXT)
    if confirmed:
        assert (found.held, found.difference, found.withdrawn) == (800_000, 800_000, 0)
    else:
        assert (found.held, found.difference, found.withdrawn) == (0, 0, 800_000)
