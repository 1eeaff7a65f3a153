"""What a renderer is given to make one notice: events and their place in the log, nothing to compute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, get_args

from engine.events.date_standing import DateStanding
from engine.events.kinds import ActRecorded, Event
from engine.events.notice_issued import Renderer
from engine.events.open_findings import OpenFinding

NoticeKind = Literal[
    "compliance", "test_failed", "event_of_default", "trigger_event", "cure", "correction", "not_evaluated"
]


@dataclass(frozen=True)
class NoticeInputs:
    """One notice to be rendered.

    Attributes:
        deal: the deal's name.
        number: the notice's number, per deal, without gaps.
        kind: the weekly compliance notice, or the event that is told.
        subject: the test or trigger that an event notice is about.
        on: the Determination Date.
        issued_at: when, with its zone.
        events: the deal's log up to issue.
        publications: by index, the JSON of each IndexValue up to `on`, oldest first.
        findings: by index, what was open about its days at issue, newest first.
        operator: who computes the index.
        log_size: the number of entries of the log at issue.
        log_head: the log's root at issue, in hexadecimal.
        supersedes: the number of the notice that this one replaces.
        supersedes_each: the numbers of all notices that state something of what it withdraws.
        attachments: files to embed, by name, with what each is.
        print: the print of the notice's event; a second print is of a date that was determined again.
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
    supersedes_each: tuple[int, ...] = ()
    attachments: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
    print: int = 1
    findings: Mapping[str, Sequence[OpenFinding]] = field(default_factory=dict)


