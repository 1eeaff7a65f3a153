"""The notices of `notice_cases` as files: each is drawn, and its text is read, once for all tests of a process."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import notice_cases as cases
from pypdf import PdfReader

from engine.events.notice import NoticeInputs
from reports.render.pdf import render_notice


@cache
def inputs(case: str) -> NoticeInputs:
    made = getattr(cases, case)()
    return made if isinstance(made, NoticeInputs) else made.inputs()


@cache
def drawn(case: str) -> bytes:
    return render_notice(inputs(case))


def texts(pdf: bytes) -> tuple[str, ...]:
    """The text of each page, its spaces alike."""
    return tuple(" ".join((page.extract_text() or "").split()) for page in PdfReader(BytesIO(pdf)).pages)


@cache
def pages(case: str) -> tuple[str, ...]:
    return texts(drawn(case))
