"""One report taken into a workspace, as the command takes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.operations.intake import Intake
from engine.record.log import Scribe
from engine.servicer_report.read_report import ServicerReport
from engine.workspace.workspace import Workspace


def take(
    workspace: Workspace,
    text: str,
    file: str,
    received: date | None,
    templates: Mapping[str, Template],
    scribe: Scribe,
) -> tuple[ServicerReport, list[Problem], bool]:
    """The report, its warnings, whether it is new."""
    taken = Intake(workspace, templates, scribe).take(text.encode(), file, received)
    return taken.report, list(taken.warnings), taken.recorded
