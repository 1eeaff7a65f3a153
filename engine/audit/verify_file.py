"""Is one notice what it says: verified by itself, offline, by the verifier's own policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.determination.template import Template
from engine.events.notice import Pages
from engine.notices.closing import NOT_COMPARED, Closing, Step, closing_of, step_lines
from engine.notices.pdf import read_file
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import Later, verify_notice
from engine.record.merkle import leaf_hash
from engine.record.note_files import read_note, stamp_beside
from engine.record.tiles import read_tiles


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

    @property
    def not_drawn(self) -> bool:
        """Whether the drawing was to be compared and could not be."""
        return any(step.name == "drawing" and step.found.startswith(NOT_COMPARED) for step in self.steps)

    @property
    def by_an_ended_key(self) -> bool:
        """Whether the checkpoint is by a key that has ended (`rulings.md` 66).

        The answer is False if a later log shows that the checkpoint is its first part.
        """
        return any(step.name == "log" and step.found.startswith(NOT_COMPARED) for step in self.steps)

    @property
    def closing(self) -> Closing:
        """What was compared and what was not."""
        return closing_of(self.steps)

    @property
    def said(self) -> str:
        """The last line, which lists what was compared; nothing if a step found a difference."""
        return self.closing.said(self.notice.name, self.policy.name) if self.verified else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each step in a line, and the last line."""
        return step_lines(self.steps, self.said)

    def as_data(self) -> dict[str, Any]:
        """Return the verification as JSON.

        The keys are `notice`, `verified`, `signed`, `steps`, `compared`, `not_compared` and `closing`.
        """
        closing = self.closing
        return {
            "notice": str(self.notice),
            "verified": self.verified,
            "signed": closing.signed,
            "steps": [asdict(step) for step in self.steps],
            "compared": list(closing.compared) if self.verified else [],
            "not_compared": list(closing.left) if self.verified else [],
            "closing": self.said,
        }


def verify_notice_file(
    notice: Path,
    policy: Path,
    templates: Mapping[str, Template],
    held: Sequence[Path] = (),
    pages: Pages | None = None,
) -> FileVerification:
    """Return the offline verification of a notice by the verifier's policy.

    Every step is named, up to the first difference. `held` are exported logs that trustees cosigned after the
    notice was made: what a notice carries was signed before it was sent.

    Raises:
        WrongUsage: a file is missing.
        VerificationFailed: the file is not a PDF.
    """
    for path in (notice, policy):
        if not path.is_file():
            raise WrongUsage(f"no such file: {path}")
    data = read_file(notice)
    if not data.startswith(b"%PDF-"):
        raise VerificationFailed(f"{notice} is not a PDF, so it is not a notice")
    trusted_by = read_policy(policy)
    steps = verify_notice(
        data, trusted_by, templates, [later_of(folder, trusted_by) for folder in held], pages
    )
    return FileVerification(notice, policy, tuple(steps))


def later_of(folder: Path, policy: Policy) -> Later:
    """Return an exported log as it is held.

    Raises WrongUsage for what is not one, VerificationFailed if it does not fit together.
    """
    if not folder.is_dir():
        raise WrongUsage(
            f"{folder} is not an exported log; with a notice, --held is the folder that was cosigned "
            "(`headroom export --as tiles`)"
        )
    _, bodies = read_tiles(folder, policy.keys(), policy.ended())
    note = folder / "checkpoint"
    return Later(read_note(note), tuple(map(leaf_hash, bodies)), tuple(bodies), stamp_beside(note))
