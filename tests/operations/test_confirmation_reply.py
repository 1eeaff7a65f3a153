"""The questions about a held figure as a form, and its reply taken by `intake` (`rulings.md` 57)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from engine.basics.errors import WrongUsage
from engine.events.deal_state import fold
from engine.events.servicing import FigureConfirmed
from engine.operations.intake import Intake, RefusedFile, TakenReply
from engine.queries.report_forms import form_of_questions, questions_as_file
from engine.record.log import Scribe, deal_log, read
from engine.workspace.documents import kept_documents
from tests.operations.test_report_entry import DEAL, Servicing, text_of, utc
from tests.operations.test_report_entry import desk as desk  # the fixtures
from tests.operations.test_report_entry import servicing as servicing
from tests.operations.test_report_entry import tools as tools

HELD = "outstanding_principal.class_a"
REASON = "USD 14,310,000 was repaid on 17 March; the bank's statement is with the agent"


@pytest.fixture
def questions(servicing: Servicing) -> Callable[[str], bytes]:
    """The form of questions about a report that says USD 1,590,000 after one of USD 15,900,000."""
    servicing.take(text_of(date(2026, 3, 11), "USD 15,900,000"), "11 12:00")
    servicing.run("12 18:30")
    servicing.take(text_of(date(2026, 3, 18), "USD 1,590,000"), "18 12:00")
    return lambda ending: (
        questions_as_file(form_of_questions(servicing.workspace, DEAL, "2026-03-18"), ending).data
    )


def answered(data: bytes, by: str = "C. Treasurer", because: str = REASON, value: str | None = None) -> bytes:
    """The workbook with the yellow cells filled in, as openpyxl saves it."""
    book = openpyxl.load_workbook(BytesIO(data))
    for row in book["Questions"].iter_rows(min_row=2, max_col=4):
        if row[0].value == "confirmed_by":
            row[1].value = by
        if row[0].value == HELD:
            row[3].value = because
            row[1].value = value or row[1].value
    into = BytesIO()
    book.save(into)
    return into.getvalue()


def taken(servicing: Servicing, data: bytes, name: str, folder: Path) -> TakenReply | RefusedFile:
    path = folder / name
    path.write_bytes(data)
    (one,) = Intake(servicing.workspace, servicing.templates, Scribe("desk", "t", utc("20 09:00"))).take_all(
        [path]
    )
    assert isinstance(one, TakenReply | RefusedFile)
    return one


def test_a_reply_confirms_what_it_gives_a_reason_for(
    servicing: Servicing, questions: Callable[[str], bytes], tmp_path: Path
) -> None:
    data = answered(questions(".xlsx"))
    reply = taken(servicing, data, "reply.xlsx", tmp_path)
    assert isinstance(reply, TakenReply)
    assert (reply.confirmed.figures, reply.confirmed.recorded) == ((HELD,), True)
    (said,) = [
        event
        for event in read(servicing.workspace.store, deal_log(DEAL))
        if isinstance(event.payload, FigureConfirmed)
    ]
    assert (said.payload.words, said.payload.prepared_by) == (REASON, "C. Treasurer")
    assert [kept_documents(servicing.workspace, sha256)[0].read_bytes() for sha256 in said.inputs] == [data]
    servicing.run("20 09:05")
    assert fold(read(servicing.workspace.store, deal_log(DEAL))).reports[-1].held == {}
    servicing.replays()


def test_the_reply_as_csv(servicing: Servicing, questions: Callable[[str], bytes], tmp_path: Path) -> None:
    text = questions(".csv").decode()
    filled = text.replace("confirmed_by,", "confirmed_by,C. Treasurer").replace(
        text.splitlines()[-1], f'{text.splitlines()[-1]}"{REASON}"'
    )
    assert isinstance(taken(servicing, filled.encode(), "reply.csv", tmp_path), TakenReply)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by": ""}, "R160"),
        ({"because": " "}, "R161"),
        ({"value": "USD 15900000"}, "R162"),
    ],
)
def test_a_reply_that_cannot_be_taken_says_why(
    servicing: Servicing, questions: Callable[[str], bytes], tmp_path: Path, change: dict[str, str], code: str
) -> None:
    refused = taken(servicing, answered(questions(".xlsx"), **change), "reply.xlsx", tmp_path)
    assert isinstance(refused, RefusedFile)
    assert [problem.code for problem in refused.problems] == [code]
    assert fold(read(servicing.workspace.store, deal_log(DEAL))).reports[-1].held


def test_a_reply_to_other_questions_is_refused(
    servicing: Servicing, questions: Callable[[str], bytes], tmp_path: Path
) -> None:
    text = questions(".csv").decode().rstrip()
    form = next(line for line in text.splitlines() if line.startswith("form,"))
    filled = (
        text.replace(form, form[:-8] + "00000000").replace("confirmed_by,", "confirmed_by,C. Treasurer")
        + f'"{REASON}"'
    )
    refused = taken(servicing, filled.encode(), "reply.csv", tmp_path)
    assert isinstance(refused, RefusedFile)
    assert [problem.code for problem in refused.problems] == ["R155"]


def test_what_is_not_held_is_not_asked_about(servicing: Servicing, questions: Callable[[str], bytes]) -> None:
    with pytest.raises(WrongUsage, match="nothing to ask"):
        form_of_questions(servicing.workspace, DEAL, "2026-03-11")
    assert questions(".xlsx") == questions(".xlsx")
