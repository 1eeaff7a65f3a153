"""What page 1 says of the terms on which a result stands.

An amendment changed a limit, or a waiver has a condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.events.states import TestStatus
from reports.formats import Runs, sentence, short_date, with_dates
from reports.notice import log_lookup as log
from reports.notice.view import Brief


def term_notes(brief: Brief) -> list[Runs]:
    """Return one sentence for each; none on most dates."""
    return [*_amended(brief), *_waived(brief)]


def _amended(brief: Brief) -> Iterator[Runs]:
    """Yield the newest amendment by the date that changed the terms of a clause which the date tests."""
    for line in brief.lines:
        changed = [
            amendment
            for amendment in brief.deal.amendments
            if line.key in amendment.clauses and amendment.effective <= brief.dated
        ]
        if line.result is not None and line.result.limit is not None and changed:
            newest = max(changed, key=lambda one: one.effective)
            name = f"{sentence(newest.kind)} No. {newest.number}, {newest.document}"
            yield [
                (f"{line.title}: ", True),
                (f"its terms are those of {name}, from {short_date(newest.effective)}.", False),
            ]


def _waived(brief: Brief) -> Iterator[Runs]:
    """Yield the conditions of the waiver under which a test stands, in the words of its document."""
    acts = log.acts(brief.past)
    for line in brief.lines:
        test = line.test
        if test is None or test.status is not TestStatus.WAIVED:
            continue
        waivers = [
            act for act in acts if (act.act, act.clause, act.document) == ("waiver", line.key, test.waived_by)
        ]
        said = waivers[-1].details.get("conditions") if waivers else None
        if said:
            yield [(f"Waiver of {line.title}, on the condition: ", True), (f"{with_dates(said)}.", False)]
