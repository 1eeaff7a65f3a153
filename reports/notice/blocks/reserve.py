"""The reserve accounts of sweeps: what was swept, what comes next, where it went, and how full they are (`notice.md`, block 10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.events.kinds import Due
from engine.events.states import ReserveReleased, SweptPeriod
from reports.formats import counted, figure, short_date, with_dates
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
        rows += [(f"{line.trigger_title}, reserve", _released_words(one)) for one in log.released(found.past, line.key)]
    return rows


def _deposits(found: Brief, key: str) -> list[Due]:
    """What the next Payment Date takes into a reserve account."""
    return [one for one in (found.determined.due if found.determined else ()) if one.act == "pay into reserve" and one.subject == key]


def _next_words(one: Due, begun: bool) -> str:
    amount = f"{figure(one.figure)}, by the report on hand," if one.figure is not None else "an amount that waits for its report,"
    return f"{amount} on {short_date(one.by)}, the next Payment Date ({one.cite})" + ("" if begun else "; nothing has been swept so far")


def _released_words(one: ReserveReleased) -> str:
    """Where a reserve went when its trigger ended; from then on the account holds nothing."""
    amount, day = figure(Figure(value=one.amount, unit=Unit.USD)), short_date(one.on)
    where = "released to the Borrower" if one.to == "release to borrower" else "applied in prepayment"
    return f"{amount} {where} on {day} ({one.cite}); nothing is held since"


@dataclass(frozen=True)
class Account:
    """What a reserve account holds, and up to what."""

    balance: Figure
    target: Figure | None


def held(found: Brief, key: str) -> Account | None:
    """The reserve account of a sweep now: after its last Payment Date, or as the next deposit states it; None where there is none."""
    periods = log.swept(found.past, key)
    if _gone(found, key):
        return None
    if periods:
        target = periods[-1].target
        full = None if target is None else Figure(value=target, unit=Unit.USD)
        return Account(Figure(value=periods[-1].reserve_balance, unit=Unit.USD), full)
    stated = [account for one in _deposits(found, key) if (account := ACCOUNT.search(one.what))]
    if not stated:
        return None
    balance, target_text = stated[0].group(1), stated[0].group(2)
    return Account(_usd(balance), _usd(target_text) if target_text else None)


ACCOUNT = re.compile(r"\(USD ([\d,.]+)(?: of USD ([\d,.]+))?\)")
"""What an account holds and its target, where a deposit states them."""


def _usd(text: str) -> Figure:
    return Figure(value=Fraction(text.replace(",", "")), unit=Unit.USD)


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
