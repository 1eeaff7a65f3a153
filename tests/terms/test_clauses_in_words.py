"""What a lawyer reads of a clause says every term that decides it: each field is changed in turn, and the
words must change.

The fields are those of the models themselves, so that a template, a block or a field that is added is asked
for here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.terms.clause import Clause
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.wording.adopted_deal import clauses_read
from engine.wording.clauses import beneath, of_clause
from tests.conftest import DEALS

ON = date(2026, 7, 2)
UNUSUAL = (
    "at least 77% of the shortfall",
    "seven / eight",
    "77.7%",
    "USD 7.77 per GPU-hour",
    "USD 7,777,777",
    "77 days",
    "77 weeks",
    "77 months",
    "7 publication dates",
    "7 determination dates",
    "7 days before determination date",
    "5 of the last 9 determination dates",
    "2029-09-09",
    "7 in any 77 months",
    "fail after 7 determination dates",
    "7 decimals, half to even",
    "7.77",
    "7",
    "09:30",
)
"""A value of every kind that no deal has; a field takes the first that fits its pattern."""
SPRING = {"trigger": "reserve-build", "state": "IN EFFECT", "from": "the next date", "cite": "FA §6.09"}
CURE = {
    "within": "10 business days",
    "after": "determination date",
    "cured_by": ["retest", "equity"],
    "at_most": "2 in any 12 months",
    "passing_for": "2 consecutive determination dates",
    "equity_at_most": "USD 500,000",
    "extension": {
        "within": "90 days",
        "if_made_good": "at least 50% of the shortfall",
        "not_below": "90%",
        "cite": "FA §7.01(b)",
    },
    "cite": "FA §7.01",
}
COMMON = {"cite": "FA §6.01", "if_not_determined": "hold", "tested_while": SPRING}
DEFAULT = {
    "cure": CURE,
    "event_of_default": {"needs": "notice", "cite": "FA §8.01"},
    "failure_is": "a default",
}
COVENANT = {name: term for name, term in DEFAULT.items() if name != "failure_is"}
SWEEP = {
    "share": "50%",
    "of": "excess cash flow",
    "to": "reserve account",
    "until": "USD 1,000,000",
    "on_end": "keep",
    "cite": "FA §4",
}
REPAYS = {name: term for name, term in SWEEP.items() if name not in ("until", "on_end")}
"""A sweep that repays a class of debt has no account."""
DELIVER = {
    "deliver": "independent appraisal",
    "within": "30 business days",
    "after": "determination date",
    "by": "borrower",
    "cite": "FA §5",
}
SWITCHED = {"on": "2026-12-01", "scenario": "C", "point": "low", "shape": "straight line"}
SCENARIO = {"scenario": "B", "point": "middle", "shape": "compound", "switches": [SWITCHED]}
FULL: dict[str, dict[str, Any]] = {
    "rental_rate_floor": {
        **COVENANT,
        "minimum": "85%",
        "trailing_period": "4 weeks",
        "weighted_by": "rented GPU-hours",
    },
    "loan_to_value": {
        **COVENANT,
        "multiple": "1.5",
        "maximum": "65%",
        "advance_rates": {"h100": "75%", "a100": "60%"},
    },
    "cash_sweep": {
        "level": "USD 1.50 per GPU-hour",
        "begins": {"when": "below level", "for": "2 consecutive publication dates"},
        "ends": {
            "when": "above level",
            "level": "USD 1.60 per GPU-hour",
            "for": "3 consecutive publication dates",
        },
        "sweep": SWEEP,
    },
    "appraisal_trigger": {
        "maximum_decline": "25%",
        "trailing_period": "90 days",
        "measure": "window_start",
        "then": DELIVER,
    },
    "overcollateralization": {**DEFAULT, "multiple": "1.5", "limit": "at least 120%"},
    "debt_service_coverage": {**DEFAULT, "period": "3 months", "limit": "at least 1.20x"},
    "pool_coverage": {
        **DEFAULT,
        "multiple": "1.5",
        "scenario": SCENARIO,
        "horizon": "2027-01-20",
        "scheduled_balance": "USD 9,000,000",
        "limit": "at least 120%",
    },
    "index_spread": {
        **DEFAULT,
        "index": "CRI-H200",
        "against": "CRI-H100",
        "as": "ratio",
        "missing_leg": {"at": "USD 2.00 per GPU-hour"},
        "limit": "at least 1.20x",
    },
    "rental_resale_spread": {
        **DEFAULT,
        "asset_class": "h100",
        "since": "closing date",
        "resale_at_reference": "USD 24,000",
        "quotes_too_old_after": "90 days",
        "limit": "at least -20 points",
    },
    "depreciation": {
        **DEFAULT,
        "since": "closing date",
        "between": "straight lines",
        "curve": [{"on": "2026-07-20", "at_most": "20%"}],
    },
    "reference_rate_quality": {**DEFAULT, "quality": "interval width", "limit": "at most 15%"},
    "performance_certification": {
        **DEFAULT,
        "measured_as": "performance against origination",
        "younger_than": "180 days",
        "at_origination": "98%",
        "limit": "at least 90%",
    },
    "contract_spread": {**DEFAULT, "asset_class": "h100", "limit": "at least 15 points"},
    "liquidation_coverage": {
        **DEFAULT,
        "bulk_discount": "35%",
        "quotes_too_old_after": "60 days",
        "limit": "at least 60%",
    },
    "reporting": {**DEFAULT, "limit": "at most 2 days"},
    "reported_figure": {
        **DEFAULT,
        "measured": "collections / debt_service",
        "trailing": {"n": "1", "as": "ratio of sums"},
        "limit": "at least 1.20x",
    },
}
"""A clause of every template in which each block is written: those of its own, and what every clause may
have.
"""
WITH: dict[tuple[str, str], dict[str, str | None]] = {
    ("index_spread", "as"): {"limit": "at least USD 1.20 per GPU-hour"},
    ("reference_rate_quality", "quality"): {"limit": "at most 15"},
    ("performance_certification", "measured_as"): {"at_origination": None},
}
"""What must be written otherwise with a field, or the clause is refused."""
FORMS = {
    "limit": ("at most 7%", "at most 7x", "at most 7 points", "at most 7 days"),
    "early_warning": ("7 points", "7x", "USD 0.07 per GPU-hour", "7 days"),
}
"""Fields whose unit is the template's own: each form is tried."""

