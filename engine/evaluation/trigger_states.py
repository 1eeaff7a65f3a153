"""The state of one trigger: NOT IN EFFECT with its count, or IN EFFECT (`rulings.md` 12, 21, 23).

The same machine serves the trigger that a clause brings with it and the composite triggers of the deal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.basics.kept_by_identity import kept_by_identity
from engine.determination.template import Clause, Rule, Template, When
from engine.determination.trigger_counts import dates_of_tests, persistence_of
from engine.evaluation.conditions import (
    Gate,
    LeafRule,
    Seen,
    Tree,
    carried,
    ceased_on,
    counted,
    fresh,
    leaves,
    met,
    newly_met,
    same_leaf,
)
from engine.evaluation.deadlines import BusinessDays, day_after, deadline, used_up
from engine.events.states import TriggerState, TriggerStatus
from engine.terms.clause import TriggerCure
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.terms.periods import DateKind, Persistence
from engine.terms.trigger_conditions import AllOf, AnyOf, AtLeast, Condition, Leaf

T = TriggerStatus
WHILE_MET = "when begins is no longer met"
"""The words in the file for a trigger that is in effect exactly while its beginning holds."""
NO_LONGER = "what begins it is no longer met"


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """A trigger ready to be counted.

    Attributes:
        name: the key in the deal.
        cite: the section.
        begins: the condition that begins it.
        ends: the condition that ends it; None if only a Recorded Act, or its target, ends it.
        at_target: whether it ends when the reserve account has reached its target.
        irrevocable: whether it never ends.
        while_met: whether it is in effect exactly while its beginning holds.
        cure: its own cure, if it has one.
    """

    name: str
    cite: str
    begins: Tree
    ends: Tree | None
    at_target: bool = False
    irrevocable: bool = False
    while_met: bool = False
    cure: TriggerCure | None = None


@kept_by_identity(64)
def rules(terms: TermsInForce, templates: Mapping[str, Template]) -> tuple[TriggerRule, ...]:
    """Return all triggers of a deal on a date, clause triggers first, then composite ones.

    Each composite trigger comes after those that it looks at.
    """
    own = [_clause_rule(key, clause, templates[clause.template]) for key, clause in terms.covenants.items()]
    dates = dates_of_tests(terms, templates)
    composite = [_composite(name, trigger, dates) for name, trigger in terms.triggers.items()]
    return (*(rule for rule in own if rule is not None), *in_order(composite))


def _clause_rule(key: str, clause: Clause, template: Template) -> TriggerRule | None:
    if template.rule is None:
        return None
    rule: Rule = template.rule(key, clause)
    ends = None if rule.ends is None else _when(rule.ends, rule.ends_for)
    return TriggerRule(
        key,
        clause.cite,
        _when(rule.begins, rule.begins_for),
        ends,
        # A clause's trigger without a stated end runs until its reserve
        # account is full, unless it never ends.
        at_target=rule.ends is None and not rule.never,
        irrevocable=rule.never,
    )


def _when(when: When, persistence: Persistence | None) -> LeafRule:
    return LeafRule(
        test=when.test,
        result=when.result,
        comparison=when.comparison,
        level=when.level,
        persistence=persistence,
    )


def _composite(name: str, trigger: TriggerTerms, dates: Mapping[str, DateKind]) -> TriggerRule:
    never = trigger.ends == "never"
    ends = None if isinstance(trigger.ends, str) else _tree(trigger.ends, dates)
    return TriggerRule(
        name,
        trigger.cite,
        _tree(trigger.begins, dates),
        ends,
        irrevocable=never,
        while_met=trigger.ends == WHILE_MET,
        cure=trigger.cure,
    )


def _tree(condition: Condition, dates: Mapping[str, DateKind]) -> Tree:
    """Return a condition ready to be counted. `dates` holds the kind of dates on which each test is run."""
    match condition:
        case Leaf():
            persistence = persistence_of(condition, dates)
            said = (condition.announced, condition.index, condition.on_or_after, condition.event)
            return LeafRule(
                condition.test,
                condition.trigger,
                condition.result,
                None,
                None,
                condition.state,
                persistence,
                *said,
            )
        case AnyOf():
            return Gate(1, tuple(_tree(part, dates) for part in condition.any_of))
        case AllOf():
            return Gate(len(condition.all_of), tuple(_tree(part, dates) for part in condition.all_of))
        case AtLeast():
            return Gate(condition.at_least.n, tuple(_tree(part, dates) for part in condition.at_least.of))


def in_order(triggers: list[TriggerRule]) -> list[TriggerRule]:
    """Return composite triggers, each after those that it looks at.

    Raises ValueError for a cycle, which is refused when the file is read.
    """
    placed: list[TriggerRule] = []
    waiting = list(triggers)
    names = {rule.name for rule in triggers}
    while waiting:
        done = {rule.name for rule in placed}
        # Triggers of clauses are not among `names`, because all of them are
        # decided before the composite ones.
        ready = [rule for rule in waiting if _looks_at(rule) & names <= done]
        if not ready:
            raise ValueError(f"triggers depend on one another: {', '.join(rule.name for rule in waiting)}")
        placed += ready
        waiting = [rule for rule in waiting if rule not in ready]
    return placed


def _looks_at(rule: TriggerRule) -> set[str]:
    watched = leaves(rule.begins) + (leaves(rule.ends) if rule.ends else ())
    return {leaf.trigger for leaf in watched if leaf.trigger is not None}


def _needs_all(tree: Tree | None) -> bool:
    # A page shows the slowest count of an `all` and the fastest of any other gate.
    return isinstance(tree, Gate) and tree.n == len(tree.parts) > 1


def next_trigger(
    before: TriggerState | None,
    rule: TriggerRule,
    seen: Seen,
    full: bool,
    clock: CureClock | None = None,
) -> TriggerState:
    """Return the state of a trigger after one date.

    Args:
        before: its state so far; None on its first date.
        rule: its rule in force.
        seen: what its conditions look at.
        full: whether the account that it sweeps into has reached its target.
        clock: what counts the days of its own cure; needed if it has one.
    """
    state = before or TriggerState(
        trigger=rule.name, status=T.NOT_IN_EFFECT, since=seen.on, begins=fresh(rule.begins)
    )
    state = state.model_copy(
        update={"begins_need_all": _needs_all(rule.begins), "ends_need_all": _needs_all(rule.ends)}
    )
    if state.status is T.NOT_IN_EFFECT:
        # A trigger that is new to the deal cannot have begun before the terms that brought it.
        return _outside(state, rule, seen, seen.terms_since if before is None else state.since, clock)
    if state.status is T.PENDING_CURE:
        return _pending(state, rule, seen)
    if state.status is T.IN_EFFECT:
        return _inside(state, rule, seen, full)
    return state


def _pending(state: TriggerState, rule: TriggerRule, seen: Seen) -> TriggerState:
    """Return the state after one date of a trigger whose own cure runs (`rulings.md` 52).

    It is cured once its condition is not met any more, if a retest cures it.
    """
    limbs = counted(rule.begins, carried(rule.begins, state.begins), seen)
    if met(rule.begins, limbs):
        return state.model_copy(update={"begins": limbs})
    # As with a test, the agent has to accept the cure if the deal does not list a retest (`rulings.md` 22).
    if rule.cure is None or "retest" not in rule.cure.cured_by:
        return state.model_copy(
            update={"begins": limbs, "why": "what begins it is met no longer; its cure is not yet accepted"}
        )
    return trigger_cured(state, seen.on, "cured by retest").model_copy(update={"begins": fresh(rule.begins)})


def trigger_cured(state: TriggerState, on: date, why: str) -> TriggerState:
    """Return a trigger whose condition was cured in time: not in effect.

    What begins it again must be new since then.
    """
    ended = {
        "status": T.NOT_IN_EFFECT,
        "since": on,
        "begins": (),
        "ended_on": on,
        "cure": None,
        "first_met": None,
    }
    return state.model_copy(update={**ended, "cured_on": (*state.cured_on, on), "why": why})


def lapsed(state: TriggerState, on: date) -> TriggerState | None:
    """Return a trigger whose own cure ended unused before `on`: in effect from the day after its last day.

    The result is None if its cure has not ended.
    """
    # On its last day the cure can still be used, so the trigger takes effect on a later day only.
    if state.status is not T.PENDING_CURE or state.cure is None or state.cure.by >= on:
        return None
    since, why = max(day_after(state.cure), state.since), f"not cured by {state.cure.by}"
    return state.model_copy(
        update={"status": T.IN_EFFECT, "since": since, "cure": None, "ends": (), "why": why}
    )


def clocked(
    state: TriggerState, cure: TriggerCure, start: date, calendar: BusinessDays, on: date
) -> TriggerState:
    """Return a trigger whose cure clock starts on a day, with the deadline that this gives it."""
    return state.model_copy(
        update={"cure": deadline(start, cure.within, calendar, cure.cite, cure.after, on), "why": ""}
    )


@dataclass(frozen=True, slots=True)
class CureClock:
    """What counts the days of a trigger's own cure: the Business Days, and the day of the starting event."""

    calendar: BusinessDays
    start: date | None


