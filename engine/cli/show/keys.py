"""`headroom keys`, `checkpoint`, `cosign`, `export`: what a trustee holds, and how it is made."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.files import write_whole
from engine.cli.output import print_json, say, write
from engine.notices.signature import make_certificate
from engine.operations.sign_checkpoints import sign_all, take, trustees_of
from engine.queries.exports import as_calendar, as_csv
from engine.queries.history import events_of
from engine.queries.regulatory import esma_csv, form_10d_csv
from engine.record.checkpoint import Growth, cosign, newest, verify
from engine.record.consistency import not_after
from engine.record.keys import Kind, generate_key, read_key, write_key
from engine.record.log import deal_log, index_log
from engine.record.merkle import consistency_proof, leaf_hash
from engine.record.store import Entry
from engine.record.tiles import export, json_lines, read_tiles
from engine.workspace.checkpoints import KEY, read_note, trusted
from engine.workspace.workspace import SETTINGS, Workspace, opened, refuse_unnamed


def make_key(name: str, path: Path, cosigner: bool, as_json: bool) -> None:
    """Make a key, private to its owner, and print its public half for whoever will verify."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = generate_key(name, Kind.COSIGNER if cosigner else Kind.LOG)
    public = write_key(path, key)
    if as_json:
        print_json({"private": str(path), "public": str(public), "verifier_key": key.verifier.text})
        return
    say(f"{path}: private, keep it; {public}: hand it to whoever verifies, by another way than the record")
    write(key.verifier.text)


def make_notice_key(name: str, into: Path, now: datetime, as_json: bool) -> None:
    """Make the key and the certificate that sign notices, and print what a verifier's policy has of it."""
    fingerprint = make_certificate(name, into, now)
    if as_json:
        print_json({"key": str(into), "certificate": f"{into}.crt", "sha256": fingerprint})
        return
    say(f"{into}: private, keep it; {into}.crt: its certificate")
    write(f'in a verifier\'s policy: notice_certificates = ["{fingerprint}"]')


def refuse_unnamed_around(key: Path) -> None:
    """Refuse a key for a workspace whose operator is not named: it would sign under the placeholder. A trustee's own folder is none.

    Raises WrongUsage.
    """
    root = key.parent.parent
    if (root / SETTINGS).is_file():
        refuse_unnamed(opened(root))


def show_checkpoint(workspace: Workspace, name: str, as_json: bool) -> None:
    """Sign where something is new, and print the newest checkpoint of a log."""
    log = log_named(workspace, name)
    size, note = _newest_signed(workspace, log)
    if as_json:
        print_json({**_named(log), "size": size, "note": note})
    else:
        write(note.rstrip("\n"))


def take_checkpoint(workspace: Workspace, name: str, file: Path, trust: list[Path], as_json: bool) -> None:
    """Keep a trustee's cosignature with the log that it is of; exports of this size, and notices made after it, carry it."""
    log = log_named(workspace, name)
    taken = take(workspace, log, read_note(file), trustees_of(workspace, trust))
    if as_json:
        cosigned = {"size": taken.size, "taken": taken.new, "cosigned_by": list(taken.cosigned_by), "note": taken.note}
        print_json({**_named(log), **cosigned})
    else:
        said = "taken" if taken.new else "on record already"
        say(f"{log}: the checkpoint of its first {taken.size} entries, cosigned by {', '.join(taken.cosigned_by)}: {said}")


def log_named(workspace: Workspace, name: str) -> str:
    """A log by the name of its deal or series, or by its own (`snapshots`). Raises WrongUsage, naming the logs that there are."""
    logs = workspace.store.logs()
    found = next((log for log in (deal_log(name), name, index_log(name)) if log in logs), None)
    if found is None:
        known = [log.removeprefix("deal/").removeprefix("index/") for log in logs]
        raise WrongUsage(f"there is no log of `{name}`; there are {', '.join(known) or 'none yet'}")
    return found


def _named(log: str) -> dict[str, str]:
    """A log in `--json`: its own name, and its deal where it is one's."""
    return {"log": log, **({"deal": log.removeprefix("deal/")} if log.startswith("deal/") else {})}


def _newest_signed(workspace: Workspace, log: str) -> tuple[int, str]:
    """Size and note of a log's newest checkpoint, signed now where the log has grown. Raises WrongUsage where there is no key."""
    if not (workspace.root / KEY).exists():
        raise WrongUsage(f"there is no key; make one with `headroom keys NAME --into {workspace.root / KEY}`")
    sign_all(workspace)
    found = newest(workspace.store.checkpoints(log))
    if found is None:
        raise VerificationFailed(f"no checkpoint of {log} is kept")
    return found


