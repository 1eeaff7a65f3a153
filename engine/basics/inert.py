"""Text from people and files made inert: control and bidirectional characters become visible escapes.

Such a character is never sent as itself (`rulings.md` 69).
"""

from __future__ import annotations

import re
import unicodedata

ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""The characters that act instead of being read: controls, line ends, bidirectional and invisible ones."""
BEYOND_ASCII = re.compile("[^\x00-\x7f]")
ENDS = re.compile(r"\s*(?:\r\n?|[\n\u0085\u2028\u2029])\s*")


def inert(text: str) -> str:
    """Return a text on one line with every active character, line ends included, shown as an escape."""
    return ACTIVE.sub(_shown, text)


def one_line(text: str) -> str:
    """Return a text of several lines as one inert line, with a space for each line end."""
    return inert(ENDS.sub(" ", text))


def same_person(name: str | None, other: str | None) -> bool:
    """Return whether a reader would take two names for one; False if a name is None.

    Differences of spaces, of case and of invisible characters do not count.
    """
    return name is not None and other is not None and _seen(name) == _seen(other)


def _seen(name: str) -> str:
    # Folded before they are compared: one person under two spellings must not count as two persons.
    return " ".join(ACTIVE.sub("", unicodedata.normalize("NFKC", name)).casefold().split())


def inert_lines(text: str) -> str:
    """Return a text with every active character shown as an escape, except line feeds and tabs.

    A terminal that prints it obeys none of it.
    """
    return ACTIVE.sub(lambda match: match[0] if match[0] in "\n\t" else _shown(match), text)


def inert_json(text: str, encoding: str | None = None) -> str:
    """Return a JSON text with the same meaning, in which every active character is a JSON escape.

    Line feeds between its parts stay. So does every other character that `encoding` has; UTF-8 has all.
    """
    inert_text = ACTIVE.sub(lambda match: match[0] if match[0] == "\n" else _escaped(match[0]), text)
    try:
        inert_text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        # The stream's own escapes, like `\xa7`, are not JSON.
        return BEYOND_ASCII.sub(lambda match: _escaped(match[0]), inert_text)
    return inert_text


def _shown(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _escaped(character: str) -> str:
    point = ord(character)
    if point < 0x10000:
        return f"\\u{point:04x}"
    return f"\\u{0xD800 + ((point - 0x10000) >> 10):04x}\\u{0xDC00 + ((point - 0x10000) & 0x3FF):04x}"
