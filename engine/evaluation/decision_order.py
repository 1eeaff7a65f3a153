"""The order in which the tests and triggers of a date are decided: each after what it looks at.

The rulings are `rulings.md` 23 and 50. If nothing springs on the same date, the tests come in the order of
the file, then the triggers. A circle is refused when the file is read (D508).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.basics.kept_by_identity import kept_by_identity
from engine.determination.template import Template
from engine.evaluation.conditions import LeafRule, leaves
from engine.evaluation.trigger_states import TriggerRule, rules
from engine.terms.in_force import TermsInForce

Decided = str | TriggerRule
"""A test by its key, or a trigger."""
Node = tuple[str, str]
"""`test` or `trigger`, and its name, because a clause may bring a trigger of the same name."""


@kept_by_identity(64)
def decision_order(terms: TermsInForce, templates: Mapping[str, Template]) -> tuple[Decided, ...]:
    """Return the tests and triggers of a deal, each after all that it looks at on the same date.

    Otherwise they keep the order of the file.
    """
    nodes: dict[Node, Decided] = {("test", key): key for key in terms.covenants}
    nodes |= {("trigger", rule.name): rule for rule in rules(terms, templates)}
    # A name that an amendment has taken away is not waited for, because nothing will decide it.
    waits = {node: _looks_at(one, terms) & nodes.keys() for node, one in nodes.items()}
    decisions: dict[Node, Decided] = {}
    while len(decisions) < len(nodes):
        # One is taken at a time, so that the order of the file is kept as far as it can be.
        ready = next(
            (node for node in nodes if node not in decisions and waits[node] <= decisions.keys()), None
        )
        if ready is None:
            raise ValueError(
                "they wait for one another: "
                f"{', '.join(name for node, name in nodes if (node, name) not in decisions)}"
            )
        decisions[ready] = nodes[ready]
    return tuple(decisions.values())


def _looks_at(decision: Decided, terms: TermsInForce) -> set[Node]:
    """Return what a test or a trigger looks at in its state after the date's own results."""
    if isinstance(decision, str):
        spring = terms.covenants[decision].tested_while
        same_date = spring is not None and spring.counts_from == "the same date"
        return (
            {("test", spring.test) if spring.test else ("trigger", spring.trigger or "")}
            if spring is not None and same_date
            else set()
        )
    return set(_of_leaves((*leaves(decision.begins), *(leaves(decision.ends) if decision.ends else ()))))


def _of_leaves(conditions: tuple[LeafRule, ...]) -> Iterator[Node]:
    for leaf in conditions:
        if leaf.test is not None:
            yield ("test", leaf.test)
        if leaf.trigger is not None:
            yield ("trigger", leaf.trigger)
