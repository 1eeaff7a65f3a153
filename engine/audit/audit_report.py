"""What an auditor can sign about a deal's record over a period.

The report says what was verified, by whose keys, and what rests on a person's word. Every sentence that says
what was not checked stands here with its source. It is part of the report whatever was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.audit.held_notes import held_notes
from engine.audit.key_succession import with_followers
from engine.audit.notice_steps import NoticeRow, notice_rows
from engine.audit.replay import Replay
from engine.audit.verify_workspace import verify_record
from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.values import counted
from engine.determination.template import Template
from engine.events.kinds import (
    ActRecorded,
    Correction,
    Determined,
    Event,
    KeyReplaced,
    NotEvaluated,
    ReportReceived,
    Tested,
)
from engine.events.log_names import deals_among
from engine.events.notice import Pages
from engine.events.results import Verdict
from engine.events.servicing import FigureConfirmed, ReceiptShown, RegisterChanged
from engine.events.standing import standing
from engine.events.taken_over import TakenOver
from engine.notices.trust_policy import Policy, read_policy
from engine.record.checkpoint import verify
from engine.record.keys import VerifierKey
from engine.record.log import deal_log, read
from engine.workspace.checkpoints import KEY, TRUSTEES, trusted
from engine.workspace.workspace import Workspace

NOT_CHECKED = (
    (
        (
            "The listings were not compared with the marketplace: a raw answer is taken as its collector "
            "kept "
            "it."
        ),
        "ruling 61",
    ),
    (
        "Listed prices are asking prices. Whether a GPU was rented at one of them was not checked.",
        "ruling 34",
    ),
    (
        "Whether sellers with different names are independent of one another was not checked.",
        "rulings 59 and 63",
    ),
    (
        "Values that an administrator published were taken as published, and were not computed again.",
        "rulings 1 and 62",
    ),
    ("The Servicer's figures were not compared with bank statements, leases or meters.", "rulings 53 and 57"),
    (
        "No GPU was counted or tested: the register and the certificates are what parties say of them.",
        "rulings 17 and 57a",
    ),
    (
        (
            "The deal file was not compared with the signed agreement. Its reading of each clause is the "
            "operator's."
        ),
        "ruling 29",
    ),
    (
        (
            "Recorded Acts were not compared with the papers that they name, beyond a file's hash where one "
            "was "
            "given."
        ),
        "ruling 25",
    ),
    ("Whether the persons named in the record are who they say was not checked.", "record, actor"),
    (
        "What nobody entered was not looked for: a report or an Act that was kept back leaves no trace.",
        "ruling 53",
    ),
    (
        (
            "That a notice reached a person was not checked: the relay's last words and a typed name are the "
            "evidence."
        ),
        "rulings 54 and 65",
    ),
    (
        "An hour of recording before the first cosignature or time stamp rests on the operator's word.",
        "ruling 33",
    ),
    ("How private keys were kept was not checked: a stolen key signs as its owner's does.", "ruling 66"),
    (
        "No legal conclusion was drawn: an Event of Default is indicated here and determined by the parties.",
        "ruling 22",
    ),
    (
        "Business Days after the last published calendar are projected, and were compared with no source.",
        "ruling 36",
    ),
    (
        "The words of the pages were compared with the log. The drawing of the pages was not looked at.",
        "ruling 64",
    ),
    (
        (
            "The program was not reviewed: each event names its version, and this report takes that version "
            "as "
            "right."
        ),
        "record, engine",
    ),
    ("Whether money was paid was not checked: what was paid is what a report or an Act says.", "ruling 30a"),
)
"""What no run of this report checks, each with where the limit comes from."""
OWN_KEYS = "The keys were read from the folder under test. They prove nothing about the operator."
GIVEN_KEYS = "The keys were brought by the person who made this report."


@dataclass(frozen=True, slots=True)
class Line:
    """One dated line of the report: the entry of the log, when, and what it says."""

    seq: int
    on: date
    recorded_at: datetime
    what: str

    def as_data(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {**asdict(self), "on": str(self.on), "recorded_at": self.recorded_at.isoformat()}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was found of one deal's record over a period.

    Attributes:
        deal: the deal's name.
        since: the first day of the period, by contract dates.
        until: its last day.
        made_at: when the report was made.
        verified: each step of the verification, with its difference if there is one.
        replayed: what the computing again found of the deal's log, in a sentence.
        replay_differs: whether it found a difference.
        keys: the keys that signatures were checked by: name and kind.
        keys_from: a sentence that says whose the keys are.
        held: the checkpoints that somebody other than the operator held, each in a sentence.
        size: entries of the deal's log.
        root: its root in hexadecimal.
        dates: how many Determination Dates the period has, and how many results of each verdict.
        notices: the notices that are of a date in the period, each as far as the record knows it.
        on_a_word: what rests on a person's word: Acts, confirmations, late entries, takeovers.
        corrections: what was determined again, and why.
        exceptions: dates not evaluated, results not determined, figures held.
        not_checked: what was not checked, each with its source.
    """

    deal: str
    since: date
    until: date
    made_at: datetime
    verified: tuple[tuple[str, str | None], ...]
    replayed: str
    replay_differs: bool
    keys: tuple[tuple[str, str], ...]
    keys_from: str
    held: tuple[str, ...]
    size: int
    root: str
    dates: Mapping[str, int]
    notices: tuple[NoticeRow, ...]
    on_a_word: tuple[Line, ...]
    corrections: tuple[Line, ...]
    exceptions: tuple[Line, ...]
    not_checked: tuple[tuple[str, str], ...] = NOT_CHECKED

    @property
    def clean(self) -> bool:
        """Whether neither the verification nor the computing again found a difference."""
        return not self.replay_differs and not any(difference for _, difference in self.verified)

    def as_data(self) -> dict[str, Any]:
        """Return the report as JSON."""
        lines = {
            name: [line.as_data() for line in getattr(self, name)]
            for name in ("on_a_word", "corrections", "exceptions")
        }
        return {
            "deal": self.deal,
            "from": str(self.since),
            "to": str(self.until),
            "made_at": self.made_at.isoformat(),
            "clean": self.clean,
            "verified": [{"step": step, "difference": difference} for step, difference in self.verified],
            "replayed": self.replayed,
            "keys": [{"name": name, "kind": kind} for name, kind in self.keys],
            "keys_from": self.keys_from,
            "held": list(self.held),
            "log": {"size": self.size, "root": self.root},
            "dates": dict(self.dates),
            "notices": [row.as_data() for row in self.notices],
            **lines,
            "not_checked": [
                {"sentence": sentence, "source": source} for sentence, source in self.not_checked
            ],
        }


