"""The pages of a foresight report that are tables.

They compare two drafts or wordings, or vary two terms together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS, NotCompared, no_date, sooner_words, spells_words
from engine.basics.values import counted, listed
from engine.events.swept_money import SweptMoney
from reports.formats import eights, table_date

Words = Callable[[str], str]
"""Words for people in place of those of the deal file."""
Value = Mapping[str, Any]
"""The JSON of one answer."""
SHOWN = 40
"""Rows of differences that are printed; the file carries all of them."""


def comparison_pages(comparisons: Sequence[Value], title: Words, words: Words) -> list[dict[str, Any]]:
    """Return one table of dates for each comparison: what happens otherwise, and whom it serves."""
    pages = []
    for value in comparisons:
        rows = [
            [
                str(diff["path"]),
                f"{title(diff['subject'])} {HAPPENING_WORDS[diff['what']]}",
                dated(diff["before"], diff["before_not_known"], diff["what"]),
                dated(diff["after"], diff["after_not_known"], diff["what"]),
                str(diff["serves"] or "–"),
            ]
            for diff in value["differences"][:SHOWN]
        ]
        for money in value["money"]:
            amounts = [_swept_words(money, side) for side in ("before", "after")]
            rows.append([str(money["path"]), f"{title(money['clause'])} swept in all", *amounts, "–"])
        pages.append(
            {
                "heading": f"{value['first']} against {value['second']}",
                "intro": " ".join(_intro(value, title, words)),
                "heads": ["Path", "What happens", "First", "Second", "Serves"],
                "rows": rows,
            }
        )
    return pages


def _intro(value: Value, title: Words, words: Words) -> Iterator[str]:
    """Yield the sentences above a comparison: how much differs, what is the same, and what is not known."""
    terms, left = len(value["terms"]), len(value["differences"]) - SHOWN
    yield f"{counted(terms, 'terms')} {'differs' if terms == 1 else 'differ'}, up to {dated(value['until'])}."
    if value["differences"] or value["money"]:
        yield "These happen on other dates."
    # An empty table could be a table that failed, so a sentence says that nothing differs.
    elif not value["same_as_known"]:
        yield "Nothing that happens differs on any path."
    if value["same"] and (value["differences"] or value["money"] or value["same_as_known"]):
        yield f"Nothing differs on {', '.join(value['same'])}."
    if value["same_as_known"]:
        yield f"Nothing that is known differs on {', '.join(value['same_as_known'])}."
    for one in value["not_known"]:
        open_ = NotCompared(**{**one, "paths": tuple(one["paths"])})
        yield words(open_.words(title(open_.subject)))
    yield from value["unpublished"]
    for trigger, names in value["sooner"].items():
        yield f"{sooner_words(title(trigger), [title(name) for name in names])}."
    if left > 0:
        yield f"{left} more stand in the file that this report carries."


def grid_page(value: Value | None, title: Words, words: Words) -> dict[str, Any] | None:
    """Return the cells of a grid as a table; the draft's own pair is marked."""
    if value is None:
        return None
    across = list(dict.fromkeys(cell["x"] for cell in value["cells"]))
    down = list(dict.fromkeys(cell["y"] for cell in value["cells"]))
    by_pair = {(cell["x"], cell["y"]): _shown(cell) for cell in value["cells"]}
    drafted = value["drafted"]
    open_ = dict.fromkeys(cell["not_known"] for cell in value["cells"] if cell["not_known"] is not None)
    not_known = "".join(f" {title(value['subject'])} is {words(why)}." for why in open_)
    if value["sooner"]:
        not_known += f" {sooner_words(title(value['subject']), [title(name) for name in value['sooner']])}."
    not_known += "".join(f" {note}" for note in value["unpublished"])
    return {
        "heading": f"{title(value['subject'])}: {value['shown'].replace('-', ' ')} by two terms",
        "intro": (
            f"{value['x']} runs across, and is drafted as {drafted[0]}. {value['y']} runs down, and is "
            f"drafted as {drafted[1]}. The path is {value['path']}, up to {dated(value['until'])}.{not_known}"
        ),
        "heads": [f"{value['y'].rpartition('.')[2]}, then {value['x'].rpartition('.')[2]}", *across],
        "rows": [[row, *(by_pair[column, row] for column in across)] for row in down],
    }


def backtest_lead(value: Value | None, title: Callable[[str], str]) -> str:
    """Return what failed and what began over the published history; empty without a backtest."""
    if value is None:
        return ""
    failed = [title(one["test"]) for one in value["tests"] if one["failed"]]
    began = [title(one["trigger"]) for one in value["triggers"] if one["in_effect"]]
    parts = [
        f"{listed(names)} {verb}"
        for names, verb in (
            (failed, "failed"),
            (began, "was in effect" if len(began) == 1 else "were in effect"),
        )
        if names
    ]
    said = "; ".join(parts) or "what was determined never failed, and what was decided never began"
    levels = f" {value['levels']}" if value["levels"] else ""
    return f"Over the published history up to {dated(value['until'])}: {said}.{levels}"


