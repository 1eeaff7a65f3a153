"""A deal lived over a published history: what it would have done, and what an amendment changes of that.

The very functions that run on Thursdays; the history is the workspace's series, the reports and Acts that its log holds,
and facts that are assumed where it holds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engine.basics.values import Figure, printed_apart, trimmed
from engine.determination.determine import ShareBelow
from engine.determination.reference_rate import Published
from engine.determination.template import Template
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ActApplied, Counted, DeadlinePassed, ReportReceived, Tested
from engine.events.results import TestResult, Verdict
from engine.events.standing import Recorded
from engine.events.states import TestState, TriggerStatus
from engine.terms.as_written import Deal, sources

DAY = timedelta(days=1)
RELEASED_SOON = timedelta(weeks=4)
"""A trigger that ends within this time of its beginning was a false alarm."""


@dataclass(frozen=True)
class History:
    """What a deal is lived over.

    Attributes:
        series: what each Publication Date gave, by index, oldest first, by the prints that the deal accepts.
        given: reports and Acts, as drafts, in the order in which they came.
        assumed: figures that every week's report is assumed to carry.
        until: the last date.
    """

    series: Mapping[str, tuple[Published, ...]]
    given: tuple[Draft, ...]
    assumed: Mapping[str, Figure]
    until: date


def lived(deal: Deal, templates: Mapping[str, Template], history: History, share_below: ShareBelow | None = None) -> tuple[Draft, ...]:
    """Every event that the deal would have had from closing to the history's end."""
    state = fold(history.given)
    found: list[Draft] = []
    day = deal.closing_date + DAY
    while day <= history.until:
        state_known = fold(_assumed(history, day), state)
        inputs = inputs_of(deal, day, history.series, state_known, templates, share_below)
        if inputs.kinds:
            drafts = evaluate(inputs)
            found += drafts
            state = fold(drafts, state_known)
        day += DAY
    return tuple(found)


def _assumed(history: History, day: date) -> Iterator[Draft]:
    """The assumed figures as the report of the week that ended the day before."""
    if history.assumed:
        report = ReportReceived(
            period_start=day - timedelta(days=7),
            period_end=day - DAY,
            as_of=day - DAY,
            received=day,
            document="assumed for the backtest",
            sha256="",
            figures=history.assumed,
        )
        yield Draft(kind="report received", subject=f"assumed {day}", effective_on=day, payload=report)


@dataclass(frozen=True)
class TestRecord:
    """What one test would have done: dates by verdict, episodes of failure, the least headroom."""

    __test__ = False

    test: str
    passed: int
    failed: int
    not_determined: int
    episodes: tuple[tuple[date, date | None], ...]
    """First failing date and first passing date after it, of each run of failures."""
    least_headroom: Figure | None
    last_state: str


@dataclass(frozen=True)
class TriggerRecord:
    """What one trigger would have done: when it began and ended, and how often it was released soon."""

    trigger: str
    in_effect: tuple[tuple[date, date | None], ...]
    false_alarms: int


def test_records(drafts: Sequence[Draft]) -> tuple[TestRecord, ...]:
    """Each test's record, in the order in which they were first tested."""
    by_test: dict[str, list[tuple[TestResult, TestState]]] = {}
    for draft in drafts:
        if isinstance(draft.payload, Tested):
            by_test.setdefault(draft.subject, []).append((draft.payload.result, draft.payload.state))
    return tuple(_test_record(name, found) for name, found in by_test.items())


def _test_record(name: str, found: list[tuple[TestResult, TestState]]) -> TestRecord:
    episodes: list[tuple[date, date | None]] = []
    for result, _ in found:
        failing = bool(episodes) and episodes[-1][1] is None
        if result.verdict is Verdict.FAIL and not failing:
            episodes.append((result.on, None))
        elif result.verdict is Verdict.PASS and failing:
            episodes[-1] = (episodes[-1][0], result.on)
    rooms = [result.headroom for result, _ in found if result.headroom is not None]
    verdicts = [result.verdict for result, _ in found]
    return TestRecord(
        test=name,
        passed=verdicts.count(Verdict.PASS),
        failed=verdicts.count(Verdict.FAIL),
        not_determined=verdicts.count(Verdict.NOT_DETERMINED),
        episodes=tuple(episodes),
        least_headroom=min(rooms, key=lambda room: room.value, default=None),
        last_state=found[-1][1].status.value,
    )