Change = tuple[tuple[str | int, ...], Any]


def changes(
    value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any], path: tuple[str | int, ...] = ()
) -> Iterator[Change]:
    """(path, unusual value) of every field of a written block, by the schema of its model."""
    written = list(_forms(schema, defs))
    if len(written) == 1:
        schema = {**schema, **written[0]}
    else:
        blocks = [one for one in written if "properties" in one]
        if isinstance(value, dict):
            schema = next(one for one in blocks if set(value) <= set(one["properties"]))
        elif isinstance(value, list):
            schema = next(one for one in written if one.get("type") == "array")
        else:
            assert not blocks or value is not None, (
                f"{path} is a block: write it in FULL, that its fields are asked for"
            )
            schema = next(one for one in written if one.get("type") != "null" and "properties" not in one)
    if isinstance(value, dict) and "properties" in schema:
        for name, of in schema["properties"].items():
            if name != "template":
                yield from changes(value.get(name), of, defs, (*path, name))
    elif isinstance(value, list) and isinstance(value[0], dict):
        for number, item in enumerate(value):
            yield from changes(item, schema["items"], defs, (*path, number))
    elif "const" not in schema:
        for other in _others(value, schema, path):
            yield path, other


def _forms(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The forms that a field may have, each without references."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if "$ref" in schema:
        yield from _forms(defs[schema["$ref"].rpartition("/")[2]], defs)
    elif options:
        for one in options:
            yield from _forms(one, defs)
    else:
        yield schema


def _others(value: Any, schema: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Any]:
    if "enum" in schema:
        yield from (
            one for one in schema["enum"] if one != (schema.get("default") if value is None else value)
        )
    elif schema.get("type") == "array" and path[-1] == "months":
        yield ["2", "5", "8", "11"]
    elif schema.get("type") == "array":
        yield value[:1]
    elif schema.get("type") == "boolean":
        yield not value
    elif path[-1] in FORMS:
        yield FORMS[str(path[-1])]
    elif "pattern" in schema and not schema["pattern"].startswith("^[A-Za-z"):
        yield next(one for one in UNUSUAL if re.search(schema["pattern"], one))
    else:
        yield "unusual-words"


def changed(written: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a block with one field written otherwise."""
    if not path:
        return value
    copy = dict(written) if isinstance(written, dict) else list(written)
    if isinstance(path[0], str) and isinstance(copy, dict):
        copy[path[0]] = changed(copy.get(path[0]), path[1:], value)
    elif isinstance(path[0], int) and isinstance(copy, list):
        copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


def validated(
    model: type[BaseModel], written: dict[str, Any], path: tuple[str | int, ...], value: Any
) -> Any:
    """The block with one field changed; of several forms the one that the block's unit allows."""
    for one in value if isinstance(value, tuple) else (value,):
        try:
            return model.model_validate(changed(written, path, one))
        except ValueError as error:
            problem = error
    raise AssertionError(f"{path} cannot be {value}: {problem}")


def words(deal: Deal, terms: TermsInForce, key: str, templates: Mapping[str, Template]) -> str:
    """All that `headroom explain DEAL CLAUSE --clause` prints of a clause."""
    now = replace(deal, segments=((deal.closing_date, terms),))
    (read,) = (one for one in clauses_read(terms, templates) if one.key == key)
    lines = (*of_clause(now, ON, key, templates), *beneath(now, ON, (key,)))
    return "\n".join(
        [
            read.cite,
            read.text or "",
            read.reading,
            *read.consequences,
            *(f"{line.label}: {line.text}" for line in lines),
        ]
    )


@pytest.fixture(scope="module")
def cascade(load: Callable[[str], Deal]) -> Deal:
    return load((DEALS / "cascade-mixed-2026.yaml").read_text(encoding="utf-8"))


def _refused(model: type[Clause]) -> tuple[str, ...]:
    """Which of an index and a class of debt decide nothing in clauses of a template, so that `check` refuses
    them (D541).
    """
    taken = {
        "index": model.on_one_index or model.may_take_index,
        "class": model.may_take_class,
        "counted": model.may_take_class,
    }
    return tuple(name for name, decides in taken.items() if not decides)


@pytest.mark.parametrize("name", sorted(FULL))
def test_every_field_of_a_template_changes_what_is_read_of_its_clause(
    cascade: Deal, all_templates: dict[str, Template], name: str
) -> None:
    terms, template = resolve(cascade, ON), all_templates[name]

    def read(clause: Any) -> str:
        return words(
            cascade,
            terms.model_copy(update={"covenants": {**terms.covenants, "one": clause}}),
            "one",
            all_templates,
        )

    written = {"template": name, **COMMON, **FULL[name]}
    if template.terms.on_one_index or "index" in template.terms.model_fields:
        written.setdefault("index", "CRI-H100")
    written.setdefault("failure_is", template.terms.failure_may_be[0])
    unchanged = read(template.terms.model_validate(written))
    schema = template.terms.model_json_schema(by_alias=True)
    silent = []
    for path, value in changes(written, schema, schema.get("$defs", {})):
        if path[0] in _refused(template.terms) or (
            path[0] == "failure_is" and value not in template.terms.failure_may_be
        ):
            continue
        if path == ("trailing", "as") and value in ("sum", "mean"):
            continue  # a ratio is not taken so
        also = WITH.get((name, str(path[0])), {}) | ({"class": "term_loan"} if path[0] == "counted" else {})
        also |= {"sweep": REPAYS} if path == ("sweep", "to") else {}
        other = {"class": "term_loan", "counted": "alone" if value != "alone" else "with senior classes"}
        before = (
            read(template.terms.model_validate({**written, **other})) if path[0] == "counted" else unchanged
        )
        unusual = {"h100": "50%", "a100": "60%"} if path == ("advance_rates",) else value
        if read(validated(template.terms, {**written, **also}, path, unusual)) == before:
            silent.append((path, value))
    assert silent == []


def test_every_template_is_asked_for(all_templates: dict[str, Template]) -> None:
    assert set(FULL) == set(all_templates)


def test_a_clause_without_a_cure_says_so_and_what_follows(
    cascade: Deal, all_templates: dict[str, Template]
) -> None:
    terms = resolve(cascade, ON)
    written = {"template": "loan_to_value", **COMMON, **FULL["loan_to_value"], "cure": "none"}
    clause = all_templates["loan_to_value"].terms.model_validate(written)
    said = words(cascade, terms.model_copy(update={"covenants": {"one": clause}}), "one", all_templates)
    assert "cure: There is none: an Event of Default is indicated on the date of the breach itself." in said


LEAF = {"test": "ltv", "result": "FAIL", "for": "2 consecutive determination dates"}
OF_A_LEAF = ("trigger", "test", "result", "state", "for", "announced", "index", "on_or_after", "event")
TRIGGER: dict[str, Any] = {
    "cite": "FA §4.07",
    "text": "Words.",
    "begins": {
        "any_of": [
            {"all_of": [LEAF, {"test": "pool-rent", "result": "PASS"}]},
            {"announced": "cessation", "index": "CRI-H100"},
            {
                "at_least": {
                    "n": "2",
                    "of": [
                        LEAF,
                        {"trigger": "reserve-build", "state": "IN EFFECT"},
                        {"test": "ltv", "state": "CURE PERIOD"},
                    ],
                }
            },
        ]
    },
    "ends": {"all_of": [LEAF, {"test": "ltv", "state": "COMPLIANT"}]},
    "cure": {
        "within": "30 days",
        "after": "determination date",
        "cured_by": ["retest", "equity"],
        "at_most": "1 in any 24 months",
        "cite": "FA §4.08",
    },
    "consequences": [
        {
            "kind": "other",
            "effect": "something follows",
            "who": "servicer",
            "margin": "0.50%",
            "amount": "USD 900,000",
            "order": ["fees", "interest"],
            "sweep": SWEEP,
            "deliver": DELIVER,
            "cite": "FA §4.07(b)",
        }
    ],
    "esma": {"changes_priority_of_payments": True, "replaces_counterparty": False},
}


def test_every_field_of_a_composite_trigger_changes_what_is_read_of_it(
    cascade: Deal, all_templates: dict[str, Template]
) -> None:
    terms = resolve(cascade, ON)

    def read(trigger: TriggerTerms) -> str:
        return words(cascade, terms.model_copy(update={"triggers": {"one": trigger}}), "one", all_templates)

    before = read(TriggerTerms.model_validate(TRIGGER))
    schema = TriggerTerms.model_json_schema(by_alias=True)
    silent = []
    for path, value in changes(TRIGGER, schema, schema["$defs"]):
        names_two = path[-1] in OF_A_LEAF and _at(TRIGGER, path) is None  # a leaf that no file may hold
        outlasts = path == ("consequences", 0, "ends")  # a sweep that no file may hold
        own = changed(TRIGGER, path[:-1], REPAYS) if path[-2:] == ("sweep", "to") else TRIGGER
        if not names_two and not outlasts and read(validated(TriggerTerms, own, path, value)) == before:
            silent.append((path, value))
    assert silent == []
    lasting = {name: said for name, said in TRIGGER["consequences"][0].items() if name != "sweep"} | {
        "ends": "never"
    }
    assert "for good" in read(TriggerTerms.model_validate({**TRIGGER, "consequences": [lasting]}))
    assert "never ends" in read(TriggerTerms.model_validate({**TRIGGER, "ends": "never"}))
    assert "for good" in read(TriggerTerms.model_validate({**TRIGGER, "ends": "never"}))


def _at(written: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        written = written.get(step) if isinstance(written, dict) else written[step]
    return written


INDEX: dict[str, Any] = {
    "source": "published by the administrator",
    "cadence": "daily",
    "day_read": "the publication date",
    "methodology": {
        "policy": "current",
        "version": "1.1.1",
        "consent_needed_for": "material changes",
        "material_above": "5%",
        "cite": "FA §2",
    },
    "closing_date_level": "USD 2.10 per GPU-hour",
    "low_confidence": {
        "effect": "decisive only",
        "judged_by": "the methodology",
        "decisive_at": "95%",
        "applies_to": "failures and cures",
        "deadline": "runs on",
        "at_most": "4 determination dates",
        "then": "the result counts",
        "cite": "FA §2.14(g)",
    },
    "late_publication": {"accepted_for": "5 business days", "cite": "FA §2.14(e)"},
    "restatement": {"accepted_for": "5 business days", "effect": "retest", "cite": "FA §2.14(f)"},
    "cite": "FA §1.01",
    "fallback": [
        {"use": "published value", "cite": "FA §2.14(a)"},
        {"use": "last published value", "for_at_most": "1 publication date", "cite": "FA §2.14(b)"},
    ],
}
ASSET = {
    "model": "H100 SXM",
    "gpus": "1000",
    "availability": "95%",
    "index": "CRI-H100",
    "performance_factor": "0.9",
    "missing_index": {"at": "USD 1.00 per GPU-hour"},
    "cite": "FA Schedule 1",
}
BLEND = {
    "of": {"CRI-H100": "60%", "CRI-H200": "40%"},
    "weights": "fixed",
    "missing_component": {"at": "USD 1.00 per GPU-hour"},
    "cite": "FA §1.01",
}
REPORTS = {
    "every": "week",
    "due": "1 business day before determination date",
    "too_old_after": "14 days",
    "corrected_report": "from then on",
    "late_keying": {"accepted_for": "10 business days"},
    "tolerance": {"outstanding_principal": "10%", "weighted_average_rate": "15%", "others": "50%"},
    "cite": "FA §5.02",
}
DATES = {
    "every": "quarter",
    "months": ["3", "6", "9", "12"],
    "day": "10",
    "first": "2026-02-10",
    "if_not_a_business_day": "same day",
    "cut_off": "18:00",
    "cite": "FA §1.01",
}
PAID = {
    "every": "quarter",
    "months": ["3", "6", "9", "12"],
    "day": "10",
    "if_not_a_business_day": "same day",
    "cite": "FA §2.05",
}
DEBT = {"original_principal": "USD 9,000,000", "rate": "6.00%", "cite": "FA §2.01"}
BENEATH: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "index": ("pool-rent", INDEX, "CRI-H100"),
    "blended_rates": ("pool-rent", BLEND, "POOL"),
    "pledged_assets": ("ltv", ASSET, "h100"),
    "servicer_reports": ("ltv", REPORTS, None),
    "determination_dates": ("ltv", DATES, None),
    "payment_dates": ("reserve-build", PAID, None),
    "debt": ("ltv", DEBT, "term_loan"),
    "rounding": ("ltv", {"ratios": "unrounded", "cite": "FA §1.04"}, None),
}
"""For each section that clauses rest on: a clause that does, the section's block in full, its key."""
DECIDES_NOTHING = {"register", "cusip", "isin", "multiples"}
"""`multiples` decides a clause that is measured in multiples: `test_what_was_left.py` reads one."""


@pytest.mark.parametrize("section", BENEATH)
def test_every_field_of_what_a_clause_rests_on_changes_what_is_read_of_it(
    cascade: Deal, all_templates: dict[str, Template], section: str
) -> None:
    terms, (key, written, name) = resolve(cascade, ON), BENEATH[section]
    ltv = terms.covenants["ltv"].model_copy(update={"debt_class": "term_loan"})
    terms = terms.model_copy(update={"covenants": {**terms.covenants, "ltv": ltv}})
    found = getattr(terms, section)
    model = type(found[name] if name else found)

    def read(block: Any) -> str:
        return words(
            cascade,
            terms.model_copy(update={section: {**found, name: block} if name else block}),
            key,
            all_templates,
        )

    before = read(model.model_validate(written))
    schema = model.model_json_schema(by_alias=True)
    silent = []
    for path, value in changes(written, schema, schema.get("$defs", {})):
        other = {"CRI-H100": "50%", "CRI-A100-PCIE": "50%"} if path == ("of",) else value
        if path[-1] not in DECIDES_NOTHING and read(validated(model, written, path, other)) == before:
            silent.append((path, value))
    assert silent == []


def test_the_figures_that_a_clause_measures_are_read_with_their_units(load: Callable[[str], Deal]) -> None:
    deal = load((DEALS / "tidewater-warehouse-2026.yaml").read_text(encoding="utf-8"))
    said = [line.text for line in beneath(deal, ON, ("liquidity",)) if line.label == "figure"]
    assert said == [
        'cash is reported in USD, as it stands at a point in time (WA §1.01 "Liquidity").',
        'undrawn is reported in USD, as it stands at a point in time (WA §1.01 "Liquidity").',
    ]
    (rented, _) = [line.text for line in beneath(deal, ON, ("utilization",)) if line.label == "figure"]
    assert (
        rented
        == 'rented is reported in GPU-hours, of the whole period of the report (WA §1.01 "Utilization").'
    )


def test_every_dated_step_and_amendment_of_a_term_is_read_with_its_date_and_section(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    deal = load((DEALS / "lakeshore-ddtl-2025.yaml").read_text(encoding="utf-8"))
    said = [line.text for line in of_clause(deal, ON, "ltv", all_templates) if line.label == "steps"]
    assert any(text.startswith("maximum: 70% from 2025-09-02; 75% from 2026-02-02 (") for text in said)
    assert any("72% from 2026-06-26 (" in text and "AM4 §2" in text for text in said)


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_deal_is_read_in_raw_keys_or_broken_sentences(
    load: Callable[[str], Deal], all_templates: dict[str, Template], path: Any
) -> None:
    deal = load(path.read_text(encoding="utf-8"))
    terms = resolve(deal, ON)
    for key in (*terms.covenants, *terms.triggers):
        said = words(deal, terms, key, all_templates)
        for wrong in (
            "  ",
            "None",
            "class_",
            "Fraction",
            "unless the deal says otherwise",
            " a independent",
            "an default",
            "..",
            ";;",
        ):
            assert wrong not in said, (wrong, said)


def test_a_step_of_what_a_clause_rests_on_is_read_beneath_it(load: Callable[[str], Deal]) -> None:
    text = (
        (DEALS / "cascade-mixed-2026.yaml")
        .read_text(encoding="utf-8")
        .replace("weights: register", "weights: fixed")
    )
    for old, new in (
        ("CRI-H100: 60%", "CRI-H100: {2026-01-20: 60%, 2026-09-01: 50%}"),
        ("CRI-H200: 30%", "CRI-H200: {2026-01-20: 30%, 2026-09-01: 40%}"),
        ("gpus: 600", "gpus: {2026-01-20: 600, 2026-05-01: 700}"),
        ("too_old_after: 14 days", "too_old_after: {2026-01-20: 14 days, 2026-05-01: 21 days}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    said = [line.text for line in beneath(load(text), ON, ("pool-rent",))]
    assert "of, CRI-H100: 60% from 2026-01-20; 50% from 2026-09-01" in said
    assert "h200, gpus: 600 from 2026-01-20; 700 from 2026-05-01" in said
    assert "servicer reports, too old after: 14 days from 2026-01-20; 21 days from 2026-05-01" in said


@pytest.mark.parametrize(
    ("name", "also", "said"),
    [
        (
            "appraisal_trigger",
            {},
            "While the Closing Date lies in the window, the Closing Date level is the value of that date.",
        ),
        (
            "appraisal_trigger",
            {"measure": "below_closing_at_any_time"},
            "the trailing 90 days decide nothing in this reading. More than 25%",
        ),
        (
            "depreciation",
            {"index": "CRI-H100"},
            (
                "straight lines between, from 0% at the Closing Date. After 2026-07-20 the test is not "
                "determined."
            ),
        ),
        ("pool_coverage", {}, "After 2027-01-20 the test is not determined."),
        ("loan_to_value", {}, "springing: What decides is the state before the date's own results"),
        (
            "loan_to_value",
            {"cure": {**CURE, "after": "notice by the agent"}},
            "begins when the Act `notice by the agent` is recorded; until then",
        ),
        (
            "loan_to_value",
            {"cure": {**CURE, "after": "earlier of knowledge and notice"}},
            (
                "begins when the Act `knowledge of the borrower` or `notice by the agent` is recorded; until "
                "then"
            ),
        ),
        (
            "loan_to_value",
            {"cure": {**CURE, "at_most": "2 in total and 1 in any 12 months"}},
            (
                "It may be cured at most twice in total and once in any 12 months; a failure beyond that "
                "has no "
                "Cure Period."
            ),
        ),
        (
            "loan_to_value",
            {"if_not_determined": "fail after 2 determination dates"},
            "the last of them and each one after it counts as a failure",
        ),
    ],
)
def test_what_decides_a_result_is_said_in_words(
    cascade: Deal, all_templates: dict[str, Template], name: str, also: dict[str, Any], said: str
) -> None:
    terms = resolve(cascade, ON)
    clause = all_templates[name].terms.model_validate(
        {"template": name, **COMMON, **FULL[name], "index": None, **also}
    )
    assert said in words(
        cascade, terms.model_copy(update={"covenants": {"one": clause}}), "one", all_templates
    )


def test_a_material_change_of_method_is_said_with_what_makes_it_material(load: Callable[[str], Deal]) -> None:
    text = (DEALS / "harbour-bilateral-2026.yaml").read_text(encoding="utf-8")
    policy = "{policy: current, consent_needed_for: material changes, material_above: 4%, cite: FA cl. 8.7}"
    said = [
        line.text
        for line in beneath(load(text.replace("{policy: pinned, version: 1.1-wp}", policy)), ON, ("ltv",))
    ]
    (one,) = [text for text in said if "material" in text]
    assert (
        "moves the first week's value by more than 4%, or where that week was not published under both "
        "versions" in one
    )
    assert (
        "No value under a version that is materially different is used before the day of the Act `consent` "
        "that names it." in one
    )
