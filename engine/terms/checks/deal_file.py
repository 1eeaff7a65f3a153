"""What can be wrong with a deal file although each of its parts reads well.

Errors have codes D5.., warnings codes W... A warning leaves the file usable and is printed with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.basics.calendar import known_calendars, load_calendar
from engine.basics.errors import Place, Problem
from engine.terms.amendment_entries import NOTHING
from engine.terms.as_written import Deal
from engine.terms.checks.contradictions import CONTRADICTIONS
from engine.terms.checks.cross_references import circles, conditions, references, terms_with_tree
from engine.terms.checks.date_rules import date_rules
from engine.terms.checks.dead_ends import exits
from engine.terms.checks.doubtful_values import doubtful_values
from engine.terms.checks.duties import duties
from engine.terms.checks.example_expectations import examples
from engine.terms.checks.idle_terms import deciding, lasting
from engine.terms.checks.limbs_and_curves import later_terms
from engine.terms.checks.quoted_numbers import texts
from engine.terms.checks.reported_measures import declared_figures
from engine.terms.checks.scale import out_of_scale
from engine.terms.checks.seniority import seniority
from engine.terms.checks.step_dates import steps
from engine.terms.checks.thin_data import thin_data
from engine.terms.checks.unreachable_counts import counting
from engine.terms.error_messages import no_value, undefined
from engine.terms.format_keys import warning
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree, parse, scalars

Versions = Mapping[str, bool]
"""Each methodology version, and whether the administrator has published under it (`rulings.md` 1)."""
Texts = Sequence[tuple[Path, str]]
"""Every text of a file with its path."""
PRINTABLE = re.compile(
    r"[\x20-\x7e\xa1-\xac\xae-\u017f\u2010-\u2027\u2030-\u203a\u20ac\u2116\u2122\u2190-\u2193\u2212\u2260\u2264\u2265]*"
)
"""The characters that the notice's fonts hold. Any other cannot be printed and is refused."""
SHORT_NAME = re.compile(r"[A-Za-z0-9]+")
READINGS = (
    "with C = 2.10 at closing and rates 2.05 for twelve weeks, then 2.08 and 1.50: fall_in_window 27.619%, "
    "fall_across_window 26.190%, window_start 26.829%, below_closing 0%, below_closing_at_any_time 28.571%"
)


def every_problem(
    text: str, file: str, deal: Deal | None, problems: Sequence[Problem], versions: Versions
) -> list[Problem]:
    """Return every error and warning about a deal's file, sorted by place.

    Args:
        text: the file.
        file: its name, for the errors.
        deal: the deal as `load_deal` read it; None if it could not.
        problems: what `load_deal` found.
        versions: the methodology versions that exist.
    """
    tree = deal.tree if deal else parse(text, file)[0]
    all_problems = [_explained(problem) for problem in problems]
    every = tuple(scalars(tree.data)) if tree is not None and isinstance(tree.data, dict) else ()
    if tree is not None:
        all_problems += [
            *_unprintable(tree, every),
            *_empty(tree, every, {problem.place for problem in problems}),
        ]
    if deal is not None:
        meaning = [problem for look in LOOKS for problem in look(deal)]
        meaning += [*_documents(deal, every), *_methodologies(deal, versions)]
        # A life that ends before it begins holds no date: what is said of its dates would only repeat that.
        endless = any(problem.code == "D510" for problem in meaning)
        all_problems += [problem for problem in meaning if not (endless and problem.code in ("D523", "D533"))]
    # Terms are checked in each stretch of the deal's life, and one slip would be told in every one of them.
    unique = {(problem.place, problem.code, problem.what): problem for problem in all_problems}
    return sorted(unique.values(), key=lambda problem: (problem.place, problem.code))


def _explained(problem: Problem) -> Problem:
    """Return the problem, expanded if it is an appraisal clause without its reading (`rulings.md` 14).

    The expanded problem shows what each of the five readings would have given.
    """
    if problem.code == "D201" and problem.what == "`measure` is missing":
        why = f"the agreement's sentence can be read in five ways; {READINGS}"
        return Problem(
            "D208", problem.what, why, "write `measure:` with the reading that counsel agreed", problem.place
        )
    return problem


