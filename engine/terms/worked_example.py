"""Worked examples: what counsel and structurer sign off on, and how expected figures compare.

See rulings 20, 43. An example gives one rate per Thursday from `first_publication`, facts that hold on every
date or by date, and what is expected on dates. A figure without decimals is exact. Any other is compared at
its decimals, rounded half to even.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from engine.basics.errors import Problem
from engine.basics.values import Fact, Figure, Unit, rounded
from engine.terms.error_messages import complaints
from engine.terms.periods import Day, RelativePeriod, is_day, read_day, read_relative
from engine.terms.phrases import NUMBER, Rates
from engine.terms.source import Path, Tree

EXPECTED = (
    "result",
    "measured",
    "limit",
    "headroom",
    "state",
    "break_even",
    "cure_by",
    "since",
    "to_cure",
    "count",
    "rate",
    "rate_from",
    "obligation",
    "due",
    "decisive",
    "reserve",
    "swept",
    "as_of",
    "first_met",
)


class Expectation(Fact):
    """What is expected on one date of one test, trigger or index. Figures stand as they were written."""

    on: Day
    as_known_on: Day | None = None
    test: str | None = None
    trigger: str | None = None
    index: str | None = None
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    measured: str | None = None
    limit: str | None = None
    headroom: str | None = None
    state: str | None = None
    break_even: str | None = None
    cure_by: Day | None = None
    since: Day | None = None
    to_cure: str | None = None
    count: str | None = None
    rate: str | None = None
    rate_from: str | None = None
    obligation: str | None = None
    due: Day | None = None
    decisive: str | None = None
    reserve: str | None = None
    swept: str | None = None
    as_of: Day | None = None
    """The date whose limits, rates and balances the result takes, if it is determined on delivery.

    See `rulings.md` 49a.
    """
    first_met: Day | None = None
    """The date on which the condition of a trigger with its own cure was first met (`rulings.md` 52)."""

    @property
    def subject(self) -> str:
        """The test, trigger or index that the expectation is about, for its message."""
        return self.test or self.trigger or self.index or "the deal"


class ExampleAct(Fact):
    """A Recorded Act inside an example."""

    on: Day
    act: str
    clause: str | None = None
    until: Day | None = None
    index: str | None = None
    rate: str | None = None
    document: str | None = None
    clock: Literal["resumes", "restarts"] | None = None
    names: str | None = None
    version: str | None = None
    method: str | None = None
    amount: str | None = None
    paid_to: str | None = None


class ExamplePrint(Fact):
    """One more print: a value that was published late, or flagged, or under a stated methodology version."""

    index: str
    of: Day
    published: Day
    value: Rates
    methodology: str = ""
    low_confidence: Literal["true", "false"] = "false"


class WorkedExample(Fact):
    """One worked example of a deal."""

    name: str
    first_publication: Day
    rates: Mapping[str, Rates]
    prints: tuple[ExamplePrint, ...] = ()
    facts: Mapping[str, str | Mapping[str, str]] = {}
    acts: tuple[ExampleAct, ...] = ()
    expect: tuple[Expectation, ...]


class Placed(WorkedExample):
    """A worked example with its place in the file."""

    place: tuple[str | int, ...]
    """The path of the example in the file."""


def read_examples(tree: Tree) -> tuple[tuple[Placed, ...], list[Problem]]:
    """Return the worked examples of a file; what cannot be read is a problem at its place."""
    raw = tree.data.get("worked_examples", [])
    if not isinstance(raw, list):
        place = tree.place(("worked_examples",))
        return (), [
            Problem(
                "D205",
                "`worked_examples` must be a list",
                "there are several",
                "begin each with `- name:`",
                place,
            )
        ]
    examples: list[Placed] = []
    problems: list[Problem] = []
    for number, item in enumerate(raw):
        path: Path = ("worked_examples", number)
        try:
            example = WorkedExample.model_validate(item)
            problems += _facts(example, tree, path)
            # The example has just been validated, so its parts are taken over as they are.
            examples.append(Placed.model_construct(**dict(example), place=path))
        except ValidationError as error:
            problems += complaints(error, tree, path)
    return tuple(examples), problems


def _facts(example: WorkedExample, tree: Tree, path: Path) -> list[Problem]:
    problems = []
    for name, value in example.facts.items():
        at = (*path, "facts", name)
        for key in value if isinstance(value, Mapping) else ():
            if not is_day(key):
                why = "a fact in a map holds from a date on"
                place = tree.key_place((*at, key))
                problems.append(
                    Problem("D108", f"`{key}` is not a date", why, "write it like `2026-01-08`", place)
                )
        for where, text in written(value, at):
            if name == REPORT_RECEIVED:
                problems += _relative(text, tree, where)
            # `missing` has a place only in a map by date. A fact that never comes is left out.
            elif read_figure(text) is None and not (where != at and text == MISSING):
                fix = (
                    "write it like `USD 16,000,000`, `USD 1.70 per GPU-hour`, `85%` or `1,024`; in a map "
                    "by date also `missing`"
                )
                problems.append(
                    Problem(
                        "D401",
                        f"`{text}` is not a figure",
                        "a fact is a figure with its unit",
                        fix,
                        tree.place(where),
                    )
                )
    return problems


def _relative(text: str, tree: Tree, at: Path) -> list[Problem]:
    """Return the problems of a fact that says when the Servicer's report comes."""
    try:
        if text != MISSING:
            read_relative(text)
    except PydanticCustomError as error:
        said = error.context or {}
        return [Problem(error.type, str(said["what"]), str(said["why"]), str(said["fix"]), tree.place(at))]
    return []


