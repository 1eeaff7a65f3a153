"""Missing data is never a pass: what is left out of a test's facts makes it not determined, or is as the deal
says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covenants import templates
from engine.basics.values import Figure, Unit
from engine.determination.determine import determine
from engine.determination.measure_inputs import Reported
from engine.determination.template import Facts, Template, clauses_of
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, TestResult, Verdict
from engine.terms.as_written import Deal, load_deal, resolve
from engine.terms.in_force import TermsInForce
from engine.terms.pool import At
from tests.conftest import DEALS
from tests.covenants.full_facts import DAY, ON, WEEK, full

NO_REPORT = NotDetermined(reason="none", cite="-", lacks="report")
Rates = Mapping[str, list[str | None]]


def quoted(terms: TermsInForce, on: date, rates: Rates, **known: object) -> Facts:
    """Facts with one rate on each of the last Thursdays, `on` the last of them; None is a week without
    publication.
    """
    published, reference = {}, {}
    for index, values in rates.items():
        days = [on - n * WEEK for n in reversed(range(len(values)))]
        prints = [
            Published(index=index, publication_date=day, value=None if value is None else Decimal(value))
            for day, value in zip(days, values, strict=True)
        ]
        published[index] = tuple(prints)
        reference[index] = tuple(
            ReferenceRate(
                index=index,
                on=one.publication_date,
                value=one.value,
                step="published value" if one.value is not None else "none",
                cite="x",
                publication_date=one.publication_date if one.value is not None else None,
                published=one if one.value is not None else None,
            )
            for one in prints
        )
    return Facts(
        **{"on": on, "terms": terms, "rates": reference, "published": published, "report": NO_REPORT, **known}
    )  # type: ignore[arg-type]


def outcome(key: str, templates: Mapping[str, Template], facts: Facts) -> TestResult:
    clause = facts.terms.covenants[key]
    return determine(key, clause, templates[clause.template], facts)


APPRAISAL = """
  pool-appraisal:
    template: appraisal_trigger
    failure_is: a trigger event
    cite: FA §6.09
    index: POOL
    maximum_decline: 25%
    trailing_period: 90 days
    measure: fall_in_window
    then: {deliver: independent appraisal, within: 30 business days, after: determination date, cite: FA §6.09}
    if_not_determined: hold
"""


@pytest.fixture(scope="module")
def pool(load: Callable[[str], Deal]) -> Callable[[str], TermsInForce]:
    """A pool of two indices, half each, on the last day of a quarter's worth of Thursdays."""
    text = (DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8")
    shares = (
        "{CRI-H100: 60%, CRI-H200: 30%, CRI-A100-PCIE: 10%}, weights: register, missing_component: exclude"
    )
    assert shares in text

    def made(missing: str) -> TermsInForce:
        half = f"{{CRI-H100: 50%, CRI-H200: 50%}}, weights: fixed, missing_component: {missing}"
        return resolve(
            load(text.replace(shares, half).replace("\ncovenants:\n", f"\ncovenants:{APPRAISAL}\n", 1)),
            date(2026, 7, 2),
        )

    return made


PEAK: Rates = {
    "CRI-H100": ["2.00", None, "2.00"],
    "CRI-H200": ["2.00", "3.00", "2.00"],
    "CRI-A100-PCIE": ["0.90"] * 3,
}


@pytest.mark.parametrize(
    ("missing", "highest"),
    [
        ("exclude", Fraction(3)),
        ("not determined", Fraction(2)),
        ("{at: USD 4.00 per GPU-hour}", Fraction(7, 2)),
    ],
)
def test_a_blend_s_window_treats_a_missing_leg_as_the_deal_says(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template], missing: str, highest: Fraction
) -> None:
    """The value of each date in the window is the one that the blend had on it (`rulings.md` 19)."""
    result = outcome("pool-appraisal", all_templates, quoted(pool(missing), date(2026, 7, 2), PEAK))
    assert result.steps[0].figure.value == highest
    assert result.measured is not None
    assert result.measured.value == (highest - 2) / ((Fraction(21, 10) + Fraction("2.60")) / 2)


@pytest.mark.parametrize("missing", ["exclude", "not determined", "{at: USD 4.00 per GPU-hour}"])
def test_a_blend_none_of_whose_legs_is_published_has_no_value(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template], missing: str
) -> None:
    rates: Rates = {"CRI-H100": ["2.00", None], "CRI-H200": ["2.00", None], "CRI-A100-PCIE": ["0.90", "0.90"]}
    assert (
        outcome("pool-appraisal", all_templates, quoted(pool(missing), date(2026, 7, 2), rates)).verdict
        is Verdict.NOT_DETERMINED
    )


