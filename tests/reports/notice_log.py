"""The illustrative deal’s log, date by date, as the typed events that a run records.

The figures follow the agreement’s arithmetic, so that a page made from them can be checked by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from notice_deal import adopted, principal
from notice_index import (
    CLOSING,
    EASTERN,
    FIRST_PUBLICATION,
    LAST,
    MISSED,
    WEEK,
    index_value,
    prices,
    sha,
    thursdays,
    usd,
)
from notice_outlook import whole
from notice_results import result_of
from notice_states import after, count_triggers

from engine.events.deal_adopted import ClauseFacts, DealAdopted
from engine.events.kinds import Event, NoticeIssued, ReportReceived, Tested
from engine.events.notice import NoticeInputs
from engine.events.rates import Published, ReferenceRate
from engine.events.results import TestResult
from engine.events.states import SweptPeriod, TestState, TriggerState


@dataclass
class Deal:
    """The deal's log as it grows, and what the dates need to remember."""

    last: date = LAST
    facts: DealAdopted = field(default_factory=adopted)
    extra: Sequence[Any] = ()
    first: date = date(2026, 1, 8)
    missed: frozenset[date] = frozenset({MISSED})
    undetermined_floor: frozenset[date] = frozenset()
    unreported: frozenset[date] = frozenset()
    swept: bool = False
    deal: str = "meridian-2026-1"
    second: dict[date, ReferenceRate] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tests: dict[str, TestState] = field(default_factory=dict)
    triggers: dict[str, TriggerState] = field(default_factory=dict)

    def add(self, kind: str, subject: str, on: date, payload: Any, **more: Any) -> None:
        """One more event."""
        seq = len(self.events)
        at = datetime(on.year, on.month, on.day, 19, 5, tzinfo=UTC)
        fields = {
            "log": self.deal,
            "seq": seq,
            "kind": kind,
            "subject": subject,
            "effective_on": on,
            "recorded_at": at,
            "actor": "schedule",
            "engine": "Headroom 0.3.0, commit 5d1c9e7",
            "payload": payload,
            "leaf": sha(f"{seq}{kind}{subject}{on}"),
        }
        self.events.append(Event(**(fields | more)))

    def build(self) -> Deal:
        """Every date up to the last."""
        self.values = prices(self.last)
        self.add("deal adopted", "deal", CLOSING, self.facts)
        for number, day in enumerate(thursdays(self.first, self.last), 1):
            self.week(day)
            if day < self.last:
                name = f"{self.deal}-notice-{number:03d}.pdf"
                self.add(
                    "notice issued",
                    "compliance",
                    day,
                    NoticeIssued(
                        number=number,
                        kind="compliance",
                        of=f"determined|deal|{day}|1",
                        file=name,
                        sha256=sha(name),
                    ),
                )
        return self

    def value(self, day: date) -> Decimal | None:
        """What was published on a date."""
        return None if day in self.missed else self.values.get(day)

    def week(self, day: date) -> None:
        """One Determination Date, in the order of the real run."""
        if day not in self.unreported:
            self.add(
                "report received",
                "report",
                day,
                ReportReceived(
                    period_start=day - WEEK,
                    period_end=day - timedelta(days=1),
                    as_of=day - timedelta(days=1),
                    received=day - timedelta(days=1),
                    document=f"SR-{day}",
                    sha256=sha(f"report {day}"),
                    figures={"outstanding_principal": usd(principal(day))},
                ),
            )
        used = self._rate(day)
        self.add("rate", "CRI-H100", day, used)
        if day in self.second:
            self.add("rate", "CRI-H200", day, self.second[day])
        for clause in self.facts.clauses:
            made = result_of(self, clause, day, used)
            if made is not None:
                self._tested(clause, made, day)
        for one in self.extra:
            self._tested(one.clause, one.at(day), day)
        count_triggers(self, day)
        if self.swept and day == self.last:
            self._swept(day)
        self.add("determined", "deal", day, whole(self, day))

    def _rate(self, day: date) -> ReferenceRate:
        value = self.value(day)
        if value is not None:
            return ReferenceRate(
                index="CRI-H100",
                on=day,
                value=value,
                step="published value",
                cite="CA §2.14(a)",
                publication_date=day,
                published=self._published(day),
            )
        if self.value(day - WEEK) is not None:
            return ReferenceRate(
                index="CRI-H100",
                on=day,
                value=self.value(day - WEEK),
                step="last published value",
                cite="CA §2.14(b)",
                age=1,
                publication_date=day - WEEK,
                published=self._published(day - WEEK),
            )
        return ReferenceRate(
            index="CRI-H100",
            on=day,
            value=None,
            step="none",
            cite="CA §2.14(d)",
            age=2,
            reason=f"CRI-H100 has no value for {day} and no step of the fallback gives one",
        )

    def _published(self, day: date) -> Published:
        found = index_value("CRI-H100", day, self.value(day))
        ends = found["interval"] or {}
        sellers = found["seller_interval"] or {}
        return Published(
            index="CRI-H100",
            publication_date=day,
            value=self.value(day),
            print=found["print"],
            methodology="1.1-wp",
            low_confidence=found["low_confidence"],
            low_confidence_reasons=tuple(found["low_confidence_reasons"]),
            low=Decimal(ends["low"]) if ends else None,
            high=Decimal(ends["high"]) if ends else None,
            observations=found["observations"],
            valid_days=found["valid_days"],
            hosts=found["hosts"],
            seller_low=Decimal(sellers["low"]) if sellers else None,
            seller_high=Decimal(sellers["high"]) if sellers else None,
            event=sha(f"print {day}"),
        )

    def _tested(self, clause: ClauseFacts, made: TestResult, day: date) -> None:
        before = self.tests.get(clause.key)
        state = after(before, clause, made, day)
        self.tests[clause.key] = state
        self.add(
            "tested",
            clause.key,
            day,
            Tested(result=made, state=state, before=before.status if before else None),
        )

    def _swept(self, day: date) -> None:
        for n, amount in enumerate((77486, 83110, 91422), 1):
            paid = day - (3 - n) * 4 * WEEK
            balance = sum((77486, 83110, 91422)[:n])
            self.add(
                "swept",
                "cash-sweep",
                paid,
                SweptPeriod(
                    clause="cash-sweep",
                    payment_date=paid,
                    excess_cash_flow=Fraction(amount),
                    swept=Fraction(amount),
                    reserve_balance=Fraction(balance),
                    target=Fraction(1_200_000),
                ),
            )

    def publications(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The index's own series."""
        return {
            "CRI-H100": [
                index_value("CRI-H100", day, self.value(day))
                for day in thursdays(FIRST_PUBLICATION, self.last)
            ]
        }

    def inputs(self, **changes: Any) -> NoticeInputs:
        """The notice of the last date."""
        number = sum(event.kind == "notice issued" for event in self.events) + 1
        at = datetime(self.last.year, self.last.month, self.last.day, 14, 5, tzinfo=EASTERN)
        attached = {
            "deal.yaml": (b"deal: meridian-2026-1\n", "the deal file"),
            "event.json": (b"{}", "the event that this document states, canonical JSON"),
        }
        base = NoticeInputs(
            deal=self.deal,
            number=number,
            kind="compliance",
            subject=None,
            issued_at=at,
            events=tuple(self.events),
            publications=self.publications(),
            on=self.last,
            log_size=len(self.events),
            log_head=sha("head"),
            supersedes=None,
            attachments=attached,
        )
        return replace(base, **changes)


def standard(**changes: Any) -> Deal:
    """The standard deal at its 44th Determination Date."""
    return Deal(**changes).build()
