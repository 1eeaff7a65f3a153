"""What a changed input would change, before anything is recorded.

It covers every past result, and every notice that states one. The very functions that run on Thursdays do the
work, over the log as it stands and what is not yet in it (`record.md`, Restatements).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from engine.determination.determine import ShareBelow
from engine.determination.template import Template
from engine.evaluation.corrections import correction, reaching_back
from engine.evaluation.determined_again import determined_again
from engine.events.kinds import Correction, NoticeIssued
from engine.events.rates import Published
from engine.events.standing import Recorded, standing
from engine.foresight.differences import ResultChange, result_changes
from engine.terms.as_written import Deal, resolve


@dataclass(frozen=True)
class Reach:
    """How far an input reaches back into one deal.

    Attributes:
        deal: the deal's name.
        correction: the dates that would be determined again, and why.
        changes: every date and test or trigger that would differ.
        notices: the notices that state one of them; the next run would supersede them.
    """

    deal: str
    correction: Correction
    changes: tuple[ResultChange, ...]
    notices: tuple[NoticeIssued, ...]


def reach(
    deal: Deal,
    events: Sequence[Recorded],
    series: Mapping[str, tuple[Published, ...]],
    templates: Mapping[str, Template],
    share_below: ShareBelow | None = None,
) -> Reach | None:
    """Return what the next run would determine again, and what would differ; None if nothing reaches back.

    Args:
        deal: the deal as adopted.
        events: its log, and after it what is about to be recorded.
        series: what each Publication Date gave, by index, with the print that is about to be recorded.
        templates: the covenant templates by name.
        share_below: how listings are resampled; None leaves the reliability of each result out.
    """
    terms = partial(resolve, deal)
    again = correction(events, tuple(reaching_back(events, series, terms)))
    if again is None:
        return None
    # The very functions of the run are used, so that the preview cannot differ from what is recorded.
    log = determined_again(deal, events, again, series, templates, share_below)
    changes = result_changes(tuple(_between(events, again)), tuple(_between(log, again)))
    return Reach(deal.name, again, changes, tuple(_stating(events, {change.on for change in changes})))


def _between(events: Sequence[Recorded], again: Correction) -> Iterator[Recorded]:
    """Yield the standing events of the dates that are determined again."""
    return (event for event in standing(events) if again.from_on <= event.effective_on <= again.until)


def _stating(events: Sequence[Recorded], dates: set[date]) -> Iterator[NoticeIssued]:
    """Yield the newest notices of the dates. Those already superseded say so themselves."""
    issued = [
        event.payload
        for event in events
        if isinstance(event.payload, NoticeIssued) and event.effective_on in dates
    ]
    superseded = {number for notice in issued for number in (notice.supersedes, *notice.supersedes_each)}
    return (notice for notice in issued if notice.number not in superseded)
