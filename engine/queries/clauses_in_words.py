"""The clauses of a deal in plain English, and the terms in force on a date with the line that set each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.basics.errors import WrongUsage
from engine.events.deal_adopted import ClauseFacts
from engine.terms.as_written import Deal, resolve, sources
from engine.terms.in_force import TermSource
from engine.wording.adopted_deal import clauses_read
from engine.wording.clauses import Line, beneath, of_clause
from engine.workspace.deal_files import Templates


@dataclass(frozen=True, slots=True)
class ClauseInWords:
    """A clause or a trigger in words.

    It holds the agreement's words, how the engine reads them, every term that decides the clause, and what
    follows from the clause.
    """

    facts: ClauseFacts
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ClausesInWords:
    """The clauses of a deal on a date, and what all of them rest on."""

    clauses: tuple[ClauseInWords, ...]
    beneath: tuple[Line, ...]

    def as_data(self) -> list[dict[str, Any]]:
        """Return the clauses as JSON: `clause`, `cite`, `text`, `reading`, `follows`, `terms`."""
        return [
            {
                "clause": clause.facts.key,
                "cite": clause.facts.cite,
                "text": clause.facts.text,
                "reading": clause.facts.reading,
                "follows": [*clause.facts.consequences],
                "terms": [
                    {"label": line.label, "text": line.text} for line in (*clause.lines, *self.beneath)
                ],
            }
            for clause in self.clauses
        ]


def clauses_in_words(deal: Deal, on: date, templates: Templates, only: str | None = None) -> ClausesInWords:
    """Return each clause and trigger in plain English; of one, if it is named.

    Raises WrongUsage for a clause that the deal does not have.
    """
    terms = resolve(deal, on)
    facts = [facts for facts in clauses_read(terms, templates) if only in (None, facts.key)]
    if not facts:
        raise WrongUsage(
            f"{deal.name} has no clause `{only}`; it has {', '.join((*terms.covenants, *terms.triggers))}"
        )
    clauses = tuple(
        ClauseInWords(clause, tuple(of_clause(deal, on, clause.key, templates))) for clause in facts
    )
    return ClausesInWords(clauses, tuple(beneath(deal, on, tuple(clause.facts.key for clause in clauses))))


def terms_in_force(deal: Deal, on: date) -> tuple[TermSource, ...]:
    """Return each term in force on a date, and the line that set it."""
    return tuple(sources(deal, on))
