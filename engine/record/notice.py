"""What a renderer is given to make one notice: events and their place in the log, nothing to compute with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from engine.record.event import Event

NoticeKind = Literal["compliance", "test_failed", "event_of_default", "trigger_event", "cure", "correction", "not_evaluated"]


@dataclass(frozen=True)
class NoticeInputs:
    """One notice to be rendered.

    Attributes:
        deal: the deal's name.
        number: of the notice, per deal, without gaps.
        kind: the weekly compliance notice, or the event that is told.
        subject: the test or trigger that an event notice is about.
        on: the Determination Date.
        issued_at: when, with its zone.
        events: the deal's log up to issue.
        publications: by index, the JSON of each IndexValue up to `on`, oldest first.
        operator: who computes the index.
        log_size: entries of the log at issue.
        log_head: its root in hexadecimal.
        supersedes: the number of the notice that this one replaces.
        attachments: files to embed, by name, with what each is.
    """

    deal: str
    number: int
    kind: NoticeKind
    subject: str | None
    on: date
    issued_at: datetime
    events: Sequence[Event]
    publications: Mapping[str, Sequence[Mapping[str, Any]]]
    log_size: int
    log_head: str
    operator: str = "the calculation agent"
    supersedes: int | None = None
    attachments: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)


class Render(Protocol):
    """Makes the PDFs of notices: the same inputs, the same bytes."""

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterable[bytes]:
        """The files' bytes, in the order of `notices`."""
