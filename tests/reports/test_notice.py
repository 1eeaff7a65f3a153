"""The notice as a file: what its text says, that the same inputs give the same bytes, that it reaches for
nothing outside.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import notice_cases as cases
import pytest
from drawn_cases import drawn, inputs, pages, texts
from markupsafe import escape
from notice_deal import adopted
from pypdf import PdfReader

from engine.events.deal_adopted import AmendmentFacts, LaterClauses
from engine.events.notice import NoticeInputs, notice_file_name
from engine.events.results import Bearing
from reports.notice.compose import BLOCKS, compose
from reports.render import pdf
from reports.render.assets import BASE, FONTS, assets, legible
from reports.render.pdf import fetcher, render_notice, to_html
from tests.reports.verapdf import failures

GOLDEN = Path(__file__).parent / "golden" / "compliance.json"
KINDS = {
    "beginning": ("Trigger Event Notice No. 45", "Cash Sweep is in effect from Thursday 12 November 2026"),
    "failing": ("Failed Test Notice No. 43", "Loan-to-Value fails: 65.537% against a maximum of 65%"),
    "defaulting": (
        "Event of Default Notice No. 45",
        "Event of Default indicated on Loan-to-Value since Saturday 14 November 2026",
    ),
    "cured": ("Cure Report No. 14", "Loan-to-Value is cured and stands at COMPLIANT"),
    "correcting": (
        "Correction Notice No. 44",
        "This document corrects No. 43. One result was determined again",
    ),
    "unevaluated": (
        "Report of a Date Not Evaluated No. 43",
        "The deal was not evaluated on Thursday 5 November 2026",
    ),
    "first_ever": ("Compliance Notice No. 1", "Rental Rate Floor is NOT DETERMINED: window not full: 1 of 4"),
    "without_rate": (
        "Compliance Notice No. 44",
        "No test could be determined: there is no Reference Rate of CRI-H100",
    ),
    "without_report": (
        "Compliance Notice No. 44",
        "Loan-to-Value is NOT DETERMINED in its Cure Period. It must be cured by Friday 13",
    ),
    "crowded": (
        "Compliance Notice No. 44",
        "Overcollateralization, Classes A and B cumulative down the capital structure",
    ),
}
MEANING = (
    "CRI-H100 is the median of listed on-demand prices for H100 SXM on one marketplace in the United "
    "States. It is not a contract rate, not volume-weighted, not an executed price and not adjusted for "
    "performance."
)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """WeasyPrint recommends a faster library for embedding fonts where it is missing; that is not a fault of
    a page.
    """
    logging.getLogger("weasyprint").setLevel(logging.ERROR)


def standard() -> NoticeInputs:
    return inputs("standard")


def undecided(note: str | None) -> str:
    """What page 1 of the standard notice says of decisiveness where every result has the same bearing."""
    told = standard()
    events = list(told.events)
    for place, event in enumerate(events):
        if event.kind == "tested":
            result = event.payload.result.model_copy(update={"bearing": Bearing(decisive=False, note=note)})
            events[place] = event.model_copy(
                update={"payload": event.payload.model_copy(update={"result": result})}
            )
    return "".join(text for text, _ in compose(replace(told, events=events))["answer"][0])


def test_page_1_speaks_of_an_interval_only_where_there_is_one() -> None:
    inside = "; the limit lies inside the interval by sellers"
    assert inside in undecided(None)
    none = undecided("4 sellers; six are needed")
    assert inside not in none
    assert "Appraisal; 4 sellers; six are needed" in none


# ---- what it says
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "Loan-to-Value fails for the second date running: 68.087% against a maximum of 65%.",
        (
            "It must be cured by Friday 13 November 2026, at this date’s Reference Rate by a prepayment of "
            "USD "
            "589,317.52 or by pledging 49"
        ),
        "Cash Sweep has counted 1 of 2 dates and is not in effect.",
        (
            "Draft notice, to be given by the Servicer to the Administrative Agent and the Indenture "
            "Trustee. "
            "It becomes a notice by the"
        ),
        "Reference Rate USD 1.4937 per GPU-hour",
        "−3.087 points −4.75% of limit",
        "day 5 of 10, to Fri 13 Nov",
        "Sat 14 Nov 2026 Event of Default indicated if Loan-to-Value is not cured by Fri 13 Nov 2026",
    ],
)
def test_page_one_is_the_answer(said: str) -> None:
    assert said in pages("standard")[0]


@pytest.mark.parametrize(
    "said",
    [
        MEANING,
        "computed by the calculation agent under 1.1-wp; not published by the administrator",
        "68.086505…%",
        "multiple × rate × GPU-hours a year = 1.5 × USD 1.4937 × 1,024 GPUs × 8,760 h × 95%",
        "It is not a determination of Default, nor an election, waiver or consent by any party.",
        "headroom verify meridian-2026-1-0044-2026-11-05-compliance.pdf --policy trustee.toml",
        "15 calendar days to Fri 13 Nov 2026, 10 of them Business Days; closed: Wed 11 Nov 2026 Veterans Day",
        "Prepared by Checked by Signature For the Servicer: name, title, date",
        "No amendment is in force.",
    ],
)
def test_the_proof_says(said: str) -> None:
    assert said in " ".join(pages("standard")[1:]).replace(
        "volume- weighted", "volume-weighted"
    )  # a line ends there


def test_a_second_print_is_verified_under_the_name_of_its_own_file() -> None:
    again = replace(inputs("correcting"), print=2)
    (command,) = [block["command"] for block in compose(again)["proof"] if block["block"] == "proof"]
    assert command == f"headroom verify {notice_file_name(again)} --policy trustee.toml"
    assert notice_file_name(again) == "meridian-2026-1-0044-2026-11-05-correction-2.pdf"


def test_amendments_and_corrections_are_printed_under_their_own_numbers() -> None:
    changes = (
        AmendmentFacts(
            number=1,
            kind="correction",
            document="the deal file",
            effective=date(2026, 1, 6),
            changes=("a: 1 becomes 2",),
        ),
        AmendmentFacts(number=1, document="AM1", effective=date(2026, 6, 26), changes=("b: 3 becomes 4",)),
    )
    deal = cases.standard(facts=adopted(amendments=changes))
    (text,) = [block for block in compose(deal.inputs())["proof"] if block["block"] == "text"]
    assert "Correction No. 1 of the deal file, from 6 Jan 2026: a: 1 becomes 2." in text["note"]
    assert "Amendment No. 1, AM1, from 26 Jun 2026: b: 3 becomes 4." in text["note"]


def test_a_clause_is_printed_as_it_reads_on_the_notices_date() -> None:
    clause = cases.CLAUSES[1].model_copy(update={"text": None, "reading": "at most 55%"})
    for since, read in ((date(2026, 11, 5), True), (date(2026, 11, 6), False)):
        deal = cases.standard(facts=adopted(later_clauses=(LaterClauses(since=since, clauses=(clause,)),)))
        (text,) = [block for block in compose(deal.inputs())["proof"] if block["block"] == "text"]
        assert (
            "at most 55%"
            in [one["text"] for part in text["parts"] for column in part["columns"] for one in column]
        ) is read


def test_a_deal_that_rounds_its_ratios_prints_them_as_it_compares_them() -> None:
    context = compose(cases.standard(facts=adopted(rounding="2 decimals, half up")).inputs())
    (results,) = [block for block in context["first"] if block["block"] == "results"]
    row = {one["title"]: one for one in results["rows"]}["Loan-to-Value"]
    assert (row["measured"], row["headroom"]) == ("68.09%", "−3.09 points")
    (proof,) = [block for block in context["proof"] if block["block"] == "computation"]
    assert (
        "Ratios in per cent and points are compared rounded to 2 decimals of a per cent, half up"
        in proof["note"]
    )
    (part,) = [one for one in proof["parts"] if one["title"] == "Loan-to-Value"]
    assert [one["figure"] for one in part["rows"] if one["name"] == "Rounded"] == [("68", ".09%")]
    (sweep,) = [one for one in proof["parts"] if one["title"] == "Cash Sweep"]
    assert "Rounded" not in [one["name"] for one in sweep["rows"]]


def test_a_reservation_of_rights_stands_in_the_agents_documents_only() -> None:
    assert not any("rights" in page and "reserved" in page for page in pages("standard"))
    agents = " ".join(pages("defaulting"))
    assert "All rights of the Administrative Agent, the Trustee and the holders are reserved." in agents


@pytest.mark.parametrize("case", KINDS)
def test_every_kind_says_what_happened(case: str) -> None:
    found = pages(case)
    title, said = KINDS[case]
    assert title in found[0]
    assert said in " ".join(found[:2])


@pytest.mark.parametrize("case", KINDS)
def test_every_kind_keeps_both_standards(case: str, tmp_path: Path) -> None:
    """PDF/A-3a and PDF/UA-1, as the veraPDF engine checks them."""
    file = tmp_path / "notice.pdf"
    file.write_bytes(drawn(case))
    for standard in ("3a", "ua1"):
        checks, broken = failures(file, standard)
        assert checks > 10_000
        assert broken == {}


def test_the_standard_answer_stays_on_page_one() -> None:
    for found in (pages("standard"), texts(render_notice(standard(), "letter"))):
        assert "3 If nothing is done" in found[0]
        assert "Sat 14 Nov 2026" in found[0]
        assert "4 Index" in found[1]


def test_page_one_flows_on_with_fourteen_tests() -> None:
    found = pages("crowded")
    assert "1 Results" in found[0]
    assert "3 If nothing is done" in found[1]
    assert "4 Index" in found[1]


def test_a_real_deal_is_not_marked_illustrative() -> None:
    assert all("ILLUSTRATIVE - NOT A NOTICE" in page for page in pages("standard"))
    assert not any("ILLUSTRATIVE" in page for page in pages("crowded"))


def test_every_block_is_numbered_in_order() -> None:
    for case in ("beginning", "unevaluated", "crowded"):
        context = compose(inputs(case))
        blocks = [*context["first"], *context["proof"]]
        assert [block["number"] for block in blocks] == list(range(1, len(blocks) + 1))
        assert {block["block"] for block in blocks} <= set(BLOCKS)


def test_the_context_is_the_golden_one() -> None:
    """The standard notice, whole.

    `HEADROOM_GOLDEN=write` writes it anew; the diff is then read like any other.
    """
    made = json.dumps(compose(standard()), indent=1, ensure_ascii=False, sort_keys=True, default=vars) + "\n"
    if os.environ.get("HEADROOM_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(made, encoding="utf-8")
    assert made == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_context_says_what_it_must() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    rows = {row["title"]: row for row in golden["first"][0]["rows"]}
    assert [row["verdict"] for row in rows.values()] == ["PASS", "FAIL", "FAIL", "PASS", None]
    assert rows["Loan-to-Value"]["headroom"] == "−3.087 points"
    assert rows["Loan-to-Value"]["strip"]["text"] == "1.5647"
    assert (rows["Cash Sweep"]["word"], rows["Cash Sweep"]["pips"]) == ("NOT IN EFFECT", [True, False])


# ---- one file, the same bytes
# -------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn("standard")
    monkeypatch.setattr("fontTools.misc.timeTools.time.time", lambda: 2_000_000_000.0)
    assert render_notice(standard()) == first


def test_another_number_gives_another_file() -> None:
    assert render_notice(replace(standard(), number=45)) != drawn("standard")


def test_attachments_are_embedded_as_data() -> None:
    reader = PdfReader(BytesIO(drawn("standard")))
    root: Any = reader.trailer["/Root"]
    assert {str(one.get_object()["/AFRelationship"]) for one in root["/AF"]} == {"/Data"}
    assert reader.attachments["deal.yaml"] == [b"deal: meridian-2026-1\n"]


def test_the_file_says_which_standards_it_keeps() -> None:
    reader = PdfReader(BytesIO(drawn("standard")))
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data()
    assert b'pdfuaid:part="1"' in metadata
    assert b'pdfaid:part="3"' in metadata
    assert root["/Lang"] == "en"
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }  # type: ignore[index]
    assert all("+HR-" in name for name in fonts)


def test_every_header_cell_has_a_scope() -> None:
    root: Any = PdfReader(BytesIO(drawn("standard"))).trailer["/Root"]
    cells = [one for one in structure(root["/StructTreeRoot"]) if one.get("/S") == "/TH"]
    assert len(cells) > 100
    assert {str(cell["/A"]["/Scope"]) for cell in cells} == {"/Column", "/Row"}


def structure(node: Any) -> Iterator[Any]:
    """Every element of the structure tree below `node`."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        found = kid.get_object()
        if isinstance(found, dict):
            yield found
            yield from structure(found)


