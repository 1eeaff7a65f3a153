"""A deal as if closed on another day: its amendments and corrections move with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from textwrap import indent

from engine.determination.template import Template
from engine.foresight.as_if_closed import as_if_closed
from engine.terms.as_written import Deal, resolve
from tests.cli.calling import headroom

BY = timedelta(weeks=-30)
CLOSED = date(2026, 1, 6) + BY
RATE = "per GPU-hour"
AMENDED = f"""\
amendments:
  - number: 1
    document: AM1
    documents:
      AM1: {{title: Amendment No. 1, dated: 2026-02-20}}
    effective: 2026-02-26
    changes:
      - {{term: covenants.cash-sweep.level, replaces: USD 1.50 {RATE}, with: USD 1.70 {RATE}, cite: AM1 §1}}
      - {{term: covenants.ltv.maximum, replaces: 65%, with: 70%, later_steps: keep, cite: AM1 §2}}
      - {{term: index.CRI-H100.closing_date_level, replaces: USD 2.10 {RATE}, with: USD 2.00 {RATE}, cite: AM1 §3}}
  - number: 2
    document: AM2
    documents:
      AM2: {{title: Amendment No. 2, dated: 2026-03-02}}
    effective: 2026-03-05
    changes:
      - {{term: index.CRI-H100.closing_date_level, replaces: USD 2.00 {RATE}, with: USD 1.95 {RATE}, cite: AM2 §1}}
corrections:
  - number: 1
    found_on: 2026-03-12
    by: administrative_agent
    term: pledged_assets.h100.availability
    replaces: 95%
    with: 90%
    reason: the schedule says 90%
"""


def of(figures: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, figures.split()))


def amended(meridian_text: str) -> str:
    assert "amendments: []\n" in meridian_text
    return meridian_text.replace("amendments: []\n", AMENDED)


def test_amendments_and_corrections_move_with_the_closing_date(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    other = as_if_closed(load(amended(meridian_text)), all_templates, CLOSED, {"CRI-H100": Decimal("1.9929")})

    def terms_on(day: str) -> tuple[Fraction, ...]:
        terms = resolve(other, date.fromisoformat(day) + BY)
        sweep, ltv = terms.covenants["cash-sweep"], terms.covenants["ltv"]
        return sweep.level, ltv.maximum, terms.pledged_assets["h100"].availability  # type: ignore[attr-defined]

    assert terms_on("2026-01-06") == terms_on("2026-02-25") == of("1.5 0.65 0.90")
    assert terms_on("2026-02-26") == of("1.7 0.70 0.90")
    assert terms_on("2027-01-06") == of("1.7 0.60 0.90")
    # The other closing has one level, and a signed document keeps its date.
    levels = {terms.index["CRI-H100"].closing_date_level for _, terms in other.segments}
    assert levels == {Fraction(19929, 10000)}
    assert {str(one.dated) for one in other.documents.values()} == {"2026-01-06", "2026-02-20"}


def test_an_amended_index_and_schedule_take_the_level_and_first_date_of_the_other_closing(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The amendment writes both blocks anew, each with what the other closing does not have."""
    dates = (
        '{{every: Thursday, if_not_a_business_day: {roll}, cite: CA §1.01 "Determination Date", '
        'cut_off: "15:00"{first}}}'
    )
    was, new = (
        dates.format(roll="same day", first=""),
        dates.format(roll="next business day", first=", first: 2026-01-08"),
    )
    index = meridian_text[meridian_text.index("  CRI-H100:\n") : meridian_text.index("\npledged_assets:")]
    kept = indent(index.rstrip(), 8 * " ")
    changed = kept.replace("for_at_most: 1", "for_at_most: 2")
    text = meridian_text.replace(
        "amendments: []\n",
        "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-02-26\n    changes:\n"
        f"      - {{term: determination_dates, replaces: {was}, with: {new}, cite: CA §1}}\n"
        f"      - term: index\n        cite: CA §2\n        replaces:\n{kept}\n        with:\n{changed}\n",
    )
    other = as_if_closed(load(text), all_templates, CLOSED, {"CRI-H100": Decimal("1.9929")})
    later = resolve(other, date(2026, 2, 26) + BY)
    assert later.determination_dates.if_not_a_business_day == "next business day"
    assert later.determination_dates.first is None
    steps = later.index["CRI-H100"].fallback
    assert [one.for_at_most.count for one in steps if one.for_at_most is not None] == [2]
    assert later.index["CRI-H100"].closing_date_level == Fraction(19929, 10000)


def test_a_backtest_as_if_closed_lives_the_amended_words_from_their_moved_date(
    meridian_text: str, tmp_path: Path
) -> None:
    """The rate stays at 1.60. From Thursday 31 July 2025 the level is 1.70, and two dates begin the sweep."""
    deal, table = tmp_path / "deal.yaml", tmp_path / "past.csv"
    deal.write_text(amended(meridian_text), encoding="utf-8")
    days = [CLOSED - timedelta(days=5) + timedelta(weeks=week) for week in range(20)]
    assert days[0].weekday() == 3
    table.write_text("\n".join(("date,value,low,high", *(f"{day},1.60,," for day in days))), encoding="utf-8")
    done = headroom(
        "backtest", str(deal), "--as-if-closed", str(CLOSED), "--history", str(table), "--json",
        "--until", str(days[-1]),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    (sweep,) = (one for one in answer["triggers"] if one["trigger"] == "cash-sweep")
    assert sweep["in_effect"] == [{"from": "2025-08-07", "to": None}]
