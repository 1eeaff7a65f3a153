"""The identity that tells one Recorded Act from every other: made and taken apart in one place.

It is `waiver|ltv|2026-03-05`, or `waiver|ltv|no. 2|2026-03-05` for an Act that was entered again. The date
stands last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

_BETWEEN = "|"
WHOLE_DEAL = "deal"
"""The word in place of the clause in the identity of an Act that is of no clause."""


def act_identity(told_by: Sequence[str], entry: str | None, effective_on: date) -> str:
    """Return the identity of an Act: what tells it from others of its date, its entry, and its date."""
    return _BETWEEN.join((*told_by, *((f"no. {entry}",) if entry is not None else ()), str(effective_on)))


def short_act_identity(act: str, clause: str | None, effective_on: date) -> str:
    """Return kind, clause and date as an identity, which names an Act that was entered once."""
    return act_identity((act, clause or WHOLE_DEAL), None, effective_on)


def kind_of_act(identity: str) -> str:
    """Return the kind of Act that an identity names; an empty text for an empty identity."""
    return identity.partition(_BETWEEN)[0]


def date_of_act(identity: str) -> date | None:
    """Return the effective date in an identity; None for an empty one.

    Raises ValueError for a text that is not an identity.
    """
    return date.fromisoformat(identity.rpartition(_BETWEEN)[2]) if identity else None


def act_in_words(identity: str) -> str:
    """Return an identity with spaces in place of its separators, for use in a sentence."""
    return identity.replace(_BETWEEN, " ")
