"""The illustrative deal’s log, date by date, as the typed events that a run records.

The figures follow the agreement’s arithmetic, so that a page made from them can be checked by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from notice_deal import CLAUSES, adopted, principal
from notice_index import (
    CLOSING,
    CLOSING_LEVEL,
    EASTERN,
    FIRST_PUBLICATION,
    HOURS,
    LAST,
    LEVEL,
    MISSED,
    WEEK,
    index_value,
    prices,
    rate,
    sha,
    share,
    thursdays,
    usd,
)

from engine.determination.rate import Published, ReferenceRate
from engine.determination.result import (
    Bearing,
    BreakEven,
    Comparison,
    Input,
    NotDetermined,
    Remedy,
    Source,
    Step,
    TestResult,
    Verdict,
    headroom,
    passes,
)
from engine.record.adopted import ClauseFacts, DealAdopted
from engine.record.event import Counted, Determined, Due, ElsewhereDue, Event, Follow, NoticeIssued, ReportReceived, StripDay, Tested
from engine.triggers.facts import Deadline, Limb, SweptPeriod, TestState, TestStatus, TriggerState, TriggerStatus
from engine.values import Figure, Unit, rounded
from reports.inputs import NoticeInputs


def result(
    clause: ClauseFacts, day: date, measured: Figure, limit: Figure, comparison: Comparison, even: tuple[BreakEven, ...] = (), **more: Any
) -> TestResult:
    """A determined result with its headroom."""
    verdict = Verdict.PASS if passes(measured, limit, comparison) else Verdict.FAIL
    room = headroom(measured, limit, comparison)
    return TestResult(
        test=clause.key,
        template="loan_to_value",
        title=clause.title,
        cite=clause.cite,
        on=day,
        verdict=verdict,
        measured=measured,
        limit=limit,
        comparison=comparison,
        headroom=room,
        headroom_share=room.value / limit.value,
        break_even=even,
        **more,
    )


def undetermined(clause: ClauseFacts, day: date, reason: str, lacks: Any) -> TestResult:
    """A result that could not be had."""
    return TestResult(
        test=clause.key,
        template="loan_to_value",
        title=clause.title,
        cite=clause.cite,
        on=day,
        verdict=Verdict.NOT_DETERMINED,
        reason=NotDetermined(reason=reason, cite=clause.cite, lacks=lacks),
    )


def even(value: Fraction, fails: Any, index: str = "CRI-H100", up: bool = True) -> tuple[BreakEven, ...]:
    """A Break-even Rate on the published grid."""
    tick = rounded(value, 4, "ROUND_CEILING" if up else "ROUND_FLOOR")
    return (BreakEven(index=index, rate=rate(Fraction(tick)), fails=fails),)


def bearing(value: Fraction, level: Fraction, above: bool = False) -> Bearing:
    """Decisive when the level lies outside the interval."""
    fails = value > level if above else value < level
    inside = value * Fraction("0.967") <= level <= value * Fraction("1.017")
    return Bearing(
        decisive=not inside,
        at_low=Verdict.FAIL if inside or fails else Verdict.PASS,
        at_high=Verdict.FAIL if fails and not inside else Verdict.PASS,
        share_failing="0.63" if inside else ">0.99" if fails else "<0.01",
        share_failing_hosts="0.58" if inside else "0.95" if fails else "<0.01",
    )


def source(day: date) -> Source:
    """The week's report."""
    return Source(
        kind="servicer report", text=f"Servicer's report SR-{day:%Y-%m-%d}", as_of=day - timedelta(days=1), reference=sha(f"report {day}")
    )


