"""Names in a deal file that refer to nothing, and conditions that wait for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.checks.contradictions import STATES, leaves_of
from engine.terms.checks.example_expectations import triggers_of
from engine.terms.checks.limbs_and_curves import circle_through, date_limb, event_limb, reached
from engine.terms.clause import Clause
from engine.terms.error_messages import undefined
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree
from engine.terms.trigger_conditions import Leaf


def terms_with_tree(deal: Deal) -> Iterator[tuple[TermsInForce, Tree]]:
    """Yield the terms of each stretch of the deal's life, with the file for the places."""
    for _, terms in deal.segments:
        yield terms, deal.tree


def references(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each name that refers to nothing in the file.

    Names refer to indices, debt classes, parties, tests and triggers.
    """
    for terms, tree in terms_with_tree(deal):
        for name, asset in terms.pledged_assets.items():
            if asset.index not in terms.index:
                yield undefined(tree, ("pledged_assets", name, "index"), asset.index, "index", terms.index)
        for name, blend in terms.blended_rates.items():
            if name in terms.index:
                why, place = (
                    "an index has this name, and a clause could mean either",
                    tree.key_place(("blended_rates", name)),
                )
                yield Problem("D504", f"`{name}` names an index and a blend", why, "rename the blend", place)
            for index in blend.of:
                if index not in terms.index:
                    yield undefined(tree, ("blended_rates", name, "of", index), index, "index", terms.index)
        for key, clause in terms.covenants.items():
            yield from _clause_references(terms, tree, key, clause)


def _clause_references(terms: TermsInForce, tree: Tree, key: str, clause: Clause) -> Iterator[Problem]:
    path: Path = ("covenants", key)
    known: dict[str, Mapping[str, object]] = {
        "index": {**terms.index, **terms.blended_rates},
        "class of debt": terms.debt,
        "asset class": terms.pledged_assets,
    }
    for field, kind, name in clause.refers():
        if name is not None and name not in known[kind]:
            yield undefined(tree, (*path, field), name, kind, known[kind])
    spring = clause.tested_while
    if spring is not None:
        leaf = Leaf(test=spring.test, trigger=spring.trigger, state=spring.state)
        yield from _leaf(terms, tree, leaf, (*path, "tested_while"))
    if (
        clause.index is None
        and len(terms.index) > 1
        and clause.on_one_index
        # An asset class has an index of its own, which then decides for the clause.
        and getattr(clause, "asset_class", None) is None
    ):
        why = f"the deal has {', '.join(terms.index)}"
        yield Problem(
            "D503",
            f"`{key}` names no index",
            why,
            "write `index:` with the one it is tested on",
            tree.key_place(path),
        )


def conditions(deal: Deal) -> Iterator[Problem]:
    """Yield the problems of triggers' conditions: unknown names and states, circles, contradictions."""
    for terms, tree in terms_with_tree(deal):
        for name, trigger in terms.triggers.items():
            path: Path = ("triggers", name)
            if name in terms.covenants:
                why = "a covenant has this name, and both would be one trigger"
                yield Problem(
                    "D504",
                    f"`{name}` names a covenant and a trigger",
                    why,
                    "rename the trigger",
                    tree.key_place(path),
                )
            leaves = list(leaves_of(trigger.begins, (*path, "begins")))
            ends = [] if isinstance(trigger.ends, str) else list(leaves_of(trigger.ends, (*path, "ends")))
            for leaf, at in leaves + ends:
                yield from _leaf(terms, tree, leaf, at)
            # Leaves are compared without their places: one condition stands in two places of the file here.
            if ends and [leaf for leaf, _ in leaves] == [leaf for leaf, _ in ends]:
                why = "it would end on the date on which it begins"
                yield Problem(
                    "D505",
                    f"`{name}` begins and ends on the same condition",
                    why,
                    "correct one of them",
                    tree.place((*path, "ends")),
                )


def _leaf(terms: TermsInForce, tree: Tree, leaf: Leaf, path: Path) -> Iterator[Problem]:
    for looks, said in ((date_limb, leaf.on_or_after), (event_limb, leaf.event)):
        if said is not None:
            yield from looks(terms, tree, leaf, path)
            return
    if leaf.announced is not None or leaf.index is not None:
        yield from _announced(terms, tree, leaf, path)
        return
    if (leaf.test is None) == (leaf.trigger is None) or (leaf.result is None) == (leaf.state is None):
        fix = (
            "write it like `{test: ltv, result: FAIL, for: 4 consecutive determination dates}` or `{test: "
            "ltv, state: EVENT OF DEFAULT}`"
        )
        yield Problem(
            "D506",
            "the condition is not complete",
            "it looks at one test or trigger, by a result or a state",
            fix,
            tree.place(path),
        )
        return
    if leaf.test is not None and leaf.test not in terms.covenants:
        yield undefined(tree, (*path, "test"), leaf.test, "test", terms.covenants)
    if leaf.trigger is not None and leaf.trigger not in triggers_of(terms):
        yield undefined(tree, (*path, "trigger"), leaf.trigger, "trigger", triggers_of(terms))
    if leaf.trigger is not None and leaf.result is not None:
        why = "a trigger has a state; a result is a test's"
        fix = f"write `state: IN EFFECT`, or `test: {leaf.trigger}`"
        yield Problem(
            "D506", "the condition looks at a trigger's result", why, fix, tree.place((*path, "result"))
        )
    if leaf.state is not None and leaf.state not in STATES:
        why = f"there are {', '.join(STATES)}"
        yield Problem(
            "D507",
            f"the state `{leaf.state}` does not exist",
            why,
            "write one of them",
            tree.place((*path, "state")),
        )


def _announced(terms: TermsInForce, tree: Tree, leaf: Leaf, path: Path) -> Iterator[Problem]:
    """Yield a problem for a condition on an announcement unless it names just a kind and an index."""
    others = (leaf.test, leaf.trigger, leaf.result, leaf.state, leaf.persistence)
    if leaf.announced is None or leaf.index is None or any(other is not None for other in others):
        fix = "write it like `{announced: cessation, index: CRI-H100}`"
        yield Problem(
            "D506",
            "the condition is not complete",
            "an announcement is of one index, and counts no dates",
            fix,
            tree.place(path),
        )
    elif leaf.index not in terms.index:
        yield undefined(tree, (*path, "index"), leaf.index, "index", terms.index)


def circles(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each trigger or springing clause that waits for itself through others.

    If springing clauses are in the circle, only they are named, at their `tested_while`.
    """
    for terms, tree in terms_with_tree(deal):
        waits: dict[str, set[str]] = {}
        for name, trigger in terms.triggers.items():
            conditions = [trigger.begins] if isinstance(trigger.ends, str) else [trigger.begins, trigger.ends]
            leaves = [leaf for condition in conditions for leaf, _ in leaves_of(condition, ())]
            waits[name] = {leaf.trigger or leaf.test or "" for leaf in leaves}
        springing = {
            key: clause.tested_while
            for key, clause in terms.covenants.items()
            if clause.tested_while is not None
        }
        waits |= {key: {spring.trigger or spring.test or ""} for key, spring in springing.items()}
        # A trigger that only looks at a circle is decided once the circle is broken, so it is not named.
        circle = [name for name in waits if name in reached(name, waits)]
        for name in [one for one in circle if one in springing] or circle:
            path: Path = (
                "covenants",
                name,
                "tested_while",
                "trigger" if name in springing and springing[name].trigger else "test",
            )
            place = tree.place(path) if name in springing else tree.key_place(("triggers", name))
            way = " looks at ".join(f"`{one}`" for one in circle_through(name, waits))
            why = f"neither could be decided before the other: {way}"
            yield Problem("D508", f"`{name}` depends on itself", why, "break the circle", place)
