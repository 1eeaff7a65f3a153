"""Terms that each read well and cannot work together.

Examples are triggers that nothing can begin, cures without an exit, and dates out of order. Errors have the
codes D519 to D529, warnings W103 to W109. The module `deal_file` collects them with its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import get_args

from engine.basics.errors import Problem
from engine.terms.as_written import Deal, resolve
from engine.terms.checks.advance_rates import advance_rates
from engine.terms.checks.step_dates import in_the_life
from engine.terms.clause import Clause, MaintenanceClause, is_default
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree
from engine.terms.takeover import TestWord, TriggerWord
from engine.terms.trigger_conditions import AllOf, AnyOf, AtLeast, Condition, Leaf

OF_A_TRIGGER: tuple[str, ...] = get_args(TriggerWord)
STATES: tuple[str, ...] = tuple(dict.fromkeys((*get_args(TestWord), *OF_A_TRIGGER)))
ENDS = ("begins", "ends")


def leaves_of(condition: Condition, path: Path) -> Iterator[tuple[Leaf, Path]]:
    """Yield every leaf of a condition with its place in the file."""
    match condition:
        case Leaf():
            yield condition, path
        case AnyOf(any_of=parts):
            for number, part in enumerate(parts):
                yield from leaves_of(part, (*path, "any_of", number))
        case AllOf(all_of=parts):
            for number, part in enumerate(parts):
                yield from leaves_of(part, (*path, "all_of", number))
        case AtLeast(at_least=of):
            for number, part in enumerate(of.of):
                yield from leaves_of(part, (*path, "at_least", "of", number))


def _conditions(deal: Deal) -> Iterator[tuple[TermsInForce, Condition, Path]]:
    for _, terms in deal.segments:
        for name, trigger in terms.triggers.items():
            yield terms, trigger.begins, ("triggers", name, "begins")
            # Both words leave nothing to check: neither names a test or a state.
            if not isinstance(trigger.ends, str):
                yield terms, trigger.ends, ("triggers", name, "ends")


def _looks_at_states(deal: Deal) -> Iterator[tuple[TermsInForce, Leaf, Path]]:
    """Yield every condition on the state of a test or trigger, with its terms and its place.

    They are the leaves of the triggers' conditions, and each clause's `tested_while`.
    """
    for terms, condition, path in _conditions(deal):
        yield from ((terms, leaf, at) for leaf, at in leaves_of(condition, path))
    for _, terms in deal.segments:
        for key, clause in terms.covenants.items():
            spring = clause.tested_while
            if spring is not None:
                yield (
                    terms,
                    Leaf(test=spring.test, trigger=spring.trigger, state=spring.state),
                    ("covenants", key, "tested_while"),
                )


def unreachable(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each condition on a state in which its subject can never be."""
    for terms, leaf, at in _looks_at_states(deal):
        if leaf.state in STATES:
            place = deal.tree.place((*at, "state"))
            if leaf.trigger is not None and leaf.state not in OF_A_TRIGGER:
                why = f"a trigger is {', '.join(OF_A_TRIGGER)}"
                yield Problem(
                    "D519",
                    f"the trigger `{leaf.trigger}` is never {leaf.state}",
                    why,
                    "write one of them",
                    place,
                )
            clause = terms.covenants.get(leaf.test or "")
            reason = never(clause, leaf.state) if clause is not None else None
            if reason is not None:
                fix = "look at its result, or at another state"
                yield Problem("D519", f"the test `{leaf.test}` is never {leaf.state}", reason, fix, place)


def never(clause: Clause, state: str) -> str | None:
    """Return in words why a test with these terms can never have a status; None if it can."""
    if state in ("NOT IN EFFECT", "PENDING CURE", "IN EFFECT"):
        return "these are states of triggers"
    # Cure Periods belong to defaults; a trigger event has its way back in the trigger.
    if state in ("EVENT OF DEFAULT", "CURE PERIOD") and not is_default(clause):
        return "its failure is not a default"
    if state == "CURE PERIOD" and isinstance(clause, MaintenanceClause) and clause.cure == "none":
        return "it has no Cure Period"
    if state == "WATCH" and clause.early_warning is None:
        return "it has no early warning"
    if state == "SUSPENDED" and clause.tested_while is None:
        return "it is always tested"
    return None


