"""The outbox: which notices the log makes due, rendered, written whole, and recorded with their hash.

A notice is a file and an event: the file is written first (temporary file, fsync, rename), the event after it. So a
crash in between leaves a file that the next run writes again, and never an event without its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from engine.basics.errors import HeadroomError
from engine.basics.files import write_whole
from engine.events.date_standing import standing_after
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.draft import Draft
from engine.events.kinds import Determined, Event, NotEvaluated, NoticeIssued
from engine.events.notice import NoticeFacts, NoticeInputs, Pages, Render, notice_file_name
from engine.events.notice_issued import Renderer
from engine.events.rates import ReferenceRate
from engine.events.standing import standing
from engine.notices.attachments import OBSERVATIONS, PAGE, SAID, Evidence, attachments, checkpoint_for, with_words
from engine.notices.due import Owed, Told, _of_date, owed_notices, superseded, told_of
from engine.notices.earlier_entries import earlier_entries
from engine.operations.deal_history import history_of
from engine.operations.seal_notice import authority_of, sealed
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Entry, Writer
from engine.workspace.publications_shown import adopted_file, publications_shown
from engine.workspace.workspace import Workspace

Progress = Callable[[str], None]
NOTICE_KEY = "keys/notice.key"
"""Where the key that signs notices is, inside the workspace; its certificate lies beside it."""
WAITS = "this deal's notices wait from there on; what was determined stands, and the next run tries again"


AT_A_TIME = 96
"""How many notices are put together before they are rendered: enough for many processes, and little to hold."""


TOGETHER = 16
"""How many notices are issued in one transaction: a disk is asked to keep something four times for each."""


@dataclass
class Given:
    """What the outbox gave for one deal."""

    files: list[Path] = field(default_factory=list)
    stopped: str | None = None
    """Why its next notice cannot be made, where that is so: it and those after it wait, for numbers have no gaps."""


def issue_due(
    workspace: Workspace, deals: Sequence[str], render: Render, scribe: Scribe, progress: Progress, pages: Pages | None = None
) -> dict[str, Given]:
    """Compose, render, sign if there is a key, and record every notice that is owed and not issued; what came of it by deal.

    They are put together, rendered and issued some at a time: what a run holds does not grow with what it catches up. One that cannot
    be made stops its own deal and no other.
    """
    given = {deal: Given() for deal in deals}
    ready = chain.from_iterable(_ready(workspace, deal, scribe, given[deal], pages) for deal in deals)
    done = 0
    while waiting := list(islice(ready, AT_A_TIME)):
        whole = len(waiting) < AT_A_TIME
        left = waiting
        while left:
            count = f"{done + len(waiting)}{'' if whole else ' or more'}"
            left = _give(workspace, left, render, scribe, _counted(progress, done + len(waiting) - len(left), count), given)
        done += len(waiting)
    return given


def _counted(progress: Progress, before: int, of: str) -> Callable[[int, str], None]:
    """Tells which notice is made, counted over the whole run."""
    return lambda place, name: progress(f"notice {before + place + 1} of {of}: {name}")


def _ready(workspace: Workspace, deal: str, scribe: Scribe, given: Given, pages: Pages | None) -> Iterator[_Waiting]:
    """Yield the owed notices of a deal, ready to be rendered; none after one that could not be made, worded or put together."""
    what = "its notices cannot be put together"
    try:
        for notice in _waiting(workspace, deal, scribe):
            if given.stopped is not None:
                return
            what = f"{notice.called}, cannot be made"
            yield _wordless(notice) if pages is None else worded(notice, pages)
            what = "its notices cannot be put together"
    except (HeadroomError, OSError):  # of the record or the disk, so of every deal
        raise
    except Exception as error:
        given.stopped = f"{what}: {type(error).__name__}: {error}; {WAITS}"


def _give(
    workspace: Workspace,
    waiting: Sequence[_Waiting],
    render: Render,
    scribe: Scribe,
    progress: Callable[[int, str], None],
    given: dict[str, Given],
) -> list[_Waiting]:
    """Give notices until one cannot be made; those of other deals that are left come back."""
    key = workspace.root / NOTICE_KEY
    files = iter(render([one.inputs for one in waiting]))
    made: list[_Made] = []
    for place, notice in enumerate(waiting):
        deal, number = notice.inputs.deal, notice.inputs.number
        progress(place, f"{deal} No. {number}")
        try:
            data = next(files)
        except Exception as error:
            _issue_together(workspace, made, scribe, given)
            if isinstance(error, (OSError, BrokenExecutor)):  # of the machine, not of the notice
                raise
            given[deal].stopped = f"{notice.called}, cannot be made: {type(error).__name__}: {error}; {WAITS}"
            return [one for one in waiting[place + 1 :] if one.inputs.deal != deal]
        signed = sealed(data, key, authority_of(workspace, scribe), partial(progress, place)) if key.is_file() else data
        made.append(_Made(notice, signed, sha256_hex(data)))
        if len(made) >= TOGETHER:
            _issue_together(workspace, made, scribe, given)
    _issue_together(workspace, made, scribe, given)
    return []


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A notice ready to be rendered."""

    owed: Owed
    inputs: NoticeInputs
    evidence: Evidence
    facts: NoticeFacts | None = None

    @property
    def called(self) -> str:
        """What it is, for who runs the engine."""
        return f"notice No. {self.inputs.number}, {self.owed.label} of {self.owed.on}"


