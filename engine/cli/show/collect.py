"""`headroom collect`: what the marketplace answered, and whether that is shown to be all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.cli.output import print_json, progress, progress_done, say
from engine.operations.snapshots import collect_now as collected
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace


def collect_now(workspace: Workspace, scribe: Callable[[], Scribe], as_json: bool, accept: Sequence[str] = ()) -> None:
    """Collect once and say what came. Raises WrongUsage without a right or an address, CollectionHeld for a change of form."""
    try:
        snapshot, new, right = collected(workspace, scribe, accept, progress)
    finally:
        progress_done()
    unproven = sorted(set(snapshot.models) - (snapshot.whole or frozenset()))
    if as_json:
        found = {"sha256": snapshot.sha256, "collected_at": snapshot.collected_at.isoformat(), "new": new}
        print_json({**found, "not_shown_whole": unproven})
        return
    say(f"collected {len(snapshot.models)} GPU models at {snapshot.collected_at:%Y-%m-%d %H:%M:%S} UTC: {snapshot.sha256}")
    if unproven:
        say(f"not shown to be whole, because answers from both ends of the price list did not meet: {', '.join(unproven)}")
    say(f"under {right['document']} of {right['date']}, held by {right['holder']}")
