"""`headroom collect`: what the marketplace answered, and whether that is shown to be all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.cli.output import print_json, progress, progress_done, say
from engine.operations.snapshots import collect_now as collected
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe


def collect_now(
    workspace: Workspace, scribe: Callable[[], Scribe], as_json: bool, accept: Sequence[str] = ()
) -> None:
    """Collect once and say what came.

    Raises WrongUsage without a right or an address, CollectionHeld for a change of form.
    """
    try:
        collection = collected(workspace, scribe, accept, progress)
    finally:
        progress_done()
    if as_json:
        print_json(collection.as_data())
        return
    snapshot, right = collection.snapshot, collection.right
    say(
        f"collected {len(snapshot.models)} GPU models at {snapshot.collected_at:%Y-%m-%d %H:%M:%S} UTC: "
        f"{snapshot.sha256}"
    )
    if unproven := collection.not_shown_whole:
        say(
            "not shown to be whole, because answers from both ends of the price list did not meet: "
            f"{', '.join(unproven)}"
        )
    say(f"under {right['document']} of {right['date']}, held by {right['holder']}")
