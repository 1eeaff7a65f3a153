"""A year of Thursdays of one illustrative deal, as the typed events that a run records; no figure is real.

The figures follow the agreement's arithmetic, so that a page made from them can be checked by hand. A `Deal` can be stopped at
any date, lengthened by extra clauses, or left without history; that is what the page tests are made of.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

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
from engine.record.event import (
    AssetFacts,
    ClauseFacts,
    Counted,
    CureFacts,
    DeadlinePassed,
    DealAdopted,
    DebtFacts,
    Determined,
    DocumentFacts,
    Due,
    DutyFacts,
    ElsewhereDue,
    Event,
    Follow,
    IndexFacts,
    NotEvaluated,
    NoticeIssued,
    PartyFacts,
    ReportReceived,
    StripDay,
    Tested,
)
from engine.triggers.facts import Deadline, Limb, SweptPeriod, TestState, TestStatus, TriggerState, TriggerStatus
from engine.values import Figure, Unit, rounded
from reports.inputs import NoticeInputs

WEEK = timedelta(days=7)
CLOSING = date(2026, 1, 6)
FIRST_PUBLICATION = date(2025, 11, 13)
LAST = date(2026, 11, 5)
EASTERN = timezone(timedelta(hours=-5))
HOURS = 1024 * 8760 * Fraction(95, 100)
CLOSING_LEVEL = Fraction("2.10")
LEVEL = Fraction("1.50")
MISSED = date(2026, 9, 17)
FLAGGED = (date(2025, 12, 25), date(2026, 5, 28), date(2026, 9, 24))
RESTATED = date(2026, 8, 20)
ANCHORS = {
    date(2025, 11, 13): "2.2980",
    date(2026, 1, 1): "2.1010",
    date(2026, 2, 26): "2.0090",
    date(2026, 3, 26): "1.9480",
    date(2026, 4, 2): "1.9212",
    date(2026, 4, 9): "1.9352",
    date(2026, 5, 28): "1.9011",
    date(2026, 7, 9): "1.8420",
    date(2026, 8, 20): "1.7583",
    date(2026, 9, 24): "1.7239",
    date(2026, 10, 1): "1.7091",
    date(2026, 10, 8): "1.7056",
    date(2026, 10, 15): "1.6412",
    date(2026, 10, 22): "1.5983",
    date(2026, 10, 29): "1.5518",
    date(2026, 11, 5): "1.4937",
    date(2026, 11, 12): "1.4762",
}


def sha(text: str) -> str:
    """A stand-in for the hash of something."""
    return hashlib.sha256(text.encode()).hexdigest()


def usd(value: Fraction | int | str) -> Figure:
    """An amount of money."""
    return Figure(value=Fraction(value), unit=Unit.USD)


def rate(value: Fraction | str) -> Figure:
    """A price per GPU-hour."""
    return Figure(value=Fraction(value), unit=Unit.RATE)


def share(value: Fraction | str) -> Figure:
    """A share of one."""
    return Figure(value=Fraction(value), unit=Unit.SHARE)


def thursdays(first: date, last: date) -> Iterator[date]:
    """Every seventh day from `first` up to `last`."""
    while first <= last:
        yield first
        first += WEEK


# ---- the index ----------------------------------------------------------------------------------------------------


def prices(last: date) -> dict[date, Decimal]:
    """One price per Thursday: straight between the anchors, with a little seeded noise."""
    noise = random.Random(8)
    days = sorted(ANCHORS)
    found = {}
    for day in thursdays(FIRST_PUBLICATION, last):
        before = max(anchor for anchor in days if anchor <= day)
        after = min((anchor for anchor in days if anchor > day), default=before)
        part = Fraction((day - before).days, max((after - before).days, 1))
        value = Fraction(ANCHORS[before]) + part * (Fraction(ANCHORS[after]) - Fraction(ANCHORS[before]))
        jitter = 0 if day in ANCHORS else Fraction(noise.randint(-60, 60), 10_000)
        found[day] = rounded(value + jitter, 4)
    return found


def index_value(name: str, day: date, value: Decimal | None, seed: int = 0) -> dict[str, Any]:
    """One Publication Date as the index writes it."""
    noise = random.Random(f"{name}{day}{seed}")
    base = {
        "index": name,
        "gpu_name": "H100 SXM" if name == "CRI-H100" else name.removeprefix("CRI-"),
        "country": "US",
        "publication_date": day.isoformat(),
        "scheduled": True,
        "window_start": (day - WEEK).isoformat(),
        "window_end": (day - timedelta(days=1)).isoformat(),
        "methodology": "1.1-wp",
        "source": "computed by the calculation agent",
        "print": 2 if day == RESTATED and name == "CRI-H100" else 1,
    }
    if value is None:
        reason = "no snapshot was collected in the week"
        return base | {
            "value": None,
            "observations": 0,
            "valid_days": 0,
            "low_confidence": True,
            "low_confidence_reasons": [reason],
            "interval": None,
            "host_interval": None,
            "days": [],
            "pooled": [],
            "inputs": [],
            "hosts": None,
            "machines": None,
        }
    flagged = day in FLAGGED
    count = 18 if flagged else noise.randint(56, 74)
    low, high = value * Decimal("0.967"), value * Decimal("1.017")
    days = [_index_day(name, day - WEEK + timedelta(days=n), noise) for n in range(7)]
    return base | {
        "value": str(value),
        "observations": count,
        "valid_days": sum(d["counts"] for d in days),
        "min": str(round(value * Decimal("0.844"), 4)),
        "max": str(round(value * Decimal("1.2532"), 4)),
        "mean": str(round(value * Decimal("1.0022"), 4)),
        "stdev": "0.1452",
        "low_confidence": flagged,
        "low_confidence_reasons": ["18 observations; fewer than 20"] if flagged else [],
        "interval": {"level": "0.95", "low": str(round(low, 4)), "high": str(round(high, 4)), "method": "exact bootstrap"},
        "interval_width": "0.0500",
        "host_interval": {
            "level": "0.95",
            "low": str(round(value * Decimal("0.916"), 4)),
            "high": str(round(value * Decimal("1.055"), 4)),
            "method": "hosts",
            "trusted": not flagged,
            "note": None,
        },
        "precision_class": "Low Confidence" if flagged else "Standard",
        "precision_class_measured": "Standard",
        "hosts": 4 if flagged else noise.randint(7, 11),
        "machines": 23,
        "hosts_at_least": False,
        "largest_host_share": "0.1746",
        "days": days,
        "pooled": [],
        "inputs": [d["snapshot"] for d in days],
    }


def _index_day(name: str, day: date, noise: random.Random) -> dict[str, Any]:
    qualifying = noise.choice((9, 11, 12, 13, 15, 15, 16))
    counts = qualifying >= 10
    return {
        "date": day.isoformat(),
        "offers": 64,
        "qualifying": qualifying,
        "kept": qualifying - 1 if counts else 0,
        "counts": counts,
        "excluded": {"geography": 21},
        "truncated": False,
        "snapshot": sha(f"{name}{day}"),
    }


# ---- the deal -----------------------------------------------------------------------------------------------------

CURE_LTV = CureFacts(
    within="10 business days", after="determination date", cured_by=("prepayment", "additional collateral", "retest"), cite="CA §8.01(d)"
)
CURE_FLOOR = CureFacts(within="15 business days", after="determination date", cured_by=("retest",), cite="CA §8.01(c)")
CLAUSES = (
    ClauseFacts(
        key="rate-floor",
        title="Rental Rate Floor",
        cite="CA §7.01",
        kind="test",
        cure=CURE_FLOOR,
        default_needs="notice",
        text="The Borrower shall maintain a weighted average rental rate on the Pledged GPU Assets of not less than 85% of the Rental Rate Reference for the trailing 4-week period.",
        reading="Over the trailing 4 weeks, the revenue of the Pledged GPU Assets divided by their rented GPU-hours (idle hours do not count) must be at least 85% of the simple mean of the Reference Rates of the last 4 Determination Dates. Exactly 85% passes.",
    ),
    ClauseFacts(
        key="ltv",
        title="Loan-to-Value",
        cite="CA §7.02",
        kind="test",
        debt_class="class_a",
        cure=CURE_LTV,
        default_needs="notice",
        text="The Collateral Value shall be calculated as 1.5 × CRI-H100 × aggregate GPU-hours of available capacity per annum. The Borrower shall maintain LTV not greater than 65%.",
        reading="Outstanding principal divided by Collateral Value must be at most 65%.",
    ),
    ClauseFacts(
        key="cash-sweep",
        title="Cash Sweep",
        cite="CA §7.03",
        kind="test and trigger",
        text="If CRI-H100 falls below USD 1.50 per GPU-hour for 2 consecutive Publication Dates, excess cash flow above debt service shall be swept to a reserve account.",
        reading="The sweep begins when the published value has been below USD 1.50 per GPU-hour on 2 consecutive publication dates. While it is in effect, 100% of excess cash flow goes to the reserve account on each Payment Date, until the account holds USD 1,200,000.00. It ends when it has been at or above USD 1.50 on 3 consecutive publication dates. A date without a published value neither counts nor breaks the count. What the account then holds: keep.",
    ),
    ClauseFacts(
        key="appraisal",
        title="Appraisal",
        cite="CA §7.04",
        kind="test",
        text="If CRI-H100 declines by more than 25% from the Closing Date level over any trailing 90-day period, the Borrower shall deliver an independent appraisal within 30 Business Days.",
        reading="On each Publication Date the decline is measured from the highest value in the window to this date’s. More than 25% fails; exactly that passes.",
    ),
    ClauseFacts(
        key="early-amortization",
        title="Early Amortization",
        cite="IND §5.07",
        kind="trigger",
        text=None,
        reading="Begins on either limb: Loan-to-Value FAIL on 4 consecutive Determination Dates, or Rental Rate Floor at Event of Default. It never ends.",
    ),
)


def adopted(**changes: Any) -> DealAdopted:
    """The deal, as its file says."""
    facts = DealAdopted(
        file_sha256=sha("deal"),
        illustrative=True,
        closing_date=CLOSING,
        maturity_date=date(2030, 1, 15),
        business_days="us-federal-reserve",
        time_zone="America/New_York",
        rounding="unrounded",
        revenue="on demand",
        parties=(
            PartyFacts(role="borrower", name="Meridian Compute Borrower LLC", notices="treasury@example.com", cite="CA preamble"),
            PartyFacts(role="servicer", name="Meridian Compute Services LLC", notices="servicing@example.com", cite="IND §3.01"),
            PartyFacts(role="administrative_agent", name="Example Trust Company, N.A.", notices="agency@example.com", cite="CA §10.02"),
            PartyFacts(role="indenture_trustee", name="Example Bank, N.A.", notices="abs@example.com", cite="IND §1.01"),
        ),
        documents=(
            DocumentFacts(short="CA", title="Credit Agreement", dated=CLOSING),
            DocumentFacts(short="IND", title="Indenture", dated=CLOSING),
        ),
        clauses=CLAUSES,
        debt=(DebtFacts(name="class_a", original_principal=usd(16_000_000), rate="SOFR + 2.25%", cite="IND §2.01"),),
        assets=(AssetFacts(name="h100", model="H100 SXM", gpus=1024, availability=share("0.95"), index="CRI-H100", cite="CA Schedule 1"),),
        indices=(index_facts("CRI-H100"),),
        duties=(
            DutyFacts(
                kind="compliance",
                given_by="servicer",
                to=("servicer", "administrative_agent", "indenture_trustee"),
                within=None,
                cite="CA §6.03",
            ),
            DutyFacts(
                kind="test_failed",
                given_by="servicer",
                to=("borrower", "administrative_agent"),
                within="2 business days",
                cite="CA §6.04(a)",
            ),
            DutyFacts(
                kind="event_of_default",
                given_by="administrative_agent",
                to=("borrower", "indenture_trustee"),
                within="1 business day",
                cite="CA §6.04(b)",
            ),
            DutyFacts(kind="trigger_event", given_by="servicer", to=("indenture_trustee",), within="1 business day", cite="IND §5.10"),
        ),
    )
    return facts.model_copy(update=changes)


def index_facts(name: str) -> IndexFacts:
    """What the deal says about one index."""
    steps = ("published value", "last published value", "successor benchmark", "agent determination")
    return IndexFacts(
        name=name,
        source="computed by the calculation agent",
        policy="pinned",
        version="1.1-wp",
        closing_date_level=rate("2.10"),
        low_confidence="report only",
        low_confidence_cite="CA §2.14(g)",
        fallback=steps,
        cite="CA §2.14",
    )


def principal(day: date) -> Fraction:
    """Outstanding principal: a million is repaid each quarter."""
    return Fraction(16_000_000 - 1_000_000 * sum(day >= paid for paid in (date(2026, 4, 15), date(2026, 7, 15), date(2026, 10, 15))))


# ---- results ------------------------------------------------------------------------------------------------------


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
            strip_title="cure by prepayment or additional collateral or retest: 10 business days after the determination date, us-federal-reserve"
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


# ---- the other documents and the hard cases -----------------------------------------------------------------------


def beginning() -> NoticeInputs:
    """The Trigger Event Notice of the date on which the sweep begins."""
    return standard(last=date(2026, 11, 12), swept=True).inputs(kind="trigger_event", subject="cash-sweep")


def failing() -> NoticeInputs:
    """The Failed Test Notice of the first date on which Loan-to-Value fails."""
    return standard(last=date(2026, 10, 29)).inputs(kind="test_failed", subject="ltv")


def defaulting() -> NoticeInputs:
    """The notice of an Event of Default: the Cure Period ended unused, found a week later on a date without a report."""
    deal = standard(last=date(2026, 11, 12))
    state = deal.tests["ltv"]
    assert state.cure is not None
    since = state.cure.by + timedelta(days=1)
    passed = state.model_copy(update={"status": TestStatus.EVENT_OF_DEFAULT, "since": since, "why": f"not cured by {state.cure.by}"})
    deal.add("deadline passed", "ltv", since, DeadlinePassed(state=passed, before=state.status, deadline=state.cure))
    deal.tests["ltv"] = passed.model_copy(update={"cure": None})
    deal.last, deal.values = date(2026, 11, 19), prices(date(2026, 11, 19))
    deal.unreported = frozenset({date(2026, 11, 19)})
    deal.week(date(2026, 11, 19))
    return deal.inputs(kind="event_of_default", subject="ltv")


def cured() -> NoticeInputs:
    """The Cure Notice of the date on which a retest passes."""
    return standard(last=date(2026, 4, 9)).inputs(kind="cure", subject="ltv")


def correcting() -> NoticeInputs:
    """A Correction Notice: a result that a restatement changed, beside what was said before."""
    deal = standard()
    newest = [event for event in deal.events if event.kind == "tested" and event.subject == "ltv"][-1]
    clause = deal.facts.clauses[1]
    made = deal._ltv(clause, LAST, Fraction("1.5701"))
    state = after(None, clause, made, LAST)
    payload = Tested(result=made, state=state, before=newest.payload.before)
    deal.add("tested", "ltv", LAST, payload, print=2, supersedes=newest.key, reason="restatement of 2026-11-05, print 2")
    return deal.inputs(kind="correction", subject=None, supersedes=43)


def unevaluated() -> NoticeInputs:
    """A date on which the deal could not be evaluated at all."""
    deal = standard(last=date(2026, 10, 29))
    reason = "the deal file of this date has problems"
    problems = (
        "deals/meridian.yaml:57:14: D103 `USD 1.60` has no unit of time",
        "deals/meridian.yaml:81:9: D201 the term replaced is not in force",
    )
    deal.add("not evaluated", "deal", LAST, NotEvaluated(reason=reason, problems=problems))
    deal.last, deal.values = LAST, prices(LAST)
    return deal.inputs(kind="not_evaluated", subject=None)


def first_ever() -> NoticeInputs:
    """The first Determination Date: no history, no chart, windows not full."""
    return standard(last=date(2026, 1, 8)).inputs()


def without_rate() -> NoticeInputs:
    """Two publications missed running: the fallback is at its end, nothing can be determined."""
    missed = frozenset({date(2026, 10, 29), LAST})
    return standard(missed=missed).inputs()


def without_report() -> NoticeInputs:
    """No Servicer's report: the tests that need one are not determined, the others are."""
    return standard(unreported=frozenset({LAST})).inputs()


