"""The disclosure that a rating agency asks for, (a) to (d) (WP §8.3).

It states the figures of the record, and then each IOSCO principle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from engine.basics.values import counted
from engine.determination.scenario import BANDS, USEFUL_LIVES
from engine.events.log_names import series_name
from engine.events.market_events import IndexAnnounced, IndexFinding, ListingsExcluded, SnapshotImported
from engine.market.methodology import known_versions, load_methodology
from engine.record.log import SNAPSHOTS, index_log, read
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

PRINCIPLES = (
    (
        "1",
        "overall responsibility of the administrator",
        "the operator named in the settings computes and signs every log",
    ),
    (
        "2",
        "oversight of third parties",
        "the marketplace is a source alone; its answers are kept whole by their SHA-256",
    ),
    ("3", "conflicts of interest", "not shown by the record: the operator's own statement is needed"),
    ("4", "control framework", "overrides, announcements and late reports take a document and two persons"),
    ("5", "internal oversight", "not shown by the record: the operator's own statement is needed"),
    ("6", "benchmark design", "median of a week's qualifying listings of one model in one country; WP §5"),
    ("7", "data sufficiency", "listings, valid days and sellers of each week are printed; see (a)"),
    (
        "8",
        "hierarchy of data inputs",
        "raw answers before filtered files before cut answers; offers, never executed trades",
    ),
    (
        "9",
        "transparency of determinations",
        "each print names its collections, each removed listing its rule",
    ),
    ("10", "periodic review", "`headroom review` writes one page for each quarter"),
    (
        "11",
        "content of the methodology",
        "each version is a file of parameters that ships and is never edited",
    ),
    ("12", "changes to the methodology", "a material change waits for consent where a deal asks for it"),
    ("13", "transition", "a deal's fallback, its successor benchmark, and announcements of cessation"),
    ("14", "submitter code of conduct", "does not apply: nobody submits"),
    (
        "15",
        "internal controls over data collection",
        "twelve named changes of form are refused until a person accepts them",
    ),
    ("16", "complaints procedures", "not shown by the record: the operator's own statement is needed"),
    ("17", "audits", "no independent audit is on record; a rated transaction needs one before closing"),
    (
        "18",
        "audit trail",
        "append-only logs with a Merkle root, signed checkpoints, cosignatures where a trustee gives them",
    ),
    (
        "19",
        "cooperation with regulatory authorities",
        "`headroom export` writes every log as files that anybody can verify",
    ),
)
"""The nineteen IOSCO Principles for Financial Benchmarks (2013), and what the record shows of each."""


@dataclass(frozen=True, slots=True)
class RatingDisclosure:
    """The disclosure, each part as lines of (what, figure)."""

    series: str
    data_source: Sequence[tuple[str, str]]
    scenarios: Sequence[tuple[str, str]]
    governance: Sequence[tuple[str, str]]
    audit: Sequence[tuple[str, str]]
    principles: Sequence[tuple[str, str, str]]

    def as_data(self) -> dict[str, Any]:
        """Return the disclosure as JSON."""
        return asdict(self)


def rating_disclosure(workspace: Workspace, series: str) -> RatingDisclosure:
    """Return the disclosure of a recorded series, (a) to (d).

    Raises WrongUsage for a series that is not on record.
    """
    events = on_record(workspace, series)
    newest = {event.effective_on: event.payload.value for event in events}
    values = [newest[day] for day in sorted(newest)]
    # Overrides and announcements stand in the same log as the snapshots, so one read serves all parts.
    entered = read(workspace.store, SNAPSHOTS)
    return RatingDisclosure(
        series,
        _source(values, entered),
        _scenarios(),
        _governance(workspace, series, values, entered, len(events)),
        _audit(workspace, series),
        PRINCIPLES,
    )


def _source(values: Sequence[Mapping[str, Any]], entered: Sequence[Any]) -> list[tuple[str, str]]:
    """Answer (a): an independent, auditable data source, with the depth that it had."""
    valued = [value for value in values if value["value"] is not None]
    flagged = sum(bool(value["low_confidence"]) for value in valued)
    said = [
        (
            "first and last Publication Date",
            f"{values[0]['publication_date']} to {values[-1]['publication_date']}",
        ),
        ("weeks with a value", f"{len(valued)} of {len(values)}"),
        ("flagged Low Confidence", f"{flagged} of {len(valued)}"),
    ]
    for what, key in (
        ("listings a week", "observations"),
        ("valid days a week", "valid_days"),
        ("named sellers a week", "hosts"),
    ):
        # An administrator's week may lack these counts, and a zero in their place would be a figure.
        known = sorted(int(value[key]) for value in valued if value.get(key) is not None)
        said.append((what, f"{known[0]} to {known[-1]}, middle {median(known):g}" if known else "not known"))
    widths = sorted(
        float(value["interval_width"]) for value in valued if value.get("interval_width") is not None
    )
    said.append(
        (
            "width of the 95% interval",
            f"{widths[0]:.1%} to {widths[-1]:.1%}, middle {median(widths):.1%}" if widths else "not known",
        )
    )
    collections = [event.payload for event in entered if isinstance(event.payload, SnapshotImported)]
    # The same document covers many collections, and is named once.
    rights = {
        collection.collection_right["document"] for collection in collections if collection.collection_right
    }
    said.append(("collections on record, each by its SHA-256", str(len(collections))))
    return [*said, ("right to collect", ", ".join(sorted(rights)) or "none stated on record")]


def _scenarios() -> list[tuple[str, str]]:
    """Answer (b): depreciation scenarios for sensitivity analysis (WP Table 4)."""
    return [
        (
            f"scenario {name}",
            f"rates fall {float(low):.0%} to {float(high):.0%} a year; useful life {USEFUL_LIVES[name]}",
        )
        for name, (low, high) in BANDS.items()
    ]


def _governance(
    workspace: Workspace,
    series: str,
    values: Sequence[Mapping[str, Any]],
    entered: Sequence[Any],
    prints: int,
) -> list[tuple[str, str]]:
    """Answer (c): methodology governance to the standard of documentation after LIBOR."""
    name = series_name(series)
    # The order in which versions came into use is kept, because it is the history of the method.
    made = dict.fromkeys(str(value["methodology"]) for value in values if value["methodology"])
    # Every print of a date after the first one is a Restatement.
    restated = prints - len(values)
    index = [event.payload for event in entered if getattr(event.payload, "index", None) == name.index]
    overrides = [payload for payload in index if isinstance(payload, ListingsExcluded)]
    announced = [payload for payload in index if isinstance(payload, IndexAnnounced)]
    versions = ", ".join(
        version
        if load_methodology(version).published_by_the_administrator
        else f"{version} (published by nobody)"
        for version in known_versions()
    )
    return [
        ("operator", workspace.settings.operator),
        ("versions that made the values", ", ".join(made) or "not stated"),
        ("versions that ship", versions),
        ("Restatements, each beside its first print", str(restated)),
        ("Manifest Error Overrides, each with document and two persons", str(len(overrides))),
        (
            "rows of an administrator that were not taken",
            str(sum(isinstance(payload, IndexFinding) for payload in index)),
        ),
        (
            "announcements on record",
            "; ".join(f"{payload.what} of {payload.effective_on}" for payload in announced) or "none",
        ),
    ]


def _audit(workspace: Workspace, series: str) -> list[tuple[str, str]]:
    """Answer (d): a commitment to independent audit before closing; what anybody can check until then."""
    checkpoints = workspace.store.checkpoints(index_log(series))
    return [
        ("independent audit", "none is on record; a rated transaction needs one before closing"),
        ("signed checkpoints of the series", str(len(tuple(checkpoints)))),
        (
            "what a third party can run",
            (
                "headroom reproduce, headroom verify, headroom replay "
                f"({counted(len(known_versions()), 'versions')})"
            ),
        ),
    ]
