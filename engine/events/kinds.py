"""What an event of a deal's log holds: one kind per fact, each with its own payload type.

Every event has two dates: `effective_on`, the contract's, and `recorded_at`, ours. Its idempotency key is
`(deal, kind, subject, effective_on, print)` (`rulings.md` 31), so a repeated run changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from engine.basics.values import Fact, Figure
from engine.events.act_identity import act_identity, short_act_identity
from engine.events.calendar_events import CalendarClosing, CalendarTaken, ClosingWithdrawn
from engine.events.deal_adopted import DealAdopted
from engine.events.delivery import DELIVERY_KINDS
from engine.events.due_acts import Due as Due
from engine.events.due_acts import Follow as Follow
from engine.events.due_acts import StripDay as StripDay
from engine.events.key_replaced import KeyReplaced as KeyReplaced
from engine.events.market_events import (
    DepreciationPublished,
    IndexAnnounced,
    IndexFinding,
    IndexPublished,
    ListingsExcluded,
    RateForecast,
    SnapshotImported,
    ValueSeen,
)
from engine.events.notice_issued import NoticeIssued as NoticeIssued
from engine.events.rates import ReferenceRate
from engine.events.reports import ReportFacts
from engine.events.results import TestResult
from engine.events.servicing import (
    FigureConfirmed,
    GpusCounted,
    HeldFigure,
    NoticeOwed,
    ReceiptShown,
    RegisterChanged,
    ReportServed,
)
from engine.events.states import (
    Deadline,
    Obligation,
    ReserveAccount,
    ReserveReleased,
    SweptPeriod,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
)
from engine.events.taken_over import TakenOver


class ReportReceived(ReportFacts):
    """A servicer's report that came in, and what it says."""


def as_received(report: ReportFacts) -> ReportReceived:
    """Return what the log keeps of a report that was read."""
    return ReportReceived.model_validate(
        {name: getattr(report, name) for name in ReportReceived.model_fields}
    )


class Tested(Fact):
    """One test on one date: the result and the state that it leads to, as two separate facts."""

    result: TestResult
    state: TestState
    before: TestStatus | None


class Suspended(Fact):
    """A springing test whose condition is off. It is not tested, and that is not a pass."""

    state: TestState
    before: TestStatus | None
    cite: str


class DeadlinePassed(Fact):
    """A Cure Period that ended unused: the test's state on the day after its last day."""

    state: TestState
    before: TestStatus
    deadline: Deadline


class Counted(Fact):
    """One trigger on one date: its counts, and whether it is in effect."""

    state: TriggerState
    before: TriggerStatus | None
    cite: str


class ObligationMoved(Fact):
    """An Obligation created, satisfied or overdue."""

    obligation: Obligation
    cite: str


class Determined(Fact):
    """One Determination Date as a whole: what it rested on, what is due, what follows.

    Its notice states these facts.
    """

    publication_date: date
    window_start: date
    window_end: date
    next_determination_date: date
    next_publication_date: date
    as_of: date | None = Field(default=None, exclude_if=lambda one: one is None)
    """The Determination Date as of which its tests are, if they waited for a report; absent otherwise.

    The ruling is `rulings.md` 49a.
    """
    calendar: str
    calendar_sha256: str | None = Field(default=None, exclude_if=lambda one: one is None)
    """The hash of the calendar's table (`rulings.md` 36a); absent in records from before it was stated."""
    outstanding_principal: Figure | None
    report: str | None
    """The SHA-256 of the servicer's report that served, if one did."""
    report_text: str
    due: tuple[Due, ...] = ()
    follows: tuple[Follow, ...] = ()
    strip: tuple[StripDay, ...] = ()
    strip_title: str | None = None
    warnings: tuple[str, ...] = ()
    """Plain sentences that belong on every notice (`rulings.md` 41, WP §5.2)."""
    served: ReportServed | None = None
    held: tuple[HeldFigure, ...] = ()
    gpus: tuple[GpusCounted, ...] = ()
    reserves: tuple[ReserveAccount, ...] = ()
    """Each reserve account that holds something, or ought to (`rulings.md` 30a)."""
    entries: int | None = None
    """How many entries of the log belong to the date. They are consecutive, and this entry is the last.

    So whoever holds this entry and its place knows which other entries there must be. It is None in records
    from before the number was stated.
    """
    state_sha256: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The SHA-256 of the state that the date left, in canonical form (`rulings.md` 72).

    It is absent in records from before it was stated.
    """
    standing_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The hash of how every test, trigger and Obligation stands, which the date's notices carry.

    See `date_standing` and `rulings.md` 64.
    """


class NotEvaluated(Fact):
    """A deal that could not be evaluated on a date, and why. Silence must differ from not having run."""

    reason: str
    problems: tuple[str, ...] = ()
    standing_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The hash of how everything stood then; absent in records from before it was stated."""
    last_determined: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The leaf of the newest Determination Date that stands. The notice states again what was due then."""


