"""The rows that regulators ask for, as of a data cut-off date.

They are ESMA Annex XII tests, events and triggers, and a table in the manner of Form 10-D. They state what
the log says and compute nothing (`notice.md`, Exports; `rulings.md` 35).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.basics.errors import WrongUsage
from engine.basics.inert import one_line
from engine.basics.values import Figure, Unit, printed, rounded, trimmed
from engine.events.deal_adopted import ClauseFacts, DealAdopted, clauses_on
from engine.events.kinds import ActApplied, Counted, DeadlinePassed, Event, Suspended, Tested
from engine.events.results import TestResult, Verdict
from engine.events.standing import standing
from engine.events.states import TestState, TestStatus, TriggerState, TriggerStatus
from engine.events.taken_over import TakenOver
from engine.queries.csv_tables import csv_of
from engine.terms.contract_dates import months_before

ESMA = ("IVSR1", "IVSR2", "IVSR3", "IVSR4", "IVSR5", "IVSR6", "IVSR7", "IVSR8", "IVSR9", "IVSR10")
FORM_10D = ("test or trigger", "section", "required", "actual", "met", "since", "cure by", "effect")
NO_DATA = "ND5"
"""ESMA's code for a field that does not apply.

It stands for a trigger without a figure and for a test that is not determined. `ND` alone is not a code.
"""


@dataclass(frozen=True)
class Line:
    """One test or trigger as it stood at the cut-off."""

    clause: ClauseFacts
    result: TestResult | None
    determined: TestResult | None
    """The newest result with a value, if the newest has none."""
    test: TestState | None
    trigger: TriggerState | None


def lines(events: Sequence[Event], cut_off: date) -> tuple[DealAdopted, tuple[Line, ...]]:
    """Return the deal in force and each of its tests and triggers at the end of the cut-off date.

    Raises ValueError without a deal.
    """
    in_force = [
        event
        for event in standing(events)
        # The newest file counts, even if it came after the cut-off: a correction works from closing.
        if event.effective_on <= cut_off or isinstance(event.payload, DealAdopted)
    ]
    deals = [event.payload for event in in_force if isinstance(event.payload, DealAdopted)]
    if not deals:
        raise ValueError("the log holds no deal")
    return deals[-1], tuple(_line(clause, in_force) for clause in clauses_on(deals[-1], cut_off))


def _line(clause: ClauseFacts, events: Sequence[Event]) -> Line:
    results = [
        event.payload.result
        for event in events
        if isinstance(event.payload, Tested) and event.subject == clause.key
    ]
    test: TestState | None = None
    trigger: TriggerState | None = None
    for event in events:
        payload = event.payload
        # A takeover states all tests at once, and everything after it changes them one by one.
        if isinstance(payload, TakenOver):
            test, trigger = payload.tests.get(clause.key), payload.triggers.get(clause.key)
        elif isinstance(payload, (Tested, DeadlinePassed, Suspended)) and payload.state.test == clause.key:
            test = payload.state
        elif isinstance(payload, Counted) and payload.state.trigger == clause.key:
            trigger = payload.state
        elif isinstance(payload, ActApplied):
            test = payload.test if payload.test and payload.test.test == clause.key else test
            trigger = (
                payload.trigger if payload.trigger and payload.trigger.trigger == clause.key else trigger
            )
    valued = [result for result in results if result.measured is not None]
    return Line(clause, results[-1] if results else None, valued[-1] if valued else None, test, trigger)


def esma_csv(deal: str, events: Sequence[Event], cut_off: date) -> str:
    """Return the rows IVSR1 to IVSR10 of a deal, one for each test and trigger."""
    adopted, rows = lines(events, cut_off)
    if adopted.unique_id is None:
        raise WrongUsage(
            f"IVSR1 is the unique identifier of the securitisation, and {deal} has none; write `unique_id:` "
            "in its deal file"
        )
    return _table(ESMA, (_esma(adopted, adopted.unique_id, line) for line in rows))


def _esma(deal: DealAdopted, identifier: str, line: Line) -> tuple[str, ...]:
    key = f"{identifier}-{line.clause.key}"
    measured = line.result.measured if line.result else None
    return (
        identifier,
        key,
        key,
        _description(line),
        _number(line.determined.limit if line.determined else None),
        _number(measured),
        _breached(line),
        _granted(line),
        str(deal.frequency_days),
        line.clause.esma,
    )


def _granted(line: Line) -> str:
    """Return the days that the agreement grants to cure, as it counts them; 0 if it grants none.

    Months are counted in the days of the Cure Period that runs, of the newest result's date otherwise.
    """
    right = line.clause.cure
    if right is None:
        return "0"
    count, _, unit = right.within.partition(" ")
    if not unit.startswith("month"):
        return count
    if line.test is not None and line.test.cure is not None and _curing(line):
        return str((line.test.cure.by - line.test.cure.counted_from).days)
    since = line.result.on if line.result is not None else None
    return NO_DATA if since is None else str((months_before(since, -int(count)) - since).days)


def _description(line: Line) -> str:
    said = f"{line.clause.title} ({line.clause.cite}). {line.clause.reading}"
    if line.result is not None and line.result.measured is None and line.determined is not None:
        return (
            f"{said} Not determined on {line.result.on}; last {_number(line.determined.measured)} on "
            f"{line.determined.on}."
        )
    return said


def _number(figure: Figure | None) -> str:
    """Return a figure as ESMA's fields have it: percentage points for shares, plain numbers otherwise."""
    if figure is None:
        return NO_DATA
    share = figure.unit in (Unit.SHARE, Unit.POINTS)
    return f"{rounded(figure.value * (100 if share else 1), 4):f}"


def _breached(line: Line) -> str:
    """Y on a raw FAIL or a trigger in effect; the raw result, whatever a cure or waiver makes of it."""
    if line.trigger is not None and line.trigger.status is TriggerStatus.IN_EFFECT:
        return "Y"
    if line.result is None:
        return "N" if line.trigger is not None else NO_DATA
    # What is not determined is neither breached nor kept, and the template has a code for that.
    return {Verdict.FAIL: "Y", Verdict.PASS: "N", Verdict.NOT_DETERMINED: NO_DATA}[line.result.verdict]


def _curing(line: Line) -> bool:
    return line.test is not None and line.test.status is TestStatus.CURE_PERIOD


def form_10d_csv(events: Sequence[Event], cut_off: date) -> str:
    """Return each test and trigger against its required level, as CSV.

    The table is in the manner of a distribution report of Form 10-D (Item 1121).
    """
    _, rows = lines(events, cut_off)
    return _table(FORM_10D, (_form_10d(line) for line in rows))


def _form_10d(line: Line) -> tuple[str, ...]:
    result = line.result
    required = (
        f"{result.comparison} {trimmed(result.limit)}" if result and result.limit else "as the agreement says"
    )
    actual = printed(result.measured) if result and result.measured else "not determined" if result else ""
    status = (
        line.trigger.status.value
        if line.trigger
        else line.test.status.value
        if line.test
        else "not yet determined"
    )
    since = line.trigger.since if line.trigger else line.test.since if line.test else None
    compliance = {"Y": "no", "N": "yes", NO_DATA: "not determined"}[_breached(line)]
    effect = "; ".join((status, *line.clause.consequences)) if _breached(line) == "Y" else status
    cure = str(line.test.cure.by) if line.test and line.test.cure and _curing(line) else ""
    return (line.clause.title, line.clause.cite, required, actual, compliance, str(since or ""), cure, effect)


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    return csv_of(head, ([one_line(cell) for cell in row] for row in rows))
