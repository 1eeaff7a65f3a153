"""The questions of foresight and their typed answers.

A command prints an answer, a page shows it, and a program reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.many_processes import Workers
from engine.determination.template import Template
from engine.events.log_names import deals_among
from engine.foresight.comparison import Comparison, compared
from engine.foresight.draft_paths import Make, StatedPath, lived_paths, scenario_paths
from engine.foresight.drafted_ladder import ladder_at_closing
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import GivenFile, files_of, given_file
from engine.foresight.lacking import acted, lacking
from engine.foresight.ladder import Ladder
from engine.foresight.rate_scenarios import Point, ScenarioPath, Shape, read_jump, read_rates
from engine.foresight.stress import PathOutcome
from engine.foresight.term_variants import choices, in_the_form_of, varied, written_at
from engine.queries.draft_files import deal_named, text_of, until_of
from engine.queries.recorded_ladder import recorded_ladder
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, resolve, terms_until
from engine.terms.contract_dates import THURSDAY
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.deal_files import loaded
from engine.workspace.workspace import Workspace

Watch = Callable[[str], None]
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class LadderAnswer:
    """The ladder of one deal; `file` is the draft's file, empty for a recorded deal."""

    deal: str
    file: str
    ladder: Ladder


def draft_ladder(deal: Deal, templates: Mapping[str, Template], given: FactsByDate) -> LadderAnswer:
    """Return the ladder of a draft at closing: each test with the rate at which its result turns."""
    return LadderAnswer(deal.name, deal.tree.file, ladder_at_closing(deal, templates, given))


def recorded_ladders(
    workspace: Workspace, name: str | None, on: date | None, templates: Mapping[str, Template]
) -> tuple[LadderAnswer, ...]:
    """Return the ladder of a recorded deal on a date; of every deal if none is named.

    Raises:
        WrongUsage: no such deal, no deal at all, or nothing determined by the date.
    """
    logs = sorted(deals_among(workspace.store.logs()))
    names = [name] if name is not None else logs
    if not names:
        raise WrongUsage(
            f"a recorded deal is missing in {workspace.root}; name a deal file, or run one first"
        )
    answers = []
    for deal_name in names:
        deal = deal_named(workspace, deal_name, templates)
        events = read(workspace.store, deal_log(deal.name))
        answers.append(LadderAnswer(deal.name, "", recorded_ladder(deal, events, templates, on)))
    return tuple(answers)


@dataclass(frozen=True)
class StressAsked:
    """Which paths a draft is held against.

    Attributes:
        scenarios: `B`, or several in turn `A:548,B`.
        points: which points of each band of a scenario are taken.
        shape: compound or straight line.
        multiples: how many times as fast each path runs through its scenario.
        jump: `-30%@26w`, or None.
        missing: Publication Dates without a value.
        rates: a table of dated rates, one more path; None without one.
        lost: a contract that ends, and after how many weeks; None if none does.
        until: the last date; None for `weeks` after closing.
        weeks: how many weeks after closing.
    """

    scenarios: tuple[str, ...]
    points: tuple[Point, ...]
    shape: Shape = "compound"
    multiples: tuple[Fraction, ...] = (Fraction(1),)
    jump: str | None = None
    missing: frozenset[date] = frozenset()
    rates: Path | None = None
    lost: tuple[str, int] | None = None
    until: date | None = None
    weeks: int = 130


@dataclass(frozen=True)
class StressAnswer:
    """What a draft does on each path.

    Attributes:
        deal: its name.
        file: its file.
        closing: its Closing Date.
        until: the last date that was looked at.
        facts: what was assumed of the Servicer's reports, in words.
        outcomes: what happened on each path.
        tests: its tests, in the file's order, each with its title.
        triggers: its composite triggers.
        never: tests that were determined and failed on no path, and triggers that began on none.
        undecided: triggers of which that cannot be said, as they look at a test that was left out; with its
            name.
        sooner: triggers that began and also look at such a test, so that they may begin sooner.
        not_known: by path, the tests and triggers of which nothing is known on it, with the reason.
        left_out: tests that were not determined on any date, or have no date by then, with the reason.
        files: the files on which the answer rests.
        own: the path of the user's own table of rates; None without one.
    """

    deal: str
    file: str
    closing: date
    until: date
    facts: str
    outcomes: tuple[PathOutcome, ...]
    tests: Mapping[str, str]
    triggers: tuple[str, ...]
    never: tuple[str, ...]
    left_out: Mapping[str, str]
    undecided: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sooner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: tuple[GivenFile, ...] = ()
    own: str | None = None


