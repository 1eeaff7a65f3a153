"""A notice's pages, made again from the log (`rulings.md` 64).

Their words are always made again. Their drawing is made again if that is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import zip_longest
from typing import Literal

from engine.audit.verify_file import FileVerification
from engine.basics.errors import VerificationFailed
from engine.basics.regular_files import bytes_in
from engine.basics.values import counted
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event, NoticeIssued
from engine.events.log_names import deal_log
from engine.events.notice import NoticeFacts, NoticeInputs, Pages, Render
from engine.events.notice_issued import Renderer
from engine.notices.attachments import Manifest, described, read_manifest
from engine.notices.closing import Step
from engine.notices.drawing import drawn_apart, drawn_here
from engine.notices.pdf import read_file, read_notice
from engine.record.canonical import sha256_hex
from engine.record.checkpoint import stated as stated_in
from engine.record.inclusion_proof import parse_proof
from engine.record.log import read
from engine.record.store import Entry
from engine.workspace.checkpoints import origin
from engine.workspace.findings_shown import findings_shown
from engine.workspace.publications_shown import adopted_file, publications_shown
from engine.workspace.workspace import Workspace

PROVEN = "event.tlog-proof"
"""The one file whose being there the log does not tell: it is carried where the operator had a key then."""
NOT_SAID = "NOT COMPARED: its record does not say what drew it"
SAMPLED_BY = 64
"""The seed by which a sample of notices is drawn, so that two replays draw the same."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The outcome of drawing a notice again."""

    outcome: Literal["same", "differs", "not compared"]
    said: str


def issued_inputs(
    workspace: Workspace, events: Sequence[Event], entries: Sequence[Entry], issued: Event
) -> NoticeInputs | None:
    """Return what a notice was made of, from the log alone; None if the event that it states is not there.

    Args:
        workspace: the workspace whose record it is.
        events: the deal's log.
        entries: the same as it is stored.
        issued: the event that says that the notice was made.
    """
    payload: NoticeIssued = issued.payload
    stated = next((event for event in events if event.key == payload.of), None)
    if stated is None:
        return None
    told = Told(
        number=payload.number,
        kind=payload.kind,
        subject=issued.subject.removeprefix(payload.kind).removeprefix("-") or None,
        print=issued.print,
        on=issued.effective_on,
        issued_at=issued.recorded_at,
        operator=payload.operator or workspace.settings.operator,
        supersedes=payload.supersedes,
        supersedes_each=payload.supersedes_each,
    )
    return _inputs_of(workspace, events, entries, stated, told)


@dataclass(frozen=True, slots=True)
class Told:
    """Return what a notice is, as the log says that it was issued.

    If it was not issued, the notice's own evidence says it.
    """

    number: int
    kind: str
    subject: str | None
    print: int
    on: date
    issued_at: datetime
    operator: str
    supersedes: int | None
    supersedes_each: tuple[int, ...] = ()


def _inputs_of(
    workspace: Workspace, events: Sequence[Event], entries: Sequence[Entry], stated: Event, told: Told
) -> NoticeInputs:
    """Return what a notice is made of: the log up to the event that it states."""
    upto = tuple(events[: stated.seq + 1])
    adopted = next(
        (event.payload for event in reversed(upto) if isinstance(event.payload, DealAdopted)), None
    )
    files = ["event.json", "date.jsonl", "standing.json", "observations.csv", "page.json", "manifest.json"]
    files += ["earlier.jsonl"] if adopted is not None else []
    files += ["deal.yaml"] if adopted_file(workspace, stated.deal_file) is not None else []
    shown = (
        publications_shown(workspace, adopted, told.on, told.issued_at, upto) if adopted is not None else {}
    )
    return NoticeInputs(
        deal=stated.log.partition("/")[2],
        number=told.number,
        kind=told.kind,  # type: ignore[arg-type]  # the outbox writes no other, and no manifest of another is read
        subject=told.subject,
        on=told.on,
        issued_at=told.issued_at,
        events=upto,
        publications=shown,
        findings=findings_shown(workspace, adopted, told.on, told.issued_at, shown)
        if adopted is not None
        else {},
        operator=told.operator,
        log_size=stated.seq + 1,
        log_head=entries[stated.seq].root.hex(),
        supersedes=told.supersedes,
        supersedes_each=told.supersedes_each,
        attachments=described(dict.fromkeys(files, b"")),
        print=told.print,
    )


