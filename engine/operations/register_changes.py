"""Record changes of the registers of serial numbers beside a deal file (`rulings.md` 57a).

A change is an event with the hash of the register's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from engine.basics.files import bytes_of, write_whole
from engine.basics.regular_files import bytes_in
from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.events.servicing import RegisterChanged
from engine.terms.as_written import Deal
from engine.workspace.registers import BadRegister, as_read, keep_refused, register_path, registers_named
from engine.workspace.workspace import Workspace


def registers_changed(
    workspace: Workspace, deal: Deal, folder: Path, events: Sequence[Event], *, keep: bool = True
) -> Iterator[Draft]:
    """Yield one draft for each register that reads otherwise than the one on record; its bytes are kept.

    A register that is gone leaves the one on record as it was.

    Args:
        workspace: where the bytes are kept.
        deal: the deal.
        folder: where its file lies.
        events: the deal's log.
        keep: whether the bytes are kept, which a preview leaves out.

    Raises:
        BadRegister: a register cannot be read; its first problem is named with its place.
    """
    for name in registers_named(deal):
        # A file that is gone proves no release, so the GPUs on record stay pledged.
        if not (folder / name).is_file():
            continue
        known = [
            event.payload
            for event in events
            if isinstance(event.payload, RegisterChanged) and event.payload.file == name
        ]
        try:
            now, text = as_read(deal, name, bytes_in(folder / name))
        except BadRegister as bad:
            if keep:
                keep_refused(workspace, bad)
            raise
        if known and known[-1].sha256 == now.sha256:
            continue
        if keep and not (path := register_path(workspace, now.sha256)).exists():
            write_whole(path, bytes_of(text))
        since = _changes_from(known[-1] if known else None, now, deal.closing_date)
        yield Draft(
            kind="register changed", subject=name, effective_on=since, payload=now, print=len(known) + 1
        )


def _changes_from(before: RegisterChanged | None, now: RegisterChanged, closing: date) -> date:
    """Return the first date from which a register counts otherwise than before.

    It is the Closing Date for the first register, and if no count changes.
    """
    if before is None:
        return closing
    steps = {
        step.since for register in (before, now) for counts in register.counts.values() for step in counts
    }
    changed = (
        day
        for day in sorted(steps)
        if any(before.pledged(one, day) != now.pledged(one, day) for one in {*before.counts, *now.counts})
    )
    return next(changed, closing)
