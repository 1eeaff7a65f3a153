"""Triggers that are PENDING CURE: who must cure them by when, and that they begin otherwise.

See `rulings.md` 52.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.evaluation.deadlines import day_after
from engine.events.deal_state import DealState
from engine.events.due_acts import Due, DueFacts, Follow, FollowFacts
from engine.events.states import Deadline, TriggerStatus
from engine.terms.clause import TriggerCure
from engine.terms.in_force import TermsInForce


def trigger_cures(terms: TermsInForce, state: DealState) -> Iterator[Due]:
    """Yield each trigger's cure that is due, with the methods that the agreement lists."""
    for name, last, cure in _curable(terms, state):
        facts = DueFacts(cured_by=cure.cured_by)
        yield Due(
            by=last.by,
            who=terms.debtor,
            act="cure",
            subject=name,
            facts=facts,
            deadline=last,
            cite=last.cite,
            urgent=True,
        )


def begin_unless_cured(terms: TermsInForce, state: DealState) -> Iterator[Follow]:
    """Yield the beginning of each trigger on the day after the last day of its cure, if it is not cured."""
    for name, last, _ in _curable(terms, state):
        yield Follow(
            on=day_after(last),
            subject=name,
            what="trigger begins",
            facts=FollowFacts(by=last.by),
            cite=last.cite,
        )


def _curable(terms: TermsInForce, state: DealState) -> Iterator[tuple[str, Deadline, TriggerCure]]:
    for name, trigger in state.triggers.items():
        rule = terms.triggers.get(name)
        if (
            trigger.status is TriggerStatus.PENDING_CURE
            and trigger.cure is not None
            and rule is not None
            and rule.cure is not None
        ):
            yield name, trigger.cure, rule.cure
