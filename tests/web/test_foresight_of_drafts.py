"""Foresight of an uploaded draft: the answers of the commands, worked out elsewhere, seen by whoever asked,
kept nowhere.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from engine.basics.errors import WrongUsage
from engine.web import foresight_answers
from engine.web.foresight_answers import ForesightAsked, foreseen
from tests.cli.calling import headroom
from tests.conftest import DEALS
from tests.foresight.test_stress import HELD
from tests.web.conftest import AT, DEAL, Visitors
from tests.web.test_pages import text_of

Post = Callable[..., object]


@pytest.fixture
def draft(own_visitors: Visitors, post: Post) -> str:
    """The address of meridian as a draft."""
    sent = post(
        "structurer", "/drafts", files={"file": ("meridian.yaml", (DEALS / f"{DEAL}.yaml").read_bytes())}
    )
    return str(sent.headers["location"])  # type: ignore[attr-defined]


def answered(
    visitors: Visitors, post: Post, address: str, fields: dict[str, str], who: str = "structurer"
) -> tuple[str, str]:
    """The page of an answer, once it is there, and its address."""
    begun = post(who, address, fields)
    assert begun.status_code == 303, begun.text  # type: ignore[attr-defined]
    work = str(begun.headers["location"])  # type: ignore[attr-defined]
    for _ in range(600):
        page = visitors.client(who).get(work).text
        if "foresight.pdf" in page or "Not done" in page or "refused" in page:
            break
        time.sleep(0.2)
    return text_of(page), work


def test_the_stress_of_a_draft_is_the_vector_s(own_visitors: Visitors, post: Post, draft: str) -> None:
    """Under Scenario B meridian's LTV fails on Thursday 2026-03-26, at 1.9131 (`foresight.md`, vectors)."""
    said, work = answered(
        own_visitors,
        post,
        f"{draft}/foresight/stress",
        {"scenarios": "B", "weeks": "30", "facts": "\n".join(HELD)},
    )
    assert "Thu 26 Mar 2026 at 1.9131" in said
    assert "Never by" in said
    client = own_visitors.client("structurer")
    report = client.get(f"{work}/foresight.pdf")
    assert "forecast" in " ".join(page.extract_text() for page in PdfReader(io.BytesIO(report.content)).pages)
    data = json.loads(client.get(f"{work}/foresight.json").text)
    assert data["stress"]["deal"] == DEAL
    other = own_visitors.client("administrator")
    assert {other.get(f"{work}{path}").status_code for path in ("", "/foresight.pdf")} == {404}


def test_a_question_that_cannot_be_is_a_sentence(own_visitors: Visitors, post: Post, draft: str) -> None:
    for fields, what in (
        ({"paths": "ten"}, "Paths: `ten`"),
        ({"paths": "10001"}, "1 to 10,000"),
        ({"weeks": "0"}, "Weeks: `0`"),
    ):
        refused = post("structurer", f"{draft}/foresight/simulate", fields)
        assert refused.status_code == 422  # type: ignore[attr-defined]
        assert what in text_of(refused.text)  # type: ignore[attr-defined]
    assert post("structurer", f"{draft}/foresight/prophesy", {}).status_code == 404  # type: ignore[attr-defined]


HISTORY = "date,value,low,high\n" + "\n".join(
    f"2025-{month:02d}-{day:02d},{2 + 0.01 * (month % 3) - 0.001 * day:.4f},{1.95},{2.06}"
    for month, day in ((9, 4), (9, 11), (9, 18), (9, 25), (10, 2), (10, 9), (10, 16), (10, 23))
)


def test_each_question_is_answered_as_the_commands_answer_it() -> None:
    """A term's other wording on Scenario C, a calibration and a simulation with a named prior: few paths, in
    this process.
    """
    data = ("meridian.yaml", (DEALS / f"{DEAL}.yaml").read_bytes())
    on = AT.date()
    asked = (
        ForesightAsked(
            "compare",
            data,
            on,
            facts=tuple(HELD),
            scenarios=("C",),
            term="covenants.appraisal.measure",
            values=("all",),
            weeks=30,
        ),
        ForesightAsked(
            "calibrate",
            data,
            on,
            term="covenants.cash-sweep.level",
            values=("1.40", "1.60", "0.10"),
            prior="weekly 4%",
            history=HISTORY.encode(),
            paths=100,
            weeks=26,
        ),
        ForesightAsked(
            "simulate",
            data,
            on,
            facts=tuple(HELD),
            prior="weekly 4%",
            history=HISTORY.encode(),
            paths=100,
            weeks=13,
        ),
    )
    for one in asked:
        answer, refused = foresight_answers._worked_out(one)
        assert answer is not None, refused
        assert answer.pdf.startswith(b"%PDF")
        assert all(len(row) == len(table.head) for table in answer.tables for row in table.rows)
        assert any(table.rows for table in answer.tables), one.what
    # The last answer is the simulation: its median is of some paths alone, and its head says of which.
    assert answer is not None
    assert answer.tables[0].head[-1] == "Median week, where it happens"
    none, refused = foresight_answers._worked_out(ForesightAsked("simulate", data, on))
    assert none is None
    assert "history" in refused


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight_answers, "LONGEST", 0.01)
    with pytest.raises(WrongUsage, match="ask for fewer paths"):
        foreseen(ForesightAsked("stress", ("a.yaml", b"x"), AT.date()))


def test_a_calibration_on_an_uploaded_history_is_the_command_s(tmp_path: Path) -> None:
    """The same history, level, count, paths and seed: the same answer, figure by figure."""
    path = tmp_path / "history.csv"
    path.write_text(HISTORY, encoding="utf-8")
    file = DEALS / f"{DEAL}.yaml"
    term = "covenants.cash-sweep.level"
    asked = ForesightAsked(
        "calibrate",
        (file.name, file.read_bytes()),
        AT.date(),
        term=term,
        values=("1.40", "1.60", "0.10"),
        counts="1,2",
        prior="weekly 4%",
        history=HISTORY.encode(),
        paths=100,
        weeks=26,
        seed=7,
    )
    answer, refused = foresight_answers._worked_out(asked)
    assert answer is not None, refused
    words = ("--from", "1.40", "--to", "1.60", "--step", "0.10", "--counts", "1,2", "--prior", "weekly 4%")
    run = ("--paths", "100", "--weeks", "26", "--seed", "7", "--workers", "1", "--json")
    done = headroom("calibrate", str(file), term, *words, "--history", str(path), *run)
    assert json.loads(answer.data)["calibration"] == json.loads(done.stdout)


def test_what_is_wrong_with_an_uploaded_history_is_said_at_its_line() -> None:
    """Each problem has its line and its fix, and no folder of the server stands in it."""
    data = (DEALS / f"{DEAL}.yaml").read_bytes()
    wrong = HISTORY.splitlines()[0] + "\n2026-01-08,none,1,2\n"
    asked = ForesightAsked("simulate", ("meridian.yaml", data), AT.date(), history=wrong.encode())
    answer, refused = foresight_answers._worked_out(asked)
    assert answer is None
    assert refused.startswith("history.csv:2:1: `none` is not a rate; write it like 1.9131")
