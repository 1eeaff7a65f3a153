"""A deal in a bundle, one file for somebody who has no workspace.

A bundle holds the deal's log as tiles, its notices, its deal files and its reports.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.basics.bundle_archive import packed
from engine.basics.canonical_json import sha256_hex
from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.regular_files import bytes_in
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Event, NoticeIssued, ReportReceived
from engine.queries.export_log import write_stamp_beside
from engine.queries.history import events_of
from engine.record.log import deal_log
from engine.record.tiles import export
from engine.workspace.checkpoints import KEY, trusted
from engine.workspace.publications_shown import adopted_file
from engine.workspace.workspace import Workspace

Sign = Callable[[Workspace, str], str]
"""(the workspace, a log) -> the note of its newest checkpoint, signed now where the log has grown."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle that was written: of which deal, where, how many entries and notices it holds, its hash."""

    deal: str
    into: Path
    entries: int
    notices: int
    sha256: str

    def as_data(self) -> dict[str, object]:
        """Return the bundle as JSON."""
        return {
            "deal": self.deal,
            "into": str(self.into),
            "entries": self.entries,
            "notices": self.notices,
            "sha256": self.sha256,
        }


def write_bundle(workspace: Workspace, deal: str, into: Path, sign: Sign) -> Bundled:
    """Write a deal's log, notices, deal files and kept reports as one file.

    Raises WrongUsage for a deal without a log, for a workspace without a key, and if the file of a notice or
    a report is gone.
    """
    key = workspace.root / f"{KEY}.pub"
    events = events_of(workspace, deal)
    if not key.exists():
        raise WrongUsage(
            "a bundle carries a signed checkpoint, and the key is missing; make one with `headroom keys "
            f"NAME --into {KEY}`"
        )
    # The checkpoint is signed first, so that it covers every entry that the bundle holds.
    note = sign(workspace, deal_log(deal))
    # The second line of a checkpoint is the size of its log.
    size = int(note.split("\n")[1])
    entries, events = (
        workspace.store.entries(deal_log(deal))[:size],
        events[:size],
    )  # what came after the signature is in the next one
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        export(entries, note, trusted([key]), Path(folder) / "log")
        write_stamp_beside(workspace, deal_log(deal), note, Path(folder) / "log" / "checkpoint")
        files |= {
            str(path.relative_to(folder)): bytes_in(path)
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file()
        }
    notices = dict(_notices(workspace, events))
    files |= notices | dict(_deal_files(workspace, events)) | dict(_reports(workspace, deal, events))
    data = packed(files, {"deal": deal, "origin": note.partition("\n")[0]})
    write_whole(into, data)
    return Bundled(deal, into, len(entries), len(notices), sha256_hex(data))


def _notices(workspace: Workspace, events: tuple[Event, ...]) -> Iterator[tuple[str, bytes]]:
    for event in events:
        if isinstance(event.payload, NoticeIssued):
            path = workspace.root / event.payload.file
            # A bundle that left out a notice silently would be taken for whole.
            if not path.is_file():
                raise WrongUsage(
                    f"{event.payload.file} is not there, so the bundle would lack it; `headroom verify` "
                    "says what is missing"
                )
            yield f"notices/{path.name}", bytes_in(path)


def _deal_files(workspace: Workspace, events: tuple[Event, ...]) -> Iterator[tuple[str, bytes]]:
    for event in events:
        if isinstance(event.payload, DealAdopted):
            data = adopted_file(workspace, event.payload.file_sha256)
            if data is not None:
                yield f"deals/{event.payload.file_sha256}.yaml", data


def _reports(workspace: Workspace, deal: str, events: tuple[Event, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield each report that the log received, as it came."""
    for event in events:
        if isinstance(event.payload, ReportReceived):
            begins = f"{event.payload.period_end}-{event.payload.sha256[:16]}"
            path = next(iter(sorted((workspace.root / "reports" / deal).glob(f"{begins}*"))), None)
            # A bundle that left out a report silently would be taken for whole.
            if path is None:
                raise WrongUsage(
                    f"the report {begins} is not there, so the bundle would lack it; `headroom verify` says "
                    "what is missing"
                )
            yield f"reports/{path.name}", bytes_in(path)
