"""The outbox: which notices the log makes due, rendered, written whole, and recorded with their hash.

A notice is a file and an event: the file is written first (temporary file, fsync, rename), the event after
it. So a crash in between leaves a file that the next run writes again, and never an event without its file.
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
from engine.basics.processor_time import ProcessorTime
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.draft import Draft
from engine.events.kinds import NoticeIssued
from engine.events.notice import NoticeFacts, NoticeInputs, Pages, Render, notice_file_name
from engine.events.notice_issued import Renderer
from engine.notices.attachments import PAGE, SAID, Evidence, with_words
from engine.notices.due import Owed, Told, owed_notices, told_of
from engine.operations.deal_history import history_of
from engine.operations.notice_contents import LogRead, contents_of
from engine.operations.remaining_time import RemainingTime
from engine.operations.seal_notice import authority_of, sealed
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Writer
from engine.workspace.workspace import Workspace

Progress = Callable[[str], None]
_Named = tuple[str, str]
"""A deal, and what is said of one of its notices."""
NOTICE_KEY = "keys/notice.key"
"""Where the key that signs notices is, inside the workspace; its certificate lies beside it."""
WAITS = "this deal's notices wait from there on; what was determined stands, and the next run tries again"


AT_A_TIME = 16
"""How many notices are put together before they are rendered, for a renderer that does not say how many keep it busy.

Each waits with its deal's whole past, some five megabytes after a year, so a run holds few.
"""


TOGETHER = 16
"""How many notices are issued in one transaction: a disk is asked to keep something four times for each."""


@dataclass
class Given:
    """What the outbox gave for one deal."""

    files: list[Path] = field(default_factory=list)
    stopped: str | None = None
    """Why its next notice cannot be made, if that is so: it and those after it wait, for numbers have no gaps."""


def issue_due(
    workspace: Workspace,
    deals: Sequence[str],
    render: Render,
    scribe: Scribe,
    progress: Progress,
    pages: Pages | None = None,
    spent: ProcessorTime | None = None,
) -> dict[str, Given]:
    """Compose, render, sign if there is a key, and record every notice that is owed and not issued; what came of it by deal.

    They are put together, rendered and issued some at a time: what a run holds does not grow with what it
    catches up. One that cannot be made stops its own deal and no other.
    """
    given = {deal: Given() for deal in deals}
    spent, report_progress = (
        spent or ProcessorTime(),
        partial(_tell, progress, {deal: n for n, deal in enumerate(deals)}, RemainingTime(len(deals))),
    )
    ready = chain.from_iterable(_ready(workspace, deal, scribe, given[deal], pages) for deal in deals)
    done = 0
    some: int = getattr(render, "at_a_time", AT_A_TIME)
    while waiting := _next_some(ready, some, spent):
        whole = len(waiting) < some
        left = waiting
        while left:
            count = f"{done + len(waiting)}{'' if whole else ' or more'}"
            left = _give(
                workspace,
                left,
                render,
                scribe,
                partial(report_progress, count, done + len(waiting) - len(left)),
                given,
                spent,
            )
        done += len(waiting)
    return given


def _next_some(ready: Iterator[_Waiting], some: int, spent: ProcessorTime) -> list[_Waiting]:
    with spent.of("composition"):
        return list(islice(ready, some))


def _tell(
    progress: Progress,
    deals: Mapping[str, int],
    remaining: RemainingTime,
    of: str,
    before: int,
    place: int,
    of_deal: _Named,
) -> None:
    """Tell which notice is made, counted over the whole run, and how long the deals that are left will take."""
    deal, what = of_deal
    progress(f"notice {before + place + 1} of {of}: {deal} {what}{remaining.after(deals[deal])}")


def _ready(
    workspace: Workspace, deal: str, scribe: Scribe, given: Given, pages: Pages | None
) -> Iterator[_Waiting]:
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
    progress: Callable[[int, _Named], None],
    given: dict[str, Given],
    spent: ProcessorTime,
) -> list[_Waiting]:
    """Give notices until one cannot be made; return the notices of other deals that are left."""
    key = workspace.root / NOTICE_KEY
    files = iter(render([one.inputs for one in waiting]))
    made: list[_Made] = []
    for place, notice in enumerate(waiting):
        deal, number = notice.inputs.deal, notice.inputs.number
        progress(place, (deal, f"No. {number}"))
        try:
            with spent.of("layout"):
                data = next(files)
        except Exception as error:
            _issue_together(workspace, made, scribe, given, spent)
            if isinstance(error, (OSError, BrokenExecutor)):  # of the machine, not of the notice
                raise
            given[deal].stopped = f"{notice.called}, cannot be made: {type(error).__name__}: {error}; {WAITS}"
            return [one for one in waiting[place + 1 :] if one.inputs.deal != deal]
        with spent.of("sealing"):
            signed = (
                sealed(data, key, authority_of(workspace, scribe), _of_deal(progress, place, deal))
                if key.is_file()
                else data
            )
        made.append(_Made(notice, signed, sha256_hex(data)))
        if len(made) >= TOGETHER:
            _issue_together(workspace, made, scribe, given, spent)
    _issue_together(workspace, made, scribe, given, spent)
    return []


def _of_deal(progress: Callable[[int, _Named], None], place: int, deal: str) -> Progress:
    return lambda what: progress(place, (deal, what))


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
    adopted = next(
        (event.payload for event in reversed(inputs.events) if isinstance(event.payload, DealAdopted)), None
    )
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
        supersedes_on=next(
            (one.effective_on for one in issued if one.payload.number == inputs.supersedes), None
        ),
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
    stated = told_of(events)
    given = {
        (event.subject, event.effective_on, event.print)
        for event in events
        if isinstance(event.payload, NoticeIssued)
    }
    for owed in owed_notices(events):
        # A test that failed on two dates of one group is told once; a key that is given twice would use up a
        # number.
        if owed.at(len(events)) and owed.key not in given:
            given.add(owed.key)
            inputs, evidence = contents_of(
                workspace, deal, owed, LogRead(events, entries, checkpoints), stated, scribe
            )
            stated.append(Told(inputs.number, owed.kind, owed.on, owed.event.seq, owed.subject))
            yield _Waiting(owed, inputs, evidence)


@dataclass(frozen=True, slots=True)
class _Made:
    """A notice that was rendered and signed: its bytes, and the hash of those before it was signed."""

    notice: _Waiting
    data: bytes
    unsigned: str


def _issue_together(
    workspace: Workspace, made: list[_Made], scribe: Scribe, given: Mapping[str, Given], spent: ProcessorTime
) -> None:
    """Issue what was made, in its order and in one transaction; then nothing is left of it."""
    if not made:
        return
    with spent.of("record"), workspace.store.begin() as writer:
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
        supersedes_each=inputs.supersedes_each,
        page_sha256=None if notice.facts is None else sha256_hex(inputs.attachments[PAGE][0]),
        renderer=None if notice.facts is None else notice.facts.renderer,
        operator=None if notice.facts is None else inputs.operator,
    )
    leaf = (owed.event.leaf,)
    new = Draft(
        kind="notice issued",
        subject=owed.label,
        effective_on=owed.on,
        payload=payload,
        print=owed.print,
        inputs=leaf,
    )
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
