"""An administrator's files and announcements on their way into the record (`rulings.md` 62)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import bytes_of, read_text
from engine.basics.received_files import read_received
from engine.events.draft import Draft
from engine.events.log_names import administered_series
from engine.events.market_events import AWAITS, IndexAnnounced, IndexFinding, SeriesFile, ValueSeen
from engine.market.administrator_series import (
    THURSDAY,
    SeriesFinding,
    SeriesKnown,
    SeriesQuestions,
    read_series,
)
from engine.market.index_value import IndexValue
from engine.market.series_map import SeriesMap
from engine.record.log import SNAPSHOTS, Scribe, append, index_log, prints_in, read
from engine.workspace.series import draft
from engine.workspace.workspace import Workspace

UNIT_SLIP = "unit-slip"
"""The name under which a step by a factor of 10, 100 or 1,000 is taken as it was published."""
ANNOUNCED = ("cessation", "methodology change", "break", "restatement")


@dataclass
class SeriesTaken:
    """What an import of an administrator's files did."""

    index: str
    recorded: int = 0
    provisional: int = 0
    findings: list[SeriesFinding] = field(default_factory=list)
    form: SeriesMap | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the intake as JSON.

        It holds the counts, the rows that somebody is asked about, and the form by which the files were read.
        """
        asked = [
            {
                "what": finding.what,
                "date": str(finding.publication_date),
                "was": _text(finding.was),
                "now": _text(finding.now),
            }
            for finding in self.findings
        ]
        counts = {
            "index": self.index,
            "recorded": self.recorded,
            "provisional": self.provisional,
            "findings": asked,
        }
        return {**counts, "form": self.form.name if self.form else None}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement as it stands on record; `new` is False if the same one was on record already."""

    payload: IndexAnnounced
    new: bool

    def as_data(self) -> dict[str, Any]:
        """Return the announcement as JSON, and whether it is new."""
        return {"recorded": self.new, **self.payload.model_dump(mode="json")}


def import_series(
    workspace: Workspace,
    index: str,
    paths: Sequence[Path],
    scribe: Scribe,
    answered: SeriesQuestions | None = None,
) -> SeriesTaken:
    """Record each row as the first print of its date, as the next one, as provisional, or as a finding.

    Raises:
        WrongUsage: a file is missing.
        InputProblems: a row cannot be taken; nothing of its file is.
    """
    log, taken = index_log(administered_series(index)), SeriesTaken(index)
    for path in paths:
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
        text = read_text(path)
        # Read again for each file: the one before it may have recorded the prints that this one repeats.
        known = known_of(workspace, index)
        reading = read_series(
            text,
            str(path),
            index,
            known,
            scribe.at,
            workspace.settings.series.get(index),
            answered or SeriesQuestions(),
        )
        if reading.problems or reading.form is None:
            # Nothing of the file is taken, so a mended file does not meet half of itself on record.
            raise InputProblems(reading.problems)
        file = SeriesFile(
            sha256=sha256(bytes_of(text)).hexdigest(),
            form=reading.form.name,
            map_sha256=reading.form.sha256,
        )
        # One transaction for a file: a crash leaves all of its rows on record or not one of them.
        with workspace.store.begin() as writer:
            taken.recorded += len(
                append(writer, log, [_print(value, known, file) for value in reading.values], scribe)
            )
            taken.provisional += len(
                append(writer, SNAPSHOTS, [_seen(value, file) for value in reading.provisional], scribe)
            )
            append(
                writer, SNAPSHOTS, [_finding(index, finding, file) for finding in reading.findings], scribe
            )
        taken.findings += reading.findings
        taken.form = reading.form
    return taken


def answers(whose: Sequence[str], accept: Sequence[str]) -> SeriesQuestions:
    """Return what a person has answered, from the options of `headroom import`. Raises WrongUsage."""
    strange = [name for name in accept if name != UNIT_SLIP]
    if strange:
        raise WrongUsage(
            f"a published series has nothing to accept as {', '.join(strange)}; there is {UNIT_SLIP}"
        )
    return SeriesQuestions(_whose(whose), UNIT_SLIP in accept)


def asked_about(finding: SeriesFinding) -> str:
    """Return what a person is asked or told of a row that was not taken."""
    if finding.what == AWAITS:
        step = (
            f"{finding.publication_date}: {finding.now} is about 10, 100 or 1,000 times {finding.was} "
            "before it, or so much less"
        )
        return f"{step}. It is not taken, and its date waits. If it is right: --accept {UNIT_SLIP}"
    changed = f"{finding.publication_date}: {finding.now} in the file, and {finding.was} on record as final"
    return (
        f"{changed}. It is a finding and not taken. A Restatement is announced first: headroom announce "
        "--what restatement"
    )


