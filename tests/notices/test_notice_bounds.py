"""A notice is read within bounds: no filter but one, no bomb, no file without an end."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.notices.pdf import read_notice
from engine.notices.pdf_objects import FILTERED, LARGEST_INSIDE, Inflated, inflated
from engine.notices.trust_policy import Policy
from tests.notices.test_verify_notice import desk as desk  # the fixtures
from tests.notices.test_verify_notice import notice as notice
from tests.notices.test_verify_notice import policy as policy
from tests.notices.test_verify_notice import steps, unsigned
from tests.notices.test_verify_notice import told as told


def bombed(data: bytes, place: str, filters: Sequence[str], bomb: bytes) -> bytes:
    """The notice with a stream of its own in the place of an attachment or of what page 1 shows."""
    import io

    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, EncodedStreamObject, NameObject, NumberObject

    writer = PdfWriter(clone_from=io.BytesIO(data))
    stream = EncodedStreamObject()
    stream._data = bomb
    stream[NameObject("/Filter")] = (
        ArrayObject(map(NameObject, filters)) if len(filters) > 1 else NameObject(filters[0])
    )
    stream[NameObject("/Length")] = NumberObject(len(bomb))
    if place == "page":
        writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    else:
        names = writer._root_object["/Names"]["/EmbeddedFiles"]["/Names"]
        names[names.index(place) + 1].get_object()["/EF"][NameObject("/F")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


LONG = zlib.compress(b"0" * (64 * 2**20), 9)


OF_MEGABYTES = zlib.compress(b" " * (12 * 2**20), 9)


BOMBS = {
    "an attachment": (
        "deal.yaml",
        ["/FlateDecode"],
        LONG,
        "a stream of the file is longer than 16,777,216 bytes",
    ),
    "what page 1 shows": (
        "page",
        ["/FlateDecode"],
        LONG,
        "a stream of the file is longer than 16,777,216 bytes",
    ),
    "a bomb in a bomb": (
        "deal.yaml",
        ["/FlateDecode", "/FlateDecode"],
        zlib.compress(LONG, 9),
        FILTERED,
    ),
    "another filter": ("deal.yaml", ["/LZWDecode"], b"\x80\x0b", FILTERED),
    "many streams": (
        "deal.yaml",
        ["/FlateDecode"],
        OF_MEGABYTES + b"\nendstream\nstream\n".join([OF_MEGABYTES] * 12),
        "134,217,728 bytes together",
    ),
}


SPELLINGS = {
    "a value that stands elsewhere": b"/Filter 12 0 R",
    "a value after a comment": b"/Filter%x\n12 0 R",
    "a name in escapes": b"/F#69lter [/FlateDecode /FlateDecode]",
    "a filter in escapes": b"/Filter /Fl#61teDecode",
    "a filter and another": b"/Filter [/FlateDecode/ASCIIHexDecode]",
    "the short name": b"/Filter /Fl",
}


@pytest.mark.parametrize("what", SPELLINGS)
def test_a_filter_is_read_in_one_spelling_alone(
    notice: bytes, policy: Policy, all_templates: dict[str, Template], what: str
) -> None:
    plain = unsigned(notice, policy)
    assert b"/Filter /FlateDecode" in plain
    loose = policy.model_copy(update={"signature_needed": False})
    found = steps(plain.replace(b"/Filter /FlateDecode", SPELLINGS[what], 1), loose, all_templates)[-1]
    assert "which is not read" in (found.difference or "")


def test_an_image_inside_the_page_brings_no_filter_of_its_own(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    page = zlib.compress(b"q BI /W 1 /H 1 /BPC 8 /CS /G /F [/Fl /Fl] ID " + zlib.compress(LONG) + b" EI Q")
    loose = policy.model_copy(update={"signature_needed": False})
    found = steps(bombed(unsigned(notice, policy), "page", ["/FlateDecode"], page), loose, all_templates)[-1]
    assert "an image among its instructions" in (found.difference or "")


def test_streams_that_begin_in_each_other_are_read_within_the_bound_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of a million beginnings was read to the end of the file."""
    looked = []

    def counting(start: memoryview) -> Inflated:
        looked.append(len(start))
        return inflated(start)

    monkeypatch.setattr("engine.notices.pdf.inflated", counting)
    for one in (b"stream\n", b"\nstream\n\x78\x01\0\x0a\0\xf5\xff"):
        looked.clear()
        with pytest.raises(VerificationFailed, match="longer than 134,217,728 bytes together"):
            read_notice(b"%PDF-1.7\n" + one * 1_000_000)
        assert sum(looked) < 2 * LARGEST_INSIDE


def test_a_file_longer_than_a_notice_is_not_read_whole(tmp_path: Path) -> None:
    from engine.notices.pdf import read_file

    long = tmp_path / "long.pdf"
    with long.open("wb") as file:
        file.truncate(3 * 2**30)  # a hole: it takes no room until it is read
    with pytest.raises(VerificationFailed, match="more than 33,554,432 bytes"):
        read_file(long)


@pytest.mark.parametrize("kind", BOMBS)
def test_a_decompression_bomb_meets_a_bound(
    notice: bytes, policy: Policy, all_templates: dict[str, Template], kind: str
) -> None:
    place, filters, bomb, said = BOMBS[kind]
    loose = policy.model_copy(update={"signature_needed": False})
    found = steps(bombed(unsigned(notice, policy), place, filters, bomb), loose, all_templates)[-1]
    assert said in (found.difference or "")


def test_a_signature_that_is_asked_for_is_checked_before_anything_is_read(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    bomb = bombed(unsigned(notice, policy), "deal.yaml", ["/FlateDecode"], LONG)
    assert [step.name for step in steps(bomb, policy, all_templates)] == ["signature"]
