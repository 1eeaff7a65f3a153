"""A row for each deal, the worst deal first.

A row says where the deal stands, how far the rate may still move, and what is to be done next. The table
states what the logs say and computes only shares of a rate. Page, file and mail have the same rows in the
same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from engine.basics.values import Figure, printed
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import Determined, Event
from engine.events.party_changes import with_parties
from engine.events.rates import ReferenceRate
from engine.events.standing import standing
from engine.queries.portfolio import NOT_DETERMINED_YET, NOT_EVALUATED, OVERDUE, Row, portfolio
from engine.queries.who_owes_whom import OpenDuty, owed_of
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace

OWERS = ("issuer", "borrower", "originator")
"""The parties by whose name a deal is known, the first that it has."""


@dataclass(frozen=True, slots=True)
class NearestTest:
    """The test that the rate would turn next.

    It says of which index, by which share of its Reference Rate, and whether the test fails now.
    """

    title: str
    index: str
    share: Fraction
    fails_below: bool
    failing: bool


@dataclass(frozen=True)
class DealRow:
    """One deal on a date; its rank is computed once, since a list of hundreds is sorted for each page.

    Attributes:
        deal: its name.
        party: the issuer's or borrower's name.
        principal: what is outstanding, by the newest determination.
        on: the Determination Date that the row rests on; None without one.
        rates: each index with its Reference Rate, in USD per GPU-hour; None without a rate.
        worst: the row of its worst test or trigger.
        nearest: the test that the rate turns next; None if no rate decides one.
        owed: everything that is still owed under it, earliest first.
        tests: how many tests and triggers it has.
    """

    deal: str
    party: str
    principal: Figure | None
    on: date | None
    rates: tuple[tuple[str, Fraction | None], ...]
    worst: Row
    nearest: NearestTest | None
    owed: tuple[OpenDuty, ...]
    tests: int
    illustrative: bool

    @property
    def next(self) -> OpenDuty | None:
        """Return the first thing that somebody must do; None if nothing is owed."""
        return self.owed[0] if self.owed else None

    @property
    def state(self) -> str:
        """Return the worst state of the deal's tests and triggers.

        A result that is not determined counts as a state of its own.
        """
        result = self.worst.result
        undetermined = (
            # A worse state, such as a default, must not be hidden behind a result that is missing.
            result is not None and result.verdict.value == "NOT DETERMINED" and self.worst.rank[0] > OVERDUE
        )
        return "NOT DETERMINED" if undetermined else self.worst.state

    def needs_act(self, today: date, soon: date) -> bool:
        """Return whether somebody must act by `soon`, or the deal's state has consequences.

        These deals stand above the line of the list.
        """
        # A report comes due in every deal all the time, so only a late one puts its deal above the line.
        owed = any((duty.act != "report" and duty.by <= soon) or duty.by < today for duty in self.owed)
        return (
            owed or self.worst.rank[0] <= OVERDUE or self.worst.state in (NOT_EVALUATED, NOT_DETERMINED_YET)
        )

    @cached_property
    def rank(self) -> tuple[int, int, date, Fraction, str]:
        """Return the key by which deals are sorted: state, days overdue, next day, headroom, name."""
        first = self.owed[0] if self.owed else None
        overdue = (
            min(0, *(duty.days for duty in self.owed))
            if len(self.owed) > 1
            else min(0, first.days)
            if first
            else 0
        )
        near = self.nearest
        # A failing test sorts before every passing one, and the further it fails the earlier it stands.
        room = Fraction(10**6) if near is None else (-abs(near.share) if near.failing else abs(near.share))
        return (self.worst.rank[0], overdue, first.by if first else date.max, room, self.deal)

    def as_data(self) -> dict[str, Any]:
        """Return the row as JSON."""
        near = self.nearest
        return {
            "deal": self.deal,
            "party": self.party,
            "principal": printed(self.principal) if self.principal else None,
            "on": str(self.on) if self.on else None,
            "state": self.state,
            "test": self.worst.key,
            "title": self.worst.title,
            "cite": self.worst.cite,
            "rates": {name: None if rate is None else str(float(rate)) for name, rate in self.rates},
            "nearest": None
            if near is None
            else {
                "title": near.title,
                "index": near.index,
                "percent": f"{float(near.share * 100):.1f}",
                "fails": "below" if near.fails_below else "above",
                "failing": near.failing,
            },
            "owed": [duty.as_data() for duty in self.owed],
        }


def deal_row(deal: str, events: Sequence[Event], on: date) -> DealRow:
    """Return the row of one deal.

    Args:
        deal: its name.
        events: its whole log, oldest first.
        on: the date; what is effective after it is left out.
    """
    # The row is made of the same rows as the table below it, so that the two can never differ.
    rows = portfolio([(deal, events)], on)
    in_force = [event for event in standing(events) if event.effective_on <= on]
    # The newest file counts, and the parties in it may have changed since.
    adopted = next(
        (event.payload for event in reversed(in_force) if isinstance(event.payload, DealAdopted)), None
    )
    determined = next((event for event in reversed(in_force) if isinstance(event.payload, Determined)), None)
    parties = with_parties(adopted, in_force, on).parties if adopted is not None else ()
    names = {party.role: party.name for party in parties}
    rates = {
        event.payload.index: event.payload for event in in_force if isinstance(event.payload, ReferenceRate)
    }
    return DealRow(
        deal=deal,
        party=next((names[role] for role in OWERS if role in names), ""),
        principal=determined.payload.outstanding_principal if determined is not None else None,
        on=determined.effective_on if determined is not None else None,
        rates=tuple(
            (name, None if rate.value is None else Fraction(rate.value)) for name, rate in rates.items()
        ),
        worst=rows[0],
        nearest=_nearest(rows, rates),
        owed=tuple(sorted(owed_of(deal, events, on), key=lambda one: (one.by, one.subject, one.act))),
        tests=len(rows),
        illustrative=adopted is not None and adopted.illustrative,
    )


def _nearest(rows: Sequence[Row], rates: dict[str, ReferenceRate]) -> NearestTest | None:
    """Return the Break-even Rate that lies nearest to its index's Reference Rate, as a share of it."""
    nearest = []
    for row in rows:
        for even in row.result.break_even if row.result is not None else ():
            rate = rates.get(even.index)
            # Without a rate, or with a rate of zero, a share of the rate is not defined.
            if even.rate is None or rate is None or not rate.value:
                continue
            # Prices of different GPUs differ by their size, and only shares of them can be compared.
            share = even.rate.value / Fraction(rate.value) - 1
            below = even.fails == "below"
            failing = share > 0 if below else share < 0
            nearest.append(NearestTest(row.title, even.index, share, below, failing))
    # The nearest rate may lie on either side, since some tests fail when the rate rises.
    return min(nearest, key=lambda one: abs(one.share), default=None)


