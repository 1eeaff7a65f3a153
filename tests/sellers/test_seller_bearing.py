"""Decisiveness by sellers on real templates: every test of every shipped deal against its subsets written
out, and each refusal.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from engine.basics.values import Figure, Unit
from engine.determination import joint_subsets, seller_bearing
from engine.determination.determine import determine
from engine.determination.facts import Facts
from engine.determination.seller_bearing import week_of
from engine.determination.template import Measurement, Template, clauses_of
from engine.events.rates import Published, ReferenceRate
from engine.events.results import Bearing, TestResult, passes
from engine.terms.as_written import load_deal, resolve
from tests.conftest import DEALS
from tests.covenants.full_facts import ON, full

SELLERS = ("a", "b", "c", "d", "e", "f", "g", None)


def listed(one: Published, chance: random.Random, sellers: tuple[str | None, ...] = SELLERS) -> Published:
    """A print with listings around its value; most sellers are there in most weeks."""
    base = int((one.value or 0) * 10**6)
    rows = [
        (base * chance.randrange(85, 116) // 100, name)
        for name in sellers
        if name != "e" or chance.random() < 0.7
        for _ in range(chance.randrange(1, 4) if name else 1)
    ]
    rows.sort(key=lambda row: row[0])
    pooled = tuple(Decimal(price).scaleb(-6) for price, _ in rows)
    return one.model_copy(update={"pooled": pooled, "sellers": tuple(name for _, name in rows)})


def with_sellers(facts: Facts, seed: int, sellers: tuple[str | None, ...] = SELLERS) -> Facts:
    chance = random.Random(seed)
    published = {
        index: tuple(listed(one, chance, sellers) if one.value is not None else one for one in series)
        for index, series in facts.published.items()
    }
    return with_prints(facts, published)


def with_prints(facts: Facts, published: dict[str, tuple[Published, ...]]) -> Facts:
    """The facts with other prints, and the rates that rest on them."""
    known = {(one.index, one.publication_date): one for series in published.values() for one in series}

    def rested(rate: ReferenceRate) -> ReferenceRate:
        day = rate.publication_date
        return (
            rate.model_copy(update={"published": known[rate.index, day]}) if day and rate.published else rate
        )

    rates = {index: tuple(map(rested, found)) for index, found in facts.rates.items()}
    return replace(facts, published=published, rates=rates)


def cases() -> list[tuple[str, str]]:
    return [
        (path.stem, line.split(":")[0].strip())
        for path in sorted(DEALS.glob("*.yaml"))
        for line in _keys(path.read_text("utf-8"))
    ]


def _keys(text: str) -> list[str]:
    inside = text.split("\ncovenants:\n", 1)[1].split("\n\n\n")[0]
    found = []
    for line in inside.splitlines():
        if line and not line.startswith((" ", "#")):
            break
        if line.startswith("  ") and line[2:3].isalpha() and line.rstrip().endswith(":"):
            found.append(line)
    return found


def result_of(
    deal: str, key: str, templates: dict[str, Template], seed: int
) -> tuple[TestResult, Facts] | None:
    text = (DEALS / f"{deal}.yaml").read_text(encoding="utf-8")
    read, problems = load_deal(text, "deal.yaml", clauses_of(templates))
    assert read is not None, problems
    terms = resolve(read, ON)
    terms = terms.model_copy(update={"rounding": terms.rounding.model_copy(update={"ratios": "unrounded"})})
    clause = terms.covenants.get(key)
    if clause is None:
        return None
    facts = with_sellers(full(terms, dict.fromkeys(terms.index, "2.0000")), seed)
    return determine(key, clause, templates[clause.template], facts), facts


def written_out(
    facts: Facts, result: TestResult, template: Template
) -> tuple[int, Fraction, list[Fraction], list[Fraction]] | None:
    """Apart, share failing, least and largest figures over every subset at four corners; None of a figure
    that is a maximum.
    """
    clause = facts.terms.covenants[result.test]
    own = replace(facts, trace={})
    found = template.measure(clause, own)
    if template.maximum is not None and template.maximum(clause, replace(facts, trace={})) is not None:
        return None
    keys = list(dict.fromkeys(one.of_print for one in own.trace.values() if one.of_print))
    first = next((one.of_print for one in own.trace.values() if one.index and one.of_print), None)
    prints = {(one.index, one.publication_date): one for series in facts.published.values() for one in series}
    weeks = {key: week for key in keys if (week := week_of(prints[key])) is not None}
    names = sorted({name for week in weeks.values() for name in week.clusters})
    known: dict[tuple[int, ...], tuple[bool, Fraction]] = {}

    def at(rates: tuple[int, ...]) -> tuple[bool, Fraction]:
        if rates not in known:
            one = template.measure(
                clause,
                own.with_prints({key: Fraction(rate, 10**6) for key, rate in zip(keys, rates, strict=True)}),
            )
            known[rates] = passes(one.measured, one.limit, one.comparison), one.measured.value
        return known[rates]

    verdict = passes(found.measured, found.limit, found.comparison)
    apart, failing, lows, highs = 0, Fraction(0), [], []
    for bits in product((False, True), repeat=len(names)):
        chosen = {name for name, inside in zip(names, bits, strict=True) if inside}
        ends = []
        for key in keys:
            week = weeks[key]
            held = sorted(
                price for name, prices in week.clusters.items() if name in chosen for price in prices
            )
            ends.append(
                (held[(len(held) - 1) // 2], held[len(held) // 2])
                if held
                else (week.prices[0], week.prices[-1])
            )
        corners = [
            at(tuple(end[today if key == first else other] for key, end in zip(keys, ends, strict=True)))
            for today, other in product((0, 1), repeat=2)
        ]
        low, high = min(corners, key=lambda one: one[1]), max(corners, key=lambda one: one[1])
        apart += low[0] != verdict or high[0] != verdict
        failing += Fraction(sum(not passed for passed, _ in corners), 4)
        lows.append(low[1])
        highs.append(high[1])
    return apart, failing / len(lows), sorted(lows), sorted(highs)


@pytest.mark.parametrize(("deal", "key"), cases())
def test_every_test_of_every_deal_equals_its_subsets_written_out(
    deal: str, key: str, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        joint_subsets, "FEW_CASES", 20
    )  # so that the formula is used, and held against the test itself here
    monkeypatch.setattr(seller_bearing, "CHECKED", 3)  # likewise the line of a test of one rate
    found = result_of(deal, key, all_templates, seed=len(deal) + len(key))
    if found is None or found[0].bearing is None or found[0].bearing.replicates is None:
        pytest.skip("it uses no index, or is not determined on this date")
    result, facts = found
    bearing = result.bearing
    template = all_templates[facts.terms.covenants[key].template]
    whole = written_out(facts, result, template)
    if whole is None:
        pytest.skip("a maximum is chosen by some sellers and measured by others: tested beside the vectors")
    assert bearing is not None
    apart, failing, lows, highs = whole
    assert (bearing.apart, bearing.share_failing_sellers, bearing.replicates) == (apart, failing, len(lows))
    beyond = len(lows) // 40
    assert bearing.low is not None
    assert bearing.high is not None
    assert (bearing.low.value, bearing.high.value) == (lows[beyond], highs[-1 - beyond])
    assert bearing.decisive == (40 * apart <= len(lows))


def bearing_of(facts: Facts, templates: dict[str, Template], key: str = "ltv") -> Bearing:
    clause = facts.terms.covenants[key]
    found = determine(key, clause, templates[clause.template], facts).bearing
    assert found is not None
    return found


@pytest.fixture
def known(meridian: object, all_templates: dict[str, Template]) -> Facts:
    return full(resolve(meridian, ON), {"CRI-H100": "2.0000"})  # type: ignore[arg-type]


def changed(facts: Facts, **more: object) -> Facts:
    """The facts with every print changed."""
    published = {
        index: tuple(one.model_copy(update=more) for one in series)
        for index, series in facts.published.items()
    }
    return with_prints(facts, published)


THEIRS = "sellers not known: published by the administrator"
PRICES = tuple(Decimal(n) / 10 for n in range(16, 26))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"pooled": PRICES, "sellers": tuple("abcd" * 3)[:10]}, "4 sellers; six are needed"),
        ({"pooled": PRICES, "sellers": (*"abcdefg", None, None, None)}, "3 of 10 listings name no seller"),
        ({"pooled": PRICES, "sellers": (None,) * 10}, "10 of 10 listings name no seller"),
        ({"source": "published by the administrator"}, THEIRS),
        (
            {"source": "published by the administrator", "pooled": PRICES, "sellers": tuple("abcdefghij")},
            THEIRS,
        ),
        ({}, "sellers not known: no listings stand beside the rate"),
    ],
)
def test_why_a_result_is_not_decisive(
    known: Facts, all_templates: dict[str, Template], more: dict[str, object], why: str
) -> None:
    found = bearing_of(changed(known, **more), all_templates)
    assert (found.decisive, found.decisive_95, found.note, found.undecided) == (False, False, why, why)
    assert (found.low, found.high) == (None, None)  # no interval is stated where none can be had


def test_a_rate_set_by_act_is_not_decisive(known: Facts, all_templates: dict[str, Template]) -> None:
    none = {"published": None, "publication_date": None}
    rates = {
        index: tuple(rate.model_copy(update=none) for rate in found) for index, found in known.rates.items()
    }
    assert bearing_of(replace(known, rates=rates), all_templates).note == "rate set by Act"


def test_a_fifth_of_the_listings_may_name_no_seller(known: Facts, all_templates: dict[str, Template]) -> None:
    found = bearing_of(changed(known, pooled=PRICES, sellers=(*"abcdefgh", None, None)), all_templates)
    assert (found.note, found.sellers, found.replicates) == (None, 8, 512)


def test_the_limit_inside_is_said_with_the_ends_of_the_figure(
    known: Facts, all_templates: dict[str, Template]
) -> None:
    figures = {
        **known.report.figures,
        "outstanding_principal.term_loan": Figure(value=Fraction(16_000_000), unit=Unit.USD),
    }  # type: ignore[union-attr]
    facts = with_sellers(replace(known, report=replace(known.report, figures=figures)), 3)  # type: ignore[type-var]
    found = bearing_of(facts, all_templates)
    if not found.decisive:
        assert found.undecided is not None
        assert found.undecided.startswith("the limit lies inside ")
        assert found.undecided.endswith(", by sellers")
    assert found.low is not None
    assert found.high is not None
    assert found.low.value < found.high.value


def test_a_carried_rate_brings_the_listings_of_its_own_week(
    known: Facts, all_templates: dict[str, Template]
) -> None:
    facts = with_sellers(known, 5)
    carried = facts.published["CRI-H100"][-3]
    rate = facts.rates["CRI-H100"][-1].model_copy(
        update={"published": carried, "publication_date": carried.publication_date, "age": 2}
    )
    found = bearing_of(
        replace(facts, rates={"CRI-H100": (*facts.rates["CRI-H100"][:-1], rate)}), all_templates
    )
    week = week_of(carried)
    assert week is not None
    assert (found.replicates, found.sellers) == (week.subsets, week.sellers)


LINE = list(range(1_000_000, 1_400_000, 10_000))
LIMIT = Figure(value=Fraction(1_205_000), unit=Unit.MULTIPLE)


class OneRate:
    """A test whose figure is a function of one rate: at least the limit, rounded as the deal may say."""

    def __init__(
        self,
        form: Callable[[Fraction], Fraction],
        rounded: Callable[[Fraction], Fraction] = lambda value: value,
        limit: Callable[[Fraction], Figure] = lambda _: LIMIT,
    ) -> None:
        self.form, self.rounded, self.limit = form, rounded, limit
        self.found = self.at(Fraction(LINE[0]))
        self.asked: list[int] = []

    def at(self, rate: Fraction) -> Measurement:
        return Measurement(
            Figure(value=self.rounded(self.form(rate)), unit=Unit.MULTIPLE),
            self.limit(rate),
            "at least",
            tuple,
        )

    def passes(self, value: Fraction) -> bool:
        return value >= LIMIT.value

    def along(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, Fraction]] | None:
        def measured_at(_: object, __: object, rates: tuple[int]) -> Measurement:
            self.asked.append(rates[0])
            return self.at(Fraction(rates[0]))

        monkeypatch.setattr(seller_bearing, "_measured_at", measured_at)
        return seller_bearing._along(self, ("A", ON), LINE)  # type: ignore[arg-type]


FORMS = {
    "a line": (lambda x: 3 * x - 7, True),
    "one over a line": (lambda x: 1 / (2 * x + 5), True),
    "flat": (lambda x: Fraction(4), True),
    "a cap": (lambda x: min(3 * x, Fraction(3_700_000)), False),
    "a floor": (lambda x: max(1 / x, Fraction(1, 1_385_000)), False),
    "a bend inside": (lambda x: x if x < 1_200_000 else 2 * x - 1_200_000, False),
    "rounded": (lambda x: Fraction(round(1_000_000 * x / 1_234_567, -4)), False),
    "through zero": (lambda x: 1 / (x - 1_205_000), False),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_line_is_taken_only_where_it_gives_the_figure_at_every_price(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, found = FORMS[name]
    test = OneRate(form)
    outcomes = test.along(monkeypatch)
    assert (outcomes is not None) == found
    assert len(test.asked) == seller_bearing.CHECKED
    if outcomes is not None:
        assert [figure for _, figure in outcomes] == [form(Fraction(price)) for price in LINE]


def test_a_line_is_not_taken_where_the_deal_rounds_between_the_prices_that_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every third price is compared, where rounding changes nothing; the two between are rounded."""
    test = OneRate(lambda x: (x - LINE[0]) / 30_000, lambda value: Fraction(round(value)))
    assert test.along(monkeypatch) is None
    assert {test.form(Fraction(price)) % 1 for price in test.asked} == {0}


def test_a_line_whose_limit_moves_with_the_rate_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    test = OneRate(lambda x: x, limit=lambda rate: LIMIT.model_copy(update={"value": rate / 2}))
    assert test.along(monkeypatch) is None


def test_a_line_turns_where_the_limit_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = OneRate(lambda x: x).along(monkeypatch)
    assert outcomes == [(price >= 1_205_000, Fraction(price)) for price in LINE]
