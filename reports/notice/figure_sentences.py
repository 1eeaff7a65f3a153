"""What page 1 says of a figure against its limit (`rulings.md` 60).

It also says that a figure is held if other sellers would turn the result.
"""

from __future__ import annotations

from engine.basics.values import Comparison
from engine.events.results import TestResult, Verdict
from engine.events.states import TestStatus
from reports.formats import apart, figure, long_date, term
from reports.notice.view import Line

LIMIT: dict[Comparison, str] = {
    "at least": "a minimum of",
    "more than": "a limit that must be exceeded, of",
    "at most": "a maximum of",
    "less than": "a limit that must not be reached, of",
}


def against(line: Line) -> str:
    """Return figure against limit: `68.087% against a maximum of 65%`."""
    result = line.result
    if result is None or result.measured is None or result.limit is None or result.comparison is None:
        return "no figure"
    return f"{apart(result.measured, result.limit, line.rounding)} {_bound(result)}"


def _bound(result: TestResult) -> str:
    """Return `against a maximum of 65%`; nothing without a limit."""
    if result.limit is None or result.comparison is None:
        return ""
    of = f", as of {long_date(result.as_of)}" if result.as_of is not None else ""
    return f"against {LIMIT[result.comparison]} {term(result.limit)}{of}"


def this_date(line: Line) -> str:
    """Return the figure against its limit, as it follows `this date`.

    Of a held result it says that the result is held, and how often by then.
    """
    said = held(line)
    return against(line) if said is None else f"it {said}{under(line)}{not_counted(line)}"


def not_counted(line: Line) -> str:
    """Return `, and is not counted` for a held failure that a trigger would count.

    The text is empty for any other result.
    """
    return ", and is not counted" if line.counts and line.verdict is Verdict.FAIL and held(line) else ""


def under(line: Line) -> str:
    """Return `, against a maximum of 65%`, after a figure that is said already."""
    bound = _bound(line.result) if line.result is not None and line.result.measured is not None else ""
    return f", {bound}" if bound else ""


def held(line: Line) -> str | None:
    """Return the words of a held result, which its sellers keep from changing anything.

    An example is `fails (65.879%), held: not decisive, 2 of 4`. The result is None if the result may change
    something.
    """
    run = line.test.held if line.test is not None else None
    if run is None or run.counts or line.result is None or line.verdict not in (Verdict.PASS, Verdict.FAIL):
        return None
    verb = "passes" if line.verdict is Verdict.PASS else "fails"
    return f"{verb}{_in_brackets(line)}, held: {run.text}"


def _in_brackets(line: Line) -> str:
    """Return ` (65.879%)`; nothing without a figure."""
    if line.result is None or line.result.measured is None:
        return ""
    measured, limit = line.result.measured, line.result.limit
    return f" ({apart(measured, limit, line.rounding) if limit is not None else figure(measured)})"


def held_detail(line: Line) -> str | None:
    """Return the words of a held result beside a state.

    They also say that a clock stands still, or that a result counted because it was held too often. Otherwise
    the result is None.
    """
    run = line.test.held if line.test is not None else None
    if run is None:
        return None
    if run.counts:
        return f"{run.run} dates in a row not decisive"
    still = (
        run.clock_stopped is not None and line.test is not None and line.test.status is TestStatus.CURE_PERIOD
    )
    said = (held(line), f"{run.clock_left} days left, the clock stands still" if still else None)
    return "; ".join(filter(None, said)) or None
