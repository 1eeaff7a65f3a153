"""A notice's pages, made again from the log (`rulings.md` 64).

Their words are always made again. Their drawing is made again if that is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from engine.audit.verify_file import FileVerification
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event, NoticeIssued
from engine.events.log_names import deal_log
from engine.events.notice import NoticeFacts, NoticeInputs, Pages, Render
from engine.events.notice_issued import Renderer
from engine.notices.attachments import described, read_manifest
from engine.notices.closing import Step
from engine.notices.pdf import drawn_pages, read_file, read_notice
from engine.record.canonical import sha256_hex
from engine.record.log import read
from engine.record.store import Entry
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
    """What came of drawing a notice again."""

    outcome: Literal["same", "differs", "not compared"]
    said: str


def issued_inputs(
    workspace: Workspace, events: Sequence[Event], entries: Sequence[Entry], issued: Event
) -> NoticeInputs | None:
    """Return what a notice was made of, from the log alone; None if the event that it states is not there.

    Args:
        workspace: whose record it is.
        events: the deal's log.
        entries: the same as it is stored.
        issued: the event that says that the notice was made.
    """
    payload: NoticeIssued = issued.payload
    stated = next((event for event in events if event.key == payload.of), None)
    if stated is None:
        return None
    upto = tuple(events[: stated.seq + 1])
    adopted = next(
        (event.payload for event in reversed(upto) if isinstance(event.payload, DealAdopted)), None
    )
    files = ["event.json", "date.jsonl", "standing.json", "observations.csv", "page.json", "manifest.json"]
    files += ["earlier.jsonl"] if adopted is not None else []
    files += ["deal.yaml"] if adopted_file(workspace, stated.deal_file) is not None else []
    on = issued.effective_on
    shown = (
        publications_shown(workspace, adopted, on, issued.recorded_at, upto) if adopted is not None else {}
    )
    return NoticeInputs(
        deal=issued.log.partition("/")[2],
        number=payload.number,
        kind=payload.kind,  # type: ignore[arg-type]  # the outbox writes no other
        subject=issued.subject.removeprefix(payload.kind).removeprefix("-") or None,
        on=on,
        issued_at=issued.recorded_at,
        events=upto,
        publications=shown,
        findings=findings_shown(workspace, adopted, on, issued.recorded_at, shown)
        if adopted is not None
        else {},
        operator=payload.operator or workspace.settings.operator,
        log_size=stated.seq + 1,
        log_head=entries[stated.seq].root.hex(),
        supersedes=payload.supersedes,
        supersedes_each=payload.supersedes_each,
        attachments=described(dict.fromkeys(files, b"")),
        print=issued.print,
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

    Raises:
        VerificationFailed: the file cannot be read within bounds.
    """
    ours = pages.renderer
    if issued_by.sha256 != ours.sha256:
        return Drawn(
            "not compared",
            f"NOT COMPARED: made by {issued_by.drawn_by.partition(',')[0]}, with other templates, style or "
            "fonts",
        )
    carried = described(read_notice(data).attachments)
    (again,) = render([replace(inputs, attachments=carried)])
    begun = data.startswith(again.rstrip(b"\n"))
    # What was added with the signature can paint over the rest, so pages that begin alike are looked at too.
    apart = "" if data == again else _first_apart(data, again)
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
    """Return the first page whose text, places or picture are others; nothing if none is."""
    for n, (one, other) in enumerate(zip_longest(drawn_pages(data), drawn_pages(again)), 1):
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
    workspace: Workspace, deal: str, facts: NoticeFacts, data: bytes, pages: Pages, render: Render
) -> Drawn:
    """Return the file of one notice drawn again of the workspace's record.

    Raises VerificationFailed if the file cannot be read.
    """
    events = read(workspace.store, deal_log(deal))
    numbered = (
        event
        for event in events
        if isinstance(event.payload, NoticeIssued) and event.payload.number == facts.number
    )
    issued = next(numbered, None)
    inputs = (
        None
        if issued is None
        else issued_inputs(workspace, events, workspace.store.entries(deal_log(deal)), issued)
    )
    if issued is None or inputs is None:
        return Drawn(
            "not compared",
            f"NOT COMPARED: the record of this workspace issued no notice No. {facts.number} of {deal}",
        )
    recorded: Renderer | None = issued.payload.renderer
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


def drawings(
    workspace: Workspace, deal: str, pages: Pages, render: Render, sample: int | None = None
) -> Iterator[tuple[int, Drawn]]:
    """Yield what came of drawing the notices of a deal again.

    All notices are drawn, or a sample of them. Each comes as its number and the outcome.
    """
    events = read(workspace.store, deal_log(deal))
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    if sample is not None and sample < len(issued):
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
            yield payload.number, drawn_again(path.read_bytes(), payload.renderer, inputs, pages, render)


def with_drawing(
    verification: FileVerification, workspace: Workspace, pages: Pages, render: Render
) -> FileVerification:
    """Return a verification with the step `drawing` (`rulings.md` 64).

    For this step the notice is drawn again from the workspace's record.
    """
    data = read_file(verification.notice)
    manifest = read_manifest(read_notice(data).attachments["manifest.json"])
    if manifest.notice is None:
        drawn = Drawn("not compared", "NOT COMPARED: the notice does not say what drew it")
    else:
        drawn = drawn_file(workspace, manifest.deal, manifest.notice, data, pages, render)
    step = (
        Step("drawing", difference=drawn.said) if drawn.outcome == "differs" else Step("drawing", drawn.said)
    )
    return replace(verification, steps=(*verification.steps, step))