def cosign_export(folder: Path, key: Path, trust: list[Path], since: Path | None, at: datetime, as_json: bool) -> None:
    """A trustee's cosignature on an exported log, from files alone: it has only grown since the one held, and none of it is of later."""
    keys = trusted(trust)
    if not folder.is_dir():
        raise WrongUsage(f"no such folder: {folder}; the operator makes one with `headroom export DEAL --as tiles --into {folder}`")
    if not key.is_file():
        raise WrongUsage(f"no such file: {key}; make a key with `headroom keys NAME --cosigner --into {key}`")
    _, bodies = read_tiles(folder, keys)
    signing = read_key(key)
    if signing.kind is not Kind.COSIGNER:
        raise WrongUsage(f"{key} is a log's key; a trustee cosigns with one made by `headroom keys NAME --cosigner`")
    not_after(at, ((f"entry {seq}", body) for seq, body in enumerate(bodies)))
    note = read_note(folder / "checkpoint")
    growth = None
    if since is not None:
        held = verify(read_note(since), keys).checkpoint
        leaves = [leaf_hash(body) for body in bodies]
        proof = tuple(consistency_proof(leaves, held.size)) if 0 < held.size <= len(leaves) else ()
        growth = Growth(held, proof)
    signed = cosign(note, keys, signing, at, growth)
    write_whole(folder / "checkpoint", signed.encode())
    if as_json:
        print_json({"folder": str(folder), "note": signed})
    else:
        write(signed.rstrip("\n"))


DATED = ("esma", "10-d")
"""Forms that state what was so on a data cut-off date."""


def export_log(workspace: Workspace, name: str, form: str, into: Path, on: date | None, as_json: bool) -> None:
    """Write a log in one of the forms; what only a deal has as of a data cut-off date, the last one unless given."""
    log = log_named(workspace, name)
    entries = workspace.store.entries(log)
    forms = {**_any(entries), **(_of_a_deal(workspace, name, on) if log.startswith("deal/") else {})}
    if form == "tiles":
        _export_tiles(workspace, log, into)
        count, what = len(entries), "entries"
    elif form in forms:
        made, counted, what = forms[form]
        text = made()
        write_whole(into, text.encode())
        count = counted(text)
    else:
        raise WrongUsage(f"`{form}` is no form of export of {log}; there are tiles, {', '.join(forms)}")
    if as_json:
        print_json({**_named(log), "as": form, "into": str(into), "entries": len(entries), "written": {"count": count, "of": what}})
    else:
        dated = f" of {on or _last_date(workspace, log)}" if form in DATED else ""
        say(f"{into}: {count} {what} of {log.removeprefix('deal/')}, as {form}{dated}")


Forms = dict[str, tuple[Callable[[], str], Callable[[str], int], str]]
"""By name what makes a form, what counts it, and what is counted."""


def _any(entries: Sequence[Entry]) -> Forms:
    return {"jsonl": (lambda: "\n".join(json_lines(entries)) + "\n", _lines_of, "entries")}


def _of_a_deal(workspace: Workspace, name: str, on: date | None) -> Forms:
    deal = name.removeprefix("deal/")
    events = events_of(workspace, deal)
    cut_off = on or max(event.effective_on for event in events)
    return {
        "csv": (lambda: as_csv(events), _rows_of, "results, counts and deadlines"),
        "ics": (lambda: as_calendar(deal, events), lambda text: text.count("BEGIN:VEVENT"), "deadlines"),
        "esma": (lambda: esma_csv(deal, events, cut_off), _rows_of, "tests and triggers"),
        "10-d": (lambda: form_10d_csv(events, cut_off), _rows_of, "tests and triggers"),
    }


def _last_date(workspace: Workspace, log: str) -> date:
    return max(event.effective_on for event in events_of(workspace, log.removeprefix("deal/")))


def _lines_of(text: str) -> int:
    return len(text.splitlines())


def _rows_of(text: str) -> int:
    """Rows of a CSV text without its head."""
    return sum(1 for _ in csv.reader(io.StringIO(text))) - 1


def _export_tiles(workspace: Workspace, log: str, into: Path) -> None:
    key = workspace.root / f"{KEY}.pub"
    if not key.exists():
        make = f"headroom keys NAME --into {workspace.root / KEY}"
        raise WrongUsage(f"tiles carry a signed checkpoint, and there is no key; make one with `{make}`")
    _, note = _newest_signed(workspace, log)
    export(workspace.store.entries(log), note, trusted([key]), into)