def log_size(workspace: Workspace, deal: str) -> int:
    """Return how many entries a deal's log has: it only grows, so an answer of the same size still holds."""
    return workspace.store.size(deal_log(deal))


def log_sizes(workspace: Workspace, deals: Iterable[str]) -> dict[str, int]:
    """Return how many entries each deal's log has, all at the same moment.

    One query of the database answers, however many deals there are.
    """
    with workspace.store.read() as reader:
        sizes = {head.log: head.size for head in reader.heads()}
    return {deal: sizes.get(deal_log(deal), 0) for deal in deals}


def market_size(workspace: Workspace) -> int:
    """Return how many entries stand in all logs that are not a deal's log.

    They say what is known of the indices, which a deal's log does not tell.
    """
    with workspace.store.read() as reader:
        return sum(head.size for head in reader.heads() if head.log != deal_log(head.log.partition("/")[2]))


def portfolio_deals(
    workspace: Workspace,
    deals: Iterable[str],
    on: date,
    kept: Callable[[str, int, Callable[[], DealRow]], DealRow] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> tuple[DealRow, ...]:
    """Return the rows of some deals on a date, the worst first.

    Args:
        workspace: the workspace.
        deals: their names.
        on: the date.
        kept: gives a row that was made of a log of this size before, or has it made; every row is made anew
            unless given.
        sizes: how many entries each log has; they are looked up unless given.
    """

    def made(deal: str) -> DealRow:
        return deal_row(deal, read(workspace.store, deal_log(deal)), on)

    known = log_sizes(workspace, deals) if sizes is None else {deal: sizes.get(deal, 0) for deal in deals}
    rows = [
        made(deal) if kept is None else kept(deal, size, partial(made, deal)) for deal, size in known.items()
    ]
    return tuple(sorted(rows, key=lambda row: row.rank))
