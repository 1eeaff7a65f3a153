"""`headroom keys`, `checkpoint`, `cosign`, `export`: what a trustee holds, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.errors import WrongUsage
from engine.basics.values import counted
from engine.cli.output import print_json, say, say_aside, write
from engine.events.log_names import subject_of_log
from engine.operations.make_keys import make_key_of_notices, make_log_key, refuse_unnamed_around
from engine.operations.replace_key import (
    approve_replacement,
    ask_for_replacement,
    replace_approved_key,
    replace_key,
)
from engine.operations.sign_checkpoints import (
    cosign_folder,
    every_checkpoint,
    newest_signed,
    take_cosignature,
)
from engine.operations.stamp_checkpoints import stamp_checkpoints
from engine.queries.export_log import export_to
from engine.queries.logs_by_name import log_named, named_log
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe

Clock = Callable[[], datetime]

__all__ = [
    "cosign_export",
    "export_log",
    "make_key",
    "make_notice_key",
    "refuse_unnamed_around",
    "sign_and_stamp",
    "show_approved",
    "show_asked",
    "show_checkpoint",
    "show_every",
    "show_replaced",
    "take_checkpoint",
]


def make_key(name: str, path: Path, cosigner: bool, as_json: bool) -> None:
    """Make a key, private to its owner, and print its public half for whoever will verify."""
    made = make_log_key(name, path, cosigner)
    if as_json:
        print_json(made.as_data())
        return
    say(
        f"{made.private}: private, keep it; {made.public}: hand it to whoever verifies, by another way than "
        "the record"
    )
    # The key stands alone on its line, so that it can be copied or read aloud.
    write(made.verifier_key)


def make_notice_key(name: str, into: Path, now: datetime, as_json: bool) -> None:
    """Make the key and the certificate that sign notices, and print what a verifier's policy has of it."""
    made = make_key_of_notices(name, into, now)
    if as_json:
        print_json(made.as_data())
        return
    say(f"{made.key}: private, keep it; {made.certificate}: its certificate")
    write(f'in a verifier\'s policy: notice_certificates = ["{made.sha256}"]')


def show_replaced(workspace: Workspace, approved: Path | None, scribe: Scribe, as_json: bool) -> None:
    """Replace the log's key, and print what every verifier must be told."""
    changed = (
        replace_key(workspace, scribe)
        if approved is None
        else replace_approved_key(workspace, approved, scribe)
    )
    if as_json:
        print_json(changed.as_data())
        return
    say(
        f"the key was replaced ({changed.why}), {counted(len(changed.logs), 'logs')} say so; tell every "
        "verifier the same day"
    )
    say(f"it ended: {changed.old}")
    if changed.kept is not None:
        # The old private key could still sign in the operator's name, so somebody must see it destroyed.
        say(f"{changed.kept}: its private file; destroy it once the minutes are signed")
    write(changed.new)


def show_asked(workspace: Workspace, why: str, into: Path, at: datetime, as_json: bool) -> None:
    """Write what a cosigner is asked to approve, and print what to do with it."""
    asked = ask_for_replacement(workspace, why, into, at.date())
    if as_json:
        print_json(asked.as_data())
        return
    say(
        f"{asked.file}: hand it to a cosigner, who runs `headroom keys approve`; then `headroom keys "
        f"replace --approved {asked.file}`"
    )
    say(f"it asks for {counted(len(asked.logs), 'logs')}; the old key: {asked.old}")
    write(asked.new)


def show_approved(file: Path, key: Path, trust: list[Path], as_json: bool) -> None:
    """Approve as a cosigner that a key is replaced, and print for what."""
    asked = approve_replacement(file, key, trust)
    if as_json:
        print_json(asked.as_data())
        return
    say(
        f"{asked.file}: approved for {counted(len(asked.logs), 'logs')} that the {asked.why} key "
        f"{asked.old} is replaced; hand it back"
    )
    write(asked.new)