def _wordless(notice: _Waiting) -> _Waiting:
    """Return a notice of which nobody composes the words: it carries its events, and no manifest, so it proves nothing by itself."""
    files = {name: one for name, one in notice.inputs.attachments.items() if name not in SAID}
    return replace(notice, inputs=replace(notice.inputs, attachments=files))


def worded(notice: _Waiting, pages: Pages) -> _Waiting:
    """Return a notice with the words of its pages in its evidence, and with what it is (`rulings.md` 64)."""
    inputs = notice.inputs
    facts = facts_of(inputs, pages.renderer)
    whole = with_words(dict(inputs.attachments), notice.evidence, facts, pages.words(inputs))
    return replace(notice, inputs=replace(inputs, attachments=whole), facts=facts)


def facts_of(inputs: NoticeInputs, renderer: Renderer) -> NoticeFacts:
    """Return what a notice is: who owes it to whom as its date's terms say, and what it replaces."""
    adopted = next((event.payload for event in reversed(inputs.events) if isinstance(event.payload, DealAdopted)), None)
    duties = facts_on(adopted, inputs.on).duties if adopted is not None else ()
    duty = next((one for one in duties if one.kind == inputs.kind), None)
    issued = (event for event in inputs.events if isinstance(event.payload, NoticeIssued))
    return NoticeFacts(
        number=inputs.number,
        kind=inputs.kind,
        subject=inputs.subject,
        print=inputs.print,
        on=inputs.on,
        issued_at=inputs.issued_at,
        state="report" if duty is None else "draft notice",
        given_by=None if duty is None else duty.given_by,
        to=() if duty is None else duty.to,
        supersedes=inputs.supersedes,
        supersedes_on=next((one.effective_on for one in issued if one.payload.number == inputs.supersedes), None),
        operator=inputs.operator,
        log_size=inputs.log_size,
        log_head=inputs.log_head,
        renderer=renderer,
    )


def _waiting(workspace: Workspace, deal: str, scribe: Scribe) -> Iterator[_Waiting]:
    """Yield the owed notices of a deal that are not issued, numbered on from the last one."""
    history = history_of(workspace.store, deal_log(deal))
    # As it is now: what is issued meanwhile is added to the history, and a notice states nothing of it.
    entries, events = tuple(history.entries), tuple(history.events)
    checkpoints = workspace.store.checkpoints(deal_log(deal))
    told = told_of(events)
    given = {(event.subject, event.effective_on, event.print) for event in events if isinstance(event.payload, NoticeIssued)}
    for owed in owed_notices(events):
        # A test that failed on two dates of one group is told once; a key that is given twice would use up a number.
        if owed.at(len(events)) and owed.key not in given:
            given.add(owed.key)
            inputs, evidence = _inputs(workspace, deal, owed, Log(events, entries, checkpoints), told, scribe)
            told.append(Told(inputs.number, owed.kind, owed.on, owed.event.seq))
            yield _Waiting(owed, inputs, evidence)


@dataclass(frozen=True, slots=True)
class _Made:
    """A notice that was rendered and signed: its bytes, and the hash of those before it was signed."""

    notice: _Waiting
    data: bytes
    unsigned: str