def _unprintable(tree: Tree, every: Texts) -> Iterator[Problem]:
    for path, value in every:
        if isinstance(value, str) and not PRINTABLE.fullmatch(value):
            # An invisible sign cannot be shown, so the message gives its number.
            sign = next(sign for sign in value if not PRINTABLE.fullmatch(sign))
            why = "it cannot be printed on a notice in the bundled fonts, or is invisible to a reader"
            yield Problem(
                "D501",
                f"the character U+{ord(sign):04X} stands in a text",
                why,
                "replace it",
                tree.place(path),
            )


def _empty(tree: Tree, every: Texts, places: set[Place]) -> Iterator[Problem]:
    """Yield a problem for each key without a value, unless its place has a problem already.

    A reader cannot tell an empty key from a forgotten one.
    """
    for path, value in every:
        if value.strip() in NOTHING and path and not {tree.place(path), tree.key_place(path)} & places:
            yield no_value(tree, str(path[-1]), tree.place(path))


def _formats(deal: Deal) -> Iterator[Problem]:
    """Yield a warning for each key of format 2 that a file of format 1 lacks (`rulings.md` 72).

    The warning says what is read in place of the key.
    """
    return (warning(deal.tree, reading) for reading in deal.readings)


def _calendars(deal: Deal) -> Iterator[Problem]:
    for terms, tree in terms_with_tree(deal):
        if terms.business_days not in known_calendars():
            why = f"there are {', '.join(known_calendars())}; `US` names no calendar"
            what = f"the calendar `{terms.business_days}` does not exist"
            yield Problem("D512", what, why, "write one of them", tree.place(("business_days",)))
        else:
            yield from _beyond_the_table(terms, tree)
        try:
            ZoneInfo(terms.time_zone)
        # A name that is a folder, or that leads out of the zones, is refused by the other two.
        except (ZoneInfoNotFoundError, ValueError, OSError):
            fix = "write it like `America/New_York`"
            yield Problem(
                "D513",
                f"the time zone `{terms.time_zone}` does not exist",
                "contract dates are dates in it",
                fix,
                tree.place(("time_zone",)),
            )


def _beyond_the_table(terms: TermsInForce, tree: Tree) -> Iterator[Problem]:
    """Yield a problem if the table of the deal's calendar does not cover the deal's life.

    Deadlines outside the table could not be counted.
    """
    table = load_calendar(terms.business_days)
    for name, day in (("closing_date", terms.closing_date), ("maturity_date", terms.maturity_date)):
        if not table.first <= day <= table.last:
            why = f"the table of {table.name} runs from {table.first} to {table.last}"
            fix, what = (
                f"write a date from {table.first} to {table.last}",
                f"the {name.replace('_', ' ')} {day} is outside the calendar",
            )
            yield Problem("D523", what, why, fix, tree.place((name,)))


def _methodologies(deal: Deal, versions: Versions) -> Iterator[Problem]:
    for terms, tree in terms_with_tree(deal):
        for name, index in terms.index.items():
            path: Path = ("index", name, "methodology")
            policy = index.methodology
            if policy.policy == "pinned" and policy.version is None:
                yield Problem(
                    "D514",
                    "a pinned methodology without a version",
                    "a deal never has a default",
                    "write `version:`",
                    tree.place(path),
                )
            ours = (
                index.source != "published by the administrator"
            )  # of the administrator's any version is its own text (rulings 62)
            if ours and policy.version is not None and policy.version not in versions:
                yield undefined(
                    tree, (*path, "version"), policy.version, "methodology version", versions, "there are"
                )
            if policy.policy == "current" and policy.version is not None:
                why = "`current` takes each version as it is published"
                fix = "remove `version:`, or write `policy: pinned`"
                yield Problem(
                    "D514", "a current methodology with a version", why, fix, tree.place((*path, "version"))
                )
            if (policy.consent_needed_for is None) != (policy.material_above is None):
                why = (
                    "consent is needed for a change that moves the value by more than so much, and both "
                    "are written or neither"
                )
                place = tree.place(path)
                yield Problem(
                    "D514",
                    "nothing says which changes need consent",
                    why,
                    "write `consent_needed_for:` and `material_above:`",
                    place,
                )
            nobodys = policy.version is not None and not versions.get(policy.version, True)
            if nobodys and index.source == "published by the administrator":
                why = (
                    "the administrator has published nothing under it, so the index would never have a value"
                )
                fix, place = (
                    "pin a published version, or have the rate computed",
                    tree.place((*path, "version")),
                )
                yield Problem(
                    "D515", f"the administrator publishes nothing under `{policy.version}`", why, fix, place
                )
            # A real deal would wait for ever on a version under which nobody publishes.
            if nobodys and not terms.illustrative:
                why = "nobody has published under it; it can be pinned only in an illustrative deal"
                place = tree.place((*path, "version"))
                yield Problem(
                    "D515",
                    f"methodology `{policy.version}` cannot be pinned here",
                    why,
                    "pin a published version",
                    place,
                )