def sign_and_stamp(
    workspace: Workspace,
    name: str | None,
    alone: Callable[[Workspace], AbstractContextManager[None]],
    now: Clock,
) -> None:
    """Sign a log where it has grown, or every log, and ask for its time stamp outside the lock.

    Nothing is done where the settings name no authority.
    """
    # Without an authority the lock would be taken, and a log signed, for nothing.
    if workspace.settings.time_authority is None:
        return
    with alone(workspace):
        made = [newest_signed(workspace, log_named(workspace, name))] if name else every_checkpoint(workspace)
    # An authority may take seconds to answer, and others must be able to record meanwhile.
    stamping = stamp_checkpoints(workspace, now, [one.log for one in made])
    if stamping.said is not None:
        say_aside(stamping.said)


def show_checkpoint(workspace: Workspace, name: str, as_json: bool, stamp: bool = False) -> None:
    """Sign where something is new, and print the newest checkpoint of a log, or the time stamp beside it.

    Raises WrongUsage if the stamp is asked for and is missing.
    """
    checkpoint = newest_signed(workspace, log_named(workspace, name))
    # An empty text could be kept beside a checkpoint as if it were its stamp.
    if stamp and checkpoint.stamp is None:
        raise WrongUsage(f"the newest checkpoint of {checkpoint.log} has no time stamp")
    if as_json:
        print_json({**named_log(checkpoint.log), **checkpoint.as_data()})
    else:
        write((checkpoint.stamp or "" if stamp else checkpoint.note).rstrip("\n"))


def show_every(workspace: Workspace, as_json: bool) -> None:
    """Sign where something is new, and print the newest checkpoint of every log, one after the other."""
    checkpoints = every_checkpoint(workspace)
    if as_json:
        print_json([{**named_log(checkpoint.log), **checkpoint.as_data()} for checkpoint in checkpoints])
    else:
        write("\n".join(checkpoint.note for checkpoint in checkpoints).rstrip("\n"))


def take_checkpoint(workspace: Workspace, name: str, file: Path, trust: list[Path], as_json: bool) -> None:
    """Keep a trustee's cosignature with the log that it is of, and print what was taken."""
    log = log_named(workspace, name)
    taken = take_cosignature(workspace, log, file, trust)
    if as_json:
        cosigned = {
            "size": taken.size,
            "taken": taken.new,
            "cosigned_by": list(taken.cosigned_by),
            "note": taken.note,
        }
        print_json({**named_log(log), **cosigned})
    else:
        said = "taken" if taken.new else "on record already"
        say(
            f"{log}: the checkpoint of its first {counted(taken.size, 'entries')}, cosigned by "
            f"{', '.join(taken.cosigned_by)}: {said}"
        )


def cosign_export(
    folder: Path,
    key: Path,
    trust: list[Path],
    since: Path | None,
    at: datetime,
    as_json: bool,
    policy: Path | None = None,
) -> None:
    """Cosign an exported log as its trustee, and print the cosigned note."""
    cosigned = cosign_folder(folder, key, trust, since, at, policy)
    if as_json:
        print_json({"folder": str(folder), "note": cosigned.note, "time_stamp": cosigned.stamp})
        return
    if cosigned.stamp is not None:
        say_aside(f"the log was {cosigned.stamp}")
    write(cosigned.note.rstrip("\n"))


def export_log(
    workspace: Workspace, name: str, form: str, into: Path, on: date | None, as_json: bool
) -> None:
    """Write a log in one of the forms, and print what was written."""
    made = export_to(workspace, name, form, into, on, lambda of, log: newest_signed(of, log).note)
    if as_json:
        print_json(made.as_data())
    else:
        dated = f" of {made.as_of}" if made.as_of is not None else ""
        say(f"{made.into}: {made.count} {made.counted} of {subject_of_log(made.log)}, as {made.form}{dated}")
