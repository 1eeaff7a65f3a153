"""Two terms of a draft, varied together on a stated path.

The answer is a value for each pair. A heat map and its CSV show these values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from engine.basics.assumed_figures import assumed_sentences
from engine.basics.errors import WrongUsage
from engine.basics.many_processes import Workers
from engine.basics.values import counted
from engine.determination.template import Template
from engine.evaluation.sweeps import sweeps
from engine.foresight.draft_paths import Make, lived_paths
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import GivenFile
from engine.foresight.lacking import Lacking, acted, lacking
from engine.foresight.linked_facts import LinkSaid
from engine.foresight.stress import PathOutcome, unpublished_notes
from engine.foresight.term_variants import in_the_form_of, read_range, varied, written_at
from engine.queries.draft_files import until_of
from engine.queries.foresight_questions import StressAsked, given_files, stated_paths, with_lost
from engine.terms.as_written import Deal, terms_until

Shown = Literal["first-failure", "weeks-in-cure", "swept"]
SHOWN: tuple[Shown, ...] = ("first-failure", "weeks-in-cure", "swept")
NEEDED: Mapping[Shown, str] = {
    "first-failure": "result",
    "weeks-in-cure": "Cure Period",
    "swept": "sweep of cash",
}
"""What a test or trigger must have for each answer."""
MOST_CELLS = 400
Value = date | Fraction | None


@dataclass(frozen=True)
class GridCell:
    """One pair of values and what came of it: a date, weeks or USD.

    Without a value, `not_known` says why nothing can be said; if it is None as well, the answer is never.
    """

    x: str
    y: str
    value: Value
    not_known: str | None = None


@dataclass(frozen=True)
class GridAnswer:
    """A grid of two terms.

    Attributes:
        deal: the draft's name.
        path: the stated path.
        until: the last date that was looked at.
        x: the term across.
        y: the term down.
        subject: the test or trigger that is looked at.
        shown: what each cell shows.
        drafted: both terms as drafted.
        facts: what was assumed of the Servicer's reports.
        cells: one for each pair, row by row.
        left_out: figures that follow the rate, were neither linked nor held by name, and were left out.
        sooner: what the trigger also looks at and nothing determined, so that it may act sooner.
        held: the figures that no rate moves, each with its value.
        follows: the figures that follow the rate of the path, each with how.
        unpublished: a sentence for each index that has no value in some week of the path.
        files: the files on which the grid rests.
    """

    deal: str
    path: str
    until: date
    x: str
    y: str
    subject: str
    shown: Shown
    drafted: tuple[str, str]
    facts: str
    cells: tuple[GridCell, ...]
    left_out: tuple[str, ...] = ()
    sooner: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, LinkSaid] = field(default_factory=dict)
    unpublished: tuple[str, ...] = ()
    files: tuple[GivenFile, ...] = ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """What is assumed of the Servicer's figures, in sentences."""
        how = {name: said.words for name, said in self.follows.items()}
        return tuple(assumed_sentences(self.held, how, self.left_out))


