"""Is one notice what it says: verified by itself, offline, by the verifier's own policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.notices.pdf import read_file
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import Later, Step, verify_notice
from engine.record.keys import parse_verifier
from engine.record.merkle import leaf_hash
from engine.record.tiles import read_tiles
from engine.workspace.checkpoints import read_note
from engine.workspace.deal_files import Templates


@dataclass(frozen=True, slots=True)
class FileVerification:
    """The verification of one notice: its file, the policy's file, every step up to the first difference."""

    notice: Path
    policy: Path
    steps: tuple[Step, ...]

    @property
    def verified(self) -> bool:
        """Whether no step found a difference."""
        return not any(step.difference for step in self.steps)

    def as_data(self) -> dict[str, Any]:
        """The verification as JSON: `notice`, `verified`, `steps`."""
        return {"notice": str(self.notice), "verified": self.verified, "steps": [asdict(step) for step in self.steps]}


def verify_notice_file(notice: Path, policy: Path, templates: Templates, held: Sequence[Path] = ()) -> FileVerification:
    """One notice by itself, offline, by the verifier's policy: every step named, up to the first difference.

    `held` are exported logs that trustees cosigned after the notice was made: what a notice carries was signed before it was sent.

    Raises:
        WrongUsage: a file is missing.
        VerificationFailed: the file is not a PDF.
    """
    for path in (notice, policy):
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
    data = read_file(notice)
    if not data.startswith(b"%PDF-"):
        raise VerificationFailed(f"{notice} is not a PDF, so it is no notice")
    trusted_by = read_policy(policy)
    steps = verify_notice(data, trusted_by, templates, [_later(folder, trusted_by) for folder in held])
    return FileVerification(notice, policy, tuple(steps))


def _later(folder: Path, policy: Policy) -> Later:
    """An exported log as it is held. Raises WrongUsage for what is none, VerificationFailed where it does not fit together."""
    if not folder.is_dir():
        raise WrongUsage(
            f"{folder} is no exported log; with a notice, --held is the folder that was cosigned (`headroom export --as tiles`)"
        )
    keys = [parse_verifier(text) for text in (*policy.log_keys, *policy.cosigner_keys)]
    _, bodies = read_tiles(folder, keys)
    return Later(read_note(folder / "checkpoint"), tuple(map(leaf_hash, bodies)))
