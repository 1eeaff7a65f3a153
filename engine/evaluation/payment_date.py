"""What a Payment Date makes due, and what leaves a reserve account when its trigger ends.

See rulings 30, 30a.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from engine.determination.measure_inputs import Reported
from engine.evaluation.day_events import Day
from engine.evaluation.serving_report import serving
from engine.evaluation.sweeps import account, left_to_repay, sweeps, swept
from engine.events.states import ReserveReleased


def pay(day: Day) -> None:
    """Record what each sweep makes due on this Payment Date (rulings 30, 30a).

    Only sweeps count whose trigger was in effect at the Determination Date before.
    """
    report = serving(day.inputs)
    figures = report.figures if isinstance(report, Reported) else {}
    given = {name: figure.value for name, figure in figures.items()}
    used = (report.source.reference,) if isinstance(report, Reported) and report.source.reference else ()
    taken = Fraction(0)
    for sweep in sweeps(day.inputs.terms, day.inputs.templates):
        # `inputs.state` stands before the date: what the date itself decides does
        # not sweep until the next Payment Date.
        if sweep.trigger in day.inputs.state.in_effect:
            balance = account(day.inputs, day.state, sweep.trigger).held
            most = left_to_repay(day.inputs.terms, sweep.sweep, given.get)
            moved = swept(sweep.trigger, sweep.sweep, day.inputs.on, balance, given.get, taken, most)
            # Sweeps of one date share the same cash, in the order of the agreement.
            taken += moved.swept or 0
            day.add("swept", sweep.trigger, moved, inputs=used)


def release(day: Day, name: str, on: date) -> None:
    """Record the payment of a reserve account's balance at its trigger's end (rulings 30, 30a).

    The deal says where the money goes; `keep` leaves it in the account.
    """
    balance = account(day.inputs, day.state, name).held
    for sweep in sweeps(day.inputs.terms, day.inputs.templates):
        if sweep.trigger == name and sweep.sweep.on_end not in (None, "keep") and balance > 0:
            released = ReserveReleased(
                clause=name, on=on, amount=balance, to=sweep.sweep.on_end, cite=sweep.cite
            )
            day.add("reserve released", name, released, on=on)


def target(day: Day, name: str) -> Fraction | None:
    """Return the balance in USD at which a trigger's reserve account is full; None without one."""
    return next(
        (
            sweep.sweep.until
            for sweep in sweeps(day.inputs.terms, day.inputs.templates)
            if sweep.trigger == name
        ),
        None,
    )
