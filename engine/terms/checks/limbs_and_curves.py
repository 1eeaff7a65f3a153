"""What can be wrong with the terms that format 2 adds (`rulings.md` 50).

They are dates as limbs, curves read by steps, sweeps that repay, and conditions on tests that nothing counts.
The search for circles among tests and triggers is here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.checks.contradictions import leaves_of
from engine.terms.checks.step_dates import in_the_life
from engine.terms.clause import RESERVE_ACCOUNT, Clause
from engine.terms.error_messages import undefined
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree
from engine.terms.trigger_conditions import Leaf

Waits = Mapping[str, set[str]]
"""For each test or trigger, by name, the tests and triggers that it looks at."""


def reached(name: str, waits: Waits) -> set[str]:
    """Return every test and trigger that `name` looks at, directly or through others."""
    seen: set[str] = set()
    waiting = set(waits[name])
    while waiting:
        one = waiting.pop()
        # A name is followed once only, so that a circle ends the walk too.
        if one not in seen:
            seen.add(one)
            waiting |= waits.get(one, set())
    return seen


def circle_through(name: str, waits: Waits) -> tuple[str, ...]:
    """Return the shortest way from a name back to itself, both ends included."""
    ways: list[tuple[str, ...]] = [(name, wait) for wait in sorted(waits[name])]
    while ways:
        way = ways.pop(0)
        if way[-1] == name:
            return way
        # The shortest ways come first, and sorted names make the message the same on every run.
        ways += [(*way, one) for one in sorted(waits.get(way[-1], set())) if one == name or one not in way]
    return (name,)


def date_limb(terms: TermsInForce, tree: Tree, leaf: Leaf, path: Path) -> Iterator[Problem]:
    """Yield a problem for a limb on a date that is not allowed.

    A date must be alone in its limb and inside the deal's life, and the file must be of format 2.
    """
    others = (
        leaf.test,
        leaf.trigger,
        leaf.result,
        leaf.state,
        leaf.persistence,
        leaf.announced,
        leaf.index,
        leaf.event,
    )
    at = (*path, "on_or_after")
    if terms.format == "1":
        why = "a file of format 1 has no date as a condition"
        yield Problem(
            "D210", "`on_or_after` is a key of format 2", why, "write `format: 2`", tree.key_place(at)
        )
    if any(other is not None for other in others):
        why = "a date is a condition by itself, and joins others by `all_of` or `any_of`"
        yield Problem(
            "D506",
            "the condition is not complete",
            why,
            "write it like `{on_or_after: 2031-01-15}`",
            tree.place(path),
        )
    # A date at closing would be met from the start, and such a condition decides nothing.
    if leaf.on_or_after is not None and not terms.closing_date < leaf.on_or_after <= terms.maturity_date:
        why = f"the deal runs from {terms.closing_date} to {terms.maturity_date}"
        yield Problem(
            "D523", f"a condition is met from {leaf.on_or_after}", why, in_the_life(terms), tree.place(at)
        )


def event_limb(terms: TermsInForce, tree: Tree, leaf: Leaf, path: Path) -> Iterator[Problem]:
    """Yield a problem for a limb on a declared event that the deal lacks, or that is not alone."""
    others = (
        leaf.test,
        leaf.trigger,
        leaf.result,
        leaf.state,
        leaf.persistence,
        leaf.announced,
        leaf.index,
        leaf.on_or_after,
    )
    if any(other is not None for other in others):
        why = "an event is a condition by itself, and joins others by `all_of` or `any_of`"
        yield Problem(
            "D506",
            "the condition is not complete",
            why,
            "write it like `{event: manager-default}`",
            tree.place(path),
        )
    elif leaf.event not in terms.events:
        yield undefined(tree, (*path, "event"), leaf.event or "", "event", terms.events)


def later_terms(deal: Deal) -> Iterator[Problem]:
    """Yield every problem of these terms, for each stretch of the deal's life."""
    for _, terms in deal.segments:
        for path, sweep in _sweeps(terms):
            if sweep.to != RESERVE_ACCOUNT and sweep.to not in terms.debt:
                known: dict[str, object] = {RESERVE_ACCOUNT: None, **terms.debt}
                yield undefined(deal.tree, (*path, "to"), sweep.to, "class of debt", known)
            elif sweep.to != RESERVE_ACCOUNT and terms.format == "1":
                why, place = "a file of format 1 pays into a reserve account", deal.tree.place((*path, "to"))
                yield Problem(
                    "D210", f"`to: {sweep.to}` is known to format 2", why, "write `format: 2`", place
                )
        for key, clause in terms.covenants.items():
            yield from _curve(deal, key, clause)
            yield from _last(deal, terms, key, clause)
        for name, event in terms.events.items():
            if event.declared_by not in terms.parties:
                yield undefined(
                    deal.tree, ("events", name, "declared_by"), event.declared_by, "party", terms.parties
                )
            if name in terms.covenants or name in terms.triggers:
                why, place = "an Act that names it could mean either", deal.tree.key_place(("events", name))
                yield Problem("D504", f"`{name}` names an event and a clause", why, "rename the event", place)
        for name, trigger in terms.triggers.items():
            if trigger.cure is not None and not trigger.cure.cured_by:
                why, place = (
                    "a time without a way to cure is a grace period of nothing",
                    deal.tree.place(("triggers", name, "cure", "cured_by")),
                )
                yield Problem(
                    "D522", f"nothing cures `{name}`", why, "write how it is cured, or remove `cure:`", place
                )
        yield from _never_pending(deal, terms)
        yield from _uncounted(deal, terms)