def _cadences(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each index whose cadence does not fit what else is said of it.

    A daily series must be an administrator's and say which day is read; a weekly series must not say so.
    """
    for terms, tree in terms_with_tree(deal):
        for name, index in terms.index.items():
            place = tree.place(("index", name))
            if index.cadence == "daily" and index.source != "published by the administrator":
                why, fix = (
                    "a computed rate is weekly",
                    "remove `cadence:`, or take the administrator's series",
                )
                yield Problem("D561", f"`{name}` is computed and daily", why, fix, place)
            if index.cadence == "weekly" and index.day_read is not None:
                why, fix = (
                    "a weekly series has one value for each Publication Date",
                    "write `cadence: daily`, or remove `day_read:`",
                )
                yield Problem("D561", f"`{name}` is weekly and names a day to be read", why, fix, place)


def _documents(deal: Deal, every: Texts) -> Iterator[Problem]:
    """Yield a problem for each citation of a document that the deal does not have: `CA §7.01` needs `CA`."""
    documents = deal.documents
    for path, value in every:
        if path[-1] != "cite" or not isinstance(value, str) or "documents" in path:
            continue
        short = SHORT_NAME.match(value)
        if short is None or short[0] not in documents:
            why = f"the deal has {', '.join(documents)}"
            yield Problem(
                "D516",
                f"`{value}` cites no document of the deal",
                why,
                "begin with a document's short name",
                deal.tree.place(path),
            )
        elif short[0] == value.strip():
            why = "a reader of the agreement must find the rule"
            yield Problem(
                "D516",
                f"`{value}` cites no section",
                why,
                "write the section too, like `CA §7.01`",
                deal.tree.place(path),
            )


def _warnings(deal: Deal) -> Iterator[Problem]:
    terms, tree = deal.segments[0][1], deal.tree
    if terms.revenue.mostly == "enterprise contracts":
        for key in (key for key, clause in terms.covenants.items() if clause.mechanical):
            why = (
                "the index measures listed on-demand prices, which may move without the pool's contracts "
                "(WP §5.2)"
            )
            what = f"`{key}` is a mechanical trigger in a deal whose revenue is mostly enterprise contracts"
            yield Problem(
                "W101",
                what,
                why,
                "consider a test of the contracts' own rates beside it",
                tree.key_place(("covenants", key)),
            )
    for key, clause in terms.covenants.items():
        if getattr(clause, "measure", None) == "fall_in_window":
            why = "after a spike the rate can fall by the share of closing and still stand above it"
            place = tree.place(("covenants", key, "measure"))
            yield Problem(
                "W102",
                "`fall_in_window` can fail above the Closing Date level",
                why,
                "see whether counsel means that",
                place,
            )


LOOKS: tuple[Callable[[Deal], Iterator[Problem]], ...] = (
    references,
    duties,
    conditions,
    circles,
    date_rules,
    _cadences,
    thin_data,
    _formats,
    seniority,
    later_terms,
    declared_figures,
    _calendars,
    texts,
    _warnings,
    *CONTRADICTIONS,
    exits,
    deciding,
    lasting,
    counting,
    steps,
    out_of_scale,
    doubtful_values,
    examples,
)
