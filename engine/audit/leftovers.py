"""What lies in a workspace and belongs to a log.

If that log is gone, or does not name it, something was taken away. A log that was deleted whole leaves no row
that could differ. What it left behind shows that it was there: its signed checkpoints, the deal file that it
adopted, its reports and its notices.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from engine.basics.errors import HeadroomError, Unavailable
from engine.basics.files import is_litter, refuse_lost_disk, text_of
from engine.basics.received_files import not_downloaded
from engine.basics.regular_files import bytes_in, text_in
from engine.events.calendar_events import CalendarTaken
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import ActRecorded, Event, NotEvaluated, NoticeIssued, ReportReceived
from engine.events.log_names import subject_of_log
from engine.events.servicing import RegisterChanged
from engine.record.log import deal_log, read
from engine.record.stored_row import HASH
from engine.terms.source import parse
from engine.workspace.checkpoints import STAMPS, stamps_folder, witness
from engine.workspace.deal_files import refused_path
from engine.workspace.documents import kept_documents
from engine.workspace.registers import register_path
from engine.workspace.workspace import Workspace

INTAKE = "an interrupted intake leaves one too: take it in again, or remove it"
AGAIN = "an interrupted run leaves one too: run again, then verify"


def _litter(name: str, who: str = "a system or an office program") -> str:
    return f"{name} is what {who} left there, and nothing of the record (remove it)"


def _who_left(name: str) -> str | None:
    if is_litter(name):
        return "a system or an office program"
    return None if not_downloaded(name) is None else "a sync program or a download"


def without_log(workspace: Workspace, logs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each log that the workspace names and that is not among `logs`.

    Each comes with the sentence that says what names it.
    """
    there = set(logs)
    for log in workspace.store.noted():
        if log not in there:
            yield log, f"signed checkpoints of {log} are kept, and {log} is not there"
    # From the logs to their files, as a file's own text could name any log.
    places = {witness(workspace, log) for log in logs}
    for path in _files(workspace.root / "checkpoints", "*"):
        if (who := _who_left(path.name)) is not None:
            yield path.name, _litter(f"checkpoints/{path.name}", who)
        elif path not in places and not path.name.startswith(".partial-"):
            yield _named(path), f"checkpoints/{path.name} was signed over a log that is not there"
    folders = {stamps_folder(workspace, log) for log in logs}
    for path in _files(workspace.root / STAMPS, "*"):
        if is_litter(path.name):
            yield path.name, _litter(f"{STAMPS}/{path.name}")
        elif path not in folders:
            yield path.name, f"{STAMPS}/{path.name} holds time stamps of a log that is not there"
    for path in _files(workspace.root / "deals" / "adopted", "*.yaml"):
        if is_litter(path.name):
            yield path.name, _litter(f"deals/adopted/{path.name}")
            continue
        name = deal_named(path)
        if name is None or deal_log(name) not in there:
            yield (
                deal_log(name or path.stem),
                f"deals/adopted/{path.name} was adopted by a log that is not there ({AGAIN})",
            )
    yield from _of_deals(workspace, there)


def _of_deals(workspace: Workspace, there: set[str]) -> Iterator[tuple[str, str]]:
    """Yield notices and reports that lie with no deal that has a log, each with what it is."""
    for room in ("notices", "reports"):
        for folder in _files(workspace.root / room, "*"):
            if is_litter(folder.name):
                yield folder.name, _litter(f"{room}/{folder.name}")
            elif not folder.is_dir() and not folder.name.startswith(".partial-"):
                yield (
                    folder.name,
                    (
                        f"{room}/{folder.name} lies outside the folder of any deal, and no event names it "
                        "(remove it)"
                    ),
                )
            if folder.is_dir() and deal_log(folder.name) not in there and any(folder.iterdir()):
                yield (
                    deal_log(folder.name),
                    f"{room}/{folder.name} holds files of a deal whose log is not there",
                )


def without_event(workspace: Workspace, log: str) -> Iterator[str]:
    """Yield what differs between the files of a deal and what its log says of them.

    Raises VerificationFailed for an unreadable event.
    """
    events = read(workspace.store, log)
    yield from (said for event in events if (said := _kept(workspace, log, event)) is not None)
    issued = {event.payload.file for event in events if isinstance(event.payload, NoticeIssued)}
    for path in _files(workspace.root / "notices" / subject_of_log(log), "*"):
        name = str(path.relative_to(workspace.root))
        if is_litter(path.name):
            yield _litter(name)
        elif name not in issued and not path.name.startswith(".partial-"):
            yield f"{name} was issued by no event ({AGAIN})"
    yield from _on_no_record(workspace, log, events)


