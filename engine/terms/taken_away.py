"""Which triggers an amendment takes away, from when, and what it says of their consequences.

See `rulings.md` 71.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from engine.basics.errors import Problem
from engine.terms.amendment import Change
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.terms.source import Tree

Segments = Sequence[tuple[date, TermsInForce]]


@dataclass(frozen=True, slots=True)
class TakenAway:
    """A trigger that an amendment has taken out of a deal.

    Attributes:
        trigger: its name.
        on: the amendment's date, on which it ends.
        by: the amendment, as a sentence names it.
        cite: the section that takes it away.
        consequences: whether its lasting consequences, and what is still to be delivered for it, end or
            stand.
        reserve: whether the balance of its reserve account is released or kept.
        release_to: where a release goes: as the deal says for the trigger's end, otherwise to who owes the
            debt.
        terms: of a composite trigger, the terms as they last stood.
    """

    trigger: str
    on: date
    by: str
    cite: str
    consequences: Literal["end", "stand"]
    reserve: Literal["release", "keep"]
    release_to: Literal["release to borrower", "prepay"]
    terms: TriggerTerms | None


def taken_away(
    segments: Segments, changes: Sequence[Change], tree: Tree
) -> tuple[tuple[TakenAway, ...], list[Problem]]:
    """Return the triggers that amendments take away, earliest first, and the problems found.

    An amendment must say what becomes of the trigger's consequences and of its reserve account.
    """
    removals: list[TakenAway] = []
    problems: list[Problem] = []
    # A trigger may be taken away and come back, so each change of stretch is looked at.
    for (_, before), (since, now) in pairwise(segments):
        for name in _triggers(before):
            if name in _triggers(now):
                continue
            change = _change_of(name, since, changes)
            if change is None:
                continue
            if change.consequences is None or change.reserve is None:
                why = (
                    "it may be in effect then, have brought something for good, and its reserve account "
                    "may hold money"
                )
                fix = (
                    "write `consequences: end` or `stand`, and `reserve: release` or `keep`, beside the "
                    "change"
                )
                what = f"the amendment takes the trigger `{name}` away, and says not what becomes of it"
                problems.append(Problem("D307", what, why, fix, tree.place(change.path)))
                continue
            cite = change.cite or change.document or change.named
            terms, to = before.triggers.get(name), _released_to(before, name)
            removals.append(
                TakenAway(name, since, change.named, cite, change.consequences, change.reserve, to, terms)
            )
    return tuple(removals), problems


def _triggers(terms: TermsInForce) -> tuple[str, ...]:
    """Return the names of the triggers of one date's terms: composite ones, and those that clauses have."""
    own = (name for name, clause in terms.covenants.items() if getattr(clause, "begins", None) is not None)
    return (*own, *terms.triggers)


def _change_of(name: str, since: date, changes: Sequence[Change]) -> Change | None:
    """Return the change that takes a trigger away on a date: a change of the trigger or of its block."""
    blocks = ("triggers", "covenants", f"triggers.{name}", f"covenants.{name}")
    return next((change for change in changes if change.effective == since and change.term in blocks), None)


def _released_to(terms: TermsInForce, name: str) -> Literal["release to borrower", "prepay"]:
    """Return where a trigger's reserve goes at its end, by the terms in which it last stood."""
    trigger = terms.triggers.get(name)
    own = (getattr(terms.covenants.get(name), "sweep", None),)
    swept = tuple(consequence.sweep for consequence in trigger.consequences) if trigger is not None else own
    return (
        "prepay"
        if any(sweep is not None and sweep.on_end == "prepay" for sweep in swept)
        else "release to borrower"
    )
