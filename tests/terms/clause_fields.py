"""Every field of a clause, a trigger or a block, and an unusual value of each; the words that are read of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import BaseModel

from engine.determination.template import Template
from engine.terms.as_written import Deal
from engine.terms.in_force import TermsInForce
from engine.wording.adopted_deal import clauses_read
from engine.wording.clauses import beneath, of_clause

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