class Correction(Fact):
    """The fact that everything from a date on is determined again, because its basis has changed.

    What was determined before stays in the log and does not stand any more. `until` is the last date that had
    been determined (`rulings.md` 25 to 29).
    """

    from_on: date
    until: date
    why: tuple[str, ...]
    made_on: date | None = None
    """The day on which it was recorded, in the deal's time zone.

    The time for a Correction Notice counts from it (`rulings.md` 53a).
    """
    later_print: bool = Field(default=False, exclude_if=lambda said: not said)
    """Whether a later print of a rate is among the causes.

    It undoes no irrevocable trigger (`rulings.md` 27).
    """


TOLD_BY = {
    "interpolation": "index",
    "successor benchmark": "index",
    "successor benchmark agreed": "index",
    "agent determination": "index",
    "manifest error": "index",
    "consent": "version",
    "act withdrawn": "names",
    "payment made": "amount",
    "report withdrawn": "names",
    "notice given": "names",
    "notice released": "names",
    "address changed": "party",
    "party replaced": "party",
}
"""The detail that tells two Acts of one kind on one date and clause apart."""


class ActRecorded(Fact):
    """What a person did and the engine was told (`covenants.md`, Recorded Acts)."""

    act: str
    clause: str | None = None
    document: str | None = None
    sha256: str | None = None
    effective_on: date
    received_at: datetime | None = None
    """The moment of its receipt in the deal's time zone (`rulings.md` 26a).

    An Act received after the cut-off of its effective date counts for the next date.
    """
    until: date | None = None
    prepared_by: str | None = None
    approved_by: str | None = None
    details: Mapping[str, str] = {}

    @property
    def told_by(self) -> tuple[str, ...]:
        """Kind, clause and any detail that tells an Act from others of its date.

        The detail is, for example, the index of a rate or the version of a consent.
        """
        more = self.details.get(TOLD_BY.get(self.act, ""))
        return (self.act, self.clause or "deal", *((more,) if more else ()))

    @property
    def identity(self) -> str:
        """The identity that tells an Act from every other: `waiver|ltv|2026-03-05`.

        An Act that was entered again has its number: `waiver|ltv|no. 2|2026-03-05`. The date stands last.
        `entry` is a detail and not a field, so that an Act recorded without it still gives the same bytes.
        """
        return act_identity(self.told_by, self.details.get("entry"), self.effective_on)

    @property
    def names(self) -> str:
        """The identity of the Act that this one names, for a withdrawal; empty otherwise."""
        return self.details.get("names", "")

    def goes_by(self, name: str) -> bool:
        """Return whether `name` is its identity, or only kind, clause and date of an Act entered once."""
        short = short_act_identity(self.act, self.clause, self.effective_on)
        # An Act that was entered again has the short name of the first one, so only its number names it.
        return name == self.identity or (name == short and "entry" not in self.details)


class ActApplied(Fact):
    """What a Recorded Act, or the end of a waiver, did to one test, trigger or Obligation.

    It happened on the Act's effective date.
    """

    act: str
    """The Act's identity."""
    test: TestState | None = None
    trigger: TriggerState | None = None
    obligation: Obligation | None = None
    owed: NoticeOwed | None = Field(default=None, exclude_if=lambda one: one is None)
    """A duty to give notice whose last day moves; absent if the Act moves another thing."""
    before: str | None = None
    why: str


KINDS: dict[str, type[Fact]] = {
    "deal adopted": DealAdopted,
    "taken over": TakenOver,
    "report received": ReportReceived,
    "receipt shown": ReceiptShown,
    "figure confirmed": FigureConfirmed,
    "register changed": RegisterChanged,
    "act recorded": ActRecorded,
    "act applied": ActApplied,
    "calendar taken": CalendarTaken,
    "rate": ReferenceRate,
    "deadline passed": DeadlinePassed,
    "tested": Tested,
    "suspended": Suspended,
    "counted": Counted,
    "obligation": ObligationMoved,
    "notice owed": NoticeOwed,
    "swept": SweptPeriod,
    "reserve released": ReserveReleased,
    "determined": Determined,
    "not evaluated": NotEvaluated,
    "correction": Correction,
    "notice issued": NoticeIssued,
    "snapshot imported": SnapshotImported,
    "listings excluded": ListingsExcluded,
    "index published": IndexPublished,
    "value seen": ValueSeen,
    "index finding": IndexFinding,
    "index announced": IndexAnnounced,
    "calendar closing": CalendarClosing,
    "calendar closing withdrawn": ClosingWithdrawn,
    **DELIVERY_KINDS,
    "depreciation published": DepreciationPublished,
    "forecast made": RateForecast,
    "key replaced": KeyReplaced,
}
"""Each kind of event and the type of its payload."""


class Event(Fact):
    """A recorded event: the facts of its draft, and who recorded them, when and with which engine."""

    version: Literal[1, 2] = 2
    """1 in a log of edition 1, which is read and shown but not extended any more (`rulings.md` 72)."""
    log: str
    seq: int
    kind: str
    subject: str
    effective_on: date
    print: int = 1
    recorded_at: datetime
    actor: str
    engine: str
    deal_file: str | None = None
    inputs: tuple[str, ...] = ()
    supersedes: str | None = None
    reason: str | None = None
    payload: Any
    leaf: str = ""

    @property
    def key(self) -> str:
        """The idempotency key inside one log."""
        return f"{self.kind}|{self.subject}|{self.effective_on}|{self.print}"
