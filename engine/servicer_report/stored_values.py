"""What the readers of workbooks have in common: values as they are stored, and the bounds of a child process.

It imports nothing of the engine, because a child process starts with it.
"""

from __future__ import annotations

import json
import math
import re
import resource
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

MOST_CELLS = 100_000
"""More cells than any form has. A larger workbook is a tape, which another reader adds up."""
MEMORY, SECONDS = 800 << 20, 20
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?", re.ASCII)
"""A number as workbooks store it; Python takes `1_0` and the digits of other scripts as well."""


class Unreadable(Exception):
    """Raised, with its cause, for a workbook of which nobody can tell what it says."""


class TooLarge(Exception):
    """Raised for a workbook with more cells than a form or a small report has."""


def digits(value: float) -> str:
    """Return a stored number at 15 digits, as a spreadsheet shows it.

    A spreadsheet stores 17 digits, and the last two are noise. Raises Unreadable for what is not a number.
    """
    if not math.isfinite(value):
        raise Unreadable(f"a cell for a number holds `{value}`")
    return format(Decimal(format(value, ".15g")), "f")


def kind_and_text(value: Any) -> tuple[str, str]:
    """Return the kind of a cell's value (`number`, `date`, `truth` or `text`) and its text."""
    # Before the numbers: in Python a truth value is an integer too.
    if isinstance(value, bool):
        return "truth", str(value).upper()
    if isinstance(value, int | float):
        return "number", digits(value)
    # Before the dates: in Python a moment is a date too.
    if isinstance(value, datetime):
        return "date", value.date().isoformat() if value.time() == time() else value.isoformat(
            timespec="seconds"
        )
    if isinstance(value, date | time | timedelta):
        return "date", str(value)
    return "text", str(value)


def print_cells(read: Callable[[str], dict[str, Any]], path: str) -> None:
    """Print what the cells of one workbook hold; what a reader cannot open is printed, not raised."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # A core file would leave the servicer's figures on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = read(path)
    except TooLarge:
        answer = {"refused": "large", "why": f"it has more than {MOST_CELLS:,} cells"}
    except MemoryError:
        answer = {"refused": "memory", "why": "it needs more memory than a report may"}
    except Unreadable as error:
        answer = {"refused": "broken", "why": str(error)}
    except Exception as error:  # a reader raises whatever it likes about a file that is not a workbook
        # openpyxl words its own errors anew, with the path of a file that nobody knows.
        cause = error.__cause__ or error
        answer = {"refused": "broken", "why": f"{type(cause).__name__}: {cause}"[:300]}
    json.dump(answer, sys.stdout)
