"""Facts of the servicer's desk: what is said of a report, which notices are owed, what of a report serves (rulings 53, 54, 57, 57a)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from engine.basics.values import Fact, Figure
from engine.events.states import Deadline


class ReceiptShown(Fact):
    """A document shows when a report was received that was entered late: it serves from its receipt from now on (`rulings.md` 53)."""

    report: str
    """The name of the report."""
    received_at: datetime
    document: str
    sha256: str
    prepared_by: str
    approved_by: str


class FigureConfirmed(Fact):
    """A figure that was held is as it was reported: it serves from the report's receipt (`rulings.md` 57)."""

    report: str
    """The name of the report."""
    figures: tuple[str, ...]
    words: str
    prepared_by: str
    approved_by: str | None = None


def duty_key(kind: str, subject: str | None, on: date) -> str:
    """Return what tells a duty from every other: the kind of its notice, what that is about, the date that it states."""
    return f"{kind} {subject or 'deal'} {on}"


class NoticeOwed(Fact):
    """A notice that a party owes to others, and its last day: a duty until it is done with (rulings 54, 53a)."""

    kind: str
    subject: str | None
    since: date
    """The date of what it tells of."""
    on: date
    """The Determination Date whose notice tells of it."""
    given_by: str
    to: tuple[str, ...]
    last: Deadline | None
    cite: str
    corrects: tuple[int, ...] = ()
    """Of a Correction Notice: the numbers of the given notices whose statements were withdrawn."""

    @property
    def key(self) -> str:
        """Kind, subject and date in one word, as a notice that was given by the deal's rule has them."""
        return duty_key(self.kind, self.subject, self.on)

    @property
    def label(self) -> str:
        """Kind and subject in one word, as the notice's own event has them."""
        return self.kind if self.subject is None else f"{self.kind}-{self.subject}"


class ReportServed(Fact):
    """The report that served on a date: when it was received, and when it was entered (`rulings.md` 53)."""

    document: str
    period_end: date
    received: date
    received_at: datetime | None
    keyed_at: datetime | None
    entered_late: bool
    """Whether it was received by the date's cut-off and entered after it."""
    why_from_keying: str | None = None


class HeldFigure(Fact):
    """A reported figure that awaits confirmation, and why it is held (`rulings.md` 57)."""

    document: str
    period_end: date
    name: str
    reported: Figure
    why: str


class PledgedFrom(Fact):
    """How many GPUs of an asset class are pledged from a date on."""

    since: date
    gpus: int


class RegisterChanged(Fact):
    """A register of serial numbers as it now reads: each pledge and each release counts from its date (`rulings.md` 57a)."""

    file: str
    sha256: str
    counts: Mapping[str, tuple[PledgedFrom, ...]]
    """By asset class, oldest first."""

    def pledged(self, asset: str, on: date) -> int | None:
        """Return how many GPUs of a class are pledged on a day; None for a class that the register does not speak of."""
        steps = self.counts.get(asset)
        return None if steps is None else next((step.gpus for step in reversed(steps) if step.since <= on), 0)


class GpusCounted(Fact):
    """An asset class of which more GPUs were reported than are pledged (`rulings.md` 57a)."""

    asset_class: str
    reported: int
    pledged: int
    counted: int
