"""Is an exported log what it says: by keys, by its time stamp, by the checkpoints that the verifier kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.audit.held_notes import held_notes
from engine.audit.held_stamps import HELD_STAMP, Believing, HeldStamp, held_stamp_steps, held_stamps
from engine.audit.verify_file import later_of
from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed, WrongUsage
from engine.basics.values import counted
from engine.notices.checkpoint_stamp import stamp_words, time_of_log
from engine.notices.closing import NOT_COMPARED, Step, step_lines
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import Later, signed_by
from engine.record.checkpoint import Checkpoint, stated
from engine.record.key_lives import KeyLives, called, key_lives, living
from engine.record.keys import Kind
from engine.record.merkle import root


@dataclass(frozen=True, slots=True)
class ExportVerification:
    """The verification of an exported log: its folder, the policy's file, and every step."""

    folder: Path
    policy: Path
    steps: tuple[Step, ...]

    @property
    def verified(self) -> bool:
        """Whether no step found a difference."""
        return not any(step.difference for step in self.steps)

    @property
    def by_an_ended_key(self) -> bool:
        """Whether its checkpoint is by a key that has ended (`rulings.md` 66)."""
        return any(step.name == "log" and step.found.startswith(NOT_COMPARED) for step in self.steps)

    @property
    def said(self) -> str:
        """The last line: what was compared; nothing if a step found a difference."""
        if not self.verified:
            return ""
        held = sum(step.name == "held checkpoint" and step.verdict == "holds" for step in self.steps)
        parts = ["every entry with the root that your keys signed"]
        parts += ["its time stamp"] if any(step.name == "time stamp" for step in self.steps) else []
        parts += [f"{counted(held, 'held checkpoints')} with its first entries"] if held else []
        stamps = sum(step.name.startswith(HELD_STAMP) and step.verdict == "holds" for step in self.steps)
        parts += [f"{counted(stamps, 'time stamps')} beside what is held"] if stamps else []
        head = f"{self.folder.name} is what it says as far as was compared, by {self.policy.name}."
        return f"{head} Compared: {'; '.join(parts)}. Not compared: what its entries say."

    @property
    def lines(self) -> tuple[str, ...]:
        """Each step in a line, and the last line."""
        return step_lines(self.steps, self.said)

    def as_data(self) -> dict[str, Any]:
        """Return the verification as JSON: `folder`, `verified`, `steps`, `closing`."""
        steps = [asdict(step) for step in self.steps]
        return {
            "folder": str(self.folder),
            "verified": self.verified,
            "steps": steps,
            "closing": self.said,
        }


def verify_export(folder: Path, policy: Path, held: Sequence[Path] = ()) -> ExportVerification:
    """Return an exported log by itself, offline, by the verifier's own policy.

    Args:
        folder: the log as it was exported as tiles.
        policy: the file that says what the verifier trusts.
        held: checkpoints, notices and exported logs that the verifier kept.

    Raises WrongUsage if a file is missing, Unavailable if the disk fails.
    """
    if not policy.is_file():
        raise WrongUsage(f"no such file: {policy}")
    steps = _steps(folder, read_policy(policy), held_notes(held), held_stamps(held))
    return ExportVerification(folder, policy, tuple(steps))


def _steps(folder: Path, policy: Policy, notes: Sequence[str], stamps: Sequence[HeldStamp]) -> Iterator[Step]:
    try:
        later = later_of(folder, policy)
        lives = key_lives(later.bodies, stated(later.note).origin, policy.keys(), policy.ended())
        yield Step("log", _signed(later, lives, policy))
    except (Unavailable, WrongUsage):
        raise
    except HeadroomError as failed:
        yield Step("log", difference=str(failed))
        return
    if later.stamp is not None:
        yield _stamp(later, later.stamp, lives, policy)
    for note in notes:
        yield _held(note, later, lives, policy)
    believing = Believing(lives.keys, policy.authorities(), "the policy")
    yield from held_stamp_steps(stamps, believing, partial(_covered, later))


def _covered(later: Later, held: Checkpoint) -> Sequence[bytes] | None:
    """Return the entries that a held checkpoint covers; None if it is of another log than this one."""
    if held.origin != stated(later.note).origin:
        return None
    fits = held.size <= len(later.bodies) and root(later.leaves[: held.size]) == held.root
    return later.bodies[: held.size] if fits else ()


def _signed(later: Later, lives: KeyLives, policy: Policy) -> str:
    """Return which log it is, how long, and who signed it."""
    found = living(later.note, lives, policy.keys())
    origin, size = found.checkpoint.origin, found.checkpoint.size
    keys = [signature.key for signature in found.signatures]
    by = next((key for key in keys if key.kind is Kind.LOG), None)
    if by is None:
        raise VerificationFailed(f"the log is of {origin}, and no log key of the policy signed it")
    policy.refuse_other_log(origin)
    end = lives.ended(found)
    alone = "" if end is None else f"{NOT_COMPARED}: signed by a key that ended on {end.on}; "
    others = ", ".join(dict.fromkeys(called(key) for key in keys if key != by))
    cosigned = f"; cosigned by {others}" if others else ""
    return f"{alone}{origin}: {counted(size, 'entries')}, {signed_by(by, [lives], policy)}{cosigned}"


def _stamp(later: Later, text: str, lives: KeyLives, policy: Policy) -> Step:
    """Return when the log was time-stamped, and by whom."""
    try:
        found = time_of_log(text, later.note, later.bodies, lives.keys, policy.authorities())
    except VerificationFailed as failed:
        return Step("time stamp", difference=str(failed))
    return Step("time stamp", f"its log was {stamp_words(found)}")


def _held(note: str, later: Later, lives: KeyLives, policy: Policy) -> Step:
    """Return whether a checkpoint that somebody kept is a first part of the log, and what came after."""
    log = stated(later.note)
    try:
        if stated(note).origin != log.origin:
            return Step("held checkpoint", f"{NOT_COMPARED}: it is of {stated(note).origin}")
        found = living(note, lives, policy.keys())
        if not any(signature.key.kind is Kind.LOG for signature in found.signatures):
            raise VerificationFailed("the held checkpoint is signed by no log key of the policy")
        size = counted(found.checkpoint.size, "entries")
        if found.checkpoint.size > log.size:
            raise VerificationFailed(
                f"the held checkpoint has {size}, the log {log.size}: entries were taken away"
            )
        if root(later.leaves[: found.checkpoint.size]) != found.checkpoint.root:
            raise VerificationFailed(
                f"the first {size} of the log are not the ones that the held checkpoint signed"
            )
    except VerificationFailed as failed:
        return Step("held checkpoint", difference=str(failed))
    came = log.size - found.checkpoint.size
    return Step(
        "held checkpoint",
        f"{log.origin}: the {size} of the held checkpoint are its first; {came} came after",
    )