def test_a_leg_that_was_never_published_leaves_a_window_of_the_other(
    pool: Callable[[str], TermsInForce], all_templates: dict[str, Template]
) -> None:
    rates: Rates = {"CRI-H100": [None, None], "CRI-H200": ["3.00", "2.00"], "CRI-A100-PCIE": ["0.90", "0.90"]}
    result = outcome("pool-appraisal", all_templates, quoted(pool("exclude"), date(2026, 7, 2), rates))
    assert result.steps[0].figure.value == 3


# ---- every template of every example deal, with some of what it uses left out ----


@cache
def deals() -> dict[str, TermsInForce]:
    clauses = clauses_of(templates())
    loaded = (
        load_deal(path.read_text(encoding="utf-8"), path.name, clauses)[0]
        for path in sorted(DEALS.glob("*.yaml"))
    )
    return {deal.name: resolve(deal, ON) for deal in loaded if deal is not None}


def clauses() -> list[tuple[str, str]]:
    return [(deal, key) for deal, terms in deals().items() for key in terms.covenants]


ELSEWHERE = frozenset({"reporting", "reference_rate_quality"})
"""Templates that measure what is missing, each tested for itself below."""


def excused(terms: TermsInForce, key: str, name: str) -> bool:
    """Whether the deal or a ruling says what stands for an input that is left out."""
    index = name.rpartition(", ")[0]
    clause = terms.covenants[key]
    if name.startswith("available."):
        return True  # the deal's own count, before any report has given one (rulings 26)
    if name.startswith(("certified.", "certified_performance.")):
        return True  # counts as uncertified (rulings 17); tested below
    if clause.template == "appraisal_trigger" and not name.endswith(str(ON)):
        return True  # a date without a value is not a value of the window (rulings 2, 14)
    if clause.template == "depreciation" and not name.endswith(str(ON)):
        return True  # then another publication is the first
    if index in terms.index and clause.index in terms.blended_rates:
        return terms.blended_rates[clause.index].missing_component != "not determined"
    return any(
        asset.index == index and asset.missing_index != "not determined"
        for asset in terms.pledged_assets.values()
    )


def test_the_deals_of_the_property_below_use_every_template(all_templates: dict[str, Template]) -> None:
    used = {terms.covenants[key].template for terms in deals().values() for key in terms.covenants}
    assert used == set(all_templates)
    for deal, key in clauses():
        terms = deals()[deal]
        result = outcome(key, templates(), full(terms, dict.fromkeys(terms.index, "2.0000")))
        if terms.covenants[key].template != "reporting":
            assert result.verdict is not Verdict.NOT_DETERMINED, (deal, key, result.reason)


@settings(max_examples=400)
@given(st.data())
def test_what_a_test_used_and_is_left_out_makes_it_not_determined(data: st.DataObject) -> None:
    """Any of the inputs that a result names, in any combination: without them a test has no verdict, least of
    all a pass.
    """
    deal, key = data.draw(
        st.sampled_from(
            [one for one in clauses() if deals()[one[0]].covenants[one[1]].template not in ELSEWHERE]
        )
    )
    terms = deals()[deal]
    rates = {index: f"{data.draw(st.integers(3_000, 60_000)) / 10_000:.4f}" for index in terms.index}
    whole = outcome(key, templates(), full(terms, rates))
    inputs = [one.name for one in whole.inputs if one.source.kind != "deal file"]
    assert inputs
    dropped = data.draw(st.sets(st.sampled_from(inputs), min_size=1))
    result = outcome(key, templates(), full(terms, rates, dropped))
    if not all(excused(terms, key, name) for name in dropped):
        assert result.verdict is Verdict.NOT_DETERMINED, (deal, key, dropped)
        assert result.reason is not None
        assert result.measured is None


