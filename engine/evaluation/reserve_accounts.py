"""What a reserve account holds on a date, what ought to be in it, and who says so (`rulings.md` 30a).

What was due follows from the Payment Dates in the log. What was paid is what people say: the report's
`reserve_balance` and `paid_into_reserve`, and the Act `payment made`. If nobody has ever said anything, the
account is assumed to hold what was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.states import ReserveAccount, ReserveReleased, SweptPeriod, clause_and_day
from engine.events.taken_over import TakenOver
from engine.terms.act_requirements import PAYMENT_MADE
from engine.terms.phrases import read_amount

BALANCE, PAID = "reserve_balance", "paid_into_reserve"
"""The figures of a report on the balance of a reserve account and on what was paid into it.

If the deal has several, `.CLAUSE` follows the name.
"""
TO_BORROWER = "borrower"
"""The destination of a payment that left the account. Any other payment goes into it."""
Money = SweptPeriod | ReserveReleased


@dataclass(frozen=True, slots=True)
class Said:
    """All that affects the accounts of a deal by a date.

    Attributes:
        money: what was due on each Payment Date and what was to be released, oldest first.
        stated: what was stated as due before a correction withdrew it, in USD, by `CLAUSE@PAYMENT DATE`.
        reports: reports received by the date, newest first.
        acts: the Recorded Acts that stand.
        sole: whether the deal has a single sweep, so that figures without a clause's name belong to it.
        handed: the accounts as a former servicer left them, and as of when.
    """

    money: Sequence[Money]
    stated: Mapping[str, Fraction]
    reports: Sequence[ReportReceived]
    acts: Sequence[ActRecorded]
    sole: bool
    handed: TakenOver | None = None


def reserve_account(clause: str, said: Said, on: date) -> ReserveAccount:
    """Return the reserve account of one sweep at the end of `on`."""
    moved = [amount for amount in said.money if amount.clause == clause]
    opening = said.handed.reserve_of(clause) if said.handed is not None else None
    balance, payments = _balance(clause, said), _payments(clause, said, on)
    days = [day for day, _ in payments] + ([balance[0]] if balance else [])
    if opening is not None and said.handed is not None and opening.confirmed_on is not None:
        confirmed = opening.confirmed_on
        # The takeover is the newest word of its day, so only a later balance replaces it.
        balance = balance if balance is not None and balance[0] > confirmed else (confirmed, opening.held)
        days = [day for day in days if day > confirmed] or [confirmed]
    # Nobody has ever said what the account holds, so it is taken to hold what was due (`rulings.md` 30a).
    if not days:
        due = _due(moved, on, opening)
        return ReserveAccount(clause=clause, held=due, due=due, withdrawn=_withdrawn(clause, said, moved, on))
    since = balance[0] if balance else date.min
    # A stated balance holds what was paid up to its day, so a payment of that day is not added again.
    paid = sum((amount for day, amount in payments if day > since), Fraction(0))
    released = sum(
        (move.amount for move in moved if isinstance(move, ReserveReleased) and since < move.on <= on),
        Fraction(0),
    )
    held = (balance[1] if balance else Fraction(0)) + paid - released
    newest = max(days)
    known_then = opening is not None and opening.confirmed_on == newest and opening.due_then is not None
    due_then = opening.due_then if known_then and opening is not None else _due(moved, newest, opening)
    return ReserveAccount(
        clause=clause,
        # Figures of different days can contradict each other, and an account cannot hold less than nothing.
        held=max(held, Fraction(0)),
        due=_due(moved, on, opening),
        due_then=due_then,
        confirmed_on=newest,
    )


def _due(moved: Iterable[Money], on: date, opening: ReserveAccount | None) -> Fraction:
    """Return what ought to be in the account at the end of a day.

    It is what was due by then, less what was to be released.
    """
    total = Fraction(0) if opening is None else opening.due
    for move in moved:
        if isinstance(move, SweptPeriod):
            # A period whose figures are missing adds nothing, and its reason stands with the period.
            total += move.swept or 0 if move.payment_date <= on else 0
        elif move.on <= on:
            # What people paid in beyond what was due is released too, and must not leave a debt of the
            # account.
            total = max(Fraction(0), total - move.amount)
    return total


def _withdrawn(clause: str, said: Said, moved: Sequence[Money], on: date) -> Fraction:
    """Return what had been stated as due and is not due any more, if nobody has said whether it was paid."""
    due = {move.payment_date: move.swept or Fraction(0) for move in moved if isinstance(move, SweptPeriod)}
    named = ((clause_and_day(key), amount) for key, amount in said.stated.items())
    stated = {day: amount for (name, day), amount in named if name == clause}
    # A correction may have removed the Payment Date itself, and then all of the amount is withdrawn.
    less = (amount - due.get(day, Fraction(0)) for day, amount in stated.items() if day <= on)
    return sum((move for move in less if move > 0), Fraction(0))


def _names(name: str, clause: str, sole: bool) -> tuple[str, ...]:
    # With several sweeps a figure without a clause's name could belong to any of them.
    return (f"{name}.{clause}", name) if sole else (f"{name}.{clause}",)


def _figure(report: ReportReceived, names: Iterable[str]) -> tuple[date, Fraction] | None:
    """Return the first of some figures that a report gives, with its as-of day; None if it gives none."""
    for name in names:
        if name in report.figures:
            own = report.given.get(name)
            return (own.as_of if own and own.as_of else report.as_of), report.figures[name].value
    return None


def _balance(clause: str, said: Said) -> tuple[date, Fraction] | None:
    """Return the newest balance that a report has given, with its day; None if none has given one."""
    balances = (_figure(report, _names(BALANCE, clause, said.sole)) for report in said.reports)
    return max(
        (balance for balance in balances if balance is not None), key=lambda balance: balance[0], default=None
    )


def _payments(clause: str, said: Said, on: date) -> list[tuple[date, Fraction]]:
    """Return (day, amount) of every payment that a report or an Act tells of.

    An amount that left the account is negative. Of several reports of one period, the newest says what was
    paid in it.
    """
    by_period: dict[date, tuple[date, Fraction]] = {}
    for report in said.reports:
        paid = _figure(report, _names(PAID, clause, said.sole))
        if paid is not None:
            # Reports come newest first, so the first one of a period is the one that counts.
            by_period.setdefault(report.period_end, paid)
    return [*by_period.values(), *_by_acts(clause, said.acts, on)]


def _by_acts(clause: str, acts: Iterable[ActRecorded], on: date) -> Iterator[tuple[date, Fraction]]:
    for act in acts:
        amount = (
            read_amount(act.details.get("amount", ""))
            if act.act == PAYMENT_MADE and act.clause == clause
            else None
        )
        if amount is not None and act.effective_on <= on:
            yield act.effective_on, -amount if act.details.get("paid_to") == TO_BORROWER else amount
