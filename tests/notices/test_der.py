"""DER is read in one spelling: what is longer than it need be, indefinite, cut off or followed by more is
refused.
"""

from __future__ import annotations

import pytest

from engine.notices import der


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_what_is_encoded_is_read_again(size: int) -> None:
    written = der.encoded(der.OCTET_STRING, b"x" * size)
    found = der.first(written + b"what follows")
    assert (found.tag, found.content, found.whole) == (der.OCTET_STRING, b"x" * size, written)
    assert der.first(der.encoded(der.SEQUENCE, written, written)).parts == (found, found)


REFUSED = {
    "nothing": "",
    "a tag alone": "04",
    "a tag of several octets": "1f8101",
    "an indefinite length": "30800000",
    "a length in two octets that fits into one": "04810161",
    "a length with a zero before it": "048200ff" + "61" * 255,
    "a length without its octets": "0482",
    "an end after the bytes": "040361",
    "a length of more octets than there are": "04ff61",
}


@pytest.mark.parametrize("what", REFUSED)
def test_another_spelling_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match=r"element|length"):
        der.first(bytes.fromhex(REFUSED[what]))


@pytest.mark.parametrize("content", ["04", "0400 05", "ff"])
def test_what_is_not_made_of_elements_has_no_parts(content: str) -> None:
    with pytest.raises(ValueError, match="element"):
        _ = der.first(der.encoded(der.SEQUENCE, bytes.fromhex(content))).parts
    with pytest.raises(ValueError, match="holds no elements"):
        _ = der.first(der.encoded(der.OCTET_STRING, b"\x04\x00")).parts


def test_an_element_of_another_tag_is_not_taken() -> None:
    with pytest.raises(ValueError, match="belongs"):
        der.first(der.encoded(der.SEQUENCE, der.encoded(der.NULL))).only(der.SET)
