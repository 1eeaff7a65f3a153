"""The reserve accounts of sweeps: what was swept, what comes next, where it went, and how full they are (`notice.md`, block 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.events.due_acts import Due
from engine.events.states import ReserveAccount, ReserveReleased, SweptPeriod
from reports.formats import Runs, counted, figure, role, short_date, with_dates
from reports.notice import log_lookup as log
from reports.notice.view import Brief

Pairs = list[tuple[str, str]]


def sweep_rows(found: Brief) -> Pairs:
    """Each sweep: the money of its last Payment Date, that of the next one, and where the account went when it ended."""
    rows: Pairs = []
    for line in found.lines:
        periods = log.swept(found.past, line.key)
        if periods:
            rows.append((f"{line.trigger_title}, swept", _swept_words(periods)))
        rows += [(f"{line.trigger_title}, to be swept", _next_words(one, bool(periods))) for one in _deposits(found, line.key)]
        rows += [(f"{line.trigger_title}, reserve", _released_words(one, role(found.debtor))) for one in log.released(found.past, line.key)]
    return rows


def _deposits(found: Brief, key: str) -> list[Due]:
    """What the next Payment Date takes into a reserve account."""
    return [one for one in (found.determined.due if found.determined else ()) if one.act == "pay into reserve" and one.subject == key]


def _next_words(one: Due, begun: bool) -> str:
    amount = f"{figure(one.figure)}, by the report on hand," if one.figure is not None else "an amount that waits for its report,"
    return f"{amount} on {short_date(one.by)}, the next Payment Date ({one.cite})" + ("" if begun else "; nothing has been swept so far")


def _released_words(one: ReserveReleased, debtor: str) -> str:
    """Where a reserve went when its trigger ended; from then on the account holds nothing."""
    amount, day = figure(Figure(value=one.amount, unit=Unit.USD)), short_date(one.on)
    where = f"released to the {debtor}" if one.to == "release to borrower" else "applied in prepayment"
    return f"{amount} {where} on {day} ({one.cite}); nothing is held since"


@dataclass(frozen=True)
class Account:
    """What a reserve account holds, and up to what."""

    balance: Figure
    target: Figure | None


def held(found: Brief, key: str) -> Account | None:
    """The reserve account of a sweep now: as the date states it, after its last Payment Date, or as the next deposit states it."""
    periods = log.swept(found.past, key)
    if _gone(found, key):
        return None
    account = next((one for one in _accounts(found) if one.clause == key), None)
    if periods:
        target = periods[-1].target
        full = None if target is None else Figure(value=target, unit=Unit.USD)
        return Account(_usd_of(account.held if account is not None else periods[-1].reserve_balance), full)
    stated = [one.facts.deposit for one in _deposits(found, key) if one.facts is not None and one.facts.deposit is not None]
    if not stated:
        return None
    target = stated[0].target
    return Account(_usd_of(stated[0].held), None if target is None else _usd_of(target))


def _usd_of(amount: Fraction) -> Figure:
    return Figure(value=amount, unit=Unit.USD)


def _accounts(found: Brief) -> tuple[ReserveAccount, ...]:
    return found.determined.reserves if found.determined else ()


def account_notes(found: Brief) -> list[Runs]:
    """What page 1 says of each reserve account: what was paid and not due, what was due and not paid, what nobody has confirmed."""
    titles = {line.key: line.trigger_title for line in found.lines}
    return [
        [(f"Reserve account of {titles.get(one.clause, found.title(one.clause))}: ", True), (f"{words}.", False)]
        for one in _accounts(found)
        for words in _account_words(one)
    ]


def _account_words(one: ReserveAccount) -> Iterator[str]:
    if one.confirmed_on is None:
        if one.held:
            yield f"{figure(_usd_of(one.held))} at what was due, not confirmed by any report"
        if one.withdrawn:
            said = f"{figure(_usd_of(one.withdrawn))} was stated as due and is not due"
            yield f"{said}; not confirmed by any report, to be released if it was paid"
        return
    apart = one.difference
    if one.due_then is not None and abs(apart) >= Fraction(1, 100):
        held, due = figure(_usd_of(one.held)), figure(_usd_of(one.due_then))
        what = "paid and not due: to be released" if apart > 0 else "due and not paid"
        day = short_date(one.confirmed_on)
        yield f"{figure(_usd_of(abs(apart)))} {what} (reported as of {day}: {held}; carried: {due})"


def _gone(found: Brief, key: str) -> bool:
    """Whether the account was emptied after its last Payment Date."""
    released, periods = log.released(found.past, key), log.swept(found.past, key)
    return bool(released) and (not periods or released[-1].on >= periods[-1].payment_date)


def _swept_words(periods: tuple[SweptPeriod, ...]) -> str:
    last = periods[-1]
    amount = figure(Figure(value=last.swept, unit=Unit.USD)) if last.swept is not None else f"not computed: {with_dates(last.reason or '')}"
    balance = figure(Figure(value=last.reserve_balance, unit=Unit.USD))
    dates = "the only Payment Date so far" if len(periods) == 1 else f"in all {counted(len(periods))} Payment Dates"
    return f"{amount} on {short_date(last.payment_date)}; {dates}; reserve balance after it {balance}"


def reserve(found: Brief) -> list[dict[str, Any]]:
    """Each sweep's reserve account: its balance after every Payment Date against its target, as shares of it."""
    accounts = []
    for line in found.lines:
        periods = log.swept(found.past, line.key)
        target = next((one.target for one in reversed(periods) if one.target), None)
        if not periods or not target or _gone(found, line.key):
            continue
        balance, full = figure(Figure(value=periods[-1].reserve_balance, unit=Unit.USD)), figure(Figure(value=target, unit=Unit.USD))
        shares = [min(float(one.reserve_balance / target), 1.0) for one in periods]
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
