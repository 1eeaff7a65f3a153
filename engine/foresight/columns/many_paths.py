"""A deal on many paths at once: states in arrays, with one step for all paths.

Rules that the arrays do not hold run by the engine's own steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import WrongUsage
from engine.basics.happenings import Happening
from engine.determination.template import Template
from engine.evaluation.inputs import DETERMINATION, PAYMENT
from engine.events.kinds import ActRecorded
from engine.events.swept_money import OF_EXCESS
from engine.foresight.columns.compiled_deal import OWED, TOLD, CompiledDeal, Row, SweepRow, compiled_deal
from engine.foresight.columns.path_outcomes import ColumnsOutcome, Ordinals, Places
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.shared_steps import PartRun, shared_step
from engine.foresight.columns.state_arrays import TestArrays, tested
from engine.foresight.columns.trigger_arrays import Seen, TriggerArrays, counted_on
from engine.foresight.columns.verdicts import Said, results_of, said_of
from engine.foresight.facts_by_date import FactsByDate
from engine.terms.as_written import Deal


@dataclass
class DealArrays:
    """The state of every test and trigger that arrays hold, on every path."""

    tests: dict[str, TestArrays]
    triggers: dict[str, TriggerArrays]


CENTS = 100
"""The whole numbers of one USD in a linked amount."""
Watch = Callable[[date, DealArrays, Sequence[PartRun]], None]


def run_columns(
    deal: Deal,
    templates: Mapping[str, Template],
    rates: PathRates,
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
    watch: Watch = lambda _day, _arrays, _parts: None,
    arrays: bool = True,
) -> ColumnsOutcome:
    """Return what a deal does on every path, from closing to `until`.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        rates: the paths, from the first Publication Date after closing.
        given: what the Servicer's reports would say: the same on all paths, except for what follows a rate.
        until: the last date.
        acts: Recorded Acts on given dates, the same on all paths.
        watch: is told each date, and the state of every path after it.
        arrays: whether states are arrays where they can be.

    Raises:
        Differs: a template's `columns` and its `measure` disagree.
        WrongUsage: the paths lack an index of the deal, or results count only if they are decisive.
    """
    refuse(deal, tuple(rates.ticks))
    return lived_in_columns(compiled_deal(deal, templates, rates, given, until, acts, arrays), rates, watch)


def refuse(deal: Deal, indices: Sequence[str]) -> None:
    """Check that paths can decide a deal.

    Raises WrongUsage if an index is missing, or if a result would need sellers.
    """
    for _, terms in deal.segments:
        lacking = [name for name in terms.index if name not in indices]
        if lacking:
            raise WrongUsage(f"the paths have no rates of {', '.join(lacking)}")
        # Sellers decide whether a result is decisive, and a path of rates does not have any.
        decisive = [
            name
            for name, definition in terms.index.items()
            if definition.low_confidence.effect == "decisive only"
        ]
        if decisive:
            raise WrongUsage(
                f"{', '.join(decisive)}: results count only where they are decisive, and a path has no "
                "sellers"
            )


def lived_in_columns(
    ready: CompiledDeal, rates: PathRates, watch: Watch = lambda _day, _arrays, _parts: None
) -> ColumnsOutcome:
    """Return what a compiled deal does on paths with the Publication Dates for which it was compiled.

    Raises OverflowError if money follows a rate, and these paths lie far above those it was compiled for.
    """
    outcome = ColumnsOutcome(ready.until, rates.paths)
    for part, reason in ready.by_steps:
        outcome.by_steps |= dict.fromkeys(sorted(part.tests | part.triggers), reason)
    if ready.top and rates.top > ready.top:
        raise OverflowError("the paths lie above those for which the money was made ready")
    rates = replace(rates, links=ready.links).narrow()
    held = _arrays(ready, rates.paths)
    runs = [PartRun(part, of_path=np.zeros(rates.paths, dtype=np.int64)) for part, _ in ready.by_steps]
    for row in ready.rows:
        _step(ready, row, held, rates, outcome)
        if runs:
            _by_steps(row, runs, rates, outcome)
        watch(row.inputs.on, held, runs)
    for name, state in held.triggers.items():
        if state.swept.any():
            # Whole numbers are divided only at the end, so that sums of many dates stay exact.
            outcome.swept[name] = state.swept / ready.unit
        if state.not_known.any():
            outcome.not_known[name] = state.not_known
    for run in runs:
        for name, amounts in run.swept.items():
            outcome.swept[name] = amounts.astype(np.float64)
        outcome.not_known |= run.not_known
    return outcome


def _arrays(ready: CompiledDeal, paths: int) -> DealArrays:
    kept: dict[str, tuple[int, int]] = {}
    triggers: dict[str, TriggerArrays] = {}
    names = frozenset(name for part in ready.in_arrays for name in part.tests | part.triggers)
    for row in ready.rows:
        for key, rules in row.rules.items():
            if key in names:
                # An amendment may ask for more remembered cures or dates than the first terms, so the most of
                # any date is kept.
                uses, looked_back = kept.get(key, (0, 1))
                most = max((count for count, _ in rules.caps), default=0)
                kept[key] = max(uses, most), max(looked_back, rules.out_of)
        for rule in row.triggers:
            if rule.name in names and rule.name not in triggers:
                triggers[rule.name] = TriggerArrays(rule, paths)
    return DealArrays({key: TestArrays(paths, *most) for key, most in kept.items()}, triggers)


def _step(ready: CompiledDeal, row: Row, held: DealArrays, rates: PathRates, outcome: ColumnsOutcome) -> None:
    """Advance everything that arrays hold by one date, in the order of `one_date` (`rulings.md` 23)."""
    on = row.inputs.on.toordinal()
    for key, state in held.tests.items():
        # Deadlines that ended before the date come first, even on a date without that test (`rulings.md`
        # 23).
        late = state.pass_by(on)
        outcome.first(key, "default", late, state.since[late])
    for trigger in held.triggers.values():
        trigger.owed.pass_by(on)
    said = {key: said_of(row.tests[key], rates) for key in row.tests if key in held.tests}
    for key, one in said.items():
        _test(key, row, held, one, on, outcome)
    _triggers(ready, row, held, said, on, outcome)
    if PAYMENT in row.inputs.kinds:
        _money(ready, row, held, rates)
    if DETERMINATION in row.inputs.kinds:
        for trigger in held.triggers.values():
            # After the money: a Payment Date looks at the Determination Date before it, and not at its own.
            trigger.in_effect = trigger.inside.copy()


def _test(key: str, row: Row, held: DealArrays, said: Said, on: int, outcome: ColumnsOutcome) -> None:
    state, rules = held.tests[key], row.rules[key]
    moved = tested(state, rules, said, on)
    outcome.determine(key, said.known)
    if said.one_by_one:
        outcome.one_by_one.add(key)
    # A test fails on half of all dates, and for the first time on few.
    first = (said.failed > state.has_failed).nonzero()[0]
    state.has_failed[first] = True
    outcome.first(key, "fails", first, on)
    if moved is None:
        return
    happened: tuple[tuple[Happening, Places, int | Ordinals], ...] = (
        ("cure by", moved.curing, state.cure_by[moved.curing]),
        ("cured", moved.cured, on),
        ("default", moved.defaulted, on),
        ("obliged", moved.obliged, on),
        ("due", moved.obliged, state.owed.due[moved.obliged]),
    )
    for what, where, days in happened:
        if len(where):
            outcome.first(key, what, where, days)


def _triggers(
    ready: CompiledDeal,
    row: Row,
    held: DealArrays,
    said: Mapping[str, Said],
    on: int,
    outcome: ColumnsOutcome,
) -> None:
    since = row.inputs.terms_since.toordinal()
    seen = Seen(on, row.inputs.kinds, said, row.level, held.tests, held.triggers)
    rows = {sweep.trigger: sweep for sweep in row.sweeps}
    for rule in row.triggers:
        state = held.triggers.get(rule.name)
        if state is None:
            continue
        # The rule of the date, because an amendment may change what is not a count.
        state.rule = rule
        sweep = rows.get(rule.name)
        target = None if sweep is None or sweep.until is None else _whole(sweep.until, ready.unit)
        moved = counted_on(state, seen, since, target)
        outcome.first(rule.name, "begins", moved.began, state.since[moved.began])
        outcome.first(rule.name, "ends", moved.ended, on)
        if rule.name in row.delivers:
            made = state.owed.create(moved.began, on, row.delivers[rule.name])
            outcome.first(rule.name, "obliged", made, on)
            outcome.first(rule.name, "due", made, state.owed.due[made])
        if sweep is not None and sweep.released:
            state.balance[moved.ended] = 0


def _money(ready: CompiledDeal, row: Row, held: DealArrays, rates: PathRates) -> None:
    """Add what each sweep makes due, if its trigger was in effect at the Determination Date before.

    No dollar is swept twice.
    """
    # Sweeps of one date share one excess, so a later one takes of what is left.
    taken = np.zeros(rates.paths, dtype=np.int64)
    for sweep in row.sweeps:
        state = held.triggers.get(sweep.trigger)
        if state is None or not sweep.paid:
            continue
        if sweep.excess is None:
            state.not_known += state.in_effect
            continue
        where = state.in_effect.nonzero()[0]
        unit = ready.unit
        excess = _excess(sweep, sweep.excess, Fraction(1), unit, rates, where)
        share = _excess(sweep, sweep.excess, sweep.share, unit, rates, where)
        due = np.minimum(share, np.maximum(0, excess - taken[where]))
        if sweep.most is not None:
            due = np.minimum(due, _whole(sweep.most, unit))
        if sweep.until is not None:
            due = np.minimum(due, np.maximum(0, _whole(sweep.until, unit) - state.balance[where]))
        taken[where] += due
        if not sweep.repays:
            state.balance[where] += due
        state.swept[where] += due


def _excess(
    sweep: SweepRow, excess: Fraction, share: Fraction, unit: int, rates: PathRates, where: Places
) -> NDArray[np.signedinteger[Any]] | int:
    """Return a share of the excess cash flow in whole numbers, on some paths if it follows a rate."""
    total: NDArray[np.signedinteger[Any]] | int = _whole(excess * share, unit)
    for name, sign in sweep.moving:
        cent = _whole(Fraction(sign, CENTS) * share, unit)
        total = total + rates.linked(name, sweep.reported)[where].astype(np.int64) * cent
    # Only a sum that moves may be below zero here, and a shortfall is not swept.
    return np.maximum(0, total) if sweep.moving else total


@lru_cache(maxsize=1_000)
def _whole(amount: Fraction, unit: int) -> int:
    # Compiling has seen that the number is whole and small enough.
    return int(amount * unit)


def _by_steps(row: Row, runs: Sequence[PartRun], rates: PathRates, outcome: ColumnsOutcome) -> None:
    """Advance the parts whose states are not arrays by one date, with the engine's exact functions."""
    # Results of other parts stand in arrays already, and making them one by one would cost most of the time.
    needed = frozenset(name for run in runs for name in run.part.tests)
    results = {key: results_of(test, rates) for key, test in row.tests.items() if key in needed}
    for key, verdicts in results.items():
        if any(result.reason is None for result in verdicts.results):
            outcome.determined.add(key)
        if verdicts.one_by_one:
            outcome.one_by_one.add(key)
    follow = [link.figure for link in rates.links]
    told = any(name.startswith(TOLD) for name in follow)
    # Money alone looks at reports here: on Payment Dates, and at what they tell of an account on any date.
    paid = PAYMENT in row.inputs.kinds and any(name.startswith((*OF_EXCESS, OWED)) for name in follow)
    for run in runs:
        names = run.part.tests | run.part.triggers
        sweeping = (told or paid) and any(sweep.trigger in names for sweep in row.sweeps)
        shared_step(run, row.inputs, results, outcome, rates if sweeping else None)