def backtest_pages(value: Value | None, title: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the tests and the triggers over the published history, each as a table."""
    if value is None:
        return []
    tests = [
        [
            title(one["test"]),
            *(str(one[count]) for count in ("passed", "failed", "not_determined", "decisive", "cured")),
            _spells(value, one["test"], one["episodes"]),
            str(one["least_headroom"] or "–").replace("-", "−"),
            str(one["last_state"]),
        ]
        for one in value["tests"]
    ]
    triggers = [
        [
            title(one["trigger"]),
            _spells(value, one["trigger"], one["in_effect"]),
            # Nothing is known of any cell of such a trigger, so all of them say so.
            one["swept_words"] if one["false_alarms"] is None else str(one["false_alarms"]),
            one["swept_words"],
        ]
        for one in value["triggers"]
    ]
    heads = ["Test", "Pass", "Fail", "Not determined", "Decisive", "Cured", "Failing", "Least headroom"]
    moved = (
        f", as if it had closed on {dated(value['closed'])}" if value["closed"] != value["written"] else ""
    )
    until = (
        f"The deal is followed up to {dated(value['until'])}{moved}. The facts given are: {value['facts']}."
    )
    pages = [
        {
            "heading": "Tests over the published history",
            "intro": until,
            "heads": [*heads, "State at the end"],
            "rows": tests,
        },
        {
            "heading": "Triggers over the published history",
            "intro": until,
            "heads": ["Trigger", "In effect", "Released within 4 weeks", "Swept, USD"],
            "rows": triggers,
        },
    ]
    # A deal without triggers has a table less, and not an empty one.
    return [page for page in pages if page["rows"]]


def backtest_rests(value: Value) -> list[tuple[str, str]]:
    """Return the day from which a backtest lives the deal."""
    moved = value["closed"] != value["written"]
    closed = (
        f"as if closed on {dated(value['closed'])}; the file says {dated(value['written'])}"
        if moved
        else f"from the Closing Date, {dated(value['closed'])}"
    )
    return [("Backtest", closed)]


FILES = {"deal": "Other draft", "facts": "Table of facts", "rates": "Table of rates"}
"""What a file holds, as the head of its row; the history has a row of its own."""


def file_rests(files: Sequence[Value], drafted: str) -> list[tuple[str, str]]:
    """Return the files beside the draft of a hash and the history, each with its own hash."""
    return [
        (FILES[one["what"]], f"{one['file']}, SHA-256 {eights(one['sha256'])}")
        for one in files
        if one["what"] in FILES and one["sha256"] != drafted
    ]


def by_date_table(figures: Sequence[Value]) -> dict[str, Any] | None:
    """Return each figure that changes by date, from when to when; None if none does."""
    if not figures:
        return None
    return {
        "heads": ["Figure that changes by date", "At first", "From", "Changes", "At last", "From"],
        "rows": [
            [
                str(one["figure"]),
                str(one["value"]),
                dated(one["since"]),
                str(one["changes"]),
                str(one["last_value"]),
                dated(one["last_since"]),
            ]
            for one in figures
        ],
    }


def history_rests(source: Value) -> tuple[str, str]:
    """Return where the published history comes from: its table with the hash, or the workspace's series."""
    if source["file"] is None:
        return "History", "the workspace's series"
    return "History", f"{source['file']}, SHA-256 {eights(source['sha256'])}"


def _spells(value: Value, name: str, spells: Sequence[Value] | None) -> str:
    """Return the spells in one cell, or that nothing is known of them; "never" only where it is."""
    if not spells:
        unknown = "not decided" if name in value["undecided"] else "never"
        return "not determined" if name in value["left_out"] else unknown
    return spells_words([(one["from"], one["to"]) for one in spells], dated)


def _swept_words(money: Value, side: str) -> str:
    """Return what one of two drafts sweeps in all."""
    amount = None if money[side] is None else Fraction(money[side])
    return SweptMoney(amount, money[f"{side}_not_known"]).words("USD ", 0)


def _shown(cell: Value) -> str:
    if cell["value"] is None:
        return no_date(cell["not_known"])
    text = str(cell["value"])
    # A cell holds a date or a number, and JSON keeps both as text.
    return dated(text) if text.count("-") == 2 else f"{float(text):,.2f}"


def dated(text: Any, why: str | None = None, what: str = "") -> str:
    """Return the date of a happening; without one "never", or that nothing is known if a reason is given."""
    return no_date(why, what) if text is None else table_date(date.fromisoformat(str(text)))
