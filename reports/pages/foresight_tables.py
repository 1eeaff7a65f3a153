"""The pages of a foresight report that are tables: two drafts or wordings compared, two terms varied at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS
from engine.basics.values import counted
from reports.formats import table_date

Value = Mapping[str, Any]
"""The JSON of one answer."""
SHOWN = 40
"""Rows of differences that are printed; the file carries all of them."""


def comparison_pages(found: Sequence[Value], title: Callable[[str], str]) -> list[dict[str, Any]]:
    """One table of dates for each comparison: what happens otherwise, and whom it serves."""
    pages = []
    for one in found:
        rows = [
            [
                str(diff["path"]),
                f"{title(diff['subject'])} {HAPPENING_WORDS[diff['what']]}",
                _day(diff["before"]),
                _day(diff["after"]),
                str(diff["serves"] or "–"),
            ]
            for diff in one["differences"][:SHOWN]
        ]
        for money in one["money"]:
            amounts = [f"USD {float(money[side]):,.0f}" for side in ("before", "after")]
            rows.append([str(money["path"]), f"{title(money['clause'])} swept in all", *amounts, "–"])
        pages.append(
            {
                "heading": f"{one['first']} against {one['second']}",
                "intro": _intro(one),
                "heads": ["Path", "What happens", "First", "Second", "Serves"],
                "rows": rows,
            }
        )
    return pages


def _intro(one: Value) -> str:
    terms, left = len(one["terms"]), len(one["differences"]) - SHOWN
    said = f"{counted(terms, 'terms')} {'differs' if terms == 1 else 'differ'}, up to {_day(one['until'])}. "
    if not one["differences"] and not one["money"]:
        return f"{said}Nothing that happens differs on any path."
    same = f" Nothing differs on {', '.join(one['same'])}." if one["same"] else ""
    return f"{said}These happen on other dates.{same}{f' {left} more stand in the file that this report carries.' if left > 0 else ''}"


def grid_page(found: Value | None, title: Callable[[str], str]) -> dict[str, Any] | None:
    """The cells of a grid as a table; the draft's own pair is marked."""
    if found is None:
        return None
    across = list(dict.fromkeys(cell["x"] for cell in found["cells"]))
    down = list(dict.fromkeys(cell["y"] for cell in found["cells"]))
    by_pair = {(cell["x"], cell["y"]): _shown(cell["value"]) for cell in found["cells"]}
    drafted = found["drafted"]
    return {
        "heading": f"{title(found['subject'])}: {found['shown'].replace('-', ' ')} by two terms",
        "intro": (
            f"Across {found['x']}, drafted {drafted[0]}; down {found['y']}, drafted {drafted[1]}. On {found['path']}, "
            f"up to {_day(found['until'])}."
        ),
        "heads": [f"{found['y'].rpartition('.')[2]}, then {found['x'].rpartition('.')[2]}", *across],
        "rows": [[row, *(by_pair[column, row] for column in across)] for row in down],
    }


def _shown(value: Any) -> str:
    if value is None:
        return "never"
    text = str(value)
    return _day(text) if text.count("-") == 2 else f"{float(text):,.2f}"


def _day(text: Any) -> str:
    return "never" if text is None else table_date(date.fromisoformat(str(text)))
