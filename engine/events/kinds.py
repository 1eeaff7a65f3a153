"""What an event of a deal's log holds: one kind per fact, each with its own payload type.

Every event has two dates: `effective_on`, the contract's, and `recorded_at`, ours. Its idempotency key is
`(deal, kind, subject, effective_on, print)` (`rulings.md` 31), so a run repeated changes nothing.
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
    """One test on one date: the result and the state that it leads to, two facts side by side."""

    result: TestResult
    state: TestState
    before: TestStatus | None


class Suspended(Fact):
    """A springing test whose condition is off: it is not tested, and that is not a pass."""

    state: TestState
    before: TestStatus | None
    cite: str


class DeadlinePassed(Fact):
    """A Cure Period that ended unused: the state on the day after its last day."""

    state: TestState
    before: TestStatus
    deadline: Deadline


class Counted(Fact):
    """One trigger on one date: its counts and whether it is in effect."""

    state: TriggerState
    before: TriggerStatus | None
    cite: str


class ObligationMoved(Fact):
    """An Obligation created, satisfied or overdue."""

    obligation: Obligation
    cite: str


class Determined(Fact):
    """One Determination Date as a whole: what it rested on, what is due, what follows; its notice states this."""

    publication_date: date
    window_start: date
    window_end: date
    next_determination_date: date
    next_publication_date: date
    as_of: date | None = Field(default=None, exclude_if=lambda one: one is None)
    """The Determination Date as of which its tests are, if they waited for a report (`rulings.md` 49a); absent otherwise."""
    calendar: str
    calendar_sha256: str | None = Field(default=None, exclude_if=lambda one: one is None)
    """The hash of the calendar's table; absent in records made before it was said (`rulings.md` 36a)."""
    outstanding_principal: Figure | None
    report: str | None
    """SHA-256 of the servicer's report that served, if one did."""
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
    """How many entries of the log tell of the date: they stand one after the other, and this one is the last of them.

    So whoever holds this entry and its place knows which others there must be; None in records made before
    this was said.
    """
    state_sha256: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """SHA-256 of the state that the date left, in canonical form; absent in records made before this was said (`rulings.md` 72)."""
    standing_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The hash of how every test, trigger and Obligation stands (`date_standing`), which the date's notices carry (`rulings.md` 64)."""


class NotEvaluated(Fact):
    """A deal that could not be evaluated on a date, and why; silence must differ from not having run."""

    reason: str
    problems: tuple[str, ...] = ()
    standing_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The hash of how everything stood then; absent in records made before it was said."""
    last_determined: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The leaf of the newest Determination Date that stands; its notice states again what was due then."""


class Correction(Fact):
    """From a date on, everything is determined again, because something that it rested on has changed (`rulings.md` 25 to 29).

    What was determined before stays in the log and no longer stands. `until` is the last date that had been
    determined.
    """

    from_on: date
    until: date
    why: tuple[str, ...]
    made_on: date | None = None
    """The day on which it was recorded, where the deal is: from it a Correction Notice has its time (`rulings.md` 53a)."""
    later_print: bool = Field(default=False, exclude_if=lambda said: not said)
    """Whether a later print of a rate is among what has changed: it undoes no irrevocable trigger (`rulings.md` 27)."""


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
"""The detail that tells two Acts of one kind on one date and clause from one another."""


class ActRecorded(Fact):
    """What a person did and the engine was told (`covenants.md`, Recorded Acts)."""

    act: str
    clause: str | None = None
    document: str | None = None
    sha256: str | None = None
    effective_on: date
    received_at: datetime | None = None
    """The hour of its receipt where the deal is: after the cut-off of its effective date it counts for the next one (`rulings.md` 26a)."""
    until: date | None = None
    prepared_by: str | None = None
    approved_by: str | None = None
    details: Mapping[str, str] = {}

    @property
    def told_by(self) -> tuple[str, ...]:
        """Kind, clause and what else tells an Act from others of its date: the index of a rate, the version of a consent."""
        more = self.details.get(TOLD_BY.get(self.act, ""))
        return (self.act, self.clause or "deal", *((more,) if more else ()))

    @property
    def identity(self) -> str:
        """How one Act is told from every other: `waiver|ltv|2026-03-05`, `waiver|ltv|no. 2|2026-03-05` where it was entered again.

        The date stands last. `entry` is a detail and no field, so that an Act recorded without it still gives
        the same bytes.
        """
        return act_identity(self.told_by, self.details.get("entry"), self.effective_on)

    @property
    def names(self) -> str:
        """The identity of the Act that this one names, for a withdrawal; empty otherwise."""
        return self.details.get("names", "")

    def goes_by(self, name: str) -> bool:
        """Return whether `name` is its identity, or kind, clause and date alone if it was entered once."""
        short = short_act_identity(self.act, self.clause, self.effective_on)
        return name == self.identity or (name == short and "entry" not in self.details)


class ActApplied(Fact):
    """What a Recorded Act, or the end of a waiver, did to one test, trigger or Obligation on its effective date."""

    act: str
    """The Act's identity."""
    test: TestState | None = None
    trigger: TriggerState | None = None
    obligation: Obligation | None = None
    owed: NoticeOwed | None = Field(default=None, exclude_if=lambda one: one is None)
    """A duty to give notice whose last day moves; absent where the Act moves another thing."""
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
    """A recorded event: the draft's facts, and who recorded them when with which engine."""

    version: Literal[1, 2] = 2
    """1 in a log of edition 1, which is read and shown and no more extended (`rulings.md` 72)."""
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
