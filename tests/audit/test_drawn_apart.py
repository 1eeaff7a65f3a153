"""A file that keeps whoever draws it busy, or that cannot be drawn, is a difference; no command hangs on it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import DictionaryObject, FloatObject, NameObject, NumberObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from engine.audit.pages_again import Drawn, drawn_again
from engine.basics.errors import Unavailable, VerificationFailed
from engine.events.notice import NoticeInputs
from engine.notices.drawing import drawn_apart, drawn_here
from engine.notices.pdf import read_notice
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.audit.test_pages_again import desk as desk  # the fixtures
from tests.audit.test_pages_again import failing as failing
from tests.audit.test_pages_again import made_of as made_of
from tests.audit.test_pages_again import render
from tests.audit.test_pages_again import told as told
from tests.notices.test_beside_the_pages import among_resources, box, drawn_first, named

BOUNDS = "the file cannot be drawn within 1 seconds and 1,073,741,824 bytes of memory"


@pytest.fixture(scope="module")
def drawn(made_of: NoticeInputs) -> bytes:
    return render_notice(made_of)


def with_fine_pattern(data: bytes) -> bytes:
    """A notice whose page 1 is filled with a pattern of many thousand tiles for each letter."""
    writer, out = IncrementalPdfFileWriter(io.BytesIO(data)), io.BytesIO()
    said = named(
        PatternType=NumberObject(1),
        PaintType=NumberObject(1),
        TilingType=NumberObject(1),
        BBox=box(0, 0, 9, 9),
        XStep=FloatObject("0.05"),
        YStep=FloatObject("0.05"),
        Resources=DictionaryObject(),
    )
    tile = writer.add_object(StreamObject(said, stream_data=b"1 g 0 0 9 9 re f " * 1_000))
    among_resources(writer, "/Pattern", tile=tile)
    among_resources(writer, "/ColorSpace", pattern=NameObject("/Pattern"))
    drawn_first(b"q /Pattern cs /tile scn 0 0 600 800 re f Q\n")(writer)
    writer.write(out)
    return out.getvalue()


def test_a_page_that_takes_without_end_to_draw_is_a_difference(
    drawn: bytes, made_of: NoticeInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = with_fine_pattern(drawn)
    assert len(read_notice(data).pages) == len(read_notice(drawn).pages)
    monkeypatch.setattr("engine.notices.drawing.SECONDS", 1)
    pages = NoticePages()
    assert drawn_again(data, pages.renderer, made_of, pages, render) == Drawn("differs", BOUNDS)


def test_a_file_is_drawn_alike_in_both_processes(drawn: bytes) -> None:
    here = tuple(drawn_here(drawn))
    assert len(here) > 1
    assert drawn_apart(drawn) == here


def test_what_is_no_file_is_refused_with_its_reason() -> None:
    with pytest.raises(VerificationFailed, match=r"the file cannot be drawn: .*Data format error"):
        drawn_apart(b"%PDF-1.7\n")


FAILURES = {
    "raise OSError(5, 'Input/output error')": r"OSError: \[Errno 5\] Input/output error",
    "import os; os.kill(os.getpid(), 9)": r"its process was ended \(-9\)",
    "import resource; raise ValueError('not allowed to raise maximum limit')": "not allowed to raise",
    "import time; time.sleep(60)": "was not drawn in 1 seconds, for this machine does much else",
}
"""How a machine fails the process that draws, and what is said of it."""


@pytest.mark.parametrize(("code", "said"), FAILURES.items(), ids=list(FAILURES))
def test_a_failure_of_the_machine_says_nothing_of_the_file(
    drawn: bytes, made_of: NoticeInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    """It was called a difference: exit code 3 for a notice that is whole."""
    child = tmp_path / "child.py"
    child.write_text(code, encoding="utf-8")
    monkeypatch.setattr("engine.notices.drawing.drawing_child.__file__", str(child))
    monkeypatch.setattr("engine.notices.drawing.SECONDS", 1)
    monkeypatch.setattr("engine.notices.drawing.PATIENCE", 1)
    pages = NoticePages()
    with pytest.raises(Unavailable, match=said):
        drawn_again(with_fine_pattern(drawn), pages.renderer, made_of, pages, render)
