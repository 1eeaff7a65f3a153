"""What a lawyer reads of a composite trigger says every term that decides it: each field is changed in turn."""

from __future__ import annotations

from typing import Any

from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TriggerTerms
from tests.terms.clause_fields import DELIVER, ON, REPAYS, SWEEP, changed, changes, validated, words

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
