"""`headroom collect`: ask the marketplace, keep the answer as a Snapshot with the right under which it was taken."""

from __future__ import annotations

from collections.abc import Callable

from engine.basics.errors import WrongUsage
from engine.cli.output import print_json, progress, progress_done, say
from engine.cli.show.index import record_snapshots
from engine.market.collect import Query, collect
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace

NO_RIGHT = (
    "no right to collect is stated. The marketplace's terms of use are reported to forbid automated collection without a "
    "written agreement. State the right under [collection_right] in headroom.toml (document, date, holder), or use the two "
    "other ways in: import snapshots that you may use (`headroom import`), or take the administrator's published series "
    "(`headroom import --series CRI-H100 FILE.csv`)."
)


def collect_now(workspace: Workspace, scribe: Callable[[], Scribe], as_json: bool) -> None:
    """One collection: asked for at once, for offers do not wait, and recorded when nobody else records.

    Raises WrongUsage without a stated right or an address.
    """
    settings = workspace.settings
    if settings.collection_right is None:
        raise WrongUsage(NO_RIGHT)
    if not settings.collect.base_url:
        raise WrongUsage("no address is set: write `base_url` under [collect] in headroom.toml")
    right = settings.collection_right.model_dump()
    query = Query(settings.collect.base_url, settings.collect.models, settings.collect.limit, settings.collect.timeout_seconds)
    asked_at = scribe().at
    data = collect(query, asked_at, right, progress)
    with workspace.alone(told=lambda: progress("collected; another command records in this workspace")):
        snapshot, new = workspace.archive.add(data, f"{asked_at:%Y%m%dT%H%M%SZ}.json")
        record_snapshots(workspace, [snapshot], scribe(), right)
    progress_done()
    if as_json:
        print_json({"sha256": snapshot.sha256, "collected_at": snapshot.collected_at.isoformat(), "new": new})
    else:
        say(f"collected {len(snapshot.models)} GPU models at {snapshot.collected_at:%Y-%m-%d %H:%M:%S} UTC: {snapshot.sha256}")
        say(f"under {right['document']} of {right['date']}, held by {right['holder']}")