@dataclass(frozen=True)
class Extra:
    """One more test, far or near its limit, of an index of its own where it has one."""

    clause: ClauseFacts
    number: int

    def at(self, day: date) -> TestResult:
        """Its result: every third one is not determined, every fifth one fails."""
        if self.number % 3 == 0:
            return undetermined(self.clause, day, "no resale quote younger than 30 days has been reported", "report")
        limit = Fraction(120 + self.number, 100)
        measured = limit + Fraction(-1 if self.number % 5 == 0 else 4 * self.number, 100) + Fraction((day.toordinal() // 7) % 9, 200)
        index = "CRI-H200" if self.number % 2 else "CRI-H100"
        figure = lambda value: Figure(value=value, unit=Unit.MULTIPLE)  # noqa: E731
        return result(
            self.clause, day, figure(measured), figure(limit), "at least", even(limit + Fraction(self.number, 20), "below", index)
        )


def crowded() -> NoticeInputs:
    """Fourteen tests and triggers, two indices, three classes of debt, long names, every party."""
    titles = [
        "Overcollateralization, Class A",
        "Overcollateralization, Classes A and B cumulative down the capital structure",
        "Debt Service Coverage",
        "Pool Coverage under Scenario C at the Horizon of the Final Maturity",
        "Index Spread between Generations",
        "Rental and Resale Spread",
        "Reference Rate Quality",
        "Performance Certification of the Fleet",
        "Contract Spread",
    ]
    extra = tuple(
        Extra(
            ClauseFacts(
                key=f"extra-{n}",
                title=title,
                cite=f"IND §6.{n:02d}",
                kind="test",
                text=None,
                reading=f"{title} must be at least its limit.",
            ),
            n,
        )
        for n, title in enumerate(titles, 1)
    )
    debt = tuple(
        DebtFacts(name=name, original_principal=usd(amount), rate="SOFR + 2.25%", cusip="59001ABC1", isin="US59001ABC12", cite="IND §2.01")
        for name, amount in (("class_a", 10_000_000), ("class_b", 4_000_000), ("class_c", 2_000_000))
    )
    base = adopted()
    more = tuple(
        PartyFacts(
            role=role,
            name=f"{role.replace('_', ' ').title()} of Saint-Étienne-du-Rouvray Société Anonyme à Conseil d’Administration",
            notices=f"{role}@example.com",
            lei="5493001KJTIIGC8Y1R12",
        )
        for role in ("backup_servicer", "calculation_agent", "holders")
    )
    facts = adopted(
        clauses=(*CLAUSES, *(one.clause for one in extra)),
        debt=debt,
        indices=(index_facts("CRI-H100"), index_facts("CRI-H200")),
        parties=(*base.parties, *more),
        illustrative=False,
    )
    deal = Deal(facts=facts, extra=extra, deal="saint-etienne-compute-receivables-2026-1")
    deal.events.clear()
    for day in thursdays(deal.first, deal.last):
        value = rounded(Fraction(prices(day)[day]) * Fraction(3, 2), 4)
        deal.second[day] = ReferenceRate(
            index="CRI-H200",
            on=day,
            value=value,
            step="published value",
            cite="CA §2.14(a)",
            publication_date=day,
            published=Published(
                index="CRI-H200", publication_date=day, value=value, low=value - Decimal("0.05"), high=value + Decimal("0.04")
            ),
        )
    deal.build()
    series = [index_value("CRI-H200", day, one.value) for day, one in deal.second.items()]
    return deal.inputs(publications={**deal.publications(), "CRI-H200": series})
