"""When an event says that it was recorded: Python and the page in a browser read the same texts alike."""

from __future__ import annotations

import base64
import json
import shutil
from datetime import UTC, datetime

import pytest

from engine.basics.errors import VerificationFailed
from engine.record.consistency import not_after
from tests.notices.browser_parts import browser_says

AT = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
NONE, NO_ZONE = (
    "the event does not say when it was recorded",
    "the event says when it was recorded without a time zone",
)
LATE = "the event says that it was recorded at 2026-07-03 13:00, and its log was cosigned at 2026-07-03 12:00"
SAID: dict[str, str] = {
    "2026-07-03T12:00:00.000Z": "",
    "2026-07-03T13:00:00Z": "",
    "2026-07-03T13:00:01Z": LATE,
    "2026-07-03T13:00:00.001Z": LATE,
    "2026-07-03T15:00:01+02:00": LATE,
    "2026-07-03T07:30:01-05:30": LATE,
    "2026-07-03T12:59:59+23:59": "",
    "2026-07-03T12:00:00.123456+00:00": "",
    "2026-07-03T12:00:00": NO_ZONE,
    "2026-07-03T12:00:00.000": NO_ZONE,
    "2026-07-03T12:00:60Z": NONE,  # a leap second
    "2026-06-30T23:59:60Z": NONE,
    "2026-07-03T24:00:00Z": NONE,
    "2026-07-03T12:00:00+24:00": NONE,
    "2026-07-03T12:00:00+00:60": NONE,
    "2026-07-03T12:00:00+00:00:30": NONE,
    "2026-07-03T12:00:00+0000": NONE,
    "2026-07-03T12:00:00+00": NONE,
    "2026-07-03T12:00Z": NONE,
    "2026-07-03 12:00:00Z": NONE,
    "2026-07-03t12:00:00z": NONE,
    "2026-07-03": NONE,
    "20260703T120000Z": NONE,
    "2026-W27-5T12:00:00Z": NONE,
    "2026-02-30T12:00:00Z": NONE,
    "2026-13-01T12:00:00Z": NONE,
    "2026-07-00T12:00:00Z": NONE,
    "0000-07-03T12:00:00Z": NONE,
    "0001-01-01T00:00:00+00:01": NONE,
    "9999-12-31T23:59:59-00:01": NONE,
    "+002026-07-03T12:00:00Z": NONE,
    "2026-07-03T12:00:00.Z": NONE,
    "2026-07-03T12:00:00,5Z": NONE,
    "2026-07-03T12:00:00.1234567Z": NONE,
    "2026-07-03T12:00:00Z\n": NONE,
    " 2026-07-03T12:00:00Z": NONE,
    "\u0662026-07-03T12:00:00Z": NONE,
    "2026-07-03T12:00:00\u2212 05:00": NONE,
    "3 Jul 2026 12:00:00 GMT": NONE,
    "": NONE,
}
RAW: dict[bytes, str] = {
    b'{"recorded_at":1751544000}': NONE,
    b'{"recorded_at":null}': NONE,
    b'{"recorded_at":["2026-07-03T12:00:00Z"]}': NONE,
    b'{"recorded_at":NaN}': NONE,
    b"{}": NONE,
    b"[]": NONE,
    b"null": NONE,
    b"": NONE,
    b"{": NONE,
    b"\xff": NONE,
    b"[" * 100_000: NONE,
    b'\xef\xbb\xbf{"recorded_at":"2026-07-03T12:00:00Z"}': NONE,
    '{"recorded_at":"2026-07-03T12:00:00Z"}'.encode("utf-16"): NONE,
    b'{"recorded_at":"2026-07-03T19:00:00Z","recorded_at":"2026-07-03T12:00:00Z"}': "",
}
BODIES = {json.dumps({"recorded_at": text}).encode(): said for text, said in SAID.items()} | RAW


def by_python(body: bytes) -> str:
    try:
        not_after(AT, [("the event", body)])
    except VerificationFailed as refused:
        return str(refused)
    return ""


def test_python_reads_a_moment_in_its_one_form() -> None:
    assert {body[:80]: by_python(body) for body in BODIES} == {
        body[:80]: said for body, said in BODIES.items()
    }


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_the_page_reads_the_same_moments() -> None:
    at = int(AT.timestamp() * 1000)
    asked = [[base64.b64encode(body).decode(), at] for body in BODIES]
    said = browser_says("", moments=asked)["moments"]
    assert dict(zip((body[:80] for body in BODIES), said, strict=True)) == {
        body[:80]: wanted for body, wanted in BODIES.items()
    }
