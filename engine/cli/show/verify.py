"""`headroom verify`: what the verification of a record, or of one notice, found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.audit.verify_file import verify_notice_file
from engine.audit.verify_workspace import verify_record
from engine.cli.output import print_json, say
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace


def verify_workspace(workspace: Workspace, trust: list[Path], held: list[Path], as_json: bool, deal: str | None = None) -> int:
    """Print every step of a record's verification; 3 where one found a difference."""
    found = verify_record(workspace, trust, held, deal)
    if as_json:
        print_json(found.as_data())
    else:
        for finding in found.findings:
            verdict = "DIFFERS" if finding.difference else "holds  "
            say(f"{verdict} {finding.step}" + (f": {finding.difference}" if finding.difference else ""))
        say(found.time)
    return 0 if found.verified else 3


def verify_file(notice: Path, policy: Path, templates: Templates, as_json: bool, held: Sequence[Path] = ()) -> int:
    """Print every step of a notice's verification, up to the first difference; 3 where one fails."""
    found = verify_notice_file(notice, policy, templates, held)
    if as_json:
        print_json(found.as_data())
    else:
        for step in found.steps:
            say(f"DIFFERS  {step.name}: {step.difference}" if step.difference else f"holds    {step.name}: {step.found}")
        say(f"{notice.name} is what it says, by {policy.name}" if found.verified else "")
    return 0 if found.verified else 3