def other_words(workspace: Workspace, events: Sequence[Event], pages: Pages) -> Iterator[tuple[int, str]]:
    """Yield the notices of a log whose words differ when they are made again.

    Each comes as the entry's number and the sentence about it.
    """
    entries = workspace.store.entries(events[0].log) if events else ()
    for event in events:
        if not isinstance(event.payload, NoticeIssued) or event.payload.page_sha256 is None:
            continue
        inputs = issued_inputs(workspace, events, entries, event)
        if inputs is None:
            yield (
                event.seq,
                f"notice {event.payload.number} states `{event.payload.of}`, which is not in the log",
            )
            continue
        # The page names its attachments, and the log does not say if there was a key then. Both are tried.
        with_proof = replace(inputs, attachments={**inputs.attachments, PROVEN: (b"", "")})
        made = (sha256_hex(pages.words(one)) for one in (with_proof, inputs))
        if event.payload.page_sha256 not in made:
            said = f"notice {event.payload.number}: the words of its pages come out otherwise"
            yield event.seq, f"{said} than page.json {event.payload.page_sha256[:16]}"


def drawn_again(
    data: bytes, issued_by: Renderer, inputs: NoticeInputs, pages: Pages, render: Render
) -> Drawn:
    """Return a notice drawn again of the log and held against its file.

    Args:
        data: the file.
        issued_by: what drew it, as its evidence says.
        inputs: what it was made of.
        pages: who knows what draws here.
        render: the renderer.

    A file that cannot be read within bounds differs.
    """
    ours = pages.renderer
    if issued_by.sha256 != ours.sha256:
        return Drawn(
            "not compared",
            f"NOT COMPARED: made by {issued_by.drawn_by.partition(',')[0]}, with other templates, style or "
            "fonts",
        )
    try:
        carried = described(read_notice(data).attachments)
    except VerificationFailed as failed:  # one file that cannot be read keeps no other from being drawn
        return Drawn("differs", str(failed))
    (again,) = render([replace(inputs, attachments=carried)])
    # A signed file is the unsigned one with an update, so it begins with the same bytes.
    begun = data.startswith(again.rstrip(b"\n"))
    # What was added with the signature can paint over the rest, so pages that begin alike are looked at too.
    try:
        apart = "" if data == again else _first_apart(data, again)
    except VerificationFailed as failed:
        return Drawn("differs", str(failed))
    if begun and not apart:
        return Drawn(
            "same",
            "drawn again by the same renderer: the same bytes"
            if issued_by == ours
            else "drawn again: the same bytes",
        )
    if begun:
        return Drawn(
            "differs", f"drawn again: the same bytes, and what was added to them changes the pages{apart}"
        )
    if issued_by == ours:
        return Drawn("differs", f"drawn again by the same renderer, the file has other bytes{apart}")
    by = f"another renderer, {issued_by.drawn_by}"
    if apart:
        return Drawn("differs", f"drawn by {by}; drawn again here it is another{apart}")
    return Drawn(
        "same",
        f"drawn by {by}; drawn again here: the same text in the same places, the same picture at 100 dpi",
    )


def _first_apart(data: bytes, again: bytes) -> str:
    """Return the first page whose text, places or picture are others; nothing if none is.

    Raises VerificationFailed if the file cannot be drawn.
    """
    for n, (one, other) in enumerate(zip_longest(drawn_apart(data), drawn_here(again)), 1):
        if one is None or other is None:
            return f": page {n} is there only once"
        if one.texts != other.texts:
            text = next((a or b for a, b in zip_longest(one.texts, other.texts) if a != b), None)
            return (
                f": page {n} has another text, or one in another place, at "
                f"`{str(text[0] if text else '')[:60]}`"
            )
        if one.pictures != other.pictures:
            return f": page {n} has another picture"
    return ""


def drawn_file(
    workspace: Workspace, manifest: Manifest, of: str | None, data: bytes, pages: Pages, render: Render
) -> Drawn:
    """Return the file of one notice drawn again of the workspace's record.

    Args:
        workspace: the workspace whose record it is.
        manifest: what the notice says of itself.
        of: the name of its log in the checkpoint that it carries; None without one.
        data: the file.
        pages: who knows what draws here.
        render: the renderer.

    Raises:
        VerificationFailed: the file cannot be read.
    """
    facts, log = manifest.notice, deal_log(manifest.deal)
    if facts is None:
        return Drawn("not compared", "NOT COMPARED: the notice does not say what drew it")
    events, entries = read(workspace.store, log), workspace.store.entries(log)
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    own = next((event for event in issued if event.payload.number == facts.number), None)
    if own is None:
        return _not_issued(workspace, manifest, facts, of, (events, entries), data, pages, render)
    inputs = issued_inputs(workspace, events, entries, own)
    if inputs is None:
        said = f"the record's notice No. {facts.number} states `{own.payload.of}`, which is not in its log"
        return Drawn("not compared", f"NOT COMPARED: {said}")
    recorded: Renderer | None = own.payload.renderer
    if recorded is None:
        return Drawn("not compared", NOT_SAID)
    if (
        facts.renderer != recorded
    ):  # whoever has the notice's key could name another, so that nothing would be drawn
        return Drawn(
            "differs",
            "the file says that another renderer drew it than the record says, which names "
            f"{recorded.drawn_by}",
        )
    return drawn_again(data, recorded, inputs, pages, render)


