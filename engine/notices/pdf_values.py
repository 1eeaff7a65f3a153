"""The values of a PDF, and the instructions of its pages (ISO 32000, 7.2 and 7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_TOKENS = 2**20
"""What is read of all objects: a notice's have a twentieth of it."""
DEEPEST = 60
UNREAD = "an object of the file cannot be read"
TWICE = "a dictionary of the file says a name twice, or something else than a name"

BLANK = rb"[\0\t\n\f\r ]"
PART = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
"""A byte of a name, a number or an instruction; every other byte ends it (ISO 32000, 7.2.3)."""
_TOKEN = re.compile(
    rb"(?:" + BLANK + rb"++|%[^\r\n]*+)*+(<<|>>|<[^<>]*>|/" + PART + rb"*|" + PART + rb"+|.)", re.DOTALL
)
_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
_VALUE = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)|true|false")
_HEXADECIMAL = re.compile(rb"<(?:[0-9A-Fa-f]|" + BLANK + rb")*+>")
_WORDS = rb"[^()<>{}%\[\]]*+"
_DIGITS = rb"<[0-9A-Fa-f]*+>"
_NUMBER = rb"[+-]?(?:\d++\.?+\d*+|\.\d++)(?![^\0\t\n\f\r <\]])"
_PLAIN = re.compile(
    _WORDS + rb"(?:(?:%b|\[(?:%b|%b|%b)*+\]|<</MCID \d++>>)%b)*+" % (_DIGITS, BLANK, _NUMBER, _DIGITS, _WORDS)
)
"""Instructions as our renderer writes them: words, texts of digits, lists, and marks with a number."""
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_DRAWS = {b"Contents", b"Pattern", b"AP", b"G"}
"""Under these names a reader finds instructions, whatever their stream says of itself.

They are those of a page, of a pattern, of a field or a remark, and of a mask.
"""


class NotFollowed(ValueError):
    """Raised for a file whose objects do not lie where its cross references say."""


class Name(bytes):
    """A name without its slash and its escapes."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The number of an object that stands elsewhere in the file."""

    number: int


def tokens(data: bytes, at: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield what stands in objects or instructions, each with where it ends; a text in brackets is `(`."""
    while (match := _TOKEN.match(data, at)) is not None:
        token, at = match[1], match.end()
        if token == b"(":
            depth = 1
            while depth:
                found = _IN_TEXT.search(data, at)
                if found is None:
                    return
                at = found.end()
                depth += {b"(": 1, b")": -1}.get(found[0], 0)
        yield token, at


def refuse_unreadable(instructions: bytes) -> None:
    """Refuse instructions that two readers could take apart differently: a text without its end, half a list.

    Raises NotFollowed.
    """
    # In one pass: read one by one, the instructions of a notice cost twenty times as much.
    if _PLAIN.fullmatch(instructions):
        return
    values, at = Values(), 0
    while (match := _TOKEN.match(instructions, at)) is not None:
        at = match.end()
        if match[1][:1] in b"()<>[]{}":
            _, at = values.read(instructions, match.start(1))


class Values:
    """Reads values one after the other.

    It notes every name in them, and the numbers of objects under a name where instructions stand. `placed`
    are those of forms and pictures.
    """

    def __init__(self) -> None:
        self.names, self.drawn, self.placed = set[bytes](), set[int](), set[int]()
        self.taken = 0

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        """Return the value that begins here and where it ends, and note its names."""
        above: list[tuple[bytes, list[Any]]] = []
        items: list[Any] = []
        for token, end in tokens(data, at):
            self.taken += 1
            if self.taken > MOST_TOKENS:
                break
            if token in (b"<<", b"["):
                above.append((token, items))
                items = []
                if len(above) > DEEPEST:
                    break
            elif token in (b">>", b"]"):
                if not above:
                    break
                opened, outer = above.pop()
                if (opened == b"<<") != (token == b">>"):
                    break
                outer.append(self._dictionary(items) if token == b">>" else items)
                items = outer
            elif token == b"R" and above:
                if [type(one) for one in items[-2:]] != [int, int]:
                    break
                items[-2:] = [Reference(items[-2])]
            elif token in (b")", b">", b"{", b"}", b"endobj", b"stream"):
                break
            else:
                items.append(self._plain_value(token))
            if not above:
                return items[0], end
        raise NotFollowed(UNREAD)

    def _plain_value(self, token: bytes) -> Any:
        if token[:1] == b"/":
            plain = token[1:] if b"#" not in token else _ESCAPE.sub(_without_escape, token[1:])
            name = Name(plain)
            self.names.add(name)
            return name
        if token[:1] == b"<" and not _HEXADECIMAL.fullmatch(token):
            raise NotFollowed("a text of the file is not hexadecimal")
        if token.isdigit():
            return int(token)
        if token == b"null":
            return None
        if token[:1] not in (b"<", b"(") and not _VALUE.fullmatch(token):
            raise NotFollowed(UNREAD)
        return token

    def _dictionary(self, items: list[Any]) -> dict[bytes, Any]:
        names = items[::2]
        # A list cannot be a key, so the names come first.
        if len(items) % 2 or not all(isinstance(key, Name) for key in names) or len({*names}) < len(names):
            raise NotFollowed(TWICE)
        made = dict(zip(names, items[1::2], strict=True))
        for name in _DRAWS & made.keys():
            self.drawn.update(references(made[name]))
        self.placed.update(references(made.get(b"XObject")))
        return made


def _without_escape(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())


def references(value: Any) -> Iterator[int]:
    """Yield the number of every object that a value names, in its lists and dictionaries too."""
    if isinstance(value, Reference):
        yield value.number
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from references(one)
