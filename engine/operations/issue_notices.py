"""The outbox: which notices the log makes due, rendered, written whole, and recorded with their hash.

A notice is a file and an event: the file is written first (temporary file, fsync, rename), the event after
it. So a crash in between leaves a file that the next run writes again, and never an event without its file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from engine.basics.errors import HeadroomError
from engine.basics.files import write_whole
from engine.basics.processor_time import ProcessorTime
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.draft import Draft
from engine.events.kinds import NoticeIssued
from engine.events.notice import NoticeFacts, NoticeInputs, Pages, Render, notice_file_name
from engine.events.notice_issued import Renderer
from engine.notices.attachments import PAGE, Evidence, with_words
from engine.notices.due import Owed, Told, owed_notices, told_of
from engine.notices.owed_lately import owed_lately
from engine.operations.deal_history import rows_and_events
from engine.operations.notice_contents import LogRead, contents_later, contents_of, contents_without_words
from engine.operations.remaining_time import RemainingTime
from engine.operations.seal_notice import authority_of, sealed
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, append, deal_log
from engine.record.store import Writer
from engine.workspace.workspace import Workspace

Progress = Callable[[str], None]
NOTICE_KEY = "keys/notice.key"
"""Where the key that signs notices is, inside the workspace; its certificate lies beside it."""
WAITS = "this deal's notices wait from there on; what was determined stands, and the next run tries again"


AT_A_TIME = 16
"""How many notices are given to a renderer at once, if it does not say itself how many keep it busy.

Each waits with its deal's whole past, some five megabytes after a year, so a run holds few.
"""


TOGETHER = 32
"""How many notices are issued in one transaction, for which a disk is asked five times to keep something.

