"""Foresight of a draft for a page: tables, words, a report and data.

A separate process works the answer out, within a time limit.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.assembly import all_templates, foresight_page
from engine.basics.errors import HeadroomError, InputProblems, WrongUsage
from engine.basics.happenings import (
    HAPPENING_WORDS,
    Happening,
    no_date,
    sooner_words,
    times_words,
    undecided_words,
)
from engine.basics.probabilities import probability
from engine.basics.values import listed
from engine.foresight.answers import as_data
from engine.foresight.calibrate import Question
from engine.foresight.comparison import Comparison, whom_it_serves
from engine.foresight.stress import several_times
from engine.queries.asked_paths import asked_paths
from engine.queries.calibration_questions import ModelAsked, calibrate, levels_between, whole_numbers
from engine.queries.calibration_words import (
    CALIBRATION_HEAD,
    calibration_data,
    calibration_row,
    overfitting,
    smallest_counts,
    where_paths_begin,
)
from engine.queries.draft_files import facts_for
from engine.queries.foresight_questions import StressAsked, compare_drafts, compare_wordings, stress
from engine.queries.foresight_reports import parts_of_report, stress_parts
from engine.queries.simulation_questions import simulate
from engine.web.words import table_date
from engine.workspace.deal_files import loaded

LONGEST = 600.0
"""Seconds that a question may take."""
NO_FORECAST = "This is a model of the past and not a forecast."
UNDER = 0.10
"""The share of histories with a false alarm under which a count is asked for."""


@dataclass(frozen=True, slots=True)
class ForesightAsked:
    """A question about a draft, as a form asks it.

    It holds plain values and bytes, so that another process can take it.

    Attributes:
        what: stress, compare, calibrate, simulate.
        draft: its name and bytes.
        other: the same of the draft that it is compared with; None if a term is varied.
        facts: figures that every report is assumed to carry, `NAME=VALUE`.
        scenarios: the scenarios of the paths, in the words of the form.
        point: the point of each scenario's band.
        term: the term that varies.
        values: its levels from, to and step; or its wordings.
        counts: dates in a row that begin a trigger.
        prior: what is held before the history.
        history: a table of the published history; None without one.
        paths: the number of paths of the model.
        weeks: how far.
        seed: the seed of the paths.
        prepared: the date of the report.
    """

    what: str
    draft: tuple[str, bytes]
    prepared: date
    other: tuple[str, bytes] | None = None
    facts: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ("A", "B", "C")
    point: str = "middle"
    term: str = ""
    values: tuple[str, ...] = ()
    counts: str = "1,2,3"
    prior: str | None = None
    history: bytes | None = None
    paths: int = 2000
    weeks: int = 52
    seed: int = 20260702


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table of an answer."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Its head as a page sets it: each word without a width of its own."""
        return tuple((word, "") for word in self.head)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An answer: what is said first, tables, notes, and the same as a report and as data."""

    what: str
    name: str
    answer: str
    tables: tuple[ShownTable, ...]
    notes: tuple[str, ...]
    pdf: bytes
    data: str


def foreseen(asked: ForesightAsked) -> Foreseen:
    """Return the answer to a question, worked out by a process that has nothing of the desk.

    Raises WrongUsage for what is refused, and where it takes too long.
    """
    # A forked process would have the desk's open database and files, and a draft is a stranger's file.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context)
    try:
        answer, refused = pool.submit(_worked_out, asked).result(LONGEST)
    except TimeoutError:
        for process in list(pool._processes.values()):
            # A pool cannot cancel work that has begun, so the process itself is ended.
            process.kill()
        raise WrongUsage(
            f"it took longer than {LONGEST / 60:.0f} minutes; ask for fewer paths or weeks"
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if answer is None:
        raise WrongUsage(refused)
    return answer


def _worked_out(asked: ForesightAsked) -> tuple[Foreseen | None, str]:
    """Return the foresight of a draft, or None and the reason in words.

    The reason is text because not every exception passes from process to process.
    """
    with TemporaryDirectory(prefix="draft-") as folder:
        try:
            return _answered(asked, Path(folder)), ""
        except InputProblems as error:
            wrong = "; ".join(f"{one.place.shown}: {one.what}; {one.fix}" for one in error.problems)
            # The folder is a temporary one of the server, and its path is not for the reader.
            return None, wrong.replace(f"{folder}/", "")
        except HeadroomError as error:
            return None, str(error).replace(f"{folder}/", "")


def _answered(asked: ForesightAsked, folder: Path) -> Foreseen:
    templates = all_templates()
    draft = loaded(_written(folder / "first", asked.draft), templates)
    given = facts_for(draft, asked.facts, None, None)
    about, tables, notes, parts = ANSWERS[asked.what](asked, draft, given, folder)
    report = {**parts_of_report(draft, all_templates, given, asked.prepared), **parts}
    _, pdf = foresight_page()(report)
    data = json.dumps(as_data(parts), indent=2, default=str)
    return Foreseen(asked.what, draft.name, about, tuple(tables), tuple(notes), pdf, data)


def _written(folder: Path, draft: tuple[str, bytes]) -> Path:
    folder.mkdir()
    # A name from outside may hold folders, so only its stem is used.
    path = folder / f"{Path(draft[0]).stem[:60] or 'draft'}.yaml"
    path.write_bytes(draft[1])
    return path


def _paths(asked: ForesightAsked) -> StressAsked:
    return asked_paths(
        asked.scenarios, asked.point, "compound", "1", None, frozenset(), None, None, None, asked.weeks
    )


def _model(asked: ForesightAsked, folder: Path) -> ModelAsked:
    history = None
    if asked.history is not None:
        history = folder / "history.csv"
        history.write_bytes(asked.history)
    return ModelAsked(history, asked.prepared, None, asked.prior, asked.paths, asked.weeks, asked.seed)


Parts = tuple[str, Sequence[ShownTable], Sequence[str], Mapping[str, Any]]


def _stress(asked: ForesightAsked, draft: Any, given: Any, _folder: Path) -> Parts:
    question = _paths(asked)
    answer = stress(draft, all_templates, given, question)
    happened: dict[tuple[str, Happening], date] = {}
    for outcome in answer.outcomes:
        for first in outcome.firsts:
            happened[first.subject, first.what] = min(
                first.on, happened.get((first.subject, first.what), first.on)
            )
    rows = []
    for subject, what in sorted(happened, key=lambda key: happened[key]):
        firsts = [(outcome.path, outcome.first(subject, what)) for outcome in answer.outcomes]
        said = [
            no_date(answer.not_known[path].get(subject), what)
            if first is None
            else f"{table_date(first.on)}{_at(first.rate)}"
            for path, first in firsts
        ]
        rows.append((f"{subject} {HAPPENING_WORDS[what]}", *said))
    for trigger in several_times(answer.outcomes):
        times = [(outcome.path, outcome.times(trigger)) for outcome in answer.outcomes]
        said = [
            ", ".join(times_words(spells, table_date))
            if spells
            else no_date(answer.not_known[path].get(trigger))
            for path, spells in times
        ]
        rows.append((f"{trigger} in effect in all", *said))
    notes = [f"Facts: {answer.facts}."]
    notes += [
        f"{test} was not determined on any date, so it is left out: {why}."
        for test, why in answer.left_out.items()
    ]
    notes += [
        f"Not decided, so neither when nor never is known: {undecided_words(trigger, names)}."
        for trigger, names in answer.undecided.items()
    ]
    notes += [f"At least: {sooner_words(trigger, names)}." for trigger, names in answer.sooner.items()]
    never = (
        f"Never by {table_date(answer.until)}, on any of these paths: {listed(list(answer.never))}."
        if answer.never
        else ""
    )
    first_of_all = rows[0][0] if rows else ""
    nothing = "Nothing happens on any path." if answer.never else "Nothing was determined on any path."
    about = f"First of all: {first_of_all}. {never}" if rows else f"{nothing} {never}"
    heading = f"What happens first, from {table_date(answer.closing)} to {table_date(answer.until)}"
    table = ShownTable(heading, ("What happens", *(outcome.path for outcome in answer.outcomes)), tuple(rows))
    return (
        about.strip(),
        (table,),
        notes,
        stress_parts(draft, all_templates, given, question, answer, 1, lambda _: None),
    )


def _at(rate: Any) -> str:
    return f" at {float(rate):.4f}" if rate is not None else ""


def _compare(asked: ForesightAsked, draft: Any, given: Any, folder: Path) -> Parts:
    question = _paths(asked)
    if asked.other is not None:
        second = loaded(_written(folder / "second", asked.other), all_templates())
        answers: tuple[Comparison, ...] = (compare_drafts(draft, second, all_templates, given, question),)
    else:
        answers = compare_wordings(
            draft, asked.term, asked.values[0] if asked.values else "all", all_templates, given, question
        )
    tables, notes = [], []
    for one in answers:
        rows = tuple(
            (
                diff.path,
                f"{diff.subject} {HAPPENING_WORDS[diff.what]}",
                str(diff.before or no_date(diff.before_not_known, diff.what)),
                str(diff.after or no_date(diff.after_not_known, diff.what)),
                diff.serves or "-",
            )
            for diff in one.differences
        )
        tables.append(
            ShownTable(
                f"{one.first} against {one.second}",
                ("Path", "What happens", "First", "Second", "Serves"),
                rows,
            )
        )
        notes += [
            f"{one.second}: {term.path} is {term.before} in the first, {term.after} in the second."
            for term in one.terms[:20]
        ]
        notes += [money.words() for money in one.money]
        notes += [open_.words() for open_ in one.not_known]
        notes += [f"At least: {sooner_words(trigger, names)}." for trigger, names in one.sooner.items()]
        serves = whom_it_serves(one)
        notes.append(
            f"{one.second} serves the lender {serves['lender']} times, the borrower {serves['borrower']} "
            "times."
        )
    differences = sum(len(one.differences) for one in answers)
    # What a sweep brings may differ where each date is the same, and so may what is not known.
    quiet = "Nothing that is known differs" if any(one.not_known for one in answers) else "Nothing differs"
    alike = "No date differs" if any(one.money for one in answers) else quiet
    about = f"{differences} dates differ." if differences else f"{alike} on any of these paths."
    return about, tables, notes, {"comparisons": as_data(answers)}


def _calibrate(asked: ForesightAsked, draft: Any, _given: Any, folder: Path) -> Parts:
    low, high, step = (*asked.values, "", "", "")[:3]
    levels, counts = levels_between(low, high, step), whole_numbers(asked.counts, "counts")
    question = Question(4, 8)
    answer = calibrate(
        draft, all_templates(), None, asked.term, levels, counts, (), _model(asked, folder), question, UNDER
    )
    said = overfitting(answer)
    found, drafted, known = answer.found, answer.drafted, answer.setting.known
    tables = [
        ShownTable(
            f"On {asked.paths:,} paths of {asked.weeks} weeks", CALIBRATION_HEAD, _cells(found.model, drafted)
        ),
        ShownTable(
            f"On the history of {found.weeks_of_history} weeks",
            CALIBRATION_HEAD,
            _cells(found.history, drafted),
        ),
    ]
    notes = [
        where_paths_begin(answer),
        *answer.assumed,
        *said[1:],
        *smallest_counts(answer),
        f"The weekly volatility is {known.sigma:.1%}. The prior is {known.prior}, and the seed {asked.seed}.",
        NO_FORECAST,
    ]
    return said[0], tables, notes, {"calibration": calibration_data(answer)}


def _cells(cells: Sequence[Any], drafted: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(calibration_row(cell, drafted, UNDER) for cell in cells)


def _simulate(asked: ForesightAsked, draft: Any, given: Any, folder: Path) -> Parts:
    answer = simulate(draft, all_templates, None, given, _model(asked, folder))
    horizons = tuple(answer.chances[0].within) if answer.chances else ()
    rows = tuple(
        (
            f"{chance.subject} {HAPPENING_WORDS[chance.what]}",
            *(probability(*chance.within[weeks]) for weeks in horizons),
            "-" if chance.median_weeks is None else f"{chance.median_weeks:.0f}",
        )
        for chance in answer.chances
    )
    table = ShownTable(
        "How likely each thing is within",
        ("What happens", *(f"{weeks} weeks" for weeks in horizons), "Median week, where it happens"),
        rows,
    )
    never = f"On no path does anything happen to {listed(list(answer.never))}." if answer.never else ""
    about = (
        f"The draft is run on {answer.paths:,} paths of {answer.weeks} weeks after the Closing Date "
        f"{answer.starts_on}, from its level of {answer.start:.4f}, seed {answer.seed}. {never}"
    )
    return about.strip(), (table,), list(_simulation_notes(answer)), {"simulation": as_data(answer)}


def _simulation_notes(answer: Any) -> Iterator[str]:
    yield f"The weekly volatility is {answer.sigma:.1%}. The prior is {answer.prior}. {NO_FORECAST}"
    yield from answer.assumed
    for cash in answer.swept:
        yield cash.words(cash.clause)
    if answer.undetermined:
        yield f"Not determined on any date: {listed(list(answer.undetermined))}."
    for trigger, names in answer.undecided.items():
        yield f"Not decided, so neither when nor never is known: {undecided_words(trigger, names)}."
    for trigger, names in answer.sooner.items():
        yield f"At least: {sooner_words(trigger, names)}."
    if answer.one_by_one:
        yield (
            "The exact engine works these out path by path, as no columns say what is compared: "
            f"{listed(list(answer.one_by_one))}."
        )
    for name, reason in answer.by_steps.items():
        yield f"{name} takes the exact engine's own steps: {reason}."


ANSWERS: Mapping[str, Callable[[ForesightAsked, Any, Any, Path], Parts]] = {
    "stress": _stress,
    "compare": _compare,
    "calibrate": _calibrate,
    "simulate": _simulate,
}
"""What is asked, each with what works it out."""
