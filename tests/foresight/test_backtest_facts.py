"""What a backtest assumes of the Servicer's reports: facts by date, figures that follow the rate, and what
is named because it lacks a figure.
"""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl

from reports.formats import eights
from tests.cli.calling import headroom
from tests.conftest import DEALS

MERIDIAN = str(DEALS / "meridian-2026-1.yaml")
WEEKS, RISEN = 20, 14
LAST = date(2026, 1, 8) + timedelta(weeks=WEEKS - 1)
RENT = "weighted_average_rental_rate"


def past(folder: Path) -> Path:
    """Twenty weeks from 8 January 2026: 2.10, and 3.00 in the last six."""
    days = [date(2026, 1, 8) + timedelta(weeks=week) for week in range(WEEKS)]
    rows = [f"{day},{'2.10' if week < RISEN else '3.00'},," for week, day in enumerate(days)]
    path = folder / "past.csv"
    path.write_text("\n".join(("date,value,low,high", *rows)) + "\n", encoding="utf-8")
    return path


def answered(folder: Path, *words: str) -> dict[str, Any]:
    done = headroom(
        "backtest", MERIDIAN, "--history", str(past(folder)), "--until", str(LAST), *words, "--json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def counts(answer: dict[str, Any], test: str = "ltv") -> tuple[int, int, int]:
    """Passes, failures, and dates that were not determined."""
    (found,) = [one for one in answer["tests"] if one["test"] == test]
    return found["passed"], found["failed"], found["not_determined"]


def test_a_figure_holds_from_its_row_on_and_a_late_report_from_its_receipt(tmp_path: Path) -> None:
    """Before the first row the test has no figure. A report of 5 March, received on 19 March, decides from
    then on. The dates before 5 March are the eight Thursdays from 8 January.
    """
    table = tmp_path / "facts.csv"

    def by_date(*rows: str, closed: str | None = None) -> tuple[int, int, int]:
        table.write_text("\n".join(("date,figure,value,received", *rows)) + "\n", encoding="utf-8")
        words = ("--as-if-closed", closed) if closed is not None else ()
        return counts(answered(tmp_path, "--facts", str(table), *words))

    small, large = (f'{{}},outstanding_principal,"USD {amount},000,000",{{}}' for amount in (1, 90))
    assert counts(answered(tmp_path, "--fact", "outstanding_principal=USD 1,000,000")) == (WEEKS, 0, 0)
    assert by_date(small.format("2026-01-06", "")) == (WEEKS, 0, 0)
    assert by_date(small.format("2026-03-05", "")) == (WEEKS - 8, 0, 8)
    assert by_date(small.format("2026-01-06", ""), large.format("2026-03-05", "")) == (8, WEEKS - 8, 0)
    late = large.format("2026-03-05", "2026-03-19")
    assert by_date(small.format("2026-01-06", ""), late) == (10, WEEKS - 10, 0)
    moved = by_date(small.format("2026-01-06", ""), large.format("2026-03-05", ""), closed="2026-02-03")
    assert moved == (4, WEEKS - 8, 0)


def test_a_report_says_where_its_history_comes_from_and_that_it_lives_as_if_closed(tmp_path: Path) -> None:
    page = tmp_path / "early.html"
    answer = answered(tmp_path, "--as-if-closed", "2026-02-03", "--into", str(page))
    table = tmp_path / "past.csv"
    assert answer["source"] == {"file": table.name, "sha256": sha256(table.read_bytes()).hexdigest()}
    assert (answer["closed"], answer["written"]) == ("2026-02-03", "2026-01-06")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "Backtest as if closed on Tue 3 Feb 2026; the file says Tue 6 Jan 2026" in text
    assert text.count(", as if it had closed on Tue 3 Feb 2026. The facts given are: ") == 2


def test_a_figure_moves_in_a_straight_line_where_that_is_asked_for(tmp_path: Path) -> None:
    """From 1 to 90 million over the weeks: in steps only the last row fails, in a line the dates before."""
    table = tmp_path / "facts.csv"
    rows = [f'{day},outstanding_principal,"USD {n},000,000"' for day, n in (("2026-01-06", 1), (LAST, 90))]
    table.write_text("\n".join(("date,figure,value", *rows)) + "\n", encoding="utf-8")
    assert counts(answered(tmp_path, "--facts", str(table))) == (WEEKS - 1, 1, 0)
    evenly = answered(tmp_path, "--facts", str(table), "--between", "straight lines")
    assert counts(evenly)[1] > WEEKS // 2


def test_what_lacks_a_figure_is_named_and_what_waits_for_it_is_not_said_to_be_quiet(tmp_path: Path) -> None:
    lacking = answered(tmp_path)
    assert set(lacking["left_out"]) == {"ltv", "rate-floor"}
    assert all("no Servicer's report" in why for why in lacking["left_out"].values())
    assert lacking["undecided"] == {"early-amortization": ["ltv", "rate-floor"]}
    held = answered(tmp_path, "--fact", "outstanding_principal=USD 16,000,000")
    assert set(held["left_out"]) == {"rate-floor"}
    assert held["facts"] == "outstanding principal USD 16,000,000.00"
    said = headroom("backtest", MERIDIAN, "--history", str(past(tmp_path)), "--until", str(LAST)).stdout
    assert "never" not in next(line for line in said.splitlines() if line.startswith("ltv"))
    assert "NOT DETERMINED on every date, so left out: " in said
    assert "NOT DECIDED, so neither when nor never is known: early-amortization" in said
    assert re.search(r"\nearly-amortization +not decided +not decided +not decided\n", said)
    (waiting,) = (one for one in lacking["triggers"] if one["trigger"] == "early-amortization")
    assert {waiting[key] for key in ("in_effect", "false_alarms", "swept", "not_known")} == {None}
    page = tmp_path / "backtest.html"
    answered(tmp_path, "--into", str(page))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert " not decided not decided not decided " in text


def test_the_money_of_a_sweep_whose_figures_are_missing_is_not_known(tmp_path: Path) -> None:
    """A rate of 1.40 from 8 January puts the sweep in effect on 15 January; the Payment Dates that follow are
    15 February to 15 May, and no report gives collections.
    """
    low = past(tmp_path).read_text(encoding="utf-8").replace("2.10", "1.40").replace("3.00", "1.40")
    table = tmp_path / "low.csv"
    table.write_text(low, encoding="utf-8")
    words = ("backtest", MERIDIAN, "--history", str(table), "--until", str(LAST))
    (sweep,) = (
        one
        for one in json.loads(headroom(*words, "--json").stdout)["triggers"]
        if one["trigger"] == "cash-sweep"
    )
    assert (sweep["swept"], sweep["not_known"]) == (None, 4)
    assert sweep["swept_words"] == "not known on 4 Payment Dates"
    assert "not known on 4 Payment Dates" in headroom(*words).stdout
    figures = ("collections=USD 1,150,000", "operating_costs=USD 290,000", "debt_service=USD 640,000")
    facts = [word for one in (*figures, "fees=USD 20,000") for word in ("--fact", one)]
    assert "not known on" not in headroom(*words, *facts).stdout


def test_a_table_is_validated_as_a_worked_example_s_facts_are(tmp_path: Path) -> None:
    table = tmp_path / "wrong.csv"
    table.write_text("date,figure,value\n2026-01-06,outstanding_principle,85%\n", encoding="utf-8")
    done = headroom("backtest", MERIDIAN, "--history", str(past(tmp_path)), "--facts", str(table))
    assert done.returncode == 1
    assert "wrong.csv:2" in done.stdout + done.stderr
    assert "D502" in done.stdout + done.stderr


def test_a_figure_that_follows_the_rate_moves_with_the_history(tmp_path: Path) -> None:
    """The floor is 85% of the mean of four weeks: a rent of 86% of that mean meets it on every date, and the
    rent of the Closing Date does not once the rate has risen.
    """
    moving = answered(tmp_path, "--fact", f"{RENT}={{follows: CRI-H100, share: 86%, over: 4 weeks}}")
    still = answered(tmp_path, "--fact", f"{RENT}=USD 1.806 per GPU-hour")
    assert counts(moving, "rate-floor")[1] == 0
    assert counts(still, "rate-floor")[1] == WEEKS - RISEN


def test_a_backtest_is_a_report_and_a_workbook(tmp_path: Path) -> None:
    """Both say what failed and what was left out, the same bytes each time; another ending is refused."""
    words = ("--fact", "outstanding_principal=USD 90,000,000", "--prepared", "2026-11-02")
    page, book, pdf = (tmp_path / f"answer.{ending}" for ending in ("html", "xlsx", "pdf"))
    for path in (page, book, pdf):
        answer = answered(tmp_path, *words, "--into", str(path))
        first = path.read_bytes()
        assert answered(tmp_path, *words, "--into", str(path)) == answer
        assert path.read_bytes() == first
    assert first.startswith(b"%PDF")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "Over the published history up to" in text
    assert "Loan to value" in text[text.index("Over the published history up to") :][:200]
    assert "Left out is Rental rate floor (the Servicer&#39;s report for the period to" in text
    assert f"Loan to value 0 {WEEKS} 0 " in text
    rests = text[text.rindex("What it rests on") :]
    assert f"History past.csv, SHA-256 {eights(sha256(past(tmp_path).read_bytes()).hexdigest())}" in rests
    assert "Backtest from the Closing Date, Tue 6 Jan 2026" in rests
    sheets = openpyxl.load_workbook(io.BytesIO(book.read_bytes()))
    (name,) = (name for name in sheets.sheetnames if name.endswith("backtest tests"))
    rows = [row[:4] for row in sheets[name].iter_rows(values_only=True)]
    assert ("ltv", 0, WEEKS, 0) in rows
    done = headroom(
        "backtest", MERIDIAN, "--history", str(past(tmp_path)), "--into", str(tmp_path / "a.docx")
    )
    assert done.returncode == 2
    assert "give --into a name that ends so" in done.stderr
