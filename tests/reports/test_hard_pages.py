"""Pages at their limits: a long clause, long names, many tests, the last page, the paper that a deal writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import combinations, pairwise

import notice_cases as cases
import pypdfium2
import pytest
from drawn_cases import drawn, inputs, pages, texts
from notice_deal import adopted
from pypdf import PdfReader

from engine.events.deal_adopted import ClauseFacts
from engine.events.due_acts import DueFacts
from engine.events.kinds import Determined
from engine.events.notice import NoticeInputs
from reports.notice.blocks.index_chart import lane_names
from reports.notice.blocks.terms import LONG
from reports.notice.compose import compose
from reports.notice.view import told_apart
from reports.render.pdf import Paper, render_notice

WAYS = ("prepayment", "pledge of further GPUs", "retest on")
NEAR_EMPTY = 0.2
"""A page of which less than this share is used is nearly empty."""


HEAD = {"a4": 25 / 25.4 * 72, "letter": 17.4 / 25.4 * 72}
"""The height of the margin over the live area of each paper, in points."""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("weasyprint").setLevel(logging.ERROR)


def used(pdf: bytes) -> list[float]:
    """The share of each page's height that its own text takes, head and foot left out."""
    shares = []
    for page in pypdfium2.PdfDocument(pdf):
        height, text = page.get_height(), page.get_textpage()
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        own = [box for box in boxes if 0.09 * height < box[1] < 0.9 * height]
        shares.append((max(box[3] for box in own) - min(box[1] for box in own)) / height if own else 0.0)
    return shares


def test_a_clause_of_4500_characters_breaks_over_pages_and_says_each_sentence_once() -> None:
    assert len(cases.SENTENCES) > 4_300 > LONG
    file = render_notice(cases.wordy())
    whole = " ".join(texts(file))
    assert [whole.count(f"Sentence {n} of this clause") for n in range(1, 41)] == [1] * 40
    assert min(used(file)) > NEAR_EMPTY


@pytest.mark.parametrize(
    "case",
    [
        "defaulting",
        "cured",
        "first_ever",
        "without_report",
        "without_rate",
        "unevaluated",
        "crowded",
        "twelve",
    ],
)
def test_no_page_is_nearly_empty_or_a_heading_alone(case: str) -> None:
    assert min(used(drawn(case))) > NEAR_EMPTY


def test_names_of_160_letters_wrap_inside_the_page() -> None:
    assert (len(cases.LONG_WORD), len(cases.LONG_NAME)) == (160, 160)
    file = render_notice(cases.longest_names())
    for page in pypdfium2.PdfDocument(file):
        width, text = page.get_width(), page.get_textpage()
        right = [text.get_rect(n)[2] for n in range(text.count_rects())]
        assert max(right) < width - 30, "runs out of the live area"
    assert cases.LONG_WORD in "".join("".join(texts(file)).split())


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_running_head_of_the_widest_letters_stays_on_the_paper_and_apart(paper: Paper) -> None:
    name, gap = "m" * 160, 2.0
    for page in pypdfium2.PdfDocument(render_notice(cases.longest_names(name), paper)):
        text, (width, height) = page.get_textpage(), page.get_size()
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        assert all(left > 0 and low > 0 and right < width for left, low, right, _ in boxes)
        assert max(top for *_, top in boxes) < height - gap, "touches the edge of the paper"
        head = [box for box in boxes if box[1] > height - HEAD[paper]]
        parts = [text.get_text_bounded(*box).strip() for box in head]
        assert {"Compliance Notice No. 44, draft", "ILLUSTRATIVE - NOT A NOTICE"} <= set(parts)
        assert "".join(part for part in parts if set(part) == {"m"}) == name
        for one, other in combinations(head, 2):
            beside = one[1] < other[3] and other[1] < one[3]
            assert not beside or one[2] + gap < other[0] or other[2] + gap < one[0], (
                "parts of the head overlap"
            )


@pytest.mark.parametrize("make", [cases.longest_names, lambda: inputs("standard"), lambda: inputs("crowded")])
def test_a_notice_breaks_in_the_same_places_on_both_papers(make: Callable[[], NoticeInputs]) -> None:
    a4, letter = (texts(render_notice(make(), paper)) for paper in ("a4", "letter"))
    assert a4 == letter


