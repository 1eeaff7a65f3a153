"""How a deal's tests and triggers would end under the other methodology versions.

The answer covers the weeks on record (`rulings.md` 1, 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.foresight.backtest import History, lived, test_records, trigger_records
from engine.foresight.facts_by_date import FactsByDate
from engine.record.log import deal_log, prints_in, read
from engine.terms.as_written import Deal, index_terms
from engine.terms.in_force import IndexTerms
from engine.workspace.series import ADMINISTRATOR, series_of
from engine.workspace.workspace import Workspace

Values = Mapping[date, Decimal | None]


@dataclass(frozen=True, slots=True)
class VersionOutcome:
    """One test or trigger that ends otherwise under another version.

    Attributes:
        deal: the deal.
        index: the index whose version is another one.
        version: the other version.
        key: the test or the trigger.
        ours: how it ends by the values of the deal's own version.
        theirs: how it ends by those of the other one.
    """

    deal: str
    index: str
    version: str
    key: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return (
            f"{self.deal}: under {self.version} of {self.index} `{self.key}` ends: {self.theirs}; under the "
            f"deal's own version: {self.ours}"
        )


def version_outcomes(
    workspace: Workspace, deal: Deal, templates: Mapping[str, Template]
) -> tuple[VersionOutcome, ...]:
    """Return the tests and triggers that end otherwise under another known version, by the values alone.

    Each print holds what the other versions gave from the same collections. Low Confidence and intervals
    are left out on both sides.
    """
    own: dict[str, Values] = {}
    others: dict[tuple[str, str], Values] = {}
    for name, terms in index_terms_of(deal).items():
        # An administrator's print holds the value of one version, since its listings are not at hand.
        events = prints_in(workspace.store, series_of(name, terms)) if terms.source != ADMINISTRATOR else ()
        prints = {event.effective_on: event.payload.value for event in events}
        own[name] = {day: _decimal(value["value"]) for day, value in prints.items()}
        for version in {version for value in prints.values() for version in value.get("other_versions", {})}:
            others[name, version] = {
                day: _decimal(value.get("other_versions", {}).get(version)) for day, value in prints.items()
            }
    if not others:
        return ()
    given = _given(workspace, deal)
    # Both sides are lived anew by values alone, so that a difference comes from the version.
    ours = _ends(deal, templates, own, given)
    return tuple(
        VersionOutcome(deal.name, name, version, key, ours.get(key, "never tested"), end)
        for (name, version), values in sorted(others.items())
        for key, end in _ends(deal, templates, {**own, name: values}, given).items()
        if end != ours.get(key)
    )


def index_terms_of(deal: Deal) -> Mapping[str, IndexTerms]:
    """Return the newest terms of each index of a deal."""
    since = deal.segments[-1][0]
    return {name: index_terms(deal, name, since) for name in deal.segments[-1][1].index}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _given(workspace: Workspace, deal: Deal) -> tuple[Draft, ...]:
    """Return the reports and Acts that the deal's log holds."""
    return tuple(
        Draft(kind=event.kind, subject=event.subject, effective_on=event.effective_on, payload=event.payload)
        for event in read(workspace.store, deal_log(deal.name))
        if isinstance(event.payload, (ReportReceived, ActRecorded))
    )


def _ends(
    deal: Deal, templates: Mapping[str, Template], values: Mapping[str, Values], given: Sequence[Draft]
) -> dict[str, str]:
    """Return how each test and trigger ends over a history of values."""
    series = {name: tuple(_published(name, prints)) for name, prints in values.items()}
    until = max(
        (publication.publication_date for prints in series.values() for publication in prints),
        default=deal.closing_date,
    )
    drafts = lived(deal, templates, History(series, tuple(given), FactsByDate({}), until))
    ends = {record.test: record.last_state for record in test_records(drafts)}
    for record in trigger_records(drafts):
        last = record.in_effect[-1] if record.in_effect else None
        ends[record.trigger] = (
            "never in effect"
            if last is None
            else f"in effect since {last[0]}"
            if last[1] is None
            else f"ended {last[1]}"
        )
    return ends


def _published(name: str, values: Values) -> Iterator[Published]:
    for day in sorted(values):
        yield Published(index=name, publication_date=day, value=values[day], published_on=day)