def _on_no_record(workspace: Workspace, log: str, events: Sequence[Event]) -> Iterator[str]:
    """Yield reports and deal files that lie with those of a deal, and that its log names nowhere."""
    name = subject_of_log(log)
    reports = {
        f"{event.payload.period_end}-{event.payload.sha256[:16]}"
        for event in events
        if isinstance(event.payload, ReportReceived)
    }
    for path in _files(workspace.root / "reports" / name, "*"):
        if is_litter(path.name):
            yield _litter(f"reports/{name}/{path.name}")
        elif path.stem not in reports and not path.name.startswith(".partial-"):
            yield f"reports/{name}/{path.name} was received by no event ({INTAKE})"
    adopted = {event.payload.file_sha256 for event in events if isinstance(event.payload, DealAdopted)}
    for path in _files(workspace.root / "deals" / "adopted", "*.yaml"):
        if path.stem not in adopted and deal_named(path) == name:
            yield f"deals/adopted/{path.name} was adopted by no event ({AGAIN}, or remove it)"


def _kept(workspace: Workspace, log: str, event: Event) -> str | None:
    payload = event.payload
    if isinstance(payload, CalendarTaken):
        return _table(workspace, payload.calendar, payload.sha256)
    if isinstance(payload, DealAdopted):
        path = workspace.root / "deals" / "adopted" / f"{payload.file_sha256}.yaml"
        differs = _differs(
            [path], payload.file_sha256, f"the deal file {payload.file_sha256[:16]} in deals/adopted"
        )
        return next(
            (
                said
                for said in (differs, *(_table(workspace, *table) for table in payload.calendars.items()))
                if said
            ),
            None,
        )
    if isinstance(payload, RegisterChanged):
        path = register_path(workspace, payload.sha256)
        return _differs([path], payload.sha256, f"the register {payload.sha256[:16]} in deals/registers")
    if isinstance(payload, NotEvaluated) and event.inputs:
        path = refused_path(workspace, event.inputs[0]) if HASH.fullmatch(event.inputs[0]) else workspace.root
        return _differs([path], event.inputs[0], f"the deal file {event.inputs[0][:16]} in deals/refused")
    if isinstance(payload, ActRecorded) and payload.sha256 is not None:
        return without_document(workspace, payload.sha256, f"`{payload.identity}`")
    if isinstance(payload, ReportReceived):
        name = subject_of_log(log)
        paths = _files(workspace.root / "reports" / name, f"{payload.period_end}-{payload.sha256[:16]}*")
        return _differs(paths, payload.sha256, f"the report {payload.sha256[:16]} in reports/{name}")
    return None


def _table(workspace: Workspace, calendar: str, sha256: str) -> str | None:
    return without_document(workspace, sha256, f"the calendar {calendar}")


def without_document(workspace: Workspace, sha256: str, rests: str) -> str | None:
    """Return what is wrong with a kept document.

    The result is None if the document is the one that was handed over. `rests` says what rests on it.
    """
    return _differs(
        kept_documents(workspace, sha256), sha256, f"the document {sha256[:16]} of {rests} in documents/"
    )


def _differs(paths: Sequence[Path], expected: str, what: str) -> str | None:
    # Several files may bear a hash's first digits; one whole file among them is enough.
    kept = [path for path in paths if path.is_file()]
    if not kept:
        return f"{what} is missing"
    return (
        None
        if any(sha256(bytes_in(path)).hexdigest() == expected for path in kept)
        else f"{what} has been changed"
    )


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def deal_named(path: Path) -> str | None:
    """Return the name that a deal file states; None if the file states none."""
    try:
        tree, _ = parse(text_of(bytes_in(path)), path.name)
    except OSError as error:
        refuse_lost_disk(error)
        return None
    name = tree.get(("deal",)) if tree else None
    return name if isinstance(name, str) and name else None


def _named(path: Path) -> str:
    """Return the log that a kept checkpoint is of, by its first line."""
    try:
        first = text_in(path, errors="replace").partition("\n")[0]
    except OSError as error:
        refuse_lost_disk(error)
        return path.name
    return match[0] if (match := re.search(r"(?:deal|index)/[^/]+$|snapshots$", first)) else path.name


ROOMS = (
    "deals",
    "snapshots",
    "reports",
    "notices",
    "keys",
    "checkpoints",
    "stamps",
    "documents",
    "set-aside",
)


def links_outside(workspace: Workspace) -> Iterator[str]:
    """Yield every link that leads out of the workspace.

    What lies outside is not kept with the record, and can change unseen.
    """
    root = workspace.root.resolve()
    places = [
        *workspace.root.glob("*"),
        *(path for room in ROOMS for path in (workspace.root / room).rglob("*")),
    ]
    for path in sorted({path for path in places if path.is_symlink()}):
        # Resolved to its end: a link inside could point to another link that leads out.
        if not path.resolve().is_relative_to(root):
            yield f"{path.relative_to(workspace.root)} is a link to {path.resolve()}, outside the workspace"


def guarded(step: str, differences: Callable[[], Iterator[str]]) -> tuple[str, str | None]:
    """Return a step's name and the first of some differences, or None without one.

    A record that cannot be read counts as a difference. Raises Unavailable if the disk or the share fails.
    """
    try:
        return step, next(differences(), None)
    except Unavailable:
        raise
    except HeadroomError as error:
        return step, str(error)
    except OSError as error:
        refuse_lost_disk(error)
        return step, f"{error.filename}: {error.strerror}"