def test_with_twelve_tests_page_1_stays_the_answer() -> None:
    (results,) = [block for block in compose(inputs("twelve"))["first"] if block["block"] == "results"]
    titles = [row["title"] for row in results["rows"]]
    assert titles == ["Loan-to-Value", "Cash Sweep", "Rental Rate Floor", "Early Amortization"]
    gathered = "".join(text for text, _ in results["gathered"])
    assert gathered.startswith(
        "Passing, nothing to do: Appraisal 13.405% (max. 25%); Overcollateralization, Class A "
    )
    assert gathered.count(";") == 7
    found = pages("twelve")
    assert "3 If nothing is done" in found[0]
    assert "Sat 14 Nov 2026" in found[0]
    assert "4 Index" in found[1]


def owing(further: int) -> NoticeInputs:
    """The standard notice with so many deliveries due before its cure, which stands the lower on page 1."""
    standard = inputs("standard")
    last = max(
        (event for event in standard.events if isinstance(event.payload, Determined)), key=lambda one: one.seq
    )
    assert isinstance(last.payload, Determined)
    cure = next(act for act in last.payload.due if act.act == "cure")
    report = next(act for act in last.payload.due if act.act == "report")
    more = tuple(
        report.model_copy(update={"act": "deliver", "facts": DueFacts(deliver=f"statement number {n}")})
        for n in range(further)
    )
    changed = last.model_copy(update={"payload": last.payload.model_copy(update={"due": (*more, cure)})})
    return replace(standard, events=tuple(changed if event is last else event for event in standard.events))


@pytest.mark.parametrize("further", [9, 11, 12])
def test_an_act_and_the_ways_to_do_it_stand_on_one_page(further: int) -> None:
    """With 11 and 12 acts before it, the head of the cure stood at the foot of page 1 and its ways on page 2."""
    found = texts(render_notice(owing(further)))
    (at,) = [n for n, said in enumerate(found) if "Cure Loan-to-Value, by one of:" in said]
    assert at == (0 if further == 9 else 1)
    assert all(f"({letter}) {way}" in found[at] for letter, way in zip("abc", WAYS, strict=True))


def test_eight_tests_keep_the_agreements_order() -> None:
    (results,) = [block for block in compose(inputs("standard"))["first"] if block["block"] == "results"]
    assert [row["title"] for row in results["rows"]][:3] == [
        "Rental Rate Floor",
        "Loan-to-Value",
        "Cash Sweep",
    ]
    assert results["gathered"] == []


@pytest.mark.parametrize(
    ("clauses", "names"),
    [
        ([("Loan-to-Value", "CA 1"), ("Cash Sweep", "CA 2")], ["Loan-to-Value", "Cash Sweep"]),
        (
            [("Overcollateralization, Class A", "I 1"), ("Overcollateralization, Class B", "I 2")],
            ["I 1", "I 2"],
        ),
        ([("C" * 160, "CA 1"), ("Pool Coverage", "CA 2")], ["C" * 20 + "…", "Pool Coverage"]),
    ],
)
def test_lanes_are_told_apart(clauses: Sequence[tuple[str, str]], names: list[str]) -> None:
    assert lane_names(clauses) == names
    assert all(left != right for left, right in pairwise(names))


def test_a_long_name_breaks_between_its_words() -> None:
    """In the column of tests, `Facility` was broken inside, because no space of the name was one."""
    keys = ("floor", "floor-of-the-facility-number-2")
    clauses = [
        ClauseFacts(key=key, title="Rate", cite="CA 1", kind="test", text=None, reading="It holds.")
        for key in keys
    ]
    titles = [clause.title for clause in told_apart(tuple(clauses))]
    assert titles == ["Rate, Floor", "Rate, Floor of the Facility Number 2"]
    short = [clause.model_copy(update={"key": f"class-a-{n}"}) for n, clause in enumerate(clauses)]
    assert [clause.title for clause in told_apart(tuple(short))] == [
        "Rate, Class\xa0A\xa00",
        "Rate, Class\xa0A\xa01",
    ]


def test_the_deal_writes_its_paper() -> None:
    sizes = {}
    for paper in (None, "us letter"):
        deal = cases.standard(facts=adopted(paper=paper))
        box = PdfReader(BytesIO(render_notice(deal.inputs()))).pages[0].mediabox
        sizes[paper] = (round(float(box.width)), round(float(box.height)))
    assert sizes == {None: (595, 842), "us letter": (612, 792)}
