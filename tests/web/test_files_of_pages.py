"""What pages give as files: the page itself as a PDF, workbooks, CSV, and a bundle that another machine
verifies.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from limits import parse
from openpyxl import load_workbook
from pypdf import PdfReader

from engine.audit.verify_bundle import verify_bundle
from engine.workspace.checkpoints import KEY
from reports.notice.evidence_view import NoticePages
from tests.web.conftest import DEAL, Visitors

PAGES = {
    "/deals.pdf": "Meridian Compute Borrower LLC",
    "/deals.pdf?q=meridian": "Deals 1 to 1 of 1",
    f"/deals/{DEAL}/notices.pdf": "Statement of notices",
    f"/deals/{DEAL}/history.pdf?kind=tested&test=ltv": "7 of 7 entries",
    f"/deals/{DEAL}/results/ltv/2026-02-19.pdf": "65.854%",
}
"""Pages as PDF, each with words that it must say."""


def words_of(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_a_pdf_that_says_what_it_is_not_and_holds_no_word_of_the_session(
    visitors: Visitors, path: str
) -> None:
    found = visitors.client("servicer").get(path)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/pdf")
    assert found.headers["content-disposition"].startswith("attachment")
    said = words_of(found.content)
    assert PAGES[path] in said
    assert "not a notice under any agreement" in said
    assert path.partition("?")[0] in said, "its address stands in its foot"
    assert visitors.csrf("servicer") not in said
    assert "Sign out" not in said
    assert (
        b"pdfuaid" in found.content
        or PdfReader(io.BytesIO(found.content)).trailer["/Root"]["/MarkInfo"]["/Marked"]
    )  # type: ignore[index]


def test_a_mark_is_drawn_on_paper_too(visitors: Visitors) -> None:
    """A drawing there cannot borrow its shapes from another one, as the page in a browser does."""
    page = visitors.client("servicer").get(f"/deals/{DEAL}/notices.pdf").content
    drawn = b"".join(one.get_contents().get_data() for one in PdfReader(io.BytesIO(page)).pages)  # type: ignore[union-attr]
    assert drawn.count(b" c\n") > 20 or drawn.count(b" re\n") > 20 or drawn.count(b" l\n") > 20


def test_the_same_page_is_the_same_bytes(visitors: Visitors) -> None:
    client = visitors.client("trustee")
    path = f"/deals/{DEAL}/results/ltv/2026-02-19.pdf"
    assert client.get(path).content == client.get(path).content


def test_a_history_too_long_to_print_says_how_to_choose(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.web.history_pages.ON_PAPER", 20)
    found = visitors.client("trustee").get(f"/deals/{DEAL}/history.pdf")
    assert (found.status_code, "choose at most 20" in found.text) == (422, True)


def test_pdfs_are_limited(own_visitors: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.web.paper.PAPERS", parse("2 per hour"))
    client, path = own_visitors.client("trustee"), f"/deals/{DEAL}/results/ltv/2026-02-19.pdf"
    codes = [client.get(path).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_workbooks_hold_numbers_and_dates(visitors: Visitors) -> None:
    client = visitors.client("servicer")
    sheet = load_workbook(io.BytesIO(client.get("/deals.xlsx").content)).worksheets[0]
    head = [cell.value for cell in sheet[1]]
    row = dict(
        zip(
            head,
            (cell.value for cell in next(one for one in sheet.iter_rows(min_row=2) if one[0].value == DEAL)),
            strict=True,
        )
    )
    assert row["principal"] == 15_850_000
    assert row["state"] == "CURE PERIOD"
    assert row["on"].date().isoformat() == "2026-02-19"
    notices = load_workbook(io.BytesIO(client.get(f"/deals/{DEAL}/notices.xlsx").content)).worksheets[0]
    table = list(
        csv.reader(io.StringIO(client.get(f"/deals/{DEAL}/notices.csv").text.removeprefix("\ufeff")))
    )
    assert len(table) == notices.max_row
    assert table[1][1] == notices["B2"].value
    history = load_workbook(io.BytesIO(client.get(f"/deals/{DEAL}/history.xlsx").content)).worksheets[0]
    assert history.max_row == visitors.desk.size(DEAL) + 1


def test_a_borrower_s_statement_has_no_notice_to_others(visitors: Visitors) -> None:
    said = visitors.client("borrower").get(f"/deals/{DEAL}/notices.csv").text
    assert said.count("\n") < visitors.client("servicer").get(f"/deals/{DEAL}/notices.csv").text.count("\n")


def test_a_bundle_is_made_and_verified_elsewhere(
    own_visitors: Visitors, post: Callable[..., object], tmp_path: Path
) -> None:
    """The trustee's own machine: the file, a policy that names the operator's key, and nothing of the desk."""
    begun = post("trustee", f"/deals/{DEAL}/bundle")
    address = begun.headers["location"]  # type: ignore[attr-defined]
    client = own_visitors.client("trustee")
    for _ in range(100):
        page = client.get(address).text
        if "Download the bundle" in page:
            break
        time.sleep(0.1)
    assert f"{own_visitors.desk.size(DEAL)} entries" in page
    found = client.get(f"{address}/file")
    assert found.headers["content-disposition"].startswith("attachment")
    assert own_visitors.client("servicer").get(f"{address}/file").status_code == 404
    into, policy = tmp_path / "deal.bundle", tmp_path / "policy.toml"
    into.write_bytes(found.content)
    key = (own_visitors.desk.workspace.root / f"{KEY}.pub").read_text(encoding="utf-8").strip()
    policy.write_text(f'log_keys = ["{key}"]\n', encoding="utf-8")
    steps = verify_bundle(into, policy, own_visitors.desk.templates, NoticePages()).steps
    assert [step.name for step in steps[:2]] == ["bundle", "log"]
    assert [step.difference for step in steps[:2] if step.difference] == []