def written(fact: str | Mapping[str, str], path: Path) -> Iterator[tuple[Path, str]]:
    """Yield (path, text) of each figure of a fact: a single one, or one from each date of a map on."""
    if isinstance(fact, str):
        yield path, fact
    else:
        yield from (((*path, key), text) for key, text in fact.items())


REPORT_RECEIVED = "report_received"
"""The fact that says when the Servicer's reports come. Without it each comes on its Thursday."""
MISSING = "missing"
"""The word in a fact's map by date for: from this date on no report gives the figure."""
LONGEST_FIGURE = 80
"""The most characters of a figure: more than any amount of the trade has."""
# The second sign is the true minus, which comes along when a figure is copied from a document.
FIGURE = re.compile(
    rf"(?P<sign>[-+−]?)(?P<usd>USD )?(?P<minus>-?)(?P<digits>{NUMBER})"
    r"(?P<unit>%| points?| per GPU-hour| GPUs?| GPU-hours| days?|x)?",
    re.ASCII,
)
"""A figure with its unit.

Thousands are grouped correctly or not at all, so `1,92` is not a figure (`rulings.md` 57).
"""
UNITS = {
    "%": Unit.SHARE,
    "points": Unit.POINTS,
    "point": Unit.POINTS,
    "GPU": Unit.GPUS,
    "GPUs": Unit.GPUS,
    "GPU-hours": Unit.GPU_HOURS,
    "x": Unit.MULTIPLE,
    "day": Unit.DAYS,
    "days": Unit.DAYS,
}


def read_figure(text: str) -> Figure | None:
    """Return a figure as a worked example writes it; None if the text is not one.

    An amount of USD without `per GPU-hour` reads as money.
    """
    # Long texts are not remembered, as a hostile file could fill the memory with them.
    return None if len(text) > LONGEST_FIGURE else _figure_of(text.strip())


@lru_cache(maxsize=256)
def _figure_of(text: str) -> Figure | None:
    """Return the same; the newest few are kept, as the checks of a file ask for each figure several times."""
    match = FIGURE.fullmatch(text)
    if match is None:
        return None
    unit = (match["unit"] or "").strip()
    kind = Unit.RATE if unit == "per GPU-hour" else Unit.USD if match["usd"] else UNITS.get(unit, Unit.COUNT)
    value = Fraction(match["digits"].replace(",", ""))
    if match["sign"] in ("-", "−") or match["minus"]:
        value = -value
    return Figure(value=value / 100 if kind in (Unit.SHARE, Unit.POINTS) else value, unit=kind)


def agrees(expected: str, actual: Figure | None) -> bool:
    """Return whether an actual figure equals the expected one at the precision that is written.

    See `rulings.md` 20.
    """
    wanted = read_figure(expected)
    if wanted is None or actual is None:
        # An example expects with the word `none` that a figure does not exist.
        return wanted is None and actual is None and expected == "none"
    money = {Unit.USD, Unit.RATE}
    # An example may write a price as USD, and leave out a unit of money.
    if wanted.unit is not actual.unit and not {wanted.unit, actual.unit} <= money | {Unit.COUNT}:
        return False
    digits = FIGURE.fullmatch(expected.strip())
    decimals = len(digits["digits"].partition(".")[2]) if digits else 0
    # A figure without decimals is exact (`rulings.md` 20).
    if decimals == 0:
        return wanted.value == actual.value
    scale = 100 if actual.unit in (Unit.SHARE, Unit.POINTS) else 1
    return rounded(actual.value * scale, decimals) == rounded(wanted.value * scale, decimals)


def fact_on(value: str | Mapping[str, str], day: date) -> Figure | None:
    """Return a fact's figure on a date, or None if it is missing.

    It is the only figure, or the last one dated by then.
    """
    text = _said_on(value, day)
    return None if text is None else read_figure(text)


def received_by(value: str | Mapping[str, str], day: date) -> RelativePeriod | None:
    """Return when the report of a Thursday comes, by the fact `report_received`; None if it never comes."""
    text = _said_on(value, day)
    return None if text in (None, MISSING) else read_relative(text)


def _said_on(value: str | Mapping[str, str], day: date) -> str | None:
    if isinstance(value, str):
        return value
    reached = [key for key in value if read_day(key) <= day]
    return value[max(reached)] if reached else None