@settings(max_examples=150)
@given(st.data())
def test_without_any_report_a_test_that_used_one_is_not_determined(data: st.DataObject) -> None:
    deal, key = data.draw(
        st.sampled_from(
            [one for one in clauses() if deals()[one[0]].covenants[one[1]].template not in ELSEWHERE]
        )
    )
    terms = deals()[deal]
    rates = {index: f"{data.draw(st.integers(3_000, 60_000)) / 10_000:.4f}" for index in terms.index}
    named = {
        one.name
        for one in outcome(key, templates(), full(terms, rates)).inputs
        if one.source.kind == "servicer report"
    }
    silent = {
        "report",
        *(f"{one} to {end}" for one in ("week", "month") for end in (ON - n * DAY for n in range(400))),
    }
    result = outcome(key, templates(), full(terms, rates, silent))
    if {name for name in named if not name.startswith("available.")}:
        assert result.verdict is Verdict.NOT_DETERMINED, (deal, key)


@settings(max_examples=60)
@given(st.sets(st.sampled_from(["certified", "certified_performance"]), min_size=1), st.integers(0, 800))
def test_a_gpu_without_its_certificate_is_uncertified(families: set[str], certified: int) -> None:
    terms = deals()["prairie-warehouse-2026"]
    (key,) = [
        key for key, clause in terms.covenants.items() if clause.template == "performance_certification"
    ]
    facts = full(terms, {"CRI-H100": "2.0000"})
    whole = outcome(key, templates(), facts)
    less = outcome(
        key,
        templates(),
        full(terms, {"CRI-H100": "2.0000"}, {f"{name}.h100.{ON - WEEK}" for name in families}),
    )
    assert whole.measured is not None
    assert less.measured is None or less.measured.value <= whole.measured.value
    assert isinstance(facts.report, Reported)
    count = Figure(value=Fraction(certified), unit=Unit.GPUS)
    figures = {**facts.report.figures, f"certified.h100.{ON - WEEK}": count}
    some = outcome(key, templates(), replace(facts, report=Reported(figures, facts.report.source)))
    there = terms.pledged_assets["h100"].gpus
    if certified > there:
        assert some.reason is not None
        assert some.reason.reason == f"{certified} GPUs of h100 are certified, the class has {there}"
    else:
        assert some.measured is not None
        assert some.measured.value == Fraction(certified, there)


# ---- the quality of the index, on a week that lacks it ----


@pytest.mark.parametrize("kind", ["a week without publication", "a week whose flagged value does not serve"])
@pytest.mark.parametrize(
    ("quality", "limit", "silent", "flagged"),
    [
        ("interval width", "at most 15%", "NOT DETERMINED", "FAIL"),
        ("independent hosts", "at least 3", "NOT DETERMINED", "FAIL"),
        ("low confidence", "at most 0", "FAIL", "FAIL"),
        ("fallback in use", "at most 0", "FAIL", "FAIL"),
    ],
)
def test_last_week_s_publication_is_no_quality_of_this_week_s(
    kind: str, quality: str, limit: str, silent: str, flagged: str
) -> None:
    """The rate that is carried was precise, broad and not flagged; this week's value has nothing of that
    (rulings 2, 4).
    """
    good = Published(
        index="CRI-H100",
        publication_date=ON - WEEK,
        value=Decimal("2.0000"),
        low=Decimal("1.99"),
        high=Decimal("2.01"),
        hosts=9,
    )
    bad = good.model_copy(
        update={
            "publication_date": ON,
            "low": Decimal("1.5"),
            "high": Decimal("2.5"),
            "hosts": 2,
            "low_confidence": True,
        }
    )
    newest = (
        Published(index="CRI-H100", publication_date=ON, value=None, hosts=9)
        if kind == "a week without publication"
        else bad
    )
    carried = ReferenceRate(
        index="CRI-H100",
        on=ON,
        value=good.value,
        step="last published value",
        cite="x",
        age=1,
        publication_date=ON - WEEK,
        published=good,
    )
    terms = deals()["prairie-warehouse-2026"]
    clause = templates()["reference_rate_quality"].terms.model_validate(
        {
            "template": "reference_rate_quality",
            "cite": "x",
            "quality": quality,
            "limit": limit,
            "failure_is": "a trigger event",
            "cure": "none",
            "if_not_determined": "hold",
        }
    )
    facts = Facts(ON, terms, {"CRI-H100": (carried,)}, {"CRI-H100": (good, newest)}, NO_REPORT)
    result = determine("quality", clause, templates()["reference_rate_quality"], facts)
    assert result.verdict.value == (silent if newest is not bad else flagged)


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("at least 4", "PASS"), ("at most 5", "NOT DETERMINED"), ("at least 6", "NOT DETERMINED")],
)
def test_at_least_so_many_hosts_is_no_more_than_that(limit: str, verdict: str) -> None:
    one = Published(
        index="CRI-H100", publication_date=ON, value=Decimal("2.0000"), hosts=5, hosts_at_least=True
    )
    rate = ReferenceRate(
        index="CRI-H100",
        on=ON,
        value=one.value,
        step="published value",
        cite="x",
        publication_date=ON,
        published=one,
    )
    clause = templates()["reference_rate_quality"].terms.model_validate(
        {
            "template": "reference_rate_quality",
            "cite": "x",
            "quality": "independent hosts",
            "limit": limit,
            "failure_is": "a trigger event",
            "cure": "none",
            "if_not_determined": "hold",
        }
    )
    facts = Facts(
        ON, deals()["prairie-warehouse-2026"], {"CRI-H100": (rate,)}, {"CRI-H100": (one,)}, NO_REPORT
    )
    assert determine("breadth", clause, templates()["reference_rate_quality"], facts).verdict.value == verdict


