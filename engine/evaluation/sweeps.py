"""The money of a cash sweep on a Payment Date (`rulings.md` 30)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.basics.kept_by_identity import kept_by_identity
from engine.determination.template import Template
from engine.evaluation.inputs import Inputs
from engine.evaluation.reserve_accounts import Said, reserve_account
from engine.evaluation.serving_report import newest_first
from engine.events.deal_state import DealState
from engine.events.states import ReserveAccount, SweptPeriod
from engine.events.swept_money import OF_EXCESS
from engine.terms.clause import Sweep
from engine.terms.in_force import TermsInForce


@dataclass(frozen=True, slots=True)
class Sweeping:
    """A sweep of a deal: the trigger that starts it, its terms, who pays the money, and the section."""

    trigger: str
    sweep: Sweep
    who: str
    cite: str


def sweeps(terms: TermsInForce, templates: Mapping[str, Template]) -> Iterator[Sweeping]:
    """Yield every sweep of a deal: those of clauses, and those of composite triggers."""
    for key, clause in terms.covenants.items():
        template = templates[clause.template]
        if template.sweep is not None:
            own = template.sweep(clause)
            yield Sweeping(key, own, "servicer", own.cite or clause.cite)
    for name, trigger in terms.triggers.items():
        for consequence in trigger.consequences:
            if consequence.sweep is not None:
                yield Sweeping(
                    name,
                    consequence.sweep,
                    consequence.who or "servicer",
                    consequence.sweep.cite or consequence.cite,
                )


@kept_by_identity(64)
def accounts_of(terms: TermsInForce, templates: Mapping[str, Template]) -> tuple[str, ...]:
    """Return the triggers whose sweeps pay into a reserve account.

    A sweep that repays a class of debt does not have an account.
    """
    return tuple(sweep.trigger for sweep in sweeps(terms, templates) if sweep.sweep.repays is None)


def account(inputs: Inputs, state: DealState, clause: str) -> ReserveAccount:
    """Return the reserve account of a sweep at the end of the date (`rulings.md` 30a).

    It follows from `state` and the reports received by then.
    """
    accounts = {
        *accounts_of(inputs.terms, inputs.templates),
        *(removal.trigger for removal in inputs.taken_away),
    }
    # A sweep that repays a class of debt keeps no money, so its balance is zero.
    if clause not in accounts:
        return ReserveAccount(clause=clause, held=Fraction(0), due=Fraction(0))
    sole = len(accounts) == 1
    said = Said(state.money, state.stated_due, newest_first(inputs), state.acts, sole, state.taken_over)
    return reserve_account(clause, said, inputs.on)


def left_to_repay(
    terms: TermsInForce, sweep: Sweep, figure: Callable[[str], Fraction | None]
) -> Fraction | None:
    """Return the balance in USD of the class that a sweep repays.

    The result is None if no report gives it, and for a sweep into a reserve account.
    """
    if sweep.repays is None:
        return None
    of_class = figure(f"outstanding_principal.{sweep.repays}")
    # With a single class the report's total is its balance. With several the total would be too much.
    return of_class if of_class is not None or len(terms.debt) > 1 else figure("outstanding_principal")


def swept(
    clause: str,
    sweep: Sweep,
    payment_date: date,
    balance: Fraction,
    figure: Callable[[str], Fraction | None],
    taken: Fraction = Fraction(0),
    most: Fraction | None = None,
) -> SweptPeriod:
    """Return what a sweep takes on `payment_date`, and the account's balance after it.

    The cash goes to the reserve account, or repays a class of debt.

    Args:
        clause: the clause's key.
        sweep: its sweep in force.
        payment_date: the Payment Date.
        balance: the account's balance before it, in USD.
        figure: a function from a figure's name to the Servicer's report of it, None if it was not given.
        taken: what other sweeps of the date take of the same cash, in USD: no dollar is swept twice.
        most: the balance of the class that it repays, in USD.
    """
    figures = {name: figure(name) for name in OF_EXCESS}
    lacking = [name for name, value in figures.items() if value is None]
    if lacking:
        return SweptPeriod(
            clause=clause,
            payment_date=payment_date,
            excess_cash_flow=None,
            swept=None,
            reserve_balance=balance,
            target=sweep.until,
            repays=sweep.repays,
            reason=f"the Servicer's report lacks {', '.join(lacking)}",
        )
    given = {name: value for name, value in figures.items() if value is not None}
    # A shortfall of cash is not swept, because it does not take money out of the account.
    excess = max(Fraction(0), sum((sign * given[name] for name, sign in OF_EXCESS.items()), Fraction(0)))
    # The share is of all the cash, but a sweep cannot take what an earlier one has taken.
    room = min(excess * sweep.share, max(Fraction(0), excess - taken))
    room = room if most is None else min(room, most)
    # An account that is above its target takes nothing and gives nothing back.
    room = room if sweep.until is None else min(room, max(Fraction(0), sweep.until - balance))
    return SweptPeriod(
        clause=clause,
        payment_date=payment_date,
        excess_cash_flow=excess,
        swept=room,
        reserve_balance=balance + room if sweep.repays is None else Fraction(0),
        target=sweep.until,
        repays=sweep.repays,
    )
