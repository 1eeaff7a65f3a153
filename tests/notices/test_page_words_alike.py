"""What may be a `page.json`, and which letters of it count: Python and the page in a browser say the same."""

from __future__ import annotations

import base64
import shutil

import pytest

from engine.notices.page_match import plain_text, read_page_words
from engine.notices.verify_notice import UNREADABLE
from tests.notices.browser_parts import browser_says

MARGIN = b'{"foot":"f","left":"l","middle":"m","right":"r"}'


def page(words: bytes, version: bytes = b"1", block: bytes = b'"answer"', place: bytes = b'"first"') -> bytes:
    one = b'{"block":' + block + b',"page":' + place + b',"words":' + words + b"}"
    return b'{"blocks":[' + one + b'],"margin":' + MARGIN + b',"version":' + version + b"}"


TRUE = b'[[0,"a"],[1,"b"],[0,"c",1]]'
TAKEN: dict[str, bytes] = {
    "as it is written": page(TRUE),
    "letters of other scripts": page('[[0,"\u0430\u00e9\u6f22"]]'.encode()),
    "the largest whole number": page(b'[[9007199254740991,"a"]]'),
    "no words": page(b"[]"),
}
REFUSED: dict[str, bytes] = {
    "a version that is a truth": page(TRUE, b"true"),
    "a version with a fraction": page(TRUE, b"1.0"),
    "a version with an exponent": page(TRUE, b"1e0"),
    "a flow that is a truth": page(b'[[true,"a"]]'),
    "a flow with a fraction": page(b'[[0.5,"a"]]'),
    "a flow below zero": page(b'[[-1,"a"]]'),
    "a flow that is minus zero": page(b'[[-0,"a"]]'),
    "a flow with a huge exponent": page(b'[[1e400,"a"]]'),
    "a flow beyond what all readers tell apart": page(b'[[9007199254740992,"a"]]'),
    "a flow of five thousand digits": page(b"[[" + b"9" * 5_000 + b',"a"]]'),
    "a table that is not a number": page(b'[[0,"a",NaN]]'),
    "a table without an end": page(b'[[0,"a",Infinity]]'),
    "a table with a fraction": page(b'[[0,"a",1.5]]'),
    "a table that is a text": page(b'[[0,"a","1"]]'),
    "a table that is nothing": page(b'[[0,"a",null]]'),
    "a table that is a truth": page(b'[[0,"a",false]]'),
    "a table that is a list": page(b'[[0,"a",[]]]'),
    "a word more": page(b'[[0,"a",1,2]]'),
    "a string without a flow": page(b'["ab"]'),
    "a text that is a number": page(b"[[0,1]]"),
    "words that are a text": page(b'"ab"'),
    "a block that is nothing": page(TRUE, block=b"null"),
    "a block that is a number": page(TRUE, block=b"1"),
    "a page that is a list": page(TRUE, place=b'["first"]'),
    "a name twice": page(TRUE).replace(b'{"blocks"', b'{"version":1,"blocks"'),
    "a letter in escapes": page(b'[[0,"\\u0061"]]'),
    "half a character": page(b'[[0,"\\ud800"]]'),
    "half a character as it is": page(b'[[0,"\xed\xa0\x80"]]'),
    "a mark of byte order": b"\xef\xbb\xbf" + page(TRUE),
    "spaces": page(TRUE).replace(b",", b", "),
    "a line more": page(TRUE) + b"\n",
    "a zero byte at the end": page(TRUE) + b"\x00",
    "UTF-16": page(TRUE).decode().encode("utf-16"),
    "the end cut": page(TRUE)[:-1],
    "lists in lists": page(b"[" * 100_000),
    "nothing": b"",
}


def taken(data: bytes) -> bool:
    try:
        read_page_words(data)
    except UNREADABLE:
        return False
    return True


def test_python_takes_a_page_in_its_one_form() -> None:
    assert [what for what, data in TAKEN.items() if not taken(data)] == []
    assert [what for what, data in REFUSED.items() if taken(data)] == []


SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace() or code in (0, 2, 0xAD, 0x200B))
TEXTS = [f"a{letter}b" for letter in (*SPACES, "\ufeff", "\ufffe", "\ufb01", "\uff21", "\u2011", "\x1f")]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_the_page_in_a_browser_takes_the_same() -> None:
    everything = {**TAKEN, **REFUSED}
    answer = browser_says(
        "", words=[base64.b64encode(data).decode() for data in everything.values()], plain=TEXTS
    )
    assert dict(zip(everything, answer["words"], strict=True)) == {what: what in TAKEN for what in everything}
    assert dict(zip(TEXTS, answer["plain"], strict=True)) == {text: plain_text(text) for text in TEXTS}
