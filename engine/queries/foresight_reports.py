"""What a foresight report is made of: the draft, what is assumed of it, and each answer as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine import __version__
from engine.basics.many_processes import Workers
from engine.determination.template import Cure, Template
from engine.foresight.answers import as_data
from engine.foresight.draft_paths import POINTS, Make, StatedPath
from engine.foresight.drafted_ladder import ladder_at_closing
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import files_of
from engine.foresight.ladder import Inversion, Ladder, after_cure_words, inversion_words
from engine.foresight.stress import closing_levels
from engine.queries.draft_files import until_of
from engine.queries.foresight_questions import StressAsked, stated_paths, stress
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce

SHOWN = 5
"""Paths whose rates are drawn."""
ISSUERS = ("issuer", "borrower")
Watch = Callable[[str], None]


def parts_of_report(deal: Deal, make: Make, given: FactsByDate, prepared: date) -> dict[str, Any]:
    """Return the draft, its ladder, and what is assumed: every report has these.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        given: what the Servicer's reports would say.
        prepared: the date on which the report is made.
    """
    terms, templates = resolve(deal, deal.closing_date), make()
    party = next((terms.parties[name].name for name in ISSUERS if name in terms.parties), deal.name)
    ladder = ladder_at_closing(deal, templates, given)
    return {
        "deal": deal.name,
        "parties": party,
        "file": Path(deal.tree.file).name,
        "sha256": deal.sha256,
        "prepared": prepared,
        "engine": __version__,
        "facts": given.described(),
        "files": as_data(files_of((deal,), given.source)),
        "by_date": as_data(given.by_date()),
        "straight_lines": given.straight_lines,
        "closing": deal.closing_date,
        "illustrative": terms.illustrative,
        # What an amendment brings in is named as well; what it changes keeps its first section.
        "sections": {
            name: cites
            for _, one in reversed(deal.segments)
            for name, cites in _sections(one, templates).items()
        },
        "titles": _titles(deal, templates),
        "ladder": ladder_data(ladder),
    }


def ladder_data(ladder: Ladder) -> dict[str, Any]:
    """Return a ladder as JSON data.

    An inversion names its two limbs. `instead` is the limit that would put them in order, with its test and
    the rate at which the graver limb then acts; null if none was found. The key is left out if none was
    looked for. `later` holds a ladder for each later date on which a rung changes.
    """
    data: dict[str, Any] = as_data(ladder)
    data["inversions"] = [
        {
            "graver": inversion.graver.limb,
            "milder": inversion.milder.limb,
            "by": as_data(inversion.by),
            "words": inversion_words(inversion),
            **_instead(inversion),
        }
        for inversion in ladder.inversions
    ]
    data["after_cure"] = [
        {
            "graver": later.graver.limb,
            "milder": later.milder.limb,
            "by": as_data(later.by),
            "fails": later.graver.fails,
            "kind": later.graver.kind,
            "words": after_cure_words(later),
        }
        for later in ladder.after_cure
    ]
    data["later"] = [ladder_data(one) for one in ladder.later]
    return data


def _instead(inversion: Inversion) -> dict[str, Any]:
    if not inversion.searched:
        return {}
    other = inversion.instead
    if other is None:
        return {"instead": None}
    then = {"test": inversion.of, "then": as_data(inversion.then)}
    return {"instead": {**other.as_data(), **then}}


def stress_parts(
    deal: Deal,
    make: Make,
    given: FactsByDate,
    asked: StressAsked,
    answer: Any,
    workers: Workers,
    watch: Watch,
) -> dict[str, Any]:
    """Return the parts of a stress report.

    They are the answer, the rates that are drawn, and the first dates under every scenario of the paper.

    Args:
        deal: the draft.
        make: gives the covenant templates by name.
        given: what the Servicer's reports would say.
        asked: the paths that were asked for.
        answer: what they gave.
        workers: processes, or the workers of a cluster.
        watch: told what is done.
    """
    until = until_of(deal, asked.until, asked.weeks)
    every = replace(
        asked,
        scenarios=("A", "B", "C"),
        points=POINTS,
        multiples=(Fraction(1),),
        rates=None,
        jump=None,
        missing=frozenset(),
    )
    paths = stated_paths(deal, asked, until)
    # The user's own curve comes last, and is drawn however many scenarios come before it.
    drawn = (
        paths[:SHOWN] if len(paths) <= SHOWN or paths[-1].source is None else (*paths[: SHOWN - 1], paths[-1])
    )
    return {
        "stress": as_data(answer),
        "rates": [
            {
                "name": path.name,
                "points": _points(path.rates),
                "words": path.name if path.scenario is None else path.scenario.in_words,
                "falls": None if path.scenario is None else path.scenario.falls,
            }
            for path in drawn
        ],
        "band": _band(deal, drawn[0], until),
        "scenarios": as_data(stress(deal, make, given, every, workers, watch)),
    }


def _band(deal: Deal, path: StatedPath, until: date) -> list[tuple[str, float, float]]:
    """Return (date, rate, rate) at both ends of a path's band. A path that no scenario made has none."""
    if path.scenario is None:
        return []
    start = next(iter(closing_levels(deal).values()))
    ends = [
        replace(path.scenario, point=point, missing=frozenset()).rates(start, deal.closing_date, until)
        for point in ("low", "high")
    ]
    return [
        (str(day), float(value), float(other))
        for (day, value), (_, other) in zip(*ends, strict=True)
        if value is not None and other is not None
    ]


def _sections(terms: TermsInForce, templates: Mapping[str, Template]) -> dict[str, dict[str, str]]:
    """Return the section of each test and trigger, and of what follows from it, by what happens.

    The empty text stands for what has no section of its own.
    """
    sections: dict[str, dict[str, str]] = {}
    for key, clause in terms.covenants.items():
        sections[key] = {"": clause.cite}
        cure = getattr(clause, "cure", "none")
        if isinstance(cure, Cure):
            sections[key] |= dict.fromkeys(("cure by", "default"), cure.cite)
        make = templates[clause.template].deliver
        if make is not None:
            sections[key] |= dict.fromkeys(("obliged", "due"), make(clause).cite)
    for name, trigger in terms.triggers.items():
        sections[name] = {"": trigger.cite}
        for consequence in trigger.consequences:
            if consequence.deliver is not None:
                sections[name] |= dict.fromkeys(("obliged", "due"), consequence.deliver.cite)
    return sections


def _titles(deal: Deal, templates: Mapping[str, Template]) -> dict[str, str]:
    """Return the title of each test. Two tests of one template also have their own names in it."""
    clauses = (one for _, terms in deal.segments for one in terms.covenants.items())
    titles = {key: templates[clause.template].title for key, clause in clauses}
    shared = Counter(titles.values())
    return {key: title if shared[title] == 1 else f"{title} ({key})" for key, title in titles.items()}


def _points(rates: Mapping[str, Sequence[Any]]) -> list[tuple[str, float | None]]:
    """Return the dates and values of the first index."""
    first = next(iter(rates.values()), ())
    return [(str(day), None if value is None else float(value)) for day, value in first]
