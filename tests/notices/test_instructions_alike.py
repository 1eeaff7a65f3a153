"""Instructions that two readers could take apart differently are refused, on a page and in a part without words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import NameObject

from engine.determination.template import Template
from engine.notices.pdf import read_notice
from engine.notices.trust_policy import Policy
from tests.notices.test_beside_the_pages import Change, drawn_first, page, refused_alike
from tests.notices.test_beside_the_pages import desk as desk  # the fixtures
from tests.notices.test_beside_the_pages import plain as plain
from tests.notices.test_beside_the_pages import policy as policy
from tests.notices.test_beside_the_pages import told as told
from tests.notices.test_objects_alike import UNREAD
from tests.notices.test_other_readings import changed
from tests.notices.test_page_tree import nested

DIGITS = "a text of the file is not hexadecimal"
NAMES = "a dictionary of the file says a name twice, or something else than a name"
STRANGE: dict[str, tuple[bytes, str]] = {
    "a text of other digits": (b"<41zz> ", DIGITS),
    "a text of digits without its end": (b"q Q <41 ", DIGITS),
    "a text without its end": (b"(and on ", UNREAD),
    "an end without its text": (b"q) Q ", UNREAD),
    "a list of instructions": (b"[q Q] ", UNREAD),
    "a list of what looks like numbers": (b"[1.2.3] 0 d ", UNREAD),
    "a list without its end": (b"[1 2 ", UNREAD),
    "an end without its list": (b"1 2] ", UNREAD),
    "an end of another kind": (b"[1 2>> ", UNREAD),
    "half an end": (b"q > Q ", UNREAD),
    "a dictionary without its end": (b"/P <</MCID 9 ", UNREAD),
    "a name twice": (b"/P <</MCID 9/MCID 9>> BDC EMC ", NAMES),
    "a name without its value": (b"/P <</MCID>> BDC EMC ", NAMES),
    "a value without its name": (b"/P <<9 9>> BDC EMC ", NAMES),
    "an instruction in a dictionary": (b"/P <</MCID q>> BDC EMC ", UNREAD),
    "braces": (b"{q} ", UNREAD),
}


def in_a_part(inside: bytes) -> Change:
    return lambda writer: nested(writer, 1, inside=inside)


@pytest.mark.parametrize("where", [drawn_first, in_a_part], ids=["page", "part"])
@pytest.mark.parametrize("what", STRANGE)
def test_what_readers_could_take_apart_differently_is_refused_alike(
    what: str,
    where: type[Change],
    plain: bytes,
    policy: Policy,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    inside, why = STRANGE[what]
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(changed(plain, where(inside)), why, loose, all_templates, tmp_path)


@pytest.mark.parametrize(
    "inside",
    [b"[(a) -1 .5 (\\)(b))] 0 d % > ) ", b"/P <</A [1 null]/B<</C (])>>>> BDC EMC ", b"unknown < 4 1 > "],
)
def test_what_every_reader_takes_apart_alike_is_taken(inside: bytes, plain: bytes) -> None:
    pages = read_notice(plain).pages
    assert read_notice(changed(plain, drawn_first(b"q " + inside + b"\nQ "))).pages == pages
    assert read_notice(changed(plain, in_a_part(inside))).pages == pages


def test_a_part_whose_resources_are_a_stream_is_refused_alike(
    plain: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    def change(writer: object) -> None:
        nested(writer, 1)
        part = page(writer)["/Resources"]["/XObject"]["/part"]
        part[NameObject("/Resources")] = page(writer)["/Contents"].raw_get(0)

    loose = policy.model_copy(update={"signature_needed": False})
    why = "the file's pages are not where they should be"
    refused_alike(changed(plain, change), why, loose, all_templates, tmp_path)