def _issue_together(workspace: Workspace, made: list[_Made], scribe: Scribe, given: Mapping[str, Given]) -> None:
    """Issue what was made, in its order and in one transaction; then nothing is left of it."""
    if not made:
        return
    with workspace.store.begin() as writer:
        issued = [(one.notice.inputs.deal, _issue(workspace, writer, one, scribe)) for one in made]
    for deal, path in issued:
        given[deal].files += [path] if path is not None else []
    made.clear()


def _issue(workspace: Workspace, writer: Writer, made: _Made, scribe: Scribe) -> Path | None:
    """Return the file first, then the event, both while no other may write: a crash in between leaves a file that is written again.

    None if another process, which reaches the same database from elsewhere, has issued it meanwhile.
    """
    notice, data = made.notice, made.data
    owed, inputs = notice.owed, notice.inputs
    path = workspace.inside("notices", inputs.deal, notice_file_name(inputs))
    payload = NoticeIssued(
        number=inputs.number,
        kind=owed.kind,
        of=owed.event.key,
        file=str(path.relative_to(workspace.root)),
        sha256=sha256_hex(data),
        unsigned_sha256=made.unsigned,
        supersedes=inputs.supersedes,
        page_sha256=None if notice.facts is None else sha256_hex(inputs.attachments[PAGE][0]),
        renderer=None if notice.facts is None else notice.facts.renderer,
        operator=None if notice.facts is None else inputs.operator,
    )
    leaf = (owed.event.leaf,)
    new = Draft(kind="notice issued", subject=owed.label, effective_on=owed.on, payload=payload, print=owed.print, inputs=leaf)
    if writer.body(deal_log(inputs.deal), new.key) is not None:
        return None
    _set_aside(workspace, inputs, path)
    write_whole(path, data)
    append(writer, deal_log(inputs.deal), [new], scribe)
    return path


def _set_aside(workspace: Workspace, inputs: NoticeInputs, path: Path) -> None:
    """Move away what an interrupted run wrote under this number for a notice that is no longer owed; nothing is deleted."""
    for other in path.parent.glob(f"{inputs.deal}-{inputs.number:04d}-*.pdf"):
        if other != path:
            place = workspace.inside("set-aside", inputs.deal, other.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            other.replace(place)


@dataclass(frozen=True, slots=True)
class Log:
    """A deal's log as it was read once for all its notices: its events, their rows, its signed checkpoints."""

    events: Sequence[Event]
    entries: Sequence[Entry]
    checkpoints: Sequence[tuple[int, str]]


def _inputs(workspace: Workspace, deal: str, owed: Owed, log: Log, told: Sequence[Told], scribe: Scribe) -> tuple[NoticeInputs, Evidence]:
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
        number=max((one.number for one in told), default=0) + 1,
        kind=owed.kind,
        subject=owed.subject,
        on=owed.on,
        issued_at=scribe.at,
        events=upto,
        publications=publications,
        operator=workspace.settings.operator,
        log_size=owed.event.seq + 1,
        log_head=entry.root.hex(),
        supersedes=superseded(told, owed),
        attachments=attachments(evidence),
        print=owed.print,
    )
    return inputs, evidence


def _standing(stated: Event, events: Sequence[Event]) -> bytes | None:
    """Return how everything stands at the stated event, as the event's own hash has it; None in a record made before events said it."""
    said = stated.payload.standing_sha256 if isinstance(stated.payload, (Determined, NotEvaluated)) else None
    if said is None:
        return None
    found = standing_after(standing(events))
    if found.sha256 != said:
        raise ValueError(f"how everything stands on {stated.effective_on} is not what its event holds the hash of")
    return found.file


def _observations(publications: Mapping[str, Sequence[Mapping[str, object]]], events: Sequence[Event]) -> bytes:
    """Return the observations of each week: of the print that the deal used where it used one, of the newest otherwise."""
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
            same = prices == listed and isinstance(hosts, list) and len(hosts) == len(prices)
            for price, host in zip(prices, hosts if same and isinstance(hosts, list) else [None] * len(prices), strict=True):
                number = "" if host is None else str(numbers.setdefault(str(host), len(numbers) + 1))
                rows.append(f"{index},{day},{price},{number}")
    return ("\n".join(rows) + "\n").encode()
