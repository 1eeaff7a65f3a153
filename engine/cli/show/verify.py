"""`headroom verify`: what the verification of a record, or of one notice, found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.audit.pages_again import with_drawing
from engine.audit.verify_bundle import BundleVerification, verify_bundle
from engine.audit.verify_export import ExportVerification, verify_export
from engine.audit.verify_file import FileVerification, verify_notice_file
from engine.audit.verify_workspace import verify_record
from engine.cli.output import print_json, say
from engine.events.notice import Pages, Render
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace


def verify_workspace(
    workspace: Workspace,
    trust: list[Path],
    held: list[Path],
    as_json: bool,
    deal: str | None = None,
    policy: Path | None = None,
) -> int:
    """Print every step of a record's verification; 3 if one found a difference."""
    verification = verify_record(workspace, trust, held, deal, policy)
    if as_json:
        print_json(verification.as_data())
    else:
        for finding in verification.findings:
            say(
                f"{finding.verdict:<7} {finding.step}"
                + (f": {finding.difference}" if finding.difference else "")
            )
        # Whose word the hours rest on comes last, so that it is read even if every step holds.
        say(verification.time)
    return 0 if verification.verified else 3


@dataclass(frozen=True)
class Drawing:
    """That a notice is drawn again: of whose record, by what."""

    workspace: Workspace
    render: Render


def verify_file(
    notice: Path,
    policy: Path,
    templates: Templates,
    as_json: bool,
    held: Sequence[Path] = (),
    pages: Pages | None = None,
    drawing: Drawing | None = None,
    strict: bool = False,
) -> int:
    """Print every step of a notice's verification, up to the first difference; 3 if one fails.

    4 where everything holds and its checkpoint is by a key that has ended, or `strict` is asked for and the
    drawing could not be compared.
    """
    verification = verify_notice_file(notice, policy, templates, held, pages)
    # A notice that differs already is not drawn: the first difference is the one that counts.
    if drawing is not None and pages is not None and verification.verified:
        verification = with_drawing(verification, drawing.workspace, pages, drawing.render)
    if as_json:
        print_json(verification.as_data())
    else:
        _say_steps(verification)
    left = verification.by_an_ended_key or (strict and verification.not_drawn)
    return 3 if not verification.verified else 4 if left else 0


def _say_steps(verification: FileVerification | BundleVerification | ExportVerification) -> None:
    """Each step in a line: what differs, what holds, and what could not be compared; and the last line."""
    for line in verification.lines:
        say(line)


def show_export(folder: Path, policy: Path, held: Sequence[Path], as_json: bool) -> int:
    """Print every step of an exported log's verification; 3 if one fails."""
    verification = verify_export(folder, policy, held)
    if as_json:
        print_json(verification.as_data())
    else:
        _say_steps(verification)
    return 3 if not verification.verified else 4 if verification.by_an_ended_key else 0


def show_bundle(bundle: Path, policy: Path, templates: Templates, pages: Pages, as_json: bool) -> int:
    """Print every step of a bundle's verification; 3 if one fails."""
    verification = verify_bundle(bundle, policy, templates, pages)
    if as_json:
        print_json(verification.as_data())
    else:
        _say_steps(verification)
    return 3 if not verification.verified else 4 if verification.by_an_ended_key else 0
