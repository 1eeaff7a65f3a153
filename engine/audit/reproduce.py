"""A published week from snapshots alone, step by step, as a third party would compute it (WP §7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.basics.values import counted
from engine.events.kinds import Event
from engine.events.log_names import administered_series, computed_series
from engine.events.market_events import SnapshotImported
from engine.market.collection_swaps import explained
from engine.market.index import collected_days, definition
from engine.market.index_value import IndexValue
from engine.market.methodology import load_methodology
from engine.market.snapshot import SnapshotRefused
from engine.record.log import SNAPSHOTS, prints_in, read
from engine.workspace.series import computed, overrides_of
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The outcome of computing a published week again.

    Attributes:
        value: the value, 4 decimals; None for none.
        published: what is on record for the date under the same version; None for nothing.
        same: whether value and snapshots are the same.
        steps: each step of the paper with its outcome.
        exit_code: 0, or 3 if something differs.
    """

    value: str | None
    published: str | None
    same: bool
    steps: tuple[tuple[str, str], ...]
    exit_code: int


def reproduction(workspace: Workspace, index: str, version: str, publication: date) -> Reproduction:
    """Compute the value from snapshots alone, each step with its outcome.

    If a different value was published, the result names the collection that explains the difference.
    """
    prints = _prints(workspace, computed_series(index, version), publication)
    try:
        by = prints[-1].recorded_at if prints else None
        # A week ends on the day before its publication, so the Publication Date itself is not in it.
        value = computed(workspace, index, version, publication - timedelta(days=1), overridden_by=by)
    except SnapshotRefused as error:
        return Reproduction(None, None, False, (("(a) snapshots", f"DIFFERS: {error}"),), 3)
    stated: Mapping[str, Any] | None = prints[-1].payload.value if prints else None
    shown = None if value.value is None else str(value.value)
    # The same value of other snapshots is not the same: it could agree by chance.
    same = stated is not None and stated["value"] == shown and tuple(stated["inputs"]) == value.inputs
    steps = [*_computed(value)]
    if stated is None:
        steps.append(("(d) against the published value", "nothing is published here for this date"))
    else:
        steps.append(
            (
                "(d) against the published value",
                f"published {stated['value'] or 'no value'}: {'the same' if same else 'DIFFERS'}",
            )
        )
        steps += [("    explained by", said) for said in _other_inputs(workspace, stated, value)]
    steps += _administrator(workspace, index, version, publication, value)
    return Reproduction(
        shown, stated["value"] if stated else None, same, tuple(steps), 0 if stated is None or same else 3
    )


def _prints(workspace: Workspace, series: str, publication: date) -> list[Event]:
    return [event for event in prints_in(workspace.store, series) if event.effective_on == publication]


def _computed(value: IndexValue) -> tuple[tuple[str, str], ...]:
    days = [d for d in value.days if d.snapshot is not None]
    pool = f"{counted(value.observations, 'observations')} of {counted(value.valid_days, 'valid days')}"
    return (
        ("(a) snapshots", f"{len(days)} of 7 days; every file is the one that its SHA-256 names"),
        (
            "(b) quality filters",
            "; ".join(f"{d.date}: {d.qualifying} of {d.offers} qualify" for d in days) or "no day",
        ),
        (
            "(b) outlier removal",
            "; ".join(f"{d.date}: {d.kept} kept{'' if d.counts else ', does not count'}" for d in days)
            or "no day",
        ),
        ("(c) median of the pool", f"{value.value or 'no value'} from {pool}"),
    )


def _other_inputs(workspace: Workspace, stated: Mapping[str, Any], value: IndexValue) -> list[str]:
    """Return each collection that counted at only one of two times.

    The two times are the publication and now. Each collection comes with the time of its recording.
    """
    recorded = {
        e.payload.sha256: e
        for e in read(workspace.store, SNAPSHOTS)
        if isinstance(e.payload, SnapshotImported)
    }
    was, now = set(stated["inputs"]), set(value.inputs)
    said = [f"{_named(recorded, sha256)} stands now, and was not used" for sha256 in sorted(now - was)]
    return said + [
        f"{_named(recorded, sha256)} was used, and does not stand now" for sha256 in sorted(was - now)
    ]


def _named(recorded: Mapping[str, Event], sha256: str) -> str:
    event = recorded.get(sha256)
    if event is None or not isinstance(event.payload, SnapshotImported):
        return f"the collection {sha256[:12]}, which no log names,"
    at = event.payload.collected_at
    return (
        f"the collection of {at:%Y-%m-%d %H:%M:%S} UTC ({sha256[:12]}), recorded "
        f"{event.recorded_at:%Y-%m-%d %H:%M},"
    )


def _administrator(
    workspace: Workspace, index: str, version: str, publication: date, value: IndexValue
) -> list[tuple[str, str]]:
    """Return the comparison with the administrator's own value, if that is on record.

    The lines say which collections would give that value.
    """
    theirs = _prints(workspace, administered_series(index), publication)
    stated = theirs[-1].payload.value["value"] if theirs else None
    if stated is None:
        return []
    step = "(d) against the administrator's value"
    published, rules = Decimal(stated), load_methodology(version)
    if value.value == published:
        return [(step, f"published {stated}: the same")]
    end = publication - timedelta(days=1)
    snapshots = tuple(workspace.archive.between(end - timedelta(days=6), end))
    overrides = overrides_of(read(workspace.store, SNAPSHOTS), index)
    days = collected_days(definition(index, workspace.indices), rules, snapshots, end, overrides)
    swaps = explained(days, rules, published)
    said = "no other choice of collections gives it" if swaps is None else "; ".join(map(str, swaps))
    return [(step, f"published {stated}: DIFFERS"), ("    explained by", said)]
