"""The serial-number register of an asset class: a CSV file beside the deal file.

It says how many GPUs are pledged on each date. Its columns are `serial`, `asset_class` and `location`, and if
they apply `pledged_on` and `released_on`. GPUs that a report counts above the register are not counted
(`rulings.md` 57a). A difference from the deal's count is a warning; a register that cannot be read is an
error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from engine.basics.errors import Place, Problem
from engine.basics.tables import read_table
from engine.terms.as_written import Deal
from engine.terms.periods import read_day

COLUMNS = ("serial", "asset_class", "location")
DATES = ("pledged_on", "released_on")
SERIAL = re.compile(r"[!-~]+(?: [!-~]+)*")
"""The form of a serial number: printable ASCII, so that two numbers that look alike are alike."""


@dataclass(frozen=True, slots=True)
class Pledge:
    """One GPU of a register: its asset class, and the days on which its pledge begins and ends.

    The pledge covers `since` and ends before `until`. None means that the day is not written.
    """

    asset: str
    since: date | None
    until: date | None

    def stands(self, on: date) -> bool:
        """Return whether the GPU is pledged on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


def read_register(text: str, file: str, classes: Collection[str]) -> tuple[tuple[Pledge, ...], list[Problem]]:
    """Return the GPUs of a register, and every problem of its rows, each at its place.

    Args:
        text: the register.
        file: its name, for the errors.
        classes: the deal's asset classes.
    """
    table, problems = read_table(text, file)
    if table is None:
        return (), problems
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        fix = f"begin with `{','.join(COLUMNS)}`"
        why = "a GPU is known by serial number and place"
        return (), [Problem("D527", f"the register lacks {', '.join(missing)}", why, fix, Place(file))]
    pledges: list[Pledge] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        serial, asset = row.cells["serial"].strip(), row.cells["asset_class"].strip()
        # A wrong row does not enter `seen`, so its own number is not said to stand twice later.
        wrong = _wrong(serial, asset, seen, classes) or _wrong_dates(row.cells)
        if wrong is None:
            seen[serial] = row.line
            pledges.append(Pledge(asset, *(_day(row.cells, name) for name in DATES)))
        else:
            problems.append(
                Problem("D528", wrong[0], wrong[1], wrong[2], Place(file, row.line, 1, max(1, len(serial))))
            )
    return tuple(pledges), problems


def counts_from(pledges: Iterable[Pledge], asset: str, closing: date) -> tuple[tuple[date, int], ...]:
    """Return (date, GPUs pledged from that date on) for an asset class, oldest first.

    The first date is the Closing Date. A date that changes nothing is left out.
    """
    own = [pledge for pledge in pledges if pledge.asset == asset]
    days = {
        closing,
        # What was pledged or released before closing is in the count of the Closing Date.
        *(day for pledge in own for day in (pledge.since, pledge.until) if day is not None and day > closing),
    }
    counts: list[tuple[date, int]] = []
    for day in sorted(days):
        count = sum(pledge.stands(day) for pledge in own)
        if not counts or counts[-1][1] != count:
            counts.append((day, count))
    return tuple(counts)


def check_register(text: str, file: str, deal: Deal) -> Iterator[Problem]:
    """Yield the problems of a register, and a warning where it first differs from the deal's counts.

    Args:
        text: the register.
        file: its name, for the errors.
        deal: the deal.
    """
    pledges, problems = read_register(text, file, classes_of(deal))
    yield from problems
    # Without a readable table the count would be zero, and the warning would only repeat the problem.
    if any(problem.code in ("D527", "Y120", "Y121") for problem in problems):
        return
    reported: set[str] = set()
    for since, terms in deal.segments:
        for name, asset in terms.pledged_assets.items():
            named = (
                asset.register_file is not None
                and file.endswith(asset.register_file)
                and name not in reported
            )
            count = sum(pledge.asset == name and pledge.stands(since) for pledge in pledges)
            if named and count != asset.gpus:
                reported.add(name)
                why = "the register's count governs until a report gives a lower one"
                what = (
                    f"the register holds {count:,} {'GPU' if count == 1 else 'GPUs'} of {name} on "
                    f"{since}, the deal {asset.gpus:,}"
                )
                yield Problem(
                    "W107",
                    what,
                    why,
                    "correct one of them",
                    deal.tree.place(("pledged_assets", name, "gpus")),
                )


def classes_of(deal: Deal) -> tuple[str, ...]:
    """Return every asset class that the deal has on some date."""
    return tuple(dict.fromkeys(name for _, terms in deal.segments for name in terms.pledged_assets))


def _wrong(
    serial: str, asset: str, seen: dict[str, int], classes: Collection[str]
) -> tuple[str, str, str] | None:
    """Return (what is wrong with one row, why, its fix), or None if the row is right."""
    if not serial:
        return "a row has no serial number", "a GPU is known by it", "write it, or remove the row"
    if not SERIAL.fullmatch(serial):
        return (
            f"`{serial}` is not a serial number",
            "it holds a sign that cannot be read back",
            "write it in letters, digits and signs of ASCII",
        )
    if serial in seen:
        return (
            f"`{serial}` stands twice",
            f"line {seen[serial]} has it too, and a GPU is pledged once",
            "remove one of them",
        )
    if asset not in classes:
        return f"the deal has no asset class `{asset}`", f"it has {', '.join(classes)}", "correct the name"
    return None


def _wrong_dates(row: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return (what is wrong with the days of pledge and release, why, the fix), or None.

    The result is None if both can be read and the release follows the pledge.
    """
    days: list[date] = []
    for name in DATES:
        text = (row.get(name) or "").strip()
        try:
            days += [read_day(text)] if text else []
        except ValueError as error:
            return (
                f"`{text}` under `{name}` is not a date",
                str(error),
                "write it like `2026-03-04`, or leave it empty",
            )
    # Both on one day is allowed: the pledge then covers no day.
    if len(days) == len(DATES) and days[1] < days[0]:
        return (
            f"released on {days[1]}, before it was pledged on {days[0]}",
            "a release follows a pledge",
            "correct one of the dates",
        )
    return None


def _day(row: Mapping[str, str], name: str) -> date | None:
    """Return the day in a cell that has been read before; None if it is empty."""
    text = (row.get(name) or "").strip()
    return read_day(text) if text else None