def _begun(state: TriggerState, rule: TriggerRule, seen: Seen, clock: CureClock | None) -> TriggerState:
    """Return a trigger that has begun: PENDING CURE if it can be cured, otherwise in effect at once.

    A trigger without any cure left cannot be cured.
    """
    if rule.cure is None or clock is None:
        return state
    # `since` moves when the cure lapses, so the day of the breach is kept apart from it.
    first = state.model_copy(update={"first_met": state.since})
    if used_up(rule.cure.at_most, state.cured_on, seen.on):
        # A right that may be used twice is gone after the second time: the breach acts at once.
        return first.model_copy(update={"why": f"{state.why}; no cure is left"})
    # What can still be cured binds nobody yet, so it is not irrevocable, and nothing counts towards its end.
    waits = first.model_copy(update={"status": T.PENDING_CURE, "irrevocable": False, "ends": ()})
    start = state.since if rule.cure.after == "determination date" else clock.start
    if start is None:
        return waits.model_copy(update={"why": f"the cure clock starts on {rule.cure.after}"})
    return clocked(waits, rule.cure, start, clock.calendar, seen.on)


def _outside(
    state: TriggerState, rule: TriggerRule, seen: Seen, floor: date, clock: CureClock | None
) -> TriggerState:
    """Return a trigger that is not in effect after one date: begun if something new meets its condition.

    It must be new since the trigger last ended (`rulings.md` 45). It begins on the day of what is new, but
    never before `floor`: the day from which it has not been in effect, or is a term of the deal.
    """
    ended = state.ended_on
    # On the day of its end no date is counted: one and the same date would end it and begin it again.
    limbs = counted(
        rule.begins,
        carried(rule.begins, state.begins),
        seen,
        states_only=ended is not None and seen.on <= ended,
    )
    known = state.begins
    # An empty record comes from an Act or a cure, not from an amendment: not every limb is new then.
    unknown = [limb for limb in limbs if not any(same_leaf(one, limb) for one in known)] if known else []
    since = newly_met(rule.begins, limbs, seen, ended, unknown)
    if since is None:
        over = rule.while_met and not met(
            rule.begins, limbs
        )  # it has ceased to hold since the Act that ended it
        return state.model_copy(update={"begins": limbs, "ended_on": None if over else ended})
    ends = fresh(rule.ends) if rule.ends else ()
    why = "; ".join(limb.what for limb in limbs if limb.count >= limb.needed)
    begun = {
        "status": T.IN_EFFECT,
        "since": max(since, floor),
        "begins": limbs,
        "ends": ends,
        "irrevocable": rule.irrevocable,
    }
    return _begun(state.model_copy(update={**begun, "ended_on": None, "why": why}), rule, seen, clock)


