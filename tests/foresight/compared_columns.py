"""What the columns and the exact engine say of the same paths, as plain values that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from engine.determination.template import Template
from engine.events.deal_state import DealState
from engine.events.swept_money import swept_money
from engine.foresight.columns.compiled_deal import compiled_deal
from engine.foresight.columns.many_paths import DealArrays, lived_in_columns
from engine.foresight.columns.path_outcomes import ColumnsOutcome
from engine.foresight.columns.shared_steps import PartRun
from engine.foresight.columns.state_arrays import STATUSES
from engine.foresight.columns.trigger_arrays import LeafArrays
from engine.foresight.columns.verdicts import CODES, UNKNOWN
from engine.foresight.path_run import moments_together
from engine.foresight.stress import happenings
from tests.foresight.random_deals import Case

Plain = dict[str, Any]


def ordinal(day: date | None) -> int:
    return 0 if day is None else day.toordinal()


def of_exact(state: DealState) -> Plain:
    """Every state, date, count and amount of a deal as the exact engine has it; words left out."""
    verdicts = {None: UNKNOWN, **CODES}
    tests = {
        name: (
            one.status.value,
            ordinal(one.since),
            verdicts[one.verdict],
            ordinal(one.episode_began),
            ordinal(one.cure.by if one.cure else None),
            one.counted,
            one.not_determined_run,
            ordinal(one.effective_on),
            one.passing_run,
            tuple(ordinal(day) for day in reversed(one.cured_on)),
        )
        for name, one in state.tests.items()
    }
    triggers = {
        name: (
            one.status.value,
            ordinal(one.since),
            ordinal(one.ended_on),
            tuple((limb.met, ordinal(limb.met_since)) for limb in one.begins),
            tuple((limb.met, ordinal(limb.met_since)) for limb in one.ends),
        )
        for name, one in state.triggers.items()
    }
    owed = {
        one.clause: (
            ordinal(one.created_on),
            ordinal(one.due.by),
            ordinal(one.status_since) if one.status == "OVERDUE" else 0,
        )
        for one in state.obligations.values()
    }
    reserves = {name: balance for name, balance in state.reserves.items() if balance}
    return {
        "tests": tests,
        "triggers": triggers,
        "owed": owed,
        "reserves": reserves,
        "in effect": state.in_effect,
    }


def history(bits: int, length: int) -> tuple[bool, ...]:
    return tuple(bool(bits >> place & 1) for place in reversed(range(length)))


def of_arrays(held: DealArrays, unit: int, path: int) -> Plain:
    """The same of one path as the arrays have it."""
    tests = {
        name: (
            STATUSES[one.status[path]],
            int(one.since[path]),
            int(one.verdict[path]),
            int(one.episode[path]),
            int(one.cure_by[path]),
            history(int(one.counted[path]), int(one.length[path])),
            int(one.without_report[path]),
            int(one.effective[path]),
            int(one.passing[path]),
            tuple(int(days[path]) for days in one.cured_on if days[path]),
        )
        for name, one in held.tests.items()
        if one.exists
    }

    def limbs(leaves: Sequence[LeafArrays]) -> tuple[tuple[tuple[bool, ...], int], ...]:
        return tuple(
            (history(int(leaf.bits[path]), int(leaf.length[path])), int(leaf.met_since[path]))
            for leaf in leaves
        )

    triggers = {
        name: (
            "IN EFFECT" if one.inside[path] else "NOT IN EFFECT",
            int(one.since[path]),
            int(one.ended[path]),
            limbs(one.begins),
            limbs(one.ends) if one.begun[path] else (),
        )
        for name, one in held.triggers.items()
        if one.exists
    }
    clauses = {**held.tests, **held.triggers}
    owed = {
        name: (int(one.owed.created[path]), int(one.owed.due[path]), int(one.owed.overdue_since[path]))
        for name, one in clauses.items()
        if one.owed.created[path]
    }
    reserves = {
        name: Fraction(int(one.balance[path]), unit)
        for name, one in held.triggers.items()
        if one.balance[path]
    }
    in_effect = frozenset(name for name, one in held.triggers.items() if one.in_effect[path])
    return {"tests": tests, "triggers": triggers, "owed": owed, "reserves": reserves, "in effect": in_effect}


def of_steps(states: Sequence[DealState]) -> Plain:
    """The same where the engine's own steps made it."""
    each = [of_exact(state) for state in states]
    whole: Plain = {
        name: {k: v for one in each for k, v in one[name].items()}
        for name in ("tests", "triggers", "owed", "reserves")
    }
    return {**whole, "in effect": frozenset(name for one in each for name in one["in effect"])}


