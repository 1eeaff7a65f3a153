"""Where a notice's sentence comes from: the answer that leads page 1 (`owed.py`: what is due, what follows).

Pure: lines of tests and triggers go in, words come out. First sentence: which test, figure against limit;
second: who does what by which day for how much. The agreement's words, never a synonym, and no advice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction

from engine.basics.values import printed_limit
from engine.events.due_acts import Due
from engine.events.rates import ReferenceRate
from engine.events.results import Bearing, Remedy, TestResult, Verdict
from engine.events.states import PRINTED_STATUS, TestStatus, TriggerStatus
from reports.formats import (
    Runs,
    counted,
    figure,
    listed,
    long_date,
    minus,
    ordinal,
    plain,
    reason_words,
    role,
    sentence,
    short_date,
    with_dates,
)
from reports.notice.figure_sentences import against, held, not_counted, this_date, under
from reports.notice.trigger_sentences import pending, pending_cure, released
from reports.notice.view import Line

NAMED = 4
"""Tests that a sentence lists by name; more are counted."""

STATUS = PRINTED_STATUS


def _stands(line: Line, verb: str) -> Runs:
    """Return how a test stands: `Loan-to-Value fails`, how often, and its figures.

    A held result reads `fails (65.879%), held: not decisive, 2 of 4`.
    """
    said = held(line)
    if said is None:
        return [(f"{line.title} {verb}", True), (f"{_how_often(line)}{_figures(line)}", False)]
    often = _how_often(line)
    return [(f"{line.title} {said}", True), (f"{',' if often else ''}{often}{under(line)}.", False)]


def limit(result: TestResult) -> str:
    """Return a limit as the table prints it: `max. 65%`."""
    if result.limit is None or result.comparison is None:
        return ""
    return minus(printed_limit(result.comparison, result.limit))


# ---- the answer
# ---------------------------------------------------------------------------------------------------


def answer(lines: Sequence[Line], due: Sequence[Due], rates: Mapping[str, ReferenceRate]) -> list[Runs]:
    """Return the paragraphs that lead a compliance notice, gravest first; the first is set large."""
    defaults = [line for line in lines if _status(line) is TestStatus.EVENT_OF_DEFAULT]
    curing = sorted((line for line in lines if _status(line) is TestStatus.CURE_PERIOD), key=_last_day)
    leads = [*(defaulted(line) for line in defaults), *(to_be_cured(line, due) for line in curing)]
    leads += [
        overdue(line) for line in lines if line.obligation is not None and line.obligation.status == "OVERDUE"
    ]
    leads += [begun(line) for line in lines if _in_effect(line)]
    leads += [pending(line) for line in lines if pending_cure(line)]
    late = [line for line in lines if line.obligation is not None and line.obligation.status == "OVERDUE"]
    # Each test is told of once: in default, in cure or overdue, it has led already.
    failing = [
        line for line in lines if line.verdict is Verdict.FAIL and line not in (*defaults, *curing, *late)
    ]
    # A failure that only a trigger counts is told of with that count, further below.
    leads += [failed(line) for line in failing if not line.counts]
    held_there = [line for line in lines if _in_effect(line)] if leads else lines
    leads = leads or [quiet(lines, rates)]
    leads += [released(line) for line in lines if line.released is not None]
    said = {rate.reason for rate in rates.values() if rate.value is None}
    rest = [
        *without_rate(rates),
        *not_determined(lines, said),
        *held_counts([line for line in lines if line not in held_there]),
        *counting(lines),
        *passing(lines, bool(failing or curing or defaults)),
    ]
    return [*leads, *([_joined(rest)] if rest else [])]


def beside(lines: Sequence[Line], due: Sequence[Due]) -> list[Runs]:
    """Return what an event notice says of the other tests: the gravest in full, or that they pass."""
    if any(graver(line) for line in lines):
        return answer(lines, due, {})[:1]
    rest = [*passing(lines, True), *not_determined(lines, set())]
    return [_joined(rest)] if rest else []


def graver(line: Line) -> bool:
    """Return whether a test or trigger leads what is said of several."""
    return line.urgent or line.verdict is Verdict.FAIL


def defaulted(line: Line) -> Runs:
    """Return `Event of Default indicated on Loan-to-Value since ..: not cured by ..`."""
    assert line.test is not None  # the caller asks only for lines in this status
    figures = (
        f" This date: {this_date(line)}{_restored(line.result)}."
        if line.result and line.result.measured
        else ""
    )
    first = (
        line.result is not None and line.result.on == line.test.since and line.test.why
    )  # later the state says only how it ends
    why = (
        f": not cured by {long_date(line.test.cure.by)}"
        if line.test.cure
        else f": {with_dates(line.test.why)}"
        if first
        else ""
    )
    return [
        (f"Event of Default indicated on {line.title}", True),
        (f" since {long_date(line.test.since)}{why}.{figures} It ends only by a Recorded Act.", False),
    ]


def _restored(result: TestResult) -> str:
    """Return what would make a test in default pass on this date; nothing of one that passes."""
    said = [plain(_way(way)) for way in (result.remedies if result.verdict is Verdict.FAIL else ())]
    return f", restored {listed(said, 'or')}" if said else ""


def to_be_cured(line: Line, due: Sequence[Due]) -> Runs:
    """Return the sentences about a failing test that is to be cured.

    They say on which Determination Date it fails, by when it must be cured, and by what.
    """
    assert line.test is not None
    runs = _stands(line, _verb(line))
    if line.test.cure is None:
        return [*runs, (f" Its Cure Period has not begun to run: {line.test.why}.", False)]
    runs += [(" It must be cured by ", False), (long_date(line.test.cure.by), True)]
    owed = next((due_act for due_act in due if due_act.act == "cure" and due_act.subject == line.key), None)
    return [*runs, *_ways(owed.ways if owed else ()), (".", False)]


def _ways(ways: Sequence[Remedy]) -> Runs:
    if not ways:
        return []
    runs: Runs = [(", at this date’s Reference Rate ", False)]
    for n, way in enumerate(ways):
        runs.append((" or " if n else "", False))
        runs += _way(way)
    return runs


def _way(way: Remedy) -> Runs:
    if way.method == "additional collateral":
        return [("by pledging ", False), (f"{figure(way.figure).removesuffix(' GPUs')} further GPUs", True)]
    what = "a prepayment" if way.method == "prepayment" else "an equity contribution"
    return [(f"by {what} of ", False), (figure(way.figure), True)]


def failed(line: Line) -> Runs:
    """Return a FAIL that no Cure Period answers: what it is, and what it obliges."""
    owed = line.obligation
    rest: Runs = []
    if owed is not None:
        overdue = " and is overdue" if owed.status == "OVERDUE" else ""
        rest = [
            (f" The {role(owed.by)} must deliver the {owed.name} by ", False),
            (long_date(owed.due.by), True),
            (f"{overdue}.", False),
        ]
    return [*_stands(line, "fails"), *rest]


def overdue(line: Line) -> Runs:
    """Return `Independent appraisal OVERDUE since ..`, whatever the test says by now."""
    owed = line.obligation
    assert owed is not None  # the caller asks only for lines with one
    passes = f" {line.title} passes by now." if line.verdict is Verdict.PASS else ""
    had = f"the {role(owed.by)} had to deliver it by {long_date(owed.due.by)} ({owed.due.cite})"
    since = f" since {long_date(owed.status_since)}: {had}.{passes}"
    return [(f"{sentence(owed.name)} OVERDUE", True), (since, False)]


def _last_day(line: Line) -> date:
    """Return the last day of a Cure Period; one whose clock has not begun comes last."""
    return line.test.cure.by if line.test is not None and line.test.cure is not None else date.max


def begun(line: Line) -> Runs:
    """Say `The Cash Sweep is in effect from ..`, with the count towards its end."""
    assert line.trigger is not None
    count = line.trigger.count
    ends = f" It has counted {count.count} of {dates(count.needed)} towards its end." if count else ""
    now = (
        f": this date {this_date(line)}"
        if line.result is not None and line.result.measured is not None
        else ""
    )
    met = line.trigger.first_met
    first = (
        f", its condition first met on {long_date(met)}"
        if met is not None and met != line.trigger.since
        else ""
    )
    return [
        (f"{line.trigger_title} is in effect", True),
        (f" since {long_date(line.trigger.since)}{first}{now}.{ends}", False),
    ]


def quiet(lines: Sequence[Line], rates: Mapping[str, ReferenceRate]) -> Runs:
    """Return the first sentence of a date on which no test fails.

    It says that every test passes, or how many tests could be determined.
    """
    tests = [line for line in lines if line.result is not None]
    passed = [line for line in tests if line.verdict is Verdict.PASS]
    counted_only = [line for line in tests if line.verdict is Verdict.FAIL]
    if not tests:
        return [("No test was run on this date.", True)]
    if counted_only:
        return _only_counted(counted_only)
    if not passed:
        missing = [name for name, rate in rates.items() if rate.value is None]
        why = (
            f": there is no Reference Rate of {listed(missing)}." if missing else f". {_first_reason(tests)}"
        )
        return [("No test could be determined", True), (why, False)]
    what = {1: "The only test passes", 2: "Both tests pass"}.get(
        len(tests), f"All {counted(len(tests))} tests pass"
    )
    if len(passed) < len(tests):
        what = (
            f"{sentence(counted(len(passed)))} of {counted(len(tests))} tests "
            f"{'passes' if len(passed) == 1 else 'pass'}"
        )
    return [(what, True), (f".{_least(passed)}", False)]


def _only_counted(lines: Sequence[Line]) -> Runs:
    """Return failures that only triggers count, the held ones each with its figure and by name."""
    waiting = [line for line in lines if held(line) is not None]
    others = [line for line in lines if line not in waiting]
    runs: Runs = (
        [(_row(others, "fails", "fail"), True), (f": {'; '.join(map(against, others))}.", False)]
        if others
        else []
    )
    for line in waiting:
        first = f"{' ' if runs else ''}{line.title} {held(line)}"
        runs += [(first, True), (f"{under(line)}{not_counted(line)}.", False)]
    return runs


def _least(passed: Sequence[Line]) -> str:
    """Return the test that stands nearest to its limit, by share of the limit."""
    near = [line for line in passed if line.result and line.result.headroom_share is not None]
    if not near:
        return ""
    line = min(
        near,
        key=lambda one: (
            one.result.headroom_share if one.result and one.result.headroom_share is not None else 0
        ),
    )
    assert line.result is not None
    return f" Nearest to its limit is {line.title}: {against(line)}."


def _first_reason(tests: Sequence[Line]) -> str:
    reasons = [line.result.reason.reason for line in tests if line.result and line.result.reason]
    return f"{sentence(reason_words(reasons[0]))}." if reasons else ""


def without_rate(rates: Mapping[str, ReferenceRate]) -> list[str]:
    """Return each index without a rate, and each carried one."""
    said = []
    for name, rate in rates.items():
        if rate.value is None:
            said.append(
                f"{sentence(reason_words(rate.reason or f'no step of the fallback gives {name}'))} "
                f"({rate.cite})."
            )
        elif rate.age:
            since = f" of {short_date(rate.publication_date)}" if rate.publication_date else ""
            said.append(f"The Reference Rate of {name} is carried: {rate.step}{since}.")
    return said


def not_determined(lines: Sequence[Line], known: Collection[str | None]) -> list[str]:
    """Return sentences that name the tests without a result.

    Each says the reason, unless the reason is already said. The states of these tests stay as they were.
    """
    by_reason: dict[str, list[Line]] = {}
    for line in lines:
        if line.result is not None and line.result.reason is not None:
            by_reason.setdefault(line.result.reason.reason, []).append(line)
    said = []
    for reason, tests in by_reason.items():
        why = "" if reason in known else f": {reason_words(reason)}"
        said.append(f"{_row(tests, 'is NOT DETERMINED', 'are NOT DETERMINED')}{why}.")
    return [*said, *_moved([line for tests in by_reason.values() for line in tests])]


def _moved(lines: Sequence[Line]) -> list[str]:
    """Return which of the tests that were not determined count as failed by the deal's rule.

    The sentences also say which stay as they were.
    """
    failed = [
        line
        for line in lines
        if line.test is not None and line.result is not None and line.test.rests_on == line.result.on
    ]
    same = [line for line in lines if line not in failed]
    said = (
        [f"{_row(failed, 'counts', 'count')} as failed, by the deal’s rule for a missing report."]
        if failed
        else []
    )
    if not same:
        return said
    if failed:
        return [*said, f"{_row(same, 'stays', 'stay')} as before."]
    return ["Its state is unchanged by it." if len(lines) == 1 else "Their states are unchanged by it."]


def counting(lines: Sequence[Line]) -> list[str]:
    """Return triggers that have counted something and are not in effect."""
    return [
        f"{line.trigger_title} has counted {count.count} of {dates(count.needed)} and is not in effect."
        for line in lines
        if line.trigger is not None
        and line.trigger.status is TriggerStatus.NOT_IN_EFFECT
        and (count := line.trigger.leading_begin) is not None
        and count.count
    ]


def held_counts(lines: Sequence[Line]) -> list[str]:
    """Return failures that are held and that a trigger would count otherwise.

    They are of tests whose failure is not said before.
    """
    return [
        f"{line.title} {said}, and is not counted."
        for line in lines
        if line.counts and _fails(line) and (said := held(line))
    ]


def _fails(line: Line) -> bool:
    return line.verdict is Verdict.FAIL


def passing(lines: Sequence[Line], others_fail: bool) -> list[str]:
    """Name tests that pass while others do not; WATCH is said by name."""
    failing = [line for line in lines if _status(line) is TestStatus.CURE_PERIOD or _in_effect(line)]
    passed = [line for line in lines if line.verdict is Verdict.PASS and line not in failing]
    watched = [line for line in passed if _status(line) is TestStatus.WATCH]
    said = [f"{_row(passed, 'passes', 'pass')}."] if passed and others_fail else []
    return said + ([f"{_row(watched, 'is', 'are')} under early warning."] if watched else [])


def dates(n: int) -> str:
    """Return `one date`, `3 dates`: what a count goes up to."""
    return "1 date" if n == 1 else f"{n} dates"


def _row(lines: Sequence[Line], one: str, many: str) -> str:
    """Name tests by name with their verb; by number where the names would fill the page."""
    if len(lines) > NAMED:
        return f"{sentence(counted(len(lines)))} tests {many}"
    return f"{listed([line.title for line in lines])} {one if len(lines) == 1 else many}"


def _verb(line: Line) -> str:
    if line.verdict is Verdict.PASS:
        return "passes again; its cure is not yet accepted"
    return "fails" if line.verdict is Verdict.FAIL else "is NOT DETERMINED in its Cure Period"


def _how_often(line: Line) -> str:
    return (
        f" for the {ordinal(line.run)} date running" if line.run > 1 and line.verdict is Verdict.FAIL else ""
    )


def _figures(line: Line) -> str:
    if line.result is None or line.result.measured is None:
        return "."
    return f": {against(line)}."


def _status(line: Line) -> TestStatus | None:
    return line.test.status if line.test else None


def _in_effect(line: Line) -> bool:
    return line.trigger is not None and line.trigger.status is TriggerStatus.IN_EFFECT


def _joined(said: Sequence[str]) -> Runs:
    return [(" ".join(said), False)]


def subsets_failing(bearing: Bearing) -> str | None:
    """Return the share of subsets of sellers in which a test fails, like `24% of subsets`.

    Rounding never makes it all or none of the subsets.
    """
    share = bearing.share_failing_sellers
    if share is None:
        return None
    near = "<1%" if 0 < share < Fraction(1, 100) else "99%" if Fraction(99, 100) < share < 1 else None
    whole = near or f"{float(share) * 100:.0f}%"
    drawn = f"{bearing.replicates:,} drawn " if bearing.drawn else ""
    return f"{whole} of {drawn}subsets"
