"""The serial-number register of an asset class: a CSV beside the deal file, held against the count in its terms.

Columns: `serial`, `asset_class`, `location`, and where they apply `pledged_on` and `released_on`. The deal's count governs
until a report gives another (`rulings.md` 26); a difference is a warning, a register that cannot be read an error.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

from engine.basics.errors import Place, Problem
from engine.basics.tables import read_table
from engine.terms.in_force import TermsInForce
from engine.terms.periods import read_day
from engine.terms.source import Tree

COLUMNS = ("serial", "asset_class", "location")
DATES = ("pledged_on", "released_on")
SERIAL = re.compile(r"[!-~]+(?: [!-~]+)*")
"""What a serial number is made of: printable ASCII, so that two that look alike are alike."""


def check_register(text: str, file: str, terms: TermsInForce, tree: Tree, on: date) -> Iterator[Problem]:
    """Yield what is wrong with a register, and where it differs from the deal's counts.

    Args:
        text: the register.
        file: its name, for the errors.
        terms: the deal's terms.
        tree: the deal file, for the place of a count.
        on: the date on which GPUs are counted.
    """
    table, problems = read_table(text, file)
    if table is None:
        yield from problems
        return
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        fix = f"begin with `{','.join(COLUMNS)}`"
        yield Problem("D527", f"the register lacks {', '.join(missing)}", "a GPU is known by serial number and place", fix, Place(file))
        return
    counts: Counter[str] = Counter()
    seen: dict[str, int] = {}
    for row in table.rows:
        serial, asset = row.cells["serial"].strip(), row.cells["asset_class"].strip()
        wrong = _wrong(serial, asset, seen, terms) or _wrong_dates(row.cells)
        if wrong is None:
            seen[serial] = row.line
            counts[asset] += _pledged(row.cells, on)
        else:
            yield Problem("D528", wrong[0], wrong[1], wrong[2], Place(file, row.line, 1, max(1, len(serial))))
    for name, asset_terms in terms.pledged_assets.items():
        registered = asset_terms.register_file is not None and file.endswith(asset_terms.register_file)
        if registered and counts[name] != asset_terms.gpus:
            why = "the deal's count governs until a report gives another"
            what = f"the register holds {counts[name]:,} GPUs of {name}, the deal {asset_terms.gpus:,}"
            yield Problem("W107", what, why, "correct one of them", tree.place(("pledged_assets", name, "gpus")))


def _wrong(serial: str, asset: str, seen: dict[str, int], terms: TermsInForce) -> tuple[str, str, str] | None:
    """Return what is wrong with one row, why, and its fix; None if it is right."""
    if not serial:
        return "a row has no serial number", "a GPU is known by it", "write it, or remove the row"
    if not SERIAL.fullmatch(serial):
        return (
            f"`{serial}` is not a serial number",
            "it holds a sign that cannot be read back",
            "write it in letters, digits and signs of ASCII",
        )
    if serial in seen:
        return f"`{serial}` stands twice", f"line {seen[serial]} has it too, and a GPU is pledged once", "remove one of them"
    if asset not in terms.pledged_assets:
        return f"the deal has no asset class `{asset}`", f"it has {', '.join(terms.pledged_assets)}", "correct the name"
    return None


def _wrong_dates(row: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return what is wrong with the days on which a GPU was pledged and released; None if they can be read and follow one another."""
    days: list[date] = []
    for name in DATES:
        text = (row.get(name) or "").strip()
        try:
            days += [read_day(text)] if text else []
        except ValueError as error:
            return f"`{text}` under `{name}` is not a date", str(error), "write it like `2026-03-04`, or leave it empty"
    if len(days) == len(DATES) and days[1] < days[0]:
        return f"released on {days[1]}, before it was pledged on {days[0]}", "a release follows a pledge", "correct one of the dates"
    return None


def _pledged(row: Mapping[str, str], on: date) -> bool:
    """Return whether a GPU is pledged on the date; both dates have been read before."""
    since, until = (read_day(text.strip()) if text and text.strip() else None for text in (row.get(name) for name in DATES))
    return (since is None or since <= on) and (until is None or on < until)
