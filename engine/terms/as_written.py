"""A deal as written, and its terms in force on a date.

`load_deal` reads a file and reports everything that is wrong with it at once. `resolve` gives the terms of
one date. Each stretch between two changes is validated once, as a whole, so any term can step or be amended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from engine.basics.calendar import BusinessCalendar, known_calendars, load_calendar
from engine.basics.errors import Place, Problem
from engine.terms.amendment import (
    Change,
    StepOf,
    apply_changes,
    dates,
    in_force,
    picked,
    scheduled,
    steps_in_force,
    strange_steps,
)
from engine.terms.amendment_entries import AmendmentEntry, entries, fixed_steps, read_changes
from engine.terms.clause import Clause
from engine.terms.error_messages import Redirects, complaints, unknown_key, unknown_template
from engine.terms.format_keys import Lacking, lacking, read_by_format
from engine.terms.in_force import Document, IndexTerms, TermsInForce, TermSource
from engine.terms.periods import FIRST_DAY, read_day
from engine.terms.source import Path, Tree, parse
from engine.terms.taken_away import TakenAway, taken_away
from engine.terms.takeover import Takeover
from engine.terms.takeover_reading import read_takeover
from engine.terms.worked_example import Placed, read_examples

ADDED_LATER = ("amendments", "corrections", "worked_examples")
"""The parts that may be added to a file once the deal is live."""
NOT_TERMS = (*ADDED_LATER, "takeover")
"""The parts of a file that are not terms."""
Clauses = Mapping[str, type[Clause]]


@dataclass(frozen=True)
class Deal:
    """A deal file without problems.

    Attributes:
        tree: the file with its places.
        sha256: the SHA-256 of its text.
        terms: its data with schedules and amendments read, not yet on a date.
        segments: the terms in force from each date on which something changes.
        changes: amendments and corrections, in the order of the file.
        examples: its worked examples.
        documents: every document by its short name, with those that amendments bring in.
        readings: what format 1 reads in place of the keys of format 2, each once; empty in format 2.
        taken_away: the triggers that amendments take away, earliest first.
        takeover: the state that a former servicer left, if the deal is taken over in mid-life.
        calendars: by the calendar's name, the tables that the deal counts by, if its record names them.
            Otherwise it counts by those that ship.
        counts_since: by the calendar's name, the day from which the deal counts by it, if not from its first
            day.
    """

    tree: Tree
    sha256: str
    terms: Any
    segments: tuple[tuple[date, TermsInForce], ...]
    changes: tuple[Change, ...] = ()
    examples: tuple[Placed, ...] = field(default_factory=tuple)
    documents: Mapping[str, Document] = field(default_factory=dict)
    readings: tuple[Lacking, ...] = ()
    taken_away: tuple[TakenAway, ...] = ()
    takeover: Takeover | None = None
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    counts_since: Mapping[str, date] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The deal's own name."""
        return self.segments[0][1].deal

    @property
    def closing_date(self) -> date:
        """The Closing Date."""
        return self.segments[0][1].closing_date


def resolve(deal: Deal, on: date) -> TermsInForce:
    """Return the terms in force on a date; before anything has changed, the first terms."""
    reached = [terms for since, terms in deal.segments if since <= on]
    return reached[-1] if reached else deal.segments[0][1]


def terms_until(deal: Deal, until: date) -> tuple[TermsInForce, ...]:
    """Return the terms of each stretch of the deal that begins by a date, oldest first."""
    reached = tuple(terms for since, terms in deal.segments if since <= until)
    return reached or (deal.segments[0][1],)


def since_of(deal: Deal, on: date) -> date:
    """Return the date since which the terms in force on a date have been in force."""
    return max((since for since, _ in deal.segments if since <= on), default=deal.closing_date)


def monitored_from(deal: Deal) -> date:
    """Return the first day on which the deal is monitored here.

    It is the Closing Date, or for a deal taken over the day after the date as of which it was taken over.
    """
    return deal.closing_date if deal.takeover is None else deal.takeover.as_of + timedelta(days=1)


def day_of(deal: Deal, moment: datetime) -> date:
    """Return the date of a moment in the deal's time zone.

    Contract dates are dates in that time zone (`rulings.md` 2).
    """
    # The zone is itself a term, so the date that chooses it cannot be in the zone. The UTC date serves.
    zone = resolve(deal, moment.astimezone(UTC).date()).time_zone
    return moment.astimezone(ZoneInfo(zone)).date()


def calendar_on(deal: Deal, on: date) -> BusinessCalendar:
    """Return the deal's Business Day calendar by the terms of a date."""
    return calendar_named(deal, resolve(deal, on).business_days)


def calendar_named(deal: Deal, name: str) -> BusinessCalendar:
    """Return the calendar of this name, with the table that the deal counts by."""
    return deal.calendars.get(name) or load_calendar(name)