def _while_met(state: TriggerState, rule: TriggerRule, seen: Seen) -> TriggerState:
    """Return the state after one date of a trigger that ends as soon as its beginning is not met any more.

    While the beginning is met, the trigger stays in effect and its counts go on.
    """
    limbs = counted(rule.begins, carried(rule.begins, state.begins), seen)
    if met(rule.begins, limbs):
        return state.model_copy(update={"begins": limbs, "ends": ()})
    # A state may have ceased before the trigger took effect, but an end is never dated before its beginning.
    since = max(ceased_on(rule.begins, limbs, seen), state.since)
    return state.model_copy(
        update={"status": T.NOT_IN_EFFECT, "since": since, "begins": limbs, "ends": (), "why": NO_LONGER}
    )


def _inside(state: TriggerState, rule: TriggerRule, seen: Seen, full: bool) -> TriggerState:
    if rule.while_met:
        return _while_met(state, rule, seen)
    limbs = counted(rule.ends, carried(rule.ends, state.ends), seen) if rule.ends else ()
    over = (rule.ends is not None and met(rule.ends, limbs)) or (rule.at_target and full)
    # An irrevocable trigger counts on, so that the log shows what would have ended it.
    if not over or rule.irrevocable:
        return state.model_copy(update={"ends": limbs})
    why = (
        "the reserve account reached its target" if rule.at_target else "; ".join(limb.what for limb in limbs)
    )
    over_now = {
        "status": T.NOT_IN_EFFECT,
        "since": seen.on,
        "begins": fresh(rule.begins),
        "ends": limbs,
        "irrevocable": False,
    }
    return state.model_copy(update={**over_now, "ended_on": seen.on, "why": why})


def moved(before: TriggerState | None, after: TriggerState) -> bool:
    """Return whether a date has changed a trigger.

    A count that is now stated in fields, which an earlier record lacks, is not a change.
    """
    if before is None or all(limb.leaf is not None for limb in (*before.begins, *before.ends)):
        return after != before
    return _in_words_alone(after) != _in_words_alone(before)


def _in_words_alone(state: TriggerState) -> TriggerState:
    begins, ends = (
        tuple(limb.model_copy(update={"leaf": None}) for limb in limbs)
        for limbs in (state.begins, state.ends)
    )
    return state.model_copy(update={"begins": begins, "ends": ends})


def undone(after: TriggerState, kept: TriggerState | None, on: date) -> TriggerState:
    """Return the state of a trigger after a correction withdrew what had put it in effect.

    An irrevocable one stays in effect (`rulings.md` 27).
    """
    # Before the date on which it began, a trigger was not in effect, irrevocable or not.
    if kept is None or after.status is not T.NOT_IN_EFFECT or kept.since > on:
        return after
    why = f"{kept.why}, as determined before a correction; it is irrevocable"
    return kept.model_copy(update={"begins": after.begins, "ends": (), "why": why})
