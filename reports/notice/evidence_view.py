"""Page 1 as a notice's own evidence gives it: masthead, answer and dues, without the log (`rulings.md` 64).

The same functions compose it that compose a notice of the whole log; only if they look for how a test or
trigger stands is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from engine.events.date_standing import DateStanding
from engine.events.notice import NoticeInputs, PageEvidence
from engine.events.notice_issued import Renderer
from reports.notice import log_lookup as log
from reports.notice import never_adopted
from reports.notice.compose import FIRST, LOST, PROOF, answer_of, block_of, masthead
from reports.notice.view import Brief, Line, brief
from reports.notice.words import first_words, page_words
from reports.render.renderer_identity import renderer


class NoticePages:
    """Makes the words of notices, of the whole log or of what a notice carries."""

    @property
    def renderer(self) -> Renderer:
        """What draws here."""
        return renderer()

    def words(self, inputs: NoticeInputs, /) -> bytes:
        """Return `page.json`: every visible string of a notice, in reading order with its place."""
        return page_words(inputs)

    def first(self, evidence: PageEvidence, /) -> Sequence[Mapping[str, Any]]:
        """Return the blocks masthead, answer and due of page 1, composed from what a notice carries."""
        return first_words(_context(evidence))


@dataclass(frozen=True)
class EvidenceBrief(Brief):
    """One notice's view of its own evidence."""

    stands: DateStanding = field(default_factory=DateStanding)
    replaced_on: date | None = None

    @property
    def supersedes_on(self) -> date | None:
        """The date of the notice that this one supersedes, as the evidence says it."""
        return self.replaced_on

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Return every test and trigger, in the agreement's order."""
        return tuple(self._line(clause.key, clause.title, clause.cite) for clause in self.deal.clauses)

    def _line(self, key: str, title: str, cite: str) -> Line:
        standing_state = self.stands
        first = self.determined.publication_date if self.determined else self.inputs.on
        history = log.tested(self.past, key)
        newest = history[-1].result if history else None
        owed = [obligation for obligation in standing_state.obligations if obligation.clause == key]
        releases = [release for release in standing_state.released if release.clause == key]
        run = standing_state.runs.get(key)
        return Line(
            key=key,
            title=title,
            cite=cite,
            result=newest if newest is not None and newest.on >= first else None,
            test=standing_state.tests.get(key),
            trigger=standing_state.triggers.get(key),
            obligation=owed[-1] if owed else None,
            run=run.failures if run else 0,
            rounding=self.deal.rounding,
            released=releases[-1] if releases else None,
        )


def _context(evidence: PageEvidence) -> dict[str, Any]:
    """Return the first blocks of a notice's context."""
    facts = evidence.facts
    inputs = NoticeInputs(
        deal=evidence.deal,
        number=facts.number,
        kind=facts.kind,
        subject=facts.subject,
        on=facts.on,
        issued_at=facts.issued_at,
        events=evidence.events,
        publications={},
        log_size=facts.log_size,
        log_head=facts.log_head,
        operator=facts.operator,
        supersedes=facts.supersedes,
        attachments=dict.fromkeys(evidence.attached, (b"", "")),
        print=facts.print,
    )
    past = log.read(inputs.events, inputs.on)
    if inputs.kind == "not_evaluated" and not past.of("deal adopted"):
        return never_adopted.compose(inputs, past)
    seen = brief(inputs, FIRST[inputs.kind] + (LOST if inputs.kind == "not_evaluated" else PROOF))
    standing = evidence.stands or DateStanding()
    found = EvidenceBrief(
        seen.inputs, seen.past, seen.deal, seen.determined, seen.order, standing, facts.supersedes_on
    )
    return {**masthead(found), "answer": answer_of(found), "first": [block_of(found, "due")]}