def table_of_calendar(deal: Deal, name: str) -> BusinessCalendar | None:
    """Return the same; None for a calendar that nobody knows, which `check` refuses."""
    return calendar_named(deal, name) if name in deal.calendars or name in known_calendars() else None


def calendars_of(deal: Deal) -> tuple[str, ...]:
    """Return the names of the calendars that the deal has during its life, in order of first use."""
    return tuple(dict.fromkeys(terms.business_days for _, terms in deal.segments))


def indices(deal: Deal, until: date) -> tuple[str, ...]:
    """Return every index that the deal has named by a date, in the order of the file."""
    return tuple(
        dict.fromkeys(name for since, terms in deal.segments if since <= until for name in terms.index)
    )


def index_terms(deal: Deal, name: str, on: date) -> IndexTerms:
    """Return what the deal says about an index on a date.

    Outside the stretches in which the deal names the index, the nearest earlier one counts, or else the
    first. Raises KeyError for an index that the deal never names.
    """
    stretches = [(since, terms.index[name]) for since, terms in deal.segments if name in terms.index]
    if not stretches:
        raise KeyError(name)
    return next((terms for since, terms in reversed(stretches) if since <= on), stretches[0][1])


def sources(deal: Deal, on: date, under: Path = ()) -> tuple[TermSource, ...]:
    """Return each term in force on a date below a path, as written, with the line that set it."""
    # Terms with their steps are read here and not a stretch, because only they know their own lines.
    block: Any = deal.terms
    for key in under:
        block = block.get(key) if isinstance(block, Mapping) else None
    if under and not isinstance(block, Mapping):
        return ()
    return tuple(_source(deal, path, value) for path, value in in_force(block, on, under))