def _whose(said: Sequence[str]) -> dict[date, date]:
    """Return the Publication Date of each row of another day. Raises WrongUsage."""
    thursdays = {}
    for answer in said:
        row, _, publication = answer.partition("=")
        try:
            day, thursday = date.fromisoformat(row), date.fromisoformat(publication)
        except ValueError:
            raise WrongUsage(
                f"`{answer}` does not say whose a row is; write it like 2026-11-25=2026-11-26"
            ) from None
        # A row of another week would be a slip of the pen, and not a publication that was moved.
        if thursday.weekday() != THURSDAY or abs((thursday - day).days) > 7:
            raise WrongUsage(f"{thursday} is not a Thursday within a week of {day}")
        thursdays[day] = thursday
    return thursdays


def known_of(workspace: Workspace, index: str) -> SeriesKnown:
    """Return what is on record of an administrator's series."""
    newest = {
        event.effective_on: event.payload.value
        for event in prints_in(workspace.store, administered_series(index))
    }
    seen: dict[date, Any] = {}
    restated: set[date] = set()
    for event in read(workspace.store, SNAPSHOTS):
        payload = event.payload
        if isinstance(payload, ValueSeen) and payload.value["index"] == index:
            seen[event.effective_on] = payload.value
        # Only an announced date may take a new print; any other change is a finding (`rulings.md` 62).
        elif isinstance(payload, IndexAnnounced) and payload.index == index and payload.what == "restatement":
            restated.add(payload.effective_on)
    return SeriesKnown(newest, seen, frozenset(restated))


def _print(value: IndexValue, known: SeriesKnown, file: SeriesFile) -> Draft:
    reason = (
        "announced by the administrator"
        if value.print > 1 and value.publication_date in known.restated
        else None
    )
    plain = draft(value, reason)
    return plain.model_copy(update={"payload": plain.payload.model_copy(update={"taken_from": file})})


def _seen(value: IndexValue, file: SeriesFile) -> Draft:
    payload = ValueSeen(value=value.model_dump(mode="json"), taken_from=file)
    subject = f"{value.index}|provisional"
    return Draft(
        kind="value seen",
        subject=subject,
        effective_on=value.publication_date,
        payload=payload,
        print=value.print,
    )


def _finding(index: str, finding: SeriesFinding, file: SeriesFile) -> Draft:
    was, now = _text(finding.was), _text(finding.now)
    payload = IndexFinding(
        index=index,
        what=finding.what,
        publication_date=finding.publication_date,
        was=was,
        now=now,
        line=finding.line,
        taken_from=file,
    )
    # Both values tell findings apart: the same file taken again adds nothing, another change does.
    subject = f"{index}|{finding.what}|{was}|{now}"
    return Draft(
        kind="index finding", subject=subject, effective_on=finding.publication_date, payload=payload
    )


@dataclass(frozen=True, slots=True)
class Announcement:
    """An administrator's announcement about an index.

    It says the kind, the date from which it holds, the words, and the version that it brings.
    """

    index: str
    what: str
    effective_on: date
    words: str
    version: str | None = None


def announcement_in(path: Path, said: Announcement, prepared_by: str, approved_by: str) -> IndexAnnounced:
    """Return an announcement with the hash of its file and the two persons who enter it.

    Raises WrongUsage for a file that is missing or empty.
    """
    return IndexAnnounced(
        index=said.index,
        what=said.what,
        effective_on=said.effective_on,
        version=said.version,
        words=said.words,
        document=path.name,
        document_sha256=sha256(read_received(path)).hexdigest(),
        prepared_by=prepared_by,
        approved_by=approved_by,
    )


def announce(workspace: Workspace, said: IndexAnnounced, scribe: Scribe) -> Announced:
    """Return an announcement as it stands on record, recorded unless it was.

    Raises WrongUsage if one person stands in both roles, or the kind is not one.
    """
    if said.prepared_by == said.approved_by:
        raise WrongUsage(
            f"{said.prepared_by} cannot both prepare and approve an announcement; name a second person"
        )
    if said.what not in ANNOUNCED:
        raise WrongUsage(f"`{said.what}` is not a kind of announcement; kinds are {', '.join(ANNOUNCED)}")
    if said.what == "methodology change" and said.version is None:
        raise WrongUsage("a methodology change names its version: --version")
    # The document's hash tells announcements apart, so one that is entered twice is on record once.
    subject = f"{said.index}|{said.what}|{said.document_sha256[:16]}"
    new = Draft(kind="index announced", subject=subject, effective_on=said.effective_on, payload=said)
    with workspace.store.begin() as writer:
        return Announced(said, bool(append(writer, SNAPSHOTS, [new], scribe)))
