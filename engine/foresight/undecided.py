"""Triggers of which too little is known, because what they look at was not determined on any date.

Of some "never" cannot be said. Others began, and may have begun sooner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from engine.determination.template import Template
from engine.evaluation.conditions import LeafRule, Tree, leaves
from engine.evaluation.trigger_states import rules
from engine.terms.in_force import TermsInForce


class _Known(Enum):
    """What the paths say of a condition."""

    OPEN = "open"
    """It rests on a test that was not determined on any date."""
    COULD = "could"
    """It may have been met: everything that it needs was determined, or came."""
    NOT = "not"
    """It was met on no path."""


@dataclass(frozen=True)
class _Seen:
    """What happened on the paths."""

    left_out: Collection[str]
    acted: Collection[str]
    until: date
    undecided: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class OpenTriggers:
    """Composite triggers that look at what was not determined, each with the names of that.

    Attributes:
        undecided: those that began on no path and could not be decided.
        sooner: those that began. What is known of them is a bound: they may have begun sooner, or on further
            paths.
    """

    undecided: Mapping[str, tuple[str, ...]]
    sooner: Mapping[str, tuple[str, ...]]


def open_triggers(
    stretches: Sequence[TermsInForce],
    templates: Mapping[str, Template],
    left_out: Collection[str],
    acted: Collection[str],
    until: date,
) -> OpenTriggers:
    """Return the composite triggers of which too little is known.

    Args:
        stretches: the draft's terms from each date on: an amendment may bring a trigger in, or change it.
        templates: the covenant templates by name.
        left_out: tests that were not determined on any date.
        acted: tests that failed on some path, and triggers that began on one.
        until: the last date.
    """
    undecided: dict[str, tuple[str, ...]] = {}
    sooner: dict[str, tuple[str, ...]] = {}
    for terms in stretches:
        found = _open_in(terms, templates, left_out, acted, until)
        for known, new in ((undecided, found.undecided), (sooner, found.sooner)):
            # What one stretch leaves open stays open, whatever a later one says.
            known |= {name: tuple(dict.fromkeys((*known.get(name, ()), *of))) for name, of in new.items()}
    return OpenTriggers(undecided, sooner)


def _open_in(
    terms: TermsInForce,
    templates: Mapping[str, Template],
    left_out: Collection[str],
    acted: Collection[str],
    until: date,
) -> OpenTriggers:
    # In the order of dependency, so that what a trigger looks at has been told before it.
    composite = [rule for rule in rules(terms, templates) if rule.name in terms.triggers]
    undecided: dict[str, tuple[str, ...]] = {}
    sooner: dict[str, tuple[str, ...]] = {}
    for rule in composite:
        # What began on some path has its date there, so it is decided.
        seen = _Seen(left_out, acted, until, undecided)
        if rule.name not in acted and _known(rule.begins, seen) is _Known.OPEN:
            undecided[rule.name] = _open_leaves(rule.begins, seen)
    for rule in composite:
        # What may have come sooner leaves open what looks at it.
        seen = _Seen((*left_out, *sooner), acted, until, undecided)
        if rule.name in acted and (open_ := _open_leaves(rule.begins, seen)):
            sooner[rule.name] = open_
    return OpenTriggers(undecided, sooner)


def _open_leaves(tree: Tree, seen: _Seen) -> tuple[str, ...]:
    """Return the tests and triggers that a condition looks at and that were left open."""
    named = (leaf.test or leaf.trigger or "" for leaf in leaves(tree) if _known(leaf, seen) is _Known.OPEN)
    return tuple(dict.fromkeys(named))


def _known(tree: Tree, seen: _Seen) -> _Known:
    """Return what the paths say of a condition."""
    if isinstance(tree, LeafRule):
        return _of_leaf(tree, seen)
    parts = [_known(part, seen) for part in tree.parts]
    if sum(part is not _Known.NOT for part in parts) < tree.n:
        return _Known.NOT
    # The determined parts did not begin the trigger, so an open one that is enough with them leaves it open.
    return _Known.OPEN if _Known.OPEN in parts else _Known.COULD


def _of_leaf(leaf: LeafRule, seen: _Seen) -> _Known:
    if leaf.on_or_after is not None:
        return _Known.COULD if leaf.on_or_after <= seen.until else _Known.NOT
    if leaf.trigger is not None:
        if leaf.trigger in (*seen.undecided, *seen.left_out):
            return _Known.OPEN
        begins = leaf.state in (None, "IN EFFECT")
        return _Known.NOT if begins and leaf.trigger not in seen.acted else _Known.COULD
    if leaf.test is None or leaf.result == "NOT DETERMINED":
        return _Known.NOT if leaf.test is None else _Known.COULD
    if leaf.test in seen.left_out:
        return _Known.OPEN
    # What acted tells of plain failures alone: a level inside the limit may be met while the test passes.
    plain = leaf.result == "FAIL" and leaf.level is None
    return _Known.NOT if plain and leaf.test not in seen.acted else _Known.COULD