def _written(value: Any) -> str:
    """Return a value as the file writes it.

    A block that is one term, such as the shares of a blend, is written with its keys.
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(part)}" for key, part in value.items())
    return ", ".join(_written(part) for part in value) if isinstance(value, list) else str(value)


def _source(deal: Deal, path: Path, value: Any) -> TermSource:
    # What was never changed has been in force since closing.
    step = value if isinstance(value, StepOf) else StepOf(deal.closing_date, value, path)
    return TermSource(
        path=".".join(str(part) for part in path),
        written=_written(step.value),
        line=deal.tree.place(step.path).line,
        since=step.since,
        cite=step.cite,
        document=step.document,
    )


def load_deal(
    text: str, file: str, clauses: Clauses, upto: int | None = None
) -> tuple[Deal | None, list[Problem]]:
    """Return the deal in `text`, or everything that is wrong with it, sorted by place.

    Args:
        text: the file.
        file: its name, for the errors.
        clauses: the model of each template's terms, by the template's name.
        upto: the last amendment to read, if not all are read: the text as it stood before a later one.
    """
    tree, problems = parse(text, file)
    if tree is None or problems:
        return None, problems
    if not isinstance(tree.data, dict):
        sections = ", ".join(
            f"`{field.alias or name}`"
            for name, field in TermsInForce.model_fields.items()
            if field.is_required()
        )
        fix = (
            "begin with `deal: NAME` at the left margin, and write beneath it "
            f"{sections.replace('`deal`, ', '')}"
        )
        return None, [
            Problem("D205", "the file is not a deal", "a deal is a block of named terms", fix, Place(file))
        ]
    deal, problems = _deal(tree, clauses, upto)
    # Problems are found by kind, and a person corrects a file from its top to its end.
    ordered = sorted(problems, key=lambda problem: (problem.place, problem.code))
    return (deal if not problems else None), ordered


def deal_of_tree(tree: Tree, clauses: Clauses) -> tuple[Deal | None, list[Problem]]:
    """Return the deal that the data of a file makes, or everything that is wrong with it.

    The data may have been varied since the file was read.
    """
    return _deal(tree, clauses, None)


def _deal(tree: Tree, clauses: Clauses, upto: int | None) -> tuple[Deal | None, list[Problem]]:
    closing = _closing(tree)
    data = scheduled({key: value for key, value in tree.data.items() if key not in NOT_TERMS})
    changes, problems = read_changes(tree, closing, upto)
    problems += fixed_steps(tree)
    problems += [unknown_key(tree, path, str(path[-1])) for path in strange_steps(tree.data)]
    before = data
    data, change_problems = apply_changes(data, changes, closing, tree)
    problems += change_problems
    for since in sorted(
        dates(before) - dates(data)
    ):  # a step that an amendment drops has been agreed and is read as well
        _, wrong = validated(picked(before, since), tree, clauses, _steps(before, since))
        problems += [problem for problem in wrong if problem not in problems]
    segments: list[tuple[date, TermsInForce]] = []
    # A step dated before closing is in force at closing, so a stretch of its own would lie before the deal.
    for since in sorted({closing, *(day for day in dates(data) if day > closing)}):
        terms, wrong = validated(picked(data, since), tree, clauses, _steps(data, since))
        problems += [problem for problem in wrong if problem not in problems]
        if terms is not None:
            segments.append((since, terms))
    examples, wrong = read_examples(tree)
    problems += wrong
    takeover, wrong = read_takeover(tree)
    problems += wrong
    # What follows reads the first stretch, which does not exist if its terms have a problem.
    if problems or not segments:
        return None, problems
    documents, wrong = _documents(tree, segments[0][1], upto)
    removed, unsaid = taken_away(segments, changes, tree)
    if wrong or unsaid:
        return None, [*wrong, *unsaid]
    digest = hashlib.sha256(tree.text.encode()).hexdigest()
    return Deal(
        tree,
        digest,
        data,
        tuple(segments),
        tuple(changes),
        examples,
        documents,
        _readings(data, segments, tree, clauses),
        removed,
        takeover,
    ), []


def _documents(
    tree: Tree, terms: TermsInForce, upto: int | None
) -> tuple[dict[str, Document], list[Problem]]:
    """Return the deal's documents with those that its amendments bring in, and the problems found.

    A short name that is used twice is a problem at its place. Only amendments up to number `upto` count, if
    given.
    """
    documents, problems = dict(terms.documents), list[Problem]()
    for entry, path, _ in entries(tree, "amendments", AmendmentEntry):
        for short, document in (
            entry.documents.items() if entry is not None and (upto is None or entry.number <= upto) else ()
        ):
            if short in documents:
                why, place = (
                    "another document has this name, and a citation could mean either",
                    tree.key_place((*path, "documents", short)),
                )
                problems.append(
                    Problem("D548", f"`{short}` names two documents", why, "give it a name of its own", place)
                )
            documents[short] = document
    return documents, problems


def _readings(
    data: Any, segments: list[tuple[date, TermsInForce]], tree: Tree, clauses: Clauses
) -> tuple[Lacking, ...]:
    """Return what format 1 reads in place of the keys of format 2, in the order of the file.

    Each reading comes once, from the first date on which it applies. The result is empty in format 2.
    """
    # The format cannot change during a deal's life, so the first stretch speaks for all.
    if segments[0][1].format != "1":
        return ()
    readings = {
        (reading.path, reading.key.key): reading
        # The newest comes first, so that the oldest stretch with the same reading is the one that is kept.
        for since, _ in reversed(segments)
        for reading in lacking(picked(data, since), clauses)
    }
    return tuple(
        sorted(readings.values(), key=lambda reading: (tree.key_place(reading.path), reading.key.key))
    )


def _steps(data: Any, since: date) -> Redirects:
    """Return, by its path, where each stepped or amended term in force on a date was written."""
    return {path: step.path for path, step in steps_in_force(data, since)}


def _closing(tree: Tree) -> date:
    """Return the Closing Date, or `FIRST_DAY` if it cannot be read.

    The problem that it cannot be read is found with the others.
    """
    try:
        return read_day(str(tree.data.get("closing_date")))
    except ValueError:
        return FIRST_DAY


def validated(
    data: Any, tree: Tree, clauses: Clauses, steps: Redirects
) -> tuple[TermsInForce | None, list[Problem]]:
    """Return one stretch of terms, read by their types, or None, and every problem at its place.

    Args:
        data: terms with a single value each.
        tree: the file.
        clauses: the model of each template's terms.
        steps: where the value of each stepped term was written.
    """
    data, unread = read_by_format(data, tree, clauses)
    covenants, problems = _covenants(data.get("covenants"), tree, clauses, steps)
    problems += unread
    rest = {**data, "covenants": covenants} if isinstance(data.get("covenants"), dict) else data
    try:
        terms = TermsInForce.model_validate(rest)
    except ValidationError as error:
        return None, problems + complaints(error, tree, (), steps)
    return (terms if not problems else None), problems


def _covenants(
    data: Any, tree: Tree, clauses: Clauses, steps: Redirects
) -> tuple[dict[str, Clause], list[Problem]]:
    read: dict[str, Clause] = {}
    problems: list[Problem] = []
    for key, raw in data.items() if isinstance(data, dict) else ():
        path = ("covenants", key)
        name = raw.get("template") if isinstance(raw, dict) else None
        # A list as a name would fail in the lookup, because it has no hash.
        if not isinstance(name, str) or name not in clauses:
            problems.append(unknown_template(tree, path, raw, tuple(clauses)))
            continue
        try:
            read[key] = clauses[name].model_validate(raw)
        except ValidationError as error:
            problems += complaints(error, tree, path, steps)
    return read, problems