def _not_issued(
    workspace: Workspace,
    manifest: Manifest,
    facts: NoticeFacts,
    of: str | None,
    log: tuple[Sequence[Event], Sequence[Entry]],
    data: bytes,
    pages: Pages,
    render: Render,
) -> Drawn:
    """Return what the record says of a notice whose number it has not issued.

    Numbers have no gaps, and one event is told once: a record that has gone on contradicts the notice. One
    that holds the notice's event and has not told it yet is enough to draw the notice of, by what its
    evidence says.
    """
    (events, entries), name = log, f"No. {facts.number} of {manifest.deal}"
    if not entries:
        return Drawn(
            "not compared", f"NOT COMPARED: the record of this workspace has no log of {manifest.deal}"
        )
    # Asked before numbers: if the logs part, their numbers say nothing about each other.
    if manifest.seq < len(entries) and entries[manifest.seq].leaf.hex() != manifest.leaf:
        here, there = origin(workspace, entries[0].log), f"entry {manifest.seq} of the record"
        if of is not None and of != here:
            return Drawn("not compared", f"NOT COMPARED: the notice is of the log {of}, the record of {here}")
        return Drawn(
            "differs", f"{there} is another than the one that the notice states, so the two logs part"
        )
    issued = [event.payload for event in events if isinstance(event.payload, NoticeIssued)]
    last = max((one.number for one in issued), default=0)
    if last > facts.number:
        return Drawn("differs", f"the record issued no notice {name}, and has issued No. {last}")
    if manifest.seq >= len(entries):
        reach = f"it has {counted(len(entries), 'entries')}, and the notice states entry {manifest.seq}"
        return Drawn(
            "not compared", f"NOT COMPARED: the record of this workspace ends before the notice: {reach}"
        )
    stated = events[manifest.seq]
    about = f"{facts.kind}-{facts.subject}" if facts.subject else facts.kind
    same = [
        event.payload.number
        for event in events
        if isinstance(event.payload, NoticeIssued)
        and (event.payload.of, event.payload.kind, event.subject) == (stated.key, facts.kind, about)
    ]
    if same:
        return Drawn("differs", f"the record issued this notice as No. {same[-1]}, and no notice {name}")
    not_yet = f"the record has issued no notice {name} yet"
    # `supersedes_each` stands only in the issuing event, so page 1 cannot be composed without it.
    if facts.kind == "correction":
        said = f"{not_yet}, and only it says what a correction replaces"
        return Drawn("not compared", f"NOT COMPARED: {said}")
    told = Told(
        facts.number,
        facts.kind,
        facts.subject,
        facts.print,
        facts.on,
        facts.issued_at,
        facts.operator,
        facts.supersedes,
    )
    inputs = _inputs_of(workspace, events, entries, stated, told)
    drawn = drawn_again(data, facts.renderer, inputs, pages, render)
    if drawn.outcome == "not compared":
        return drawn
    return Drawn(drawn.outcome, f"{not_yet}; of its entries {drawn.said}")


def drawings(
    workspace: Workspace, deal: str, pages: Pages, render: Render, sample: int | None = None
) -> Iterator[tuple[int, Drawn]]:
    """Yield what came of drawing the notices of a deal again.

    All notices are drawn, or a sample of them. Each comes as its number and the outcome.
    """
    events = read(workspace.store, deal_log(deal))
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    if sample is not None and sample < len(issued):
        # In the order of the log again, so that two reports of one sample can be compared line by line.
        issued = sorted(random.Random(SAMPLED_BY).sample(issued, sample), key=lambda event: event.seq)
    entries = workspace.store.entries(deal_log(deal))
    for event in issued:
        payload: NoticeIssued = event.payload
        path = workspace.root / payload.file
        inputs = issued_inputs(workspace, events, entries, event)
        if payload.renderer is None:
            yield payload.number, Drawn("not compared", NOT_SAID)
        elif inputs is None or not path.is_file():
            yield payload.number, Drawn("not compared", f"NOT COMPARED: {payload.file} is not there")
        else:
            yield payload.number, drawn_again(bytes_in(path), payload.renderer, inputs, pages, render)


def with_drawing(
    verification: FileVerification, workspace: Workspace, pages: Pages, render: Render
) -> FileVerification:
    """Return a verification with the step `drawing` (`rulings.md` 64).

    For this step the notice is drawn again from the workspace's record.
    """
    data = read_file(verification.notice)
    files = read_notice(data).attachments
    proof = files.get(PROVEN)
    of = None if proof is None else stated_in(parse_proof(proof.decode()).note).origin
    drawn = drawn_file(workspace, read_manifest(files["manifest.json"]), of, data, pages, render)
    step = (
        Step("drawing", difference=drawn.said) if drawn.outcome == "differs" else Step("drawing", drawn.said)
    )
    return replace(verification, steps=(*verification.steps, step))
