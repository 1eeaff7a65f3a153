"""All deals of a workspace on a date (`notice.md`, Exports).

Each test and trigger has a row, the worst first. The table states what the logs say and computes nothing.
What is missing stands above what passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.values import in_words, printed, printed_apart, printed_headroom, trimmed
from engine.events.deal_adopted import ClauseFacts, DealAdopted, clauses_on
from engine.events.deal_state import DealState, fold
from engine.events.due_acts import Due
from engine.events.duty_words import due_words, duty_words, remedy_words
from engine.events.kinds import Determined, Event, NotEvaluated, Tested
from engine.events.log_names import deals_among
from engine.events.results import TestResult, Verdict, share_of_limit
from engine.events.standing import standing
from engine.events.states import TestStatus, TriggerState, TriggerStatus
from engine.queries.csv_tables import csv_of, in_a_cell
from engine.queries.who_owes_whom import OpenDuty, owed_over
from engine.record.log import deal_log, read
from engine.workspace.deals_by_name import names_claimed
from engine.workspace.workspace import Workspace

NOT_EVALUATED, NOT_DETERMINED_YET = "NOT EVALUATED", "NOT YET DETERMINED"
"""States of a deal as a whole.

Either the deal failed to be evaluated, or nothing is determined by the date.
"""
# What is missing stands above what passes: a deal that nobody evaluated may hide a default.
ORDER = {
    TestStatus.EVENT_OF_DEFAULT.value: 0,
    NOT_EVALUATED: 1,
    TestStatus.CURE_PERIOD.value: 2,
    TriggerStatus.IN_EFFECT.value: 3,
    TriggerStatus.PENDING_CURE.value: 4,
    TestStatus.PENDING.value: 5,
    NOT_DETERMINED_YET: 6,
    TestStatus.NOT_YET_TESTED.value: 7,
    TestStatus.WATCH.value: 8,
    TestStatus.WAIVED.value: 9,
    TestStatus.COMPLIANT.value: 10,
    TriggerStatus.NOT_IN_EFFECT.value: 10,
    TestStatus.SUSPENDED.value: 11,
    TestStatus.CLOSED.value: 12,
}
OVERDUE, FAILS, UNDETERMINED, COUNTING = 3, 4, 6, 8
"""The lowest ranks of four kinds of rows.

