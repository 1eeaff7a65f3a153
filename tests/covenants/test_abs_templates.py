"""The ABS tests against plain rationals: random and boundary cases, verdict and measured figure exact,
remedies enough and least.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.determine import determine
from engine.determination.facts import Facts
from engine.determination.measure_inputs import ReportDue, Reported
from engine.determination.rate_windows import days_of_months
from engine.determination.scenario import Scenario
from engine.determination.template import Template
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, Source, TestResult, Verdict
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce
from tests.conftest import DEALS

CASES = 20_000 if os.environ.get("HEADROOM_SOAK") else 300
SOURCE = Source(kind="servicer report", text="test", as_of=date(2026, 4, 1))
CENT, DAY = Fraction(1, 100), timedelta(days=1)


def usd(value: Fraction | int) -> Figure:
    return Figure(value=Fraction(value), unit=Unit.USD)


class Bench:
    """One deal on one date, with rates and figures to choose."""

    def __init__(self, deal: Deal, on: date, templates: dict[str, Template]) -> None:
        self.on, self.templates = on, templates
        self.terms: TermsInForce = resolve(deal, on)

    def unrounded(self) -> Bench:
        """The same deal, had it not agreed to round its ratios."""
        self.terms = self.terms.model_copy(
            update={"rounding": self.terms.rounding.model_copy(update={"ratios": "unrounded"})}
        )
        return self

    def test(
        self, key: str, prices: dict[str, str | None], figures: dict[str, Figure] | None, **known: object
    ) -> TestResult:
        published = {name: (self._published(name, value),) for name, value in prices.items()}
        reference = {name: (self._reference(name, found[0]),) for name, found in published.items()}
        report = (
            Reported(figures, SOURCE)
            if figures is not None
            else NotDetermined(reason="none", cite="-", lacks="report")
        )
        facts = replace(Facts(self.on, self.terms, reference, published, report), **known)  # type: ignore[arg-type]
        clause = self.terms.covenants[key]
        return determine(key, clause, self.templates[clause.template], facts)

    def _published(self, name: str, value: str | None) -> Published:
        return Published(
            index=name,
            publication_date=self.on,
            value=None if value is None else Decimal(value),
            low=None,
            high=None,
        )

    def _reference(self, name: str, one: Published) -> ReferenceRate:
        step = "published value" if one.value is not None else "none"
        return ReferenceRate(
            index=name,
            on=self.on,
            value=one.value,
            step=step,
            cite="x",
            publication_date=self.on,
            published=one,
        )


@pytest.fixture(scope="module")
def bench(load: Callable[[str], Deal], all_templates: dict[str, Template]) -> Callable[[str, date], Bench]:
    def make(name: str, on: date) -> Bench:
        return Bench(load((DEALS / f"{name}.yaml").read_text(encoding="utf-8")), on, all_templates)

    return make


def rate(chance: random.Random, low: float = 0.3, high: float = 4.0) -> str:
    return f"{chance.uniform(low, high):.4f}"


def test_overcollateralization_and_its_least_remedies(bench: Callable[[str, date], Bench]) -> None:
    """Cumulative balances; at the limit it passes, a cent more fails; the remedy passes and a cent less does
    not.
    """
    found, chance = bench("summit-abs-2026-2", date(2026, 2, 10)).unrounded(), random.Random(1)
    hours = Fraction(3, 2) * 4096 * 8760 * Fraction(96, 100)
    for n in range(CASES):
        price = rate(chance)
        value = hours * Fraction(price)
        at_limit = value / Fraction(115, 100)
        balance = at_limit + (
            chance.choice((-1, 0, 1)) * Fraction(1, 10**9) if n % 2 else chance.randrange(-(10**6), 10**6)
        )
        result = found.test("oc-c", {"CRI-H100": price}, {"outstanding_principal": usd(balance)})
        assert result.measured is not None
        assert result.measured.value == value / balance
        assert (result.verdict is Verdict.PASS) == (value >= Fraction(115, 100) * balance)
        for way in result.remedies:
            amount = way.figure.value
            if way.method == "prepayment":
                assert value >= Fraction(115, 100) * (balance - amount)
                assert value < Fraction(115, 100) * (balance - amount + CENT)
            else:
                each = value / 4096
                assert value + amount * each >= Fraction(115, 100) * balance > value + (amount - 1) * each


def test_senior_balances_count_before_junior_ones(bench: Callable[[str, date], Bench]) -> None:
    found = bench("summit-abs-2026-2", date(2026, 2, 10)).unrounded()
    figures = {
        f"outstanding_principal.{name}": usd(amount)
        for name, amount in (("class_a", 45), ("class_b", 15), ("class_c", 10))
    }
    shares = [found.test(key, {"CRI-H100": "2.0000"}, figures).measured for key in ("oc-a", "oc-b", "oc-c")]
    values = [share.value for share in shares if share]
    assert values[0] * 45 == values[1] * 60 == values[2] * 70


@pytest.mark.parametrize(
    ("contracted", "passes"), [("6000001", True), ("6000000", False), ("5999999", False)]
)
def test_coverage_is_strict_where_the_agreement_says_more_than(
    bench: Callable[[str, date], Bench], contracted: str, passes: bool
) -> None:
    found = bench("summit-abs-2026-2", date(2026, 5, 11))
    months = weekly("2.00")
    figures = {
        "contracted_revenue": usd(Fraction(contracted)),
        "uncontracted_gpu_hours": Figure(value=Fraction(1_200_000), unit=Unit.GPU_HOURS),
        "operating_costs": usd(3_000_000),
        "debt_service": usd(4_500_000),
    }
    example = Reported(figures, Source(kind="worked example", text="x"))
    result = found.test("coverage", {"CRI-H100": "2.00"}, figures, rates={"CRI-H100": months}, report=example)
    assert (result.verdict is Verdict.PASS) == passes
    assert result.measured is not None
    assert result.measured.value == Fraction(Fraction(contracted) + 2_400_000 - 3_000_000, 4_500_000)


def weekly(*values: str) -> tuple[ReferenceRate, ...]:
    """The rates of the 13 Publication Dates from February to April 2026, the first ones given, the last one
    for the rest.
    """
    days = [date(2026, 2, 5) + n * timedelta(days=7) for n in range(13)]
    rates = [*values, *([values[-1]] * (13 - len(values)))]
    found = zip(days, rates, strict=True)
    return tuple(
        ReferenceRate(index="CRI-H100", on=d, value=Decimal(v), step="published value", cite="x")
        for d, v in found
    )


def test_coverage_adds_up_monthly_reports_and_wants_all_of_them(bench: Callable[[str, date], Bench]) -> None:
    found = bench("summit-abs-2026-2", date(2026, 5, 11))
    months = weekly("1.90", "2.10", "2.00")
    monthly = {
        "contracted_revenue": usd(2_000_000),
        "uncontracted_gpu_hours": Figure(value=Fraction(400_000), unit=Unit.GPU_HOURS),
        "operating_costs": usd(900_000),
        "debt_service": usd(1_500_000),
    }
    reports = tuple(
        (day, Reported(monthly, SOURCE)) for day in (date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30))
    )
    result = found.test("coverage", {"CRI-H100": "2.10"}, monthly, rates={"CRI-H100": months}, months=reports)
    assert result.measured is not None
    assert result.measured.value == Fraction(6_000_000 + 1_200_000 * 2 - 2_700_000, 4_500_000)
    short = found.test(
        "coverage", {"CRI-H100": "2.10"}, monthly, rates={"CRI-H100": months}, months=reports[1:]
    )
    assert short.verdict is Verdict.NOT_DETERMINED
    assert short.reason is not None
    assert short.reason.reason == "window not full: 2 of 3 months since closing"
    gap = found.test(
        "coverage", {"CRI-H100": "2.10"}, monthly, rates={"CRI-H100": months[:5] + months[6:]}, months=reports
    )
    assert gap.reason is not None
    assert gap.reason.reason == "window not full: no Reference Rate of CRI-H100 on 2026-03-12"


def test_index_spread_both_of_one_date(bench: Callable[[str, date], Bench]) -> None:
    found, chance = bench("cascade-mixed-2026", date(2026, 2, 12)), random.Random(2)
    for _ in range(CASES):
        newer, older = rate(chance), rate(chance)
        if chance.random() < 0.5:
            newer = f"{Decimal(older) * Decimal('1.6'):.4f}"
        result = found.test(
            "generation-spread", {"CRI-H100": older, "CRI-H200": newer, "CRI-A100-PCIE": "0.90"}, None
        )
        assert (result.verdict is Verdict.PASS) == (Fraction(newer) <= Fraction(8, 5) * Fraction(older))
    missing = found.test(
        "generation-spread", {"CRI-H100": "2.00", "CRI-H200": None, "CRI-A100-PCIE": "0.90"}, None
    )
    assert missing.verdict is Verdict.NOT_DETERMINED


def test_contract_spread_and_its_break_even(bench: Callable[[str, date], Bench]) -> None:
    found, chance = bench("keystone-contracted-2026", date(2026, 2, 12)), random.Random(3)
    for _ in range(CASES):
        contracted, price = Fraction(rate(chance, 1, 5)), rate(chance, 1, 4)
        result = found.test(
            "contract-spread",
            {"CRI-H100": price},
            {"contracted_rate": Figure(value=contracted, unit=Unit.RATE)},
        )
        assert result.measured is not None
        assert result.measured.value == contracted / Fraction(price) - 1
        assert (result.verdict is Verdict.PASS) == (contracted / Fraction(price) - 1 >= Fraction(15, 100))
        even = result.break_even[0].rate
        assert even is not None
        assert (
            contracted / even.value - 1
            >= Fraction(15, 100)
            > contracted / (even.value + Fraction(1, 10_000)) - 1
        )


def test_depreciation_reads_the_curve_between_its_points(bench: Callable[[str, date], Bench]) -> None:
    chance, start = random.Random(4), date(2026, 1, 20)
    points = [
        (start, Fraction(0)),
        (date(2026, 7, 20), Fraction(20, 100)),
        (date(2027, 1, 20), Fraction(35, 100)),
    ]
    for _ in range(min(CASES, 60)):
        on = start + timedelta(days=chance.randrange(1, 365))
        found, price = bench("cascade-mixed-2026", on), rate(chance, 1, 3)
        result = found.test(
            "h100-depreciation", {"CRI-H100": price, "CRI-H200": "2.5", "CRI-A100-PCIE": "0.9"}, None
        )
        (d0, y0), (d1, y1) = next((a, b) for a, b in pairwise(points) if a[0] < on <= b[0])
        allowed = y0 + (y1 - y0) * Fraction((on - d0).days, (d1 - d0).days)
        assert result.limit is not None
        assert result.limit.value == allowed
        assert (result.verdict is Verdict.PASS) == (1 - Fraction(price) / Fraction(21, 10) <= allowed)
    late = bench("cascade-mixed-2026", date(2029, 12, 27)).test(
        "h100-depreciation", {"CRI-H100": "1.0", "CRI-H200": "1", "CRI-A100-PCIE": "1"}, None
    )
    assert late.reason is not None
    assert "the agreed curve ends on 2029-12-20" in late.reason.reason


@pytest.mark.parametrize(
    ("scenario", "days", "kept"),
    [
        (Scenario(scenario="A", point="low", shape="straight line"), 365, Fraction(85, 100)),
        (Scenario(scenario="C", point="high", shape="straight line"), 730, Fraction(0)),
        (Scenario(scenario="B", point="middle", shape="compound"), 365, Fraction(65, 100)),
        (Scenario(scenario="B", point="high", shape="compound"), 730, Fraction(36, 100)),
    ],
)
def test_scenarios_are_the_paper_s_bands(scenario: Scenario, days: int, kept: Fraction) -> None:
    assert abs(scenario.remaining(days) - kept) < Fraction(1, 10**30)
    assert scenario.remaining(0) == 1


def test_stress_cover_against_rationals(bench: Callable[[str, date], Bench]) -> None:
    found, chance = bench("cascade-mixed-2026", date(2026, 7, 23)), random.Random(5)
    kept = 1 - Fraction(35, 100) * Fraction((date(2027, 1, 20) - date(2026, 7, 23)).days, 365)
    for _ in range(CASES // 3):
        h100, h200 = rate(chance, 0.2, 2), rate(chance, 0.2, 2)
        result = found.test("stress-cover", {"CRI-H100": h100, "CRI-H200": h200, "CRI-A100-PCIE": None}, None)
        today = Fraction(3, 2) * 8760 * Fraction(95, 100) * (1200 * Fraction(h100) + 600 * Fraction(h200))
        assert result.measured is not None
        assert result.measured.value == today * kept / 18_000_000
        assert (result.verdict is Verdict.PASS) == (today * kept >= Fraction(12, 10) * 18_000_000)


def quote(value: int, as_of: date) -> Reported:
    source = SOURCE.model_copy(update={"as_of": as_of})
    return Reported({"resale_quote.h100": usd(value), "outstanding_principal": usd(10_000_000)}, source)


def test_liquidation_wants_a_fresh_quote_and_takes_the_newest(bench: Callable[[str, date], Bench]) -> None:
    found = bench("prairie-warehouse-2026", date(2026, 6, 4))
    plain = {"outstanding_principal": usd(10_000_000)}
    received = (quote(13_000, date(2026, 5, 12)), quote(12_500, date(2026, 5, 5)))
    result = found.test("liquidation", {"CRI-H100": "1.9"}, plain, received=received)
    assert result.measured is not None
    assert result.measured.value == Fraction(768 * 13_000 * 65, 100 * 10_000_000)
    old = found.test("liquidation", {"CRI-H100": "1.9"}, plain, received=(quote(13_000, date(2026, 4, 4)),))
    assert old.reason is not None
    assert "61 days old; more than 60 is too old" in old.reason.reason
    none = found.test("liquidation", {"CRI-H100": "1.9"}, plain)
    assert none.verdict is Verdict.NOT_DETERMINED


def test_the_spread_s_has_the_sign_of_the_equations(bench: Callable[[str, date], Bench]) -> None:
    """Falls are negative: below zero, rent has fallen more than resale; the paper's sentence says the reverse
    (ADR).
    """
    found = bench("ridgeline-leaseback-2026", date(2026, 5, 7))
    result = found.test(
        "resale-against-rent", {"CRI-H100": "1.5200"}, None, report=quote(22_800, date(2026, 5, 1))
    )
    assert result.measured is not None
    assert result.measured.value == Fraction(152 - 190, 190) - Fraction(22_800 - 24_000, 24_000)
    assert "rent has fallen more than resale" in result.steps[-1].worked


@pytest.mark.parametrize(
    ("hosts", "at_least", "verdict"),
    [
        (3, False, "PASS"),
        (2, False, "FAIL"),
        (2, True, "NOT DETERMINED"),
        (3, True, "PASS"),
        (None, False, "NOT DETERMINED"),
    ],
)
def test_hosts_that_are_not_known_are_no_pass_and_no_fail(
    bench: Callable[[str, date], Bench], hosts: int | None, at_least: bool, verdict: str
) -> None:
    on = date(2026, 3, 5)
    found = bench("prairie-warehouse-2026", on)
    one = Published(
        index="CRI-H100", publication_date=on, value=Decimal("1.9"), hosts=hosts, hosts_at_least=at_least
    )
    reference = ReferenceRate(
        index="CRI-H100",
        on=on,
        value=one.value,
        step="published value",
        cite="x",
        publication_date=on,
        published=one,
    )
    result = found.test("breadth", {"CRI-H100": "1.9"}, {}, rates={"CRI-H100": (reference,)})
    assert result.verdict.value == verdict
    assert result.bearing is None


@pytest.mark.parametrize(
    ("due", "received", "days"),
    [
        (date(2026, 3, 4), date(2026, 3, 4), 0),
        (date(2026, 3, 4), date(2026, 3, 5), 1),
        (date(2026, 3, 4), None, 6),
        (date(2026, 3, 10), None, 1),
    ],
)
def test_a_report_that_never_came_is_late_until_it_comes(
    bench: Callable[[str, date], Bench], due: date, received: date | None, days: int
) -> None:
    found = bench("summit-abs-2026-2", date(2026, 3, 10))
    result = found.test(
        "reporting", {"CRI-H100": "1.9"}, None, report_due=ReportDue(date(2026, 2, 28), due, received)
    )
    assert result.measured is not None
    assert result.measured.value == days
    assert (result.verdict is Verdict.PASS) == (days == 0)


def test_every_template_reads_itself_in_english_and_ends_its_sentences(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    read: set[str] = set()
    for path in sorted(DEALS.glob("*.yaml")):
        terms = resolve(load(path.read_text(encoding="utf-8")), date(2026, 7, 2))
        for clause in terms.covenants.values():
            text = all_templates[clause.template].reading(clause)
            assert text.endswith("."), text
            assert "None" not in text, text
            assert "Fraction" not in text, text
            read.add(clause.template)
    assert read == set(all_templates)


def test_a_template_s_file_has_its_name(all_templates: dict[str, Template]) -> None:
    """So that one is imported only where a deal uses it."""
    assert {name: template.name for name, template in all_templates.items()} == {
        name: name for name in all_templates
    }
    assert len(all_templates) == 16


def test_a_blend_of_nothing_lacks_a_rate_and_no_report(bench: Callable[[str, date], Bench]) -> None:
    """So a deal that fails on missing reports does not fail on a silent index."""
    found = bench("cascade-mixed-2026", date(2026, 2, 12))
    rent = {"weighted_average_rental_rate": Figure(value=Fraction(2), unit=Unit.RATE)}
    silent = {
        name: tuple(ReferenceRate(index=name, on=d, value=None, step="none", cite="x") for d in FOUR)
        for name in found.terms.index
    }
    result = found.test("pool-rent", dict.fromkeys(found.terms.index), rent, rates=silent)
    assert result.reason is not None
    assert (result.reason.reason, result.reason.lacks) == ("no component of POOL has a rate", "rate")


FOUR = (date(2026, 1, 22), date(2026, 1, 29), date(2026, 2, 5), date(2026, 2, 12))


def test_the_month_of_closing_is_one_of_the_trailing_months_unless_it_ends_on_the_closing_date() -> None:
    """`docs/deal-format.md`: three months from March, or from April where March was over at closing."""
    may, june = date(2026, 6, 10), date(2026, 7, 10)
    assert days_of_months(may, 3, date(2026, 3, 30), None) == (date(2026, 3, 1), date(2026, 5, 31))
    assert days_of_months(may, 3, date(2026, 3, 31), None) is None
    assert days_of_months(june, 3, date(2026, 3, 31), None) == (date(2026, 4, 1), date(2026, 6, 30))
    # A quarter alike: of two of them, the first may be that of closing.
    assert days_of_months(june, 6, date(2026, 3, 30), None, 3) == (date(2026, 1, 1), date(2026, 6, 30))
    assert days_of_months(june, 6, date(2026, 3, 31), None, 3) is None