@dataclass(frozen=True)
class NoticeFacts:
    """What a notice is, as its evidence says it (`rulings.md` 64).

    Attributes:
        number: the notice's number, per deal.
        kind: the weekly compliance notice, or the event that is told.
        subject: the test or trigger that an event notice is about.
        print: the print of the notice's event.
        on: the Determination Date.
        issued_at: when, with its zone.
        state: its state at issue: `draft notice` if a party owes it, `report` otherwise.
        given_by: the role of the party who owes it; None for a report.
        to: the roles of its addressees.
        supersedes: the number of the notice that it replaces.
        supersedes_on: the date of that notice.
        operator: who computes the index.
        log_size: the number of entries of the log at issue.
        log_head: the log's root at issue, in hexadecimal.
        renderer: what drew its pages.
    """

    number: int
    kind: NoticeKind
    subject: str | None
    print: int
    on: date
    issued_at: datetime
    state: Literal["draft notice", "report"]
    given_by: str | None
    to: tuple[str, ...]
    supersedes: int | None
    supersedes_on: date | None
    operator: str
    log_size: int
    log_head: str
    renderer: Renderer

    def as_data(self) -> dict[str, Any]:
        """Return the facts as plain data, in the form of the manifest."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        dates = {
            name: None if (one := plain[name]) is None else one.isoformat()
            for name in ("on", "issued_at", "supersedes_on")
        }
        return {**plain, **dates, "to": list(self.to), "renderer": self.renderer.model_dump(mode="json")}


def notice_facts(data: Mapping[str, Any]) -> NoticeFacts:
    """Return the facts that a manifest says.

    Raises ValueError, KeyError or TypeError if it does not hold exactly these facts.
    """
    if set(data) != set(NoticeFacts.__dataclass_fields__):
        raise ValueError(
            "the manifest says other things of its notice than number, kind, print, addressees, state and "
            "what drew it"
        )
    # `isinstance` would let `true` pass for 1.
    if any(type(data[name]) is not int for name in ("number", "print", "log_size")) or data[
        "kind"
    ] not in get_args(NoticeKind):
        raise ValueError("the manifest's notice has a number or a kind of another form")
    held = data["supersedes_on"]
    facts = NoticeFacts(
        **{
            **data,
            "on": date.fromisoformat(data["on"]),
            "issued_at": datetime.fromisoformat(data["issued_at"]),
            "to": tuple(data["to"]),
            "supersedes_on": None if held is None else date.fromisoformat(held),
            "renderer": Renderer.model_validate(data["renderer"]),
        }
    )
    apart = facts.issued_at.utcoffset()
    # Its hour on page 1 would be another one on each verifier's machine; a browser knows zones to the minute.
    if apart is None or apart % timedelta(minutes=1):
        raise ValueError("the manifest's notice says when it was issued without a time zone of whole minutes")
    # A date has several spellings, and only the one that is written here compares byte for byte.
    if facts.as_data() != data:
        raise ValueError("the manifest's notice is written otherwise than it would be again")
    return facts


@dataclass(frozen=True)
class PageEvidence:
    """What a notice carries to compose page 1's masthead, answer and dues again.

    Attributes:
        deal: the deal's name.
        facts: what the notice is.
        events: the events that it carries, in the log's order.
        stands: how every test, trigger and Obligation stands; None if nothing was determined before.
        attached: the names of the files that it carries.
    """

    deal: str
    facts: NoticeFacts
    events: tuple[Event, ...]
    stands: DateStanding | None
    attached: tuple[str, ...]


class Pages(Protocol):
    """An object that makes the words of notices without drawing their pages."""

    @property
    def renderer(self) -> Renderer:
        """The hash and the versions of the programs that draw notices here."""

    def words(self, inputs: NoticeInputs, /) -> bytes:
        """Return `page.json`: every visible string of a notice, in reading order with its place."""

    def first(self, evidence: PageEvidence, /) -> Sequence[Mapping[str, Any]]:
        """Return the masthead, answer and due blocks of page 1, composed from what a notice carries.

        They have the form of `page.json`.
        """


SEPARATOR = "; "
"""The text between the addressees that an Act names."""


def notice_label(kind: NoticeKind, subject: str | None) -> str:
    """Return kind and subject in one word, for the event's key and the file's name."""
    return kind if subject is None else f"{kind}-{subject}"


def notice_file_name(notice: NoticeInputs) -> str:
    """Return the name of a notice's file: `meridian-2026-1-0048-2026-11-05-compliance.pdf`.

    A second print has `-2` before the ending.
    """
    return notice_file(
        notice.deal, notice.number, notice.on, notice_label(notice.kind, notice.subject), notice.print
    )


def notice_file(deal: str, number: int, on: date, label: str, print_: int) -> str:
    """Return the name of a notice's file from its parts, as an event holds them."""
    again = f"-{print_}" if print_ > 1 else ""
    return f"{deal}-{number:04d}-{on}-{label}{again}.pdf"


class Render(Protocol):
    """Makes the PDFs of notices: the same inputs give the same bytes."""

    def __call__(self, notices: Sequence[NoticeInputs], /) -> Iterable[bytes]:
        """Return the files' bytes, in the order of `notices`."""


def notice_given(
    acts: Iterable[ActRecorded], number: int | None, kind: str, clause: str | None, of: date
) -> tuple[ActRecorded, ...]:
    """Return the Acts that say that a notice was given, or that its giver was released from it.

    Acts that were withdrawn are left out (`rulings.md` 54).

    Args:
        acts: the Recorded Acts, oldest first.
        number: the notice's number; None for a duty of which no notice was issued.
        kind: the kind of the notice.
        clause: what it is about; None for one about a whole date.
        of: the date that it states.
    """
    known = tuple(acts)
    undone = [act.details.get("names", "") for act in known if act.act == "act withdrawn"]
    givings = (
        act
        for act in known
        if act.act in ("notice given", "notice released") and not any(act.goes_by(name) for name in undone)
    )
    wanted = (kind, clause, str(of))
    of_it = (
        act for act in givings if (act.details.get("notice"), act.clause, act.details.get("of")) == wanted
    )
    return tuple(
        act
        for act in of_it
        # An Act without a number speaks of the duty, whichever notice states it.
        if number is None or act.details.get("names", str(number)) == str(number)
    )
