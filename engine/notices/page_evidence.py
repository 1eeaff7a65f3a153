"""Check page 1 of a notice (`rulings.md` 64).

It must be what the events say that the notice carries, and what the log says that was issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from engine.basics.canonical_json import sha256_hex
from engine.basics.errors import VerificationFailed
from engine.basics.strict_json import read_json
from engine.basics.values import counted
from engine.events.date_standing import DateStanding
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Determined, Event, NotEvaluated, NoticeIssued, Tested
from engine.events.log_names import deal_log
from engine.events.notice import NoticeFacts, PageEvidence
from engine.events.notifiable import notifiable
from engine.notices.attachments import Attached, Manifest, read_of_date
from engine.notices.page_match import PageWords
from engine.notices.whole_date import OfDate
from engine.record.checkpoint import Checkpoint
from engine.record.entry import Entry
from engine.record.entry_events import event_of
from engine.record.merkle import leaf_hash, verify_inclusion

SHOWN = 80
"""Characters of a difference that are shown."""


def in_the_log(data: bytes, checkpoint: Checkpoint, which: str) -> list[Attached]:
    """Return the entries of a file, each proven to be in the log that was signed.

    Raises VerificationFailed.
    """
    attached = read_of_date(data)
    for one in attached:
        if not verify_inclusion(leaf_hash(one.body), one.seq, checkpoint.size, one.path, checkpoint.root):
            raise VerificationFailed(f"entry {one.seq} {which} is not in the log that was signed")
    return attached


def refuse_without_words(event: Mapping[str, Any]) -> None:
    """Refuse a notice without words whose event says that its notices carry them.

    Somebody has taken the words out.
    """
    if event["payload"].get("standing_sha256") is not None:
        raise VerificationFailed(
            "the notice carries no words of its pages; its event says that its notices carry them"
        )


def page_evidence(
    files: Mapping[str, bytes], manifest: Manifest, of_date: OfDate, checkpoint: Checkpoint
) -> PageEvidence:
    """Return what page 1 is composed of again, each part of it held against the log.

    Raises VerificationFailed.
    """
    facts = manifest.notice
    assert facts is not None  # the caller has looked
    earlier = (
        in_the_log(files["earlier.jsonl"], checkpoint, "of an earlier date")
        if "earlier.jsonl" in files
        else []
    )
    numbers = [one.seq for one in (*earlier, *of_date.attached)]
    # Rising numbers, each once: an entry carried twice could count twice on page 1.
    if sorted(set(numbers)) != numbers:
        raise VerificationFailed(
            "earlier.jsonl holds an entry twice, out of its order, or one of the date itself"
        )
    events = tuple(_event(manifest.deal, one) for one in (*earlier, *of_date.attached))
    stated = events[-1]
    standing_events = _standing(files.get("standing.json"), stated)
    _of_the_deal(events, stated)
    _is_told(facts, stated, events)
    _whole(stated, events, standing_events)
    return PageEvidence(manifest.deal, facts, events, standing_events, tuple(sorted(files)))


def _event(deal: str, one: Attached) -> Event:
    return event_of(Entry(deal_log(deal), one.seq, "", one.body, leaf_hash(one.body), b""))


def _standing(data: bytes | None, stated: Event) -> DateStanding:
    """Return how everything stands, by the hash that the stated event holds."""
    said = stated.payload.standing_sha256
    if data is None or said is None or sha256_hex(data) != said:
        raise VerificationFailed(
            "standing.json is not how everything stands by the event that the notice states"
        )
    return DateStanding.model_validate(read_json(data))


def _of_the_deal(events: Sequence[Event], stated: Event) -> None:
    """Check that the adopted deal is the one whose file the stated event names.

    Raises VerificationFailed.
    """
    adopted = [event.payload.file_sha256 for event in events if isinstance(event.payload, DealAdopted)]
    if adopted[-1:] != ([stated.deal_file] if stated.deal_file is not None else adopted[-1:]):
        raise VerificationFailed(
            "the notice does not carry the adoption of the deal file that its event names"
        )
    if (
        isinstance(stated.payload, NotEvaluated)
        and stated.payload.last_determined is not None
        and not adopted
    ):
        raise VerificationFailed("the notice does not carry the adoption of its deal")


def _is_told(facts: NoticeFacts, stated: Event, events: Iterable[Event]) -> None:
    """Check that the notice is of a kind that its events make due, and of their date.

    Raises VerificationFailed.
    """
    if facts.on != stated.effective_on:
        raise VerificationFailed(
            f"the manifest's notice is of {facts.on}, its event of {stated.effective_on}"
        )
    # Page 1 is composed with this size, so the manifest must not choose it.
    if facts.log_size != stated.seq + 1:
        raise VerificationFailed(
            f"the manifest's notice says {counted(facts.log_size, 'entries')} at issue; its event is entry "
            f"{stated.seq}"
        )
    # Otherwise a manifest could call a date that was not evaluated a compliance notice.
    if isinstance(stated.payload, NotEvaluated) != (facts.kind == "not_evaluated"):
        raise VerificationFailed(
            f"the event is `{stated.kind}`, and the manifest calls its notice `{facts.kind}`"
        )
    if facts.kind == "correction":
        corrected = (
            any(event.kind == "correction" and event.payload.from_on <= facts.on for event in events)
            and facts.print == stated.print
        )
    elif facts.kind in ("compliance", "not_evaluated"):
        corrected = facts.subject is None and facts.print == 1
    else:
        corrected = facts.print == 1 and any(
            (facts.kind, facts.subject) in tuple(notifiable(event.payload)) for event in events
        )
    if not corrected:
        raise VerificationFailed(
            f"no event here makes a notice of kind {facts.kind} of {facts.subject or 'the date'} due"
        )


def _whole(stated: Event, events: Sequence[Event], standing: DateStanding) -> None:
    """Check that nothing of which page 1 speaks was left out.

    It speaks of the newest result of each test, and of the date that was determined last.
    """
    day = stated
    if isinstance(stated.payload, NotEvaluated):
        if stated.payload.last_determined is None:
            return
        # By the leaf, which the signed event holds: a date would let an older print of it pass.
        last = [event for event in events if event.leaf == stated.payload.last_determined]
        if len(last) != 1 or not isinstance(last[0].payload, Determined):
            raise VerificationFailed("the notice does not carry the date that was determined last")
        day = last[0]
        there = {event.seq for event in events}
        if not there.issuperset(range(day.seq + 1 - (day.payload.entries or 1), day.seq + 1)):
            raise VerificationFailed(
                "the notice does not carry the whole of the date that was determined last"
            )
    newest = {event.subject: event.payload for event in events if isinstance(event.payload, Tested)}
    for test, run in standing.runs.items():
        # Page 1 rests on results since that Publication Date; runs up to a takeover are not in this log.
        if run.on < day.payload.publication_date or (
            standing.carried_as_of is not None and run.on <= standing.carried_as_of
        ):
            continue
        body = newest.get(test)
        if body is None or body.result.on != run.on:
            raise VerificationFailed(
                f"the notice does not carry the result of {test} of {run.on}, which stands"
            )


def same_page_one(words: PageWords, again: Sequence[Mapping[str, Any]]) -> None:
    """Check that the page's masthead, answer and dues say what comes out again.

    Raises VerificationFailed at the first difference.
    """
    for block in again:
        said = words.block(block["block"])
        there = [word[1] for word in said["words"]] if said is not None else []
        made = [word[1] for word in block["words"]]
        if said is not None and said["words"] == block["words"]:
            continue
        place = next(
            (n for n, (one, other) in enumerate(zip(there, made, strict=False)) if one != other),
            min(len(there), len(made)),
        )
        one, other = (texts[place] if place < len(texts) else "nothing more" for texts in (there, made))
        apart = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
        start = max(0, apart - SHOWN // 2)
        raise VerificationFailed(
            f"page 1, {block['block']}: the page says `{one[start : start + SHOWN]}`; its events make "
            f"`{other[start : start + SHOWN]}`"
        )
    blocks = [block["block"] for block in words.blocks if block["page"] == "first"]
    if (
        len(set(blocks)) != len(blocks)
        or words.blocks[0]["block"] != "masthead"
        or words.blocks[1]["block"] != "answer"
    ):
        raise VerificationFailed(
            "page.json has a block of page 1 twice, or another order than masthead and answer first"
        )


class Held(Protocol):
    """A log that is held, with its entries."""

    @property
    def bodies(self) -> tuple[bytes, ...]:
        """The entries of the log, in their order."""


def as_issued(facts: NoticeFacts, page: str, file: str, later: Sequence[Held]) -> str | None:
    """Return what the held logs say of the notice's number; None if none of them reaches so far.

    Args:
        facts: what the notice is.
        page: the hash of `page.json`.
        file: the hash of the file.
        later: the logs that are held.

    Raises:
        VerificationFailed: the log issued other words under the number, another kind of notice, or none.
    """
    found, number = None, facts.number
    for held in later:
        issued = [notice for body in held.bodies if (notice := _read_issued(body)) is not None]
        found = next((notice for notice in issued if notice.number == number), found)
        # Numbers have no gaps: a log that issued a later number has passed this one over.
        if found is None and any(notice.number > number for notice in issued):
            raise VerificationFailed(f"the log that is held issued no notice No. {number}")
    if found is None:
        return None
    if found.page_sha256 != page:
        raise VerificationFailed(
            f"the log that is held issued No. {number} with other words, page.json "
            f"{str(found.page_sha256)[:16]}"
        )
    if (found.kind, found.supersedes, found.renderer, found.operator) != (
        facts.kind,
        facts.supersedes,
        facts.renderer,
        facts.operator,
    ):
        raise VerificationFailed(
            f"the log that is held issued No. {number} as {found.kind}, or with another renderer or operator"
        )
    drawn = (
        ""
        # The unsigned file counts too, since a signature only adds to it.
        if file in (found.sha256, found.unsigned_sha256)
        else f", drawn otherwise than the file {found.sha256[:16]} that was issued"
    )
    return f"the log that is held issued No. {number} with these words{drawn}"


def _read_issued(body: bytes) -> NoticeIssued | None:
    # A quick look first: a log has very many entries, and few of them are notices.
    if b'"kind":"notice issued"' not in body:
        return None
    document = read_json(body)
    return NoticeIssued.model_validate(document["payload"]) if document["kind"] == "notice issued" else None