def grid(
    deal: Deal,
    make: Make,
    across: str,
    down: str,
    shown: str,
    subject: str | None,
    given: FactsByDate,
    asked: StressAsked,
    workers: Workers = 1,
    watch: Callable[[str], None] = lambda _: None,
    hold: Sequence[str] = (),
) -> GridAnswer:
    """Return what a draft does on one stated path for each pair of two terms.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        across: `TERM=FROM:TO:STEP` or `TERM=VALUE,VALUE`.
        down: the same of another term.
        shown: what each cell shows.
        subject: the test or trigger that is looked at; the clause of the first term if none is named.
        given: what the Servicer's reports would say.
        asked: the path: the first scenario, or a table of dated rates.
        workers: processes, or the workers of a cluster.
        watch: told which pair is done.
        hold: figures that follow the rate and are held constant all the same.

    Raises:
        WrongUsage: a term or a range that is not one, too many pairs, or a limb that has not what is shown.
        InputProblems: a pair that the file cannot have.
    """
    kind = next((what for what in SHOWN if what == shown), None)
    if kind is None:
        raise WrongUsage(f"`--show {shown}` is not known; there are {', '.join(SHOWN)}")
    (x, columns), (y, rows) = read_range(across), read_range(down)
    # Each pair lives a whole path, so a grid that is too large is refused before the first pair.
    if len(columns) * len(rows) > MOST_CELLS:
        raise WrongUsage(f"{len(columns)} x {len(rows)} is more than {MOST_CELLS} pairs")
    now = (written_at(deal, x), written_at(deal, y))
    until = until_of(deal, asked.until, asked.weeks)
    names = {name for terms in terms_until(deal, until) for name in (*terms.covenants, *terms.triggers)}
    about = subject or (x.split(".")[1] if "." in x else "")
    if about not in names:
        raise WrongUsage(
            f"`{about}` is not a test or trigger of {deal.name}; name one with --of: "
            f"{', '.join(sorted(names))}"
        )
    templates = make()
    having = _having(kind, deal, templates)
    # A pair may give the clause the Cure Period that the draft lacks.
    if about not in having and not any(term.startswith(f"covenants.{about}.cure") for term in (x, y)):
        those = f"these have one, to be named with --of: {', '.join(having)}" if having else "no limb has one"
        raise WrongUsage(f"`{about}` of {deal.name} has no {NEEDED[kind]}; {those}")
    # A table of dated rates comes after the scenarios, and whoever gives one means it.
    path = stated_paths(deal, asked, until)[0 if asked.rates is None else -1]
    given = with_lost(deal, given, asked)
    given.refuse_held(hold)
    left = given.unheld(hold)
    given = given.without(left)
    cells = []
    sooner: dict[str, None] = {}
    notes: tuple[str, ...] = ()
    for row in rows:
        for column in columns:
            other = varied(
                deal, templates, {x: in_the_form_of(now[0], column), y: in_the_form_of(now[1], row)}
            )
            (outcome,) = lived_paths(other, make, (path,), given, until, workers)
            open_ = lacking(terms_until(other, until), templates, (outcome,), until)
            cells.append(GridCell(column, row, *_answer(outcome, about, kind, open_)))
            # A term changes no rate of the path, so every pair has the same weeks without a value.
            notes = unpublished_notes((outcome,))
            sooner |= dict.fromkeys(open_.sooner.get(about, ()))
            watch(f"{len(cells)} of {len(columns) * len(rows)} pairs")
    return GridAnswer(
        deal.name,
        path.name,
        until,
        x,
        y,
        about,
        kind,
        now,
        given.described(),
        tuple(cells),
        left,
        tuple(sooner),
        given.held,
        given.follows,
        notes,
        given_files((deal,), given, (path,)),
    )


def _having(shown: Shown, deal: Deal, templates: Mapping[str, Template]) -> tuple[str, ...]:
    """Return the tests and triggers that have what is shown, under the draft or under an amendment of it."""
    names: list[str] = []
    for _, terms in deal.segments:
        if shown == "swept":
            names += [sweep.trigger for sweep in sweeps(terms, templates)]
        elif shown == "weeks-in-cure":
            names += [key for key, one in terms.covenants.items() if getattr(one, "cure", "none") != "none"]
        else:
            names += [*terms.covenants, *terms.triggers]
    return tuple(dict.fromkeys(names))


def _answer(outcome: PathOutcome, subject: str, shown: Shown, open_: Lacking) -> tuple[Value, str | None]:
    """Return the value of a cell, or else the reason why nothing is known."""
    value, why = _value(outcome, subject, shown), open_.why(subject)
    # No date and no money of a limb that nothing determined would read as a limb that never acts.
    if why is not None and not value and subject not in acted((outcome,)):
        return None, why
    missing = outcome.swept_in_all(subject).not_known
    if shown == "swept" and missing:
        return None, f"not known: a figure is missing on {counted(missing, 'Payment Dates')}"
    return value, None


def _value(outcome: PathOutcome, subject: str, shown: Shown) -> Value:
    if shown == "swept":
        return outcome.swept_in_all(subject).whole
    if shown == "weeks-in-cure":
        days = sum(
            # Both ends of a span are days in cure.
            (span.until - span.since).days + 1
            for span in outcome.lanes.get(subject, ())
            if span.kind == "cure"
        )
        return Fraction(days, 7)
    dates = [
        first.on for first in outcome.firsts if first.subject == subject and first.what in ("fails", "begins")
    ]
    return min(dates, default=None)