They are a row with an overdue delivery, a test that fails, a test that is not determined, and a trigger that
counts.
"""
FAR = 10**9
"""A headroom beyond any that is measured."""
AT_REST = (TestStatus.WAIVED.value, TestStatus.SUSPENDED.value, TestStatus.CLOSED.value)
"""States in which a result changes nothing."""


@dataclass(frozen=True)
class Task:
    """What somebody must do by a date."""

    by: date
    who: str
    what: str
    overdue: bool = False


@dataclass(frozen=True)
class Row:
    """One test or trigger of one deal, or the deal itself if it has neither.

    Attributes:
        deal: its name.
        key: the clause's name in the deal file.
        title: what the clause is called.
        cite: its section.
        state: where it stands on the date; a test with a trigger stands where its trigger does.
        counting: whether a trigger counts towards its beginning or its end.
        result: the newest result by the date.
        on: the date of that result.
        due: what somebody must do about it, earliest first.
        note: why the result or the state is missing.
    """

    deal: str
    key: str
    title: str
    cite: str
    state: str
    counting: str = ""
    result: TestResult | None = None
    on: date | None = None
    due: tuple[Task, ...] = ()
    note: str = ""

    @cached_property
    def rank(self) -> tuple[int, date, Fraction, str, str]:
        """Return the key by which rows are sorted, the worst first.

        State and result come first, then the day on which something is due, then headroom as a share of the
        limit.
        """
        place = ORDER[self.state]
        if self.state not in AT_REST:
            failing = self.result is not None and self.result.verdict is Verdict.FAIL
            undetermined = self.result is not None and self.result.verdict is Verdict.NOT_DETERMINED
            found = (
                (any(due_act.overdue for due_act in self.due), OVERDUE),
                (failing, FAILS),
                (undetermined, UNDETERMINED),
                (bool(self.counting), COUNTING),
            )
            # The worst finding decides: a compliant test with an overdue delivery must not stand at the end.
            place = min([place, *(at for so, at in found if so)])
        return (place, self.due[0].by if self.due else date.max, self._room(), self.deal, self.key)

    def _room(self) -> Fraction:
        """Return headroom as a share of the limit.

        A missing headroom counts as the least. A test that cannot have headroom counts as the most.
        """
        result = self.result
        if result is None or result.headroom is None or result.limit is None:
            return Fraction(FAR if result is None else -FAR)
        share = share_of_limit(result.headroom, result.limit)
        return result.headroom.value if share is None else share

    @property
    def urgent(self) -> bool:
        """Return whether somebody must act, or the state is one that an agreement acts on."""
        return bool(self.due) or self.rank[0] <= OVERDUE

    def as_data(self) -> dict[str, object]:
        """Return the row as data, which JSON, CSV and the page are made of."""
        result = self.result
        measured = result.measured if result else None
        limit = result.limit if result else None
        return {
            "deal": self.deal,
            "test": self.key,
            "title": self.title,
            "cite": self.cite,
            "state": self.state,
            "counting": self.counting,
            "result": result.verdict.value if result else None,
            "measured": printed_apart(measured, limit) if measured and limit else None,
            "limit": f"{result.comparison} {trimmed(limit)}" if result and limit else None,
            "headroom": printed(result.headroom) if result and result.headroom else None,
            "headroom_shown": printed_headroom(result.headroom) if result and result.headroom else None,
            "on": str(self.on) if self.on else None,
            "due": [
                {"by": str(due_act.by), "who": due_act.who, "what": due_act.what, "overdue": due_act.overdue}
                for due_act in self.due
            ],
            "note": self.note,
            "urgent": self.urgent,
        }


def portfolio(logs: Sequence[tuple[str, Sequence[Event]]], on: date) -> tuple[Row, ...]:
    """Return the rows of all deals as they stand on a date, the worst first.

    Args:
        logs: each deal's name and its whole log, empty if nothing has been run.
        on: the date; what is effective after it is left out.
    """
    rows = [
        row
        for deal, events in logs
        for row in _deal(deal, [one for one in standing(events) if one.effective_on <= on], on)
    ]
    return tuple(sorted(rows, key=lambda row: row.rank))


def _deal(deal: str, events: Sequence[Event], on: date) -> Iterator[Row]:
    determined = [event for event in events if isinstance(event.payload, Determined)]
    refused = [event for event in events if isinstance(event.payload, NotEvaluated)]
    # Numbers of the log are compared and not dates: a second run of the same date overrules the refusal.
    if refused and (not determined or refused[-1].seq > determined[-1].seq):
        yield Row(
            deal,
            "deal",
            "the deal",
            "",
            NOT_EVALUATED,
            on=refused[-1].effective_on,
            note=refused[-1].payload.reason,
        )
    elif not determined:
        yield Row(deal, "deal", "the deal", "", NOT_DETERMINED_YET, note=f"nothing is determined by {on}")
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    # A deal that could not be evaluated still shows where its tests stood last.
    if determined and adopted:
        state, due = fold(events), determined[-1].payload.due
        results = {
            event.subject: event.payload.result for event in events if isinstance(event.payload, Tested)
        }
        yield from (
            _row(deal, clause, state, results.get(clause.key), due)
            for clause in told_apart(clauses_on(adopted[-1], on))
        )


def told_apart(clauses: Sequence[ClauseFacts]) -> Iterator[ClauseFacts]:
    """Yield every clause, each with a title that no other clause has.

    A title that clauses share gets the class of debt or the key that tells them apart.
    """
    titles = Counter(clause.title for clause in clauses)
    for clause in clauses:
        # Two classes of debt may have the same test, and rows with one title could not be told apart.
        own = (
            clause.title
            if titles[clause.title] == 1
            else f"{clause.title}, {in_words(clause.debt_class or clause.key)}"
        )
        yield clause.model_copy(update={"title": own})


def _row(
    deal: str, clause: ClauseFacts, state: DealState, result: TestResult | None, due: Sequence[Due]
) -> Row:
    test, trigger = state.tests.get(clause.key), state.triggers.get(clause.key)
    tasks = tuple(sorted(_tasks(clause.key, state, due), key=lambda task: task.by))
    status = (
        trigger.status.value if trigger else test.status.value if test else TestStatus.NOT_YET_TESTED.value
    )
    note = result.reason.reason if result is not None and result.reason is not None else ""
    on = result.on if result is not None else None
    return Row(
        deal, clause.key, clause.title, clause.cite, status, _counting(trigger), result, on, tasks, note
    )


def _counting(trigger: TriggerState | None) -> str:
    # A limb on a state has nothing to count, since it is met or not.
    limb = trigger.count if trigger is not None else None
    return (
        f"{limb.count} of {limb.needed}" if limb is not None and limb.count and limb.dates != "state" else ""
    )


def _tasks(key: str, state: DealState, due: Sequence[Due]) -> Iterator[Task]:
    """Yield a running cure, what is owed and not delivered, and the notices of the newest date."""
    test = state.tests.get(key)
    if test is not None and test.status is TestStatus.CURE_PERIOD and test.cure is not None:
        said = next((one for one in due if one.act == "cure" and one.subject == key), None)
        amount = f" ({remedy_words(said.ways[0])})" if said is not None and said.ways else ""
        yield Task(
            test.cure.by,
            said.who if said is not None else "borrower",
            f"{due_words(said) if said is not None else 'cure'}{amount}",
        )
    for owed in state.obligations.values():
        if owed.clause == key and owed.is_owed:
            yield Task(owed.due.by, owed.by, f"deliver the {owed.name}", owed.status == "OVERDUE")
    yield from (
        Task(due_act.by, due_act.who, duty_words(due_act))
        for due_act in due
        if due_act.act == "notify" and due_act.subject == key
    )


COLUMNS = (
    "deal",
    "test",
    "title",
    "cite",
    "state",
    "counting",
    "result",
    "measured",
    "limit",
    "headroom",
    "on",
)


def deal_names(workspace: Workspace) -> tuple[str, ...]:
    """Return every deal: those with a log, and those whose file was never run, sorted."""
    # A deal whose file is gone still has its record, and a file that was never run belongs here too.
    return tuple(sorted({*deals_among(workspace.store.logs()), *names_claimed(workspace)}))


def portfolio_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows of a portfolio as CSV.

    Each thing that is due has a row. A test or trigger from which nothing is due has a row as well.
    """
    lines = []
    for row in rows:
        # Without the empty one, a test from which nothing is due would be missing in the table.
        each: Sequence[Mapping[str, Any]] = row["due"] or ({},)
        for one in each:
            owed = (one.get("by"), one.get("who"), one.get("what"), "yes" if one.get("overdue") else "")
            lines.append([in_a_cell(cell) for cell in (*(row[name] for name in COLUMNS), *owed, row["note"])])
    return csv_of((*COLUMNS, "due_by", "due_from", "due", "overdue", "note"), lines, marked=True)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Every test and trigger of every deal of a workspace on one date, the worst first."""

    on: date
    deals: tuple[str, ...]
    rows: tuple[Row, ...]
    owed: tuple[OpenDuty, ...] = ()
    """Who owes whom what over these deals, the longest overdue first."""

    def as_data(self) -> dict[str, Any]:
        """Return the portfolio as JSON: `on`, `deals`, `rows`, `owed`."""
        rows, owed = [row.as_data() for row in self.rows], [duty.as_data() for duty in self.owed]
        return {"on": str(self.on), "deals": list(self.deals), "rows": rows, "owed": owed}

    def as_csv(self) -> str:
        """Return the rows as CSV, one line a row."""
        return portfolio_csv([row.as_data() for row in self.rows])


def portfolio_of(workspace: Workspace, on: date) -> Portfolio:
    """Return the portfolio of a workspace. Raises WrongUsage for a workspace without deals."""
    names = deal_names(workspace)
    if not names:
        raise WrongUsage(f"a deal is missing in {workspace.root / 'deals'}; put deal files there")
    logs = [(name, read(workspace.store, deal_log(name))) for name in names]
    return Portfolio(on, names, portfolio(logs, on), owed_over(logs, on))
