"""An administrator's published series, taken in place of our own computation (`rulings.md` 62).

Every value says which of the two it is. Weekly and daily series are read as they are, by a map of their
columns. A daily series keeps its own days. A value seen before its day is over is provisional. A change after
a value is final is a finding and not a Restatement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from engine.basics.errors import Place, Problem
from engine.basics.tables import read_table
from engine.market.index_value import IndexValue
from engine.market.series_map import Said, SeriesMap, map_for, shipped_maps

SOURCE = "published by the administrator"
PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
COUNT = re.compile(r"[0-9]{1,9}")
EARLIEST = date(1970, 1, 1)
"""Nothing was published before this date; damaged files say year 1."""
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
UNIT_SLIPS = (10, 100, 1000)
WITHIN = Fraction(5, 100)
"""How near to 10, 100 or 1,000 times a step must be to count as a slip of the unit (`rulings.md` 57)."""
THURSDAY = 3
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SeriesKnown:
    """What is on record of a series.

    Attributes:
        newest: the newest print of each date.
        seen: the newest provisional value of each day.
        restated: days for which the administrator announced a Restatement.
    """

    newest: Mapping[date, Any] = field(default_factory=dict)
    seen: Mapping[date, Any] = field(default_factory=dict)
    restated: frozenset[date] = frozenset()


@dataclass(frozen=True)
class SeriesQuestions:
    """The answers that a person has given about a file.

    `whose` says to which Publication Date a row of another day belongs. `unit_slips` says that steps by a
    factor of 10, 100 or 1,000 are right.
    """

    whose: Mapping[date, date] = field(default_factory=dict)
    unit_slips: bool = False


NothingAnswered = SeriesQuestions()


@dataclass(frozen=True, slots=True)
class SeriesFinding:
    """A row that was not taken: it changed after it was final, or it awaits confirmation."""

    what: Literal["changed after it was final", "awaits confirmation"]
    publication_date: date
    was: Decimal | None
    now: Decimal | None
    line: int


@dataclass
class SeriesRead:
    """What a file gave: new prints, new provisional values, findings, and the problems with it.

    If there is a problem, nothing is taken.
    """

    values: list[IndexValue] = field(default_factory=list)
    provisional: list[IndexValue] = field(default_factory=list)
    findings: list[SeriesFinding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    form: SeriesMap | None = None


def read_series(
    text: str,
    file: str,
    index: str,
    known: SeriesKnown,
    now: datetime,
    own: SeriesMap | None = None,
    answered: SeriesQuestions = NothingAnswered,
) -> SeriesRead:
    """Return the values that are new: a first print of a date, or a next one that differs from the last.

    Args:
        text: CSV of a known form, or of one that `own` maps. An exported series says more: its `published_on`
            is the date on which the print became public. A row whose `print` is lower than the newest on
            record is on record already.
        file: its name, for the errors.
        index: the index that the series is of.
        known: what is on record.
        now: the present moment. A row of a date later than today at the administrator's place is refused. A
            day that is over is final.
        own: the workspace's own map.
        answered: what a person has answered.
    """
    table, problems = read_table(text, file)
    if table is None:
        return SeriesRead(problems=problems)
    form = map_for(table.columns, own)
    if form is None:
        return SeriesRead(problems=[_no_form(table.columns, file, own)])
    reading = SeriesRead(form=form)
    mapped = [(Place(file, row.line), _said(row.cells, form)) for row in table.rows]
    ours = [(place, cells) for place, cells in mapped if cells.get("index", index) in (index, *form.aliases)]
    if mapped and not ours:
        reading.problems.append(_not_ours(sorted({cells["index"] for _, cells in mapped}), index, file))
    # Copies, because rows of the same file are compared with one another and the record itself must not
    # move.
    newest, seen = dict(known.newest), dict(known.seen)
    for place, cells in ours:
        value = _row(cells, place, index, form, now, answered, reading.problems)
        if value is not None:
            _take(value, cells, place, newest, seen, known, answered, reading)
    # One bad row refuses the whole file: half a series on record could not be told from the whole one.
    if reading.problems:
        return SeriesRead(problems=reading.problems, form=form)
    return reading


def _said(cells: Mapping[str, str], form: SeriesMap) -> dict[Said, str]:
    """Return what a row says, by our own names for its columns.

    The columns of an exported series are read wherever they stand.
    """
    said = {name: cells[column].strip() for name, column in form.columns.items()}
    exported: tuple[Said, ...] = ("published_on", "print")
    return {**{name: cells[name].strip() for name in exported if name in cells}, **said}


def _no_form(columns: tuple[str, ...], file: str, own: SeriesMap | None) -> Problem:
    if own is not None and own.columns:
        lacking = ", ".join(sorted(set(own.columns.values()) - set(columns)))
        return Problem(
            "I101",
            f"the series lacks {lacking}",
            "the map in headroom.toml names it",
            "correct the map",
            Place(file),
        )
    # The message shows the product's own form, because any file can be brought into that one.
    own_form = next(series_map for series_map in shipped_maps() if series_map.name == "headroom")
    lacking = ", ".join(name for name in own_form.columns.values() if name not in columns)
    fix = (
        f"begin with `{','.join(own_form.columns.values())}`, or map its columns under "
        "[series.NAME.columns] in headroom.toml"
    )
    return Problem("I101", f"the series lacks {lacking}", "each row is one print", fix, Place(file))


def _not_ours(names: list[str], index: str, file: str) -> Problem:
    said = ", ".join(f"`{name}`" for name in names)
    fix = (
        f"name the index as the file does, or write `aliases = [..]` under [series.{index}] in headroom.toml"
    )
    return Problem(
        "I109",
        f"the file is of {said}",
        f"none of its rows is of {index}, and one index is not another",
        fix,
        Place(file),
    )


def _take(
    value: IndexValue,
    cells: Mapping[Said, str],
    place: Place,
    newest: dict[date, Any],
    seen: dict[date, Any],
    known: SeriesKnown,
    answered: SeriesQuestions,
    reading: SeriesRead,
) -> None:
    """Add one row to `reading` as a print, a provisional value or a finding.

    A row that is on record already is passed over.
    """
    day = value.publication_date
    before = newest.get(day)
    # A provisional value never follows a final one: the file would be older than the record.
    if before is not None and (_same(before, value, cells) or _earlier(cells, before) or value.provisional):
        return
    if (
        before is not None
        and value.cadence == "daily"
        and before["value"] is not None
        and day not in known.restated
    ):
        reading.findings.append(
            SeriesFinding("changed after it was final", day, _decimal(before), value.value, place.line)
        )
        return
    # Asked before the value is recorded: a slip of the unit on record would decide tests (`rulings.md` 62).
    last = _last_value(newest, seen, day)
    if last is not None and value.value is not None and _slips(last, value.value) and not answered.unit_slips:
        reading.findings.append(SeriesFinding("awaits confirmation", day, last, value.value, place.line))
        return
    if value.provisional:
        earlier = seen.get(day)
        if earlier is None or not _same(earlier, value, cells):
            printed = (
                value if earlier is None else value.model_copy(update={"print": int(earlier["print"]) + 1})
            )
            seen[day] = printed.model_dump(mode="json")
            reading.provisional.append(printed)
        return
    printed = value if before is None else value.model_copy(update={"print": int(before["print"]) + 1})
    newest[day] = printed.model_dump(mode="json")
    reading.values.append(printed)


def _last_value(newest: Mapping[date, Any], seen: Mapping[date, Any], day: date) -> Decimal | None:
    """Return the newest value before a date, provisional values included."""
    values = {
        on: value
        for one_of in (seen, newest)
        for on, value in one_of.items()
        if on < day and value["value"] is not None
    }
    # A final value of a day replaces the provisional one, because the record is read last.
    return _decimal(values[max(values)]) if values else None


def _decimal(row: Mapping[str, Any]) -> Decimal | None:
    return None if row["value"] is None else Decimal(row["value"])


def _slips(before: Decimal, after: Decimal) -> bool:
    """Return whether a step is within 5% of a factor of 10, 100 or 1,000, up or down."""
    # The larger over the smaller, so that a slip up and a slip down are one question.
    times = Fraction(max(before, after)) / Fraction(min(before, after))
    return any(abs(times / factor - 1) <= WITHIN for factor in UNIT_SLIPS)


def _earlier(row: Mapping[Said, str], before: Mapping[str, Any]) -> bool:
    """Return whether a row of an exported series is an earlier print than the newest on record."""
    stated = row.get("print", "")
    # A print that is not a number proves nothing, so its row is compared as any other.
    return COUNT.fullmatch(stated) is not None and int(stated) < int(before["print"])


COMPARED: tuple[tuple[Said, str], ...] = (
    ("low_confidence", "low_confidence"),
    ("observations", "observations"),
    ("methodology_version", "methodology"),
)
"""What a row may say besides its value, and the name of the same field in a print."""


def _same(before: Mapping[str, Any], value: IndexValue, row: Mapping[Said, str]) -> bool:
    """Return whether a row says what the print before it says.

    1.735 and 1.7350 are the same value. A thing that the file's form does not say is not a change.
    """
    after = value.model_dump(mode="json")
    return _decimal(before) == value.value and all(
        before[name] == after[name] for said, name in COMPARED if said in row
    )


def _row(
    row: Mapping[Said, str],
    place: Place,
    index: str,
    form: SeriesMap,
    now: datetime,
    answered: SeriesQuestions,
    problems: list[Problem],
) -> IndexValue | None:
    """Return the value of one row, or None if it is not taken; `problems` then gets the reason."""
    # Problems are collected and not raised, so that one import names everything that is wrong.
    count = len(problems)
    problems += _wrong(row, place, form, form.today(now))
    if len(problems) > count:
        return None
    day = _date(row["publication_date"])
    assert day is not None  # `_wrong` has looked at it
    publication, public = day, _public(row, day, form)
    # Nobody but a person can say whether such a row is late or early, so it is asked about (`rulings.md`
    # 62).
    if form.cadence == "weekly" and day.weekday() != THURSDAY:
        if day not in answered.whose:
            problems.append(_asked(day, place))
            return None
        publication, public = answered.whose[day], day
    price = _price(row["value"])
    daily = form.cadence == "daily"
    flagged = WORDS.get(row.get("low_confidence", "").lower(), False)
    return IndexValue(
        index=index,
        publication_date=publication,
        scheduled=not daily or day.weekday() == THURSDAY,
        published_on=public,
        window_start=day if daily else publication - WEEK,
        window_end=day if daily else publication - timedelta(days=1),
        methodology=row.get("methodology_version", ""),
        source=SOURCE,
        value=price if isinstance(price, Decimal) else None,
        observations=int(row.get("observations") or 0),
        low_confidence=flagged,
        low_confidence_reasons=("flagged by the administrator",) if flagged else (),
        cadence=form.cadence,
        provisional=daily and now < form.final_at(day),
        final_at=form.final_at(day) if daily else None,
    )


def _asked(day: date, place: Place) -> Problem:
    # A holiday moves a print to either side, so both Thursdays are offered and none is guessed.
    back = day - timedelta(days=(day.weekday() - THURSDAY) % 7)
    why = (
        f"a weekly series has Thursdays; it can be a late print of {back}, or the print of {back + WEEK}, "
        "published early"
    )
    fix = f"say whose it is: --publication-date {day}={back + WEEK}, or ={back}"
    return Problem("I107", f"{day} is a {day:%A} and no Publication Date", why, fix, place)


def _public(row: Mapping[Said, str], day: date, form: SeriesMap) -> date:
    """Return the date on which a print became public.

    It is the date that the row states, or that of the hour at which it was made, or otherwise the print's own
    day.
    """
    if row.get("published_on"):
        return _date(row["published_on"]) or day
    try:
        made = datetime.fromisoformat(row.get("public_at", ""))
    except ValueError:
        return day
    # A file made before the day that it prices does not make the value public any earlier.
    return max(day, form.today(made)) if made.tzinfo is not None else day


def _wrong(row: Mapping[Said, str], place: Place, form: SeriesMap, today: date) -> Iterator[Problem]:
    """Yield the problems of a row."""

    def refused(code: str, what: str, fix: str) -> Problem:
        return Problem(code, what, "a published value is taken as it was published", fix, place)

    day, stated = _date(row["publication_date"]), row.get("published_on", "")
    if day is None:
        yield refused("I102", f"`{row['publication_date']}` is not a date", "write it like `2026-03-05`")
    else:
        public = _date(stated) if stated else _public(row, day, form)
        if public is None or public < day:
            yield refused(
                "I102",
                f"`{stated}` is not a date on or after the Publication Date",
                "write it like `2026-03-06`, or nothing",
            )
        elif public > today:
            fix = "correct the date, or import the row when it is published"
            yield refused("I106", f"`{public}` is in the future; today is {today}", fix)
    if _price(row["value"]) is False:
        yield refused(
            "I103",
            f"`{row['value']}` is not a value",
            "write it like `1.7350`, or nothing if none was published",
        )
    if "low_confidence" in row and row["low_confidence"].lower() not in WORDS:
        yield refused("I104", f"`{row['low_confidence']}` is not a flag", "write `true` or `false`")
    if "observations" in row and not COUNT.fullmatch(row["observations"]):
        yield refused(
            "I105", f"`{row['observations']}` is not a number of observations", "write a whole number"
        )


def unpublished(index: str, publication: date) -> IndexValue:
    """Return a non-publication for a Publication Date that the administrator let pass, with its reason.

    The ruling is `rulings.md` 4.
    """
    return IndexValue(
        index=index,
        publication_date=publication,
        window_start=publication - WEEK,
        window_end=publication - timedelta(days=1),
        methodology="",
        source=SOURCE,
        low_confidence_reasons=("the administrator's series has no value for this date",),
    )


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day >= EARLIEST else None


def _price(text: str) -> Decimal | bool | None:
    """Return the value; None if none was published, False if the text is not a value."""
    if not text.strip():
        return None
    # Zero matches the form but is not a price, so it is told apart from a week without a value.
    return PRICE.fullmatch(text.strip()) is not None and (Decimal(text.strip()) or False)
