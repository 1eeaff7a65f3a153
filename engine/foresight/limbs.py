"""The limbs of a deal that a rate can set off.

They are each test's own failure, and each composite trigger by what it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.basics.values import listed
from engine.determination.template import Clause, MaintenanceClause, Template
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.terms.trigger_conditions import leaves_of

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


def of_triggers(terms: TermsInForce, subjects: Collection[str]) -> Iterator[Limb]:
    """Yield a limb of each composite trigger for each test whose failures it counts."""
    for name, trigger in terms.triggers.items():
        for leaf in leaves_of(trigger.begins):
            # A trigger that counts another result or a state is not set off by a rate alone.
            if leaf.test in subjects and leaf.result == "FAIL" and leaf.test is not None:
                ends = "; never ends" if trigger.ends == "never" else ""
                needs = f"{leaf.persistence or 'one date'}{ends}"
                yield Limb(
                    f"{name} by {leaf.test} FAIL", name, leaf.test, kind_of(trigger), needs, at_once=True
                )


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
