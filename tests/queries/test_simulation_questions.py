"""A simulation from end to end: the same for any number of workers, errors beside probabilities, what follows
the rate left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from covenants import templates
from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.probabilities import probability
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.queries.calibration_questions import ModelAsked
from engine.queries.simulation_questions import simulate
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import history

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")


def held(deal: Deal) -> FactsByDate:
    return held_facts(HELD, deal.closing_date, resolve(deal, deal.closing_date))


def test_the_same_probabilities_for_one_and_for_two_workers(meridian: Deal, tmp_path: Path) -> None:
    asked = ModelAsked(history(tmp_path, 40), date(2026, 12, 31), paths=1100, weeks=8)
    one, two = (
        simulate(meridian, templates, None, held(meridian), asked, workers=workers) for workers in (1, 2)
    )
    assert one == two
    assert one.left_out == ("weighted_average_rental_rate",)
    assert one.undetermined == ("rate-floor",)
    assert one.one_by_one == ()
    fails = next(chance for chance in one.chances if (chance.subject, chance.what) == ("ltv", "fails"))
    assert list(fails.within) == [4, 8]
    assert 0 < fails.within[4][0] < fails.within[8][0] < 1
    assert fails.within[8][1] == pytest.approx((fails.within[8][0] * (1 - fails.within[8][0]) / 1100) ** 0.5)
    assert len(one.fan) == 8
    assert one.fan[0][2] == pytest.approx(2.10, rel=0.02)


def test_what_follows_the_rate_is_held_only_by_name(meridian: Deal, tmp_path: Path) -> None:
    asked = ModelAsked(history(tmp_path, 40), date(2026, 12, 31), paths=100, weeks=6)
    for wrong, said in (
        ("fees", "no fact gives it; given: outstanding_principal"),
        ("rent", "no fact gives it"),
    ):
        with pytest.raises(WrongUsage, match=said):
            simulate(meridian, templates, None, held(meridian), asked, hold=(wrong,))
    found = simulate(meridian, templates, None, held(meridian), asked, hold=("weighted_average_rental_rate",))
    assert (found.left_out, found.undetermined) == ((), ())
    jumped = simulate(meridian, templates, None, held(meridian), replace(asked, jump="-50%@2w"))
    assert jumped.fan[5][4] < found.fan[5][0] * 2
    assert {chance.subject for chance in jumped.chances} >= {"ltv", "appraisal", "cash-sweep"}


RENT = "weighted_average_rental_rate={follows: CRI-H100, share: 86%, over: 13 weeks}"
CASH = 'collections={follows: CRI-H100, from: "USD 1,150,000", over: 4 weeks}'


def test_what_is_linked_follows_every_path_and_is_said(meridian: Deal, tmp_path: Path) -> None:
    """Nothing is left open, for any number of workers; the answer says what follows, how, and what is held."""
    terms = resolve(meridian, meridian.closing_date)
    texts = (HELD[0], RENT, CASH, "contracted_revenue=USD 700,000", "operating_costs=USD 290,000")
    given = held_facts((*texts, "debt_service=USD 640,000", "fees=USD 20,000"), meridian.closing_date, terms)
    asked = ModelAsked(history(tmp_path, 40), date(2026, 12, 31), paths=80, weeks=20)
    one, two, three = (
        simulate(meridian, templates, None, given, asked, workers=workers) for workers in (1, 2, 3)
    )
    assert one == two == three
    assert (one.left_out, one.undetermined, one.undecided, one.sooner) == ((), (), {}, {})
    assert "rate-floor" in {chance.subject for chance in one.chances}
    said = one.follows["weighted_average_rental_rate"]
    assert (said.index, said.factor, said.weeks) == ("CRI-H100", Fraction(86, 100), 13)
    assert one.follows["collections"].factor == Fraction(1_150_000) / Fraction("2.10")
    assert one.assumed == (
        "These figures follow the rate of each path: weighted average rental rate, 86% of the mean of CRI-H100 over 13 "
        "weeks; collections, USD 1,150,000.00 at the Closing Date level, moved with the mean of CRI-H100 "
        "over 4 weeks.",
        "These figures are held whatever the rate is: outstanding principal USD 16,000,000.00; contracted revenue USD "
        "700,000.00; operating costs USD 290,000.00; debt service USD 640,000.00; fees USD 20,000.00.",
    )
    with pytest.raises(WrongUsage, match="follows the rate, so it cannot be held as well"):
        simulate(meridian, templates, None, given, asked, hold=("collections",))


def test_a_deal_of_several_indices_is_simulated_on_a_model_of_each(
    load: Callable[[str], Deal], tmp_path: Path
) -> None:
    deal = load((DEALS / "northfield-abs-2026-1.yaml").read_text(encoding="utf-8"))
    indices = tuple(resolve(deal, deal.closing_date).index)
    one = history(tmp_path, 40).read_text(encoding="utf-8").splitlines()
    table = tmp_path / "several.csv"
    table.write_text(
        "\n".join([f"index,{one[0]}", *(f"{name},{line}" for name in indices for line in one[1:])]),
        encoding="utf-8",
    )
    given = held_facts(
        ("outstanding_principal=USD 12,000,000",), deal.closing_date, resolve(deal, deal.closing_date)
    )
    found = simulate(deal, templates, None, given, ModelAsked(table, date(2026, 12, 31), paths=200, weeks=6))
    assert (found.index, *(other.index for other in found.others)) == indices
    assert found.others[0].sigma == found.sigma  # of the same history, and yet on paths of its own
    assert [week[2] / found.start for week in found.fan] != [
        week[2] / found.others[0].start for week in found.others[0].fan
    ]
    assert "pool-ltv" in {chance.subject for chance in found.chances} | set(found.never)
    with pytest.raises(InputProblems) as refused:
        simulate(deal, templates, None, given, ModelAsked(history(tmp_path, 40), date(2026, 12, 31)))
    assert refused.value.problems[0].what == "the history has no column index"


def test_probabilities_are_printed_with_their_error() -> None:
    assert [probability(*one) for one in ((0.32, 0.012), (0.004, 0.001), (0.0, 0.0), (1.0, 0.0))] == [
        "0.32 ± 0.01",
        "<0.01",
        "0.00 ± 0.01",
        "1.00 ± 0.01",
    ]
