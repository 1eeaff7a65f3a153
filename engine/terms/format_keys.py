"""The keys that format 2 of the deal file adds (`rulings.md` 72).

Format 2 requires them, and each has one stated reading in format 1. A key of format 2 decides a result, so it
has no silent default. A file of format 1 cannot write it: it is read as `KEYS` says, and `check` warns of
each reading. How a key is added: `docs/deal-format.md`, Format 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.basics.errors import Problem
from engine.terms.clause import Clause
from engine.terms.source import Path, Tree

Block = Mapping[str, Any]
"""A block of the file as written, with its dated steps chosen."""
Clauses = Mapping[str, type[Clause]]
"""The model of each template's terms, by the template's name."""
Reading = Callable[[Block, Block, Clauses], Any]
"""From the block, the whole file and the templates' models to what format 1 reads in place of the key.

The value is as the file would write it. None says that the key has no place in this block: neither format
asks for it there.
"""


@dataclass(frozen=True, slots=True)
class FormatKey:
    """A key that format 2 has and format 1 has not.

    Attributes:
        block: the path of its block; `*` stands for every name in a block of named parts.
        key: its name.
        reading: what format 1 reads in its place, and whether the block asks for it at all.
        why: why the reading matters, as the end of a sentence. It stands in the warning of format 1 and in
            the refusal of format 2.
    """

    block: tuple[str, ...]
    key: str
    reading: Reading
    why: str
    of_1: Callable[[Block, Clauses], bool] = lambda _, __: False
    """Whether a file of format 1 has the key in this block too."""


def never(_: Block, __: Block, ___: Clauses) -> None:
    """Return None: the reading of a key that format 2 may leave out and format 1 does not have."""


def _quarter(block: Block, _: Block, __: Clauses) -> list[str] | None:
    return ["1", "4", "7", "10"] if block.get("every") == "quarter" else None


# Format 1 had no hour, and a report counted for the whole day on which it came.
def _end_of_day(_: Block, __: Block, ___: Clauses) -> str:
    return "end of day"


def _ten_business_days(_: Block, __: Block, ___: Clauses) -> dict[str, str]:
    return {"accepted_for": "10 business days"}


# Format 1 had no question about a doubtful figure: each figure served as it came.
def _no_tolerance(_: Block, __: Block, ___: Clauses) -> str:
    return "none"


def _by_the_giver(_: Block, __: Block, ___: Clauses) -> dict[str, Any]:
    return {"given_by": "the giver", "to": ["the same addressees"], "within": "1 business day"}


BY_WHEN = "a report that is received later in the day counts for the next date"
ENTERED_LATE = (
    "a report that is entered late runs the dates since its receipt again, and the agreement may bound that"
)
DOUBTFUL = "a figure far from the last one may be a slip of the pen, and is held until somebody confirms it"
WITHDRAWN = "who was given a notice that a correction withdraws has to be told"


def _counted(block: Block, _: Block, clauses: Clauses) -> str | None:
    model = _model(block, clauses)
    return (
        # The reading differs by template, because format 1 had one fixed answer in each of them.
        model.counted_in_format_1 if model is not None and model.may_take_class and "class" in block else None
    )


OF_A_QUARTER = "the quarters of an agreement may end in March or in January, and the tests fall on other days"
ON_DELIVERY = (
    "the report may be due after the date, and the state then moves on the date or on the day of the delivery"
)


def _on_the_date(block: Block, data: Block, _: Clauses) -> str | None:
    """Return the reading `on the date` if a date can be over before its report is due; None otherwise.

    A report that is due before the date is there on the date, so the question does not arise.
    """
    reports = data.get("servicer_reports")
    due = str(reports.get("due", "")) if isinstance(reports, Mapping) else ""
    return "on the date" if block.get("every") == "quarter" or " after determination date" in due else None


OF_A_SERIES = "a daily series has a value for every day, and each reading gives another rate"


def _of_a_daily_series(block: Block, _: Block, __: Clauses) -> str | None:
    return "the last day final at the cut-off" if block.get("cadence") == "daily" else None


def _model(block: Block, clauses: Clauses) -> type[Clause] | None:
    template = block.get("template")
    return clauses[template] if isinstance(template, str) and template in clauses else None


def _said_in_format_1(block: Block, clauses: Clauses) -> bool:
    model = _model(block, clauses)
    return model is not None and model.says_in_format_1


def _failure(block: Block, _: Block, clauses: Clauses) -> str | None:
    model = _model(block, clauses)
    return model.failure_may_be[0] if model is not None and not model.says_in_format_1 else None


def _next_date(_: Block, __: Block, ___: Clauses) -> str:
    return "the next date"


def _straight_lines(block: Block, _: Block, __: Clauses) -> str | None:
    return "straight lines" if isinstance(block.get("curve"), list) else None


OF_DOUBT = (
    "a result that other sellers would turn is held, and the agreement must bound for whom, for how "
    "long and what then"
)


def _where_decisive(reading: str, *, bounded: bool = True) -> Reading:
    """Return a Reading that gives `reading` under the effect `decisive only`, and None otherwise.

    With `bounded=False` only format 2 asks for the key, and only if there is a bound.
    """

    def read(block: Block, data: Block, _: Clauses) -> str | None:
        if block.get("effect") != "decisive only":
            return None
        return (
            reading
            if bounded or (data.get("format") != "1" and block.get("at_most") != "without limit")
            else None
        )

    return read


def _of_held_cures(block: Block, data: Block, _: Clauses) -> str | None:
    if block.get("effect") != "decisive only":
        return None
    return "runs on" if data.get("format") == "1" or block.get("applies_to") == "failures and cures" else None


LOW = ("index", "*", "low_confidence")
KEYS: tuple[FormatKey, ...] = (
    FormatKey(("determination_dates",), "months", _quarter, OF_A_QUARTER),
    FormatKey(("determination_dates",), "cut_off", _end_of_day, BY_WHEN),
    FormatKey(("determination_dates",), "determined", _on_the_date, ON_DELIVERY),
    FormatKey(("payment_dates",), "months", _quarter, OF_A_QUARTER),
    FormatKey(("index", "*"), "cadence", never, OF_A_SERIES),
    FormatKey(("index", "*"), "day_read", _of_a_daily_series, OF_A_SERIES),
    FormatKey(LOW, "judged_by", _where_decisive("the methodology"), OF_DOUBT),
    FormatKey(LOW, "decisive_at", _where_decisive("95%"), OF_DOUBT),
    FormatKey(LOW, "applies_to", _where_decisive("failures and cures"), OF_DOUBT),
    FormatKey(LOW, "deadline", _of_held_cures, OF_DOUBT),
    FormatKey(LOW, "at_most", _where_decisive("without limit"), OF_DOUBT),
    FormatKey(LOW, "then", _where_decisive("the result counts", bounded=False), OF_DOUBT),
    FormatKey(
        ("servicer_reports",),
        "months",
        _quarter,
        "a report of a quarter is of other days where quarters end in another month",
    ),
    FormatKey(("servicer_reports",), "late_keying", _ten_business_days, ENTERED_LATE),
    FormatKey(("servicer_reports",), "tolerance", _no_tolerance, DOUBTFUL),
    FormatKey(("notices",), "correction", _by_the_giver, WITHDRAWN),
    FormatKey(
        ("covenants", "*"),
        "counted",
        _counted,
        "a junior class alone passes where it fails with the classes that rank before it",
    ),
    FormatKey(
        ("covenants", "*"),
        "failure_is",
        _failure,
        "what follows a failure differs, and what a trigger counts",
        _said_in_format_1,
    ),
    FormatKey(("covenants", "*"), "last_tested", never, "a test that is over has no results"),
    FormatKey(
        ("covenants", "*"), "between", _straight_lines, "between two points the curve allows another figure"
    ),
    FormatKey(
        ("covenants", "*"), "advance_rates", never, "a borrowing base lends against a part of each class"
    ),
    FormatKey(
        ("covenants", "*", "curve"),
        "switches",
        never,
        "a scenario that gives way to another allows another fall",
    ),
    FormatKey(
        ("covenants", "*", "scenario"),
        "switches",
        never,
        "a scenario that gives way to another leaves another rate",
    ),
    FormatKey(
        ("covenants", "*", "tested_while"),
        "from",
        _next_date,
        "a test may spring on the very date of its trigger, or on the next",
    ),
    FormatKey((), "figures", never, "a figure of the deal's own decides a test"),
    FormatKey((), "events", never, "an event that a party declares begins a trigger"),
    FormatKey(("triggers", "*"), "cure", never, "a trigger that can be cured has no consequence meanwhile"),
    FormatKey(("covenants", "*", "cure"), "extension", never, "a second period follows the first"),
    FormatKey(("debt", "*"), "rank", never, "classes of one rank count together"),
)
"""Every key of format 2, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A key of format 2 that a block asks for and lacks, its place, and its reading in format 1."""

    path: Path
    key: FormatKey
    reading: Any

    @property
    def written(self) -> str:
        """The reading as the file would write it."""
        return _written(self.reading)


def lacking(data: Block, clauses: Clauses) -> tuple[Lacking, ...]:
    """Return the keys of format 2 that a file asks for and does not write, in the order of `KEYS`.

    `data` holds the terms of one date.
    """
    missing = (
        (key, path, block) for key in KEYS for path, block in _blocks(data, key.block) if key.key not in block
    )
    read = ((path, key, key.reading(block, data, clauses)) for key, path, block in missing)
    return tuple(Lacking(path, key, reading) for path, key, reading in read if reading is not None)


def read_by_format(data: Block, tree: Tree, clauses: Clauses) -> tuple[dict[str, Any], list[Problem]]:
    """Return the terms of one date with every key of format 2, and the problems by the file's own format.

    Format 1 gets its readings, and may not write the keys. In format 2 a missing key is a problem. It is read
    as in format 1 so that the rest of the file is checked as well.
    """
    absent = lacking(data, clauses)
    # Format 1 gets warnings from `check`, since its readings are lawful there.
    problems = [_asked_for(tree, one) for one in absent] if data.get("format") == "2" else []
    if data.get("format") == "1":
        written = [
            (key, path, block) for key in KEYS for path, block in _blocks(data, key.block) if key.key in block
        ]
        problems = [
            _not_yet(tree, (*path, key.key)) for key, path, block in written if not key.of_1(block, clauses)
        ]
    # The file's own data stays as written, because its lines and its hash belong to it.
    whole = dict(data)
    for one in absent:
        whole = _with(whole, (*one.path, one.key.key), one.reading)
    return whole, problems


def warning(tree: Tree, one: Lacking) -> Problem:
    """Return the warning that `check` gives for a reading of format 1."""
    fix = f"see that the agreement means it, and write `format: 2` with `{one.key.key}:`"
    return Problem(
        "W120",
        f"format 1 reads `{one.key.key}: {one.written}` here",
        one.key.why,
        fix,
        tree.key_place(one.path),
    )


def _asked_for(tree: Tree, one: Lacking) -> Problem:
    fix = f"write `{one.key.key}:` here; format 1 reads it as `{one.written}`"
    return Problem("D201", f"`{one.key.key}` is missing", one.key.why, fix, tree.key_place(one.path))


def _not_yet(tree: Tree, path: Path) -> Problem:
    fix = "write `format: 2`, or remove the key"
    return Problem(
        "D210",
        f"`{path[-1]}` is a key of format 2",
        "a file of format 1 has one reading of it",
        fix,
        tree.key_place(path),
    )


def _blocks(data: Any, pattern: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, Block]]:
    """Yield (path, block) for every block of the file that a pattern stands for.

    A part of the file with another shape yields nothing.
    """
    if not isinstance(data, Mapping):
        return
    if not pattern:
        yield path, data
        return
    for name in data if pattern[0] == "*" else (pattern[0],) if pattern[0] in data else ():
        yield from _blocks(data[name], pattern[1:], (*path, name))


def _with(data: Any, path: Path, value: Any) -> Any:
    return {**data, path[0]: _with(data.get(path[0], {}), path[1:], value)} if path else value


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, list) else str(value)
