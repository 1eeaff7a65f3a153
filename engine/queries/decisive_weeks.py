"""On how many weeks of the history on hand a deal's results would have been decisive (`rulings.md` 60)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived, Tested
from engine.foresight.as_if_closed import as_if_closed
from engine.foresight.backtest import History, lived
from engine.foresight.facts_by_date import FactsByDate
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal
from engine.terms.low_confidence import DECISIVE_ONLY
from engine.workspace.series import prints_of, series_by_index
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DecisiveWeeks:
    """How often one test's results would have been decisive.

    Attributes:
        test: the test.
        results: its determined results over the history on hand.
        at_95: those that are decisive at 95%.
        at_80: those that are decisive at 80%.
    """

    test: str
    results: int
    at_95: int
    at_80: int

    def __str__(self) -> str:
        words = (
            f"of {self.results} results on the weeks on hand {self.at_95} decisive at 95%, {self.at_80} at "
            "80%"
        )
        return f"`{self.test}` under `decisive only`: {words}"

    def as_data(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "test": self.test,
            "results": self.results,
            "decisive_95": self.at_95,
            "decisive_80": self.at_80,
        }


def decisive_weeks(
    workspace: Workspace, deal: Deal, templates: Mapping[str, Template]
) -> tuple[DecisiveWeeks, ...]:
    """Return the decisive results of each test with a rate, over the prints on record.

    Only the tests of a deal with `decisive only` come. A deal that closes after the history is evaluated as
    if it had closed on the day of the first print. A test that needs reports has results only if the log
    holds them.
    """
    # Nobody asks for the counts of a deal whose results stand whether decisive or not.
    if not any(
        index.low_confidence.effect == DECISIVE_ONLY
        for _, terms in deal.segments
        for index in terms.index.values()
    ):
        return ()
    # The newest stretch says which series the deal reads today, and that history is on hand.
    since = deal.segments[-1][0]
    series = {
        name: tuple(one for one in found)
        for name, found in series_by_index(prints_of(workspace), deal, since).items()
    }
    days = [one.publication_date for prints in series.values() for one in prints]
    if not days:
        return ()
    history = History(series, tuple(_given(workspace, deal)), FactsByDate({}), max(days))
    if deal.closing_date >= max(days):
        first = {
            name: next((one for one in prints if one.value is not None), None)
            for name, prints in series.items()
        }
        try:
            levels = {
                name: one.value for name, one in first.items() if one is not None and one.value is not None
            }
            # A closing needs a level of each index, so the deal closes when the last index has its first
            # value.
            begun = max(one.publication_date for one in first.values() if one is not None)
            deal, history = as_if_closed(deal, templates, begun, levels), replace(history, given=())
        except (InputProblems, ValueError, WrongUsage):
            return ()  # the file cannot be moved to that day; `backtest --as-if-closed` says why
    return tuple(_counted(lived(deal, templates, history)))


def _given(workspace: Workspace, deal: Deal) -> Iterator[Draft]:
    for event in read(workspace.store, deal_log(deal.name)):
        if isinstance(event.payload, (ReportReceived, ActRecorded)):
            yield Draft(
                kind=event.kind, subject=event.subject, effective_on=event.effective_on, payload=event.payload
            )


def _counted(drafts: tuple[Draft, ...]) -> Iterator[DecisiveWeeks]:
    verdicts: dict[str, list[tuple[bool, bool]]] = {}
    for draft in drafts:
        # A result without an interval behind it cannot be weighed, so it is counted on neither side.
        if isinstance(draft.payload, Tested) and (bearing := draft.payload.result.bearing) is not None:
            verdicts.setdefault(draft.payload.result.test, []).append(
                (bearing.decisive_95, bearing.decisive_80)
            )
    for test, results in verdicts.items():
        yield DecisiveWeeks(
            test, len(results), sum(at_95 for at_95, _ in results), sum(at_80 for _, at_80 in results)
        )