# ---- what else could have read as a pass ----


def test_a_deal_without_classes_of_debt_owes_what_the_report_says_and_never_nothing() -> None:
    terms = deals()["meridian-2026-1"].model_copy(update={"debt": {}})
    assert outcome("ltv", templates(), full(terms, {"CRI-H100": "2.0000"})).verdict is Verdict.NOT_DETERMINED


def test_a_spread_of_two_legs_that_are_both_missing_is_not_determined() -> None:
    """The level that the deal names stands for one leg; two of them make no spread."""
    terms = deals()["cascade-mixed-2026"]
    clause = terms.covenants["generation-spread"].model_copy(update={"missing_leg": At(at=Fraction(2))})
    terms = terms.model_copy(update={"covenants": {"generation-spread": clause}})
    rates = dict.fromkeys(terms.index, "2.0000")
    h100, h200 = f"CRI-H100, {ON}", f"CRI-H200, {ON}"
    assert outcome("generation-spread", templates(), full(terms, rates, {h100})).verdict is Verdict.PASS
    assert (
        outcome("generation-spread", templates(), full(terms, rates, {h100, h200})).verdict
        is Verdict.NOT_DETERMINED
    )


def test_hours_of_a_pool_of_several_indices_need_their_classes() -> None:
    """Hours of the whole pool at the first index's rate would be worth what the pool is not."""
    keystone = deals()["keystone-contracted-2026"]
    (name,) = keystone.pledged_assets
    other = keystone.pledged_assets[name].model_copy(update={"index": "CRI-H200"})
    terms = keystone.model_copy(
        update={
            "pledged_assets": {**keystone.pledged_assets, "h200": other},
            "index": {**keystone.index, "CRI-H200": keystone.index["CRI-H100"]},
        }
    )
    (key,) = [key for key, clause in terms.covenants.items() if clause.template == "debt_service_coverage"]
    facts = full(terms, {"CRI-H100": "2.0000", "CRI-H200": "1.0000"})
    hours = Figure(value=Fraction(1_000), unit=Unit.GPU_HOURS)

    def pooled(report: Reported | None) -> Reported:
        assert report is not None
        kept = {n: f for n, f in report.figures.items() if not n.startswith("uncontracted")}
        return Reported({**kept, "uncontracted_gpu_hours": hours}, report.source)

    assert outcome(key, templates(), facts).verdict is not Verdict.NOT_DETERMINED
    windows = tuple((end, pooled(report)) for end, report in facts.windows)
    months = tuple((end, pooled(report)) for end, report in facts.months)
    assert (
        outcome(key, templates(), replace(facts, windows=windows, months=months)).verdict
        is Verdict.NOT_DETERMINED
    )


@pytest.mark.parametrize(
    ("template", "term", "period"),
    [
        ("appraisal_trigger", "trailing_period", "13 publication dates"),
        ("rental_rate_floor", "trailing_period", "28 days"),
    ],
)
def test_a_period_in_another_unit_is_refused_and_not_read_as_another_length(
    meridian_text: str, template: str, term: str, period: str
) -> None:
    """Thirteen dates read as thirteen days are a window in which little falls."""
    start = meridian_text.index(f"template: {template}")
    old = next(line for line in meridian_text[start:].splitlines() if term in line)
    text = meridian_text[:start] + meridian_text[start:].replace(old, f"    {term}: {period}", 1)
    deal, problems = load_deal(text, "deal.yaml", clauses_of(templates()))
    assert deal is None
    assert [problem.code for problem in problems] == ["D123"]
