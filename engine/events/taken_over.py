"""The first day of a deal taken over in mid-life: the state that a former servicer left, as a fact.

The ruling is `rulings.md` 56. Everything here rests on the word of who handed it over, on a document, and on
two persons. The program computed none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.basics.values import Fact
from engine.events.rates import ReferenceRate
from engine.events.reports import ReportFacts
from engine.events.servicing import NoticeOwed
from engine.events.states import Entry, Obligation, ReserveAccount, Run, TestState, TriggerState


class Untold(Fact):
    """A fact since the last Determination Date that no notice has told of: its kind, clause and day."""

    kind: str
    subject: str
    since: date


class TakenOver(Fact):
    """A deal's state at the end of a day, as it was handed over."""

    as_of: date
    former_servicer: str
    document: str
    """The document that shows the state, by its short name."""
    sha256: str
    prepared_by: str
    approved_by: str
    tests: Mapping[str, TestState]
    triggers: Mapping[str, TriggerState] = {}
    runs: Mapping[str, Run] = {}
    test_entries: Mapping[str, Entry] = {}
    trigger_entries: Mapping[str, Entry] = {}
    begun: tuple[str, ...] = ()
    """Triggers whose beginning has caused something for good that is still in force."""
    in_effect: tuple[str, ...] = ()
    """Triggers that were in effect at the last Determination Date."""
    last_date: date | None = None
    """The last Determination Date by then; None before the first."""
    events: Mapping[str, date] = {}
    """The declared events that stand, each with its day."""
    obligations: tuple[Obligation, ...] = ()
    notices_owed: tuple[NoticeOwed, ...] = ()
    not_yet_told: tuple[Untold, ...] = ()
    reserves: tuple[ReserveAccount, ...] = ()
    rates: Mapping[str, tuple[ReferenceRate, ...]] = {}
    reports: tuple[ReportFacts, ...] = ()
    reports_missing: tuple[date, ...] = ()
    """The last days of periods whose reports were due and had not come."""

    @property
    def words(self) -> str:
        """Return in words whose state was taken over, and on whose word."""
        by = f"{self.prepared_by} and {self.approved_by}"
        return (
            f"carried over from {self.former_servicer} as of {self.as_of} on the word of {by}, by "
            f"{self.document}"
        )

    @property
    def warning(self) -> str:
        """Return the sentence that every notice says of the takeover."""
        return (
            f"What was so up to {self.as_of} is {self.words} (SHA-256 {self.sha256[:16]}); it was not "
            "computed here."
        )

    @property
    def reports_from(self) -> date | None:
        """The last day of the oldest period of whose report something is said; None if nothing is."""
        return min((*(report.period_end for report in self.reports), *self.reports_missing), default=None)

    def reserve_of(self, clause: str) -> ReserveAccount | None:
        """Return the reserve account of a clause as it was handed over; None without one."""
        return next((account for account in self.reserves if account.clause == clause), None)
