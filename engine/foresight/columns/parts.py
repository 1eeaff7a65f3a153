"""A deal divided into parts that do not look at one another.

So fewer things tell the paths of each part apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.terms.as_written import Deal
from engine.terms.in_force import TermsInForce
from engine.terms.trigger_conditions import leaves_of


@dataclass(frozen=True)
class Part:
    """A group of tests and composite triggers that look at one another, so they are decided together.

    Attributes:
        tests: the names of the tests.
        triggers: the names of the composite triggers.
    """

    tests: frozenset[str]
    triggers: frozenset[str]


def parts_of(deal: Deal) -> tuple[Part, ...]:
    """Return the parts of a deal, over all of its terms on any date.

    What looks at something once stays together with it.
    """
    group: dict[str, str] = {}

    def root(name: str) -> str:
        group.setdefault(name, name)
        while group[name] != name:
            name = group[name]
        return name

    # A dict keeps the order of the file, which a set would not.
    tests: dict[str, None] = {}
    triggers: dict[str, None] = {}
    # All stretches count: parts that an amendment joins later must be one from the beginning.
    for _, terms in deal.segments:
        tests |= dict.fromkeys(terms.covenants)
        triggers |= dict.fromkeys(terms.triggers)
        for one, other in _looks(terms):
            group[root(one)] = root(other)
    roots = dict.fromkeys(root(name) for name in (*tests, *triggers))
    return tuple(Part(_of(tests, root, one), _of(triggers, root, one)) for one in roots)


def _of(names: Iterable[str], root: Callable[[str], str], of: str) -> frozenset[str]:
    return frozenset(name for name in names if root(name) == of)


def _looks(terms: TermsInForce) -> Iterator[tuple[str, str]]:
    """Yield (who looks, at whom).

    A trigger looks at what its conditions name, a springing test at what it waits for, and sweeps at one
    another.
    """
    for key, clause in terms.covenants.items():
        if clause.tested_while is not None:
            yield key, clause.tested_while.test or clause.tested_while.trigger or key
    swept = [key for key, clause in terms.covenants.items() if getattr(clause, "sweep", None) is not None]
    swept += [
        name
        for name, trigger in terms.triggers.items()
        if any(consequence.sweep is not None for consequence in trigger.consequences)
    ]
    yield from ((swept[0], other) for other in swept[1:])  # no dollar is swept twice
    for name, trigger in terms.triggers.items():
        for condition in (trigger.begins, *(() if isinstance(trigger.ends, str) else (trigger.ends,))):
            for leaf in leaves_of(condition):
                yield name, leaf.test or leaf.trigger or name


def terms_of(part: Part, terms: TermsInForce) -> TermsInForce:
    """Return the terms of one part alone, in the file's order."""
    covenants = {key: clause for key, clause in terms.covenants.items() if key in part.tests}
    triggers = {name: trigger for name, trigger in terms.triggers.items() if name in part.triggers}
    return terms.model_copy(update={"covenants": covenants, "triggers": triggers})
