"""What the engine reads from a deal file, as a fact of the log.

It covers parties, clauses, debt, assets, indices and duties.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field

from engine.basics.values import Fact, Figure

EDITION: Literal[1, 2] = 2
"""The edition of the rulings that this engine computes."""


class PartyFacts(Fact):
    """A party as the notice addresses it."""

    role: str
    name: str
    notices: str
    lei: str | None = None
    cite: str | None = None


class DocumentFacts(Fact):
    """A document of the deal with its short name and, if given, its hash."""

    short: str
    title: str
    dated: date
    sha256: str | None = None


class CureFacts(Fact):
    """A cure right as the deal writes it: its period, its start, its ways and its caps."""

    by: str = "borrower"
    within: str
    after: str
    cured_by: tuple[str, ...]
    at_most: str | None = None
    cite: str


class ClauseFacts(Fact):
    """One clause: its title, its section, its words, and the engine's reading of it."""

    key: str
    title: str
    cite: str
    text: str | None
    reading: str
    kind: Literal["test", "test and trigger", "trigger"]
    debt_class: str | None = None
    cure: CureFacts | None = None
    default_needs: str | None = None
    """What an indicated Event of Default still needs: nothing, notice or vote (`rulings.md` 22)."""
    if_not_determined: str | None = None
    esma: Literal["CHPP", "CHCP", "BOTH", "OTHR"] = "OTHR"
    """The consequence, for the ESMA fields.

    It changes the priority of payments, replaces a counterparty, does both, or is another.
    """
    while_met: bool = Field(default=False, exclude_if=lambda said: not said)
    """Whether the trigger is in effect exactly while its beginning condition holds; absent if not."""
    consequences: tuple[str, ...] = ()
    """The consequences while the trigger is in effect, one sentence each, with its section."""


class LaterClauses(Fact):
    """The clauses that read differently from a date on, by a dated step or an amendment."""

    since: date
    clauses: tuple[ClauseFacts, ...]
    taken_away: tuple[str, ...] = Field(default=(), exclude_if=lambda keys: not keys)
    """The clauses that an amendment takes away on the date; absent if it takes none."""


class DebtFacts(Fact):
    """One class of debt."""

    name: str
    original_principal: Figure
    rate: str
    cusip: str | None = None
    isin: str | None = None
    cite: str


class AssetFacts(Fact):
    """One class of Pledged GPU Assets."""

    name: str
    model: str
    gpus: int
    availability: Figure
    index: str
    cite: str


class DutyFacts(Fact):
    """Who must tell whom of what, within how long."""

    kind: str
    given_by: str
    to: tuple[str, ...]
    within: str | None
    cite: str | None
    deemed_given: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """When a notice that was sent counts as given (`rulings.md` 54); absent if the deal does not say."""
    if_sent_after: str | None = Field(default=None, exclude_if=lambda said: said is None)
    returned: str | None = Field(default=None, exclude_if=lambda said: said is None)
    released_by: str | None = Field(default=None, exclude_if=lambda said: said is None)
    body: str | None = Field(default=None, exclude_if=lambda said: said is None)


class IndexFacts(Fact):
    """What the deal says about one index."""

    name: str
    source: str
    policy: str
    version: str | None
    closing_date_level: Figure
    low_confidence: str
    low_confidence_cite: str
    held: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """What `decisive only` holds, at which level and for how long, in words (`rulings.md` 60).

    It is absent under another effect.
    """
    judged_by: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """Whose Low Confidence flag counts, if it is not the methodology's."""
    fallback: tuple[str, ...]
    cite: str


class LaterFacts(Fact):
    """All debt, assets, indices and duties from a date on, if an amendment changed one of them."""

    since: date
    debt: tuple[DebtFacts, ...]
    assets: tuple[AssetFacts, ...]
    indices: tuple[IndexFacts, ...]
    duties: tuple[DutyFacts, ...]
    business_days: str | None = Field(default=None, exclude_if=lambda name: name is None)
    """The name of the calendar of Business Days, if it is not the one at closing.

    A clock that runs already keeps the calendar by which it began.
    """


class AmendmentFacts(Fact):
    """One amendment of the deal, or one correction of its file, and what it changed."""

    number: int
    kind: Literal["amendment", "correction"] = "amendment"
    document: str
    effective: date
    changes: tuple[str, ...]
    clauses: tuple[str, ...] = Field(default=(), exclude_if=lambda keys: not keys)
    """The clauses of which it changes a term; absent if it changes none."""


class DealAdopted(Fact):
    """A deal file, or a new version of it, as the engine reads it from `effective_on` on."""

    file_sha256: str
    edition: Literal[1, 2] = 1
    """The edition of the rulings under which the deal is determined (`rulings.md` 72).

    A log of edition 1 does not name it.
    """
    illustrative: bool
    rated: bool = False
    paper: Literal["us letter"] | None = Field(default=None, exclude_if=lambda paper: paper is None)
    """The paper size of its notices; absent for A4."""
    unique_id: str | None = None
    closing_date: date
    maturity_date: date
    business_days: str
    calendars: Mapping[str, str] = Field(default_factory=dict, exclude_if=lambda tables: not tables)
    """The hash of the table of each calendar that the file names (`rulings.md` 36a).

    It is absent in records from before the hash was stated.
    """
    time_zone: str
    rounding: str
    revenue: str
    frequency_days: int = 7
    """The days between Determination Dates: 7, 30 or 90."""
    parties: tuple[PartyFacts, ...]
    documents: tuple[DocumentFacts, ...]
    clauses: tuple[ClauseFacts, ...]
    """The clauses as of closing; `clauses_on` gives those of a date."""
    later_clauses: tuple[LaterClauses, ...] = ()
    debt: tuple[DebtFacts, ...]
    assets: tuple[AssetFacts, ...]
    indices: tuple[IndexFacts, ...]
    duties: tuple[DutyFacts, ...]
    """Debt, assets, indices and duties as of closing; `facts_on` gives those of a date."""
    later_facts: tuple[LaterFacts, ...] = ()
    amendments: tuple[AmendmentFacts, ...] = ()


def clauses_on(deal: DealAdopted, on: date) -> tuple[ClauseFacts, ...]:
    """Return the clauses as they read on a date, in the order of the agreement."""
    clauses = {clause.key: clause for clause in deal.clauses}
    for later in deal.later_clauses:
        if later.since <= on:
            clauses |= {clause.key: clause for clause in later.clauses}
            clauses = {key: clause for key, clause in clauses.items() if key not in later.taken_away}
    return tuple(clauses.values())


def facts_on(deal: DealAdopted, on: date) -> DealAdopted:
    """Return the same with the debt, assets, indices, duties and calendar that were in force on a date."""
    reached = [later for later in deal.later_facts if later.since <= on]
    if not reached:
        return deal
    # Each entry holds all of its lists in full, so the newest one alone counts.
    now = reached[-1]
    four = {"debt": now.debt, "assets": now.assets, "indices": now.indices, "duties": now.duties}
    return deal.model_copy(update={**four, "business_days": now.business_days or deal.business_days})