A file of a notice has some 150 kilobytes, and the transaction waits for two requests to the disk for each.
"""


@dataclass
class Given:
    """What the outbox gave for one deal."""

    files: list[Path] = field(default_factory=list)
    stopped: str | None = None
    """Why the deal's next notice cannot be made, if so.

    This notice and those after it wait, for numbers have no gaps.
    """


def issue_due(
    workspace: Workspace,
    deals: Sequence[str],
    render: Render,
    scribe: Scribe,
    progress: Progress,
    pages: Pages | None = None,
    spent: ProcessorTime | None = None,
) -> dict[str, Given]:
    """Compose, render, sign and record every notice that is owed and not issued.

    A notice is signed if there is a key. The result says by deal what came of it.
    """
    outbox = Outbox(workspace, len(deals), render, scribe, progress, pages, spent or ProcessorTime())
    for deal in deals:
        outbox.issue(deal)
    outbox.finish()
    return outbox.given


class Outbox:
    """The notices of a run, made deal by deal.

    Each is composed, rendered, signed if there is a key, and recorded.

    They are put together, rendered and issued some at a time: what a run holds does not grow with what it
    catches up. While some are drawn, the next are put together. One that cannot be made stops its own deal
    and no other.

    Attributes:
        given: what came of it, by deal.
    """

    def __init__(
        self,
        workspace: Workspace,
        deals: int,
        render: Render,
        scribe: Scribe,
        progress: Progress,
        pages: Pages | None,
        spent: ProcessorTime,
    ) -> None:
        """Begin a run of so many deals."""
        self.given: dict[str, Given] = {}
        self._workspace, self._render, self._scribe, self._pages = workspace, render, scribe, pages
        self._progress, self._spent = progress, spent
        self._remaining = RemainingTime(deals)
        self._places: dict[str, int] = {}
        # A renderer with many processes says how many notices keep all of them busy.
        self._some: int = getattr(render, "at_a_time", AT_A_TIME)
        self._ready: list[_Waiting] = []
        self._drawn: _Lot | None = None
        self._made: list[_Made] = []
        self._again: list[str] = []
        self._begun = self._done = 0
        self._whole = False

    def issue(self, deal: str) -> None:
        """Make the notices of a deal that are owed and not issued.

        Some may be drawn after this call, and be recorded later.
        """
        self._compose(deal)
        while self._again:
            self._compose(self._again.pop(0))

    def _compose(self, deal: str) -> None:
        self._places.setdefault(deal, len(self._places))
        ready = _ready(self._workspace, deal, self._scribe, self.given.setdefault(deal, Given()), self._pages)
        while True:
            with self._spent.of("composition"):
                notice = next(ready, None)
            if notice is None:
                return
            self._ready.append(notice)
            if len(self._ready) >= self._some:
                self._draw()
            # Drawing has let go of this deal's notices: it is composed anew from what is recorded.
            if deal in self._again:
                return

    def finish(self) -> None:
        """Give what is ready and what is drawn; then everything is recorded."""
        self._whole = True
        while self._ready or self._drawn is not None:
            self._draw()
            while self._again:
                self._compose(self._again.pop(0))
        self._record()

    def _draw(self) -> None:
        """Have the notices drawn that are ready, and give those that were drawn meanwhile."""
        # The next lot is begun before the last one is awaited, so that a renderer with processes draws on.
        before, self._drawn = self._drawn, None
        if self._ready:
            self._begun += len(self._ready)
            files = _drawn(self._render, self._ready)
            self._drawn = _Lot([_without_past(one) for one in self._ready], files)
            self._ready = []
        if before is not None:
            self._give(before)
            self._remaining.lot_given(self._done_with(before))

    def _done_with(self, lot: _Lot) -> int:
        """Return how many deals are done once a lot is given; its last deal may go on in the next."""
        deal = lot.notices[-1].inputs.deal
        later = self._ready if self._drawn is None else self._drawn.notices
        goes_on = bool(later) and later[0].inputs.deal == deal
        return self._places[deal] + (not goes_on)

    def _give(self, lot: _Lot) -> None:
        """Record notices until one cannot be made.

        Its deal stops there, and the notices of the other deals are composed again.
        """
        for place, notice in enumerate(lot.notices):
            deal, number = notice.inputs.deal, notice.inputs.number
            if deal not in lot.let_go:
                self._done += 1
                self._tell(deal, f"No. {number}")
            try:
                with self._spent.of("layout"):
                    data = next(lot.files)
            except Exception as error:
                # The good notices before it are kept, whatever becomes of the run.
                self._record()
                if isinstance(error, (OSError, BrokenExecutor)):  # of the machine, not of the notice
                    raise
                self._begin_again(lot, place)
                if deal not in lot.let_go:
                    why = f"{type(error).__name__}: {error}; {WAITS}"
                    self.given[deal].stopped = f"{notice.called}, cannot be made: {why}"
                return
            # It was drawn, but one before it in its deal failed; numbers have no gaps, so it waits too.
            if deal in lot.let_go:
                continue
            # The hash before signing is kept too: a second rendering can be compared only with that one.
            self._made.append(_made(self._workspace, notice, self._signed(data, deal), sha256_hex(data)))
            if len(self._made) >= TOGETHER:
                self._record()

    def _begin_again(self, lot: _Lot, failed: int) -> None:
        """Let go of what follows a notice that cannot be made.

        A renderer that has failed draws no more of its lot.

        The other deals of the lot are composed again, with all their notices that are not recorded.
        """
        rest = lot.notices[failed + 1 :]
        gone = {one.inputs.deal for one in lot.notices[failed:]} - lot.let_go
        later = [] if self._drawn is None else self._drawn.notices
        # What is let go is counted again when it is composed again.
        self._begun -= sum(one.inputs.deal in gone for one in (*rest, *later))
        self._ready = [one for one in self._ready if one.inputs.deal not in gone]
        if self._drawn is not None:
            self._drawn.let_go |= gone
        for deal in dict.fromkeys(one.inputs.deal for one in rest):
            if deal in gone and deal != lot.notices[failed].inputs.deal:
                # This deal did not fail here; what stopped it further on is found anew.
                self.given[deal].stopped = None
                self._again.append(deal)

    def _signed(self, data: bytes, deal: str) -> bytes:
        key = self._workspace.root / NOTICE_KEY
        if not key.is_file():
            return data
        with self._spent.of("sealing"):
            authority = authority_of(self._workspace, self._scribe)
            return sealed(data, key, authority, partial(self._tell, deal))

    def _tell(self, deal: str, what: str) -> None:
        """Tell which notice is made, counted over the whole run.

        The line also says how long the deals that are left will take.
        """
        of = f"{self._begun}{'' if self._whole else ' or more'}"
        remaining = self._remaining.after(self._places[deal])
        self._progress(f"notice {self._done} of {of}: {deal} {what}{remaining}")

    def _record(self) -> None:
        """Issue what was made, in its order and in one transaction; then nothing is left of it."""
        if not self._made:
            return
        with self._spent.of("record"), self._workspace.store.begin() as writer:
            issued = [(one.deal, _issue(self._workspace, writer, one, self._scribe)) for one in self._made]
        for deal, path in issued:
            self.given[deal].files += [path] if path is not None else []
        self._made.clear()


def _drawn(render: Render, notices: Sequence[_Waiting]) -> Iterator[bytes]:
    """Yield the files of notices; a renderer that draws in other processes begins with all of them at once.

    What goes wrong is said where the first of them is asked for.
    """
    try:
        return iter(render([one.inputs for one in notices]))
    except Exception as error:
        return _saying(error)


def _saying(error: Exception) -> Iterator[bytes]:
    raise error
    # Never reached: it makes this a generator, so the error is raised where the first file is asked for.
    yield b""


def _ready(
    workspace: Workspace, deal: str, scribe: Scribe, given: Given, pages: Pages | None
) -> Iterator[_Waiting]:
    """Yield the owed notices of a deal, ready to be rendered.

    The first notice that cannot be made, worded or put together ends them.
    """
    what = "its notices cannot be put together"
    try:
        for notice in _waiting(workspace, deal, scribe, worded=pages is not None):
            if given.stopped is not None:
                return
            what = f"{notice.called}, cannot be made"
            yield notice if pages is None else worded(notice, pages)
            what = "its notices cannot be put together"
    except (HeadroomError, OSError):  # of the record or the disk, so of every deal
        raise
    except Exception as error:
        given.stopped = f"{what}: {type(error).__name__}: {error}; {WAITS}"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A notice ready to be rendered."""

    owed: Owed
    inputs: NoticeInputs
    evidence: Evidence | None
    facts: NoticeFacts | None = None

    @property
    def called(self) -> str:
        """What it is, for who runs the engine."""
        return f"notice No. {self.inputs.number}, {self.owed.label} of {self.owed.on}"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A notice that the renderer has: nothing of its deal's past is held by it."""

    called: str
    owed: Owed
    inputs: NoticeInputs
    page_sha256: str | None
    renderer: Renderer | None