def impossible(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each condition that no date can meet.

    Examples are a result and its opposite together, and more limbs required than there are.
    """
    for _, condition, path in _conditions(deal):
        yield from _impossible(deal.tree, condition, path)


def _impossible(tree: Tree, condition: Condition, path: Path) -> Iterator[Problem]:
    match condition:
        case AllOf(all_of=parts):
            wanted: dict[str, str] = {}
            for number, part in enumerate(parts):
                at = (*path, "all_of", number)
                if isinstance(part, Leaf) and part.test and part.result:
                    # A test has one result on a date, so two wanted results can never be met together.
                    first = wanted.setdefault(part.test, part.result)
                    if first != part.result:
                        why = f"`{part.test}` cannot be {first} and {part.result} on one date"
                        yield Problem(
                            "D520",
                            "the conditions contradict one another",
                            why,
                            "correct one of them",
                            tree.place(at),
                        )
                yield from _impossible(tree, part, at)
            yield from _limbs(tree, parts, (*path, "all_of"))
        case AnyOf(any_of=parts):
            for number, part in enumerate(parts):
                yield from _impossible(tree, part, (*path, "any_of", number))
            yield from _limbs(tree, parts, (*path, "any_of"))
        case AtLeast(at_least=of):
            # Zero of the conditions would be met on every date.
            if not 1 <= of.n <= len(of.of):
                why = f"there are {len(of.of)}"
                place = tree.place((*path, "at_least", "n"))
                yield Problem(
                    "D521",
                    f"at least {of.n} of the conditions cannot be met",
                    why,
                    "correct the number",
                    place,
                )
            for number, part in enumerate(of.of):
                yield from _impossible(tree, part, (*path, "at_least", "of", number))
            yield from _limbs(tree, of.of, (*path, "at_least", "of"))
        case _:
            return


def _limbs(tree: Tree, parts: Sequence[Condition], path: Path) -> Iterator[Problem]:
    """Yield a problem for a composite condition without limbs, and for a limb that stands twice."""
    if not parts:
        yield Problem(
            "D520", "a condition is missing", "a list of none is never decided", "write one", tree.place(path)
        )
    for number, part in enumerate(parts):
        # In `at_least` a limb that stands twice would count twice.
        if part in parts[:number]:
            why = "it says nothing that the first does not"
            yield Problem(
                "D520", "the condition stands twice", why, "correct or remove it", tree.place((*path, number))
            )


def order(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each date and each level that is out of order."""
    terms = deal.segments[0][1]
    closing, maturity = terms.closing_date, terms.maturity_date
    for key, clause in terms.covenants.items():
        first = clause.first_tested
        # The Closing Date itself is left out: tests begin after it (`rulings.md` 28).
        if first is not None and not closing < first <= maturity:
            why = f"the deal runs from {closing} to {maturity}"
            place = deal.tree.place(("covenants", key, "first_tested"))
            yield Problem("D523", f"`{key}` is first tested on {first}", why, in_the_life(terms), place)
        horizon = getattr(clause, "horizon", None)
        if horizon is not None and not closing < horizon <= maturity:
            why = f"the deal runs from {closing} to {maturity}"
            place = deal.tree.place(("covenants", key, "horizon"))
            yield Problem("D523", f"the horizon of `{key}` is {horizon}", why, in_the_life(terms), place)
        yield from _levels(deal, key, clause)
    seen: dict[str, Path] = {}
    for change in deal.changes:
        number, at = f"{change.kind} {change.number}", change.path[:2]
        # One amendment has several changes, all at the same place, and only another place is a second one.
        if seen.setdefault(number, at) != at:
            why = (
                f"line {deal.tree.place(seen[number]).line} has it too, and an amendment is known by its "
                "number"
            )
            yield Problem(
                "D524", f"{number} stands twice", why, "correct the number", deal.tree.place((*at, "number"))
            )
    yield from _classes(deal, terms)


def _levels(deal: Deal, key: str, clause: Clause) -> Iterator[Problem]:
    """Yield a problem for a release level on the wrong side of the level that begins the trigger.

    The trigger would end on a date on which it begins.
    """
    ends, level = getattr(clause, "ends", None), getattr(clause, "level", None)
    begins = getattr(clause, "begins", None)
    release = getattr(ends, "level", None)
    if release is None or level is None or begins is None:
        return
    # The words `at or below level` and `below level` name the same side.
    below = "below" in begins.when
    # Equal levels are allowed: the two sides then share at most the level itself.
    if (below and release < level) or (not below and release > level):
        why = "the trigger would end on a date on which it begins"
        place = deal.tree.place(("covenants", key, "ends", "level"))
        yield Problem(
            "D525", "the release level is on the wrong side of the level", why, "correct one of them", place
        )


def _classes(deal: Deal, terms: TermsInForce) -> Iterator[Problem]:
    """Yield a warning for a test of one class that can never fail before the test of the whole debt.

    Both tests are on the same Collateral Value.
    """
    for key, clause in terms.covenants.items():
        for other in terms.covenants.values():
            if clause.never_before(other):
                why = "a class is a part of the whole debt, so the test of the whole fails first"
                place = deal.tree.place(("covenants", key))
                yield Problem(
                    "W104",
                    f"`{key}` can never fail before the test of all classes",
                    why,
                    "see that it is meant",
                    place,
                )


def amended_counts(deal: Deal) -> Iterator[Problem]:
    """Yield a warning for each amendment of when a trigger begins or ends.

    What was counted towards the old condition is counted afresh.
    """
    for change in deal.changes:
        if change.effective <= deal.closing_date:
            continue  # a correction of the file works from closing, when nothing has been counted
        before, after = (
            _when(resolve(deal, day)) for day in (change.effective - timedelta(days=1), change.effective)
        )
        for path, condition in after.items():
            steps = tuple(change.term.split("."))
            # The change may name the whole trigger or a part of its condition, so the shorter path decides.
            concerns = all(step == part for step, part in zip(steps, path, strict=False))
            if concerns and path in before and before[path] != condition:
                _, name, end = path
                what = f"{change.document} changes when `{name}` {end}"
                why = (
                    f"a condition that is changed counts afresh from {change.effective}, and the dates "
                    "before no longer count"
                )
                fix = "see that the agreement means it"
                yield Problem("W109", what, why, fix, deal.tree.place((*change.path, "term")))


def _when(terms: TermsInForce) -> dict[tuple[str, str, str], object]:
    """Return what begins and what ends each trigger, by (block, name, `begins` or `ends`).

    The triggers are the composite ones and those that clauses bring with them.
    """
    blocks: dict[str, Mapping[str, object]] = {"covenants": terms.covenants, "triggers": terms.triggers}
    conditions = {
        (block, name, end): getattr(one, end, None)
        for block, named in blocks.items()
        for name, one in named.items()
        for end in ENDS
    }
    return {path: condition for path, condition in conditions.items() if condition is not None}


def without_examples(deal: Deal) -> Iterator[Problem]:
    """Yield a warning if a deal has no worked example."""
    if not deal.examples:
        why = "counsel and structurer sign off on worked examples, not on terms alone"
        # What is missing has no place, so the warning stands at the top of the file.
        place = deal.tree.key_place(("deal",))
        yield Problem("W106", "the deal has no worked example", why, "write `worked_examples:`", place)


CONTRADICTIONS: tuple[Callable[[Deal], Iterator[Problem]], ...] = (
    unreachable,
    impossible,
    order,
    amended_counts,
    without_examples,
    advance_rates,
)
