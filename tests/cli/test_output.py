"""Tables and sentences fit the terminal; files and pipes get whole lines."""

from __future__ import annotations

import sys
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.basics.values import Figure, Unit, printed_headroom
from engine.cli import output
from engine.cli.columns import laid_out
from engine.cli.show.run import what_is_due
from engine.events.due_acts import Due, DueFacts
from reports.formats import signed

HEAD = ("deal", "test", "result", "measured", "limit", "headroom", "state", "due")
ROW = (
    "harbour-bilateral-2026",
    "early-amortization",
    "PASS",
    "USD 1.9296",
    "USD 1.50",
    "17.080 points",
    "EVENT OF DEFAULT",
)
DUE = (
    "deliver the independent appraisal, overdue since 2026-04-30 (prepay USD 1,234,567.00 or pledge 128 GPUs)"
)


def test_what_is_late_says_since_when() -> None:
    late = DueFacts(deliver="appraisal", overdue_since=date(2026, 5, 8))
    owed = Due(
        by=date(2026, 5, 7), who="borrower", act="deliver", subject="appraisal", facts=late, cite="CA §7"
    )
    assert what_is_due(owed) == "deliver the appraisal, overdue since 2026-05-08"
    assert (
        what_is_due(owed.model_copy(update={"facts": DueFacts(deliver="appraisal")}))
        == "deliver the appraisal by 2026-05-07"
    )
    assert what_is_due(None) == ""


def test_without_a_terminal_a_table_keeps_its_width() -> None:
    lines = laid_out(HEAD, [(*ROW, DUE)], (3, 4, 5), None).splitlines()
    assert len(lines) == 3
    assert lines[2].endswith(DUE)


def test_a_table_fits_the_terminal_and_the_widest_text_gives_way_first() -> None:
    wide = laid_out(HEAD, [(*ROW, DUE)], (3, 4, 5), 160).splitlines()
    assert max(map(len, wide)) <= 160
    assert "harbour-bilateral-2026  early-amortization  PASS    USD 1.9296" in wide[2]
    narrow = laid_out(HEAD, [(*ROW, DUE)], (3, 4, 5), 80).splitlines()
    assert max(map(len, narrow)) <= 80
    assert "2026-04-30" in "\n".join(narrow)  # a date stays whole


CELLS = st.text(alphabet="abc 12-/.,é", max_size=40).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.integers(20, 100))
def test_nothing_is_lost_and_nothing_sticks_out(rows: list[tuple[str, str, str]], width: int) -> None:
    text = laid_out(("a", "b", "c"), rows, (1,), width)
    assert all(len(line) <= width for line in text.splitlines())
    shown = [sign for line in text.splitlines()[2:] for sign in line if not sign.isspace()]
    assert sorted(shown) == sorted(
        sign for row in rows for cell in row for sign in cell if not sign.isspace()
    )


def test_prose_goes_on_below_and_a_long_word_stays_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: 30)
    output.say("  read as: the ratio of Collateral Value to balance")
    output.say("notices/" + "x" * 40)
    assert capsys.readouterr().out.splitlines() == [
        "  read as: the ratio of",
        "    Collateral Value to",
        "    balance",
        "notices/" + "x" * 40,
    ]


def test_a_pipe_is_no_terminal() -> None:
    assert not sys.stdout.isatty()
    assert output.terminal_width() is None


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("-0.1133", Unit.RATE, "−0.1133 USD"),
        ("0.4296", Unit.RATE, "+0.4296 USD"),
        ("1234.5", Unit.USD, "+1,234.50 USD"),
        ("-0.00879", Unit.POINTS, "−0.879 points"),
        ("0", Unit.POINTS, "+0.000 points"),
        ("-1/1000000", Unit.POINTS, "−0.0001 points"),
    ],
)
def test_headroom_is_printed_as_in_a_notice(value: str, unit: Unit, shown: str) -> None:
    headroom = Figure(value=Fraction(value), unit=unit)
    assert (printed_headroom(headroom), signed(headroom)) == (shown, shown)


def test_what_is_cut_says_so() -> None:
    assert output.shortened("a" * 64, 72) == "a" * 64
    assert output.shortened("a" * 64, 60) == "a" * 59 + "…"
