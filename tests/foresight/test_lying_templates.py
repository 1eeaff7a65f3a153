"""A template whose `columns` says otherwise than its `measure` cannot be compiled, however it lies: the error
names the test, the date, and what each of the two says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.template import Facts, Template
from engine.foresight.columns.many_paths import run_columns
from engine.foresight.columns.proof import Differs
from engine.foresight.facts_by_date import held_facts
from engine.terms.as_written import Deal, resolve
from tests.foresight.test_columns import few

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
WEEKS, PATHS = 20, 3
TICK = Fraction(1, 10_000)
Change = Callable[[LinearForm, Any, Facts], LinearForm]


def lying(template: Template, change: Change) -> Template:
    """The template with a form that is changed on each date."""
    true = template.columns
    assert true is not None

    def columns(terms: Any, facts: Facts) -> LinearForm | None:
        form = true(terms, facts)
        return form and change(form, terms, facts)

    return replace(template, columns=columns)


def limit(by: Fraction) -> Change:
    return lambda form, _terms, _facts: replace(form, limit=(form.limit or Fraction(0)) + by)


def statistics(change: Callable[[Statistic], Statistic]) -> Change:
    return lambda form, _terms, _facts: replace(
        form, parts=tuple((change(one), weight) for one, weight in form.parts)
    )


def moved(days: int) -> Change:
    """The window begins so many days later."""
    return statistics(
        lambda one: one if one.since is None else replace(one, since=one.since + timedelta(days=days))
    )


def counted(count: int) -> Change:
    return statistics(lambda one: replace(one, count=one.count + count))


def carried(one: Statistic) -> Statistic:
    """A carried rate in place of a published value."""
    return replace(one, kind="rate") if one.kind == "published" else one


def other_sign(form: LinearForm, _terms: Any, _facts: Facts) -> LinearForm:
    return replace(form, parts=tuple((one, -weight) for one, weight in form.parts))


def rounded(form: LinearForm, _terms: Any, _facts: Facts) -> LinearForm:
    """The limit of 0.2625 as USD 0.26."""
    return replace(form, limit=Fraction(round((form.limit or Fraction(0)) * 100), 100))


def without_gate(form: LinearForm, _terms: Any, _facts: Facts) -> LinearForm:
    return replace(form, gate=None)


def other_switch(form: LinearForm, terms: Any, facts: Facts) -> LinearForm:
    """The reading `below_closing_at_any_time`, whatever the term says."""
    today = Statistic("published", facts.terms.index_of(terms))
    closing = facts.closing_level(today.index)
    return LinearForm(((today, Fraction(-1)),), (terms.maximum_decline - 1) * closing)


def half_weight(form: LinearForm, _terms: Any, _facts: Facts) -> LinearForm:
    """Another weight for one of two parts."""
    (one, weight), *others = form.parts
    return replace(form, parts=((one, weight / 2), *others))


def not_at_closing(form: LinearForm, _terms: Any, _facts: Facts) -> LinearForm:
    return statistics(lambda one: replace(one, at_closing=None))(form, _terms, _facts)


LIES: dict[str, tuple[str, str, Change]] = {
    "a tick above the limit": ("appraisal_trigger", "fall_in_window", limit(TICK)),
    "a tick below the limit": ("appraisal_trigger", "fall_in_window", limit(-TICK)),
    "a limit rounded to cents": ("appraisal_trigger", "fall_in_window", rounded),
    "the other sign": ("appraisal_trigger", "fall_in_window", other_sign),
    "a carried rate for a published one": ("appraisal_trigger", "fall_in_window", statistics(carried)),
    "a window that begins a week later": ("appraisal_trigger", "fall_in_window", moved(7)),
    "a window that begins a week earlier": ("appraisal_trigger", "fall_in_window", moved(-7)),
    "the first value of another week": ("appraisal_trigger", "fall_across_window", moved(7)),
    "a Closing Date level left out": ("appraisal_trigger", "fall_in_window", not_at_closing),
    "a condition left out": ("appraisal_trigger", "below_closing", without_gate),
    "another reading than the term's": ("appraisal_trigger", "fall_in_window", other_switch),
    "another weight": ("appraisal_trigger", "fall_in_window", half_weight),
    "one date too few": ("rental_rate_floor", "fall_in_window", counted(-1)),
    "one date too many": ("rental_rate_floor", "fall_in_window", counted(1)),
}
"""Each lie with the template that tells it, and the reading of the appraisal."""


def compiled(deal: Deal, templates: dict[str, Template]) -> None:
    given = held_facts(HELD, deal.closing_date, resolve(deal, deal.closing_date))
    until = deal.closing_date + timedelta(weeks=WEEKS)
    run_columns(deal, templates, few(deal, WEEKS, PATHS), given, until)


def meridian_of(load: Callable[[str], Deal], text: str, measure: str) -> Deal:
    """Meridian with a window of eight weeks, so that it fills and then moves."""
    text = text.split("worked_examples:")[0].replace("maximum_decline: 25%", "maximum_decline: 12.5%")
    return load(text.replace("measure: fall_in_window", f"measure: {measure}").replace("90 days", "8 weeks"))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_columns_is_refused_with_both_figures(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template], lie: str
) -> None:
    name, measure, change = LIES[lie]
    deal = meridian_of(load, meridian_text, measure)
    key = next(key for key, one in resolve(deal, deal.closing_date).covenants.items() if one.template == name)
    with pytest.raises(
        Differs, match=rf"^{key} on 2026-\d\d-\d\d: measure gives .*its columns (turn after|say|give)"
    ):
        compiled(deal, {**all_templates, name: lying(all_templates[name], change)})


@pytest.mark.parametrize("measure", ["fall_in_window", "fall_across_window", "below_closing", "window_start"])
def test_the_truth_is_compiled(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template], measure: str
) -> None:
    compiled(meridian_of(load, meridian_text, measure), all_templates)


def test_another_operator_in_measure_than_columns_knows_is_refused(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """`measure` fails at the limit itself, and its columns still pass there."""
    true = all_templates["appraisal_trigger"]

    def strict(terms: Any, facts: Facts) -> Any:
        return replace(true.measure(terms, facts), comparison="less than")

    deal = meridian_of(load, meridian_text, "fall_in_window")
    with pytest.raises(Differs, match=r"measure gives PASS up to 2624 .* its columns say PASS up to 2625"):
        compiled(deal, {**all_templates, "appraisal_trigger": replace(true, measure=strict)})