def published_source(day: date) -> Source:
    """The index's print."""
    return Source(kind="publication", text=f"published value, {day}", as_of=day, reference=sha(f"print {day}"))


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
                    NoticeIssued(number=number, kind="compliance", of=f"determined|deal|{day}|1", file=name, sha256=sha(name)),
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
            made = self._result(clause, day, used)
            if made is not None:
                self._tested(clause, made, day)
        for one in self.extra:
            self._tested(one.clause, one.at(day), day)
        self._triggers(day)
        if self.swept and day == self.last:
            self._swept(day)
        self.add("determined", "deal", day, self._whole(day))

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
            event=sha(f"print {day}"),
        )

    def _result(self, clause: ClauseFacts, day: date, used: ReferenceRate) -> TestResult | None:
        if clause.key == "early-amortization" or clause.key not in {c.key for c in CLAUSES}:
            return None
        if used.value is None and clause.key in ("rate-floor", "ltv"):
            return undetermined(clause, day, used.reason or "", "rate")
        if self.value(day) is None and clause.key in ("cash-sweep", "appraisal"):
            return undetermined(clause, day, f"CRI-H100 was not published for {day}", "rate")
        makers = {"rate-floor": self._floor, "ltv": self._ltv, "cash-sweep": self._sweep, "appraisal": self._appraisal}
        return makers[clause.key](clause, day, Fraction(used.value or 0))

    def _floor(self, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
        weeks = [day - n * WEEK for n in range(4)]
        if weeks[-1] < self.first:
            return undetermined(clause, day, f"window not full: {sum(w >= self.first for w in weeks)} of 4 Determination Dates", "window")
        if day in self.undetermined_floor or day in self.unreported:
            return undetermined(
                clause, day, f"the Servicer's report for the week to {day - timedelta(days=1)} has not been received", "report"
            )
        rates = [Fraction(self.value(w) or self.value(w - WEEK) or 1) for w in weeks]
        mean = sum(rates, Fraction(0)) / 4
        rent = Fraction("1.370918342") if day == LAST else mean * Fraction(int(8930 + 240 * math.sin(day.toordinal() / 60)), 10_000)
        steps = (
            Step(
                name="Average rental rate",
                formula="revenue / rented GPU-hours, 4 weeks",
                worked="USD 807,313.25 / 588,885 GPU-hours",
                figure=rate(rent),
            ),
            Step(
                name="Mean Reference Rate",
                formula="simple mean of 4 Determination Dates",
                worked=f"({' + '.join(str(float(r)) for r in rates)}) / 4",
                figure=rate(mean),
            ),
            Step(
                name="Measured",
                formula="weighted average rental rate / mean Reference Rate",
                worked=f"USD {float(rent):.4f} / USD {float(mean):.4f}",
                figure=share(rent / mean),
            ),
        )
        level = 4 * rent / Fraction("0.85") - sum(rates[1:], Fraction(0))
        inputs = (
            Input(name="revenue, 4 weeks", figure=usd("807313.25"), source=source(day)),
            Input(name="rented GPU-hours, 4 weeks", figure=Figure(value=Fraction(588_885), unit=Unit.GPU_HOURS), source=source(day)),
        )
        return result(
            clause,
            day,
            share(rent / mean),
            share("0.85"),
            "at least",
            even(level, "above", up=False),
            bearing=bearing(value, level, above=True),
            steps=steps,
            inputs=inputs,
        )

    def _ltv(self, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
        if day in self.unreported:
            return undetermined(
                clause,
                day,
                f"the newest Servicer's report is as of {day - timedelta(days=15)}, 15 days old; more than 14 is too old",
                "report",
            )
        owed, worth = principal(day), Fraction("1.5") * value * HOURS
        level = owed / (Fraction("0.65") * Fraction("1.5") * HOURS)
        each = Fraction("1.5") * value * 8760 * Fraction("0.95")
        gpus = -((-(owed / Fraction("0.65") - worth)) // each)
        cash = usd(Fraction(rounded(owed - Fraction("0.65") * worth, 2, "ROUND_CEILING")))
        ways = (
            Remedy(method="prepayment", figure=cash, text=f"prepay USD {cash.value.numerator / cash.value.denominator:,.2f}"),
            Remedy(
                method="additional collateral",
                figure=Figure(value=Fraction(gpus), unit=Unit.GPUS),
                text=f"pledge {gpus} GPUs more of class h100",
            ),
        )
        steps = (
            Step(
                name="Value of h100",
                formula="multiple × rate × GPU-hours a year",
                worked=f"1.5 × USD {float(value):.4f} × 1,024 GPUs × 8,760 h × 95%",
                figure=usd(worth),
            ),
            Step(
                name="Measured",
                formula="outstanding principal / Collateral Value",
                worked=f"USD {int(owed):,}.00 / USD {float(worth):,.2f}",
                figure=share(owed / worth),
            ),
        )
        inputs = (
            Input(name="outstanding principal, class_a", figure=usd(owed), source=source(day)),
            Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),
        )
        failing = owed / worth > Fraction("0.65")
        return result(
            clause,
            day,
            share(owed / worth),
            share("0.65"),
            "at most",
            even(level, "below"),
            bearing=bearing(value, level),
            steps=steps,
            inputs=inputs,
            remedies=ways if failing else (),
        )

    def _sweep(self, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
        steps = (Step(name="Measured", formula="CRI-H100 as published on this date", worked=f"USD {float(value):.4f}", figure=rate(value)),)
        inputs = (Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),)
        return result(
            clause,
            day,
            rate(value),
            rate(LEVEL),
            "at least",
            even(LEVEL, "below"),
            bearing=bearing(value, LEVEL),
            steps=steps,
            inputs=inputs,
        )

    def _appraisal(self, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
        window = [
            Fraction(v) for d, v in self.values.items() if max(CLOSING, day - timedelta(days=90)) <= d <= day and d not in self.missed
        ]
        window += [CLOSING_LEVEL] if day - timedelta(days=90) <= CLOSING else []
        high = max(window)
        steps = (
            Step(
                name="Highest in window",
                formula=f"{day - timedelta(days=90)} to {day}, {len(window)} values",
                worked=f"between {float(min(window)):.4f} and {float(high):.4f}",
                figure=rate(high),
            ),
            Step(
                name="Measured",
                formula="fall_in_window: (highest value in the window − R) / C",
                worked=f"({float(high):.4f} − {float(value):.4f}) / 2.1",
                figure=share((high - value) / CLOSING_LEVEL),
            ),
        )
        level = high - Fraction("0.25") * CLOSING_LEVEL
        inputs = (
            Input(name="closing_date_level", figure=rate(CLOSING_LEVEL), source=Source(kind="deal file", text="CA §1.01")),
            Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),
        )
        return result(
            clause,
            day,
            share((high - value) / CLOSING_LEVEL),
            share("0.25"),
            "at most",
            even(level, "below"),
            bearing=bearing(value, level),
            steps=steps,
            inputs=inputs,
        )

    def _tested(self, clause: ClauseFacts, made: TestResult, day: date) -> None:
        before = self.tests.get(clause.key)
        state = after(before, clause, made, day)
        self.tests[clause.key] = state
        self.add("tested", clause.key, day, Tested(result=made, state=state, before=before.status if before else None))

    def _triggers(self, day: date) -> None:
        sweep = self.triggers.get("cash-sweep")
        failing = self.tests["cash-sweep"].counted if "cash-sweep" in self.tests else ()
        count = trailing(failing)
        limb = Limb(
            what="cash-sweep FAIL for 2 consecutive publication dates",
            met=failing[-2:],
            count=min(count, 2),
            needed=2,
            out_of=2,
            dates="publication dates",
        )
        status = TriggerStatus.IN_EFFECT if count >= 2 else TriggerStatus.NOT_IN_EFFECT
        ends = (
            (
                Limb(
                    what="cash-sweep at or above 3/2 for 3 consecutive publication dates",
                    met=(),
                    count=0,
                    needed=3,
                    out_of=3,
                    dates="publication dates",
                ),
            )
            if count >= 2
            else ()
        )
        self._count("cash-sweep", sweep, status, (limb,), ends, day)
        ltv = trailing(self.tests["ltv"].counted) if "ltv" in self.tests else 0
        limbs = (
            Limb(
                what="ltv FAIL for 4 consecutive determination dates",
                met=self.tests["ltv"].counted[-4:] if "ltv" in self.tests else (),
                count=min(ltv, 4),
                needed=4,
                out_of=4,
                dates="determination dates",
            ),
            Limb(what="rate-floor EVENT OF DEFAULT", met=(False,), count=0, needed=1, out_of=1, dates="state"),
        )
        self._count("early-amortization", self.triggers.get("early-amortization"), TriggerStatus.NOT_IN_EFFECT, limbs, (), day)

    def _count(
        self, name: str, before: TriggerState | None, status: TriggerStatus, begins: tuple[Limb, ...], ends: tuple[Limb, ...], day: date
    ) -> None:
        if name not in {clause.key for clause in self.facts.clauses}:
            return
        since = before.since if before and before.status is status else day
        state = TriggerState(trigger=name, status=status, since=since, begins=begins, ends=ends)
        if state != before:
            self.triggers[name] = state
            self.add("counted", name, day, Counted(state=state, before=before.status if before else None, cite="CA §7.03"))

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

    def _whole(self, day: date) -> Determined:
        report = None if day in self.unreported else sha(f"report {day}")
        text = "no Servicer's report has been received for the week" if report is None else f"Servicer's report SR-{day}"
        due, strip = tuple(self._due(day)), tuple(self._strip(day))
        return Determined(
            publication_date=day,
            window_start=day - WEEK,
            window_end=day - timedelta(days=1),
            next_determination_date=day + WEEK,
            next_publication_date=day + WEEK,
            calendar="us-federal-reserve",
            outstanding_principal=None if report is None else usd(principal(day)),
            report=report,
            report_text=text,
            due=due,
            follows=tuple(self._follows(day)),
            strip=strip,
            strip_title=(
                "cure by prepayment or additional collateral or retest: 10 business days after the determination date, us-federal-reserve"
            )
            if strip
            else None,
        )

    def _due(self, day: date) -> Iterator[Due]:
        sweep = self.tests.get("cash-sweep")
        if sweep is not None and sweep.episode_began == day:
            last = Deadline(
                by=day + timedelta(days=4),
                counted_from=day,
                rule="2 business days after the determination date",
                calendar="us-federal-reserve",
                cite="CA §6.04(a)",
            )
            yield Due(
                by=last.by,
                who="servicer",
                act="notify",
                subject="cash-sweep",
                what="give notice of test failed (cash-sweep) to borrower, administrative agent",
                deadline=last,
                cite="CA §6.04(a)",
            )
        yield Due(
            by=day + timedelta(days=6), who="servicer", act="report", subject="report", what=f"report for {day + WEEK}", cite="IND §3.05"
        )
        ltv = self.tests.get("ltv")
        if ltv is not None and ltv.cure is not None:
            newest = [e.payload.result for e in self.events if e.kind == "tested" and e.subject == "ltv"][-1]
            other = (ElsewhereDue(calendar="nyse", by=ltv.cure.by - timedelta(days=1)),)
            yield Due(
                by=ltv.cure.by,
                who="borrower",
                act="cure",
                subject="ltv",
                what="cure by prepayment or additional collateral or retest",
                deadline=ltv.cure,
                figure=newest.remedies[0].figure if newest.remedies else None,
                ways=newest.remedies,
                cite="CA §8.01(d)",
                urgent=True,
                elsewhere=other,
            )

    def _follows(self, day: date) -> Iterator[Follow]:
        sweep, ltv = self.triggers.get("cash-sweep"), self.tests.get("ltv")
        if sweep is not None and sweep.begins and sweep.begins[0].count == 1:
            yield Follow(
                on=day + WEEK,
                subject="cash-sweep",
                what="trigger begins",
                detail="Cash sweep level begins if one more date counts: now 1 of 2",
                cite="CA §7.03",
            )
        if ltv is not None and ltv.cure is not None:
            yield Follow(
                on=ltv.cure.by + timedelta(days=1),
                subject="ltv",
                what="event of default",
                detail="Loan to value becomes an Event of Default",
                cite="CA §8.01(d)",
            )
        if self.value(day) is None:
            yield Follow(
                on=day + WEEK,
                subject="CRI-H100",
                what="rate lapses",
                detail=f"the Reference Rate of CRI-H100 is carried from {day - WEEK}; without a publication the fallback goes on",
                cite="CA §2.14(b)",
            )

    def _strip(self, day: date) -> Iterator[StripDay]:
        ltv = self.tests.get("ltv")
        if ltv is None or ltv.cure is None:
            return
        one, number = ltv.cure.counted_from, 0
        while one < ltv.cure.by:
            one += timedelta(days=1)
            why = "weekend" if one.weekday() > 4 else "Veterans Day" if (one.month, one.day) == (11, 11) else None
            number += why is None
            yield StripDay(day=one, number=None if why else number, why=why)

    def publications(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The index's own series."""
        return {"CRI-H100": [index_value("CRI-H100", day, self.value(day)) for day in thursdays(FIRST_PUBLICATION, self.last)]}

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


def trailing(flags: Sequence[bool]) -> int:
    """How many are set at the end of the row."""
    return next((n for n, flag in enumerate(reversed(flags)) if not flag), len(flags))


def business_days(start: date, n: int) -> date:
    """The n-th weekday after `start` that is no Veterans Day; enough of a calendar for a fixture."""
    day = start
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5 and (day.month, day.day) != (11, 11)
    return day


def after(before: TestState | None, clause: ClauseFacts, made: TestResult, day: date) -> TestState:
    """The state after a result: the shortest machine that gives every state that a page has to show."""
    state = before or TestState(test=clause.key, status=TestStatus.NOT_YET_TESTED, since=day)
    if made.verdict is Verdict.NOT_DETERMINED:
        return state.model_copy(update={"verdict": made.verdict})
    failed = made.verdict is Verdict.FAIL
    seen = {"verdict": made.verdict, "rests_on": day, "counted": (*state.counted, failed)[-6:]}
    if not failed:
        watch = clause.key == "rate-floor" and made.headroom is not None and made.headroom.value < Fraction("0.03")
        status = TestStatus.WATCH if watch else TestStatus.COMPLIANT
        return state.model_copy(
            update=seen | {"status": status, "since": state.since if state.status is status else day, "episode_began": None, "cure": None}
        )
    began = state.episode_began or day
    if clause.cure is None:
        return state.model_copy(update=seen | {"status": TestStatus.PENDING, "since": began, "episode_began": began})
    days = int(clause.cure.within.split()[0])
    cure = state.cure or Deadline(
        by=business_days(began, days),
        counted_from=began,
        rule=f"{clause.cure.within} after the {clause.cure.after}",
        calendar="us-federal-reserve",
        cite=clause.cure.cite,
    )
    return state.model_copy(update=seen | {"status": TestStatus.CURE_PERIOD, "since": began, "episode_began": began, "cure": cure})


def standard(**changes: Any) -> Deal:
    """The standard deal at its 44th Determination Date."""
    return Deal(**changes).build()
