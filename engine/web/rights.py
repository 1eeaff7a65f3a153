"""Who may do what: one function decides, and what it does not allow is denied.

A grant is a person, a deal and a party of the deal, or a part that somebody plays at the desk. What follows
from a party is in one table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EVERY_DEAL = "*"
"""The deal of a grant that holds for all deals."""


class Right(StrEnum):
    """What a route needs."""

    PUBLIC = "public"
    """Nothing: whoever asks is answered."""
    SIGNED_IN = "signed in"
    """An account, whatever is granted to it."""
    SEE = "see what is due"
    """What is due under a deal, the reports sent, the notices addressed to one's own party."""
    READ = "read the record"
    """A deal, its history, its notices, the working of each result."""
    PROVE = "hold the proof"
    """Verify, checkpoints, cosignatures, the bundle."""
    REPORT = "send a report"
    ACT = "prepare an Act"
    RELEASE = "release a notice"
    """Open the page of a release; the operation then asks who acts for the giver of the notice."""
    APPROVE = "approve"
    DRAFT = "try a draft"
    """A draft of one's own, of no deal of the record."""
    ADMINISTER = "administer"


READER = frozenset({Right.SEE, Right.READ})
KEEPER = READER | {Right.PROVE}
SERVICER, APPROVER, STRUCTURER, ADMINISTRATOR = "servicer", "approver", "structurer", "administrator"
SENDERS = ("borrower", "issuer", "originator", "manager")
"""The parties that send figures; they see what is theirs, and not the record."""
PARTS: dict[str, frozenset[Right]] = {
    **dict.fromkeys(SENDERS, frozenset({Right.SEE, Right.REPORT})),
    SERVICER: KEEPER | {Right.REPORT, Right.ACT, Right.RELEASE},
    APPROVER: KEEPER | {Right.APPROVE, Right.RELEASE},
    STRUCTURER: frozenset({Right.DRAFT}),
    ADMINISTRATOR: frozenset({Right.ADMINISTER}),
}
"""What each party and each part may do; a party that is not named here may do what `OTHERS` says."""
OTHERS = KEEPER | {Right.RELEASE}
"""What an agent, a trustee or a lender may do.

They read, they hold the proof, and they release a notice that they owe themselves.
"""
OF_NO_DEAL = frozenset({Right.DRAFT, Right.ADMINISTER, Right.APPROVE})
"""Rights that a route may need without naming a deal; any grant that has it is enough."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A party of one deal, or of every deal, that a person acts for, or a part that the person plays."""

    deal: str
    party: str

    @property
    def rights(self) -> frozenset[Right]:
        """What follows from the party."""
        # Agreements name parties that a table cannot foresee; such a party reads, and records nothing of its
        # own.
        return PARTS.get(self.party, OTHERS)

    def covers(self, deal: str) -> bool:
        """Return whether it holds for a deal."""
        return self.deal in (EVERY_DEAL, deal)


@dataclass(frozen=True, slots=True)
class Person:
    """An account: who it is, and what is granted to it."""

    number: int
    login: str
    name: str
    grants: tuple[Grant, ...] = ()

    @property
    def parties(self) -> tuple[str, ...]:
        """The parties and parts of all grants, each once."""
        return tuple(dict.fromkeys(grant.party for grant in self.grants))

    def parties_in(self, deal: str) -> tuple[str, ...]:
        """Return the parties that the person acts for in one deal."""
        return tuple(dict.fromkeys(grant.party for grant in self.grants if grant.covers(deal)))


def may(person: Person | None, right: Right, deal: str | None = None) -> bool:
    """Return whether somebody may do something: the one function that decides.

    Args:
        person: who asks; None for whoever has not signed in.
        right: what the route needs.
        deal: the deal that the address names, or None.
    """
    if right is Right.PUBLIC:
        return True
    if person is None:
        return False
    if right is Right.SIGNED_IN:
        return True
    if deal is None:
        return any(right in grant.rights for grant in person.grants)
    return any(right in grant.rights and grant.covers(deal) for grant in person.grants)


def granted(person: Person, deals: Iterable[str], right: Right = Right.SEE) -> tuple[str, ...]:
    """Return those of some deals in which the person has a right, in their order."""
    return tuple(deal for deal in deals if may(person, right, deal))
