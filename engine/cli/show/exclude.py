"""`headroom exclude`: a Manifest Error Override, by which an index does not take named listings (WP §7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.inert import same_person
from engine.cli.output import print_json, say, table
from engine.events.draft import Draft
from engine.events.market_events import ListingsExcluded
from engine.market.index import definition
from engine.market.listing import Listings, qualifying
from engine.market.methodology import load_methodology
from engine.record.log import SNAPSHOTS, Scribe, append
from engine.workspace.documents import keep_document, read_document
from engine.workspace.series import computed
from engine.workspace.workspace import Workspace


def listings_of(workspace: Workspace, index: str, version: str, on: date) -> tuple[str, Listings]:
    """The snapshot that stands for a day of an index, and its listings. Raises WrongUsage for a day without one."""
    sha256 = computed(workspace, index, version, on).days[-1].snapshot
    found = next((one for one in workspace.archive.between(on, on) if one.sha256 == sha256), None)
    if found is None:
        raise WrongUsage(f"no snapshot of {on} speaks of {index}")
    known = definition(index, workspace.indices)
    return found.sha256, qualifying(found, known.gpu_name, known.countries, load_methodology(version))


def show_listings(workspace: Workspace, index: str, version: str, on: date, as_json: bool) -> None:
    """Every Qualifying Listing of a day with the number that an override names it by, the highest price first."""
    sha256, found = listings_of(workspace, index, version, on)
    pairs = sorted(zip(found.places, found.observations, strict=True), key=lambda pair: -pair[1].micro)
    if as_json:
        rows = [{"listing": n, "usd": str(o.usd), "host": o.host, "machine": o.machine, "gpus": o.gpus} for n, o in pairs]
        print_json({"index": index, "date": str(on), "snapshot": sha256, "listings": rows})
        return
    say(f"{index}, {on}, snapshot {sha256[:12]}: {len(pairs)} Qualifying Listings")
    rows_ = [(str(n), f"{o.usd:.6f}", o.host or "-", o.machine or "-", str(o.gpus)) for n, o in pairs]
    say(table(("listing", "USD per GPU-hour", "host", "machine", "GPUs"), rows_, right=(0, 1, 4)))


def exclude(
    workspace: Workspace,
    index: str,
    version: str,
    on: date,
    listings: Sequence[int],
    said: tuple[str, Path, str, str],
    scribe: Scribe,
    as_json: bool,
) -> None:
    """Record that an index does not take listings of a day's snapshot; entered again word for word, it is on record already.

    Args:
        workspace: where it is recorded.
        index: the index.
        version: the methodology under which the day's snapshot is found; the override holds for every version.
        on: the day of the snapshot.
        listings: their numbers, as `show_listings` has them.
        said: the reason, the document, who prepared and who approved it.
        scribe: who records.
        as_json: whether to print JSON.

    Raises:
        WrongUsage: no such listing qualifies, no document, or one person in both roles.
    """
    reason, path, prepared_by, approved_by = said
    if same_person(prepared_by, approved_by):
        raise WrongUsage(f"{prepared_by} cannot both prepare and approve an override; name a second person")
    sha256, found = listings_of(workspace, index, version, on)
    strange = sorted(set(listings) - set(found.places))
    if strange:
        known = ", ".join(str(place) for place in found.places) or "none"
        raise WrongUsage(f"of {index} on {on} no listing {', '.join(map(str, strange))} qualifies; there are {known}")
    document = read_document(path)
    payload = ListingsExcluded(
        index=index,
        snapshot=sha256,
        listings=tuple(sorted(set(listings))),
        reason=reason,
        document=document.name,
        document_sha256=document.sha256,
        prepared_by=prepared_by,
        approved_by=approved_by,
    )
    subject = f"{index}|{sha256[:16]}|{','.join(map(str, payload.listings))}"
    draft = Draft(kind="listings excluded", subject=subject, effective_on=on, payload=payload)
    keep_document(workspace, document)
    with workspace.store.begin() as writer:
        new = bool(append(writer, SNAPSHOTS, [draft], scribe))
    if as_json:
        print_json({"recorded": new, **payload.model_dump(mode="json")})
    else:
        say(f"{index}: {payload.disclosed}: {'recorded' if new else 'already on record'}; a week published before is not changed by it:")
        say("  `headroom restate` shows what it would be")
