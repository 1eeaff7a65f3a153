"""Answers of foresight as files: a report, a workbook, the same bytes again, another ending refused before
anything is computed.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest

from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import history

MERIDIAN = str(DEALS / "meridian-2026-1.yaml")
FACT = ("--fact", "outstanding_principal=USD 16,000,000", "--prepared", "2026-07-06")
COMPARE = (
    "compare",
    MERIDIAN,
    "--term",
    "covenants.ltv.multiple=1.4",
    "--scenario",
    "B",
    "--weeks",
    "12",
    "--workers",
    "1",
    *FACT,
)
GRID = (
    "grid",
    MERIDIAN,
    "--x",
    "covenants.ltv.multiple=1.4,1.5",
    "--y",
    "covenants.cash-sweep.level=1.50,1.60",
    "--weeks",
    "6",
    *FACT,
)
LADDER = ("ladder", MERIDIAN, *FACT)


def called(*words: str) -> int:
    return headroom(*words).returncode


def sheets(data: bytes) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_comparison_is_a_report_and_a_workbook(tmp_path: Path) -> None:
    page, book = tmp_path / "c.html", tmp_path / "c.xlsx"
    assert called(*COMPARE, "--into", str(page)) == 0
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert "covenants.ltv.multiple: 1.5 against covenants.ltv.multiple: 1.4" in text
    assert "B middle 1.0x Loan to value fails Thu 26 Mar 2026 Thu 22 Jan 2026 lender" in text
    assert "This is not a forecast." in text
    assert called(*COMPARE, "--into", str(book)) == 0
    first = book.read_bytes()
    assert called(*COMPARE, "--into", str(book)) == 0
    assert book.read_bytes() == first
    found = sheets(first)
    assert ("facts", "outstanding principal USD 16,000,000.00") in found["Asked and assumed"]
    (name,) = (name for name in found if name.endswith("comparisons differences"))
    assert [row[1:3] for row in found[name][1:3]] == [("B middle 1.0x", "ltv"), ("B middle 1.0x", "ltv")]


def test_a_grid_is_a_table_of_the_report_and_the_same_file_again(tmp_path: Path) -> None:
    page = tmp_path / "g.html"
    assert called(*GRID, "--into", str(page)) == 0
    first = page.read_bytes()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", first.decode()))
    assert "Loan to value: first failure by two terms" in text
    assert "1.60 Thu 22 Jan 2026 never" in text
    assert called(*GRID, "--into", str(page)) == 0
    assert page.read_bytes() == first


def test_a_ladder_is_a_report(tmp_path: Path) -> None:
    page = tmp_path / "l.html"
    assert called(*LADDER, "--into", str(page)) == 0
    assert "inverted by 0.4257" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [COMPARE, GRID, LADDER])
def test_another_ending_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    done = headroom(*words, "--into", str(tmp_path / "answer.docx"))
    assert done.returncode == 2
    assert "give --into a name that ends so" in done.stderr


def test_the_whole_report_holds_every_answer_and_says_what_it_lacks(tmp_path: Path) -> None:
    page, table = tmp_path / "whole.html", history(tmp_path, 30)
    asked = ("foresight", MERIDIAN, "--weeks", "4", "--paths", "100", "--workers", "1", *FACT)
    level = (
        "--level",
        "covenants.cash-sweep.level",
        "--to",
        "1.50",
        "--counts",
        "2",
        "--history",
        str(table),
    )
    done = headroom(*asked, *level, "--into", str(page))
    assert done.stdout == f"{page}: ladder, stress, simulation and calibration of meridian-2026-1\n"
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    for heading in ("In which order", "Stress: Scenario B", "Calibration: Cash sweep", "Simulation: where"):
        assert heading in text
    bare = headroom(*asked, "--into", str(page))
    assert bare.stdout.splitlines() == [
        f"{page}: ladder and stress of meridian-2026-1",
        "A simulation is left out, because it needs a history; give one with --history FILE.",
    ]
    refused = headroom(*asked, *level[:-2], "--into", str(page))
    assert refused.returncode == 2
    assert "a model needs a published history" in refused.stderr


def test_a_workbook_holds_answers_and_neither_what_a_page_draws_with_nor_a_folder(tmp_path: Path) -> None:
    """The first sheet had the sections, the grey band and the path of the draft on its writer's machine."""
    book = tmp_path / "whole.xlsx"
    asked = ("foresight", MERIDIAN, "--weeks", "4", "--workers", "1", *FACT)
    assert called(*asked, "--into", str(book)) == 0
    found = sheets(book.read_bytes())
    first = {str(row[0]): str(row[1]) for row in found["Asked and assumed"]}
    assert first["file"] == "meridian-2026-1.yaml"
    assert first["stress undecided early-amortization"] == "rate-floor"
    assert not [what for what in first if what.split()[0] in ("titles", "sections", "band")]
    assert not [cell for rows in found.values() for row in rows for cell in row if str(DEALS) in str(cell)]


def test_a_workspace_without_the_series_leaves_the_simulation_out_and_says_so(tmp_path: Path) -> None:
    """The whole report was refused there, and made in a folder without a workspace."""
    desk, page = tmp_path / "desk", tmp_path / "whole.html"
    assert headroom("init", str(desk)).returncode == 0
    asked = ("foresight", MERIDIAN, "--weeks", "4", "--paths", "100", "--workers", "1", *FACT)
    done = headroom(*asked, "--into", str(page), folder=desk)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        "A simulation is left out, because it needs a history; give one with --history FILE."
    ]
    level = ("--level", "covenants.cash-sweep.level")
    refused = headroom(*asked, *level, "--into", str(page), folder=desk)
    assert refused.returncode == 2
    assert "a published history of CRI-H100" in refused.stderr
