"""The reserve accounts of sweeps (`notice.md`, block 10).

The block says what was swept, what comes next, where it went, and how full the accounts are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.events.due_acts import Due
from engine.events.states import ReserveAccount, ReserveReleased, SweptPeriod
from reports.formats import Runs, counted, figure, reason_words, role, short_date
from reports.notice import log_lookup as log
from reports.notice.view import Brief

Pairs = list[tuple[str, str]]


def sweep_rows(brief: Brief) -> Pairs:
    """Return a row for each sweep.

    It has the money of its last and of its next Payment Date. If the sweep has ended, it says where the
    account went.
    """
    rows: Pairs = []
    for line in brief.lines:
        periods = log.swept(brief.past, line.key)
        if periods:
            rows.append((f"{line.trigger_title}, swept", _swept_words(periods)))
        rows += [
            (f"{line.trigger_title}, to be swept", _next_words(deadline, bool(periods)))
            for deadline in _deposits(brief, line.key)
        ]
        rows += [
            (f"{line.trigger_title}, reserve", _released_words(release, role(brief.debtor)))
            for release in log.released(brief.past, line.key)
        ]
    return rows


def _deposits(brief: Brief, key: str) -> list[Due]:
    """Return what the next Payment Date takes into a reserve account."""
    return [
        duty
        for duty in (brief.determined.due if brief.determined else ())
        if duty.act == "pay into reserve" and duty.subject == key
    ]


def _next_words(deadline: Due, begun: bool) -> str:
    amount = (
        f"{figure(deadline.figure)}, by the report on hand,"
        if deadline.figure is not None
        else "an amount that waits for its report,"
    )
    return f"{amount} on {short_date(deadline.by)}, the next Payment Date ({deadline.cite})" + (
        "" if begun else "; nothing has been swept so far"
    )


def _released_words(release: ReserveReleased, debtor: str) -> str:
    """Return where a reserve went when its trigger ended; from then on the account holds nothing."""
    amount, day = figure(Figure(value=release.amount, unit=Unit.USD)), short_date(release.on)
    where = f"released to the {debtor}" if release.to == "release to borrower" else "applied in prepayment"
    return f"{amount} {where} on {day} ({release.cite}); nothing is held since"


@dataclass(frozen=True)
class Account:
    """What a reserve account holds, and up to what."""

    balance: Figure
    target: Figure | None


def held(brief: Brief, key: str) -> Account | None:
    """Return the reserve account of a sweep now.

    It is as the date states it, after its last Payment Date, or as the next deposit states it.
    """
    periods = log.swept(brief.past, key)
    if _gone(brief, key):
        return None
    account = next((account for account in _accounts(brief) if account.clause == key), None)
    if periods:
        target = periods[-1].target
        full = None if target is None else Figure(value=target, unit=Unit.USD)
        return Account(_usd_of(account.held if account is not None else periods[-1].reserve_balance), full)
    stated = [
        deadline.facts.deposit
        for deadline in _deposits(brief, key)
        if deadline.facts is not None and deadline.facts.deposit is not None
    ]
    if not stated:
        return None
    target = stated[0].target
    return Account(_usd_of(stated[0].held), None if target is None else _usd_of(target))


def _usd_of(amount: Fraction) -> Figure:
    return Figure(value=amount, unit=Unit.USD)


def _accounts(brief: Brief) -> tuple[ReserveAccount, ...]:
    return brief.determined.reserves if brief.determined else ()


def account_notes(brief: Brief) -> list[Runs]:
    """Return what page 1 says of each reserve account.

    It says what was paid and not due, what was due and not paid, and what nobody has confirmed.
    """
    titles = {line.key: line.trigger_title for line in brief.lines}
    return [
        [
            (f"Reserve account of {titles.get(account.clause, brief.title(account.clause))}: ", True),
            (f"{words}.", False),
        ]
        for account in _accounts(brief)
        for words in _account_words(account)
    ]


def _account_words(account: ReserveAccount) -> Iterator[str]:
    if account.confirmed_on is None:
        if account.held:
            yield f"{figure(_usd_of(account.held))} at what was due, not confirmed by any report"
        if account.withdrawn:
            said = f"{figure(_usd_of(account.withdrawn))} was stated as due and is not due"
            yield f"{said}; not confirmed by any report, to be released if it was paid"
        return
    apart = account.difference
    if account.due_then is not None and abs(apart) >= Fraction(1, 100):
        held, due = figure(_usd_of(account.held)), figure(_usd_of(account.due_then))
        what = "paid and not due: to be released" if apart > 0 else "due and not paid"
        day = short_date(account.confirmed_on)
        yield f"{figure(_usd_of(abs(apart)))} {what} (reported as of {day}: {held}; carried: {due})"


def _gone(brief: Brief, key: str) -> bool:
    """Return whether the account was emptied after its last Payment Date."""
    released, periods = log.released(brief.past, key), log.swept(brief.past, key)
    return bool(released) and (not periods or released[-1].on >= periods[-1].payment_date)


def _swept_words(periods: tuple[SweptPeriod, ...]) -> str:
    last = periods[-1]
    amount = (
        figure(Figure(value=last.swept, unit=Unit.USD))
        if last.swept is not None
        else f"not computed: {reason_words(last.reason or '')}"
    )
    balance = figure(Figure(value=last.reserve_balance, unit=Unit.USD))
    dates = (
        "the only Payment Date so far"
        if len(periods) == 1
        else f"in all {counted(len(periods))} Payment Dates"
    )
    return f"{amount} on {short_date(last.payment_date)}; {dates}; reserve balance after it {balance}"


def reserve(brief: Brief) -> list[dict[str, Any]]:
    """Return each sweep's reserve account after every Payment Date.

    The balances are shares of the account's target.
    """
    accounts = []
    for line in brief.lines:
        periods = log.swept(brief.past, line.key)
        target = next((period.target for period in reversed(periods) if period.target), None)
        if not periods or not target or _gone(brief, line.key):
            continue
        balance, full = (
            figure(Figure(value=periods[-1].reserve_balance, unit=Unit.USD)),
            figure(Figure(value=target, unit=Unit.USD)),
        )
        shares = [min(float(period.reserve_balance / target), 1.0) for period in periods]
        accounts.append(
            {
                "title": f"{line.trigger_title}: reserve account against its target",
                "steps": [round(share * 1736 + 2, 1) for share in shares],
                "left": f"Balance {balance} after {short_date(periods[-1].payment_date)}",
                "right": f"Target {full}",
                "alt": f"Reserve account of {line.trigger_title}: balance {balance} of the target of {full}.",
            }
        )
    return accounts
