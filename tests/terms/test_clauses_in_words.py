"""What a lawyer reads of a clause says every term that decides it: each field is changed in turn, and the
words must change.

The fields are those of the models themselves, so that a template, a block or a field that is added is asked
for here.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve
from engine.terms.clause import Clause
from tests.terms.clause_fields import COMMON, CURE, FULL, ON, REPAYS, WITH, changes, validated, words


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