def stated_paths(deal: Deal, asked: StressAsked, until: date) -> tuple[StatedPath, ...]:
    """Return the paths that are asked for.

    Raises WrongUsage or InputProblems for what is not a path, or for a table that ends before `until`. It
    raises WrongUsage for a missing day that is not a Publication Date.
    """
    for day in sorted(asked.missing):
        _refuse_missing(deal, day, until)

    def changed(path: ScenarioPath) -> ScenarioPath:
        jump = read_jump(asked.jump) if asked.jump is not None else None
        return ScenarioPath(path.legs, path.point, path.shape, path.multiple, jump, asked.missing)

    paths = scenario_paths(deal, asked.scenarios, asked.points, asked.shape, asked.multiples, until, changed)
    if asked.rates is None:
        return paths
    indices = tuple(resolve(deal, deal.closing_date).index)
    text = text_of(asked.rates)
    rates, problems = read_rates(text, str(asked.rates), indices)
    if problems:
        raise InputProblems(problems)
    last = min((days[-1][0] for days in rates.values() if days), default=deal.closing_date)
    if last <= deal.closing_date:
        raise WrongUsage(
            f"{asked.rates.name} ends on {last}, and {deal.name} closes on {deal.closing_date}; a path has "
            "the rates of the Thursdays after closing"
        )
    # Of dates after a table's end nothing is known, and an answer would read as if nothing happened on them.
    if until >= last + WEEK:
        raise WrongUsage(
            f"{asked.rates.name} ends on {last}, and nothing is known after that; name a last date with "
            f"--until {last + WEEK - timedelta(days=1)} or earlier"
        )
    # The first index is the one that is drawn and printed, whichever column comes first in the table.
    in_order = {name: rates[name] for name in indices if name in rates}
    own = StatedPath(asked.rates.name, in_order, source=given_file("rates", asked.rates, text))
    return (*paths, own)


def given_files(
    deals: Sequence[Deal], given: FactsByDate, paths: Sequence[StatedPath]
) -> tuple[GivenFile, ...]:
    """Return the files on which an answer on stated paths rests."""
    return files_of(deals, given.source, *(path.source for path in paths))


def _refuse_missing(deal: Deal, day: date, until: date) -> None:
    """Raise WrongUsage for a day that is not a Publication Date of a path: its lack would change nothing."""
    before = day - timedelta(days=(day.weekday() - THURSDAY) % 7)
    if day != before:
        raise WrongUsage(
            f"--missing {day}: the day is not a Publication Date, which is a Thursday; the nearest are "
            f"{before} and {before + WEEK}"
        )
    if not deal.closing_date < day <= until:
        raise WrongUsage(
            f"--missing {day}: the path has the Publication Dates after {deal.closing_date} up to {until}"
        )


def with_lost(deal: Deal, given: FactsByDate, asked: StressAsked) -> FactsByDate:
    """Return what the reports would say if the named contract ends so many weeks after closing."""
    if asked.lost is None:
        return given
    return given.with_lost(asked.lost[0], deal.closing_date + timedelta(weeks=asked.lost[1]))


