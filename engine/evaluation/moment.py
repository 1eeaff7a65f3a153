"""The inputs of one step of a test's state on one date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.evaluation.deadlines import BusinessDays
from engine.events.results import Breach, TestResult
from engine.events.states import HeldRun
from engine.terms.clause import Clause


@dataclass(frozen=True, slots=True)
class Moment:
    """What decides a step of a test's state, besides the state itself.

    Attributes:
        on: the date that is determined.
        result: the test's result.
        clause: the clause in force.
        breach: what a FAIL is, by the template.
        calendar: the deal's Business Days.
        held: why the result, though determined, must change nothing; None if it may.
        clock_starts: the date of the event that the clause's cure clock counts from; None while it has not
            happened.
        run: the run of results that are not decisive, this one included; None if this one is not part of a
            run.
        stands_still: whether a Cure Period's deadline stands still while results are held.
        running: the Business Days of the clock that runs, where an amendment has changed the deal's.
    """

    on: date
    result: TestResult
    clause: Clause
    breach: Breach
    calendar: BusinessDays
    held: str | None = None
    clock_starts: date | None = None
    run: HeldRun | None = None
    stands_still: bool = False
    running: BusinessDays | None = None