def audit_report(
    workspace: Workspace,
    deal: str,
    period: tuple[date, date],
    now: datetime,
    templates: Mapping[str, Template],
    pages: Pages | None,
    trust: Sequence[Path] = (),
    held: Sequence[Path] = (),
    policy: Path | None = None,
) -> AuditReport:
    """Return the report about one deal.

    Args:
        workspace: the workspace whose record it is.
        deal: the deal's name.
        period: first and last day, by contract dates.
        now: when the report is made.
        templates: the covenant templates, for computing again.
        pages: who composes the words of notices again.
        trust: files with the verifier keys that the auditor brought; the workspace's own without one.
        held: checkpoints that somebody other than the operator kept.
        policy: the file that says what the auditor trusts: further keys, and whose time stamps are believed.

    Raises:
        WrongUsage: the deal has no log, or the period's last day is before its first.
    """
    since, until = period
    if until < since:
        raise WrongUsage(f"--to {until} is before --from {since}")
    log = deal_log(deal)
    events = read(workspace.store, log)
    if not events:
        raise WrongUsage(
            f"a log of `{deal}` does not exist; there are "
            f"{', '.join(deals_among(workspace.store.logs())) or 'none yet'}"
        )
    verification = verify_record(workspace, trust, held, deal, policy)
    replayed = Replay(workspace, templates, pages=pages).one(log)
    theirs = Policy() if policy is None else read_policy(policy)
    brought = [*trusted(list(trust)), *theirs.keys(), *theirs.ended()]
    keys = brought or _own(workspace)
    inside = tuple(event for event in events if since <= event.effective_on <= until)
    size, root = workspace.store.head(log)
    difference = replayed.difference
    taken = f"{replayed.asserted} of them say what a person or a server did, and were taken as recorded."
    said = f"{replayed.events} events came out again; {taken}"
    return AuditReport(
        deal=deal,
        since=since,
        until=until,
        made_at=now,
        verified=tuple((finding.step, finding.difference) for finding in verification.findings),
        replayed=said if difference is None else f"Entry {difference.seq} differs: {difference.what}.",
        replay_differs=difference is not None,
        keys=tuple((key.name, "a trustee" if key.kind.name == "COSIGNER" else "the log") for key in keys),
        keys_from=GIVEN_KEYS if brought else OWN_KEYS,
        held=tuple(_held(held, with_followers(workspace, [log], keys))),
        size=size,
        root=root.hex(),
        dates=_dates(inside),
        notices=notice_rows(events, since, until),
        on_a_word=tuple(_on_a_word(inside)),
        corrections=tuple(
            _line(event, _corrected(event.payload))
            for event in inside
            if isinstance(event.payload, Correction)
        ),
        exceptions=tuple(_exceptions(inside)),
    )


