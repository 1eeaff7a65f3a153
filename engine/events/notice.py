"""What a renderer is given to make one notice: events and their place in the log, nothing to compute with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from engine.events.kinds import ActRecorded, Event

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
        print: of the notice's event; a second one is of a date that was determined again.
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
    print: int = 1


SEPARATOR = "; "
"""What stands between the addressees that an Act names."""


def notice_label(kind: NoticeKind, subject: str | None) -> str:
    """Kind and subject in one word, for the event's key and the file's name."""
    return kind if subject is None else f"{kind}-{subject}"


def notice_file_name(notice: NoticeInputs) -> str:
    """The file under which a notice is kept: `meridian-2026-1-0048-2026-11-05-compliance.pdf`, a second print with `-2`."""
    return notice_file(notice.deal, notice.number, notice.on, notice_label(notice.kind, notice.subject), notice.print)


def notice_file(deal: str, number: int, on: date, label: str, print_: int) -> str:
    """The same from its parts, as an event holds them."""
    again = f"-{print_}" if print_ > 1 else ""
    return f"{deal}-{number:04d}-{on}-{label}{again}.pdf"


class Render(Protocol):
    """Makes the PDFs of notices: the same inputs, the same bytes."""

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterable[bytes]:
        """The files' bytes, in the order of `notices`."""


def notice_given(acts: Iterable[ActRecorded], number: int | None, kind: str, clause: str | None, of: date) -> tuple[ActRecorded, ...]:
    """The Acts that stand and say that a notice was given, or that its giver was released from it (`rulings.md` 54).

    Args:
        acts: the Recorded Acts, oldest first.
        number: the notice's number; None for a duty of which no notice was issued.
        kind: of the notice.
        clause: what it is about; None for one about a whole date.
        of: the date that it states.
    """
    known = tuple(acts)
    undone = [act.details.get("names", "") for act in known if act.act == "act withdrawn"]
    told = (act for act in known if act.act in ("notice given", "notice released") and not any(act.goes_by(name) for name in undone))
    wanted = (kind, clause, str(of))
    of_it = (act for act in told if (act.details.get("notice"), act.clause, act.details.get("of")) == wanted)
    return tuple(act for act in of_it if number is None or act.details.get("names", str(number)) == str(number))
