"""What a notice is made of.

It is the events that the notice may know, the weeks that it shows, and the evidence that it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, overload

from engine.events.date_standing import standing_after
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Determined, Event, NotEvaluated
from engine.events.notice import NoticeInputs
from engine.events.rates import ReferenceRate
from engine.events.standing import standing
from engine.notices.attachments import OBSERVATIONS, SAID, Evidence, Files, attachments, checkpoint_for
from engine.notices.due import Owed, Told, _of_date, superseded, superseded_each, told_of
from engine.notices.earlier_entries import earlier_entries
from engine.operations.deal_history import history_of
from engine.record.log import Scribe, deal_log
from engine.record.store import Entry
from engine.workspace.findings_shown import findings_shown
from engine.workspace.publications_shown import adopted_file, publications_shown
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LogRead:
    """A deal's log, read once for all its notices.

    It holds the events, their rows, and the signed checkpoints.
    """

    events: Sequence[Event]
    entries: Sequence[Entry]
    checkpoints: Sequence[tuple[int, str]]


def contents_of(
    workspace: Workspace, deal: str, owed: Owed, log: LogRead, stated: Sequence[Told], scribe: Scribe
) -> tuple[NoticeInputs, Evidence]:
    """Return what a notice is made of, and what it carries."""
    entries = log.entries
    upto = [event for event in log.events if event.seq <= owed.event.seq]
    adoptions = [event.payload for event in upto if isinstance(event.payload, DealAdopted)]
    publications = publications_shown(workspace, adoptions[-1], owed.on, scribe.at, upto) if adoptions else {}
    entry = entries[owed.event.seq]
    evidence = Evidence(
        deal=deal,
        entries=entries,
        stated=owed.event.seq,
        of_date=_of_date(owed.event),
        deal_file=adopted_file(workspace, owed.event.deal_file),
        observations=_observations(publications, upto),
        checkpoint=checkpoint_for(log.checkpoints, owed.event.seq),
        earlier=earlier_entries(upto, owed),
        standing=_standing(owed.event, upto),
    )
    inputs = NoticeInputs(
        deal=deal,
        number=max((one.number for one in stated), default=0) + 1,
        kind=owed.kind,
        subject=owed.subject,
        on=owed.on,
        issued_at=scribe.at,
        events=upto,
        publications=publications,
        findings=findings_shown(workspace, adoptions[-1], owed.on, scribe.at, publications)
        if adoptions
        else {},
        operator=workspace.settings.operator,
        log_size=owed.event.seq + 1,
        log_head=entry.root.hex(),
        supersedes=superseded(stated, owed),
        supersedes_each=superseded_each(stated, owed),
        attachments=attachments(evidence),
        print=owed.print,
    )
    return inputs, evidence


class Later(Mapping[str, Any]):
    """A mapping that is made when somebody looks into it."""

    def __init__(self, made: Callable[[], Mapping[str, Any]]) -> None:
        """Keep what makes it."""
        self._made = cache(made)

    def __getitem__(self, key: str) -> Any:
        return self._made()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())

    def __reduce__(self) -> tuple[Any, ...]:
        # A renderer in another process gets the finished mapping, because a closure cannot be sent.
        return dict, (dict(self._made()),)


class EventsLater(Sequence[Event]):
    """Events that are read when somebody looks at them."""

    def __init__(self, made: Callable[[], Sequence[Event]]) -> None:
        """Keep what reads them."""
        self._made = cache(made)

    @overload
    def __getitem__(self, place: int) -> Event: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...

    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        return self._made()[place]

    def __len__(self) -> int:
        return len(self._made())

    def __reduce__(self) -> tuple[Any, ...]:
        # A renderer in another process gets the finished events, because a closure cannot be sent.
        return tuple, (tuple(self._made()),)


def contents_later(
    workspace: Workspace, deal: str, owed: Owed, number: int, head: bytes, scribe: Scribe
) -> NoticeInputs:
    """Return the same inputs of a notice without words; the log is read when somebody asks for what it needs.

    Args:
        workspace: the workspace whose record it is.
        deal: the deal's name.
        owed: the notice, which supersedes none and corrects nothing.
        number: its number.
        head: the root of the log at the event that it states.
        scribe: who records, and when.
    """

    def whole() -> NoticeInputs:
        history = history_of(workspace.store, deal_log(deal))
        checkpoints = workspace.store.checkpoints(deal_log(deal))
        stated = [one for one in told_of(history.events) if one.number < number]
        log = LogRead(tuple(history.events), tuple(history.entries), checkpoints)
        return contents_of(workspace, deal, owed, log, stated, scribe)[0]

    return _when_asked(workspace, deal, owed, number, head, scribe, whole)


def contents_without_words(
    workspace: Workspace, deal: str, owed: Owed, log: LogRead, stated: Sequence[Told], scribe: Scribe
) -> NoticeInputs:
    """Return the same inputs of a notice without words, whose log is in hand.

    What nobody asks for is not made.
    """
    before = tuple(stated)  # as it is now: more is stated by the time that somebody asks

    def whole() -> NoticeInputs:
        return contents_of(workspace, deal, owed, log, before, scribe)[0]

    number = max((one.number for one in before), default=0) + 1
    inputs = _when_asked(workspace, deal, owed, number, log.entries[owed.event.seq].root, scribe, whole)
    return replace(inputs, supersedes=superseded(before, owed), supersedes_each=superseded_each(before, owed))


def _when_asked(
    workspace: Workspace,
    deal: str,
    owed: Owed,
    number: int,
    head: bytes,
    scribe: Scribe,
    made: Callable[[], NoticeInputs],
) -> NoticeInputs:
    """Return the inputs of a notice, of which `made` makes the costly ones once somebody asks for one."""
    whole = cache(made)
    return NoticeInputs(
        deal=deal,
        number=number,
        kind=owed.kind,
        subject=owed.subject,
        on=owed.on,
        issued_at=scribe.at,
        events=EventsLater(lambda: whole().events),
        publications=Later(lambda: whole().publications),
        findings=Later(lambda: whole().findings),
        operator=workspace.settings.operator,
        log_size=owed.event.seq + 1,
        log_head=head.hex(),
        attachments=Later(lambda: wordless(whole().attachments)),
        print=owed.print,
    )


def wordless(attachments: Mapping[str, tuple[bytes, str]]) -> Files:
    """Return the files of a notice of which nobody composes the words.

    It has no page and no manifest, so it proves nothing by itself.
    """
    return {name: one for name, one in attachments.items() if name not in SAID}


def _standing(stated: Event, events: Sequence[Event]) -> bytes | None:
    """Return how everything stands at the stated event, as canonical bytes.

    Their hash is the one that the event states. The result is None in a record made before events stated it.
    """
    said = stated.payload.standing_sha256 if isinstance(stated.payload, (Determined, NotEvaluated)) else None
    if said is None:
        return None
    standing_events = standing_after(standing(events))
    # A notice whose standing is not the recorded one would never verify, so it is not made at all.
    if standing_events.sha256 != said:
        raise ValueError(
            f"how everything stands on {stated.effective_on} is not what its event holds the hash of"
        )
    return standing_events.file


def _observations(
    publications: Mapping[str, Sequence[Mapping[str, object]]], events: Sequence[Event]
) -> bytes:
    """Return the table of observations of each week.

    A week's observations are those of the print that the deal used. If the deal used none, they are those of
    the newest print.
    """
    used = {
        (rate.index, str(rate.published.publication_date)): rate.published.pooled
        for rate in (event.payload for event in standing(events))
        if isinstance(rate, ReferenceRate) and rate.published is not None and rate.published.value is not None
    }
    rows = [OBSERVATIONS]
    numbers: dict[str, int] = {}
    for index, values in publications.items():
        for value in values:
            day, pooled = str(value["publication_date"]), value.get("pooled")
            listed = [str(price) for price in pooled] if isinstance(pooled, list) else []
            prices = [str(price) for price in used.get((index, day), listed)]
            hosts = value.get("sellers")
            # Sellers belong to the newest print; a deal that used an earlier one has prices without them.
            same = prices == listed and isinstance(hosts, list) and len(hosts) == len(prices)
            for price, host in zip(
                prices, hosts if same and isinstance(hosts, list) else [None] * len(prices), strict=True
            ):
                # A notice numbers sellers and names none: it goes to people who may not learn who sells.
                number = "" if host is None else str(numbers.setdefault(str(host), len(numbers) + 1))
                rows.append(f"{index},{day},{price},{number}")
    return ("\n".join(rows) + "\n").encode()