# ---- doors kept shut
# ----------------------------------------------------------------------------------------------

ADDRESSES = [
    "file:///etc/passwd",
    "file:etc/passwd",
    "FILE:///etc/passwd",
    "/etc/passwd",
    "etc/passwd",
    "../style.css",
    "./style.css",
    "..%2fstyle.css",
    "http://localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "https://example.com/x.svg",
    "//example.com/x.svg",
    "ftp://example.com/x",
    "data:text/css,body{}",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "javascript:alert(1)",
    "jar:file:///x!/y",
    "gopher://example.com/",
    "",
    BASE,
    f"{BASE}../style.css",
    f"{BASE}fonts/../style.css",
    f"{BASE}style.css?x",
    f"{BASE}style.css#x",
    f"{BASE}/style.css",
    f"{BASE}fonts/",
    f"{BASE}STYLE.CSS",
    BASE.replace("https", "http") + "style.css",
    "https://assets.invalid.example.com/style.css",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_fetcher_refuses(address: str) -> None:
    with pytest.raises(ValueError, match="refused"):
        fetcher().fetch(address)


def test_the_fetcher_serves_every_asset_by_name() -> None:
    assert all(fetcher().fetch(BASE + name) is not None for name in assets())
    assert {f"fonts/{name}" for name in FONTS} <= set(assets())


INJECTIONS = [
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "{{ c.__class__.__mro__ }}",
    "<script>alert(1)</script>",
    '<img src="file:///etc/passwd"/>',
    '"><link rel="stylesheet" href="http://example.com/x.css"/>',
    "<svg><image href='http://example.com/x'/></svg>",
    "&lt;b&gt; & 'quoted'",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_deal_text_is_data(text: str) -> None:
    facts = adopted()
    party = facts.parties[0].model_copy(update={"name": text})
    clause = facts.clauses[1].model_copy(update={"title": text, "text": text, "reading": text})
    changed = facts.model_copy(
        update={
            "parties": (party, *facts.parties[1:]),
            "clauses": (facts.clauses[0], clause, *facts.clauses[2:]),
        }
    )
    html = to_html("notice.html.j2", compose(cases.standard(facts=changed).inputs()), "a4")
    for opened in ("<script", "<img", "<link", "<image"):
        assert opened not in html
    assert str(escape(text)) in html


def test_text_outside_the_fonts_is_spelled_out() -> None:
    assert legible("Zürich § 7, Łódź, 中") == "Zürich § 7, Łódź, [U+4E2D]"
    facts = adopted()
    party = facts.parties[0].model_copy(update={"name": "深圳 Compute"})
    found = texts(
        render_notice(
            cases.standard(facts=facts.model_copy(update={"parties": (party, *facts.parties[1:])})).inputs()
        )
    )
    assert "[U+6DF1][U+5733] Compute" in found[0]


def test_the_quick_reader_of_our_pages_gives_the_bytes_of_the_slow_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """WeasyPrint reads any HTML that people write; ours is well-formed, so the standard library's XML parser
    will do.
    """
    import weasyprint

    quick = drawn("crowded")
    slow = lambda html: weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetcher())  # noqa: E731
    monkeypatch.setattr(pdf, "_page_type", lambda: slow)
    assert render_notice(inputs("crowded")) == quick


def test_what_xml_forbids_in_a_text_is_spelled_out() -> None:
    """A notice with such a character is made all the same."""
    hostile = "".join(map(chr, range(32))) + "<&>\"'\x7f\ud800\ufffe\uffff"
    seen = legible(hostile.replace("\n", ""))
    assert "[U+0000]" in seen
    assert "[U+D800]" in seen
    assert all(" " <= character <= "~" for character in seen)
