"""Each time that a trigger is in effect is told, and a deadline only if it ran to its day."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.basics.happenings import spells_words, times_words
from engine.determination.template import Template
from engine.foresight.comparison import compared
from engine.foresight.facts_by_date import held_facts
from engine.foresight.stress import PathOutcome, outcome
from engine.terms.as_written import Deal, resolve
from tests.cli.calling import headroom
from tests.conftest import DEALS

MERIDIAN = DEALS / "meridian-2026-1.yaml"
FIRST = date(2026, 1, 8)
THREE_TIMES = ["1.49"] * 2 + ["1.55"] * 3 + ["1.49"] * 2 + ["1.55"] * 3 + ["1.40"] * 2
"""The sweep begins below 1.50 on two dates and ends on three at or above it."""
TIMES = [("2026-01-15", "2026-02-05"), ("2026-02-19", "2026-03-12"), ("2026-03-26", None)]


def dated(rates: Sequence[str]) -> tuple[tuple[date, Decimal], ...]:
    return tuple((FIRST + timedelta(weeks=week), Decimal(rate)) for week, rate in enumerate(rates))


def lived(
    deal: Deal, templates: dict[str, Template], rates: Sequence[str], principal: str, until: date
) -> PathOutcome:
    facts = (f"outstanding_principal=USD {principal}",)
    given = held_facts(facts, deal.closing_date, resolve(deal, deal.closing_date))
    return outcome("path", deal, templates, {"CRI-H100": dated(rates)}, given, until)


def test_every_beginning_and_end_of_a_trigger_is_told_with_its_rate(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    one = lived(meridian, all_templates, THREE_TIMES, "1,000,000", date(2026, 3, 31))
    assert [(str(since), str(end) if end else None) for since, end in one.times("cash-sweep")] == TIMES
    rates = [(str(time.rate), str(time.rate_ended)) for time in one.in_effect["cash-sweep"]]
    assert rates == [("1.49", "1.55"), ("1.49", "1.55"), ("1.40", "None")]
    again = {first.what: str(first.on) for first in one.firsts if first.subject == "cash-sweep"}
    assert (again["begins"], again["ends"]) == ("2026-01-15", "2026-02-05")
    assert (again["begins again"], again["ends again"]) == ("2026-02-19", "2026-03-12")
    assert "early-amortization" not in one.in_effect


def test_the_table_the_data_and_the_page_tell_how_often_and_the_last_time(tmp_path: Path) -> None:
    table, page = tmp_path / "path.csv", tmp_path / "page.html"
    rows = [f"{day},{rate}" for day, rate in dated(THREE_TIMES)]
    table.write_text("\n".join(("date,rate", *rows)) + "\n", encoding="utf-8")
    words = ("stress", str(MERIDIAN), "--rates", str(table), "--scenario", "A", "--until", "2026-03-31")
    held = ("--fact", "outstanding_principal=USD 1,000,000", "--workers", "1")
    said = headroom(*words, *held).stdout
    assert re.search(r"^cash-sweep in effect again +never +Thu 19 Feb 2026 +1\.4900$", said, re.M)
    assert re.search(r"^cash-sweep ends again +never +Thu 12 Mar 2026 +1\.5500$", said, re.M)
    assert re.search(r"^cash-sweep in effect in all +never +3 times +last 2026-03-26 to the end$", said, re.M)
    done = headroom(*words, *held, "--json", "--into", str(page))
    (path,) = [one for one in json.loads(done.stdout)["outcomes"] if one["path"] == "path.csv"]
    assert [(one["since"], one["ended"]) for one in path["in_effect"]["cash-sweep"]] == TIMES
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "in effect in all never 3 times, last Thu 26 Mar 2026 to the end" in text


def test_drafts_that_differ_in_a_later_time_alone_are_said_to_differ(
    load: Callable[[str], Deal], meridian: Deal, meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The level steps to 1.35 on 16 March, so that 1.40 does not begin the sweep a third time."""
    steps = meridian_text.replace(
        "    level: USD 1.50 per GPU-hour\n",
        "    level: {2026-01-06: USD 1.50 per GPU-hour, 2026-03-16: USD 1.35 per GPU-hour}\n",
    )
    other = load(steps[: steps.index("worked_examples:")] + "worked_examples: []\n")
    until = date(2026, 3, 31)
    one, two = (lived(deal, all_templates, THREE_TIMES, "1,000,000", until) for deal in (meridian, other))
    answer = compared(("one", "two"), (meridian, other), (one,), (two,), all_templates)
    found = [
        (one.subject, one.what, str(one.before), one.after, one.serves)
        for one in answer.differences
        if one.what in ("begins", "ends", "begins again", "ends again")
    ]
    assert found == [("cash-sweep", "begins again", "2026-03-26", None, "")]


def test_a_deadline_is_told_only_if_it_ran_to_its_day(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """LTV fails at 1.90 on 15 January, to be cured by 30 January, and passes at 1.95 a week later.

    It fails again on 12 February. Ten Business Days after, with Presidents' Day between, are 27 February.
    """
    cured = ["2.10", "1.90", "1.95", "1.95", "1.95"]
    early = lived(meridian, all_templates, cured, "16,000,000", date(2026, 2, 5))
    assert early.first("ltv", "cured") is not None
    assert early.first("ltv", "cure by") is None
    failed = lived(meridian, all_templates, [*cured, *["1.90"] * 4], "16,000,000", date(2026, 3, 5))
    deadline, default = failed.first("ltv", "cure by"), failed.first("ltv", "default")
    assert deadline is not None
    assert str(deadline.on) == "2026-02-27"
    assert default is not None
    assert str(default.on) == "2026-02-28"
    order = [first.what for first in failed.firsts if first.subject == "ltv"]
    assert order == ["fails", "passes again", "cured", "cure by", "default"]
    # One that still runs at the end of the path is told: nobody knows yet that it ends sooner.
    running = lived(meridian, all_templates, [*cured, "1.90"], "16,000,000", date(2026, 2, 12))
    open_ = running.first("ltv", "cure by")
    assert open_ is not None
    assert str(open_.on) == "2026-02-27"


@pytest.mark.parametrize(
    ("spells", "cell", "in_all"),
    [
        ([("a", None)], "a to the end", ("once", "a to the end")),
        ([("a", "b"), ("c", "d")], "a to b, c to d", ("2 times", "last c to d")),
        (
            [("a", "b"), ("c", "d"), ("e", "f"), ("g", None)],
            "first a to b, 4 times, last g to the end",
            ("4 times", "last g to the end"),
        ),
    ],
)
def test_many_times_are_told_by_the_first_their_number_and_the_last(
    spells: list[tuple[str, str | None]], cell: str, in_all: tuple[str, str]
) -> None:
    assert (spells_words(spells), times_words(spells)) == (cell, in_all)
