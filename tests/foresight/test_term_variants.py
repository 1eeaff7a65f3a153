"""A draft with a term written otherwise: values, wordings, ranges; two drafts compared; a deal as if closed
on another day.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from covenants import templates
from engine.basics.errors import InputProblems, WrongUsage
from engine.determination.template import Template
from engine.foresight.as_if_closed import as_if_closed
from engine.foresight.comparison import differing_terms, whom_it_serves
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.foresight.term_variants import (
    choices,
    in_the_form_of,
    read_range,
    steps_between,
    varied,
    written_at,
)
from engine.queries.asked_paths import asked_paths
from engine.queries.foresight_questions import compare_wordings, stress
from engine.queries.grid_questions import grid
from engine.terms.as_written import Deal, resolve


def held(deal: Deal) -> FactsByDate:
    texts = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")
    return held_facts(texts, deal.closing_date, resolve(deal, deal.closing_date))


def asked(scenario: str = "B", weeks: int = 20, multiples: str = "1"):  # type: ignore[no-untyped-def]
    return asked_paths(
        (scenario,), "middle", "compound", multiples, None, frozenset(), None, None, None, weeks
    )


def test_a_term_is_written_otherwise_and_the_examples_that_speak_of_it_are_left_out(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    other = varied(meridian, all_templates, {"covenants.cash-sweep.level": "USD 1.60 per GPU-hour"})
    assert resolve(other, other.closing_date).covenants["cash-sweep"].level == Fraction(16, 10)  # type: ignore[attr-defined]
    assert other.examples == ()
    assert written_at(meridian, "covenants.cash-sweep.level") == "USD 1.50 per GPU-hour"
    with pytest.raises(InputProblems):
        varied(meridian, all_templates, {"covenants.cash-sweep.level": "a lot"})


@pytest.mark.parametrize(
    "term", ["covenants.sweep.level", "covenants.cash-sweep", "level", "covenants.ltv.maximum"]
)
def test_a_term_that_is_none_is_refused(meridian: Deal, term: str) -> None:
    with pytest.raises(WrongUsage):
        written_at(meridian, term)


def test_wordings_come_from_the_template_s_own_list(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    assert choices(meridian, all_templates, "covenants.appraisal.measure") == (
        "fall_in_window",
        "fall_across_window",
        "window_start",
        "below_closing",
        "below_closing_at_any_time",
    )
    assert "below level" in choices(meridian, all_templates, "covenants.cash-sweep.begins.when")
    with pytest.raises(WrongUsage, match="not chosen from a list"):
        choices(meridian, all_templates, "covenants.cash-sweep.level")


def test_ranges_and_forms() -> None:
    assert [str(one) for one in steps_between("1.40", "1.60", "0.10")] == ["1.40", "1.50", "1.60"]
    assert read_range("a.b=1:3:1") == ("a.b", ("1", "2", "3"))
    assert read_range("a.b=65%,70%") == ("a.b", ("65%", "70%"))
    for wrong in (
        "a.b",
        "a.b=",
        "a=3:1:1",
        "a=1:2:0",
        "a=1:9999:1",
        "a=x:y:z",
        "a=1:1e999999999:1",
        "a=1/0:2:1",
    ):
        with pytest.raises(WrongUsage):
            read_range(wrong)
    assert in_the_form_of("USD 1.50 per GPU-hour", "1.60") == "USD 1.60 per GPU-hour"
    assert in_the_form_of("65%", "70") == "70%"
    assert in_the_form_of("10 business days", "15") == "15 business days"
    assert in_the_form_of("1.5", "1.4") == "1.4"
    assert in_the_form_of("fall_in_window", "window_start") == "window_start"


def test_every_wording_of_the_appraisal_is_compared_and_one_of_them_differs_under_c(meridian: Deal) -> None:
    found = compare_wordings(
        meridian, "covenants.appraisal.measure", "all", templates, held(meridian), asked("C", 30)
    )
    assert len(found) == 4
    at_any_time = found[-1]
    assert [(one.subject, one.what, one.before, one.after) for one in at_any_time.differences] == [
        ("appraisal", "fails", None, date(2026, 5, 7)),
        ("appraisal", "obliged", None, date(2026, 5, 7)),
        ("appraisal", "due", None, date(2026, 6, 22)),
    ]
    assert whom_it_serves(at_any_time) == {"lender": 2, "borrower": 0}
    assert [term.path for term in at_any_time.terms] == ["covenants.appraisal.measure"]
    # Nothing says what the sweep would take, so not even these two wordings are called the same.
    assert (found[0].differences, found[0].same) == ((), ())
    (money,) = found[0].money
    assert (money.clause, money.before, money.after) == ("cash-sweep", None, None)
    assert money.before_not_known == money.after_not_known > 0


def test_the_same_answer_for_one_worker_and_for_two(meridian: Deal) -> None:
    one = stress(meridian, templates, held(meridian), asked(weeks=14, multiples="1,2.5"), workers=1)
    two = stress(meridian, templates, held(meridian), asked(weeks=14, multiples="1,2.5"), workers=2)
    assert one == two
    assert "appraisal" in one.never
    assert one.left_out == {}


def test_a_grid_has_a_cell_for_each_pair(meridian: Deal) -> None:
    found = grid(
        meridian,
        templates,
        "covenants.ltv.multiple=1.4,1.5",
        "covenants.cash-sweep.level=1.50,2.00",
        "first-failure",
        None,
        held(meridian),
        asked(weeks=13),
    )
    assert [(cell.x, cell.y, cell.value) for cell in found.cells] == [
        ("1.4", "1.50", date(2026, 1, 22)),
        ("1.5", "1.50", date(2026, 3, 26)),
        ("1.4", "2.00", date(2026, 1, 22)),
        ("1.5", "2.00", date(2026, 3, 26)),
    ]
    assert found.left_out == ("weighted_average_rental_rate",)
    asked_of = (
        meridian,
        templates,
        "covenants.rate-floor.minimum=85%",
        "covenants.ltv.multiple=1.5",
        "first-failure",
        "rate-floor",
    )
    held_all_the_same = grid(
        *asked_of, held(meridian), asked(weeks=13), hold=("weighted_average_rental_rate",)
    )
    assert held_all_the_same.left_out == ()
    assert "weighted average rental rate" in held_all_the_same.facts
    with pytest.raises(WrongUsage, match="is not known"):
        grid(meridian, templates, "a=1,2", "b=1,2", "colour", None, held(meridian), asked())


def test_as_if_closed_moves_every_date_with_the_closing_date(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    other = as_if_closed(meridian, all_templates, date(2026, 2, 3), {"CRI-H100": Decimal("1.9929")})
    by = timedelta(days=28)
    assert other.closing_date == date(2026, 2, 3)
    assert [since for since, _ in other.segments] == [since + by for since, _ in meridian.segments]
    terms = resolve(other, other.closing_date)
    assert terms.maturity_date == resolve(meridian, meridian.closing_date).maturity_date + by
    assert terms.index["CRI-H100"].closing_date_level == Fraction(19929, 10000)
    assert {document.dated for document in terms.documents.values()} == {date(2026, 1, 6)}
    with pytest.raises(WrongUsage, match="no value published by"):
        as_if_closed(meridian, all_templates, date(2026, 2, 3), {})
    assert [term.path for term in differing_terms(meridian, meridian)] == []
