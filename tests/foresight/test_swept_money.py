"""The money of a sweep whose figures are missing is not known, in every answer and in the same words."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from engine.events.swept_money import SweptMoney, swept_money
from engine.foresight.comparison import Money
from engine.terms.as_written import Deal
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.foresight.test_every_command import history

FILE = str(DEALS / "meridian-2026-1.yaml")
PATH = ("--scenario", "C", "--point", "high", "--multiples", "2.5", "--weeks", "34")
FALLING = ("--scenario", "C", "--point", "high", "--weeks", "34", "--jump", "-60%@2w")
HELD = ("--fact", "outstanding_principal=USD 16,000,000", "--workers", "1")
GIVEN = [
    word
    for one in (
        *("collections=USD 1,150,000", "operating_costs=USD 290,000"),
        *("debt_service=USD 640,000", "fees=USD 20,000"),
    )
    for word in ("--fact", one)
]
TERM = ("--term", "covenants.ltv.if_not_determined=hold|fail")


@pytest.mark.parametrize(
    ("amounts", "money", "words", "whole"),
    [
        ([], SweptMoney(Fraction(0)), "USD 0.00", Fraction(0)),
        ([Fraction(5), Fraction(2)], SweptMoney(Fraction(7)), "USD 7.00", Fraction(7)),
        ([None], SweptMoney(None, 1), "not known on 1 Payment Date", None),
        ([Fraction(0), None], SweptMoney(Fraction(0), 1), "USD 0.00; not known on 1 Payment Date", None),
        (
            [Fraction(3), None, None],
            SweptMoney(Fraction(3), 2),
            "USD 3.00; not known on 2 Payment Dates",
            None,
        ),
    ],
)
def test_a_sum_says_what_it_lacks(
    amounts: list[Fraction | None], money: SweptMoney, words: str, whole: Fraction | None
) -> None:
    assert swept_money(amounts) == money
    assert (money.words("USD "), money.whole) == (words, whole)


def test_a_cell_of_a_grid_is_not_known_where_a_figure_is_missing(tmp_path: Path) -> None:
    words = ("grid", FILE, "--x", "covenants.ltv.multiple=1.4", "--y", "covenants.ltv.if_not_determined=hold")
    into = tmp_path / "grid.csv"
    asked = (*words, *FALLING, *HELD, "--show", "swept", "--of", "cash-sweep", "--into", str(into))
    assert re.search(r"hold +not known", headroom(*asked).stdout)
    assert into.read_text(encoding="utf-8").rstrip().endswith("not known")
    assert re.search(r"hold +[1-9][\d,]+\.\d\d", headroom(*asked, *GIVEN, "--hold", "collections").stdout)


def test_two_sums_that_are_not_known_are_not_said_to_be_the_same() -> None:
    asked = ("compare", FILE, *TERM, *PATH, *HELD)
    said = headroom(*asked).stdout
    assert re.search(
        r"cash-sweep sweeps not known on \d Payment Dates under the first, and not known on", said
    )
    assert "Nothing differs" not in said
    (comparison,) = json.loads(headroom(*asked, "--json").stdout)["comparisons"]
    (money,) = comparison["money"]
    assert (money["before"], money["after"], comparison["same"]) == (None, None, [])
    assert money["before_not_known"] == money["after_not_known"] > 0
    assert Money("C", "a", Fraction(1), None, 0, 2).words() == (
        "On C a sweeps USD 1.00 under the first, and not known on 2 Payment Dates under the second."
    )


def test_a_simulation_says_on_how_many_paths_a_sweep_is_not_known(meridian: Deal, tmp_path: Path) -> None:
    """Without the figures of a Payment Date it said nothing of the money, as if a sweep brought none."""
    past = ("--history", str(history(tmp_path, meridian)))
    asked = ("simulate", FILE, "--paths", "100", "--weeks", "40", "--prior", "weekly 8%", *past, *HELD)
    (money,) = json.loads(headroom(*asked, "--json").stdout)["swept"]
    assert (money["clause"], money["mean"], money["low"], money["high"]) == ("cash-sweep", None, None, None)
    assert 0 < money["not_known"] < 1
    words = r"What cash-sweep sweeps is not known\. On \d+\.\d% of the paths a Payment Date lacks one of collections,"
    assert re.search(words, headroom(*asked).stdout)
    given = (*asked, *GIVEN, "--hold", "collections")
    (money,) = json.loads(headroom(*given, "--json").stdout)["swept"]
    assert (money["not_known"], money["mean"] > 0) == (0, True)
    assert "cash-sweep sweeps USD " in headroom(*given).stdout