def _without_past(notice: _Waiting) -> _Drawn:
    inputs, facts = notice.inputs, notice.facts
    return _Drawn(
        called=notice.called,
        owed=notice.owed,
        # A deal's past takes megabytes, and a drawn notice waits until its whole lot is done.
        inputs=replace(inputs, events=(), publications={}, findings={}, attachments={}),
        page_sha256=None if facts is None else sha256_hex(inputs.attachments[PAGE][0]),
        renderer=None if facts is None else facts.renderer,
    )


@dataclass
class _Lot:
    """Notices that were given to the renderer together, and their files as they come.

    Attributes:
        let_go: deals whose notices here are not issued: one before them could not be made.
    """

    notices: Sequence[_Drawn]
    files: Iterator[bytes]
    let_go: set[str] = field(default_factory=set)


def worded(notice: _Waiting, pages: Pages) -> _Waiting:
    """Return a notice with the words of its pages in its evidence, and with what it is (`rulings.md` 64)."""
    inputs = notice.inputs
    if notice.evidence is None:
        raise ValueError("a notice without evidence has no words")
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


def _waiting(workspace: Workspace, deal: str, scribe: Scribe, *, worded: bool) -> Iterator[_Waiting]:
    """Yield the owed notices of a deal that are not issued, numbered on from the last one.

    Where none is owed, the log is not read whole. It is not either for notices without words, which nobody
    composes.
    """
    lately = owed_lately(workspace.store, deal_log(deal), scribe.engine)
    if lately is not None and (not lately.owed or (lately.ordinary and not worded)):
        for place, owed in enumerate(lately.owed):
            number, head = lately.number + place + 1, lately.heads[place]
            yield _Waiting(owed, contents_later(workspace, deal, owed, number, head, scribe), None)
        return
    yield from _waiting_in(workspace, deal, scribe, worded)