def without(state: Plain) -> Plain:
    """A state without what the engine's own steps forget: the verdict, the run of passes, the uses of a cure."""
    return {**state, "tests": {name: without_one(one) for name, one in state["tests"].items()}}


def without_one(test: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*test[:2], *test[3:8])


def by_date(
    found: Case, templates: dict[str, Template], arrays: bool
) -> tuple[dict[date, list[Plain]], ColumnsOutcome]:
    """Where every path stands after each date, and what happened."""
    states: dict[date, list[Plain]] = {}
    paths = range(found.rates.paths)
    ready = compiled_deal(found.deal, templates, found.rates, found.given, found.until, found.acts, arrays)

    def watch(day: date, held: DealArrays, parts: Sequence[PartRun]) -> None:
        each = [of_arrays(held, ready.unit, path) for path in paths]
        stepped = [of_steps([run.states[int(run.of_path[path])] for run in parts]) for path in paths]
        states[day] = [
            {name: one[name] | other[name] for name in one} for one, other in zip(each, stepped, strict=True)
        ]

    return states, lived_in_columns(ready, found.rates, watch)


def held_equal(found: Case, templates: dict[str, Template], explained: bool = False) -> ColumnsOutcome:
    """The arrays against the exact engine, date by date and path by path."""
    paths = range(found.rates.paths)
    states, columns = by_date(found, templates, arrays=True)
    together = moments_together(
        found.deal,
        templates,
        [found.exact(path) for path in paths],
        found.given,
        found.until,
        found.acts,
        explained=explained,
    )
    for path, lived in enumerate(zip(*together, strict=True)):
        firsts: dict[tuple[str, Any], int] = {}
        taken: dict[str, list[Fraction | None]] = {}
        for moment in lived:
            exact, mine = of_exact(moment.state), states[moment.inputs.on][path]
            for name, test in exact["tests"].items():  # as many uses of a cure as a cap counts are kept
                exact["tests"][name] = (*test[:-1], test[-1][: len(mine["tests"][name][-1])])
            for name in exact["tests"].keys() & columns.by_steps.keys():
                exact["tests"][name], mine["tests"][name] = (
                    without_one(one["tests"][name]) for one in (exact, mine)
                )
            for name, wanted in exact.items():
                assert mine[name] == wanted, (path, moment.inputs.on, name)
            for subject, what, on in happenings(moment.drafts):
                firsts.setdefault((subject, what), on.toordinal())
            for draft in moment.drafts:
                if draft.kind == "swept":
                    taken.setdefault(draft.payload.clause, []).append(draft.payload.swept)
        assert {
            event: int(dates[path]) for event, dates in columns.firsts.items() if dates[path]
        } == firsts, path
        sums = {name: swept_money(amounts) for name, amounts in taken.items()}
        assert brought(columns, path) == {
            name: (float(one.amount or 0), one.not_known)
            for name, one in sums.items()
            if one != swept_money(())
        }
    return columns


def brought(columns: ColumnsOutcome, path: int) -> dict[str, tuple[float, int]]:
    """What each sweep brought on a path in USD, and on how many dates that is not known."""
    zero = np.zeros(columns.paths)
    both = {
        name: (float(columns.swept.get(name, zero)[path]), int(columns.not_known.get(name, zero)[path]))
        for name in {*columns.swept, *columns.not_known}
    }
    return {name: one for name, one in both.items() if any(one)}