def stress(
    deal: Deal,
    make: Make,
    given: FactsByDate,
    asked: StressAsked,
    workers: Workers = 1,
    watch: Watch = lambda _: None,
) -> StressAnswer:
    """Return what a draft does under the paths that are asked for.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        given: what the Servicer's reports would say.
        asked: the paths.
        workers: processes, or the workers of a cluster.
        watch: told what is done.
    """
    until = until_of(deal, asked.until, asked.weeks)
    facts = with_lost(deal, given, asked)
    paths = stated_paths(deal, asked, until)
    outcomes = lived_paths(deal, make, paths, facts, until, workers, watch)
    terms = terms_until(deal, until)
    # An amendment may bring tests and triggers in, of which something is to be said as well.
    clauses = {key: clause for one in reversed(terms) for key, clause in one.covenants.items()}
    tests = tuple(dict.fromkeys(key for one in terms for key in one.covenants))
    triggers = tuple(dict.fromkeys(name for one in terms for name in one.triggers))
    templates = make()
    open_ = lacking(terms, templates, outcomes, until)
    # Never is said only of tests that were determined, because an undetermined one may have failed.
    said = {*acted(outcomes), *open_.left_out, *open_.undecided}
    return StressAnswer(
        deal=deal.name,
        file=deal.tree.file,
        closing=deal.closing_date,
        until=until,
        facts=given.described(),
        outcomes=outcomes,
        tests={key: templates[clauses[key].template].title for key in tests},
        triggers=triggers,
        never=tuple(name for name in (*tests, *triggers) if name not in said),
        left_out=open_.left_out,
        undecided=open_.undecided,
        sooner=open_.sooner,
        not_known={one.path: lacking(terms, templates, (one,), until).reasons for one in outcomes},
        files=given_files((deal,), given, paths),
        own=next((path.name for path in paths if path.source is not None), None),
    )


def compare_drafts(
    first: Deal,
    second: Deal,
    make: Make,
    given: FactsByDate,
    asked: StressAsked,
    workers: Workers = 1,
    watch: Watch = lambda _: None,
) -> Comparison:
    """Return two drafts on the same paths, which begin at each draft's own Closing Date level."""
    until = min(until_of(deal, asked.until, asked.weeks) for deal in (first, second))
    paths = [stated_paths(deal, asked, until) for deal in (first, second)]
    lived = [
        lived_paths(deal, make, of_deal, with_lost(deal, given, asked), until, workers, watch)
        for deal, of_deal in zip((first, second), paths, strict=True)
    ]
    names = (Path(first.tree.file).name, Path(second.tree.file).name)
    found = compared(names, (first, second), lived[0], lived[1], make())
    return replace(found, files=given_files((first, second), given, (*paths[0], *paths[1])))


def compare_wordings(
    deal: Deal,
    term: str,
    values: str,
    make: Make,
    given: FactsByDate,
    asked: StressAsked,
    workers: Workers = 1,
    watch: Watch = lambda _: None,
) -> tuple[Comparison, ...]:
    """Return the comparison of a draft with itself, with a term written otherwise.

    `all` tries all wordings of the term. Otherwise the values are named, with `|` between them.

    Raises:
        WrongUsage: no such term, or one that is not chosen from a list where `all` is asked for.
        InputProblems: a wording that the file cannot have.
    """
    templates = make()
    now = written_at(deal, term)
    wanted = (
        choices(deal, templates, term)
        if values == "all"
        else tuple(part.strip() for part in values.split("|"))
    )
    others = [(choice, in_the_form_of(now, choice)) for choice in wanted]
    until = until_of(deal, asked.until, asked.weeks)
    paths, given = stated_paths(deal, asked, until), with_lost(deal, given, asked)
    files = given_files((deal,), given, paths)
    plain = varied(deal, templates, {})
    before = lived_paths(plain, make, paths, given, until, workers, watch)
    comparisons = []
    for _, text in others:
        if text == now:
            continue
        other = varied(deal, templates, {term: text})
        after = lived_paths(other, make, paths, given, until, workers, watch)
        names = (f"{term}: {now}", f"{term}: {text}")
        found = compared(names, (plain, other), before, after, templates)
        # The files are those that were given; a variant was not.
        comparisons.append(replace(found, files=files))
    return tuple(comparisons)


def draft_or_deal(name: str, workspace: Workspace | None, templates: Mapping[str, Template]) -> Deal:
    """Return a draft in a file, or a deal of the workspace by its name.

    Raises WrongUsage if there is neither.
    """
    path = Path(name)
    if path.is_file():
        draft = loaded(path, templates)
        return draft if workspace is None else counted_on_record(workspace, draft)
    if workspace is None:
        raise WrongUsage(f"no such file: {name}; a deal by its name needs a workspace")
    return deal_named(workspace, name, templates)