def _waiting_in(workspace: Workspace, deal: str, scribe: Scribe, worded: bool) -> Iterator[_Waiting]:
    """Yield the same from the whole log."""
    # As it is now: a notice states nothing of what is issued meanwhile.
    entries, events = rows_and_events(workspace.store, deal_log(deal))
    log = LogRead(events, entries, workspace.store.checkpoints(deal_log(deal)))
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
            inputs, evidence = (
                contents_of(workspace, deal, owed, log, stated, scribe)
                if worded
                else (contents_without_words(workspace, deal, owed, log, stated, scribe), None)
            )
            stated.append(Told(inputs.number, owed.kind, owed.on, owed.event.seq, owed.subject))
            yield _Waiting(owed, inputs, evidence)


@dataclass(frozen=True, slots=True)
class _Made:
    """A notice that was rendered and signed.

    It says where its file goes, its bytes, and what the log is to say of it.
    """

    deal: str
    number: int
    path: Path
    data: bytes
    draft: Draft


def _made(workspace: Workspace, notice: _Drawn, data: bytes, unsigned: str) -> _Made:
    """Return what is to be recorded of a notice that was made."""
    owed, inputs = notice.owed, notice.inputs
    path = workspace.inside("notices", inputs.deal, notice_file_name(inputs))
    payload = NoticeIssued(
        number=inputs.number,
        kind=owed.kind,
        of=owed.event.key,
        file=str(path.relative_to(workspace.root)),
        sha256=sha256_hex(data),
        unsigned_sha256=unsigned,
        supersedes=inputs.supersedes,
        supersedes_each=inputs.supersedes_each,
        page_sha256=notice.page_sha256,
        renderer=notice.renderer,
        operator=None if notice.renderer is None else inputs.operator,
    )
    new = Draft(
        kind="notice issued",
        subject=owed.label,
        effective_on=owed.on,
        payload=payload,
        print=owed.print,
        inputs=(owed.event.leaf,),
    )
    return _Made(inputs.deal, inputs.number, path, data, new)


def _issue(workspace: Workspace, writer: Writer, made: _Made, scribe: Scribe) -> Path | None:
    """Write a notice's file and then record its event, while no other process may write.

    A crash in between leaves a file that is written again.

    None if another process, which reaches the same database from elsewhere, has issued it meanwhile.
    """
    # Asked inside the transaction, since another process may have issued it after this one was drawn.
    if writer.body(deal_log(made.deal), made.draft.key) is not None:
        return None
    _set_aside(workspace, made)
    write_whole(made.path, made.data)
    append(writer, deal_log(made.deal), [made.draft], scribe)
    return made.path


def _set_aside(workspace: Workspace, made: _Made) -> None:
    """Move away the file of an interrupted run for a notice that is no longer owed.

    The file has the number of the notice that is made now. Nothing is deleted.
    """
    folder, numbered = made.path.parent, f"{made.deal}-{made.number:04d}-"
    if not folder.is_dir():
        return
    # By the names alone: a pattern would be compiled anew for each notice.
    with os.scandir(folder) as there:
        names = [one.name for one in there if one.name.startswith(numbered) and one.name.endswith(".pdf")]
    for name in names:
        if name != made.path.name:
            place = workspace.inside("set-aside", made.deal, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            (folder / name).replace(place)
