"""Files as nobody would write them: bytes turned, cut, doubled; other alphabets, other encodings, figures
beyond all measure.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

TOKENS = (
    b"9" * 5_000,
    b"1e999999999",
    b"-0",
    b"NaN",
    b"Infinity",
    b"0x7fffffffffffffff",
    b"1_000",
    b"1,92",
    b"1,000,00",
    "\u0661\u0662\u0663".encode(),
    "\uff11\uff12".encode(),
    "\u202e\u2066".encode(),
    b"\x1b[2J",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\r",
    "\u2028".encode(),
    "\x85".encode(),
    b"\t",
    b'"',
    b"'",
    b"''",
    b"{",
    b"}",
    b"[",
    b"]",
    b": ",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"!!python/object/apply:os.system [id]",
    b"<<: ",
    b"|\n",
    b">-\n",
    b"%YAML 9.9\n---\n",
    b"---\n",
    b"...\n",
    b"#",
    b"~",
    b"null",
    b"true",
    b"0000-00-00",
    b"9999-12-31",
    b"2026-02-30",
    b"2026-W02-4",
    b"0001-01-01",
    b"[" * 2_000,
    b"{a: " * 500,
    b'{"a":' * 2_000,
    b"a: b\n" * 300,
    b"=cmd|' /C calc'!A0",
    b"../../../etc/passwd",
    b"/" * 3_000,
    b"\\u0000",
    b"\\ud800",
    b"{{7*7}}",
    b"<script>",
    b",,,,,,,,",
    b"USD ",
    b"%",
    b"-",
    b"+",
    b"=",
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` after one to eight changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        data = chance.choice(CHANGES)(data, chance)[:2_000_000]
    return data


def _turned(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data or b" ")
    for _ in range(chance.choice((1, 1, 2, 8))):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def _with_token(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _token_for_word(data: bytes, chance: random.Random) -> bytes:
    """A word replaced, so that what stands around it is as it should be."""
    starts = [
        n for n in range(1, len(data)) if data[n - 1 : n] in b" ,:\n\"'[{=" and data[n : n + 1].isalnum()
    ]
    if not starts:
        return _with_token(data, chance)
    at = end = chance.choice(starts)
    while end < len(data) and data[end : end + 1] not in b" ,:\n\"']}=":
        end += 1
    return data[:at] + chance.choice(TOKENS) + data[end:]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _without(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.choice((1, 2, 8, 64)) :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    piece = data[at : at + chance.choice((1, 16, 200))]
    return data[:at] + piece * chance.choice((2, 3, 50)) + data[at:]


def _lines_mixed(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _indented(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = b" " * chance.choice((1, 2, 7)) + lines[at]
    return b"\n".join(lines)


def _saved_elsewhere(data: bytes, chance: random.Random) -> bytes:
    """As other programs save a text."""
    text = data.decode("utf-8", "replace")
    how = chance.choice(("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-8-sig", "utf-7", "cp500"))
    return text.replace("\n", chance.choice(("\r\n", "\r", "\n"))).encode(how, "replace")


def _compressed(data: bytes, chance: random.Random) -> bytes:
    """Compressed, and at times a bomb of it."""
    whole = gzip.compress(data[:5_000] * chance.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 2_000)), compresslevel=1)
    return whole if chance.random() < 0.5 else _turned(whole, chance)


Change = Callable[[bytes, random.Random], bytes]
CHANGES: tuple[Change, ...] = (
    _turned,
    _turned,
    _with_token,
    _with_token,
    _token_for_word,
    _token_for_word,
    _token_for_word,
    _cut,
    _without,
    _doubled,
    _lines_mixed,
    _indented,
    _saved_elsewhere,
    _compressed,
)