def trigger_records(drafts: Sequence[Draft]) -> tuple[TriggerRecord, ...]:
    """Each trigger's record."""
    spells: dict[str, list[tuple[date, date | None]]] = {}
    for draft in drafts:
        if not isinstance(draft.payload, Counted):
            continue
        spell = spells.setdefault(draft.subject, [])
        inside = bool(spell) and spell[-1][1] is None
        state = draft.payload.state
        if state.status is TriggerStatus.IN_EFFECT and not inside:
            spell.append((state.since, None))
        elif state.status is not TriggerStatus.IN_EFFECT and inside:
            spell[-1] = (spell[-1][0], draft.effective_on)
    return tuple(
        TriggerRecord(name, tuple(found), sum(end is not None and end - start <= RELEASED_SOON for start, end in found))
        for name, found in spells.items()
    )


@dataclass(frozen=True)
class TermChange:
    """One term that an amendment changes, with the line that sets it."""

    path: str
    before: str
    after: str
    line: int


@dataclass(frozen=True)
class ResultChange:
    """One date on which a test or trigger stands otherwise under the two texts."""

    on: date
    subject: str
    before: str
    after: str
    outcome: bool
    """Whether a result, a state or a deadline differs, and not only the limit that it was held against."""


def term_changes(before: Deal, after: Deal) -> tuple[TermChange, ...]:
    """The terms that differ on some date, as written, each at the first date on which it does."""
    found: dict[str, TermChange] = {}
    for day in sorted({since for deal in (before, after) for since, _ in deal.segments}):
        old = {source.path: source.written for source in sources(before, day)}
        for source in sources(after, day):
            was = old.get(source.path, "not written")
            if was != source.written:
                found.setdefault(source.path, TermChange(source.path, was, source.written, source.line))
    return tuple(found.values())


def result_changes(before: Sequence[Recorded], after: Sequence[Recorded]) -> tuple[ResultChange, ...]:
    """Every date and test or trigger whose result, limit or state differs, in the order of the dates."""
    old, new = _standings(before), _standings(after)
    found = []
    for on, subject in sorted({**old, **new}):
        was, now = old.get((on, subject), NOTHING), new.get((on, subject), NOTHING)
        if was != now:
            found.append(ResultChange(on, subject, was[1], now[1], was[0] != now[0]))
    return tuple(found)


NOTHING = ("", "-")


def _standings(drafts: Sequence[Recorded]) -> dict[tuple[date, str], tuple[str, str]]:
    """(outcome, all that is printed of it) of each test and trigger on each date."""
    found: dict[tuple[date, str], tuple[str, str]] = {}
    for draft in drafts:
        if isinstance(draft.payload, Tested):
            result, state = draft.payload.result, draft.payload.state
            figures = ""
            if result.measured is not None and result.limit is not None:
                figures = f" {printed_apart(result.measured, result.limit)} ({result.comparison} {trimmed(result.limit)})"
            cure = f", cure by {state.cure.by}" if state.cure is not None else ""
            outcome = f"{result.verdict.value}; {state.status.value}{cure}"
            found[(draft.effective_on, draft.subject)] = (outcome, f"{result.verdict.value}{figures}; {state.status.value}{cure}")
        elif isinstance(draft.payload, (Counted, ActApplied, DeadlinePassed)):
            found.update({(draft.effective_on, subject): (said, said) for subject, said in _moved(draft.payload)})
    return found


def _moved(payload: Counted | ActApplied | DeadlinePassed) -> Iterator[tuple[str, str]]:
    """The states that something other than a result leads to, each with what it is about."""
    test = None if isinstance(payload, Counted) else payload.state if isinstance(payload, DeadlinePassed) else payload.test
    trigger = payload.state if isinstance(payload, Counted) else payload.trigger if isinstance(payload, ActApplied) else None
    if test is not None:
        yield test.test, test.status.value
    if trigger is not None:
        counted = f", {trigger.count.count} of {trigger.count.needed}" if trigger.count is not None else ""
        yield f"{trigger.trigger} (trigger)", f"{trigger.status.value}{counted}"
