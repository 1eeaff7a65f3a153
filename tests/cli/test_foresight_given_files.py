"""Every answer names the files on which it rests with the SHA-256 of their bytes.

A report shows facts that change by date from when to when.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from reports.formats import eights
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.queries.test_calibration_questions import history

MERIDIAN = DEALS / "meridian-2026-1.yaml"
FACTS = """date,figure,value
2026-01-06,outstanding_principal,"USD 16,000,000"
2026-05-05,outstanding_principal,"USD 15,500,000"
2026-01-06,weighted_average_rental_rate,USD 1.80 per GPU-hour
"""


def tables(folder: Path) -> tuple[Path, Path]:
    """Return a table of facts that change after the end of every path here, and a curve that falls to 1.20."""
    facts, rates = folder / "facts.csv", folder / "curve.csv"
    facts.write_text(FACTS, encoding="utf-8")
    days = [date(2026, 1, 8) + timedelta(weeks=number) for number in range(10)]
    # The loan to value fails below 1.9257, and the curve is there on the third Thursday.
    values = ["2.1000", "2.0000", "1.9000", *["1.8000"] * 7]
    rows = [f"{day},{value}" for day, value in zip(days, values, strict=True)]
    rates.write_text("\n".join(["date,rate", *rows]) + "\n", encoding="utf-8")
    return facts, rates


def named(what: str, path: Path) -> dict[str, str]:
    return {"what": what, "file": path.name, "sha256": sha256(path.read_bytes()).hexdigest()}


MODEL = ("--paths", "100", "--weeks", "6", "--workers", "1")


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("stress", "--scenario", "B", "--weeks", "8"), ("facts", "rates")),
        (("compare", "--term", "covenants.ltv.multiple=1.4", "--weeks", "8"), ("facts", "rates")),
        (
            (
                "grid",
                "--x",
                "covenants.ltv.multiple=1.4",
                "--y",
                "covenants.cash-sweep.level=1.50",
                "--weeks",
                "8",
            ),
            ("facts", "rates"),
        ),
        (("simulate", *MODEL), ("facts", "history")),
        (("calibrate", "covenants.cash-sweep.level", "--counts", "2", *MODEL), ("facts", "history")),
        (("backtest", "--as-if-closed", "2025-03-04", "--until", "2025-08-28"), ("facts", "history")),
    ],
)
def test_an_answer_names_each_file_with_the_hash_of_its_bytes(
    tmp_path: Path, words: tuple[str, ...], given: tuple[str, ...]
) -> None:
    facts, rates = tables(tmp_path)
    paths = {"facts": facts, "rates": rates, "history": history(tmp_path, 40)}
    options = [word for what in given for word in (f"--{what}", str(paths[what]))]
    done = headroom(words[0], str(MERIDIAN), *words[1:], *options, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    files = answer["comparisons"][0]["files"] if words[0] == "compare" else answer["files"]
    wanted = [named("deal", MERIDIAN), *(named(what, paths[what]) for what in given)]
    assert sorted(files, key=lambda one: str(one["what"])) == sorted(wanted, key=lambda one: one["what"])


def test_a_report_tells_two_tables_of_facts_apart_whose_difference_no_path_reaches(tmp_path: Path) -> None:
    """Both made the same bytes, as the figures of the report ended before the difference began."""
    facts, rates = tables(tmp_path)
    page = tmp_path / "page.html"
    words = ("stress", str(MERIDIAN), "--scenario", "B", "--weeks", "8", "--workers", "1")
    options = ("--facts", str(facts), "--rates", str(rates), "--prepared", "2026-07-06", "--into", str(page))
    assert headroom(*words, *options).returncode == 0
    first = page.read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", first))
    for what, path in (("facts", facts), ("rates", rates)):
        digest = sha256(path.read_bytes()).hexdigest()
        assert f"Table of {what} {path.name}, SHA-256 {eights(digest)}" in text
        assert f"{what} {digest[:8]}, " in first
    assert "outstanding principal USD 16,000,000.00 Tue 6 Jan 2026 1 USD 15,500,000.00 Tue 5 May 2026" in text
    assert "outstanding principal USD 16,000,000.00, USD 15,500,000.00 from 2026-05-05" in text
    facts.write_text(FACTS.replace("15,500,000", "15,400,000"), encoding="utf-8")
    assert headroom(*words, *options).returncode == 0
    assert page.read_text(encoding="utf-8") != first
