"""The mail that carries a notice says page 1's answer in the notice's own words, as text and as HTML that
fetches nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import notice_cases as cases
import pytest

from engine.delivery.message_body import MessageBody
from engine.delivery.page_answer import PageAnswer, page_answer
from reports.notice.words import page_words
from reports.render.pdf import render_notice

SENTENCE = "Loan-to-Value fails: 65.537% against a maximum of 65%."


@pytest.fixture(scope="module")
def answer() -> PageAnswer:
    inputs = cases.failing()
    found = page_answer(
        render_notice(
            replace(inputs, attachments={"page.json": (page_words(inputs), "the words of the pages")})
        )
    )
    assert found is not None
    return found


def body(answer: PageAnswer, sentences: tuple[str, ...] | None = None) -> MessageBody:
    return MessageBody(
        to="Example Trust <Company>",
        mark=answer.mark,
        party=answer.party,
        title="Notice of a failed test No. 43",
        about="meridian-2026-1, for Thursday 29 October 2026",
        notes=("This is a draft. It becomes a notice when the servicer gives it.",),
        answer=answer.sentences if sentences is None else sentences,
        closing=("The attached document governs where this mail differs.",),
        receipt="https://headroom.example.com/a/x?y=1&z=2",
    )


def test_the_answer_is_the_notices_own(answer: PageAnswer) -> None:
    assert answer.party == "Meridian Compute Borrower LLC"
    assert answer.sentences[0].startswith(SENTENCE)
    assert "USD 106,582.93" in answer.sentences[0]


def test_text_and_html_say_the_same(answer: PageAnswer) -> None:
    text, html = body(answer).as_text(), body(answer).as_html()
    shown = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    for sentence in (
        *answer.sentences,
        "Example Trust <Company>",
        "Notice of a failed test No. 43",
        "This is a draft.",
    ):
        assert sentence in text
        assert sentence in shown
    assert text.index("This is a draft.") < text.index(SENTENCE) < text.index("governs")


def test_html_holds_no_picture_and_fetches_nothing(answer: PageAnswer) -> None:
    html = body(answer, ("<img src=https://x.example/a.png> & <script>",)).as_html()
    assert (
        re.findall(
            r"<(img|script|link|style|iframe|object|video)\b|url\(|src=(?!https://x\.example/a\.png&gt;)",
            html,
        )
        == []
    )
    assert (
        re.findall(r'https?://[^\s"<&]+', html.replace("https://x.example/a.png", ""))
        == ["https://headroom.example.com/a/x?y=1"] * 2
    )


def test_a_file_without_words_has_no_answer_of_its_own() -> None:
    assert page_answer(b"%PDF-1.7 of the first edition") is None
