"""A log found by the name of its deal or of its series."""

from __future__ import annotations

from engine.basics.errors import WrongUsage
from engine.events.log_names import deal_of_log, deals_among, subject_of_log
from engine.record.log import deal_log, index_log
from engine.workspace.workspace import Workspace


def log_named(workspace: Workspace, name: str) -> str:
    """Return a log by the name of its deal or series, or by its own (`snapshots`).

    Raises WrongUsage, naming the logs that there are.
    """
    logs = workspace.store.logs()
    match = next((log for log in (deal_log(name), name, index_log(name)) if log in logs), None)
    if match is None:
        known = [subject_of_log(log) for log in logs]
        raise WrongUsage(f"a log of `{name}` does not exist; there are {', '.join(known) or 'none yet'}")
    return match


def named_log(log: str) -> dict[str, str]:
    """Return a log in JSON: its own name, and its deal where it is one's."""
    return {"log": log, **({"deal": deal} if (deal := deal_of_log(log)) is not None else {})}


def recorded_deals(workspace: Workspace) -> tuple[str, ...]:
    """Return the deals that have a log, by name."""
    return tuple(sorted(deals_among(workspace.store.logs())))
