"""`headroom ladder` of a draft whose terms or facts change later: each later ladder, and a sentence on the rest."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from engine.basics.values import Figure, Unit
from engine.cli.show.ladder import show_ladders
from engine.determination.template import Template
from engine.foresight.drafted_ladder import ladder_at_closing
from engine.foresight.facts_by_date import Dated, FactsByDate
from engine.foresight.ladder import later_words
from engine.queries.foresight_questions import LadderAnswer
from engine.terms.as_written import Deal

STEP = "From 2027-01-06: each rate held at its Closing Date level until then"


def answer(deal: Deal, templates: dict[str, Template], draws: int) -> LadderAnswer:
    """Meridian's ladder with a principal that falls by USD 1,000,000 in each of some weeks after closing."""
    dated = [
        Dated(
            deal.closing_date + timedelta(weeks=week),
            Figure(value=16_000_000 - 1_000_000 * week, unit=Unit.USD),
        )
        for week in range(draws + 1)
    ]
    given = FactsByDate({"outstanding_principal": tuple(dated)})
    return LadderAnswer(deal.name, "deal.yaml", ladder_at_closing(deal, templates, given))


def test_a_later_step_has_a_ladder_of_its_own_with_its_inversion(
    meridian: Deal, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(meridian, all_templates, 0)
    assert show_ladders([found], whole=False, as_json=False) == 0
    printed = capsys.readouterr().out
    before, _, after = printed.partition(STEP)
    assert "1.9257" in before
    assert "2.0862" not in before
    assert "2.0862" in after
    assert "INVERTED: early-amortization acts 0.5862 above cash-sweep" in after
    assert later_words(found.ladder) == [
        "From 2027-01-06: ltv FAIL, cure period, default stands at 2.0862, and before that at 1.9257; "
        "early-amortization by ltv FAIL stands at 2.0862, and before that at 1.9257. Inverted: "
        "early-amortization acts 0.5862 above cash-sweep, which is milder."
    ]
    show_ladders([found], whole=False, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert [(one["on"], one["rungs"][0]["rate"]) for one in data["later"]] == [("2027-01-06", "2.0862")]


def test_many_later_ladders_are_printed_in_part_and_the_json_holds_all(
    meridian: Deal, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(meridian, all_templates, 8)
    assert [one.on for one in found.ladder.later] == [
        *(meridian.closing_date + timedelta(weeks=week) for week in range(1, 9)),
        date(2027, 1, 6),
    ]
    show_ladders([found], whole=False, as_json=False)
    printed = capsys.readouterr().out
    assert printed.count("\nFrom 20") == 6
    assert printed.endswith(
        "Rungs change on 3 further dates, the last on 2027-01-06. The answer in `--json` holds each ladder.\n"
    )
    show_ladders([found], whole=False, as_json=True)
    assert len(json.loads(capsys.readouterr().out)["later"]) == 9
