"""Whether the keys of a record's logs followed each other as the logs say (`rulings.md` 66)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from engine.basics.errors import VerificationFailed
from engine.record.checkpoint import newest, verify
from engine.record.key_lives import KIND, KeyLives, called, key_lives
from engine.record.keys import Kind, VerifierKey
from engine.workspace.checkpoints import origin
from engine.workspace.workspace import Workspace


def with_followers(
    workspace: Workspace, logs: Iterable[str], keys: Sequence[VerifierKey]
) -> list[VerifierKey]:
    """Return the trusted keys, and the keys that followed them in any of the logs.

    A log that does not fit together adds no key.
    """
    return list(
        dict.fromkeys((*keys, *(key for _, lives in _lives(workspace, logs, keys) for key in lives.keys)))
    )


def past_its_end(notes: Sequence[str], lives: KeyLives, keys: Sequence[VerifierKey]) -> Iterator[str]:
    """Yield what is wrong with checkpoints by a key that had ended.

    A checkpoint that an ended key signs does not count, and a log must not end with such a checkpoint.
    """
    found = [verify(note, keys) for note in notes]
    for one in found:
        end = lives.after_its_end(one)
        if end is not None:
            yield (
                f"a checkpoint of {one.checkpoint.size} entries is signed by a key that ended on {end.on}, "
                f"at entry {end.seq}"
            )
    ended = [(one.checkpoint.size, lives.ended(one)) for one in found]
    if ended and all(end is not None for _, end in ended):
        last = next(end for _, end in sorted(ended, key=lambda one: one[0], reverse=True) if end is not None)
        yield f"signed by a key that ended on {last.on}, and no checkpoint is by a key that lives"


def not_replaced(workspace: Workspace, logs: Sequence[str], keys: Sequence[VerifierKey]) -> Iterator[str]:
    """Yield logs whose keys do not follow one another.

    Either a key signed a log last that ended in another log, or a second key signs a log without having
    replaced the first.
    """
    by_log = dict(_lives(workspace, logs, keys))
    ends = {key: (log, end) for log, lives in by_log.items() for key, end in lives.ends.items()}
    every = list(dict.fromkeys((*keys, *(key for lives in by_log.values() for key in lives.keys))))
    # With a single log key none can follow another, and reading all checkpoints would be for nothing.
    if sum(key.kind is Kind.LOG for key in every) < 2:
        return
    for log, lives in by_log.items():
        signers = [_log_key(note, every) for _, note in workspace.store.checkpoints(log)]
        last = _log_key((newest(workspace.store.checkpoints(log)) or (0, ""))[1], every)
        # A key is replaced in every log that it signed (`rulings.md` 66), so one log alone is not enough.
        if last is not None and last in ends and last not in lives.ends:
            there, end = ends[last]
            yield (
                f"{log} is signed by {called(last)}, which ended on {end.on} by {there}, and does not "
                "record that it was replaced"
            )
        for before, after in pairwise(signers):
            # A note that a known key did not sign is named by another step, and would break the chain here.
            if before is not None and after is not None and before != after and before not in lives.ends:
                yield (
                    f"{log} was signed by {called(before)} and then by {called(after)}, and does not record "
                    "that one replaced the other"
                )


def _lives(
    workspace: Workspace, logs: Iterable[str], keys: Sequence[VerifierKey]
) -> Iterator[tuple[str, KeyLives]]:
    """The keys of each log by its own entries; a log that does not fit together is found elsewhere."""
    with workspace.store.read() as reader:
        changed = {log: reader.any_of_kind(log, KIND) for log in logs}
    for log, any_replaced in changed.items():
        try:
            # Most logs never change their key: without such an entry, no body has to be read.
            bodies = [entry.body for entry in workspace.store.entries(log)] if any_replaced else []
            yield log, key_lives(bodies, origin(workspace, log), keys)
        except VerificationFailed:
            continue


def _log_key(note: str, keys: Iterable[VerifierKey]) -> VerifierKey | None:
    """Return the log key that signed a note; None if no known one did, or the note cannot be read."""
    try:
        return next((one.key for one in verify(note, keys).signatures if one.key.kind is Kind.LOG), None)
    except VerificationFailed:
        return None
