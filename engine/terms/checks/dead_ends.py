"""Ways out that lead nowhere.

They are Cure Periods that nothing can cure, triggers that end as they begin, and fallback steps that are
never reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.checks.contradictions import leaves_of
from engine.terms.checks.scale import SIDES
from engine.terms.clause import Clause, Cure, EndsAtTarget, MaintenanceClause
from engine.terms.in_force import FallbackStep, TriggerTerms
from engine.terms.source import Path, Tree
from engine.terms.trigger_conditions import AllOf, AnyOf, AtLeast, Condition, Leaf

CARRIES = ("last published value", "last value not flagged")


def exits(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each way out of a breach, a trigger or a missing rate that cannot be taken."""
    for _, terms in deal.segments:
        for key, clause in terms.covenants.items():
            cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
            if isinstance(cure, Cure):
                yield from _cure(deal.tree, key, cure)
            yield from _ends(deal.tree, key, clause)
        for name, trigger in terms.triggers.items():
            yield from _left_standing(deal.tree, name, trigger)
        for name, index in terms.index.items():
            yield from _fallback(deal.tree, name, index.fallback)


def _cure(tree: Tree, key: str, cure: Cure) -> Iterator[Problem]:
    path: Path = ("covenants", key, "cure")
    if not cure.cured_by:
        why = "a Cure Period without a way to cure is a grace period of nothing"
        yield Problem(
            "D522",
            f"nothing cures `{key}`",
            why,
            "write how it is cured, or `cure: none`",
            tree.place((*path, "cured_by")),
        )
    for number, method in enumerate(cure.cured_by):
        if method in cure.cured_by[:number]:
            place = tree.place((*path, "cured_by", number))
            yield Problem(
                "D532",
                f"`{method}` stands twice",
                "a way to cure is listed once",
                "remove one of them",
                place,
            )
    for term, written, method in (
        ("passing_for", cure.passing_for, "retest"),
        ("equity_at_most", cure.equity_at_most, "equity"),
    ):
        # An empty list has its own problem above, and would make every term seem of no use.
        if written is not None and cure.cured_by and method not in cure.cured_by:
            why = f"it speaks of {method}, which does not cure `{key}`"
            fix = f"add `{method}` to `cured_by`, or remove it"
            yield Problem("D532", f"`{term}` is of no use here", why, fix, tree.place((*path, term)))


def _ends(tree: Tree, key: str, clause: Clause) -> Iterator[Problem]:
    """Yield a problem for a clause's trigger that ends where it begins, or at a target that is not written.

    The clause is one with a level of its own.
    """
    begins, ends = getattr(clause, "begins", None), getattr(clause, "ends", None)
    sweep, path = getattr(clause, "sweep", None), ("covenants", key)
    if isinstance(ends, EndsAtTarget):
        if sweep is not None and sweep.until is None:
            why = "the reserve account has no target, so the trigger would never end"
            fix = "write `until:` in the sweep"
            yield Problem(
                "D532", f"`{key}` ends at a target that is not written", why, fix, tree.place((*path, "ends"))
            )
        return
    if begins is None or ends is None or isinstance(ends, str):
        return
    if SIDES[begins.when] == SIDES[ends.when]:
        places = {name: tree.place((*path, name, "when")) for name in ("begins", "ends")}
        for name, other in (("begins", "ends"), ("ends", "begins")):
            why = f"a rate could do both; line {places[other].line} says {getattr(clause, other).when}"
            what = f"`{key}` {name} on the side of the level on which it {other}"
            yield Problem("D531", what, why, "correct one of them", places[name])


def _left_standing(tree: Tree, name: str, trigger: TriggerTerms) -> Iterator[Problem]:
    """Yield a warning for a trigger that can end while the state that began it still stands.

    That state does not begin the trigger again (`rulings.md` 45).
    """
    # Neither word can end it early: `never` does not end it, and the other follows what began it.
    if isinstance(trigger.ends, str):
        return
    path: Path = ("triggers", name)
    for leaf, _ in leaves_of(trigger.begins, (*path, "begins")):
        if leaf.state is not None and not _needs_left(trigger.ends, leaf):
            test = leaf.test or leaf.trigger
            why = (
                f"`{test}` may still stand at {leaf.state} then, and `{name}` begins again only on "
                "something new"
            )
            fix = (
                f"see that it is meant, let `ends` look at the state of `{test}`, or write `ends: when "
                "begins is no longer met`"
            )
            yield Problem(
                "W122",
                f"`{name}` can end while what began it stands",
                why,
                fix,
                tree.key_place((*path, "ends")),
            )


def _needs_left(ends: Condition, state: Leaf) -> bool:
    """Return whether the condition can be met only if the subject of `state` has left that state."""
    match ends:
        case Leaf():
            return (ends.test, ends.trigger) == (state.test, state.trigger) and ends.state not in (
                None,
                state.state,
            )
        case AnyOf():
            # Any one part is enough to end it, so every part must need it. `all` of no parts would be true.
            return bool(ends.any_of) and all(_needs_left(part, state) for part in ends.any_of)
        case AllOf():
            return any(_needs_left(part, state) for part in ends.all_of)
        case AtLeast():
            # The others could reach `n` without them unless fewer than `n` parts are left.
            needing = sum(_needs_left(part, state) for part in ends.at_least.of)
            return needing > len(ends.at_least.of) - ends.at_least.n


def _fallback(tree: Tree, name: str, steps: Sequence[FallbackStep]) -> Iterator[Problem]:
    path: Path = ("index", name, "fallback")
    if not steps or steps[0].use != "published value":
        why = "the rate of a date is first of all what was published for it"
        fix = "begin with `{use: published value, cite: ...}`"
        place = tree.place((*path, 0, "use"))
        yield Problem(
            "D526", f"the fallback of {name} does not begin with the published value", why, fix, place
        )
    endless = False
    seen: Counter[Any] = Counter()
    for number, step in enumerate(steps):
        at, named = (*path, number), f"`{step.use}` of {name}"
        seen[step.use] += 1
        if endless:
            why, fix = "the step above it has no end", "write `for_at_most:` above, or remove it"
            yield Problem("W112", f"{named} is never reached", why, fix, tree.place((*at, "use")))
        # An endless step above is said first: a second problem would have the same cause.
        elif seen[step.use] > 1:
            why = "a step that gave no rate gives none the second time"
            yield Problem(
                "D534", f"{named} stands twice", why, "remove one of them", tree.place((*at, "use"))
            )
        if step.use in CARRIES and step.for_at_most is None:
            endless = True
            why = "it would be carried for ever, and no later step reached"
            yield Problem(
                "W105",
                f"{named} has no end",
                why,
                "write `for_at_most:`, or see that it is meant",
                tree.place(at),
            )
        if step.use not in CARRIES and step.for_at_most is not None:
            why = f"only {' and '.join(f'`{use}`' for use in CARRIES)} are carried"
            yield Problem(
                "D534",
                f"{named} is not carried",
                why,
                "remove `for_at_most:`",
                tree.place((*at, "for_at_most")),
            )
