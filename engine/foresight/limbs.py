"""The limbs of a deal that a rate can set off.

They are each test's own failure, and each composite trigger by what it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.basics.values import counted, listed
from engine.determination.template import Clause, MaintenanceClause, Template
from engine.foresight.clause_rates import (
    DEFAULT,
    Acting,
    AtRates,
    LimbRate,
    acting,
    is_of_a_rate,
    limbs_of,
    parts_of,
    sooner_with,
    ways_of,
    why_never,
    words_of,
)
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.terms.trigger_conditions import AtLeast, Condition, Leaf, leaves_of

Kind = Literal["counted failure", "warning", "obligation", "sweep", "block", "default", "early amortization"]
RANKS: dict[Kind, int] = {
    "counted failure": 0,
    "warning": 0,
    "obligation": 1,
    "sweep": 2,
    "block": 2,
    "default": 3,
    "early amortization": 4,
}
"""How grave each kind is. A graver one that acts before a milder one is an inversion."""


@dataclass(frozen=True)
class Limb:
    """One limb of a deal.

    It says what acts, whose it is, which test decides it, what acting means, on how many dates, and whether
    it acts at once.
    """

    limb: str
    subject: str
    test: str
    kind: Kind
    needs: str
    at_once: bool
    follows: str = ""
    acts: Acting | None = None
    """Where a trigger acts; None for a test, which acts at its own Break-even Rate."""
    limbs: tuple[LimbRate, ...] = ()
    """What a clause that needs several limbs looks at."""


def of_tests(
    terms: TermsInForce, templates: Mapping[str, Template], subjects: Collection[str]
) -> Iterator[Limb]:
    """Yield the limb that each test's failure is by itself.

    It is a default, an Obligation, or the beginning of its own trigger.
    """
    for key in subjects:
        clause = terms.covenants[key]
        template = templates[clause.template]
        if template.rule is not None:
            rule = template.rule(key, clause)
            kind: Kind = "sweep" if template.sweep is not None else "warning"
            yield Limb(f"{key} begins", key, key, kind, str(rule.begins_for), at_once=True)
            continue
        breach = template.breach_of(clause)
        if breach == "obligation":
            yield Limb(f"{key} FAIL, obligation", key, key, "obligation", "one date", at_once=True)
        elif breach == "default":
            cure = isinstance(clause, MaintenanceClause) and clause.cure != "none"
            words = f"{key} FAIL, cure period, default" if cure else f"{key} FAIL, default"
            yield Limb(
                words, key, key, "default", _needs(clause), at_once=not cure, follows=_follows(terms, key)
            )
        else:
            # A failure that only a trigger counts harms nobody by itself.
            yield Limb(f"{key} FAIL, counted", key, key, "counted failure", "one date", at_once=True)


def _needs(clause: Clause) -> str:
    persists = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    return str(persists) if persists is not None else "one date"


def _follows(terms: TermsInForce, test: str) -> str:
    """Return in words which composite triggers the test's default would begin."""
    names = [
        name
        for name, trigger in terms.triggers.items()
        if any(leaf.test == test and leaf.state == "EVENT OF DEFAULT" for leaf in leaves_of(trigger.begins))
    ]
    return f"its default begins {listed(names)}" if names else ""


def of_triggers(at: AtRates) -> Iterator[Limb]:
    """Yield a limb of each composite trigger for each rate at which one of its ways to begin acts.

    A way that needs several limbs is one limb of the ladder, at the rate at which the clause itself acts.
    """
    for name, trigger in at.terms.triggers.items():
        ends = "; never ends" if trigger.ends == "never" else ""
        for way in _ways_of_a_rate(trigger.begins):
            several = limbs_of(way, at) if not isinstance(way, Leaf) else ()
            for acts in acting(way, at):
                yield Limb(
                    f"{name} by {words_of(way)}",
                    name,
                    acts.test,
                    kind_of(trigger),
                    f"{_needs_of_way(way)}{ends}",
                    acts.at_once,
                    follows=_of_several(several, sooner_with(way, at, acts)),
                    acts=acts,
                    limbs=several,
                )


def of_no_rate(at: AtRates) -> Iterator[tuple[str, str]]:
    """Yield each composite trigger with a way to begin that no rate brings about, and the reason."""
    for name, trigger in at.terms.triggers.items():
        for way in _ways_of_a_rate(trigger.begins):
            # A single limb is named as the test that has no rung.
            if not isinstance(way, Leaf) and not acting(way, at):
                yield name, why_never(way, at)


def _ways_of_a_rate(begins: Condition) -> Iterator[Condition]:
    for way in ways_of(begins):
        # The limb of the test says already what its default begins.
        if is_of_a_rate(way) and not (isinstance(way, Leaf) and way.state == DEFAULT):
            yield way


def _needs_of_way(way: Condition) -> str:
    """Return on how many dates, or on how many limbs, a trigger begins."""
    match way:
        case Leaf() if way.trigger is not None:
            return f"as soon as {way.trigger} is {way.state}"
        case Leaf():
            return str(way.persistence or "one date")
        case AtLeast() if way.at_least.n < len(way.at_least.of):
            return f"{way.at_least.n} of {counted(len(way.at_least.of), 'limbs')}"
    parts = len(parts_of(way))
    return "both limbs" if parts == 2 else f"all {parts} limbs"


def _of_several(limbs: Sequence[LimbRate], undetermined: Sequence[str]) -> str:
    """Return in words from which rate each limb of a clause is met."""
    said = [
        f"{limb.limb} {limb.fails} {limb.rate:.4f}" if limb.rate is not None else f"{limb.limb} at no rate"
        for limb in limbs
    ]
    if undetermined:
        verb = "is" if len(undetermined) == 1 else "are"
        said.append(f"perhaps sooner, because {listed(undetermined)} {verb} not determined")
    return "; ".join(said)


def kind_of(trigger: TriggerTerms) -> Kind:
    """Return what a composite trigger's beginning means: the gravest of its consequences.

    Without any consequence it is a warning. A trigger that changes the priority of payments amortizes early,
    whether or not the file lists the consequence.
    """
    kinds = {consequence.kind for consequence in trigger.consequences}
    if (
        "early amortization" in kinds
        or "application of funds" in kinds
        or (trigger.esma is not None and trigger.esma.changes_priority_of_payments)
    ):
        return "early amortization"
    if "cash sweep" in kinds:
        return "sweep"
    if "distribution block" in kinds or "margin step" in kinds:
        return "block"
    if "appraisal" in kinds:
        return "obligation"
    return "block" if kinds else "warning"