def _own(workspace: Workspace) -> list[VerifierKey]:
    return trusted([path for name in (f"{KEY}.pub", TRUSTEES) if (path := workspace.root / name).exists()])


def _held(paths: Sequence[Path], keys: Sequence[VerifierKey]) -> Iterator[str]:
    """Yield each held checkpoint in a sentence: its log, its size, who signed it."""
    for note in held_notes(paths):
        try:
            verified = verify(note, keys)
        except VerificationFailed as failed:
            yield f"One that proves nothing: {failed}."
            continue
        by = ", ".join(signature.key.name for signature in verified.signatures)
        yield (
            f"{verified.checkpoint.origin} at {counted(verified.checkpoint.size, 'entries')}, signed by {by}."
        )


def _line(event: Event, what: str) -> Line:
    return Line(event.seq, event.effective_on, event.recorded_at, what)


def _dates(inside: Sequence[Event]) -> dict[str, int]:
    """Return how many Determination Dates stand, and how many results of each verdict."""
    in_force = standing(inside)
    results = [event.payload.result.verdict for event in in_force if isinstance(event.payload, Tested)]
    counts = {verdict.value: sum(result is verdict for result in results) for verdict in Verdict}
    return {"Determination Dates": sum(isinstance(event.payload, Determined) for event in in_force), **counts}


def _on_a_word(inside: Sequence[Event]) -> Iterator[Line]:
    """Yield what a person entered, confirmed, showed, or took over."""
    for event in inside:
        payload = event.payload
        if isinstance(payload, ActRecorded):
            persons = (
                " and ".join(person for person in (payload.prepared_by, payload.approved_by) if person)
                or event.actor
            )
            paper = payload.document or "no document"
            yield _line(
                event,
                f"Act `{payload.act}`{f' of {payload.clause}' if payload.clause else ''}, {paper}, entered "
                f"by {persons}.",
            )
        elif isinstance(payload, FigureConfirmed):
            yield _line(
                event,
                f"{payload.prepared_by} confirmed {', '.join(payload.figures)} of {payload.report}: "
                f"{payload.words}.",
            )
        elif isinstance(payload, RegisterChanged):
            yield _line(
                event,
                f"The register {payload.file} was taken as it lay there; it counts from "
                f"{event.effective_on}.",
            )
        elif isinstance(payload, ReceiptShown):
            yield _line(
                event,
                f"{payload.document} shows that {payload.report} was received at "
                f"{payload.received_at:%Y-%m-%d %H:%M}.",
            )
        elif isinstance(payload, ReportReceived) and event.recorded_at.date() > payload.received:
            yield _line(
                event,
                f"{payload.document} was received on {payload.received} and entered on "
                f"{event.recorded_at.date()}.",
            )
        elif isinstance(payload, KeyReplaced):
            yield _line(
                event,
                f"The key of the log was replaced ({payload.why}), signed by "
                f"{counted(len(payload.signatures), 'keys')}.",
            )
        elif isinstance(payload, TakenOver):
            yield _line(
                event,
                f"The deal was taken over in mid-life: what was so before is {payload.words} "
                f"({payload.sha256[:16]}).",
            )


def _corrected(correction: Correction) -> str:
    return f"From {correction.from_on} to {correction.until} determined again: {'; '.join(correction.why)}."


def _exceptions(inside: Sequence[Event]) -> Iterator[Line]:
    """Yield dates not evaluated, results not determined, figures that were held."""
    for event in standing(inside):
        payload = event.payload
        if isinstance(payload, NotEvaluated):
            yield _line(event, f"The deal was not evaluated: {payload.reason}.")
        elif isinstance(payload, Tested) and payload.result.reason is not None:
            yield _line(event, f"{payload.result.title} was NOT DETERMINED: {payload.result.reason.reason}.")
        elif isinstance(payload, Determined):
            for figure in payload.held:
                yield _line(event, f"{figure.name} of {figure.document} was held: {figure.why}.")