def _sweeps(terms: TermsInForce) -> Iterator[tuple[Path, Any]]:
    """Yield every sweep with its place: those of clauses, and those of composite triggers."""
    for key, clause in terms.covenants.items():
        if getattr(clause, "sweep", None) is not None:
            yield ("covenants", key, "sweep"), clause.sweep  # type: ignore[attr-defined]
    for name, trigger in terms.triggers.items():
        for number, one in enumerate(trigger.consequences):
            if one.sweep is not None:
                yield ("triggers", name, "consequences", number, "sweep"), one.sweep


def _curve(deal: Deal, key: str, clause: Clause) -> Iterator[Problem]:
    """Yield a problem for a curve of steps whose first point lies after the first test.

    Such a curve says nothing of the dates before its first point.
    """
    if getattr(clause, "between", None) != "steps":
        return
    first = clause.first_tested or deal.closing_date
    point = clause.curve[0]  # type: ignore[attr-defined]
    if point.on > first:
        said = (
            f"first tested on {first}"
            if clause.first_tested is not None
            else f"tested from closing on, {first}"
        )
        why = f"`{key}` is {said}, and steps say nothing before their first point"
        fix = "write an earlier point, or `first_tested:`"
        place = deal.tree.place(("covenants", key, "curve", 0, "on"))
        yield Problem("D564", f"the curve of `{key}` begins on {point.on}", why, fix, place)


def _last(deal: Deal, terms: TermsInForce, key: str, clause: Clause) -> Iterator[Problem]:
    """Yield a problem if the last date of a test lies before its first, or outside the deal's life."""
    last, first = clause.last_tested, clause.first_tested or terms.closing_date
    if last is not None and not first <= last <= terms.maturity_date:
        why = f"the test begins on {first}, and the deal matures on {terms.maturity_date}"
        place = deal.tree.place(("covenants", key, "last_tested"))
        yield Problem(
            "D523",
            f"`{key}` is last tested on {last}",
            why,
            f"write a date from {first} to {terms.maturity_date}",
            place,
        )


def _never_pending(deal: Deal, terms: TermsInForce) -> Iterator[Problem]:
    """Yield a problem for each condition on PENDING CURE of a trigger that has no cure of its own."""
    for name, trigger in terms.triggers.items():
        for end, condition in (("begins", trigger.begins), ("ends", trigger.ends)):
            for leaf, path in (
                () if isinstance(condition, str) else leaves_of(condition, ("triggers", name, end))
            ):
                of = terms.triggers.get(leaf.trigger or "")
                if leaf.state == "PENDING CURE" and (of is None or of.cure is None):
                    why, place = "it has no cure of its own", deal.tree.place((*path, "state"))
                    yield Problem(
                        "D519",
                        f"the trigger `{leaf.trigger}` is never PENDING CURE",
                        why,
                        "write another state",
                        place,
                    )


def _uncounted(deal: Deal, terms: TermsInForce) -> Iterator[Problem]:
    """Yield a problem for each condition on a test whose failure is information only (`rulings.md` 52).

    Nothing counts such a failure.
    """
    for name, trigger in terms.triggers.items():
        for end, condition in (("begins", trigger.begins), ("ends", trigger.ends)):
            for leaf, path in (
                () if isinstance(condition, str) else leaves_of(condition, ("triggers", name, end))
            ):
                clause = terms.covenants.get(leaf.test or "")
                if clause is not None and clause.failure_is == "information only":
                    why = "its failure is information only, which nothing counts"
                    fix = f"write `failure_is: a trigger event` in `{leaf.test}`, or leave it out here"
                    yield Problem(
                        "D565", f"`{name}` counts `{leaf.test}`", why, fix, deal.tree.place((*path, "test"))
                    )
