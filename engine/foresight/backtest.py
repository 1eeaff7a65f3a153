"""A deal lived over a published history: what it would have done, and what an amendment changes of that.

The very functions that run on Thursdays do the work. The history is the workspace's series, the reports and
Acts that its log holds, and assumed facts for what the log does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from engine.basics.values import Figure
from engine.determination.determine import ShareBelow
from engine.determination.template import Template
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import Counted, ReportReceived, Tested
from engine.events.rates import Published
from engine.events.results import TestResult, Verdict
from engine.events.states import SweptPeriod, TestState, TestStatus, TriggerStatus
from engine.events.swept_money import SweptMoney, swept_money
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.rate_scenarios import Rates
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import moment_on
from engine.terms.periods import ClockTime

DAY = timedelta(days=1)
RELEASED_SOON = timedelta(weeks=4)
"""A trigger that ends within this time of its beginning was a false alarm."""


@dataclass(frozen=True)
class History:
    """The history over which a deal is lived.

    Attributes:
        series: what each Publication Date gave, by index, oldest first, by the prints that the deal accepts.
        given: reports and Acts, as drafts, in the order in which they came.
        assumed: what is assumed of the Servicer's reports, by date.
        until: the last date.
    """

    series: Mapping[str, tuple[Published, ...]]
    given: tuple[Draft, ...]
    assumed: FactsByDate
    until: date


def lived(
    deal: Deal, templates: Mapping[str, Template], history: History, share_below: ShareBelow | None = None
) -> tuple[Draft, ...]:
    """Return every event that the deal would have had from closing to the history's end.

    An assumed figure that follows the rate moves with the values published after the Closing Date.
    """
    facts = history.assumed.along(_rates(history, deal.closing_date), deal.closing_date)
    state = fold(history.given)
    all_drafts: list[Draft] = []
    # The deal's first date is the day after closing; closing itself determines nothing.
    day = deal.closing_date + DAY
    while day <= history.until:
        # The report is received on the day itself, so it is fresh on every date and never too old.
        state_known = fold(_assumed(facts, day, resolve(deal, day).time_zone), state)
        inputs = inputs_of(deal, day, history.series, state_known, templates, share_below)
        # Most days are not a date of the deal, and evaluating them would only cost time.
        if inputs.kinds:
            drafts = evaluate(inputs)
            all_drafts += drafts
            state = fold(drafts, state_known)
        day += DAY
    return tuple(all_drafts)


def _rates(history: History, closing: date) -> dict[str, Rates]:
    """Return the values that were published after a Closing Date, by index."""
    return {
        index: tuple((one.publication_date, one.value) for one in prints if one.publication_date > closing)
        for index, prints in history.series.items()
    }


def _assumed(facts: FactsByDate, day: date, zone: str) -> Iterator[Draft]:
    """Yield one report, received on `day`, that gives the figures assumed of that day.

    The report is for the week before the day. Nothing is yielded if no figure holds on the day.
    """
    figures = facts.on(day)
    if figures:
        report = ReportReceived(
            period_start=day - timedelta(days=7),
            period_end=day - DAY,
            as_of=day - DAY,
            received=day,
            received_at=moment_on(day, ClockTime(0), zone),
            # The words show in every working that the figure is nobody's report.
            document="assumed for the backtest",
            sha256="",
            figures=figures,
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
    """The first failing date of each run of failures, and the first passing date after it."""
    least_headroom: Figure | None
    last_state: str
    cured: int = 0
    """The number of Cure Periods that a PASS or an Act ended."""
    decisive: int = 0
    """The number of determined results that are the same over the whole interval of each index used."""
    changes: int = 0
    """How often its status changed."""


@dataclass(frozen=True)
class TriggerRecord:
    """What one trigger would have done.

    It says when the trigger began and ended, how often it was released soon, and what it swept.
    """

    trigger: str
    in_effect: tuple[tuple[date, date | None], ...]
    false_alarms: int
    swept: SweptMoney
    """What went to its reserve account."""


def test_records(drafts: Sequence[Draft]) -> tuple[TestRecord, ...]:
    """Return each test's record, in the order in which the tests were first run."""
    by_test: dict[str, list[tuple[TestResult, TestState]]] = {}
    for draft in drafts:
        if isinstance(draft.payload, Tested):
            by_test.setdefault(draft.subject, []).append((draft.payload.result, draft.payload.state))
    return tuple(_test_record(name, results) for name, results in by_test.items())


def _test_record(name: str, results: list[tuple[TestResult, TestState]]) -> TestRecord:
    episodes: list[tuple[date, date | None]] = []
    for result, _ in results:
        # A date that is not determined neither ends a run of failures nor begins one.
        failing = bool(episodes) and episodes[-1][1] is None
        if result.verdict is Verdict.FAIL and not failing:
            episodes.append((result.on, None))
        elif result.verdict is Verdict.PASS and failing:
            episodes[-1] = (episodes[-1][0], result.on)
    rooms = [result.headroom for result, _ in results if result.headroom is not None]
    verdicts = [result.verdict for result, _ in results]
    statuses = [state.status for _, state in results]
    return TestRecord(
        test=name,
        passed=verdicts.count(Verdict.PASS),
        failed=verdicts.count(Verdict.FAIL),
        not_determined=verdicts.count(Verdict.NOT_DETERMINED),
        episodes=tuple(episodes),
        least_headroom=min(rooms, key=lambda room: room.value, default=None),
        last_state=results[-1][1].status.value,
        cured=sum(
            was is TestStatus.CURE_PERIOD and now is TestStatus.COMPLIANT for was, now in pairwise(statuses)
        ),
        # A result without a bearing was not looked at, and does not count as decisive.
        decisive=sum(result.bearing is not None and result.bearing.decisive for result, _ in results),
        changes=sum(was is not now for was, now in pairwise(statuses)),
    )


def left_out(drafts: Sequence[Draft], tests: Iterable[str], until: date) -> dict[str, str]:
    """Return the tests that no date determined, each with what it lacked on the last of them.

    Args:
        drafts: the events that the deal would have had.
        tests: the deal's tests; of them, those that no date tested are named as well.
        until: the last date.
    """
    results = [draft.payload.result for draft in drafts if isinstance(draft.payload, Tested)]
    determined = {result.test for result in results if result.verdict is not Verdict.NOT_DETERMINED}
    lacking = {
        result.test: result.reason.reason if result.reason else "not determined"
        for result in results
        if result.test not in determined
    }
    # A test that was never run does not leave a result, and would otherwise be missing without a word.
    idle = [name for name in tests if name not in determined and name not in lacking]
    return {**lacking, **dict.fromkeys(idle, f"it is not tested on any date up to {until}")}


def trigger_records(drafts: Sequence[Draft]) -> tuple[TriggerRecord, ...]:
    """Return each trigger's record."""
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
    swept: dict[str, list[Fraction | None]] = {}
    for draft in drafts:
        if isinstance(draft.payload, SweptPeriod):
            swept.setdefault(draft.payload.clause, []).append(draft.payload.swept)
    return tuple(
        TriggerRecord(
            name,
            tuple(spell),
            sum(end is not None and end - start <= RELEASED_SOON for start, end in spell),
            swept_money(swept.get(name, ())),
        )
        for name, spell in spells.items()
    )
