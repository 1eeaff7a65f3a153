"""Facts of the servicer's desk (rulings 53, 54, 57, 57a).

They say what is known of a report's receipt, which notices are owed, and which figures serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field

from engine.basics.values import Fact, Figure
from engine.events.states import Deadline


class ReceiptShown(Fact):
    """The fact that a document shows when a report that was entered late was received (`rulings.md` 53).

    The report serves from its receipt from now on.
    """

    report: str
    """The name of the report."""
    received_at: datetime
    document: str
    sha256: str
    prepared_by: str
    approved_by: str


class FigureConfirmed(Fact):
    """The confirmation that held figures are right as they were reported (`rulings.md` 57).

    They serve from the report's receipt.
    """

    report: str
    """The name of the report."""
    figures: tuple[str, ...]
    words: str
    prepared_by: str
    approved_by: str | None = None


def duty_key(kind: str, subject: str | None, on: date) -> str:
    """Return the key that tells a duty from every other: its notice's kind, its subject and its date."""
    return f"{kind} {subject or 'deal'} {on}"


class NoticeOwed(Fact):
    """A notice that a party owes to others, and its last day (rulings 54, 53a).

    It is a duty until it is done.
    """

    kind: str
    subject: str | None
    since: date
    """The date of what the notice tells of."""
    on: date
    """The Determination Date whose notice tells of it."""
    given_by: str
    to: tuple[str, ...]
    last: Deadline | None
    cite: str
    corrects: tuple[int, ...] = ()
    """For a Correction Notice: the numbers of the given notices whose statements were withdrawn."""
    held: bool = Field(default=False, exclude_if=lambda value: value is False)
    """For a failed test: whether its failure is held as not decisive (`rulings.md` 60).

    It is absent otherwise.
    """

    @property
    def key(self) -> str:
        """Return kind, subject and date in one word, as the event of a notice given by rule has them."""
        return duty_key(self.kind, self.subject, self.on)

    @property
    def label(self) -> str:
        """Return the notice's kind and subject in one word, as the notice's own event has them."""
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
    """The number of GPUs of an asset class that are pledged from a date on."""

    since: date
    gpus: int


class RegisterChanged(Fact):
    """A register of serial numbers as it now reads (`rulings.md` 57a).

    Each pledge and each release counts from its own date.
    """

    file: str
    sha256: str
    counts: Mapping[str, tuple[PledgedFrom, ...]]
    """The counts by asset class, oldest first."""

    def pledged(self, asset: str, on: date) -> int | None:
        """Return how many GPUs of a class are pledged on a day.

        The result is None for a class that the register does not list.
        """
        steps = self.counts.get(asset)
        # A class that the register lists counts as zero before its first pledge. It is not unknown then.
        return None if steps is None else next((step.gpus for step in reversed(steps) if step.since <= on), 0)


class GpusCounted(Fact):
    """An asset class of which more GPUs were reported than are pledged (`rulings.md` 57a)."""

    asset_class: str
    reported: int
    pledged: int
    counted: int
