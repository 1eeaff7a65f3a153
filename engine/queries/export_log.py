"""Write a log as tiles, as JSON lines, or in the forms of other systems.

Tiles carry a checkpoint. If the log has grown, the checkpoint is signed now.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.events.log_names import deal_of_log, subject_of_log
from engine.queries.exports import as_calendar, as_csv
from engine.queries.history import events_of
from engine.queries.logs_by_name import log_named, named_log
from engine.queries.record_table import as_record_table
from engine.queries.regulatory import esma_csv, form_10d_csv
from engine.record.checkpoint import BESIDE
from engine.record.log import deal_log
from engine.record.store import Entry
from engine.record.tiles import export, json_lines
from engine.workspace.checkpoints import KEY, kept_stamp, trusted
from engine.workspace.workspace import Workspace

DATED = ("esma", "10-d")
"""Forms that state what was so on a data cut-off date."""


@dataclass(frozen=True, slots=True)
class LogExported:
    """An exported log.

    It says the form, where the log was written, how many entries it covers, which files were written, and as
    of which date.
    """

    log: str
    form: str
    into: Path
    entries: int
    count: int
    counted: str
    as_of: date | None

    def as_data(self) -> dict[str, object]:
        """Return the export as JSON: `log`, `deal`, `as`, `into`, `entries`, `written`."""
        written = {"count": self.count, "of": self.counted}
        return {
            **named_log(self.log),
            "as": self.form,
            "into": str(self.into),
            "entries": self.entries,
            "written": written,
        }


Sign = Callable[[Workspace, str], str]
"""(the workspace, a log) -> the note of its newest checkpoint, signed now where the log has grown."""


def export_to(
    workspace: Workspace, name: str, form: str, into: Path, on: date | None, sign: Sign
) -> LogExported:
    """Write a log in one of the forms.

    Forms that only a deal has are as of a data cut-off date, which is the last date unless another is given.

    Raises WrongUsage for a form that the log does not have.
    """
    log = log_named(workspace, name)
    entries = workspace.store.entries(log)
    forms = {**_any(entries), **(_of_a_deal(workspace, name, on) if deal_of_log(log) is not None else {})}
    if form == "tiles":
        _export_tiles(workspace, log, into, sign)
        count, what = len(entries), "entries"
    elif form in forms:
        made, counted, what = forms[form]
        text = made()
        write_whole(into, text.encode())
        count = counted(text)
    else:
        raise WrongUsage(f"`{form}` is not a form of export of {log}; there are tiles, {', '.join(forms)}")
    as_of = (on or _last_date(workspace, log)) if form in DATED else None
    return LogExported(log, form, into, len(entries), count, what, as_of)


def form_of_deal(workspace: Workspace, deal: str, form: str) -> str:
    """Return a deal's log in one of the forms that are one text, for a download.

    Raises WrongUsage for a form that it does not have.
    """
    forms = {**_any(workspace.store.entries(deal_log(deal))), **_of_a_deal(workspace, deal_log(deal), None)}
    if form not in forms:
        raise WrongUsage(f"`{form}` is not a form of export of {deal}; there are {', '.join(forms)}")
    return forms[form][0]()


def log_of_deal(deal: str) -> str:
    """Return the name of a deal's log."""
    return deal_log(deal)


Forms = dict[str, tuple[Callable[[], str], Callable[[str], int], str]]
"""By name what makes a form, what counts it, and what is counted."""


def _any(entries: Sequence[Entry]) -> Forms:
    return {"jsonl": (lambda: "\n".join(json_lines(entries)) + "\n", _lines_of, "entries")}


def _of_a_deal(workspace: Workspace, name: str, on: date | None) -> Forms:
    deal = subject_of_log(name)
    events = events_of(workspace, deal)
    cut_off = on or max(event.effective_on for event in events)
    return {
        "csv": (lambda: as_csv(events), _rows_of, "results, counts and deadlines"),
        "record": (lambda: as_record_table(events), _rows_of, "events"),
        "ics": (lambda: as_calendar(deal, events), lambda text: text.count("BEGIN:VEVENT"), "deadlines"),
        "esma": (lambda: esma_csv(deal, events, cut_off), _rows_of, "tests and triggers"),
        "10-d": (lambda: form_10d_csv(events, cut_off), _rows_of, "tests and triggers"),
    }


def _last_date(workspace: Workspace, log: str) -> date:
    return max(event.effective_on for event in events_of(workspace, subject_of_log(log)))


def _lines_of(text: str) -> int:
    return len(text.splitlines())


def _rows_of(text: str) -> int:
    """Return rows of a CSV text without its head."""
    return sum(1 for _ in csv.reader(io.StringIO(text))) - 1


def _export_tiles(workspace: Workspace, log: str, into: Path, sign: Sign) -> None:
    key = workspace.root / f"{KEY}.pub"
    if not key.exists():
        make = f"headroom keys NAME --into {workspace.root / KEY}"
        raise WrongUsage(f"tiles carry a signed checkpoint, and the key is missing; make one with `{make}`")
    note = sign(workspace, log)
    export(workspace.store.entries(log), note, trusted([key]), into)
    write_stamp_beside(workspace, log, note, into / "checkpoint")


def write_stamp_beside(workspace: Workspace, log: str, note: str, checkpoint: Path) -> None:
    """Write a checkpoint's time stamp beside its file; that of an earlier checkpoint is taken away."""
    stamp = kept_stamp(workspace, log, note)
    beside = checkpoint.with_name(f"{checkpoint.name}{BESIDE}")
    if stamp is not None:
        write_whole(beside, stamp.encode())
    else:
        # A stamp left from an earlier checkpoint would not match the one that is written now.
        beside.unlink(missing_ok=True)
